"""From what a traced program recorded to `TaskTrace`s."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from split4ml.backends.trace.decode import RawTask, RawTrace
from split4ml.backends.trace.instrument import Sites
from split4ml.backends.trace.sources import Sources
from split4ml.backends.trace.toplevel import Config, TaskCall
from split4ml.backends.trace.weights import weights_of
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.program import Loop, Program
from split4ml.passes.timing.tasktrace import CountedLoop, Element, Function, TaskTrace


def task_traces(raw: RawTrace, calls: Sequence[TaskCall], sources: Sources) -> list[TaskTrace]:
    """Of the calls that the program made, in order. Raises Split4mlError if one's control depends on data."""
    streams = [s.name for s in raw.streams]
    elements = {s.name: s.type for s in raw.streams}
    found = []
    for call, recorded in zip(calls, raw.tasks, strict=True):
        if recorded.variant:
            raise Split4mlError(
                f"the stream operations of {call.name} ({call.kind}) depend on the data: frame {recorded.variant} "
                "differs from the one before",
                sources.where,
                "only kernels with data-independent control can be scheduled",
            )
        found.append(_task(call, recorded, raw, sources, streams, elements))
    return found


def _task(
    call: TaskCall,
    recorded: RawTask,
    raw: RawTrace,
    sources: Sources,
    streams: list[str],
    elements: dict[str, Element],
) -> TaskTrace:
    program, read, written = _program(recorded, sources.sites, streams)
    idle = [s for s in call.streams if s not in read | written]
    foreign = (read | written) - set(call.streams)
    if idle or foreign or read & written:
        odd = (idle or sorted(foreign) or sorted(read & written))[0]
        raise Split4mlError(
            f"{call.name} ({call.kind}) does not use stream {odd} as one input or one output", sources.where
        )
    inputs = tuple(s for s in call.streams if s in read)
    outputs = tuple(s for s in call.streams if s in written)
    number = {s: k for ports in (inputs, outputs) for k, s in enumerate(ports)}
    constants, types = _facts(call.config, raw, sources.configs)
    types.update({s: elements[s] for s in call.streams})
    functions = sources.sites.functions
    return TaskTrace(
        name=call.name,
        kind=call.kind,
        inputs=inputs,
        outputs=outputs,
        program=_with_ports(program, [number.get(s, 0) for s in streams]),
        counted=_counted(recorded, sources.sites),
        functions={
            functions[i].name: Function(functions[i].inline, int(recorded.entered[i]) - 1)
            for i in np.flatnonzero(recorded.entered)
        },
        constants=constants,
        types=types,
        elements={s.name: s.elements for s in raw.streams if s.name in call.streams},
        weights=tuple(
            weights_of(a, *raw.weights[a], constants)
            for a in call.others
            if a in raw.weights and len(raw.weights[a][2])
        ),
    )


def _program(recorded: RawTask, sites: Sites, streams: list[str]) -> tuple[Program, set[str], set[str]]:
    """The program with streams for ports, only what the steady frame uses, and the streams read and written."""
    bodies: dict[int, int] = {}
    loops: dict[int, int] = {}
    pending = [recorded.root]
    while pending:
        body = pending.pop()
        if body in bodies:
            continue
        bodies[body] = len(bodies)
        for item in recorded.bodies[body]:
            if item < 0 and -1 - item not in loops:
                loops[-1 - item] = len(loops)
                pending += [inner for _, inner in recorded.loops[-1 - item][2]]
    program = Program(
        bodies=tuple(
            tuple(item if item >= 0 else -1 - loops[-1 - item] for item in recorded.bodies[body])
            for body in bodies
        ),
        loops=tuple(
            Loop(_site(site, sites), ii, tuple((count, bodies[body]) for count, body in runs))
            for site, ii, runs in (recorded.loops[loop] for loop in loops)
        ),
        root=bodies[recorded.root],
    )
    operations = {item for body in program.bodies for item in body if item >= 0}
    read = {streams[item >> 1] for item in operations if not item & 1}
    written = {streams[item >> 1] for item in operations if item & 1}
    return program, read, written


def _site(site: int, sites: Sites) -> str:
    """A loop, or a pipelined function."""
    if site < 0:
        return f"{sites.functions[-1 - site].name}:"
    return f"{sites.loops[site].function}:{sites.loops[site].label}"


def _with_ports(program: Program, port: list[int]) -> Program:
    bodies = tuple(
        tuple(item if item < 0 else 2 * port[item >> 1] + (item & 1) for item in body)
        for body in program.bodies
    )
    return Program(bodies, program.loops, program.root)


def _counted(recorded: RawTask, sites: Sites) -> tuple[CountedLoop, ...]:
    counted = []
    for site in np.flatnonzero(recorded.counted["instances"]):
        row = recorded.counted[site]
        where = sites.loops[site]
        counted.append(
            CountedLoop(
                where.function, where.label, int(row["instances"]), int(row["iterations"]), int(row["ii"])
            )
        )
    return tuple(counted)


def _facts(
    config: str | None, raw: RawTrace, configs: dict[str, Config]
) -> tuple[dict[str, float], dict[str, Element]]:
    constants: dict[str, float] = {}
    types: dict[str, Element] = {}

    def collect(name: str, prefix: str) -> None:
        for constant in configs[name].integers:
            constants[prefix + constant] = raw.integers[f"{name}.{constant}"]
        for constant in configs[name].reals:
            constants[prefix + constant] = raw.reals[f"{name}.{constant}"]
        for member, kind in configs[name].types:
            if kind in configs:
                collect(kind, f"{prefix}{member}.")
            else:
                types[prefix + member] = raw.types[f"{name}.{member}"]

    if config is not None:
        collect(config, "")
    return constants, types
