"""IR and builds that were edited or damaged: the file, line and column, the blob or the archive that is at fault."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_input import LOWER, SPLIT, Lab
from e2e_cli import compiled

IMPORT, FLOW = "00-import.mlir", "05-partition.mlir"


def stage(build: Path, name: str) -> str:
    return (build / "ir" / name).read_text()


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


EDITS: dict[str, tuple[str, Callable[[str], str], str, str]] = {
    "nothing": (FLOW, lambda t: " \n", "", "it is empty"),
    "other text": (FLOW, lambda t: "hello world", ":1:1", "hello is not registered"),
    "cut off": (FLOW, lambda t: t[: t.index("@layer3_out") + 14], ":8:", ""),
    "an unknown op": (
        FLOW,
        lambda t: t.replace("flow.task", "flow.tusk", 1),
        ":5:7",
        "flow.tusk is not registered",
    ),
    "a type at one end": (
        FLOW,
        lambda t: t.replace("fixed<16,6>", "fixed<16,7>", 1),
        ":4:39",
        "previously used",
    ),
    "a depth of 0": (
        FLOW,
        lambda t: t.replace("depth 64", "depth 0", 1),
        ":6:7",
        "depth 0; the minimum is 1",
    ),
    "a depth too large": (FLOW, lambda t: t.replace("depth 64", f"depth {10**30}", 1), ":6:", "out of range"),
    "a shape too large": (FLOW, lambda t: t.replace("[2, 8, 8]", f"[{10**30}, 8, 8]", 1), ":3:", ""),
    "a name twice": (FLOW, lambda t: t.replace("@layer3_out", "@layer2_out"), ":", "layer2_out"),
    "too deep": (FLOW, lambda t: '"test.op"() ({' * 3000, ":1:", "nested too deeply"),
    "a shape": (IMPORT, lambda t: t.replace("3x2x1x1", "3x3x1x1", 1), ":5:", "previously used"),
    "no flow": (IMPORT, lambda t: "builtin.module {}", "", "one flow.model"),
}


@pytest.mark.parametrize("case", EDITS)
def test_edits(lab: Lab, tiny_split: Path, case: str) -> None:
    name, edit, place, words = EDITS[case]
    build = lab.copy(tiny_split)
    path = build / "ir" / "edited.mlir"
    path.write_text(edit(stage(build, name)))
    pipeline = LOWER if name == IMPORT else SPLIT
    message = lab.refuse(path, "-p", pipeline, words=[words])
    if place:
        assert message.startswith(f"error: {path}{place}"), message
        done = lab.run("opt", path, "-p", pipeline)
        assert done.status == 1 and done.err.startswith(f"error: {path}{place}")


def test_a_string_that_is_not_closed_does_not_hang(lab: Lab, tiny_split: Path) -> None:
    """xDSL's own lexer takes exponential time for it."""
    text = stage(tiny_split, IMPORT)
    path = lab.write("m.mlir", text[: text.index("nn.constant") + 70])
    begin = time.monotonic()
    lab.refuse(path, words=["m.mlir:4:", "closing string literal"])
    assert time.monotonic() - begin < 2


def test_an_op_above_its_operands(lab: Lab, tiny_split: Path) -> None:
    lines = stage(lab.copy(tiny_split), IMPORT).split("\n")
    (index,) = (i for i, line in enumerate(lines) if "nn.relu" in line)
    lines[index], lines[index + 2] = lines[index + 2], lines[index]
    path = lab.folder / "copy" / "ir" / "edited.mlir"
    path.write_text("\n".join(lines))
    lab.refuse(path, "-p", LOWER, words=[f"edited.mlir:{index + 1}:", "which comes after it"])


