"""What a simulation tells, in the words of the design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from split4ml.backends.rtl.twin import SimDesign
from split4ml.backends.verilator.tokens import Words, layout_of, unpack
from split4ml.dialects.errors import Split4mlError


@dataclass(frozen=True)
class Mismatch:
    """The first wrong element of a token. reader: a task, or the output of the top.

    token, element: which of the stream, counted over all frames. expected, got: raw bits. Equal: the padding
    behind the element is wrong.
    """

    reader: str
    stream: str
    token: int
    element: int
    expected: int
    got: int

    def __str__(self) -> str:
        place = f"{self.reader} read token {self.token} of {self.stream}: element {self.element}"
        if self.expected == self.got:
            return f"{place} is right, but the padding behind it is neither zero nor its sign"
        return f"{place} is {self.got:#x}, the C simulation had {self.expected:#x}"


@dataclass(frozen=True, eq=False)
class RtlResult:
    """One run. Cycle 0 is the first in which the sources offer data.

    first_in, last_out: per frame, cycle of the first beat accepted at any input and of the last taken at any
        output; -1: never.
    cycles:    length of the run.
    peaks:     most tokens held at once, by FIFO. slice_peaks: by register slice ("<subgraph>.<stream>").
    checked:   tokens compared with the recording. mismatches: the first of them; mismatch_count: all.
    waiting:   what tasks waited for, in words, if a frame did not complete.
    outputs:   what left the top, by output: uint64[tokens, elements]; empty unless asked for.
    """

    first_in: tuple[int, ...]
    last_out: tuple[int, ...]
    cycles: int
    peaks: dict[str, int]
    slice_peaks: dict[str, int]
    checked: int
    mismatches: tuple[Mismatch, ...]
    mismatch_count: int
    waiting: tuple[str, ...]
    outputs: dict[str, Words]

    @property
    def completed(self) -> bool:
        return min(self.last_out) >= 0

    @property
    def tokens_match(self) -> bool:
        """Whether every token read so far was the recorded one."""
        return not self.mismatch_count

    def check(self) -> None:
        """Raises Split4mlError, with one clear message, if a token was wrong or a frame did not complete."""
        if not self.tokens_match:
            more = f", and {self.mismatch_count - 1} more" if self.mismatch_count > 1 else ""
            raise Split4mlError(f"the RTL simulation moved wrong data: {self.mismatches[0]}{more}")
        if not self.completed:
            done = sum(end >= 0 for end in self.last_out)
            reasons = "; ".join(self.waiting) or "no task waits for anything"
            raise Split4mlError(
                f"the RTL simulation stopped after {done} of {len(self.last_out)} frames, in cycle {self.cycles}: "
                f"{reasons}"
            )


def result_of(design: SimDesign, told: Mapping[str, Any], outputs: dict[str, Words]) -> RtlResult:
    """From the JSON that cpp/run.cpp writes."""
    peaks: dict[str, int] = {}
    slices: dict[str, int] = {}
    for channel, peak in zip(design.channels, told["peaks"], strict=True):
        (slices if channel.stream is None else peaks)[channel.name] = peak
    completed = told["completed"] == len(told["last_out"])
    return RtlResult(
        first_in=tuple(told["first_in"]),
        last_out=tuple(told["last_out"]),
        cycles=told["cycles"],
        peaks=peaks,
        slice_peaks=slices,
        checked=sum(told["checked"]),
        mismatches=tuple(_mismatch(design, entry) for entry in told["mismatches"]),
        mismatch_count=told["mismatch_count"],
        waiting=() if completed else tuple(_waiting(design, told["waiting"])),
        outputs=outputs,
    )


def _mismatch(design: SimDesign, entry: Mapping[str, Any]) -> Mismatch:
    stream = design.graph.streams[entry["stream"]]
    layout = layout_of(stream, design.graph.is_port(entry["stream"]))
    values = []
    for text in (entry["expected"], entry["got"]):
        number = int(text, 16)
        words = [(number >> 64 * w) & (2**64 - 1) for w in range(layout.words)]
        values.append(unpack(np.array([words], np.uint64), layout)[0])
    different = np.flatnonzero(values[0] != values[1])
    element = int(different[0]) if len(different) else _bad_padding(layout.slot, layout.width, entry)
    reader = design.graph.tasks[entry["reader"]].name if entry["reader"] >= 0 else "the output"
    return Mismatch(
        reader, stream.name, entry["index"], element, int(values[0][element]), int(values[1][element])
    )


def _bad_padding(slot: int, width: int, entry: Mapping[str, Any]) -> int:
    """The first element behind which the padding differs."""
    difference = int(entry["expected"], 16) ^ int(entry["got"], 16)
    element = 0
    while difference and not difference & ((1 << slot) - 1) >> width:
        difference >>= slot
        element += 1
    return element


def _waiting(design: SimDesign, entries: list[Mapping[str, Any]]) -> list[str]:
    found = []
    for entry in sorted(entries, key=lambda e: e["task"]):
        task = design.graph.tasks[entry["task"]]
        reasons = []
        if entry["flying"]:
            reasons += [
                f"for data in {design.graph.streams[s].name}"
                for port, s in enumerate(task.inputs)
                if entry["no_data"] >> port & 1
            ]
            reasons += [
                f"for room in {design.graph.streams[s].name}"
                for port, s in enumerate(task.outputs)
                if entry["no_room"] >> port & 1
            ]
        if entry["idle"] and entry["start"] and not entry["children"]:
            reasons.append("for a task behind it to take its start token")
        if reasons:
            found.append(f"{task.name} waits {' and '.join(reasons)}")
    return found
