"""Writes the test networks beside itself: untrained, but with weights and statistics like those of trained ones.

    venv/bin/python tests/networks/make_networks.py        (PyTorch as for examples/train_digits.py)

nested_skips.onnx  a skip connection inside another, and a concatenation
two_ports.onnx     two inputs of different shape, two outputs; depthwise, average pool, softmax, dense after flatten
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

SEED = 7


class Inner(nn.Module):
    """relu(conv(x) + x)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn(self.conv(x)) + x)
        return out


class NestedSkips(nn.Module):
    """1 x 8 x 8 to 6 values."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.stem_relu = nn.ReLU()
        self.inner1 = Inner(4)
        self.mid = nn.Conv2d(4, 4, 1)
        self.inner2 = Inner(4)
        self.side = nn.Conv2d(4, 4, 1)
        self.side_relu = nn.LeakyReLU(0.125)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.head_relu = nn.ReLU()
        self.fc = nn.Linear(32, 6)

    def forward(self, x: Tensor) -> Tensor:
        a = self.stem_relu(self.stem(x))
        b = self.inner2(self.mid(self.inner1(a))) + a
        c = self.pool(torch.cat((b, self.side_relu(self.side(a))), 1))
        out: Tensor = self.fc(torch.flatten(self.head_relu(self.head(c)), 1))
        return out


class TwoPorts(nn.Module):
    """1 x 8 x 8 pixels and 6 features to 4 probabilities and a 4 x 4 x 4 map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.pool = nn.AvgPool2d(2)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.pointwise = nn.Conv2d(4, 4, 1)
        self.features = nn.Linear(6, 16)
        self.tanh = nn.Tanh()
        self.pixels = nn.Linear(64, 16)
        self.fc = nn.Linear(32, 4)
        self.softmax = nn.Softmax(1)

    def forward(self, pixels: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        a = self.pool(self.relu(self.bn(self.conv(pixels))))
        heat = self.pointwise(self.depthwise(a)) + a
        b = torch.cat((self.tanh(self.features(features)), self.pixels(heat.flatten(1))), 1)
        return self.softmax(self.fc(b)), heat


def randomise(net: nn.Module) -> None:
    """Batch normalisation as if it had seen data."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.25, 1.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)


def export(net: nn.Module, name: str, inputs: dict[str, tuple[int, ...]], outputs: list[str]) -> None:
    path = Path(__file__).parent / f"{name}.onnx"
    torch.onnx.export(
        net,
        tuple(torch.zeros(1, *shape) for shape in inputs.values()),
        path,
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
        dynamo=True,
        optimize=False,
        external_data=False,
    )
    model = onnx.load(path)
    for node in model.graph.node:  # stack traces, with paths of the machine
        kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    onnx.save(model, path)


def main() -> None:
    torch.manual_seed(SEED)
    nested, two = NestedSkips().eval(), TwoPorts().eval()
    with torch.no_grad():
        randomise(nested)
        randomise(two)
    export(nested, "nested_skips", {"image": (1, 8, 8)}, ["scores"])
    export(two, "two_ports", {"pixels": (1, 8, 8), "features": (6,)}, ["probabilities", "heat"])


if __name__ == "__main__":
    main()
