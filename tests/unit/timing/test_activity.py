"""What tasks are said to do in each cycle is what the slow simulator saw them do."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from timing_networks import networks
from timing_reference import simulate

from split4ml.passes.timing.activity import STATES, activity
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.replay import replay

FRAMES = 4


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(networks())
def test_every_cycle_of_every_task(network: Network) -> None:
    run, wanted = replay(network, FRAMES, record=True), simulate(network, FRAMES)
    for index, process in enumerate(network.processes):
        if process.schedule is None:
            continue
        found = activity(network, run, index)
        assert found.end == run.cycles and found.start[0] == 0
        assert found.cycles(0, found.end).min() > 0 and found.cycles(0, found.end).sum() == found.end
        stops = [*found.start[1:].tolist(), found.end]
        for start, stop, state, channel in zip(
            found.start.tolist(), stops, found.state.tolist(), found.channel.tolist(), strict=True
        ):
            for cycle in range(start, stop):
                seen = wanted.waits[index][cycle]
                where = (process.name, cycle, STATES[state])
                if STATES[state] == "idle":
                    assert seen is None, where
                elif STATES[state] == "working":
                    assert seen == set(), where
                else:
                    assert seen is not None and channel in seen, where
                    data = channel in process.inputs
                    assert STATES[state] == ("starved" if data else "blocked"), where
