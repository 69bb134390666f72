"""A network, its firmware, and the numbers in the firmware's streams: what the checks of its arithmetic look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from xdsl.dialects.builtin import ModuleOp

from split4ml.compiler.arithmetic_check import firmware
from split4ml.compiler.compile import LOWERED, flow_model, open_session
from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.services import Session
from split4ml.compiler.stimulus import Stimulus, attach
from split4ml.compiler.workspace import services_of
from split4ml.dialects import flow, nn
from split4ml.passes.explain_layers import Explanation, Firmware, explain

FRAMES = 4


@dataclass(frozen=True, eq=False)
class Traced:
    """module: the network as it was lowered. outputs: by ONNX Runtime."""

    session: Session
    module: ModuleOp
    model: flow.ModelOp
    firmware: Firmware
    inputs: Mapping[str, npt.NDArray[np.float32]]
    outputs: Mapping[str, npt.NDArray[np.float32]]

    @property
    def network(self) -> nn.ModelOp:
        """A copy, to be spoilt."""
        (model,) = self.module.clone().ops
        assert isinstance(model, nn.ModelOp)
        return model

    def explain(self, network: nn.ModelOp | None = None) -> Explanation:
        return explain(network or self.network, self.session.store, self.inputs, self.firmware)


def traced(
    path: Path, folder: Path, config: Mapping[str, Any] | None = None, reach: float = 1.0, **options: Any
) -> Traced:
    """Compiles the firmware of a network and runs it on noise in [-reach, reach). 5 to 10 s."""
    if config is not None:
        file = folder / "hls.yml"
        file.write_text(yaml.safe_dump(dict(config)))
        options["hls_config"] = file
    chosen = CompileOptions(profile_frames=FRAMES, **options)
    session = open_session(folder / "build", [path.parent], chosen)
    module = import_onnx(path, session.store)
    (model,) = module.ops
    assert isinstance(model, nn.ModelOp)
    shapes = {op.source.data: tuple(np.array(op.shape)[np.argsort(op.axes)].tolist()) for op in model.inputs}
    inputs = sample_inputs(shapes, FRAMES, low=-reach, high=reach)
    outputs = Reference(path).run(inputs)
    attach(module, Stimulus(inputs, outputs), session.store)
    passes = pipeline_of(chosen)
    lowering = [spec.name for spec in passes].index(LOWERED)
    run_passes(passes[:lowering], services_of(lambda: session), context(), module)
    network = module.clone()
    run_passes(passes[lowering : lowering + 1], services_of(lambda: session), context(), module)
    lowered = flow_model(module)
    numbers = firmware(session.describe(lowered), session.project_trace(lowered), FRAMES)
    return Traced(session, network, lowered, numbers, inputs, outputs)
