"""What one task does in one frame, counted in advances: the common currency of trace, replay and twin.

The semantics of these values are written down once, in docs/timing.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The static timeline of one call of one task.

    A *group* is all stream operations of one advance. They happen in one cycle or not at all.

    offset:     int64[G], strictly increasing: the advance of each group; 0 is the cycle in which the call begins.
    read_ptr:   int64[G+1], reads of group g are read_port[read_ptr[g]:read_ptr[g+1]].
    read_port:  int64[R], index into the task's inputs. A port occurs at most once in a group.
    write_ptr, write_port: the same for the task's outputs.
    period:     advances from the begin of a call to the earliest begin of the next, at least 1. The call is
                *ready* (pops its start token) at advance `period - 1`. If `period <= offset[-1]`, the tail of
                the call is still in the pipeline when the next one may begin.
    """

    offset: Ints
    read_ptr: Ints
    read_port: Ints
    write_ptr: Ints
    write_port: Ints
    period: int

    @classmethod
    def of(cls, groups: list[tuple[int, list[int], list[int]]], period: int) -> Self:
        """From `(advance, ports read, ports written)` per group; for tests and small schedules."""
        return cls(
            offset=np.array([advance for advance, _, _ in groups], np.int64),
            read_ptr=np.cumsum([0, *(len(reads) for _, reads, _ in groups)], dtype=np.int64),
            read_port=np.array([port for _, reads, _ in groups for port in reads], np.int64),
            write_ptr=np.cumsum([0, *(len(writes) for _, _, writes in groups)], dtype=np.int64),
            write_port=np.array([port for _, _, writes in groups for port in writes], np.int64),
            period=period,
        )

    @property
    def length(self) -> int:
        """Advances of one call: one more than the last group's offset, and at least the period."""
        return max(self.period, int(self.offset[-1]) + 1 if len(self.offset) else 0)

    def tokens_read(self, port: int) -> int:
        return int(np.count_nonzero(self.read_port == port))

    def tokens_written(self, port: int) -> int:
        return int(np.count_nonzero(self.write_port == port))

    def check(self) -> None:
        """Raises ValueError with the first rule that is broken."""
        groups = len(self.offset)
        if self.period < 1:
            raise ValueError(f"period is {self.period}, but a call takes at least one advance")
        if groups and (self.offset[0] < 0 or np.any(np.diff(self.offset) <= 0)):
            raise ValueError("offsets are not strictly increasing from 0")
        for what, ptr, port in (
            ("read", self.read_ptr, self.read_port),
            ("write", self.write_ptr, self.write_port),
        ):
            if len(ptr) != groups + 1 or ptr[0] != 0 or ptr[-1] != len(port) or np.any(np.diff(ptr) < 0):
                raise ValueError(f"{what}_ptr does not partition {what}_port into {groups} groups")
            if len(port) and port.min() < 0:
                raise ValueError(f"a {what} has a negative port")
            group = np.repeat(np.arange(groups), np.diff(ptr))
            for index in np.unique(port):
                at = self.offset[group[port == index]]
                if np.any(np.diff(at) == 0):
                    raise ValueError(f"{what} port {index} is used twice in one advance")
                if at[0] + self.period <= at[-1]:
                    raise ValueError(
                        f"{what} port {index}: the next call's first use would come before this call's last"
                    )
