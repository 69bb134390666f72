"""An ONNX graph as plain values: constants folded, every shape static, every attribute with its default.

ONNX spreads constants over initializers, Constant nodes and little computations on shapes (Shape, Gather, Concat,
Reshape). One walk in the graph's order evaluates whatever depends on constants and static shapes alone, and infers
the shape of the rest, node by node, so that an error names its node.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper, reference, shape_inference

from split4ml.compiler.frontend import onnx_scaled, qonnx
from split4ml.compiler.frontend.onnx_limits import MAX_CONSTANTS, MAX_RANK, check_batch, check_data
from split4ml.compiler.frontend.onnx_load import check, first_line, opset_of
from split4ml.compiler.frontend.onnx_refusals import hint
from split4ml.compiler.frontend.onnx_scaled import Scaled
from split4ml.compiler.frontend.onnx_values import array_of, attributes_of, static_shape
from split4ml.compiler.frontend.torch_names import module_name
from split4ml.dialects.errors import Split4mlError

Shape = tuple[int, ...]
Array = npt.NDArray[Any]

FOLDABLE = frozenset(
    [
        "Abs",
        "Acos",
        "Acosh",
        "Add",
        "And",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "Cast",
        "CastLike",
        "Ceil",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Cos",
        "Cosh",
        "CumSum",
        "DequantizeLinear",
        "Div",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "EyeLike",
        "Flatten",
        "Floor",
        "Gather",
        "GatherElements",
        "GatherND",
        "Gemm",
        "Greater",
        "GreaterOrEqual",
        "HardSigmoid",
        "Identity",
        "IsInf",
        "IsNaN",
        "LeakyRelu",
        "Less",
        "LessOrEqual",
        "Log",
        "MatMul",
        "Max",
        "Mean",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "OneHot",
        "Or",
        "Pad",
        "Pow",
        "QuantizeLinear",
        "Range",
        "Reciprocal",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Relu",
        "Reshape",
        "Round",
        "ScatterElements",
        "ScatterND",
        "Shape",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Size",
        "Slice",
        "Softmax",
        "Softplus",
        "Softsign",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tan",
        "Tanh",
        "Tile",
        "Transpose",
        "Trilu",
        "Unsqueeze",
        "Where",
        "Xor",
    ]
)
"""Operators that are evaluated when all their operands are constants: no control flow, no state."""

_ONNX_ERRORS = (
    onnx.defs.SchemaError,
    onnx.checker.ValidationError,
    shape_inference.InferenceError,
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,
)
"""What ONNX's own functions raise on models that are not right; they have no common base."""

MAX_FOLDED = 1 << 27
"""Elements of the largest tensor that folding may make: 512 MiB of float32, which holds VGG's largest layer."""
MAX_PRODUCTS = 1 << 33
"""Multiplications in a product of constants: seconds, and far more than a weight's normalisation takes."""


_INTEGERS = (TensorProto.INT32, TensorProto.INT64)
_TYPES = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, *_INTEGERS)
"""Of inputs: integers may choose embeddings, no more."""


@dataclass(frozen=True)
class Node:
    """One operator. Absent optional operands are empty strings; attributes include the schema's defaults.

    name: the best there is to call it by; not unique. label: its name in the user's model, or that of its first result.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    label: str


@dataclass(frozen=True)
class Graph:
    """What the importer needs.

    inputs, outputs: names of tensors, in the model's order. shapes: of all data, batch axis included.
    constants: weights and folded tensors; scaled: what those of them that are quantised consist of.
    batch: extent of the batch axis; 1 if it is symbolic.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    shapes: Mapping[str, Shape]
    constants: Mapping[str, Array]
    opset: int
    batch: int
    where: str
    scaled: Mapping[str, Scaled] = field(default_factory=dict)
    integers: frozenset[str] = frozenset()
    """Inputs of whole numbers."""


@dataclass
class _Walk:
    model: onnx.ModelProto
    path: Path
    opset: int
    types: dict[str, onnx.TypeProto] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    scaled: dict[str, Scaled] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    batch: int = 1
    folded: int = 0
    """Elements of constants that were computed."""


