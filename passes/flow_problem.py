"""The partitioning problem that a `flow.model` with costs poses, with the user's wishes by layer name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Literal

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import CostAttr, StreamType
from split4ml.passes.cost.fifo import fifo_cost
from split4ml.passes.cost.glue import link_cost, slice_cost, start_cost
from split4ml.passes.cost.scale import FACTORS
from split4ml.passes.cost.synthesis import PROJECT, PROJECT_MB
from split4ml.passes.flow_graph import reader_of, writer_of
from split4ml.passes.interfaces import Device
from split4ml.passes.layer_names import LayerNames, inserted_before
from split4ml.passes.solve.problem import Edge, Problem, Region, Workshop

RESOURCES = ("lut", "ff", "dsp", "bram18", "uram")
PLACED = " after synthesis"
"""Ends the names of resources as logic synthesis leaves them, which is what a device's capacity is compared with."""
STORED = ("lut", "ff", "bram18")
"""What FIFOs and glue take."""
SMALLEST = 2
"""Beats of a FIFO between subgraphs, before it has a depth that counts."""
HOP = 3
"""Cycles that a boundary adds at most: a register slice at either port, and a FIFO that a wider bus turns into a memory."""
LIMITS: Mapping[str, int] = {"lut": 70, "ff": 50, "dsp": 80, "bram18": 80, "uram": 80}
"""Per cent of a device that may be used, unless told otherwise: AMD's guidelines for closing timing (UG906, report_failfast)."""

End = Literal["low", "estimate", "high"]


@dataclass(frozen=True)
class Room:
    """What there is on the device.

    limits: per cent that may be used, by resource. regions: place every subgraph in an SLR.
    """

    device: Device
    limits: Mapping[str, int]
    regions: bool


@dataclass(frozen=True)
class Wishes:
    """What a user wants of a split, in the names of layers of the model, or of tasks and FIFOs.

    cut_before: layers at which a new subgraph begins. keep_together, keep_apart: groups of layers.
    cut, never_cut: streams. cut_points: patterns of the layers at which subgraphs may begin. pins: (layer, where):
    the number of a subgraph, or `slr` and one of a region. budgets: of a subgraph, by resource.
    jobs, memory_mb: of synthesis at once. end: of the ranges of costs that is compared.
    fifos: count what FIFOs take with their depths, with the tasks that write them. What cuts and subgraphs add in glue counts in any case.
    """

    cut_before: Sequence[str] = ()
    keep_together: Sequence[Sequence[str]] = ()
    keep_apart: Sequence[Sequence[str]] = ()
    cut: Sequence[str] = ()
    never_cut: Sequence[str] = ()
    cut_points: Sequence[str] = ()
    pins: Sequence[tuple[str, str]] = ()
    budgets: Mapping[str, int] = field(default_factory=dict)
    jobs: int | None = None
    memory_mb: int | None = None
    end: End = "estimate"
    fifos: bool = False


def problem_of(model: flow.ModelOp, wishes: Wishes, room: Room | None = None) -> Problem:
    """Tasks in program order, one edge per FIFO. room: the device, if it is known.

    Raises Split4mlError for an unknown name, a missing cost, or a cut that cannot be.
    """
    return _Builder(model, wishes, room).build()


def part_of(model: flow.ModelOp, problem: Problem) -> tuple[int, ...]:
    """The subgraph of every task of the problem, as the model is split."""
    home = {symbol(task): k for k, subgraph in enumerate(model.subgraphs) for task in subgraph.tasks}
    return tuple(home[task] for task in problem.tasks)


