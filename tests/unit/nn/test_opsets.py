"""Every operator that imports does so from every opset that has it in that form, from 9 to 23."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import onnx
import pytest
from onnx import version_converter
from operator_models import SPELLINGS, Spelling, write

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

OTHERWISE = {"Softmax, over channels": 13, "LogSoftmax": 13}
"""From which opset on it means what it does now: before, softmax spanned all axes from its own on."""


def imports(path: Path) -> bool:
    try:
        import_onnx(path, MemoryStore())
    except Split4mlError:
        return False
    return True


@cache
def originals(folder: Path) -> list[tuple[Spelling, onnx.ModelProto]]:
    """Those that import as they are."""
    written = [(spelling, write(spelling, folder)) for spelling in SPELLINGS if not spelling.domain]
    return [(spelling, onnx.load(path)) for spelling, path in written if imports(path)]


def in_opset(model: onnx.ModelProto, opset: int) -> onnx.ModelProto | None:
    """The same model, if that opset can say it. onnx converts to newer ones; most operators read the same in older ones."""
    if opset >= model.opset_import[0].version:
        return version_converter.convert_version(model, opset)
    older = onnx.ModelProto()
    older.CopyFrom(model)
    older.opset_import[0].version = opset
    try:
        older = onnx.shape_inference.infer_shapes(
            older, strict_mode=True
        )  # the checker wants outputs with shapes
        onnx.checker.check_model(older)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return None
    return older


@pytest.mark.parametrize("opset", [9, 10, 11, 13, 18, 21, 23])
def test_opset(opset: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path, seen = folder / f"{opset}.onnx", 0
    for spelling, original in originals(folder):
        model = in_opset(original, opset)
        if spelling.name in OTHERWISE and opset < OTHERWISE[spelling.name]:
            continue
        if model is not None:
            path.write_bytes(model.SerializeToString())
            assert imports(path), f"{spelling.name} of opset {opset}"
            seen += 1
    assert seen > 40
