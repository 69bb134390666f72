"""The analytic cost model: one task in, its resources and synthesis seconds out. Accuracy: docs/cost.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from split4ml.passes.cost import streams
from split4ml.passes.cost.matvec import matvec
from split4ml.passes.cost.shape import Range, TaskCost, TaskShape
from split4ml.passes.cost.synthesis import PROJECT

Model = Callable[[TaskShape], TaskCost]

MODELS: dict[str, Model] = {
    **dict.fromkeys(
        (
            *("Dense", "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
            *("PointwiseConv1D", "PointwiseConv2D", "SeparableConv1D", "SeparableConv2D", "EinsumDense"),
        ),
        matvec,
    ),
    **dict.fromkeys(("BatchNormalization", "ApplyAlpha"), streams.affine),
    **dict.fromkeys(("Pooling1D", "Pooling2D"), streams.pooling),
    **dict.fromkeys(("GlobalPooling1D", "GlobalPooling2D"), streams.global_pooling),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), streams.zero_padding),
    **dict.fromkeys(("PReLU", "LeakyReLU"), streams.leaky_relu),
    "Softmax": streams.softmax,
    "Merge": streams.merge,
    "Clone": streams.clone,
    "Resize": streams.resize,
    "Transpose": streams.frame_buffer,
}

FUNCTIONS: dict[str, Model] = {
    **dict.fromkeys(("relu", "relu6", "linear", "hard_sigmoid", "hard_tanh"), streams.relu),
    **dict.fromkeys(("binary_tanh", "ternary_tanh", "thresholded_relu"), streams.relu),
    **dict.fromkeys(("leaky_relu", "prelu"), streams.leaky_relu),
    **dict.fromkeys(("sigmoid", "tanh", "softplus", "softsign", "selu", "elu"), streams.table),
    "softmax": streams.softmax,
}
"""By the function of an Activation, ParametrizedActivation or HardActivation."""


def estimate(task: TaskShape) -> TaskCost:
    """Resources on the HLS scale and synthesis seconds, as ranges. A kind not known gets the cost of its ports,
    source "structural"."""
    if task.kind in MODELS:
        return MODELS[task.kind](task)
    if "Activation" in task.kind or task.kind.lower() in FUNCTIONS:
        return FUNCTIONS.get((task.function or task.kind).lower(), streams.relu)(task)
    return streams.wiring(task)


def project_seconds(tasks: Iterable[TaskCost]) -> Range:
    """Synthesis of one project that holds these tasks."""
    total = PROJECT
    for task in tasks:
        total = total + task.synth_seconds
    return total
