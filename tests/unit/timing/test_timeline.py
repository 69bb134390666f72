"""The timeline picture is well-formed and shows what the run did."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from timing_networks import networks

from split4ml.backends.report.timeline import COLUMNS, FifoRow, TaskRow, columns, timeline
from split4ml.passes.timing.activity import STATES, activity, levels
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.replay import replay

SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(networks())
def test_levels_are_the_most_held(network: Network) -> None:
    run = replay(network, 2, record=True)
    for edges in (list(range(run.cycles + 1)), columns(run.cycles), [0, run.cycles]):
        for channel, (writes, reads) in enumerate(zip(run.writes, run.reads, strict=True)):
            held = [np.count_nonzero(writes <= t) - np.count_nonzero(reads <= t) for t in range(run.cycles)]
            wanted = [max(held[a:b]) for a, b in pairwise(edges)]
            assert levels(writes, reads, edges).tolist() == wanted
            assert max(wanted) == run.peak[channel]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(networks())
def test_widths_of_the_states(network: Network) -> None:
    """With a column per cycle, a state is as wide as its cycles are many."""
    run = replay(network, 1, record=True)
    tasks, totals = [], {}
    for index, process in enumerate(network.processes):
        if process.schedule is not None:
            found = activity(network, run, index)
            spans = zip(found.start.tolist(), (STATES[s] for s in found.state.tolist()), strict=True)
            tasks.append(TaskRow(process.name, list(spans)))
            totals[process.name] = found.totals(0, run.cycles)
    root = ElementTree.fromstring(timeline("<&>", run.cycles, tasks, []))
    if run.cycles > COLUMNS:
        return
    for group, row in zip(root.findall(f"{SVG}g"), tasks, strict=True):
        for path in group.findall(f"{SVG}path"):
            pixels = sum(float(width) for width in re.findall(r"h(\d+(?:\.\d+)?)v", path.attrib["d"]))
            wanted = totals[row.name][path.attrib["class"]] * COLUMNS / run.cycles  # type: ignore[index]
            assert abs(pixels - wanted) < 0.02 * len(path.attrib["d"])


def test_a_long_run_shares_columns() -> None:
    spans = [(0, "working"), (6000, "starved"), (9000, "blocked")]
    text = timeline("long", 10000, [TaskRow("t", spans)], [FifoRow("f", 4, [2] * COLUMNS)])
    root = ElementTree.fromstring(text)
    paths = {path.attrib["class"]: path.attrib["d"] for path in root.iter(f"{SVG}path")}
    assert {state: re.findall(r"h([\d.]+)v", d) for state, d in paths.items()} == {
        "working": ["600"],
        "starved": ["300"],
        "blocked": ["100"],
    }
    assert "waits for data 3,000 cycles" in text and "at most 2 held" in text
