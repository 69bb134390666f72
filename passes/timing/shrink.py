"""Making feasible FIFO depths smaller, one FIFO or a group at a time, by replay.

Deeper is better only as long as styles stay the same, and not even then for certain: a task whose tail is held goes
on earlier if its next call begins later. So nothing is concluded to be feasible: every vector that is accepted, and the
final one, has been replayed. Until the last round, attempts to shrink are skipped if a vector at least as deep failed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from split4ml.passes.timing.judge import Judge
from split4ml.passes.timing.network import UNBOUNDED
from split4ml.passes.timing.schedule import Ints


def by_peak(judge: Judge) -> tuple[Ints, Ints]:
    """Depths one above the peaks of an unbounded run, which therefore change nothing; and those peaks."""
    capacities = judge.engine.capacities[judge.at]
    depths = np.where([f.sizable for f in judge.fifos], UNBOUNDED, capacities)
    # The peaks depend on the latencies, these on the depths, these on the peaks. If that never settles, never
    # going back settles it.
    for attempt in range(10 + len(depths)):
        peaks = judge.reference(judge.latencies(depths)).peaks[judge.at]
        wanted = np.where([f.sizable for f in judge.fifos], peaks + 1, capacities)
        settled = np.array_equal(judge.latencies(wanted), judge.latencies(depths))
        if settled and (attempt < 10 or np.all(wanted <= depths)):
            return wanted, peaks
        depths = wanted if attempt < 10 else np.maximum(wanted, depths)
    return depths, peaks


def bisected(judge: Judge, depths: Ints) -> Ints:
    """From feasible depths to such that no FIFO can be made shallower alone."""
    search = Shrinker(judge, depths)
    # Most FIFOs need next to nothing: settle them together, and leave the few others for bisection.
    for level in (2, 1):
        search.together(search.order, level)
    for fifo in search.order:
        search.alone(fifo)
    search.finish()
    return search.depths


class Shrinker:
    """The best depths so far, always feasible, and the ways to improve them."""

    def __init__(self, judge: Judge, depths: Ints, told: Ints | None = None) -> None:
        self.judge = judge
        self.depths = depths
        self._told = told
        self.roomy: int | None = None  # a FIFO that keeps what it does not need yet
        # What costs most is made small first.
        self.order = sorted(judge.sizable, key=lambda i: (-int(depths[i]) * judge.fifos[i].width_bits, i))

    def shrink(self, fifos: Iterable[int], level: int, surely: bool = False) -> bool:
        """Makes these FIFOs `level` deep where they are deeper, if that is feasible.

        surely: by replaying it, even if something deeper was not feasible.
        """
        wanted = self.depths.copy()
        for i in fifos:
            wanted[i] = min(wanted[i], max(level, self.judge.fifos[i].least))
        if np.array_equal(wanted, self.depths):
            return True
        if self.judge.hopeless(wanted, exactly=surely):
            return False
        held = self.judge.tokens_held(wanted)
        if held is not None:
            for i in self.judge.sizable:
                if i == self.roomy:
                    continue
                # A FIFO that never fills up may be as deep as one more than it held, and nothing changes.
                enough = max(int(held[i]) + 1, self.judge.fifos[i].least)
                if enough < wanted[i] and self.judge.rule(i, enough) == self.judge.rule(i, wanted[i]):
                    wanted[i] = enough
            self.depths = wanted
        self.judge.tell(self.depths if self._told is None else self._told)
        return held is not None

    def together(self, fifos: list[int], level: int) -> None:
        """Shrinks as many of them to `level` as can be found by halving the group."""
        fifos = [i for i in fifos if self.depths[i] > max(level, self.judge.fifos[i].least)]
        if not fifos or self.shrink(fifos, level) or len(fifos) == 1:
            return
        half = len(fifos) // 2
        self.together(fifos[:half], level)
        self.together(fifos[half:], level)

    def alone(self, fifo: int) -> None:
        """Bisects one FIFO's depth, all others as they are."""
        low = self.judge.fifos[fifo].least - 1
        while self.depths[fifo] - low > 1:
            middle = (low + int(self.depths[fifo])) // 2
            if not self.shrink([fifo], middle):
                low = middle

    def nearby(self, fifo: int, surely: bool = False) -> None:
        """As `alone`, for a FIFO that can probably not be made shallower: that is tried first."""
        depth = int(self.depths[fifo])
        if depth > self.judge.fifos[fifo].least and self.shrink([fifo], depth - 1, surely):
            self.alone(fifo)

    def finish(self) -> None:
        """Until no FIFO can be made shallower alone, each shown by a replay."""
        before = None
        while before is None or not np.array_equal(before, self.depths):
            before = self.depths.copy()
            for fifo in self.order:
                self.nearby(fifo, surely=True)
