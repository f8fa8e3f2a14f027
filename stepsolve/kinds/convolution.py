"""Correlation, convolution and transposed convolution of signals and images, forward and backward.

Shows the sizes, the padded input, the first window marked in it, every window's products and sum (with
full detail), and the gradients by input, kernel and bias, again as windows. With one axis and no
channels also the Jacobians, which are banded matrices. A kernel of as many axes as the input has no
channels: n and k, or height × width of both. With one axis more the input is channels × sizes and the
kernel outputs × inputs of a group × sizes; of a transposed convolution inputs × outputs of a group ×
sizes. The output of size n, padding p before and q after, kernel k, stride s and dilation d is
floor((n + p + q - d (k - 1) - 1) / s) + 1. All entries are real numbers without units.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 9.1 and 9.5; Dumoulin, Visin, A guide to
convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import Dims
from stepsolve.operations.frames import Frame, check_groups, correlation_frame, kernel_frame
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.data import Node
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.windows import (
    MOST,
    ONE,
    Above,
    Count,
    Padding,
    PerAxis,
    above,
    count,
    padding,
    per_axis,
    same_padding,
)
from stepsolve.worksheet.above import give_above, write_backward
from stepsolve.worksheet.convolution_page import ConvolutionPage
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class Convolution(SheetProblem):
    """Correlation, convolution and transposed convolution, window by window."""

    STARTER: ClassVar = ("padding", "backward")

    operation: str = entry(
        choice("correlation", "convolution", "transposed"),
        "A correlation slides the kernel as it is, which deep learning calls convolution; a "
        "convolution flips it first; a transposed one spreads it over the output instead.",
        default="correlation",
        examples=("correlation",),
    )
    input: GivenArray = entry(
        array,
        "The signal or image, with channels first if it has any: numbers, or {shape: [6]} for "
        "symbols, {shape: [3, 8, 8], seed: 1} for drawn numbers.",
        examples=([1, 2, 3, 4, 5, 6, 2, 1],),
    )
    kernel: GivenArray = entry(
        array,
        "The weights: as many axes as the input, or with channels one more (outputs × inputs of a "
        "group × sizes; of a transposed convolution inputs × outputs of a group × sizes).",
        examples=([-1, 0, 1],),
    )
    bias: GivenArray | None = entry(
        array,
        "What is added to the output: a number, or with channels one for each output.",
        default=None,
        examples=(0.5,),
    )
    padding: Padding = entry(
        padding,
        "Zeros around the input: valid for none, same for an output as large as the input (divided "
        "by the stride), full for every overlap; or how many, one number for each axis or [before, "
        "after] for each. Of a transposed convolution: how much is cut off.",
        default=Padding(),
        examples=("valid", "same", 1, [[1, 2]]),
    )
    stride: PerAxis = entry(
        per_axis(),
        "How far the window moves, one number or one for each axis.",
        default=ONE,
        examples=(1, 2, [2, 1]),
    )
    dilation: PerAxis = entry(
        per_axis(),
        "How far the weights lie apart, one number or one for each axis.",
        default=ONE,
        examples=(1, 2),
    )
    groups: Count = entry(
        count(1, MOST),
        "Into how many groups the channels are divided; as many as channels is depthwise.",
        default=Count(1),
        examples=(1,),
    )
    output_padding: PerAxis = entry(
        per_axis(0),
        "Of a transposed convolution: how much larger the output is than it must be.",
        default=PerAxis((0,)),
        examples=(0,),
    )
    backward: Above | None = entry(
        above,
        "What begins the backward pass: {gradient: [...]} from above, or {loss: half-squares, "
        "target: [...]}.",
        default=None,
        examples=({"gradient": 1},),
    )
    jacobian: bool = entry(
        boolean,
        "Show the Jacobians of the output by kernel and input, of a signal without channels.",
        default=False,
        examples=(True,),
    )

    # ------------------------------------------------------------------------------- sizes

    @property
    def is_transposed(self) -> bool:
        """Whether the kernel is spread over the output."""
        return self.operation == "transposed"

    @cached_property
    def channels(self) -> bool:
        """Whether the kernel has one axis more than the input."""
        return len(self.kernel.dims) > len(self.input.dims)

    @cached_property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """How many zeros before and after, of every axis."""
        found = self._pads(Report())
        assert found is not None
        return found

    def _pads(self, report: Report) -> tuple[tuple[int, int], ...] | None:
        axes = len(self._sizes(self.kernel))
        stride = self.stride.along(axes, "stride", report)
        dilation = self.dilation.along(axes, "dilation", report)
        if stride is None or dilation is None:
            return None
        reach = tuple(d * (k - 1) for d, k in zip(dilation, self._sizes(self.kernel), strict=True))
        sizes = self._sizes(self.input)
        return self.padding.along(axes, partial(same_padding, sizes, reach, stride), reach, report)

    def _sizes(self, given: GivenArray) -> Dims:
        """The sizes along the axes on which windows slide."""
        if not self.channels:
            return given.dims
        return given.dims[2:] if given is self.kernel else given.dims[1:]

    @cached_property
    def settings(self) -> dict[str, int | Dims]:
        """Stride, dilation and groups as the operations take them."""
        axes = len(self._sizes(self.kernel))
        found: dict[str, int | Dims] = {"groups": self.groups.value}
        for name in ("stride", "dilation"):
            along = getattr(self, name).along(axes, name, Report())
            found[name] = along or 1
        return found

    @cached_property
    def frame(self) -> Frame:
        """Which entry meets which weight in which window. Raises `ShapeError`."""
        dims = self.input.dims
        lead, sizes = dims[: self.channels], dims[self.channels :]
        if not self.is_transposed:
            padded = tuple(n + sum(p) for n, p in zip(sizes, self.pads, strict=True))
            return correlation_frame((*lead, *padded), self.kernel.dims, self.settings)
        least = kernel_frame(dims, self.kernel.dims, (), self.settings)
        extra = self.output_padding.along(len(sizes), "output-padding", Report()) or ()
        more = tuple(n + e for n, e in zip(least.signal, extra, strict=True))
        return kernel_frame(dims, self.kernel.dims, more, self.settings)

    @cached_property
    def output(self) -> Dims:
        """The sizes of the output."""
        if not self.is_transposed:
            return self.frame.result
        kept = tuple(n - sum(p) for n, p in zip(self.frame.signal, self.pads, strict=True))
        return (self.frame.inputs, *kept) if self.channels else kept

    # ------------------------------------------------------------------------------ mistakes

    def check_keys(self, report: Report) -> None:
        rank, more = len(self.input.dims), len(self.kernel.dims) - len(self.input.dims)
        if rank not in (1, 2, 3):
            told = f"a signal or an image belongs here; this {self.input.words}"
            report.add(self.input.node.diagnose(told, "[1, 2, 3], or rows: [[1, 2], [3, 4]]"))
        elif more not in (0, 1) or (more == 1 and rank == 1) or (more == 0 and rank == 3):
            told = f"the kernel {self.kernel.words}, but the input {self.input.words}"
            hint = "a kernel has as many axes as the input, or with channels one more: outputs × "
            hint += "inputs × sizes"
            report.add(self.kernel.node.diagnose(told, hint))
        if report.failed:
            return
        self._check_settings(report)
        if not report.failed:
            self._check_fit(report)

    def _check_settings(self, report: Report) -> None:
        self._pads(report)
        axes = len(self._sizes(self.kernel))
        extra = self.output_padding.along(axes, "output-padding", report)
        if self.is_transposed and self.padding.word not in ("", "valid"):
            assert self.padding.node is not None
            told = f"a transposed convolution has no padding {self.padding.word}"
            report.add(self.padding.node.diagnose(told, "say how much is cut off: padding: 1"))
        if self.output_padding.node is not None and any(extra or ()) and not self.is_transposed:
            told = "output-padding is for transposed convolutions"
            report.add(self.output_padding.node.diagnose(told, "operation: transposed"))
        if self.groups.node is not None and self.groups.value > 1:
            self._check_groups(self.groups.node, report)
        if self.jacobian and (self.channels or len(self.input.dims) > 1 or self.is_transposed):
            told = "the Jacobians are shown of signals with one axis, without channels"
            report.add(self.input.node.diagnose(told, "leave jacobian out"))

    def _check_groups(self, node: Node, report: Report) -> None:
        if not self.channels:
            report.add(node.diagnose("without channels there are no groups"))
            return
        try:
            check_groups(self.input.dims[0], "input", self.groups.value)
            if not self.is_transposed:
                check_groups(self.kernel.dims[0], "output", self.groups.value)
        except ShapeError as error:
            report.add(node.diagnose(error.message, error.hint))

    def _check_fit(self, report: Report) -> None:
        try:
            output = self.output
        except ShapeError as error:
            told, hint = (
                text.replace("#1", "the input").replace("#2", "the kernel")
                for text in (error.message, error.hint)
            )
            if any(map(any, self.pads)):
                told = told.replace("the signal", "the padded signal")
            report.add(self.kernel.node.diagnose(told, hint))
            return
        if min(output) < 1:
            assert self.padding.node is not None
            report.add(self.padding.node.diagnose("nothing is left of the output"))
            return
        if self.bias is not None:
            dims = (output[0],) if self.channels else ()
            because = "one for each output channel" if self.channels else "one for all windows"
            check_sizes(self.bias._replace(name="the bias"), dims, because, report)
        if self.backward is not None:
            self.backward.check(output, report)

    # -------------------------------------------------------------------------------- the page

    def write(self, sheet: Sheet) -> None:
        sheet.give("x", self.input.value, self.input.dims, self.input.node)
        sheet.give("w", self.kernel.value, self.kernel.dims, self.kernel.node)
        if self.bias is not None:
            sheet.give("b", self.bias.value, self.bias.dims, self.bias.node)
        give_above(sheet, self.backward, "y", self.output)
        page = ConvolutionPage(sheet, self)
        page.forward()
        sheet.result("y")
        if self.jacobian:
            page.jacobians()
        if self.backward is not None:
            wrt = ["x", "w", "b"] if self.bias is not None else ["x", "w"]
            write_backward(sheet, self.backward, "y", wrt)
            page.told_backward()
