"""Maximum and average pooling of signals and images, forward and backward.

Shows the windows, one row each, what is kept of every window, and where the gradient goes: to the
entry that won, or to all of them in equal parts. The input is a signal, height × width, or channels ×
height × width; every channel is pooled by itself. Without a stride windows lie side by side; what is
left at the end is in no window. All entries are real numbers without units. Where entries tie for the
maximum, the gradient goes to the first of them.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 9.3; Dumoulin, Visin, A guide to
convolution arithmetic for deep learning (2016), 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
from stepsolve.source.fields import Reader, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.windows import Above, PerAxis, above, per_axis
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
    def frame(self) -> Frame:
        """Which entry is in which window. Raises `ShapeError`."""
        sizes = self.input.dims[self.rank - self.axes :]
        window_ = self.window.along(self.axes, "window", Report()) if self.window.values else sizes
        stride = self.stride.along(self.axes, "stride", Report()) if self.stride else window_
        assert window_ is not None and stride is not None
        return correlation_frame(sizes, window_, {"stride": stride})

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
        if self.stride is not None:
            self.stride.along(self.axes, "stride", report)
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

    def write(self, sheet: Sheet) -> None:
        sheet.give("x", self.input.value, self.input.dims, self.input.node)
        give_above(sheet, self.backward, "y", self.output)
        frame = self.frame
        sheet.section("Forward pass")
        self._told(sheet)
        sizes = ", ".join(map(str, frame.kernel))
        told = "the windows, one row each"
        sheet.line("v", f"windows(x, {sizes}{frame.settings})", told)
        kept, because = {
            "max": ("max", "the largest entry of every row"),
            "average": ("mean", "the mean of every row"),
        }[self.method]
        sheet.line("y", self._laid_out(kept), because)
        sheet.result("y")
        if self.backward is not None:
            write_backward(sheet, self.backward, "y", ["x"])
            self._told_backward(sheet)

    def _laid_out(self, kept: str) -> str:
        """What is kept of every row, in the sizes of the output."""
        if self.window.values:
            return f"reshape({kept}(v, axis=1), {', '.join(map(str, self.output))})"
        return f"{kept}(v, axis=1)" if self.output else f"{kept}(v)"

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
        if any(
            (n - k) % s for n, k, s in zip(frame.signal, frame.kernel, frame.stride, strict=True)
        ):
            sheet.text("What is left at the end is in no window, and its gradient is 0.")

    def _told_backward(self, sheet: Sheet) -> None:
        if self.method == "average":
            count = prod(self.frame.kernel)
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
        ties = int(np.sum(np.sum(rows == np.max(rows, axis=1, keepdims=True), axis=1) > 1))
        if not ties:
            return []
        count = "one window" if ties == 1 else f"{ties} windows"
        told = f"In {count} entries tie for the maximum: the gradient goes to the first of them."
        return [Text((told,))]
