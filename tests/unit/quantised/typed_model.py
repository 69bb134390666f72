"""What hls4ml's layers compute with the element types that an `nn.model` states, in numpy.

Written from hls4ml's kernels, not from the rules that inferred the types: products and sums in the accumulator's type, constants in theirs,
results converted once. A type that is too narrow shows as another value. That the C++ does the same is tested in test_firmware.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from split4ml.compiler.binding import Services, bind_all
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.bits import dequantize, quantize
from split4ml.passes.nn_numpy import Array, evaluate
from split4ml.passes.weights import MemoryStore

Doubles = npt.NDArray[np.float64]


class Notes:
    """Keeps what passes note."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def cast(values: Any, element: Precision | None) -> Doubles:
    if element is None:
        raise AssertionError("a layer of a quantised network has no type")
    return dequantize(quantize(values, element), element)


def lowered(module: ModuleOp, store: MemoryStore, options: CompileOptions | None = None) -> list[str]:
    """Runs all passes up to hls4ml; what they note."""
    notes = Notes()
    found = stages(options or CompileOptions())
    passes = [spec for name in ("canonicalise", "stream", "quantise") for spec in found[name][1]]
    services = Services({"weights": lambda: store, "notes": lambda: notes})
    for bound in bind_all(passes):
        bound.instantiate(services).apply(Context(), module)
    module.verify()
    return notes.texts


def model_of(module: ModuleOp) -> nn.ModelOp:
    (model,) = (op for op in module.ops if isinstance(op, nn.ModelOp))
    return model


def imported(path: Path) -> tuple[ModuleOp, MemoryStore]:
    store = MemoryStore()
    return import_onnx(path, store), store


def run_typed(
    model: nn.ModelOp, store: MemoryStore, inputs: Mapping[str, Array], default: str = "fixed<16,6>"
) -> dict[str, Doubles]:
    """One frame, in the user's layout, as `nn_numpy.run` does without types."""
    values: dict[SSAValue, Doubles] = {}
    outputs: dict[str, Doubles] = {}
    plain = Precision.parse(default)
    for op in model.block.ops:
        match op:
            case nn.InputOp():
                array = np.asarray(inputs[op.source.data], np.float64).transpose(op.axes)
                values[op.result] = cast(array, op.element_types.get("result", plain))
            case nn.ConstantOp():
                values[op.result] = store.get(op.blob.data).astype(np.float64)
            case nn.OutputOp():
                outputs[op.source.data] = values[op.data].transpose(np.argsort(op.axes))
            case nn.TensorOp():
                operands = [values[operand] for operand in op.operands]
                constant = [isinstance(operand.owner, nn.ConstantOp) for operand in op.operands]
                values[op.result] = _layer(op, operands, constant, plain)
    return outputs


def _layer(op: nn.TensorOp, operands: Sequence[Doubles], constant: list[bool], plain: Precision) -> Doubles:
    types = op.element_types
    result = types.get("result", plain)
    match op:
        case nn.QuantizeOp():
            return cast(operands[0], op.precision)
        case nn.ConvOp() | nn.DenseOp():
            parts = [operands[0], cast(operands[1], types.get("weight", plain))]
            parts += [cast(bias, types.get("bias", plain)) for bias in operands[2:]]
            return cast(cast(evaluate(op, parts), types.get("accum", plain)), result)
        case nn.BatchNormOp():
            gamma, beta, mean, variance = operands[1:]
            scale = gamma / np.sqrt(variance + op.epsilon.value.data)
            return _affine(operands[0], scale, beta - scale * mean, types, result, plain)
        case nn.MultiplyOp() | nn.AddOp() | nn.SubtractOp() if any(constant):
            return _with_constant(op, operands, constant, types, result, plain)
        case nn.AveragePoolOp() | nn.GlobalAveragePoolOp():
            accum = types.get("accum", plain)
            windows = (
                prod(nn.numbers(op.kernel))
                if isinstance(op, nn.AveragePoolOp)
                else prod(nn.shape_of(op.data)[:-1])
            )
            total = cast(np.round(np.ldexp(evaluate(op, operands) * windows, 40)) / 2.0**40, accum)
            units = np.trunc(np.ldexp(total, accum.fraction) / windows)  # the division rounds towards zero
            return cast(np.ldexp(units, -accum.fraction), result)
        case nn.MaxPoolOp() | nn.GlobalMaxPoolOp():
            return cast(cast(evaluate(op, operands), types.get("accum", plain)), result)
        case nn.LeakyReluOp():
            slope = cast(op.alpha.value.data, types.get("param", plain))
            return cast(np.where(operands[0] > 0, operands[0], operands[0] * slope), result)
        case nn.PReluOp():
            slope = cast(operands[1], types.get("param", plain))
            return cast(np.where(operands[0] > 0, operands[0], operands[0] * slope), result)
        case nn.ThresholdedReluOp():
            threshold = cast(op.alpha.value.data, types.get("param", plain))
            return cast(np.where(operands[0] > threshold, operands[0], 0), result)
        case _:
            return cast(evaluate(op, operands), result)


def _affine(
    data: Doubles,
    scale: Doubles,
    bias: Doubles,
    types: Mapping[str, Precision],
    result: Precision,
    plain: Precision,
) -> Doubles:
    product = data * cast(scale, types.get("scale", plain))
    return cast(product + cast(bias, types.get("bias", plain)), result)


def _with_constant(
    op: nn.TensorOp,
    operands: Sequence[Doubles],
    constant: list[bool],
    types: Mapping[str, Precision],
    result: Precision,
    plain: Precision,
) -> Doubles:
    vector = operands[0 if constant[0] else 1]
    data = operands[1 if constant[0] else 0]
    one, zero = np.ones_like(vector), np.zeros_like(vector)
    if isinstance(op, nn.MultiplyOp):
        return _affine(data, vector, zero, types, result, plain)
    if isinstance(op, nn.AddOp):
        return _affine(data, one, vector, types, result, plain)
    if constant[1]:
        return _affine(data, one, -vector, types, result, plain)
    return _affine(data, -one, vector, types, result, plain)
