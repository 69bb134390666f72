"""What the laws of `fitted.py` are linear in: a layer's hardware counted in bits, by law.

LUTs of an adder are its bits and about 4 more; those of a multiplier grow with the square of its operands; a multiplexer's
with its bits. So each law has a few terms, and a coefficient says how many LUTs (or registers) one unit takes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from split4ml.passes.cost.rules import in_dsp, products
from split4ml.passes.cost.shape import TaskShape

Terms = dict[str, float]

ADDER = 4
"""HLS reports a two-operand adder as its bits + 7 LUTs, and as its bits where three operands make one (half of them)."""
SRL_DEPTH = 32
"""Bits of one LUT as a shift register (UG474, UG574)."""
DIRECT_SINCE = "2019.2"
"""From this release on, a reuse factor that is a multiple of n_in leaves no multiplexer before the multipliers."""

MATRIX = frozenset(
    (
        *("Dense", "EinsumDense", "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
        *("PointwiseConv1D", "PointwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Einsum"),
    )
)
"""Kinds that multiply by a matrix of weights."""

KINDS: dict[str, str] = {
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "Bidirectional"), "recurrent"),
    **dict.fromkeys(("BatchNormalization", "ApplyAlpha"), "affine"),
    **dict.fromkeys(("Pooling1D", "Pooling2D"), "pooling"),
    **dict.fromkeys(("GlobalPooling1D", "GlobalPooling2D"), "global-pooling"),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), "zero-padding"),
    **dict.fromkeys(("PReLU", "LeakyReLU"), "leaky-relu"),
    "Softmax": "softmax",
    "Merge": "merge",
    "Dot": "dot",
    "Concatenate": "concatenate",
    "Clone": "clone",
    "Resize": "resize",
    "Transpose": "transpose",
}
"""Law by kind; those of an activation go by its function."""

FUNCTIONS: dict[str, str] = {
    **dict.fromkeys(("relu", "relu6", "linear", "binary_tanh", "ternary_tanh", "thresholded_relu"), "relu"),
    **dict.fromkeys(("hard_sigmoid", "hard_tanh"), "hard-sigmoid"),
    **dict.fromkeys(("leaky_relu", "prelu"), "leaky-relu"),
    **dict.fromkeys(("sigmoid", "tanh", "softplus", "softsign", "selu", "elu"), "table"),
    "softmax": "softmax",
}


def law_of(task: TaskShape) -> str:
    """The law that a task obeys; `other` for a kind that is not known."""
    if task.kind in MATRIX:
        if task.strategy in ("distributed_arithmetic", "da"):
            return "distributed-arithmetic"
        return "unrolled" if task.unrolled else "resource"
    if task.kind in KINDS:
        return KINDS[task.kind]
    if "Activation" in task.kind or task.kind.lower() in FUNCTIONS:
        return FUNCTIONS.get((task.function or task.kind).lower(), "relu")
    return "other"


def terms(task: TaskShape) -> Terms:
    """What the task has of each term of its law."""
    return _TERMS.get(law_of(task), _stream)(task)


def window_bits(task: TaskShape) -> float:
    """Line buffers (kernel height - 1 rows, as shift registers) and the window of a convolution or pool in a stream."""
    kernel = task.kernel_height * task.kernel_width
    if kernel == 1 or not task.stream:
        return 0
    column = task.channels * task.in_width
    return kernel * column + (task.kernel_height - 1) * column * ceil(max(1, task.row) / SRL_DEPTH)


def _unrolled(task: TaskShape) -> Terms:
    found = products(task)
    widest = max(task.in_width, task.weight_width)
    adder = min(task.accumulator, task.in_width + task.weight_width) + ADDER
    fabric = 0 if in_dsp(task) else found.multipliers - found.shared
    stages = found.adds * adder * (5 / task.clock_ns) ** 1.5
    return {
        "one": 1,
        "adds": found.adds * adder,
        "stages": stages,
        "stages, vivado": stages if task.backend == "vivado" else 0,
        "shift-adds": found.shift_adds * (task.in_width + task.weight_width + ADDER),
        "multipliers": fabric * widest**2,
        "dsps": found.in_dsp,
        "shared": found.shared * task.in_width,
        "outputs": task.n_out * task.accumulator,
        "window": window_bits(task),
    }


def _resource(task: TaskShape) -> Terms:
    direct = task.parallel == task.n_out and task.reuse_factor % max(1, task.n_in) == 0
    if direct and task.backend == "vivado" and task.tool_version and task.tool_version < DIRECT_SINCE:
        direct = False
    width = task.accumulator + task.in_width
    token = task.n_in if task.kernel_height * task.kernel_width > 1 else min(task.n_in, task.elements)
    if not task.stream or task.backend == "vivado":
        token = task.n_in
    return {
        "one": 1,
        "token": token * task.in_width,
        "inputs, vivado": task.n_in * task.in_width if task.backend == "vivado" else 0,
        "inputs": task.n_in * task.in_width,
        "outputs": task.n_out * task.accumulator,
        "parallel": task.parallel * width,
        "selected": 0 if direct else task.parallel * width,
        "window": window_bits(task),
    }


def _distributed(task: TaskShape) -> Terms:
    adders = task.csd_adders if task.csd_adders is not None else 1.5 * task.nonzeros
    bits = task.in_width + task.weight_width
    return {"one": 1, "adds": (adders + task.nonzeros) * bits, "window": window_bits(task)}


def _recurrent(task: TaskShape) -> Terms:
    return {
        "one": 1,
        "parallel": task.parallel * (task.accumulator + task.in_width),
        "state": (task.n_in + task.n_out) * task.in_width,
    }


def _relu(task: TaskShape) -> Terms:
    rounded = task.elements * task.in_width if task.rounded_bits else 0
    return {
        "one": 1,
        "bits": task.in_bits,
        "rounded": rounded,
        "saturated": task.elements * task.saturated_bits,
    }


def _softmax(task: TaskShape) -> Terms:
    fabric = task.elements * task.in_width**2 if task.multiplier_style == "fabric" else 0
    return {"one": 1, "bits": task.in_bits, "multipliers": fabric}


def _affine(task: TaskShape) -> Terms:
    at_once = ceil(task.elements / task.reuse_factor)
    fabric = 0 if in_dsp(task) else at_once * max(task.in_width, task.weight_width) ** 2
    return {"one": 1, "bits": task.in_bits, "output": task.elements * task.out_width, "multipliers": fabric}


def _pooling(task: TaskShape) -> Terms:
    column = (task.channels or task.elements) * task.in_width
    return {
        "one": 1,
        "window": task.kernel_height * task.kernel_width * column,
        "line": (task.kernel_height - 1) * column * ceil(max(1, task.row) / SRL_DEPTH),
    }


def _zero_padding(task: TaskShape) -> Terms:
    """Vivado HLS builds a multiplexer of the token, Vitis HLS none."""
    return {
        "one": 1,
        "2d": 1 if task.kind.endswith("2D") else 0,
        "bits": task.in_bits if task.backend == "vivado" else 0,
    }


def _global_pooling(task: TaskShape) -> Terms:
    return {"one": 1, "bits": task.in_bits if task.tokens > 1 else 0}


def _stream(task: TaskShape) -> Terms:
    """Tokens looked at, taken apart or put together."""
    widest = max(task.in_bits, task.out_elements * task.out_width)
    return {
        "one": 1,
        "bits": widest,
        "copies": (task.streams - 1) * widest,
        "row": task.row * task.in_bits,
        "frame": task.in_bits * max(1, task.tokens),
    }


_TERMS: dict[str, Callable[[TaskShape], Terms]] = {
    "unrolled": _unrolled,
    "resource": _resource,
    "distributed-arithmetic": _distributed,
    "recurrent": _recurrent,
    "relu": _relu,
    "hard-sigmoid": _relu,
    "table": _relu,
    "leaky-relu": _relu,
    "softmax": _softmax,
    "affine": _affine,
    "pooling": _pooling,
    "global-pooling": _global_pooling,
    "zero-padding": _zero_padding,
}
