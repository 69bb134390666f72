"""Arrays as a user has them (ONNX names and layouts, first axis = frames) against tokens as streams carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.bits import dequantize, quantize

Array = npt.NDArray[np.generic]
Raw = npt.NDArray[np.uint64]


def port_name(port: flow.InputOp | flow.OutputOp) -> str:
    """What the user calls it: the tensor's name in the model, or else the stream's."""
    return port.source.data if port.source else symbol(port)


def geometry(port: flow.InputOp | flow.OutputOp) -> tuple[StreamType, tuple[int, ...], tuple[int, ...]]:
    """(type, shape without frames, axes in stream order); a port without a shape carries tokens x elements."""
    value = port.out if isinstance(port, flow.InputOp) else port.stream
    type_ = value.type
    assert isinstance(type_, StreamType)
    if port.shape is None or port.order is None:
        return type_, (type_.tokens.data, type_.elements.data), (0, 1)
    return type_, tuple(port.shape.get_values()), tuple(port.order.get_values())


def frames_in(model: flow.ModelOp, arrays: Mapping[str, Array], where: str) -> int:
    """The number of frames that all inputs have. Raises Split4mlError for a missing array or a wrong shape."""
    counts = {}
    for port in model.inputs:
        name = port_name(port)
        _, shape, _ = geometry(port)
        if name not in arrays:
            known = ", ".join(sorted(arrays)) or "nothing"
            raise Split4mlError(f"no array for the input {name!r}; it holds {known}", where)
        found = arrays[name]
        if found.dtype.kind not in "fiub":
            raise Split4mlError(f"the input {name!r} has elements of type {found.dtype}, not numbers", where)
        if found.ndim == 0 or found.shape[1:] != shape or not found.shape[0]:
            wanted = ", ".join(map(str, ("frames", *shape)))
            raise Split4mlError(
                f"the input {name!r} has shape {list(found.shape)}, but must be [{wanted}]", where
            )
        if not np.all(np.isfinite(found)):
            raise Split4mlError(f"the input {name!r} holds values that are not finite", where)
        counts[name] = int(found.shape[0])
    if len(set(counts.values())) > 1:
        raise Split4mlError(f"the inputs have different numbers of frames: {counts}", where)
    return next(iter(counts.values()))


def to_tokens(model: flow.ModelOp, arrays: Mapping[str, Array], frames: Sequence[int]) -> dict[str, Raw]:
    """Raw bits by stream, [frames * tokens, elements], of the given frames in that order."""
    tokens = {}
    for port in model.inputs:
        type_, shape, order = geometry(port)
        values = np.asarray(arrays[port_name(port)], np.float64)[list(frames)].reshape(len(frames), *shape)
        values = values.transpose(0, *(axis + 1 for axis in order))
        tokens[symbol(port)] = quantize(values.reshape(-1, type_.elements.data), type_.precision)
    return tokens


def from_tokens(
    model: flow.ModelOp, tokens: Mapping[str, Raw], frames: int
) -> dict[str, npt.NDArray[np.float64]]:
    """The inverse for outputs: values by the user's names, [frames, *shape]."""
    arrays = {}
    for port in model.outputs:
        type_, shape, order = geometry(port)
        values = dequantize(tokens[symbol(port)], type_.precision)
        values = values.reshape(frames, *(shape[axis] for axis in order))
        arrays[port_name(port)] = values.transpose(0, *(int(axis) + 1 for axis in np.argsort(order)))
    return arrays


def random_inputs(model: flow.ModelOp, frames: int) -> dict[str, npt.NDArray[np.float32]]:
    """Normally distributed values that the input types can hold; always the same ones."""
    rng = np.random.default_rng(0)
    arrays = {}
    for port in model.inputs:
        type_, shape, _ = geometry(port)
        precision = type_.precision
        high = 2.0 ** (precision.integer - int(precision.signed))
        values = rng.normal(0, min(1.0, high / 4), (frames, *shape))
        arrays[port_name(port)] = values.clip(-high * precision.signed, high).astype(np.float32)
    return arrays
