"""The networks that come with the package onnx (Caffe2's, operator set 9): each imports, canonicalises, and is lowered or
refused for the operator that hls4ml lacks. Their weights are all alike, so that what they compute says nothing.
"""

from __future__ import annotations

import cProfile
import runpy
from math import prod
from pathlib import Path

import onnx
import pytest
from lowered import IMPORTED, LOWERED, outcome

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


LARGE = ("bvlc_alexnet", "densenet121", "vgg19", "zfnet512")
"""Seconds each, for weights of up to 500 MB or 1,700 nodes."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in NAMES]
)
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


@pytest.mark.parametrize("name", ["inception_v1", "shufflenet", "squeezenet", "resnet50"])
def test_lowered_or_refused(name: str) -> None:
    """Lowered, or refused for an operator of the network, by its name."""
    path = LIGHT / f"light_{name}.onnx"
    found = outcome(path)
    if name != "inception_v1":
        assert found.stage == LOWERED
        return
    assert found.stage == IMPORTED and found.error is not None
    labels = {proto.name or proto.output[0] for proto in onnx.load(path).graph.node}
    assert any(f"(node {label!r})" in str(found.error) for label in labels)


def test_work_grows_like_the_nodes(tmp_path: Path) -> None:
    """Calls of functions, for a residual network and one of twice its blocks. benchmarks/import_scaling.py has the seconds."""
    benchmark = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks/import_scaling.py"))
    calls = []
    for blocks in (2, 8, 16):  # the first loads what is imported lazily
        path = tmp_path / f"{blocks}.onnx"
        benchmark["residual"](blocks, path)
        profile = cProfile.Profile()
        profile.runcall(benchmark["measure"], path)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert 1.8 < calls[2] / calls[1] < 2.2
