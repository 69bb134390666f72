"""A task on its own, between recorded FIFOs, does what it did in the whole network."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.passes.timing.alone import NEVER, Operations, alone
from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Ints


def limits(network: Network, seen: Replayed, task: int) -> list[Ints]:
    process = network.processes[task]
    found = [seen.writes[c] + network.channels[c].latency for c in process.inputs]
    for c in process.outputs:
        capacity = min(network.channels[c].capacity, 10**6)
        free = np.full(min(capacity, 10**4), -(10**6))
        found.append(np.concatenate([free, seen.reads[c] + 1])[: 10**4])
    return found


@settings(deadline=None)
@given(networks(), st.integers(1, 4))
def test_it_does_what_it_did_among_others(network: Network, frames: int) -> None:
    seen = replay(network, frames, record=True)
    for number, process in enumerate(network.processes):
        if process.schedule is None or not len(seen.starts[number].begins):
            continue
        begins = seen.starts[number].begins
        operations = Operations.of(process.schedule, len(process.inputs))
        found = alone(operations, limits(network, seen, number), begins)
        # a call that has begun while an operation waits that the run did not see is not known
        known = found.begins < NEVER
        assert found.begins[known].tolist() == begins[known].tolist()
        wanted = [seen.reads[c] for c in process.inputs] + [seen.writes[c] for c in process.outputs]
        for mine, whole in zip(found.times, wanted, strict=True):
            # the run ends with the last frame, and this task may go on
            assert mine[: len(whole)].tolist() == whole.tolist()
