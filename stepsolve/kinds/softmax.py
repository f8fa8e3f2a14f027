"""Softmax: its values, shifted so that nothing overflows, and its Jacobian entry by entry.

The input is a vector, or a matrix whose rows are taken one by one; it has no units. With a temperature
T, softmax(x / T): above 1 it is flatter, below 1 sharper. The Jacobian has rows for outputs and columns
for inputs. Vectors are NumPy's, indices count from 0.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 4.1 and 6.2.2.3; Hinton, Vinyals, Dean,
Distilling the Knowledge in a Neural Network (2015), 2, for the temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from stepsolve.notation.tree import Expression
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.fields import boolean, entry
from stepsolve.source.quantities import Given, positive
from stepsolve.source.report import Report
from stepsolve.worksheet.sheet import Sheet

_WIDEST: Final = 256  # classes of a Jacobian
_MOST_ROWS: Final = 8  # of which each gets a Jacobian


@dataclass(frozen=True)
class Softmax(SheetProblem):
    """Softmax of a vector or of rows, with its Jacobian."""

    STARTER: ClassVar = ("jacobian",)

    input: GivenArray = entry(
        array,
        "What goes in, called x (X if it is a matrix: then softmax is taken of every row).",
        examples=([2, 1, 0.1],),
    )
    temperature: Given | None = entry(
        positive, "What the input is divided by, a number above 0.", default=None, examples=(2,)
    )
    jacobian: bool = entry(boolean, "Work out the Jacobian.", default=True, examples=(True,))
    upstream: GivenArray | None = entry(
        array,
        "The gradient of a loss by the softmax, to be passed on to the input.",
        default=None,
        examples=([1, 0, 0],),
    )

    def check_keys(self, report: Report) -> None:
        given = self.input
        if len(given.dims) not in (1, 2):
            report.add(
                given.node.diagnose(f"a vector or a matrix belongs here, and it {given.words}")
            )
        elif self.upstream is not None:
            above = self.upstream._replace(name="upstream")
            check_sizes(above, given.dims, "it has one entry for every one of the input", report)

    def write(self, sheet: Sheet) -> None:
        rows = len(self.input.dims) == 2
        x, s = ("X", "S") if rows else ("x", "s")
        sheet.give(x, self.input.value, self.input.dims, self.input.node)
        if self.temperature is not None:
            sheet.give("T", self.temperature.expression, (), self.temperature.node)
        if self.upstream is not None:
            sheet.give(f"dL/d{s}", self.upstream.value, self.upstream.dims, self.upstream.node)
        axis = ", axis=1" if rows else ""
        sheet.section("Softmax")
        if rows:
            sheet.text("Softmax is taken of every row.")
        if self.temperature is not None:
            letter = "Z" if rows else "z"
            sheet.line(letter, f"{x} / T", "a temperature above 1 flattens, one below 1 sharpens")
        else:
            letter = x
        sheet.line(s, f"softmax({letter}{axis})", "powers of e, divided by their sum")
        sheet.result(s)
        self._shifted(sheet, letter, s)
        if self.jacobian:
            self._jacobians(sheet, x, s)
        if self.upstream is not None:
            sheet.backward("L", (x,), {s: f"dL/d{s}"})
            sheet.result(f"dL/d{x}")

    def _shifted(self, sheet: Sheet, letter: str, s: str) -> None:
        """The form that computers use."""
        rows = len(self.input.dims) == 2
        sheet.section("Shifted by the maximum")
        told = "Softmax stays the same when every entry moves by the same number. Less the largest "
        sheet.text(told + "entry, no power of e is larger than 1, and nothing overflows.")
        count = self.input.dims[0]
        axis = ", axis=1" if rows else ""
        kept = (lambda text: f"reshape({text}, {count}, 1)") if rows else (lambda text: text)
        sheet.line("m", kept(f"max({letter}{axis})"), "the largest entry" + " of each row" * rows)
        sheet.line("u", f"{letter} - m", "the largest is now 0")
        sheet.line("E", "exp(u)", "powers from 0 to 1")
        sheet.line("t", kept(f"sum(E{axis})"), "their sum, at least 1")
        sheet.line(f"{s}'", "E / t", "the same values as before")
        sheet.equal(f"{s}'", s, None)

    def _jacobians(self, sheet: Sheet, x: str, s: str) -> None:
        """`J_ij = s_i (delta_ij - s_j)`; of a matrix, one for every row."""
        *rows, width = self.input.dims
        sheet.section("Jacobian")
        if width > _WIDEST:
            sheet.text(f"It has {width} rows and columns, and is left out.")
            return
        over = " / T" if self.temperature is not None else ""
        where = "1 where i = j and 0 elsewhere"
        told: tuple[str | Expression, ...]
        told = ("Raising x[j] raises s[j] and lowers every entry through the sum:",)
        sheet.text(*told, f" J[i, j] = s[i] (δ[i, j] − s[j]){over}, with δ {where}.")
        if not rows:
            self._jacobian(sheet, x, s, width)
            return
        for k in range(min(rows[0], _MOST_ROWS)):
            sheet.line(f"x_{k}", f"X[{k}]", f"row {k}")
            sheet.line(f"s_{k}", f"softmax(x_{k}{over})", "its softmax")
            self._jacobian(sheet, f"x_{k}", f"s_{k}", width)
        if rows[0] > _MOST_ROWS:
            sheet.text(f"The other {rows[0] - _MOST_ROWS} rows have Jacobians of the same form.")

    def _jacobian(self, sheet: Sheet, x: str, s: str, width: int) -> None:
        form = f"reshape({s}, {width}, 1) * (eye({width}) - {s})"
        between = [s]
        if self.temperature is not None:
            form += " / T"
            between = ["z", s] if s == "s" else [s]
        because = "a row for every output, a column for every input"
        sheet.result(sheet.jacobian(s, x, form, because, between))
