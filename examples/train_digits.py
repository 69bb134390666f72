"""Trains the demo's network on scikit-learn's digits and writes what `make demo` reads. Takes about a minute.

    python -m venv venv && venv/bin/pip install torch==2.13.0 onnxscript scikit-learn
    venv/bin/python examples/train_digits.py

Writes beside itself `digits_resnet.onnx` and `digits_test.npz`: the 360 held-out images under the ONNX input's name,
and their `labels`. The data is the UCI "Optical Recognition of Handwritten Digits" test set (E. Alpaydin, C. Kaynak,
1998, CC BY 4.0), as packaged with scikit-learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from digits_net import DigitsNet
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 2024
EPOCHS = 60


def data() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images (float32[n, 1, 8, 8], 0 to 1) and labels for training, then those held out: a fifth of each class."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    parts = train_test_split(images, labels, test_size=360, random_state=SEED, stratify=labels)
    x, x_test, y, y_test = (torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
    return x, y, x_test, y_test


def shifted(images: torch.Tensor) -> torch.Tensor:
    """Every image moved by up to one pixel each way."""
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    rows, columns = torch.randint(0, 3, (2, len(images)))
    moved = [padded[i, :, r : r + 8, c : c + 8] for i, (r, c) in enumerate(zip(rows, columns, strict=True))]
    return torch.stack(moved)


def train(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    batches = -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, epochs=EPOCHS, steps_per_epoch=batches)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    net.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_of(net(shifted(x[batch])), y[batch]).backward()
            optimizer.step()
            schedule.step()
    net.eval()


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums in one order, so that two runs give the same weights
    x, y, x_test, y_test = data()
    net = DigitsNet()
    train(net, x, y)
    with torch.no_grad():
        accuracy = (net(x_test).argmax(1) == y_test).float().mean().item()
    print(f"{accuracy:.4f} of {len(x_test)} held-out images are right")
    folder = Path(__file__).parent
    path = folder / "digits_resnet.onnx"
    torch.onnx.export(
        net,
        (x_test[:1],),
        path,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        optimize=False,  # keeps batch normalisation as it was trained
        external_data=False,
    )
    model = onnx.load(path)
    for node in model.graph.node:  # stack traces, with paths of the machine
        kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    onnx.save(model, path)
    np.savez_compressed(folder / "digits_test.npz", image=x_test.numpy(), labels=y_test.numpy())


if __name__ == "__main__":
    main()
