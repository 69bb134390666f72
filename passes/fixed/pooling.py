"""Maxima and means over windows: hls4ml 1.3, `nnet_pooling_stream.h`."""

from __future__ import annotations

import numpy as np

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch, fit
from split4ml.passes.fixed.grid import Floats
from split4ml.passes.fixed.sums import running_sum, tree_sum


def largest(windows: Enclosure, accum: Precision, watch: Watch) -> Enclosure:
    """Along the last axis."""
    return fit(windows, accum, "accum", watch).map(lambda x: x.max(axis=-1))


def mean(windows: Enclosure, accum: Precision, watch: Watch, everything: bool = False) -> Enclosure:
    """Along the last axis: the sum in the accumulator, divided with truncation towards 0 to a step of it.

    everything: of all of space, element after element as they come.
    """
    count = windows.shape[-1]
    total = (running_sum if everything else tree_sum)(fit(windows, accum, "accum", watch), accum, watch)

    def quotient(x: Floats) -> Floats:
        return np.asarray(np.ldexp(np.trunc(np.ldexp(x, accum.fraction) / count), -accum.fraction))

    return total.map(quotient)