class _Builder:
    def __init__(self, model: flow.ModelOp, wishes: Wishes, room: Room | None) -> None:
        self.model, self.wishes, self.room = model, wishes, room
        self.names = LayerNames.of(model)
        self.tasks = list(model.tasks)
        self.index = {symbol(task): position for position, task in enumerate(self.tasks)}

    def build(self) -> Problem:
        wishes, costs = self.wishes, self._costs()
        tasks = {name: tuple(_end(cost, name, wishes.end) for cost in costs) for name in RESOURCES}
        fifos = {name: self._stored(name) for name in RESOURCES}
        resources = {name: _sum(use, fifos[name]) for name, use in tasks.items()}
        placed = {
            f"{name}{PLACED}": _sum(self._after_synthesis(name, use), fifos[name])
            for name, use in tasks.items()
        }
        regions, capacity, whole = self._capacity()
        self._check_device(placed, whole)
        subgraphs, homes = self._pins(regions)
        return Problem(
            tasks=tuple(self.index),
            load=tuple(_end(cost, "synth_ms", wishes.end) for cost in costs),
            edges=tuple(self._edges()),
            resources={**resources, **placed},
            budgets=dict(wishes.budgets),
            capacity={name: most for name, most in capacity.items() if most > 0},
            memory=tuple(_end(cost, "synth_mb", wishes.end) for cost in costs),
            workshop=Workshop(wishes.jobs, wishes.memory_mb, round(getattr(PROJECT_MB, wishes.end))),
            hop=HOP,
            together=tuple(self._group(group) for group in wishes.keep_together),
            apart=tuple(pair for group in wishes.keep_apart for pair in self._apart(group)),
            cut_before=tuple(sorted({self._at(self.names.beginning(layer)) for layer in wishes.cut_before})),
            pins=subgraphs,
            starts=self._starts(),
            regions=regions,
            placed=homes,
            fixed=round(getattr(PROJECT, wishes.end) * 1000),
            own=self._own(),
            whole=whole,
        )

    # Costs

    def _costs(self) -> list[CostAttr]:
        costs = []
        for task in self.tasks:
            if task.cost is None:
                raise Split4mlError(
                    f"task {symbol(task)} has no cost",
                    where=symbol(task),
                    hint="run the pass `estimate` before `partition`",
                )
            costs.append(task.cost)
        return costs

    def _stored(self, resource: str) -> tuple[int, ...]:
        """What FIFOs inside subgraphs take, by the task that writes them, if they count; and what the start module takes for every
        input of the design, by the task that reads it."""
        used = [0] * len(self.tasks)
        if resource not in STORED:
            return tuple(used)
        for fifo in self.model.fifos if self.wishes.fifos else ():
            used[self._at(writer_of(fifo))] += self._inside(fifo, resource)
        alone = start_cost(1, 0)
        for stream in self.model.inputs:
            used[self._at(reader_of(stream.out))] += getattr(alone, resource)
        return tuple(used)

    def _inside(self, fifo: flow.FifoOp, resource: str) -> int:
        depth = max(
            1, fifo.depth.value.data
        )  # wires between two subgraphs are a FIFO again where they become one
        return int(getattr(fifo_cost(_type(fifo).width_bits, depth), resource))

    def _glue(self, fifo: flow.FifoOp) -> tuple[dict[str, int], dict[str, int]]:
        """What a cut adds to the subgraph that writes a stream, the FIFO in between and a slice at its port, and to the one that reads it, a
        slice. Without depths that count, the FIFO is the smallest there is; else it takes the place of the one inside, which the
        writing task has been charged with, and is not counted as less than that."""
        bits = _type(fifo).bus_bits
        port = slice_cost(bits)
        if self.wishes.fifos:
            link = link_cost(bits, fifo.depth.value.data, flow.fifo_style(fifo) != "shift")
        else:
            link = link_cost(bits, SMALLEST, memory=False)
        inside = {name: self._inside(fifo, name) if self.wishes.fifos else 0 for name in STORED}
        leaving = {name: max(0, getattr(link + port, name) - inside[name]) for name in STORED}
        return _both(leaving), _both({name: getattr(port, name) for name in STORED})

    def _own(self) -> dict[str, int]:
        """What the start module takes for every subgraph."""
        inputs = len(self.model.inputs)
        one, none = start_cost(inputs, 1), start_cost(inputs, 0)
        return _both({name: getattr(one, name) - getattr(none, name) for name in STORED})

    def _after_synthesis(self, resource: str, used: Sequence[int]) -> tuple[int, ...]:
        """Costs on the scale of HLS shrink by what is usual."""
        factor = FACTORS[resource].estimate if resource in FACTORS else 1
        return tuple(
            round(use * factor) if task.cost is not None and task.cost.scale.data == "hls" else use
            for use, task in zip(used, self.tasks, strict=True)
        )

    # The device

    def _capacity(self) -> tuple[tuple[Region, ...], dict[str, int], dict[str, int]]:
        """Regions, what a subgraph's utilisation is measured by, and the most that all of them may use."""
        if self.room is None:
            return (), {}, {}
        device, limits = self.room.device, self.room.limits

        def most(slr: Mapping[str, int]) -> dict[str, int]:
            return {f"{r}{PLACED}": floor(slr[r] * limits.get(r, 100) / 100) for r in RESOURCES}

        regions: tuple[Region, ...] = ()
        if self.room.regions:
            regions = tuple(Region(f"SLR{at}", most(slr)) for at, slr in enumerate(device.slr))
        largest = {r: max(slr[r] for slr in device.slr) for r in RESOURCES}
        whole = {r: device.total(r) for r in RESOURCES}
        capacity = {f"{r}{PLACED}": amount for r, amount in (largest if regions else whole).items()}
        return regions, capacity, most(whole) if limits else {}

    def _check_device(self, used: Mapping[str, Sequence[int]], whole: Mapping[str, int]) -> None:
        """Splitting makes nothing smaller: all tasks together must fit."""
        assert self.room is not None or not whole
        over = {r: sum(used[r]) for r, most in whole.items() if sum(used[r]) > most}
        if over and self.room is not None:
            worst = max(over, key=lambda r: over[r] / max(1, whole[r]))
            each = "; ".join(f"{use:,} {r}, and {whole[r]:,} may be used" for r, use in over.items())
            raise Split4mlError(
                f"the design does not fit {self.room.device.name}, however it is split: it needs {each}",
                hint=f"a larger device, a higher reuse factor or smaller precision; or allow more: --utilisation "
                f"{worst.removesuffix(PLACED)}={self._percent(worst, over[worst])}"
                if self._percent(worst, over[worst]) <= 100
                else "a larger device, a higher reuse factor or smaller precision",
            )

    def _percent(self, resource: str, use: int) -> int:
        assert self.room is not None
        total = self.room.device.total(resource.removesuffix(PLACED))
        return -(-100 * use // total) if total else 10**6

    # Edges and wishes

    def _edges(self) -> list[Edge]:
        must = {symbol(fifo) for text in self.wishes.cut for fifo in self.names.streams(text)}
        never = {symbol(fifo) for text in self.wishes.never_cut for fifo in self.names.streams(text)}
        if both := sorted(must & never):
            raise Split4mlError(f"the stream {both[0]} is to be cut, and never to be cut", where=both[0])
        edges = []
        for fifo in self.model.fifos:
            name = symbol(fifo)
            leaving, entering = self._glue(fifo)
            kept = "the user wants it whole" if name in never else ""
            edges.append(
                Edge(
                    src=self._at(writer_of(fifo)),
                    dst=self._at(reader_of(fifo.out)),
                    bits=_type(fifo).bits_per_frame,
                    cuttable=fifo.uncuttable is None and not kept,
                    reason=fifo.uncuttable.data if fifo.uncuttable else kept,
                    name=name,
                    must_cut=name in must,
                    wished=bool(kept) and fifo.uncuttable is None,
                    leaving=leaving,
                    entering=entering,
                )
            )
        return sorted(edges, key=lambda edge: (edge.src, edge.dst, edge.name))

    def _at(self, task: flow.TaskOp) -> int:
        return self.index[symbol(task)]

    def _group(self, layers: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted({self._at(task) for layer in layers for task in self.names.find(layer)}))

    def _apart(self, layers: Sequence[str]) -> Iterable[tuple[int, int]]:
        """Every two tasks of different layers."""
        if len(layers) < 2:
            raise Split4mlError(
                f"{layers[0]} cannot be kept apart from nothing",
                hint=f"name the others with it: {layers[0]}+LAYER, or --keep-apart {layers[0]},LAYER",
            )
        groups = [[self._at(task) for task in self.names.find(layer)] for layer in layers]
        for at, one in enumerate(groups):
            for other in groups[at + 1 :]:
                for a in one:
                    for b in other:
                        yield min(a, b), max(a, b)

    def _pins(self, regions: Sequence[Region]) -> tuple[dict[int, int], dict[int, int]]:
        """Tasks by subgraph, and by region."""
        found: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for layer, where in self.wishes.pins:
            in_region = where.lower().startswith("slr")
            number = int(where.lower().removeprefix("slr"))
            if in_region and number >= len(regions):
                has = f"has SLR0 to SLR{len(regions) - 1}" if regions else "is not known to have SLRs"
                raise Split4mlError(f"{layer} is pinned to SLR{number}, but the device {has}", where=layer)
            for task in self.names.find(layer):
                at = self._at(task)
                if (other := found[in_region].setdefault(at, number)) != number:
                    kind = "SLR" if in_region else "subgraph "
                    raise Split4mlError(
                        f"{symbol(task)} is pinned to {kind}{other} and to {kind}{number}",
                        where="" if symbol(task) == layer else f"layer {layer}",
                        hint="leave one of the pins out",
                    )
        return found

    def _starts(self) -> frozenset[int] | None:
        """The tasks of the layers that fit the patterns, and what hls4ml inserted in front of them alone."""
        if not self.wishes.cut_points:
            return None
        found: set[int] = set()
        for pattern in self.wishes.cut_points:
            for task in self.names.matching(pattern):
                at: flow.TaskOp | None = task
                while at is not None:
                    found.add(self._at(at))
                    at = inserted_before(at)
        return frozenset(found)


def _both(used: Mapping[str, int]) -> dict[str, int]:
    """By resource, and the same as logic synthesis leaves it: what the stitched top is made of is counted in primitives."""
    return {**used, **{f"{name}{PLACED}": amount for name, amount in used.items()}}


def _sum(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _end(cost: CostAttr, name: str, end: End) -> int:
    return cost.ranges[name][("low", "estimate", "high").index(end)]


def _type(fifo: flow.FifoOp) -> StreamType:
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    return type_
