"""Whether its precision explains what every layer of the firmware computes, and where along the network errors arise.

Layer by layer, and locally: a layer is given the firmware's own numbers, as its streams carried them, and the weights
of the user's network. passes/nn_firmware.py encloses what its kernel must then write. Numbers outside are a fault, however
small: a permuted weight, a lost pad or a wrong axis cannot hide behind a coarse type. Numbers inside are compared with
the same function in double precision (the error that this layer adds) and with the whole network in double precision
(the error there is by then).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes import nn_numpy
from split4ml.passes.fixed.enclosure import Enclosure, Overflow, Watch, fit
from split4ml.passes.fixed.grid import Floats
from split4ml.passes.graphinfo import GraphInfo
from split4ml.passes.nn_firmware import Kernel, NotModelled, computed
from split4ml.passes.nn_rewriting import array_of
from split4ml.passes.nn_tasks import Assignment, Computation, Operand, assign
from split4ml.passes.weights import WeightStore

MAX_BITS = 64
"""Of an element whose numbers are looked at."""


@dataclass(frozen=True)
class Fault:
    """A number that no precision explains: at `index` of the layer's result in `frame`, `found` instead of something
    from `low` to `high`; `ideal` in double precision. count: of `total` numbers, those that are out."""

    frame: int
    index: tuple[int, ...]
    found: float
    low: float
    high: float
    ideal: float
    count: int
    total: int


@dataclass(frozen=True)
class Spread:
    """Largest and mean absolute difference."""

    largest: float
    mean: float

    @staticmethod
    def of(found: Floats, expected: Floats) -> Spread:
        difference = np.abs(found - expected)
        return Spread(float(difference.max(initial=0.0)), float(difference.mean()) if found.size else 0.0)


@dataclass(frozen=True)
class LayerArithmetic:
    """What one task computed.

    range:     of the network's own numbers there, in double precision. precision: of the stream.
    total:     error of the firmware against the network in double precision.
    local:     the part of it that this layer adds to exact inputs: against its function of the firmware's numbers.
    explained: `exact` if every number had to be what it is; `bounded` if some had room; None if the kernel's arithmetic is not
               modelled, for the reason in `unchecked`.
    slack:     the widest room any number had.
    """

    computation: Computation
    range: tuple[float, float]
    precision: Precision
    total: Spread
    local: Spread
    overflows: tuple[Overflow, ...]
    explained: str | None
    unchecked: str | None = None
    slack: float = 0.0
    fault: Fault | None = None


@dataclass(frozen=True)
class InputArithmetic:
    """The same of an input: all that happens there is that numbers are rounded to its type."""

    source: str
    precision: Precision
    range: tuple[float, float]
    overflows: tuple[Overflow, ...]


@dataclass(frozen=True)
class Explanation:
    """outputs: the network in double precision, by the user's names, [frames, *shape]. frames: looked at."""

    inputs: tuple[InputArithmetic, ...]
    layers: tuple[LayerArithmetic, ...]
    outputs: Mapping[str, Floats]
    frames: int


@dataclass(frozen=True, eq=False)
class Firmware:
    """numbers: by stream, as it carried them, [frames, elements of a frame]; of elements of up to 64 bits."""

    info: GraphInfo
    numbers: Mapping[str, Floats]


def explain(
    model: nn.ModelOp,
    weights: WeightStore,
    inputs: Mapping[str, npt.NDArray[np.floating]],
    firmware: Firmware,
    quantised: bool = False,
) -> Explanation:
    """inputs: sample frames by the user's names, [frames, *shape]. quantised: the types that operators state are the
    network's own. Raises CheckFailed if a task reads the wrong tensor."""
    assignment = assign(model, firmware.info, weights)
    frames = len(next(iter(inputs.values())))
    wanted = set(assignment.streams)
    reference, outputs = _reference(model, weights, inputs, frames, wanted, quantised)
    view = _View(assignment, firmware, weights, frames, quantised)
    return Explanation(
        tuple(view.input(port, inputs[port.source.data]) for port in model.inputs),
        tuple(view.layer(found, reference[found.value]) for found in assignment.computations),
        outputs,
        frames,
    )


def _reference(
    model: nn.ModelOp,
    weights: WeightStore,
    inputs: Mapping[str, npt.NDArray[np.floating]],
    frames: int,
    wanted: set[SSAValue],
    quantised: bool,
) -> tuple[dict[SSAValue, Floats], dict[str, Floats]]:
    found: dict[SSAValue, list[Floats]] = {value: [] for value in wanted}
    outputs: dict[str, list[Floats]] = {port.source.data: [] for port in model.outputs}
    for frame in range(frames):
        values, results = nn_numpy.values(
            model, weights, {name: array[frame] for name, array in inputs.items()}, quantised
        )
        for value, arrays in found.items():
            arrays.append(values[value])
        for name, output in outputs.items():
            output.append(results[name])
    return (
        {value: np.stack(arrays) for value, arrays in found.items()},
        {name: np.stack(arrays) for name, arrays in outputs.items()},
    )


