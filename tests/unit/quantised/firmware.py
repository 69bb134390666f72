"""The C simulation of a lowered network: hls4ml's C++, compiled and run on frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.hls4ml.csim import Stage, build_chain, run_chain
from split4ml.backends.hls4ml.project import write_monolithic
from split4ml.compiler.blobstore import BlobStore
from split4ml.compiler.layout import frames_in, from_tokens, to_tokens
from split4ml.compiler.services import Session
from split4ml.dialects import flow
from split4ml.passes.lower_nn_to_flow import LowerNNToFlow
from split4ml.passes.weights import MemoryStore

Array = npt.NDArray[np.generic]


def simulated(
    module: ModuleOp, store: MemoryStore, frames: Mapping[str, Array], folder: Path
) -> dict[str, npt.NDArray[np.float64]]:
    """Values by the user's names and in the user's layout, first axis = frames. The module is lowered to flow."""
    session = Session(BlobStore(), folder)
    LowerNNToFlow(lowering=session, weights=store).apply(Context(), module)
    (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
    write_monolithic(session.archive_path(model), folder / "project", "whole")
    chain = build_chain([Stage(folder / "project")], folder / "libraries")
    count = frames_in(model, frames, "the test")
    return from_tokens(model, run_chain(chain, to_tokens(model, frames, range(count))), count)
