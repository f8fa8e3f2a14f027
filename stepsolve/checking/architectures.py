"""The oracle of architectures: windows are set down one by one, weights and loops are counted.

Nothing is taken from the formulas of sizes, parameters and receptive fields. A size is the number of
places where a window can start; parameters are the entries of the arrays of weights; multiplications
are the steps of the loops of a convolution; what an output sees is followed back to the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stepsolve.source.layers import Concat, Layer, Residual

COUNTED: Final = "counting windows, weights and loops"


@dataclass
class Counted:
    """What is counted of one layer; `back` are the layers that it reads, with the window each axis.

    `loops` run over the products; `sums` are added up, each from the numbers that `reads` runs over.
    """

    shape: tuple[int, ...]
    arrays: Sequence[tuple[int, ...]] = ()
    biases: int = 0
    loops: Sequence[tuple[int, ...]] = ()
    reads: Sequence[tuple[int, ...]] = ()
    sums: int = 0
    back: tuple[int, ...] = ()
    window: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None
    opaque: bool = False

    @property
    def parameters(self) -> int:
        """Entries of the arrays of weights, and the biases."""
        return sum(map(_product, self.arrays)) + self.biases

    @property
    def links(self) -> int:
        """Pairs of an output and an input of convolutions: entries of the weights at one tap."""
        return sum(_product(dims[:2]) for dims in self.arrays)

    @property
    def multiplications(self) -> int:
        """Steps of all loops together."""
        return sum(map(_product, self.loops))

    @property
    def additions(self) -> int:
        """One for every number of a sum but the first, and one for every bias."""
        return sum(map(_product, self.reads)) - self.sums + bool(self.biases) * self.sums


def _product(sizes: Iterable[int]) -> int:
    found = 1
    for size in sizes:
        found *= size
    return found


def starts(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """At how many places a window can start without a tap beyond the padding."""
    last_tap = (kernel - 1) * dilation
    return len(range(-padding, size + padding - last_tap, stride))


def count(image: tuple[int, ...], layers: Iterable[Layer]) -> list[Counted]:
    """Every layer of an architecture, blocks after what stands in them."""
    found = [Counted(tuple(image))]
    _chain(layers, 0, found)
    return found


def _chain(layers: Iterable[Layer], at: int, found: list[Counted]) -> int:
    for layer in layers:
        options = layer.options
        if isinstance(options, Residual | Concat):
            parts = (
                (options.layers, options.shortcut)
                if isinstance(options, Residual)
                else options.branches
            )
            ends = tuple(_chain(part, at, found) for part in parts)
            shapes = [found[end].shape for end in ends]
            depth = sum(s[-1] for s in shapes) if isinstance(options, Concat) else shapes[0][-1]
            found.append(Counted((*shapes[-1][:-1], depth), back=ends))
        else:
            found.append(_single(layer, found[at].shape, at))
        at = len(found) - 1
    return at


def _single(layer: Layer, shape: tuple[int, ...], at: int) -> Counted:
    word, options = layer.word, layer.options
    if word == "dense":
        loops = [(_product(shape), options.units)]
        biases = options.units * options.bias
        return Counted(
            (options.units,), loops, biases, loops, loops, options.units, (at,), opaque=True
        )
    if word == "flatten":
        return Counted((_product(shape),), back=(at,), opaque=True)
    if word in ("max-pool", "average-pool"):
        return _pooled(options, shape, at)
    if word.startswith("global"):
        pooled = _window(shape, shape[2], (shape[0], shape[1]), (1, 1), (0, 0), (1, 1), at)
        pooled.shape = pooled.shape[2:]
        return pooled
    if word == "transposed-conv":
        return _transposed(options, shape, at)
    if word in ("conv", "depthwise", "pointwise"):
        return _convolution(layer, shape, at)
    arrays = [(shape[-1],), (shape[-1],)] if word == "batch-norm" else []
    return Counted(shape, arrays, back=(at,))


def _pooled(options: Any, shape: tuple[int, ...], at: int) -> Counted:
    padding = _borders(options.padding, options.size, (1, 1))
    stride = options.stride or options.size
    found = _window(shape, shape[2], options.size, stride, padding, (1, 1), at)
    if getattr(options, "trained", False):
        found.arrays, found.biases = [(shape[2],)], shape[2]
        found.loops = [found.shape]
        found.reads, found.sums = [(*found.shape, *options.size)], _product(found.shape)
    return found


def _convolution(layer: Layer, shape: tuple[int, ...], at: int) -> Counted:
    options, channels = layer.options, shape[2]
    kernel = getattr(options, "kernel", (1, 1))
    dilation = getattr(options, "dilation", (1, 1))
    padding = _borders(getattr(options, "padding", "valid"), kernel, dilation)
    if layer.word == "depthwise":
        outputs, seen = options.multiplier * channels, 1
    else:
        outputs, seen = options.filters, channels // getattr(options, "groups", 1)
    found = _window(shape, outputs, kernel, options.stride, padding, dilation, at)
    found.arrays = [(outputs, seen, *kernel)]
    if listed := getattr(options, "connections", ()):
        found.arrays = [(1, len(set(inputs)), *kernel) for inputs in listed]
    found.loops = found.reads = [(*found.shape[:2], *dims) for dims in found.arrays]
    found.biases, found.sums = options.bias * outputs, _product(found.shape)
    return found


def _transposed(options: Any, shape: tuple[int, ...], at: int) -> Counted:
    """Every input spreads the kernel; the size is that of all places where a tap falls."""
    sizes = []
    axes = zip(options.kernel, options.stride, options.padding, options.dilation, strict=True)
    for size, extra, (kernel, stride, cut, apart) in zip(
        shape, options.output_padding, axes, strict=False
    ):
        last = max(
            place * stride + tap * apart for place in (0, size - 1) for tap in (0, kernel - 1)
        )
        sizes.append(len(range(cut, last + 1 + extra - cut)))
    arrays = [(shape[2], options.filters, *options.kernel)]
    loops = [(*shape[:2], *dims) for dims in arrays]
    biases = options.bias * options.filters
    return Counted((*sizes, options.filters), arrays, biases, loops, loops, 0, (at,), opaque=True)


def _borders(padding: Any, kernel: Any, dilation: Any) -> tuple[int, int]:
    if padding == "valid":
        return (0, 0)
    if padding == "same":  # as many pixels as the window reaches beyond its middle
        one, two = ((np.array(kernel) * dilation - dilation) // 2).tolist()
        return one, two
    one, two = padding
    return one, two


def _window(
    shape: tuple[int, ...],
    channels: int,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    at: int,
) -> Counted:
    axes = list(zip(kernel, stride, padding, dilation, strict=True))
    sizes = [starts(size, *axis) for size, axis in zip(shape, axes, strict=False)]
    one, two = ((s, p, (m - 1) * d) for m, s, p, d in axes)
    return Counted((*sizes, channels), back=(at,), window=(one, two))


def fields(found: list[Counted]) -> list[tuple[tuple[int, int], tuple[int, int]] | None]:
    """Of every layer the size and the jump of its field along both axes, followed back to the image.

    The pixels that the outputs 0 and 1 of every layer see, all layers at once, from the last layer
    to the first. None where a layer lies behind one that sees everything.
    """
    first, last, second = _followed(found)
    answers: list[tuple[tuple[int, int], tuple[int, int]] | None] = []
    for k in range(len(found)):
        if np.isnan(first[0, k]):
            answers.append(None)
            continue
        one, two = (
            (int(last[axis, k] - first[axis, k]) + 1, int(second[axis, k] - first[axis, k]))
            for axis in (0, 1)
        )
        answers.append((one, two))
    return answers


def _followed(found: list[Counted]) -> Any:
    """First and last pixel that output 0 of each layer sees, and the first that output 1 sees.

    For both axes; at each layer, of what it and those behind it see.
    """
    waiting: dict[int, Any] = {}
    for k in range(len(found) - 1, -1, -1):
        ends = waiting.pop(k, None)
        if ends is None:
            ends = np.full((3, 2, len(found)), np.nan)
        ends[:, :, k] = [[0.0], [0.0], [1.0]]
        layer = found[k]
        if not layer.back:
            return ends
        if layer.opaque:
            ends[:] = np.nan
        elif layer.window is not None:
            stride, padding, reach = np.transpose(layer.window)[:, :, None]
            ends *= stride
            ends -= padding
            ends[1] += reach
        for source in layer.back:
            known = waiting.get(source)
            waiting[source] = ends.copy() if known is None else _merged(known, ends)
    raise AssertionError("the input has no sources")


def _merged(one: Any, other: Any) -> Any:
    return np.stack(
        [np.fmin(one[0], other[0]), np.fmax(one[1], other[1]), np.fmin(one[2], other[2])]
    )
