"""Tiled layers compute what the whole ones do, bit for bit, in C simulation: each layer twice in one network, one of them tiled."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.hls4ml.csim import Stage, build_chain, run_chain
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.project import write_monolithic
from split4ml.compiler.blobstore import BlobStore
from split4ml.compiler.services import Session
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision
from split4ml.passes.interfaces import LoweredGraph
from split4ml.passes.nn_layers import layers_of
from split4ml.passes.tile import Tile
from split4ml.passes.weights import MemoryStore

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
FRAMES = 6


@dataclass(frozen=True)
class Layer:
    """shape: of the data, channels last; kernel: empty for a dense layer. narrow: bits of a ReLU after it, 0 without one."""

    shape: tuple[int, ...]
    outputs: int
    kernel: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    pads: tuple[int, ...] = ()
    dilations: tuple[int, ...] = ()
    groups: int = 1
    bias: bool = True
    accum: str = "fixed<16,6>"
    narrow: int = 0
    flatten: bool = False


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    accum = draw(st.sampled_from(["fixed<16,6>", "fixed<12,5,RND,SAT>", "fixed<22,9>"]))
    narrow = draw(st.sampled_from([0, 5, 16]))
    bias, outputs = draw(st.booleans()), draw(st.integers(2, 9))
    rank = draw(st.integers(0, 2))
    if rank == 0:
        flatten = draw(st.booleans())
        shape: tuple[int, ...] = (2, 3, draw(st.integers(1, 3))) if flatten else (draw(st.integers(1, 9)),)
        return Layer(shape, outputs, bias=bias, accum=accum, narrow=narrow, flatten=flatten)
    groups = draw(st.sampled_from([1, 1, 2]))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    return Layer(
        (*([5, 4][:rank]), groups * draw(st.integers(1, 2))),
        2 * outputs if groups == 2 else outputs,
        kernel,
        tuple(draw(st.integers(1, 2)) for _ in range(rank)),
        tuple(draw(st.integers(0, size - 1)) for size in (*kernel, *kernel)),
        tuple(1 if size == 3 else draw(st.integers(1, 2)) for size in kernel),
        groups,
        bias,
        accum,
        narrow,
    )


def twice(specs: list[Layer], store: MemoryStore, rng: np.random.Generator) -> ModuleOp:
    """A network with an input for each layer, which two layers with the same weights read: @whole0 and @part0, …"""
    model = nn.ModelOp("m")
    for number, spec in enumerate(specs):
        data = nn.InputOp(f"x{number}_in", f"x{number}", spec.shape)
        model.block.add_op(data)
        fan_in = int(np.prod(spec.shape)) if not spec.kernel else spec.shape[-1] // spec.groups
        size = (fan_in, spec.outputs) if not spec.kernel else (spec.outputs, fan_in, *spec.kernel)
        weight, bias = rng.normal(0, 0.7, size), rng.normal(0, 0.7, spec.outputs)
        for copy in ("whole", "part"):
            name = f"{copy}{number}_l"
            value = data.result
            if spec.flatten:
                flat = nn.FlattenOp(f"{name}_flat", data.result)
                model.block.add_op(flat)
                value = flat.result
            w = nn.ConstantOp(f"{name}_kernel", store.put(weight), weight.shape)
            b = nn.ConstantOp(f"{name}_offset", store.put(bias), bias.shape)
            model.block.add_ops([w, b] if spec.bias else [w])
            offset = b.result if spec.bias else None
            op: nn.TensorOp
            if spec.kernel:
                op = nn.ConvOp(
                    name,
                    value,
                    w.result,
                    offset,
                    strides=spec.strides,
                    pads=spec.pads,
                    dilations=spec.dilations,
                    group=spec.groups,
                    channels_last=True,
                )
            else:
                op = nn.DenseOp(name, value, w.result, offset)
            op.types = typed({"accum": Precision.parse(spec.accum)})
            model.block.add_op(op)
            if spec.narrow:
                op = nn.ReluOp(f"{name}_relu", op.result)
                op.types = typed({"result": Precision.parse(f"ufixed<{spec.narrow},2,RND,SAT>")})
                model.block.add_op(op)
            model.block.add_op(nn.OutputOp(f"{name}_y", f"y_{name}", op.result))
    module = ModuleOp([model])
    module.verify()
    return module


def lowered(module: ModuleOp, session: Session) -> LoweredGraph:
    (model,) = module.ops
    assert isinstance(model, nn.ModelOp)
    network = layers_of(model, session.store)
    return session.lower(
        network.layers,
        network.inputs,
        network.outputs,
        network.onnx_names,
        types=network.types,
        parts=network.parts,
    )


def check(specs: list[Layer], max_weights: int, seed: int, strategy: str = "latency", reuse: int = 1) -> None:
    """Tiles the one copy of each layer, and simulates both."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), MemoryStore()
        hls = HlsOptions(strategy=strategy, reuse_factor=reuse)
        session = Session(cast(BlobStore, store), folder / "build", hls=hls)
        module = twice(specs, store, rng)
        parts = tuple(f"part{number}_l" for number in range(len(specs)))
        Tile(max_weights, layers=parts, weights=store, lowering=session, costs=session, notes=session).apply(
            Context(), module
        )
        module.verify()
        found = lowered(module, session)
        write_monolithic(session.graphs[found.digest], folder / "project")
        chain = build_chain([Stage(folder / "project")], folder / "csim")
        inputs = {}
        for stream in found.info.inputs:
            info = found.info.by_stream[stream]
            size = (FRAMES * info.tokens, info.elements)
            inputs[stream] = rng.integers(0, 1 << info.precision.width, size, np.uint64)
        outputs = run_chain(chain, inputs)
        streams = found.info.outputs
        for number, (whole, part) in enumerate(zip(streams[::2], streams[1::2], strict=True)):
            assert len(np.unique(outputs[whole])) > 1
            np.testing.assert_array_equal(
                outputs[part], outputs[whole], err_msg=f"layer {number}: {specs[number]}"
            )
        for task in found.info.tasks:
            if task.kind in ("Dense", "Conv1D", "Conv2D") and task.layer.startswith("part"):
                assert (task.n_in or 0) * (task.n_out or 0) <= max_weights


