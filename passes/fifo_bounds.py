"""Bounds on FIFO depths as a user writes them: `layer4_out=8`, or a pattern such as `layer*_cpy2=64`, by FIFO."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from split4ml.dialects.errors import UsageError, meant
from split4ml.passes.timing.network import UNBOUNDED

Bounds = dict[str, tuple[int, int]]
"""(least, greatest) depth by FIFO; those that are free are not in it. 0: no FIFO, only between subgraphs."""

_WILD = frozenset("*?[")


def parse_bound(text: str, option: str) -> tuple[str, int]:
    """A pattern and a depth. Raises UsageError."""
    pattern, sign, depth = text.rpartition("=")
    if not sign or not pattern or not (depth.isascii() and depth.isdigit()):
        raise UsageError(f"{option} takes FIFO=DEPTH, such as layer4_out=8, not {text!r}")
    return pattern, int(depth)


def matching(pattern: str, names: Sequence[str], option: str) -> list[str]:
    """The FIFOs of that name or pattern. Raises UsageError, with the nearest names, if there are none."""
    found = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
    if not found:
        what = "matches no FIFO" if _WILD & set(pattern) else "is no FIFO of this design"
        some = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
        raise UsageError(
            f"{option}: {pattern!r} {what}",
            hint=meant(pattern, names, 3) or f"its FIFOs are {some}",
        )
    return found


def depth_bounds(
    names: Sequence[str],
    pin: Iterable[str] = (),
    least: Iterable[str] = (),
    most: Iterable[str] = (),
    links: Collection[str] = (),
) -> Bounds:
    """Of all options together; of one option, later entries win. links: the FIFOs between subgraphs, the only ones that a pattern
    with a depth of 0 is about. Raises UsageError for what cannot be."""
    low: dict[str, int] = {}
    high: dict[str, int] = {}
    for option, texts, sides in (
        ("min-depth", least, (low,)),
        ("max-depth", most, (high,)),
        ("pin", pin, (low, high)),
    ):
        for text in texts:
            pattern, depth = parse_bound(text, option)
            found = matching(pattern, names, option)
            if depth == 0 and not (found := [name for name in found if name in links]):
                raise UsageError(
                    f"{option}: {pattern!r} is about no FIFO between two subgraphs, and inside one a depth is at least 1, not 0"
                )
            for name in found:
                for side in sides:
                    side[name] = depth
    bounds = {
        name: (low.get(name, min(1, high.get(name, 1))), high.get(name, UNBOUNDED))
        for name in names
        if name in low | high
    }
    for name, (lowest, highest) in bounds.items():
        if lowest > highest:
            raise UsageError(f"the FIFO {name} cannot be at least {lowest} and at most {highest} deep")
    return bounds
