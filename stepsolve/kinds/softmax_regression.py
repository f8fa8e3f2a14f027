"""Softmax regression: scores, probabilities, cross-entropy and the penalty of large weights.

J = 1/N sum of -log softmax(W x + b)_y over the examples, plus lambda times the sum of the squares of
what is regularised, with its gradient by the weights and by the inputs, and updates. One example is a
vector x and z = W x + b; several are the rows of X and Z = X W^T + b, with W of classes × features.
Classes are counted from 0; targets may also be probabilities. No units of measurement.

Source: Bishop, Pattern Recognition and Machine Learning (2006), 4.3.4; Goodfellow, Bengio, Courville,
Deep Learning (2016), 6.2.2.3 and 7.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from stepsolve.errors import nearest
from stepsolve.notation.tree import Expression
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import entry, list_of
from stepsolve.source.quantities import WrittenName, written_name
from stepsolve.source.report import Report
from stepsolve.source.training import Update, amount, update
from stepsolve.source.weights import check_weights, one_hot
from stepsolve.worksheet.learning import learn
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class SoftmaxRegression(SheetProblem):
    """Softmax regression with L2 regularisation, its gradients and updates."""

    STARTER: ClassVar = ("lambda",)

    inputs: GivenArray = entry(
        array,
        "One example x, a vector; or several, the rows of a matrix X.",
        examples=([[1, 2], [2, 0.5]],),
    )
    targets: GivenArray = entry(
        array,
        "The class of every example, counted from 0; or a row of probabilities for each.",
        examples=([0, 2],),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "W, with a row for every class, and a bias b for every class, which may be left out.",
        examples=({"W": [[0.1, 0.2], [0, -0.3], [0.4, 0]]},),
    )
    lambda_: Expression | None = entry(
        amount,
        "The weight of the sum of squares that is added to J.",
        default=None,
        examples=(0.01,),
    )
    regularised: tuple[WrittenName, ...] = entry(
        list_of(written_name, minimum=1),
        "Whose squares are summed: W, b, and x or X for inputs that are learnt as well; W if left "
        "out.",
        default=(),
        examples=(["W"],),
    )
    update: Update | None = entry(
        update,
        "An optimiser and its settings: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.5},),
    )

    @property
    def x(self) -> str:
        """What the inputs are called."""
        return "x" if len(self.inputs.dims) == 1 else "X"

    @property
    def parameters(self) -> dict[str, GivenArray]:
        return {weight.name: weight for weight in self.weights}

    def labels(self, report: Report) -> GivenArray | None:
        """The targets as probabilities; what is no class is reported."""
        if self.targets.dims == self.inputs.dims[:-1]:
            return one_hot(self.targets, self.parameters["W"].dims[0], report)
        return self.targets

    # ------------------------------------------------------------------------------------- mistakes

    def check_keys(self, report: Report) -> None:
        if len(self.inputs.dims) not in (1, 2):
            told = f"an example is a vector and several are a matrix, but this {self.inputs.words}"
            report.add(self.inputs.node.diagnose(told))
            return
        found = check_weights(self.weights, ("W", "b"), ("W",), self.node_of("weights"), report)
        if "W" not in found:
            return
        weight, width = found["W"], self.inputs.dims[-1]
        if len(weight.dims) != 2 or weight.dims[1] != width:
            told = f"W {weight.words}, but an example has {width} features"
            report.add(weight.node.diagnose(told, "W needs one column for every feature"))
            return
        classes = weight.dims[0]
        if "b" in found:
            check_sizes(found["b"], (classes,), "one bias for every class", report)
        labels = self.labels(report)
        if labels is not None:
            because = "the class of every example, or a probability for every class"
            dims = (*self.inputs.dims[:-1], classes)
            check_sizes(labels._replace(name="targets"), dims, because, report)
        self._check_regularised(report)

    def _check_regularised(self, report: Report) -> None:
        known = (*self.parameters, self.x)
        for written in self.regularised:
            if written.name not in known:
                hint = nearest(written.name, known) or f"write some of {', '.join(known)}"
                report.add(written.node.diagnose(f"there is no {written.name} here", hint))
            elif self.lambda_ is None:
                report.add(written.node.diagnose("without lambda nothing is regularised"))

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        labels = self.labels(Report())
        assert labels is not None
        sheet.give(self.x, self.inputs.value, self.inputs.dims, self.inputs.node)
        sheet.give("y" if self.x == "x" else "Y", labels.value, labels.dims, labels.node)
        give_all(sheet, self.weights)
        if self.lambda_ is not None:
            sheet.give("lambda", self.lambda_, ())
        sheet.text("Each row of W belongs to one class.")
        others = (self.x,)
        learn(sheet, lambda *now: self._forward(sheet, *now), self.parameters, self.update, others)

    def _forward(self, sheet: Sheet, now: Mapping[str, str], suffix: str, step: int | None) -> str:
        several = self.x == "X"
        z, p, y = (f"{letter}{suffix}" for letter in ("ZPY" if several else "zpy"))
        product = f"X @ {now['W']}.T" if several else f"{now['W']} @ x"
        sheet.line(z, f"{product} + {now['b']}" if "b" in now else product, "the scores")
        sheet.line(p, f"softmax({z}, axis=1)" if several else f"softmax({z})", "the probabilities")
        loss = f"J{suffix}"
        cross = f"softmax_cross_entropy({z}, {y.removesuffix(suffix)})"
        if self.lambda_ is not None:
            names = [written.name for written in self.regularised] or ["W"]
            squares = [f"sum({now.get(name, name)}^2)" for name in names]
            cross += (
                f" + lambda * {squares[0]}"
                if len(squares) == 1
                else (f" + lambda * ({' + '.join(squares)})")
            )
        sheet.line(loss, cross, "minus the mean log p of the targets" if several else "")
        return loss
