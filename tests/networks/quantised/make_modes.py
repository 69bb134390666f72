"""Writes modes.qonnx.onnx, every kind of quantiser by itself, and what the qonnx package makes of its frames.

    venv/bin/pip install qonnx==1.0.0
    venv/bin/python tests/networks/quantised/make_modes.py

All scales are powers of two and all zero points whole, so that the firmware must be equal bit for bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

FOLDER = Path(__file__).parent
SIZE = 24
EACH = 6
"""Quantisers per input: hls4ml clones a stream at most seven times."""
DOMAIN = "qonnx.custom_op.general"
MODES = ("ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN", "FLOOR", "DOWN")

Case = tuple[str, dict[str, Any], tuple[float, ...]]


def quant(
    scale: float, bits: int, signed: int = 1, narrow: int = 0, mode: str = "ROUND", zero: float = 0.0
) -> Case:
    return "Quant", {"signed": signed, "narrow": narrow, "rounding_mode": mode}, (scale, zero, bits)


CASES: list[Case] = [
    *(quant(0.25, 4, signed, 0, mode) for mode in MODES for signed in (1, 0)),
    *(quant(0.25, bits) for bits in (2, 3, 8, 16)),
    *(quant(0.5, bits, 1, 1) for bits in (2, 3, 8)),
    *(quant(0.5, bits, 0, 1) for bits in (2, 3, 5)),
    *(quant(0.125, bits, 0) for bits in (1, 2, 8, 12)),
    *(quant(scale, 5) for scale in (4.0, 2.0**-10)),
    *(quant(0.25, 4, 0, 0, mode, zero) for mode in ("ROUND", "HALF_UP", "FLOOR") for zero in (3, 8)),
    *(quant(0.25, 4, 1, narrow, "ROUND", -3) for narrow in (0, 1)),
    quant(0.5, 1),
    ("BipolarQuant", {}, (0.25,)),
    ("BipolarQuant", {}, (1.0,)),
    ("Trunc", {"rounding_mode": "FLOOR"}, (0.125, 0.0, 8, 4)),
    ("Trunc", {"rounding_mode": "ROUND"}, (0.125, 0.0, 8, 5)),
    ("Trunc", {"rounding_mode": "FLOOR", "signed": 1, "narrow": 0}, (0.125, 0.0, 8, 0.5, 4)),
    ("Trunc", {"rounding_mode": "ROUND", "signed": 0, "narrow": 0}, (0.125, 0.0, 8, 0.25, 3)),
]


def model() -> onnx.ModelProto:
    nodes, weights = [], []
    inputs = [f"x{index}" for index in range(-(-len(CASES) // EACH))]
    for index, (op, attributes, parameters) in enumerate(CASES):
        names = [f"p{index}_{number}" for number in range(len(parameters))]
        weights += [
            numpy_helper.from_array(np.array(value, np.float32), name)
            for name, value in zip(names, parameters, strict=True)
        ]
        source = inputs[index // EACH]
        if op == "Trunc":  # of integers, as it stands in networks
            nodes.append(
                helper.make_node(
                    "Quant",
                    [source, names[0], names[1], names[2]],
                    [f"t{index}"],
                    f"before{index}",
                    domain=DOMAIN,
                    signed=attributes.get("signed", 1),
                    narrow=0,
                    rounding_mode="ROUND",
                )
            )
            source = f"t{index}"
        version = {"domain": DOMAIN, **attributes}
        nodes.append(helper.make_node(op, [source, *names], [f"y{index}"], f"case{index}", **version))
    shape = [1, SIZE]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "modes",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in inputs],
            [
                helper.make_tensor_value_info(f"y{index}", TensorProto.FLOAT, shape)
                for index in range(len(CASES))
            ],
            weights,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 2)],
        ir_version=8,
    )


def executed(proto: onnx.ModelProto, frame: dict[str, Any]) -> dict[str, Any]:
    wrapped = ModelWrapper(proto).transform(InferShapes())
    return {name: value[0] for name, value in execute_onnx(wrapped, frame).items()}


def main() -> None:
    proto = model()
    onnx.save(proto, FOLDER / "modes.qonnx.onnx")
    rng = np.random.default_rng(2)
    ports = [port.name for port in proto.graph.input]
    # sixteenths: halfway between two integers of many scales, and beyond every range
    frames = {name: (rng.integers(-80, 80, (4, SIZE)) / 16).astype(np.float32) for name in ports}
    # Trunc with four parameters is of version 1, with five of version 2: two runs
    results: dict[str, list[Any]] = {f"y{index}": [] for index in range(len(CASES))}
    for version in (1, 2):
        one = onnx.ModelProto()
        one.CopyFrom(proto)
        kept = [
            index
            for index, (op, _, parameters) in enumerate(CASES)
            if (op == "Trunc" and len(parameters) == 4) == (version == 1)
        ]
        wanted = {f"y{index}" for index in kept}
        drop = [node for node in one.graph.node if node.output[0][0] == "y" and node.output[0] not in wanted]
        for node in drop:
            one.graph.node.remove(node)
        outputs = [port for port in one.graph.output if port.name in wanted]
        del one.graph.output[:]
        one.graph.output.extend(outputs)
        one.opset_import[1].version = version
        for frame in range(4):
            found = executed(one, {name: array[frame][None] for name, array in frames.items()})
            for name in wanted:
                results[name].append(found[name])
    np.savez(
        FOLDER / "modes.qonnx.npz", **frames, **{name: np.stack(value) for name, value in results.items()}
    )


if __name__ == "__main__":
    main()
