"""Published HLS reports as rows of the cost model: a shape, and what the tool said it takes.

A folder holds `layers.csv` (one row per HLS module), `designs.csv` (whole designs) and `times.csv` (run logs); any may be
missing. Columns that a file does not have count as empty. The tables are not part of this repository, since most of their
sources carry no licence; docs/cost.md names the sources.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from split4ml.dialects.precision import Precision
from split4ml.passes.cost.shape import TaskShape

MODIFIED = ("YanLunHuang/", "crimson1256/", "ChiRuiChen/Deepcalo", "ChiRuiChen/Face", "calwilee/")
"""Sources whose layers are not hls4ml's kernels."""
FORK = ("Keb-L/",)
"""Kernels of a fork of hls4ml, close enough to be looked at, but not to be fitted to."""

KINDS: Mapping[str, tuple[str, str]] = {
    "dense": ("Dense", ""),
    "conv1d": ("Conv1D", ""),
    "conv2d": ("Conv2D", ""),
    "pointwise1d": ("PointwiseConv1D", ""),
    "pointwise2d": ("PointwiseConv2D", ""),
    "depthwise2d": ("DepthwiseConv2D", ""),
    "separable2d": ("SeparableConv2D", ""),
    "lstm": ("LSTM", ""),
    "gru": ("GRU", ""),
    "batchnorm": ("BatchNormalization", ""),
    "relu": ("Activation", "relu"),
    "linear": ("Activation", "linear"),
    "sigmoid": ("Activation", "sigmoid"),
    "tanh": ("Activation", "tanh"),
    "hardsigmoid": ("Activation", "hard_sigmoid"),
    "leakyrelu": ("LeakyReLU", ""),
    "softmax": ("Softmax", ""),
    "pooling": ("Pooling2D", "max"),
    "globalpooling": ("GlobalPooling2D", ""),
    "zeropad": ("ZeroPadding2D", ""),
    "resize": ("Resize", ""),
    "merge": ("Merge", "add"),
    "concat": ("Concatenate", ""),
    "clone": ("Clone", ""),
}
"""hls4ml's class and function by the tables' kind."""
MATRIX = ("dense", "conv", "pointwise", "depthwise", "separable")


@dataclass(frozen=True)
class Published:
    """One module of one report.

    truth:    by figure, what the report says.
    kernels:  hls4ml's own, those of a fork, or modified ones.
    inferred: its reuse factor was not published and follows from its DSPs, which then say nothing about the DSP rule.
    weight:   how many designs the row is the mean of.
    """

    source: str
    design: str
    module: str
    shape: TaskShape
    truth: Mapping[str, float]
    kernels: Literal["hls4ml", "fork", "modified"]
    inferred: bool = False


def read_layers(folders: list[Path]) -> tuple[list[Published], dict[str, int]]:
    """The rows of all `layers.csv`, and how many were left out, by reason. A later folder's rows of one source replace
    those of an earlier one."""
    found: dict[str, list[Published]] = {}
    skipped: dict[str, int] = {}
    for folder in folders:
        mine: dict[str, list[Published]] = {}
        for row in _rows(folder / "layers.csv"):
            source = row["source"].split("@")[0].split(" ")[0]
            kept = mine.setdefault(source, [])
            try:
                kept.append(_published(row, source))
            except _LeftOut as reason:
                skipped[str(reason)] = skipped.get(str(reason), 0) + 1
        found |= mine
    return [row for rows in found.values() for row in rows], skipped


class _LeftOut(Exception):
    """Why a row cannot be used."""


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield {key: value or "" for key, value in row.items() if key}


def number(row: Mapping[str, str], *names: str) -> float | None:
    """The first of the columns that holds a number."""
    for name in names:
        try:
            return float(row.get(name, ""))
        except ValueError:
            continue
    return None


def size(row: Mapping[str, str], *names: str) -> float | None:
    """The first of the columns that holds a positive number (hls4ml writes -1 for "all of them")."""
    return next((value for name in names if (value := number(row, name)) is not None and value >= 1), None)


def _precision(text: str) -> Precision | None:
    try:
        return Precision.parse(text.replace("ap_", "")) if text else None
    except ValueError:
        return None


