"""Every problem of convolution and pooling: its numbers by NumPy and by hand, and its sections.

Nothing is taken from stepsolve: signals by `numpy.correlate` and `numpy.convolve`, images by loops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand

import stepsolve
from stepsolve.derivation import Derivation, Equation, Section
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.render.layout import phrase
from stepsolve.source.yaml import compose

ROOT = Path(__file__).parents[1] / "problems" / "convolution"
FILES = sorted(path.stem for path in ROOT.glob("*.yaml"))
EXAMPLES = {
    "correlation-1d": 6,
    "correlation-jacobian": 2,
    "conv2d-edge": 1,
    "conv2d-strided": 1,
    "conv-backward": 3,
    "spatial-attention": 1,
}
Array = Any
Numbers = dict[str, Any]
X, W = np.array([1, 2, 3, 4, 5, 6, 2, 1]), np.array([-1, 0, 1])


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


def one(x: Array, w: Array, stride: int = 1, dilation: int = 1) -> Array:
    """The correlation of a signal."""
    return hand.correlation(
        np.asarray(x, dtype=float)[None], np.asarray(w)[None, None], (stride,), (dilation,)
    )[0]


def two(x: Array, w: Array, stride: int = 1) -> Array:
    """The correlation of an image."""
    x, w = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
    return hand.correlation(x[None], w[None, None], (stride, stride), (1, 1))[0]


def valid() -> Numbers:
    return {"y": np.correlate(X, W, "valid")}


def same() -> Numbers:
    return {"y": np.correlate(X, W, "same")}


def full() -> Numbers:
    return {"y": np.correlate(X, W, "full")}


def strided() -> Numbers:
    g = np.array([1, 2, 3])
    dx = np.zeros(8)
    for p in range(3):
        dx[2 * p : 2 * p + 3] += g[p] * W
    dw = [sum(g[p] * X[2 * p + k] for p in range(3)) for k in range(3)]
    return {"y": np.correlate(X, W, "valid")[::2], "dL/dx": dx, "dL/dw": dw}


def convolved() -> Numbers:
    y = np.convolve(X, W, "valid")
    rows = np.array([X[i : i + 3][::-1] for i in range(6)])
    band = np.array([[W[2 - (j - i)] if 0 <= j - i < 3 else 0 for j in range(8)] for i in range(6)])
    return {
        "y": y,
        "L": np.sum(y**2) / 2,
        "∂y/∂w": rows,
        "∂y/∂x": band,
        "dL/dw": rows.T @ y,
        "dL/dx": band.T @ y,
    }


def polynomials() -> Numbers:
    return {"y": np.polymul([1, 2, 3], [4, 5])}


def pearson() -> Numbers:
    return {"r": np.corrcoef([1, 2, 3], [6, 2, 1])[0, 1]}


def jacobian() -> Numbers:
    x, w, g = np.array([1, -2, 0.5, 3, 4, -1]), np.array([2, -1, 0.5, 3]), np.array([1, -1, 2])
    rows = np.array([x[i : i + 4] for i in range(3)])
    band = np.array([[w[j - i] if 0 <= j - i < 4 else 0 for j in range(6)] for i in range(3)])
    shown = {"∂y/∂w": rows, "∂y/∂x": band}
    return {"y": rows @ w, **shown, "dL/dw": rows.T @ g, "dL/dx": band.T @ g}


def edge() -> Numbers:
    image = np.array(
        [
            [3, 0, 1, 2, 7, 4],
            [1, 5, 8, 9, 3, 1],
            [2, 7, 2, 5, 1, 3],
            [0, 1, 3, 1, 7, 8],
            [4, 2, 1, 6, 2, 8],
            [2, 4, 5, 2, 3, 9],
        ]
    )
    columns = image[:-2] + image[1:-1] + image[2:]
    return {"y": columns[:, :-2] - columns[:, 2:]}


def image_strided() -> Numbers:
    image = np.pad(
        [[2, 3, 7, 4, 6], [6, 6, 9, 8, 7], [3, 4, 8, 3, 8], [7, 8, 3, 6, 6], [4, 2, 1, 8, 3]], 1
    )
    below = image[:-1, :-1] - image[:-1, 1:] - image[1:, 1:]
    return {"y": below[::2, ::2]}


def layer() -> Numbers:
    x, w = np.array([[1, 2, 0], [3, 1, 2], [0, 1, 4]]), np.array([[1, -1], [2, 0.5]])
    g = np.array([[1, -1], [0.5, 2]])
    dx = np.zeros((3, 3))
    for i, j in np.ndindex(2, 2):
        dx[i : i + 2, j : j + 2] += g[i, j] * w
    return {"y": two(x, w) + 0.5, "dL/dw": two(x, g), "dL/dx": dx, "dL/db": np.sum(g)}


def max_pooling() -> Numbers:
    dx = [[0, 0, 0, 2], [0, 1, 0, 0], [0, 0, 4, 0], [0, 3, 0, 0]]
    return {"y": [[6, 4], [8, 9]], "dL/dx": dx}


def average_pooling() -> Numbers:
    y = [[3.75, 3], [5, 4.5]]
    return {"y": y, "dL/dx": [[0.25, 0.75, 0.5], [1, 2.5, 1.5], [0.75, 1.75, 1]]}


def padded_pooling() -> Numbers:
    """The windows begin above and to the left: one, two, two and four entries are inside."""
    inside = [[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1]]
    slopes = [[1, 0, 2], [3, 0, 0], [0, 0, 4]]
    return {"y": [[-1, 2], [-5, 9]], "m": inside, "dL/dx": slopes}


def global_pooling() -> Numbers:
    return {"y": [2.5, 1.5], "L": 0.25, "dL/dx": np.full((2, 2, 2), 0.125)}


def channels() -> Numbers:
    x = np.array([[[1, 0, 2], [3, 1, 0], [0, 2, 1]], [[2, 1, 0], [0, 1, 3], [1, 0, 2]]])
    w = np.array(
        [
            [[[1, -1], [0, 2]], [[0.5, 1], [1, 0]]],
            [[[0, 1], [1, 0]], [[2, 0], [0, -1]]],
            [[[1, 1], [1, 1]], [[-1, 0], [0, 1]]],
        ]
    )
    b = np.array([0.5, -1, 0])

    def y(x: Array, w: Array, b: Array) -> Array:
        return np.array([sum(two(x[c], w[o, c]) for c in range(2)) + b[o] for o in range(3)])

    def loss(x: Array, w: Array, b: Array) -> float:
        return float(np.sum((y(x, w, b) - 1) ** 2)) / 2

    return {
        "y": y(x, w, b),
        "L": loss(x, w, b),
        "dL/dx": hand.slopes(lambda v: loss(v, w, b), x),
        "dL/dw": hand.slopes(lambda v: loss(x, v, b), w),
        "dL/db": np.sum(y(x, w, b) - 1, axis=(1, 2)),
    }


def depthwise() -> Numbers:
    x = np.array([[1, 2, 3, 4, 5], [2, 0, 1, 0, 2], [1, 1, -1, 1, 1]])
    w = np.array([[1, -1], [2, 1], [0.5, 3]])
    dx = [np.convolve(np.ones(4), k) for k in w]
    dw = [[[np.sum(c[:4]), np.sum(c[1:])]] for c in x]
    y = [np.correlate(c, k) for c, k in zip(x, w, strict=True)]
    return {"y": y, "dL/dx": dx, "dL/dw": dw}


def causal() -> Numbers:
    x = np.array([1, 2, -1, 3, 0, 2])
    g = np.array([1, 0, 0, 0, 0, 1])
    before = np.concatenate([np.zeros(4), x])
    rows = np.array([before[i : i + 5 : 2] for i in range(6)])
    lags = {0: 2, 2: -1, 4: 0.5}
    band = np.array([[lags.get(i - j, 0) for j in range(6)] for i in range(6)])
    shown = {"∂y/∂w": rows, "∂y/∂x": band}
    return {"y": band @ x, **shown, "dL/dx": band.T @ g, "dL/dw": rows.T @ g}


def transposed() -> Numbers:
    x, w = np.array([[1, 2], [3, -1]]), np.array([[1, 0, 2], [0, 1, 0], [3, 0, 1]])

    def y(x: Array, w: Array) -> Array:
        return hand.spread(x[None], w[None, None], (2, 2), (1, 1))[0][:4, 1:]

    def loss(x: Array, w: Array) -> float:
        return float(np.sum((y(x, w) - 1) ** 2))

    dx, dw = hand.slopes(lambda v: loss(v, w), x), hand.slopes(lambda v: loss(x, v), w)
    return {"y": y(x, w), "L": loss(x, w), "dL/dx": dx, "dL/dw": dw}


def spatial_attention() -> Numbers:
    x = np.array(
        [
            [[1, 0, 2], [3, 1, 0], [0, 2, 1]],
            [[2, 1, 0], [0, 1.5, 4], [1, 0, 3]],
            [[0.5, 2, 1], [1, 0, 2], [3, 1, 0]],
        ]
    )
    w = np.array(
        [
            [[0.1, 0.2, 0.1], [0, 0.5, 0], [-0.1, -0.2, -0.1]],
            [[0, 0.1, 0], [0.1, -0.4, 0.1], [0, 0.1, 0]],
        ]
    )

    def mask(x: Array, w: Array, b: float) -> Array:
        maps = np.pad([np.mean(x, axis=0), np.max(x, axis=0)], ((0, 0), (1, 1), (1, 1)))
        return 1 / (1 + np.exp(-two(maps[0], w[0]) - two(maps[1], w[1]) - b))

    m = mask(x, w, 0.2)
    d = np.sum((m * x - 1) * x, axis=0) * m * (1 - m)  # dL/dz
    maps = np.pad([np.mean(x, axis=0), np.max(x, axis=0)], ((0, 0), (1, 1), (1, 1)))
    return {
        "M_s": m,
        "F'": m * x,
        "L": np.sum((m * x - 1) ** 2) / 2,
        "dL/dw": np.array([two(c, d) for c in maps]),
        "dL/db": np.sum(d),
    }


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "correlation-1d": valid,
    "correlation-1d-same": same,
    "correlation-1d-full": full,
    "correlation-1d-strided": strided,
    "convolution-1d": convolved,
    "convolution-1d-full": polynomials,
    "pearson": pearson,
    "correlation-jacobian": dict,
    "correlation-jacobian-numbers": jacobian,
    "conv2d-edge": edge,
    "conv2d-strided": image_strided,
    "conv-backward": layer,
    "max-pooling": max_pooling,
    "average-pooling": average_pooling,
    "padded-pooling": padded_pooling,
    "global-pooling": global_pooling,
    "channels": channels,
    "depthwise": depthwise,
    "causal": causal,
    "transposed": transposed,
    "spatial-attention": spatial_attention,
}


def test_every_file_has_numbers_of_its_own() -> None:
    assert sorted(NUMBERS) == FILES


@pytest.mark.parametrize("file", FILES)
def test_the_numbers(file: str) -> None:
    derivation = solved(file)
    assert derivation.confirmed
    for name, wanted in NUMBERS[file]().items():
        found = derivation.quantities[name]
        assert np.shape(found) == np.shape(wanted), name
        assert np.allclose(found, wanted, rtol=1e-9, atol=1e-9), name


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_has_its_files(example: str) -> None:
    found = [
        file
        for file in FILES
        if example
        in read_problem(compose((ROOT / f"{file}.yaml").read_text(encoding="utf-8"), file)).example
    ]
    assert len(found) >= EXAMPLES[example]


def test_what_the_notes_say() -> None:
    """Where they are right they agree; two numbers of theirs in the last row are slips."""
    first = solved("correlation-1d").quantities["y"]
    assert isinstance(first, list) and (first[0], first[-1]) == (2, -5)
    notes = [[-5, -4, 0, 8], [-10, -2, 2, 3], [0, -2, -4, -7], [-3, -2, -3, -16]]
    assert solved("conv2d-edge").quantities["y"] == notes
    notes = [[-2, -7, -6], [-9, -11, -7], [-11, 4, -3]]
    assert solved("conv2d-strided").quantities["y"] == notes


def test_the_jacobians_entry_by_entry() -> None:
    derivation = solved("correlation-jacobian")
    shown = {
        plain(b.sides[0]): plain(b.sides[1]) for b in derivation.blocks if isinstance(b, Equation)
    }
    rows = [", ".join(f"x[{i + k}]" for k in range(4)) for i in range(3)]
    assert shown["∂y/∂w"] == f"[{', '.join(f'[{row}]' for row in rows)}]"
    rows = [", ".join(f"w[{j - i}]" if 0 <= j - i < 4 else "0" for j in range(6)) for i in range(3)]
    assert shown["∂y/∂x"] == f"[{', '.join(f'[{row}]' for row in rows)}]"
    assert shown["y[2]"] == "x[2] * w[0] + x[3] * w[1] + x[4] * w[2] + x[5] * w[3]"


def test_every_window_of_the_edge_filter() -> None:
    line = next(line for line in solved("conv2d-edge").lines if line.name == "y")
    assert len(line.entries) == 16
    texts = [[plain(part) for part in entry.sides[:2]] for entry in line.entries]
    assert texts[0] == [
        "y[0, 0]",
        "3 * 1 + 0 * 0 + 1 * (-1) + 1 * 1 + 5 * 0 + 8 * (-1) + 2 * 1 + 7 * 0 + 2 * (-1)",
    ]


SECTIONS = {
    "correlation-1d": ["Forward pass", "Result"],
    "causal": ["Forward pass", "Jacobians", "Backward pass from dL/dy", "Result"],
    "max-pooling": ["Forward pass", "Backward pass from dL/dy", "Result"],
    "channels": ["Forward pass", "Backward pass from L", "Result"],
    "pearson": ["Deviations from the mean", "Correlation", "Backward pass from r", "Result"],
}


@pytest.mark.parametrize("file", SECTIONS)
def test_the_sections(file: str) -> None:
    found = [phrase(b.parts) for b in solved(file).blocks if isinstance(b, Section)]
    assert found == SECTIONS[file]
