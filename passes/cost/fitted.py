"""Coefficients of the cost model. Made by benchmarks/cost_fit.py from published HLS reports; do not edit.

Sources and how well they are met: docs/cost.md. LUT and FF on the HLS scale.
"""

from __future__ import annotations

from collections.abc import Mapping

from split4ml.passes.cost.laws import Law

LAWS: Mapping[tuple[str, str], Law] = {
    ("unrolled", "lut"): Law(
        coefficients={
            "adds": 0.827,
            "shift-adds": 1.862,
            "multipliers": 0.6233,
            "dsps": 7.059,
            "shared": 0.7622,
            "window": 1.723,
        },
        low=0.47,
        high=1.8,
        rows=170,
        sources=13,
    ),
    ("unrolled", "ff"): Law(
        coefficients={"stages": 0.4894, "stages, vivado": 0.2913, "window": 0.5754},
        low=0.27,
        high=4.2,
        rows=170,
        sources=13,
    ),
    ("resource", "lut"): Law(
        coefficients={"one": 1047.0, "token": 1.141, "outputs": 2.935, "selected": 9.144},
        low=0.49,
        high=1.9,
        rows=259,
        sources=9,
    ),
    ("resource", "ff"): Law(
        coefficients={"one": 156.5, "inputs": 2.347, "outputs": 2.347, "parallel": 2.828},
        low=0.55,
        high=1.7,
        rows=259,
        sources=9,
    ),
    ("recurrent", "lut"): Law(
        coefficients={"one": 8061.0, "parallel": 7.461, "state": 41.81},
        low=0.45,
        high=2.8,
        rows=188,
        sources=2,
    ),
    ("recurrent", "ff"): Law(
        coefficients={"one": 2228.0, "parallel": 1.982, "state": 19.15},
        low=0.23,
        high=2.0,
        rows=188,
        sources=2,
    ),
    ("relu", "lut"): Law(
        coefficients={"one": 68.38, "bits": 2.692, "saturated": 3.805},
        low=0.47,
        high=1.8,
        rows=151,
        sources=16,
    ),
    ("relu", "ff"): Law(coefficients={"one": 22.81}, low=0.4, high=7.2, rows=151, sources=16),
    ("hard-sigmoid", "lut"): Law(
        coefficients={"one": 130.9, "bits": 7.315}, low=0.3, high=2.0, rows=5, sources=2
    ),
    ("hard-sigmoid", "ff"): Law(
        coefficients={"one": 17.84, "bits": 1.843}, low=0.42, high=2.0, rows=5, sources=2
    ),
    ("table", "lut"): Law(coefficients={"one": 12.1, "bits": 9.09}, low=0.64, high=1.7, rows=8, sources=5),
    ("table", "ff"): Law(coefficients={"one": 14.63}, low=0.6, high=2.1, rows=8, sources=5),
    ("leaky-relu", "lut"): Law(
        coefficients={"one": 106.9, "bits": 2.929}, low=0.5, high=2.0, rows=7, sources=1
    ),
    ("leaky-relu", "ff"): Law(coefficients={"one": 80.46}, low=0.27, high=2.4, rows=7, sources=1),
    ("softmax", "lut"): Law(
        coefficients={"bits": 7.713, "multipliers": 1.446}, low=0.72, high=2.8, rows=62, sources=10
    ),
    ("softmax", "ff"): Law(
        coefficients={"one": 120.2, "bits": 4.87}, low=0.46, high=3.3, rows=62, sources=10
    ),
    ("affine", "lut"): Law(coefficients={"output": 2.431}, low=0.46, high=1.8, rows=22, sources=5),
    ("affine", "ff"): Law(coefficients={"output": 1.021}, low=0.35, high=17.0, rows=22, sources=5),
    ("zero-padding", "lut"): Law(
        coefficients={"one": 165.7, "2d": 140.6, "bits": 1.444}, low=0.63, high=2.4, rows=56, sources=5
    ),
    ("zero-padding", "ff"): Law(coefficients={"one": 30.68}, low=0.63, high=1.9, rows=56, sources=5),
    ("pooling", "lut"): Law(
        coefficients={"one": 855.0, "window": 2.527}, low=0.6, high=2.1, rows=54, sources=9
    ),
    ("pooling", "ff"): Law(
        coefficients={"one": 578.7, "window": 1.496}, low=0.33, high=1.9, rows=54, sources=9
    ),
    ("global-pooling", "lut"): Law(
        coefficients={"one": 41.48, "bits": 4.103}, low=0.52, high=2.0, rows=6, sources=4
    ),
    ("global-pooling", "ff"): Law(
        coefficients={"one": 5.528, "bits": 2.244}, low=0.038, high=8.3, rows=6, sources=4
    ),
    ("resize", "lut"): Law(coefficients={"one": 450.0, "row": 0.2208}, low=0.5, high=4.4, rows=4, sources=2),
    ("resize", "ff"): Law(coefficients={"one": 441.2, "row": 0.7135}, low=0.5, high=12.0, rows=4, sources=2),
    ("concatenate", "lut"): Law(coefficients={"bits": 1.007}, low=0.5, high=2.0, rows=1, sources=1),
    ("concatenate", "ff"): Law(coefficients={"bits": 0.837}, low=0.5, high=2.0, rows=1, sources=1),
    ("distributed-arithmetic", "lut"): Law(
        coefficients={"one": 100, "adds": 0.6, "window": 1.0}, low=0.2, high=4, rows=0, sources=0
    ),
    ("distributed-arithmetic", "ff"): Law(
        coefficients={"one": 100, "adds": 0.3, "window": 1.0}, low=0.1, high=5, rows=0, sources=0
    ),
    ("merge", "lut"): Law(coefficients={"one": 100, "copies": 1.5}, low=0.3, high=5, rows=0, sources=0),
    ("merge", "ff"): Law(coefficients={"one": 60, "copies": 1.0}, low=0.2, high=5, rows=0, sources=0),
    ("clone", "lut"): Law(
        coefficients={"one": 100, "bits": 0.5, "copies": 0.5}, low=0.3, high=5, rows=0, sources=0
    ),
    ("clone", "ff"): Law(coefficients={"one": 50, "bits": 1.0}, low=0.2, high=5, rows=0, sources=0),
    ("dot", "lut"): Law(coefficients={"one": 200, "bits": 4.0}, low=0.1, high=8, rows=0, sources=0),
    ("dot", "ff"): Law(coefficients={"one": 200, "bits": 3.0}, low=0.1, high=8, rows=0, sources=0),
    ("transpose", "lut"): Law(coefficients={"one": 200, "frame": 1.5}, low=0.1, high=6, rows=0, sources=0),
    ("transpose", "ff"): Law(coefficients={"one": 100, "frame": 1.0}, low=0.1, high=5, rows=0, sources=0),
    ("other", "lut"): Law(coefficients={"one": 120, "bits": 2.0}, low=0.2, high=6, rows=0, sources=0),
    ("other", "ff"): Law(coefficients={"one": 60, "bits": 2.0}, low=0.2, high=6, rows=0, sources=0),
}
