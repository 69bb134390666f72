"""The picture of a split: every task once, what crosses listed with width and depth, arcs that do not lie on each other."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from split4ml.backends.report.graph import Stream, _lanes, picture

SVG = "{http://www.w3.org/2000/svg}"


def layer(name: str, subgraph: str | None) -> dict[str, Any]:
    cost = {"synth_seconds": 2.5, "lut": 1200, "ff": 10, "dsp": 3, "bram18": 0}
    return {"name": name, "kind": "Dense", "subgraph": subgraph, "inserted": False, "cost": cost}


def fifo(name: str, producer: str, consumer: str, scope: str) -> dict[str, Any]:
    bus = {"bus_bits": 16} if scope == "boundary" else {}
    ends = {"producer": producer, "consumer": consumer, "scope": scope}
    return {"name": name, "width_bits": 12, "depth": 7, "style": "shift", **ends, **bus}


def report(split: bool) -> dict[str, Any]:
    names = ["a", "b<&>", "c"]
    homes = ["sg0", "sg0", "sg1"] if split else [None] * 3
    cost = layer("x", None)["cost"]
    return {
        "model": "m",
        "layers": [layer(name, home) for name, home in zip(names, homes, strict=True)],
        "fifos": [
            fifo("f1", "a", "b<&>", "internal"),
            fifo("f2", "b<&>", "c", "boundary" if split else "internal"),
            fifo("f3", "a", "c", "boundary" if split else "internal"),
        ],
        "subgraphs": [{"name": name, "cost": cost} for name in ("sg0", "sg1")] if split else [],
        "partition": {"crossing_bits_per_frame": 96} if split else None,
    }


def words(picture: str) -> list[str]:
    return [found.text or "" for found in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_split() -> None:
    told = words(picture(report(split=True)))
    assert "m: 3 tasks in 2 subgraphs, 96 bits cross in a frame" in told
    assert {"a", "b<&>", "c", "sg0", "sg1"} <= set(told)
    assert "f2: 16 bits wide (12 used), depth 7 (shift), b<&> to c" in told
    assert told.count("2.5") == 5
    assert not any(line.startswith("f1") for line in told)


def test_unsplit_and_without_costs() -> None:
    whole = report(split=False)
    for one in whole["layers"]:
        one["cost"] = None
    told = words(picture(whole))
    assert "m: 3 tasks, not split" in told and "not split" in told
    assert "2.5" not in told


def test_arcs_in_one_lane_do_not_overlap() -> None:
    spans = [(0, 9), (1, 4), (2, 3), (4, 8), (3, 5), (5, 9)]
    streams = [Stream(f"s{at}", low, high, False, "") for at, (low, high) in enumerate(spans)]
    count, lane_of = _lanes(streams)
    assert count == 3
    for one in streams:
        for other in streams:
            if one is not other and lane_of[one.name] == lane_of[other.name]:
                assert one.target <= other.source or other.target <= one.source
