"""What hls4ml's LSTM and GRU compute, in fixed point: hls4ml 1.3, `nnet_recurrent.h`, `lstm_static` and `gru_static`.

    gates = accum(x W + b) + accum(h R + c), each gate looked up and held in the type of `accum`; states in that of the result

A step sees no more of the others than its state, so steps are computed one after the other, all frames at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.fixed import tables
from split4ml.passes.fixed.enclosure import Enclosure, combined, fit, product
from split4ml.passes.fixed.grid import EXACT_BITS, Floats
from split4ml.passes.fixed.linear import Accumulator, constants, sum_of_products
from split4ml.passes.nn_rewriting import Doubles, array_of

if TYPE_CHECKING:
    from split4ml.passes.nn_firmware import Kernel


class _Layer:
    """The constants of a recurrent layer as the firmware has them, and its arithmetic."""

    def __init__(self, op: nn.RecurrentOp, kernel: Kernel, bias: Doubles, state_bias: Doubles) -> None:
        self.kernel, self.states = kernel, op.shape[-1]
        self.accum, self.result = kernel.type("accum"), kernel.type("result")
        self.weight = constants(_array(op, kernel, 1), kernel.type("weight"))
        self.recurrent = constants(_array(op, kernel, 2), kernel.type("recurrent_weight"))
        self.bias = constants(bias, kernel.type("bias"))
        self.state_bias = constants(state_bias, kernel.type("recurrent_bias"))

    def of_data(self, data: Enclosure) -> Enclosure:
        return self._dense(data, self.kernel.operands[0], "weight", self.weight, self.bias)

    def of_state(self, state: Enclosure) -> Enclosure:
        return self._dense(state, self.result, "recurrent_weight", self.recurrent, self.state_bias)

    def _dense(
        self, data: Enclosure, element: Precision, role: str, weight: Floats, bias: Floats
    ) -> Enclosure:
        order = tuple(range(len(weight))) if self.kernel.strategy == "latency" else None
        accumulator = Accumulator(self.accum, order)
        return sum_of_products(
            data, element, weight, self.kernel.type(role), bias, accumulator, self.kernel.watch
        )

    def held(self, numbers: Enclosure, precision: Precision, role: str) -> Enclosure:
        return fit(numbers, precision, role, self.kernel.watch)

    def looked_up(self, function: str, data: Enclosure) -> Enclosure:
        size, table = self.kernel.table_size, self.kernel.type("table")
        return self.held(
            tables.symmetric(data, function, size, table, self.kernel.watch), self.accum, "accum"
        )

    def gates(self, numbers: Enclosure) -> list[Enclosure]:
        """One after the other, as many columns as there are states each."""
        count = numbers.shape[-1] // self.states
        return [
            numbers.map(lambda x, gate=gate: x[:, gate * self.states : (gate + 1) * self.states])  # type: ignore[misc]
            for gate in range(count)
        ]

    def zeros(self, data: Enclosure) -> Enclosure:
        return Enclosure.of(np.zeros((len(data.low), self.states)))


def _array(op: nn.RecurrentOp, kernel: Kernel, operand: int) -> Doubles:
    array = array_of(op.operands[operand], kernel.weights)
    assert array is not None  # the lowering says it otherwise
    return array


def _sum(one: Enclosure, other: Enclosure) -> Enclosure:
    return combined([one, other], lambda left, right: left + right)


def beyond_doubles(kernel: Kernel) -> bool:
    """Whether products of states and gates have more bits than can be told here."""
    accum, result = kernel.type("accum"), kernel.type("result")
    return accum.width + max(accum.width, result.width) + 1 > EXACT_BITS


def lstm(op: nn.LstmOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    bias = _array(op, kernel, 3) + _array(op, kernel, 4)
    layer = _Layer(op, kernel, bias, np.zeros_like(bias))
    state, cell, states = layer.zeros(data), layer.zeros(data), []
    for step in range(data.shape[1]):
        inner = layer.of_data(data.map(lambda x, step=step: x[:, step]))  # type: ignore[misc]
        numbers = layer.held(_sum(inner, layer.of_state(state)), layer.accum, "accum")
        i, f, g, o = layer.gates(numbers)
        i, f, o = (layer.looked_up("sigmoid", gate) for gate in (i, f, o))
        g = layer.looked_up("tanh", g)
        cell = layer.held(_sum(product(g, i), product(cell, f)), layer.result, "result")
        state = layer.held(product(o, layer.looked_up("tanh", cell)), layer.result, "result")
        states.append(state)
    return _results(op, states)


def gru(op: nn.GruOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    layer = _Layer(op, kernel, _array(op, kernel, 3), _array(op, kernel, 4))
    state, states = layer.zeros(data), []
    for step in range(data.shape[1]):
        inner = layer.gates(layer.of_data(data.map(lambda x, step=step: x[:, step])))  # type: ignore[misc]
        outer = layer.gates(layer.of_state(state))
        z, r = (
            layer.looked_up("sigmoid", layer.held(_sum(inner[gate], outer[gate]), layer.accum, "accum"))
            for gate in (0, 1)
        )
        reset = layer.held(product(r, outer[2]), layer.accum, "accum")
        new = layer.looked_up("tanh", layer.held(_sum(inner[2], reset), layer.accum, "accum"))
        rest = (-z).map(lambda x: 1 + x)
        state = layer.held(_sum(product(new, rest), product(state, z)), layer.result, "result")
        states.append(state)
    return _results(op, states)


def _results(op: nn.RecurrentOp, states: list[Enclosure]) -> Enclosure:
    if op.sequences is None:
        return states[-1]
    return combined(states, lambda *each: np.stack(each, axis=1))
