"""A replay as a VCD, as a simulation of the RTL would have written it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from split4ml.backends.vcd.names import OURS, vcd_name
from split4ml.passes.timing.network import Network, Replayed

Ints = npt.NDArray[np.int64]

BETWEEN = "between"
"""Scope of the channels that are not inside one subgraph."""

_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class _Signal:
    """times: cycles of the changes, strictly increasing from 0 on; values: from then on."""

    name: str
    bits: int
    times: Ints
    values: Ints


def write_vcd(
    path: str | os.PathLike[str],
    network: Network,
    replayed: Replayed,
    clock_ps: int,
    channels: Sequence[int] | None = None,
    clock: bool = False,
) -> None:
    """Writes `usedw`, `if_write` and `if_read` of every channel (or of `channels`), in a scope of its name.

    The channels of a subgraph stand in a scope of its name, those between subgraphs in `between`. A cycle is
    `clock_ps` units of time of 1 ps. `clock`: with a clock signal, which makes the file much larger. The file
    depends on nothing but the arguments, and appears whole or not at all. Raises ValueError if `replayed` was not
    recorded, or two channels have one name in a scope.
    """
    if len(replayed.writes) != len(network.channels):
        raise ValueError("the replay was not recorded")
    if clock_ps < 2:
        raise ValueError(f"a clock period of {clock_ps} ps")
    chosen = range(len(network.channels)) if channels is None else channels
    scopes: dict[str, dict[str, list[_Signal]]] = {}
    for index in chosen:
        scope = scopes.setdefault(_scope(network, index), {})
        name = vcd_name(network.channels[index].name)
        if name in scope:
            raise ValueError(f"two channels are called {name}")
        scope[name] = _signals(replayed.writes[index], replayed.reads[index])
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("w", encoding="ascii", newline="\n") as file:
            for text in _text(scopes, replayed.cycles, clock_ps, clock):
                file.write(text)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _scope(network: Network, channel: int) -> str:
    writers = {p.domain for p in network.processes if channel in p.outputs}
    readers = {p.domain for p in network.processes if channel in p.inputs}
    (domain,) = writers if writers == readers and len(writers) == 1 else (-1,)
    return BETWEEN if domain < 0 else vcd_name(network.domains[domain])


def _signals(writes: Ints, reads: Ints) -> list[_Signal]:
    at, index = np.unique(np.concatenate([writes, reads]), return_inverse=True)
    change = np.zeros(len(at), np.int64)
    np.add.at(change, index, np.repeat(np.array([1, -1]), [len(writes), len(reads)]))
    kept = change != 0
    held = np.concatenate([[0], np.cumsum(change[kept])])
    bits = max(1, int(held.max()).bit_length())
    return [
        _Signal("usedw", bits, np.concatenate([[0], at[kept] + 1]), held),
        _strobe("if_write", writes),
        _strobe("if_read", reads),
    ]


def _strobe(name: str, cycles: Ints) -> _Signal:
    """1 in `cycles`, 0 elsewhere."""
    gaps = np.diff(cycles) > 1
    rises = cycles[np.concatenate([[True], gaps])] if len(cycles) else cycles
    falls = cycles[np.concatenate([gaps, [True]])] + 1 if len(cycles) else cycles
    times = np.stack([rises, falls], axis=1).ravel()
    values = np.tile(np.array([1, 0], np.int64), len(rises))
    if not len(times) or times[0] > 0:
        times, values = np.concatenate([[0], times]), np.concatenate([[0], values])
    return _Signal(name, 1, times.astype(np.int64), values)


def _text(
    scopes: dict[str, dict[str, list[_Signal]]], cycles: int, clock_ps: int, clock: bool
) -> Iterator[str]:
    signals: list[_Signal] = []
    yield "$version split4ml $end\n$timescale 1 ps $end\n"
    yield f"$scope module {OURS} $end\n"
    if clock:
        yield f"$var wire 1 {_code(0)} clk $end\n"
    for scope, fifos in sorted(scopes.items()):
        yield f"$scope module {scope} $end\n"
        for name, parts in fifos.items():
            yield f"$scope module {name} $end\n"
            for part in parts:
                signals.append(part)
                width = f" [{part.bits - 1}:0]" if part.bits > 1 else ""
                yield f"$var wire {part.bits} {_code(len(signals))} {part.name}{width} $end\n"
            yield "$upscope $end\n"
        yield "$upscope $end\n"
    yield "$upscope $end\n$enddefinitions $end\n"

    codes = [_code(n + 1) for n in range(len(signals))]
    vector = [s.bits > 1 for s in signals]

    def line(who: int, value: int) -> str:
        return f"b{value:b} {codes[who]}" if vector[who] else f"{value}{codes[who]}"

    first = [line(who, int(s.values[0])) for who, s in enumerate(signals)]
    yield "\n".join(["#0", "$dumpvars", *([f"1{_code(0)}"] if clock else []), *first, "$end\n"])
    times = np.concatenate([s.times[1:] for s in signals] or [np.zeros(0, np.int64)])
    values = np.concatenate([s.values[1:] for s in signals] or [np.zeros(0, np.int64)])
    owner = np.repeat(np.arange(len(signals)), [len(s.times) - 1 for s in signals])
    order = np.argsort(times, kind="stable")  # within a cycle in the order of declaration
    at = 0
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        lines: list[str] = []
        for time, value, who in zip(
            times[chunk].tolist(), values[chunk].tolist(), owner[chunk].tolist(), strict=True
        ):
            if time != at:
                lines += _edges(at, time, clock_ps, clock)
                at = time
            lines.append(line(who, value))
        yield "\n".join(lines) + "\n"
    # One cycle more, so that what was held after the last one is seen.
    yield "\n".join(_edges(at, cycles + 1, clock_ps, clock)) + "\n"


def _edges(before: int, now: int, clock_ps: int, clock: bool) -> list[str]:
    """The times from a cycle in which something changed to the next such cycle."""
    if not clock:
        return [f"#{now * clock_ps}"]
    lines: list[str] = []
    for cycle in range(before, now):
        falls = cycle * clock_ps + clock_ps // 2
        lines += [f"#{falls}", f"0{_code(0)}", f"#{(cycle + 1) * clock_ps}", f"1{_code(0)}"]
    return lines


def _code(number: int) -> str:
    """The identifier code of a signal: digits of base 94, printable and without blanks."""
    code = chr(33 + number % 94)
    while number >= 94:
        number = number // 94 - 1
        code += chr(33 + number % 94)
    return code
