"""Live PyTorch models through hls4ml, and Brevitas through QONNX, into split4ml: `make test-frameworks`."""

from __future__ import annotations

from pathlib import Path

import hls4ml
import numpy as np
import torch
from torch import Tensor, nn

import split4ml

FRAMES = 6


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.b = nn.Conv2d(3, 3, 3, padding=1)
        self.flat = nn.Flatten()
        self.fc = nn.Linear(108, 4)

    def forward(self, image: Tensor) -> Tensor:
        a = self.relu(self.a(image))
        out: Tensor = self.fc(self.flat(self.b(a) + a))
        return out


def test_hls4ml_reads_pytorch(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Skip().eval()
    config = hls4ml.utils.config_from_pytorch_model(
        model,
        input_shape=(2, 6, 6),
        granularity="name",
        backend="Vitis",
        default_precision="fixed<16,6>",
        max_precision="fixed<32,16>",
    )
    graph = hls4ml.converters.convert_from_pytorch_model(
        model, hls_config=config, output_dir=str(tmp_path / "hls"), backend="Vitis", io_type="io_stream"
    )
    design = split4ml.compile(graph, tmp_path / "build", subgraphs=2)
    frames = np.random.default_rng(0).uniform(-1, 1, (FRAMES, 2, 6, 6)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(frames)).numpy()
    found = design.predict({graph.inputs[0]: frames})
    np.testing.assert_allclose(found[graph.outputs[0]], expected, atol=0.05)


def test_brevitas_by_qonnx_is_exact(tmp_path: Path) -> None:
    import brevitas.nn as qnn
    from brevitas.export import export_qonnx
    from brevitas.quant.fixed_point import (
        Int8ActPerTensorFixedPoint,
        Int8WeightPerTensorFixedPoint,
        Uint8ActPerTensorFixedPoint,
    )

    torch.manual_seed(1)
    weights = {"weight_quant": Int8WeightPerTensorFixedPoint, "bias": False}
    model = nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint),
        qnn.QuantConv2d(2, 3, 3, weight_bit_width=4, **weights),
        nn.BatchNorm2d(3),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=5),
        nn.Flatten(),
        qnn.QuantLinear(48, 3, weight_bit_width=5, **weights),
    )
    for _ in range(3):
        model(torch.randn(32, 2, 6, 6))
    model.eval()
    path = tmp_path / "model.onnx"
    export_qonnx(model, torch.randn(1, 2, 6, 6), str(path), dynamo=False, opset_version=17)
    design = split4ml.compile(path, tmp_path / "build", subgraphs=2)
    (error,) = design.report["checks"]["onnx"].values()
    assert error["max_abs_error"] == 0
