"""`split4ml.size_fifos`: a live hls4ml model gets the depths that its project would."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from test_api import live_graph

import split4ml
from split4ml.compiler.profile_project import profile_project
from split4ml.dialects.errors import Split4mlError, UsageError


def written(model: Any, folder: Path) -> dict[str, int]:
    """Depths in the C++ that hls4ml writes."""
    model.config.config["OutputDir"] = str(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        model.write()
    text = next((folder / "firmware").glob("tiny.cpp")).read_text()
    return {name: int(depth) for name, depth in re.findall(r"STREAM variable=(\w+) depth=(\d+)", text)}


def test_a_live_model(tmp_path: Path) -> None:
    model = live_graph(tmp_path / "hls")
    before = {name: variable.pragma for name, variable in model.output_vars.items()}
    tried = split4ml.size_fifos(model, apply=False)
    assert before == {name: variable.pragma for name, variable in model.output_vars.items()}
    sized = split4ml.size_fifos(model)
    assert sized.depths == tried.depths and sized.initial.keys() == sized.depths.keys()
    assert sized.latency is not None and sized.interval is not None
    assert written(model, tmp_path / "written") == sized.depths
    deeper = split4ml.size_fifos(model, method="exact", min_depth=["*=5"], apply=False)
    assert min(deeper.depths.values()) == 5
    again = profile_project(tmp_path / "written", clock_ns=5)
    assert again.depths == sized.depths
    assert again.report["as_is"]["latency_cycles"] == sized.latency


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="str, not an hls4ml ModelGraph"):
        split4ml.size_fifos("model")
    model = live_graph(tmp_path / "hls")
    before = {name: variable.pragma for name, variable in model.output_vars.items()}
    with pytest.raises(Split4mlError, match="no option 'minimum'"):
        split4ml.size_fifos(model, minimum=4)
    for demand in ({"objective": "cost"}, {"bram18": 4}, {"bram_price": 100}, {"uram_price": 1000}):
        with pytest.raises(Split4mlError, match="needs a build") as refused:
            split4ml.size_fifos(model, **demand)
        assert "split4ml compile" in (refused.value.hint or "")
    with pytest.raises(UsageError, match="no timing constants"):
        split4ml.size_fifos(model, tool="vitis-1.0")
    assert before == {name: variable.pragma for name, variable in model.output_vars.items()}
