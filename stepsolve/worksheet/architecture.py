"""An architecture traced layer by layer: sizes, parameters, operations, what of the image is seen.

Counts follow the papers: a convolution of C channels with M x N kernels has M N C weights a filter
and, with a bias, one more; every weight is multiplied once at every place. Additions are those of
the products and the bias. Pooling without weights, activations and normalisation are not counted. Of a
transposed convolution every weight is multiplied at every place of its input, what is cut off as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from math import prod
from typing import Final, NamedTuple

from stepsolve.source.extents import LARGEST, Pair
from stepsolve.source.layers import (
    UNCHANGED,
    AveragePool,
    Concat,
    Conv,
    Dense,
    Depthwise,
    Layer,
    Pointwise,
    Pool,
    Residual,
    TransposedConv,
    Windowed,
)
from stepsolve.source.report import Report

FARTHEST: Final = 10**9  # pixels between the places of neighbours: beyond it floats are not exact
Shape = tuple[int, ...]
"""Height, width and channels; or a number of units alone."""


class Window(NamedTuple):
    """A window as it slides, each of height and width."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)


class Weights(NamedTuple):
    """What is learned: each output channel or unit has `taps` weights for every of `inputs`.

    Where the outputs do not see equally many inputs, `seen` says how many each of them sees.
    """

    taps: tuple[int, ...]
    inputs: int
    outputs: int
    bias: bool
    seen: tuple[int, ...] = ()

    @property
    def links(self) -> int:
        """Pairs of an output and an input that it sees."""
        return sum(self.seen) or self.inputs * self.outputs

    @property
    def taken(self) -> int:
        """All weights, without the biases."""
        return prod(self.taps) * self.links


class Seen(NamedTuple):
    """Along one axis: the pixels that the first output sees, and the jump to the next output."""

    first: int
    last: int
    jump: int

    @property
    def field(self) -> int:
        """The receptive field."""
        return self.last - self.first + 1


class Row(NamedTuple):
    """One layer of the trace. `sources` are the numbers of the rows that it reads.

    A window that is `spread` is that of a transposed convolution, whose output is so much larger.
    """

    number: int
    label: str
    layer: Layer | None
    sources: tuple[int, ...]
    depth: int
    shape: Shape
    window: Window | None = None
    spread: Pair | None = None
    weights: Weights | None = None
    parameters: int = 0
    multiplications: int = 0
    additions: int = 0
    seen: tuple[Seen, Seen] | None = None

    @property
    def size(self) -> int:
        """Numbers that the layer gives."""
        return prod(self.shape)