def _range(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


@dataclass(frozen=True, eq=False)
class _View:
    assignment: Assignment
    firmware: Firmware
    weights: WeightStore
    frames: int
    quantised: bool

    def input(self, port: nn.InputOp, array: npt.NDArray[np.floating]) -> InputArithmetic:
        precision = self._precision(self.assignment.streams[port.result])
        watch = Watch()
        fit(Enclosure.of(np.asarray(array, np.float64)), precision, "result", watch)
        return InputArithmetic(port.source.data, precision, _range(array), self._overflows(watch))

    def _overflows(self, watch: Watch) -> tuple[Overflow, ...]:
        """Not those that a quantised network means: its quantisers saturate."""
        return tuple(
            over for over in watch.found if not self.quantised or over.precision.saturation == "WRAP"
        )

    def layer(self, found: Computation, reference: Floats) -> LayerArithmetic:
        precision = self._precision(found.stream)
        watch = Watch()
        nothing = Spread(0.0, 0.0)
        try:
            numbers = self._numbers(found.stream, found.value)
            operands = [self._numbers(operand.stream, operand.value) for operand in found.operands]
        except NotModelled as reason:
            return LayerArithmetic(
                found, _range(reference), precision, nothing, nothing, (), None, str(reason)
            )
        ideal = self._ideal(found, operands)
        explained, unchecked, slack, fault = None, None, 0.0, None
        try:
            enclosure = self._enclosure(found, operands, watch)
        except NotModelled as reason:
            unchecked = str(reason)
        else:
            slack = float((enclosure.high - enclosure.low).max(initial=0.0))
            explained = "exact" if slack == 0 else "bounded"
            fault = _fault(numbers, enclosure, ideal)
        return LayerArithmetic(
            found,
            _range(reference),
            precision,
            Spread.of(numbers, reference),
            Spread.of(numbers, ideal),
            self._overflows(watch),
            explained,
            unchecked,
            slack,
            fault,
        )

    def _precision(self, stream: str) -> Precision:
        return self.firmware.info.by_stream[stream].precision

    def _numbers(self, stream: str, value: SSAValue) -> Floats:
        """What a stream carried, in the shape of the tensor. Raises NotModelled."""
        producer = self.firmware.info.by_stream[stream].producer
        if producer is not None and "result" not in self.firmware.info.by_task[producer].types:
            raise NotModelled(f"the elements of {stream} are not plain numbers")
        if stream not in self.firmware.numbers:
            raise NotModelled(f"the elements of {stream} have more than {MAX_BITS} bits")
        return self.firmware.numbers[stream].reshape(self.frames, *nn.shape_of(value))

    def _ideal(self, found: Computation, operands: Sequence[Floats]) -> Floats:
        """The layer's function of the firmware's numbers, in double precision."""
        frames = []
        for frame in range(self.frames):
            values: dict[SSAValue, Floats] = {
                operand.value: numbers[frame]
                for operand, numbers in zip(found.operands, operands, strict=True)
            }
            for op in found.ops:
                arguments = [
                    values[value] if value in values else _array(value, self.weights) for value in op.operands
                ]
                result = nn_numpy.evaluate(op, arguments)
                values[op.result] = nn_numpy.as_stated(op, result) if self.quantised else result
            frames.append(values[found.value])
        return np.stack(frames)

    def _enclosure(self, found: Computation, operands: Sequence[Floats], watch: Watch) -> Enclosure:
        task, info = found.task, self.firmware.info
        data, precisions = [], []
        for operand, numbers in zip(found.operands, operands, strict=True):
            data.append(self._arrived(operand, numbers, watch))
            precisions.append(operand.passed[-1] if operand.passed else self._precision(operand.stream))
        kernel = Kernel(
            {**task.types, "result": info.by_stream[found.stream].precision},
            precisions,
            self.weights,
            task.attrs,
            task.strategy,
            task.reuse_factor,
            watch,
        )
        op, *merged = found.ops
        return computed(op, kernel, data, merged)

    def _arrived(self, operand: Operand, numbers: Floats, watch: Watch) -> Enclosure:
        arrived = Enclosure.of(numbers)
        for precision in operand.passed:
            arrived = fit(arrived, precision, "result", watch)
        return arrived


def _array(value: SSAValue, weights: WeightStore) -> Floats:
    array = array_of(value, weights)
    assert array is not None
    return array


def _fault(numbers: Floats, enclosure: Enclosure, ideal: Floats) -> Fault | None:
    out = (numbers < enclosure.low) | (numbers > enclosure.high)
    if not out.any():
        return None
    distance = np.where(out, np.maximum(enclosure.low - numbers, numbers - enclosure.high), -np.inf)
    place = tuple(int(index) for index in np.unravel_index(int(distance.argmax()), numbers.shape))
    return Fault(
        frame=place[0],
        index=place[1:],
        found=float(numbers[place]),
        low=float(enclosure.low[place]),
        high=float(enclosure.high[place]),
        ideal=float(ideal[place]),
        count=int(np.count_nonzero(out)),
        total=out.size,
    )
