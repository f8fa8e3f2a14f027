"""Sliding windows of arrays: correlations and their gradients, padding, pooling's windows.

The last axes of an array are those along which windows slide. Beside a kernel of as many axes a signal
has no channels; beside one of one axis more it is channels × sizes and the kernel outputs × inputs of
a group × sizes. Source: Dumoulin, Visin, A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import (
    Arithmetic,
    ArrayOperation,
    Dims,
    Index,
    Operand,
    Option,
    places,
    size_words,
)
from stepsolve.operations.frames import Frame, correlation_frame, kernel_frame, window_frame

_GUIDE = "Dumoulin, Visin, A guide to convolution arithmetic for deep learning (2016), "
_STRIDES = ("stride", "dilation")
_GROUPED = (*_STRIDES, "groups")
_BECAUSE = "every window gives its gradient, times the other factor of the product"


# ------------------------------------------------------------------------------- correlations


def _correlated(a: Dims, b: Dims, **settings: Option) -> Dims:
    return correlation_frame(a, b, settings).result


def _columns(a: Any, frame: Frame) -> Any:
    """Every window as a column: groups × weights of one output × windows."""
    view = _view(np.reshape(a, (frame.inputs, *frame.signal)), frame)
    axes = len(frame.kernel)
    turned = np.moveaxis(view, range(1 + axes, 1 + 2 * axes), range(1, 1 + axes))
    return turned.reshape(frame.groups, -1, prod(frame.windows))


def _view(a: Any, frame: Frame) -> Any:
    """Leading axes × windows × kernel, without a copy."""
    axes = tuple(range(np.ndim(a) - len(frame.kernel), np.ndim(a)))
    view: Any = sliding_window_view(a, frame.spans, axis=axes)
    picked = [slice(None, None, s) for s in (*frame.stride, *frame.dilation)]
    return view[(..., *picked)]


def _correlate(a: Any, b: Any, **settings: Option) -> Any:
    frame = correlation_frame(np.shape(a), np.shape(b), settings)
    weights = np.reshape(b, (frame.groups, frame.outputs // frame.groups, -1))
    return np.matmul(weights, _columns(a, frame)).reshape(frame.result)


def _correlate_entry(
    ring: Arithmetic, index: Index, a: Operand, b: Operand, **settings: Option
) -> Any:
    frame = correlation_frame(a.dims, b.dims, settings)
    output, window = frame.split(index)
    terms = []
    for channel, inner in frame.inputs_of(output):
        for tap in places(frame.kernel):
            at = frame.channel(channel, frame.under(window, tap))
            terms.append(ring.apply("*", a[at], b[frame.weight(output, inner, tap)]))
    return ring.total(terms)


def _correlate_gradient(a: Dims, b: Dims, **settings: Option) -> tuple[str, str]:
    frame = correlation_frame(a, b, settings)
    said = frame.settings
    signal, kernel = (", ".join(map(str, sizes)) for sizes in (frame.signal, frame.kernel))
    return f"correlate_transposed(g, b, {signal}{said})", f"correlate_kernel(a, g, {kernel}{said})"


def _transposed(a: Dims, b: Dims, *sizes: int, **settings: Option) -> Dims:
    return kernel_frame(a, b, sizes, settings).signal_dims


def _correlate_transposed(a: Any, b: Any, *sizes: int, **settings: Option) -> Any:
    frame = kernel_frame(np.shape(a), np.shape(b), sizes, settings)
    weights = np.reshape(b, (frame.groups, frame.outputs // frame.groups, -1))
    above = np.reshape(a, (frame.groups, frame.outputs // frame.groups, -1))
    columns = np.matmul(np.swapaxes(weights, 1, 2), above)
    shaped = columns.reshape(frame.inputs, *frame.kernel, *frame.windows)
    taps = len(frame.kernel)
    found = np.zeros((frame.inputs, *frame.signal))
    _add_up(found, np.moveaxis(shaped, range(1, 1 + taps), range(-taps, 0)), frame)
    return found.reshape(frame.signal_dims)


def _add_up(found: Any, parts: Any, frame: Frame) -> None:
    """Add windows, leading axes × windows × kernel, where they came from."""
    if prod(frame.windows) < prod(frame.kernel):  # of pooling over the whole there is one
        for window in product(*map(range, frame.windows)):
            ranges = zip(window, frame.kernel, frame.dilation, frame.stride, strict=True)
            area = [slice(p * s, p * s + d * (k - 1) + 1, d) for p, k, d, s in ranges]
            found[(..., *area)] += parts[(..., *window, *[slice(None)] * len(window))]
        return
    for tap in product(*map(range, frame.kernel)):
        stretches = [
            slice(k * d, k * d + s * (p - 1) + 1, s)
            for k, d, s, p in zip(tap, frame.dilation, frame.stride, frame.windows, strict=True)
        ]
        found[(..., *stretches)] += parts[(..., *tap)]


def _transposed_entry(
    ring: Arithmetic, index: Index, a: Operand, b: Operand, *sizes: int, **settings: Option
) -> Any:
    frame = kernel_frame(a.dims, b.dims, sizes, settings)
    channel, place = frame.split(index)
    terms = []
    for output, inner in frame.outputs_of(channel):
        for window, tap in frame.over(place):
            weight = b[frame.weight(output, inner, tap)]
            terms.append(ring.apply("*", a[frame.channel(output, window)], weight))
    return ring.total(terms) if terms else ring.number(0)


def _transposed_gradient(a: Dims, b: Dims, *sizes: int, **settings: Option) -> tuple[str, str]:
    frame = kernel_frame(a, b, sizes, settings)
    kernel = ", ".join(map(str, frame.kernel))
    return f"correlate(g, b{frame.settings})", f"correlate_kernel(g, a, {kernel}{frame.settings})"


def _weights(a: Dims, b: Dims, *sizes: int, **settings: Option) -> Dims:
    return window_frame(a, b, sizes, settings).kernel_dims


def _correlate_kernel(a: Any, b: Any, *sizes: int, **settings: Option) -> Any:
    frame = window_frame(np.shape(a), np.shape(b), sizes, settings)
    above = np.reshape(b, (frame.groups, frame.outputs // frame.groups, -1))
    found = np.matmul(above, np.swapaxes(_columns(a, frame), 1, 2))
    return found.reshape(frame.kernel_dims)


def _kernel_entry(
    ring: Arithmetic, index: Index, a: Operand, b: Operand, *sizes: int, **settings: Option
) -> Any:
    frame = window_frame(a.dims, b.dims, sizes, settings)
    output, inner, tap = frame.split_weight(index)
    channel = frame.outer(output, inner)
    windows = [range(count) for count in frame.windows]
    first = frame.under((0,) * len(tap), tap)
    met = [[p * s + k for p in run] for run, s, k in zip(windows, frame.stride, first, strict=True)]
    pairs = zip(product(*met), product(*windows), strict=True)  # the signal below every window
    return ring.total(
        [
            ring.apply("*", a[frame.channel(channel, at)], b[frame.channel(output, window)])
            for at, window in pairs
        ]
    )


def _kernel_gradient(a: Dims, b: Dims, *sizes: int, **settings: Option) -> tuple[str, str]:
    frame = window_frame(a, b, sizes, settings)
    signal = ", ".join(map(str, frame.signal))
    transposed = f"correlate_transposed(b, g, {signal}{frame.settings})"
    return transposed, f"correlate(a, g{frame.settings})"


# ------------------------------------------------------------------------- windows as they are


def _windows_frame(a: Dims, sizes: tuple[int, ...], settings: dict[str, Option]) -> Frame:
    if len(a) < len(sizes):
        raise ShapeError(f"#1 {size_words(a)}, but a window here has {len(sizes)} axes")
    return correlation_frame(a[len(a) - len(sizes) :], sizes, settings)


def _windowed(a: Dims, *sizes: int, **settings: Option) -> Dims:
    frame = _windows_frame(a, sizes, settings)
    return prod(a[: len(a) - len(sizes)]) * prod(frame.windows), prod(sizes)


def _windows(a: Any, *sizes: int, **settings: Option) -> Any:
    frame = _windows_frame(np.shape(a), sizes, settings)
    return _view(np.asarray(a), frame).reshape(-1, prod(sizes))


def _unravelled(place: int, dims: Dims) -> Index:
    found: list[int] = []
    for size in reversed(dims):
        place, k = divmod(place, size)
        found.insert(0, k)
    return tuple(found)


def _windows_entry(
    ring: Arithmetic, index: Index, a: Operand, *sizes: int, **settings: Option
) -> Any:
    frame = _windows_frame(a.dims, sizes, settings)
    lead = a.dims[: len(a.dims) - len(sizes)]
    where = _unravelled(index[0], (*lead, *frame.windows))
    tap = _unravelled(index[1], sizes)
    return a[*where[: len(lead)], *frame.under(where[len(lead) :], tap)]


def _windows_gradient(a: Dims, *sizes: int, **settings: Option) -> tuple[str]:
    frame = _windows_frame(a, sizes, settings)
    return (f"overlap_add(g, a, {', '.join(map(str, sizes))}{frame.settings})",)


def _overlapped(a: Dims, b: Dims, *sizes: int, **settings: Option) -> Dims:
    wanted = _windowed(b, *sizes, **settings)
    if a != wanted:
        told = f"#1 {size_words(a)}, but #2 has windows of {' × '.join(map(str, wanted))}"
        raise ShapeError(told)
    return b


def _overlap_add(a: Any, b: Any, *sizes: int, **settings: Option) -> Any:
    frame = _windows_frame(np.shape(b), sizes, settings)
    lead = np.shape(b)[: np.ndim(b) - len(sizes)]
    found = np.zeros(np.shape(b))
    _add_up(found, np.reshape(a, (*lead, *frame.windows, *sizes)), frame)
    return found


def _overlap_entry(
    ring: Arithmetic, index: Index, a: Operand, b: Operand, *sizes: int, **settings: Option
) -> Any:
    frame = _windows_frame(b.dims, sizes, settings)
    lead = b.dims[: len(b.dims) - len(sizes)]
    terms = []
    for window, tap in frame.over(index[len(lead) :]):
        row = _ravelled((*index[: len(lead)], *window), (*lead, *frame.windows))
        terms.append(a[row, _ravelled(tap, sizes)])
    return ring.total(terms) if terms else ring.number(0)


def _windows_over_one(a: Dims, b: Dims, *sizes: int, **settings: Option) -> int:
    """In how many windows an entry is, at most."""
    windows = _windows_frame(b, sizes, settings).windows
    return prod(min(size, count) for size, count in zip(sizes, windows, strict=True))


def _ravelled(index: Index, dims: Dims) -> int:
    place = 0
    for k, size in zip(index, dims, strict=True):
        place = place * size + k
    return place


def _overlap_gradient(a: Dims, b: Dims, *sizes: int, **settings: Option) -> tuple[str, str]:
    frame = _windows_frame(b, sizes, settings)
    return f"windows(g, {', '.join(map(str, sizes))}{frame.settings})", ""


ROWS = (
    ArrayOperation(
        "correlate",
        shape=_correlated,
        numpy=_correlate,
        entry=_correlate_entry,
        gradient=_correlate_gradient,
        arity=(2, 2),
        options=_GROUPED,
        terms=lambda a, b, **settings: (
            prod(b[-len(a) + (len(a) < len(b)) :]) * (b[1] if len(a) < len(b) else 1)
        ),
        description="correlation of a signal or image with a kernel, without padding: every "
        "window times the kernel, summed; correlate(x, w, stride=2, dilation=[1, 2], groups=3)",
        because=_BECAUSE,
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 9.1 and 9.5; " + _GUIDE + "2",
    ),
    ArrayOperation(
        "correlate_transposed",
        shape=_transposed,
        numpy=_correlate_transposed,
        entry=_transposed_entry,
        gradient=_transposed_gradient,
        arity=(2, 5),
        whole=2,
        options=_GROUPED,
        terms=lambda a, b, *sizes, **settings: prod(b),
        description="transposed correlation: every entry spreads the kernel, weighted by itself, "
        "over its window, and overlaps add; the sizes of the result may follow",
        because=_BECAUSE,
        source=_GUIDE + "4",
    ),
    ArrayOperation(
        "correlate_kernel",
        shape=_weights,
        numpy=_correlate_kernel,
        entry=_kernel_entry,
        gradient=_kernel_gradient,
        arity=(3, 5),
        whole=2,
        options=_GROUPED,
        terms=lambda a, b, *sizes, **settings: prod(b[-len(sizes) :]),
        description="a signal correlated with the gradient of its correlation, for a kernel of "
        "given sizes: correlate_kernel(x, g, 3, 3); its stride and dilation change roles",
        because=_BECAUSE,
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 9.5, (9.11)",
    ),
    ArrayOperation(
        "windows",
        shape=_windowed,
        numpy=_windows,
        entry=_windows_entry,
        gradient=_windows_gradient,
        arity=(2, 4),
        whole=1,
        options=_STRIDES,
        description="the windows that slide along the last axes, each as a row: "
        "windows(x, 2, 2, stride=2)",
        because="each entry gets the gradients of all windows that it is in",
        source="Chellapilla, Puri, Simard, High Performance Convolutional Neural Networks (2006), 3",
    ),
    ArrayOperation(
        "overlap_add",
        shape=_overlapped,
        numpy=_overlap_add,
        entry=_overlap_entry,
        gradient=_overlap_gradient,
        arity=(3, 5),
        whole=2,
        options=_STRIDES,
        terms=_windows_over_one,
        description="rows put back where the windows of an array came from, and added where they "
        "overlap: overlap_add(g, x, 2, 2, stride=2) in the sizes of x",
        because="each row gets its own window of the gradient",
        source="Chellapilla, Puri, Simard, High Performance Convolutional Neural Networks (2006), 3",
    ),
)
