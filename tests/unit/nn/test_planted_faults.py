"""Faults that a coarse precision would hide in the outputs, planted one at a time: each is found, in its layer.

What is spoilt is the network that the firmware is compared with, so one firmware serves them all: that a firmware has
other weights than its network, or a network other weights than its firmware, is the same difference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from traced_firmware import Traced, traced
from xdsl.dialects.builtin import StringAttr

from split4ml.compiler import arithmetic_check
from split4ml.dialects import nn
from split4ml.dialects.errors import CheckFailed
from split4ml.passes.nn_rewriting import Doubles, array_of, replace

NETWORK = Path(__file__).parents[2] / "networks/zoo/unet.script.onnx"


@pytest.fixture(scope="module")
def unet(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """At hls4ml's default, fixed<16,6>."""
    return traced(NETWORK, tmp_path_factory.mktemp("unet"))


def op_of(network: nn.ModelOp, name: str) -> nn.TensorOp:
    return next(op for op in network.block.ops if isinstance(op, nn.TensorOp) and op.symbol == name)


def constants_changed(found: Traced, value: object, change: Callable[[Doubles], Doubles]) -> None:
    array = array_of(value, found.session.store)  # type: ignore[arg-type]
    assert array is not None
    owner = value.owner  # type: ignore[attr-defined]
    owner.properties["blob"] = StringAttr(found.session.store.put(change(array.copy())))


CONV, UP, POOL, JOIN, OUT = "up_up_0_Conv", "Resize", "MaxPool", "Concat", "out_Conv"


def weight(change: Callable[[Doubles], Doubles]) -> Callable[[Traced, nn.ModelOp], str]:
    def plant(found: Traced, network: nn.ModelOp) -> str:
        conv = conv_of(network)
        constants_changed(found, conv.weight, change)
        return conv.symbol

    return plant


def conv_of(network: nn.ModelOp) -> nn.ConvOp:
    """One with pads and several inputs and outputs."""
    convs = [op for op in network.block.ops if isinstance(op, nn.ConvOp) and any(nn.numbers(op.pads))]
    return convs[-1]


def one_step(array: Doubles) -> Doubles:
    """One weight, by one step of fixed<16,6>."""
    array[0, 0, 0, 0] += 2**-10
    return array


def other_bias(found: Traced, network: nn.ModelOp) -> str:
    conv = conv_of(network)
    constants_changed(found, conv.bias, lambda array: array[::-1])
    return conv.symbol


def shifted_pad(found: Traced, network: nn.ModelOp) -> str:
    conv = conv_of(network)
    conv.properties["pads"] = nn.integers([2, 1, 0, 1])
    return conv.symbol


def swapped_operands(found: Traced, network: nn.ModelOp) -> str:
    (join,) = (op for op in network.block.ops if isinstance(op, nn.ConcatOp))
    assert nn.shape_of(join.operands[0])[:-1] == nn.shape_of(join.operands[1])[:-1]
    join.operands = list(reversed(join.operands))
    return join.symbol


def other_pool(found: Traced, network: nn.ModelOp) -> str:
    (pool,) = (op for op in network.block.ops if isinstance(op, nn.MaxPoolOp))
    replace(
        pool,
        nn.AveragePoolOp(
            pool.symbol,
            pool.data,
            kernel=nn.numbers(pool.kernel),
            strides=nn.numbers(pool.strides),
            pads=nn.numbers(pool.pads),
            channels_last=True,
        ),
    )
    return pool.symbol


def no_relu(found: Traced, network: nn.ModelOp) -> str:
    relu = next(op for op in network.block.ops if isinstance(op, nn.ReluOp))
    replace(relu, nn.IdentityOp(relu.symbol, relu.data))
    return relu.symbol


def wrong_axis(found: Traced, network: nn.ModelOp) -> str:
    """Height and width of the input: its first layer sees them swapped."""
    network.inputs[0].properties["order"] = nn.integers([2, 1, 0])
    return next(op for op in network.block.ops if isinstance(op, nn.ConvOp)).symbol


