"""What scikit-learn's converter, skl2onnx, writes around a network: a scaler before it, the label of a class behind it.

    … -> probabilities -> ArgMax -> ArrayFeatureExtractor (classes) -> Reshape -> Cast -> label     left out, and said so
    … -> probabilities -> ZipMap -> one dictionary per frame                                        the probabilities instead
    X -> ai.onnx.ml.Scaler                                                                          Sub and Mul

Which class has the largest probability is for software to say; hardware gives the probabilities.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

NOTE = "split4ml.note"
"""Begin of the keys of the metadata in which a model says what was left out of it."""

_ML = "ai.onnx.ml"
_PASSING = ("Cast", "Identity", "Reshape", "Squeeze", "Flatten")


def notes(model: onnx.ModelProto) -> list[str]:
    """What was left out of a model."""
    return [entry.value for entry in model.metadata_props if entry.key.startswith(NOTE)]


def plain(model: onnx.ModelProto) -> None:
    """Rewrites a model as above, in place; one without operators of ai.onnx.ml stays as it is."""
    graph = model.graph
    others = [entry for entry in model.metadata_props if not entry.key.startswith(NOTE)]
    del model.metadata_props[:]
    model.metadata_props.extend(others)
    if not any(node.domain == _ML for node in graph.node):
        return
    _write_scalers(graph)
    makers = {name: node for node in graph.node for name in node.output if name}
    kept: list[onnx.ValueInfoProto] = []
    said: list[str] = []
    for output in graph.output:
        scores = _scores(output.name, makers)
        if scores is None:
            kept.append(output)
            continue
        said.append(
            f"output {output.name!r} is left to software: it names the class with the largest of {scores!r}"
        )
        if makers[output.name].op_type == "ZipMap":
            said[-1] = f"output {output.name!r} is a dictionary of {scores!r}, which stands in its place"
            kept.append(helper.make_tensor_value_info(scores, TensorProto.FLOAT, None))
    if not kept and said:
        (scores,) = {_scores(output.name, makers) for output in graph.output}
        assert scores is not None
        kept.append(helper.make_tensor_value_info(scores, TensorProto.FLOAT, None))
    if not said:
        return
    names = [value.name for value in kept]
    unique = [value for index, value in enumerate(kept) if value.name not in names[:index]]
    del graph.output[:]
    graph.output.extend(unique)
    _drop_unused(graph)
    for index, text in enumerate(said):
        model.metadata_props.append(onnx.StringStringEntryProto(key=f"{NOTE}{index}", value=text))


def _scores(name: str, makers: dict[str, onnx.NodeProto]) -> str | None:
    """The tensor of which an output is the label or the dictionary; None if it is neither."""
    labelled = False
    for _ in range(len(makers) + 1):
        node = makers.get(name)
        if node is None or not node.input:
            return None
        if node.domain == _ML and node.op_type == "ZipMap":
            return str(node.input[0])
        if node.domain == _ML and node.op_type == "ArrayFeatureExtractor" and len(node.input) > 1:
            labelled, name = True, node.input[1]
        elif node.op_type == "ArgMax":
            return str(node.input[0]) if labelled else None
        elif node.op_type in _PASSING:
            name = node.input[0]
        else:
            return None
    return None


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Nodes and weights that no output needs."""
    needed = {value.name for value in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    nodes.reverse()
    del graph.node[:]
    graph.node.extend(nodes)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(weights)


def _write_scalers(graph: onnx.GraphProto) -> None:
    """ai.onnx.ml.Scaler, which is (x - offset) * scale."""
    nodes: list[onnx.NodeProto] = []
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    for node in graph.node:
        factors = {attribute.name: list(attribute.floats) for attribute in node.attribute}
        if (
            node.domain != _ML
            or node.op_type != "Scaler"
            or len(node.input) != 1
            or len(node.output) != 1
            or not all(factors.get(key) for key in ("offset", "scale"))
        ):
            nodes.append(node)
            continue
        stem = node.output[0]
        while any(f"{stem}_{key}" in taken for key in ("offset", "scale", "moved")):
            stem += "_"
        for key in ("offset", "scale"):
            values = factors[key]
            graph.initializer.append(
                helper.make_tensor(f"{stem}_{key}", TensorProto.FLOAT, [len(values)], values)
            )
        label = node.name or node.output[0]
        moved = f"{stem}_moved"
        nodes.append(helper.make_node("Sub", [node.input[0], f"{stem}_offset"], [moved], f"{label}/offset"))
        nodes.append(helper.make_node("Mul", [moved, f"{stem}_scale"], list(node.output), label))
    del graph.node[:]
    graph.node.extend(nodes)
