"""The Pareto front of depths: no point beats another, and each is what its limits give."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from test_exact import residual

from split4ml.backends.report.fifo_front import picture, table
from split4ml.passes.timing.front import Against, front, limits_of
from split4ml.passes.timing.judge import Fifo
from split4ml.passes.timing.limits import Limits
from split4ml.passes.timing.sizing import size

AGAINST: tuple[Against, ...] = ("interval", "latency", "both")


@pytest.mark.parametrize("against", AGAINST)
def test_points(against: Against) -> None:
    network = residual(16, 9, 2)
    fifos = [Fifo(c, 16) for c in (1, 2, 4, 5)]
    found = front(network, fifos, against)
    assert len(found) > 1 or against == "latency"
    kept = size(network, fifos)
    assert any(p.depths == kept.depths or p.beats(found[0]) for p in found)
    for point in found:
        assert not any(other.beats(point) for other in found)
        percent = point.latency_percent if against == "latency" else point.interval_percent
        free = point.latency_percent == point.interval_percent == 0
        limits = Limits() if free else limits_of(against, percent)
        again = size(network, fifos, limits=limits)
        assert (again.depths, again.metrics.latency_lone, again.metrics.interval) == (
            point.depths,
            point.latency,
            point.interval,
        )
        if against == "latency":
            assert point.interval == kept.metrics.interval
    if against == "interval":
        assert found[-1].cost < found[0].cost and found[-1].interval > found[0].interval


def test_table_and_picture() -> None:
    points = [
        {"number": 1, "interval_cycles": 302, "latency_cycles": 456, "bits": 8000, "options": "latency=keep"},
        {
            "number": 2,
            "interval_cycles": 402.5,
            "latency_cycles": 556,
            "bits": 600,
            "options": "interval=<&>%",
        },
    ]
    found = {"model": "m<&>", "against": "interval", "points": points}
    lines = table(found).splitlines()
    assert len(lines) == 3 and lines[2].split()[:5] == ["2", "402.5", "556", "600", "7.5%"]
    root = ElementTree.fromstring(picture(found))
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 2
