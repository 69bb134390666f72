"""Models, options and configurations that cannot be: one clear message, the exit status of DESIGN, nothing left behind.

What `Lab` asserts of every command (tests/e2e/bad_input.py) is not repeated here.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from bad_input import LOWER, Lab, network, noise, npy, tiny
from onnx import helper

# Models


@pytest.mark.parametrize("content", [b"", b"hello\n", b"PK\x03\x04", b"\0" * 64, b"\x80" * 64])
def test_no_onnx(lab: Lab, content: bytes) -> None:
    lab.refuse(lab.write("m.onnx", content), words=["m.onnx: this is no ONNX file"])


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_truncated(lab: Lab, tiny_onnx: Path, share: float) -> None:
    data = tiny_onnx.read_bytes()
    lab.refuse(lab.write("m.onnx", data[: int(len(data) * share)]), words=["m.onnx: ", "truncated"])


def test_other_files(lab: Lab) -> None:
    lab.refuse(lab.folder / "no.onnx", words=["no.onnx: there is no such file"])
    lab.refuse(lab.folder, words=["this is a folder, not a model"])
    lab.refuse(lab.write("m.pt", "x"), words=["m.pt: .pt is no kind of model", ".onnx, .fml"])
    lab.refuse(lab.write("model", "x"), words=["a file without an ending"])


def test_unsupported_operators_are_named_with_their_nodes(lab: Lab) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Det", ["a"], ["b"], name="the_node"),
        helper.make_node("Hardmax", ["b"], ["y"], name="other"),
    ]
    model = network(lab.folder / "m.onnx", nodes, {"x": [1, 4, 4]}, ["y"])
    lab.refuse(
        model, words=["m.onnx: ", "Det (node 'the_node')", "Hardmax (node 'other')", "Conv, ", "Relu, "]
    )


def test_dynamic_shapes(lab: Lab) -> None:
    model = network(
        lab.folder / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": ["N", 1, "height", 8]}, ["y"]
    )
    lab.refuse(model, words=["input 'x'", "axis 2 is dynamic ('height')"])


def test_an_output_that_nothing_computes(lab: Lab) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    model = network(lab.folder / "m.onnx", nodes, {"x": ["N", 3, 4, 4]}, ["y"])
    lab.refuse(model, "-p", f"remove-identity,{LOWER}", words=["@y: an output that is an input"])
    lab.refuse(network(model, [], {"x": ["N", 3]}, ["x"]), words=["an output that is an input"])


def test_an_input_wider_than_a_port(lab: Lab) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    model = network(lab.folder / "m.onnx", nodes, {"x": ["N", 784]}, ["y"], {"w": noise(784, 2)})
    lab.refuse(model, words=["input or output 'x': ", "784 x fixed<16,6>, takes 12544 bits", "at most 256"])


def test_a_network_of_one_layer(lab: Lab) -> None:
    """And a file of that layer's name."""
    model = network(
        lab.folder / "relu.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": ["N", 3, 4]}, ["y"]
    )
    assert lab.compile(model).status == 0
    report = json.loads((lab.out / "report.json").read_text())
    assert [part["layers"] for part in report["subgraphs"]] == [["relu"]]
    lab.refuse(
        model, "--force", "-p", f"{LOWER}{{subgraphs=2}}", words=["2 subgraphs are asked for", "only 1"]
    )
    assert lab.compile(model, "--force", "-p", f"{LOWER}{{subgraphs=1}}").status == 0


# Options