EXAMPLES = [
    Layer((8,), 5, narrow=5),
    Layer((2, 3, 2), 18, flatten=True, accum="fixed<22,9>"),
    Layer((6, 2), 5, (3,), (1,), (1, 1), (1,)),
    Layer((5, 4, 2), 4, (3, 2), (2, 1), (1, 0, 1, 1), (1, 2), narrow=5),
    Layer((4, 4, 4), 4, (2, 2), (1, 1), (0, 0, 0, 0), (1, 1), groups=2, bias=False),
    Layer((5, 4, 1), 6, (1, 4), (2, 1), (0, 0, 0, 0), (1, 1)),  # which hls4ml computes with two rows
]


@needs_compiler
def test_tiles_are_bit_exact() -> None:
    check(EXAMPLES, 24, 1)


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "reuse"), [("latency", 1), ("resource", 4)])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    specs=st.lists(layers(), min_size=4, max_size=6), share=st.integers(1, 4), seed=st.integers(0, 1 << 30)
)
def test_random_layers(strategy: str, reuse: int, specs: list[Layer], share: int, seed: int) -> None:
    largest = max(
        int(np.prod(spec.kernel)) * 4 * spec.shape[-1] if spec.kernel else int(np.prod(spec.shape))
        for spec in specs
    )
    check(specs, largest * share, seed, strategy, reuse)


def test_a_configuration_of_the_layer_holds_for_its_tiles(tmp_path: Path) -> None:
    store = MemoryStore()
    config = {
        "LayerName": {"part0_l": {"ReuseFactor": 4, "Strategy": "Resource", "Precision": "fixed<20,8>"}}
    }
    session = Session(cast(BlobStore, store), tmp_path, hls=HlsOptions(hls_config=config))
    module = twice([Layer((8,), 6)], store, np.random.default_rng(1))
    tile = Tile(24, layers=("part0_l",), weights=store, lowering=session, costs=session, notes=session)
    tile.apply(Context(), module)
    tasks = lowered(module, session).info.by_task
    for name in ("part0_l_tile0", "part0_l_tile1"):
        assert tasks[name].strategy == "resource"
        assert tasks[name].reuse_factor == 4
        assert str(tasks[name].types["weight"]) == "fixed<20,8>"
    assert tasks["whole0_l"].strategy == "latency"


def test_limits_that_cannot_be_met(tmp_path: Path) -> None:
    store = MemoryStore()
    session = Session(cast(BlobStore, store), tmp_path, hls=HlsOptions())
    module = twice([Layer((8,), 6)], store, np.random.default_rng(1))
    for tile in (
        Tile(7, weights=store, lowering=session, costs=session, notes=session),
        Tile(None, 0.01, weights=store, lowering=session, costs=session, notes=session),
    ):
        with pytest.raises(Split4mlError, match="one output channel of it has 8 weights"):
            tile.apply(Context(), module)
    with pytest.raises(Split4mlError, match="no dense layer or convolution 'part0'"):
        Tile(7, layers=("part0",), weights=store, lowering=session, costs=session, notes=session).apply(
            Context(), module
        )
