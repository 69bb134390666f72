"""From the text of a pass to the pass: looked up in the table, options typed, services bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from split4ml.compiler.passtable import PASSES, PassEntry
from split4ml.compiler.pipeline.options import bind, options_of
from split4ml.compiler.pipeline.source import PipelineError
from split4ml.compiler.pipeline.syntax import PassSpec
from split4ml.dialects.errors import Split4mlError, meant

if TYPE_CHECKING:
    from xdsl.passes import ModulePass


class Services:
    """What passes need from outside, made when first asked for and shared by all passes of a run.

    factories: by the name that a pass gives to its field, e.g. {"weights": lambda: BlobStore(folders)}.
    """

    def __init__(self, factories: Mapping[str, Callable[[], object]] | None = None) -> None:
        self._factories = dict(factories or {})
        self._made: dict[str, object] = {}

    def names(self) -> frozenset[str]:
        return frozenset(self._factories)

    def get(self, name: str) -> object:
        """Raises Split4mlError if this run offers no such service."""
        if name not in self._made:
            if name not in self._factories:
                raise Split4mlError(
                    f"{name} is not available here", hint="the pass works inside `split4ml compile` only"
                )
            self._made[name] = self._factories[name]()
        return self._made[name]


@dataclass(frozen=True)
class BoundPass:
    """A pass whose options are known to be right, and which has no services yet."""

    spec: PassSpec
    entry: PassEntry
    cls: type[ModulePass]
    options: Mapping[str, object]

    def instantiate(self, services: Services) -> ModulePass:
        return self.make({name: services.get(name) for name in self.entry.services})

    def make(self, services: Mapping[str, object]) -> ModulePass:
        """The pass with these services. Raises PipelineError for values of options that cannot be."""
        try:
            return self.cls(**self.options, **services)
        except ValueError as error:  # from a __post_init__ that checks values
            raise PipelineError(f"{self.spec.name}: {error}", place=self.spec.place) from None


def bind_pass(spec: PassSpec, table: Mapping[str, PassEntry] = PASSES) -> BoundPass:
    """Looks up the pass and types its options. Raises PipelineError with suggestions."""
    entry = table.get(spec.name)
    if entry is None:
        raise PipelineError(
            f"there is no pass {spec.name!r}",
            hint=meant(spec.name, table) or f"the passes are {', '.join(table)}",
            place=spec.place,
        )
    cls = entry.loader()
    options = bind(spec.options, options_of(cls, entry.services), spec.name, spec.place)
    bound = BoundPass(spec, entry, cls, options)
    bound.make(dict.fromkeys(entry.services))  # values that cannot be are found before anything runs
    return bound


def bind_all(specs: Iterable[PassSpec], table: Mapping[str, PassEntry] = PASSES) -> tuple[BoundPass, ...]:
    """All of a pipeline, so that an error in its last pass is told before the first one runs."""
    return tuple(bind_pass(spec, table) for spec in specs)


def instantiate(spec: PassSpec, services: Services) -> ModulePass:
    """The pass that a piece of a pipeline stands for. Raises PipelineError, or Split4mlError from a service."""
    return bind_pass(spec).instantiate(services)
