"""Activation functions that hls4ml looks up in a table: hls4ml 1.3, `nnet_activation.h`, `nnet_activation_stream.h`.

The C++ computes a table's entries in float32. An entry whose value in float32 is so near to the edge between two
steps of the table's type that another mathematical library might round it otherwise is enclosed by both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch, fit
from split4ml.passes.fixed.grid import Floats, ends, step

FLOAT32_ERROR = 1e-6
"""Relative error of a few operations in float32, with a margin."""

RANGES = {"sigmoid": 8.0, "tanh": 4.0, "softplus": 8.0, "softsign": 8.0}
"""Tables of these functions reach from -range to range, the upper end excluded."""

_FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
}

NEGATIVE_RANGE = 8.0
"""Tables of ELU and SELU reach from 0 down to -8, the lower end excluded."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@dataclass(frozen=True, eq=False)
class Table:
    """entries: as the hardware holds them. values: what they stand for."""

    entries: Enclosure
    values: Floats
    precision: Precision
    role: str

    def at(self, first: Floats, last: Floats, watch: Watch) -> Enclosure:
        """What it holds at places between `first` and `last`, if it does not decrease."""
        near, far = first.astype(np.int64), last.astype(np.int64)
        self.note(near, watch)
        low = self.entries.low[near]
        if self.entries.exact and first is last:
            return Enclosure.of(low)
        return Enclosure.between(low, self.entries.high[far])

    def note(self, places: npt.NDArray[np.int64], watch: Watch) -> None:
        """Entries that are read although they stand for more than the type holds, by more than a step."""
        least, greatest = ends(self.precision)
        wanted, room = self.values[places], step(self.precision)
        beyond = (wanted < least - room) | (wanted > greatest + room)
        watch.note(self.role, self.precision, np.ldexp(wanted, self.precision.fraction), beyond)


def table_of(values: Floats, precision: Precision, role: str, error: float = 0.0) -> Table:
    """error: absolute, of the computation of its entries, besides that of float32. 0 and 0.5, which sigmoid has at 0,
    are exact."""
    slack = np.where((values == 0) | (values == 0.5), 0.0, np.abs(values) * FLOAT32_ERROR + error)
    unread = Watch()  # entries that nothing looks up may be anything
    found = fit(Enclosure(values - slack, values + slack), precision, role, unread)
    return Table(Enclosure.between(found.low, found.high), values, precision, role)


def symmetric(data: Enclosure, function: str, size: int, precision: Precision, watch: Watch) -> Enclosure:
    """sigmoid, tanh, softplus or softsign."""
    reach = RANGES[function]
    places = (np.arange(size, dtype=np.float64) - size / 2) * (2 * reach / size)
    table = table_of(_FUNCTIONS[function](places), precision, "table")
    found = data.map(lambda x: np.clip(np.trunc(x * (size / (2 * reach))) + size // 2, 0, size - 1))
    return table.at(found.low, found.high, watch)


def negative(data: Enclosure, scale: float, size: int, precision: Precision, watch: Watch) -> Enclosure:
    """scale * (exp(x) - 1) for x < 0; 0 elsewhere."""
    values = scale * np.expm1(np.arange(size, dtype=np.float64) * (-NEGATIVE_RANGE / size))
    # computed as exp(x) - 1
    table = table_of(values[::-1], precision, "table", error=FLOAT32_ERROR * abs(scale))

    def place(x: Floats) -> Floats:
        return np.asarray(
            size - 1 + np.maximum(np.trunc(np.minimum(x, 0) * (size / NEGATIVE_RANGE)), 1 - size)
        )

    found = data.map(place)
    return table.at(found.low, found.high, watch)
