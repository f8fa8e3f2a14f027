"""Convolutions and pooling in plain loops over NumPy arrays, from their definitions.

Signals are channels × sizes, kernels outputs × inputs of a group × sizes. Nothing is taken from
stepsolve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

Array = Any
Pads = tuple[tuple[int, int], ...]


def padded(x: Array, pads: Pads) -> Array:
    found = np.zeros((len(x), *(n + a + b for n, (a, b) in zip(x.shape[1:], pads, strict=True))))
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape[1:], pads, strict=True))
    found[(slice(None), *inner)] = x
    return found


def meetings(
    signal: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Window, weight and place in the signal, wherever all of the window is within it."""
    starts = [
        [p for p in range(n) if p * s + d * (k - 1) < n]
        for n, k, s, d in zip(signal, kernel, stride, dilation, strict=True)
    ]
    for window in product(*starts):
        for tap in product(*map(range, kernel)):
            steps = zip(window, tap, stride, dilation, strict=True)
            yield window, tap, tuple(p * s + k * d for p, k, s, d in steps)


def pairs(inputs: int, outputs: int, groups: int) -> Iterator[tuple[int, int, int]]:
    """Output, input, and the input's number within its group."""
    for o in range(outputs):
        group = o // (outputs // groups)
        for inner in range(inputs // groups):
            yield o, group * (inputs // groups) + inner, inner


def correlation(
    x: Array, w: Array, stride: tuple[int, ...], dilation: tuple[int, ...], groups: int = 1
) -> Array:
    found = list(meetings(x.shape[1:], w.shape[2:], stride, dilation))
    sizes = [1 + max(window[k] for window, _, _ in found) for k in range(len(stride))]
    y = np.zeros((len(w), *sizes), dtype=np.result_type(x, w))
    for o, c, inner in pairs(len(x), len(w), groups):
        for window, tap, place in found:
            y[(o, *window)] += x[(c, *place)] * w[(o, inner, *tap)]
    return y


def spread(
    x: Array, w: Array, stride: tuple[int, ...], dilation: tuple[int, ...], extra: int = 0
) -> Array:
    """Transposed: kernels are inputs × outputs × sizes, and every entry spreads one."""
    sizes = [
        s * (n - 1) + d * (k - 1) + 1 + extra
        for n, k, s, d in zip(x.shape[1:], w.shape[2:], stride, dilation, strict=True)
    ]
    y = np.zeros((w.shape[1], *sizes))
    for c, o in product(range(len(x)), range(w.shape[1])):
        for at in product(*map(range, x.shape[1:])):
            for tap in product(*map(range, w.shape[2:])):
                steps = zip(at, tap, stride, dilation, strict=True)
                place = tuple(p * s + k * d for p, k, s, d in steps)
                y[(o, *place)] += x[(c, *at)] * w[(c, o, *tap)]
    return y


def slopes(f: Callable[[Array], float], at: Array, step: float = 1e-3) -> Array:
    """The gradient by central differences; exact but for rounding where f is a square at most."""
    at = np.asarray(at, dtype=float)
    found = np.zeros(at.shape)
    for index in np.ndindex(*at.shape):
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved[index] += sign * step
            ends.append(f(moved))
        found[index] = (ends[0] - ends[1]) / (2 * step)
    return found


def pooled(x: Array, window: tuple[int, int], stride: tuple[int, int], method: str) -> Array:
    """Of channels × height × width."""
    pick = {"max": np.max, "average": np.mean}[method]
    rows = range(0, x.shape[1] - window[0] + 1, stride[0])
    columns = range(0, x.shape[2] - window[1] + 1, stride[1])
    return np.array(
        [
            [[pick(c[i : i + window[0], j : j + window[1]]) for j in columns] for i in rows]
            for c in x
        ]
    )


def pooled_back(
    x: Array, g: Array, window: tuple[int, int], stride: tuple[int, int], method: str
) -> Array:
    """The gradient by x, the first of equal entries taking it for the maximum."""
    found = np.zeros(x.shape)
    for c, i, j in np.ndindex(*g.shape):
        at = [
            (c, i * stride[0] + a, j * stride[1] + b)
            for a in range(window[0])
            for b in range(window[1])
        ]
        if method == "max":
            best = max(x[p] for p in at)
            found[next(p for p in at if x[p] == best)] += g[c, i, j]
        else:
            for p in at:
                found[p] += g[c, i, j] / len(at)
    return found


# --------------------------------------------------------- the operations of the table, by loops

Steps = int | tuple[int, ...]


def _steps(steps: Steps, axes: int) -> tuple[int, ...]:
    return (steps,) * axes if isinstance(steps, int) else tuple(steps)


def _met(
    x_dims: tuple[int, ...], w_dims: tuple[int, ...], stride: Steps, dilation: Steps, groups: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """The places of a signal, a weight and a window that meet; all with channels."""
    axes = len(w_dims) - 2
    steps = _steps(stride, axes), _steps(dilation, axes)
    for o, c, inner in pairs(x_dims[0], w_dims[0], groups):
        for window, tap, place in meetings(x_dims[1:], w_dims[2:], *steps):
            yield (c, *place), (o, inner, *tap), (o, *window)


def _correlate(
    a: Array, b: Array, stride: Steps = 1, dilation: Steps = 1, groups: int = 1
) -> Array:
    if a.ndim == b.ndim:
        return _correlate(a[None], b[None, None], stride, dilation)[0]
    axes = b.ndim - 2
    return correlation(a, b, _steps(stride, axes), _steps(dilation, axes), groups)


def _transposed(
    a: Array, b: Array, *sizes: int, stride: Steps = 1, dilation: Steps = 1, groups: int = 1
) -> Array:
    if a.ndim == b.ndim:
        return _transposed(a[None], b[None, None], *sizes, stride=stride, dilation=dilation)[0]
    axes = b.ndim - 2
    if not sizes:
        steps = zip(
            a.shape[1:], b.shape[2:], _steps(stride, axes), _steps(dilation, axes), strict=True
        )
        sizes = tuple(s * (n - 1) + d * (k - 1) + 1 for n, k, s, d in steps)
    found = np.zeros((b.shape[1] * groups, *sizes), dtype=np.result_type(a, b))
    for place, weight, window in _met(found.shape, b.shape, stride, dilation, groups):
        found[place] += a[window] * b[weight]
    return found


def _kernel(
    a: Array, b: Array, *sizes: int, stride: Steps = 1, dilation: Steps = 1, groups: int = 1
) -> Array:
    if a.ndim == len(sizes):
        return _kernel(a[None], b[None], *sizes, stride=stride, dilation=dilation)[0, 0]
    dims = (len(b), len(a) // groups, *sizes)
    found = np.zeros(dims, dtype=np.result_type(a, b))
    for place, weight, window in _met(a.shape, dims, stride, dilation, groups):
        found[weight] += a[place] * b[window]
    return found


def _rows(
    dims: tuple[int, ...], sizes: tuple[int, ...], stride: Steps, dilation: Steps
) -> list[list[tuple[int, ...]]]:
    """The places of every window."""
    lead, rest = dims[: len(dims) - len(sizes)], dims[len(dims) - len(sizes) :]
    found: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    steps = _steps(stride, len(sizes)), _steps(dilation, len(sizes))
    for before in np.ndindex(*lead):
        for window, _, place in meetings(rest, sizes, *steps):
            found.setdefault((*before, *window), []).append((*before, *place))
    return list(found.values())


def _windows(a: Array, *sizes: int, stride: Steps = 1, dilation: Steps = 1) -> Array:
    rows = _rows(a.shape, sizes, stride, dilation)
    return np.array([[a[place] for place in row] for row in rows])


def _overlap_add(a: Array, b: Array, *sizes: int, stride: Steps = 1, dilation: Steps = 1) -> Array:
    found = np.zeros(b.shape, dtype=a.dtype)
    for values, row in zip(a, _rows(b.shape, sizes, stride, dilation), strict=True):
        for value, place in zip(values, row, strict=True):
            found[place] += value
    return found


def _pad(a: Array, *amounts: int) -> Array:
    around = list(zip(amounts[::2], amounts[1::2], strict=True))
    return np.pad(a, [(0, 0)] * (a.ndim - len(around)) + around)


def _banded(a: Array, size: int, stride: int = 1, dilation: int = 1) -> Array:
    rows = [_correlate(unit, a, stride, dilation) for unit in np.eye(size)]
    return np.array(rows).T


OF_WINDOWS: dict[str, Callable[..., Any]] = {
    "correlate": _correlate,
    "correlate_transposed": _transposed,
    "correlate_kernel": _kernel,
    "windows": _windows,
    "overlap_add": _overlap_add,
    "pad": _pad,
    "flip": lambda a, count=None: np.flip(a, tuple(range(-(count or a.ndim), 0))),
    "banded": _banded,
    "per_channel": lambda a, *sizes: a.reshape(-1, *[1] * len(sizes)) * np.ones(sizes),
}
