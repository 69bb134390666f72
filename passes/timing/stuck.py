"""Why a replay came to rest before its last frame was out."""

from __future__ import annotations

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import Flat, channels_of
from split4ml.passes.timing.kernel import MOVER, SINK, TASK
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.schedule import Ints

Step = tuple[str, str, str]


def holders(network: Network, flat: Flat, rows: Ints, frames: int, tails_only: bool) -> tuple[str, ...]:
    """Names of tasks that still hold a frame.

    tails_only: those with a held tail (a begun call of a frame that was ready, and has groups left), if any;
    else all that have begun and not finished a call of a frame.
    """
    tails, unfinished = [], []
    for a, process in zip(flat.actors.tolist(), network.processes, strict=False):
        if process.schedule is None:
            continue
        held = int(rows[a + kernel.TAILS])
        oldest = int(rows[a + kernel.READIED]) - held  # frame of the oldest call in flight
        if oldest >= min(frames, int(rows[a + kernel.BEGUN])):
            continue
        unfinished.append(process.name)
        if held:
            tails.append(process.name)
    return tuple(tails) if tails and tails_only else tuple(unfinished)


def circle(network: Network, flat: Flat, rows: Ints) -> tuple[Step, ...]:
    """A circle of processes each waiting for the next, or () if there is none."""
    names = [p.name for p in network.processes]
    names += [s.name for s in network.sources]
    names += [s.name for s in network.sinks]
    waits = [_waits(network, flat, rows, actor, names) for actor in range(len(names))]
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


def _waits(network: Network, flat: Flat, rows: Ints, actor: int, names: list[str]) -> list[tuple[int, Step]]:
    """Whom `actor` waits for in a state in which nothing can move."""
    name, a = names[actor], int(flat.actors[actor])
    number = {int(row): index for index, row in enumerate(flat.actors)}
    channel = {int(row): index for index, row in enumerate(flat.channels)}
    reads: list[int] = []
    writes: list[int] = []
    found: list[tuple[int, Step]] = []
    if rows[a + kernel.KIND] == TASK:
        for group in _due(flat, rows, a):
            kind = int(flat.kind[group])
            taken, given = channels_of(rows, kind)
            reads += taken
            writes += given
        if rows[a + kernel.BEGUN] == rows[a + kernel.READIED]:
            waited = []
            parent = int(rows[a + kernel.PARENT])
            if parent >= 0 and rows[parent + kernel.BEGUN] <= rows[a + kernel.READIED]:
                waited.append(parent)
            for child in rows[rows[a + kernel.CHILDREN] : rows[a + kernel.CHILDREN_END]].tolist():
                if rows[a + kernel.BEGUN] - rows[child + kernel.READIED] >= network.start_depth:
                    waited.append(child)
            if parent < 0:
                d = int(rows[a + kernel.DOMAIN])
                done = rows[d + kernel.TRANSACTIONS]
                for root in rows[rows[d + kernel.ROOTS] : rows[d + kernel.ROOTS_END]].tolist():
                    if rows[a + kernel.READIED] > done and rows[root + kernel.READIED] == done:
                        waited.append(root)
            found += [(number[other], (name, "start", names[number[other]])) for other in waited]
    if rows[a + kernel.KIND] == MOVER and rows[rows[a + kernel.TAKE] + kernel.CAPACITY] == 0:
        return found  # the end of a wire, which is all in the mover at its beginning
    if rows[a + kernel.KIND] in (MOVER, SINK):
        reads.append(int(rows[a + kernel.TAKE]))
    if rows[a + kernel.KIND] not in (TASK, SINK):
        writes.append(int(rows[a + kernel.GIVE]))
    # A wire that cannot give is told by its own name.
    wire = network.processes[actor].outputs[0] if rows[a + kernel.KIND] == MOVER else -1
    if wire >= 0 and rows[flat.channels[wire] + kernel.CAPACITY] > 0:
        wire = -1
    for c in reads:
        if rows[c + kernel.WRITTEN] == rows[c + kernel.READ]:
            at = channel[c]
            found.append((int(rows[c + kernel.PRODUCER]), (name, "empty", network.channels[at].name)))
    for c in writes:
        if rows[c + kernel.WRITTEN] - rows[c + kernel.READ] >= rows[c + kernel.CAPACITY]:
            at = channel[c]
            told = network.channels[wire if wire >= 0 else at].name
            found.append((int(flat.consumer[at]), (name, "full", told)))
    return found


def _due(flat: Flat, rows: Ints, a: int) -> list[int]:
    """The groups, of all calls in flight, that a task has to do next."""
    first, end = int(rows[a + kernel.TAIL_ROWS]), int(rows[a + kernel.TAIL_ROWS_END])
    held = [
        (int(rows[a + kernel.OLDEST]) + 2 * k) % (end - first) for k in range(int(rows[a + kernel.TAILS]))
    ]
    due = [(int(rows[first + at + kernel.DUE]), int(rows[first + at + kernel.GROUP])) for at in held]
    group = int(rows[a + kernel.NEXT])
    if rows[a + kernel.BEGUN] > rows[a + kernel.READIED] and group < rows[a + kernel.TAIL]:
        due.append((int(rows[a + kernel.BEGIN] + flat.offset[group]), group))
    soonest = min((clock for clock, _ in due), default=0)
    return [group for clock, group in due if clock == soonest]
