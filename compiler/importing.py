"""What a user compiles, as a module: an ONNX file, a saved or live hls4ml graph, or IR of any stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from split4ml.compiler.stimulus import Stimulus, attach
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.dialects.names import legal_name

if TYPE_CHECKING:
    from split4ml.backends.hls4ml.graph import Graph
    from split4ml.compiler.services import Session
    from split4ml.dialects import nn

SAMPLE_FRAMES = 16
"""Random frames if the user gives no sample inputs."""


def import_source(source: Path, session: Session, inputs: Path | None = None) -> ModuleOp:
    """The module of a file, by its ending. inputs: sample inputs (.npz). Raises Split4mlError."""
    if not source.exists():
        raise Split4mlError("there is no such file", str(source))
    if source.is_dir():
        raise Split4mlError(
            "this is a folder, not a model",
            str(source),
            "name an .onnx, .fml or .mlir file; DIR/ir/ holds those of a build",
        )
    match source.suffix.lower():
        case ".onnx":
            return import_onnx_model(source, session, inputs)
        case ".fml":
            from split4ml.backends.hls4ml.archive import load
            from split4ml.backends.hls4ml.capture import explained

            with naming(source), explained("this graph makes no sense"):
                return import_graph(load(source), source.stem, session, inputs)
        case ".mlir":
            return import_ir(source, session, inputs)
    raise Split4mlError(
        f"{source.suffix or 'a file without an ending'} is no kind of model that is read",
        str(source),
        "there are .onnx, .fml (a saved hls4ml graph) and .mlir (IR of any stage)",
    )


@contextmanager
def naming(source: Path) -> Iterator[None]:
    """Errors that name no file, or only a layer in it, name this one."""
    try:
        yield
    except UsageError:
        raise
    except Split4mlError as error:
        if error.where is None or error.where.startswith("layer "):
            error.where = f"{source}, {error.where}" if error.where else str(source)
        raise


def import_onnx_model(source: Path, session: Session, inputs: Path | None) -> ModuleOp:
    """The network, with sample inputs and what ONNX Runtime makes of them, or nn's own definition if it is QONNX."""
    from split4ml.compiler.frontend.onnx_import import import_model, quantisers_in
    from split4ml.compiler.frontend.onnx_load import load
    from split4ml.compiler.frontend.onnx_tails import notes
    from split4ml.compiler.frontend.reference import Reference, evaluated, load_inputs, samples_for
    from split4ml.dialects import nn

    proto = load(source)
    module = import_model(proto, source, session.store)
    (model,) = (op for op in module.ops if isinstance(op, nn.ModelOp))
    shapes = {op.source.data: op.shape for op in model.inputs}
    at_once, samples = _frames(model)
    arrays = load_inputs(inputs, shapes) if inputs else samples_for(model, samples)
    quantisers = quantisers_in(proto)
    for text in notes(proto):
        session.note(text)
    if "QONNX" in quantisers:
        outputs = evaluated(model, session.store, arrays)
    else:
        outputs = Reference(source, "QDQ" in quantisers, proto).run(arrays, at_once)
    stimulus = Stimulus(
        arrays,
        {op.source.data: outputs[op.source.data] for op in model.outputs},
        _labels(
            inputs,
            arrays,
            {op.source.data: outputs[op.source.data].shape[1:] for op in model.outputs},
            session,
        )
        if inputs
        else None,
        random=inputs is None,
    )
    attach(module, stimulus, session.store)
    return module


