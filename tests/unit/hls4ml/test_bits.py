"""`quantize` and `dequantize` against the C++ of ap_fixed itself, and their algebra."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import ROUNDING, SATURATION, Precision
from split4ml.passes.bits import dequantize, quantize

TYPES = [
    *(
        Precision(*shape, signed, rounding, saturation)
        for shape, signed in (((8, 3), True), ((5, 7), True), ((8, 3), False))
        for rounding, saturation in product(ROUNDING, SATURATION)
    ),
    *(Precision(6, -2, signed, rounding, "SAT") for signed in (True, False) for rounding in ROUNDING),
    *(
        Precision(*shape, signed)
        for shape in ((1, 1), (16, 6), (37, 12), (64, 30))
        for signed in (True, False)
    ),
    *(Precision(64, 30, True, "RND_CONV", saturation) for saturation in SATURATION),
    *(Precision(8, 3, signed, "RND", "WRAP", bits) for bits in (1, 2, 3) for signed in (True, False)),
]


def _samples() -> np.ndarray:
    rng = np.random.default_rng(7)
    grid = np.arange(-80, 81) / 16  # ties and halves of ties for eight fraction bits and fewer
    fine = np.arange(-40, 41) / 4096
    special = [
        0.0,
        -0.0,
        1e-300,
        -1e-300,
        5e-324,
        -5e-324,
        1e30,
        -1e30,
        2.0**63,
        -(2.0**63),
        2.0**64,
        3e18,
        -0.49999999,
    ]
    edges = [sign * (2.0**k + d) for k in range(-3, 12) for d in (0, -0.03125, 0.015625) for sign in (1, -1)]
    return np.concatenate([grid, fine, special, edges, rng.normal(0, 3, 200), rng.normal(0, 1e4, 100)])


def _cpp_type(precision: Precision) -> str:
    kind = "ap_fixed" if precision.signed else "ap_ufixed"
    modes = f"AP_{precision.rounding}, AP_{precision.saturation}, {precision.saturation_bits}"
    return f"{kind}<{precision.width}, {precision.integer}, {modes}>"


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_quantize_equals_ap_fixed_in_cpp(tmp_path: Path) -> None:
    spec = find_spec("hls4ml")
    assert spec is not None and spec.origin is not None
    ap_types = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
    lines = [f"    one<{_cpp_type(precision)}>(x);" for precision in TYPES]
    source = tmp_path / "reference.cpp"
    source.write_text(
        '#include <cstdint>\n#include <cstdio>\n#include <vector>\n#include "ap_fixed.h"\n'
        "template <class T> void one(const std::vector<double> &x) {\n"
        "    for (double v : x) {\n"
        "        T t = T(v);\n"
        "        ap_uint<T::width> bits = t.range();\n"
        "        uint64_t raw = bits.to_uint64();\n"
        "        fwrite(&raw, 8, 1, stdout);\n    }\n}\n"
        "int main() {\n    std::vector<double> x;\n    double v;\n"
        "    while (fread(&v, 8, 1, stdin) == 1) x.push_back(v);\n" + "\n".join(lines) + "\n}\n"
    )
    program = tmp_path / "reference"
    subprocess.run(
        ["g++", "-std=c++14", "-O0", "-w", f"-I{ap_types}", str(source), "-o", str(program)], check=True
    )
    samples = _samples()
    done = subprocess.run([str(program)], input=samples.tobytes(), capture_output=True, check=True)
    reference = np.frombuffer(done.stdout, np.uint64).reshape(len(TYPES), len(samples))
    for precision, expected in zip(TYPES, reference, strict=True):
        found = quantize(samples, precision)
        wrong = np.flatnonzero(found != expected)
        assert not len(wrong), (
            f"{precision}: {samples[wrong[:5]]} became {found[wrong[:5]]}, C++ says {expected[wrong[:5]]}"
        )


@given(
    st.integers(1, 52),
    st.integers(-20, 60),
    st.booleans(),
    st.sampled_from(ROUNDING),
    st.sampled_from(SATURATION),
    st.data(),
)
def test_values_of_the_type_survive_the_round_trip(
    width: int, integer: int, signed: bool, rounding: str, saturation: str, data: st.DataObject
) -> None:
    precision = Precision(width, integer, signed, rounding, saturation)
    raw = np.array(data.draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=20)), np.uint64)
    if saturation == "SAT_SYM" and signed:
        raw[raw == 2 ** (width - 1)] |= 1  # the lowest value is not reachable
        if width == 1:
            return
    np.testing.assert_array_equal(quantize(dequantize(raw, precision), precision), raw)


def test_dequantize_extends_the_sign_and_ignores_higher_bits() -> None:
    raw = np.array([0x80, 0x7F, 0xFFFFFFFFFFFFFF01], np.uint64)
    np.testing.assert_array_equal(dequantize(raw, Precision(8, 4)), [-8.0, 7.9375, 0.0625])
    np.testing.assert_array_equal(dequantize(raw, Precision(8, 8, signed=False)), [128.0, 127.0, 1.0])


def test_what_cannot_be_converted_is_refused() -> None:
    with pytest.raises(Split4mlError, match="infinities or NaN"):
        quantize(np.array([1.0, np.nan]), Precision(16, 6))
    with pytest.raises(Split4mlError, match="65 bits"):
        quantize(np.zeros(1), Precision(65, 6))
