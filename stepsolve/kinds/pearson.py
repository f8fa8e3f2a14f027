"""Pearson's correlation of two windows: how alike they are, whatever their mean and scale.

Shows the mean of each window, the deviations from it, their products and norms, and r, a number from -1
to 1 without a unit. The windows are arrays of the same sizes, in any unit. Dividing the sums by n or by
n - 1 makes no difference to r: the counts cancel.

Source: Gonzalez, Woods, Digital Image Processing, 4th ed., 12.3 (normalised correlation); Hastie,
Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stepsolve.notation.tree import Expression
from stepsolve.operations.dimensions import Dimensions
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, check_sizes, given_arrays
from stepsolve.source.fields import boolean, entry
from stepsolve.source.report import Report
from stepsolve.worksheet.arrays import ArrayValues
from stepsolve.worksheet.sheet import Sheet

_TAKEN = ("r", "s")


@dataclass(frozen=True)
class Pearson(SheetProblem):
    """Pearson's correlation of two windows."""

    windows: tuple[GivenArray, ...] = entry(
        given_arrays,
        "Two windows by name, of the same sizes: numbers, or {shape: [3]} for symbols.",
        examples=({"a": [1, 2, 3], "b": [6, 2, 1]},),
    )
    backward: bool = entry(
        boolean, "Differentiate r by both windows.", default=False, examples=(True,)
    )

    @property
    def heading(self) -> str:
        return "Pearson's correlation"

    def check_keys(self, report: Report) -> None:
        for array in self.windows:
            if array.name in _TAKEN:
                told = f"{array.name} is the name of a line of the page"
                report.add(array.node.diagnose(told, "call the window a, b, x or y"))
        if len(self.windows) != 2:
            place = self.windows[2:] or self.windows
            told = f"two windows belong here, not {len(self.windows)}"
            node = place[0].node if place else self.node_of("windows")
            report.add(node.diagnose(told, "windows: {a: [1, 2, 3], b: [6, 2, 1]}"))
            return
        first, second = self.windows
        if not first.dims:
            report.add(first.node.diagnose("a window is a list of numbers"))
            return
        check_sizes(second, first.dims, f"{second.name} is compared with {first.name}", report)
        for array in self.windows:
            if array.value is not None and _is_constant(array):
                told = f"all entries of {array.name} are equal, so r is not defined"
                report.add(array.node.diagnose(told, "it has no deviations to compare"))

    def write(self, sheet: Sheet) -> None:
        give_all(sheet, self.windows)
        a, b = (array.name for array in self.windows)
        sheet.section("Deviations from the mean")
        for name in (a, b):
            sheet.line(f"m_{name}", f"mean({name})", "the mean of the window")
        for name in (a, b):
            sheet.line(f"d_{name}", f"{name} - m_{name}", "what is left without the mean")
        sheet.section("Correlation")
        sheet.line("s", f"sum(d_{a} * d_{b})", "large where they deviate together")
        for name in (a, b):
            sheet.line(f"n_{name}", f"norm(d_{name})", "the root of the sum of squares")
        sheet.line("r", f"s / (n_{a} * n_{b})", "the cosine of the angle between the deviations")
        sheet.text("The counts n of mean and variance cancel in r.")
        if self.backward:
            sheet.backward("r", (a, b))
            sheet.result(f"dr/d{a}", f"dr/d{b}")
        sheet.result("r")


def _is_constant(array: GivenArray) -> bool:
    value = array.value
    if isinstance(value, Expression):
        value = ArrayValues(Dimensions({}, {})).value(value, {})
    return bool(np.ptp(np.asarray(value, dtype=float)) == 0)
