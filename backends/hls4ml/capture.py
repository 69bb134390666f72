"""hls4ml prints, warns and raises as it goes: nothing of that reaches a user as it is."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from split4ml.dialects.errors import Split4mlError

_LOCK = threading.RLock()
_MOST_INFERENCES = 100


@dataclass
class Captured:
    """What was printed, complete once the `with` block has ended."""

    text: str = ""


@contextlib.contextmanager
def captured() -> Iterator[Captured]:
    """Diverts standard output and error, of Python and of file descriptors 1 and 2, into the object it yields.

    The descriptors are the process's, so whatever other threads print meanwhile is captured too; blocks are short
    (tens of milliseconds) and run one at a time.
    """
    result = Captured()
    with _LOCK, tempfile.TemporaryFile() as sink, contextlib.ExitStack() as stack:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError, OSError):  # closed, or no real file
                stream.flush()
        text = io.StringIO()
        stack.enter_context(_diverted(1, sink.fileno()))
        stack.enter_context(_diverted(2, sink.fileno()))
        stack.enter_context(contextlib.redirect_stdout(text))
        stack.enter_context(contextlib.redirect_stderr(text))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        try:
            yield result
        finally:
            sink.seek(0)
            result.text = text.getvalue() + sink.read().decode(errors="replace")


@contextlib.contextmanager
def _diverted(descriptor: int, target: int) -> Iterator[None]:
    try:
        saved = os.dup(descriptor)
    except OSError:  # closed by whoever started us
        yield
        return
    try:
        os.dup2(target, descriptor)
        yield
    finally:
        os.dup2(saved, descriptor)
        os.close(saved)


class explained:
    """Turns whatever hls4ml raises inside the block into one Split4mlError that names the layer it was at."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Split4mlError) or not isinstance(error, Exception):
            return
        text = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, KeyError):
            text = f"{text} is missing"
        if isinstance(error, (ModuleNotFoundError, ImportError)):
            raise Split4mlError(
                f"{self.message}: {text}", _layer_at(trace), "install the package it names"
            ) from error
        raise Split4mlError(f"{self.message}: {text[:500]}", _layer_at(trace)) from error


def _layer_at(trace: TracebackType | None) -> str | None:
    """The layer that hls4ml's innermost frame was working on."""
    found = None
    while trace is not None:
        for variable in ("node", "layer", "self"):
            value = trace.tb_frame.f_locals.get(variable)
            name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
            if isinstance(name, str) and (isinstance(value, dict) or hasattr(value, "attributes")):
                found = name
        trace = trace.tb_next
    return f"layer {found}" if found else None


@contextlib.contextmanager
def bounded_inference() -> Iterator[None]:
    """Stops hls4ml's inference of `auto` types where it would go on for ever.

    `optimize_model` repeats the pass until it changes nothing, and for some layers (a Clone whose result is `auto` by
    the model's default) it never says so.
    """
    from hls4ml.model.optimizer import get_optimizer

    optimizer = get_optimizer("infer_precision_types")
    transform = optimizer.transform
    counts: dict[str, int] = {}

    def counting(model: Any, node: Any) -> bool:
        counts[node.name] = counts.get(node.name, 0) + 1
        if counts[node.name] > _MOST_INFERENCES:
            raise Split4mlError(
                "hls4ml cannot infer its types",
                f"layer {node.name}",
                "set auto for single layers of the network, not for the whole model, or give this one a Precision",
            )
        return bool(transform(model, node))

    optimizer.transform = counting
    try:
        yield
    finally:
        del optimizer.transform
