"""Distributed arithmetic (hls4ml's strategy `distributed_arithmetic`): products made of additions of shifted inputs by da4ml.

hls4ml generates the C++ of such a layer once, while it builds the graph, from the weights as its front end delivers them, and then
deletes those of a Dense layer. Here the weights are first rounded to their types, as those of any other layer are, and the code is
kept: in the archive (`sanitise.py` reads it with distrust), hence in every project, and, since da4ml may take minutes, in the cache.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from split4ml.backends.cache import ContentCache, cache_folder
from split4ml.backends.hls4ml.adders import Adders, read_adders
from split4ml.backends.hls4ml.options import DISTRIBUTED, Config, Spelling, squash
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision
from split4ml.passes.bits import MAX_BITS, Floats
from split4ml.passes.fixed.linear import common_unit, constants

CODE = "da_codegen"
"""The attribute of a layer that holds the code."""
KEPT_TYPES = {"weight": "split4ml_weight", "bias": "split4ml_bias"}
"""Attributes with the types of weights, as text: hls4ml deletes a Dense layer's own."""
KINDS = ("Dense", "Conv1D", "Conv2D")
"""The layers of hls4ml's front ends that can have it."""

_OTHERS = ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "LSTM", "GRU")
"""Those that have other strategies."""
_OLDEST, _TOO_NEW = (0, 5, 2), (0, 6)
_INSTALL = "pip install 'split4ml[da]'"
_DEPTH = "DA_HARD_DC"
"""hls4ml's environment variable: how many additions in a row there may be beyond the fewest possible."""
_LIMIT = 5_000
"""Files in the cache."""
_DELETED = ("weight", "weight_t", "weight_data", "bias", "bias_t", "bias_data")


def is_distributed(node: Any) -> bool:
    return bool(node.get_attr("strategy") == DISTRIBUTED)


def check_layers(
    layers: Sequence[Mapping[str, Any]], asked: Config, settled: Config, spelling: Spelling
) -> list[str]:
    """Whether what the configuration asks for can be had; what it asks for of the whole model and some layers cannot have, as
    remarks.

    asked: the configuration as the user gave it; settled: with all that is said of a layer's type said of the layer.
    Raises Split4mlError, as it does if da4ml is needed and missing.
    """
    model = settled.get("Model", {})
    remarks, needed = [], False
    for layer in layers:
        name, kind = str(layer["name"]), str(layer["class_name"])
        entry = {**model, **settled.get("LayerName", {}).get(name, {})}
        if entry.get("Strategy") != DISTRIBUTED or kind not in (*KINDS, *_OTHERS):
            continue
        own = "Strategy" in asked.get("LayerName", {}).get(name, {})
        where = spelling.of_layer(name) if own else f"layer {spelling.layers.get(name, name)}"
        if kind not in KINDS:
            why = f"hls4ml has no distributed arithmetic for a {kind}"
            if "Strategy" in settled.get("LayerName", {}).get(name, {}):
                raise Split4mlError(why, where, "use the latency or resource strategy")
            remarks.append(f"{where}: {why}: it has the latency strategy")
        elif (reuse := entry.get("ReuseFactor", 1)) != 1:
            raise Split4mlError(
                f"it has the reuse factor {reuse}, but distributed arithmetic has no multipliers that could be reused",
                where,
                "give it ReuseFactor: 1, or another strategy",
            )
        elif squash(str(entry.get("ConvImplementation", ""))) == "encoded" and kind != "Dense":
            raise Split4mlError(
                "hls4ml has no distributed arithmetic for the encoded implementation of convolutions",
                where,
                "leave ConvImplementation out",
            )
        else:
            needed = True
    if needed:
        require()
    return remarks


def require() -> str:
    """The version of da4ml. Raises Split4mlError if there is none that hls4ml works with."""
    bounds = f"da4ml>={'.'.join(map(str, _OLDEST))},<{'.'.join(map(str, _TOO_NEW))}"
    try:
        found = version("da4ml")
    except PackageNotFoundError:
        raise Split4mlError(
            f"distributed arithmetic needs the package {bounds}, which is not installed", hint=_INSTALL
        ) from None
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdecimal())
    if not _OLDEST <= numbers < _TOO_NEW:
        raise Split4mlError(f"distributed arithmetic needs {bounds}, and there is {found}", hint=_INSTALL)
    return found


@contextlib.contextmanager
def adders_of_rounded_weights() -> Iterator[None]:
    """While it lasts, hls4ml's code for distributed arithmetic is `_generate`'s."""
    from hls4ml.backends.vivado.passes.distributed_arithmetic import DistributedArithmeticCodegen

    original = DistributedArithmeticCodegen.transform
    DistributedArithmeticCodegen.transform = _generate
    try:
        yield
    finally:
        DistributedArithmeticCodegen.transform = original


def regenerate_dense(model: Any) -> None:
    """The calls of Dense layers: hls4ml has no template for them that could be applied again, since it deletes the weights."""
    from hls4ml.backends.vivado.passes.distributed_arithmetic import DALatencyDenseTemplate

    for node in model.graph.values():
        if node.class_name == "Dense" and is_distributed(node):
            for name in _DELETED:
                node.attributes.attributes.setdefault(name, None)
            DALatencyDenseTemplate().transform(model, node)


