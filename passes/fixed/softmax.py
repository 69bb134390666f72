"""hls4ml's softmax along the last axis: exponents and the inverse of their sum from tables that the upper bits of a
number address. hls4ml 1.3, `nnet_activation.h`, `nnet_activation_stream.h`, `SoftmaxConfigTemplate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch, combined, fit, product
from split4ml.passes.fixed.grid import Floats, ends
from split4ml.passes.fixed.sums import tree_sum
from split4ml.passes.fixed.tables import Table, table_of

IMPLEMENTATIONS = ("stable", "latency", "argmax")
DEFAULT = Precision(18, 8, True, "RND", "SAT")
"""Of the tables and the sum, unless they are configured."""


@dataclass(frozen=True)
class Softmax:
    """implementation: one of IMPLEMENTATIONS. norm: of `largest - x`, which addresses the exponents of the stable one."""

    data: Precision
    exp_table: Precision = DEFAULT
    inv_table: Precision = DEFAULT
    inv_inp: Precision = DEFAULT
    accum: Precision = DEFAULT
    norm: Precision | None = None
    implementation: str = "stable"
    exp_size: int = 1024
    inv_size: int = 1024

    @staticmethod
    def of(
        data: Precision, types: Mapping[str, Precision], implementation: str, sizes: Mapping[str, int]
    ) -> Softmax:
        """As `SoftmaxConfigTemplate` fills in what is not said."""
        table_size = sizes.get("table_size", 1024)
        exp_size, inv_size = sizes.get("exp_table_size", table_size), sizes.get("inv_table_size", table_size)
        norm = types.get("inp_norm")
        if norm is None and implementation == "stable":
            width, integer = data.width - data.signed, data.integer - data.signed
            if data.signed:
                exp_size = min(inv_size, 1 << min(width, 30))
            norm = Precision(max(1, width), integer, False)
        return Softmax(
            data,
            types.get("exp_table", DEFAULT),
            types.get("inv_table", DEFAULT),
            types.get("inv_inp", DEFAULT),
            types.get("accum", DEFAULT),
            norm,
            implementation,
            exp_size,
            inv_size,
        )


def softmax(data: Enclosure, how: Softmax, watch: Watch) -> Enclosure:
    """Before it is assigned to the type of the result."""
    if how.implementation == "argmax":
        return _argmax(data)
    if how.implementation == "stable":
        assert how.norm is not None
        exponents = _normalised(data, how.norm, how, watch)
    else:
        table = _exp_table(how.data, how.exp_size, how.exp_table, 1.0)
        exponents = _addressed(table, data, how.data, how.exp_size, watch, decreasing=False)
    exponents = fit(exponents, how.accum, "accum", watch)
    total = tree_sum(exponents, how.accum, watch).map(lambda x: x[..., None])
    total = fit(total, how.inv_inp, "inv_inp", watch)
    inverse = _addressed(_inv_table(how), total, how.inv_inp, how.inv_size, watch, decreasing=True)
    return product(exponents, inverse)


def _normalised(data: Enclosure, norm: Precision, how: Softmax, watch: Watch) -> Enclosure:
    largest = data.map(lambda x: x.max(axis=-1, keepdims=True))
    distance = fit(combined([largest, -data], lambda top, x: top + x), norm, "inp_norm", watch)
    table = _exp_table(norm, how.exp_size, how.exp_table, -1.0)
    return _addressed(table, distance, norm, how.exp_size, watch, decreasing=True)


def _places(precision: Precision, size: int) -> Floats:
    """The number for which each place of a table stands: its address as the upper bits, all others 0."""
    bits = (size - 1).bit_length()
    places = np.arange(size, dtype=np.float64)
    if precision.signed:
        places = np.where(places >= (1 << bits >> 1), places - (1 << bits), places)
    return np.asarray(np.ldexp(places, precision.integer - bits))


def _exp_table(address: Precision, size: int, precision: Precision, sign: float) -> Table:
    with np.errstate(over="ignore"):
        values = np.exp(sign * _places(address, size))
    return table_of(np.minimum(values, np.finfo(np.float32).max), precision, "exp_table")


def _inv_table(how: Softmax) -> Table:
    """The inverse of 0 is infinite, and what the C++ makes of that is not known."""
    places = _places(how.inv_inp, how.inv_size)
    zero = places == 0
    table = table_of(1 / np.where(zero, 1.0, places), how.inv_table, "inv_table")
    least, greatest = ends(how.inv_table)
    low, high = table.entries.low, table.entries.high
    unknown = Enclosure.between(np.where(zero, least, low), np.where(zero, greatest, high))
    return replace(table, entries=unknown)


def _addressed(
    table: Table, data: Enclosure, address: Precision, size: int, watch: Watch, decreasing: bool
) -> Enclosure:
    """Entries at the upper bits of the data."""
    bits = (size - 1).bit_length()

    def place(x: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        whole = np.floor(np.ldexp(x, bits - address.integer)).astype(np.int64)
        return np.asarray(whole % (1 << bits) if size == 1 << bits else np.clip(whole, 0, size - 1))

    first = place(data.low)
    table.note(first, watch)
    low, high = table.entries.low, table.entries.high
    if data.exact:
        return Enclosure.between(low[first], high[first])
    last = place(data.high)
    near, far = (last, first) if decreasing else (first, last)
    # addresses on either side of 0 are at opposite ends of the table
    torn = (data.low < 0) & (data.high >= 0) & (first != last)
    return Enclosure(np.where(torn, low.min(), low[near]), np.where(torn, high.max(), high[far]))


def _argmax(data: Enclosure) -> Enclosure:
    """1 at the first of the largest, 0 elsewhere."""

    def hot(x: Floats) -> Floats:
        places = np.arange(x.shape[-1])
        return np.asarray((places == x.argmax(axis=-1)[..., None]).astype(np.float64))

    if data.exact:
        return Enclosure.of(hot(data.low))
    return Enclosure(np.zeros(data.shape), np.ones(data.shape))
