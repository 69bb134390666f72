"""The `nn` dialect: a trained network as tensors, whatever framework it came from.

Every tensor is of one frame: the batch axis of the user's model is gone. Data is channels-first as in ONNX until
the pass `channels-last`; operators that tell channels from space then say `channels_last`. Weights keep one form
whatever the layout (convolution: output x input/group x kernel, dense: inputs x outputs) and are constants that
name a blob by its digest. See docs/dialects/nn.md.
"""

from __future__ import annotations

import re

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Dialect, Operation, Region, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.traits import HasParent, IsolatedFromAbove, NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects.nn_base import (
    END,
    INTEGERS,
    TENSOR,
    NamedOp,
    TensorOp,
    check_name,
    check_tensor,
    check_text,
    integer,
    integers,
    numbers,
    origin,
    shape_of,
    tensor,
)
from split4ml.dialects.nn_binary import (
    AddOp,
    AverageOp,
    BinaryOp,
    MaximumOp,
    MinimumOp,
    MultiplyOp,
    PReluOp,
    SubtractOp,
)
from split4ml.dialects.nn_elementwise import (
    ElementwiseOp,
    EluOp,
    IdentityOp,
    LeakyReluOp,
    ReluOp,
    SeluOp,
    SigmoidOp,
    SlopedOp,
    SoftmaxOp,
    SoftplusOp,
    SoftsignOp,
    TanhOp,
    ThresholdedReluOp,
)
from split4ml.dialects.nn_embedding import EmbeddingOp
from split4ml.dialects.nn_linear import BatchNormOp, ConvOp, DenseOp
from split4ml.dialects.nn_normalising import LocalResponseNormOp
from split4ml.dialects.nn_pooling import (
    AveragePoolOp,
    GlobalAveragePoolOp,
    GlobalMaxPoolOp,
    GlobalPoolOp,
    MaxPoolOp,
    PoolOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceOp,
    ReduceSumOp,
)
from split4ml.dialects.nn_quantize import BipolarOp, QuantizeOp
from split4ml.dialects.nn_recurrent import GruOp, LstmOp, RecurrentOp, RnnOp
from split4ml.dialects.nn_resampling import PadOp, UpsampleOp
from split4ml.dialects.nn_shape import Shape
from split4ml.dialects.nn_shaping import ConcatOp, ExpandOp, FlattenOp, ReshapeOp, SliceOp, TransposeOp
from split4ml.dialects.nn_transposed import ConvTransposeOp

__all__ = [
    "NN",
    "AddOp",
    "AverageOp",
    "AveragePoolOp",
    "BatchNormOp",
    "BinaryOp",
    "BipolarOp",
    "ConcatOp",
    "ConstantOp",
    "ConvOp",
    "ConvTransposeOp",
    "DenseOp",
    "ElementwiseOp",
    "EluOp",
    "EmbeddingOp",
    "ExpandOp",
    "FlattenOp",
    "GlobalAveragePoolOp",
    "GlobalMaxPoolOp",
    "GlobalPoolOp",
    "GruOp",
    "IdentityOp",
    "InputOp",
    "LeakyReluOp",
    "LocalResponseNormOp",
    "LstmOp",
    "MaxPoolOp",
    "MaximumOp",
    "MinimumOp",
    "ModelOp",
    "MultiplyOp",
    "NamedOp",
    "OutputOp",
    "PReluOp",
    "PadOp",
    "PoolOp",
    "QuantizeOp",
    "RecurrentOp",
    "ReduceMaxOp",
    "ReduceMeanOp",
    "ReduceOp",
    "ReduceSumOp",
    "ReluOp",
    "ReshapeOp",
    "RnnOp",
    "SeluOp",
    "Shape",
    "SigmoidOp",
    "SliceOp",
    "SlopedOp",
    "SoftmaxOp",
    "SoftplusOp",
    "SoftsignOp",
    "SubtractOp",
    "TanhOp",
    "TensorOp",
    "ThresholdedReluOp",
    "TransposeOp",
    "UpsampleOp",
    "integer",
    "integers",
    "numbers",
    "origin",
    "shape_of",
    "tensor",
]

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""A blob's name: the digest of its bytes."""


@irdl_op_definition
class ModelOp(NamedOp):
    """A network: its inputs, constants and operators in an order of execution, and its outputs."""

    name = "nn.model"
    body = region_def("single_block")

    assembly_format = "$sym_name attr-dict-with-keyword $body"
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(IsolatedFromAbove(), NoTerminator())

    def __init__(self, name: str) -> None:
        super().__init__(properties={"sym_name": StringAttr(name)}, regions=[Region(Block())])

    @property
    def block(self) -> Block:
        return self.body.block

    @property
    def inputs(self) -> list[InputOp]:
        return [op for op in self.block.ops if isinstance(op, InputOp)]

    @property
    def outputs(self) -> list[OutputOp]:
        return [op for op in self.block.ops if isinstance(op, OutputOp)]

    def verify_(self) -> None:
        check_name(self.symbol)
        seen: dict[str, str] = {}
        sources: set[tuple[type[Operation], str]] = set()
        for op in self.block.ops:
            if not isinstance(op, (TensorOp, OutputOp)):
                raise VerifyException(f"@{self.symbol}: {op.name} does not belong into an nn.model.")
            if (other := seen.get(op.symbol.lower())) is not None:
                raise VerifyException(f"@{self.symbol}: the name @{op.symbol} is taken by @{other} already.")
            seen[op.symbol.lower()] = op.symbol
            if isinstance(op, (InputOp, OutputOp)):
                if (key := (type(op), op.source.data)) in sources:
                    raise VerifyException(f"@{op.symbol}: another {op.name} is of {op.source.data!r} too.")
                sources.add(key)
        if not self.inputs or not self.outputs:
            raise VerifyException(f"@{self.symbol}: a model needs at least one nn.input and one nn.output.")


