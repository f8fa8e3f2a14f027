"""Around windows: zeros before and after, reversed axes, the band of a correlation, channels.

Source: Dumoulin, Visin, A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import (
    Arithmetic,
    ArrayOperation,
    Dims,
    Index,
    Operand,
    Option,
    size_words,
)
from stepsolve.operations.frames import correlation_frame

_GUIDE = "Dumoulin, Visin, A guide to convolution arithmetic for deep learning (2016), "
_STRIDES = ("stride", "dilation")


def _padding(a: Dims, amounts: tuple[int, ...]) -> list[tuple[int, int]]:
    """Before and after, for every axis."""
    if len(amounts) % 2 or len(amounts) > 2 * len(a):
        told = "pad takes two numbers for each of the last axes: before and after"
        raise ShapeError(told, "pad(x, 1, 2) for a vector x")
    if min(amounts) < 0:
        raise ShapeError("padding is at least 0")
    pairs = list(zip(amounts[::2], amounts[1::2], strict=True))
    return [(0, 0)] * (len(a) - len(pairs)) + pairs


def _padded(a: Dims, *amounts: int) -> Dims:
    return tuple(n + sum(p) for n, p in zip(a, _padding(a, amounts), strict=True))


def _pad_entry(ring: Arithmetic, index: Index, a: Operand, *amounts: int) -> Any:
    at = tuple(k - p[0] for k, p in zip(index, _padding(a.dims, amounts), strict=True))
    within = all(0 <= k < n for k, n in zip(at, a.dims, strict=True))
    return a[at] if within else ring.number(0)


def _pad_gradient(a: Dims, *amounts: int) -> tuple[str]:
    pairs = zip(a, _padding(a, amounts), strict=True)
    return (f"g[{', '.join(f'{p[0]}:{p[0] + n}' if sum(p) else ':' for n, p in pairs)}]",)


def _flipped_axes(a: Dims, count: int | None) -> tuple[int, ...]:
    if count is not None and not 0 < count <= len(a):
        raise ShapeError(f"#1 {size_words(a)}, so {count} of its axes cannot be flipped")
    return tuple(range(len(a) - (len(a) if count is None else count), len(a)))


def _flip_shape(a: Dims, count: int | None = None) -> Dims:
    _flipped_axes(a, count)
    return a


def _flip_entry(ring: Arithmetic, index: Index, a: Operand, count: int | None = None) -> Any:
    axes = _flipped_axes(a.dims, count)
    return a[tuple(a.dims[k] - 1 - i if k in axes else i for k, i in enumerate(index))]


def _band(a: Dims, size: int, **settings: Option) -> Dims:
    if len(a) != 1:
        raise ShapeError(f"a vector belongs here, but #1 {size_words(a)}")
    return (*correlation_frame((size,), a, settings).windows, size)


def _banded(a: Any, size: int, **settings: Option) -> Any:
    frame = correlation_frame((size,), np.shape(a), settings)
    found = np.zeros((*frame.windows, size))
    rows = np.arange(frame.windows[0])
    for k, weight in enumerate(a):
        found[rows, rows * frame.stride[0] + k * frame.dilation[0]] = weight
    return found


def _banded_entry(ring: Arithmetic, index: Index, a: Operand, size: int, **settings: Option) -> Any:
    frame = correlation_frame((size,), a.dims, settings)
    tap, rest = divmod(index[1] - index[0] * frame.stride[0], frame.dilation[0])
    return ring.number(0) if rest or not 0 <= tap < a.dims[0] else a[(tap,)]


def _banded_gradient(a: Dims, size: int, **settings: Option) -> tuple[str]:
    rows = _band(a, size, **settings)[0]
    frame = correlation_frame((size,), a, settings)
    one = f"correlate_kernel(g, eye({rows}), {a[0]}{frame.settings}, groups={rows})"
    return (f"reshape(sum({one}, axis=0), {a[0]})",)


def _channels(a: Dims, *sizes: int) -> Dims:
    if len(a) != 1:
        raise ShapeError(f"a vector belongs here, but #1 {size_words(a)}")
    return (*a, *sizes)


ROWS = (
    ArrayOperation(
        "pad",
        shape=_padded,
        numpy=lambda a, *amounts: np.pad(a, _padding(np.shape(a), amounts)),
        entry=_pad_entry,
        gradient=_pad_gradient,
        arity=(3, 9),
        whole=1,
        description="zeros before and after, along the last axes: pad(x, 1, 2) for a vector, "
        "pad(X, 1, 1, 0, 2) for a matrix",
        because="the zeros around are constant: what is inside keeps its gradient",
        source=_GUIDE + "2.2",
    ),
    ArrayOperation(
        "flip",
        shape=_flip_shape,
        numpy=lambda a, count=None: np.flip(a, _flipped_axes(np.shape(a), count)),
        entry=_flip_entry,
        gradient=lambda a, count=None: ("flip(g)" if count is None else f"flip(g, {count})",),
        arity=(1, 2),
        whole=1,
        description="entries in reverse order along every axis, or along the last ones: flip(w, 2)",
        because="the gradient is flipped back",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 9.1",
    ),
    ArrayOperation(
        "per_channel",
        shape=_channels,
        numpy=lambda a, *sizes: np.broadcast_to(
            np.reshape(a, (-1, *[1] * len(sizes))), (len(a), *sizes)
        ),
        entry=lambda ring, index, a, *sizes: a[index[:1]],
        gradient=lambda a, *sizes: (f"sum(reshape(g, {a[0]}, {prod(sizes)}), axis=1)",),
        arity=(2, 4),
        whole=1,
        description="each entry of a vector all over a channel of given sizes: "
        "per_channel(b, 4, 4)",
        because="a channel adds up the gradients of all its entries",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 9.5",
    ),
    ArrayOperation(
        "banded",
        shape=_band,
        numpy=_banded,
        entry=_banded_entry,
        gradient=_banded_gradient,
        arity=(2, 2),
        whole=1,
        options=_STRIDES,
        description="the matrix of a correlation with a vector: banded(w, 6) @ x is "
        "correlate(x, w) for x with 6 entries",
        because="each weight stands once in every row",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 9.1: Toeplitz matrices",
    ),
)
