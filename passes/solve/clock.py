"""Time that is left for a search, by the clock on the wall."""

from __future__ import annotations

import time


class TimeUp(Exception):
    """The limit has struck."""


class Clock:
    """seconds: from now on, in all."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raises TimeUp if nothing is left."""
        if self.left() <= 0:
            raise TimeUp
