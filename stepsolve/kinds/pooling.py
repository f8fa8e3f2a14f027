"""Maximum and average pooling of signals and images, forward and backward.

Shows the windows, one row each, what is kept of every window, and where the gradient goes: to the
entry that won, or to all of them in equal parts. The input is a signal, height × width, or channels ×
height × width; every channel is pooled by itself. Without a stride windows lie side by side; what is
left at the end is in no window. Padding is left out of every window, as if it were -infinity for the
maximum, and the average divides by the entries that are left; or, with count-padding, it counts as
zeros. All entries are real numbers without units. Where entries tie for the maximum, the gradient goes
to the first of them.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 9.3; Dumoulin, Visin, A guide to
convolution arithmetic for deep learning (2016), 3; PyTorch reference, torch.nn.MaxPool2d and AvgPool2d.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import ClassVar

import numpy as np

from stepsolve.derivation import Block, Text
from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import Dims
from stepsolve.operations.frames import Frame, correlation_frame
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.windows import (
    Above,
    Padding,
    PerAxis,
    above,
    padding,
    per_axis,
    same_padding,
)
from stepsolve.worksheet.above import give_above, write_backward
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

GLOBAL = PerAxis(())
_sizes = per_axis()


def _read_window(node: Node, report: Report) -> PerAxis | None:
    if node.value == "global":
        return PerAxis((), node)
    return _sizes.read(node, report)


window: Reader[PerAxis] = Reader(
    _read_window,
    {"anyOf": [{"const": "global"}, _sizes.schema()]},
    "global, or a whole number of at least 1",
    ("text", "list"),
)


@dataclass(frozen=True)
class Pooling(SheetProblem):
    """Maximum and average pooling, forward and backward."""

    STARTER: ClassVar = ("backward",)

    method: str = entry(
        choice("max", "average"),
        "What is kept of every window.",
        default="max",
        examples=("max",),
    )
    input: GivenArray = entry(
        array,
        "The signal, image or channels of an image: numbers, {shape: [4, 4]} for symbols, or "
        "{shape: [3, 8, 8], seed: 1} for drawn numbers.",
        examples=([[1, 3, 2, 4], [5, 6, 1, 2], [7, 2, 9, 0], [1, 8, 3, 4]],),
    )
    window: PerAxis = entry(
        window,
        "The size of a window, one number or one for each axis; global for the whole of it.",
        examples=(2, [2, 1], "global"),
    )
    stride: PerAxis | None = entry(
        per_axis(),
        "How far the window moves; its own size if left out.",
        default=None,
        examples=(2, 1),
    )
    padding: Padding = entry(
        padding,
        "Entries around the input: valid for none, same for as many windows as the input divided by "
        "the stride has entries, full for every overlap; or how many, one number for each axis or "
        "[before, after] for each.",
        default=Padding(),
        examples=(1, "same", [[0, 1]]),
    )
    count_padding: bool = entry(
        boolean,
        "Whether the padding counts as zeros, in the maximum and in the average. Else it is left out.",
        default=False,
        examples=(False,),
    )
    backward: Above | None = entry(
        above,
        "What begins the backward pass: {gradient: [...]} from above, or {loss: half-squares, "
        "target: [...]}.",
        default=None,
        examples=({"gradient": 1},),
    )

    @property
    def axes(self) -> int:
        """Along how many axes windows slide: the last two, or that of a signal."""
        return len(self.window.values) if len(self.window.values) > 1 else min(self.rank, 2)

    @property
    def rank(self) -> int:
        """The axes of the input."""
        return len(self.input.dims)

    @cached_property
    def _steps(self) -> tuple[Dims, Dims, tuple[tuple[int, int], ...]]:
        """The sizes of a window, how far it moves, and the padding before and after."""
        found = self._read_steps(Report())
        assert found is not None
        return found

    def _read_steps(self, report: Report) -> tuple[Dims, Dims, tuple[tuple[int, int], ...]] | None:
        sizes = self._sizes
        window_ = self.window.along(self.axes, "window", report) if self.window.values else sizes
        stride = self.stride.along(self.axes, "stride", report) if self.stride else window_
        if window_ is None or stride is None:
            return None
        reach = tuple(size - 1 for size in window_)
        same = partial(same_padding, sizes, reach, stride)
        pads = self.padding.along(self.axes, same, reach, report)
        return None if pads is None else (window_, stride, pads)

    @property
    def _sizes(self) -> Dims:
        """The sizes along the axes on which windows slide."""
        return self.input.dims[self.rank - self.axes :]

    @cached_property
    def is_padded(self) -> bool:
        """Whether there is anything around the input."""
        return any(map(any, self._steps[2]))

    @cached_property
    def frame(self) -> Frame:
        """Which entry is in which window. Raises `ShapeError`."""
        window_, stride, pads = self._steps
        padded = tuple(size + sum(pair) for size, pair in zip(self._sizes, pads, strict=True))
        return correlation_frame(padded, window_, {"stride": stride})

    @property
    def output(self) -> Dims:
        """The sizes of the output."""
        channels = self.input.dims[: self.rank - self.axes]
        return (*channels, *self.frame.windows) if self.window.values else channels

    def check_keys(self, report: Report) -> None:
        if self.rank not in (1, 2, 3):
            told = f"a signal or an image belongs here; this {self.input.words}"
            report.add(self.input.node.diagnose(told, "[1, 2, 3], or rows: [[1, 2], [3, 4]]"))
            return
        if self.axes > min(self.rank, 2):
            assert self.window.node is not None
            told = f"this window has {self.axes} axes, but the input {self.input.words}"
            report.add(self.window.node.diagnose(told))
            return
        found = self._read_steps(report)
        if found is None:
            return
        self._check_padding(found[0], found[2], report)
        if report.failed:
            return
        try:
            output = self.output
        except ShapeError as error:
            assert self.window.node is not None
            told = error.message.replace("the kernel", "the window").replace("signal", "input")
            report.add(self.window.node.diagnose(told, "take a smaller window"))
            return
        if self.backward is not None:
            self.backward.check(output, report)

    def _check_padding(
        self, window_: Dims, pads: tuple[tuple[int, int], ...], report: Report
    ) -> None:
        node = self.padding.node
        if node is None or not any(map(any, pads)):
            return
        if not self.window.values:
            report.add(node.diagnose("global pooling has no padding", "leave it out"))
        elif any(max(pair) >= size for pair, size in zip(pads, window_, strict=True)):
            told = "the padding is less than the window, or else a window would see padding alone"
            report.add(node.diagnose(told, f"at most {min(window_) - 1}"))

    def write(self, sheet: Sheet) -> None:
        sheet.give("x", self.input.value, self.input.dims, self.input.node)
        give_above(sheet, self.backward, "y", self.output)
        sheet.section("Forward pass")
        self._told(sheet)
        signal = "x"
        if self.is_padded:
            signal = "x_p"
            told = "zeros around the input" if self.count_padding else "around the input, left out"
            sheet.line("x_p", self._padded("x"), told)
        sheet.line("v", self._windows(signal), "the windows, one row each")
        if self.is_padded and not self.count_padding:
            inside = f"ones({', '.join(map(str, self.input.dims))})"
            told = "1 inside the input, 0 in the padding"
            sheet.line("m", self._windows(self._padded(inside)), told)
            self._left_out(sheet)
        else:
            kept, because = {
                "max": ("max", "the largest entry of every row"),
                "average": ("mean", "the mean of every row"),
            }[self.method]
            axis = ", axis=1" if self.output else ""
            sheet.line("y", self._laid_out(f"{kept}(v{axis})"), because)
        sheet.result("y")
        if self.backward is not None:
            write_backward(sheet, self.backward, "y", ["x"])
            self._told_backward(sheet)

    def _padded(self, what: str) -> str:
        amounts = ", ".join(f"{before}, {after}" for before, after in self._steps[2])
        return f"pad({what}, {amounts})"

    def _windows(self, of: str) -> str:
        sizes = ", ".join(map(str, self.frame.kernel))
        return f"windows({of}, {sizes}{self.frame.settings})"

    def _left_out(self, sheet: Sheet) -> None:
        """What is kept of every row where its padding is left out."""
        if self.method == "max":
            told = "the largest entry inside, as if the padding were −∞"
            sheet.line("y", self._laid_out("masked_max(v, m, axis=1)"), told)
            return
        sheet.line("n", "sum(m, axis=1)", "how many entries of a window are inside")
        sheet.line("y", self._laid_out("sum(v, axis=1) / n"), "the mean of those inside")

    def _laid_out(self, kept: str) -> str:
        """What is kept of every row, in the sizes of the output."""
        if self.window.values:
            return f"reshape({kept}, {', '.join(map(str, self.output))})"
        return kept

    def _told(self, sheet: Sheet) -> None:
        frame = self.frame
        size, step = (" × ".join(map(str, dims)) for dims in (frame.kernel, frame.stride))
        name = {"max": "Max", "average": "Average"}[self.method]
        if not self.window.values:
            sheet.text(f"Global pooling: one window of {size} for the whole.")
        elif frame.stride == frame.kernel:
            sheet.text(f"{name} pooling with windows of {size}, side by side.")
        else:
            sheet.text(f"{name} pooling with windows of {size}, moved by {step}.")
        if self.rank > self.axes:
            sheet.text("Every channel is pooled by itself; its windows follow each other.")
        ends = zip(frame.signal, frame.kernel, frame.stride, self._steps[2], strict=True)
        if any((n - k) % s > after for n, k, s, (_, after) in ends):
            sheet.text("What is left at the end is in no window, and its gradient is 0.")
        if self.is_padded and self.count_padding:
            sheet.text("The padding counts as zeros.")
        elif self.is_padded:
            stands = {
                "max": ", as if it were −∞",
                "average": ": the mean is that of the entries inside the input",
            }
            sheet.text(f"The padding does not count{stands[self.method]}.")

    def _told_backward(self, sheet: Sheet) -> None:
        if self.method == "average":
            count = str(prod(self.frame.kernel))
            if self.is_padded and not self.count_padding:
                count = "n"
            sheet.text(f"Every entry of a window gets 1/{count} of the gradient of the window.")
        else:
            sheet.text("The gradient of a window goes to its largest entry; the others get 0.")
            sheet.block(self._ties)
        if any(s < k for s, k in zip(self.frame.stride, self.frame.kernel, strict=True)):
            sheet.text("Windows overlap, and what an entry gets from each of them adds up.")

    def _ties(self, solved: Solved) -> list[Block]:
        """The convention, where it is used."""
        if not solved.is_known("v"):
            return []
        rows = solved.value("v")
        if "m" in self.sheet.lines:
            rows = np.where(solved.value("m") != 0, rows, -np.inf)
        ties = int(np.sum(np.sum(rows == np.max(rows, axis=1, keepdims=True), axis=1) > 1))
        if not ties:
            return []
        count = "one window" if ties == 1 else f"{ties} windows"
        told = f"In {count} entries tie for the maximum: the gradient goes to the first of them."
        return [Text((told,))]
