"""Layers and streams as a user names them, and the tasks and FIFOs that these are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError, meant
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_graph import fifo_before, reader_of, writer_of

CARRIERS = frozenset({"ZeroPadding1D", "ZeroPadding2D", "Repack", "Transpose", "Broadcast"})
"""Kinds that hls4ml inserts to prepare a stream for the layer behind them."""


@dataclass(frozen=True, eq=False)
class LayerNames:
    """tasks: by the name of the task and by those of the user's layers, in program order."""

    tasks: Mapping[str, list[flow.TaskOp]]
    fifos: Mapping[str, flow.FifoOp]

    @staticmethod
    def of(model: flow.ModelOp) -> LayerNames:
        found: dict[str, list[flow.TaskOp]] = {}
        for task in model.tasks:
            layers = [layer.data for layer in task.layers] if task.layers else []
            for name in dict.fromkeys((symbol(task), *layers)):
                found.setdefault(name, []).append(task)
        return LayerNames(found, {symbol(fifo): fifo for fifo in model.fifos})

    def find(self, layer: str) -> list[flow.TaskOp]:
        """The tasks of a layer. Raises Split4mlError that suggests similar names."""
        if (found := self.tasks.get(layer)) is not None:
            return found
        raise _unknown("layer", layer, self.tasks)

    def matching(self, pattern: str) -> list[flow.TaskOp]:
        """The tasks of the layers that a pattern with `*`, `?` and `[…]` fits. Raises Split4mlError if there are none."""
        found = {
            task: None
            for name, tasks in self.tasks.items()
            if name == pattern or fnmatchcase(name, pattern)
            for task in tasks
        }
        if not found:
            raise _unknown("layer", pattern, self.tasks)
        return list(found)

    def streams(self, text: str) -> list[flow.FifoOp]:
        """A FIFO by its name, or those that lead from one layer to another: `A->B`. Raises Split4mlError if there are none."""
        if text in self.fifos:
            return [self.fifos[text]]
        source, arrow, target = (part.strip() for part in text.partition("->"))
        if not arrow:
            raise _unknown("stream", text, self.fifos, "write LAYER->LAYER, or the name of a FIFO")
        ends = self.find(source), self.find(target)
        found = [f for f in self.fifos.values() if writer_of(f) in ends[0] and reader_of(f.out) in ends[1]]
        if not found:
            after = sorted({symbol(reader_of(f.out)) for f in self.fifos.values() if writer_of(f) in ends[0]})
            raise Split4mlError(
                f"no stream leads from {source} to {target}",
                hint=f"behind {source} comes {' and '.join(after)}"
                if after
                else f"{source} is an output of the model",
            )
        return found

    def beginning(self, layer: str) -> flow.TaskOp:
        """Where a layer begins: its first task, or the padding or repacking that was inserted for it alone."""
        task = self.find(layer)[0]
        together = [name.data for name in task.layers] if task.layers else []
        if layer in together[1:] and layer != symbol(task):
            raise Split4mlError(
                f"cannot cut before {layer}: hls4ml computes it in one task with "
                f"{', '.join(together[: together.index(layer)])}",
                where=symbol(task),
            )
        while (writer := inserted_before(task)) is not None and writer.kind.data in CARRIERS:
            task = writer
        return task


def inserted_before(task: flow.TaskOp) -> flow.TaskOp | None:
    """The task that hls4ml inserted in front of one, if that is all it reads."""
    if len(task.inputs) != 1:
        return None
    fifo = fifo_before(task.inputs[0])
    writer = writer_of(fifo) if fifo is not None else None
    return writer if writer is not None and writer.layers is None else None


def _unknown(what: str, name: str, known: Collection[str], otherwise: str = "") -> Split4mlError:
    hint = meant(name, known, 3) or otherwise
    return Split4mlError(f"there is no {what} {name!r}", hint=hint or f"{what}s are: {_listed(known)}")


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:30]) + (f", and {len(ordered) - 30} more" if len(ordered) > 30 else "")
