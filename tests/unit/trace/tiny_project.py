"""A hand-written project of one kernel, as small as can be."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

KERNEL = """
#include "hls_stream.h"
#include <cassert>
namespace nnet {
template <class data_T, class res_T, typename CONFIG_T>
void copy(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    %s
}
}
"""
COPY = "for (int i = 0; i < CONFIG_T::n; i++) {\n #pragma HLS PIPELINE II=3\n res.write(data.read());\n }"


def tiny(
    folder: Path, kernel: str = COPY, element: str = "ap_fixed<16,6>", arguments: str | None = None
) -> Path:
    """A project of one task `copy` that moves 4 tokens of 2 elements a frame."""
    firmware = folder / "project" / "firmware"
    (firmware / "nnet_utils").mkdir(parents=True)
    template = Path(str(files("hls4ml"))) / "templates" / "vivado"
    shutil.copytree(template / "ap_types", firmware / "ap_types")
    shutil.copyfile(template / "nnet_utils" / "nnet_types.h", firmware / "nnet_utils" / "nnet_types.h")
    (firmware / "nnet_utils" / "nnet_copy.h").write_text(KERNEL % kernel)
    (firmware / "defines.h").write_text(
        f'#include "ap_fixed.h"\n#include "nnet_utils/nnet_types.h"\ntypedef nnet::array<{element}, 2> token_t;\n'
    )
    (firmware / "parameters.h").write_text(
        '#include "defines.h"\n#include "nnet_utils/nnet_copy.h"\n'
        "struct config1 { static const unsigned n = 4; typedef ap_fixed<9,3> accum_t; };\n"
    )
    ports = arguments or "hls::stream<token_t> &x, hls::stream<token_t> &y"
    (firmware / "tiny.cpp").write_text(
        f'#include "parameters.h"\nvoid tiny({ports}) {{\n'
        "    nnet::copy<token_t, token_t, config1>(x, y); // first\n}\n"
    )
    return folder / "project"
