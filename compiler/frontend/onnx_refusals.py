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
    **dict.fromkeys(("Sqrt", "Reciprocal"), _NORMALISATION),
    **dict.fromkeys(("Less", "LessOrEqual", "GreaterOrEqual", "Equal", "And", "Or", "Not"), _CONDITION),
    **dict.fromkeys(("Sign", "Floor", "Ceil", "Round", "Mod"), _STEPS),
    **dict.fromkeys(("Exp", "Sin", "Cos", "Atan", "Sinh", "Cosh"), _FUNCTION),
    "GlobalLpPool": "use GlobalAveragePool",
    "CumSum": "a convolution with ones as weights gives sums of a window",
    "TopK": "leave it out, and compare the outputs after the hardware",
    "InstanceNormalization": "its statistics depend on the frame: use BatchNormalization",
    "GroupNormalization": "its statistics depend on the frame: use BatchNormalization",
    "LayerNormalization": "hls4ml streams do not normalise over a frame: use BatchNormalization",
    "LogSoftmax": "use Softmax, or leave it out: the order of the classes is the same",
    "ArgMax": "leave it out, and compare the outputs after the hardware",
    "LpPool": "use AveragePool",
}


def hint(operators: Iterable[str]) -> str | None:
    """Advice on the first operator of a list for which there is some."""
    for name in operators:
        if name in HINTS:
            return f"{name}: {HINTS[name]}"
        if name.startswith("com.microsoft.Q"):
            return f"{name}: {_FUSED}"
    return None
