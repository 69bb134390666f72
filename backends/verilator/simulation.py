"""RTL simulation of a stitched design: built once, run with any schedules, depths, tokens and stalls.

simulation = build_simulation(module, Path("sim"))
result = simulation.run(schedules, depths, tokens, frames=3)
result.check()
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.rtl.twin import SimDesign, sim_design
from split4ml.backends.verilator import plan, tool
from split4ml.backends.verilator.exported import exported as exported_files
from split4ml.backends.verilator.result import RtlResult, result_of
from split4ml.backends.verilator.tokens import Words, layout_of, unpack
from split4ml.dialects import flow, stitch
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.networks import check_schedule
from split4ml.passes.timing.schedule import Ints, Schedule

IDLE_CYCLES = 256
"""A run of twins is over when nothing has moved for so long (and for as long as a stall pattern)."""

IDLE_CYCLES_EXPORTED = 1_000_000
"""The same with exported IPs, whose insides nobody watches."""

Sources = dict[str, str]


class Simulation:
    """A program built for one design, in `workdir`. The folder can be moved; `build_simulation` recognises it there."""

    def __init__(self, design: SimDesign, workdir: Path) -> None:
        self.design = design
        self.workdir = workdir
        self._streams: list[list[int]] | None = None
        self._tokens: Mapping[str, Words] | None = None

    @property
    def kind(self) -> str:
        """`twin`, `exported` or `mixed`: what stands for the subgraphs."""
        if len(self.design.twins) == len(self.design.graph.subgraphs):
            return "twin"
        return "mixed" if self.design.twins else "exported"

    def run(
        self,
        schedules: Mapping[str, Schedule],
        depths: Mapping[str, int],
        tokens: Mapping[str, Words] | None,
        frames: int,
        *,
        stalls: Mapping[str, Ints] | None = None,
        throttle: int = 0,
        vcd: Path | None = None,
        capture: bool = False,
        most_cycles: int = 10**9,
        timeout_s: float | None = None,
        plusargs: Sequence[str] = (),
    ) -> RtlResult:
        """Simulates `frames` frames.

        schedules: by task, of all tasks in twins. depths: by FIFO; the IR's for those not named.
        tokens: by stream, uint64[tokens, elements], raw bits, whole frames, used over and over if there are fewer
            than `frames`; None, or the very object of the last run: as in that run.
        stalls: by output, not ready in cycle t if `stall[t % len(stall)]` is not 0.
        throttle: cycles between the first offers of two frames. vcd: where to dump all FIFOs' signals.
        Raises Split4mlError if the data do not fit the design or the program fails; a wrong token or a frame that
        does not complete is told in the result.
        """
        graph = self.design.graph
        if frames < 1:
            raise Split4mlError(f"a simulation runs at least 1 frame, not {frames}")
        for index, task in enumerate(graph.tasks):
            if task.subgraph in self.design.twins:
                if task.name not in schedules:
                    raise Split4mlError(f"task {task.name} has no schedule")
                check_schedule(graph, index, schedules[task.name])
        stalls = dict(stalls or {})
        for name in stalls:
            if name not in {graph.streams[s].name for s in graph.outputs}:
                raise Split4mlError(f"there is no output {name!r} to stall")
        if tokens is not None and tokens is not self._tokens:
            self._streams = self._tokens = None  # until the file is whole
            self._streams = plan.write_tokens(self.design, tokens, self.workdir / "tokens.bin")
            self._tokens = tokens
        if self._streams is None:
            raise Split4mlError("the first run of a simulation needs tokens")
        idle = IDLE_CYCLES if self.kind == "twin" else IDLE_CYCLES_EXPORTED
        with tempfile.TemporaryDirectory(dir=self.workdir) as folder:
            here = Path(folder)
            plan.write_plan(
                self.design,
                here / "plan.bin",
                frames=frames,
                idle_limit=idle + 2 * max((len(s) for s in stalls.values()), default=0),
                most_cycles=most_cycles,
                channels=plan.depths_of(self.design, depths),
                streams=self._streams,
                throttle=throttle,
                stalls=stalls,
                schedules=schedules,
            )
            told = self._simulate(here, vcd, capture, timeout_s, plusargs)
            outputs = self._captured(here) if capture else {}
        return result_of(self.design, told, outputs)

    def _simulate(
        self, here: Path, vcd: Path | None, capture: bool, timeout_s: float | None, plusargs: Sequence[str]
    ) -> dict[str, Any]:
        command = [str((self.workdir / "simulate").resolve())]
        command += [str(path.resolve()) for path in (here / "plan.bin", self.workdir / "tokens.bin")]
        command.append(str((here / "result.json").resolve()))
        if vcd is not None:
            names = [channel.name if channel.stream else "-" for channel in self.design.channels]
            (here / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
            dump = here / "fifos.vcd"
            command += ["--vcd", str(dump.resolve()), str((here / "names.txt").resolve())]
            command.append(str(self.design.top.clock_ps))
        if capture:
            command += ["--capture", str((here / "output").resolve())]
        command += [f"+{argument}" for argument in plusargs]
        try:
            done = subprocess.run(
                command,
                cwd=self.workdir,
                capture_output=True,
                check=False,
                timeout=timeout_s,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            raise Split4mlError(f"the RTL simulation took longer than {timeout_s:g} s") from None
        except OSError as error:
            raise Split4mlError(
                f"the RTL simulation could not be run: {error.strerror}", str(self.workdir)
            ) from None
        if done.returncode:
            status = f"status {done.returncode}"
            if done.returncode < 0:
                status = signal.Signals(-done.returncode).name
            said = (done.stderr or done.stdout).strip().splitlines()[-5:]
            raise Split4mlError(f"the RTL simulation ended with {status}: {' / '.join(said) or 'no message'}")
        if vcd is not None:
            shutil.move(here / "fifos.vcd", vcd)
        told: dict[str, Any] = json.loads((here / "result.json").read_text(encoding="utf-8"))
        return told

    def _captured(self, here: Path) -> dict[str, Words]:
        graph = self.design.graph
        outputs = {}
        for number, s in enumerate(graph.outputs):
            layout = layout_of(graph.streams[s], True)
            words = np.fromfile(here / f"output{number}", "<u8").reshape(-1, layout.words)
            outputs[graph.streams[s].name] = unpack(words, layout)
        return outputs


def build_simulation(
    module: ModuleOp,
    workdir: Path,
    *,
    exported: Mapping[str, Path] | None = None,
    edit: Callable[[Sources], Sources] | None = None,
) -> Simulation:
    """The simulation of the one `stitch.design` of `module`, built in `workdir` unless it is there already.

    exported: by subgraph, the folder with its exported Verilog, in place of a twin.
    edit: changes the SystemVerilog before it is built (tests plant faults so).
    Raises Split4mlError if a tool is missing or fails.
    """
    model, design = _the_design(module)
    real = dict(exported or {})
    sim = sim_design(model, design, real)
    ports = {instance.name: instance.ports for instance in sim.top.instances}
    for name in real:
        if name not in ports:
            raise Split4mlError(f"there is no subgraph {name!r} that exported Verilog could stand for")
    found = [exported_files(name, folder, ports[name]) for name, folder in sorted(real.items())]
    texts = edit(dict(sim.sources)) if edit else sim.sources
    digest = _digest(texts, [path for files in found for path in (*files.sources, *files.data)])
    workdir.mkdir(parents=True, exist_ok=True)
    stamp = workdir / "simulate.sha256"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest and (workdir / "simulate").is_file():
        return Simulation(sim, workdir)
    stamp.unlink(missing_ok=True)
    folder = workdir / "sv"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for files in found:
        for path in files.data:
            shutil.copy(path, workdir)
    tool.build(
        [folder / name for name in texts],
        workdir,
        foreign=[path for files in found for path in files.sources],
    )
    stamp.write_text(digest, encoding="utf-8")
    return Simulation(sim, workdir)


def _the_design(module: ModuleOp) -> tuple[flow.ModelOp, stitch.DesignOp]:
    designs = [op for op in module.ops if isinstance(op, stitch.DesignOp)]
    if len(designs) != 1:
        raise Split4mlError(
            f"a module with {len(designs)} stitch.design cannot be simulated, only with one",
            hint="run the pass `lower-flow-to-stitch`",
        )
    (model,) = (
        op
        for op in module.ops
        if isinstance(op, flow.ModelOp) and symbol(op) == designs[0].model.string_value()
    )
    return model, designs[0]


def _digest(texts: Sources, files: Sequence[Path]) -> str:
    """Of everything that the program is made of."""
    state = hashlib.sha256()
    cpp = [(path.name, path.read_bytes()) for path in (*sorted(tool.CPP.iterdir()), *files)]
    for name, data in (*((name, text.encode()) for name, text in texts.items()), *cpp):
        state.update(f"{name}\0{len(data)}\0".encode())
        state.update(data)
    return state.hexdigest()
