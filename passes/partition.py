"""Chooses the subgraph of every task with Z3 and puts the tasks into `flow.subgraph` regions.

    %0 = flow.task @a(%in) {cost = …}        %0 = flow.subgraph @sg0 (%x = %in) { … @a … }
    %1 = flow.fifo @f %0                =>   %1 = flow.fifo @f %0
    %2 = flow.task @b(%1) {cost = …}         %2 = flow.subgraph @sg1 (%x = %1) { … @b … }

Minimal is first the largest estimated synthesis time of a subgraph, then the bits that cross per frame. The
formulation is in docs/partition.md; the result is checked by `passes.solve.check`, which knows nothing of the solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import BoolAttr, DictionaryAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.passes.form_subgraphs import form_subgraphs

RESOURCES = ("lut", "ff", "dsp", "bram18")


@dataclass(frozen=True)
class Partition(ModulePass):
    """Split the model into subgraphs of the least estimated synthesis time, then of the fewest crossing bits.

    subgraphs: how many, or `auto`: the smallest number within 5 % of the best synthesis time of any number up
        to 16; by default what `cut-before` gives, or `auto` without it.
    cut_before: layers at which a new subgraph begins. keep_together: layers of one subgraph, joined by `+`.
    lut, ff, dsp, bram18: the most that one subgraph may use, as the HLS report estimates it.
    time_limit: seconds for the solver; when it strikes, the best split found is taken, marked as not optimal.
    """

    name = "partition"
    subgraphs: int | Literal["auto"] | None = None
    cut_before: tuple[str, ...] = ()
    keep_together: tuple[str, ...] = ()
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram18: int | None = None
    time_limit: float = 60.0

    def __post_init__(self) -> None:
        if isinstance(self.subgraphs, int) and self.subgraphs < 1:
            raise ValueError(f"a model has at least 1 subgraph, not {self.subgraphs}")
        for name in RESOURCES:
            if (budget := getattr(self, name)) is not None and budget < 0:
                raise ValueError(f"the budget of {name} is {budget}, which is negative")
        if self.time_limit <= 0:
            raise ValueError(f"the solver needs some time, not {self.time_limit:g} seconds")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            self._partition(model)

    def _partition(self, model: flow.ModelOp) -> None:
        from split4ml.passes.cost.synthesis import PROJECT
        from split4ml.passes.flow_problem import problem_of
        from split4ml.passes.solve.check import check
        from split4ml.passes.solve.partition import partition

        budgets = {name: getattr(self, name) for name in RESOURCES}
        problem = problem_of(
            model,
            round(PROJECT.estimate * 1000),
            {name: budget for name, budget in budgets.items() if budget is not None},
            self.cut_before,
            [group.split("+") for group in self.keep_together],
        )
        solution = partition(problem, self.subgraphs, time_limit=self.time_limit)
        check(problem, solution)
        form_subgraphs(model, dict(zip(problem.tasks, solution.subgraph_of, strict=True)))
        model.properties["partition"] = DictionaryAttr(
            {
                "method": StringAttr(solution.method),
                "optimal": BoolAttr.from_bool(solution.optimal),
                "makespan_ms": flow.integer(solution.makespan),
                "lower_bound_ms": flow.integer(solution.bounds["time"]),
                "monolithic_ms": flow.integer(problem.fixed + sum(problem.load)),
                "crossing_bits": flow.integer(solution.crossing_bits),
            }
        )
