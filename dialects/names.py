"""Legal identifiers: the one place that turns names of a user's model into names that tools accept.

A name chosen here is written unchanged into C++, SystemVerilog, Tcl, shell commands and file names, so it is an
ASCII C identifier of at most `MAX_LENGTH` characters, reserved in none of these languages, and unlike every name
that hls4ml invents itself. Case does not tell two names apart, since file systems need not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_LENGTH = 64
"""Longest name. Vitis HLS appends suffixes of its own, and Windows paths end at 260 characters."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", re.ASCII)
"""No leading, trailing or doubled underscore: reserved in C++, and `__` separates hierarchy in Verilog tools."""

_CPP = """alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case
catch char char8_t char16_t char32_t class compl concept const consteval constexpr constinit const_cast continue
co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false
float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private
protected public register reinterpret_cast requires return short signed sizeof static static_assert static_cast
struct switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void
volatile wchar_t while xor xor_eq"""

_VERILOG = """accept_on alias always always_comb always_ff always_latch assert assign assume automatic before begin
bind bins binsof bit buf bufif0 bufif1 byte casex casez cell chandle checker clocking cmos config constraint context
cover covergroup coverpoint cross deassign defparam design disable dist edge endcase endchecker endclass endclocking
endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty
endsequence endspecify endtable endtask end event eventually expect extends final first_match force foreach forever
fork forkjoin function generate genvar global highz0 highz1 iff ifnone ignore_bins illegal_bins implements implies
import incdir include initial inout input inside instance integer interconnect interface intersect join join_any
join_none large let liblist library local localparam logic longint macromodule matches medium modport module nand
negedge nettype nexttime nmos nor noshowcancelled notif0 notif1 null output package packed parameter pmos
posedge primitive priority program property pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure
rand randc randcase randsequence rcmos real realtime ref reg reject_on release repeat restrict rnmos rpmos rtran
rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
showcancelled small soft solve specify specparam strong strong0 strong1 string super supply0 supply1 sync_accept_on
sync_reject_on table tagged task time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg
type unique unique0 until until_with untyped uwire var vectored wait wait_order wand weak weak0 weak1 wildcard wire
with within wor xnor"""

_VHDL = """abs access after all architecture array attribute block body buffer bus component configuration
constant disconnect downto elsif entity exit file generic group guarded impure in is label linkage literal loop map
mod next nor of on open others out port postponed procedure process protected pure range record rem report
rol ror select severity shared signal sla sll sra srl subtype then to transport unaffected units variable when"""

_OTHERS = """main std nnet hls ap defines parameters weights firmware myproject inference bridge abs exp log sqrt
pow tanh sin cos min max floor ceil round array stream size_t aux con nul prn"""
"""C and C++ library names that hls4ml's sources see unqualified, its own files, and device names of Windows."""

RESERVED = frozenset(f"{_CPP} {_VERILOG} {_VHDL} {_OTHERS}".lower().split())

_INVENTED = re.compile(
    r"ap_.*|nnet_.*|hls_.*|xf_.*|vitis_.*"
    r"|(layer|config|input|output|result|relu_config|index|accum|bias|weight|scale|table|param|slope|shift)\d+(_.*)?"
    r"|[abdpswz]\d+|.*_cpy\d+|(com|lpt)\d",
    re.IGNORECASE | re.ASCII,
)
"""Names of hls4ml's generated code (`layer12_out`, `config3`, `w5`, `layer7_cpy1`) and of the vendor's headers."""


def is_legal(name: str) -> bool:
    """Whether `name` may be written into every language we emit."""
    return (
        len(name) <= MAX_LENGTH
        and _IDENTIFIER.fullmatch(name) is not None
        and name.lower() not in RESERVED
        and _INVENTED.fullmatch(name) is None
    )


class Names:
    """Names that are taken, to find many that are not: each in a time that does not depend on how many there are."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._lowered = {name.lower() for name in taken}
        self._numbers: dict[str, int] = {}
        """By stem, the last number that a name of ours has."""

    def new(self, text: str, fallback: str = "node") -> str:
        """`legal_name` of the text, which is taken from now on."""
        stem, whole = _stem(text, fallback)
        if not is_legal(whole) or whole.lower() in self._lowered:
            number = self._numbers.get(stem.lower(), 0) + 1
            while f"{stem}_{number}".lower() in self._lowered or not is_legal(f"{stem}_{number}"):
                number += 1
            self._numbers[stem.lower()] = number
            whole = f"{stem}_{number}"
        self._lowered.add(whole.lower())
        return whole


def legal_name(text: str, taken: Iterable[str] = (), fallback: str = "node") -> str:
    """The legal identifier nearest to `text` that is none of `taken`, whatever the case of the letters.

    Depends on nothing but its arguments. Letters, digits and single underscores of `text` are kept; without any
    letter or digit, or before a leading digit, stands `fallback`, which must be legal itself.
    """
    return Names(taken).new(text, fallback)


def _stem(text: str, fallback: str) -> tuple[str, str]:
    """What a number may follow, and the name without one, which may not be legal."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    stem = "_".join(words) or fallback
    if not stem[0].isalpha():
        stem = f"{fallback}_{stem}"
    if not is_legal(f"{stem[: MAX_LENGTH - 8].rstrip('_')}_1"):
        stem = f"{fallback}_{stem}"  # a whole family of names is not free, such as `ap_...`
    whole = stem[:MAX_LENGTH].rstrip("_")
    return stem[: MAX_LENGTH - 8].rstrip("_"), whole
