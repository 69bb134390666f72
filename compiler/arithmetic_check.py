"""Whether the firmware's numbers are those of the user's network but for its precision, layer by layer.

Three steps from the user's model to the firmware, each with an error of its own kind:

    ONNX Runtime  =  the network in `nn`       but for the rounding of float32: what the front end and the passes did
    nn            =  every layer's tokens      but for what its fixed-point types explain: what the lowering and hls4ml did
    tokens        =  the C simulation's        bit for bit: the traced build is the simulated one

A difference beyond that is a failure that names its layer. Numbers that a type does not hold are explained by it, and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from split4ml.compiler.layout import port_name
from split4ml.compiler.network import is_quantised
from split4ml.dialects import flow, nn
from split4ml.dialects.errors import CheckFailed, Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.bits import MAX_BITS, Raw, dequantize
from split4ml.passes.explain_layers import Explanation, Firmware, LayerArithmetic, explain
from split4ml.passes.fixed.enclosure import Overflow
from split4ml.passes.fixed.grid import ends
from split4ml.passes.nn_tasks import where

if TYPE_CHECKING:
    from split4ml.backends.trace.model import ProjectTrace
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session
    from split4ml.passes.graphinfo import GraphInfo

FLOAT32_SHARE = 1e-3
"""Of the largest value of an output: far more than float32 rounds away in a deep network, far less than a fault makes."""

QUANTISED_SHARE = 1e-2
"""The same of a quantised network, and on average: where the last bit of a float32 decides, a number is rounded the other way, and
with it perhaps another after it. What is nowhere on an edge is exact, which the tests of docs/quantised.md see to."""

COARSE = 1 / 8
"""A layer that alone adds an error of this share of its range is worth a warning."""

MAX_NOTES = 4
"""Overflows and coarse layers that are told in full; the report has all."""


def check_arithmetic(
    model: flow.ModelOp, simulated: Mapping[str, Raw], session: Session, reporter: Reporter
) -> dict[str, Any] | None:
    """For the report's `checks.arithmetic`; None if there is no network to compare with. Adds notes to the session.

    simulated: the C simulation's outputs by stream, all sample frames. Raises CheckFailed.
    """
    network = session.network(model)
    if network is None:
        return None
    with reporter.step("layers against the network"):
        stimulus = session.stimulus(model)
        trace, info = session.project_trace(model), session.describe(model)
        frames = min(trace.frames, len(next(iter(stimulus.inputs.values()))))
        _check_outputs(model, trace, simulated, frames)
        inputs = {name: array[:frames] for name, array in stimulus.inputs.items()}
        found = explain(network, session.store, inputs, firmware(info, trace, frames), is_quantised(network))
    if stimulus.outputs is not None:
        _check_network(network, found, {name: array[:frames] for name, array in stimulus.outputs.items()})
    for layer in found.layers:
        _check_layer(layer)
    notes = _notes(found)
    if session.overflow == "fail":
        _fail_on_overflow(found)
    session.notes += notes
    return report(found)


def firmware(info: GraphInfo, trace: ProjectTrace, frames: int) -> Firmware:
    """The numbers that the traced streams carried in the first frames."""
    numbers = {
        stream.name: dequantize(
            trace.tokens[stream.name].reshape(trace.frames, -1)[:frames], stream.precision
        )
        for stream in info.streams
        if stream.precision.width <= MAX_BITS
    }
    return Firmware(info, numbers)


def _check_outputs(
    model: flow.ModelOp, trace: ProjectTrace, simulated: Mapping[str, Raw], frames: int
) -> None:
    for port in model.outputs:
        traced, expected = trace.tokens[symbol(port)], simulated[symbol(port)]
        if expected.ndim > 2:  # elements of several words
            continue
        count = len(traced) // trace.frames * frames
        if not np.array_equal(traced[:count], expected[:count]):
            raise CheckFailed(
                "the traced build computes something else than the C simulation",
                f"output {port_name(port)!r}",
            )


def _check_network(network: nn.ModelOp, found: Explanation, outputs: Mapping[str, Any]) -> None:
    """The network in double precision against what ONNX Runtime made of the user's model."""
    for name, expected in outputs.items():
        difference = np.abs(found.outputs[name] - expected)
        largest = float(np.abs(expected).max())
        if is_quantised(network):
            passes = float(difference.mean()) <= QUANTISED_SHARE * largest
        else:
            passes = float(difference.max()) <= FLOAT32_SHARE * largest
        if not passes:
            place = np.unravel_index(int(difference.argmax()), difference.shape)
            index = [int(part) for part in place]
            raise CheckFailed(
                f"element {index[1:]} of frame {index[0]} is {found.outputs[name][place]:.6g} in double precision, but "
                f"{expected[place]:.6g} by ONNX Runtime: the network is not the user's model any more",
                f"output {name!r} of nn.model @{network.symbol}",
            )


