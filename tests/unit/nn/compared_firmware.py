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
from split4ml.compiler.frontend.reference import Reference, samples_for
from split4ml.compiler.layout import from_tokens, to_tokens
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.services import Session
from split4ml.compiler.workspace import services_of
from split4ml.dialects import flow, nn
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision

Array = npt.NDArray[Any]
PRECISION, TOLERANCE = "fixed<40,16>", 3e-2
"""What differs is hls4ml's tables: of 1024 entries over [-8, 8] or [0, 8]."""
WITH_SOFTMAX = "fixed<18,6>", 3e-2
"""hls4ml's softmax looks an exponent up by the upper ten bits of a value, which must count: 1/16 apart."""
SUMS = {"inv_inp": Precision(18, 4, False)}
"""And the reciprocal of a sum of exponents, at most one per class, by those of the sum: 1/64 apart, not 1/4 as by default."""
CACHE = Path(os.environ.get("SPLIT4ML_CSIM_CACHE", Path(__file__).parents[3] / "build/csim"))


def compare(path: Path, model: nn.ModelOp, folder: Path) -> float:
    """The largest difference of the firmware from ONNX Runtime, over five frames of noise. Raises AssertionError if
    that is more than tables explain."""
    frames = samples_for(model, 5, low=-1)
    softmax = any(isinstance(op, nn.SoftmaxOp) for op in model.block.ops)
    precision, tolerance = WITH_SOFTMAX if softmax else (PRECISION, TOLERANCE)
    expected, found = Reference(path).run(frames), simulate(path, frames, folder, precision)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=tolerance, err_msg=f"{path.name}: {name}")
    return max(float(np.abs(found[name] - array).max()) for name, array in expected.items())


def simulate(
    path: Path, inputs: Mapping[str, Array], folder: Path, precision: str = PRECISION
) -> dict[str, Array]:
    """Results of the firmware by output: [frames, …], as the user's model has them. folder: for what is written."""
    session = Session(BlobStore(), folder / "build", hls=HlsOptions(precision=precision))
    module = import_onnx(path, session.store)
    options = CompileOptions(precision=precision)
    passes = [
        spec for name in ("canonicalise", "stream", "quantise", "lower") for spec in stages(options)[name][1]
    ]
    for op in module.walk():
        if isinstance(op, nn.SoftmaxOp):
            op.types = typed(SUMS)
    run_passes(passes, services_of(lambda: session), context(), module)
    model = module.body.block.first_op
    assert isinstance(model, flow.ModelOp)
    write_monolithic(session.graph(model), folder / "project")
    frames = len(next(iter(inputs.values())))
    chain = build_chain([Stage(folder / "project")], CACHE)
    return from_tokens(model, run_chain(chain, to_tokens(model, inputs, range(frames))), frames)