def _frames(model: nn.ModelOp) -> tuple[int, int]:
    """How many frames may be computed together, for the memory that they take, and how many random ones there are to be, for the
    time; at least one each."""
    from split4ml.compiler.frontend.onnx_limits import AT_ONCE
    from split4ml.dialects import nn

    data = [
        prod(op.shape)
        for op in model.block.ops
        if isinstance(op, nn.TensorOp) and not isinstance(op, nn.ConstantOp)
    ]
    return max(1, AT_ONCE // max(data)), max(1, min(SAMPLE_FRAMES, AT_ONCE // sum(data)))


def _labels(
    path: Path, arrays: Mapping[str, Any], outputs: Mapping[str, Sequence[int]], session: Session
) -> Any:
    """The array `labels` of a file of sample inputs, one class per frame; None without one. What else is in the file is told.

    outputs: shapes without frames."""
    import numpy as np

    from split4ml.compiler.accuracy import check_labels, labelled
    from split4ml.compiler.npz import names_in, read_npz

    for name in names_in(path):
        if name not in (*arrays, *outputs, "labels"):
            near = get_close_matches(name, [*arrays, *outputs, "labels"], 1)
            meant = f"; {near[0]!r} may be meant" if near else ""
            session.note(
                f"{path.name} has an array {name!r}, which is no input or output of the model and not `labels`: it is not used{meant}"
            )
    labels = read_npz(path, (), ("labels",)).get("labels")
    if labels is None:
        return None
    check_labels(labels, len(next(iter(arrays.values()))), outputs, str(path))
    if labelled(outputs) is None:
        session.note(
            f"{path.name} has labels, but none of the outputs {', '.join(outputs)} is the only vector of classes: there is no accuracy"
        )
        return None
    return labels.astype(np.int64)


def import_graph(graph: Graph, name: str, session: Session, inputs: Path | None = None) -> ModuleOp:
    """A model of an hls4ml graph, saved or live. Its arrays are laid out as hls4ml has them: channels last."""
    from split4ml.compiler.frontend.reference import load_inputs
    from split4ml.passes.flow_from_graph import Port, build_model

    lowered = session.adopt(graph)
    info = lowered.info
    session.tool = tool_for(info.backend, session.tool)
    ports = {}
    for streams, names in (
        (info.inputs, info.input_names or graph.model.inputs),
        (info.outputs, info.output_names or graph.model.outputs),
    ):
        for stream, source in zip(streams, names, strict=True):
            shape = info.by_stream[stream].shape
            ports[stream] = Port(source, shape, tuple(range(len(shape))))
    model = build_model(
        info,
        legal_name(name, fallback="model"),
        lowered.archive,
        lowered.digest,
        session.tool,
        session.start,
        ports,
    )
    module = ModuleOp([model])
    module.verify()
    if inputs is not None:
        shapes, results = (
            {ports[stream].source: ports[stream].shape for stream in side}
            for side in (info.inputs, info.outputs)
        )
        arrays = load_inputs(inputs, shapes)
        frames = len(next(iter(arrays.values())))
        labels = _labels(inputs, arrays, results, session)
        stimulus = Stimulus(arrays, _expected(inputs, results, frames), labels)
        attach(module, stimulus, session.store)
    return module


def _expected(path: Path, shapes: Mapping[str, tuple[int, ...]], frames: int) -> dict[str, Any] | None:
    """What the user's framework makes of the sample inputs: arrays named like the outputs beside them; None without any.

    A graph alone does not say what the network was to compute. Raises Split4mlError: some are missing, or do not fit.
    """
    import numpy as np

    from split4ml.compiler.npz import read_npz

    found = read_npz(path, (), list(shapes))
    if not found:
        return None
    for name, shape in shapes.items():
        where = f"{path}: {name!r}"
        if name not in found:
            given = ", ".join(found)
            raise Split4mlError(f"expected outputs are there for {given}, but not for this output", where)
        array = found[name]
        if (
            array.dtype.kind not in "fiub"
            or array.shape[:1] != (frames,)
            or array.size != frames * prod(shape)
        ):
            wanted = ", ".join(map(str, shape))
            raise Split4mlError(
                f"the expected output is {array.dtype} of shape {list(array.shape)},"
                f" but should be numbers of shape [{frames}, {wanted}]",
                where,
            )
        if not np.all(np.isfinite(array)):
            raise Split4mlError("the expected output holds values that are not finite", where)
    return {name: found[name].reshape(frames, *shape).astype(np.float32) for name, shape in shapes.items()}


def tool_for(backend: str, tool: str) -> str:
    """`tool` if it is one of the backend's, else the backend's default."""
    from split4ml.passes.timing.constants import DEFAULT

    return tool if tool.startswith(backend.lower()) else DEFAULT[backend.lower()]


def import_ir(source: Path, session: Session, inputs: Path | None) -> ModuleOp:
    """IR of any stage, verified, and compared with the archive it names."""
    from split4ml.compiler.passrunner import context
    from split4ml.compiler.sources import parse_ir, verify_ir
    from split4ml.dialects import flow
    from split4ml.passes.check_archive import CheckArchive

    ctx = context()
    module, begin = parse_ir(ctx, source.read_bytes(), str(source))
    verify_ir(module, begin)
    if any(isinstance(op, flow.ModelOp) for op in module.ops):
        CheckArchive(archives=session).apply(ctx, module)
    if inputs is not None:
        _replace_inputs(module, inputs, session)
    return module


def _replace_inputs(module: ModuleOp, path: Path, session: Session) -> None:
    """Sample inputs for IR, which carries some already: if these are others, there is no reference for them."""
    import numpy as np

    from split4ml.compiler.frontend.reference import load_inputs
    from split4ml.compiler.stimulus import load

    shapes, outputs = _ports(module)
    arrays = load_inputs(path, shapes)
    present = load(module, list(shapes), outputs, session.store)
    if present is not None and all(np.array_equal(present.inputs[name], arrays[name]) for name in shapes):
        return
    attach(module, Stimulus(arrays), session.store)
    session.notes.append(
        f"{path.name} holds other sample inputs than the IR, which has no reference outputs for them"
    )


def _ports(module: ModuleOp) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """The user's inputs with their shapes, and the outputs."""
    from split4ml.compiler.layout import geometry, port_name
    from split4ml.dialects import flow, nn
    from split4ml.passes.lower_nn_to_flow import port_of

    for op in module.ops:
        if isinstance(op, nn.ModelOp):
            ports = [port_of(port) for port in op.inputs]
            return {port.source: port.shape for port in ports}, [port.source.data for port in op.outputs]
        if isinstance(op, flow.ModelOp):
            shapes = {port_name(port): geometry(port)[1] for port in op.inputs}
            return shapes, [port_name(port) for port in op.outputs]
    return {}, []
