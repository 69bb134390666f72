"""Pipelines and scripts: text to trees and back, and errors that show the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.compiler.pipeline import syntax
from split4ml.compiler.pipeline.parser import parse_pipeline, parse_script
from split4ml.compiler.pipeline.source import PipelineError
from split4ml.compiler.pipeline.syntax import Option, PassSpec, Scalar

names = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
scalars = st.one_of(
    st.builds(Scalar, st.from_regex(r"[A-Za-z0-9/:%.+-]{1,8}", fullmatch=True), st.just(False)),
    st.builds(Scalar, texts, st.just(True)),
)
options = st.builds(Option, names, st.none() | st.lists(scalars, max_size=4).map(tuple))
specs = st.builds(PassSpec, names, st.lists(options, max_size=4).map(tuple))
pipelines = st.lists(specs, max_size=4).map(tuple)
nonempty = st.lists(specs, min_size=1, max_size=3).map(tuple)
statements = st.one_of(
    st.builds(syntax.Set, st.builds(Option, names, st.lists(scalars, max_size=3).map(tuple))),
    st.builds(syntax.Load, texts),
    st.builds(syntax.Define, names, nonempty),
    st.builds(syntax.Run, nonempty),
    st.builds(syntax.Print),
    st.builds(syntax.Emit, texts),
    st.builds(syntax.Compile, st.none() | nonempty, texts),
)


@given(pipelines)
def test_pipelines_print_and_parse_back(pipeline: syntax.Pipeline) -> None:
    assert parse_pipeline(syntax.render(pipeline)) == pipeline


@given(st.lists(statements, max_size=6))
def test_scripts_print_and_parse_back(script: list[syntax.Statement]) -> None:
    assert list(parse_script("\n".join(map(str, script)), "s")) == script


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused_with_a_place(text: str) -> None:
    for parse in (lambda: parse_pipeline(text), lambda: parse_script(text, "s")):
        try:
            parse()
        except PipelineError as error:
            assert error.place is not None
            assert error.excerpt is not None


def test_values() -> None:
    (spec,) = parse_pipeline(
        'p{a b=1 c=1e5 d="x, y" e=lut=80%,f pin=a:0 g=[1, "2",] h=[]}'.replace("lut=80%", "80%")
    )
    assert [option.name for option in spec.options] == ["a", "b", "c", "d", "e", "pin", "g", "h"]
    flag, *others = spec.options
    assert flag.values is None
    assert [[str(value) for value in option.values or ()] for option in others] == [
        ["1"],
        ["1e5"],
        ['"x, y"'],
        ["80%", "f"],
        ["a:0"],
        ["1", '"2"'],
        [],
    ]


def test_a_string_may_span_lines_and_hold_comments() -> None:
    text = "partition{subgraphs=4  # as many as FPGAs\n  lut=5}\n, size-fifos\n"
    assert syntax.render(parse_pipeline(text)) == "partition{subgraphs=4 lut=5},size-fifos"


def test_script() -> None:
    text = """\
# a comment

set part = xcu250      # another
set cut-before = conv1,
                 "conv 2"
load "m.onnx"
pipeline split = estimate, partition{
  subgraphs=4          # inside braces
  lut=5
}
run split, profile
print
emit "out.mlir"
compile split -> "build"
compile -> "other"
"""
    assert "\n".join(map(str, parse_script(text, "s"))) == (
        "set part = xcu250\n"
        'set cut-before = [conv1,"conv 2"]\n'
        'load "m.onnx"\n'
        "pipeline split = estimate, partition{subgraphs=4 lut=5}\n"
        "run split, profile\n"
        "print\n"
        'emit "out.mlir"\n'
        'compile split -> "build"\n'
        'compile -> "other"'
    )


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a b", "-p:1:3", "found 'b'"),
        ("a{", "-p:1:3", "found the end of the text"),
        ("a,\nb{x=}", "-p:2:5", "found '}'"),
        (",", "-p:1:1", "found ','"),
        ('a{x="1}', "-p:1:5", "the string does not end on its line"),
        ('a{x="\\q"}', "-p:1:5", "unknown escape"),
        ("a[x]", "-p:1:2", "options of a are written in braces"),
        ("a{x=1}}", "-p:1:7", "found '}'"),
    ],
)
def test_errors_of_strings(text: str, where: str, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        parse_pipeline(text)
    assert caught.value.where == where
    assert message in caught.value.message
    assert caught.value.is_usage


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ('lod "x"', "s:1:1", "'lod' begins no statement", "did you mean 'load'?"),
        ("\n\n  prnt", "s:3:3", "'prnt' begins no statement", "did you mean 'print'?"),
        ("fold-constants", "s:1:1", "begins no statement", "a statement begins with set, load"),
        ("load m.onnx", "s:1:6", 'expected a string in "quotes"', None),
        ("run a,", "s:1:7", "expected a name", None),
        ("run a,\n\nprint print", "s:3:7", "found 'print'", None),
        ("run a{x=1\nprint y=}", "s:2:9", "found '}'", None),
        ("set x =", "s:1:8", "expected", None),
        ("compile a", "s:1:10", "expected ->", None),
    ],
)
def test_errors_of_scripts(text: str, where: str, message: str, hint: str | None) -> None:
    with pytest.raises(PipelineError) as caught:
        parse_script(text, "s")
    assert caught.value.where == where
    assert message in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")
    assert not caught.value.is_usage


def test_the_caret_stands_under_the_place() -> None:
    with pytest.raises(PipelineError) as caught:
        parse_script('print\n\tlaod "x"', "s")
    assert caught.value.excerpt == '\tlaod "x"\n\t^^^^'
