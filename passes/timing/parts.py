"""How fast the logic of a device is, by its part: HLS divides operations into stages by delays that depend on family and speed grade.

The delays are those that HLS prints for its cores in the reports of published designs (Vivado HLS 2019.1 to 2020.1), in ns:

| family, grade         | read or write of a FIFO | compare | select | memory | seen in                    |
|-----------------------|-------------------------|---------|--------|--------|----------------------------|
| Artix fabric, -1      | 3.63                    | 2.42    | 0.69   | 3.25   | xc7z020-1, 5 and 10 ns     |
| Virtex-7, -2          | 2.39                    | 1.18    | 0.49   | 2.26   | xc7vx690t-2, 3.33 and 5 ns |
| Kintex UltraScale, -2 | 2.16                    | 0.93    | 0.35   | –      | xcku035-2                  |
| Zynq UltraScale+, -2  | 1.83                    | 0.88    | 0.35   | 1.23   | xczu5ev-2LV, xczu9eg-2     |
| Virtex UltraScale+, -2| 1.45                    | 0.67    | 0.24   | 1.15   | xcu50-2, xcu250-2L         |

The speed of a part is how much shorter reading, comparing, selecting and writing (what a relu does) is than on the first.
"""

from __future__ import annotations

import re

SLOWEST = 1.0
VIRTEX_7 = 1.6
ULTRASCALE = 1.9
ZYNQ_ULTRASCALE_PLUS = 2.1
VIRTEX_ULTRASCALE_PLUS = 2.7

_SPEEDS = (
    # xc7z007s to xc7z020 have the fabric of Artix-7 (DS190), larger ones that of Kintex-7, which is that of Virtex-7
    (re.compile(r"xc7(?:a|s|z0(?:07s|10|12s|14s|15|20))"), "1", SLOWEST),
    (re.compile(r"xc7(?:k|v|z0(?:30|35|45)|z100)"), "2", VIRTEX_7),
    (re.compile(r"xc(?:ku|vu)\d+-"), "2", ULTRASCALE),  # inferred for Virtex UltraScale
    (re.compile(r"xczu"), "2", ZYNQ_ULTRASCALE_PLUS),
    (re.compile(r"xc(?:vu\d+p|ku\d+p|u\d+)"), "2", VIRTEX_ULTRASCALE_PLUS),  # inferred for Kintex UltraScale+
)
MULTIPLIER_ULTRASCALE_PLUS = 4.6
"""How much faster a product is on UltraScale+ than on 7-series devices, whose families hardly differ in it (reports, 5 and 10 ns: ten reuse loops
of four designs have no stage for products of up to 32 bits; with both families of 7-series alike, 38 of 42 are right).
"""

_GRADE = re.compile(r"-([123])(?:l|lv|q|m|h)?(?:-[a-z])?$")


def speed(part: str | None) -> float | None:
    """Relative to the slowest devices measured; None if nothing is known of the part, or of its speed grade."""
    name = (part or "").lower()
    grade = _GRADE.search(name)
    if grade is None:
        return None
    return next((found for family, of, found in _SPEEDS if family.match(name) and grade[1] == of), None)


def multiplier_speed(logic: float | None) -> float:
    """The same of products, by `speed`."""
    return MULTIPLIER_ULTRASCALE_PLUS if (logic or SLOWEST) >= ZYNQ_ULTRASCALE_PLUS else SLOWEST
