"""The table of passes agrees with the passes, their services, and docs/passes.md."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from split4ml.compiler.binding import Services, bind_all, bind_pass, instantiate
from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passdocs import document, split_docstring
from split4ml.compiler.passtable import PASSES, PassEntry
from split4ml.compiler.pipeline.convert import is_supported
from split4ml.compiler.pipeline.options import field_type, options_of
from split4ml.compiler.pipeline.parser import parse_pipeline
from split4ml.compiler.pipeline.source import PipelineError
from split4ml.compiler.workspace import services_of
from split4ml.dialects.errors import Split4mlError

ROOT = Path(__file__).parents[3]
entries = pytest.mark.parametrize("entry", PASSES.values(), ids=list(PASSES))


@entries
def test_names(entry: PassEntry) -> None:
    cls = entry.loader()
    assert cls.name == entry.name
    assert cls.__module__ == f"split4ml.passes.{entry.name.replace('-', '_')}"
    assert entry.summary[0].islower()
    assert not entry.summary.endswith(".")
    assert dataclasses.is_dataclass(cls)


@entries
def test_services_are_keyword_only_protocols_that_the_driver_offers(entry: PassEntry) -> None:
    cls = entry.loader()
    fields = {field.name: field for field in dataclasses.fields(cls)}
    protocols = {name for name in fields if getattr(field_type(cls, name), "_is_protocol", False)}
    assert protocols == set(entry.services)
    for name in entry.services:
        assert fields[name].kw_only
        assert fields[name].default is dataclasses.MISSING
    assert set(entry.services) <= services_of(lambda: pytest.fail("made too early")).names()


@entries
def test_options_have_types_and_are_documented(entry: PassEntry) -> None:
    cls = entry.loader()
    infos = options_of(cls, entry.services)
    for info in infos:
        assert is_supported(info.type), info
    text = inspect.cleandoc(cls.__doc__ or "")
    _, meanings = split_docstring(text, infos)
    undocumented = {
        info.attribute
        for info in infos
        if info.attribute not in meanings and f"`{info.attribute}`" not in text
    }
    assert not undocumented


def _passes_in_the_tree() -> Iterator[str]:
    for path in (ROOT / "passes").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
            if "ModulePass" in bases:
                yield path.stem.replace("_", "-")


def test_every_pass_is_in_the_table() -> None:
    assert set(_passes_in_the_tree()) == set(PASSES)


def test_the_documentation_is_current() -> None:
    assert (ROOT / "docs" / "passes.md").read_text("utf-8") == document(), "run `make docs`"


def test_the_default_pipeline_exists() -> None:
    options = CompileOptions(
        subgraphs=3,
        cut_before=("a",),
        budget=("lut=5",),
        precision="auto",
        tile_weights=4096,
        timing=Path("timing.json"),
    )
    bound = bind_all(pipeline_of(options))
    assert {item.spec.name for item in bound} == set(PASSES)
    (partition,) = (item for item in bound if item.spec.name == "partition")
    assert partition.options == {"subgraphs": 3, "cut_before": ("a",), "lut": 5}


def test_binding() -> None:
    (spec,) = parse_pipeline("profile{frames=5}")
    given = {"tracer": object(), "waveforms": object(), "notes": object()}
    services = {name: partial(given.__getitem__, name) for name in given}
    found = instantiate(spec, Services(services))
    assert found == PASSES["profile"].loader()(frames=5, **given)  # type: ignore[call-arg]
    with pytest.raises(Split4mlError, match="waveforms is not available here"):
        instantiate(spec, Services({"tracer": services["tracer"]}))


def test_services_are_made_once_and_only_when_needed() -> None:
    made: list[str] = []

    def make(name: str) -> typing.Callable[[], object]:
        def service() -> object:
            made.append(name)
            return object()

        return service

    services = Services({"a": make("a"), "b": make("b")})
    assert services.get("a") is services.get("a")
    assert made == ["a"]


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("estimate,partitoin", "-p:1:10", "there is no pass 'partitoin'", "did you mean 'partition'?"),
        ("xyzzy", "-p:1:1", "there is no pass 'xyzzy'", "the passes are remove-identity"),
        ("partition{subgraph=3}", "-p:1:11", "no option 'subgraph'", "did you mean 'subgraphs'?"),
        (
            "partition{subgraphs=3.5}",
            "-p:1:11",
            "subgraphs is 3.5, but must be integer|auto",
            "partition takes",
        ),
        ("partition{subgraphs=3 subgraphs=4}", "-p:1:23", "given twice", ""),
        ("size-fifos{method=exakt}", "-p:1:12", "method is exakt, but must be bisect|exact|peak", ""),
        ("profile{tracer=x}", "-p:1:9", "no option 'tracer'", ""),
        ("estimate{x}", "-p:1:10", "no option 'x'", "estimate takes no options"),
    ],
)
def test_errors(text: str, where: str, message: str, hint: str) -> None:
    with pytest.raises(PipelineError) as caught:
        for spec in parse_pipeline(text):
            bind_pass(spec)
    assert caught.value.where == where
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
