"""Cheaper proportions between FIFOs: one is made deeper so that others can be shallower.

FIFOs often share what they must hold: a skip connection and the path beside it, or the channels before and after a task that makes few
wide tokens of many narrow ones. What is shrunk first then leaves the need to the others, which may be dearer. So one FIFO after the
other is given all the room that it can use, the others are shrunk for as long as that is feasible, and it last. If that is
cheaper, the search goes on from there, until no FIFO's room helps any more or the effort is spent.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from split4ml.passes.timing.judge import Cost, Judge
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.shrink import Shrinker, bisected

EFFORT = 60_000_000
"""Tokens through sized FIFOs, in frames replayed, after which a search ends: a second or two. Counted, not timed, so that the
answer is the same every time."""


def exchanged(judge: Judge, depths: Ints, cost: Cost, effort: int = EFFORT) -> Ints:
    """From feasible depths to cheap ones of which none can be one less alone; they cost no more than what `bisected` finds."""
    search = Exchange(judge, bisected(judge, depths), cost, effort)
    search.run()
    judge.tell(search.best)
    return search.best


class Exchange:
    """best: the cheapest depths so far, feasible, and such that no FIFO of them can be shallower alone."""

    def __init__(self, judge: Judge, best: Ints, cost: Cost, effort: int) -> None:
        self.judge = judge
        self.best = best
        self._cost = cost
        tokens = int(judge.engine.flat.tokens[judge.at].sum())
        self._end = judge.frames_run + effort // max(1, tokens)

    def run(self) -> None:
        failed = 0
        for fifo in cycle(self.judge.sizable):
            if failed == len(self.judge.sizable) or self._spent():
                return
            cheaper = [self._accept(deeper) for deeper in self._with_room(fifo)]
            failed = 0 if any(cheaper) else failed + 1

    def _with_room(self, fifo: int) -> Iterator[Ints]:
        """Feasible depths in which this FIFO is deeper than in the best, and others are perhaps shallower."""
        most = self.judge.fifos[fifo].most
        for room in sorted({min(self.judge.roomy(fifo, slow), most) for slow in (1, 2)}):
            if room <= self.best[fifo] or self._saving(fifo) <= 0 or self._spent():
                continue
            depths = self.best.copy()
            depths[fifo] = room
            if self.judge.tokens_held(depths) is None:
                continue  # a FIFO as deep as this is too slow
            search = Shrinker(self.judge, depths, told=self.best)
            search.roomy = fifo
            for other in self._dearest():
                if other != fifo:
                    search.nearby(other)
            search.roomy = None
            search.alone(fifo)
            yield search.depths

    def _accept(self, depths: Ints) -> bool:
        """Whether these feasible depths are cheaper than the best; if so, they are the best, as shallow as each can be."""
        if self._total(depths) >= self._total(self.best):
            return False
        search = Shrinker(self.judge, depths, told=self.best)
        search.finish()
        self.best = search.depths
        return True

    def _saving(self, fifo: int) -> int:
        """What one word more in this FIFO can save at most."""
        least = self.best.copy()
        for i in self.judge.sizable:
            least[i] = self.judge.fifos[i].least
        least[fifo] = self.best[fifo] + 1
        return self._total(self.best) - self._total(least)

    def _dearest(self) -> list[int]:
        return sorted(self.judge.sizable, key=lambda i: (-self._price(i, int(self.best[i])), i))

    def _spent(self) -> bool:
        return self.judge.frames_run >= self._end

    def _price(self, fifo: int, depth: int) -> int:
        return self._cost(self.judge.fifos[fifo], depth)

    def _total(self, depths: Ints) -> int:
        return sum(self._price(i, int(depths[i])) for i in self.judge.sizable)
