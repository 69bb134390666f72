"""What an HLS report says of one task, in place of an estimate."""

from __future__ import annotations

from dataclasses import dataclass

from split4ml.passes.timing.constants import Tool
from split4ml.passes.timing.known import UNKNOWN, Known
from split4ml.passes.timing.segments import Segment, split
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class ReportedLoop:
    """label: as in the C++, "A_B" for loops that the tool flattened into one, "A/B" for B inside of A.

    trips:  iterations, None if the report has none.
    ii:     achieved initiation interval, None if the loop is not pipelined.
    depth:  iteration latency; if it varies, the greatest. least: the least.
    """

    label: str
    trips: int | None
    ii: int | None
    depth: int | None
    least: int | None

    @property
    def innermost(self) -> str:
        return self.label.rpartition("/")[2]


@dataclass(frozen=True)
class Reported:
    """module: of the RTL. latency: of one call, None if the report does not know it (least, greatest).

    interval: of a pipelined function, else None. loops: in the module and in those that hold one of its loops each, in order.
    """

    module: str
    latency: tuple[int, int] | None
    interval: int | None
    loops: tuple[ReportedLoop, ...]

    @property
    def pipelined(self) -> tuple[ReportedLoop, ...]:
        return tuple(loop for loop in self.loops if loop.ii is not None and loop.depth is not None)

    def loop(self, label: str, trips: int | None = None) -> ReportedLoop | None:
        """The one loop called `label`, alone or as the innermost of a flattened nest; None if there is none, or several."""
        found = [
            loop
            for loop in self.loops
            if loop.innermost == label or loop.innermost.endswith(f"_{label}")
            if trips is None or loop.trips in (None, trips)
        ]
        return found[0] if len(found) == 1 else None


def known_of(reported: Reported, task: TaskTrace, tool: Tool, clock_ns: float) -> Known:
    """What the report settles about the task. Its numbers are the scheduler's, which the RTL keeps but for what is noted here."""
    segments = split(task)
    loops = [segment for segment in segments if segment.is_loop]
    if len(segments) == 1 and loops and segments[0].perfect:
        label = segments[0].sites[0].partition(":")[2]
        found = reported.loop(label, segments[0].iterations) or reported.loop(label)
        if found is None or found.depth is None:
            return UNKNOWN
        if found.ii is not None:
            # measured: what Vivado HLS prints as Depth 4 for pooling behaves as 5, since the next iteration begins before; not at II 1
            early = tool.vivado and found.ii > 1 and task.kind.startswith(("pooling1d_cl", "pooling2d_cl"))
            least = 5 if early else 0
            less = 1 if tool.prints_one_less and found.ii == 1 else 0
            return Known("report", found.ii, max(found.depth + less, least))
        # measured: an FSM of Vitis HLS takes one cycle less than the greatest latency of an iteration at 5 ns (2022.2); at 25 and
        # 30 ns (2023.1, 2024.2), and with Vivado HLS (2019.2), just that
        return Known("report", found.depth - (0 if tool.vivado or clock_ns >= tool.slow_ns else 1))
    if reported.latency is None:
        return UNKNOWN
    if not loops and not any(c.label == "ReuseLoop" for c in task.counted):
        return Known("report", None, reported.latency[1])
    if (
        task.kind.startswith("dense")
        and len(segments) == 2
        and segments[0].is_loop
        and not segments[1].is_loop
    ):
        return Known("report", None, max(1, reported.latency[1] - _before_product(segments[0], tool)))
    return UNKNOWN


def _before_product(prepare: Segment, tool: Tool) -> int:
    """Cycles of a call of a dense layer that are not between its last read and its write: it reads a token in each from the second on. Measured: 13 of 14 designs by
    Vivado HLS within a cycle; Vitis HLS 2022.2 to 2024.2, six designs within 2.
    """
    return prepare.iterations + (2 if tool.vivado else 1 if tool.prints_one_less else 3)
