"""Random designs for the tests here: flow text, subgraphs, schedules and tokens, all from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp, StringAttr
from xdsl.parser import Parser

from split4ml.backends.verilator.result import RtlResult
from split4ml.backends.verilator.tokens import Words
from split4ml.dialects.flow import Flow, ModelOp, symbol
from split4ml.dialects.stitch import DesignOp, Stitch
from split4ml.passes.dataflow import Dataflow, dataflow
from split4ml.passes.flow_graph import writer_of
from split4ml.passes.form_subgraphs import form_subgraphs
from split4ml.passes.lower_flow_to_stitch import LowerFlowToStitch
from split4ml.passes.networks import Built
from split4ml.passes.timing.network import Replayed
from split4ml.passes.timing.schedule import Schedule

ELEMENTS = (
    "fixed<6,2>",
    "ufixed<8,0>",
    "int<3>",
    "fixed<16,6>",
    "uint<1>",
    "fixed<17,9,RND,SAT>",
    "fixed<33,10>",
)


def context() -> Context:
    made = Context()
    for dialect in (Builtin, Flow, Stitch):
        made.load_dialect(dialect)
    return made


def parse(text: str) -> ModuleOp:
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def the_model(module: ModuleOp) -> ModelOp:
    (model,) = (op for op in module.ops if isinstance(op, ModelOp))
    return model


def the_design(module: ModuleOp) -> DesignOp:
    (design,) = (op for op in module.ops if isinstance(op, DesignOp))
    return design


def stitched(text: str, subgraph_of: dict[str, int] | None = None, start: str = "per-frame") -> ModuleOp:
    """Parsed, split if told how, lowered and verified."""
    module = parse(text)
    model = the_model(module)
    model.properties["start"] = StringAttr(start)
    if subgraph_of is not None:
        form_subgraphs(model, subgraph_of)
    LowerFlowToStitch().apply(context(), module)
    module.verify()
    return module


@dataclass
class Unread:
    value: str
    type: str
    tokens: int
    fifo: str | None


def random_text(rng: random.Random, tasks: int, inputs: int) -> str:
    """Tasks in program order, each reading streams that are still unread; what is left over leaves the design."""
    lines: list[str] = []
    unread: list[Unread] = []

    def stream_type() -> tuple[str, int]:
        tokens = rng.randint(1, 6)
        return f"!flow.stream<{tokens} x {rng.choice((1, 1, 2, 3, 5))} x {rng.choice(ELEMENTS)}>", tokens

    for number in range(inputs):
        type_, tokens = stream_type()
        lines.append(f"%in{number} = flow.input @x{number} : {type_}")
        unread.append(Unread(f"%in{number}", type_, tokens, None))
    for task in range(tasks):
        most = min(3, len(unread))
        # The last tasks join what is open, so that few streams leave the design.
        least = min(most, 2) if task > tasks // 2 else 1
        reads = [unread.pop(rng.randrange(len(unread))) for _ in range(rng.randint(least, most))]
        writes = [stream_type() for _ in range(rng.choice((1, 1, 2)) if task < tasks - 1 else 1)]
        operands = []
        for stream in reads:
            if stream.fifo:
                style = rng.choice(("", "", "", ' style "memory"', ' style "shift"'))
                depth = rng.randint(1, 8)
                lines.append(
                    f"{stream.value}_f = flow.fifo @{stream.fifo} {stream.value} depth {depth}{style} : {stream.type}"
                )
                operands.append(f"{stream.value}_f")
            else:
                operands.append(stream.value)
        results = [f"%t{task}_{port}" for port in range(len(writes))]
        types = f"({', '.join(s.type for s in reads)}) -> ({', '.join(t for t, _ in writes)})"
        lines.append(f'{", ".join(results)} = flow.task "Task" @t{task}({", ".join(operands)}) : {types}')
        unread += [Unread(r, t, n, f"s{r[2:]}") for r, (t, n) in zip(results, writes, strict=True)]
    inner = [u for u in unread if u.fifo]
    assert len(inner) == len(unread), "an input is unread"
    lines += [f"flow.output @y{port} {u.value} : {u.type}" for port, u in enumerate(unread)]
    body = "\n".join(lines)
    return f'flow.model @m archive("m.fml", "sha256:00") {{\n{body}\n}}'


def random_split(rng: random.Random, text: str, subgraphs: int) -> dict[str, int]:
    """A subgraph for every task, never below a producer's."""
    model = the_model(parse(text))
    fifos = set(model.fifos)
    part: dict[str, int] = {}
    for task in model.tasks:
        low = max((part[symbol(writer_of(v.owner))] for v in task.inputs if v.owner in fifos), default=0)  # type: ignore[arg-type]
        part[symbol(task)] = min(low + rng.choice((0, 0, 1)), subgraphs - 1)
    dense = {number: index for index, number in enumerate(sorted(set(part.values())))}
    return {task: dense[number] for task, number in part.items()}


