"""Tasks made by hand, and when a schedule reads and writes: for tests of the timing rules."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from split4ml.passes.timing.program import ProgramBuilder
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.tasktrace import CountedLoop, Element, Function, TaskTrace, Weights

VITIS, VIVADO = "vitis-2023.1", "vivado-2019.2"
READ, WRITE = False, True
Op = tuple[bool, int]
Loop = tuple[str, int, list[list[Op]]]
"""(site, II of the pragma, operations of each iteration)"""


def task(kind: str, parts: list[Loop | list[Op]], **facts: Any) -> TaskTrace:
    """A task whose loops and straight code run one after the other."""

    def items(body: list[Op]) -> list[int]:
        return [2 * port + is_write for is_write, port in body]

    builder = ProgramBuilder()
    root: list[int] = []
    operations: list[Op] = []
    for part in parts:
        if isinstance(part, list):
            root += items(part)
            operations += part
        else:
            site, ii, bodies = part
            root.append(builder.loop(site, ii, map(items, bodies)))
            operations += itertools.chain.from_iterable(bodies)

    def names(prefix: str, is_write: bool) -> tuple[str, ...]:
        count = max((p for w, p in operations if w == is_write), default=-1) + 1
        return tuple(f"{prefix}{i}" for i in range(count))

    empty: dict[str, Any] = {"counted": (), "functions": {}, "constants": {}, "types": {}, "weights": ()}
    return TaskTrace(
        name=kind,
        kind=kind,
        inputs=names("in", READ),
        outputs=names("out", WRITE),
        program=builder.program(root),
        **{**empty, **facts},
    )


def copies(kind: str, tokens: int, ii: int = 1, **facts: Any) -> TaskTrace:
    return task(kind, [("f:L", ii, [[(READ, 0), (WRITE, 0)]] * tokens)], **facts)


def windows(writes: list[bool], ii: int, **facts: Any) -> TaskTrace:
    """A convolution that reads in every iteration and writes in some."""
    bodies = [[(READ, 0), (WRITE, 0)] if fills else [(READ, 0)] for fills in writes]
    return task("conv_2d_cl", [("conv:ReadInputWidth", ii, bodies)], **facts)


def operands(data: int, weight: int) -> dict[str, Element]:
    """Types of what a core multiplies, of so many bits."""
    return {"in0": Element(data, 6, True), "mult_config.weight_t": Element(weight, 6, True)}


def core_facts(n_in: int, reuse: int, called: bool = True, width: int = 16) -> dict[str, Any]:
    strategy = 0 if reuse == 1 else 1
    facts: dict[str, Any] = {
        "constants": {"mult_config.n_in": n_in, "mult_config.n_out": 1, "mult_config.strategy": strategy},
        "types": {"mult_config.accum_t": Element(width, 6, True)},
        "weights": (Weights("w", n_in, n_in, 8, n_in),),
    }
    if reuse > 1:
        facts["counted"] = (CountedLoop("dense_resource", "ReuseLoop", 2, 2 * reuse, 1),)
    if called:
        facts["functions"] = {"compute_output_buffer_2d": Function("off", 0)}
    return facts


def reads(made: Schedule, port: int = 0) -> list[int]:
    return [
        int(t)
        for t, p in zip(np.repeat(made.offset, np.diff(made.read_ptr)), made.read_port, strict=True)
        if p == port
    ]


def writes(made: Schedule, port: int = 0) -> list[int]:
    return [
        int(t)
        for t, p in zip(np.repeat(made.offset, np.diff(made.write_ptr)), made.write_port, strict=True)
        if p == port
    ]
