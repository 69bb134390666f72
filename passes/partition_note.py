"""What `partition` notes on the model: the values of its objectives, what was proven, and how it was asked."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import ArrayAttr, BoolAttr, DictionaryAttr, IntegerAttr, StringAttr, i1
from xdsl.ir import Attribute

from split4ml.dialects import flow
from split4ml.passes.solve.objectives import TIME, Goal, Solution, sums
from split4ml.passes.solve.problem import Problem


def note(problem: Problem, solution: Solution, goal: Goal, options: Mapping[str, object]) -> DictionaryAttr:
    """options: of the pass, that are not at their default."""
    return DictionaryAttr(
        {
            "method": StringAttr(solution.method),
            "optimal": BoolAttr.from_bool(solution.optimal),
            "makespan_ms": flow.integer(solution.makespan),
            "lower_bound_ms": flow.integer(solution.bounds.get(TIME, 0)),
            "monolithic_ms": flow.integer(problem.fixed + sum(problem.load)),
            "crossing_bits": flow.integer(solution.crossing_bits),
            "objectives": ArrayAttr([StringAttr(name) for name in (*goal.weights, *goal.order)]),
            "values": _integers(solution.values),
            "bounds": _integers(solution.bounds),
            "loads_ms": ArrayAttr(
                [
                    flow.integer(load)
                    for load in sums(solution.subgraph_of, problem.load, solution.subgraphs, problem.fixed)
                ]
            ),
            "starts_ms": ArrayAttr([flow.integer(start) for start in solution.starts]),
            "options": DictionaryAttr({name: _attribute(value) for name, value in options.items()}),
        }
    )


def _integers(values: Mapping[str, int]) -> DictionaryAttr:
    return DictionaryAttr({name: flow.integer(value) for name, value in values.items()})


def _attribute(value: object) -> Attribute:
    """Numbers that are not whole are written as text, since MLIR's are hard to read."""
    if isinstance(value, bool):
        return BoolAttr.from_bool(value)
    if isinstance(value, int):
        return flow.integer(value)
    if isinstance(value, tuple):
        return ArrayAttr([_attribute(part) for part in value])
    return StringAttr(str(value))


def options(attribute: DictionaryAttr) -> dict[str, object]:
    """The options that were noted, as `Partition(**…)` takes them, but for numbers that are text."""
    noted = attribute.data.get("options")
    return (
        {name: _value(value) for name, value in noted.data.items()}
        if isinstance(noted, DictionaryAttr)
        else {}
    )


def _value(attribute: Attribute) -> object:
    if isinstance(attribute, ArrayAttr):
        return tuple(_value(part) for part in attribute.data)
    if isinstance(attribute, StringAttr):
        return attribute.data
    assert isinstance(attribute, IntegerAttr)
    number = int(attribute.value.data)
    return bool(number) if attribute.type == i1 else number


def integers(attribute: Attribute | None) -> dict[str, int]:
    """The inverse of what is noted; empty for anything else."""
    if not isinstance(attribute, DictionaryAttr):
        return {}
    return {
        name: int(value.value.data)
        for name, value in attribute.data.items()
        if isinstance(value, IntegerAttr)
    }
