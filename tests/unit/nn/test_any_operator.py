"""Whatever an operator is given: it computes what ONNX Runtime does, or is refused with the node named; never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import onnx
import onnxruntime
from hypothesis import HealthCheck, given, settings
from random_operators import models
from xdsl.context import Context

from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passtable import PASSES
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_layers import layers_of
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import MemoryStore


def expected(model: onnx.ModelProto, frame: dict[str, np.ndarray]) -> np.ndarray | None:
    """ONNX Runtime's result, if it takes the model."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        result: np.ndarray = session.run(None, {name: array[np.newaxis] for name, array in frame.items()})[0]
    except Exception:  # noqa: BLE001 - its own errors have no common base
        return None
    return result[0] if result.ndim and result.shape[0] == 1 and np.all(np.isfinite(result)) else None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_any_operator(model: onnx.ModelProto) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        path.write_bytes(model.SerializeToString())
        try:
            module = import_onnx(path, store)
        except Split4mlError as error:
            assert error.where is not None
            return
    network = module.body.block.first_op
    assert isinstance(network, nn.ModelOp)
    generator = np.random.default_rng(0)
    frame = {op.source.data: generator.uniform(-1, 1, op.shape).astype(np.float32) for op in network.inputs}
    wanted = expected(model, frame)
    if wanted is not None:
        np.testing.assert_allclose(run(network, store, frame)["y"], wanted, atol=1e-4)
    try:
        for stage in ("canonicalise", "stream"):
            for spec in stages(CompileOptions())[stage][1]:
                entry = PASSES[spec.name]
                services = {"weights": store, "notes": Mock()}
                entry.loader()(**{name: services[name] for name in entry.services}).apply(Context(), module)
                module.verify()
        network = module.body.block.first_op
        assert isinstance(network, nn.ModelOp)
        if wanted is not None:
            np.testing.assert_allclose(run(network, store, frame)["y"], wanted, atol=1e-4)
        layers_of(network, store)
    except Split4mlError as error:
        assert error.where is not None
