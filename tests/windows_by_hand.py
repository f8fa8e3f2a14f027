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
    y = np.zeros((len(w), *sizes))
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
