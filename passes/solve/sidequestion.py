"""Constraints that tie whole subgraphs to machines or to regions of the device, as clauses over an atom's subgraph.

Subgraph k is on machine m: a unary variable over machines. Atom v is on the machine of its subgraph: one literal for each
of them, forced by "v is in k, and k is on m"; the loads of the atoms on a machine then sum to at most the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import z3

from split4ml.passes.solve.atoms import MEMORY, Atoms
from split4ml.passes.solve.variables import Variables, Weighted, at_most, negate


def on_machines(atoms: Atoms, parts: int, time: int, y: Variables) -> Iterator[z3.BoolRef]:
    """All subgraphs are synthesised in time on so many machines, one after the other on each."""
    machines = atoms.workshop.jobs or parts
    # Machines are alike: subgraph k is on one of the first k + 1.
    places = Variables([(0, min(k, machines - 1)) for k in range(parts)], machines, y.context, "m")
    yield from places.monotone()
    yield from _sums(
        atoms, parts, y, places, "z", [[(atoms.load, atoms.fixed, time)] for _ in range(machines)]
    )


def in_regions(atoms: Atoms, parts: int, y: Variables) -> Iterator[z3.BoolRef]:
    """Every subgraph is in a region, within the capacity of all of them, with the atoms that are placed there."""
    regions = len(atoms.regions)
    places = Variables([(0, regions - 1)] * parts, regions, y.context, "r")
    yield from places.monotone()
    limits = [
        [(atoms.resources[r], atoms.own.get(r, 0), most) for r, most in region.capacity.items()]
        for region in atoms.regions
    ]
    ends = [
        [(atoms.leaving.get(r, ()), atoms.entering.get(r, ())) for r in region.capacity]
        for region in atoms.regions
    ]
    yield from _sums(atoms, parts, y, places, "x", limits, ends)
    for v, region in atoms.placed.items():
        for k in range(parts):
            apart = y.outside(v, k)
            yield from y.clause(*apart, places.at_most(k, region))
            yield from y.clause(*apart, negate(places.at_most(k, region - 1)))


def _sums(
    atoms: Atoms,
    parts: int,
    y: Variables,
    places: Variables,
    name: str,
    limits: Sequence[Sequence[tuple[Sequence[int], int, int]]],
    ends: Sequence[Sequence[tuple[Sequence[int], Sequence[int]]]] = (),
) -> Iterator[z3.BoolRef]:
    """limits: by place, (value of each atom, value of each subgraph, the most that they sum to). ends: by place and limit, what each
    edge adds where it leaves a subgraph, and where it enters one."""
    for place, bounds in enumerate(limits):
        if not bounds:
            continue
        here = [y.fresh(f"{name}_{v}_{place}") for v in range(len(atoms))]
        for k in range(parts):
            absent = places.outside(k, place)
            for v, literal in enumerate(here):
                yield from y.clause(literal, *y.outside(v, k), *absent)
        cut: dict[int, tuple[z3.BoolRef, z3.BoolRef]] = {}
        for at in (
            {at for pair in ends[place] for one in pair for at, more in enumerate(one) if more}
            if ends
            else ()
        ):
            u, v, _ = atoms.edges[at]
            cut[at] = y.fresh(f"{name}_out_{at}_{place}"), y.fresh(f"{name}_into_{at}_{place}")
            for k in range(parts - 1):
                # cut between k and later: u in k or before, v behind
                parted = negate(y.at_most(u, k)), y.at_most(v, k)
                for literal, end in zip(cut[at], (u, v), strict=True):
                    yield from y.clause(literal, negate(here[end]), *parted)
        for which, (values, fixed, most) in enumerate(bounds):
            terms: list[Weighted] = [(here[v], value) for v, value in enumerate(values) if value]
            for side, more in enumerate(ends[place][which]) if ends else ():
                terms += [(cut[at][side], value) for at, value in enumerate(more) if value]
            used, constant = places.inside([fixed] * parts, place)
            yield at_most([*terms, *used], most + constant, y.context)


def memory_plan(atoms: Atoms, parts: int, time: int, y: Variables) -> Iterator[z3.BoolRef]:
    """A plan in time: start times, and at each start no more jobs and memory than there are."""
    shop, context = atoms.workshop, y.context
    assert shop.memory is not None
    starts = [z3.Int(f"s_{k}", context) for k in range(parts)]
    ends = [z3.Int(f"e_{k}", context) for k in range(parts)]
    needs = [z3.Int(f"g_{k}", context) for k in range(parts)]
    for k in range(parts):
        yield starts[k] >= 0
        yield ends[k] == starts[k] + _total(y, atoms.load, k) + atoms.fixed
        yield ends[k] <= time
        yield needs[k] == _total(y, atoms.resources[MEMORY], k) + shop.fixed_memory
    for k in range(parts):
        beside = []
        taken = [needs[k]]
        for other in range(parts):
            if other == k:
                continue
            runs = z3.Bool(f"o_{other}_{k}", context)  # while k begins
            share = z3.Int(f"q_{other}_{k}", context)
            yield z3.Implies(z3.And(starts[other] <= starts[k], starts[k] < ends[other]), runs)
            yield share >= 0
            yield z3.Implies(runs, share >= needs[other])
            beside.append(runs)
            taken.append(share)
        yield z3.Sum(taken) <= shop.memory
        if shop.jobs is not None and beside:
            yield z3.AtMost(*beside, shop.jobs - 1)


def _total(y: Variables, values: Sequence[int], k: int) -> z3.ArithRef:
    """The sum of the values in subgraph k."""
    terms, constant = y.inside(values, k)
    zero = z3.IntVal(0, y.context)
    found = [z3.If(literal, z3.IntVal(w, y.context), zero) for literal, w in terms]
    return z3.Sum([z3.IntVal(-constant, y.context), *found])
