"""Writes the zoo of small networks beside itself, each by both of PyTorch's exporters.

    venv/bin/python tests/networks/zoo.py [NAME …]        (PyTorch as for examples/train_digits.py)

zoo/NAME.script.onnx by the TorchScript exporter, zoo/NAME.dynamo.onnx by torch.export. Untrained; what counts is
which operators the exporters write, and that every layer computes what it should.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEED = 11
FOLDER = Path(__file__).with_name("zoo")
Shapes = tuple[tuple[int, ...], ...]


class Function(nn.Module):
    """Layers by name, and how they are put together."""

    def __init__(self, forward: Callable[..., object], **layers: nn.Module) -> None:
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, *inputs: Tensor) -> object:
        return self.function(self, *inputs)


def conv(inputs: int, outputs: int, size: int = 3, **options: int) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False, **options)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


def head(channels: int, classes: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def residual(channels: int) -> Function:
    return Function(
        lambda m, x: F.relu(m.b(m.a(x)) + x),
        a=conv(channels, channels),
        b=nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)),
    )


def unet(m: nn.Module, x: Tensor) -> Tensor:
    near = m.down(x)
    far = m.mid(F.max_pool2d(near, 2))
    out: Tensor = m.out(m.up(torch.cat((near, F.interpolate(far, scale_factor=2, mode="nearest")), 1)))
    return out


def networks() -> dict[str, tuple[nn.Module, Shapes]]:
    """By name, the network and its inputs' shapes without batch."""
    image, line = ((2, 8, 8),), ((3, 16),)
    seq = nn.Sequential
    return {
        "mlp": (seq(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 3), nn.Softmax(1)), ((8,),)),
        "mlp_norm": (
            seq(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(), nn.Linear(6, 2)),
            ((8,),),
        ),
        "autoencoder": (
            seq(
                nn.Linear(12, 6),
                nn.ReLU(),
                nn.Linear(6, 2),
                nn.Linear(2, 6),
                nn.LeakyReLU(0.1),
                nn.Linear(6, 12),
            ),
            ((12,),),
        ),
        "lenet": (
            seq(conv(2, 4), nn.MaxPool2d(2), conv(4, 6), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(24, 4)),
            image,
        ),
        "cnn1d": (
            seq(nn.Conv1d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(32, 3)),
            line,
        ),
        "cnn1d_pool": (
            seq(
                nn.Conv1d(3, 4, 5, stride=2, padding=2),
                nn.BatchNorm1d(4),
                nn.ReLU(),
                nn.AdaptiveAvgPool1d(1),
                nn.Flatten(),
                nn.Linear(4, 3),
            ),
            line,
        ),
        "causal": (
            seq(nn.ConstantPad1d((4, 0), 0.0), nn.Conv1d(3, 4, 3, dilation=2), nn.ReLU(), nn.Conv1d(4, 2, 1)),
            line,
        ),
        "separable": (seq(conv(2, 4), conv(4, 4, groups=4), conv(4, 6, 1), head(6)), image),
        "resnet": (seq(conv(2, 4), residual(4), conv(4, 6, stride=2), residual(6), head(6)), image),
        "mobilenet": (
            Function(
                lambda m, x: m.head(m.project(m.expand(y := m.stem(x))) + y),
                stem=conv(2, 4),
                expand=seq(
                    nn.Conv2d(4, 8, 1), nn.ReLU6(), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU6()
                ),
                project=nn.Conv2d(8, 4, 1),
                head=head(4),
            ),
            image,
        ),
        "unet": (
            Function(unet, down=conv(2, 4), mid=conv(4, 6), up=conv(10, 4), out=nn.Conv2d(4, 1, 1)),
            image,
        ),
        "inception": (
            Function(
                lambda m, x: m.head(torch.cat((m.a(x), m.b(x), m.c(x)), 1)),
                a=conv(2, 3, 1),
                b=conv(2, 3),
                c=conv(2, 3, 5),
                head=head(9),
            ),
            image,
        ),
        "dense_block": (
            Function(
                lambda m, x: m.head(torch.cat((y := torch.cat((x, m.a(x)), 1), m.b(y)), 1)),
                a=conv(2, 3),
                b=conv(5, 3),
                head=head(8),
            ),
            image,
        ),
        "two_in_two_out": (
            Function(
                lambda m, x, z: (m.a(x) + m.b(z), torch.sigmoid(m.c(z))),
                a=nn.Linear(6, 4),
                b=nn.Linear(5, 4),
                c=nn.Linear(5, 2),
            ),
            ((6,), (5,)),
        ),
        "activations": (
            seq(
                nn.Linear(6, 6),
                nn.ELU(),
                nn.Linear(6, 6),
                nn.SELU(),
                nn.Linear(6, 6),
                nn.Softsign(),
                nn.Linear(6, 6),
                nn.Softplus(),
                nn.Linear(6, 6),
                nn.PReLU(),
                nn.Linear(6, 2),
                nn.Sigmoid(),
            ),
            ((6,),),
        ),
        "bounds": (
            seq(
                nn.Linear(6, 6),
                nn.Hardtanh(-0.5, 0.5),
                nn.Linear(6, 6),
                nn.Hardsigmoid(),
                nn.Linear(6, 4),
                nn.Hardswish(),
            ),
            ((6,),),
        ),
        "prelu_channels": (seq(nn.Conv2d(2, 4, 3), nn.PReLU(4), head(4)), image),
        "threshold": (
            Function(lambda m, x: m.b(torch.clamp(m.a(x), min=0.1)), a=nn.Linear(6, 6), b=nn.Linear(6, 2)),
            ((6,),),
        ),
        "silu": (seq(nn.Conv2d(2, 4, 3), nn.SiLU(), head(4)), image),
        "normalised_input": (
            Function(lambda m, x: m.body((x - 0.45) / 0.25), body=seq(conv(2, 4), head(4))),
            image,
        ),
        "scale_shift": (
            Function(
                lambda m, x: m.fc(torch.flatten(F.relu(x * 0.5 + m.conv(x) * 2.0 - 0.25), 1)),
                conv=nn.Conv2d(2, 2, 3, padding=1),
                fc=nn.Linear(128, 3),
            ),
            image,
        ),
        "maxout": (
            Function(lambda m, x: torch.maximum(m.a(x), m.b(x)), a=nn.Linear(6, 4), b=nn.Linear(6, 4)),
            ((6,),),
        ),
        "gated": (
            Function(
                lambda m, x: m.c(m.a(x) * torch.sigmoid(m.b(x))),
                a=nn.Linear(6, 4),
                b=nn.Linear(6, 4),
                c=nn.Linear(4, 2),
            ),
            ((6,),),
        ),
        "global_max": (seq(conv(2, 4), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 3)), image),
        "mean_of_space": (
            Function(lambda m, x: m.fc(m.a(x).mean((2, 3))), a=conv(2, 4), fc=nn.Linear(4, 3)),
            image,
        ),
        "max_of_space": (
            Function(lambda m, x: m.fc(m.a(x).amax((2, 3))), a=conv(2, 4), fc=nn.Linear(4, 3)),
            image,
        ),
        "zero_pad": (seq(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(2, 3, 3), nn.ReLU(), head(3)), image),
        "grouped": (
            seq(nn.Conv2d(4, 4, 3, groups=2), nn.ReLU(), nn.Conv2d(4, 4, 3, dilation=2), head(4)),
            ((4, 8, 8),),
        ),
        "view": (
            Function(lambda m, x: m.fc(m.a(x).view(x.size(0), -1)), a=conv(2, 2), fc=nn.Linear(128, 3)),
            image,
        ),
        "upsampler": (
            seq(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(3, 1, 1)),
            ((2, 4, 4),),
        ),
        # with a batch by name
        "batches": (
            Function(
                lambda m, x: m.fc(m.pool(m.conv(x)).view(x.size(0), -1)),
                conv=conv(2, 3),
                pool=nn.MaxPool2d(2),
                fc=nn.Linear(48, 3),
            ),
            image,
        ),
        "batches_lstm": (Recurrent("LSTM", "index"), ((6, 4),)),
        "embedding": (
            Function(
                lambda m, x: m.fc(m.gru(m.table(x))),
                table=nn.Embedding(11, 4),
                gru=Recurrent("GRU", "index"),
                fc=nn.Linear(2, 2),
            ),
            ((6,),),
        ),
        "soft": (
            seq(
                nn.Linear(6, 6),
                nn.GELU(approximate="tanh"),
                nn.Linear(6, 6),
                nn.Mish(),
                nn.Linear(6, 6),
                nn.CELU(0.5),
                nn.Linear(6, 8),
                nn.GLU(),
                nn.Linear(4, 3),
                nn.LogSigmoid(),
            ),
            ((6,),),
        ),
        "powers": (
            Function(
                lambda m, x: m.b(torch.einsum("bti,io->bto", m.a(x) ** 3, m.w.weight) - x**2),
                a=nn.Linear(4, 4),
                b=nn.Linear(4, 2),
                w=nn.Linear(4, 4, bias=False),
            ),
            ((5, 4),),
        ),
        "unet_transposed": (
            Function(
                lambda m, x: m.out(torch.cat((near := m.down(x), m.up(m.mid(F.max_pool2d(near, 2)))), 1)),
                down=conv(2, 3),
                mid=conv(3, 4),
                up=seq(nn.ConvTranspose2d(4, 3, 2, stride=2), nn.BatchNorm2d(3), nn.ReLU()),
                out=nn.Conv2d(6, 1, 1),
            ),
            image,
        ),
        "points": (
            Function(
                lambda m, x: F.log_softmax(m.fc(m.shared(x).max(2).values), dim=1),
                shared=seq(nn.Conv1d(3, 6, 1), nn.BatchNorm1d(6), nn.ReLU(), nn.Conv1d(6, 8, 1)),
                fc=nn.Linear(8, 3),
            ),
            line,
        ),
        "smooth": (
            Function(
                lambda m, x: m.b(F.interpolate(F.hardshrink(m.a(x), 0.1), scale_factor=2, mode="bilinear")),
                a=nn.Conv2d(2, 3, 3, padding=1),
                b=nn.Conv2d(3, 1, 1),
            ),
            ((2, 4, 4),),
        ),
        "ensemble": (
            Function(
                lambda m, x: torch.stack((m.a(x), m.b(x), m.c(x))).mean(0).squeeze(-1),
                a=seq(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)),
                b=seq(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1)),
                c=nn.Linear(6, 1),
            ),
            ((6,),),
        ),
        "lstm": (Recurrent("LSTM", "index"), ((6, 4),)),
        "lstm_stacked": (Recurrent("LSTM", "state", 2), ((6, 4),)),
        "gru": (Recurrent("GRU", "state"), ((6, 4),)),
        "gru_states": (Recurrent("GRU", "all"), ((6, 4),)),
        "cnn_gru": (
            Function(
                lambda m, x: m.gru(F.relu(m.conv(x)).transpose(1, 2)),
                conv=nn.Conv1d(3, 4, 3, padding=1),
                gru=Recurrent("GRU", "index"),
            ),
            ((3, 8),),
        ),
        "tower1d": (
            Function(
                lambda m, x: m.b(F.interpolate(m.a(x), scale_factor=2.0)),
                a=nn.Conv1d(3, 4, 3, padding=1),
                b=nn.Conv1d(4, 2, 1),
            ),
            line,
        ),
    }


