"""The partitioning problem that a `flow.model` with costs poses, with the user's wishes by layer name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.flow_graph import reader_of, writer_of
from split4ml.passes.solve.problem import Edge, Problem

RESOURCES = ("lut", "ff", "dsp", "bram18")

CARRIERS = frozenset({"ZeroPadding1D", "ZeroPadding2D", "Repack", "Transpose", "Broadcast"})
"""Kinds that hls4ml inserts to prepare a stream for the layer behind them."""


def problem_of(
    model: flow.ModelOp,
    fixed_ms: int,
    budgets: Mapping[str, int],
    cut_before: Sequence[str] = (),
    keep_together: Sequence[Sequence[str]] = (),
) -> Problem:
    """Tasks in program order, one edge per FIFO.

    fixed_ms: synthesis time that every project costs besides its tasks.
    cut_before, keep_together: names of layers of the user's model, or of tasks.
    Raises Split4mlError for an unknown name, a missing cost, or a cut that cannot be.
    """
    tasks = list(model.tasks)
    names = tuple(symbol(task) for task in tasks)
    index = {name: position for position, name in enumerate(names)}
    edges = []
    for fifo in model.fifos:
        reader = reader_of(fifo.out)
        writer = writer_of(fifo)
        type_ = fifo.source.type
        assert isinstance(type_, StreamType)
        edges.append(
            Edge(
                src=index[symbol(writer)],
                dst=index[symbol(reader)],
                bits=type_.bits_per_frame,
                cuttable=fifo.uncuttable is None,
                reason=fifo.uncuttable.data if fifo.uncuttable else "",
                name=symbol(fifo),
            )
        )
    edges.sort(key=lambda edge: (edge.src, edge.dst, edge.name))
    costs = []
    for task in tasks:
        if task.cost is None:
            raise Split4mlError(
                f"task {symbol(task)} has no cost", hint="run the pass `estimate` before `partition`"
            )
        costs.append(task.cost)
    layers = _tasks_of_layers(tasks)
    return Problem(
        tasks=names,
        load=tuple(cost.estimate("synth_ms") for cost in costs),
        edges=tuple(edges),
        resources={name: tuple(cost.estimate(name) for cost in costs) for name in RESOURCES},
        budgets=dict(budgets),
        together=tuple(
            tuple(sorted({index[symbol(task)] for layer in group for task in _find(layer, layers)}))
            for group in keep_together
        ),
        cut_before=tuple(sorted({index[symbol(_beginning(layer, layers))] for layer in cut_before})),
        fixed=fixed_ms,
    )


def _tasks_of_layers(tasks: Iterable[flow.TaskOp]) -> dict[str, list[flow.TaskOp]]:
    """Tasks by the name of the task and by those of the user's layers, in program order."""
    found: dict[str, list[flow.TaskOp]] = {}
    for task in tasks:
        layers = [layer.data for layer in task.layers] if task.layers else []
        for name in dict.fromkeys((symbol(task), *layers)):
            found.setdefault(name, []).append(task)
    return found


def _find(layer: str, layers: Mapping[str, list[flow.TaskOp]]) -> list[flow.TaskOp]:
    if (found := layers.get(layer)) is not None:
        return found
    close = difflib.get_close_matches(layer, layers, 3)
    raise Split4mlError(
        f"there is no layer {layer!r}",
        hint=f"did you mean {' or '.join(close)}?" if close else f"layers are: {', '.join(sorted(layers))}",
    )


def _beginning(layer: str, layers: Mapping[str, list[flow.TaskOp]]) -> flow.TaskOp:
    """Where a layer begins: its first task, or the padding or repacking that was inserted for it alone."""
    task = _find(layer, layers)[0]
    together = [name.data for name in task.layers] if task.layers else []
    if layer in together[1:] and layer != symbol(task):
        raise Split4mlError(
            f"cannot cut before {layer}: hls4ml computes it in one task with {', '.join(together[: together.index(layer)])}",
            where=symbol(task),
        )
    while len(task.inputs) == 1 and isinstance(fifo := task.inputs[0].owner, flow.FifoOp):
        writer = writer_of(fifo)
        if writer.kind.data not in CARRIERS or writer.layers is not None:
            return task
        task = writer
    return task
