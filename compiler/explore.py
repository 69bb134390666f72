"""All splits of a model that are worth choosing from, and the options with which `compile` makes one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.compile import flow_model, of_the_model, open_session, start_of
from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.given import check_given
from split4ml.compiler.importing import import_source
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.workspace import services_of
from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.dialects.flow import symbol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from xdsl.dialects.builtin import ModuleOp

    from split4ml.compiler.binding import Services
    from split4ml.compiler.compile import Importer
    from split4ml.compiler.options import CompileOptions
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session
    from split4ml.passes.partition import Partition
    from split4ml.passes.solve.objectives import Solution
    from split4ml.passes.solve.problem import Problem

SCHEMA = 1
"""Version of front.json."""
MOST = 8
"""Subgraphs that are tried, unless options say otherwise."""
OBJECTIVES = ("time", "bits", "utilisation", "latency", "subgraphs")
"""In which points are compared, unless options say otherwise."""
PARTITION = "partition"
REPLACED = ("subgraphs", "at-most", "minimise", "weigh", "slack")
"""Options of `partition` that a point stands for."""

Front = dict[str, Any]


def explore_file(
    source: Path, options: CompileOptions, reporter: Reporter, given: Collection[str] = ()
) -> Front:
    """The front of a model, as front.json has it (docs/partition.md). Raises Split4mlError.

    given: names of the options that the user stated.
    """
    base = source.absolute().parent

    def load(session: Session) -> ModuleOp:
        return import_source(source, session, options.input)

    return explore_with(load, [base, base.parent], options, reporter, given)


def explore_with(
    load: Importer,
    homes: Sequence[Path],
    options: CompileOptions,
    reporter: Reporter,
    given: Collection[str] = (),
) -> Front:
    """The same for a module from anywhere. homes: folders that may hold `weights/` and the archive."""
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        session = open_session(Path(scratch), homes, options)
        services = services_of(lambda: session, options.device_file)
        with reporter.step("import"):
            module = load(session)
        specs = pipeline_of(options)
        at = next((at for at, spec in enumerate(specs) if spec.name == PARTITION), None)
        if at is None:
            raise UsageError("the pipeline has no pass partition, so there is nothing to explore")
        start = start_of(module, specs, given)
        if start > at:
            raise Split4mlError(
                "this IR is split already", hint="explore an earlier stage, or the network itself"
            )
        check_given(given, options, module, of_the_model(options, module), specs[start:])
        with reporter.step("passes"):
            run_passes(specs[start:at], services, context(), module)
        model = flow_model(module)
        with reporter.step("exploring"):
            wanted = _partition(specs[at], services)
            stated = any(option.name == "minimise" for option in specs[at].options)
            return front_of(model, wanted, wanted.minimise if stated else OBJECTIVES)


def front_of(model: flow.ModelOp, wanted: Partition, objectives: Sequence[str] = OBJECTIVES) -> Front:
    """The front within all that a `partition` asks for. Raises Split4mlError if there is no split."""
    from split4ml.passes.solve.check import check
    from split4ml.passes.solve.objectives import UTILISATION, fits
    from split4ml.passes.solve.pareto import pareto

    problem, goal = wanted.problem(model), wanted.goal()
    objectives = tuple(name for name in (*OBJECTIVES, "balance") if name in objectives)
    if UTILISATION in objectives and not problem.capacity:
        objectives = tuple(name for name in objectives if name != UTILISATION)
    numbers = _numbers(wanted, goal.at_most.get("subgraphs"))
    found = pareto(problem, objectives, numbers, goal, wanted.time_limit)
    if not found.points:
        raise _none(problem, wanted, found.missing)
    missing = found.missing
    points = [solution for solution in found.points if fits(problem, solution.subgraph_of)]
    if len(points) < len(found.points):
        missing = missing or "what splits beat that do not fit the device with their glue"
    for solution in points or found.points:
        check(problem, solution)
    return {
        "schema": SCHEMA,
        "model": symbol(model),
        "part": model.part.data if model.part is not None else None,
        "tasks": len(problem.tasks),
        "objectives": list(objectives),
        "subgraphs": [numbers[0], numbers[-1]],
        "complete": not missing,
        "missing": missing or None,
        "points": [
            _point(at, problem, solution, objectives, wanted) for at, solution in enumerate(points, 1)
        ],
    }


def options_of(point: Mapping[str, Any], options: CompileOptions) -> CompileOptions:
    """Options with which `compile` makes the split of a point, or one of the same values."""
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in point["options"].items()
    }
    if options.pipeline is None:
        return replace(options, **chosen, weigh=(), slack=None)
    from split4ml.compiler.pipeline.syntax import PassSpec, render

    specs = []
    for spec in pipeline_of(options):
        if spec.name == PARTITION:
            kept = [option for option in spec.options if option.name not in REPLACED]
            spec = PassSpec(spec.name, (*kept, *PassSpec.of(spec.name, **chosen).options))
        specs.append(spec)
    return replace(options, pipeline=render(specs))


def given_with(point: Mapping[str, Any] | None, given: Sequence[str]) -> list[str]:
    """Names of the options that are stated, if a point is picked."""
    return [*given] if point is None or "pipeline" in given else [*given, "subgraphs", "at_most", "minimise"]


def pick(front: Front, number: int) -> dict[str, Any]:
    """The point of a number. Raises UsageError."""
    points: list[dict[str, Any]] = front["points"]
    if not 1 <= number <= len(points):
        raise UsageError(f"there is no point {number}", hint=f"the front has the points 1 to {len(points)}")
    return points[number - 1]


def _partition(spec: Any, services: Services) -> Partition:
    from split4ml.compiler.binding import instantiate
    from split4ml.passes.partition import Partition

    made = instantiate(spec, services)
    assert isinstance(made, Partition)
    return made


def _numbers(wanted: Partition, most: int | None) -> range:
    if isinstance(wanted.subgraphs, int):
        return range(wanted.subgraphs, wanted.subgraphs + 1)
    return range(1, (most or MOST) + 1)


def _point(
    number: int, problem: Problem, solution: Solution, objectives: Sequence[str], wanted: Partition
) -> dict[str, Any]:
    from split4ml.passes.partition import in_units

    values = solution.values
    # Utilisation is minimised rather than bounded: FIFOs, once they are sized, add to it.
    rest = [name for name in objectives if name not in ("subgraphs", "utilisation")]
    bounds = {**_given(wanted), **{name: in_units(name, values[name]) for name in rest}}
    found: dict[str, Any] = {
        "number": number,
        "subgraphs": solution.subgraphs,
        "synthesis_seconds": values["time"] / 1000,
        "crossing_bits": values["bits"],
        "added_latency_cycles": values["latency"],
        "lightest_seconds": values["balance"] / 1000,
    }
    if "utilisation" in values:
        found["utilisation_percent"] = values["utilisation"] / 10_000
        found["utilisation_of"] = _fullest(problem, solution)
    found["options"] = {
        "subgraphs": solution.subgraphs,
        "at_most": [f"{name}={value}" for name, value in bounds.items()],
        "minimise": [name for name in objectives if name not in rest] + rest,
    }
    found["tasks"] = [
        [task for task, at in zip(problem.tasks, solution.subgraph_of, strict=True) if at == k]
        for k in range(solution.subgraphs)
    ]
    return found


def _given(wanted: Partition) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _, value in (t.partition("=") for t in wanted.at_most)}


def _fullest(problem: Problem, solution: Solution) -> str:
    """The resource of which some subgraph uses the greatest share."""
    from split4ml.passes.flow_problem import PLACED
    from split4ml.passes.solve.objectives import uses

    def share(resource: str) -> float:
        use = uses(problem, solution.subgraph_of, resource)
        return max(use) / problem.capacity[resource]

    return max(problem.capacity, key=share).removesuffix(PLACED)


def _none(problem: Problem, wanted: Partition, missing: str) -> Split4mlError:
    """Why there is no point: the solver of one split finds what is in conflict."""
    from split4ml.passes.solve.partition import partition

    if missing:
        return Split4mlError("no split was found in time", hint="raise --time-limit")
    subgraphs = wanted.subgraphs if isinstance(wanted.subgraphs, int) else None
    try:
        partition(problem, subgraphs, goal=wanted.goal(), time_limit=wanted.time_limit)
    except Split4mlError as error:
        return error
    return Split4mlError(
        "no split of so few subgraphs meets all demands", hint="allow more: --at-most subgraphs=N"
    )
