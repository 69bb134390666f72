"""Costs and devices that cannot be, through the command: one error with its place, and nothing left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_input import Lab

HUGE = 9 * 10**17


def cost(figure: str, value: object) -> Callable[[str], str]:
    """Of every task."""
    return lambda text: re.sub(rf"{figure} \d+:\d+:\d+", f"{figure} {value}:{value}:{value}", text)


COSTS: dict[str, tuple[Callable[[str], str], str]] = {
    "missing": (lambda text: re.sub(r" \{cost = [^}]*\}", "", text), "has no cost"),
    "huge": (cost("synth_ms", HUGE), "the costs in synthesis time sum to"),
    "beyond all": (cost("lut", 10**40), "out of all bounds"),
    "not finite": (cost("synth_ms", "inf"), "whole numbers and not negative"),
    "not a number": (cost("dsp", "nan"), "whole numbers and not negative"),
    "negative": (cost("lut", -1), "whole numbers and not negative"),
    "no range": (lambda text: re.sub(r"lut \d+:", "lut 99999999:", text, count=1), "is no range"),
}


def with_costs(lab: Lab, build: Path, change: Callable[[str], str]) -> Path:
    folder = lab.copy(build) / "ir"
    path = folder / "edited.mlir"
    (stage,) = folder.glob("[0-9]*-estimate.mlir")
    text = change(stage.read_text())
    assert text != stage.read_text()
    path.write_text(text)
    return path


@pytest.mark.parametrize("case", COSTS)
def test_costs(lab: Lab, tiny_split: Path, case: str) -> None:
    change, words = COSTS[case]
    lab.refuse(with_costs(lab, tiny_split, change), "-p", "partition{subgraphs=2}", words=[words])


def test_costs_of_nothing_can_be_split(lab: Lab, tiny_split: Path) -> None:
    free = with_costs(lab, tiny_split, lambda text: re.sub(r"(\w+) \d+:\d+:\d+", r"\1 0:0:0", text))
    done = lab.compile(free, "-p", 'partition{subgraphs=2 utilisation="lut=70"}')
    assert done.status == 0, done.err
    assert lab.run("explain", lab.out, "--section", "split").status == 0


DEVICES: dict[str, tuple[str, str]] = {
    "[[device]": (":1: this is no TOML", ""),
    "[[device]]\nnames = ['chip']\n": (":1: slr is missing", ""),
    "[[device]]\nnames = ['chip']\nslr = [{ lut = 1, ff = 1, dsps = 1 }]\n": (":3: ", "did you mean 'dsp'?"),
    "[[device]]\nnames = ['chip']\nslr = [{ lut = -4, ff = 1, dsp = 1, bram18 = 1 }]\n": (
        ":3: lut is -4",
        "",
    ),
    "[[board]]\nname = 'Mine'\n": (":1: part is missing", ""),
}


@pytest.mark.parametrize("text", DEVICES, ids=lambda text: text[-24:].strip())
def test_device_files(lab: Lab, tiny_onnx: Path, text: str) -> None:
    """An error on the command line, before anything is compiled."""
    path = lab.write("mine.toml", text)
    where, words = DEVICES[text]
    done = lab.run("compile", tiny_onnx, "-o", lab.out, "--device-file", path)
    assert done.status == 1 and done.err.startswith(f"error: {path}{where}"), done.err
    assert words in done.err


def test_devices_that_nobody_knows(lab: Lab, tiny_onnx: Path) -> None:
    lab.refuse(tiny_onnx, "--board", "zcu1022", status=2, words=["there is no board 'zcu1022'", "zcu102"])
    done = lab.run("compile", tiny_onnx, "-o", lab.out, "--device", "u2500")
    assert done.status == 1 and "there is no device or board 'u2500'" in done.err and "xcu250" in done.err
