"""Five faults planted in the generated SystemVerilog, each of which the simulation must catch.

All are in one build, and an argument of the program chooses one: `+fault=N`. The same build tries the library's
FIFOs as hardware has them (lockstep.sv).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rtl_models import graph_of, random_tokens, stitched, the_model
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.vcd import read_profile
from split4ml.backends.verilator.result import RtlResult
from split4ml.backends.verilator.simulation import Simulation, build_simulation
from split4ml.backends.verilator.tokens import Words
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.networks import NetworkOptions, network
from split4ml.passes.timing.network import Replayed
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Schedule

STREAM = "!flow.stream<12 x 3 x fixed<17,9>>"
# Two links of one type go from the first subgraph to the second; the lower one is a skip connection.
TEXT = f"""
flow.model @m archive("m.fml", "sha256:00") attributes {{clock_ps = 5000 : i64}} {{
  %in = flow.input @x : {STREAM}
  %a, %b = flow.task "Fork" @fork(%in) : ({STREAM}) -> ({STREAM}, {STREAM})
  %c = flow.fifo @left %a depth 2 : {STREAM}
  %d = flow.fifo @right %b depth 9 : {STREAM}
  %e = flow.task "Slow" @slow(%c) : ({STREAM}) -> {STREAM}
  %f = flow.fifo @late %e depth 2 : {STREAM}
  %g = flow.task "Join" @join(%f, %d) : ({STREAM}, {STREAM}) -> {STREAM}
  flow.output @y %g : {STREAM}
}}"""
EVERY = [(k, [0], [0]) for k in range(12)]
SCHEDULES = {
    "fork": Schedule.of([(k, [0], [0, 1]) for k in range(12)], 13),
    "slow": Schedule.of([(k, [0] if k < 12 else [], [0] if k >= 5 else []) for k in range(17)], 13),
    "join": Schedule.of([(k, [0, 1], [0]) for k in range(12)], 13),
}
SWAPPED, PADDING, SHALLOW, PERMUTED, SKIPPED = range(1, 6)


def plant(sources: dict[str, str]) -> dict[str, str]:
    """The sources with all five faults, each behind `fault == N`."""
    top = sources["m_top.sv"]

    def instead(old: str, new: str, text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    # 1: the two links change places where they enter the second subgraph
    for one, other in (("left", "right"), ("right", "left")):
        for port, signal in ((f"{one}_TDATA", "tdata"), (f"{one}_TVALID", "tvalid"), ("m_tready", "tready")):
            net = f"axis_{one}_out_{signal}"
            top = instead(f".{port}({net})", f".{port}(fault == 1 ? axis_{other}_out_{signal} : {net})", top)
    # 2: a byte of padding is lost; 4: elements in the wrong order; 5: a token is accepted but not stored
    data = "axis_right_in_tdata"
    top = instead(
        f".s_tdata({data})",
        f".s_tdata(fault == 2 ? {{8'd0, {data}[95:32], {data}[23:0]}} : "
        f"fault == 4 ? {{{data}[63:32], {data}[95:64], {data}[31:0]}} : {data})",
        top,
    )
    top = instead(
        ".s_tvalid(axis_right_in_tvalid)", ".s_tvalid(axis_right_in_tvalid & !(fault == 5 && beat == 7))", top
    )
    planted = """
  integer fault, beat;
  initial if (!$value$plusargs("fault=%d", fault)) fault = 0;
  always @(posedge ap_clk)
    if (!ap_rst_n) beat <= 0;
    else if (axis_right_in_tvalid & axis_right_in_tready) beat <= beat + 1;
