"""Imports ONNX files in processes of their own, so that a crash, a hang or a memory bomb is seen and not suffered.

A path a line on standard input; a line of JSON for each: `kind` (`ok`, `refused`, `raised`, `signal`), `text`, `seconds` of the
processor, `bytes` of memory at most.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from split4ml.compiler.blobstore import BlobStore
from split4ml.compiler.frontend import onnx_import, reference  # noqa: F401  (loaded once, before the forks)
from split4ml.compiler.importing import import_source
from split4ml.compiler.services import Session
from split4ml.dialects.errors import Split4mlError

MEMORY = 6 << 30
"""Of addresses; what is used is much less."""
SECONDS = 60


def run(path: Path) -> tuple[str, str]:
    try:
        with tempfile.TemporaryDirectory() as folder:
            import_source(path, Session(store=BlobStore([]), folder=Path(folder)))
    except Split4mlError as error:
        return "refused", str(error)
    except BaseException:  # noqa: BLE001  (that is what is looked for)
        return "raised", traceback.format_exc()
    return "ok", ""


def outcome(path: Path) -> dict[str, object]:
    """Of the import in a child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(SECONDS)
        with contextlib.suppress(BaseException), os.fdopen(write, "w") as pipe:
            json.dump(run(path), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    if os.WIFSIGNALED(status) or not said:
        kind, text = "signal", f"signal {os.WTERMSIG(status)}"
    else:
        kind, text = json.loads(said)
    return {
        "kind": kind,
        "text": text,
        "seconds": used.ru_utime + used.ru_stime,
        "bytes": used.ru_maxrss * 1024,
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(outcome(Path(line.rstrip("\n")))), flush=True)
