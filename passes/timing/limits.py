"""How slow a sized network may be, and how shallow or deep its FIFOs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor
from typing import Self

from split4ml.dialects.errors import Split4mlError

_PERCENT = re.compile(r"\+?(\d+(?:\.\d+)?)%")


@dataclass(frozen=True)
class Allowed:
    """So many per cent more than with unbounded FIFOs, or (cycles) so many cycles in all."""

    percent: float = 0.0
    cycles: int | None = None

    @classmethod
    def parse(cls, text: str, what: str) -> Self:
        """`keep`, `5%` or a number of cycles. Raises Split4mlError, naming `what`."""
        if text == "keep":
            return cls()
        if found := _PERCENT.fullmatch(text):
            return cls(percent=float(found.group(1)))
        if text.isascii() and text.isdigit() and int(text) > 0:
            return cls(cycles=int(text))
        raise Split4mlError(
            f"{what} is {text!r}, which is neither `keep` nor per cent nor cycles",
            hint=f"{what}=keep, {what}=5% (more than with unbounded FIFOs), {what}=400",
        )

    @property
    def keeps(self) -> bool:
        return self.percent == 0 and self.cycles is None

    def slack(self, unbounded: float, what: str) -> int:
        """Cycles more than the `unbounded` design's. Raises Split4mlError if that takes longer than is allowed."""
        if self.cycles is None:
            return floor(unbounded * self.percent / 100)
        if self.cycles < unbounded:
            raise Split4mlError(
                f"{what} of at most {self.cycles:,} cycles is out of reach: with FIFOs of any depth it is {unbounded:,}",
                hint="split4ml explain says what bounds it",
            )
        return floor(self.cycles - unbounded)


@dataclass(frozen=True)
class Limits:
    """Of a lone frame's latency, and of the interval of the run of several."""

    latency: Allowed = Allowed()
    interval: Allowed = Allowed()

    @property
    def keep(self) -> bool:
        return self.latency.keeps and self.interval.keeps


KEEP = Limits()
"""As with unbounded FIFOs."""
