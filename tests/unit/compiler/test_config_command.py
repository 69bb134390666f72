"""`split4ml config`: the file it writes changes nothing, line by line, and every name in it is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from split4ml.backends.hls4ml.describe import describe
from split4ml.compiler.config_command import configuration_of, lowered
from split4ml.compiler.main import main
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.progress import make_reporter
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.graphinfo import GraphInfo

NETWORKS = Path(__file__).parents[2] / "networks"
SILENT = make_reporter(quiet=True)


def graph_info(model: Path, config: Path | None) -> GraphInfo:
    return describe(lowered(model, CompileOptions(hls_config=config), SILENT))


@pytest.mark.parametrize(
    "name",
    [
        "zoo/activations.script",
        "zoo/inception.dynamo",
        "zoo/mlp.script",
        "quantised/residual.qonnx",
        "two_ports",
    ],
)
def test_the_file_changes_nothing(name: str, tmp_path: Path) -> None:
    """As it is, and with every setting in force."""
    model = NETWORKS / f"{name}.onnx"
    text = configuration_of(model, CompileOptions(), SILENT)
    as_written, in_force = tmp_path / "as-written.yml", tmp_path / "in-force.yml"
    as_written.write_text(text)
    in_force.write_text(re.sub(r"^( *)#(?=\S)", r"\1", text, flags=re.MULTILINE))
    plain = graph_info(model, None)
    assert graph_info(model, as_written) == plain
    assert graph_info(model, in_force) == plain
    entries = yaml.safe_load(in_force.read_text())["LayerName"]
    assert len(entries) >= len([task for task in plain.tasks if not task.inserted])
    assert all(entries.values())


def test_names_are_those_of_the_users_nodes() -> None:
    text = configuration_of(NETWORKS / "zoo/inception.dynamo.onnx", CompileOptions(), SILENT)
    assert (
        """
  # Conv2D, 10 x 10 x 2 to 8 x 8 x 3
  # layer b_1
  node_Conv_55:
    #ReuseFactor: 1
"""
        in text
    )


def test_settings_have_an_effect(tmp_path: Path) -> None:
    """By ONNX node, and by the layer's own name."""
    model = NETWORKS / "zoo/inception.dynamo.onnx"
    plain = graph_info(model, None)
    task = next(task for task in plain.tasks if "node_Conv_55" in task.onnx_names and task.weights)
    for name in ("node_Conv_55", task.name):
        config = tmp_path / "c.yml"
        config.write_text(f"LayerName:\n  {name}:\n    Precision:\n      weight: fixed<9,2>\n")
        changed = graph_info(model, config)
        assert str(changed.by_task[task.name].weights[0].precision) == "fixed<9,2>"
        assert [t.name for t in changed.tasks if t != plain.by_task[t.name]] == [task.name]


def test_what_is_lowered_is_refused() -> None:
    with pytest.raises(Split4mlError, match="lowered already"):
        configuration_of(NETWORKS / "graphs" / "hgq2.fml", CompileOptions(), SILENT)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, file = str(NETWORKS / "two_ports.onnx"), tmp_path / "c.yml"
    assert main(["config", model, "-o", str(file), "--quiet"]) == 0
    assert main(["config", model, "--quiet"]) == 0
    assert capsys.readouterr().out == file.read_text()
    assert main(["config", model, "-o", str(file), "--quiet"]) == 1
    assert "there is such a file already" in capsys.readouterr().err
    assert main(["config", model, "-o", str(file), "--quiet", "--force"]) == 0


def test_what_has_no_effect_is_told(tmp_path: Path) -> None:
    config = tmp_path / "c.yml"
    config.write_text("LayerType:\n  Dense: {ReuseFactor: 1}\n  Conv1D: {ReuseFactor: 1}\n")
    graph = lowered(NETWORKS / "zoo/inception.dynamo.onnx", CompileOptions(hls_config=config), SILENT)
    assert graph.remarks == (f"{config}:3: LayerType: Conv1D: the network has no layer of this type",)


def test_padding_has_the_type_of_its_data(tmp_path: Path) -> None:
    """Not the model's default, which would cut off what a wider layer gives it."""
    config = tmp_path / "c.yml"
    config.write_text("LayerName:\n  inputs_0:\n    Precision: {result: 'fixed<24,12>'}\n")
    info = graph_info(NETWORKS / "zoo/inception.dynamo.onnx", config)
    pads = [task for task in info.tasks if task.kind == "ZeroPadding2D"]
    assert len(pads) == 2
    assert {str(info.by_stream[pad.outputs[0]].precision) for pad in pads} == {"fixed<24,12>"}