class Trace:
    """The rows of an architecture; mistakes go to the report, and the trace ends where it must."""

    def __init__(self, image: Shape, layers: Iterable[Layer], report: Report) -> None:
        seen = (Seen(0, 0, 1),) * 2 if len(image) == 3 else None
        self.rows = [Row(0, "input", None, (), 0, image, seen=seen)]
        self._report = report
        self._used: dict[str, int] = {}
        with suppress(_Stuck):
            self._all(layers, self.rows[0], 0)

    @property
    def last(self) -> Row:
        return self.rows[-1]

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def multiplications(self) -> int:
        return sum(row.multiplications for row in self.rows)

    @property
    def additions(self) -> int:
        return sum(row.additions for row in self.rows)

    @property
    def activations(self) -> int:
        """Numbers that all layers give, the input included."""
        return sum(row.size for row in self.rows)

    # ----------------------------------------------------------------------------------- the walk

    def _all(self, layers: Iterable[Layer], row: Row, depth: int) -> Row:
        for layer in layers:
            row = self._one(layer, row, depth)
        return row

    def _one(self, layer: Layer, before: Row, depth: int) -> Row:
        match layer.options:
            case Residual() as block:
                return self._residual(layer, block, before, depth)
            case Concat() as block:
                ends = [self._all(branch, before, depth + 1) for branch in block.branches]
                return self._concat(layer, ends, depth)
        blank = Row(len(self.rows), self._label(layer), layer, (before.number,), depth, ())
        row = self._plain(blank, layer, before)
        self.rows.append(row)
        return row

    def _label(self, layer: Layer) -> str:
        word = layer.word
        self._used[word] = self._used.get(word, 0) + 1
        return layer.name or f"{word} {self._used[word]}"

    def _plain(self, row: Row, layer: Layer, before: Row) -> Row:
        match layer.options:
            case Dense(units=units, bias=bias):
                return _weighed(row, (units,), Weights((), before.size, units, bias))
            case Conv() as conv:
                window, channels = self._window(layer, conv), self._channels(layer, before)
                row = self._convolved(row, before, window, conv.filters, conv.groups, conv.bias)
                return self._connected(row, conv, channels) if conv.connections else row
            case TransposedConv() as conv:
                return self._transposed(row, layer, conv, before)
            case Depthwise() as conv:
                window, channels = self._window(layer, conv), self._channels(layer, before)
                outputs = channels * conv.multiplier
                return self._convolved(row, before, window, outputs, channels, conv.bias)
            case Pointwise() as conv:
                window = Window((1, 1), conv.stride)
                return self._convolved(row, before, window, conv.filters, 1, conv.bias)
            case Pool() as pool:
                padding = self._padding(layer, pool.padding, pool.size, (1, 1))
                window = Window(pool.size, pool.stride or pool.size, padding)
                row = self._slid(row, before, window, self._channels(layer, before))
                trained = isinstance(pool, AveragePool) and pool.trained
                return _subsampled(row, pool.size) if trained else row
        channels = before.shape[-1]
        if layer.word == "flatten":
            return row._replace(shape=(before.size,))
        if layer.word.startswith("global"):
            self._channels(layer, before)
            pooled = self._slid(row, before, Window((before.shape[0], before.shape[1])), channels)
            return pooled._replace(shape=(channels,))
        learned = 2 * channels if layer.word == "batch-norm" else 0  # a scale and a shift
        assert learned or layer.word in (*UNCHANGED, "dropout")
        return row._replace(shape=before.shape, parameters=learned, seen=before.seen)

    # ------------------------------------------------------------------------------------ windows

    def _channels(self, layer: Layer, before: Row) -> int:
        """The channels of maps. What has none ends the trace."""
        if len(before.shape) == 1:
            told = f"{layer.word} needs height, width and channels, but {before.label} gives"
            count = f"{before.size} units" if before.size > 1 else "1 unit"
            self._stop(layer, f"{told} {count}", "put it before flatten and dense")
        return before.shape[2]

    def _window(self, layer: Layer, conv: Windowed) -> Window:
        padding = self._padding(layer, conv.padding, conv.kernel, conv.dilation)
        return Window(conv.kernel, conv.stride, padding, conv.dilation)

    def _padding(self, layer: Layer, padding: Pair | str, kernel: Pair, dilation: Pair) -> Pair:
        if isinstance(padding, tuple):
            return padding
        if padding == "valid":
            return (0, 0)
        reach = [d * (m - 1) for m, d in zip(kernel, dilation, strict=True)]
        if any(k % 2 for k in reach):
            even = next(m for m, k in zip(kernel, reach, strict=True) if k % 2)
            told = f"same padding is (M - 1)/2 on both sides, and {even} is even"
            self._report.add(layer.at("padding").diagnose(told, "write the padding as a number"))
        return (reach[0] // 2, reach[1] // 2)

    def _slid(self, row: Row, before: Row, window: Window, channels: int) -> Row:
        """The row of a layer whose window slides over the maps before it."""
        assert row.layer is not None
        sizes, seen = [], []
        for axis, (m, s, p, d) in enumerate(zip(*window, strict=True)):
            size, reach = before.shape[axis], d * (m - 1)
            if reach + 1 > size + 2 * p:
                key = "kernel" if isinstance(row.layer.options, Windowed) else "size"
                way = ("height", "width")[axis]
                told = f"the window has {way} {reach + 1}, but its input {size}"
                told += f" and with padding {size + 2 * p}" if p else ""
                hint = "take a smaller window or more padding"
                self._stop(row.layer, told, hint, key)
            sizes.append((size + 2 * p - reach - 1) // s + 1)
            if before.seen is not None:
                at = before.seen[axis]
                first, jump = at.first - p * at.jump, at.jump * s
                if jump > FARTHEST:
                    told = f"the strides multiply to more than {FARTHEST} pixels"
                    self._stop(row.layer, told, "nothing of the image is left", "stride")
                seen.append(Seen(first, at.last + (reach - p) * at.jump, jump))
        if isinstance(row.layer.options, Pool) and any(
            p >= m for p, m in zip(window.padding, window.kernel, strict=True)
        ):
            told = "the padding is less than the window, or else a window would see padding alone"
            hint = f"at most {min(window.kernel) - 1}"
            self._report.add(row.layer.at("padding").diagnose(told, hint))
        return row._replace(
            shape=(*sizes, channels), window=window, seen=(seen[0], seen[1]) if seen else None
        )

    def _convolved(
        self, row: Row, before: Row, window: Window, filters: int, groups: int, bias: bool
    ) -> Row:
        assert row.layer is not None
        channels = self._channels(row.layer, before)
        for count, what in ((channels, "channels"), (filters, "filters")):
            if count % groups:
                told = f"{count} {what} do not divide into {groups} groups"
                self._report.add(row.layer.at("groups").diagnose(told, "every group has as many"))
        row = self._slid(row, before, window, filters)
        weights = Weights(window.kernel, max(channels // groups, 1), filters, bias)
        return _weighed(row, row.shape, weights)

    def _connected(self, row: Row, conv: Conv, channels: int) -> Row:
        """The row of a convolution whose filters see some of the channels each."""
        assert row.layer is not None and row.weights is not None
        node = row.layer.at("connections")
        if conv.groups > 1:
            told = "a list of connections takes the place of groups"
            self._report.add(node.diagnose(told, "give one of them"))
        if len(conv.connections) != conv.filters:
            told = f"connections are a list for each of the {conv.filters} filters"
            self._report.add(node.diagnose(f"{told}, not {len(conv.connections)} lists"))
        for filter_, seen in enumerate(conv.connections):
            beyond = next((k for k in seen if k >= channels), None)
            if beyond is not None:
                told = f"filter {filter_} cannot see channel {beyond}: there are {channels}"
                self._report.add(node.diagnose(told, "channels are counted from 0"))
            elif len(set(seen)) < len(seen):
                told = f"filter {filter_} sees a channel twice"
                self._report.add(node.diagnose(told, "name every channel once"))
        weights = row.weights._replace(seen=tuple(map(len, conv.connections)))
        return _weighed(row, row.shape, weights)

    def _transposed(self, row: Row, layer: Layer, conv: TransposedConv, before: Row) -> Row:
        window, channels = self._window(layer, conv), self._channels(layer, before)
        sizes = []
        for axis, (m, s, p, d) in enumerate(zip(*window, strict=True)):
            extra, size = conv.output_padding[axis], before.shape[axis]
            if extra >= s:
                told = f"the output padding {extra} is not below the stride {s}"
                hint = "the input would not come from this output"
                self._report.add(layer.at("output-padding").diagnose(told, hint))
            sizes.append((size - 1) * s - 2 * p + d * (m - 1) + 1 + extra)
            if sizes[-1] < 1:
                told = f"nothing is left of the output: {size} pixels become {sizes[-1]}"
                self._stop(layer, told, "take less padding", "padding")
            if sizes[-1] > LARGEST:
                told = f"the output has more than {LARGEST} pixels along one axis"
                self._stop(layer, told, "take a smaller stride", "stride")
        weights = Weights(window.kernel, channels, conv.filters, conv.bias)
        products = prod(before.shape[:2]) * weights.taken
        return row._replace(
            shape=(*sizes, conv.filters),
            window=window,
            spread=conv.output_padding,
            weights=weights,
            parameters=weights.taken + conv.bias * conv.filters,
            multiplications=products,
            additions=products,
        )

    def _stop(self, layer: Layer, told: str, hint: str, key: str = "") -> None:
        self._report.add(layer.at(key).diagnose(told, hint))
        raise _Stuck

    # ------------------------------------------------------------------------------------- blocks

    def _residual(self, layer: Layer, block: Residual, before: Row, depth: int) -> Row:
        body = self._all(block.layers, before, depth + 1)
        short = self._all(block.shortcut, before, depth + 1)
        if body.shape != short.shape:
            told = f"the layers give {times(body.shape)}, but the shortcut {times(short.shape)}"
            key = "shortcut" if block.shortcut else ""
            hint = "a projection on the shortcut makes the sizes agree: shortcut: [...]"
            self._report.add(layer.at(key).diagnose(f"{told}: they cannot be added", hint))
        return self._joined(layer, (body, short), body.shape, depth)

    def _concat(self, layer: Layer, ends: list[Row], depth: int) -> Row:
        first = ends[0].shape
        for end in ends[1:]:
            if end.shape[:-1] != first[:-1]:
                told = f"one branch gives {times(first)}, another {times(end.shape)}"
                hint = "height and width must agree; a stride or padding may be missing"
                self._report.add(layer.at("branches").diagnose(told, hint))
                break
        channels = sum(end.shape[-1] for end in ends)
        return self._joined(layer, tuple(ends), (*first[:-1], channels), depth)

    def _joined(self, layer: Layer, ends: tuple[Row, ...], shape: Shape, depth: int) -> Row:
        sources = tuple(end.number for end in ends)
        row = Row(len(self.rows), self._label(layer), layer, sources, depth, shape)
        row = row._replace(seen=_united(ends))
        self.rows.append(row)
        return row


class _Stuck(Exception):
    """What follows has no sizes."""


def _weighed(row: Row, shape: Shape, weights: Weights) -> Row:
    places, biases = prod(shape[:-1]), weights.bias * weights.outputs
    return row._replace(
        shape=shape,
        weights=weights,
        parameters=weights.taken + biases,
        multiplications=places * weights.taken,
        additions=places * (weights.taken - weights.outputs + biases),
    )


def _subsampled(row: Row, size: Pair) -> Row:
    """The sum of every window, times the coefficient of the channel, plus its bias."""
    return row._replace(
        parameters=2 * row.shape[-1],
        multiplications=row.size,
        additions=row.size * prod(size),
    )


def _united(ends: tuple[Row, ...]) -> tuple[Seen, Seen] | None:
    """What branches see together; None where they step differently, since places then differ."""
    known = [end.seen for end in ends if end.seen is not None]
    if len(known) < len(ends):
        return None
    found = []
    for axis in (0, 1):
        along = [seen[axis] for seen in known]
        if len({seen.jump for seen in along}) > 1:
            return None
        first, last = min(s.first for s in along), max(s.last for s in along)
        found.append(Seen(first, last, along[0].jump))
    return found[0], found[1]


def times(sizes: Iterable[int]) -> str:
    """Sizes as they are said: `37 × 37 × 10`."""
    return " × ".join(map(str, sizes))
