"""Finds element types with which a network, computed in fixed point, stays within an error of what it is to compute.

    bound 0.01, uniform widths: 8 bits give 0.021, 9 bits 0.0083   =>   start from 10 bits, and take bits away one layer after
    another, the dearest first, for as long as the error stays within the bound

The error is that of an exact model of the firmware (passes/fixed_network.py): the largest difference of an output's element from what is
expected, as a share of the output's range. Nothing depends on time or chance: equal input gives equal types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes import nn_numpy
from split4ml.passes.chosen_types import (
    LINEAR,
    Range,
    Types,
    Typing,
    Widths,
    has_constants_width,
    has_result_width,
    of_lstms,
)
from split4ml.passes.fixed.grid import Floats
from split4ml.passes.fixed_network import Values, from_input, layer, to_output
from split4ml.passes.nn_rewriting import is_constant
from split4ml.passes.propagate_types import COPYING
from split4ml.passes.weights import WeightStore

NARROWEST, WIDEST = 3, 24
"""Bits that are tried."""
BELOW = 4
"""Bits that a layer may have less than what does alike for all: what does not matter to the samples may matter to other data."""
WORK = 4_000_000_000
"""Multiplications that looking at all frames once may take; beyond that, only some of the frames are looked at."""
TRIALS = 20_000_000_000
"""The same of all trials together, each over the frames that were worst before."""
NEAR = 1.25
"""If no width meets the bound: how near the error is to be to that of the widest."""
LEAST_FRAMES, TRIAL_FRAMES = 16, 32

Samples = Mapping[str, npt.NDArray[np.floating]]


@dataclass(frozen=True)
class Found:
    """types: by operator. error: reached, by output, as a share of its range. uniform: the least width that does alike for all.
    frames: looked at. met: whether the bound is."""

    types: Mapping[str, Types]
    error: Mapping[str, float]
    uniform: int
    frames: int
    met: bool


def search(
    model: nn.ModelOp,
    weights: WeightStore,
    inputs: Samples,
    outputs: Samples | None,
    bound: float,
    margin: float,
) -> Found:
    """inputs, outputs: frames by the user's names; without outputs, the network in double precision says what is expected.

    bound: the largest error of an element, as a share of its output's range. margin: ranges are taken so many times as wide.
    """
    return _Search(model, weights, inputs, outputs, bound, margin).run()


class _Search:
    def __init__(
        self,
        model: nn.ModelOp,
        weights: WeightStore,
        inputs: Samples,
        outputs: Samples | None,
        bound: float,
        margin: float,
    ) -> None:
        self.model, self.weights, self.bound = model, weights, bound
        self.ops = [
            op for op in model.block.ops if isinstance(op, nn.TensorOp) and not isinstance(op, nn.ConstantOp)
        ]
        self.given = of_lstms(self.ops)
        self.macs = max(1, sum(self._multiplications(op) for op in self.ops))
        count = len(next(iter(inputs.values())))
        chosen = np.unique(
            np.linspace(0, count - 1, min(count, max(LEAST_FRAMES, WORK // self.macs))).astype(np.int64)
        )
        self.inputs = {name: array[chosen] for name, array in inputs.items()}
        self.frames = len(chosen)
        self.ranges, computed = self._profile(margin)
        self.expected: dict[str, Floats] = (
            {name: np.asarray(array[chosen], np.float64) for name, array in outputs.items()}
            if outputs
            else computed
        )

    # --- what is known beforehand ----------------------------------------------------------------------------

    def _multiplications(self, op: nn.TensorOp) -> int:
        if not isinstance(op, LINEAR):
            return prod(op.shape)
        kernel = prod(nn.shape_of(op.weight))
        return kernel * (prod(op.shape[:-1]) if isinstance(op, nn.ConvOp) else 1)

    def _profile(self, margin: float) -> tuple[dict[SSAValue, Range], dict[str, Floats]]:
        """Ranges of all tensors, with the margin; and the outputs."""
        low: dict[SSAValue, float] = {}
        high: dict[SSAValue, float] = {}
        outputs: dict[str, list[Floats]] = {port.source.data: [] for port in self.model.outputs}
        for frame in range(self.frames):
            values, results = nn_numpy.values(
                self.model, self.weights, {name: array[frame] for name, array in self.inputs.items()}
            )
            for value, array in values.items():
                low[value] = min(low.get(value, np.inf), float(array.min()))
                high[value] = max(high.get(value, -np.inf), float(array.max()))
            for name, result in results.items():
                outputs[name].append(result)
        ranges = {
            value: (margin * low[value] if low[value] < 0 else 0.0, margin * high[value]) for value in low
        }
        for op in self.ops:
            if isinstance(op, nn.SoftmaxOp):
                self._make_room(op, ranges)
        return ranges, {name: np.stack(arrays) for name, arrays in outputs.items()}

    def _make_room(self, op: nn.SoftmaxOp, ranges: dict[SSAValue, Range]) -> None:
        """hls4ml's softmax subtracts in a type of one bit less than its data's."""
        value = op.data
        low, high = ranges[value]
        while True:
            ranges[value] = (min(low, low - high), max(high, high - low))
            if not isinstance(value.owner, (*COPYING, nn.IdentityOp)):
                return
            value = value.owner.operands[0]

    # --- errors ----------------------------------------------------------------------------------------------

    def run(self) -> Found:
        uniform, errors = self._uniform()
        met = uniform is not None
        if uniform is None:  # the tables' error: as near to it as makes no difference
            self.bound = NEAR * float(self._errors_by_frame(self._all(WIDEST)).max())
            uniform, errors = self._uniform()
            assert uniform is not None
        worst = np.argsort(-errors, kind="stable")[: self._trial_frames()]
        widths = self._narrowed(
            self._all(min(uniform + 1, WIDEST)), max(NARROWEST, uniform - BELOW), np.sort(worst)
        )
        plain = self._all(uniform)
        if self._cost(plain) <= self._cost(widths):
            widths = plain
        while True:
            found = self._found(widths, uniform, met)
            if max(found.error.values()) <= self.bound or widths == plain:
                return found
            widths = self._widened(widths, uniform)  # frames that were not tried are worse

    def _all(self, width: int) -> Widths:
        return Widths(
            {op.symbol: width for op in self.ops if has_result_width(op)},
            {op.symbol: width for op in self.ops if has_constants_width(op, self.weights)},
        )

    def _widened(self, widths: Widths, uniform: int) -> Widths:
        """Nearer to uniform widths, which are known to do."""

        def wider(bits: Mapping[str, int]) -> dict[str, int]:
            return {
                name: width + 1 if width < uniform else max(uniform, width) for name, width in bits.items()
            }

        new = Widths(wider(widths.result), wider(widths.constants))
        return new if new != widths else self._all(uniform)

    def _uniform(self) -> tuple[int | None, Floats]:
        """The least width that does, by bisection, and each frame's error with it."""
        low, high, best = NARROWEST, WIDEST, None
        errors = np.zeros(self.frames)
        while low <= high:
            width = (low + high) // 2
            found = self._errors_by_frame(self._all(width))
            if float(found.max()) <= self.bound:
                best, high, errors = width, width - 1, found
            else:
                low = width + 1
        return best, errors

    def _trial_frames(self) -> int:
        knobs = sum(map(len, (self._all(1).result, self._all(1).constants)))
        return int(np.clip(TRIALS // (self.macs * 3 * max(knobs, 1)), 2, TRIAL_FRAMES))

    def _typed(
        self, widths: Widths, accumulators: bool = False
    ) -> tuple[dict[str, Types], dict[SSAValue, Precision]]:
        typing = Typing(self.weights, self.ranges, widths, given=self.given)
        return {op.symbol: typing.visit(op, accumulators) for op in self.ops}, typing.elements

    def _values(
        self, widths: Widths, inputs: Samples, before: Values | None = None, first: int = 0
    ) -> Values:
        """All tensors. before: those of other widths, which are the same as far as the operator `first`."""
        types, elements = self._typed(widths)
        values: Values = {}
        for index, op in enumerate(self.ops):
            if before is not None and index < first:
                values[op.result] = before[op.result]
            elif isinstance(op, nn.InputOp):
                values[op.result] = from_input(op, inputs, types[op.symbol]["result"])
            else:
                values[op.result] = layer(op, types[op.symbol], elements, values, self.weights)
        return values

    def _error(self, values: Values, frames: npt.NDArray[np.int64]) -> dict[str, Floats]:
        """By output and frame."""
        found = {}
        for port in self.model.outputs:
            name, result = port.source.data, to_output(port, values)
            expected = self.expected[name]
            scale = float(expected.max() - expected.min()) or max(float(np.abs(expected).max()), 1.0)
            wanted = expected[frames].reshape(result.shape)
            off = np.maximum(np.abs(result.low - wanted), np.abs(result.high - wanted))
            found[name] = off.reshape(len(frames), -1).max(axis=1) / scale
        return found

    def _by_output(self, widths: Widths) -> dict[str, Floats]:
        """Over all frames, some at a time."""
        size = int(np.clip(WORK // 64 // self.macs, 1, 256))
        parts = []
        for begin in range(0, self.frames, size):
            frames = np.arange(begin, min(begin + size, self.frames))
            inputs = {name: array[frames] for name, array in self.inputs.items()}
            parts.append(self._error(self._values(widths, inputs), frames))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _errors_by_frame(self, widths: Widths) -> Floats:
        return np.asarray(np.maximum.reduce(list(self._by_output(widths).values())))

    def _found(self, widths: Widths, uniform: int, met: bool) -> Found:
        errors = {name: float(found.max()) for name, found in self._by_output(widths).items()}
        return Found(self._typed(widths, True)[0], errors, uniform, self.frames, met)

    # --- bits taken away -------------------------------------------------------------------------------------

    def _narrowed(self, widths: Widths, least: int, frames: npt.NDArray[np.int64]) -> Widths:
        inputs = {name: array[frames] for name, array in self.inputs.items()}
        place = {op.symbol: index for index, op in enumerate(self.ops)}
        values = self._values(widths, inputs)
        for kind, name in self._by_cost(widths):
            while (width := getattr(widths, kind)[name]) > least:
                less = replace(widths, **{kind: {**getattr(widths, kind), name: width - 1}})
                tried = self._values(less, inputs, values, place[name])
                if max(float(error.max()) for error in self._error(tried, frames).values()) > self.bound:
                    break
                widths, values = less, tried
        return widths

    def _by_cost(self, widths: Widths) -> Sequence[tuple[str, str]]:
        """What has a width, that first of which a bit less saves most."""
        whole = self._cost(widths)
        savings = []
        for kind in ("constants", "result"):
            bits = getattr(widths, kind)
            for name, width in bits.items():
                less = replace(widths, **{kind: {**bits, name: width - 1}})
                savings.append((whole - self._cost(less), kind, name))
        return [(kind, name) for _, kind, name in sorted(savings, key=lambda saving: -saving[0])]

    def _cost(self, widths: Widths) -> float:
        """Bits by bits of all multipliers, and bits of all streams: what logic grows with, not a prediction of it."""
        total = 0.0
        carried: dict[SSAValue, int] = {}
        for op in self.ops:
            data = [carried[value] for value in op.operands if not is_constant(value)]
            width = widths.result.get(op.symbol, max(data, default=0))
            carried[op.result] = width
            total += width * (op.shape[-1] if op.shape else 1)
            if (constants := widths.constants.get(op.symbol)) is not None:
                total += constants * max(data, default=0) * self._multipliers(op)
        return total

    def _multipliers(self, op: nn.TensorOp) -> int:
        return max((prod(nn.shape_of(value)) for value in _constants(op)), default=1)


def _constants(op: nn.TensorOp) -> Iterator[SSAValue]:
    return (value for value in op.operands if is_constant(value))
