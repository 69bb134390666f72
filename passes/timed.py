"""A `flow.model` with the timing of its tasks: the networks that the replay runs, split and monolithic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from xdsl.dialects.builtin import IntegerAttr, StringAttr

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.dataflow import dataflow
from split4ml.passes.networks import Built, NetworkOptions, network
from split4ml.passes.timing.judge import Fifo
from split4ml.passes.timing.known import UNKNOWN, Known, impossible
from split4ml.passes.timing.rules import TaskTiming, timing
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class Timed:
    """The model's tasks in time. `traces` by task name; `known`: what reports or measurements say, likewise, on top of what the
    model states."""

    model: flow.ModelOp
    traces: Mapping[str, TaskTrace]
    known: Mapping[str, Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [symbol(task) for task in self.model.tasks if symbol(task) not in self.traces]
        if missing:
            raise Split4mlError(
                f"the trace lacks the tasks {', '.join(missing)}",
                where=f"flow.model @{symbol(self.model)}",
                hint="the trace is of another build; profile again",
            )
        object.__setattr__(self, "known", {**_stated(self.model), **self.known})

    @property
    def tool(self) -> str:
        return self.model.tool_name or "vitis-2023.2"

    @property
    def part(self) -> str | None:
        return self.model.part.data if self.model.part is not None else None

    @property
    def clock_ns(self) -> float:
        return self.model.clock_ps.value.data / 1000 if self.model.clock_ps is not None else 5.0

    def timing(self, task: str, direct_outputs: bool = False) -> TaskTiming:
        known = self.known.get(task, UNKNOWN)
        try:
            return _timing(self.traces[task], self.tool, self.clock_ns, direct_outputs, known, self.part)
        except ValueError as error:
            if known == UNKNOWN:
                raise
            raise impossible(task, known, error, f"flow.model @{symbol(self.model)}") from None

    def check(self) -> None:
        """Raises Split4mlError if a task cannot have the II and latency that it is said to have."""
        for task in self.known:
            if task in self.traces:
                self.timing(task)

    def knowing(self, known: Mapping[str, Known]) -> Timed:
        """The same, with this knowledge of some tasks on top of what there is."""
        return replace(self, known={**self.known, **known}) if known else self

    def trial(self, task: str, known: Known | None) -> TaskTiming:
        """A task's timing in the split network, with other knowledge than what there is. Nothing of it is kept."""
        known = self.known.get(task, UNKNOWN) if known is None else known
        return timing(
            self.traces[task], self.tool, self.clock_ns, task in self._port_writers, known, self.part
        )

    @cached_property
    def _port_writers(self) -> frozenset[str]:
        graph = dataflow(self.model)
        return frozenset(t.name for t in graph.tasks if any(graph.is_port(s) for s in t.outputs))

    def network(self, options: NetworkOptions | None = None) -> Built:
        """The replay's network, with the depths that the model states unless `options` say otherwise."""
        return network(
            self.model, lambda task, direct: self.timing(task, direct).schedule, options or NetworkOptions()
        )


_timing = cache(timing)


def _stated(model: flow.ModelOp) -> dict[str, Known]:
    """What the model itself says, by task."""
    found = {}
    for task in model.tasks:
        if task.known is not None:
            values = task.known.data
            ii, depth = (
                int(value.value.data) if isinstance(value := values.get(key), IntegerAttr) else None
                for key in ("ii", "latency")
            )
            source = values["source"]
            assert isinstance(source, StringAttr)
            found[symbol(task)] = Known("report" if source.data == "report" else "measured", ii, depth)
    return found


def sizable(built: Built) -> list[Fifo]:
    """The FIFOs, whose depths are ours to choose, in the order of `built.fifos`."""
    return [Fifo(channel, built.width_bits[name]) for name, channel in built.fifos.items()]


def resizable(built: Built) -> list[Fifo]:
    """The same for a design that was sized: what is a wire in it may be one again."""
    capacity = [built.network.channels[fifo.channel].capacity for fifo in sizable(built)]
    return [replace(f, least=min(1, held)) for f, held in zip(sizable(built), capacity, strict=True)]
