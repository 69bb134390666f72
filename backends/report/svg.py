"""SVG: elements whose text and attributes are escaped, numbers short, and ticks at round values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree import ElementTree

FONT = "system-ui, sans-serif"
INK, PALE, LINE = "#1b1f24", "#57606a", "#d9dee4"
COLOURS = (
    "#4878a8",
    "#e08a3c",
    "#5a9e5f",
    "#c8555a",
    "#8f73b5",
    "#8c6d5a",
    "#d080b5",
    "#7a8288",
    "#a8a53c",
    "#46a7b5",
)

Element = ElementTree.Element


def colour(at: int) -> str:
    """Of the `at`-th of several things; they repeat after ten."""
    return COLOURS[at % len(COLOURS)]


def picture(width: float, height: float, title: str) -> Element:
    """An empty picture with a white ground. title: what a screen reader says."""
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "width": number(width),
            "height": number(height),
            "font-family": FONT,
            "font-size": "12",
        },
    )
    add(root, "title").text = title
    add(root, "rect", width=width, height=height, fill="#ffffff")
    return root


def add(parent: Element, tag: str, **attributes: str | float) -> Element:
    """A child. Underscores in names of attributes stand for dashes."""
    named = {
        name.strip("_").replace("_", "-"): value if isinstance(value, str) else number(value)
        for name, value in attributes.items()
    }
    return ElementTree.SubElement(parent, tag, named)


def text(parent: Element, x: float, y: float, words: str, **attributes: str | float) -> Element:
    """Words that begin at x, or, with `text_anchor`, end or are centred there; y is their baseline."""
    found = add(parent, "text", x=x, y=y, **{"fill": INK, **attributes})
    found.text = words
    return found


def hint(parent: Element, words: str) -> None:
    """What is shown over an element that the mouse points at."""
    add(parent, "title").text = words


def write(root: Element) -> str:
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, "unicode") + "\n"


def number(value: float) -> str:
    """At most two digits behind the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ticks(most: float, about: int = 5) -> list[float]:
    """Round values from 0 to the first that is not less than `most`, about so many."""
    if most <= 0:
        return [0.0, 1.0]
    step = 10 ** math.floor(math.log10(most / about))
    step *= next(factor for factor in (1, 2, 5, 10) if most / (factor * step) <= about)
    return [step * at for at in range(math.ceil(most / step - 1e-9) + 1)]


def cut(words: str, width: int) -> str:
    """No longer than `width` letters."""
    return words if len(words) <= width else words[: width - 1] + "…"


def points(places: Sequence[tuple[float, float]]) -> str:
    """As polylines and polygons have them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in places)
