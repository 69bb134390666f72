"""docs/timing.md as a slow simulator: every cycle, every process, every rule as it is written there.

Shares nothing with the replay but the network's data types.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from split4ml.passes.timing.network import Network
from split4ml.passes.timing.schedule import Schedule


@dataclass
class Fifo:
    capacity: int
    latency: int
    writes: list[int] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    peak: int = 0

    def readable(self, now: int) -> bool:
        return len(self.writes) > len(self.reads) and self.writes[len(self.reads)] <= now - self.latency

    def writable(self, now: int) -> bool:
        held = sum(t < now for t in self.writes[-2:]) + max(0, len(self.writes) - 2)
        held -= sum(t < now for t in self.reads[-2:]) + max(0, len(self.reads) - 2)
        return held < self.capacity


@dataclass
class Task:
    schedule: Schedule
    groups: dict[int, tuple[list[int], list[int]]]  # per advance: channels read, channels written
    calls: list[int] = field(default_factory=list)  # counters, oldest first
    begins: list[int] = field(default_factory=list)  # cycles
    readies: list[int] = field(default_factory=list)


@dataclass
class Outcome:
    peak: list[int]
    first_in: list[int]
    last_out: list[int]
    writes: list[list[int]]
    reads: list[list[int]]
    cycles: int
    waits: dict[
        int, list[set[int] | None]
    ]  # per task and cycle: the channels that hold it up; None: no call in flight


def simulate(network: Network, frames: int, idle_limit: int = 250) -> Outcome:
    """Ends after the last token of the last frame, or when nothing has moved for `idle_limit` cycles."""
    fifos = [Fifo(c.capacity, c.latency) for c in network.channels]
    tasks: dict[int, Task] = {}
    for index, process in enumerate(network.processes):
        schedule = process.schedule
        if schedule is not None:
            groups = {}
            for g, advance in enumerate(schedule.offset):
                reads = schedule.read_port[schedule.read_ptr[g] : schedule.read_ptr[g + 1]]
                writes = schedule.write_port[schedule.write_ptr[g] : schedule.write_ptr[g + 1]]
                groups[int(advance)] = (
                    [process.inputs[p] for p in reads],
                    [process.outputs[p] for p in writes],
                )
            tasks[index] = Task(schedule, groups)
    roots = {
        d: [i for i in tasks if network.processes[i].domain == d and network.processes[i].parent == -1]
        for d in range(len(network.domains))
    }
    ap_ready: dict[int, list[int]] = {d: [] for d in roots}  # cycles
    offered: list[list[int]] = [
        [] for _ in network.sources
    ]  # cycles in which a frame's first beat was first offered
    sent = [0 for _ in network.sources]
    waits: dict[int, list[set[int] | None]] = {index: [] for index in tasks}
    first_in = [-1] * frames
    last_out: list[list[int]] = [[-1] * frames for _ in network.sinks]
    received = [0 for _ in network.sinks]

    now, moved_at = 0, 0
    while now - moved_at < idle_limit:
        moves: list[
            tuple[str, int]
        ] = []  # decided on the state before this cycle, applied after all decisions

        for s, source in enumerate(network.sources):
            frame, beat = divmod(sent[s], source.tokens)
            if frame < frames and now >= frame * source.throttle:
                if beat == 0 and len(offered[s]) == frame:
                    offered[s].append(now)
                if fifos[source.channel].writable(now):
                    moves.append(("write", source.channel))
                    sent[s] += 1
                    if beat == 0 and first_in[frame] == -1:
                        first_in[frame] = now
        for k, sink in enumerate(network.sinks):
            if sink.stall[now % len(sink.stall)] == 0 and fifos[sink.channel].readable(now):
                moves.append(("read", sink.channel))
                received[k] += 1
                frame, beat = divmod(received[k], sink.tokens)
                if beat == 0 and frame <= frames:
                    last_out[k][frame - 1] = now

        begins: list[int] = []
        for index, task in tasks.items():
            process = network.processes[index]
            call = len(task.begins)
            may = len(task.readies) == call and (not call or task.readies[-1] < now)
            if process.parent >= 0:
                pushed = sum(t < now for t in tasks[process.parent].begins)
                may = may and pushed > len(task.readies)
            else:
                transaction = sum(t < now for t in ap_ready[process.domain])
                seen = min(sum(t < now for t in cycles) for cycles in offered)
                may = may and len(task.readies) == transaction
                may = may and (network.held_start or seen > transaction)
            for child, other in tasks.items():
                if network.processes[child].parent == index:
                    popped = sum(t < now for t in other.readies)
                    may = may and call - popped < network.start_depth
            if may:
                begins.append(index)
        for index in begins:
            tasks[index].begins.append(now)
            tasks[index].calls.append(0)
            moved_at = now

        readied: list[int] = []
        for index, task in tasks.items():
            due = [task.groups[c] for c in task.calls if c in task.groups]
            due_reads = [c for group in due for c in group[0]]
            due_writes = [c for group in due for c in group[1]]
            held_up = {c for c in due_reads if not fifos[c].readable(now)}
            held_up |= {c for c in due_writes if not fifos[c].writable(now)}
            waits[index].append(held_up if task.calls else None)
            if all(fifos[c].readable(now) for c in due_reads) and all(
                fifos[c].writable(now) for c in due_writes
            ):
                moves += [("read", c) for c in due_reads] + [("write", c) for c in due_writes]
                if task.calls and task.calls[-1] == task.schedule.period - 1:
                    readied.append(index)
                if task.calls:
                    moved_at = now
                task.calls = [c + 1 for c in task.calls if c + 1 < task.schedule.length]
        for process in network.processes:
            if process.schedule is None:
                source_fifo, target_fifo = process.inputs[0], process.outputs[0]
                if fifos[source_fifo].capacity == 0:
                    continue  # moves with the other end of the wire
                passed = []
                if fifos[target_fifo].capacity == 0:
                    passed = [("write", target_fifo), ("read", target_fifo)]
                    (target_fifo,) = (p.outputs[0] for p in network.processes if target_fifo in p.inputs)
                if fifos[source_fifo].readable(now) and fifos[target_fifo].writable(now):
                    moves += [("read", source_fifo), *passed, ("write", target_fifo)]

        for index in readied:
            tasks[index].readies.append(now)
        for domain, members in roots.items():
            done = len(ap_ready[domain]) + 1
            if members and all(len(tasks[i].readies) >= done for i in members):
                ap_ready[domain].append(now)
        for what, channel in moves:
            (fifos[channel].reads if what == "read" else fifos[channel].writes).append(now)
            moved_at = now
        for fifo in fifos:
            fifo.peak = max(fifo.peak, len(fifo.writes) - len(fifo.reads))
        now += 1
        if all(ends[-1] >= 0 for ends in last_out):
            break

    outs = [-1 if min(e[f] for e in last_out) < 0 else max(e[f] for e in last_out) for f in range(frames)]
    return Outcome(
        [f.peak for f in fifos],
        first_in,
        outs,
        [f.writes for f in fifos],
        [f.reads for f in fifos],
        now,
        waits,
    )
