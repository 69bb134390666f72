"""What would help with ONNX operators that hls4ml's streams have no layer for."""

from __future__ import annotations

from collections.abc import Iterable

_FUSED = "ONNX Runtime's own integer operator: quantise with QuantFormat.QDQ (or export before ONNX Runtime optimises the model)"

_NORMALISATION = "part of a normalisation whose statistics depend on the frame: use BatchNormalization"
_CONDITION = "hls4ml has no layer for conditions: use ReLU, LeakyReLU, ThresholdedReLU or clamp"
_STEPS = "hls4ml has no layer for steps: quantise with QONNX or QDQ if that is what it is for"
_FUNCTION = "hls4ml has layers for sigmoid, tanh, softplus, softsign, elu and softmax: use one of these"

HINTS = {
    "DynamicQuantizeLinear": "its scale depends on the frame, which hardware cannot follow: quantise statically, e.g. with"
    " onnxruntime.quantization.quantize_static(…, quant_format=QuantFormat.QDQ)",
    "Erf": "this is an exact GELU: use GELU(approximate='tanh') of PyTorch, or HardSwish",
    **dict.fromkeys(
        ("Sqrt", "Reciprocal", "ReduceL2", "MeanVarianceNormalization", "LpNormalization"), _NORMALISATION
    ),
    **dict.fromkeys(("Equal", "Xor", "IsNaN", "IsInf"), _CONDITION),
    **dict.fromkeys(("Floor", "Ceil", "Round", "Mod"), _STEPS),
    **dict.fromkeys(("Exp", "Sin", "Cos", "Atan", "Sinh", "Cosh"), _FUNCTION),
    "GlobalLpPool": "use GlobalAveragePool",
    "CumSum": "a convolution with ones as weights gives sums of a window",
    "TopK": "leave it out, and compare the outputs after the hardware",
    "InstanceNormalization": "its statistics depend on the frame: use BatchNormalization",
    "GroupNormalization": "its statistics depend on the frame: use BatchNormalization",
    "LayerNormalization": "hls4ml normalises over a frame with io_parallel only, which is not built here: use BatchNormalization",
    **dict.fromkeys(
        ("NonMaxSuppression", "NonZero"), "leave it out, and choose among the outputs after the hardware"
    ),
    **dict.fromkeys(("GatherND", "GatherElements"), "use Gather or Slice with constants, along one axis"),
    **dict.fromkeys(
        ("ScatterND", "ScatterElements"), "use Slice, Concat and Pad, whose places are constants"
    ),
    **dict.fromkeys(
        ("If", "Loop", "Scan"),
        "hardware has no control flow: export the network for one path, with loops unrolled",
    ),
    **dict.fromkeys(
        ("Attention", "RotaryEmbedding"),
        "hls4ml's streams multiply matrices by constants only: use convolutions",
    ),
    "ArgMax": "leave it out, and compare the outputs after the hardware",
    "LpPool": "use AveragePool",
}

DATA_BY_DATA = (
    "it multiplies data by data, but hls4ml's streams multiply matrices by constants only",
    "attention takes hls4ml's io_parallel, which is not built here; of data, one row by one column can be (MatMul, or Mul and ReduceSum)",
)
"""What is said of products of two tensors of data, and the advice."""


def axes_of_space(rank: int) -> tuple[str, str]:
    """What is said of layers over other axes than hls4ml has layers for, and the advice."""
    return (
        f"it has {rank} spatial axes, but hls4ml has layers for 1 or 2",
        "make the depth part of the channels and use a 2-D layer",
    )


def hint(operators: Iterable[str]) -> str | None:
    """Advice on the operators of a list for which there is some, at most three."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(operators):
        advice = _FUSED if name.startswith("com.microsoft.Q") else HINTS.get(name)
        if advice is not None:
            found.setdefault(advice, name)
    return "; ".join(f"{name}: {advice}" for advice, name in list(found.items())[:3]) or None
