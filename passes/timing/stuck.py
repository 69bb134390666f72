"""Why a replay came to rest before its last frame was out."""

from __future__ import annotations

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import Flat
from split4ml.passes.timing.kernel import MOVER, NEVER, SINK, TASK, State
from split4ml.passes.timing.network import Network

Step = tuple[str, str, str]


def holders(network: Network, flat: Flat, state: State, tails_only: bool) -> tuple[str, ...]:
    """Names of tasks that still hold a frame.

    tails_only: those with a held tail (a begun call of a frame that was ready, and has groups left), if any;
    else all that have begun and not finished a call of a frame.
    """
    frames = len(state.frame)
    tails, unfinished = [], []
    for index, process in enumerate(network.processes):
        if flat.kind[index] != TASK:
            continue
        task = state.task[index]
        flight = int(task[kernel.FLIGHT])
        oldest = int(task[kernel.BEGUN]) - flight  # frame of the oldest call in flight
        if not flight or oldest >= frames:
            continue
        unfinished.append(process.name)
        if flight > 1 or task[kernel.READY_AT] == NEVER:
            tails.append(process.name)
    return tuple(tails) if tails and tails_only else tuple(unfinished)


def circle(network: Network, flat: Flat, state: State) -> tuple[Step, ...]:
    """A circle of processes each waiting for the next, or () if there is none."""
    names = [p.name for p in network.processes]
    names += [s.name for s in network.sources]
    names += [s.name for s in network.sinks]
    waits = [_waits(network, flat, state, actor, names) for actor in range(len(names))]
    finished: set[int] = set()
    for start in range(len(names)):
        path: list[tuple[int, Step]] = []
        on_path: dict[int, int] = {}
        # Depth first, by hand: networks are deeper than Python's stack.
        stack = [(start, iter(waits[start]))]
        on_path[start] = 0
        while stack:
            actor, pending = stack[-1]
            following = next(pending, None)
            if following is None:
                stack.pop()
                on_path.pop(actor, None)
                finished.add(actor)
                if path:
                    path.pop()
                continue
            other, step = following
            if other in on_path:
                return tuple(s for _, s in path[on_path[other] :]) + (step,)
            if other not in finished:
                on_path[other] = len(stack)
                path.append((actor, step))
                stack.append((other, iter(waits[other])))
    return ()


def _waits(
    network: Network, flat: Flat, state: State, actor: int, names: list[str]
) -> list[tuple[int, Step]]:
    """Whom `actor` waits for in a state in which nothing can move."""
    name = names[actor]
    reads: list[int] = []
    writes: list[int] = []
    found: list[tuple[int, Step]] = []
    if flat.kind[actor] == TASK:
        task = state.task[actor]
        ring = int(flat.call_ptr[actor])
        size = int(flat.call_ptr[actor + 1]) - ring
        for k in range(int(task[kernel.FLIGHT])):
            at = ring + (int(task[kernel.HEAD]) + k) % size
            if state.call[at, kernel.DUE] == task[kernel.NEXT]:
                group = int(state.call[at, kernel.GROUP])
                reads += [int(c) for c in flat.read[flat.read_ptr[group] : flat.read_ptr[group + 1]]]
                writes += [int(c) for c in flat.write[flat.write_ptr[group] : flat.write_ptr[group + 1]]]
        if task[kernel.IDLE]:
            parent = int(flat.parent[actor])
            if parent >= 0 and task[kernel.PUSHES] <= task[kernel.POPS]:
                found.append((parent, (name, "start", names[parent])))
            for child in flat.child[flat.child_ptr[actor] : flat.child_ptr[actor + 1]]:
                pending = state.task[child, kernel.PUSHES] - state.task[child, kernel.POPS]
                if pending >= network.start_depth:
                    found.append((int(child), (name, "start", names[child])))
            if parent < 0:
                domain = flat.domain[actor]
                transactions = state.domain[domain, kernel.TRANSACTIONS]
                for root in flat.root[flat.root_ptr[domain] : flat.root_ptr[domain + 1]]:
                    if task[kernel.POPS] > transactions and state.task[root, kernel.POPS] == transactions:
                        found.append((int(root), (name, "start", names[root])))
    if flat.kind[actor] in (MOVER, SINK):
        reads.append(int(flat.take[actor]))
    if flat.kind[actor] not in (TASK, SINK):
        writes.append(int(flat.give[actor]))
    for channel in reads:
        if state.channel[channel, kernel.WRITTEN] == state.channel[channel, kernel.READ]:
            found.append((int(flat.producer[channel]), (name, "empty", network.channels[channel].name)))
    for channel in writes:
        held = state.channel[channel, kernel.WRITTEN] - state.channel[channel, kernel.READ]
        if held >= state.channel[channel, kernel.CAPACITY]:
            found.append((int(flat.consumer[channel]), (name, "full", network.channels[channel].name)))
    return found
