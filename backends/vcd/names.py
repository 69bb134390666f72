"""Which signals of a VCD belong to a FIFO, and how a FIFO is called in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Role = Literal[
    "held", "memory", "pointer", "output", "write", "read", "write_ce", "read_ce", "not_full", "not_empty"
]
"""held: all tokens. memory: those in the memory of a FIFO that has an output register beside it (output: 1 if it holds one).
pointer: of a FIFO of Vivado HLS or Vitis HLS; what it means depends on the kind of FIFO."""

# Ours and our probe's, then what the FIFOs of Vivado HLS and Vitis HLS have, and hls4ml's scripts log.
_ROLES: dict[Role, tuple[str, ...]] = {
    "held": ("if_num_data_valid", "num_data_valid"),
    "memory": ("usedw",),
    "pointer": ("mOutPtr",),
    "output": ("dout_vld", "dout_valid"),
    "write": ("write", "if_write"),
    "read": ("read", "if_read"),
    "write_ce": ("if_write_ce",),
    "read_ce": ("if_read_ce",),
    "not_full": ("if_full_n",),
    "not_empty": ("if_empty_n",),
}
OURS = "split4ml"
"""The outermost scope of what we write; there, and in our flat probes, `usedw` is all that a FIFO holds."""

_ROLE_OF = {signal: role for role, signals in _ROLES.items() for signal in signals}
_RANK = {signal: rank for signals in _ROLES.values() for rank, signal in enumerate(signals)}

_BEFORE = r"(?:fifo_|u_|i_|inst_)?"
_AFTER = r"(?:_V)?(?:_data_0)?(?:_V)?(?:_fifo)?(?:_U\d*|_i|_inst|_u)?"
_INSTANCE = re.compile(_BEFORE + r"(?P<name>\w+?)(?:_V)?(?:_data)?(?:_\d+)?(?:_V)?(?:_fifo)?_U\d*")
_PROBE = re.compile(r"(?P<name>\w+)_usedw")
"""An occupancy in the flat probe of our RTL simulation."""


@dataclass(frozen=True)
class Signal:
    """A signal declared in a VCD: names of its scopes, outermost first, how it is declared (`usedw[7:0]`), its bits and its code."""

    scopes: tuple[str, ...]
    declared: str
    bits: int
    code: str

    @cached_property
    def name(self) -> str:
        """Without its range, nor the backslash of an escaped name."""
        if self.declared.startswith("\\"):
            return re.sub(r"\[\d+:\d+\]$", "", self.declared[1:])
        return self.declared.partition("[")[0]

    @cached_property
    def scope(self) -> str:
        """The innermost, as an identifier: escaped names lose their brackets and dots."""
        return vcd_name(self.scopes[-1].removeprefix("\\")) if self.scopes else ""

    @property
    def reference(self) -> str:
        """As vcdvcd calls it."""
        return ".".join((*self.scopes, self.declared))


def vcd_name(name: str) -> str:
    """`name` as an identifier of Verilog, and so of a VCD."""
    return re.sub(r"^(?=\d)|[^A-Za-z0-9_]", "_", name) or "_"


Roles = dict[Role, list[Signal]]


def of_fifos(fifos: Iterable[str], signals: Iterable[Signal]) -> dict[str, Roles]:
    """The signals of each FIFO, per role, the best match first; equally good ones all stand first.

    Found are `f_usedw` in a flat probe and `usedw` in a scope that is called `f`, or as the HLS tools call the
    instance: `f_U`, `f_V_U`, and `f_V_data_0_V_U` for the first of several FIFOs that one stream of the Vivado
    back end becomes (all of them hold the same).
    """
    names = list(dict.fromkeys(fifos))
    flat = {f"{vcd_name(name)}_{signal}": (name, signal) for name in names for signal in _ROLE_OF}
    instance = {name: re.compile(_BEFORE + re.escape(vcd_name(name)) + _AFTER) for name in names}
    owner: dict[str, list[str]] = {}
    found: dict[str, dict[Role, list[tuple[tuple[int, int, int], Signal]]]] = {name: {} for name in names}
    for signal in signals:
        if signal.name in flat:
            name, short = flat[signal.name]
            rank = (0, _RANK[short], len(signal.scopes))
            found[name].setdefault("held" if short == "usedw" else _ROLE_OF[short], []).append((rank, signal))
        elif signal.name in _ROLE_OF and signal.scopes:
            scope = signal.scope
            if scope not in owner:
                owner[scope] = [name for name in names if instance[name].fullmatch(scope)]
            for name in owner[scope]:
                rank = (1 + len(scope) - len(name), _RANK[signal.name], len(signal.scopes))
                ours = signal.scopes[0] == OURS and signal.name == "usedw"
                found[name].setdefault("held" if ours else _ROLE_OF[signal.name], []).append((rank, signal))
    return {name: _best(roles) for name, roles in found.items()}


def _best(roles: Mapping[Role, list[tuple[tuple[int, int, int], Signal]]]) -> Roles:
    result: Roles = {}
    for role, many in sorted(roles.items()):
        best = min(rank for rank, _ in many)
        result[role] = sorted((s for rank, s in many if rank == best), key=lambda s: s.reference)
    return result


def usable(roles: Mapping[Role, object]) -> bool:
    """Is there an occupancy, or what it can be counted from?"""
    return bool({"held", "memory", "pointer"} & set(roles)) or {"write", "read"} <= set(roles)


def strangers(fifos: Iterable[str], signals: Iterable[Signal]) -> list[str]:
    """FIFOs that the file has and the design has not: of HLS, by the names that their streams would have, and of what we write."""
    known = {vcd_name(name) for name in fifos}
    names: dict[str, None] = {}
    for signal in signals:
        probe = _PROBE.fullmatch(signal.name)
        if probe is not None:
            names[probe["name"]] = None
        elif signal.scopes and signal.name in _ROLE_OF:
            ours = signal.scopes[0] == OURS
            instance = None if ours else _INSTANCE.fullmatch(signal.scope)
            if ours or (instance is not None and not signal.scope.startswith("start_for_")):
                names[signal.scope if instance is None else instance["name"]] = None
    return [name for name in names if name not in known and f"{name}_V" not in known]
