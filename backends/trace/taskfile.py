"""A `TaskTrace` as plain values that JSON can hold."""

from __future__ import annotations

import dataclasses
from typing import Any

from split4ml.passes.timing.program import Loop, Program
from split4ml.passes.timing.tasktrace import CountedLoop, Element, Function, TaskTrace, Weights


def to_values(task: TaskTrace) -> dict[str, Any]:
    program = task.program
    return {
        "name": task.name,
        "kind": task.kind,
        "inputs": list(task.inputs),
        "outputs": list(task.outputs),
        "bodies": [list(body) for body in program.bodies],
        "loops": [[loop.site, loop.ii, [list(run) for run in loop.runs]] for loop in program.loops],
        "root": program.root,
        "counted": [dataclasses.astuple(loop) for loop in task.counted],
        "functions": {name: dataclasses.astuple(f) for name, f in task.functions.items()},
        "constants": dict(task.constants),
        "types": {name: dataclasses.astuple(kind) for name, kind in task.types.items()},
        "weights": [dataclasses.astuple(weights) for weights in task.weights],
        "elements": dict(task.elements),
    }


def from_values(values: dict[str, Any]) -> TaskTrace:
    """The inverse. Raises KeyError, TypeError, ValueError or IndexError for anything else."""
    program = Program(
        bodies=tuple(tuple(int(item) for item in body) for body in values["bodies"]),
        loops=tuple(
            Loop(str(site), int(ii), tuple((int(count), int(body)) for count, body in runs))
            for site, ii, runs in values["loops"]
        ),
        root=int(values["root"]),
    )
    _check(program, len(values["inputs"]), len(values["outputs"]))
    return TaskTrace(
        name=str(values["name"]),
        kind=str(values["kind"]),
        inputs=tuple(values["inputs"]),
        outputs=tuple(values["outputs"]),
        program=program,
        counted=tuple(CountedLoop(*loop) for loop in values["counted"]),
        functions={name: Function(*f) for name, f in values["functions"].items()},
        constants=dict(values["constants"]),
        types={name: Element(*kind) for name, kind in values["types"].items()},
        weights=tuple(Weights(*weights) for weights in values["weights"]),
        elements={name: int(count) for name, count in values["elements"].items()},
    )


def _check(program: Program, inputs: int, outputs: int) -> None:
    """Indices in range; a loop's bodies and a body's loops never lead back, since neither would end."""
    done: set[int] = set()
    above: set[int] = set()
    stack: list[tuple[int, bool]] = [(program.root, False)]
    while stack:
        body, leaving = stack.pop()
        if leaving:
            above.discard(body)
            done.add(body)
            continue
        if body in above:
            raise ValueError("a loop contains itself")
        if body in done:
            continue
        above.add(body)
        stack.append((body, True))
        for item in program.bodies[body]:
            if item < 0:
                runs = program.loops[-1 - item].runs
                if any(count < 1 or inner < 0 for count, inner in runs):
                    raise ValueError("a loop without iterations")
                stack += [(inner, False) for _, inner in runs]
            elif item >> 1 >= (outputs if item & 1 else inputs):
                raise ValueError(f"operation {item} on a stream that is not there")
