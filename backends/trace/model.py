"""The result of tracing a project, and its file form."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.backends.trace.taskfile import from_values, to_values
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.tasktrace import Element, TaskTrace

_FORMAT = 2


@dataclass(frozen=True, eq=False)
class ProjectTrace:
    """Traces of all tasks of one hls4ml project, and the tokens of all its streams.

    inputs, outputs: ports of the top function, in its order.
    tokens:   stream name -> uint64[frames * tokens, elements], raw bits of every element.
    elements: stream name -> type of its elements.
    frames:   frames that `tokens` holds.
    """

    top: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tasks: tuple[TaskTrace, ...]
    tokens: dict[str, npt.NDArray[np.uint64]]
    elements: dict[str, Element]
    frames: int

    def save(self, path: Path) -> None:
        """Writes an `.npz` that depends on the contents alone, not on the time of writing."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        streams = list(self.tokens)
        for number, name in enumerate(streams):
            arrays[f"tokens{number}"] = _narrow(self.tokens[name], self.elements[name].width)
        facts = {
            "format": _FORMAT,
            "top": self.top,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "frames": self.frames,
            "streams": [[name, *dataclasses.astuple(self.elements[name])] for name in streams],
            "tasks": [to_values(task) for task in self.tasks],
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        arrays["facts"] = np.frombuffer(text, np.uint8)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted(arrays):
                member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                npy = io.BytesIO()
                np.lib.format.write_array(npy, np.ascontiguousarray(arrays[name]), allow_pickle=False)
                archive.writestr(member, npy.getvalue())
        temporary = path.with_name(path.name + ".part")
        temporary.write_bytes(data.getvalue())
        temporary.replace(path)

    @staticmethod
    def load(path: Path) -> ProjectTrace:
        """The inverse of `save`. Raises Split4mlError if the file is no trace."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            facts = json.loads(arrays["facts"].tobytes())
            if facts["format"] != _FORMAT:
                raise ValueError(f"format {facts['format']}")
            return _load(facts, arrays)
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
            raise Split4mlError(f"this is no trace that can be read: {error}", str(path)) from None


def _narrow(tokens: npt.NDArray[np.uint64], width: int) -> npt.NDArray[Any]:
    return tokens.astype(
        np.uint8 if width <= 8 else np.uint16 if width <= 16 else np.uint32 if width <= 32 else np.uint64
    )


def _load(facts: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> ProjectTrace:
    names = [stream[0] for stream in facts["streams"]]
    return ProjectTrace(
        top=facts["top"],
        inputs=tuple(facts["inputs"]),
        outputs=tuple(facts["outputs"]),
        tasks=tuple(from_values(task) for task in facts["tasks"]),
        tokens={name: arrays[f"tokens{number}"].astype(np.uint64) for number, name in enumerate(names)},
        elements={stream[0]: Element(*stream[1:]) for stream in facts["streams"]},
        frames=facts["frames"],
    )
