"""LSTM and GRU: one step after another, since each needs the state of the one before.

Fitted to the 184 LSTM layers of the N-TORC artifact (hls4ml, io_stream, resource strategy, fixed<16,8>, Vivado HLS 2019.1, 4 ns): a
layer of n steps takes 1 + n * step cycles, step = 20 + n_in / 2 + reuse factor. That is right to one cycle a step for reuse factors of
16 and more; for smaller ones and many inputs the step is up to a third longer. Inputs and state are multiplied at the same time: the greater
reuse factor of the two counts (a report of a GRU, Vivado HLS 2019.1: 288 and 3072, 3087 cycles a step).
"""

from __future__ import annotations

import numpy as np

from split4ml.passes.timing.structure import Context, Placed, by_structure

_STEP = 20
"""Cycles of a step beside reading its inputs and the reuse factor: product, gates' tables, the update of the state."""


KINDS = ("lstm_stack", "gru_stack")


def recurrent(context: Context) -> Placed:
    """A loop over the steps that does not overlap them; then straight code, if only the last state is written."""
    task, segments, known = context.task, context.segments, context.known
    loop = segments[0] if segments else None
    if loop is None or not loop.is_loop or not loop.perfect or any(s.is_loop for s in segments[1:]):
        return by_structure(context, context.depth(task.kind))
    inputs = int(task.constant("n_in", default=1))
    loops = [c.iterations // c.instances for c in task.counted if c.label == "ReuseLoop" and c.instances]
    reuse = max([int(task.constant("reuse_factor", default=1)), *loops])
    told = known.ii or known.depth
    step = told or _STEP + reuse + (inputs + 1) // 2
    end = loop.iterations * step
    at = np.full(task.operations, end, np.int64)
    write = task.op_write[loop.start : loop.stop]
    at[loop.start : loop.stop] = loop.iteration * step + np.where(write, step, 1)
    return Placed(at, end + 1, step, step, "sequential", (step, step if told else step + 1))
