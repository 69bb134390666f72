"""xDSL's pipeline syntax is a subset of ours: what its parser accepts, ours accepts with the same meaning."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError

from split4ml.compiler.pipeline.convert import convert
from split4ml.compiler.pipeline.parser import parse_pipeline as parse_ours
from split4ml.compiler.pipeline.syntax import Option, Pipeline, Scalar

words = st.sampled_from(
    ["a", "b-c", "2d-slice", "-x", "_", "1", "-5", "+7", "1.5", "1.", "2.5e3", "1e5", "true", "false", "none"]
)
strings = st.sampled_from(['""', '"x y"', '"a\\"b"', '"\\n\\t\\\\"', '"{,}= #"', '"é"'])
pieces = st.one_of(
    words,
    strings,
    st.sampled_from(
        ["{", "}", "=", ",", " ", "\n", "\t", "mlir-opt", "[", "]", "[cse,x{y}]", "{}", "#", ":", "%"]
    ),
)
values = st.lists(words | strings, min_size=1, max_size=3).map(",".join)
keys = st.sampled_from(["a", "b-c", "max_n", "2d-slice"])
options = st.one_of(keys, st.tuples(keys, values).map("=".join))
passes = st.tuples(
    st.sampled_from(["a", "b-c", "2d-slice", "_x"]),
    st.lists(options, max_size=3).map(" ".join).map(lambda body: f"{{{body}}}") | st.just(""),
).map("".join)
wellformed = st.lists(passes, max_size=4).map(",".join)


def theirs(text: str) -> list[ArgSpec] | None:
    try:
        return list(parse_pipeline(text))
    except (ArgSpecParseError, AssertionError, UnicodeDecodeError):
        return None


def assert_same(ours: Pipeline, specs: list[ArgSpec]) -> None:
    assert [spec.name for spec in ours] == [spec.name for spec in specs]
    for mine, other in zip(ours, specs, strict=True):
        if mine.name == "mlir-opt" and "arguments" in other.parameters:
            continue  # a call of another program, which xDSL spells out as its arguments
        # xDSL lets the last of equal options win; we refuse them later, when options get their types
        options = {option.name: option for option in mine.options}
        assert list(options) == list(other.parameters)
        for name, values in other.parameters.items():
            scalars = options[name].values or ()
            assert len(scalars) == len(values)
            for scalar, value in zip(scalars, values, strict=True):
                assert_value(scalar, value)


def assert_value(scalar: Scalar, value: str | float | bool) -> None:
    """Ours keeps the text; converted to the type that xDSL guessed, it is xDSL's value."""
    assert convert(Option("x", (scalar,)), type(value)) == value
    if isinstance(value, str):
        assert scalar.text == value


@settings(max_examples=400)
@given(wellformed)
@example("a{x=1e5}")
@example("a{x=[1],y}")
@example("a,")
@example("mlir-opt[canonicalize,cse]")
def test_wellformed(text: str) -> None:
    specs = theirs(text)
    if specs is not None:
        assert_same(parse_ours(text), specs)


@settings(max_examples=1000)
@given(st.lists(pieces, max_size=8).map("".join))
def test_whatever_they_accept(text: str) -> None:
    specs = theirs(text)
    if specs is not None:
        assert_same(parse_ours(text), specs)


@pytest.mark.parametrize("text", ["a{b=lut:80%}", "a{pin=a:0}", "a{b=[1,2]}", "a , b", "a{ x = 1 }", "a # c"])
def test_ours_is_larger(text: str) -> None:
    assert theirs(text) is None
    assert parse_ours(text)
