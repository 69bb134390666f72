"""Networks from traces alone: FIFOs as each tool builds them, and ports with and without register slices."""

from __future__ import annotations

import pytest

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.program import ProgramBuilder
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.tasktrace import Element, TaskTrace
from split4ml.passes.traced import TracedDesign, TracedStream

TOKENS = 20
NUMBER = Element(16, 6, True)


def _relu(name: str, source: str, target: str) -> TaskTrace:
    builder = ProgramBuilder()
    return TaskTrace(
        name=name,
        kind="relu",
        inputs=(source,),
        outputs=(target,),
        program=builder.program([builder.loop("relu:L", 1, [[0, 1]] * TOKENS)]),
        counted=(),
        functions={},
        constants={},
        types={},
        weights=(),
    )


def _design(tool: str, plain_ports: bool = False, depth: int | None = 40) -> TracedDesign:
    streams = {name: TracedStream(TOKENS, 4, NUMBER, None) for name in ("x", "y")}
    return TracedDesign(
        name="two",
        tasks=(_relu("first", "x", "m"), _relu("second", "m", "y")),
        inputs=("x",),
        outputs=("y",),
        streams={**streams, "m": TracedStream(TOKENS, 4, NUMBER, depth)},
        tool=tool,
        clock_ns=5.0,
        plain_ports=plain_ports,
    )


def test_fifos_of_vivado_are_of_elements_and_a_memory_holds_one_more() -> None:
    vitis, vivado = _design("vitis-2023.1"), _design("vivado-2019.2")
    assert [vitis.style("m", depth) for depth in (1, 16, 17)] == ["shift", "shift", "memory"], "64 bits"
    assert [vivado.style("m", depth) for depth in (1, 64, 65)] == ["shift", "shift", "memory"], "16 bits"
    assert vitis.capacity("m", 100) == 100 and vivado.capacity("m", 100) == 101
    assert vivado.capacity("m", 64) == 64
    for design in (vitis, vivado):
        for capacity in range(1, 200):
            depth = design.pragma("m", capacity)
            assert design.capacity("m", depth) >= capacity
            assert depth == 1 or design.capacity("m", depth - 1) < capacity, "no shallower one is enough"


def test_a_stream_without_a_pragma_has_depth_2() -> None:
    built = _design("vitis-2023.1", depth=None).network()
    assert built.network.channels[built.fifos["m"]].capacity == 2


@pytest.mark.parametrize("tool", ["vitis-2023.1", "vivado-2019.2"])
def test_ports_have_slices_unless_they_are_fifos(tool: str) -> None:
    """In the Verilog of Vivado HLS they are in the tasks (2019.2 and 2020.1), in that of Vitis HLS at the top."""
    sliced, inner = (_design(tool, plain).network() for plain in (False, True))
    port = sliced.network.sources[0].channel
    assert sliced.network.channels[port].capacity == 2
    assert inner.network.channels[port].capacity > 10**6
    # a token leaves with the next; through a slice one advance earlier, but one cycle to pass it.
    writes = [
        replay(built.network, 1, record=True).writes[built.network.sinks[0].channel]
        for built in (sliced, inner)
    ]
    assert writes[0].tolist() == (writes[1] - 1).tolist()


def test_a_stream_with_one_end_is_refused() -> None:
    whole = _design("vitis-2023.1")
    for tasks, words in ((whole.tasks[:1], "m is never read"), (whole.tasks[1:], "m is never written")):
        broken = TracedDesign("half", tasks, ("x",), ("y",), whole.streams, "vitis-2023.1", 5.0)
        with pytest.raises(Split4mlError, match=words):
            broken.network()
