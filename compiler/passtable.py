"""The table of passes: name, summary, class and services of each. Nothing is imported before it is used.

A pass says what it needs from outside with keyword-only fields whose type is a protocol of passes/interfaces.py or
passes/weights.py; `services` lists these fields, and the driver binds them (binding.py). All other fields are options.
`docs/passes.md` is made from this table (passdocs.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass


@dataclass(frozen=True)
class PassEntry:
    """name: as in pipelines. summary: one line for listings. loader: imports the class. services: fields that the
    driver binds. dialect: what it works on."""

    name: str
    summary: str
    loader: Callable[[], type[ModulePass]]
    services: tuple[str, ...] = ()
    dialect: str = "flow"


def _remove_identity() -> type[ModulePass]:
    from split4ml.passes.remove_identity import RemoveIdentity

    return RemoveIdentity


def _fold_constants() -> type[ModulePass]:
    from split4ml.passes.fold_constants import FoldConstants

    return FoldConstants


def _simplify_reshapes() -> type[ModulePass]:
    from split4ml.passes.simplify_reshapes import SimplifyReshapes

    return SimplifyReshapes


def _take_last_state() -> type[ModulePass]:
    from split4ml.passes.take_last_state import TakeLastState

    return TakeLastState


def _global_pool_from_reduce() -> type[ModulePass]:
    from split4ml.passes.global_pool_from_reduce import GlobalPoolFromReduce

    return GlobalPoolFromReduce


def _fold_batch_norm() -> type[ModulePass]:
    from split4ml.passes.fold_batch_norm import FoldBatchNorm

    return FoldBatchNorm


def _fuse_bias() -> type[ModulePass]:
    from split4ml.passes.fuse_bias import FuseBias

    return FuseBias


def _sink_scales() -> type[ModulePass]:
    from split4ml.passes.sink_scales import SinkScales

    return SinkScales


def _propagate_types() -> type[ModulePass]:
    from split4ml.passes.propagate_types import PropagateTypes

    return PropagateTypes


def _infer_precision() -> type[ModulePass]:
    from split4ml.passes.infer_precision import InferPrecision

    return InferPrecision


def _relu_from_bounds() -> type[ModulePass]:
    from split4ml.passes.relu_from_bounds import ReluFromBounds

    return ReluFromBounds


def _fuse_pads() -> type[ModulePass]:
    from split4ml.passes.fuse_pads import FusePads

    return FusePads


def _channels_last() -> type[ModulePass]:
    from split4ml.passes.channels_last import ChannelsLast

    return ChannelsLast


def _decompose_pools() -> type[ModulePass]:
    from split4ml.passes.decompose_pools import DecomposePools

    return DecomposePools


def _scale_by_element() -> type[ModulePass]:
    from split4ml.passes.scale_by_element import ScaleByElement

    return ScaleByElement


def _expand_broadcasts() -> type[ModulePass]:
    from split4ml.passes.expand_broadcasts import ExpandBroadcasts

    return ExpandBroadcasts


def _decompose_conv_transpose() -> type[ModulePass]:
    from split4ml.passes.decompose_conv_transpose import DecomposeConvTranspose

    return DecomposeConvTranspose


def _pools_from_reductions() -> type[ModulePass]:
    from split4ml.passes.pools_from_reductions import PoolsFromReductions

    return PoolsFromReductions


def _fold_scales() -> type[ModulePass]:
    from split4ml.passes.fold_scales import FoldScales

    return FoldScales


def _fold_into_next() -> type[ModulePass]:
    from split4ml.passes.fold_into_next import FoldIntoNext

    return FoldIntoNext


def _part_by_convolution() -> type[ModulePass]:
    from split4ml.passes.part_by_convolution import PartByConvolution

    return PartByConvolution


def _eliminate_dead_code() -> type[ModulePass]:
    from split4ml.passes.eliminate_dead_code import EliminateDeadCode

    return EliminateDeadCode


def _tile() -> type[ModulePass]:
    from split4ml.passes.tile import Tile

    return Tile


def _lower_nn_to_flow() -> type[ModulePass]:
    from split4ml.passes.lower_nn_to_flow import LowerNNToFlow

    return LowerNNToFlow


def _check_archive() -> type[ModulePass]:
    from split4ml.passes.check_archive import CheckArchive

    return CheckArchive


def _estimate() -> type[ModulePass]:
    from split4ml.passes.estimate import Estimate

    return Estimate


def _partition() -> type[ModulePass]:
    from split4ml.passes.partition import Partition

    return Partition


def _read_timing() -> type[ModulePass]:
    from split4ml.passes.read_timing import ReadTiming

    return ReadTiming


def _profile() -> type[ModulePass]:
    from split4ml.passes.profile import Profile

    return Profile


def _size_fifos() -> type[ModulePass]:
    from split4ml.passes.size_fifos import SizeFifos

    return SizeFifos


def _settle_split() -> type[ModulePass]:
    from split4ml.passes.settle_split import SettleSplit

    return SettleSplit


def _lower_flow_to_stitch() -> type[ModulePass]:
    from split4ml.passes.lower_flow_to_stitch import LowerFlowToStitch

    return LowerFlowToStitch


def _table(*entries: PassEntry) -> Mapping[str, PassEntry]:
    return {entry.name: entry for entry in entries}


PASSES = _table(
    # nn: the network as tensors
    PassEntry(
        "remove-identity",
        "remove identities: Identity, Dropout, reshapes and transposes to the same, pads of nothing, slices of all, sums with 0, products with 1",
        _remove_identity,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "fold-constants",
        "compute operators all of whose operands are constants",
        _fold_constants,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "sink-scales",
        "move the scales of quantisers along the data until they meet",
        _sink_scales,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "relu-from-bounds",
        "turn maxima and minima with constants into ReLUs between additions",
        _relu_from_bounds,
        ("weights",),
        dialect="nn",
    ),
    PassEntry("fuse-pads", "merge zero padding into convolutions", _fuse_pads, dialect="nn"),
    PassEntry(
        "simplify-reshapes",
        "merge chains of reshapes, and write flatten where the result is a vector",
        _simplify_reshapes,
        dialect="nn",
    ),
    PassEntry(
        "take-last-state",
        "take the last state of a recurrent layer without streaming the others",
        _take_last_state,
        dialect="nn",
    ),
    PassEntry(
        "fold-into-next",
        "fold scales, shifts and normalisations into the layer behind them",
        _fold_into_next,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "global-pool-from-reduce",
        "turn means and maxima over all of space into global pooling",
        _global_pool_from_reduce,
        dialect="nn",
    ),
    PassEntry(
        "fold-batch-norm",
        "fold batch normalisation into the layer before it",
        _fold_batch_norm,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "fold-scales",
        "fold multiplications and subtractions by constants into the layer before them",
        _fold_scales,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "fuse-bias",
        "fuse the addition of constants into the bias of dense layers and convolutions",
        _fuse_bias,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "channels-last",
        "store all data channels-last, and cancel every transpose that can be",
        _channels_last,
        ("weights", "notes"),
        dialect="nn",
    ),
    PassEntry(
        "pools-from-reductions",
        "write reductions with pools, and with convolutions along the channels",
        _pools_from_reductions,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "decompose-pools",
        "write pools that overlap, leave gaps or have pads with what hls4ml's streams have",
        _decompose_pools,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "decompose-conv-transpose",
        "write transposed convolutions as ordinary ones, whose results take turns",
        _decompose_conv_transpose,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "expand-broadcasts",
        "repeat data where an operator broadcasts it",
        _expand_broadcasts,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "scale-by-element",
        "prepare additions and multiplications by one constant per element for hls4ml",
        _scale_by_element,
        ("weights",),
        dialect="nn",
    ),
    PassEntry(
        "part-by-convolution",
        "take parts of the channels, and every so manieth element of space, by weights of zeros and ones",
        _part_by_convolution,
        ("weights",),
        dialect="nn",
    ),
    PassEntry("eliminate-dead-code", "remove what no output depends on", _eliminate_dead_code, dialect="nn"),
    PassEntry(
        "propagate-types",
        "turn quantisers into element types of layers, and infer the types that make all else exact",
        _propagate_types,
        ("weights", "notes"),
        dialect="nn",
    ),
    PassEntry(
        "infer-precision",
        "choose element types by the ranges of sample data, within a bound of the outputs' errors",
        _infer_precision,
        ("weights", "samples", "notes"),
        dialect="nn",
    ),
    PassEntry(
        "tile",
        "compute large dense layers and convolutions in tiles of output channels",
        _tile,
        ("weights", "lowering", "costs", "notes"),
        dialect="nn",
    ),
    PassEntry(
        "lower-nn-to-flow",
        "lower a network to tasks and FIFOs through hls4ml",
        _lower_nn_to_flow,
        ("lowering", "weights"),
        dialect="nn",
    ),
    # flow: tasks and FIFOs
    PassEntry(
        "check-archive",
        "fail if the text of a model contradicts its hls4ml archive",
        _check_archive,
        ("archives",),
    ),
    PassEntry(
        "estimate", "estimate resources and synthesis time of every task", _estimate, ("archives", "costs")
    ),
    PassEntry(
        "partition",
        "split the model into subgraphs of the least synthesis time, then of the fewest crossing bits, under any constraints",
        _partition,
        ("devices",),
    ),
    PassEntry(
        "read-timing",
        "take II and latency of tasks that were measured, in place of estimates",
        _read_timing,
        ("measured", "tracer", "notes"),
    ),
    PassEntry(
        "profile",
        "trace the generated C++, replay it, and note every FIFO's peak occupancy",
        _profile,
        ("tracer", "waveforms", "notes"),
    ),
    PassEntry(
        "size-fifos",
        "make every FIFO as shallow as it can be without the design getting slower",
        _size_fifos,
        ("tracer",),
    ),
    PassEntry(
        "settle-split",
        "confirm the partition by the costs of tasks and sized FIFOs together, or split and size again until nothing changes",
        _settle_split,
        ("tracer", "waveforms", "devices", "notes"),
    ),
    PassEntry(
        "lower-flow-to-stitch",
        "describe the stitched top: instances, links, clock and start protocol",
        _lower_flow_to_stitch,
    ),
)
"""By name, in the order in which the default pipeline uses them."""
