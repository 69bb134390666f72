"""`size-fifos{objective=cost}`: styles are chosen by price, stated, and in what is emitted; RTL agrees to the cycle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from e2e_cli import Cli

from split4ml.compiler.design import Design
from split4ml.compiler.main import main

PIPELINE = "size-fifos{%s},lower-flow-to-stitch"


def test_styles_are_stated_and_emitted(profiled: Path, tmp_path: Path, cli: Cli) -> None:
    """With block RAM at its cheapest, whatever is deep enough is one; the simulated top agrees with the replay."""
    options = 'objective=cost bram-price=20 min-depth="*=40"'
    build = tmp_path / "build"
    done = cli("compile", profiled, "-o", build, "-p", PIPELINE % options, "--verify", "rtl", "--quiet")
    assert done.returncode == 0, done.stderr
    design = Design(build)
    assert design.report["checks"]["rtl"]["cycles_match_replay"] is True
    styles = dict(
        re.findall(r"flow\.fifo @(\w+) %\w+ depth \d+ of \d+ peak \d+ style \"(\w+)\"", design.ir())
    )
    assert "bram" in styles.values()
    inside = {f["name"] for f in design.report["fifos"] if f["scope"] == "internal"}
    words = {"shift": "srl", "lutram": "lutram", "bram": "bram"}
    found: dict[str, str] = {}
    for source in (build / "subgraphs").glob("*/firmware/*.cpp"):
        found |= re.findall(r"BIND_STORAGE variable=(\w+) type=fifo impl=(\w+)", source.read_text())
    assert found == {name: words[style] for name, style in styles.items() if name in inside}
    top = "".join(path.read_text() for path in (build / "stitched" / "rtl").glob("*_top.sv"))
    across = [style for name, style in styles.items() if name not in inside]
    assert top.count('.RAM_STYLE("block")') == across.count("bram")
    assert design.report["fifo_cost"]["unit"] == "LUTs"


def test_a_budget_of_block_rams(profiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def styles(options: str) -> list[str]:
        assert main(["opt", str(profiled), "-p", f"size-fifos{{{options}}}"]) == 0
        return re.findall(r"flow\.fifo .* style \"(\w+)\"", capsys.readouterr().out)

    deep = 'objective=cost bram-price=20 min-depth="*=600"'
    assert styles(deep).count("bram") > 1
    assert styles(f"{deep} bram18=1").count("bram") <= 1
    assert "bram" not in styles(f"{deep} bram18=0")
    assert set(styles('min-depth="*=600" bram18=0')) == {"lutram"}
    for options in ("bram18=-1", "bram-price=1", "uram-price=10"):
        assert main(["opt", str(profiled), "-p", f"size-fifos{{{options}}}"]) == 2
        assert "must be between" in capsys.readouterr().err


def test_proven_cheapest(profiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt", str(profiled), "-p", "size-fifos{objective=cost method=exact}"]) == 0
    text = capsys.readouterr().out
    note = re.search(r"sizing = \{.*?cost = (\d+) : i64, cost_lower_bound = (\d+) : i64", text)
    assert note is not None and note[1] == note[2]


def test_not_for_vivado(tiny_onnx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--backend", "Vivado", "--fifos", "objective=cost", "--verify", "none"]
    assert main(["compile", str(tiny_onnx), "-o", str(tmp_path / "b"), *arguments]) == 1
    assert "for the Vitis backend only" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
