"""Confirms the partition with the FIFOs as they are sized, or splits and sizes again until nothing changes.

    partition = {method = "z3", …}   =>   partition = {method = "z3", …, rounds = 2 : i64, settled = "stable"}

A cut changes latency, hence FIFO depths, hence what a subgraph takes of the device. Here the costs are those of tasks and FIFOs
together: if the split is still the best there is, it is confirmed, else the best one takes its place, is profiled and sized, and looked at
again. It ends since no split is looked at twice (docs/decisions/0006-settled-split.md). `settled` says how:

    unaffected   nothing that was asked for depends on what FIFOs take
    stable       the best split under the costs of its own FIFOs
    best-known   a split came up again, or the rounds were used up: the best of those looked at, under the costs of its own FIFOs
    by-hand      the subgraphs are not those that `partition` formed, so they are left alone
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.flow import integer
from split4ml.passes.interfaces import Devices, Notes, Tracer, Waveforms

if TYPE_CHECKING:
    from split4ml.passes.partition import Partition
    from split4ml.passes.solve.objectives import Solution
    from split4ml.passes.solve.problem import Problem
    from split4ml.passes.solve.settle import Visit


@dataclass(frozen=True)
class SettleSplit(ModulePass):
    """Confirm or change the partition by the costs of tasks and sized FIFOs together. rounds: splits that are looked at, at
    most. method, frames, time_limit: as of `size-fifos`, for splits that take another's place; its demands are those noted."""

    name = "settle-split"
    rounds: int = 8
    method: Literal["bisect", "exact", "peak"] = "bisect"
    frames: int = 8
    time_limit: float = 60.0
    tracer: Tracer = field(kw_only=True)
    waveforms: Waveforms = field(kw_only=True)
    notes: Notes = field(kw_only=True)
    devices: Devices = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ValueError(f"at least 1 split is looked at, not {self.rounds}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        from split4ml.passes.partition import noted

        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            wanted = noted(model, self.devices)
            if wanted is None or not model.subgraphs:
                continue
            if _by_hand(model, wanted):
                _note(model, 0, "by-hand")
            elif not _affected(model, wanted):
                _note(model, 1, "unaffected")
            else:
                self._settle(ctx, op, model, wanted)

    def _settle(self, ctx: Context, module: ModuleOp, model: flow.ModelOp, wanted: Partition) -> None:
        from split4ml.passes.flow_problem import part_of
        from split4ml.passes.solve.partition import partition
        from split4ml.passes.solve.settle import settle

        def best(problem: Problem) -> Solution:
            return partition(problem, wanted.subgraphs, goal=wanted.goal(), time_limit=wanted.time_limit)

        def form(problem: Problem, solution: Solution) -> Visit:
            self._form(ctx, module, model, wanted, problem, solution)
            return _look(model, wanted)

        free = wanted.subgraphs in (None, "auto")
        done = settle(_look(model, wanted), best, form, wanted.goal(), self.rounds, free)
        problem, solution = done.visit.problem, done.visit.solution
        if part_of(model, problem) != solution.subgraph_of:
            form(problem, solution)
        _note(model, done.rounds, done.how)

    def _form(
        self,
        ctx: Context,
        module: ModuleOp,
        model: flow.ModelOp,
        wanted: Partition,
        problem: Problem,
        solution: Solution,
    ) -> None:
        """Splits the model so, and sizes its FIFOs."""
        from split4ml.passes.profile import Profile
        from split4ml.passes.size_fifos import SizeFifos
        from split4ml.passes.sizing_note import asked

        wanted.form(model, problem, solution)
        Profile(self.frames, tracer=self.tracer, waveforms=self.waveforms, notes=self.notes).apply(
            ctx, module
        )
        SizeFifos(
            method=self.method,
            frames=self.frames,
            time_limit=self.time_limit,
            tracer=self.tracer,
            **asked(model),
        ).apply(ctx, module)


def _by_hand(model: flow.ModelOp, wanted: Partition) -> bool:
    """Whether somebody changed the subgraphs since they were noted."""
    from split4ml.passes.flow_problem import part_of
    from split4ml.passes.partition_note import integers
    from split4ml.passes.solve.objectives import measure

    problem = wanted.problem(model)
    values, _ = measure(problem, part_of(model, problem))
    assert model.partition is not None
    before = integers(model.partition.data.get("values"))
    return any(before.get(name) != values[name] for name in ("time", "bits", "subgraphs", "balance"))


def _affected(model: flow.ModelOp, wanted: Partition) -> bool:
    """Whether anything that was asked for depends on what FIFOs take. Raises Split4mlError if with them the design does
    not fit its device."""
    from split4ml.passes.flow_problem import STORED

    problem = wanted.problem(model, fifos=True)
    judged = wanted.goal().judges("utilisation")
    return judged or bool(problem.regions) or any(resource in problem.budgets for resource in STORED)


def _look(model: flow.ModelOp, wanted: Partition) -> Visit:
    """The split as it stands, with the costs of its own FIFOs."""
    from split4ml.passes.flow_problem import part_of
    from split4ml.passes.solve.settle import look

    problem = wanted.problem(model, fifos=True)
    homes = tuple(int(op.slr.value.data) for op in model.subgraphs if op.slr is not None)
    return look(problem, part_of(model, problem), homes if problem.regions else (), wanted.goal())


def _note(model: flow.ModelOp, rounds: int, settled: str) -> None:
    assert model.partition is not None
    model.properties["partition"] = DictionaryAttr(
        {**model.partition.data, "rounds": integer(rounds), "settled": StringAttr(settled)}
    )
