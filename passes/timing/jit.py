"""numba as the kernels use it: compiled once, kept on disk, without reference counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A function over arrays that allocates none and returns none: its caller keeps them alive.

    So numba's runtime is left out (`_nrt`). Its atomic counting of every view of an array took twenty times as
    long as the work in a loop that touches many arrays.
    """
    return _jit(function, forceinline=False)


def inlined(function: F) -> F:
    """The same, for a small function that becomes a part of its callers."""
    return _jit(function, forceinline=True)


def _jit(function: F, forceinline: bool) -> F:
    jit = cast(Any, njit)
    try:
        return cast(F, jit(cache=True, _nrt=False, forceinline=forceinline)(function))
    except RuntimeError:  # neither beside the source nor in the user's cache can a file be written
        return cast(F, jit(_nrt=False, forceinline=forceinline)(function))


@intrinsic
def _cttz(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.int64(types.int64), generate


trailing_zeros = cast(Callable[[int], int], _cttz)
"""Zero bits below the lowest 1 of an int64; compiled code only."""