class Recurrent(nn.Module):
    """A recurrent layer, and what is taken of its states: `all`, the last one by `index`, or as its own `state`."""

    def __init__(self, kind: str, taken: str, layers: int = 1) -> None:
        super().__init__()
        self.cell = getattr(nn, kind)(4, 3, layers, batch_first=True)
        self.fc = nn.Linear(3, 2)
        self.taken = taken

    def forward(self, x: Tensor) -> Tensor:
        states, last = self.cell(x)
        if self.taken == "index":
            states = states[:, -1, :]
        elif self.taken == "state":
            states = (last[0] if isinstance(last, tuple) else last)[-1]
        out: Tensor = self.fc(states)
        return out


def write(name: str, network: nn.Module, shapes: Shapes) -> None:
    network.eval()
    inputs = tuple(torch.rand(1, *shape) for shape in shapes)
    if name == "embedding":
        inputs = tuple((10 * values).long() for values in inputs)
    for exporter in ("script", "dynamo"):
        path = FOLDER / f"{name}.{exporter}.onnx"
        options: dict[str, object] = {}
        if name.startswith("batches"):
            batch = torch.export.Dim("batch")
            options = {"input_names": ["x"]} | (
                {"dynamic_axes": {"x": {0: "batch"}}}
                if exporter == "script"
                else {"dynamic_shapes": (({0: batch},),) if isinstance(network, Function) else ({0: batch},)}
            )
        with contextlib.redirect_stdout(io.StringIO()):
            torch.onnx.export(
                network,
                inputs,
                str(path),
                dynamo=exporter == "dynamo",
                opset_version=18,
                external_data=False,
                **options,
            )
        model = onnx.load(path)
        model.doc_string = ""
        for node in model.graph.node:  # stack traces, with paths of the machine
            node.doc_string = ""
            kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
            del node.metadata_props[:]
            node.metadata_props.extend(kept)
        del model.metadata_props[:]
        onnx.save(model, path)


def main(chosen: list[str]) -> None:
    """All of them, or those named."""
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(SEED)
    for name, (network, shapes) in networks().items():
        if chosen and name not in chosen:
            continue
        torch.manual_seed(SEED)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 1.5)
        write(name, network, shapes)


if __name__ == "__main__":
    main(sys.argv[1:])
