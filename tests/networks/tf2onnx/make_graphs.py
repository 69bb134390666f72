"""Writes graphs as tf2onnx writes Keras models, node by node with onnx.helper: no TensorFlow is needed.

    .venv/bin/python tests/networks/tf2onnx/make_graphs.py

What is peculiar about them (tf2onnx 1.16, operator sets 13 to 15): data is NHWC, with a Transpose around every convolution or pool;
names are paths with slashes, colons and StatefulPartitionedCall; a batch is called unk__N; the bias of a layer is an Add of a
constant (BiasAdd, of rank 1 or, as const_fold leaves it, in the convolution); global pooling is a ReduceMean over axes 1 and 2;
shapes are int64 constants, and Flatten is a Reshape to [-1, n]; MaxPool and Conv have auto_pad SAME_UPPER or explicit pads;
Relu6 is Min(Max(x, 0), 6); outputs are Identity:0.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parent
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
CALL = "StatefulPartitionedCall"


class Writer:
    """Nodes and constants of one graph, in tf2onnx's style."""

    def __init__(self, model: str) -> None:
        self.model, self.count = model, 40
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(5)

    def constant(self, name: str, array: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def normal(self, name: str, *shape: int) -> str:
        return self.constant(name, self.random.normal(0, 0.4, shape).astype(np.float32))

    def node(self, op: str, name: str, inputs: list[str], **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [f"{name}:0"], name, **attributes))
        return f"{name}:0"

    def path(self, layer: str, op: str) -> str:
        return f"{CALL}/{self.model}/{layer}/{op}"

    def transpose(self, data: str, perm: list[int]) -> str:
        self.count += 1
        return self.node("Transpose", f"{data.split(':')[0]}__{self.count}", [data], perm=perm)

    def conv(
        self, data: str, layer: str, inputs: int, outputs: int, size: int = 3, **attributes: object
    ) -> str:
        """Conv2D with its bias folded in, between transposes."""
        name = self.path(layer, "Conv2D" if attributes.get("group", 1) == 1 else "depthwise")
        groups = int(str(attributes.get("group", 1)))
        weight = self.normal(f"{name}_weights_fused", outputs, inputs // groups, size, size)
        bias = self.normal(f"{name}_bias_fused", outputs)
        conv = self.node("Conv", name, [self.transpose(data, TO_NCHW), weight, bias], **attributes)
        return self.transpose(conv, TO_NHWC)

    def dense(self, data: str, layer: str, inputs: int, outputs: int) -> str:
        weight = self.normal(self.path(layer, "MatMul/ReadVariableOp:0"), inputs, outputs)
        bias = self.normal(self.path(layer, "BiasAdd/ReadVariableOp:0"), outputs)
        return self.node(
            "Add",
            self.path(layer, "BiasAdd"),
            [self.node("MatMul", self.path(layer, "MatMul"), [data, weight]), bias],
        )

    def reshape(self, data: str, layer: str, shape: list[int]) -> str:
        target = self.constant(f"const_fold_opt__{self.count + 80}_{layer}", np.array(shape, np.int64))
        return self.node("Reshape", self.path(layer, "Reshape"), [data, target])

    def write(self, result: str, shape: list[int], outputs: list[int], opset: int = 13) -> None:
        self.nodes.append(helper.make_node("Identity", [result], ["Identity:0"], "Identity"))
        graph = helper.make_graph(
            self.nodes,
            "tf2onnx",
            [helper.make_tensor_value_info("input_1:0", TensorProto.FLOAT, ["unk__63", *shape])],
            [helper.make_tensor_value_info("Identity:0", TensorProto.FLOAT, ["unk__64", *outputs])],
            self.weights,
        )
        imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 2)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=7, producer_name="tf2onnx")
        onnx.checker.check_model(model)
        onnx.save(model, FOLDER / f"{self.model}.onnx")


def lenet() -> None:
    w = Writer("lenet")
    x = w.conv("input_1:0", "conv2d", 1, 3, auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[1, 1])
    x = w.node("Relu", w.path("conv2d", "Relu"), [x])
    pool = {"auto_pad": "VALID", "kernel_shape": [2, 2], "strides": [2, 2]}
    x = w.transpose(
        w.node("MaxPool", w.path("max_pooling2d", "MaxPool"), [w.transpose(x, TO_NCHW)], **pool), TO_NHWC
    )
    x = w.reshape(x, "flatten", [-1, 48])
    x = w.node("Relu", w.path("dense", "Relu"), [w.dense(x, "dense", 48, 6)])
    w.write(
        w.node("Softmax", w.path("dense_1", "Softmax"), [w.dense(x, "dense_1", 6, 3)], axis=1), [8, 8, 1], [3]
    )