def read_graph(model: onnx.ModelProto, path: Path, supported: Collection[str]) -> Graph:
    """Raises Split4mlError: unsupported operators (all of them), dynamic shapes, invalid graphs."""
    _check_operators(model, path, supported)
    imported = {entry.domain for entry in model.opset_import}
    for domain in {proto.domain for proto in model.graph.node if qonnx.is_qonnx(proto)} - imported:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    check(model, path)
    walk = _Walk(model, path, opset_of(model))
    initializers = {tensor.name for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        walk.constants[tensor.name] = array_of(tensor, f"{path}: initializer {tensor.name!r}")
    inputs = [value for value in model.graph.input if value.name not in initializers]
    batch = walk.batch = _bind_inputs(walk, inputs)
    for proto in model.graph.node:
        _visit(walk, proto)
    outputs = tuple(value.name for value in model.graph.output)
    shapes = {name: static_shape(kind, name, str(path)) for name, kind in walk.types.items()}
    for name in outputs:
        if name not in shapes:
            raise Split4mlError(f"output {name!r} depends on no input", where=str(path))
    return Graph(
        tuple(value.name for value in inputs),
        outputs,
        tuple(walk.nodes),
        shapes,
        walk.constants,
        walk.opset,
        batch,
        str(path),
        walk.scaled,
        frozenset(v.name for v in inputs if v.type.tensor_type.elem_type in _INTEGERS),
    )


def _label(proto: onnx.NodeProto) -> str:
    return proto.name or next((name for name in proto.output if name), proto.op_type)


def _decisive(proto: onnx.NodeProto) -> Collection[str]:
    """The operands whose values decide the result; of the others, only shape or type matter."""
    if proto.op_type in ("Shape", "Size"):
        return ()
    return list(proto.input[:1] if proto.op_type == "CastLike" else proto.input)


def _is_default(proto: onnx.NodeProto) -> bool:
    return proto.domain in ("", "ai.onnx")


def _check_operators(model: onnx.ModelProto, path: Path, supported: Collection[str]) -> None:
    constant = {tensor.name for tensor in model.graph.initializer} | {""}
    unknown: dict[str, str] = {}
    for proto in model.graph.node:
        foldable = (_is_default(proto) and proto.op_type in FOLDABLE) or qonnx.is_qonnx(proto)
        if foldable and constant.issuperset(_decisive(proto)):
            constant.update(proto.output)
        elif not ((_is_default(proto) or qonnx.is_qonnx(proto)) and proto.op_type in supported):
            kind = proto.op_type if _is_default(proto) else f"{proto.domain}.{proto.op_type}"
            unknown[f"{kind} (node {_label(proto)!r})"] = kind
    if unknown:
        shown = ", ".join(list(unknown)[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
        raise Split4mlError(
            f"operators that are not supported: {shown}",
            where=str(path),
            hint=hint(unknown.values())
            or f"supported are {', '.join(sorted(supported))};"
            " a model that hls4ml itself can read may enter as a saved hls4ml graph (.fml)",
        )


def _bind_inputs(walk: _Walk, inputs: list[onnx.ValueInfoProto]) -> int:
    """Gives every input a static type; the symbolic batch axes take the static one's extent, or 1."""
    if not inputs:
        raise Split4mlError("the model has no input", where=str(walk.path))
    batches: set[int] = set()
    for value in inputs:
        where = f"{walk.path}: input {value.name!r}"
        tensor = value.type.tensor_type
        if not value.type.HasField("tensor_type") or tensor.elem_type not in _TYPES:
            names = {number: name for name, number in TensorProto.DataType.items()}
            kind = names.get(tensor.elem_type, "unknown") if tensor.elem_type else "no tensor"
            raise Split4mlError(
                f"inputs must be tensors of floating point, or int32 or int64, not {kind}",
                where=where,
                hint="cast outside of the network",
            )
        if not tensor.HasField("shape") or not tensor.shape.dim:
            raise Split4mlError("the input needs a shape with a batch axis", where=where)
        for axis, extent in enumerate(tensor.shape.dim):
            if axis == 0 and extent.dim_value > 0:
                batches.add(extent.dim_value)
            elif axis > 0 and extent.dim_value <= 0:
                shown = f"dynamic ({extent.dim_param!r})" if extent.dim_param else "unknown"
                raise Split4mlError(
                    f"the extent of axis {axis} is {shown}, but hardware needs static shapes",
                    where=where,
                    hint="export with fixed extents; only the first axis, the batch, may be dynamic",
                )
    if len(batches) > 1:
        raise Split4mlError(f"the inputs disagree about the batch: {sorted(batches)}", where=str(walk.path))
    batch = batches.pop() if batches else 1
    check_batch(batch, str(walk.path))
    for value in inputs:
        shape = [extent.dim_value for extent in value.type.tensor_type.shape.dim]
        check_data((batch, *shape[1:]), batch, value.name, f"{walk.path}: input {value.name!r}")
        kind = value.type.tensor_type.elem_type
        walk.types[value.name] = helper.make_tensor_type_proto(kind, [batch, *shape[1:]])
    return batch


def _visit(walk: _Walk, proto: onnx.NodeProto) -> None:
    label = _label(proto)
    where = f"{walk.path}: node {label!r} ({proto.op_type})"
    operands = [name for name in proto.input if name]
    known = all(name in walk.constants for name in operands)
    if qonnx.is_qonnx(proto):
        _visit_qonnx(walk, proto, known, where)
        return
    if proto.op_type in ("Shape", "Size") and not known:
        shape = np.array(static_shape(walk.types[operands[0]], operands[0], where), np.int64)
        attributes = attributes_of(proto, walk.opset, where)
        end = attributes.get("end")
        part = shape[attributes.get("start", 0) : end]
        walk.constants[proto.output[0]] = (
            part if proto.op_type == "Shape" else np.array(shape.prod(), np.int64)
        )
        return
    types = _infer(walk, proto, where)
    if proto.op_type == "CastLike" and operands[0] in walk.constants and not known:
        kind = walk.types[operands[1]].tensor_type.elem_type
        array = walk.constants[operands[0]].astype(helper.tensor_dtype_to_np_dtype(kind))
        walk.constants[proto.output[0]] = array
        return
    if known and proto.op_type in FOLDABLE:
        for name, kind in types.items():
            extents = static_shape(kind, name, where)
            if len(extents) > MAX_RANK:
                raise Split4mlError(f"the constant {name!r} has more than {MAX_RANK} axes", where=where)
            if prod(extents) > MAX_FOLDED:
                raise Split4mlError(f"the constant {name!r} has more than {MAX_FOLDED} elements", where=where)
            _check_products(walk, proto, extents, where)
            walk.folded += prod(extents)
        if walk.folded > MAX_CONSTANTS:
            raise Split4mlError(
                f"with this, the constants that the model computes have more than {MAX_CONSTANTS} elements",
                where=where,
            )
        if proto.op_type in ("QuantizeLinear", "DequantizeLinear"):
            _quantise_constant(walk, proto, where)
        else:
            walk.constants.update(_evaluate(walk, proto, where))
            _move_scale(walk, proto, where)
        return
    for name, kind in types.items():
        if name == proto.output[0]:
            check_data(static_shape(kind, name, where), walk.batch, name, where)
        elif not _is_static(kind):  # such as Dropout's mask before opset 10, which nobody reads
            continue
        walk.types[name] = kind
    walk.nodes.append(
        Node(
            module_name(proto) or proto.name or proto.op_type.lower(),
            proto.op_type,
            tuple(proto.input),
            tuple(proto.output),
            attributes_of(proto, walk.opset, where),
            label,
        )
    )


def _check_products(walk: _Walk, proto: onnx.NodeProto, result: Shape, where: str) -> None:
    """Constants of few bytes can ask for any amount of arithmetic."""
    if proto.op_type in ("MatMul", "Gemm"):
        inner = max(walk.constants[proto.input[0]].shape, default=1)
        if prod(result) * inner > MAX_PRODUCTS:
            raise Split4mlError(
                f"this product of constants takes more than {MAX_PRODUCTS} multiplications", where=where
            )


def _is_static(kind: onnx.TypeProto) -> bool:
    return kind.tensor_type.HasField("shape") and all(
        extent.HasField("dim_value") for extent in kind.tensor_type.shape.dim
    )


def _visit_qonnx(walk: _Walk, proto: onnx.NodeProto, known: bool, where: str) -> None:
    """A quantiser of QONNX: of a constant it is computed, of data it becomes a node. The shape stays."""
    if not all(proto.input):
        raise Split4mlError("an operand of it is missing", where=where)
    try:
        attributes = qonnx.attributes_of(proto)
        if known:
            scaled = qonnx.constant(attributes, proto.op_type, [walk.constants[name] for name in proto.input])
            walk.scaled[proto.output[0]] = scaled
            walk.constants[proto.output[0]] = (scaled.integers * scaled.scale).astype(np.float32)
            return
    except (ValueError, ArithmeticError, IndexError, TypeError) as error:
        raise Split4mlError(first_line(error), where=where) from None
    if not proto.input or proto.input[0] not in walk.types:
        raise Split4mlError(
            "it quantises nothing, or a constant by a scale that depends on the data", where=where
        )
    walk.types[proto.output[0]] = walk.types[proto.input[0]]
    walk.nodes.append(
        Node(
            module_name(proto) or proto.name or proto.op_type.lower(),
            proto.op_type,
            tuple(proto.input),
            tuple(proto.output),
            attributes,
            _label(proto),
        )
    )


def _quantise_constant(walk: _Walk, proto: onnx.NodeProto, where: str) -> None:
    """QuantizeLinear and DequantizeLinear of a constant, in float32 as ONNX defines them."""
    attributes = attributes_of(proto, walk.opset, where)
    operands = [walk.constants[name] if name else None for name in proto.input]
    kind = next(iter(_infer(walk, proto, where).values())).tensor_type.elem_type
    try:
        if attributes.get("block_size"):
            raise ValueError("quantisation in blocks is not supported")
        result, scaled = onnx_scaled.linear(
            proto.op_type, operands, attributes.get("axis", 1), helper.tensor_dtype_to_np_dtype(kind)
        )
    except ValueError as error:
        raise Split4mlError(first_line(error), where=where) from None
    walk.constants[proto.output[0]] = result
    if scaled is not None:
        walk.scaled[proto.output[0]] = scaled


def _move_scale(walk: _Walk, proto: onnx.NodeProto, where: str) -> None:
    """What a folded constant consists of, if it is a quantised one with its elements moved."""
    before = walk.scaled.get(proto.input[0]) if proto.input else None
    if before is not None:
        result = proto.output[0]
        attributes = attributes_of(proto, walk.opset, where)
        after = before.moved(proto.op_type, attributes, walk.constants[result].shape)
        if after is not None:
            walk.scaled[result] = after


def _infer(walk: _Walk, proto: onnx.NodeProto, where: str) -> dict[str, onnx.TypeProto]:
    """Types of the results of one node."""
    types: dict[str, onnx.TypeProto] = {}
    data: dict[str, TensorProto] = {}
    for name in proto.input:
        if name in walk.constants:
            array = walk.constants[name]
            types[name] = helper.make_tensor_type_proto(
                helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            if array.size <= 64:  # shapes, axes and the like; weights decide no shape by their values
                data[name] = numpy_helper.from_array(array, name)
        elif name in walk.types:
            types[name] = walk.types[name]
        elif name:
            raise Split4mlError(f"the shape of its operand {name!r} cannot be inferred", where=where)
    try:
        schema = onnx.defs.get_schema(proto.op_type, walk.opset, "")
        return dict(
            shape_inference.infer_node_outputs(
                schema, proto, types, data, None, [helper.make_opsetid("", walk.opset)]
            )
        )
    except _ONNX_ERRORS as error:
        raise Split4mlError(f"its shapes do not fit: {first_line(error)}", where=where) from None


def _evaluate(walk: _Walk, proto: onnx.NodeProto, where: str) -> dict[str, Array]:
    """The results of one node whose operands are all constants, by ONNX's reference implementation."""
    names = [name for name in dict.fromkeys(proto.input) if name]
    graph = helper.make_graph(
        [proto],
        "fold",
        [
            helper.make_tensor_value_info(
                name,
                helper.np_dtype_to_tensor_dtype(walk.constants[name].dtype),
                walk.constants[name].shape,
            )
            for name in names
        ],
        [helper.make_empty_tensor_value_info(name) for name in proto.output if name],
    )
    single = helper.make_model(graph, opset_imports=[helper.make_opsetid("", walk.opset)])
    try:
        results = reference.ReferenceEvaluator(single).run(
            None, {name: walk.constants[name] for name in names}
        )
    except Exception as error:  # noqa: BLE001 - numpy and the evaluator raise whatever they like on bad values
        raise Split4mlError(f"this constant cannot be computed: {first_line(error)}", where=where) from None
    return {name: np.asarray(value) for name, value in zip(filter(None, proto.output), results, strict=True)}
