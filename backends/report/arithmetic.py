"""What each layer's numbers look like beside those of the user's network: rows of a table, for terminal and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEADINGS = (
    "layer",
    "ONNX",
    "type",
    "range",
    "holds",
    "error",
    "mean",
    "added here",
    "mean",
    "overflows",
    "explained",
)
"""`error`: against the network in double precision; `added here`: of a layer given exact inputs."""


def rows(layers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """One per layer of the report that was looked at."""
    for layer in layers:
        found = layer.get("arithmetic")
        if found is None:
            continue
        yield (
            layer["name"],
            ", ".join(layer["onnx_names"]),
            found["type"],
            _interval(found["range"]),
            _interval(found["representable"]),
            *(
                f"{found[key]:.3g}"
                for key in (
                    "max_abs_error",
                    "mean_abs_error",
                    "max_abs_error_added",
                    "mean_abs_error_added",
                )
            ),
            "; ".join(_overflow(over) for over in found["overflows"]) or "–",
            _explained(found),
        )


def table(layers: Sequence[Mapping[str, Any]]) -> str:
    """Columns as wide as they need to be, but for the ONNX names, which are cut."""
    lines = [HEADINGS, *((row[0], _cut(row[1]), *row[2:]) for row in rows(layers))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def told(check: Mapping[str, Any]) -> str:
    """One line for the summary."""
    unchecked = check["unchecked"]
    total = check["explained"] + len(unchecked)
    line = f"{check['explained']} of {total} layers are what their precision explains, over {check['frames']} frames"
    if unchecked:
        shown = ", ".join(entry["layer"] for entry in unchecked[:3]) + (", …" if len(unchecked) > 3 else "")
        line += f"; not modelled: {shown}"
    places = {**check["inputs"], **check["layers"]}
    overflowing = sum(bool(found["overflows"]) for found in places.values())
    return line + (f"; overflow in {overflowing}" if overflowing else "; no overflow")


def _interval(ends: Sequence[float]) -> str:
    return f"{ends[0]:.4g} to {ends[1]:.4g}"


def _overflow(over: Mapping[str, Any]) -> str:
    return (
        f"{over['count']} of {over['total']} {over['of']} reach {_interval(over['range'])}, need "
        f"{over['integer_bits_needed']} integer bits"
    )


def _explained(found: Mapping[str, Any]) -> str:
    match found["explained"]:
        case "exact":
            return "to the bit"
        case "bounded":
            return f"within {found['room']:.2g}"
        case _:
            return f"not modelled: {found['unchecked']}"


def _cut(text: str, width: int = 32) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
