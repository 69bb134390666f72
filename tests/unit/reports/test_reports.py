"""Reading reports of HLS and logic synthesis. The texts are written in their form; none is of a vendor's run."""

from __future__ import annotations

from pathlib import Path

import pytest

from split4ml.backends.reports.csynth import Loop, find_csynth, read_csynth
from split4ml.backends.reports.runlog import read_run
from split4ml.backends.reports.utilization import read_utilization
from split4ml.dialects.errors import Split4mlError

RESOURCES = "<BRAM_18K>{2}</BRAM_18K><{3}>{1}</{3}><FF>7</FF><LUT>{0}</LUT>"
HEAD = """<profile><ReportVersion><Version>2023.2</Version></ReportVersion>
<UserAssignments><Part>xcu50-fsvh2104-2-e</Part><TopModelName>sg0</TopModelName><TargetClockPeriod>5.00</TargetClockPeriod></UserAssignments>
<PerformanceEstimates><SummaryOfOverallLatency><Best-caseLatency>10</Best-caseLatency><Worst-caseLatency>12</Worst-caseLatency>
<Interval-min>9</Interval-min><Interval-max>9</Interval-max></SummaryOfOverallLatency></PerformanceEstimates>
"""
MODULE = """<Module><Name>relu_array_config4_s</Name><PerformanceEstimates><SummaryOfOverallLatency><Best-caseLatency>?</Best-caseLatency>
<Worst-caseLatency>?</Worst-caseLatency><PipelineInitiationInterval>66</PipelineInitiationInterval></SummaryOfOverallLatency>
<SummaryOfLoopLatency><Outer><Name>Outer</Name><TripCount>4</TripCount><Inner><Name>Inner</Name><TripCount>16</TripCount><PipelineII>2</PipelineII>
<PipelineDepth>3</PipelineDepth></Inner></Outer></SummaryOfLoopLatency></PerformanceEstimates>
<AreaEstimates><Resources>{resources}</Resources></AreaEstimates></Module>"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def area(lut: int, dsp: int, bram: int, name: str = "DSP") -> str:
    return f"<AreaEstimates><Resources>{RESOURCES.format(lut, dsp, bram, name)}</Resources></AreaEstimates>"


def vitis(module: str = RESOURCES.format(90, 1, 0, "DSP")) -> str:
    modules = MODULE.format(resources=module)
    return f"{HEAD}{area(500, 3, 2)}<ModuleInformation>{modules}</ModuleInformation></profile>"


def test_vitis_hls(tmp_path: Path) -> None:
    path = write(tmp_path / "sg0_prj" / "solution1" / "syn" / "report" / "csynth.xml", vitis())
    assert find_csynth(tmp_path) == [path]
    report = read_csynth(path)
    assert (report.version, report.part, report.clock_ns) == ("2023.2", "xcu50-fsvh2104-2-e", 5.0)
    assert report.top.counts == {"lut": 500, "ff": 7, "dsp": 3, "bram18": 2, "uram": 0}
    assert (report.top.latency, report.top.interval) == ((10, 12), (9, 9))
    module = report.modules["relu_array_config4_s"]
    assert module.counts["lut"] == 90 and module.latency is None and module.interval == (66, 66)
    assert module.loops == (Loop("Outer", None, None, 4), Loop("Inner", 2, 3, 16))


def test_vivado_hls_has_a_file_a_module(tmp_path: Path) -> None:
    write(tmp_path / "csynth.xml", f"{HEAD}{area(500, 3, 2, 'DSP48E')}</profile>")
    write(tmp_path / "dense_config2_s_csynth.xml", f"{HEAD}{area(400, 3, 2, 'DSP48E')}</profile>")
    write(tmp_path / "sg0_csynth.xml", f"{HEAD}{area(500, 3, 2, 'DSP48E')}</profile>")
    report = read_csynth(tmp_path / "csynth.xml")
    assert list(report.modules) == ["dense_config2_s"]
    assert report.modules["dense_config2_s"].counts["dsp"] == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no HLS report"),
        ("<profile>", "no HLS report"),
        ("<profile/>", "it has no top function"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><profile/>', "declares a document type"),
        (vitis(RESOURCES.format(-5, 1, 0, "DSP")), "relu_array_config4_s: LUT is '-5', which is no count"),
        (vitis(RESOURCES.format(10**12, 1, 0, "DSP")), "which is no count"),
        (vitis().replace("5.00", "nan"), "clock period is 'nan'"),
    ],
)
def test_what_is_no_report(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "csynth.xml", text)
    with pytest.raises(Split4mlError, match=message) as caught:
        read_csynth(path)
    assert caught.value.where == str(path)


UTILIZATION = """| Tool Version : Vivado v.2023.2
| Design       : sg0
| Device       : xcu50-fsvh2104-2-e
| CLB LUTs*                  | 240 |     0 |          0 |    870720 |  0.03 |
| CLB Registers              | 85  |     0 |          0 |   1741440 | 19.71 |
| Block RAM Tile    | 1.5 |     0 |          0 |       480 |  2.40 |
| DSPs           | 3    |     0 |          0 |      1824 |  0.16 |
"""


def test_utilization(tmp_path: Path) -> None:
    report = read_utilization(write(tmp_path / "vivado_synth.rpt", UTILIZATION))
    assert (report.design, report.part) == ("sg0", "xcu50-fsvh2104-2-e")
    assert report.counts == {"lut": 240, "ff": 85, "bram18": 3, "dsp": 3}
    with pytest.raises(Split4mlError, match="no lut and no ff"):
        read_utilization(write(tmp_path / "other.rpt", "hello"))
    with pytest.raises(Split4mlError, match="no such file"):
        read_utilization(tmp_path / "none.rpt")


def test_run_logs(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    write(tmp_path / "vivado_hls.log", "nothing of note\n")
    assert read_run(tmp_path) is None
    log = "INFO: peak allocated memory: 512.5 MB.\n***** C/RTL SYNTHESIS COMPLETED IN 0h24m29s *****\nx; peak allocated memory: 1.5 GB.\n"
    write(tmp_path / "vitis_hls.log", log)
    run = read_run(tmp_path)
    assert run is not None and (run.seconds, run.megabytes) == (1469, 1536)
