"""An hls4ml graph seen as C++ calls and streams: the one reading of it that describing and slicing share.

hls4ml's edges are tensor names. An in-place Reshape (a flatten in front of a dense layer) is no C++ call: its input
and its output are one stream under two names, so each tensor is traced back to the *base* tensor that is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from split4ml.backends.hls4ml.distributed import CODE, is_distributed
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import legal_name
from split4ml.dialects.precision import Precision

_CPP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Call:
    """A node that is a C++ call. inputs, outputs: base tensors, in the order of its arguments."""

    task: str
    node: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class View:
    """calls: in the order of the C++. stream: C++ variable by base tensor. base: base tensor by tensor.

    views: the in-place nodes by their output tensor. inputs, outputs: base tensors of the model's ports.
    """

    model: Any
    calls: tuple[Call, ...]
    stream: Mapping[str, str]
    base: Mapping[str, str]
    views: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def variable(self, tensor: str) -> Any:
        return self.model.output_vars[tensor]


def view(model: Any, user_names: Mapping[str, str] | None = None) -> View:
    """Reads an optimised graph. Raises Split4mlError for what cannot be streamed, sliced or named.

    user_names: by layer, to be preferred as names of tasks.
    """
    user_names = user_names or {}
    base: dict[str, str] = {}
    stream: dict[str, str] = {}
    views: dict[str, Any] = {}
    calls: list[Call] = []
    streams_taken: set[str] = set()
    tasks_taken: set[str] = set()
    inputs = []
    for name, node in model.graph.items():
        check_cpp_name(name, f"layer {name}")
        is_input = node.class_name in ("Input", "InputLayer")
        if not is_input:
            for tensor in node.inputs:
                if tensor not in base:
                    raise Split4mlError(
                        f"it reads {tensor!r}, which no earlier layer writes", f"layer {name}"
                    )
        for tensor in node.outputs:
            variable = model.output_vars[tensor]
            if hasattr(variable, "input_var"):
                base[tensor] = base[node.inputs[0]]
                views[tensor] = node
                continue
            check_cpp_name(variable.name, f"layer {name}")
            base[tensor] = tensor
            stream[tensor] = legal_name(variable.name, streams_taken) if is_input else variable.name
            if stream[tensor] in streams_taken:
                raise Split4mlError(f"two streams are named {variable.name}", f"layer {name}")
            streams_taken.add(stream[tensor])
        if is_input:
            inputs += node.outputs
        elif node.outputs[0] not in views:
            _check_call(node)
            task = legal_name(user_names.get(name, name), tasks_taken)
            tasks_taken.add(task)
            calls.append(Call(task, node, tuple(base[t] for t in node.inputs), tuple(node.outputs)))
    for tensor in model.outputs:
        if tensor not in base:
            raise Split4mlError(f"no layer computes the output {tensor!r}")
    # hls4ml lists inputs in the user's order, which need not be that of the graph.
    inputs = [base[tensor] for tensor in model.inputs] if set(model.inputs) == set(inputs) else inputs
    outputs = tuple(base[tensor] for tensor in model.outputs)
    result = View(model, tuple(calls), stream, base, views, tuple(inputs), outputs)
    _check_linear(result)
    _check_types(model)
    return result


def check_cpp_name(name: str, where: str) -> None:
    """Names of hls4ml's that are written as they are need only be harmless; ours are judged by dialects/names.py."""
    if not _CPP_NAME.fullmatch(name):
        raise Split4mlError(
            f"the name {name!r} cannot be written into C++", where, "rename the layer in the model"
        )


def precision_of(hls_precision: Any, where: str) -> Precision:
    """hls4ml's type of an element as a value. Raises Split4mlError for floating point and unresolved `auto`."""
    try:
        saturation = (
            str(hls_precision.saturation_mode) if hasattr(hls_precision, "saturation_mode") else "WRAP"
        )
        rounding = str(hls_precision.rounding_mode) if hasattr(hls_precision, "rounding_mode") else "TRN"
        if "Float" in type(hls_precision).__name__ or hls_precision.width < 1:
            raise ValueError("floating point or unresolved")
        return Precision(
            int(hls_precision.width),
            int(getattr(hls_precision, "integer", hls_precision.width)),
            bool(hls_precision.signed),
            rounding,
            saturation,
            int(getattr(hls_precision, "saturation_bits", 0)),
        )
    except (AttributeError, TypeError, ValueError):
        raise Split4mlError(
            f"the element type {hls_precision} is no fixed-point or integer type",
            where,
            "set its Precision in the hls4ml configuration",
        ) from None


def _check_call(node: Any) -> None:
    where = f"layer {node.name}"
    if is_distributed(node) and CODE not in node.attributes:
        raise Split4mlError("its code for distributed arithmetic is missing", where, "build the graph again")
    call = node.get_attr("function_cpp")
    if not call:
        raise Split4mlError(
            f"hls4ml has no streaming implementation of {node.class_name}",
            where,
            "express it by other layers",
        )
    if not isinstance(call, str) and len(call) > 1:
        raise Split4mlError(
            f"hls4ml implements {node.class_name} by several calls, which cannot be split", where
        )
    for role, weight in node.weights.items():
        check_cpp_name(weight.name, where)
        if getattr(weight, "storage", "register").lower() == "bram":
            raise Split4mlError(
                f"its {role} would be a memory port of the design (BramFactor), which cannot be connected",
                where,
                "leave BramFactor out of the hls4ml configuration",
            )


def _check_linear(view_: View) -> None:
    """Every stream has one reader: a call, or the world outside."""
    readers: dict[str, list[str]] = {tensor: [] for tensor in view_.stream}
    for call in view_.calls:
        for tensor in call.inputs:
            readers[tensor].append(call.task)
    for tensor in view_.outputs:
        readers[tensor].append("an output of the network")
    for tensor, found in readers.items():
        stream = view_.stream[tensor]
        if not found and tensor in view_.inputs:
            raise Split4mlError(f"no layer reads the input {stream}", hint="remove it from the network")
        if not found:
            raise Split4mlError(
                f"nothing reads the stream {stream}", hint="make it an output, or remove its layer"
            )
        if len(found) > 1:
            raise Split4mlError(f"the stream {stream} has several readers: {', '.join(found)}")


def _check_types(model: Any) -> None:
    for node in model.graph.values():
        for type_ in node.types.values():
            check_cpp_name(type_.name, f"layer {node.name}")
