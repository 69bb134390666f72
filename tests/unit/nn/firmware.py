"""The C simulation of a network's firmware, through the passes of `split4ml compile`; compiled libraries are kept.

They lie in build/csim (SPLIT4ML_CSIM_CACHE names another folder), by the content of the C++: what was compiled before costs
nothing again, and networks that differ in their weights only share one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.backends.hls4ml.csim import Stage, build_chain, run_chain
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.project import write_monolithic
from split4ml.compiler.blobstore import BlobStore
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.compiler.layout import from_tokens, to_tokens
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.services import Session
from split4ml.compiler.workspace import services_of
from split4ml.dialects import flow, nn

Array = npt.NDArray[Any]
PRECISION = "fixed<40,16>"
PRECISIONS = {"mlp": "fixed<16,4>"}
"""Networks with softmax, whose exponent hls4ml looks up by the upper ten bits of a value: they must count."""
TOLERANCE = 3e-2
"""hls4ml's tables: of 1024 entries over [-8, 8] or [0, 8]."""
TOLERANCES = {"mlp": 0.1}
"""hls4ml's softmax looks the reciprocal of a sum up by its upper ten bits: 0.25 apart."""
CACHE = Path(os.environ.get("SPLIT4ML_CSIM_CACHE", Path(__file__).parents[3] / "build/csim"))


def compare(path: Path, model: nn.ModelOp, folder: Path) -> float:
    """The largest difference of the firmware from ONNX Runtime, over five frames of noise. Raises AssertionError if
    that is more than tables explain."""
    shapes = {op.source.data: tuple(np.array(op.shape)[np.argsort(op.axes)].tolist()) for op in model.inputs}
    frames = sample_inputs(shapes, 5, low=-1)
    expected, found = Reference(path).run(frames), simulate(path, frames, folder)
    tolerance = TOLERANCES.get(path.name.split(".")[0], TOLERANCE)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=tolerance, err_msg=f"{path.name}: {name}")
    return max(float(np.abs(found[name] - array).max()) for name, array in expected.items())


def simulate(path: Path, inputs: Mapping[str, Array], folder: Path) -> dict[str, Array]:
    """Results of the firmware by output: [frames, …], as the user's model has them. folder: for what is written."""
    precision = PRECISIONS.get(path.name.split(".")[0], PRECISION)
    session = Session(BlobStore(), folder / "build", hls=HlsOptions(precision=precision))
    module = import_onnx(path, session.store)
    options = CompileOptions(precision=precision)
    passes = [
        spec for name in ("canonicalise", "stream", "quantise", "lower") for spec in stages(options)[name][1]
    ]
    run_passes(passes, services_of(lambda: session), context(), module)
    model = module.body.block.first_op
    assert isinstance(model, flow.ModelOp)
    write_monolithic(session.graph(model), folder / "project")
    frames = len(next(iter(inputs.values())))
    chain = build_chain([Stage(folder / "project")], CACHE)
    return from_tokens(model, run_chain(chain, to_tokens(model, inputs, range(frames))), frames)