FAULTS: dict[str, Callable[[Traced, nn.ModelOp], str]] = {
    "one weight by one step": weight(one_step),
    "filters permuted": weight(lambda array: np.roll(array, 1, axis=0)),
    "channels permuted": weight(lambda array: np.roll(array, 1, axis=1)),
    "kernel transposed": weight(lambda array: array.swapaxes(2, 3)),
    "kernel flipped": weight(lambda array: array[:, :, ::-1]),
    "sign of a weight": weight(
        lambda array: array * np.where(np.arange(array.size) == 7, -1, 1).reshape(array.shape)
    ),
    "bias permuted": other_bias,
    "pad shifted": shifted_pad,
    "operands swapped": swapped_operands,
    "mean for maximum": other_pool,
    "no ReLU": no_relu,
}


def test_without_a_fault_all_is_explained(unet: Traced) -> None:
    explanation = unet.explain()
    assert len(explanation.layers) >= 10
    assert all(layer.explained == "exact" and layer.fault is None for layer in explanation.layers)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_in_its_layer(unet: Traced, fault: str) -> None:
    network = unet.network
    name = FAULTS[fault](unet, network)
    explanation = unet.explain(network)
    faulty = [layer for layer in explanation.layers if layer.fault is not None]
    assert [layer.computation.task.name for layer in faulty] == [name]
    found = faulty[0].fault
    assert found is not None and not found.low <= found.found <= found.high
    with pytest.raises(CheckFailed) as caught:
        arithmetic_check._check_layer(faulty[0])
    assert caught.value.where is not None and name in caught.value.where
    names = op_of(unet.network, name).onnx_names
    assert names and all(repr(part) in caught.value.where for part in names)


def test_a_layer_that_reads_another_tensor_is_found(unet: Traced) -> None:
    network = unet.network
    convs = [op for op in network.block.ops if isinstance(op, nn.ConvOp)]
    relus = [op for op in network.block.ops if isinstance(op, nn.ReluOp)]
    reader = next(op for op in relus if nn.shape_of(op.data) == convs[0].shape and op.data != convs[0].result)
    reader.operands[0] = convs[0].result
    with pytest.raises(CheckFailed, match=f"does not read what @{convs[0].symbol} writes"):
        unet.explain(network)


@pytest.mark.parametrize("fault", ["filters permuted", "pad shifted", "no ReLU", "wrong axis"])
def test_a_pass_that_changes_the_network_is_found(unet: Traced, fault: str) -> None:
    """Against ONNX Runtime, whatever the firmware does."""
    network = unet.network
    arithmetic_check._check_network(network, unet.explain(network), unet.outputs)
    {**FAULTS, "wrong axis": wrong_axis}[fault](unet, network)
    with pytest.raises(CheckFailed, match="the network is not the user's model any more"):
        arithmetic_check._check_network(network, unet.explain(network), unet.outputs)


RECURRENT = ("lstm.script", "gru_states.dynamo")
IN_STEPS: dict[str, tuple[int, Callable[[Doubles], Doubles]]] = {
    "gates of the data swapped": (1, lambda array: np.roll(array, array.shape[1] // 3, axis=1)),
    "weight of the states transposed": (
        2,
        lambda array: np.concatenate(
            [part.T for part in np.split(array, array.shape[1] // len(array), 1)], 1
        ),
    ),
    "a weight of the states": (2, lambda array: array + np.eye(*array.shape) * 0.05),
    "bias of a gate": (3, lambda array: array + 0.05 * (np.arange(array.size) == 0)),
}


@pytest.fixture(scope="module", params=RECURRENT)
def steps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    return traced(NETWORK.with_name(f"{request.param}.onnx"), tmp_path_factory.mktemp("steps"))


@pytest.mark.slow
def test_faults_in_recurrent_layers_are_found(steps: Traced) -> None:
    assert all(layer.fault is None and layer.explained for layer in steps.explain().layers)
    for name, (operand, change) in IN_STEPS.items():
        network = steps.network
        (layer,) = (op for op in network.block.ops if isinstance(op, nn.LstmOp | nn.GruOp))
        constants_changed(steps, layer.operands[operand], change)
        faulty = [part.computation.task.name for part in steps.explain(network).layers if part.fault]
        assert faulty == [layer.symbol], name
