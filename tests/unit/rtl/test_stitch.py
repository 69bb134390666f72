"""The stitch dialect and its lowering on random designs, and the networks that are built from flow."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rtl_models import (
    context,
    graph_of,
    parse,
    random_design,
    random_schedules,
    random_text,
    stitched,
    the_design,
    the_model,
)

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.lower_flow_to_stitch import LowerFlowToStitch
from split4ml.passes.networks import NetworkOptions, network
from split4ml.passes.timing.network import UNBOUNDED
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Schedule

TWO = """
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @INPUT : !flow.stream<4x1xint<12>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<12>>) -> !flow.stream<4x1xint<12>>
  %1 = flow.fifo @f %0 depth 80 : !flow.stream<4x1xint<12>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<12>>) -> !flow.stream<4x1xint<12>>
  flow.output @y %2 : !flow.stream<4x1xint<12>>
}"""
PASS = Schedule.of([(k, [0], [0]) for k in range(4)], 5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 9), st.integers(1, 2), st.integers(2, 4))
def test_prints_and_parses_back(seed: int, tasks: int, inputs: int, subgraphs: int) -> None:
    module = random_design(seed, max(tasks, inputs), inputs, subgraphs)
    text = str(module)
    again = parse(text)
    assert str(again) == text
    design, graph = the_design(again), graph_of(again)
    assert [symbol(i) for i in design.instances] == list(graph.subgraphs)
    assert {symbol(link) for link in design.links} == {s.name for s in graph.streams if s.boundary}
    LowerFlowToStitch().apply(context(), again)
    assert str(again) == text, "lowering again changes nothing"


def test_a_flat_model_is_told_to_be_partitioned_first() -> None:
    with pytest.raises(Split4mlError, match="no subgraphs to stitch") as caught:
        stitched(TWO.replace("INPUT", "x"))
    assert caught.value.hint is not None and "partition" in caught.value.hint


@pytest.mark.parametrize("name", ["wire", "input", "ap_done", "axis_x", "Reg"])
def test_a_name_that_no_hdl_accepts(name: str) -> None:
    with pytest.raises(Split4mlError, match=f"the name '{name}' of flow.input is reserved"):
        stitched(TWO.replace("INPUT", name), {"a": 0, "b": 1})


def test_a_fifo_inside_a_subgraph_is_built_by_its_width_and_one_between_by_its_bus() -> None:
    model = the_model(stitched(TWO.replace("INPUT", "x"), {"a": 0, "b": 1}))
    # 80 x 12 bits fit a shift register, 80 x 16 bits on the bus do not.
    split = network(model, lambda *_: PASS)
    assert (split.width_bits["f"], split.network.channels[split.fifos["f"]].latency) == (16, 2)
    whole = network(model, lambda *_: PASS, NetworkOptions(monolithic=True))
    assert (whole.width_bits["f"], whole.network.channels[whole.fifos["f"]].latency) == (12, 1)
    assert whole.network.domains == ("m",) and whole.slices.keys() == {"m.x", "m.y"}
    assert split.slices.keys() == {"sg0.x", "sg0.f", "sg1.f", "sg1.y"}


def test_unbounded_fifos_keep_the_latency_of_their_depth() -> None:
    model = the_model(stitched(TWO.replace("INPUT", "x"), {"a": 0, "b": 1}))
    built = network(model, lambda *_: PASS, NetworkOptions(unbounded=True))
    channel = built.network.channels[built.fifos["f"]]
    assert (channel.capacity, channel.latency) == (UNBOUNDED, 2)


def test_who_writes_a_port_directly_is_said() -> None:
    asked: dict[str, bool] = {}

    def schedules(task: str, direct: bool) -> Schedule:
        asked[task] = direct
        return PASS

    model = the_model(stitched(TWO.replace("INPUT", "x"), {"a": 0, "b": 1}))
    network(model, schedules)
    assert asked == {"a": True, "b": True}
    network(model, schedules, NetworkOptions(monolithic=True))
    assert asked == {"a": False, "b": True}


def test_held_start_comes_from_the_model_unless_told() -> None:
    model = the_model(stitched(TWO.replace("INPUT", "x"), {"a": 0, "b": 1}, start="held"))
    assert network(model, lambda *_: PASS).network.held_start
    assert not network(model, lambda *_: PASS, NetworkOptions(held_start=False)).network.held_start


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (NetworkOptions(depths={"g": 1}), "no FIFO 'g'"),
        (NetworkOptions(stalls={"x": PASS.offset}), "no output 'x'"),
    ],
)
def test_unknown_names(options: NetworkOptions, message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        network(the_model(parse(TWO.replace("INPUT", "x"))), lambda *_: PASS, options)


def test_a_schedule_of_another_task() -> None:
    short = Schedule.of([(k, [0], [0]) for k in range(3)], 4)
    with pytest.raises(Split4mlError, match=r"task a reads 3 tokens of x a frame, but the stream carries 4"):
        network(the_model(parse(TWO.replace("INPUT", "x"))), lambda *_: short)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_subgraphs_are_a_matter_of_the_boundary_only(seed: int) -> None:
    """A monolithic network is the same whether the model is split or not."""
    rng = random.Random(seed)
    module = random_design(seed, 6, 1, 3)
    graph = graph_of(module)
    schedules = random_schedules(rng, graph)
    options = NetworkOptions(monolithic=True)
    whole = network(the_model(module), lambda task, _: schedules[task], options)
    assert len(whole.network.domains) == 1
    assert len(whole.network.channels) == len(graph.streams)
    assert replay(whole.network, 2).peak.max() >= 1


def test_random_text_parses() -> None:
    parse(random_text(random.Random(5), 6, 1))
