"""Gives every task a cost: LUT, FF, DSP, BRAM18 and synthesis time, each as a range around an estimate.

    %1 = flow.task "Conv2D" @conv1(%0) : …
      =>
    %1 = flow.task "Conv2D" @conv1(%0) {cost = #flow.cost<hls, lut 2100:4200:9000, …, "fitted: …">} : …

The model is analytic (docs/cost.md): it knows the shapes, the strategy, and the weights that the archive holds. Reports of tasks that the user has
synthesised take the place of their estimates, and move those of the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import CostAttr
from split4ml.passes.interfaces import Archives, Costs

if TYPE_CHECKING:
    from split4ml.passes.cost.shape import Range, TaskCost, TaskShape
    from split4ml.passes.graphinfo import GraphInfo, TaskInfo

KERNELS = ("weight", "depthwise", "pointwise", "recurrent_weight", "scale")
"""Roles of the arrays that a task multiplies by."""
FUNCTION = ("activation", "op", "pool_op")
"""Where a layer says which function it computes."""


def shape_of(task: TaskInfo, info: GraphInfo, tool: str = "") -> TaskShape:
    """What the cost model wants to know of a task. tool: such as `vitis-2023.2`."""
    from split4ml.passes.cost.shape import TaskShape

    source = info.by_stream[task.inputs[0]]
    target = info.by_stream[task.outputs[0]]
    kernels = [weight for weight in task.weights if weight.role in KERNELS]
    before, after = source.precision, target.precision

    def number(*names: str, default: int = 0) -> int:
        # hls4ml writes -1 for what does not apply, as n_filt of a batch norm over vectors
        numbers = (int(task.attrs.get(name, -1)) for name in names)
        return next((value for value in numbers if value >= 0), default)

    rounds = "RND" in after.rounding
    saturates = after.saturation.startswith("SAT")
    return TaskShape(
        kind=task.kind,
        function=str(next((task.attrs[name] for name in FUNCTION if name in task.attrs), "")).lower(),
        n_in=task.n_in or 0,
        n_out=task.n_out or number("n_out"),
        n_weights=sum(weight.size for weight in kernels),
        n_nonzero=sum(weight.nonzeros for weight in kernels) if kernels else None,
        multipliers=sum(weight.multipliers for weight in kernels) if kernels else None,
        shift_adds=sum(weight.shift_adds for weight in kernels) if kernels else None,
        csd_adders=sum(weight.csd_digits - weight.nonzeros for weight in kernels) if kernels else None,
        value_bits=max((weight.value_bits for weight in kernels), default=0),
        in_width=before.width,
        weight_width=max((weight.precision.width for weight in kernels), default=16),
        weight_fraction=max((weight.precision.fraction for weight in kernels), default=None),
        out_width=after.width,
        accum_width=task.accumulator.width if task.accumulator is not None else 0,
        rounded_bits=max(0, before.fraction - after.fraction) if rounds else 0,
        saturated_bits=max(0, before.integer - after.integer) if saturates else 0,
        strategy=(task.strategy or "latency").lower(),
        reuse_factor=max(1, task.reuse_factor),
        elements=source.elements,
        out_elements=target.elements,
        streams=max(len(task.inputs), len(task.outputs)),
        kernel_height=max(1, number("filt_height", "pool_height", default=1)),
        kernel_width=max(1, number("filt_width", "pool_width", default=1)),
        channels=number("n_chan", "n_filt", default=source.elements),
        row=number("in_width", "n_in"),
        tokens=source.tokens,
        table=number("table_size", default=1024),
        clock_ns=info.clock_ns,
        backend="vivado" if info.backend == "Vivado" else "vitis",
        tool_version=tool.partition("-")[2],
    )


def cost_attribute(cost: TaskCost) -> CostAttr:
    """Counts as integers, time in milliseconds; ends are rounded outwards. Raises ValueError for what is not finite."""

    def ends(value: Range, scale: int = 1) -> tuple[int, int, int]:
        low, high = math.floor(value.low * scale), math.ceil(value.high * scale)
        return low, min(max(round(value.estimate * scale), low), high), high

    ranges = {name: ends(getattr(cost, name)) for name in ("lut", "ff", "dsp", "bram18", "uram", "synth_mb")}
    return CostAttr.of(cost.scale, {**ranges, "synth_ms": ends(cost.synth_seconds, 1000)}, cost.source)


@dataclass(frozen=True)
class Estimate(ModulePass):
    """Estimate LUT, FF, DSP, BRAM18 and synthesis time of every task, from shapes and weights."""

    name = "estimate"
    archives: Archives = field(kw_only=True)
    costs: Costs = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        known = self.costs.known()
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            info = self.archives.describe(model)
            for task in model.tasks:
                cost = known.cost(shape_of(info.by_task[symbol(task)], info, model.tool_name))
                task.properties["cost"] = cost_attribute(cost)
