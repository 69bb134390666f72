"""The ONNX front end: a file to a module with one nn.model."""

from __future__ import annotations

from pathlib import Path

import onnx
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from split4ml.compiler.frontend import (  # noqa: F401 - register their operators
    onnx_activations,
    onnx_conditions,
    onnx_einsum,
    onnx_elementwise,
    onnx_padding,
    onnx_products,
    onnx_quantised,
    onnx_recurrent,
    onnx_repeating,
    onnx_resampling,
    onnx_slicing,
    onnx_transposed,
)
from split4ml.compiler.frontend.onnx_batch import batch_first
from split4ml.compiler.frontend.onnx_builder import Builder
from split4ml.compiler.frontend.onnx_graph import read_graph
from split4ml.compiler.frontend.onnx_load import first_line, load
from split4ml.compiler.frontend.onnx_ops import HANDLERS
from split4ml.compiler.frontend.onnx_quantised import PASSING, QDQ, integer_result
from split4ml.compiler.frontend.qonnx import is_qonnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import WeightStore


def supported_operators() -> list[str]:
    """Names of the ONNX operators that compute on data; those that compute constants are many more."""
    return sorted(HANDLERS)


def quantisers_in(model: onnx.ModelProto) -> set[str]:
    """Which of `QONNX` and `QDQ` (QuantizeLinear and the like) a model has."""
    nodes = model.graph.node
    kinds = {"QONNX" for proto in nodes if is_qonnx(proto)}
    return kinds | {"QDQ" for proto in nodes if proto.op_type in QDQ}


def import_onnx(path: Path, weights: WeightStore) -> ModuleOp:
    """The network in `path`, its weights put into the store. Depends on the file's bytes and name only.

    Raises Split4mlError, naming the node, for all that the file may get wrong.
    """
    return import_model(load(path), path, weights)


def import_model(model: onnx.ModelProto, path: Path, weights: WeightStore) -> ModuleOp:
    """The same for what `load` made of the file."""
    graph = batch_first(read_graph(model, path, HANDLERS))
    builder = Builder(path.stem, graph, weights)
    for name in (*graph.inputs, *graph.outputs):
        if not name.isascii():
            raise Split4mlError(
                f"the input or output {name!r} has a name that is not ASCII, which IR text cannot hold",
                where=str(path),
                hint="rename it, e.g. with the options input_names and output_names of torch.onnx.export",
            )
    for name in graph.inputs:
        symbol = builder.name(name, "data")
        builder.values[name] = builder.emit(nn.InputOp(symbol, name, graph.shapes[name][1:]))
    # outputs have their names before the nodes do, since these face the user
    outputs = {name: builder.name(name, "result") for name in graph.outputs}
    for node in graph.nodes:
        if graph.integers.intersection(node.inputs) and node.op != "Gather":
            raise builder.error(
                node,
                "it works on an input of integers, which may only choose embeddings (Gather)",
                "cast the input outside",
            )
        symbol = builder.name(node.name, node.op.lower())
        try:
            result = HANDLERS[node.op](builder, node, symbol)
            if result is None:  # no result, or only others than the first: those the handler has noted
                continue
            if not node.outputs[0]:
                continue
            builder.values.setdefault(node.outputs[0], result)
            builder.result_shape(node)
            if node.op in PASSING and node.inputs[0] in builder.zeros:
                integer_result(builder, node, builder.values[node.outputs[0]], builder.zeros[node.inputs[0]])
        except (ValueError, ArithmeticError) as error:
            raise builder.error(node, str(error)) from None
        except (TypeError, IndexError, KeyError) as error:
            raise builder.error(
                node, f"its operands or attributes make no sense: {first_line(error)}"
            ) from None
    for name, symbol in outputs.items():
        builder.model.block.add_op(nn.OutputOp(symbol, name, builder.values[name]))
    module = ModuleOp([builder.model])
    try:
        module.verify()
    except VerifyException as error:
        raise Split4mlError(f"the imported network does not verify: {error}", where=str(path)) from None
    return module