def _generate(_: Any, model: Any, node: Any) -> None:
    """What hls4ml's `DistributedArithmeticCodegen.transform` does, with rounded weights and inputs of any fixed-point or integer
    type."""
    from hls4ml.model.types import Source

    where = f"layer {node.name}"
    rounded = {}
    for role, kept in KEPT_TYPES.items():
        weight = node.weights[role]
        precision = _type_of(weight, role, where)
        weight.data = constants(np.asarray(weight.data, np.float64), precision)
        node.set_attr(kept, str(precision))
        rounded[role] = weight.data
    data = _type_of(node.get_input_variable(), "data", where)
    matrix = rounded["weight"].reshape(-1, rounded["weight"].shape[-1])
    node.set_attr(CODE, Source(_code(int(node.index), matrix, rounded["bias"].ravel(), data, where)))


def _type_of(variable: Any, role: str, where: str) -> Precision:
    from split4ml.backends.hls4ml.view import precision_of

    name = type(variable.type.precision).__name__
    if "Fixed" not in name and "Integer" not in name:  # bits that mean ±1, powers of two
        raise Split4mlError(
            f"its {role} is {variable.type.precision} ({name}), and distributed arithmetic takes fixed-point types and integers",
            where,
            "use the latency or resource strategy",
        )
    return precision_of(variable.type.precision, f"{where}, {role}")


def _code(index: int, weight: Floats, bias: Floats, data: Precision, where: str) -> str:
    """weight: [inputs, outputs]. data: the type of the inputs."""
    depth = _depth()
    key = sha256(
        repr((require(), depth, index, weight.shape, data.width, data.integer, data.signed)).encode()
    )
    for array in (weight, bias):
        key.update(np.ascontiguousarray(array).tobytes())
    cache = ContentCache(cache_folder("adders"), ".h")
    known = cache.get(key.hexdigest())
    code = known.decode() if known is not None else _optimised(index, weight, bias, data, depth)
    found = read_adders(code, where)
    if found.index != index or not (
        np.array_equal(found.weight, weight) and np.array_equal(found.bias, bias)
    ):
        raise Split4mlError("the code that da4ml made for it computes something else", where)
    if known is None:
        cache.put(key.hexdigest(), code.encode())
        cache.prune(_LIMIT)
    return code


def _depth() -> int:
    text = os.environ.get(_DEPTH, "2")
    if not re.fullmatch(r"-?\d{1,9}", text):
        raise Split4mlError(f"the environment variable {_DEPTH} is {text!r}, which is no number")
    return int(text)


def _optimised(index: int, weight: Floats, bias: Floats, data: Precision, depth: int) -> str:
    """As hls4ml calls da4ml (hls4ml 1.3, `distributed_arithmetic.py`)."""
    from da4ml.codegen.hls import hls_logic_and_bridge_gen
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace
    from hls4ml.backends.vivado.passes.distributed_arithmetic import add_kernel_wrapper

    n_in, n_out = weight.shape
    bits = (int(data.signed), data.integer - int(data.signed), data.fraction)
    inputs = FixedVariableArray.from_kif(
        *(np.full(n_in, count, np.int16) for count in bits),
        HWConfig(1, -1, -1),
        solver_options={"hard_dc": depth, "search_all_decompose_dc": True},
    )
    logic = comb_trace(inputs, inputs @ weight + bias)
    code, _ = hls_logic_and_bridge_gen(
        logic, f"dense_da_{index}", "vitis", pragmas=["#pragma HLS INLINE"], print_latency=True
    )
    return f"{code}\n\n{add_kernel_wrapper(index, n_in, n_out)}"


def adders_of(node: Any, size: tuple[int, int] | None) -> Adders | None:
    """What a layer's code computes; None for a layer without distributed arithmetic. size: (inputs, outputs) of its product."""
    if not is_distributed(node):
        return None
    found = read_adders(str(node.get_attr(CODE)), f"layer {node.name}")
    if size is not None and found.weight.shape != size:
        raise Split4mlError(
            f"its code for distributed arithmetic has {found.weight.shape[0]} inputs and {found.weight.shape[1]} outputs, and its "
            f"product {size[0]} and {size[1]}",
            f"layer {node.name}",
        )
    return found


def kept_types(node: Any) -> dict[str, Precision]:
    """The types that the weights were rounded to, by role; none if hls4ml built the graph."""
    texts = {role: node.get_attr(name) for role, name in KEPT_TYPES.items()}
    try:
        return {role: Precision.parse(text) for role, text in texts.items() if text is not None}
    except (ValueError, TypeError) as error:
        raise Split4mlError(f"the type of its weights is wrong: {error}", f"layer {node.name}") from None


def narrowest(values: Floats) -> Precision:
    """A signed type that just holds all values, as far as there are bits for it."""
    if not np.any(values):
        return Precision(1, 1)
    integer = int(np.frexp(np.abs(values).max())[1]) + 1
    fraction = -int(np.log2(common_unit(values)))
    return Precision(min(integer + fraction, MAX_BITS), integer)
