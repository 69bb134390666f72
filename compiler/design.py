"""A finished build as an object: what notebooks use, and the commands `predict`, `verify` and `report`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from split4ml.compiler.builddir import REPORT, new_build, read_options, require_build
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    import numpy as np
    from xdsl.dialects.builtin import ModuleOp

    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session
    from split4ml.dialects.flow import ModelOp


class Design:
    """A build directory. Everything is read when first asked for.

    directory: where it lies; it may be moved or read-only.
    """

    def __init__(self, directory: Path, keep: object = None) -> None:
        """keep: held as long as the design lives (a temporary directory). Raises Split4mlError if it is no build."""
        self.directory = require_build(Path(directory))
        self._keep = keep
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Removes temporary files now, rather than when the design is collected; reading on makes new ones."""
        if (scratch := self._scratch) is not None:
            self._scratch = None
            self.__dict__.pop("session", None)
            scratch.cleanup()

    @cached_property
    def report(self) -> dict[str, Any]:
        """`report.json`; keys in docs/report.md."""
        found = json.loads((self.directory / REPORT).read_text("utf-8"))
        assert isinstance(found, dict)
        return found

    @property
    def fifos(self) -> dict[str, dict[str, Any]]:
        """The FIFOs of the report by name."""
        return {fifo["name"]: fifo for fifo in self.report["fifos"]}

    @property
    def stages(self) -> list[str]:
        """Names of the IR's stages in order: `00-import`, …"""
        return sorted(path.stem for path in (self.directory / "ir").glob("[0-9]*.mlir"))

    def ir(self, stage: str | None = None) -> str:
        """Text of a stage, by name or the end of one (`partition`); the last by default. Raises Split4mlError."""
        stages = self.stages
        if not stages:
            raise Split4mlError("the build has no IR", str(self.directory / "ir"))
        found = [name for name in stages if stage in (None, name, name.split("-", 1)[1])]
        if not found:
            raise Split4mlError(
                f"there is no stage {stage!r}", str(self.directory / "ir"), f"there are {', '.join(stages)}"
            )
        return (self.directory / "ir" / f"{found[-1]}.mlir").read_text("utf-8")

    @cached_property
    def session(self) -> Session:
        """Services over this build, with a folder of its own for what they write."""
        from split4ml.compiler.compile import open_session

        self._scratch = tempfile.TemporaryDirectory(prefix="split4ml-")
        return open_session(Path(self._scratch.name), [self.directory], read_options(self.directory))

    @cached_property
    def module(self) -> ModuleOp:
        """The last stage, parsed, verified and compared with its archive."""
        from split4ml.compiler.importing import import_ir

        self.ir()
        return import_ir(self.directory / "ir" / f"{self.stages[-1]}.mlir", self.session, None)

    @property
    def model(self) -> ModelOp:
        """The `flow.model` of the last stage."""
        from split4ml.compiler.compile import flow_model

        return flow_model(self.module)

    def predict(self, inputs: Mapping[str, np.ndarray[Any, Any]] | np.ndarray[Any, Any]) -> Any:
        """The split firmware's C simulation.

        inputs: arrays by the names of the user's model, in its layouts, first axis = frames; or one array, if there is one input.
        Returns float64 arrays by output name; one array, if one was given and there is one output. Raises Split4mlError.
        """
        import numpy as np

        from split4ml.compiler.csim_check import simulate
        from split4ml.compiler.layout import frames_in, from_tokens, port_name, to_tokens

        names = [port_name(port) for port in self.model.inputs]
        if not isinstance(inputs, Mapping):
            if len(names) != 1:
                raise Split4mlError(
                    f"the model has the inputs {', '.join(names)}: give a dictionary of arrays"
                )
            arrays: Mapping[str, np.ndarray[Any, Any]] = {names[0]: np.asarray(inputs)}
        else:
            arrays = {name: np.asarray(array) for name, array in inputs.items()}
        frames = frames_in(self.model, arrays, "the inputs")
        tokens = simulate(self.model, self.directory, to_tokens(self.model, arrays, range(frames)))
        outputs = from_tokens(self.model, tokens, frames)
        single = not isinstance(inputs, Mapping) and len(outputs) == 1
        return next(iter(outputs.values())) if single else outputs

    def verify(
        self,
        rtl: str | None = None,
        layers: bool = False,
        subgraph: str | None = None,
        reporter: Reporter | None = None,
    ) -> dict[str, Any]:
        """Runs the checks again and returns the report's `checks`. Raises Split4mlError if one fails.

        rtl: `twin` or `exported`: simulates the stitched top too. layers: compares every stream inside the
        subprojects, not only the outputs. subgraph: that one alone, fed with the monolithic design's tokens.
        """
        from split4ml.compiler.checks import run_checks
        from split4ml.compiler.csim_check import check_layers
        from split4ml.compiler.progress import Reporter

        reporter = reporter or Reporter()
        if subgraph is not None:
            return check_layers(self.model, self.directory, self.session, subgraph, reporter)
        with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
            level = "rtl" if rtl else "csim"
            checks = run_checks(
                self.module, self.directory, Path(scratch), self.session, level, reporter, rtl or "twin"
            )
        if layers:
            checks |= check_layers(self.model, self.directory, self.session, None, reporter)
        return checks

    def write(self, directory: Path | str, force: bool = False) -> Design:
        """A copy of the build elsewhere."""
        target = Path(directory)
        from split4ml.compiler.csim_check import CACHE

        with new_build(target, force) as folder:
            shutil.copytree(self.directory, folder, ignore=shutil.ignore_patterns(CACHE), dirs_exist_ok=True)
        return Design(target)

    def __repr__(self) -> str:
        return f"Design({str(self.directory)!r})"
