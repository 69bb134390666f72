"""Names that people gave: PyTorch's exporter notes in each node which module of the network it came from.

    pkg.torch.onnx.name_scopes:     ['', 'block1', 'block1.conv1', 'conv2d_1']
    pkg.torch.onnx.class_hierarchy: ['Net', 'Residual', 'torch.nn.modules.conv.Conv2d', 'aten.conv2d.default']

says more as `block1.conv1` than the node's own name, `node_conv2d_1`.
"""

from __future__ import annotations

import ast
import re

import onnx

_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
_LONGEST = 2000
"""Characters of metadata that are parsed; the text is not to be trusted."""


def module_name(proto: onnx.NodeProto) -> str | None:
    """The module's path, with the operator after it unless the module is one of PyTorch's own layers."""
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    scopes, classes = _strings(metadata.get(_SCOPES, "")), _strings(metadata.get(_CLASSES, ""))
    if len(scopes) < 2 or len(scopes) != len(classes):
        return None
    if scopes[-2] and classes[-2].startswith("torch.nn.modules."):
        return scopes[-2]
    operator = re.sub(r"_\d+$", "", scopes[-1])
    return f"{scopes[-2]}.{operator}" if scopes[-2] else operator


def _strings(text: str) -> list[str]:
    if len(text) > _LONGEST:
        return []
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else []
