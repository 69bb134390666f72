"""Forming subgraphs: any legal assignment gives a model that verifies, prints, and dissolves into what it was."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from split4ml.dialects.flow import Flow, ModelOp, integer, symbol
from split4ml.passes.flow_graph import reader_of, stream_name, writer_of
from split4ml.passes.form_subgraphs import flatten, form_subgraphs

STREAM = "!flow.stream<4 x 1 x int<8>>"


def parse(text: str) -> ModuleOp:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(Flow)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def the_model(module: ModuleOp) -> ModelOp:
    (model,) = module.ops
    assert isinstance(model, ModelOp)
    return model


def random_model(seed: int, tasks: int) -> str:
    """Tasks in program order, each reading streams that are still unread; what is left over leaves the design."""
    rng = random.Random(seed)
    lines = [f"%in = flow.input @x : {STREAM}"]
    unread = [("%in", "x")]
    for task in range(tasks):
        reads = [unread.pop(rng.randrange(len(unread))) for _ in range(rng.randint(1, min(2, len(unread))))]
        writes = [f"%t{task}_{port}" for port in range(rng.randint(1, 2))]
        operands = []
        for value, name in reads:
            if name.startswith("s"):
                lines.append(f"{value}_f = flow.fifo @{name} {value} depth {rng.randint(1, 9)} : {STREAM}")
                operands.append(f"{value}_f")
            else:
                operands.append(value)
        types = f"({', '.join([STREAM] * len(reads))}) -> ({', '.join([STREAM] * len(writes))})"
        lines.append(f'{", ".join(writes)} = flow.task "Task" @t{task}({", ".join(operands)}) : {types}')
        unread += [(value, f"s{value[1:]}") for value in writes]
    lines += [f"flow.output @y{port} {value} : {STREAM}" for port, (value, _) in enumerate(unread)]
    body = "\n".join(lines)
    return f'flow.model @m archive("m.fml", "sha256:00") {{\n{body}\n}}'


def links(model: ModelOp) -> set[tuple[str, str, str]]:
    return {(symbol(writer_of(fifo)), symbol(fifo), symbol(reader_of(fifo.out))) for fifo in model.fifos}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.data())
def test_any_monotone_assignment_forms_and_dissolves(seed: int, tasks: int, data: st.DataObject) -> None:
    module = parse(random_model(seed, tasks))
    model = the_model(module)
    before = links(model)
    part: dict[str, int] = {}
    for task in model.tasks:  # never below a producer, so that the quotient is acyclic
        sources = [part[symbol(writer_of(v.owner))] for v in task.inputs if v.owner in set(model.fifos)]  # type: ignore[arg-type]
        part[symbol(task)] = data.draw(st.integers(max(sources, default=0), max(sources, default=0) + 1))
    dense = {number: index for index, number in enumerate(sorted(set(part.values())))}
    form_subgraphs(model, {task: dense[number] for task, number in part.items()})
    module.verify()
    assert [len(sub.tasks) for sub in model.subgraphs] == [list(part.values()).count(n) for n in dense]
    assert links(model) == before
    assert all(
        fifo.is_boundary == (part[symbol(writer_of(fifo))] != part[symbol(reader_of(fifo.out))])
        for fifo in model.fifos
    )
    text = str(module)
    again = parse(text)
    assert str(again) == text
    flatten(model)
    module.verify()
    assert links(model) == before and not model.subgraphs


def test_stream_names_reach_through_boundaries() -> None:
    model = the_model(parse(random_model(7, 6)))
    tasks = [symbol(task) for task in model.tasks]
    flat = {
        symbol(task): [stream_name(value) for value in (*task.inputs, *task.outputs)] for task in model.tasks
    }
    form_subgraphs(model, {task: index for index, task in enumerate(tasks)})
    split = {
        symbol(task): [stream_name(value) for value in (*task.inputs, *task.outputs)] for task in model.tasks
    }
    assert split == flat


def test_a_wire_is_a_fifo_again_in_another_split() -> None:
    """What has depth 0 between two subgraphs has hls4ml's own depth inside one, until it is sized."""
    text = f"""
    flow.model @m archive("m.fml", "sha256:00") {{
      %i = flow.input @x : {STREAM}
      %0 = flow.task "Relu" @a(%i) : ({STREAM}) -> {STREAM}
      %1 = flow.fifo @f %0 depth 3 of 7 : {STREAM}
      %2 = flow.task "Relu" @b(%1) : ({STREAM}) -> {STREAM}
      flow.output @y %2 : {STREAM}
    }}"""
    model = the_model(parse(text))
    form_subgraphs(model, {"a": 0, "b": 1})
    (fifo,) = model.fifos
    fifo.properties["depth"] = integer(0)
    model.verify()
    form_subgraphs(model, {"a": 0, "b": 0})
    model.verify()
    assert [f.depth.value.data for f in model.fifos] == [7]
