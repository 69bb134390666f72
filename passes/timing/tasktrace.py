"""What one task does with its streams in one frame, as recorded from its C++: no timing yet.

`rules.schedule` turns a `TaskTrace` into a `Schedule`. Plain values and numpy arrays, so that passes can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.program import Program
from split4ml.passes.timing.schedule import Ints


@dataclass(frozen=True)
class Element:
    """A number's type: `width` bits, `integer` of them before the point; whether what is assigned to it is rounded and saturated."""

    width: int
    integer: int
    signed: bool
    rounds: bool = False
    saturates: bool = False


@dataclass(frozen=True)
class Weights:
    """Of one weight array: its `count` elements, how many are not zero, and the bits of the largest magnitude
    (in units of the last place). `by_output`: nonzero weights of the output that has most; `digits_by_output`: the most
    signed digits (terms that are added up) that the weights of one output have. `multipliers`: weights of three signed digits or
    more, which HLS multiplies by; the others it shifts and adds.
    """

    name: str
    count: int
    nonzeros: int
    magnitude_bits: int
    by_output: int
    digits_by_output: int = 0
    multipliers: int = 0


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
    program:   what is done, with repeated iterations stored once; ports in it index inputs (reads) and outputs (writes). If
               a pipelined loop is around an operation, the operation is in the outermost such loop, else in the innermost loop.
    functions: those entered that touch streams, are pipelined or are kept as a module, by name.
    constants: static constants of the configuration struct; those of nested structs as "mult_config.n_in".
    types:     typedefs of the struct, likewise, and the elements of the streams under the streams' names.
    elements:  of one token, by stream.

    The arrays below are what `program` expands to; they are made when first asked for.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    program: Program
    counted: tuple[CountedLoop, ...]
    functions: Mapping[str, Function]
    constants: Mapping[str, float]
    types: Mapping[str, Element]
    weights: tuple[Weights, ...]
    elements: Mapping[str, int] = field(default_factory=dict)

    @property
    def operations(self) -> int:
        return len(self.program.flat.code)

    @cached_property
    def op_write(self) -> npt.NDArray[np.bool_]:
        """bool[n], True for a write."""
        return (self.program.flat.code & 1).astype(np.bool_)

    @cached_property
    def op_port(self) -> npt.NDArray[np.int16]:
        """int16[n], index into inputs or outputs."""
        return (self.program.flat.code >> 1).astype(np.int16)

    @property
    def op_loop(self) -> npt.NDArray[np.int32]:
        """int32[n], index into `loops`, NO_LOOP outside of all loops."""
        return self.program.flat.loop

    @property
    def op_iteration(self) -> npt.NDArray[np.int32]:
        """int32[n], iteration of that loop."""
        return self.program.flat.iteration

    @cached_property
    def loops(self) -> LoopTable:
        flat, known = self.program.flat, self.program.loops

        def each(values: list[int]) -> Ints:
            return np.array(values, np.int64)[flat.site] if values else np.zeros(0, np.int64)

        return LoopTable(
            site=tuple(known[index].site for index in flat.site.tolist()),
            parent=flat.parent,
            parent_iteration=flat.parent_iteration,
            iterations=each([loop.iterations for loop in known]),
            ii=each([loop.ii for loop in known]),
        )

    def tokens(self, stream: str) -> int:
        """Tokens a frame that the task reads from or writes to a stream."""
        write = stream in self.outputs
        port = (self.outputs if write else self.inputs).index(stream)
        return int(np.count_nonzero(self.program.flat.code == 2 * port + write))

    def constant(self, *names: str, default: float | None = None) -> float:
        """The first of the named constants that exists. Raises KeyError if none does and there is no default."""
        for name in names:
            if name in self.constants:
                return self.constants[name]
        if default is None:
            raise KeyError(f"{self.name}: no constant {' or '.join(names)}")
        return default
