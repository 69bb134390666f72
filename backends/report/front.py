"""A Pareto front of splits, as `compiler/explore.py` describes it: a table, and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from split4ml.backends.report import svg
from split4ml.backends.report.plot import Plot

WIDTH, HEIGHT = 760.0, 460.0
LEFT, RIGHT, TOP, BOTTOM = 90.0, 150.0, 50.0, 60.0
LEGEND = 16
"""Entries of the legend at most."""


def table(front: Mapping[str, Any], most: int | None = None) -> str:
    """A line for each point. most: of them, those of `shown`."""
    objectives = front["objectives"]
    front = {**front, "points": shown(front["points"], most)}
    columns: dict[str, list[str]] = {
        "point": [str(point["number"]) for point in front["points"]],
        "subgraphs": [str(point["subgraphs"]) for point in front["points"]],
        "synthesis s": [f"{point['synthesis_seconds']:,.1f}" for point in front["points"]],
        "crossing bits": [f"{point['crossing_bits']:,}" for point in front["points"]],
    }
    if "utilisation" in objectives:
        columns["largest subgraph"] = [
            f"{point['utilisation_percent']:.2f} % {point['utilisation_of']}" for point in front["points"]
        ]
    columns["added cycles"] = [f"{point['added_latency_cycles']}" for point in front["points"]]
    if "balance" in objectives:
        columns["lightest s"] = [f"{point['lightest_seconds']:,.1f}" for point in front["points"]]
    widths = {name: max(len(name), *map(len, cells)) for name, cells in columns.items()}
    lines = ["  ".join(name.rjust(widths[name]) for name in columns)]
    for at in range(len(front["points"])):
        lines.append("  ".join(cells[at].rjust(widths[name]) for name, cells in columns.items()))
    return "\n".join(lines)


def shown(found: Sequence[Mapping[str, Any]], most: int | None) -> list[Mapping[str, Any]]:
    """So many points: of those that are best in time and bits as many as possible, evenly, and then of the others."""
    if most is None or len(found) <= most:
        return list(found)
    best = _lowest(found)
    others = [point for point in found if not any(point is other for other in best)]
    kept = _evenly(best, most)
    kept += _evenly(others, most - len(kept))
    return sorted(kept, key=lambda point: point["number"])


def _evenly(found: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """The first, the last, and some in between."""
    if len(found) <= most:
        return list(found)
    return (
        [found[at * (len(found) - 1) // (most - 1)] for at in range(most)] if most > 1 else list(found[:most])
    )


def picture(front: Mapping[str, Any]) -> str:
    """Crossing bits over synthesis time, a dot for each point, coloured by its number of subgraphs.

    Filled dots are those that no other point beats in these two; they are joined by a line.
    """
    found: Sequence[Mapping[str, Any]] = front["points"]
    root = svg.picture(WIDTH, HEIGHT, f"Pareto front of splits of {front['model']}")
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    plot = Plot.drawn(
        root,
        LEFT,
        right,
        TOP,
        bottom,
        across=max(point["synthesis_seconds"] for point in found),
        up=max(point["crossing_bits"] for point in found),
        title=f"{front['model']}: {len(found)} splits worth choosing from",
        label="synthesis time, s (estimated)",
    )
    label = svg.text(root, 0, 0, "bits that cross in a frame", text_anchor="middle")
    label.set("transform", f"translate(18 {svg.number((TOP + bottom) / 2)}) rotate(-90)")

    best = _lowest(found)
    svg.add(
        root,
        "polyline",
        points=svg.points([(plot.x(p["synthesis_seconds"]), plot.y(p["crossing_bits"])) for p in best]),
        fill="none",
        stroke=svg.PALE,
        stroke_dasharray="3 3",
    )
    counts = sorted({point["subgraphs"] for point in found})
    for point in found:
        shade = svg.colour(counts.index(point["subgraphs"]))
        at = (plot.x(point["synthesis_seconds"]), plot.y(point["crossing_bits"]))
        on_line = any(point is other for other in best)
        dot = svg.add(
            root,
            "circle",
            cx=at[0],
            cy=at[1],
            r=5 if on_line else 3.5,
            fill=shade if on_line else "#ffffff",
            stroke=shade,
            stroke_width=1.5,
        )
        svg.hint(dot, _told(point))
        if on_line:
            svg.text(root, at[0] + 7, at[1] - 6, str(point["number"]), font_size="11")
    for place, count in enumerate(counts[:LEGEND]):
        line = TOP + 18 * place
        svg.add(root, "circle", cx=right + 24, cy=line, r=5, fill=svg.colour(place))
        svg.text(root, right + 36, line + 4, f"{count} subgraph{'s' if count > 1 else ''}")
    return svg.write(root)


def _lowest(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """By time: those with fewer bits than all that are as fast."""
    out: list[Mapping[str, Any]] = []
    for point in sorted(found, key=lambda p: (p["synthesis_seconds"], p["crossing_bits"], p["subgraphs"])):
        if not out or point["crossing_bits"] < out[-1]["crossing_bits"]:
            out.append(point)
    return out


def _told(point: Mapping[str, Any]) -> str:
    use = point.get("utilisation_percent")
    largest = f", largest {use:.2f} % {point['utilisation_of']}" if use is not None else ""
    return (
        f"point {point['number']}: {point['subgraphs']} subgraphs, {point['synthesis_seconds']:,.1f} s, "
        f"{point['crossing_bits']:,} bits{largest}, {point['added_latency_cycles']} cycles added"
    )
