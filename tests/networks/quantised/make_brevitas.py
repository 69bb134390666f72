"""Writes networks that Brevitas exports beside itself, with frames and what their own package makes of them.

    venv/bin/pip install torch==2.13.0 brevitas==0.13.4 qonnx==1.0.0 onnxoptimizer onnxruntime
    venv/bin/python tests/networks/quantised/make_brevitas.py

NAME.qonnx.onnx  Quant, BipolarQuant and Trunc; NAME.qonnx.npz: what the qonnx package's execution makes of its frames.
NAME.qcdq.onnx   QuantizeLinear, Clip and DequantizeLinear.
Untrained: what counts is that the firmware computes what the export says, rounding included.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import torch
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.quant.binary import SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst
from brevitas.quant.fixed_point import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerChannelFixedPoint,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from brevitas.quant.scaled_int import (
    Int8ActPerTensorFloat,
    Int8Bias,
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFloat,
    TruncTo8bit,
    Uint8ActPerTensorFloat,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from torch import Tensor, nn

SEED = 5
FOLDER = Path(__file__).parent
FRAMES = 8


class Binary(SignedBinaryActPerTensorConst):
    """-1 or 1."""

    min_val = -1.0
    max_val = 1.0


class BinaryWeight(SignedBinaryWeightPerTensorConst):
    """-1/2 or 1/2."""

    scaling_const = 0.5


def act(bits: int = 8, signed: bool = True) -> nn.Module:
    """Powers of two as scales."""
    kind = Int8ActPerTensorFixedPoint if signed else Uint8ActPerTensorFixedPoint
    layer = qnn.QuantIdentity if signed else qnn.QuantReLU
    return layer(act_quant=kind, bit_width=bits, return_quant_tensor=True)


def float_act(signed: bool = True) -> nn.Module:
    kind = Int8ActPerTensorFloat if signed else Uint8ActPerTensorFloat
    layer = qnn.QuantIdentity if signed else qnn.QuantReLU
    return layer(act_quant=kind, return_quant_tensor=True)


class Residual(nn.Module):
    """A residual block, batch normalisation that cannot be folded, pools, all scales powers of two."""

    def __init__(self) -> None:
        super().__init__()
        fixed = {"weight_quant": Int8WeightPerTensorFixedPoint, "bias": False, "padding": 1}
        self.quant = act()
        self.stem = qnn.QuantConv2d(2, 4, 3, weight_bit_width=4, **fixed)
        self.norm = nn.BatchNorm2d(4)
        self.relu = act(5, signed=False)
        self.a = qnn.QuantConv2d(4, 4, 3, weight_bit_width=3, **fixed)
        self.shared = act(6)
        self.out = act(6, signed=False)
        self.pool = nn.MaxPool2d(2)
        self.fc = qnn.QuantLinear(
            36, 3, bias=True, weight_quant=Int8WeightPerChannelFixedPoint, weight_bit_width=6
        )
        self.logits = act(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shared(self.relu(self.norm(self.stem(self.quant(x)))))
        x = self.pool(self.out(self.shared(self.a(x)) + x))
        return self.logits(self.fc(x.flatten(1))).value


class Plain(nn.Module):
    """Brevitas' defaults: scales that are no powers of two, per channel for the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = float_act()
        self.conv = qnn.QuantConv2d(
            2, 4, 3, weight_quant=Int8WeightPerChannelFloat, bias=True, bias_quant=None
        )
        self.relu = float_act(signed=False)
        self.depthwise = qnn.QuantConv2d(
            4, 4, 3, groups=4, padding=1, weight_quant=Int8WeightPerTensorFloat, bias=False
        )
        self.relu2 = float_act(signed=False)
        self.fc = qnn.QuantLinear(
            64, 3, bias=True, weight_quant=Int8WeightPerTensorFloat, bias_quant=Int8Bias
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu2(self.depthwise(self.relu(self.conv(self.quant(x)))))
        out = self.fc(x.flatten(1))
        return out.value if hasattr(out, "value") else out


class Bipolar(nn.Module):
    """Weights and activations of one bit, batch normalisation between them."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = qnn.QuantIdentity(act_quant=Binary, return_quant_tensor=True)
        self.fc1 = qnn.QuantLinear(16, 12, bias=False, weight_quant=BinaryWeight)
        self.norm = nn.BatchNorm1d(12)
        self.sign = qnn.QuantIdentity(act_quant=Binary, return_quant_tensor=True)
        self.fc2 = qnn.QuantLinear(12, 4, bias=False, weight_quant=BinaryWeight)

    def forward(self, x: Tensor) -> Tensor:
        out = self.fc2(self.sign(self.norm(self.fc1(self.quant(x)))))
        return out.value if hasattr(out, "value") else out


class Truncated(nn.Module):
    """An average pool that truncates (Trunc)."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = act()
        self.conv = qnn.QuantConv2d(
            2, 4, 3, padding=1, bias=False, weight_quant=Int8WeightPerTensorFixedPoint, weight_bit_width=4
        )
        self.relu = act(4, signed=False)
        self.pool = qnn.TruncAvgPool2d(2, 2, trunc_quant=TruncTo8bit, bit_width=4)

    def forward(self, x: Tensor) -> Tensor:
        out = self.pool(self.relu(self.conv(self.quant(x))))
        return out.value if hasattr(out, "value") else out


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "residual": (Residual, (2, 6, 6)),
    "plain": (Plain, (2, 6, 6)),
    "bipolar": (Bipolar, (16,)),
    "truncated": (Truncated, (2, 4, 4)),
}


def tidy(path: Path) -> None:
    """Without paths of the machine that exported it."""
    model = onnx.load(path)
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:]
    onnx.save(model, path)


def main() -> None:
    for name, (make, shape) in NETWORKS.items():
        torch.manual_seed(SEED)
        network = make()
        for _ in range(4):  # scales, and the statistics of normalisations
            network(torch.randn(64, *shape))
        network.eval()
        sample = torch.randn(1, *shape)
        for kind, export in (("qonnx", export_qonnx), ("qcdq", export_onnx_qcdq)):
            path = FOLDER / f"{name}.{kind}.onnx"
            try:
                export(network, sample, str(path), dynamo=False, opset_version=17)
            except Exception as error:  # noqa: BLE001 - QCDQ has no one-bit types, nor truncation
                print(f"{path.name}: not exported: {str(error).splitlines()[0][:100]}")
                path.unlink(missing_ok=True)
                continue
            tidy(path)
        frames = np.random.default_rng(SEED).normal(0, 1, (FRAMES, *shape)).astype(np.float32)
        wrapped = ModelWrapper(str(FOLDER / f"{name}.qonnx.onnx")).transform(InferShapes())
        source, result = wrapped.graph.input[0].name, wrapped.graph.output[0].name
        outputs = [execute_onnx(wrapped, {source: frame[None]})[result][0] for frame in frames]
        np.savez(FOLDER / f"{name}.qonnx.npz", frames=frames, outputs=np.stack(outputs))


if __name__ == "__main__":
    main()