def _check_layer(layer: LayerArithmetic) -> None:
    if (fault := layer.fault) is None:
        return
    if fault.low == fault.high:
        allowed = f"{fault.low:.9g}"
    else:
        allowed = f"a number from {fault.low:.9g} to {fault.high:.9g}"
    raise CheckFailed(
        f"element {list(fault.index)} of frame {fault.frame} is {fault.found:.9g}, but its precision explains only "
        f"{allowed}; in double precision it would be {fault.ideal:.9g}. {fault.count} of {fault.total} elements are out",
        where(layer.computation.task, layer.computation.ops[-1]),
    )


def _overflowing(found: Explanation) -> list[tuple[str, Overflow]]:
    """With the place of each, those first of which the largest share is beyond the ends."""
    places = [(f"input {port.source!r}", over) for port in found.inputs for over in port.overflows]
    for layer in found.layers:
        name = where(layer.computation.task, layer.computation.ops[-1])
        places += [(name, over) for over in layer.overflows]
    return sorted(places, key=lambda place: -place[1].count / place[1].total)


def _fail_on_overflow(found: Explanation) -> None:
    for place, over in _overflowing(found):
        raise Split4mlError(
            _told(over), place, "give it the bits (--hls-config, --precision auto), or let --overflow warn"
        )


def _notes(found: Explanation) -> list[str]:
    """What the user should know, the gravest first."""
    notes = [f"{place}: {_told(over)}" for place, over in _overflowing(found)]
    for layer in found.layers:
        low, high = layer.range
        if layer.local.largest > COARSE * (high - low) > 0 and not layer.overflows:
            name = where(layer.computation.task, layer.computation.ops[-1])
            notes.append(
                f"{name}: its types alone add an error of up to {layer.local.largest:.3g}, and its results range from "
                f"{low:.3g} to {high:.3g}"
            )
    if len(notes) > MAX_NOTES:
        rest = len(notes) - MAX_NOTES
        notes[MAX_NOTES:] = [f"{rest} more layers overflow or are coarse: `split4ml verify DIR --layers`"]
    return notes


def _told(over: Overflow) -> str:
    low, high = ends(over.precision)
    what = {"result": "results", "accum": "sums"}.get(over.role, f"{over.role} values")
    does = "wrap" if over.precision.saturation == "WRAP" else "saturate"
    return (
        f"{over.count} of {over.total} {what} overflow {over.precision}, which holds {low:.6g} to {high:.6g}, and {does}: "
        f"they reach from {over.low:.6g} to {over.high:.6g} and need {over.integer_bits} integer bits"
    )


def report(found: Explanation) -> dict[str, Any]:
    """Plain values; `layers` by task."""
    layers = {layer.computation.task.name: _layer(layer) for layer in found.layers}
    modelled = [layer for layer in found.layers if layer.explained is not None]
    return {
        "frames": found.frames,
        "explained": len(modelled),
        "bit_exact": sum(layer.explained == "exact" for layer in modelled),
        "unchecked": [
            {"layer": layer.computation.task.name, "why": layer.unchecked}
            for layer in found.layers
            if layer.explained is None
        ],
        "inputs": {
            port.source: {
                "type": str(port.precision),
                "range": list(port.range),
                **_overflows(port.overflows),
            }
            for port in found.inputs
        },
        "layers": layers,
    }


def _layer(layer: LayerArithmetic) -> dict[str, Any]:
    return {
        "type": str(layer.precision),
        "range": list(layer.range),
        "representable": list(ends(layer.precision)),
        "max_abs_error": layer.total.largest,
        "mean_abs_error": layer.total.mean,
        "max_abs_error_added": layer.local.largest,
        "mean_abs_error_added": layer.local.mean,
        "explained": layer.explained,
        "unchecked": layer.unchecked,
        "room": layer.slack,
        **_overflows(layer.overflows),
    }


def _overflows(found: tuple[Overflow, ...]) -> dict[str, Any]:
    return {
        "overflows": [
            {
                "of": over.role,
                "type": str(over.precision),
                "count": over.count,
                "total": over.total,
                "range": [over.low, over.high],
                "integer_bits_needed": over.integer_bits,
            }
            for over in found
        ]
    }
