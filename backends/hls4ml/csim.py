"""Bit-exact C simulation of written projects, each frame of raw bits handed from one to the next.

Every project is compiled as it was written into a library of its own, and a child process runs them one after the
other over all frames, so that whatever the C++ does (crash, `exit`, hang) becomes one message here. No number
is converted on the way: what one project's stream delivers, bit for bit, is what the next one's receives.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from split4ml.backends.hls4ml.bridge import read_interface
from split4ml.backends.hls4ml.child import run_child
from split4ml.backends.hls4ml.compile import JOBS, compile_projects, weights_file
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.bits import Raw, dequantize, quantize

__all__ = ["Chain", "Stage", "build", "build_chain", "dequantize", "quantize", "run_chain"]


@dataclass(frozen=True)
class Stage:
    """A written project and the streams of the whole design that its ports carry.

    inputs, outputs: stream names in the order of the ports; None: the ports are named like their streams, as in the
    monolithic project and wherever a SubgraphSpec did not rename them.
    """

    project: Path
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Chain:
    """Compiled stages in the order in which they run.

    libraries: files; inputs, outputs: streams of each stage. sources: streams that must be given; results: streams
    that no stage reads.
    """

    names: tuple[str, ...]
    libraries: tuple[Path, ...]
    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @property
    def sources(self) -> tuple[str, ...]:
        written = {stream for streams in self.outputs for stream in streams}
        return tuple(dict.fromkeys(s for streams in self.inputs for s in streams if s not in written))

    @property
    def results(self) -> tuple[str, ...]:
        read = {stream for streams in self.inputs for stream in streams}
        return tuple(stream for streams in self.outputs for stream in streams if stream not in read)


def build_chain(stages: Sequence[Stage], workdir: Path, jobs: int = JOBS) -> Chain:
    """Compiles the stages of one chain, which are listed in an order in which they can run. Raises Split4mlError."""
    return build([stages], workdir, jobs)[0]


def build(chains: Sequence[Sequence[Stage]], workdir: Path, jobs: int = JOBS) -> list[Chain]:
    """Compiles several chains at once (the split design and the monolithic one), `jobs` projects at a time.

    workdir: for the libraries; compiling again what has not changed costs nothing. Raises Split4mlError.
    """
    wired = [[_wire(stage) for stage in stages] for stages in chains]
    for stages in wired:
        _check_order(stages)
    projects = list(dict.fromkeys(stage.project for stages in chains for stage in stages))
    libraries = dict(zip(projects, compile_projects(projects, workdir, jobs), strict=True))
    return [
        Chain(
            names=tuple(name for name, _, _ in ports),
            libraries=tuple(libraries[stage.project] for stage in stages),
            inputs=tuple(inputs for _, inputs, _ in ports),
            outputs=tuple(outputs for _, _, outputs in ports),
        )
        for stages, ports in zip(chains, wired, strict=True)
    ]


def run_chain(
    chain: Chain, inputs: Mapping[str, Raw], keep: Sequence[str] = (), timeout: float = 3600.0
) -> dict[str, Raw]:
    """Simulates frames of raw bits in a child process.

    inputs: by stream, uint64[frames * tokens, elements] (elements of more than 64 bits: [.., elements, words], lowest
    word first). keep: inner streams to return besides the results. Returns the same form by stream.
    Raises Split4mlError if a stage crashes, exits, leaves tokens behind, reads too many, or takes over `timeout`
    seconds, naming the stage.
    """
    wanted = tuple(dict.fromkeys((*chain.results, *keep)))
    with tempfile.TemporaryDirectory(prefix="split4ml-csim-") as name:
        folder = Path(name)
        plan = _plan(chain, inputs, wanted, folder)
        (folder / "plan.json").write_text(json.dumps(plan))
        shapes = run_child(folder, timeout)
        results = {}
        for stream in wanted:
            elements, words = shapes[stream]
            raw = np.fromfile(folder / f"{stream}.out", np.uint64)
            results[stream] = raw.reshape(-1, elements) if words == 1 else raw.reshape(-1, elements, words)
        return results


def _wire(stage: Stage) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    interface = read_interface(stage.project)
    sides = []
    for what, ports, streams in (
        ("inputs", interface.inputs, stage.inputs),
        ("outputs", interface.outputs, stage.outputs),
    ):
        names = tuple(port.name for port in ports)
        if streams is not None and len(streams) != len(names):
            raise Split4mlError(f"it has {len(names)} {what}, not {len(streams)}", str(stage.project))
        sides.append(tuple(streams) if streams is not None else names)
    return interface.top, sides[0], sides[1]


def _check_order(stages: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> None:
    read: set[str] = set()
    written: set[str] = set()
    last_writer = {stream: index for index, (_, _, outputs) in enumerate(stages) for stream in outputs}
    for index, (name, inputs, outputs) in enumerate(stages):
        for stream in inputs:
            if stream in read:
                raise Split4mlError(f"the stream {stream} has two readers", f"subgraph {name}")
            if last_writer.get(stream, -1) >= index:
                raise Split4mlError(f"it reads {stream}, which a later subgraph writes", f"subgraph {name}")
        for stream in outputs:
            if stream in written:
                raise Split4mlError(f"the stream {stream} has two writers", f"subgraph {name}")
        read |= set(inputs)
        written |= set(outputs)


def _plan(chain: Chain, inputs: Mapping[str, Raw], wanted: Sequence[str], folder: Path) -> dict[str, object]:
    for stream in chain.sources:
        if stream not in inputs:
            raise Split4mlError(f"no data for the input stream {stream}")
    for stream in inputs:
        if stream not in chain.sources:
            raise Split4mlError(f"{stream} is no input stream; there are {', '.join(chain.sources)}")
    known = {stream for streams in chain.outputs for stream in streams}
    for stream in wanted:
        if stream not in known:
            raise Split4mlError(f"no stage writes the stream {stream}")
    for stream, raw in inputs.items():
        np.ascontiguousarray(raw, np.uint64).tofile(folder / f"{stream}.in")
    return {
        "folder": str(folder),
        "stages": [
            {
                "name": name,
                "library": str(library.resolve()),
                "weights": str(weights_file(library).resolve()),
                "inputs": ins,
                "outputs": outs,
            }
            for name, library, ins, outs in zip(
                chain.names, chain.libraries, chain.inputs, chain.outputs, strict=True
            )
        ],
        "sources": {stream: [int(n) for n in np.shape(inputs[stream])] for stream in chain.sources},
        "wanted": list(wanted),
    }
