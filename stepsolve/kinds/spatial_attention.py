"""Spatial attention: which places of a feature map matter, from its channels alone.

Shows the mean and the maximum over the channels at every place, their correlation with a kernel of
two channels (one for each map, with zeros around so that the size stays), the sigmoid of it, and the
feature map times this mask; forward and backward. The input is channels × height × width, the kernel
2 × k × k with k odd, the mask height × width with entries between 0 and 1. All numbers are without
units.

Source: Woo, Park, Lee, Kweon, CBAM: Convolutional Block Attention Module (2018), 3, (3).
"""

from __future__ import annotations

from dataclasses import dataclass

from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, given_arrays
from stepsolve.source.fields import entry
from stepsolve.source.report import Report
from stepsolve.source.windows import Above, above
from stepsolve.worksheet.above import give_above, write_backward
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class SpatialAttention(SheetProblem):
    """Spatial attention: a mask over the places of a feature map."""

    input: GivenArray = entry(
        array,
        "The feature map, channels × height × width: numbers, {shape: [2, 3, 3]} for symbols, or "
        "{shape: [2, 3, 3], seed: 1} for drawn numbers.",
        examples=([[[1, 0, 2], [3, 1, 0], [0, 2, 1]], [[2, 1, 0], [0, 1, 4], [1, 0, 3]]],),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The kernel w, 2 × k × k with k odd, first for the mean and then for the maximum; and, if "
        "there is one, the bias b.",
        examples=({"w": {"shape": [2, 3, 3], "seed": 1}, "b": 0},),
    )
    backward: Above | None = entry(
        above,
        "What begins the backward pass: {gradient: [...]} from above of the weighted feature map, "
        "or {loss: half-squares, target: [...]}.",
        default=None,
        examples=({"gradient": 1},),
    )

    def check_keys(self, report: Report) -> None:
        dims = self.input.dims
        if len(dims) != 3:
            told = f"a feature map is channels × height × width; this {self.input.words}"
            report.add(self.input.node.diagnose(told))
        known = {"w": "the kernel", "b": "the bias"}
        by_name = {weight.name: weight for weight in self.weights}
        for name, weight in by_name.items():
            if name not in known:
                told = f"there is no weight {name} here"
                report.add(weight.node.diagnose(told, "the weights are w and b"))
        if "w" not in by_name:
            told = "the weight w is missing"
            report.add(self.node_of("weights").diagnose(told, "weights: {w: ...}, 2 × k × k"))
            return
        shape = by_name["w"].dims
        if len(shape) != 3 or shape[0] != 2 or shape[1] != shape[2] or shape[1] % 2 == 0:
            told = f"w {by_name['w'].words}, but 2 × k × k with k odd belongs here"
            hint = "one square for the mean over the channels and one for the maximum"
            report.add(by_name["w"].node.diagnose(told, hint))
        if "b" in by_name and by_name["b"].dims:
            report.add(by_name["b"].node.diagnose("b is a number: one for all places"))
        if not report.failed and self.backward is not None:
            self.backward.check(dims, report)

    def write(self, sheet: Sheet) -> None:
        sheet.give("F", self.input.value, self.input.dims, self.input.node)
        for weight in self.weights:
            sheet.give(weight.name, weight.value, weight.dims, weight.node)
        give_above(sheet, self.backward, "F'", self.input.dims)
        size = next(w.dims[1] for w in self.weights if w.name == "w")
        around = ", ".join([str(size // 2)] * 4)
        sheet.section("Two maps over the channels")
        sheet.line("A", "mean(F, axis=0)", "average pooling over the channels")
        sheet.line("M", "max(F, axis=0)", "max pooling over the channels")
        sheet.section("The mask")
        sheet.text("The two maps are the two channels of a correlation that keeps their size.")
        padded = size > 1
        if padded:
            sheet.line("A_p", f"pad(A, {around})", "zeros around")
            sheet.line("M_p", f"pad(M, {around})", "zeros around")
        first, second = ("A_p", "M_p") if padded else ("A", "M")
        bias = " + b" if any(w.name == "b" for w in self.weights) else ""
        text = f"correlate({first}, w[0]) + correlate({second}, w[1]){bias}"
        sheet.line("z", text, "each map with its own kernel, summed")
        sheet.line("M_s", "sigmoid(z)", "between 0 and 1 at every place")
        sheet.section("The weighted feature map")
        sheet.line("F'", "M_s * F", "every channel is weighted by the same mask")
        sheet.result("M_s", "F'")
        if self.backward is not None:
            wrt = ["F", *(weight.name for weight in self.weights)]
            write_backward(sheet, self.backward, "F'", wrt)
            sheet.text(
                "Where channels tie for the maximum, the gradient goes to the first of them."
            )
