"""The child process of a C simulation: loads the libraries of a plan and passes raw bits from one to the next.

Run by path with `python -I -S`, so it needs nothing but the standard library. Exit status: 0 and `status.json`; 3 and
`failure.json`; anything else is what the simulated C++ did to the process. The file `stage` names the stage at work.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

_MESSAGE = 1000


class _Failure(Exception):
    pass


class _Library:
    """One stage. Facts per port, inputs first: tokens a frame, words a token, bits an element."""

    def __init__(self, stage: dict[str, Any]) -> None:
        self.inputs: list[str] = stage["inputs"]
        self.outputs: list[str] = stage["outputs"]
        self.library = ctypes.CDLL(stage["library"], mode=ctypes.RTLD_LOCAL)
        values = Path(stage["weights"]).read_bytes()
        self.library.split4ml_weights((ctypes.c_double * (len(values) // 8)).from_buffer_copy(values))
        count = len(self.inputs) + len(self.outputs)
        facts = (ctypes.c_uint64 * (3 * count))()
        self.library.split4ml_ports(facts)
        self.facts = [(facts[i], facts[i + 1], facts[i + 2]) for i in range(0, 3 * count, 3)]

    def run(self, frames: int, buffers: dict[str, Any]) -> None:
        ins = (ctypes.c_void_p * len(self.inputs))()
        outs = (ctypes.c_void_p * len(self.outputs))()
        for port, stream in enumerate(self.inputs):
            ins[port] = ctypes.addressof(buffers[stream])
        for port, stream in enumerate(self.outputs):
            tokens, words, _ = self.facts[len(self.inputs) + port]
            buffers[stream] = (ctypes.c_uint64 * (frames * tokens * words))()
            outs[port] = ctypes.addressof(buffers[stream])
        message = ctypes.create_string_buffer(_MESSAGE)
        run = self.library.split4ml_run
        run.argtypes = (ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
        if run(frames, ins, outs, message, _MESSAGE):
            raise _Failure(message.value.decode(errors="replace"))


def _main(plan_file: Path) -> None:
    plan = json.loads(plan_file.read_text())
    folder = Path(plan["folder"])
    known: dict[str, tuple[int, int, int]] = {}
    stages = []
    for stage in plan["stages"]:
        (folder / "stage").write_text(stage["name"])
        library = _Library(stage)
        stages.append((stage["name"], library))
        for port, stream in enumerate((*library.inputs, *library.outputs)):
            facts = library.facts[port]
            if known.setdefault(stream, facts) != facts:
                raise _Failure(
                    f"the ends of the stream {stream} differ: {known[stream]} and {facts} (tokens, words, bits)"
                )
    buffers: dict[str, Any] = {}
    frames = _load_sources(plan["sources"], known, folder, buffers)
    uses = {stream: index for index, (_, library) in enumerate(stages) for stream in library.inputs}
    for index, (name, library) in enumerate(stages):
        (folder / "stage").write_text(name)
        library.run(frames, buffers)
        for stream in (*library.inputs, *library.outputs):
            if stream in plan["wanted"] and stream in library.outputs:
                (folder / f"{stream}.out").write_bytes(bytes(buffers[stream]))
            if uses.get(stream, -1) <= index:
                del buffers[stream]
    shapes = {}
    for stream in plan["wanted"]:
        _, words_a_token, bits = known[stream]
        words = (bits + 63) // 64
        shapes[stream] = (words_a_token // words, words)
    (folder / "status.json").write_text(json.dumps({"shapes": shapes}))


def _load_sources(
    sources: dict[str, list[int]],
    known: dict[str, tuple[int, int, int]],
    folder: Path,
    buffers: dict[str, Any],
) -> int:
    """The number of frames, the same for all inputs."""
    counts = {}
    for stream, shape in sources.items():
        tokens, words_a_token, bits = known[stream]
        words = (bits + 63) // 64
        want = [words_a_token // words] if words == 1 else [words_a_token // words, words]
        if shape[1:] != want or not shape[0] or shape[0] % tokens:
            text = " x ".join(map(str, (f"(frames * {tokens})", *want)))
            raise _Failure(f"the data of the input stream {stream} has shape {shape}, but must be {text}")
        data = (folder / f"{stream}.in").read_bytes()
        buffers[stream] = (ctypes.c_uint64 * (len(data) // 8)).from_buffer_copy(data)
        if bits % 64:
            top = 1 << (bits % 64)
            values = memoryview(buffers[stream]).cast("B").cast("Q")[words - 1 :: words]
            if len(values) and max(values) >= top:
                raise _Failure(f"the data of the input stream {stream} has values of more than {bits} bits")
        counts[stream] = shape[0] // tokens
    if len(set(counts.values())) != 1:
        raise _Failure(f"the inputs have different numbers of frames: {counts}")
    return next(iter(counts.values()))


if __name__ == "__main__":
    plan_path = Path(sys.argv[1])
    try:
        _main(plan_path)
    except (_Failure, OSError, AttributeError, MemoryError) as error:
        (plan_path.parent / "failure.json").write_text(json.dumps({"message": str(error)[:2000]}))
        sys.exit(3)
