"""Reads an ONNX file: bytes to a checked ModelProto with all weights inside. The file is untrusted input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

import onnx
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from onnx import external_data_helper, inliner

from split4ml.compiler.frontend import onnx_tails
from split4ml.compiler.frontend.onnx_limits import check_functions
from split4ml.dialects.errors import Split4mlError

MAX_ITEM = 16
"""Bytes of the widest element type, a complex number."""
OLDEST_OPSET = 9
"""Since opset 9 initializers need not be graph inputs and BatchNormalization has its present meaning."""


def load(path: Path) -> onnx.ModelProto:
    """The model in `path`, functions inlined, external data loaded, without what skl2onnx writes around a network.

    Raises Split4mlError: unreadable, no ONNX, truncated, too old or too new an opset, missing or hostile external data.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # it may never end
            raise Split4mlError("this is no plain file", str(path))
        data = path.read_bytes()
    except OSError as error:
        raise Split4mlError(f"cannot read the model: {error.strerror}", where=str(path)) from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise _no_onnx(path, "it does not decode as one; it may be truncated") from None
    if not _is_text(model):
        raise _no_onnx(path, "a name in it is not UTF-8")
    if model.ir_version < 1 or not model.HasField("graph"):
        raise _no_onnx(path, "it has no graph")
    if not model.opset_import:
        raise _no_onnx(path, "it names no operator set; it may be truncated")
    _check_opset(model, path)
    if model.functions:
        check_functions(model, str(path))
        try:
            model = inliner.inline_local_functions(model)
        except Exception as error:  # noqa: BLE001 - the C++ inliner raises RuntimeError and ValidationError alike
            raise Split4mlError(
                f"its functions cannot be inlined: {first_line(error)}", where=str(path)
            ) from None
    _load_external_data(model, path)
    onnx_tails.plain(model)
    return model


def opset_of(model: onnx.ModelProto) -> int:
    """Version of the default operator set; 0 if the model does not import it."""
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def check(model: onnx.ModelProto, path: Path) -> None:
    """ONNX's own checker, as a Split4mlError. Shapes of outputs may be left out, as in ONNX Runtime."""
    for value in model.graph.output:
        value.type.tensor_type.shape.SetInParent()  # an absent shape becomes one that nobody reads
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise Split4mlError(f"the model is not valid ONNX: {first_line(error)}", where=str(path)) from None


def first_line(error: Exception) -> str:
    """What an exception says, on one line without control characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "".join(c if c.isprintable() else "?" for c in lines[0])[:300] if lines else type(error).__name__


def _no_onnx(path: Path, why: str) -> Split4mlError:
    return Split4mlError(
        f"this is no ONNX file: {why}",
        where=str(path),
        hint="export the network again, e.g. with torch.onnx.export",
    )


def _is_text(message: Message) -> bool:
    """Whether every string field is UTF-8; protobuf hands out those that are not as bytes."""
    for descriptor, value in message.ListFields():
        many = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
        if descriptor.type == FieldDescriptor.TYPE_STRING:
            if not all(isinstance(item, str) for item in many):
                return False
        elif descriptor.type == FieldDescriptor.TYPE_MESSAGE and not all(_is_text(item) for item in many):
            return False
    return True


def _check_opset(model: onnx.ModelProto, path: Path) -> None:
    opset, newest = opset_of(model), onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= opset <= newest:
        raise Split4mlError(
            f"the model uses operator set {opset}, but {OLDEST_OPSET} to {newest} are supported",
            where=str(path),
            hint="convert it with onnx.version_converter.convert_version",
        )


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _load_external_data(model: onnx.ModelProto, path: Path) -> None:
    folder = path.resolve().parent
    for tensor in _tensors(model):
        if not external_data_helper.uses_external_data(tensor):
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        where = f"{path}: tensor {tensor.name!r}"
        target = (folder / location).resolve()
        if not location or target == folder or not target.is_relative_to(folder):
            raise Split4mlError(f"its data lies outside the model's folder, at {location!r}", where=where)
        if not target.is_file():
            raise Split4mlError(
                f"its data should be in {location!r}, but there is no such file",
                where=where,
                hint="keep the external data file beside the model",
            )
        try:
            offset, length = int(entries.get("offset", 0)), int(entries.get("length", 0))
        except ValueError:
            raise Split4mlError(
                "offset and length of its external data are no numbers", where=where
            ) from None
        size = target.stat().st_size
        most = MAX_ITEM * max(1, prod(tensor.dims))
        if (length or size - offset) > most:
            raise Split4mlError(
                f"its data has {length or size - offset} bytes, but its shape {list(tensor.dims)} needs at most {most}",
                where,
            )
        if offset < 0 or length < 0 or offset + length > size:
            raise Split4mlError(
                f"its data should be bytes {offset} to {offset + length} of {location!r}, which has {size};"
                " the file may be truncated",
                where=where,
            )
        with target.open("rb") as stream:
            stream.seek(offset)
            tensor.raw_data = stream.read(length or -1)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]