"""
    top = top.replace(");\n  // Starts", f");\n{planted}  // Starts", 1)
    # 3: a FIFO is one shallower than it was told to be
    fifo = instead(
        "depth = split4ml_depth(id);",
        'depth = split4ml_depth(id);\n    if ($test$plusargs("fault=3") && id == 1) depth = depth - 1;',
        sources["split4ml_sim_fifo.sv"],
    )
    bench = instead(
        "endmodule", "  lockstep u_lockstep (.clk(clk), .rst_n(rst_n));\nendmodule", sources["split4ml_tb.sv"]
    )
    lockstep = Path(__file__).with_name("lockstep.sv").read_text(encoding="utf-8")
    edited = {"m_top.sv": top, "split4ml_sim_fifo.sv": fifo, "split4ml_tb.sv": bench, "lockstep.sv": lockstep}
    return {**sources, **edited}


@dataclass
class Bench:
    module: ModuleOp
    simulation: Simulation
    tokens: dict[str, Words]
    depth: int  # the least at which the skip connection costs no time

    def run(self, fault: int = 0, frames: int = 3, vcd: Path | None = None) -> RtlResult:
        return self.simulation.run(
            SCHEDULES, {"right": self.depth}, self.tokens, frames, plusargs=[f"fault={fault}"], vcd=vcd
        )

    def replay(self, frames: int = 3) -> Replayed:
        return replayed(self.module, self.depth, frames)


def replayed(module: ModuleOp, depth: int, frames: int) -> Replayed:
    options = NetworkOptions(depths={"right": depth})
    return replay(network(the_model(module), lambda task, _: SCHEDULES[task], options).network, frames)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    module = stitched(TEXT, {"fork": 0, "slow": 1, "join": 1})
    simulation = build_simulation(module, tmp_path_factory.mktemp("sim"), edit=plant)
    best = replayed(module, 14, 3).cycles
    depth = next(d for d in range(1, 15) if replayed(module, d, 3).cycles == best)
    assert depth > 2
    yield Bench(module, simulation, random_tokens(1, graph_of(module), 3), depth)


def test_without_a_fault(bench: Bench) -> None:
    result, wanted = bench.run(), bench.replay()
    result.check()
    assert (result.first_in, result.last_out) == (tuple(wanted.first_in), tuple(wanted.last_out))
    assert result.checked == 3 * 12 * 5


@pytest.mark.parametrize(
    ("fault", "reader", "stream"),
    [
        (SWAPPED, "slow", "left"),
        (PADDING, "join", "right"),
        (PERMUTED, "join", "right"),
        (SKIPPED, "join", "right"),
    ],
)
def test_wrong_data(bench: Bench, fault: int, reader: str, stream: str) -> None:
    result = bench.run(fault)
    assert not result.tokens_match
    readers = {(m.reader, m.stream) for m in result.mismatches}
    assert (reader, stream) in readers
    with pytest.raises(Split4mlError, match=r"moved wrong data: .* read token \d+ of "):
        result.check()


def test_the_first_wrong_token_is_named(bench: Bench) -> None:
    first = bench.run(SKIPPED).mismatches[0]
    assert (first.reader, first.stream, first.token) == ("join", "right", 7)
    assert first.expected == int(bench.tokens["right"][7, first.element])
    assert first.got == int(bench.tokens["right"][8, first.element])


def test_a_skipped_token_is_missing_in_the_end(bench: Bench) -> None:
    result = bench.run(SKIPPED)
    assert not result.completed and result.last_out[-1] == -1
    assert any("join waits for data in right" in line for line in result.waiting), result.waiting


def test_a_depth_one_too_small(bench: Bench) -> None:
    result, wanted = bench.run(SHALLOW), bench.replay()
    assert result.tokens_match
    assert result.cycles > wanted.cycles
    assert result.peaks["right"] == bench.depth - 1


def test_fifos_in_hardware_do_what_those_in_simulation_do(bench: Bench) -> None:
    """lockstep.sv ends the program with a message if not, or if it has tried too little."""

    def run(frames: int) -> RtlResult:
        return bench.simulation.run(SCHEDULES, {}, bench.tokens, frames, plusargs=["lockstep"])

    run(frames=300).check()
    with pytest.raises(Split4mlError, match="was not tried"):
        run(frames=1)


def test_the_dump_says_what_the_run_said(bench: Bench, tmp_path: Path) -> None:
    vcd = tmp_path / "fifos.vcd"
    result = bench.run(vcd=vcd)
    built = network(
        the_model(bench.module),
        lambda task, _: SCHEDULES[task],
        NetworkOptions(depths={"right": bench.depth}),
    )
    wanted = replay(built.network, 3, record=True)
    profiles = read_profile(vcd, result.peaks, clock_ps=5000)
    for name, profile in profiles.items():
        assert profile.peak == result.peaks[name]
        assert profile.write_times is not None and profile.read_times is not None
        # The run may end before the last tokens inside have moved; so may the replay's.
        assert np.array_equal(profile.write_times, wanted.writes[built.fifos[name]])
        assert np.array_equal(profile.read_times, wanted.reads[built.fifos[name]])