def random_design(seed: int, tasks: int, inputs: int, subgraphs: int, start: str = "per-frame") -> ModuleOp:
    """The first design from this seed on with at least two subgraphs and every input read."""
    rng = random.Random(seed)
    while True:
        try:
            text = random_text(rng, tasks, inputs)
        except AssertionError:
            continue
        split = random_split(rng, text, subgraphs)
        if max(split.values()):
            return stitched(text, split, start)


def random_schedule(rng: random.Random, reads: list[int], writes: list[int]) -> Schedule:
    """Any legal schedule with that many tokens per port, often with a tail behind the period."""
    at: dict[int, tuple[list[int], list[int]]] = {}
    longest_span = 0
    for side, counts in ((0, reads), (1, writes)):
        for port, count in enumerate(counts):
            advance = rng.choice((0, 0, 1, 2, 5)) + (rng.randint(0, 12) if side else 0)
            first = advance
            for k in range(count):
                advance += rng.choice((1, 1, 1, 2, 3, 7)) if k else 0
                at.setdefault(advance, ([], []))[side].append(port)
            longest_span = max(longest_span, advance - first)
    groups = [(advance, r, w) for advance, (r, w) in sorted(at.items())]
    shortest = longest_span + 1
    period = shortest if rng.random() < 0.5 else rng.randint(shortest, max(shortest, groups[-1][0]) + 4)
    schedule = Schedule.of(groups, period)
    schedule.check()
    return schedule


def random_schedules(rng: random.Random, graph: Dataflow) -> dict[str, Schedule]:
    return {
        task.name: random_schedule(
            rng,
            [graph.streams[s].tokens for s in task.inputs],
            [graph.streams[s].tokens for s in task.outputs],
        )
        for task in graph.tasks
    }


def random_tokens(seed: int, graph: Dataflow, frames: int) -> dict[str, Words]:
    rng = np.random.default_rng(seed)
    return {
        s.name: rng.integers(0, 1 << s.precision.width, (s.tokens * frames, s.elements), dtype=np.uint64)
        for s in graph.streams
    }


def graph_of(module: ModuleOp) -> Dataflow:
    return dataflow(the_model(module))


def assert_as_replayed(got: RtlResult, wanted: Replayed, built: Built) -> None:
    """Tokens, first and last beats, what every FIFO and register slice held, and either all cycles or who waits."""
    assert got.tokens_match, got.mismatches
    assert got.first_in == tuple(wanted.first_in)
    assert got.last_out == tuple(wanted.last_out)
    assert got.peaks == {name: wanted.peak[channel] for name, channel in built.fifos.items()}
    assert got.slice_peaks == {name: wanted.peak[channel] for name, channel in built.slices.items()}
    assert got.completed == wanted.completed
    if wanted.completed:
        assert got.cycles == wanted.cycles
    else:
        assert got.waiting
