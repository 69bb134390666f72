"""The C++ of a product by distributed arithmetic, as hls4ml writes it: every statement understood, none taken on trust.

    ap_fixed<18,7> v18 = v7 - bit_shift<-1>(v14);        one addition of a shifted value
    model_out[2] = ap_fixed<20,9>(bit_shift<2>(v18));    an output: here 4 * v7 - 2 * v14

What an archive holds of it is code that the C simulation compiles and runs, so a line of any other form is an error. What is left is a
sum of multiples of the inputs, whose factors are the layer's weights: hls4ml deletes those of a Dense layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.bits import Floats

_INT = r"-?\d{1,4}"
_TYPE = rf"ap_u?fixed<\d{{1,4}},{_INT}>"
_QUANTISED = rf"ap_u?fixed<\d{{1,4}}, {_INT}(?:, AP_[A-Z_]{{2,12}}, AP_[A-Z_]{{2,12}})?>"
_NUMBER = r"\d{1,40}(?:\.\d{1,60})?(?:e[+-]?\d{1,3})?"
_VALUE = r"-?v\d+"
_SHIFTED = rf"bit_shift<{_INT}>\(v\d+\)"
_FUNCTION = re.compile(
    r"template <typename inp_t, typename out_t>\s*"
    r"void (?P<name>dense_da_(?P<index>\d+))\(inp_t model_inp\[(?P<n_in>\d+)\], out_t model_out\[(?P<n_out>\d+)\]\) "
    rf"\{{ // {_TYPE} -> {_TYPE}\n"
    r" *#pragma HLS INLINE\n(?P<body>[^{}#]*)\n\}\s*"
    r"template <typename inp_t, typename out_t, typename DUMMY> struct dense_da_wrapper_(?P=index) \{\s*"
    r"static void dense\(inp_t inp\[(?P=n_in)\], out_t out\[(?P=n_out)\], void \*weights=nullptr, void \*biases=nullptr\) \{\s*"
    r"(?P=name)\(inp, out\);\s*\}\s*\};\s*"
)
_INPUT = re.compile(rf"{_QUANTISED} model_inp_q_(?P<to>\d+) = (?:model_inp\[(?P<of>\d+)\]|0);")
_VARIABLE = re.compile(
    rf"{_TYPE} v(?P<to>\d+) = (?:model_inp(?:\[(?P<input>\d+)\]|_q_(?P<quantised>\d+))|(?P<number>-?{_NUMBER})"
    rf"|(?P<first>{_VALUE})(?: (?P<sign>[+-]) (?:(?P<second>v\d+|{_SHIFTED})|{_TYPE}\((?P<constant>{_NUMBER})\)))?);"
    rf"(?: // {_NUMBER})?"
)
_OUTPUT = re.compile(rf"model_out\[(?P<to>\d+)\] = (?:0|{_TYPE}\((?P<minus>-?)(?P<value>v\d+|{_SHIFTED})\));")
_TERM = re.compile(rf"(?P<minus>-?)(?:bit_shift<(?P<shift>{_INT})>\()?(?P<value>v\d+)\)?")

_BIAS = -1
"""The key of the constant term among those of the inputs."""

_Sum = dict[int, float]


@dataclass(frozen=True, eq=False)
class Adders:
    """index: of the layer. weight: [inputs, outputs], float64, exact up to 53 significant bits. bias: [outputs]."""

    index: int
    weight: Floats
    bias: Floats


def read_adders(code: str, where: str) -> Adders:
    """Raises Split4mlError for code that is anything but additions of shifted inputs."""
    function = _FUNCTION.fullmatch(code.strip())
    if function is None:
        raise Split4mlError("its code for distributed arithmetic is none that hls4ml writes", where)
    n_in, n_out = int(function["n_in"]), int(function["n_out"])
    try:
        outputs = _outputs(function["body"], n_in, n_out)
    except (KeyError, ValueError, OverflowError) as error:
        reason = error.args[0] if isinstance(error, ValueError) else f"{error.args[0]} is not defined"
        raise Split4mlError(f"its code for distributed arithmetic cannot be read: {reason}", where) from None
    weight, bias = np.zeros((n_in, n_out)), np.zeros(n_out)
    for column, terms in enumerate(outputs):
        for row, factor in terms.items():
            if row == _BIAS:
                bias[column] = factor
            else:
                weight[row, column] = factor
    return Adders(int(function["index"]), weight, bias)


def _outputs(body: str, n_in: int, n_out: int) -> list[_Sum]:
    """What each output is, as factors by input. Raises ValueError, or KeyError with what is used before it is there."""
    values: dict[str, _Sum] = {}
    outputs: list[_Sum | None] = [None] * n_out
    for line in _statements(body):
        if match := _VARIABLE.fullmatch(line):
            values[f"v{match['to']}"] = _variable(match, values, n_in)
        elif match := _OUTPUT.fullmatch(line):
            place = int(match["to"])
            if place >= n_out:
                raise ValueError(f"{line!r} is beyond the {n_out} outputs")
            term = match["value"]
            outputs[place] = {} if term is None else _scaled(match["minus"] + term, values)
        elif match := _INPUT.fullmatch(line):
            if int(match["to"]) >= n_in or (match["of"] or match["to"]) != match["to"]:
                raise ValueError(f"{line!r} is no input")
            values[f"model_inp_q_{match['to']}"] = {int(match["to"]): 1.0} if match["of"] else {}
        else:
            raise ValueError(f"{line[:80]!r} is no addition")
    if (missing := next((place for place, terms in enumerate(outputs) if terms is None), None)) is not None:
        raise ValueError(f"output {missing} is missing")
    return [terms or {} for terms in outputs]


def _statements(body: str) -> Iterator[str]:
    return (line for raw in body.splitlines() if (line := raw.strip()))


def _variable(match: re.Match[str], values: dict[str, _Sum], n_in: int) -> _Sum:
    if match["input"] is not None:
        if int(match["input"]) >= n_in:
            raise ValueError(f"model_inp[{match['input']}] is beyond the {n_in} inputs")
        return {int(match["input"]): 1.0}
    if match["quantised"] is not None:
        return values[f"model_inp_q_{match['quantised']}"]
    if match["number"] is not None:
        return {_BIAS: float(match["number"])}
    total = _scaled(match["first"], values)
    if match["sign"] is None:
        return total
    sign = -1.0 if match["sign"] == "-" else 1.0
    second = (
        {_BIAS: float(match["constant"])} if match["second"] is None else _scaled(match["second"], values)
    )
    for row, factor in second.items():
        total[row] = total.get(row, 0.0) + sign * factor
    return total


def _scaled(text: str, values: dict[str, _Sum]) -> _Sum:
    """A new sum: that of `v3`, `-v3` or `bit_shift<2>(v3)`."""
    term = _TERM.fullmatch(text)
    assert term is not None, text
    factor = float(np.ldexp(-1.0 if term["minus"] else 1.0, int(term["shift"] or 0)))
    return {row: factor * value for row, value in values[term["value"]].items()}
