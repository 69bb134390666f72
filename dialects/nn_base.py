"""What every operator of `nn` shares: a name, its origin in the user's model, and a result of known shape."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import prod

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    Float32Type,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    TensorType,
    UnitAttr,
    f32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, opt_prop_def, prop_def, result_def
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects.names import is_legal
from split4ml.dialects.nn_shape import Shape
from split4ml.dialects.precision import TYPED, Precision

Tensor = TensorType[Float32Type]
TENSOR = TensorType.constr(Float32Type())
INTEGERS = DenseArrayBase.constr(i64)


MAX_ELEMENTS = 1 << 28
"""Elements of the largest tensor: beyond what any FPGA holds, and within what a pass can handle."""


def tensor(shape: Sequence[int]) -> Tensor:
    """`tensor<…xf32>` of a static shape."""
    return TensorType(f32, shape)


def integers(values: Sequence[int]) -> DenseArrayBase:
    return DenseArrayBase.from_list(i64, values)


def numbers(values: Attribute) -> Shape:
    """The inverse of `integers`."""
    assert isinstance(values, DenseArrayBase)
    return tuple(int(value) for value in values.get_values())


def unless_ones(factors: Sequence[int]) -> DenseArrayBase | None:
    """A property of factors that are 1 unless stated: absent if all are."""
    return integers(factors) if any(factor != 1 for factor in factors) else None


def or_ones(factors: DenseArrayBase | None, count: int) -> Shape:
    """The inverse of `unless_ones`."""
    return numbers(factors) if factors is not None else (1,) * count


END = "(`types` $types^)? (`onnx` $onnx^)? attr-dict `:` "
"""The tail of every operator's assembly, before its types."""


def integer(value: int) -> IntegerAttr[I64]:
    return IntegerAttr(value, 64)


def unit(value: bool) -> UnitAttr | None:
    return UnitAttr() if value else None


def origin(names: Sequence[str]) -> ArrayAttr[StringAttr] | None:
    """The property `onnx`, absent without names."""
    return ArrayAttr([StringAttr(value) for value in names]) if names else None


def typed(types: Mapping[str, Precision]) -> DictionaryAttr | None:
    """The property `types`, absent if there are none."""
    return (
        DictionaryAttr({key: StringAttr(str(types[key])) for key in TYPED if key in types}) if types else None
    )


def check_types(types: DictionaryAttr) -> None:
    """Raises VerifyException for a type of nothing known, or one that does not parse."""
    for key, value in types.data.items():
        if key not in TYPED:
            raise VerifyException(f"the element type of {key!r} is stated, but there are {', '.join(TYPED)}.")
        if not isinstance(value, StringAttr):
            raise VerifyException(f"the element type of its {key} is {value}, not a string.")
        try:
            Precision.parse(value.data)
        except ValueError as error:
            raise VerifyException(f"the element type of its {key}: {error}.") from None


def _type_text(value: Attribute) -> str:
    assert isinstance(value, StringAttr)
    return value.data


def shape_of(value: SSAValue) -> Shape:
    """The shape of a tensor value."""
    assert isinstance(value.type, TensorType)
    return tuple(value.type.get_shape())


def check_tensor(value: SSAValue, what: str) -> None:
    """Raises VerifyException unless every extent is static and at least 1."""
    shape = shape_of(value)
    if any(size < 1 for size in shape):
        shown = "x".join("?" if size < 0 else str(size) for size in shape)
        raise VerifyException(f"{what} has shape {shown}, but every extent must be static and at least 1.")
    if prod(shape) > MAX_ELEMENTS:
        raise VerifyException(f"{what} has {prod(shape)} elements, but at most {MAX_ELEMENTS} are supported.")


def check_vector(value: SSAValue | None, what: str, length: int) -> None:
    """Raises ValueError if there is a value, and it has not one axis of this length."""
    if value is not None and shape_of(value) != (length,):
        raise ValueError(f"The {what} should have shape [{length}], not {list(shape_of(value))}.")


def check_name(name: str) -> None:
    if not is_legal(name):
        raise VerifyException(
            f"{name!r} is no legal name: it must be a C identifier of at most 64 characters that no language or tool"
            " reserves."
        )


def check_text(text: str, symbol: str) -> None:
    """xDSL prints other characters as bytes, which do not parse back as text."""
    if not text.isascii():
        raise VerifyException(f"@{symbol}: {text!r} is not ASCII, and would not survive as text of the IR.")


def check_number(value: float, what: str) -> None:
    """Raises ValueError for what no network means, and what xDSL prints in a form that it does not parse here."""
    if not abs(value) <= 1000:
        raise ValueError(f"The {what} must be between -1000 and 1000, not {value}.")


class NamedOp(IRDLOperation):
    """An op with a name that is unique in the model and legal in every language we emit."""

    sym_name = prop_def(SymbolNameConstraint())

    @property
    def symbol(self) -> str:
        return self.sym_name.data


class TensorOp(NamedOp):
    """An op with one tensor as result.

    onnx: names of the nodes in the user's model that it computes; several after fusion, none if a pass made it.
    types: the element types that hardware is to have, by what they are of (`TYPED`); those absent are the configuration's.
    part_of: the layer of which a pass made it; what a user configures for that one holds for it, but for precisions.
    """

    types = opt_prop_def(DictionaryAttr)
    onnx = opt_prop_def(ArrayAttr[StringAttr])
    part_of = opt_prop_def(StringAttr)
    result = result_def(TENSOR)

    @property
    def element_types(self) -> dict[str, Precision]:
        """The property `types` as values."""
        return (
            {key: Precision.parse(_type_text(value)) for key, value in self.types.data.items()}
            if self.types
            else {}
        )

    @property
    def onnx_names(self) -> tuple[str, ...]:
        return tuple(name.data for name in self.onnx) if self.onnx is not None else ()

    @property
    def shape(self) -> Shape:
        """The shape of the result."""
        return shape_of(self.result)

    @abstractmethod
    def result_shape(self) -> Shape:
        """The shape that the operands and properties demand. Raises ValueError with a whole sentence."""

    def verify_(self) -> None:
        check_name(self.symbol)
        if self.part_of is not None:
            check_name(self.part_of.data)
        for name in self.onnx_names:
            check_text(name, self.symbol)
        if self.types is not None:
            try:
                check_types(self.types)
            except VerifyException as error:
                raise VerifyException(f"@{self.symbol}: {error}") from None
        for index, operand in enumerate(self.operands):
            check_tensor(operand, f"@{self.symbol}: operand {index}")
        check_tensor(self.result, f"@{self.symbol}: the result")
        try:
            expected = self.result_shape()
        except ValueError as error:
            raise VerifyException(f"@{self.symbol}: {error}") from None
        if self.shape != expected:
            raise VerifyException(
                f"@{self.symbol}: the result has shape {list(self.shape)}, but the operands give {list(expected)}."
            )
