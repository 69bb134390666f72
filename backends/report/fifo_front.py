"""A Pareto front of FIFO depths, as `compiler/pareto_command.py` describes it: a table, and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from split4ml.backends.report import svg

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
    across = svg.ticks(max(point[key] for point in points))
    up = svg.ticks(max(point["bits"] for point in points))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(cycles: float) -> float:
        return LEFT + (right - LEFT) * cycles / across[-1]

    def y(bits: float) -> float:
        return bottom - (bottom - TOP) * bits / up[-1]

    svg.text(root, LEFT, 26, f"{found['model']}: FIFO bits", font_size="15")
    for value in across:
        svg.add(root, "line", x1=x(value), x2=x(value), y1=TOP, y2=bottom, stroke=svg.LINE)
        svg.text(root, x(value), bottom + 18, f"{value:,g}", text_anchor="middle", fill=svg.PALE)
    for value in up:
        svg.add(root, "line", x1=LEFT, x2=right, y1=y(value), y2=y(value), stroke=svg.LINE)
        svg.text(root, LEFT - 8, y(value) + 4, f"{value:,.0f}", text_anchor="end", fill=svg.PALE)
    what = "latency of a lone frame" if key == "latency_cycles" else "interval"
    svg.text(root, (LEFT + right) / 2, bottom + 42, f"{what}, cycles", text_anchor="middle")
    places = [(x(point[key]), y(point["bits"])) for point in points]
    svg.add(root, "polyline", points=svg.points(places), fill="none", stroke=svg.PALE, stroke_dasharray="3 3")
    for point, (left, top) in zip(points, places, strict=True):
        dot = svg.add(root, "circle", cx=left, cy=top, r=4.5, fill=svg.colour(0))
        svg.hint(dot, f"point {point['number']}: {point['bits']:,} bits, {point['options']}")
        svg.text(root, left + 7, top - 6, str(point["number"]), font_size="11")
    return svg.write(root)