def _check_order(symbol: str, order: Shape, shape: Shape) -> None:
    if not order and shape == (1,):  # one number of a tensor without axes: streams carry at least one
        return
    if sorted(order) != list(range(len(shape))):
        raise VerifyException(f"@{symbol}: order {list(order)} is no permutation of {len(shape)} axes.")


@irdl_op_definition
class InputOp(TensorOp):
    """Data from outside: the tensor `source` of the user's model, without its batch axis.

    order: the axes of the user's tensor as they stand here; `[1, 2, 0]` if CxHxW of the user is HxWxC here, `[]` if the user's
    tensor has no axes, but one number a frame, which is a vector of one here.
    """

    name = "nn.input"
    source = prop_def(StringAttr)
    order = opt_prop_def(INTEGERS)

    assembly_format = "$sym_name `of` $source (`order` $order^)? " + END + "type($result)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(ModelOp),))

    def __init__(self, name: str, source: str, shape: Shape) -> None:
        super().__init__(
            properties={"sym_name": StringAttr(name), "source": StringAttr(source)},
            result_types=[tensor(shape)],
        )

    @property
    def axes(self) -> Shape:
        """`order`, spelled out if absent."""
        return numbers(self.order) if self.order is not None else tuple(range(len(self.shape)))

    def result_shape(self) -> Shape:
        return self.shape

    def verify_(self) -> None:
        super().verify_()
        check_text(self.source.data, self.symbol)
        _check_order(self.symbol, self.axes, self.shape)


@irdl_op_definition
class OutputOp(NamedOp):
    """Data that leaves: the tensor `source` of the user's model, without its batch axis; `order` as in `nn.input`."""

    name = "nn.output"
    source = prop_def(StringAttr)
    order = opt_prop_def(INTEGERS)
    data = operand_def(TENSOR)

    assembly_format = "$sym_name $data `of` $source (`order` $order^)? attr-dict `:` type($data)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(ModelOp),))

    def __init__(self, name: str, source: str, data: SSAValue) -> None:
        super().__init__(
            operands=[data], properties={"sym_name": StringAttr(name), "source": StringAttr(source)}
        )

    @property
    def axes(self) -> Shape:
        """`order`, spelled out if absent."""
        return numbers(self.order) if self.order is not None else tuple(range(len(shape_of(self.data))))

    def verify_(self) -> None:
        check_name(self.symbol)
        check_text(self.source.data, self.symbol)
        check_tensor(self.data, f"@{self.symbol}: the output")
        _check_order(self.symbol, self.axes, shape_of(self.data))


@irdl_op_definition
class ConstantOp(TensorOp):
    """Weights: `blob` is `sha256:` and the digest of a .npy file that the weight store holds."""

    name = "nn.constant"
    blob = prop_def(StringAttr)

    assembly_format = "$sym_name $blob " + END + "type($result)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, blob: str, shape: Shape) -> None:
        super().__init__(
            properties={"sym_name": StringAttr(name), "blob": StringAttr(blob)}, result_types=[tensor(shape)]
        )

    def result_shape(self) -> Shape:
        return self.shape

    def verify_(self) -> None:
        super().verify_()
        if DIGEST.fullmatch(self.blob.data) is None:
            raise VerifyException(
                f"@{self.symbol}: {self.blob.data!r} names no blob; it should be sha256: and 64 hexadecimal digits."
            )


NN = Dialect(
    "nn",
    [
        ModelOp,
        InputOp,
        OutputOp,
        ConstantOp,
        ConvOp,
        ConvTransposeOp,
        DenseOp,
        BatchNormOp,
        LocalResponseNormOp,
        EmbeddingOp,
        LstmOp,
        GruOp,
        RnnOp,
        IdentityOp,
        ReluOp,
        LeakyReluOp,
        EluOp,
        SeluOp,
        ThresholdedReluOp,
        SigmoidOp,
        TanhOp,
        SoftplusOp,
        SoftsignOp,
        SoftmaxOp,
        QuantizeOp,
        BipolarOp,
        AddOp,
        SubtractOp,
        MultiplyOp,
        MaximumOp,
        MinimumOp,
        AverageOp,
        PReluOp,
        MaxPoolOp,
        AveragePoolOp,
        GlobalAveragePoolOp,
        GlobalMaxPoolOp,
        ReduceMeanOp,
        ReduceMaxOp,
        ReduceSumOp,
        PadOp,
        UpsampleOp,
        ReshapeOp,
        FlattenOp,
        TransposeOp,
        ConcatOp,
        SliceOp,
        ExpandOp,
    ],
)
