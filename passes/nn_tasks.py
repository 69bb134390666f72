"""Which stream of the firmware carries which tensor of the network: `nn` against the tasks that hls4ml made of it.

    nn.conv @c, nn.relu @r   and   ZeroPadding2D @zp2d_c, Conv2D @c, Relu @r, Clone @clone_r
        =>   the stream of task c carries %c, through zp2d_c; that of r carries %r

hls4ml names a task like its layer, and a layer like its operator. Tasks without an operator (clones, zero padding, repacking,
parts of a concatenation) only move elements on the way to one. Operators without a task are views (reshapes), or
their work was merged into the task before them, or, for scale layers in a row, into the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.errors import CheckFailed
from split4ml.dialects.precision import Precision
from split4ml.passes.graphinfo import GraphInfo, TaskInfo
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_rewriting import is_constant, only_user
from split4ml.passes.weights import WeightStore

_VIEWS = (nn.ReshapeOp, nn.FlattenOp, nn.IdentityOp, nn.QuantizeOp)
"""Without a task, they change no number: hls4ml removes a conversion to the type that there is."""


@dataclass(frozen=True, eq=False)
class Operand:
    """A tensor that a task reads. stream: what carries it. passed: element types of the streams between that one and
    the task's own input, in order: helper tasks assign every element to these."""

    value: SSAValue
    stream: str
    passed: tuple[Precision, ...]


@dataclass(frozen=True, eq=False)
class Computation:
    """What one task computes. ops: operators of the network in order; the last one's result is what `stream` carries."""

    task: TaskInfo
    stream: str
    ops: tuple[nn.TensorOp, ...]
    operands: tuple[Operand, ...]

    @property
    def value(self) -> SSAValue:
        return self.ops[-1].result


@dataclass(frozen=True, eq=False)
class Assignment:
    """computations: in the order of the network. streams: of every tensor that one carries, inputs included."""

    computations: tuple[Computation, ...]
    streams: Mapping[SSAValue, str]


def assign(model: nn.ModelOp, info: GraphInfo, weights: WeightStore) -> Assignment:
    """Raises CheckFailed, naming the layer, if a task does not read what its operator reads."""
    return _Assigner(model, info, weights).run()


class _Assigner:
    def __init__(self, model: nn.ModelOp, info: GraphInfo, weights: WeightStore) -> None:
        self.model = model
        self.info = info
        self.weights = weights
        layers = {task.layer: task for task in info.tasks}
        self.tasks = {
            op.symbol: task
            for op in self._operators()
            if (task := info.by_task.get(op.symbol) or layers.get(f"repack_{op.symbol}"))
        }
        self.streams: dict[SSAValue, str] = {}
        self.ends: dict[str, list[nn.TensorOp]] = {}
        """By stream, the operators that its task computes."""

    def _operators(self) -> Iterator[nn.TensorOp]:
        for op in self.model.block.ops:
            if isinstance(op, nn.TensorOp) and not isinstance(op, (nn.InputOp, nn.ConstantOp)):
                yield op

    def run(self) -> Assignment:
        for port, stream in zip(self.model.inputs, self.info.inputs, strict=True):
            self.streams[port.result] = stream
        for op in self._operators():
            self._place(op)
        computations = []
        for stream, ops in self.ends.items():
            task = self.info.by_task[self.info.by_stream[stream].producer or ""]
            computations.append(Computation(task, stream, tuple(ops), self._operands(task, ops)))
        return Assignment(tuple(computations), self.streams)

    def _place(self, op: nn.TensorOp) -> None:
        task = self.tasks.get(op.symbol)
        data = [value for value in op.operands if not is_constant(value)]
        if task is not None:
            self.streams[op.result] = task.outputs[0]
            before = self._merged_forward(op)
            self.ends[task.outputs[0]] = [*before, op]
        elif len(data) == 1 and data[0] in self.streams and not self._goes_forward(op):
            stream = self.streams[data[0]]
            if not isinstance(op, _VIEWS) and stream in self.ends and not self._changes_nothing(op):
                # the task's result is now this one, and the value before it exists nowhere
                self.ends[stream].append(op)
                del self.streams[data[0]]
            self.streams[op.result] = stream

    def _changes_nothing(self, op: nn.TensorOp) -> bool:
        """hls4ml drops scale layers of ones and zeros, also where others read their data."""
        found = affine_of(op, self.weights)
        return found is not None and bool(np.all(found.scale == 1) and np.all(found.bias == 0))

    def _goes_forward(self, op: nn.TensorOp) -> bool:
        """hls4ml merges a scale layer into the next, if that is one."""
        user = only_user(op.result)
        return (
            isinstance(user, nn.TensorOp)
            and user.symbol in self.tasks
            and affine_of(op, self.weights) is not None
            and affine_of(user, self.weights) is not None
        )

    def _merged_forward(self, op: nn.TensorOp) -> list[nn.TensorOp]:
        """Operators before this one that its task computes too."""
        found: list[nn.TensorOp] = []
        while True:
            data = [value for value in op.operands if not is_constant(value)]
            if len(data) != 1 or data[0] in self.streams or not isinstance(data[0].owner, nn.TensorOp):
                return found
            op = data[0].owner
            found.insert(0, op)

    def _operands(self, task: TaskInfo, ops: list[nn.TensorOp]) -> tuple[Operand, ...]:
        inner = {op.result for op in ops}
        data = [value for op in ops for value in op.operands if value not in inner and not is_constant(value)]
        found = []
        for value in data:
            stream = self.streams.get(value)
            passed = self._way(task, stream) if stream is not None else None
            if stream is None or passed is None:
                name = value.owner.symbol if isinstance(value.owner, nn.TensorOp) else "its operand"
                raise CheckFailed(f"it does not read what @{name} writes", where(task, ops[-1]))
            found.append(Operand(value, stream, passed))
        return tuple(found)

    def _way(self, task: TaskInfo, stream: str) -> tuple[Precision, ...] | None:
        """Element types of the streams on the shortest way from `stream` to the task, through helpers alone."""
        named = {found.name for found in self.tasks.values()}
        queue: list[tuple[str, tuple[Precision, ...]]] = [(own, ()) for own in task.inputs]
        for current, passed in queue:
            if current == stream:
                return passed
            producer = self.info.by_stream[current].producer
            if producer is not None and producer not in named:
                passed = (self.info.by_stream[current].precision, *passed)
                queue += [(before, passed) for before in self.info.by_task[producer].inputs]
        return None


def where(task: TaskInfo, op: nn.TensorOp) -> str:
    """The layer, as a user knows it."""
    names = ", ".join(repr(name) for name in (task.onnx_names or op.onnx_names))
    return f"layer {task.name} (ONNX {names})" if names else f"layer {task.name}"
