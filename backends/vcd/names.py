"""Which signals of a VCD belong to a FIFO, and how a FIFO is called in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["usedw", "write", "read", "not_full", "not_empty"]

# Ours and our probe's, then what Vitis HLS and hls4ml's co-simulation scripts call them.
_ROLES: dict[Role, tuple[str, ...]] = {
    "usedw": ("usedw", "if_num_data_valid", "mOutPtr"),
    "write": ("write", "if_write"),
    "read": ("read", "if_read"),
    "not_full": ("if_full_n",),
    "not_empty": ("if_empty_n",),
}
_ROLE_OF = {signal: role for role, signals in _ROLES.items() for signal in signals}
_RANK = {signal: rank for signals in _ROLES.values() for rank, signal in enumerate(signals)}

_BEFORE = r"(?:fifo_|u_|i_|inst_)?"
_AFTER = r"(?:_V)?(?:_data_0)?(?:_V)?(?:_fifo)?(?:_U\d*|_i|_inst|_u)?"


@dataclass(frozen=True)
class Signal:
    """A signal declared in a VCD: names of its scopes, outermost first, its own name, its bits and `[7:0]`."""

    scopes: tuple[str, ...]
    name: str
    bits: int
    range: str

    @property
    def reference(self) -> str:
        """As vcdvcd calls it."""
        return ".".join((*self.scopes, self.name)) + self.range


def vcd_name(name: str) -> str:
    """`name` as an identifier of Verilog, and so of a VCD."""
    return re.sub(r"^(?=\d)|[^A-Za-z0-9_]", "_", name) or "_"


def belonging(fifo: str, signals: Iterable[Signal]) -> dict[Role, list[Signal]]:
    """The signals of `fifo`, per role, the best match first; equally good ones all stand first.

    Found are `f_usedw` in a flat probe and `usedw` in a scope that is called `f`, or as Vitis HLS calls the
    instance: `f_U`, `f_V_U`, and `f_V_data_0_V_U` for the first of several FIFOs that one stream of the Vivado
    back end becomes (all of them hold the same).
    """
    name = vcd_name(fifo)
    flat = {f"{name}_{signal}": signal for signal in _ROLE_OF}
    instance = re.compile(_BEFORE + re.escape(name) + _AFTER)
    found: dict[Role, list[tuple[tuple[int, int, int], Signal]]] = {}
    for signal in signals:
        rank: tuple[int, int, int] | None = None
        if signal.name in flat:
            short, rank = flat[signal.name], (0, _RANK[flat[signal.name]], len(signal.scopes))
        elif signal.name in _ROLE_OF and signal.scopes and instance.fullmatch(signal.scopes[-1]):
            short = signal.name
            rank = (1 + len(signal.scopes[-1]) - len(name), _RANK[short], len(signal.scopes))
        if rank is not None:
            found.setdefault(_ROLE_OF[short], []).append((rank, signal))
    result: dict[Role, list[Signal]] = {}
    for role, many in sorted(found.items()):
        best = min(rank for rank, _ in many)
        result[role] = sorted((s for rank, s in many if rank == best), key=lambda s: s.reference)
    return result
