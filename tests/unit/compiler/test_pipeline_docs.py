"""The examples in docs/pipelines.md are checked scripts and pipelines."""

from __future__ import annotations

import re
from pathlib import Path

from split4ml.compiler.binding import bind_all
from split4ml.compiler.pipeline.parser import parse_pipeline, parse_script
from split4ml.compiler.pipeline.script import check_script
from split4ml.compiler.pipeline.syntax import Compile

TEXT = (Path(__file__).parents[3] / "docs" / "pipelines.md").read_text("utf-8")


def test_the_example_script_is_right() -> None:
    block = TEXT[TEXT.index("    # Two ways to split") : TEXT.index("## The default pipeline")]
    statements = parse_script(re.sub(r"(?m)^    ", "", block), "docs/pipelines.md")
    check_script(statements)
    assert sum(isinstance(statement, Compile) for statement in statements) == 2


def test_the_example_pipeline_is_right() -> None:
    (text,) = re.findall(r"(?m)^    split4ml opt \S+ -p '(.*)'$", TEXT)
    assert len(bind_all(parse_pipeline(text))) == 3