def mobilenet() -> None:
    """Depthwise and pointwise, Relu6 by Min and Max, batch norm left as scale and shift, global mean."""
    w = Writer("mobilenet")
    pads = {"kernel_shape": [3, 3], "pads": [0, 0, 1, 1], "strides": [2, 2]}
    x = w.conv("input_1:0", "Conv1", 3, 4, **pads)
    zero, six = (
        w.constant(w.path("relu6", f"{key}:0"), np.array(v, np.float32))
        for key, v in (("zero", 0), ("six", 6))
    )

    def relu6(data: str, layer: str) -> str:
        return w.node(
            "Min", w.path(layer, "Relu6"), [w.node("Max", w.path(layer, "Relu6/max"), [data, zero]), six]
        )

    x = relu6(x, "Conv1_relu")
    x = w.conv(x, "expanded_conv_depthwise", 4, 4, group=4, auto_pad="SAME_UPPER", kernel_shape=[3, 3])
    scale, shift = (
        w.normal(w.path("bn", f"FusedBatchNormV3/{key}"), 1, 1, 1, 4) for key in ("scale", "shift")
    )
    x = w.node(
        "Add", w.path("bn", "FusedBatchNormV3"), [w.node("Mul", w.path("bn", "mul"), [x, scale]), shift]
    )
    y = relu6(x, "depthwise_relu")
    y = w.conv(y, "expanded_conv_project", 4, 4, size=1, kernel_shape=[1, 1])
    x = w.node("Add", w.path("block_add", "add"), [x, y])
    x = w.node("ReduceMean", w.path("global_average_pooling2d", "Mean"), [x], axes=[1, 2], keepdims=0)
    w.write(w.dense(x, "predictions", 4, 3), [8, 8, 3], [3], opset=15)


def conv1d() -> None:
    """Keras' Conv1D: a sequence becomes an image of one row, by Unsqueeze and Squeeze (ExpandDims)."""
    w = Writer("conv1d")
    name = w.path("conv1d", "conv1d")
    one = w.constant(f"{name}/axis", np.array([1], np.int64))
    two = w.constant(f"{name}/axis_nchw", np.array([2], np.int64))
    x = w.node("Transpose", "input_1__7", ["input_1:0"], perm=[0, 2, 1])
    x = w.node("Unsqueeze", f"{name}/ExpandDims", [x, two])
    weight, bias = w.normal(f"{name}_weights_fused", 4, 3, 1, 3), w.normal(f"{name}_bias_fused", 4)
    x = w.node("Conv", name, [x, weight, bias], kernel_shape=[1, 3], pads=[0, 1, 0, 1], strides=[1, 1])
    x = w.transpose(x, TO_NHWC)
    x = w.node("Squeeze", f"{name}/Squeeze", [x, one])
    x = w.node("Relu", w.path("conv1d", "Relu"), [x])
    x = w.reshape(w.reshape(x, "reshape", [-1, 4, 16]), "flatten", [-1, 64])
    w.write(w.node("Tanh", w.path("dense", "Tanh"), [w.dense(x, "dense", 64, 2)]), [16, 3], [2])


def upsampling() -> None:
    """UpSampling2D is Resize between transposes, with scales; padding is Pad of NHWC; concatenation along the last axis."""
    w = Writer("upsampling")
    x = w.conv("input_1:0", "down", 2, 3, auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[2, 2])
    scales = w.constant(w.path("up", "scales"), np.array([1, 1, 2, 2], np.float32))
    modes = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    x = w.node(
        "Resize", w.path("up", "resize/ResizeNearestNeighbor"), [w.transpose(x, TO_NCHW), "", scales], **modes
    )
    x = w.node("Concat", w.path("concatenate", "concat"), [w.transpose(x, TO_NHWC), "input_1:0"], axis=-1)
    pads = w.constant(w.path("zero_padding2d", "paddings"), np.array([0, 1, 1, 0, 0, 1, 1, 0], np.int64))
    x = w.node("Pad", w.path("zero_padding2d", "Pad"), [x, pads])
    x = w.conv(x, "out", 5, 2, auto_pad="VALID", kernel_shape=[3, 3])
    x = w.node("LeakyRelu", w.path("leaky_re_lu", "LeakyRelu"), [x], alpha=0.3)
    w.write(x, [6, 6, 2], [6, 6, 2])


def recurrent() -> None:
    """Keras' LSTM and a dense layer per step: transposes to steps first, a batch that only the graph's input names."""
    w = Writer("recurrent")
    name = w.path("lstm", "PartitionedCall/while_loop")
    x = w.node("Transpose", w.path("lstm", "PartitionedCall/transpose"), ["input_1:0"], perm=[1, 0, 2])
    weights = [w.normal(f"W__{index}", 1, 12, size) for index, size in ((90, 4), (91, 3))]
    weights.append(w.normal("B__92", 1, 24))
    w.nodes.append(
        helper.make_node("LSTM", [x, *weights], [f"{name}:0"], name, hidden_size=3, direction="forward")
    )
    axis = w.constant(f"{name}/axis", np.array([1], np.int64))
    x = w.node("Squeeze", f"{name}/Squeeze", [f"{name}:0", axis])
    x = w.node("Transpose", w.path("lstm", "transpose_1"), [x], perm=[1, 0, 2])
    w.write(w.dense(x, "time_distributed", 3, 2), [5, 4], [5, 2])


def main() -> None:
    writers: tuple[Callable[[], None], ...] = (lenet, mobilenet, conv1d, upsampling, recurrent)
    for write in writers:
        write()


if __name__ == "__main__":
    main()
