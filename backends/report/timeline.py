"""A picture of a run: what every task did, and how full every FIFO was, cycle by cycle.

Where several cycles share a column, a task's column has the colour of what it did most, and a FIFO's is as high as it was filled at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from split4ml.backends.report import svg

COLUMNS = 1000
"""Columns for the cycles, one pixel each, at most."""
COLOURS = {"working": "#4878a8", "starved": "#f2e3bd", "blocked": "#e39a94", "idle": "#ffffff"}
WORDS = {
    "working": "works",
    "starved": "waits for data",
    "blocked": "waits for room",
    "idle": "has no call to do",
}
HEADROOM = 4
"""A full FIFO has the height of its row. One that is deeper than so many times what it held at most has a part of that, so that it can be seen."""
MARGIN, NAMES, ROW, BAR, LEVEL, TOP = 16.0, 200.0, 18.0, 13.0, 26.0, 78.0


@dataclass(frozen=True)
class TaskRow:
    """spans: (first cycle, state), each until the next one begins; a state is a key of COLOURS."""

    name: str
    spans: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class FifoRow:
    """levels: most tokens held in each column. depth: what it holds."""

    name: str
    depth: int
    levels: Sequence[int]


def columns(cycles: int) -> list[int]:
    """First cycle of each column, and the end of the last."""
    count = min(max(1, cycles), COLUMNS)
    return [cycles * at // count for at in range(count + 1)]


def timeline(title: str, cycles: int, tasks: Sequence[TaskRow], fifos: Sequence[FifoRow]) -> str:
    """The SVG's text."""
    width = MARGIN + NAMES + COLUMNS + MARGIN
    below = TOP + ROW * len(tasks) + 30
    height = below + LEVEL * len(fifos) + MARGIN
    root = svg.picture(width, height, title)
    svg.text(root, MARGIN, 26, title, font_size="15")
    _legend(root)
    _axis(root, cycles, height)
    edges = columns(cycles)
    for number, task in enumerate(tasks):
        _task(root, task, TOP + ROW * number, edges)
    if fifos:
        svg.text(root, MARGIN, below - 8, "FIFOs: most held, of depth", fill=svg.PALE)
    for number, fifo in enumerate(fifos):
        _fifo(root, fifo, below + LEVEL * number, len(edges) - 1)
    return svg.write(root)


def _legend(root: svg.Element) -> None:
    x = MARGIN + NAMES
    for state, words in WORDS.items():
        svg.add(root, "rect", x=x, y=38, width=12, height=12, fill=COLOURS[state], stroke=svg.LINE)
        svg.text(root, x + 18, 48, words, fill=svg.PALE)
        x += 150


def _axis(root: svg.Element, cycles: int, height: float) -> None:
    for tick in svg.ticks(cycles, 8):
        if tick > cycles:
            break
        x = MARGIN + NAMES + COLUMNS * tick / max(1, cycles)
        svg.add(root, "line", x1=x, x2=x, y1=TOP - 6, y2=height - MARGIN, stroke=svg.LINE)
        svg.text(root, x, TOP - 10, f"{int(tick):,}", fill=svg.PALE, text_anchor="middle", font_size="10")


def _task(root: svg.Element, task: TaskRow, y: float, edges: Sequence[int]) -> None:
    group = svg.add(root, "g")
    svg.text(group, MARGIN, y + BAR - 2, svg.cut(task.name, 30))
    shares = dict.fromkeys(COLOURS, 0)
    chosen: list[str] = []
    at = 0
    stops = [*(start for start, _ in task.spans[1:]), edges[-1]]
    for first, stop in pairwise(edges):
        here = dict.fromkeys(COLOURS, 0)
        while at < len(task.spans):
            here[task.spans[at][1]] += min(stop, stops[at]) - max(first, task.spans[at][0])
            if stops[at] > stop or at + 1 == len(task.spans):
                break
            at += 1
            if task.spans[at][0] >= stop:
                break
        for state, cycles in here.items():
            shares[state] += cycles
        chosen.append(max(here, key=lambda state: here[state]))
    told = ", ".join(f"{WORDS[state]} {cycles:,} cycles" for state, cycles in shares.items() if cycles)
    svg.hint(group, f"{task.name}: {told}")
    column = COLUMNS / (len(edges) - 1)
    paths: dict[str, list[str]] = {}
    start = 0
    for number in range(1, len(chosen) + 1):
        if number == len(chosen) or chosen[number] != chosen[start]:
            x, w = svg.number(MARGIN + NAMES + column * start), svg.number(column * (number - start))
            paths.setdefault(chosen[start], []).append(f"M{x} {svg.number(y)}h{w}v{svg.number(BAR)}h-{w}z")
            start = number
    for state, parts in paths.items():
        if state != "idle":
            svg.add(group, "path", d="".join(parts), fill=COLOURS[state], class_=state)


def _fifo(root: svg.Element, fifo: FifoRow, y: float, count: int) -> None:
    group = svg.add(root, "g")
    base, high = y + LEVEL - 6, LEVEL - 8
    most = max(fifo.levels, default=0)
    svg.text(group, MARGIN, base - 4, svg.cut(f"{fifo.name}, {most:,} of {fifo.depth:,}", 30))
    svg.hint(group, f"{fifo.name}: depth {fifo.depth:,}, at most {most:,} held")
    column = COLUMNS / count
    full = max(1, min(fifo.depth, most * HEADROOM))
    places = [(MARGIN + NAMES, base)]
    for number, level in enumerate(fifo.levels):
        top = base - high * min(1.0, level / full)
        left = MARGIN + NAMES + column * number
        if places[-1][1] != top:
            places += [(left, places[-1][1]), (left, top)]
    right = MARGIN + NAMES + COLUMNS
    places += [(right, places[-1][1]), (right, base)]
    svg.add(group, "line", x1=MARGIN + NAMES, x2=right, y1=base, y2=base, stroke=svg.LINE)
    svg.add(group, "polygon", points=svg.points(places), fill="#5a9e5f", class_="level")
