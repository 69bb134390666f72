"""Which tasks no valid partition separates.

Ends of an uncuttable edge and groups kept together share a subgraph, and so does everything on a path between two of them, since a
subgraph is convex: the strongly connected components after the merge.
"""

from __future__ import annotations

from itertools import pairwise

from split4ml.passes.solve.problem import Problem


def components(problem: Problem) -> list[int]:
    """Per task, one that stands for all that share its component."""
    n = len(problem.tasks)
    forward: list[set[int]] = [set() for _ in range(n)]
    for e in problem.edges:
        forward[e.src].add(e.dst)
        if not e.cuttable:
            forward[e.dst].add(e.src)
    for group in problem.together:
        for a, b in pairwise(group):
            forward[a].add(b)
            forward[b].add(a)
    backward: list[set[int]] = [set() for _ in range(n)]
    for u in range(n):
        for v in forward[u]:
            backward[v].add(u)
    # Kosaraju, iteratively: finish order forward, then reachability backward.
    finished: list[int] = []
    seen = [False] * n
    for root in range(n):
        stack = [(root, iter(sorted(forward[root])))] if not seen[root] else []
        seen[root] = True
        while stack:
            u, successors = stack[-1]
            v = next((w for w in successors if not seen[w]), -1)
            if v < 0:
                finished.append(u)
                stack.pop()
            else:
                seen[v] = True
                stack.append((v, iter(sorted(forward[v]))))
    component = [-1] * n
    for root in reversed(finished):
        todo = [root] if component[root] < 0 else []
        while todo:
            u = todo.pop()
            if component[u] < 0:
                component[u] = root
                todo += [v for v in backward[u] if component[v] < 0]
    return component
