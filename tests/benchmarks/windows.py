"""Large convolutions, architectures and tables of positions, as whole commands against the start-up."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from measure import Row, alternating, process
from scale import START, Problem, drawn, written

Array = np.ndarray[Any, np.dtype[np.float64]]


def image(size: int = 224, kernels: int = 64, kernel: int = 7) -> Problem:
    """A convolution of an image of three channels, with the gradients of all that goes in."""
    return {
        "kind": "convolution",
        "input": drawn(1, 3, size, size),
        "kernel": drawn(2, kernels, 3, kernel, kernel, scale=0.1),
        "bias": drawn(3, kernels),
        "padding": "same",
        "backward": {"loss": "half-squares", "target": 0},
    }


def plain_image(size: int = 224, kernels: int = 64, kernel: int = 7) -> None:
    """The same by im2col and col2im: every window a column, one matrix product each way."""
    random = np.random.default_rng(1)
    reach = kernel // 2
    signal = np.pad(random.normal(size=(3, size, size)), ((0, 0), (reach,) * 2, (reach,) * 2))
    weights, bias = random.normal(size=(kernels, 3 * kernel * kernel)) * 0.1, np.zeros(kernels)
    slid = np.lib.stride_tricks.sliding_window_view(signal, (kernel, kernel), (1, 2))
    columns = slid.transpose(0, 3, 4, 1, 2).reshape(3 * kernel * kernel, size * size)
    above = weights @ columns + bias[:, None]
    above @ columns.T, above.sum(axis=1)
    back = (weights.T @ above).reshape(3, kernel, kernel, size, size)
    of_signal: Array = np.zeros_like(signal)
    for row in range(kernel):
        for column in range(kernel):
            of_signal[:, row : row + size, column : column + size] += back[:, row, column]


def layers(count: int = 1000) -> Problem:
    """Convolutions and activations in turn."""
    conv = {"conv": {"filters": 16, "kernel": 3, "padding": 1}}
    return {"kind": "cnn", "input": [224, 224, 3], "layers": [conv, "relu"] * (count // 2)}


def positions(count: int = 512, width: int = 512) -> Problem:
    return {"kind": "positional-encoding", "positions": count, "width": width}


def started(problem: Problem, runs: int = 7) -> tuple[float, float]:
    """Seconds of the whole command, and of the smallest problem."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(problem, folder)
        commands = (process("-m", "stepsolve", "run", str(p)) for p in (path, START))
        return alternating(*commands, runs)


def scale_image() -> list[Row]:
    ours, start = started(image())
    plain, _ = alternating(plain_image, lambda: None, 5)
    print(f"  an image: {ours:.2f} s, start {start:.2f} s, plain {1000 * plain:.0f} ms")
    name = "64 kernels of 7 x 7 over 224 x 224 x 3 / (3 starts + 10 im2col passes)"
    return [(name, ours / (3 * start + 10 * plain), 1)]


def scale_layers() -> list[Row]:
    ours, start = started(layers())
    return [("an architecture of 1,000 layers / the start-up", ours / start, 2)]


def scale_positions() -> list[Row]:
    ours, start = started(positions())
    return [("a 512 x 512 table of positions / the start-up", ours / start, 2)]


PARTS = (scale_image, scale_layers, scale_positions)
