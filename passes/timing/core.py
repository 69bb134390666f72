"""Latency of the multiply-accumulate core inside convolution and dense tasks, the one number that is estimated.

Everything else about a task's interval can be read from its C++; how many stages the adder tree gets cannot. So
the estimate comes with its neighbours, one stage less and one more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from split4ml.passes.timing.structure import Context
from split4ml.passes.timing.tasktrace import CountedLoop, Element, TaskTrace

_RESOURCE = (1, 2)  # nnet::strategy: latency, resource, resource_unrolled, distributed_arithmetic
_NARROW = 16
_TINY = 10
_TINY_NS = 5.0
_LOGIC_BITS = 20
_DSP_NS = 6.38  # as HLS prints it for a product of 16 by 16 bits
_USABLE = 0.875  # of the period: hls4ml asks for an eighth of uncertainty
_LEVEL_NS = 4.5
"""A level of the adder tree on the slowest devices, by Vivado HLS (reports, 2019.2 and 2020.1: eight cores of two networks, on a Zynq-7020 at 5 ns and on
Alveo at 2, 3.33 and 4 ns, all exact).
"""
_SATURATED_NS = 3.15
"""A term of a sum that saturates: such additions cannot be put in another order, so that there is no tree (reports, 2019.2, Virtex UltraScale+ at 2.78 ns:
convolutions of 9, 36 and 72 terms have Depth 9, 21 to 23 and 39).
"""


@dataclass(frozen=True)
class Core:
    """reuse: advances a result takes in the reuse loop, 1: fully parallel. latency: stages beyond the first, at
    reuse 1, or the reuse factor. certain: nothing about it was estimated. nonzeros: of the fullest output.
    """

    reuse: int
    latency: int
    certain: bool
    resource: bool
    nonzeros: int

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest latency that is plausible."""
        return (self.latency, self.latency) if self.certain else (max(0, self.latency - 1), self.latency + 1)


def core(context: Context, pragma_ii: int) -> Core:
    """`pragma_ii`: of the pipelined loop or function around the core, 0: none.

    The reuse factor is that of the loop or pragma that ran, since constants of nested structs may differ.
    """
    task = context.task
    resource = int(task.constant("mult_config.strategy", "strategy", default=0)) in _RESOURCE
    loop = reuse_loop(task)
    if loop is not None:
        reuse = loop.iterations // loop.instances
    else:
        reuse = max(1, pragma_ii)
    nonzeros = max((w.by_output for w in task.weights[:1]), default=0)
    nonzeros = nonzeros or int(task.constant("mult_config.n_in", "n_in", default=1))
    if reuse > 1:
        return Core(reuse, reuse, True, resource, nonzeros)
    if saturating(task):
        latency = chain(nonzeros, context.logic_ns)
    elif context.tight:
        latency = _stage_by_stage(task, context.clock_ns, nonzeros)
    else:
        latency = _parallel(context, nonzeros, resource)
    return Core(1, latency, False, resource, nonzeros)


def saturating(task: TaskTrace) -> bool:
    """Whether sums saturate at every step."""
    accumulator = _accumulator(task)
    return accumulator is not None and accumulator.saturates


def _accumulator(task: TaskTrace) -> Element | None:
    return task.types.get("mult_config.accum_t") or task.types.get("accum_t")


def chain(terms: int, logic_ns: float) -> int:
    """Stages of a sum that saturates, at a clock period of the slowest devices; measured by Vivado HLS, inferred for Vitis HLS."""
    return math.ceil(terms * _SATURATED_NS / (_USABLE * logic_ns))


def levels(terms: int, logic_ns: float) -> float:
    """Stages of a tree of additions by Vivado HLS, not yet rounded, at a clock period of the slowest devices."""
    return math.log2(max(1, terms)) * _LEVEL_NS / (_USABLE * logic_ns)


def summed(task: TaskTrace, terms: int, logic_ns: float) -> int:
    """Stages in which Vivado HLS adds up the terms of an output."""
    return chain(terms, logic_ns) if saturating(task) else math.ceil(levels(terms, logic_ns))


def reuse_loop(task: TaskTrace) -> CountedLoop | None:
    """The loop over the reuse factor. Where derived kernels leave out its label, it is the pipelined one of dense_resource."""
    loops = [c for c in task.counted if c.instances]
    labelled = [c for c in loops if c.label == "ReuseLoop"]
    unlabelled = [c for c in loops if not c.label and c.ii and c.function.startswith("dense_resource")]
    return next(iter([*labelled, *unlabelled]), None)


def _stage_by_stage(task: TaskTrace, clock_ns: float, nonzeros: int) -> int:
    """A product, and a stage for each level of a tree that adds three: on a Zynq-7020 at 5 ns neither fits with the next (reports, Vitis HLS
    2020.2: 5 stages, three of three cores of one design).
    """
    return product_stages(task, clock_ns) + math.ceil(math.log(max(2, nonzeros), 3) - 1e-9)


def variable_product_stages(task: TaskTrace, clock_ns: float) -> int:
    """The same of a product whose weight comes from a memory, as in a reuse loop: of more than 20 bits it is done in a DSP, whose 6.4 ns on 7-series
    devices are split in three if they do not fit (reports and RTL: 16 by 6 bits at 5 ns, 2019.2; 16 by 16 at 3.33 ns).
    """
    stages = product_stages(task, clock_ns)
    if _multiplied_bits(task) > _LOGIC_BITS and clock_ns * _USABLE < _DSP_NS:
        stages = max(stages, 3)
    return stages


def _multiplied_bits(task: TaskTrace) -> int:
    data = task.types.get(task.inputs[0]) if task.inputs else None
    weight = task.types.get("mult_config.weight_t") or task.types.get("weight_t")
    return (data.width if data else 16) + (weight.width if weight else 16)


def product_stages(task: TaskTrace, clock_ns: float) -> int:
    """Advances of a product beyond the first, by Vivado HLS: 0 for operands of 16 bits together; 1 for 20 at 5 ns; 0, 1 and 3 for
    32 at 25, 10 and 3.33 ns; 5 for 64 at 5 ns.
    """
    return max(0, math.ceil((_multiplied_bits(task) - 16) / (2 * clock_ns) - 0.35))


def _parallel(context: Context, nonzeros: int, resource: bool) -> int:
    """Fitted to reports of 19 published designs: 20 of 25 exact when a design's project is left out, all within one."""
    tree, clock_ns = math.log2(max(1, nonzeros)), context.clock_ns
    if context.tool.vivado:
        return math.ceil(tree)
    # measured: 9 products by the resource strategy have no stage of their own (2023.1); 3 by the latency strategy have one
    # (2023.1), and so have 8 and 9 (reports, 2024.2)
    if context.slow or (resource and nonzeros <= _TINY and clock_ns >= _TINY_NS):
        return 0
    accumulator = _accumulator(context.task)
    if accumulator is None or accumulator.width <= _NARROW:
        return max(1, math.ceil(tree / (1.25 * clock_ns)))
    return max(1, math.ceil(tree - 4))
