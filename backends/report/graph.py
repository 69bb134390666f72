"""A picture of a split design: tasks by subgraph, streams between them, and costs as bars. Made from report.json alone.

Tasks stand in a column, in the order of the IR. A stream to the next task is a line, any other one an arc on the left. What crosses a
boundary is drawn in red, and listed above the subgraph that reads it, with its width and the depth of its FIFO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from split4ml.backends.report import svg

COSTS = (
    ("synth_seconds", "synthesis s"),
    ("lut", "LUT"),
    ("ff", "FF"),
    ("dsp", "DSP"),
    ("bram18", "BRAM18"),
)
MARGIN, LANE, ROW, BOX, WORDS = 16.0, 11.0, 22.0, 17.0, 250.0
HEADER, LISTED, GAP, COLUMN, BAR = 24.0, 15.0, 12.0, 116.0, 58.0
TOP = 74.0
CROSSING = "#c0392b"


@dataclass(frozen=True)
class Stream:
    """source, target: rows of the tasks. crosses: from one subgraph to another."""

    name: str
    source: int
    target: int
    crosses: bool
    words: str


def picture(report: Mapping[str, Any]) -> str:
    """The SVG's text. Works for unsplit designs as well."""
    layers = _ordered(report)
    streams = _streams(report, [layer["name"] for layer in layers])
    lanes, lane_of = _lanes([stream for stream in streams if not _next(stream)])
    left = MARGIN + LANE * (lanes + 1)
    places, bands, height = _places(report, layers, streams)
    width = left + WORDS + COLUMN * len(COSTS) + MARGIN
    root = svg.picture(width, height, f"The split of {report['model']}")
    svg.text(root, MARGIN, 26, f"{report['model']}: {_told(report)}", font_size="15")
    _headings(root, left)
    for band in bands:
        band.draw(root, left, width)
    for stream in streams:
        lane = lane_of.get(stream.name)
        _draw_stream(root, stream, places, left, None if lane is None else left - LANE * (lane + 1))
    most = {key: max((_cost(layer, key) for layer in layers), default=0) for key, _ in COSTS}
    for layer, y in zip(layers, places, strict=True):
        _draw_task(root, layer, left, y, most)
    return svg.write(root)


# What there is


