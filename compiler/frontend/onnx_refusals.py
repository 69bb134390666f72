"""What would help with ONNX operators that hls4ml's streams have no layer for."""

from __future__ import annotations

from collections.abc import Iterable

_FUSED = "ONNX Runtime's own integer operator: quantise with QuantFormat.QDQ (or export before ONNX Runtime optimises the model)"

HINTS = {
    "DynamicQuantizeLinear": "its scale depends on the frame, which hardware cannot follow: quantise statically, e.g. with"
    " onnxruntime.quantization.quantize_static(…, quant_format=QuantFormat.QDQ)",
    "Erf": "this is an exact GELU: use ReLU, or hls4ml's own graph (.fml)",
    "Gelu": "use ReLU or HardSwish",
    "InstanceNormalization": "its statistics depend on the frame: use BatchNormalization",
    "GroupNormalization": "its statistics depend on the frame: use BatchNormalization",
    "LayerNormalization": "hls4ml streams do not normalise over a frame: use BatchNormalization",
    "LogSoftmax": "use Softmax, or leave it out: the order of the classes is the same",
    "ArgMax": "leave it out, and compare the outputs after the hardware",
    "Mish": "use ReLU or HardSwish",
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
