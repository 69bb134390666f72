"""split4ml: splits hls4ml dataflow designs into subgraphs and sizes every FIFO.

import split4ml
design = split4ml.compile("model.onnx", subgraphs=4)
front = split4ml.explore("model.onnx")  # every split worth choosing
split4ml.size_fifos(hls_model)  # depths of any live hls4ml model
design.predict(x), design.report, design.fifos, design.ir("partition"), design.verify(), design.write("build")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from split4ml.compiler.api import compile as compile
    from split4ml.compiler.api import explore as explore
    from split4ml.compiler.design import Design as Design
    from split4ml.compiler.live_sizing import LiveSizing as LiveSizing
    from split4ml.compiler.live_sizing import size_fifos as size_fifos
    from split4ml.dialects.errors import Split4mlError as Split4mlError

__all__ = ["Design", "LiveSizing", "Split4mlError", "compile", "explore", "size_fifos"]

_HOMES = {
    "compile": "split4ml.compiler.api",
    "explore": "split4ml.compiler.api",
    "Design": "split4ml.compiler.design",
    "LiveSizing": "split4ml.compiler.live_sizing",
    "size_fifos": "split4ml.compiler.live_sizing",
    "Split4mlError": "split4ml.dialects.errors",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when first used: `split4ml --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'split4ml' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
