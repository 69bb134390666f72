"""Chooses the subgraph of every task and puts the tasks into `flow.subgraph` regions.

    %0 = flow.task @a(%in) {cost = …}        %0 = flow.subgraph @sg0 (%x = %in) { … @a … }
    %1 = flow.fifo @f %0                =>   %1 = flow.fifo @f %0
    %2 = flow.task @b(%1) {cost = …}         %2 = flow.subgraph @sg1 (%x = %1) { … @b … }

The split is the best there is for the objectives in their order, under every constraint given, and proven to be so: by a
dynamic program over all boundaries, by Z3, or both. The formulation is in docs/partition.md; the result is checked by
`passes.solve.check`, which knows nothing of the solver. What was found and proven is noted on the model:

    partition = {method = "z3", optimal = true, makespan_ms = 26000, lower_bound_ms = 26000, …}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError, meant
from split4ml.passes.form_subgraphs import form_subgraphs
from split4ml.passes.interfaces import Devices

if TYPE_CHECKING:
    from split4ml.passes.flow_problem import Room, Wishes
    from split4ml.passes.solve.objectives import Goal, Solution
    from split4ml.passes.solve.problem import Problem

RESOURCES = ("lut", "ff", "dsp", "bram18", "uram")
OBJECTIVES = ("time", "bits", "subgraphs", "latency", "balance", "utilisation")
UNITS: Mapping[str, int] = {"time": 1000, "balance": 1000, "utilisation": 10_000}
"""What the solver counts in a user's unit: milliseconds in a second, millionths in a per cent."""


@dataclass(frozen=True)
class Partition(ModulePass):
    """Split the model, by default for the least estimated synthesis time, then for the fewest crossing bits.

    subgraphs: how many, or `auto`: the smallest number within 5 % of the best first objective of any number up
        to 16; by default what `cut-before` gives, or any number that `at-most` allows, or `auto`.
    minimise: objectives, the first one first: time, bits, subgraphs, latency, utilisation, and balance (the lightest
        subgraph's time, which is maximised).
    weigh: objectives with weights, such as `time=1,bits=0.001`, whose sum comes first. Units are seconds, bits, cycles and per cent.
    at_most: bounds on objectives, such as `time=3600` (of balance: at least).
    slack: per cent that an objective may be worse than its best, for the sake of those behind it.
    cut_before: layers at which a new subgraph begins. keep_together: layers of one subgraph, joined by `+`.
    keep_apart: layers of different subgraphs, joined by `+`.
    cut, never_cut: streams, by the name of the FIFO or as LAYER->LAYER, that are cut in any case, or in none.
    cut_points: patterns of the layers at which subgraphs may begin; by default any.
    pin: layers in the subgraph of a number (`conv1=0`), or in a region of the device (`conv1=slr0`).
    lut, ff, dsp, bram18, uram: the most that one subgraph may use with its glue, on the scale of the costs (the HLS report's).
    jobs: how many subgraphs are synthesised at once; by default all. memory: GiB for all of them; by default enough.
    device: a part, device or board that the design must fit; by default the model's own part, if the next two ask for one.
    utilisation: per cent of the device that may be used, such as `lut=70`; what is not named keeps the default.
    slr: put every subgraph into an SLR of the device, with no SLR over its limits and the fewest bits between them.
    budget_by: the end of every cost's range that is compared and summed: low, estimate or high.
    time_limit: seconds for the solver; when it strikes, the best split found is taken, with the gap that is left.
    """

    name = "partition"
    subgraphs: int | Literal["auto"] | None = None
    minimise: tuple[str, ...] = ("time", "bits")
    weigh: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    slack: float = 0.0
    cut_before: tuple[str, ...] = ()
    keep_together: tuple[str, ...] = ()
    keep_apart: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    never_cut: tuple[str, ...] = ()
    cut_points: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram18: int | None = None
    uram: int | None = None
    jobs: int | None = None
    memory: float | None = None
    device: str | None = None
    utilisation: tuple[str, ...] = ()
    slr: bool = False
    budget_by: Literal["low", "estimate", "high"] = "estimate"
    time_limit: float = 60.0
    devices: Devices = field(kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.subgraphs, int) and self.subgraphs < 1:
            raise ValueError(f"a model has at least 1 subgraph, not {self.subgraphs}")
        for name in RESOURCES:
            if (budget := getattr(self, name)) is not None and budget < 0:
                raise ValueError(f"the budget of {name} is {budget}, which is negative")
        if self.time_limit <= 0:
            raise ValueError(f"the solver needs some time, not {self.time_limit:g} seconds")
        if self.jobs is not None and self.jobs < 1:
            raise ValueError(f"at least 1 job synthesises, not {self.jobs}")
        if self.memory is not None and self.memory <= 0:
            raise ValueError(f"synthesis needs some memory, not {self.memory:g} GiB")
        try:
            self.goal()
            self.limits()
            self.pins()
        except Split4mlError as error:
            raise ValueError(f"{error.message}{'; ' + error.hint if error.hint else ''}") from None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            self.split(model)

    def split(self, model: flow.ModelOp) -> None:
        """Forms the subgraphs of one model."""
        from split4ml.passes.solve.partition import partition

        problem = self.problem(model)
        solution = partition(problem, self.subgraphs, goal=self.goal(), time_limit=self.time_limit)
        self.form(model, problem, solution)

    def form(self, model: flow.ModelOp, problem: Problem, solution: Solution) -> None:
        """Forms the subgraphs of a solution, if it is one, and notes it."""
        from split4ml.passes.partition_note import note
        from split4ml.passes.solve.check import check

        check(problem, solution, self.goal())
        subgraph_of = dict(zip(problem.tasks, solution.subgraph_of, strict=True))
        form_subgraphs(model, subgraph_of, solution.region_of or None)
        model.properties["partition"] = note(problem, solution, self.goal(), self.given())

    def problem(self, model: flow.ModelOp, fifos: bool = False) -> Problem:
        """What the model and the options ask for. fifos: count what the FIFOs take, as they are sized."""
        from split4ml.passes.flow_problem import problem_of

        return problem_of(model, self.wishes(fifos), self.room(model))

    def wishes(self, fifos: bool = False) -> Wishes:
        from split4ml.passes.flow_problem import Wishes

        budgets = {name: getattr(self, name) for name in RESOURCES}
        return Wishes(
            cut_before=self.cut_before,
            keep_together=[group.split("+") for group in self.keep_together],
            keep_apart=[group.split("+") for group in self.keep_apart],
            cut=self.cut,
            never_cut=self.never_cut,
            cut_points=self.cut_points,
            pins=self.pins(),
            budgets={name: budget for name, budget in budgets.items() if budget is not None},
            jobs=self.jobs,
            memory_mb=None if self.memory is None else int(self.memory * 1024),
            end=self.budget_by,
            fifos=fifos,
        )

    def goal(self) -> Goal:
        """The objectives. Raises Split4mlError for what cannot be."""
        from split4ml.passes.solve.objectives import Goal

        def scaled(name: str, value: Fraction) -> int:
            return int(value * UNITS.get(name, 1))

        weights = {
            name: value / UNITS.get(name, 1) for name, value in _assignments(self.weigh, OBJECTIVES, "weigh")
        }
        bounds = {
            name: scaled(name, value) for name, value in _assignments(self.at_most, OBJECTIVES, "at-most")
        }
        for name in self.minimise:
            if name not in OBJECTIVES:
                raise _unknown("objective", name, OBJECTIVES)
        if not self.minimise and not weights:
            raise Split4mlError(f"there is nothing to minimise; there are {', '.join(OBJECTIVES)}")
        return Goal(self.minimise, Fraction(str(self.slack)), weights, bounds)

    def limits(self) -> dict[str, int]:
        """Per cent of the device by resource, where options name them."""
        found = {}
        for name, value in _assignments(self.utilisation, RESOURCES, "utilisation"):
            if not 0 <= value <= 100:
                raise Split4mlError(f"utilisation of {name} is {float(value):g} %, but a device has 100 %")
            found[name] = int(value)
        return found

    def pins(self) -> tuple[tuple[str, str], ...]:
        """(layer, number or region). Raises Split4mlError for what is neither."""
        found = []
        for text in self.pin:
            layer, equals, where = text.rpartition("=")
            if not equals or not re.fullmatch(r"(?i:slr)?\d{1,4}", where):
                raise Split4mlError(f"{text!r} is no pin such as conv1=0, to a subgraph, or conv1=slr0")
            found.append((layer, where))
        return tuple(found)

    def room(self, model: flow.ModelOp) -> Room | None:
        """The device. Raises Split4mlError if one is asked for that nobody knows."""
        from split4ml.passes.flow_problem import LIMITS, Room

        placed = self.slr or any(where.lower().startswith("slr") for _, where in self.pins())
        asked = placed or bool(self.utilisation) or self.device is not None
        name = self.device or (model.part.data if model.part is not None else None)
        if name is None:
            if asked:
                raise Split4mlError(
                    "the model does not say which part it is for", hint="name one with device="
                )
            return None
        try:
            device = self.devices.find(name)
        except Split4mlError:
            if asked or self.goal().judges("utilisation"):
                raise
            return None
        return Room(device, {**LIMITS, **self.limits()} if asked else {}, placed)

    def given(self) -> dict[str, object]:
        """The options that are not at their default."""
        values: dict[str, object] = {}
        for item in fields(self):
            if item.name in ("name", "devices") or item.default is MISSING:
                continue
            if (value := getattr(self, item.name)) != item.default:
                values[item.name] = value
        return values


