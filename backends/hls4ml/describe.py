"""An hls4ml graph as plain values for the passes (`passes/graphinfo.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from split4ml.backends.hls4ml.adders import Adders
from split4ml.backends.hls4ml.distributed import adders_of, is_distributed, kept_types, narrowest
from split4ml.backends.hls4ml.graph import Graph
from split4ml.backends.hls4ml.provenance import is_inserted
from split4ml.backends.hls4ml.reuse import multiplier_size
from split4ml.backends.hls4ml.view import Call, View, precision_of, view
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.ports import MAX_PORT_BITS, bus_bits
from split4ml.dialects.precision import Precision
from split4ml.passes.bits import MAX_BITS, quantize
from split4ml.passes.cost.weights import count_weights
from split4ml.passes.graphinfo import GraphInfo, StreamInfo, TaskInfo, WeightInfo

# Attributes that say nothing about the hardware, or that TaskInfo has fields for.
_NO_ATTRS = {
    "name",
    "class_name",
    "function_cpp",
    "config_cpp",
    "strategy",
    "reuse_factor",
    "index",
    "n_in",
    "n_out",
}


def describe(graph: Graph) -> GraphInfo:
    """Tasks and streams of a graph. Raises Split4mlError for what cannot be split or streamed at all."""
    seen = view(graph.model, graph.user_names)
    config = graph.model.config
    streams = _streams(seen)
    return GraphInfo(
        inputs=tuple(seen.stream[tensor] for tensor in seen.inputs),
        outputs=tuple(seen.stream[tensor] for tensor in seen.outputs),
        tasks=tuple(_task(seen, call, graph) for call in seen.calls),
        streams=tuple(streams),
        backend=config.backend.name,
        part=str(config.get_config_value("Part")),
        clock_ns=float(config.get_config_value("ClockPeriod")),
        input_names=graph.input_names,
        output_names=graph.output_names,
    )


def _streams(seen: View) -> list[StreamInfo]:
    producer = {tensor: call.task for call in seen.calls for tensor in call.outputs}
    consumer = {tensor: call.task for call in seen.calls for tensor in call.inputs}
    order = [*seen.inputs, *(tensor for call in seen.calls for tensor in call.outputs)]
    result = []
    for tensor in order:
        variable = seen.variable(tensor)
        name = seen.stream[tensor]
        where = f"stream {name}"
        shape = tuple(int(size) for size in variable.shape)
        elements = int(variable.type.n_elem)
        if variable.type.n_pack != 1 or np.prod(shape) % elements:
            raise Split4mlError(f"its {np.prod(shape)} elements do not fill tokens of {elements}", where)
        precision = precision_of(variable.type.precision, where)
        result.append(
            StreamInfo(
                name=name,
                tokens=int(np.prod(shape)) // elements,
                elements=elements,
                precision=precision,
                # hls4ml's StreamVariableConverter: all positions, each with all channels
                default_depth=max(1, int(np.prod(shape)) // shape[-1]),
                producer=producer.get(tensor),
                consumer=consumer.get(tensor),
                cut_reason=_cut_reason(elements, precision.width),
                shape=shape,
            )
        )
    return result


def _cut_reason(elements: int, width: int) -> str | None:
    bits = bus_bits(elements, width)
    if bits > MAX_PORT_BITS:
        return f"its port would have {bits} bits, and Vitis HLS allows {MAX_PORT_BITS}"
    return None


def _task(seen: View, call: Call, graph: Graph) -> TaskInfo:
    node = call.node
    where = f"layer {node.name}"
    size = _product_size(seen.model, node)
    function, config = _call_parts(node)
    adders = adders_of(node, size)
    accumulator = node.get_attr("accum_t") if adders is None else None
    strategy = node.get_attr("strategy")
    return TaskInfo(
        name=call.task,
        kind=node.class_name,
        inputs=tuple(seen.stream[tensor] for tensor in call.inputs),
        outputs=tuple(seen.stream[tensor] for tensor in call.outputs),
        inserted=is_inserted(node, graph.layers),
        layer=node.name,
        onnx_names=tuple(graph.onnx_names.get(node.name, ())),
        function=function,
        config=config,
        strategy=str(strategy).lower() if strategy else None,
        reuse_factor=int(node.get_attr("reuse_factor", 1) or 1),
        n_in=size[0] if size else None,
        n_out=size[1] if size else None,
        accumulator=precision_of(accumulator.precision, where) if accumulator is not None else None,
        weights=tuple(_weight(node, role, weight, size) for role, weight in _constants(node, adders)),
        attrs=_attrs(node),
        types=_types(node),
    )


@dataclass(frozen=True, eq=False)
class _Constant:
    """A constant array of a layer: the name of its C++ variable, if it has one, and its numbers."""

    name: str
    data: Any
    precision: Precision


def _constants(node: Any, adders: Adders | None) -> Iterator[tuple[str, _Constant]]:
    """By role. With distributed arithmetic those that the additions amount to."""
    where = f"layer {node.name}"
    if adders is None:
        for role, variable in node.weights.items():
            precision = precision_of(variable.type.precision, f"{where}, {role}")
            yield role, _Constant(variable.name, variable.data, precision)
    else:
        for role, values in (("weight", adders.weight), ("bias", adders.bias)):
            yield role, _Constant(f"{role[0]}{node.index}", values, narrowest(values))


def _types(node: Any) -> dict[str, Precision]:
    """What is inside a layer and has fixed point, or is an integer; not the bits of a binary network, which mean ±1."""
    plain = {"FixedPrecisionType", "IntegerPrecisionType"}
    where = f"layer {node.name}"
    types = {
        name.removesuffix("_t"): precision_of(type_.precision, where)
        for name, type_ in sorted(node.types.items())
        if any(parent.__name__ in plain for parent in type(type_.precision).__mro__)
    }
    if is_distributed(node):
        types.pop("accum", None)  # nothing is rounded before the result
        types |= kept_types(node)
    return types


def _product_size(model: Any, node: Any) -> tuple[int, int] | None:
    """(inputs of each output, outputs) of the product at one position. hls4ml counts a depthwise convolution as full."""
    size = multiplier_size(model, node)
    if size is not None and "Depthwise" in node.class_name:
        return size[0] // int(node.get_attr("n_chan")), size[1]
    return size


def _call_parts(node: Any) -> tuple[str, str | None]:
    """(function, configuration struct) of the C++ call."""
    call = node.get_attr("function_cpp")
    text = call if isinstance(call, str) else call[0]
    function = re.match(r"\s*([\w:]+)", text)
    config = re.search(r"\b(\w*config\d+\w*)\s*>\s*\(", text)
    return function.group(1) if function else "", config.group(1) if config else None


def _weight(node: Any, role: str, constant: _Constant, size: tuple[int, int] | None) -> WeightInfo:
    precision, data = constant.precision, np.asarray(constant.data)
    if precision.width > MAX_BITS or data.dtype.kind not in "fiub":
        raise Split4mlError(
            f"its {role} is of type {precision}, too wide to be described", f"layer {node.name}"
        )
    raw = quantize(data, precision).astype(np.uint64)
    sign = np.uint64(1) << np.uint64(precision.width - 1)
    negative = (raw & sign != 0) if precision.signed else np.zeros(raw.shape, np.bool_)
    mask = np.uint64((1 << precision.width) - 1)
    magnitude = np.where(negative, (~raw + np.uint64(1)) & mask, raw)
    table = _table(node, role, magnitude, size)
    # a depthwise convolution multiplies no input by two weights
    shared = table is not None and "Depthwise" not in node.class_name
    count = count_weights(table if shared else magnitude.ravel())
    return WeightInfo(
        name=constant.name,
        role=role,
        size=count.weights,
        nonzeros=count.nonzero,
        max_nonzeros=int(np.any(magnitude)) if table is None else int(np.count_nonzero(table, axis=0).max()),
        value_bits=count.value_bits,
        csd_digits=count.csd_digits,
        multipliers=count.multipliers,
        shift_adds=count.shift_adds,
        precision=precision,
    )


def _table(node: Any, role: str, values: Any, size: tuple[int, int] | None) -> Any:
    """The values as inputs x outputs of the product; None for vectors (bias, scale)."""
    if (
        role not in ("weight", "depthwise", "pointwise")
        or values.ndim < 2
        or size is None
        or values.size % size[1]
    ):
        return None
    # hls4ml's layout is (…, inputs, outputs) until the resource strategy transposes it to (outputs, …).
    if node.get_attr("_weights_transposed"):
        return values.reshape(size[1], -1).T
    return values.reshape(-1, size[1])


def _attrs(node: Any) -> dict[str, int | str]:
    """Numbers and short words of a layer, sorted by name."""
    result: dict[str, int | str] = {}
    for name in sorted(node.attributes):
        value = node.attributes[name]
        if name in _NO_ATTRS or name.startswith("_"):
            continue
        if isinstance(value, (bool, np.bool_, int, np.integer)):
            result[name] = int(value)
        elif isinstance(value, str) and len(value) <= 40 and re.fullmatch(r"[\w,.-]+", value):
            result[name] = value
    return result
