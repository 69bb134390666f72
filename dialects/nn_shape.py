"""Shapes of tensor operators, as plain integers. Every function raises ValueError with a whole sentence."""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]


def windows(
    spatial: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
) -> Shape:
    """How many windows fit along each spatial axis.

    pads: all begins, then all ends, as in ONNX: [top, left, bottom, right].
    """
    rank = len(spatial)
    for what, values, count, least in (
        ("kernel sizes", kernel, rank, 1),
        ("strides", strides, rank, 1),
        ("pads", pads, 2 * rank, 0),
        ("dilations", dilations, rank, 1),
    ):
        if len(values) != count:
            raise ValueError(f"{rank} spatial axes need {count} {what}, not {len(values)}.")
        if any(value < least for value in values):
            raise ValueError(f"{what} must be at least {least}, not {list(values)}.")
    out = []
    for axis, size in enumerate(spatial):
        padded = size + pads[axis] + pads[rank + axis]
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        if reach > padded:
            raise ValueError(
                f"The window spans {reach} elements along spatial axis {axis}, but the padded input has {padded}."
            )
        out.append((padded - reach) // strides[axis] + 1)
    return tuple(out)


def split(shape: Shape, channels_last: bool) -> tuple[int, Shape]:
    """The channels and the spatial extent of a tensor of 1 or 2 spatial axes."""
    if len(shape) not in (2, 3):
        raise ValueError(f"The data needs channels and 1 or 2 spatial axes, but has shape {list(shape)}.")
    return (shape[-1], shape[:-1]) if channels_last else (shape[0], shape[1:])


def join(channels: int, spatial: Shape, channels_last: bool) -> Shape:
    """The inverse of `split`."""
    return (*spatial, channels) if channels_last else (channels, *spatial)


def convolution(
    data: Shape,
    weight: Shape,
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    group: int,
    channels_last: bool,
) -> Shape:
    """weight: output channels x input channels per group x kernel, whatever the layout of the data."""
    channels, spatial = split(data, channels_last)
    if len(weight) != len(data) + 1:
        raise ValueError(
            f"Data of rank {len(data)} needs a weight of rank {len(data) + 1}, not {len(weight)}."
        )
    filters, per_group, *kernel = weight
    if group < 1 or filters % group:
        raise ValueError(f"The {filters} filters do not divide into {group} groups.")
    if per_group * group != channels:
        raise ValueError(
            f"{group} groups of {per_group} weight channels need {per_group * group} input channels,"
            f" but the data has {channels}."
        )
    return join(filters, windows(spatial, kernel, strides, pads, dilations), channels_last)


def pooling(
    data: Shape, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], channels_last: bool
) -> Shape:
    channels, spatial = split(data, channels_last)
    rank = len(spatial)
    out = windows(spatial, kernel, strides, pads, [1] * rank)
    if any(pads[axis % rank] >= kernel[axis % rank] for axis in range(2 * rank)):
        raise ValueError(
            f"Pads {list(pads)} leave a window of {list(kernel)} without any element of the data."
        )
    return join(channels, out, channels_last)


def broadcast(left: Shape, right: Shape) -> Shape:
    """Multidirectional broadcasting, as in numpy and ONNX."""
    rank = max(len(left), len(right))
    out = []
    for a, b in zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True):
        if a != b and 1 not in (a, b):
            raise ValueError(f"Shapes {list(left)} and {list(right)} do not broadcast.")
        out.append(max(a, b))
    return tuple(out)


def dense(data: Shape, weight: Shape) -> Shape:
    """weight: inputs x outputs; contracts the last axis of the data."""
    if len(weight) != 2:
        raise ValueError(f"A dense layer needs a weight of inputs x outputs, not of shape {list(weight)}.")
    if not data or data[-1] != weight[0]:
        raise ValueError(f"A weight of {weight[0]} inputs does not fit data of shape {list(data)}.")
    return (*data[:-1], weight[1])


