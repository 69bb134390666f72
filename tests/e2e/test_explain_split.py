"""`split4ml explain`: what binds a split, and what every demand on it costs."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from bad_input import LOWER, Lab

from split4ml.compiler.devices import Parts
from split4ml.compiler.explain_split import asked_of, wanted
from split4ml.passes.partition import Partition, noted
from split4ml.passes.solve.objectives import Goal


def test_what_is_told(lab: Lab, tiny_split: Path) -> None:
    done = lab.run("explain", tiny_split, "--section", "split")
    assert done.status == 0, done.err
    for words in ("5 tasks in 2 subgraphs", "The bottleneck is sg", "No split between tasks takes less than"):
        assert words in done.out
    found = json.loads(lab.run("explain", tiny_split, "--section", "split", "--json").out)["split"]
    report = json.loads((tiny_split / "report.json").read_text())
    assert found["values"]["time"] == report["partition"]["objective"] * 1000
    kinds = [(price["kind"], price["change"]) for price in found["prices"]]
    assert kinds == [("without", "without it"), ("less", "1"), ("more", "3")]
    one = found["prices"][1]["values"]
    assert (one["subgraphs"], one["bits"]) == (1, 0)
    assert found["runner_up"]["values"]["subgraphs"] == 2
    assert "With up to 1 % more time than this split takes: " in done.out
    slower = found["slower"]["values"]
    assert slower["bits"] <= found["values"]["bits"] and slower["time"] <= found["values"]["time"] * 1.01


def test_a_demand_that_binds(lab: Lab, tiny_onnx: Path) -> None:
    """The two convolutions, kept together, are one project's work."""
    passes = f'{LOWER}{{subgraphs=2 keep-together="c1+c2" dsp=5000}}'
    assert lab.compile(tiny_onnx, "-p", passes).status == 0
    found = json.loads(lab.run("explain", lab.out, "--json").out)["split"]
    assert "c1, c2 kept together" in found["binding"]
    assert found["budgets"]["dsp"]["used"] <= 5000
    by_kind = {(price["demand"], price["kind"]): price for price in found["prices"]}
    roomier = by_kind["at most 5,000 dsp in a subgraph", "more"]
    assert roomier["change"] == "5,500 dsp" and roomier["values"] == found["values"]


@pytest.mark.parametrize(
    "options",
    [
        'minimise=[time,bits] at-most=["subgraphs=3","time=1000.5"] slack=2.5 jobs=2 memory=64.5',
        'cut-before=c2 pin="c1=0" utilisation=["lut=60"] budget-by=high',
        "subgraphs=auto time-limit=30",
    ],
)
def test_what_was_asked_for_is_read_back(lab: Lab, tiny_onnx: Path, options: str) -> None:
    """From the note in the IR, numbers that are not whole included."""
    from split4ml.compiler.binding import Services, instantiate
    from split4ml.compiler.design import Design
    from split4ml.compiler.pipeline.parser import parse_pipeline

    passes = f"{LOWER}{{{options}}}"
    assert lab.compile(tiny_onnx, "-p", passes).status == 0
    asked = instantiate(parse_pipeline(passes)[-1], Services({"devices": Parts}))
    assert isinstance(asked, Partition)
    with Design(lab.out) as design:
        found = noted(design.model, Parts())
        assert found is not None and found.given() == asked.given()
        assert found.goal() == asked.goal() and found.memory == asked.memory
        report = design.report["partition"]
        assert asked_of(design.model, found, False).solution.values == report["values"]


def test_what_cannot_be(lab: Lab, tiny_split: Path) -> None:
    def refused(*arguments: object, status: int) -> str:
        done = lab.run("explain", *arguments)
        assert done.status == status, done
        return done.err

    assert "there is no such build directory" in refused(lab.folder / "no", status=1)
    assert "there is no section 'splat'" in refused(tiny_split, "--section", "splat", status=2)
    assert "needs some time" in refused(tiny_split, "--time-limit", 0, status=2)


def test_weights_are_said_to_be_weights() -> None:
    weighed = Goal(weights={"time": Fraction(1), "bits": Fraction(1, 100)})
    assert wanted(weighed) == "the best weighted sum of time and bits, then the best time, then bits"
    assert wanted(Goal()) == "the best time, then bits"
