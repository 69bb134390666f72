"""The network that a lowered model was made from: the last stage that is `nn`, found again by the digest of its file.

builtin.module attributes {split4ml.network = "sha256:…"} { flow.model … }
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp, StringAttr

from split4ml.dialects import nn

ATTRIBUTE = "split4ml.network"
QUANTISED = "split4ml.quantised"
"""Says of a module that the element types in its network are the user's model's own: its quantisers'."""


def mark(module: ModuleOp, text: str) -> None:
    """Says of a lowered module what it was made from. text: of the stage."""
    module.attributes[ATTRIBUTE] = StringAttr(digest(text.encode()))


def digest(text: bytes) -> str:
    return f"sha256:{sha256(text).hexdigest()}"


def find(module: ModuleOp, folders: Iterable[Path]) -> Path | None:
    """The file of the stage that a module names; None if it names none, or no folder has it."""
    named = module.attributes.get(ATTRIBUTE)
    if not isinstance(named, StringAttr):
        return None
    for folder in folders:
        for path in sorted(folder.glob("*.mlir")):
            if digest(path.read_bytes()) == named.data:
                return path
    return None


def read(path: Path) -> nn.ModelOp:
    """The network in a file. Raises Split4mlError."""
    from split4ml.compiler.passrunner import context
    from split4ml.compiler.sources import parse_ir, verify_ir
    from split4ml.dialects.errors import Split4mlError

    module, begin = parse_ir(context(), path.read_bytes(), str(path))
    verify_ir(module, begin)
    models = [op for op in module.ops if isinstance(op, nn.ModelOp)]
    if len(models) != 1:
        raise Split4mlError(f"this holds {len(models)} networks, not one", str(path))
    return models[0]


def is_quantised(network: nn.ModelOp) -> bool:
    """Whether the user's model was."""
    module = network.parent_op()
    return module is not None and QUANTISED in module.attributes


def blobs(network: nn.ModelOp) -> set[str]:
    """The names of its weights."""
    return {op.blob.data for op in network.walk() if isinstance(op, nn.ConstantOp)}
