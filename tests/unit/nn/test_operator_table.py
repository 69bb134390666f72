"""docs/operators.md says what happens, and every operator alone computes what ONNX Runtime does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lowered import LOWERED, REFUSED, outcome
from operator_models import SPELLINGS, Spelling, write
from operator_table import operators, table

from split4ml.compiler.frontend.onnx_import import supported_operators
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.passes.nn_numpy import run

PAGE = Path(__file__).parents[3] / "docs/operators.md"
ELSEWHERE = {
    "And",
    "ConvInteger",
    "DequantizeLinear",
    "Greater",
    "GreaterOrEqual",
    "IntQuant",
    "Less",
    "LessOrEqual",
    "MatMulInteger",
    "Not",
    "Or",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
}
"""Operators that make sense together with others only; other tests have them."""


def test_the_page_is_current(tmp_path: Path) -> None:
    assert PAGE.read_text() == table(tmp_path), "docs/operators.md is stale: run make docs"


def test_every_operator_is_in_a_network() -> None:
    missing = set(supported_operators()) - {spelling.op for spelling in SPELLINGS} - ELSEWHERE
    assert not missing


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.name)
def test_alone(spelling: Spelling, tmp_path: Path) -> None:
    """What is lowered computes what ONNX Runtime does; what is not is refused with its operator or node named."""
    path = write(spelling, tmp_path)
    found = outcome(path)
    if found.stage != LOWERED:
        assert found.error is not None and found.error.where is not None
        text = str(found.error)
        assert spelling.op in text if found.stage == REFUSED else "'node'" in text
        return
    assert "node" in operators(path) and found.store is not None
    if spelling.domain:
        return  # ONNX Runtime does not run QONNX: tests/unit/quantised has what it computes
    frames = sample_inputs({f"{name}_in": spelling.shape for name in ("data", "data2")}, 2, low=-1)
    frames = {op.source.data: frames[op.source.data] for op in found.model.inputs}
    expected = Reference(path).run(frames)
    for index in range(2):
        results = run(found.model, found.store, {name: array[index] for name, array in frames.items()})
        for name, array in expected.items():
            np.testing.assert_allclose(results[name], array[index], atol=1e-5)