def _published(row: Mapping[str, str], source: str) -> Published:
    kind, function = KINDS.get(row["kind"], ("", ""))
    if not kind:
        raise _LeftOut(f"kind {row['kind']}")
    if "1d" in row.get("module", ""):
        kind = kind.replace("2D", "1D")
    matrix = row["kind"].startswith(MATRIX)
    truth = {
        figure: value
        for figure, column in (("lut", "lut"), ("ff", "ff"), ("dsp", "dsp"), ("bram18", "bram18"))
        if (value := number(row, column)) is not None
    }
    n_in, n_out = number(row, "n_in"), number(row, "n_out")
    weight, data = _precision(row.get("w_prec", "")), _precision(row.get("in_prec", ""))
    result, accumulator = _precision(row.get("out_prec", "")), _precision(row.get("accum_prec", ""))
    recurrent = kind in ("LSTM", "GRU")
    if (matrix or recurrent) and not (n_in and n_out):
        raise _LeftOut("no shape")
    if (matrix or recurrent) and weight is None:
        raise _LeftOut("no precision of its weights")
    reuse, inferred = number(row, "reuse"), False
    if reuse is None and matrix and n_in and n_out:
        if not truth.get("dsp"):
            raise _LeftOut("no reuse factor")
        reuse, inferred = max(1, round(n_in * n_out / truth["dsp"])), True
    stream = not (row.get("inner") == "True" or row.get("io") == "io_parallel")
    if not stream and matrix and kind != "Dense":
        raise _LeftOut("convolution of io_parallel, which repeats its products")
    gates = 4 if kind == "LSTM" else 3
    data = data or (weight if matrix or recurrent else None) or Precision(16, 6)
    elements = _elements(row, matrix, stream)
    if not matrix and not recurrent and elements is None and kind != "Clone":
        raise _LeftOut("no number of elements")
    nonzero = number(row, "n_nonzeros") if matrix else None
    shape = TaskShape(
        kind=kind,
        function=str(row.get("pool_op", "") if "Pooling" in kind else function).lower(),
        n_in=int(n_in or 0),
        n_out=int(n_out or 0),
        n_weights=int((n_in + n_out) * gates * n_out) if recurrent and n_in and n_out else 0,
        n_nonzero=None if nonzero is None else int(nonzero),
        multipliers=_whole(number(row, "multipliers")),
        shift_adds=_whole(number(row, "shift_adds")),
        in_width=data.width,
        weight_width=weight.width if weight else 16,
        weight_fraction=weight.width - weight.integer if weight else None,
        out_width=result.width if result else 16,
        accum_width=accumulator.width if accumulator else 0,
        rounded_bits=_rounded(data, result),
        saturated_bits=_saturated(data, result),
        strategy=row.get("strategy") or "latency",
        reuse_factor=int(reuse or 1),
        elements=int(elements or 1),
        out_elements=int(size(row, "out_elements", "n_filt") or elements or 1),
        kernel_height=_kernel(row, kind, 0),
        kernel_width=_kernel(row, kind, 1),
        channels=int(size(row, "n_chan", "n_filt") or elements or 0),
        row=int(size(row, "in_w") or 0),
        tokens=_tokens(row, kind, elements),
        table=int(number(row, "table_size") or 1024),
        clock_ns=number(row, "clock_ns") or 5.0,
        backend="vivado" if row["tool"] < "2020.2" else "vitis",
        tool_version=row["tool"],
        multiplier_style=_style(source, row["design"]),
        stream=stream,
    )
    kernels: Literal["hls4ml", "fork", "modified"] = (
        "modified"
        if row.get("modified") or source.startswith(MODIFIED)
        else "fork"
        if source.startswith(FORK)
        else "hls4ml"
    )
    return Published(source, row["design"], row.get("module", ""), shape, truth, kernels, inferred)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _rounded(data: Precision, result: Precision | None) -> int:
    """Bits below the output type that it rounds away (cutting them off is free)."""
    if result is None or "RND" not in result.rounding:
        return 0
    return max(0, (data.width - data.integer) - (result.width - result.integer))


def _saturated(data: Precision, result: Precision | None) -> int:
    if result is None or not result.saturation.startswith("SAT"):
        return 0
    return max(0, data.integer - result.integer)


def _style(source: str, design: str) -> Literal["auto", "dsp", "fabric"]:
    """ArgyKokk's projects bind their multipliers, and say so in their names."""
    if not source.startswith("ArgyKokk/"):
        return "auto"
    return "dsp" if "DSP" in design else "fabric"


def _elements(row: Mapping[str, str], matrix: bool, stream: bool) -> float | None:
    """Elements of an input token."""
    if (value := size(row, "in_elements")) is not None:
        return value
    if matrix:
        return size(row, "n_chan", "n_in")
    named = re.findall(r"_(\d+)u(?:_|$)", row.get("module", ""))
    if named:
        return float(named[0])
    return size(row, "n_chan", "n_filt", *(() if stream else ("n_in",)))


def _tokens(row: Mapping[str, str], kind: str, elements: float | None) -> int:
    """Tokens of a frame, of the kinds to whose cost they matter."""
    if kind == "BatchNormalization":
        return max(1, round((size(row, "n_in") or 1) / (elements or 1)))
    return int((size(row, "in_h") or 1) * (size(row, "in_w", "n_in") or 1))


def _kernel(row: Mapping[str, str], kind: str, axis: int) -> int:
    if kind == "Dense":
        return 1
    names = (("filt_h", "pool_h"), ("filt_w", "pool_w"))[axis]
    default = 2 if kind.startswith("Pooling") and (axis or kind.endswith("2D")) else 1
    return int(size(row, *names) or default)
