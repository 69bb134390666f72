"""The networks that come with the package onnx (Caffe2's, operator set 9): each imports, canonicalises, and is lowered or
refused for the operator that hls4ml lacks. Their weights are all alike, so that what they compute says nothing.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
import pytest

from split4ml.compiler.binding import Services
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.dialects import nn
from split4ml.passes.weights import MemoryStore

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
NAMES = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)


class _Notes:
    def note(self, text: str) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize("name", NAMES)
def test_import_and_canonicalise(name: str) -> None:
    """Every node of the data's way is there, or has become part of another; no batch norm of a convolution is left."""
    path = LIGHT / f"light_{name}.onnx"
    store = MemoryStore()
    module = import_onnx(path, store)
    operators = {proto.op_type for proto in onnx.load(path).graph.node}
    run_passes(
        stages(CompileOptions())["canonicalise"][1],
        Services({"weights": lambda: store, "notes": _Notes}),
        context(),
        module,
    )
    model = module.body.block.first_op
    assert isinstance(model, nn.ModelOp)
    kinds = [type(op) for op in model.block.ops]
    assert nn.IdentityOp not in kinds
    assert kinds.count(nn.ConvOp) == sum(p.op_type == "Conv" for p in onnx.load(path).graph.node)
    assert (nn.LocalResponseNormOp in kinds) == ("LRN" in operators)
    if name != "densenet121":  # whose batch norms stand before the activation
        assert nn.BatchNormOp not in kinds
    (output,) = model.outputs
    assert prod(nn.shape_of(output.data)) in (1000, 512)
