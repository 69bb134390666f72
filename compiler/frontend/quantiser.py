"""A quantiser of any front end, as ops of `nn`: `scale * (clip(round(x / scale + zero)) - zero)` in pieces.

    multiply by 1 / scale, add, nn.quantize to an integer type, subtract, multiply by scale

of which only those remain that do something; with one power of two as scale and no zero point it is a single
`nn.quantize`. Scales that are no powers of two stay apart from the integers between them: passes move them (sink-scales).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.integers import Doubles, Quantiser, clipped, commutes, wide
from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.dialects import nn
from split4ml.dialects.precision import Precision


def quantised(
    builder: Builder, node: Node, name: str, data: SSAValue, quantiser: Quantiser, scaled: bool = True
) -> SSAValue:
    """Data after a quantiser, zero point subtracted. scaled: multiplied by the scale again; else the integers.

    The last op has the given name. Raises ValueError for a range that no type clips to.
    """
    return _Emitter(builder, node, name).run(data, quantiser, scaled)


class _Emitter:
    def __init__(self, builder: Builder, node: Node, name: str) -> None:
        self.builder, self.node, self.name = builder, node, name
        self.steps: list[tuple[str, float | Doubles | Precision]] = []

    def run(self, data: SSAValue, q: Quantiser, scaled: bool) -> SSAValue:
        low, high, zero = q.low, q.high, q.zero
        power = q.exponent
        single = power if power is not None and (scaled or power == 0) else None
        before: Doubles | None = None if power == 0 or single is not None else 1 / q.scale
        # The zero point moves out of the quantiser, where rounding allows it.
        shifted = q.inside and not commutes(q.rounding, zero)
        if not shifted:
            low, high = low - zero, high - zero
        target = clipped(low, high, q.rounding)
        if shifted or target.offset:
            single = None
            before = None if power == 0 else 1 / q.scale
        if before is not None:
            self.steps.append(("scale", before))
        if shifted:
            self.steps.append(("shift", float(zero)))
        element, offset = target.element, target.offset
        if offset and not commutes(q.rounding, offset):
            self.steps.append(("quantize", wide(low, high, q.rounding)))
            element = replace(element, rounding="TRN")
        if offset:
            self.steps.append(("shift", float(offset)))
        if single is not None:
            element = replace(element, integer=element.integer + single)
        self.steps.append(("quantize", element))
        back = -offset - (zero if shifted else 0)
        if back:
            self.steps.append(("shift", float(back)))
        if scaled and single is None and power != 0:
            self.steps.append(("scale", q.scale))
        return self._emit(data)

    def _emit(self, data: SSAValue) -> SSAValue:
        names = origin(self.node)
        for index, (kind, value) in enumerate(self.steps):
            last = index == len(self.steps) - 1
            name = self.name if last else self.builder.name(f"{self.name}_{kind}")
            if isinstance(value, Precision):
                data = self.builder.emit(nn.QuantizeOp(name, data, value, onnx=names))
                continue
            operand = self.builder.weight(np.asarray(value), name, "constant")
            op = nn.MultiplyOp if kind == "scale" else nn.AddOp
            data = self.builder.emit(op(name, data, operand, onnx=names))
        return data


def multiplied(
    builder: Builder, node: Node, name: str, data: SSAValue, factor: Doubles, offset: float = 0.0
) -> SSAValue:
    """`(data + offset) * factor`, without what does nothing; an identity if there is nothing to do."""
    emitter = _Emitter(builder, node, name)
    if offset:
        emitter.steps.append(("shift", offset))
    if np.any(factor != 1):
        emitter.steps.append(("scale", factor))
    if not emitter.steps:
        return builder.emit(nn.IdentityOp(name, data, onnx=origin(node)))
    return emitter._emit(data)