def noted(model: flow.ModelOp, devices: Devices) -> Partition | None:
    """The pass that split a model, from what it noted; None if none did."""
    from split4ml.passes.partition_note import options

    if model.partition is None:
        return None
    given: dict[str, object] = {}
    for name, value in options(model.partition).items():
        number = name in ("slack", "memory", "time_limit") and isinstance(value, str)
        given[name] = float(value) if number else value  # type: ignore[arg-type]
    return Partition(**given, devices=devices)  # type: ignore[arg-type]


def in_units(objective: str, value: int) -> str:
    """A value of the solver in the unit that `at_most` takes, exactly: seconds, per cent, or what it is."""
    unit = UNITS.get(objective, 1)
    whole, rest = divmod(value, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0").rstrip(".") if rest else str(whole)


def _assignments(texts: Sequence[str], known: Sequence[str], option: str) -> list[tuple[str, Fraction]]:
    """`name=number` of each. Raises Split4mlError for a name that is not known or given twice, and for no number."""
    found: dict[str, Fraction] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in known:
            raise _unknown(f"{option} of", name, known)
        if not re.fullmatch(r"\d{1,18}(\.\d{1,9})?(e-?\d{1,2})?%?", value):
            raise Split4mlError(f"{option}: {text!r} does not give {name} a number")
        if name in found:
            raise Split4mlError(f"{option}: {name} is given twice")
        found[name] = Fraction(value.rstrip("%"))
    return list(found.items())


def _unknown(what: str, name: str, known: Sequence[str]) -> Split4mlError:
    return Split4mlError(
        f"there is no {what} {name!r}", hint=meant(name, known) or f"there are {', '.join(known)}"
    )