def test_text_that_contradicts_its_archive(lab: Lab, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    path = build / "ir" / "edited.mlir"
    path.write_text(stage(build, FLOW).replace("fixed<16,6>", "fixed<16,7>"))
    lab.refuse(path, "-p", SPLIT, words=["flow.model @tiny: the text contradicts the archive: stream @x is"])


@pytest.mark.parametrize("number", [99, -1])
def test_a_stage_that_does_not_exist(lab: Lab, tiny_split: Path, number: int) -> None:
    build = lab.copy(tiny_split)
    path = build / "ir" / "edited.mlir"
    path.write_text(re.sub(r"split4ml.stage = \d+", f"split4ml.stage = {number}", stage(build, FLOW)))
    (build / "split4ml.toml").unlink()  # or its pipeline holds
    done = lab.run("compile", path, "-o", lab.out, "--verify", "none", "--quiet")
    assert done.status in (1, 2) and str(number) in done.err


# Blobs


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "there is no blob sha256:"),
        (lambda path: path.write_bytes(b""), "the blob is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "the blob is damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot read the blob"),
    ],
    ids=["missing", "empty", "truncated", "a folder"],
)
def test_blobs(lab: Lab, tiny_split: Path, damage: Callable[[Path], object], words: str) -> None:
    build = lab.copy(tiny_split)
    for blob in (build / "weights").iterdir():
        damage(blob)
    for name, pipeline in ((IMPORT, LOWER), (FLOW, SPLIT)):
        message = lab.refuse(build / "ir" / name, "-p", pipeline, words=[words])
        assert str(build / "weights") in message


def test_names_of_blobs_lead_nowhere_else(lab: Lab, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    (build / "secret").write_text("secret")
    path = build / "ir" / "edited.mlir"
    for text in (stage(build, IMPORT), stage(build, FLOW)):
        path.write_text(text.replace("sha256:", "../", 1))
        lab.refuse(path, "-p", SPLIT if "flow." in text else LOWER, words=["'../", "names no blob"])


# Archives beside IR


def test_a_missing_archive(lab: Lab, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    (build / "model.fml").unlink()
    path = build / "ir" / FLOW
    message = lab.refuse(
        path, "-p", SPLIT, words=["flow.model @tiny: the archive model.fml", "is not here", "--archive"]
    )
    for arguments in (("opt", path, "-p", SPLIT), ("verify", build, "--quiet")):
        done = lab.run(*arguments)
        assert (done.status, done.err) == (1, message)


def test_another_archive(lab: Lab, tiny_onnx: Path, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    assert lab.compile(tiny_onnx, "--precision", "fixed<12,4>").status == 0
    shutil.copy(lab.out / "model.fml", build / "model.fml")
    lab.refuse(build / "ir" / FLOW, "--force", "-p", SPLIT, words=[f"{build / 'model.fml'} is another one"])


# Builds


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("report.json", "{"),
        ("report.json", "[]"),
        ("report.json", '{"schema": 99}'),
        ("report.json", '{"schema": 1}'),
        ("split4ml.toml", "x"),
        ("split4ml.toml", "schema = 1\n[options]\nfoo = 3"),
        ("split4ml.toml", 'schema = 1\n[options]\nsubgraphs = "many"'),
        ("split4ml.toml", "schema = 1\noptions = 4"),
    ],
)
def test_a_damaged_build(lab: Lab, tiny_split: Path, name: str, text: str) -> None:
    build = lab.copy(tiny_split)
    (build / name).write_text(text)
    for command in (("report", build), ("report", build, "--json"), ("verify", build, "--quiet")):
        done = lab.run(*command)
        assert done.status == 1 and str(build) in done.out + done.err


def test_a_report_whose_values_are_damaged(lab: Lab, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    report = json.loads((build / "report.json").read_text())
    (build / "report.json").write_text(json.dumps({**report, "checks": 3}))
    done = lab.run("report", build)
    assert done.status == 1 and "report.json: the report is damaged" in done.err


def test_a_stage_may_be_compiled_onto_its_own_build(lab: Lab, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)
    before = {path.name: path.read_bytes() for path in (build / "ir").iterdir()}
    assert lab.run("compile", build / "ir" / IMPORT, "-o", build, "--quiet").status == 1  # it exists
    compiled(build / "ir" / IMPORT, "--force", into=build)
    assert {path.name: path.read_bytes() for path in (build / "ir").iterdir()} == before
