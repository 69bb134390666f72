"""Writes networks of the zoo, quantised by ONNX Runtime's own static quantisation, beside itself.

    venv/bin/pip install onnxruntime==1.32.0 onnx==1.23.2 sympy
    venv/bin/python tests/networks/quantised/make_qdq.py

NAME.qdq.onnx has QuantizeLinear and DequantizeLinear around every operator: asymmetric activations of uint8 or int8 with zero points,
weights per tensor or per channel, biases of int32. Scales are no powers of two.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

FOLDER = Path(__file__).parent
ZOO = FOLDER.parent / "zoo"
SEED = 3

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8},
    "lenet": {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8, "per_channel": True},
    "resnet": {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QUInt8},
    "separable": {
        "activation_type": QuantType.QInt16,
        "weight_type": QuantType.QInt8,
        "extra_options": {"ActivationSymmetric": True, "WeightSymmetric": True},
    },
}


class Noise(CalibrationDataReader):  # type: ignore[misc]
    """A few frames, uniform in [-1, 1)."""

    def __init__(self, path: Path) -> None:
        rng = np.random.default_rng(SEED)
        ports = [
            (port.name, [1, *(axis.dim_value for axis in port.type.tensor_type.shape.dim[1:])])
            for port in onnx.load(path).graph.input
        ]
        self.frames: Iterator[dict[str, Any]] = iter(
            [{name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in ports} for _ in range(16)]
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self.frames, None)


def main() -> None:
    for name, options in NETWORKS.items():
        source = ZOO / f"{name}.script.onnx"
        target = FOLDER / f"{name}.qdq.onnx"
        with tempfile.TemporaryDirectory() as scratch:
            ready = Path(scratch) / "ready.onnx"
            quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
            quantize_static(str(ready), str(target), Noise(ready), quant_format=QuantFormat.QDQ, **options)
        model = onnx.load(target)
        del model.metadata_props[:]
        onnx.save(model, target)


if __name__ == "__main__":
    main()