USAGE: dict[str, tuple[str, ...]] = {
    "--subgraphs 0": ("subgraphs is 0, but must be between 1 and",),
    "--subgraphs -3": ("subgraphs is -3",),
    "--subgraphs many": ("must be integer|auto",),
    "--subgraph 2": ("there is no option --subgraph", "did you mean '--subgraphs'?"),
    "--budget lut=-1": ("no budget such as lut=50000",),
    "--budget urams=8": ("no budget", "bram18"),
    "--budget lut=1 --budget lut=2": ("given twice",),
    "--io-type io_parallel": ("io_parallel", "use io_stream"),
    "--precision float": ("'float' is no element type such as fixed<16,6>",),
    "--precision fixed<0,0>": ("1 to 1024 bits",),
    "--precision fixed<16,99999999999>": ("bits before the point",),
    "--precision fixed<16,6>;x": ("no element type",),
    "--part x;y": ("no FPGA part number such as",),
    "--clock 0": ("clock period is 0 ns",),
    "--clock nan": ("must be number",),
    "--clock -5": ("clock period is -5 ns",),
    "--tool vitis-1999.1": ("vitis-1999.1", "vitis-2023.2"),
    "--tool vivado-2019.2": ("not those of the backend Vitis",),
    "--strategy fast": ("strategy: 'fast' is none of latency, resource",),
    "--reuse-factor 0": ("reuse-factor is 0",),
    "--reuse-factor 99999999999": ("at most 2147483647",),
    "--profile-frames 2": ("at least 4",),
    "--backend Quartus": ("'Quartus'", "'Vitis', 'Vivado'"),
    "--start now": ("'per-frame', 'held'",),
    "--verify all": ("'none', 'csim', 'rtl'",),
    "--input nowhere.npz": ("--input: there is no file nowhere.npz",),
    "--hls-config nowhere.yml": ("--hls-config: there is no file nowhere.yml",),
    "-p partitoin": ("-p:1:1: there is no pass 'partitoin'", "did you mean 'partition'?"),
    "-p estimate,,x": ("-p:1:10: ",),
    "-p partition{": ("-p:1:11: ",),
    "-p partition{subgrphs=2}": ("-p:1:11: partition has no option 'subgrphs'", "did you mean 'subgraphs'?"),
    "-p partition{subgraphs=0}": ("-p:1:1: partition: a model has at least 1 subgraph",),
    "-p partition{lut=-1}": ("the budget of lut is -1",),
    "-p partition{time-limit=0}": ("the solver needs some time",),
    "-p partition{jobs=0}": ("at least 1 job",),
    "-p partition{minimise=speed}": ("there is no objective 'speed'", "time, bits"),
    "--board zcu103": ("there is no board 'zcu103'", "did you mean"),
    "-p profile{frames=2}": ("at least 4 frames",),
    "-p profile{frames=100000000}": ("100000000 frames are more than",),
    "-p size-fifos{method=guess}": ("method is guess",),
}


@pytest.mark.parametrize("options", USAGE)
def test_options_that_make_no_sense(lab: Lab, tiny_onnx: Path, options: str) -> None:
    lab.refuse(tiny_onnx, *options.split(), status=2, words=USAGE[options])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "COMMAND"),
        (("expolre",), "invalid choice"),
        (("compile",), "MODEL"),
        (("compile", "m.onnx"), "-o DIR is missing"),
        (("compile", "m.onnx", "extra", "-o", "x"), "unrecognized arguments: extra"),
        (("opt", "--fooo"), "there is no option --fooo"),
        (("opt", "x.mlir", "-p", "profil"), "did you mean 'profile'?"),
        (("predict", "build", "x.npz"), "-o/--output"),
        (("verify", "build", "--rtl", "real"), "invalid choice"),
    ],
)
def test_commands_that_make_no_sense(lab: Lab, arguments: tuple[str, ...], words: str) -> None:
    done = lab.run(*arguments)
    assert done.status == 2 and words in done.err


def test_errors_as_json(lab: Lab) -> None:
    done = lab.run("report", lab.folder / "nowhere", "--json")
    assert (done.status, done.err) == (1, "")
    assert json.loads(done.out)["error"]["where"] == str(lab.folder / "nowhere")


# Partitions that do not exist

PARTITIONS: dict[str, tuple[str, ...]] = {
    "subgraphs=99": ("99 subgraphs are asked for", "only 5"),
    "lut=0": ("over the budget of 0", "with all else kept, ", "would do"),
    "lut=100": ("task c2 alone needs", "over the budget of 100"),
    "subgraphs=2 lut=560": ("no split meets all", "2 subgraphs; at most 560 lut in a subgraph", "would do"),
    "subgraphs=1 lut=600 ff=440": ("no split meets all of these together: 1 subgraph; at most",),
    "device=zcu103": ("there is no device or board 'zcu103'", "did you mean"),
    'pin="c2=9" subgraphs=2': ("c2 is pinned to subgraph 9, but with 2 subgraphs the last one is 1",),
    'pin="r1=1","c2=0" subgraphs=2': ("no split meets all", "r1 in subgraph 1; c2 in subgraph 0"),
    "memory=0.1": ("synthesis memory",),
    "cut-before=nowhere": ("there is no layer 'nowhere'", "clone_r1"),
    "cut-before=c22": ("there is no layer 'c22'", "did you mean 'c2'?"),
    "cut-before=c1": ("cannot cut before c1: no task comes before it",),
    "cut-before=c2 subgraphs=1": ("need at least 2 subgraphs, not 1",),
    "cut-before=c2 keep-together=r1+c2": ("cannot cut before c2", "must share a subgraph"),
    "keep-together=c1+nowhere": ("there is no layer 'nowhere'",),
}


