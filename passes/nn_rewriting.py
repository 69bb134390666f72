"""What passes on `nn` share: weights as arrays, new constants, new names, merged origins."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import Names
from split4ml.passes.weights import WeightStore

Doubles = npt.NDArray[np.float64]


def models(module: ModuleOp) -> list[nn.ModelOp]:
    """The models that a pass is to change."""
    found = [op for op in module.ops if isinstance(op, nn.ModelOp)]
    for model in found:
        _NAMES.pop(model.block, None)
    return found


def is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, nn.ConstantOp)


def is_quantised(model: nn.ModelOp) -> bool:
    """Whether anything in a model has the element type of a quantiser."""
    return any(
        isinstance(op, nn.QuantizeOp | nn.BipolarOp)
        or (isinstance(op, nn.ConstantOp) and op.types is not None)
        for op in model.block.ops
    )


def array_of(value: SSAValue, weights: WeightStore) -> Doubles | None:
    """The elements of a constant in double precision; None if the value is no constant."""
    if not isinstance(value.owner, nn.ConstantOp):
        return None
    array = weights.get(value.owner.blob.data).astype(np.float64)
    if array.shape != nn.shape_of(value):
        raise Split4mlError(
            f"blob {value.owner.blob.data} holds an array of shape {list(array.shape)},"
            f" but the constant says {list(nn.shape_of(value))}",
            where=f"@{value.owner.symbol}",
        )
    return array


_NAMES: WeakKeyDictionary[Block, Names] = WeakKeyDictionary()
"""Names in the models of the pass that is running, those of ops it removed included: `models` forgets what was before."""


def fresh_name(at: Operation, text: str) -> str:
    """A legal name near to `text` that nothing in the model around `at` has."""
    block = at.parent
    assert block is not None
    if block not in _NAMES:
        _NAMES[block] = Names(op.symbol for op in block.ops if isinstance(op, nn.NamedOp))
    return _NAMES[block].new(text)


def constant(before: Operation, text: str, array: npt.NDArray[np.floating], weights: WeightStore) -> SSAValue:
    """A new constant with a name near to `text`, inserted before an op."""
    op = nn.ConstantOp(fresh_name(before, text), weights.put(array), array.shape)
    op.result.name_hint = op.symbol
    block = before.parent
    assert block is not None
    block.insert_op_before(op, before)
    return op.result


def changed(
    old: SSAValue, before: Operation, array: npt.NDArray[np.floating], weights: WeightStore
) -> SSAValue:
    """A constant with other elements: the old one itself if `before` is its only user, else a new one."""
    assert isinstance(old.owner, nn.ConstantOp)
    if {use.operation for use in old.uses} != {before}:
        return constant(before, old.owner.symbol, array, weights)
    op = nn.ConstantOp(old.owner.symbol, weights.put(array), array.shape)
    op.result.name_hint = op.symbol
    block = before.parent
    assert block is not None
    block.insert_op_before(op, old.owner)
    old.replace_all_uses_with(op.result)
    block.erase_op(old.owner)
    return op.result


def only_user(value: SSAValue) -> Operation | None:
    """The op that alone uses a value, once."""
    uses = list(value.uses)
    return uses[0].operation if len(uses) == 1 else None


def replace(old: nn.TensorOp, new: nn.TensorOp) -> None:
    """Puts `new` where `old` is, under the name that `new` has."""
    block = old.parent
    assert block is not None
    new.result.name_hint = new.symbol
    block.insert_op_before(new, old)
    forward(old, new.result)


def forward(old: nn.TensorOp, value: SSAValue) -> None:
    """Removes `old`; its users take `value`."""
    old.result.replace_all_uses_with(value)
    assert old.parent is not None
    old.parent.erase_op(old)