def _ordered(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Tasks, subgraph by subgraph."""
    rank = {part["name"]: at for at, part in enumerate(report["subgraphs"])}
    return sorted(report["layers"], key=lambda layer: rank.get(layer["subgraph"], 0))


def _streams(report: Mapping[str, Any], names: Sequence[str]) -> list[Stream]:
    row = {name: at for at, name in enumerate(names)}
    found = []
    for fifo in report["fifos"]:
        crosses = fifo["scope"] == "boundary"
        width = fifo.get("bus_bits") or fifo["width_bits"]
        padded = f" ({fifo['width_bits']} used)" if width != fifo["width_bits"] else ""
        words = (
            f"{fifo['name']}: {width} bits wide{padded}, depth {fifo['depth']:,} ({fifo['style']}), "
            f"{fifo['producer']} to {fifo['consumer']}"
        )
        found.append(Stream(fifo["name"], row[fifo["producer"]], row[fifo["consumer"]], crosses, words))
    return found


def _next(stream: Stream) -> bool:
    """Whether a straight line will do."""
    return stream.target == stream.source + 1 and not stream.crosses


def _lanes(streams: Sequence[Stream]) -> tuple[int, dict[str, int]]:
    """How many, and by stream the one that it takes: the innermost that is free, short ones first."""
    taken: list[list[tuple[int, int]]] = []
    lane_of = {}
    for stream in sorted(streams, key=lambda s: (s.target - s.source, s.source)):
        low, high = sorted((stream.source, stream.target))
        free = (at for at, lane in enumerate(taken) if all(high <= a or low >= b for a, b in lane))
        at = next(free, len(taken))
        taken[at:] = taken[at:] or [[]]
        taken[at].append((low, high))
        lane_of[stream.name] = at
    return len(taken), lane_of


def _cost(layer: Mapping[str, Any], key: str) -> float:
    return float((layer["cost"] or {}).get(key) or 0)


# Where it is


@dataclass(frozen=True)
class Band:
    """The ground of a subgraph, with what it reads listed below its name."""

    name: str
    at: int
    top: float
    bottom: float
    listed: Sequence[str]
    cost: Mapping[str, Any] | None

    def draw(self, root: ElementTree.Element, left: float, width: float) -> None:
        shade = svg.colour(self.at)
        svg.add(
            root,
            "rect",
            x=MARGIN / 2,
            y=self.top,
            width=width - MARGIN,
            height=self.bottom - self.top,
            rx=6,
            fill=shade,
            fill_opacity=0.13,
            stroke=shade,
        )
        svg.text(root, left, self.top + 17, self.name, font_weight="bold", fill=shade)
        for place, words in enumerate(self.listed):
            svg.text(
                root, left, self.top + HEADER + 11 + LISTED * place, words, font_size="11", fill=CROSSING
            )
        for place, (key, _) in enumerate(COSTS):
            if self.cost is not None:
                amount = f"{self.cost[key]:,.1f}" if key == "synth_seconds" else f"{self.cost[key]:,}"
                svg.text(root, left + WORDS + COLUMN * place, self.top + 17, amount, font_weight="bold")


def _places(
    report: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], streams: Sequence[Stream]
) -> tuple[list[float], list[Band], float]:
    """The top of each task, the ground of each subgraph, and the height of it all."""
    parts = report["subgraphs"] or [{"name": None, "cost": None}]
    y = TOP
    places: list[float] = []
    bands = []
    for at, part in enumerate(parts):
        rows = [row for row, layer in enumerate(layers) if layer["subgraph"] == part["name"]]
        listed = [s.words for s in streams if s.crosses and s.target in rows]
        top = y
        y += HEADER + LISTED * len(listed) + (4 if listed else 0)
        for _ in rows:
            places.append(y)
            y += ROW
        y += 4
        bands.append(Band(part["name"] or "not split", at, top, y, listed, part["cost"]))
        y += GAP
    return places, bands, y


# How it looks


def _told(report: Mapping[str, Any]) -> str:
    count = len(report["subgraphs"])
    split = report["partition"]
    if not count or split is None:
        return f"{len(report['layers'])} tasks, not split"
    return (
        f"{len(report['layers'])} tasks in {count} subgraph{'s' if count > 1 else ''}, "
        f"{split['crossing_bits_per_frame']:,} bits cross in a frame"
    )


def _headings(root: ElementTree.Element, left: float) -> None:
    svg.text(root, left, 48, "estimated costs of each task, and of each subgraph", fill=svg.PALE)
    for place, (_, title) in enumerate(COSTS):
        svg.text(root, left + WORDS + COLUMN * place, 62, title, fill=svg.PALE)


def _draw_stream(
    root: ElementTree.Element, stream: Stream, places: Sequence[float], left: float, lane: float | None
) -> None:
    """lane: where the arc runs; None for a straight line."""
    shade = CROSSING if stream.crosses else svg.PALE
    thick = 1.6 if stream.crosses else 1.0
    if lane is None:
        x = left + 10
        ends = [(x, places[stream.source] + BOX), (x, places[stream.target])]
    else:
        start, end = places[stream.source] + BOX - 4, places[stream.target] + 4
        ends = [(left, start), (lane, start), (lane, end), (left, end)]
    line = svg.add(root, "polyline", points=svg.points(ends), fill="none", stroke=shade, stroke_width=thick)
    svg.hint(line, stream.words)
    x, y = ends[-1]
    tip = (
        [(x - 3, y - 5), (x + 3, y - 5), (x, y)] if lane is None else [(x - 5, y - 3), (x - 5, y + 3), (x, y)]
    )
    svg.add(root, "polygon", points=svg.points(tip), fill=shade)


def _draw_task(
    root: ElementTree.Element, layer: Mapping[str, Any], left: float, y: float, most: Mapping[str, float]
) -> None:
    box = svg.add(
        root, "rect", x=left, y=y, width=WORDS - 20, height=BOX, rx=3, fill="#ffffff", stroke=svg.LINE
    )
    svg.hint(box, f"{layer['name']}: {layer['kind']}{', inserted by hls4ml' if layer['inserted'] else ''}")
    ink = svg.PALE if layer["inserted"] else svg.INK
    name = svg.text(root, left + 18, y + 12.5, svg.cut(layer["name"], 24), font_size="11", fill=ink)
    svg.add(name, "tspan", fill=svg.PALE).text = f" {svg.cut(layer['kind'], 16)}"
    for place, (key, _) in enumerate(COSTS):
        amount = _cost(layer, key)
        x = left + WORDS + COLUMN * place
        long = BAR * amount / most[key] if most[key] else 0
        if long:
            svg.add(
                root,
                "rect",
                x=x,
                y=y + 3,
                width=max(long, 0.5),
                height=BOX - 6,
                fill=svg.COLOURS[0],
                fill_opacity=0.65,
            )
        told = f"{amount:,.1f}" if key == "synth_seconds" else f"{amount:,.0f}"
        if layer["cost"] is not None:
            svg.text(root, x + long + 4, y + 12.5, told, font_size="10", fill=svg.PALE)
