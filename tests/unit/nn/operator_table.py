"""Writes docs/operators.md (`make docs`): python tests/unit/nn/operator_table.py docs/operators.md

Every cell is what really happens to the networks in tests/networks/ and to those of operator_models.py. That a network's
C simulation was compared with ONNX Runtime is known from simulated.json. The script first simulates what has no record
there; a record counts for exactly the layers that were simulated, and the slow tests simulate all of them again.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from compared_firmware import compare
from lowered import IMPORTED, LOWERED, Outcome, outcome
from operator_models import SPELLINGS, write

from split4ml.compiler.frontend.onnx_import import supported_operators
from split4ml.compiler.frontend.onnx_load import load
from split4ml.compiler.frontend.qonnx import is_qonnx

NETWORKS = Path(__file__).parents[2] / "networks"
RECORDS = Path(__file__).with_name("simulated.json")
EXPORTERS: Mapping[str, tuple[str, ...]] = {
    "PyTorch, TorchScript": ("zoo/*.script.onnx",),
    "PyTorch, dynamo": ("zoo/*.dynamo.onnx",),
    "Keras, as tf2onnx": ("tf2onnx/*.onnx",),
    "scikit-learn": ("sklearn/*.onnx",),
    "QONNX, QDQ": ("quantised/*.onnx",),
}
"""Exporters, and whose networks there are of each."""
RANKS = ("refused", "imported", "folded", "lowered", "C simulation")

INTRODUCTION = """# ONNX operators

Made by `make docs` from the networks in `tests/networks/` and one small network per operator (`tests/unit/nn/operator_models.py`);
a test fails if it is not current. Do not edit.

- **C simulation**: a network with this operator becomes hls4ml firmware whose C simulation was compared with ONNX Runtime.
- **lowered**: hls4ml builds its graph, and the network after all passes on `nn` computes what ONNX Runtime computes.
- **folded**: met only in computations on constants and shapes, which are done while importing, or read as part of another operator.
- **imported**: becomes `nn`, but hls4ml's streams have no layer for it.
- **refused**: by the importer, with the reasons below.
- An empty cell: no network of this exporter has the operator.

The batch may be symbolic, 1 or N, and weights may lie in external files. Frames are the first axis of every input and output; inside, the batch
may stand elsewhere (recurrent layers have it second). Inputs may be float32, float64 or float16, or integers that choose embeddings. What skl2onnx writes around a network is
left to software, with a note: the label of a class, and dictionaries of probabilities, in whose place the probabilities are an output.