def concatenation(shapes: Sequence[Shape], axis: int) -> Shape:
    first = shapes[0]
    check_axis(axis, len(first))
    for shape in shapes[1:]:
        if len(shape) != len(first) or shape[:axis] != first[:axis] or shape[axis + 1 :] != first[axis + 1 :]:
            raise ValueError(f"Shapes {list(first)} and {list(shape)} differ beside axis {axis}.")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def permutation(data: Shape, order: Sequence[int]) -> Shape:
    if sorted(order) != list(range(len(data))):
        raise ValueError(f"{list(order)} is no permutation of the {len(data)} axes of the data.")
    return tuple(data[axis] for axis in order)


def reduction(data: Shape, axes: Sequence[int], keep: bool) -> Shape:
    for axis in axes:
        check_axis(axis, len(data))
    if not axes or list(axes) != sorted(set(axes)):
        raise ValueError(f"Axes must be given once each, in increasing order, not as {list(axes)}.")
    kept = (1 if axis in axes else size for axis, size in enumerate(data))
    return tuple(size for axis, size in enumerate(kept) if keep or axis not in axes)


def padded(data: Shape, pads: Sequence[int]) -> Shape:
    """pads: before each axis, then after each."""
    rank = len(data)
    if len(pads) != 2 * rank or any(pad < 0 for pad in pads):
        raise ValueError(f"{rank} axes need {2 * rank} pads of at least 0, not {list(pads)}.")
    return tuple(size + pads[axis] + pads[rank + axis] for axis, size in enumerate(data))


def repetition(data: Shape, scales: Sequence[int], channels_last: bool) -> Shape:
    channels, spatial = split(data, channels_last)
    if len(scales) != len(spatial) or any(scale < 1 for scale in scales):
        raise ValueError(
            f"{len(spatial)} spatial axes need {len(spatial)} scales of at least 1, not {list(scales)}."
        )
    wide = tuple(size * scale for size, scale in zip(spatial, scales, strict=True))
    return join(channels, wide, channels_last)


def check_axis(axis: int, rank: int) -> None:
    if not 0 <= axis < rank:
        raise ValueError(f"Axis {axis} is none of the {rank} axes of the data.")


def sliced(data: Shape, starts: Sequence[int], ends: Sequence[int], steps: Sequence[int]) -> Shape:
    """Elements `starts` to before `ends`, every `steps`-th, of every axis."""
    rank = len(data)
    if not len(starts) == len(ends) == len(steps) == rank:
        raise ValueError(f"{rank} axes need {rank} starts, ends and steps.")
    for axis, size in enumerate(data):
        if not 0 <= starts[axis] < ends[axis] <= size or steps[axis] < 1:
            raise ValueError(
                f"Elements {starts[axis]} to {ends[axis]} by {steps[axis]} are no part of axis {axis}, which has {size}."
            )
    return tuple((ends[axis] - starts[axis] - 1) // steps[axis] + 1 for axis in range(rank))


def transposed_convolution(
    data: Shape,
    weight: Shape,
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    channels_last: bool,
) -> Shape:
    """weight: output channels x input channels x kernel. pads: those behind may be negative."""
    channels, spatial = split(data, channels_last)
    rank = len(spatial)
    if len(weight) != rank + 2 or weight[1] != channels:
        raise ValueError(
            f"Data of {channels} channels and {rank} spatial axes does not fit a weight of shape {list(weight)}."
        )
    if len(strides) != rank or len(pads) != 2 * rank or len(dilations) != rank:
        raise ValueError(f"{rank} spatial axes need {rank} strides and dilations, and {2 * rank} pads.")
    if min(*strides, *dilations) < 1 or min(pads[:rank]) < 0:
        raise ValueError("Strides and dilations must be at least 1, and the pads before at least 0.")
    out = tuple(
        (size - 1) * strides[axis]
        + (weight[2 + axis] - 1) * dilations[axis]
        + 1
        - pads[axis]
        - pads[rank + axis]
        for axis, size in enumerate(spatial)
    )
    if min(out) < 1:
        raise ValueError(f"Pads of {list(pads)} leave nothing of the result.")
    return join(weight[0], out, channels_last)
