"""Writes the hls4ml graph of a PyTorch network beside itself, as hls4ml saves it (`.fml`), with frames and what PyTorch says.

    venv/bin/pip install -c tests/frameworks/constraints.txt torch hls4ml
    venv/bin/python tests/networks/graphs/make_torch.py

hls4ml 1.3 does not read Brevitas' layers this way, but by QONNX, as split4ml does itself (tests/networks/quantised). Untrained. NAME.npz holds inputs by the graph's input names and outputs by its output names, channels first: hls4ml inserts
a Transpose.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import hls4ml
import numpy as np
import torch
from hls4ml.utils.serialization import serialize_model
from torch import Tensor, nn

FOLDER = Path(__file__).parent
FRAMES = 8
SEED = 4


class Skips(nn.Module):
    """A skip connection (a Clone), batch normalisation, a pool, dense after flatten, softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.body = nn.Conv2d(4, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.flat = nn.Flatten()
        self.fc = nn.Linear(64, 4)
        self.softmax = nn.Softmax(-1)

    def forward(self, image: Tensor) -> Tensor:
        a = self.relu(self.norm(self.stem(image)))
        out: Tensor = self.softmax(self.fc(self.flat(self.pool(self.body(a) + a))))
        return out


def convert(model: nn.Module, name: str, shape: tuple[int, ...]) -> None:
    config = hls4ml.utils.config_from_pytorch_model(
        model, input_shape=shape, granularity="name", backend="Vitis", default_precision="fixed<16,6>"
    )
    with tempfile.TemporaryDirectory() as folder:
        graph = hls4ml.converters.convert_from_pytorch_model(
            model,
            hls_config=config,
            output_dir=folder,
            backend="Vitis",
            io_type="io_stream",
            part="xcvu13p-flga2577-2-e",
        )
        serialize_model(graph, str(FOLDER / f"{name}.fml"))
    frames = np.random.default_rng(SEED).normal(0, 1, (FRAMES, *shape)).astype(np.float32)
    with torch.no_grad():
        outputs = model(torch.from_numpy(frames)).numpy()
    (source,), (result,) = graph.inputs, graph.outputs
    np.savez(FOLDER / f"{name}.npz", **{source: frames, result: outputs})
    print(name, source, result, (FOLDER / f"{name}.fml").stat().st_size)


def main() -> None:
    torch.manual_seed(SEED)
    skips = Skips()
    assert skips.norm.running_mean is not None and skips.norm.running_var is not None
    skips.norm.running_mean.uniform_(-0.3, 0.3)
    skips.norm.running_var.uniform_(0.5, 1.5)
    convert(skips.eval(), "pytorch", (2, 8, 8))


if __name__ == "__main__":
    main()
