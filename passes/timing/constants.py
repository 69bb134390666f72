"""Every number of the timing rules, with its source; `tool()` selects the set for one synthesiser.

Sources, in the words used below:
  measured    read from waveforms of the Verilog that the tool generated for published hls4ml designs
  reports     II, Depth or latency as the tool's own reports of published designs print it
  inferred    follows from the above by analogy; not seen for this kind
"Depth" and "II" are the tool's words (iteration latency, interval). A pipelined loop reads in its stage 1 and
writes in its last stage, so Depth - 2 advances later: measured, all loop kinds and tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from split4ml.dialects.errors import UsageError

ONE_STAGE_NS = 20.0
"""From this clock period on Vivado HLS does a whole tree of products in one stage (reports, 2020.1, 25 ns; the limit is inferred)."""

ELEMENT_NS = 11.9
"""From this clock period on Vivado HLS reads, computes and writes an element in one stage: HLS's delays on the slowest devices (parts.py) are
together 10.4 ns, and it leaves an eighth of the period free (reports: a stage at 10 ns and 2.7 times as fast, two at 10 ns).
"""


@dataclass(frozen=True)
class Sequential:
    """A loop that is no pipeline: an FSM that runs through its iterations one after the other.

    A window-filling iteration with reuse factor RF takes RF + `full` advances and writes RF + `write` after its
    read; any other takes `other`. `frame`: advances from the last iteration to the next call.
    """

    full: int
    write: int
    other: int
    frame: int


@dataclass(frozen=True)
class Padding1d:
    """zeropad1d: offset of the first write, gaps (write to write) between its loops, advances per copied token,
    and from the last write to the next call.
    """

    first: int
    to_copy: int
    copy: int
    to_right: int
    end: int


@dataclass(frozen=True)
class Tool:
    """The constants of one synthesiser.

    slow_ns:    from this clock period on a stage holds more logic, and Depths shrink by one. This and the other limits are clock periods of
                the slowest devices (parts.py).
    tight_ns:   below this clock period a stage holds less logic than on the devices that were measured, and Depths grow by one.
    drains:     a process is ready only when its last iteration is done (Vivado); else the next call's
                iterations follow while the old ones drain.
    bubble_one, bubble_more, bubble_slow: advances a frame of N iterations takes beyond N * II, for II = 1, for
                II >= 2, and for II >= 2 at slow clocks.
    loop_gap:   from the last operation of one loop of a process to the first of its next loop.
    code_gap:   from the last operation of a loop to the first of straight code behind it.
    write_stage: stage in which a loop that only writes does so.
    loop_end, code_end: from the last operation to the end of the call, if a loop or straight code is last.
    depths:     Depth of a loop, per kind of task; "" for all others.
    pad_reads_ahead: zero padding reads a row's tokens as early as possible, one left pad ahead of their copies.
    pool_ii:    II of pooling by a line buffer.
    pool_slow_ii: the same at slow clocks.
    pool_extra: Depth of pooling is this plus half the binary logarithm of its window.
    softmax_*:  read to write of one token; `softmax_log` adds the binary logarithm of the classes.
    auto_pipeline: innermost loops without a pragma are pipelined.
    pipelines_single: a pipelined loop of one iteration becomes a pipelined function: ready at once, its output held until
                the next token comes.
    sequential, sequential_slow: costs of a convolution's pixel loop. Of Vivado HLS, `full` and `write` say no more than how long
                before its end a window-filling iteration writes: how long it takes follows from the reuse loop (pixels.py).
    prints_one_less: its reports print a Depth one less for loops of II 1, which read in their first stage: the loop's end is not
                tested in an iteration of its own any more.
    relu_of_either_sign: on fast devices one that rounds nothing takes a stage even if it keeps a sign.
    reuse_*:    dense with a reuse loop: read to write less the reuse factor, of one token (`single`) or after a
                loop that collects tokens (`prepared`); `rewinds`: frames of one token overlap.
    """

    name: str
    vivado: bool
    slow_ns: float
    tight_ns: float
    drains: bool
    bubble_one: int
    bubble_more: int
    bubble_slow: int
    loop_gap: int
    code_gap: int
    write_stage: int
    loop_end: int
    code_end: int
    auto_pipeline: bool
    sequential: Sequential
    sequential_slow: Sequential
    padding1d: Padding1d
    pad_reads_ahead: bool
    pool_ii: int
    pool_slow_ii: int
    pool_extra: int
    pipelines_single: bool
    softmax_stable: int
    softmax_latency: int
    softmax_log: bool
    reuse_single: int
    reuse_single_slow: int
    reuse_rewinds: bool
    reuse_prepared: int
    depths: Mapping[str, int] = field(default_factory=dict)
    prints_one_less: bool = False
    relu_of_either_sign: bool = False

    def depth(self, kind: str, clock_ns: float) -> int:
        """Depth of the one loop of a task of this kind."""
        found = self.depths.get(kind, self.depths[""])
        if clock_ns >= self.slow_ns:
            found -= 2 if self.vivado and clock_ns >= ELEMENT_NS else 1
        return max(2, found)


_VITIS_DEPTHS = {
    "": 3,  # measured: relu, Vitis 2022.2 to 2023.2; inferred for other element-wise kinds
    "clone_stream": 2,  # inferred: wires only, as the copy loop of zero padding (measured: same cycle)
    "repack_stream": 2,  # inferred likewise
    "broadcast_stream": 2,  # inferred likewise
    "concatenate1d": 2,  # reports: ConcatLoop1, 2023.1
    "concatenate2d": 2,  # inferred: wires only
    "concatenate3d": 2,  # inferred likewise
    "transpose": 2,  # inferred likewise
    "cropping1d_cl": 2,  # inferred likewise
    "cropping2d_cl": 2,  # inferred likewise
    "hard_tanh": 4,  # measured, Vitis 2023
    "hard_sigmoid": 4,  # measured, Vitis 2023
    "normalize": 4,  # measured: a multiply and an add, one or two advances
    "sigmoid": 5,  # measured: one token takes 3, and 2 at 25 ns
    "tanh": 5,  # inferred: the same table look-up
    "unary_lut": 4,  # inferred: a look-up without index arithmetic
    "leaky_relu": 4,  # inferred: one multiplication
    "prelu": 4,  # inferred: one multiplication
    "elu": 5,  # inferred: look-up
    "selu": 5,  # inferred: look-up
    "softplus": 5,  # inferred: look-up
    "softsign": 5,  # inferred: look-up
    "multiply": 4,  # inferred: one multiplication
    "average": 3,  # inferred: add and shift
}
_VIVADO_DEPTHS = {
    "": 4,  # measured: relu, Vivado HLS 2019.2
    "linear": 2,  # measured on one design
    "clone_stream": 2,  # inferred: wires only
    "repack_stream": 2,  # inferred likewise
    "broadcast_stream": 2,  # inferred likewise
    "concatenate1d": 2,  # inferred likewise
    "concatenate2d": 2,  # inferred likewise
    "concatenate3d": 2,  # inferred likewise
    "transpose": 2,  # inferred likewise
    "cropping1d_cl": 2,  # inferred likewise
    "cropping2d_cl": 2,  # inferred likewise
    "add": 3,  # inferred: less than relu's compare and round
    "subtract": 3,  # inferred likewise
    "normalize": 7,  # fitted to reports
    "sigmoid": 6,  # inferred: one more than Vitis
    "tanh": 6,  # inferred likewise
}

_VITIS = Tool(
    name="vitis",
    vivado=False,
    slow_ns=20.0,  # measured at 25 and 30 ns, 2023.1 and 2024.2; 10 ns is as 5 ns: reports, 2023.1
    tight_ns=7.7,  # reports: xc7z020-1 at 5 ns, 2020.2; all others were of faster devices, or slower clocks
    drains=False,
    bubble_one=1,  # measured, all Vitis designs: the next call reads II + 1 after the last read
    bubble_more=2,  # measured: 1024*6+2, 150*2+2, 1024*3+2
    bubble_slow=1,  # measured: 150*2+1 at 25 ns
    loop_gap=4,  # measured: zero padding top to rows to bottom, 2023.1
    code_gap=1,  # measured: dense behind DataPrepare, 2022.2: last read to write is the core's latency + 1
    write_stage=1,  # reports: PadTopWidth has Depth 2, 2023.1
    loop_end=1,  # measured: zero padding is ready in the cycle of its last write
    code_end=1,  # measured: single-token tasks read every L + 1 cycles
    auto_pipeline=True,  # innermost loops without a pragma are pipelined (UG1399, config_compile -pipeline_loops)
    sequential=Sequential(full=6, write=4, other=4, frame=2),  # measured, 2022.2, 5 ns, RF 36 and 144
    sequential_slow=Sequential(full=5, write=4, other=4, frame=2),  # measured, 2023.1, 25 ns, RF 36 and 252
    padding1d=Padding1d(first=2, to_copy=3, copy=1, to_right=1, end=1),  # measured, 2023.1
    pad_reads_ahead=True,  # measured, 2023.1
    pool_ii=1,  # measured, 2022.2 and 2023.1
    pool_slow_ii=1,  # measured, 2023.1
    pool_extra=2,  # reports: 3 for windows of 2 to 4
    pipelines_single=False,  # measured: an FSM, 2022.2 and 2023.1
    softmax_stable=4,  # measured: 7 to 10 for 5 to 10 classes
    softmax_latency=4,  # inferred
    softmax_log=True,
    reuse_single=1,  # measured, 2022.2 and 2023.1: RF 256 writes 257 after its read
    reuse_single_slow=-1,  # measured at 25 ns
    reuse_rewinds=True,  # measured: a frame takes exactly RF
    reuse_prepared=5,  # measured, 2023.2: RF 34, last read to write 39
    depths=_VITIS_DEPTHS,
)
_VIVADO = Tool(
    name="vivado",
    vivado=True,
    # HLS's delays of reading and computing on the slowest devices: 6.7 ns of seven eighths of the period. Measured: 10 ns, and 5 ns on a
    # Virtex-7 (1.6 times as fast), where 3.33 ns is not slow
    slow_ns=7.7,
    tight_ns=0.0,
    drains=True,  # measured: ap_ready is ap_done
    bubble_one=0,
    bubble_more=0,
    bubble_slow=0,
    loop_gap=2,  # measured: zero padding, 2019.2
    code_gap=1,  # measured: dense behind DataPrepare
    write_stage=0,  # reports: PadTopWidth has iteration latency 1
    loop_end=2,  # measured: zero padding is ready one cycle after its last write
    code_end=1,  # measured: dense and softmax are ready in the cycle of their write
    auto_pipeline=False,
    sequential=Sequential(full=2, write=0, other=4, frame=1),  # measured, 2019.2, RF 9, 36, 72
    sequential_slow=Sequential(full=1, write=0, other=2, frame=1),  # measured, 2019.2, 10 ns, RF 864 and 9216
    padding1d=Padding1d(first=1, to_copy=2, copy=1, to_right=2, end=2),  # inferred from zeropad2d
    pad_reads_ahead=False,  # measured, 2019.2: a copy is written in the cycle of its read
    pool_ii=2,  # measured, 2019.2: the pool window is loaded and stored
    pool_slow_ii=1,  # measured, 2020.1, 10 and 25 ns
    pool_extra=4,  # measured: the RTL of 2x2 windows behaves as Depth 5
    pipelines_single=True,  # measured, 2019.2: relu of one token
    softmax_stable=22,  # measured, 2019.2, 10 classes, 5 ns
    softmax_latency=5,  # measured, 2019.2, 5 classes, 10 ns
    softmax_log=False,
    reuse_single=5,  # reports: 64 -> 69, 32 -> 36
    reuse_single_slow=4,  # reports, 10 ns: 64 -> 68, 32 -> 36
    reuse_rewinds=False,  # a rewound single-token dense of Vivado is not modelled yet
    reuse_prepared=5,
    depths=_VIVADO_DEPTHS,
)

_REWOUND = replace(
    _VITIS,
    pool_ii=2,
    pool_slow_ii=2,
    pool_extra=3,
    bubble_one=0,
    bubble_more=0,
    bubble_slow=0,
    padding1d=Padding1d(first=0, to_copy=2, copy=1, to_right=1, end=1),  # measured, 2024.1
)
"""measured, 2024.1: loop_auto_rewind, a frame takes exactly N * II (130 iterations of 3: 390); read in the RTL of 2024.2, loops
of II 1, 2 and 3: a call is ready with its last iteration; pooling II 2 likewise; measured, 2024.2, at 30 ns.
"""

_TOOLS = {
    # measured: no outlined padding loops yet; a copy takes two cycles a token
    "vitis-2022.2": replace(_VITIS, padding1d=Padding1d(first=1, to_copy=3, copy=2, to_right=2, end=2)),
    "vitis-2023.1": _VITIS,
    # measured: II 2 ("load of the pool window against its store")
    "vitis-2023.2": replace(_VITIS, pool_ii=2, pool_slow_ii=2, pool_extra=3),
    # read in the RTL, 2024.2: relu of Depth 2 by the report writes one cycle after its read, as one of Depth 3 did in 2023
    # measured, 2024.1, Alveo at 5 ns: a relu in one stage; inferred, 2024.2
    "vitis-2024.1": replace(_REWOUND, prints_one_less=True, relu_of_either_sign=True),
    "vitis-2024.2": replace(_REWOUND, prints_one_less=True, relu_of_either_sign=True),
    # reports: loop_auto_rewind likewise; clone and add write in the cycle of their read
    "vitis-2025.2": replace(_REWOUND, depths={**_VITIS_DEPTHS, "add": 2}),
    "vivado-2019.1": _VIVADO,
    "vivado-2019.2": _VIVADO,
    "vivado-2020.1": _VIVADO,
}
DEFAULT = {"vitis": "vitis-2023.2", "vivado": "vivado-2020.1"}


def tools() -> tuple[str, ...]:
    """The names `tool` knows."""
    return tuple(_TOOLS)


def tool(name: str) -> Tool:
    """The constants of a tool such as "vitis-2023.2". Raises UsageError for any other."""
    found = _TOOLS.get(name)
    if found is None:
        close = nearest(name)
        raise UsageError(
            f"there are no timing constants for tool {name!r}",
            hint=f"use {close}, the nearest that there are constants for"
            if close
            else f"known tools: {', '.join(_TOOLS)}",
        )
    return replace(found, name=name)


def nearest(name: str) -> str | None:
    """The tool of the same kind whose release is nearest, the later of two: "vitis-2022.2" for "vitis-2022.1". None for no such kind."""
    kind = re.split(r"[-_ ]", name.lower())[0]
    mine = _release(name)
    if kind not in DEFAULT:
        return None
    if mine is None:
        return DEFAULT[kind]
    return min(
        (each for each in _TOOLS if each.startswith(kind)),
        key=lambda each: (abs((_release(each) or 0) - mine), -(_release(each) or 0)),
    )


def _release(name: str) -> int | None:
    """Half-years: releases are numbered by year and half."""
    found = re.search(r"(20\d\d)\.(\d)", name)
    return 2 * int(found[1]) + int(found[2]) if found else None