@pytest.mark.parametrize("options", PARTITIONS)
def test_partitions_that_do_not_exist(lab: Lab, tiny_onnx: Path, options: str) -> None:
    lab.refuse(tiny_onnx, "-p", f"{LOWER}{{{options}}}", words=PARTITIONS[options])


def test_a_budget_of_nothing_is_a_budget(lab: Lab, tiny_onnx: Path) -> None:
    done = lab.run("compile", tiny_onnx, "-o", lab.out, "--budget", "lut=0", "--quiet")
    assert done.status == 1 and "over the budget of 0" in done.err


def test_edges_that_cannot_be_cut(lab: Lab) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="wide"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="head"),
    ]
    weights = {"w": noise(4, 300), "v": noise(300, 2)}
    model = network(lab.folder / "m.onnx", nodes, {"x": ["N", 4]}, ["y"], weights)
    lab.refuse(
        model,
        *("-p", f"{LOWER}{{cut-before=relu}}"),
        words=["cannot cut before relu", "4800 bits", "allows 4096"],
    )
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="relu"),
        helper.make_node("Flatten", ["a"], ["b"], name="flat"),
        helper.make_node("MatMul", ["b", "w"], ["y"], name="head"),
    ]
    network(model, nodes, {"x": ["N", 3, 4, 4]}, ["y"], {"w": noise(48, 2)})
    lab.refuse(
        model, "-p", f"{LOWER}{{cut-before=flat}}", words=["cannot cut before flat", "one task with relu"]
    )


# hls4ml's configuration

YAML: dict[str, tuple[str, ...]] = {
    "{": ("c.yml:1:2: this is no YAML",),
    "- 1": ("no table of settings",),
    "Model: 3": ("c.yml:1: Model: this is int",),
    "Modl: {}": ("unknown section 'Modl'", "did you mean 'Model'?"),
    "LayerName:\n  c1: {}\n  c9: {ReuseFactor: 2}": (
        "c.yml:3: LayerName: c9: the network has no layer 'c9'",
    ),
    "LayerName:\n  c1: {}\n  c1: {}": ("c.yml:3: LayerName: 'c1' is there twice, first in line 2",),
    "LayerName: {clone_r1: {Percision: auto}}": ("a Clone has no setting 'Percision'",),
    "LayerName: {c1: {ReuseFacto: 2}}": (
        "c1: ReuseFacto: a Conv2D has no setting 'ReuseFacto'",
        "did you mean 'ReuseFactor'?",
    ),
    "LayerName: {c1: {Precision: {wieght: 'fixed<8,4>'}}}": (
        "no precision 'wieght'",
        "did you mean 'weight'?",
    ),
    "LayerName: {c1: {Precision: float}}": ("'float' is no precision",),
    "LayerName: {c1: {Precision: {weight: 'fixed<16,99999999>'}}}": ("layer c1, weight",),
    "LayerName: {c1: {ReuseFactor: 99999999999999}}": ("at most 2147483647",),
    "LayerType: {Conv3D: {ReuseFactor: 2}}": ("hls4ml has no layer type 'Conv3D'",),
    "Model: {Strategy: fast}": ("Strategy: 'fast' is none of latency",),
    "HLSConfig: {Model: {}}\nIOType: io_parallel": ("its IOType is io_parallel", "only io_stream"),
    "HLSConfig: {Model: {}}\nPart: xc7z020clg400-1": ("its Part is xc7z020clg400-1", "give --part"),
    "!!python/object/apply:os.system ['true']": ("this is no YAML", "tag"),
    "a: \x07": ("this is no YAML",),
    "a: " + "[" * 5000: ("nested too deeply",),
    "a: 2024-99-99": ("c.yml: ",),
}


