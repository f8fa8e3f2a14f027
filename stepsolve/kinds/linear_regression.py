"""Linear regression: the hypothesis, the loss J, its gradient, batch updates, the normal equations.

With one feature x is a vector with an entry for every example, and w a number; with several, X has a
row for every example and w is a vector. h = X w + b, and J is half the sum of the squares of h - y, or
half their mean, or their mean. The closed form solves (Z^T Z) theta = Z^T y, with a column of ones in Z
for the bias, by Gauss-Jordan elimination. No units of measurement.

Source: Bishop, Pattern Recognition and Machine Learning (2006), 3.1; Goodfellow, Bengio, Courville,
Deep Learning (2016), 5.1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Final

from stepsolve.notation.tree import Array, Number
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.source.truth import exact_entries
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.learning import learn
from stepsolve.worksheet.sheet import Sheet

MOST_UNKNOWNS: Final = 8  # of the normal equations
MOST_EXAMPLES: Final = 5000  # whose independence is found out with fractions
_LOSSES: Final = {
    "half-sum": ("half_squared_error({h}, y)", "half the sum of the squared errors"),
    "half-mean": ("1/{m} * half_squared_error({h}, y)", "half the mean of the squared errors"),
    "mean": ("mse({h}, y)", "the mean of the squared errors"),
}


@dataclass(frozen=True)
class LinearRegression(SheetProblem):
    """Linear regression by gradient descent and by the normal equations."""

    STARTER: ClassVar = ("weights", "update")

    inputs: GivenArray = entry(
        array,
        "The examples: a vector x of one feature, or a matrix X with a row for every example.",
        examples=([1, 2, 3],),
    )
    targets: GivenArray = entry(array, "The target of every example.", examples=([2, 3, 5],))
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weight w and the bias b to begin with, by name; b may be left out. Without this key "
        "they are 0.",
        default=(),
        examples=({"w": 1, "b": 0},),
    )
    loss: str = entry(
        choice(*_LOSSES),
        "What is minimised: half-sum is 1/2 of the sum of (h - y)^2, half-mean 1/(2m) of it, mean 1/m.",
        default="half-sum",
        examples=("half-mean",),
    )
    update: Update | None = entry(
        update,
        "An optimiser and its settings: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.1},),
    )
    closed_form: bool = entry(
        boolean,
        "Whether the best weights are worked out as well, by the normal equations.",
        default=False,
        examples=(True,),
    )

    @property
    def one_feature(self) -> bool:
        return len(self.inputs.dims) == 1

    @property
    def parameters(self) -> dict[str, GivenArray]:
        """The weights by name; zeros if none are given."""
        if self.weights:
            return {weight.name: weight for weight in self.weights}
        zero = Number("0")
        width = self.inputs.dims[1:]
        w = Array(*[zero] * width[0]) if width else zero
        node = self.inputs.node
        return {"w": GivenArray("w", w, width, node), "b": GivenArray("b", zero, (), node)}

    # ------------------------------------------------------------------------------------- mistakes

    def check_keys(self, report: Report) -> None:
        inputs = self.inputs
        if len(inputs.dims) not in (1, 2):
            told = f"examples are a vector or the rows of a matrix, but this {inputs.words}"
            report.add(inputs.node.diagnose(told))
            return
        found = check_weights(
            self.weights,
            ("w", "b"),
            ("w",) if self.weights else (),
            self.node_of("weights"),
            report,
        )
        if "w" in found:
            check_sizes(found["w"], inputs.dims[1:], "one weight for every feature", report)
        if "b" in found:
            check_sizes(found["b"], (), "the bias is a number", report)
        check_sizes(
            self.targets._replace(name="y"), inputs.dims[:1], "one target for every example", report
        )
        if self.closed_form and not report.failed:
            self._check_closed_form(report)

    def _check_closed_form(self, report: Report) -> None:
        unknowns = sum(max(1, *p.dims) if p.dims else 1 for p in self.parameters.values())
        if unknowns > MOST_UNKNOWNS:
            told = f"the normal equations are solved for at most {MOST_UNKNOWNS} unknowns"
            report.add(self.node_of("closed-form").diagnose(f"{told}, not {unknowns}"))
            return
        if self.inputs.dims[0] > MOST_EXAMPLES:
            told = f"the normal equations are for at most {MOST_EXAMPLES} examples here"
            report.add(self.inputs.node.diagnose(told))
            return
        if self.inputs.value is None:
            return
        flat = exact_entries(self.inputs, report)
        width = self.inputs.dims[1] if not self.one_feature else 1
        one = [Fraction(1)] if "b" in self.parameters else []
        rows = [[*flat[k : k + width], *one] for k in range(0, len(flat), width)]
        if not report.failed and _rank(rows, unknowns) < unknowns:
            told = "the normal equations have more than one solution"
            hint = "there are too few different examples, or a feature follows from the others"
            report.add(self.inputs.node.diagnose(told, hint))

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        x = "x" if self.one_feature else "X"
        inputs = self.inputs
        sheet.give(x, inputs.value, inputs.dims, inputs.node)
        sheet.give("y", self.targets.value, self.targets.dims, self.targets.node)
        give_all(sheet, tuple(self.parameters.values()))
        learn(sheet, lambda *now: self._forward(sheet, *now), self.parameters, self.update)
        if self.closed_form:
            self._solve(sheet, x)

    def _hypothesis(self, w: str, b: str) -> str:
        product = f"{w} * x" if self.one_feature else f"X @ {w}"
        return f"{product} + {b}" if b else product

    def _forward(self, sheet: Sheet, now: Mapping[str, str], suffix: str, step: int | None) -> str:
        h, loss = f"h{suffix}", f"J{suffix}"
        sheet.line(h, self._hypothesis(now["w"], now.get("b", "")), "the hypothesis")
        self._loss(sheet, loss, h)
        return loss

    def _loss(self, sheet: Sheet, name: str, h: str) -> None:
        text, because = _LOSSES[self.loss]
        sheet.line(name, text.format(h=h, m=self.inputs.dims[0]), because)

    def _solve(self, sheet: Sheet, x: str) -> None:
        """The normal equations, and their solution by Gauss-Jordan elimination."""
        sheet.section("Normal equations")
        count, has_bias = self.inputs.dims[0], "b" in self.parameters
        order = "θ holds w and then b" if has_bias else "θ is w"
        told = f"At the minimum the gradient is 0, so Zᵀ Z θ = Zᵀ y, where {order}."
        sheet.text(told)
        if self.one_feature:
            text = f"stack(x, ones({count})).T" if has_bias else f"reshape(x, {count}, 1)"
        else:
            text = f"concat(X, ones({count}, 1), axis=1)" if has_bias else "X"
        told = "a column for every weight" + (", and ones for the bias" if has_bias else "")
        sheet.line("Z", text, told)
        sheet.line("S", "Z.T @ Z")
        sheet.line("c", "Z.T @ y")
        size = sheet.dimensions.known["c"][0]
        sheet.line("M_0", f"concat(S, reshape(c, {size}, 1), axis=1)", "the equations side by side")
        for k in range(size):
            m, row = f"M_{k}", f"r_{k}"
            sheet.line(row, f"{m}[{k}] / {m}[{k}, {k}]", f"row {k} divided by its entry {k}")
            cleared = f"outer({m}[0:{size}, {k}] - one_hot({k}, {size}), {row})"
            because = f"{row} instead of row {k}, and multiples of it taken from the others"
            sheet.line(f"M_{k + 1}", f"{m} - {cleared}", because)
        sheet.line("theta", f"M_{size}[0:{size}, {size}]", "the last column is the solution")
        sheet.line("h_min", "Z @ theta", "the best hypothesis")
        self._loss(sheet, "J_min", "h_min")
        sheet.result("theta")


def _rank(rows: Iterable[Sequence[Fraction]], most: int) -> int:
    """How many rows are independent of each other, counted up to a number."""
    basis: list[tuple[int, list[Fraction]]] = []
    for given in rows:
        row = list(given)
        for pivot, other in basis:
            if row[pivot]:
                factor = row[pivot] / other[pivot]
                row = [a - factor * b for a, b in zip(row, other, strict=True)]
        pivot = next((k for k, value in enumerate(row) if value), -1)
        if pivot >= 0:
            basis.append((pivot, row))
        if len(basis) == most:
            break
    return len(basis)
