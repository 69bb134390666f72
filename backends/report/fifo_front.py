"""A Pareto front of FIFO depths, as `compiler/pareto_command.py` describes it: a table, and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from split4ml.backends.report import svg
from split4ml.backends.report.plot import Plot

WIDTH, HEIGHT = 700.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 100.0, 30.0, 50.0, 60.0


def table(found: Mapping[str, Any]) -> str:
    """A line for each point."""
    rows = [("point", "interval", "latency", "bits", "of it", "options")]
    first = found["points"][0]["bits"]
    for point in found["points"]:
        share = f"{point['bits'] / first:.1%}" if first else "–"
        rows.append(
            (
                str(point["number"]),
                f"{point['interval_cycles']:,g}",
                f"{point['latency_cycles']:,}",
                f"{point['bits']:,}",
                share,
                point["options"],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == len(row) - 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def picture(found: Mapping[str, Any]) -> str:
    """Bits over the interval or the latency, whichever the front is against; a dot for each point, with its number."""
    key = "latency_cycles" if found["against"] == "latency" else "interval_cycles"
    points = sorted(found["points"], key=lambda point: (point[key], point["bits"]))
    root = svg.picture(WIDTH, HEIGHT, f"FIFO bits of {found['model']}")
    what = "latency of a lone frame" if key == "latency_cycles" else "interval"
    plot = Plot.drawn(
        root,
        LEFT,
        WIDTH - RIGHT,
        TOP,
        HEIGHT - BOTTOM,
        across=max(point[key] for point in points),
        up=max(point["bits"] for point in points),
        title=f"{found['model']}: FIFO bits",
        label=f"{what}, cycles",
    )
    places = [(plot.x(point[key]), plot.y(point["bits"])) for point in points]
    svg.add(root, "polyline", points=svg.points(places), fill="none", stroke=svg.PALE, stroke_dasharray="3 3")
    for point, (left, top) in zip(points, places, strict=True):
        dot = svg.add(root, "circle", cx=left, cy=top, r=4.5, fill=svg.colour(0))
        svg.hint(dot, f"point {point['number']}: {point['bits']:,} bits, {point['options']}")
        svg.text(root, left + 7, top - 6, str(point["number"]), font_size="11")
    return svg.write(root)
