"""What is written as VCD is read back, and what others write is understood or refused with a reason."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.backends.vcd import read_profile, write_vcd
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.network import Channel, Network, Replayed
from split4ml.passes.timing.replay import replay

PROBE = """$timescale 1ps $end
$scope module TOP $end
$scope module probe $end
$var wire 1 ! clk $end
$var wire 4 " layer2_out_usedw [3:0] $end
$var wire 1 # layer2_out_write $end
$var wire 1 $ layer2_out_read $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0!
bxxxx "
x#
x$
#500
1!
b0 "
0#
0$
#1000
0!
#1500
1!
1#
#2000
0!
#2500
1!
b1 "
#3000
0!
#3500
1!
b10 "
0#
1$
#4000
0!
#4500
1!
b1 "
0$
#5000
0!
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.vcd"
    path.write_text(text)
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.integers(1, 3), st.booleans())
def test_round_trip(tmp_path: Path, network: Network, frames: int, clock: bool) -> None:
    replayed = replay(network, frames, record=True)
    path = tmp_path / "replay.vcd"
    write_vcd(path, network, replayed, 5000, clock=clock)
    text = path.read_bytes()
    profiles = read_profile(path, [c.name for c in network.channels], None if clock else 5000)
    for channel, writes, reads, peak in zip(
        network.channels, replayed.writes, replayed.reads, replayed.peak, strict=True
    ):
        profile = profiles[channel.name]
        assert profile.peak == peak
        assert profile.write_times is not None and profile.read_times is not None
        assert profile.write_times.tolist() == writes.tolist()
        assert profile.read_times.tolist() == reads.tolist()
    write_vcd(path, network, replayed, 5000, clock=clock)
    assert path.read_bytes() == text
    assert [p.name for p in tmp_path.iterdir()] == ["replay.vcd"]


def test_flat_probe_with_reset(tmp_path: Path) -> None:
    profile = read_profile(write(tmp_path, PROBE), ["layer2_out"], clock_ps=1000)["layer2_out"]
    assert profile.peak == 2
    # Cycle 0 is the one before the first rising edge.
    assert profile.write_times is not None and profile.write_times.tolist() == [2, 3]
    assert profile.read_times is not None and profile.read_times.tolist() == [4]


@pytest.mark.parametrize(
    "instance", ["layer2_out_U", "layer2_out_V_data_0_V_U", "layer2_out", "fifo_layer2_out_i"]
)
def test_names_of_instances(tmp_path: Path, instance: str) -> None:
    text = PROBE.replace("module probe", f"module {instance}").replace("layer2_out_usedw", "mOutPtr")
    text = text.replace("layer2_out_write", "if_write").replace("layer2_out_read", "if_read")
    assert read_profile(write(tmp_path, text), ["layer2_out"])["layer2_out"].peak == 2


def test_handshake_counts_only_if_accepted(tmp_path: Path) -> None:
    text = PROBE.replace("module probe", "module layer2_out_U").replace("layer2_out_usedw", "usedw")
    text = text.replace("layer2_out_write", "if_write").replace("layer2_out_read", "if_full_n")
    profile = read_profile(write(tmp_path, text), ["layer2_out"])["layer2_out"]
    assert profile.write_times is not None and profile.write_times.tolist() == []
    assert profile.read_times is None


def test_peak_from_strobes_alone(tmp_path: Path) -> None:
    text = PROBE.replace("layer2_out_usedw", "something")
    assert read_profile(write(tmp_path, text), ["layer2_out"])["layer2_out"].peak == 2


