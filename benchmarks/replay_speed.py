"""How fast the replay and the sizing are, on a synthetic residual network of ResNet-8's shape.

    .venv/bin/python benchmarks/replay_speed.py [--rows 64] [--columns 128] [--ii 1] [--no-sizing]

Every residual block is clone, padding, convolution, activation, padding, convolution, and an add that joins the
skip. The default has about a million stream operations a frame.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.sizing import Fifo, size

WIDTH_BITS = 64


def pipeline(advances: list[tuple[list[int], list[int]]], ii: int, depth: int) -> Schedule:
    """A pipelined loop: iteration k reads at k·ii and writes `depth` advances later."""
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for k, (reads, writes) in enumerate(advances):
        if reads:
            groups.setdefault(k * ii, ([], []))[0].extend(reads)
        if writes:
            groups.setdefault(k * ii + depth, ([], []))[1].extend(writes)
    return Schedule.of([(a, r, w) for a, (r, w) in sorted(groups.items())], len(advances) * ii + 2)


def residual(rows: int, columns: int, ii: int, blocks: int = 7) -> Network:
    """A chain of residual blocks in as many subgraphs as blocks, cut before every second block's add."""
    plain, padded = rows * columns, (rows + 2) * (columns + 2)
    inside = {(r + 1) * (columns + 2) + c + 1 for r in range(rows) for c in range(columns)}
    window = {(r + 2) * (columns + 2) + c + 2 for r in range(rows) for c in range(columns)}
    one = [([0], [0])] * plain
    kinds = {
        "clone": pipeline([([0], [0, 1])] * plain, 1, 1),
        "relu": pipeline(one, 1, 1),
        "add": pipeline([([0, 1], [0])] * plain, 1, 1),
        "pad": pipeline([([0] if k in inside else [], [0]) for k in range(padded)], 1, 0),
        "conv": pipeline([([0], [0] if k in window else []) for k in range(padded)], ii, 5),
    }
    channels = [Channel("in", 2)]
    processes: list[Process] = []
    domain = 0

    def add(kind: str, *inputs: int) -> list[int]:
        count = 2 if kind == "clone" else 1
        made = list(range(len(channels), len(channels) + count))
        for c in made:
            channels.append(Channel(f"{kind}{len(processes)}_{c}", UNBOUNDED))
        up = [i for i, p in enumerate(processes) if set(p.outputs) & set(inputs) and p.domain == domain]
        processes.append(
            Process(
                f"{kind}{len(processes)}", kinds[kind], inputs, tuple(made), domain, max(up) if up else -1
            )
        )
        return made

    def cut(channel: int) -> int:
        for name, capacity in (("slice_out", 2), ("boundary", UNBOUNDED), ("slice_in", 2)):
            channels.append(Channel(f"{name}{len(channels)}", capacity))
            processes.append(Process(f"m{len(processes)}", None, (channel,), (len(channels) - 1,)))
            channel = len(channels) - 1
        return channel

    x = 0
    for block in range(blocks):
        skip, y = add("clone", x)
        for _ in range(1 if block % 3 else 2):
            (y,) = add("pad", y)
            (y,) = add("conv", y)
            (y,) = add("relu", y)
        if block % 2:
            y, skip = cut(y), cut(skip)
            domain += 1
        (x,) = add("add", y, skip)
    channels.append(Channel("out", 2))
    processes.append(Process("m_out", None, (x,), (len(channels) - 1,)))
    return Network(
        tuple(channels),
        tuple(processes),
        (Source("source", 0, plain),),
        (Sink("sink", len(channels) - 1, plain, np.zeros(1, np.int64)),),
        tuple(f"sg{d}" for d in range(domain + 1)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--columns", type=int, default=128)
    parser.add_argument("--ii", type=int, default=1)
    parser.add_argument("--no-sizing", action="store_true")
    arguments = parser.parse_args()
    network = residual(arguments.rows, arguments.columns, arguments.ii)
    start = time.perf_counter()
    measure(residual(4, 4, 1), 4)
    print(f"first call (compiled or from numba's cache)  {time.perf_counter() - start:8.2f} s")
    start = time.perf_counter()
    engine = Engine(network)
    print(f"laying out                                   {time.perf_counter() - start:8.2f} s")
    tasks = sum(p.schedule is not None for p in network.processes)
    print(f"{tasks} tasks, {len(network.channels)} channels, {engine.operations} operations a frame")
    for frames in (1, 8):
        start = time.process_time()  # one thread: on a busy machine the clock would tell of others
        outcome = engine.run(frames)
        seconds = time.process_time() - start
        rate = engine.operations * frames / seconds / 1e6
        print(
            f"{frames} frames, {outcome.cycles} cycles: {seconds * 1e3:8.1f} ms, {rate:6.1f} million operations/s"
        )
    if arguments.no_sizing:
        return
    fifos = tuple(
        Fifo(c, WIDTH_BITS) for c, channel in enumerate(network.channels) if channel.capacity == UNBOUNDED
    )
    for method in ("peak", "bisect"):
        start = time.perf_counter()
        sized = size(network, fifos, method=method)
        seconds = time.perf_counter() - start
        print(
            f"{method:8} {len(fifos)} FIFOs, {sum(sized.depths)} words, {sized.replays} replays: {seconds:8.2f} s"
        )


if __name__ == "__main__":
    main()
