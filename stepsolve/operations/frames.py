"""The geometry of a correlation: which entry of a signal meets which weight in which window.

Without channels, everything has one channel. Window p along an axis begins at stride · p, and its
weight k lies dilation · k further on. Source: Dumoulin, Visin, A guide to convolution arithmetic for
deep learning (2016), 2 and 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Final, NamedTuple

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import Dims, Index, Option, size_words

_MOST_WORK: Final = 5_000_000_000  # multiplications of one correlation
_MOST_IN_WINDOWS: Final = 50_000_000  # entries of all windows together: 400 MB


class Frame(NamedTuple):
    """The sizes of a correlation; `stride` and `dilation` are given for every axis."""

    signal: Dims
    kernel: Dims
    windows: Dims
    stride: Dims
    dilation: Dims
    inputs: int = 1
    outputs: int = 1
    groups: int = 1
    channels: bool = False

    @property
    def spans(self) -> Dims:
        """How far a window reaches along each axis."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def result(self) -> Dims:
        """The sizes of the correlation."""
        return (self.outputs, *self.windows) if self.channels else self.windows

    @property
    def signal_dims(self) -> Dims:
        """The sizes of the signal, with its channels."""
        return (self.inputs, *self.signal) if self.channels else self.signal

    @property
    def kernel_dims(self) -> Dims:
        """The sizes of the kernel, with its channels."""
        if not self.channels:
            return self.kernel
        return (self.outputs, self.inputs // self.groups, *self.kernel)

    @property
    def settings(self) -> str:
        """The settings as they are written in a call, those of 1 left out."""
        written = ""
        for name, sizes in (("stride", self.stride), ("dilation", self.dilation)):
            if set(sizes) != {1}:
                same = len(set(sizes)) == 1
                written += f", {name}={sizes[0] if same else list(sizes)}"
        return written + (f", groups={self.groups}" if self.groups > 1 else "")

    def under(self, window: Index, tap: Index) -> Index:
        """The place in the signal that a weight meets in a window."""
        steps = zip(window, tap, self.stride, self.dilation, strict=True)
        return tuple(p * s + k * d for p, k, s, d in steps)

    def over(self, place: Index) -> Iterator[tuple[Index, Index]]:
        """Every window that a place is in, and the weight that it meets there."""
        axes = []
        for at, count, size, s, d in zip(
            place, self.windows, self.kernel, self.stride, self.dilation, strict=True
        ):
            met = [(*divmod(at - k * d, s), k) for k in range(size)]
            axes.append([(p, k) for p, rest, k in met if not rest and 0 <= p < count])
        for pairs in product(*axes):
            yield tuple(p for p, _ in pairs), tuple(k for _, k in pairs)

    def split(self, index: Index) -> tuple[int, Index]:
        """The channel and the place of an index."""
        return (index[0], index[1:]) if self.channels else (0, index)

    def channel(self, channel: int, place: Index) -> Index:
        """The index of a place in a channel."""
        return (channel, *place) if self.channels else place

    def weight(self, output: int, inner: int, tap: Index) -> Index:
        """The index of a weight; `inner` counts the inputs of the output's group."""
        return (output, inner, *tap) if self.channels else tap

    def split_weight(self, index: Index) -> tuple[int, int, Index]:
        """The output, the input within its group, and the place of a weight."""
        return (index[0], index[1], index[2:]) if self.channels else (0, 0, index)

    def outer(self, output: int, inner: int) -> int:
        """The input that an output's weights for `inner` meet."""
        group = output // (self.outputs // self.groups)
        return group * (self.inputs // self.groups) + inner

    def inputs_of(self, output: int) -> list[tuple[int, int]]:
        """The inputs that an output uses, each with its number within the group."""
        return [(self.outer(output, k), k) for k in range(self.inputs // self.groups)]

    def outputs_of(self, channel: int) -> list[tuple[int, int]]:
        """The outputs that use an input, each with the input's number within the group."""
        group, inner = divmod(channel, self.inputs // self.groups)
        each = self.outputs // self.groups
        return [(group * each + k, inner) for k in range(each)]


def correlation_frame(a: Dims, b: Dims, settings: Mapping[str, Option]) -> Frame:
    """Of a correlation of a signal with a kernel. Raises `ShapeError`."""
    channels = _has_channels(a, b, "#1", "#2")
    signal, kernel = (a[1:], b[2:]) if channels else (a, b)
    groups = _groups(settings, channels)
    if channels:
        check_groups(a[0], "input", groups)
        check_groups(b[0], "output", groups)
        if a[0] != b[1] * groups:
            of = f" in each of {groups} groups" if groups > 1 else ""
            told = f"#1 has {_count(a[0], 'channel')}, but #2 is for {b[1]}{of}"
            raise ShapeError(told, "a kernel is outputs × inputs of a group × sizes")
    stride, dilation = _steps(settings, "stride", kernel), _steps(settings, "dilation", kernel)
    windows = tuple(
        (n - d * (k - 1) - 1) // s + 1 if n > d * (k - 1) else 0
        for n, k, s, d in zip(signal, kernel, stride, dilation, strict=True)
    )
    frame = Frame(signal, kernel, windows, stride, dilation, *_channels(a, b, groups, channels))
    if 0 in windows:
        told = f"the kernel is larger than the signal: {_sizes(frame.spans)} over {_sizes(signal)}"
        raise ShapeError(told, "pad the signal, or take a smaller kernel")
    return _affordable(frame)


def kernel_frame(a: Dims, b: Dims, sizes: tuple[int, ...], settings: Mapping[str, Option]) -> Frame:
    """Of a transposed correlation of `a` with a kernel, for a result of given sizes."""
    channels = _has_channels(a, b, "#1", "#2")
    windows, kernel = (a[1:], b[2:]) if channels else (a, b)
    groups = _groups(settings, channels)
    if channels:
        check_groups(b[0], "input", groups)
        if a[0] != b[0]:
            told = f"#1 has {_count(a[0], 'channel')}, but #2 is for {b[0]}"
            raise ShapeError(told, "a transposed kernel is inputs × outputs of a group × sizes")
    stride, dilation = _steps(settings, "stride", kernel), _steps(settings, "dilation", kernel)
    least = tuple(
        s * (p - 1) + d * (k - 1) + 1
        for p, k, s, d in zip(windows, kernel, stride, dilation, strict=True)
    )
    signal = sizes or least
    if len(signal) != len(least) or not all(
        0 <= n - m < s for n, m, s in zip(signal, least, stride, strict=True)
    ):
        told = f"the result is {_sizes(least)}, and may be larger by less than the stride"
        raise ShapeError(f"{told}, not {_sizes(signal)}")
    inputs = b[1] * groups if channels else 1
    outputs = b[0] if channels else 1
    return _affordable(
        Frame(signal, kernel, windows, stride, dilation, inputs, outputs, groups, channels)
    )


def window_frame(a: Dims, b: Dims, sizes: tuple[int, ...], settings: Mapping[str, Option]) -> Frame:
    """Of the correlation of `a` with a kernel of given sizes whose result is as large as `b`."""
    if len(a) != len(b) or len(a) - len(sizes) not in (0, 1):
        raise ShapeError(f"#1 {size_words(a)}, #2 {size_words(b)}, and a kernel has {sizes}")
    channels = len(a) > len(sizes)
    groups = _groups(settings, channels)
    if channels:
        check_groups(a[0], "input", groups)
        check_groups(b[0], "output", groups)
    kernel = (b[0], a[0] // groups, *sizes) if channels else sizes
    frame = correlation_frame(a, kernel, settings)
    if frame.result != b:
        raise ShapeError(f"#2 {size_words(b)}, but there are {_sizes(frame.result)} windows")
    return frame


def _has_channels(a: Dims, b: Dims, first: str, second: str) -> bool:
    if len(b) == len(a) + 1 and len(a) > 1:
        return True
    if not a or len(a) != len(b):
        told = f"{first} {size_words(a)}, but {second} {size_words(b)}"
        hint = "a kernel has as many axes as the signal, or with channels one more"
        raise ShapeError(told, hint)
    return False


def _channels(a: Dims, b: Dims, groups: int, channels: bool) -> tuple[int, int, int, bool]:
    return (a[0], b[0], groups, True) if channels else (1, 1, 1, False)


def _groups(settings: Mapping[str, Option], channels: bool) -> int:
    groups = settings.get("groups", 1)
    if not isinstance(groups, int) or groups < 1:
        raise ShapeError("groups is a whole number of at least 1")
    if groups > 1 and not channels:
        raise ShapeError("without channels there are no groups")
    return groups


def check_groups(count: int, what: str, groups: int) -> None:
    """Raises `ShapeError` where so many input or output channels do not make up the groups."""
    if count % groups:
        told = f"{_count(count, f'{what} channel')} cannot be divided into {groups} groups"
        raise ShapeError(told, f"groups divides the channels: {_divisors(count)}")


def _divisors(count: int) -> str:
    found = [str(k) for k in range(1, min(count, 1000) + 1) if count % k == 0]
    return ", ".join(found[:8])


def _steps(settings: Mapping[str, Option], name: str, kernel: Dims) -> Dims:
    steps = settings.get(name, 1)
    found = steps if isinstance(steps, tuple) else (steps,) * len(kernel)
    if len(found) != len(kernel):
        raise ShapeError(f"{name} is one number, or one for each of the {len(kernel)} axes")
    if min(found) < 1:
        raise ShapeError(f"{name} is at least 1")
    return found


def _affordable(frame: Frame) -> Frame:
    under = prod(frame.windows) * prod(frame.kernel) * frame.inputs
    if under > _MOST_IN_WINDOWS or under * frame.outputs // frame.groups > _MOST_WORK:
        raise ShapeError(f"{under * frame.outputs // frame.groups} multiplications are too many")
    return frame


def _sizes(dims: Dims) -> str:
    return " × ".join(map(str, dims))


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)