The column of a single operator is a network made by hand around it. A refusal there is of that spelling; others may be fine.
"""


class Seen(NamedTuple):
    """One operator in one network. detail: of the spelling, or what the error says."""

    op: str
    status: str
    detail: str = ""
    error: str = ""


def kind(proto_op: str, domain: str) -> str:
    return proto_op if domain in ("", "ai.onnx") or "qonnx" in domain else f"{domain}.{proto_op}"


def records() -> frozenset[str]:
    """Digests of what was simulated and compared."""
    return frozenset(entry["digest"] for entry in json.loads(RECORDS.read_text()).values())


def label(path: Path) -> str:
    """What a network is called: `resnet.script`, or `sklearn/classifier` outside of the zoo."""
    name = path.name.removesuffix(".onnx")
    return name if path.parent.name == "zoo" else f"{path.parent.name}/{name}"


def simulate_missing() -> None:
    """Simulates every network that is lowered and has no record, and drops records of what there is no more."""
    known = json.loads(RECORDS.read_text())
    found: dict[str, dict[str, object]] = {}
    for path in simulated_networks():
        name, digest = label(path), outcome(path).digest
        if any(entry["digest"] == digest for entry in found.values()):
            continue
        if known.get(name, {}).get("digest") == digest:
            found[name] = known[name]
            continue
        print(f"C simulation of {name}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            try:
                error = compare(path, outcome(path).model, Path(folder))
            except AssertionError as reason:
                print(reason, file=sys.stderr)
                continue
        found[name] = {"digest": digest, "largest_error": float(f"{error:.2g}")}
    RECORDS.write_text(json.dumps(found, indent=1) + "\n")


def simulated_networks() -> list[Path]:
    """Networks whose firmware is compared with ONNX Runtime: those that are lowered, but not the quantised ones, which
    have tests of their own, bit by bit."""
    paths = [
        path for patterns in EXPORTERS.values() for pattern in patterns for path in NETWORKS.glob(pattern)
    ]
    return sorted(
        path for path in paths if path.parent.name != "quantised" and outcome(path).stage == LOWERED
    )


def operators(path: Path) -> dict[str, str]:
    """By the label of a node, its operator."""
    found = {}
    for proto in load(path).graph.node:
        label = proto.name or next((name for name in proto.output if name), proto.op_type)
        name = proto.op_type if is_qonnx(proto) else kind(proto.op_type, proto.domain)
        found[label] = name
    return found


def seen(path: Path, simulated: frozenset[str]) -> Iterator[Seen]:
    """What becomes of every node of a network; of one that is refused, only of those that the error names."""
    result, ops = outcome(path), operators(path)
    if result.stage == LOWERED:
        status = "C simulation" if result.digest in simulated else LOWERED
        for label, op in ops.items():
            yield Seen(op, status if _is_data(label, result) else "folded")
        return
    text = f"{result.error.where}: {result.error.message}" if result.error is not None else ""
    for label, op in ops.items():
        if repr(label) in text:
            yield Seen(op, result.stage, error=_reason(result))
        elif result.stage == IMPORTED and _is_data(label, result):
            yield Seen(op, IMPORTED, error="")


def _is_data(label: str, result: Outcome) -> bool:
    return label.encode("ascii", "backslashreplace").decode() in result.nodes


def _reason(result: Outcome) -> str:
    """What the error says, without the file's name, and what would help."""
    assert result.error is not None
    message = re.sub(
        r"operators that are not supported: (.*)", r"there is no layer for it", result.error.message
    )
    hint = result.error.hint or ""
    hint = "" if hint.startswith("supported are ") else re.sub(r"^\w+: ", "", hint)
    return f"{message}; {hint}" if hint and hint not in message else message


def best(found: Iterable[Seen]) -> str:
    return max((item.status for item in found), key=RANKS.index, default="")


def table(folder: Path) -> str:
    """The page. folder: for the networks made by hand."""
    simulated = records()
    columns: dict[str, list[Seen]] = {}
    for exporter, patterns in EXPORTERS.items():
        paths = [path for pattern in patterns for path in sorted(NETWORKS.glob(pattern))]
        columns[exporter] = [item for path in paths for item in seen(path, simulated)]
    single: list[Seen] = []
    for spelling in SPELLINGS:
        result = outcome(write(spelling, folder))
        status = result.stage
        if status == LOWERED and result.digest in simulated:
            status = "C simulation"
        reason = _reason(result) if result.error is not None else ""
        single.append(Seen(spelling.op, status, spelling.note, reason))
    names = {item.op for items in (*columns.values(), single) for item in items} | set(supported_operators())
    lines = [
        INTRODUCTION,
        f"| operator | {' | '.join(columns)} | alone |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for name in sorted(names):
        cells = [best(item for item in items if item.op == name) for items in columns.values()]
        mine = [item for item in single if item.op == name]
        alone = "; ".join(f"{item.status} ({item.detail})" if item.detail else item.status for item in mine)
        lines.append(f"| {name} | {' | '.join(cells)} | {alone} |")
    lines += ["", "## Why, and what would help", ""]
    reasons: dict[str, None] = {}
    for item in sorted((*single, *(one for items in columns.values() for one in items))):
        if item.error:
            title = f"{item.op} ({item.detail})" if item.detail else item.op
            reasons[f"- **{title}**: {item.error}"] = None
    return "\n".join([*lines, *reasons]) + "\n"


def main(page: Path) -> None:
    simulate_missing()
    with tempfile.TemporaryDirectory() as folder:
        page.write_text(table(Path(folder)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