def test_prefixes_of_names_are_no_match(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="FIFOs layer2, layer22_out, among 4 signals"):
        read_profile(write(tmp_path, PROBE), ["layer2", "layer2_out", "layer22_out"])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("$timescale 1ps $end\n", "", "timescale"),
        ("$timescale 1ps", "$timescale 3ps", "3ps"),
        ("$enddefinitions $end\n#0", "", "where a declaration should be"),
        ("1!", "0!", "no running clock"),
        ('b10 "', 'b1x "', "occupancy of FIFO layer2_out is unknown (x or z) at time 3500"),
        ('b0 "\n', "", None),
        ("0$\n#5000\n0!\n", "0", "middle of a line"),
        ('b10 "', 'b10"', "cannot be read as VCD"),
        ("$scope module TOP", "$scope", "cannot read"),
        ("#4500", "#1000", "time goes back from 3500 to 1000"),
    ],
)
def test_bad_files(tmp_path: Path, old: str, new: str, reason: str | None) -> None:
    assert old in PROBE
    path = write(tmp_path, PROBE.replace(old, new))
    if reason is None:
        assert read_profile(path, ["layer2_out"])["layer2_out"].peak == 2
    else:
        with pytest.raises(Split4mlError) as caught:
            read_profile(path, ["layer2_out"])
        assert reason in str(caught.value) and "x.vcd" in str(caught.value)


@pytest.mark.parametrize("end", [0, 5, 60, 200, 290])
def test_truncated_in_the_header(tmp_path: Path, end: int) -> None:
    with pytest.raises(Split4mlError):
        read_profile(write(tmp_path, PROBE[:end]), ["layer2_out"])


def test_no_text_no_file_no_changes(tmp_path: Path) -> None:
    path = tmp_path / "x.vcd"
    with pytest.raises(Split4mlError, match="No such file"):
        read_profile(path, ["a"])
    path.write_bytes(bytes(range(256)))
    with pytest.raises(Split4mlError, match="no complete VCD"):
        read_profile(path, ["a"])
    header = PROBE[: PROBE.index("#0")]
    with pytest.raises(Split4mlError, match="no value changes"):
        read_profile(write(tmp_path, header), ["layer2_out"], clock_ps=1000)


def test_clock_period_must_agree(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="clock period of 1000 ps, and not of 2000 ps"):
        read_profile(write(tmp_path, PROBE), ["layer2_out"], clock_ps=2000)
    coarse = PROBE.replace("1ps", "1ns").replace(" clk ", " klok ")
    with pytest.raises(Split4mlError, match="does not divide"):
        read_profile(write(tmp_path, coarse), ["layer2_out"], clock_ps=1500)


def test_ambiguous_fifo(tmp_path: Path) -> None:
    text = PROBE.replace(
        "$upscope $end\n$upscope",
        "$upscope $end\n$scope module other $end\n"
        "$var wire 1 % layer2_out_usedw $end\n$upscope $end\n$upscope",
    )
    with pytest.raises(
        Split4mlError, match="could be TOP.other.layer2_out_usedw or TOP.probe.layer2_out_usedw"
    ):
        read_profile(write(tmp_path, text), ["layer2_out"])


def test_signal_handler_is_kept(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGPIPE)
    read_profile(write(tmp_path, PROBE), ["layer2_out"])
    assert signal.getsignal(signal.SIGPIPE) == before


def test_writer_refuses_what_was_not_recorded(tmp_path: Path) -> None:
    network = Network((Channel("a", 1),), (), (), (), ())
    replayed = Replayed(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64), 1)
    with pytest.raises(ValueError, match="not recorded"):
        write_vcd(tmp_path / "x.vcd", network, replayed, 5000)


def test_of_a_long_simulation_the_first_operations_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most tokens that were held counts all of it."""
    text = PROBE[: PROBE.index("#0\n")] + '#0\n0!\nb0 "\n0#\n0$\n'
    for cycle in range(40):
        text += f"#{1000 * cycle + 500}\n1!\n{int(cycle < 10)}#\n{int(20 <= cycle < 30)}$\n#{1000 * cycle + 1000}\n0!\n"
    file = write(tmp_path, text.replace("layer2_out_usedw", "bus"))
    whole = read_profile(file, ["layer2_out"], 1000)["layer2_out"]
    assert whole.write_times is not None and whole.read_times is not None
    assert (len(whole.write_times), len(whole.read_times), whole.peak) == (10, 10, 10)
    monkeypatch.setattr("split4ml.backends.vcd.read.OPERATIONS", 8)
    part = read_profile(file, ["layer2_out"], 1000)["layer2_out"]
    assert part.write_times is not None and part.read_times is not None
    assert part.write_times.tolist() == whole.write_times[:4].tolist()
    assert part.read_times.tolist() == whole.read_times[:4].tolist()
    assert part.peak == 10
