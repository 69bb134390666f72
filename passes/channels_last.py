"""Stores all data channels-last, as hls4ml streams it. Transposes are cancelled; executed only where nothing else is left.

    %x = nn.input @x of "x" : tensor<2x8x8xf32>           %x = nn.input @x of "x" order [1, 2, 0] : tensor<8x8x2xf32>
    %0 = nn.conv @conv(%x, %w) … -> tensor<4x8x8xf32>     %0 = nn.conv @conv(%x, %w) … channels_last … -> tensor<8x8x4xf32>
    %1 = nn.flatten @flat %0 …                        =>  %1 = nn.flatten @flat %0 …
    %2 = nn.dense @fc(%1, %v)                             %2 = nn.dense @fc(%1, %v')     rows of %v in the new order

For every value the pass knows which logical element stands at which place (`nn_layout`). A transpose or reshape
changes only this description; a dense layer takes its weight's rows in the order in which the data comes; inputs and
outputs record their order. Where data really has to move, channels that only change places do so in a convolution of zeros and ones;
anything else is an `nn.transpose` that hls4ml executes with the whole frame in registers, of which the user is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import legal_name
from split4ml.dialects.nn_base import typed
from split4ml.passes.interfaces import Notes
from split4ml.passes.nn_layout import Shape, Stored, channels_last
from split4ml.passes.nn_layout_wishes import Spatial, wishes
from split4ml.passes.nn_linear import pointwise, pointwise_kernel
from split4ml.passes.nn_moves import as_transpose, within_tokens
from split4ml.passes.nn_rewriting import Doubles, array_of, models
from split4ml.passes.part_by_convolution import BIT
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class ChannelsLast(ModulePass):
    """Store all data channels-last, and cancel every transpose that can be."""

    name = "channels-last"
    weights: WeightStore = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            _Relayout(model, self.weights, self.notes).run()


class _Relayout:
    """Builds the model anew, op by op. `stored` and `values` are by the old values."""

    def __init__(self, model: nn.ModelOp, weights: WeightStore, notes: Notes) -> None:
        self.model = model
        self.weights = weights
        self.notes = notes
        self.wishes = wishes(model)
        self.stored: dict[SSAValue, Stored] = {}
        self.values: dict[SSAValue, SSAValue] = {}
        self.block = Block()
        self.taken = {op.symbol for op in model.block.ops if isinstance(op, nn.NamedOp)}

    def run(self) -> None:
        for op in self.model.block.ops:
            if isinstance(op, nn.OutputOp):
                self._output(op)
            elif isinstance(op, nn.TensorOp):
                self._visit(op)
        old = self.model.block
        self.model.body.insert_block(self.block, 1)
        self.model.body.erase_block(old, safe_erase=False)

    # --- parts -----------------------------------------------------------------------------------------------

    def _emit(self, op: nn.TensorOp, value: SSAValue, stored: Stored | None) -> None:
        """Appends a new op, whose result stands for an old value."""
        self.block.add_op(op)
        op.result.name_hint = value.name_hint
        self.values[value] = op.result
        if stored is not None:
            self.stored[value] = stored

    def _rebuild(
        self,
        op: nn.TensorOp,
        operands: Sequence[SSAValue],
        shape: Shape,
        stored: Stored | None,
        **changes: Attribute,
    ) -> None:
        """The same op on other operands, with a physical result shape and some other properties."""
        properties = {**op.properties, **changes}
        types = [nn.tensor(shape if isinstance(op, nn.ConstantOp) else _physical(shape))]
        new = type(op).create(operands=operands, properties=properties, result_types=types)
        self._emit(new, op.result, stored)

    def _error(self, op: nn.NamedOp, message: str) -> Split4mlError:
        return Split4mlError(
            message,
            where=_place(op),
            hint="move the transposition of the data before the network's input or after its output",
        )

    def _order(self, op: nn.NamedOp, value: SSAValue) -> Shape:
        """The physical order of a value's axes; if they are interleaved, they are taken apart for all its users."""
        physical, stored = nn.shape_of(self.values[value]), self._stored(value)
        order = stored.order(self.wishes.get(value), physical)
        if order is None:
            order = self.wishes.get(value, tuple(range(len(stored.shape))))
            self.values[value] = self._relaid(op, value, order)
            self.stored[value] = Stored.of(stored.shape, order)
        return order

    def _in_order(self, op: nn.NamedOp, value: SSAValue, order: Shape) -> SSAValue:
        """The physical value, its axes in that order."""
        stored = self._stored(value)
        if not stored.has_order(order):
            return self._relaid(op, value, order)
        return self._shaped(op, value, tuple(stored.shape[axis] for axis in order))

    def _relaid(self, op: nn.NamedOp, value: SSAValue, order: Shape) -> SSAValue:
        """The physical value with its axes in an order in which it is not stored: its elements move."""
        stored, physical = self._stored(value), self.values[value]
        place = np.empty_like(stored.index)
        place[stored.index] = np.arange(place.size)
        source = place[Stored.of(stored.shape, order).index]
        after = tuple(stored.shape[axis] for axis in order)
        channels = within_tokens(source, after[-1]) if len(after) <= 3 else None
        move = None if channels is not None else as_transpose(source)
        if channels is not None:
            seen = self._reshaped(op, physical, after)
            moved = self._added(op, "channels", partial(self._permuted, seen, channels))
        elif move is not None and len(move.shape) <= 3:
            self.notes.note(
                f"{_place(op)} needs its data in another order than it comes in: the transpose before it holds the whole frame of "
                f"{place.size} elements in registers; better move it before the network's input, or leave it out"
            )
            seen = self._reshaped(op, physical, move.shape)
            moved = self._added(op, "order", lambda name: nn.TransposeOp(name, seen, move.order))
        else:
            raise self._error(
                op,
                f"it needs data of shape {list(stored.shape)} in another order than it comes in, which is no transpose of"
                " at most three axes",
            )
        return self._reshaped(op, moved, after)

    def _permuted(self, data: SSAValue, channels: Sequence[int], name: str) -> nn.TensorOp:
        """Channels that change places: weights of zeros and ones, which round nothing."""
        array = pointwise_kernel(np.eye(len(channels))[:, list(channels)], len(nn.shape_of(data)) - 1)
        weight = nn.ConstantOp(self._name(f"{name}_choice"), self.weights.put(array), array.shape)
        weight.result.name_hint = weight.symbol
        self.block.add_op(weight)
        new = pointwise(name, data, weight.result)
        new.types = typed({"weight": BIT})
        return new

    def _name(self, text: str) -> str:
        name = legal_name(text, self.taken)
        self.taken.add(name)
        return name

    def _added(self, op: nn.NamedOp, role: str, make: Callable[[str], nn.TensorOp]) -> SSAValue:
        new = make(self._name(f"{op.symbol}_{role}"))
        if isinstance(op, nn.TensorOp) and op.onnx is not None:
            new.onnx = op.onnx
        new.result.name_hint = new.symbol
        self.block.add_op(new)
        return new.result

    def _reshaped(self, op: nn.NamedOp, data: SSAValue, shape: Shape) -> SSAValue:
        shape = _physical(shape)
        if nn.shape_of(data) == shape:
            return data
        return self._added(op, "shape", lambda name: nn.ReshapeOp(name, data, shape))

    def _shaped(self, op: nn.NamedOp, value: SSAValue, shape: Shape) -> SSAValue:
        """The physical value in a shape that may differ by axes of extent 1."""
        return self._reshaped(op, self.values[value], shape)

    def _constant(self, old: SSAValue, array: Doubles) -> SSAValue:
        """A constant of the old one's elements in another order, under its name if no other has it."""
        assert isinstance(old.owner, nn.ConstantOp)
        name = old.owner.symbol
        if len(set(old.uses)) > 1:
            name = legal_name(name, self.taken)
            self.taken.add(name)
        elif isinstance(copy := self.values[old].owner, nn.ConstantOp):
            self.block.erase_op(copy)
        new = nn.ConstantOp(name, self.weights.put(array), array.shape)
        new.types = old.owner.types
        new.result.name_hint = name
        self.block.add_op(new)
        return new.result

    def _stored(self, value: SSAValue) -> Stored:
        """Constants are always plain, so only data is written down."""
        return self.stored[value] if value in self.stored else Stored.plain(nn.shape_of(value))

    # --- operators -------------------------------------------------------------------------------------------

    def _visit(self, op: nn.TensorOp) -> None:
        match op:
            case nn.InputOp():
                self._input(op)
            case nn.ConstantOp():
                self._rebuild(op, [], op.shape, None)
            case nn.BatchNormOp() if len(op.shape) == 1:
                self._vector_norm(op)
            case (
                nn.ConvOp()
                | nn.ConvTransposeOp()
                | nn.BatchNormOp()
                | nn.LocalResponseNormOp()
                | nn.PoolOp()
                | nn.GlobalPoolOp()
                | nn.UpsampleOp()
            ):
                self._spatial(op)
            case nn.PadOp():
                self._pad(op)
            case nn.ExpandOp():
                self._expand(op)
            case nn.SliceOp():
                self._slice(op)
            case nn.DenseOp():
                self._dense(op)
            case nn.EmbeddingOp():
                data = self._in_order(op, op.data, (0,))
                self._rebuild(op, [data, self.values[op.table]], op.shape, Stored.plain(op.shape))
            case nn.RecurrentOp():
                data = self._in_order(op, op.data, (0, 1))
                others = [self.values[value] for value in op.operands[1:]]
                self._rebuild(op, [data, *others], op.shape, Stored.plain(op.shape))
            case nn.SoftmaxOp():
                self._softmax(op)
            case nn.ElementwiseOp():
                physical = self.values[op.data]
                self._rebuild(op, [physical], nn.shape_of(physical), self._stored(op.data))
            case nn.BinaryOp():
                self._binary(op)
            case nn.ConcatOp():
                self._concat(op)
            case nn.TransposeOp():
                self.values[op.result] = self.values[op.data]
                self.stored[op.result] = self._stored(op.data).transposed(nn.numbers(op.order))
            case nn.ReshapeOp() | nn.FlattenOp():
                self._reshape(op)
            case nn.ReduceOp():
                self._reduce(op)
            case _:
                raise self._error(op, f"the layout of {op.name} is not known")

    def _input(self, op: nn.InputOp) -> None:
        rank = len(op.shape)
        order = self.wishes.get(op.result, tuple(range(rank)))
        shape = _physical(tuple(op.shape[axis] for axis in order))
        new = nn.InputOp(op.symbol, op.source.data, shape)
        composed = [op.axes[axis] for axis in order] if op.axes else []
        new.properties.update(op.properties)
        if composed != list(range(len(shape))):
            new.properties["order"] = nn.integers(composed)
        self._emit(new, op.result, Stored.of(op.shape, order))

    def _output(self, op: nn.OutputOp) -> None:
        order = self._order(op, op.data)
        shape = tuple(self._stored(op.data).shape[axis] for axis in order)
        new = nn.OutputOp(op.symbol, op.source.data, self._shaped(op, op.data, shape))
        composed = [op.axes[axis] for axis in order] if op.axes else []
        if composed != list(range(len(_physical(shape)))):
            new.properties["order"] = nn.integers(composed)
        self.block.add_op(new)

    def _spatial(self, op: Spatial) -> None:
        rank = len(nn.shape_of(op.data))
        before = tuple(range(rank)) if op.channels_last is not None else channels_last(rank)
        data = self._in_order(op, op.data, before)
        order = before if len(op.shape) == rank else (0,)  # global pooling leaves the channels alone
        others = [self.values[value] for value in op.operands[1:]]
        shape = tuple(op.shape[axis] for axis in order)
        self._rebuild(op, [data, *others], shape, Stored.of(op.shape, order), channels_last=UnitAttr())

    def _vector_norm(self, op: nn.BatchNormOp) -> None:
        stored = self._stored(op.data)
        vectors = [self._permuted_vector(op, value, stored) for value in op.operands[1:]]
        self._rebuild(op, [self.values[op.data], *vectors], op.shape, stored, channels_last=UnitAttr())

    def _permuted_vector(self, op: nn.TensorOp, value: SSAValue, stored: Stored) -> SSAValue:
        """A constant vector in the order of the elements of a stored one."""
        if stored.is_plain:
            return self.values[value]
        array = array_of(value, self.weights)
        if array is None:
            raise self._error(op, "it needs its data in the logical order")
        return self._constant(value, array[stored.index])

    def _dense(self, op: nn.DenseOp) -> None:
        stored, weight = self.stored[op.data], self.values[op.weight]
        rank = len(stored.shape)
        others = [self.values[value] for value in op.operands[2:]]
        if rank == 1:
            if not stored.is_plain:
                array = array_of(op.weight, self.weights)
                if array is None:
                    raise self._error(op, "it needs its data in the logical order")
                weight = self._constant(op.weight, array[stored.index])
            self._rebuild(op, [self.values[op.data], weight, *others], op.shape, Stored.plain(op.shape))
            return
        order = _last(self._order(op, op.data), rank - 1)
        data = self._in_order(op, op.data, order)
        shape = tuple(op.shape[axis] for axis in order)
        self._rebuild(op, [data, weight, *others], shape, Stored.of(op.shape, order))

    def _softmax(self, op: nn.SoftmaxOp) -> None:
        stored, axis = self.stored[op.data], op.axis.value.data
        if len(op.shape) == 1:
            self._rebuild(op, [self.values[op.data]], op.shape, stored)
            return
        order = _last(self._order(op, op.data), axis)
        data = self._in_order(op, op.data, order)
        after = Stored.of(op.shape, order)
        self._rebuild(op, [data], nn.shape_of(data), after, axis=nn.integer(len(order) - 1))

    def _common_order(self, op: nn.TensorOp, operands: Sequence[SSAValue]) -> Shape:
        """An order of the axes in which the largest operand is stored; the others follow it."""
        leader = max(operands, key=lambda value: self._stored(value).index.size)
        wish, stored = self.wishes.get(op.result), self._stored(leader)
        if wish is not None and stored.has_order(wish):
            return wish
        return self._order(op, leader)

    def _binary(self, op: nn.BinaryOp) -> None:
        constant = {value for value in op.operands if isinstance(value.owner, nn.ConstantOp)}
        data = [value for value in op.operands if value not in constant]
        rank = len(op.shape)
        if any(len(nn.shape_of(value)) != rank for value in data):
            raise self._error(op, "its operands differ in their number of axes")
        first = self._stored(data[0])
        same = all(np.array_equal(self._stored(value).index, first.index) for value in data)
        if same and first.order() is None and not constant:  # elements in whatever order, but in the same
            lead = self.values[data[0]]
            operands = [self._reshaped(op, self.values[value], nn.shape_of(lead)) for value in data]
            self._rebuild(op, operands, nn.shape_of(lead), first)
            return
        if rank == 1 and same and first.index.size == op.shape[0]:  # vectors in whatever order
            operands = [
                self._aligned(op, value, first) if value in constant else self.values[value]
                for value in op.operands
            ]
            self._rebuild(op, operands, op.shape, first)
            return
        order = self._common_order(op, data)
        operands = []
        for value in op.operands:
            if value in constant:
                operands.append(self._aligned(op, value, Stored.of(op.shape, order), order))
            else:
                operands.append(self._in_order(op, value, order))
        self._rebuild(op, operands, tuple(op.shape[axis] for axis in order), Stored.of(op.shape, order))

    def _aligned(
        self, op: nn.TensorOp, value: SSAValue, stored: Stored, order: Shape | None = None
    ) -> SSAValue:
        """A constant operand that broadcasts against data in a given order."""
        if all(size == 1 for size in nn.shape_of(value)):
            return self.values[value]
        if order is None:
            return self._permuted_vector(op, value, stored)
        if order == tuple(range(len(order))):
            return self.values[value]
        array = array_of(value, self.weights)
        assert array is not None
        full = array.reshape((1,) * (len(order) - array.ndim) + array.shape)
        return self._constant(value, full.transpose(order))

    def _concat(self, op: nn.ConcatOp) -> None:
        parts = [self._stored(value) for value in op.inputs]
        if len(op.shape) == 1:
            joined = parts[0].concatenated(parts[1:])
            self._rebuild(op, [self.values[value] for value in op.inputs], op.shape, joined)
            return
        order = self._common_order(op, list(op.inputs))
        data = [self._in_order(op, value, order) for value in op.inputs]
        shape = tuple(op.shape[axis] for axis in order)
        axis = nn.integer(order.index(op.axis.value.data))
        self._rebuild(op, data, shape, Stored.of(op.shape, order), axis=axis)

    def _reshape(self, op: nn.ReshapeOp | nn.FlattenOp) -> None:
        stored = self._stored(op.data).reshaped(op.shape)
        order = stored.order(self.wishes.get(op.result))
        physical = self.values[op.data]
        if order is None and len(op.shape) != 1:  # interleaved axes, for as long as nothing needs them
            self.values[op.result], self.stored[op.result] = physical, stored
            return
        shape = _physical(op.shape if order is None else tuple(op.shape[axis] for axis in order))
        if nn.shape_of(physical) == shape:
            self.values[op.result], self.stored[op.result] = physical, stored
        else:
            self._rebuild(op, [physical], shape, stored)

    def _reduce(self, op: nn.ReduceOp) -> None:
        order = self._order(op, op.data)
        data = self._in_order(op, op.data, order)
        axes = nn.numbers(op.axes)
        reduced = sorted(order.index(axis) for axis in axes)
        if not op.shape:  # down to one number
            single = Stored.plain(op.shape)
            self._rebuild(op, [data], (1,) * len(order), single, axes=nn.integers(reduced), keep=UnitAttr())
            self.values[op.result] = self._reshaped(op, self.values[op.result], op.shape)
            return
        kept = [axis for axis in range(len(order)) if op.keep is not None or axis not in axes]
        after = tuple(kept.index(axis) for axis in order if axis in kept)
        shape = tuple(op.shape[axis] for axis in after)
        self._rebuild(op, [data], shape, Stored.of(op.shape, after), axes=nn.integers(reduced))

    def _pad(self, op: nn.PadOp) -> None:
        order = self._order(op, op.data)
        data = self._in_order(op, op.data, order)
        rank, pads = len(order), nn.numbers(op.pads)
        moved = [pads[side * rank + axis] for side in (0, 1) for axis in order]
        shape = tuple(op.shape[axis] for axis in order)
        self._rebuild(op, [data], shape, Stored.of(op.shape, order), pads=nn.integers(moved))

    def _expand(self, op: nn.ExpandOp) -> None:
        order = self.wishes.get(op.result)
        if order is None or not self._stored(op.data).has_order(order):
            order = self._order(op, op.data)
        data = self._in_order(op, op.data, order)
        shape = tuple(op.shape[axis] for axis in order)
        self._rebuild(op, [data], shape, Stored.of(op.shape, order))

    def _slice(self, op: nn.SliceOp) -> None:
        order = self._order(op, op.data)
        data = self._in_order(op, op.data, order)
        bounds = {
            name: nn.integers([values[axis] for axis in order])
            for name, values in (("starts", nn.numbers(op.starts)), ("ends", nn.numbers(op.ends)))
        }
        if op.steps is not None:
            bounds["steps"] = nn.integers([op.step[axis] for axis in order])
        shape = tuple(op.shape[axis] for axis in order)
        self._rebuild(op, [data], shape, Stored.of(op.shape, order), **bounds)


def _physical(shape: Shape) -> Shape:
    """A number without axes is a vector of one: streams carry no less."""
    return shape or (1,)


def _place(op: nn.NamedOp) -> str:
    """Where the user finds an op."""
    names = op.onnx_names if isinstance(op, nn.TensorOp) else ()
    return f"@{op.symbol}" + (f" (node {', '.join(map(repr, names))})" if names else "")


def _last(order: Shape, axis: int) -> Shape:
    """The order with one axis stored last: the same if it is."""
    return order if order[-1] == axis else (*(other for other in order if other != axis), axis)
