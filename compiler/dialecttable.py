"""The dialects of every stage, imported when first met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.ir import Dialect


def _builtin() -> Dialect:
    from xdsl.dialects.builtin import Builtin

    return Builtin


def _nn() -> Dialect:
    from split4ml.dialects.nn import NN

    return NN


def _flow() -> Dialect:
    from split4ml.dialects.flow import Flow

    return Flow


def _stitch() -> Dialect:
    from split4ml.dialects.stitch import Stitch

    return Stitch


def _test() -> Dialect:
    from xdsl.dialects.test import Test

    return Test


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "builtin": _builtin,
    "nn": _nn,
    "flow": _flow,
    "stitch": _stitch,
    "test": _test,  # xDSL's, for tests of types and attributes
}
