"""How long a network's trace takes, compilation included: every task anew, then all of them from the cache.

    .venv/bin/python benchmarks/trace_time.py [--network resnet8]

Seconds of the clock, and of all processors together (children included), which tell more on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from networks import NETWORKS, write

from split4ml.backends.trace.cache import TraceCache
from split4ml.backends.trace.sources import find_top
from split4ml.backends.trace.tasks import jobs, trace_tasks
from split4ml.passes.timing.replay import Engine
from split4ml.passes.traced import TracedDesign, traced_streams


def processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="resnet8", choices=sorted(NETWORKS))
    name = parser.parse_args().network
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = write(name, folder)
        command = [
            *(Path(sys.executable).with_name("split4ml"), "compile", model, "-o", folder / "build"),
            *("--subgraphs", "1", "--verify", "none", "--reuse-factor", "8", "--quiet"),
        ]
        command = [str(word) for word in command]
        subprocess.run(command, check=True)
        (project,) = (folder / "build" / "subgraphs").iterdir()
        top = find_top(project)
        cache = TraceCache(folder / "cache")
        for what in ("fresh", "cached"):
            begun, before = time.perf_counter(), processor_seconds()
            traced = trace_tasks(project, top, cache=cache)
            print(
                f"{what:7} {len(traced.tasks)} tasks, {traced.fresh} run: {time.perf_counter() - begun:6.1f} s, "
                f"{processor_seconds() - before:6.1f} s of {jobs()} processors"
            )
        streams = traced_streams(traced.tasks, traced.top.depths)
        design = TracedDesign(top, traced.tasks, traced.inputs, traced.outputs, streams, "vitis-2023.2", 5.0)
        begun = time.process_time()
        engine = Engine(design.network().network)
        laid = time.process_time()
        engine.run(3)
        print(
            f"three frames of {engine.operations} operations: {laid - begun:.2f} s for schedules, {time.process_time() - laid:.2f} s to replay"
        )


if __name__ == "__main__":
    main()