@pytest.mark.parametrize("text", YAML, ids=lambda text: text[:40])
def test_configurations(lab: Lab, tiny_onnx: Path, text: str) -> None:
    lab.refuse(
        tiny_onnx,
        "--hls-config",
        lab.write("c.yml", text),
        words=["c.yml", *YAML[text]] if "99999999>" not in text else YAML[text],
    )


def test_a_configuration_that_is_no_text(lab: Lab, tiny_onnx: Path) -> None:
    lab.refuse(tiny_onnx, "--hls-config", lab.write("c.yml", b"\xff\xfe\0"), words=["c.yml: this is no text"])


def test_a_clamped_reuse_factor_is_told_and_reported(lab: Lab, tiny_onnx: Path) -> None:
    config = lab.write("c.yml", "LayerName:\n  c1:\n    ReuseFactor: 5\n    Strategy: Resource\n")
    done = lab.compile(tiny_onnx, "--hls-config", config)
    note = "c1: a reuse factor of 5 is not possible, 6 is used instead; the nearest are 1, 2, 6"
    assert (done.status, done.err) == (0, f"warning: {note}\n")
    assert json.loads((lab.out / "report.json").read_text())["notes"] == [note]


# Sample inputs

GOOD = np.zeros((3, 2, 8, 8), np.float32)
INPUTS: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "no array": ({}, "there is no array for the input 'x'"),
    "another name": ({"z": GOOD}, "there is no array for the input 'x'; the file has z"),
    "channels last": (
        {"x": GOOD.transpose(0, 2, 3, 1)},
        "shape [3, 8, 8, 2], but should have [frames, 2, 8, 8]",
    ),
    "no frame": ({"x": GOOD[:0]}, "'x': the array has no frame"),
    "NaN": ({"x": GOOD * np.nan}, "not finite"),
    "too large": ({"x": GOOD.astype(np.float64) + 1e300}, "beyond the range of float32"),
    "text": ({"x": np.array(["a"])}, "'x': the array holds <U1, not numbers"),
    "objects": ({"x": np.array([{}], object)}, "holds Python objects, which are not loaded"),
    "labels": ({"x": GOOD, "labels": np.zeros(5)}, "labels must be 3 integers"),
    "classes": (
        {"x": GOOD, "labels": np.full(3, 9999)},
        "labels reach from 9999 to 9999, but the classes of output",
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_inputs(lab: Lab, tiny_onnx: Path, case: str) -> None:
    arrays, words = INPUTS[case]
    np.savez(lab.folder / "x.npz", **arrays)  # type: ignore[arg-type]
    lab.refuse(tiny_onnx, "--input", lab.folder / "x.npz", words=["x.npz: ", words])


def test_arrays_that_nothing_uses_are_told(lab: Lab, tiny_onnx: Path) -> None:
    np.savez(lab.folder / "x.npz", x=GOOD, lables=np.zeros(3, int))
    done = lab.compile(tiny_onnx, "--input", lab.folder / "x.npz")
    assert done.status == 0
    assert "x.npz has an array 'lables', which is no input or output of the model" in done.err
    assert "'labels' may be meant" in done.err


def test_inputs_that_are_no_npz(lab: Lab, tiny_onnx: Path, tiny_split: Path) -> None:
    np.savez(lab.folder / "x.npz", x=GOOD)
    data = (lab.folder / "x.npz").read_bytes()
    damaged = data[:150] + bytes([data[150] ^ 255]) + data[151:]
    for content in (b"", b"hello", b"\x80\x04K\x01.", npy(GOOD), data[:100], data[:-10], damaged):
        path = lab.write("x.npz", content)
        lab.refuse(tiny_onnx, "--input", path, words=["x.npz: "])
        done = lab.run("predict", tiny_split, path, "-o", lab.folder / "y.npz", "--quiet")
        assert done.status == 1 and "x.npz: " in done.err and "allow_pickle" not in done.err


def test_all_that_is_fast_is_fast(lab: Lab, tmp_path: Path) -> None:
    """Refusals that need no model come before the model is read."""
    begin = time.monotonic()
    lab.refuse(tiny(lab.folder / "m.onnx"), "--clock", "0", status=2)
    assert time.monotonic() - begin < 1
