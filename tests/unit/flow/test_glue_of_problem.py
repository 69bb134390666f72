"""What the partitioner counts for cuts and subgraphs is what the report says that the stitched top takes."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from test_subgraphs import parse, random_model, the_model

from split4ml.backends.report.glue import glue
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_problem import Wishes, problem_of
from split4ml.passes.form_subgraphs import form_subgraphs
from split4ml.passes.solve.objectives import uses

COST = '{cost = #flow.cost<hls, lut 7:7:7, ff 5:5:5, dsp 0:0:0, bram18 0:0:0, synth_ms 1:1:1, "test">}'


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 8))
def test_glue_of_any_split(seed: int, tasks: int) -> None:
    text = re.sub(r"depth \d+", "depth 2", random_model(seed, tasks))
    text = re.sub(r'(flow\.task "Task" @t\d+\([^)]*\)) :', rf"\1 {COST} :", text)
    model = the_model(parse(text))
    cuts = sorted(random.Random(seed).choices(range(1, tasks), k=2))
    homes = [sum(task >= cut for cut in cuts) for task in range(tasks)]
    dense = {home: at for at, home in enumerate(sorted(set(homes)))}
    part = tuple(dense[home] for home in homes)
    problem = problem_of(model, Wishes())
    form_subgraphs(model, dict(zip((symbol(task) for task in model.tasks), part, strict=True)))
    measured = glue(model)
    assert measured is not None
    for resource, own in (("lut", 7), ("ff", 5), ("bram18", 0)):
        assert sum(uses(problem, part, resource)) == own * tasks + measured[resource]
