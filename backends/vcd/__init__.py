"""VCD files (IEEE 1364, clause 18): every source of timing is read from one, the replay's included.

What is read of a FIFO `f`: how many tokens it holds, and in which cycles one is written and read. Value changes
take effect with the cycle in which they stand: a strobe is 1 throughout the cycle of its operation, the occupancy in
cycle t is what was held at the end of cycle t - 1 (a register).
"""

from split4ml.backends.vcd.read import FifoProfile, read_profile
from split4ml.backends.vcd.write import write_vcd

__all__ = ["FifoProfile", "read_profile", "write_vcd"]
