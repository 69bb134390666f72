"""The run-time data of a simulation as binary files, which cpp/run.cpp reads: 64-bit words, little endian."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from split4ml.backends.rtl.twin import SimDesign
from split4ml.backends.verilator.tokens import Words, checked, layout_of, pack
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.dataflow import style_of
from split4ml.passes.timing.schedule import Ints, Schedule

MAGIC = 0x33766E616C703473
"""`s4planv3`."""


def depths_of(design: SimDesign, depths: Mapping[str, int]) -> list[tuple[int, bool]]:
    """(depth, in a memory) of every channel; `depths` replaces those of the IR. Raises Split4mlError."""
    known = {channel.name for channel in design.channels if channel.stream}
    for name in depths:
        if name not in known:
            raise Split4mlError(f"there is no FIFO {name!r} in the simulation")
    found = []
    for channel in design.channels:
        if channel.stream is None:
            found.append((2, False))
            continue
        depth = depths.get(channel.name, channel.stream.depth)
        assert depth is not None
        if depth == 0 and channel.stream.boundary:
            found.append((0, False))
            continue
        style = style_of(max(depth, 1), channel.width_bits, channel.stream.style)
        most = channel.storage if style != "shift" else channel.shift_storage
        if not 1 <= depth <= most:
            raise Split4mlError(
                f"FIFO {channel.name} cannot be {depth} deep in this simulation, at most {most}",
                hint="build the simulation anew from IR with that depth",
            )
        found.append((depth, style != "shift"))
    return found


def write_tokens(design: SimDesign, tokens: Mapping[str, Words], path: Path) -> list[list[int]]:
    """Writes the packed tokens; per stream: first word, tokens, words, elements, width, slot, signed."""
    entries = []
    first = 0
    with path.open("wb") as file:
        for index, stream in enumerate(design.graph.streams):
            if stream.name not in tokens:
                if not _is_used(design, index):
                    entries.append([0, 0, 0, 0, 0, 0, 0])
                    continue
                raise Split4mlError(f"the recording has no tokens of stream {stream.name}")
            layout = layout_of(stream, design.graph.is_port(index))
            packed = pack(checked(stream, tokens[stream.name]), layout)
            packed.astype("<u8").tofile(file)
            entries.append(
                [
                    first,
                    len(packed),
                    layout.words,
                    layout.elements,
                    layout.width,
                    layout.slot,
                    int(layout.signed),
                ]
            )
            first += packed.size
    return entries


def _is_used(design: SimDesign, index: int) -> bool:
    """Whether anybody in the simulation writes or checks the tokens of a stream."""
    stream, graph = design.graph.streams[index], design.graph
    ends = [end.task for end in (stream.writer, stream.reader)]
    return any(task < 0 or graph.tasks[task].subgraph in design.twins for task in ends)


def write_plan(
    design: SimDesign,
    path: Path,
    *,
    frames: int,
    idle_limit: int,
    most_cycles: int,
    channels: list[tuple[int, bool]],
    streams: list[list[int]],
    throttle: int,
    stalls: Mapping[str, Ints],
    schedules: Mapping[str, Schedule],
) -> None:
    """Writes everything but the tokens. Raises Split4mlError for a sink or task that is not as the design has it."""
    graph = design.graph
    words: list[Ints] = []

    def put(*numbers: int) -> None:
        words.append(np.array(numbers, np.int64))

    put(MAGIC, frames, idle_limit, most_cycles, len(channels))
    for depth, memory in channels:
        put(depth, int(memory))
    put(len(streams))
    for entry in streams:
        put(*entry)
    put(len(graph.inputs))
    for s in graph.inputs:
        put(graph.streams[s].tokens, throttle)
    put(len(graph.outputs))
    for s in graph.outputs:
        stall = np.asarray(stalls.get(graph.streams[s].name, np.zeros(1)), np.int64)
        if not len(stall) or bool(np.all(stall != 0)):
            raise Split4mlError(f"the stall pattern of output {graph.streams[s].name} never lets it be ready")
        put(graph.streams[s].tokens, len(stall))
        words.append((stall != 0).astype(np.int64))
    put(len(graph.tasks))
    for task in graph.tasks:
        if task.subgraph not in design.twins:
            put(0)
            continue
        schedule = schedules[task.name]
        put(1, schedule.period, len(schedule.offset))
        rows = np.empty((len(schedule.offset), 3), np.int64)
        rows[:, 0] = schedule.offset
        rows[:, 1] = _masks(schedule.read_ptr, schedule.read_port)
        rows[:, 2] = _masks(schedule.write_ptr, schedule.write_port)
        words.append(rows.reshape(-1))
    np.concatenate(words).astype("<i8").tofile(path)


def _masks(pointers: Ints, ports: Ints) -> Ints:
    """Per group: one bit for every port in it."""
    masks = np.zeros(len(pointers) - 1, np.int64)
    group = np.repeat(np.arange(len(masks)), np.diff(pointers))
    np.bitwise_or.at(masks, group, np.int64(1) << ports)
    return masks
