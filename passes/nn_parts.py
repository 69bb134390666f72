"""Small pieces that passes write one operator of `nn` with: parts of the data, edges repeated, two values joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import fresh_name


@dataclass(frozen=True, eq=False)
class Pieces:
    """Ops written before `op`, each with its names of the user's nodes and a name near to its own."""

    op: nn.TensorOp

    def emit(self, role: str, make: Callable[[str], nn.TensorOp]) -> SSAValue:
        """Inserts the op that `make` makes of a fresh name; returns its result."""
        new = make(fresh_name(self.op, f"{self.op.symbol}_{role}"))
        new.properties.update({"onnx": self.op.onnx} if self.op.onnx is not None else {})
        new.result.name_hint = new.symbol
        assert self.op.parent is not None
        self.op.parent.insert_op_before(new, self.op)
        return new.result

    def part(
        self, data: SSAValue, axis: int, start: int, end: int, step: int = 1, role: str = "part"
    ) -> SSAValue:
        """Elements along one axis; the data itself if these are all."""
        shape = nn.shape_of(data)
        if (start, end, step) == (0, shape[axis], 1):
            return data
        starts, ends, steps = [0] * len(shape), list(shape), [1] * len(shape)
        starts[axis], ends[axis], steps[axis] = start, end, step
        return self.emit(role, lambda name: nn.SliceOp(name, data, starts, ends, steps))

    def with_edges(self, data: SSAValue, axis: int, before: int, after: int) -> SSAValue:
        """The first and the last element along an axis repeated beyond them."""
        size = nn.shape_of(data)[axis]
        first = self.part(data, axis, 0, 1, role="first") if before else data
        last = self.part(data, axis, size - 1, size, role="last") if after else data
        pieces = [first] * before + [data] + [last] * after
        if len(pieces) == 1:
            return data
        return self.emit("edges", lambda name: nn.ConcatOp(name, pieces, axis))

    def padded(self, data: SSAValue, axis: int, before: int, after: int) -> SSAValue:
        """Zeros before and after along one axis."""
        rank = len(nn.shape_of(data))
        if not before and not after:
            return data
        pads = [0] * (2 * rank)
        pads[axis], pads[rank + axis] = before, after
        return self.emit("pad", lambda name: nn.PadOp(name, data, pads))

    def joined(self, role: str, kind: type[nn.BinaryOp], values: Sequence[SSAValue]) -> SSAValue:
        """Several values, two at a time in a balanced tree."""
        return balanced(values, lambda left, right: self.emit(role, lambda name: kind(name, left, right)))


def balanced(values: Sequence[SSAValue], join: Callable[[SSAValue, SSAValue], SSAValue]) -> SSAValue:
    """Several values joined two at a time, neighbours first, until one is left."""
    level = list(values)
    while len(level) > 1:
        rest = level[-1:] if len(level) % 2 else []
        level = [join(*pair) for pair in zip(level[::2], level[1::2], strict=False)] + rest
    return level[0]
