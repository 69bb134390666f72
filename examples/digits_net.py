"""The demo's network: a small residual CNN for 8 x 8 grey images of digits."""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a skip connection, which is a 1 x 1 convolution if the shape changes."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.skip = nn.Conv2d(channels_in, channels_out, 1, stride)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        out: Tensor = self.relu2(self.bn2(self.conv2(y)) + self.skip(x))
        return out


class DigitsNet(nn.Module):
    """1 x 8 x 8 pixels in [0, 1] to 10 logits; about 5,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.stem_bn = nn.BatchNorm2d(8)
        self.stem_relu = nn.ReLU()
        self.block1 = Residual(8, 8)
        self.pool = nn.MaxPool2d(2)
        self.block2 = Residual(8, 16, stride=2)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem_relu(self.stem_bn(self.stem(x)))
        y = self.block2(self.pool(self.block1(y)))
        out: Tensor = self.fc(y.mean((2, 3)))
        return out
