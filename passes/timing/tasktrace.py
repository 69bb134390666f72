"""What one task does with its streams in one frame, as recorded from its C++: no timing yet.

`rules.schedule` turns a `TaskTrace` into a `Schedule`. Plain values and numpy arrays, so that passes can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.schedule import Ints

NO_LOOP = -1


@dataclass(frozen=True)
class Element:
    """A number's type: `width` bits, `integer` of them before the point."""

    width: int
    integer: int
    signed: bool


@dataclass(frozen=True)
class Weights:
    """Of one weight array: its `count` elements, how many are not zero, and the bits of the largest magnitude
    (in units of the last place). `by_output`: nonzero weights of the output that has most.
    """

    name: str
    count: int
    nonzeros: int
    magnitude_bits: int
    by_output: int


@dataclass(frozen=True)
class CountedLoop:
    """A loop that touched no stream: executions and iterations of it in one frame. ii: of its pragma, 0: none."""

    function: str
    label: str
    instances: int
    iterations: int
    ii: int


@dataclass(frozen=True)
class Function:
    """A function that ran. inline: of its INLINE pragma, "", "on", "recursive" or "off"; ii: of its PIPELINE
    pragma, 0: none.
    """

    inline: str
    ii: int


@dataclass(frozen=True, eq=False)
class LoopTable:
    """The executions of loops that touch streams, in order. Index 0 to n-1; a parent comes before its children.

    site:       str per instance: "function:label" ("function:" for a pipelined function).
    parent:     int64[n], NO_LOOP for a loop directly in the task.
    parent_iteration: int64[n], iteration of the parent in which the loop was entered.
    iterations: int64[n], executed.
    ii:         int64[n], of the PIPELINE pragma, 1 if the pragma names none; 0: no such pragma.
    """

    site: tuple[str, ...]
    parent: Ints
    parent_iteration: Ints
    iterations: Ints
    ii: Ints


@dataclass(frozen=True, eq=False)
class TaskTrace:
    """The stream operations of one task in a steady frame, in program order.

    name:      the layer's name as hls4ml writes it, unique in the project.
    kind:      the nnet function, e.g. "conv_2d_cl".
    inputs, outputs: stream names, in the order of the call's arguments.
    op_write:  bool[n], True for a write.
    op_port:   int16[n], index into inputs or outputs.
    op_loop:   int32[n], index into `loops`, NO_LOOP outside of all loops. If a pipelined loop is around an
               operation, it is the outermost such loop, else the innermost loop.
    op_iteration: int32[n], iteration of that loop.
    functions: those entered that touch streams, are pipelined or are kept as a module, by name.
    constants: static constants of the configuration struct; those of nested structs as "mult_config.n_in".
    types:     typedefs of the struct, likewise, and the elements of the streams under the streams' names.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    op_write: npt.NDArray[np.bool_]
    op_port: npt.NDArray[np.int16]
    op_loop: npt.NDArray[np.int32]
    op_iteration: npt.NDArray[np.int32]
    loops: LoopTable
    counted: tuple[CountedLoop, ...]
    functions: Mapping[str, Function]
    constants: Mapping[str, float]
    types: Mapping[str, Element]
    weights: tuple[Weights, ...]

    @property
    def operations(self) -> int:
        return len(self.op_port)

    def constant(self, *names: str, default: float | None = None) -> float:
        """The first of the named constants that exists. Raises KeyError if none does and there is no default."""
        for name in names:
            if name in self.constants:
                return self.constants[name]
        if default is None:
            raise KeyError(f"{self.name}: no constant {' or '.join(names)}")
        return default
