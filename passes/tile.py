"""Computes large dense layers and convolutions in tiles of output channels, bit for bit as before.

    %0 = nn.conv @c(%x, %w, %b)   =>   %0 = nn.conv @c_tile0(%x, %w0, %b0) types {…} {part_of = "c"}
                                       %1 = nn.conv @c_tile1(%x, %w1, %b1) types {…} {part_of = "c"}
                                       %2 = nn.concat @c(%0, %1) axis 2 types {result = …}

Since a subgraph is at least a task, no split between layers is synthesised faster than its largest task; tiles are. hls4ml
lowers the network once before, and the element types that it gave the layer are stated for the tiles. Zero padding is
done once for all tiles, results are joined two at a time in a balanced tree, and a ReLU that makes elements narrower is
applied before that. A layer that is configured by name is still: what is said of it holds for its tiles (`part_of`).
Grouped convolutions are cut as the full ones that hls4ml makes of them. Depthwise ones are not: each of their outputs reads an
input channel of its own, and hls4ml has no layer that hands out channels.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError, meant
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import TYPED, Precision
from split4ml.passes.cost.shape import TaskShape
from split4ml.passes.cost.tiling import WEIGHTS, is_tiled, tile_shape, tiles_needed
from split4ml.passes.estimate import shape_of
from split4ml.passes.graphinfo import GraphInfo, TaskInfo
from split4ml.passes.interfaces import Costs, Lowering, Notes
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_layer_weights import block_diagonal, rows_of
from split4ml.passes.nn_linear import Linear, channel_axis
from split4ml.passes.nn_parts import balanced
from split4ml.passes.nn_rewriting import Doubles, array_of, constant, forward, fresh_name, models, only_user
from split4ml.passes.weights import WeightStore

Types = Mapping[str, Precision]


@dataclass(frozen=True)
class Tile(ModulePass):
    """Compute large dense layers and convolutions in tiles of output channels, so that no task is slow to synthesise.

    max_weights: the most weights of a task, 2048 if nothing is asked for. max_seconds: the most that its synthesis may take by
    estimate, what any project takes not counted. layers: only these, by name or node of the user's model.
    """

    name = "tile"
    max_weights: int | None = None
    max_seconds: float | None = None
    layers: tuple[str, ...] = ()
    weights: WeightStore = field(kw_only=True)
    lowering: Lowering = field(kw_only=True)
    costs: Costs = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.max_weights is not None and self.max_weights < 1:
            raise ValueError(f"max_weights is {self.max_weights}, but must be at least 1")
        if self.max_seconds is not None and not (self.max_seconds > 0 and isfinite(self.max_seconds)):
            raise ValueError(f"max_seconds is {self.max_seconds:g}, but must be a positive number")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            self._check_names(model)
            if layers := [inner for inner in model.block.ops if self._may_be_large(inner)]:
                self._tile_all(model, layers)

    @property
    def most_weights(self) -> float:
        if self.max_weights is None:
            return WEIGHTS if self.max_seconds is None else inf
        return self.max_weights

    def _may_be_large(self, op: object) -> bool:
        if not isinstance(op, Linear) or (self.layers and not self._wanted(op)):
            return False
        return self.max_seconds is not None or _size(op) > self.most_weights

    def _wanted(self, layer: Linear) -> bool:
        return any(name in (layer.symbol, *layer.onnx_names) for name in self.layers)

    def _check_names(self, model: nn.ModelOp) -> None:
        known = [op for op in model.block.ops if isinstance(op, Linear)]
        for name in self.layers:
            if not any(name in (layer.symbol, *layer.onnx_names) for layer in known):
                raise Split4mlError(
                    f"the network has no dense layer or convolution {name!r}",
                    f"tile, nn.model @{model.symbol}",
                    meant(name, [layer.symbol for layer in known]),
                )

    def _tile_all(self, model: nn.ModelOp, layers: Sequence[object]) -> None:
        from split4ml.passes.nn_layers import layers_of

        network = layers_of(model, self.weights)
        info = self.lowering.preview(
            network.layers,
            network.inputs,
            network.outputs,
            network.onnx_names,
            network.types,
            network.parts,
        )
        tiled, left = [], []
        for layer in layers:
            assert isinstance(layer, Linear)
            parts = self._parts(layer, info)
            if parts > 1 and (why := _obstacle(layer, info, self.weights)) is not None:
                left.append(f"@{layer.symbol}, {why}")
            elif parts > 1:
                tiled.append(f"@{layer.symbol} in {parts}")
                _Tiling(layer, info, self.weights).run(parts)
        if tiled:
            self.notes.note(f"layers that are computed in tiles of output channels: {', '.join(tiled)}")
        if left:
            self.notes.note(f"layers that are larger than asked for, but not tiled: {'; '.join(left)}")

    def _parts(self, layer: Linear, info: GraphInfo) -> int:
        """The number of tiles; 1 if the layer is small enough."""
        task = info.by_task.get(layer.symbol)
        if task is None:
            return 1  # nothing reads it
        shape = shape_of(task, info, self.lowering.tool)
        if self._fits(shape):
            return 1
        if not is_tiled(shape):
            return 2  # which tells why not
        parts = tiles_needed(shape, self._fits)
        if parts is None:
            one = tile_shape(shape, shape.n_out)
            seconds = self.costs.known().cost(one).synth_seconds.estimate
            raise Split4mlError(
                f"one output channel of it has {one.weights} weights, and takes {seconds:.1f} s by estimate",
                f"tile, @{layer.symbol}",
                f"allow at least {one.weights} weights"
                if one.weights > self.most_weights
                else f"allow at least {seconds + 0.1:.1f} s, or a larger reuse factor",
            )
        return parts

    def _fits(self, shape: TaskShape) -> bool:
        return shape.weights <= self.most_weights and (
            self.max_seconds is None
            or self.costs.known().cost(shape).synth_seconds.estimate <= self.max_seconds
        )


def _size(layer: Linear) -> int:
    """Weights as hls4ml counts them: zeros between groups and taps, and in a row that is added, included."""
    shape = nn.shape_of(layer.weight)
    if isinstance(layer, nn.DenseOp):
        return prod(shape)
    filters, per_group, *kernel = shape
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, layer.dilation, strict=True)]
    depthwise = layer.groups > 1 and per_group == 1 and filters == layer.groups
    rows = rows_of("DepthwiseConv" if depthwise else "Conv", reach, nn.numbers(layer.strides))
    return filters * (1 if depthwise else per_group * layer.groups) * rows * prod(reach[1:])


def _obstacle(layer: Linear, info: GraphInfo, weights: WeightStore) -> str | None:
    """Why a layer cannot be tiled, as a clause."""
    task = info.by_task[layer.symbol]
    if task.kind.startswith("Depthwise"):
        return "whose outputs read an input channel each"
    if not is_tiled(shape_of(task, info)):
        return "which has one output channel" if task.n_out == 1 else f"a {task.kind}"
    user = only_user(layer.result)
    if isinstance(user, nn.TensorOp) and user.symbol not in info.by_task and affine_of(user, weights):
        return f"into which hls4ml merges @{user.symbol}"
    return None


class _Tiling:
    """One layer's."""

    def __init__(self, layer: Linear, info: GraphInfo, weights: WeightStore) -> None:
        self.layer, self.info, self.weights = layer, info, weights
        self.task: TaskInfo = info.by_task[layer.symbol]
        self.result = info.by_stream[self.task.outputs[0]].precision

    def run(self, parts: int) -> None:
        layer = self.layer
        relu = self._narrowing_relu()
        last: nn.TensorOp = layer if relu is None else relu
        data = self._padded()
        count = layer.shape[channel_axis(layer)]
        bounds = [count * index // parts for index in range(parts + 1)]
        results = []
        for index in range(parts):
            tile = self._tile(index, data, bounds[index], bounds[index + 1])
            results.append(tile.result if relu is None else self._relu(index, tile.result, relu))
        element = self.result if relu is None else self._element(relu)
        joined = self._joined(results, last, element)
        if relu is not None:
            forward(relu, joined.result)
            constants = layer.operands[1:]
            assert layer.parent is not None
            layer.parent.erase_op(layer)
        else:
            constants = layer.operands[1:]
            forward(layer, joined.result)
        joined.sym_name = StringAttr(last.symbol)
        joined.result.name_hint = last.symbol
        for value in (*constants, data):
            owner = value.owner
            if (
                not value.uses
                and isinstance(owner, nn.ConstantOp | nn.FlattenOp)
                and owner.parent is not None
            ):
                owner.parent.erase_op(owner)

    def _insert(self, op: nn.TensorOp, before: nn.TensorOp, types: Types, part_of: str | None = None) -> None:
        op.types = typed(types)
        op.part_of = StringAttr(part_of) if part_of is not None else None
        op.result.name_hint = op.symbol
        assert before.parent is not None
        before.parent.insert_op_before(op, before)

    def _padded(self) -> SSAValue:
        """The layer's data with its zeros around it: hls4ml would pad for every tile."""
        layer = self.layer
        if isinstance(layer, nn.DenseOp) or not any(nn.numbers(layer.pads)):
            return layer.data
        pads, rank = nn.numbers(layer.pads), len(layer.shape) - 1
        op = nn.PadOp(
            fresh_name(layer, f"{layer.symbol}_pad"),
            layer.data,
            (*pads[:rank], 0, *pads[rank:], 0),
            onnx=layer.onnx_names,
        )
        self._insert(op, layer, {"result": self.info.by_stream[self.task.inputs[0]].precision})
        return op.result

    def _tile(self, index: int, data: SSAValue, begin: int, end: int) -> nn.TensorOp:
        layer = self.layer
        data = self._viewed(data, index)
        weight = self._constant(layer.weight, f"{layer.symbol}_w{index}", begin, end)
        bias = None
        if layer.bias is not None:
            bias = self._constant(layer.bias, f"{layer.symbol}_b{index}", begin, end)
        name = fresh_name(layer, f"{layer.symbol}_tile{index}")
        tile: Linear
        if isinstance(layer, nn.ConvOp):
            tile = nn.ConvOp(
                name,
                data,
                weight,
                bias,
                strides=nn.numbers(layer.strides),
                pads=[0] * len(nn.numbers(layer.pads)),
                dilations=layer.dilation,
                channels_last=True,
                onnx=layer.onnx_names,
            )
        else:
            tile = nn.DenseOp(name, data, weight, bias, onnx=layer.onnx_names)
        types = {key: self.task.types[key] for key in TYPED if key in self.task.types}
        self._insert(tile, layer, {**types, "result": self.result}, layer.symbol)
        return tile

    def _viewed(self, data: SSAValue, index: int) -> SSAValue:
        """hls4ml flattens in place, and clones wrongly what is flattened (tokens as large as the whole vector): each tile flattens for
        itself, behind the clone."""
        view = data.owner
        if not isinstance(view, nn.FlattenOp):
            return data
        name = fresh_name(self.layer, f"{view.symbol}_tile{index}")
        op = nn.FlattenOp(name, view.data, onnx=view.onnx_names)
        self._insert(op, self.layer, view.element_types, view.symbol)
        return op.result

    def _constant(self, value: SSAValue, name: str, begin: int, end: int) -> SSAValue:
        """Elements of some output channels of the weight or bias, with the element type that it states."""
        array = array_of(value, self.weights)
        assert array is not None and isinstance(value.owner, nn.ConstantOp)
        layer = self.layer
        part: Doubles = array[begin:end]
        if value is layer.weight:
            if isinstance(layer, nn.DenseOp):
                part = array[:, begin:end]
            elif layer.groups > 1:
                part = block_diagonal(array, layer.groups)[begin:end]
        made = constant(layer, name, part, self.weights)
        assert isinstance(made.owner, nn.ConstantOp)
        made.owner.types = value.owner.types
        return made

    # --- the activation --------------------------------------------------------------------------------------

    def _narrowing_relu(self) -> nn.ReluOp | None:
        """The ReLU behind the layer, if joining its results is cheaper than joining the layer's: the tree has more streams
        than there are between the two."""
        user = only_user(self.layer.result)
        if not isinstance(user, nn.ReluOp) or user.symbol not in self.info.by_task:
            return None
        return user if self._element(user).width < self.result.width else None

    def _element(self, relu: nn.ReluOp) -> Precision:
        return self.info.by_stream[self.info.by_task[relu.symbol].outputs[0]].precision

    def _relu(self, index: int, data: SSAValue, relu: nn.ReluOp) -> SSAValue:
        op = nn.ReluOp(fresh_name(self.layer, f"{relu.symbol}_tile{index}"), data, onnx=relu.onnx_names)
        types = {**relu.element_types, "result": self._element(relu)}
        self._insert(op, self.layer, types, relu.symbol)
        return op.result

    # --- the results -----------------------------------------------------------------------------------------

    def _joined(self, results: Sequence[SSAValue], last: nn.TensorOp, element: Precision) -> nn.ConcatOp:
        """Two at a time, as hls4ml does, but balanced: a chain would carry all that came before through every step."""
        axis, numbers = channel_axis(self.layer), itertools.count()

        def join(*pair: SSAValue) -> SSAValue:
            name = fresh_name(self.layer, f"{last.symbol}_join{next(numbers)}")
            op = nn.ConcatOp(name, pair, axis)
            self._insert(op, self.layer, {"result": element})
            return op.result

        joined = balanced(results, join).owner
        assert isinstance(joined, nn.ConcatOp)
        return joined
