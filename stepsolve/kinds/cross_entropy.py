"""Cross-entropy: of a target distribution p and predicted probabilities q, H(p, q) = -sum p log q.

The prediction is given as probabilities or as logits z, with q = softmax(z); as a vector, or as rows of
a matrix with the mean or the sum over them. The target is a class, counted from 0, or probabilities,
one-hot or soft. It has no units but those of the logarithm: nats, bits or hartleys. 0 log 0 is 0.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 3.13 and 6.2.2; Cover, Thomas, Elements of
Information Theory (2006), ch. 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np

from stepsolve.notation.names import gradient_name
from stepsolve.operations.array_operation import Dims
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.words import WrittenWord, places_of, word_or_words
from stepsolve.worksheet.given import check_distributions, entry_of, numbers
from stepsolve.worksheet.sheet import Sheet

_TERMS: Final = 6  # of a sum that are written out
_ROWS: Final = 8  # whose entropies are written out
_STACKED: Final = 16  # classes that are written as one-hot rows
_SPREAD: Final = 500  # between logits, beyond which a probability may underflow
_BASES: Final = {"nats": "e", "bits": "2", "hartleys": "10"}


@dataclass(frozen=True)
class CrossEntropy(SheetProblem):
    """The cross-entropy of a target and a prediction, with its gradient."""

    STARTER: ClassVar = ("logits", "class")

    logits: GivenArray | None = entry(
        array,
        "The logits z, whose softmax is the prediction; rows of a matrix are one prediction each.",
        default=None,
        examples=([2, 1, 0.1],),
    )
    probabilities: GivenArray | None = entry(
        array,
        "Instead of logits: the predicted probabilities q.",
        default=None,
        examples=([0.7, 0.2, 0.1],),
    )
    class_: tuple[WrittenWord, ...] = entry(
        word_or_words,
        "The right class, counted from 0; a list with one for every row.",
        default=(),
        examples=(0,),
    )
    target: GivenArray | None = entry(
        array,
        "Instead of a class: the target probabilities p, one-hot or any that sum to one.",
        default=None,
        examples=([1, 0, 0],),
    )
    unit: str = entry(
        choice("nats", "bits", "hartleys"),
        "That of the logarithm, with base e, 2 or 10.",
        default="nats",
        examples=("bits",),
    )
    reduction: str = entry(
        choice("mean", "sum"), "What is taken over rows.", default="mean", examples=("sum",)
    )
    gradient: bool = entry(
        boolean, "Work out the gradient as well.", default=True, examples=(True,)
    )

    @property
    def _given(self) -> GivenArray:
        found = self.logits or self.probabilities
        assert found is not None
        return found

    @property
    def _dims(self) -> Dims:
        return self._given.dims

    @property
    def _has_rows(self) -> bool:
        return len(self._dims) == 2

    def check_keys(self, report: Report) -> None:
        if (self.logits is None) == (self.probabilities is None):
            told = "logits or probabilities are needed, one of them"
            report.add(self.node_of("probabilities").diagnose(told))
            return
        if (self.target is None) == (not self.class_):
            report.add(self._given.node.diagnose("a class or a target is needed, one of them"))
            return
        if len(self._dims) not in (1, 2):
            told = f"a vector or rows of them belong here, and this {self._given.words}"
            report.add(self._given.node.diagnose(told))
            return
        if self.probabilities is not None:
            check_distributions(self.probabilities, report)
        if self.target is not None:
            target = self.target._replace(name="the target")
            if target.value is None:
                told = "a target needs numbers: they are to sum to one"
                report.add(target.node.diagnose(told, "or write class: 0"))
            elif check_sizes(target, self._dims, "it has the sizes of the prediction", report):
                check_distributions(target, report)
        else:
            places_of(self.class_, (), self._dims[-1], report)
            rows = self._dims[0] if self._has_rows else 1
            if len(self.class_) != rows:
                told = f"{len(self.class_)} classes are given for {rows} predictions"
                report.add(self.class_[-1].node.diagnose(told, "one belongs to every row"))
        if not report.failed:
            self._check_zeros(report)

    def _check_zeros(self, report: Report) -> None:
        """What was called impossible must not be the target, and has no gradient."""
        values = None if self.probabilities is None else numbers(self.probabilities)
        if values is None or self._targets is None or self.probabilities is None:
            return
        for index in np.argwhere(values == 0):
            node = entry_of(self.probabilities, *map(int, index)).node
            if self._targets[tuple(index)] != 0:
                told = (
                    "the target is possible here, but 0 is predicted: the cross-entropy is infinite"
                )
                report.add(node.diagnose(told))
            elif self.gradient:
                told = "the gradient −p/q has no value where 0 is predicted"
                report.add(node.diagnose(told, "gradient: false leaves it out"))

    @cached_property
    def _targets(self) -> Any:
        """The target probabilities in float64; None for a symbol."""
        if self.target is not None:
            return numbers(self.target)
        places = [int(one.text) for one in self.class_]
        hot = np.eye(self._dims[-1])[places]
        return hot if self._has_rows else hot[0]

    def write(self, sheet: Sheet) -> None:
        q, p, z = ("Q", "P", "Z") if self._has_rows else ("q", "p", "z")
        if self.logits is not None:
            sheet.give(z, self.logits.value, self._dims, self.logits.node)
        else:
            sheet.give(q, self._given.value, self._dims, self._given.node)
        self._give_target(sheet, p)
        if self.logits is not None:
            sheet.section("Prediction")
            sheet.line(q, f"softmax({z}{', axis=1' * self._has_rows})", "logits to probabilities")
        sheet.section("Cross-entropy")
        told = f"H(p, q) = −Σ p[i] log q[i], in {self.unit}: log has base {_BASES[self.unit]}."
        sheet.text(told + " Only classes that the target holds possible count.")
        if self.target is None:
            self._hot(sheet, p)
        parts = self._parts(sheet, q, p)
        if self._has_rows:
            self._over_rows(sheet, parts, q, p, z)
        elif self.logits is not None:
            told = "the same from the logits, without overflow: log Σ exp(z) − p · z"
            sheet.line("L", self._based(f"softmax_cross_entropy({z}, {p})"), told)
            if parts:
                sheet.equal("L", parts[0], None)
        loss = "H" if "L" not in sheet.lines else "L"
        sheet.result(loss)
        if self.gradient:
            by = q if self.logits is None else z
            if loss == "H":
                sheet.section("Gradient")
                self._gradient_of_probabilities(sheet, p, q)
            else:
                sheet.backward(loss, (by,))
            sheet.result(gradient_name(loss, by))

    def _give_target(self, sheet: Sheet, p: str) -> None:
        if self.target is not None:
            sheet.give(p, self.target.value, self._dims, self.target.node)
        elif len(self.class_) > _STACKED:
            sheet.give(p, self._targets, self._dims, self.class_[0].node)

    def _hot(self, sheet: Sheet, p: str) -> None:
        """The target of a class as a line."""
        if p in sheet.given:
            return
        hot = [f"one_hot({int(one.text)}, {self._dims[-1]})" for one in self.class_]
        form = f"stack({', '.join(hot)})" if self._has_rows else hot[0]
        sheet.line(p, form, "1 for the right class, 0 for the others")

    def _based(self, text: str) -> str:
        return text if self.unit == "nats" else f"{text} / log({_BASES[self.unit]})"

    def _parts(self, sheet: Sheet, q: str, p: str) -> list[str]:
        """The sum of every row written out, where it is short enough; gives the names."""
        rows: list[tuple[int, ...]]
        rows = [(k,) for k in range(self._dims[0])] if self._has_rows else [()]
        if len(rows) > _ROWS or self._may_underflow:
            return []
        found: list[str] = []
        for row in rows:
            name = f"H_{row[0]}" if row else "H"
            form = self._written_out(q, p, row)
            if not form and row:
                return found
            whole = f"cross_entropy({q}, {p})"
            sheet.line(name, self._based(form or whole), self._reason(row))
            if form and not row:
                sheet.equal(name, self._based(whole), None)
            found.append(name)
        return found

    @property
    def _may_underflow(self) -> bool:
        values = None if self.logits is None else numbers(self.logits)
        return values is not None and float(np.ptp(values)) > _SPREAD

    def _reason(self, row: tuple[int, ...]) -> str:
        hot = self._targets is not None and np.max(self._targets[row]) == 1
        return "p is 1 for one class and 0 for the others: one term is left" if hot else ""

    def _written_out(self, q: str, p: str, row: tuple[int, ...]) -> str:
        """`-(p[0] * log(q[0]) + p[2] * log(q[2]))`; an empty text where there are too many terms."""
        if self._targets is None:
            counted = list(range(self._dims[-1]))
        else:
            counted = [int(k) for k in np.flatnonzero(self._targets[row])]
        if len(counted) > _TERMS:
            return ""
        at = ["".join(f"{i}, " for i in row) + str(k) for k in counted]
        if self._targets is not None and len(counted) == 1 and self._targets[row][counted[0]] == 1:
            return f"-log({q}[{at[0]}])"
        return "-(" + " + ".join(f"{p}[{k}] * log({q}[{k}])" for k in at) + ")"

    def _over_rows(self, sheet: Sheet, parts: list[str], q: str, p: str, z: str) -> None:
        count = self._dims[0]
        mean = self.reduction == "mean"
        if self.logits is not None:
            form = f"softmax_cross_entropy({z}, {p})"
            form = form if mean else f"{count} * {form}"
        else:
            form = f"cross_entropy({q}, {p})" + (f" / {count}" if mean else "")
        sheet.text(f"L is the {self.reduction} over the rows.")
        sheet.line("L", self._based(form), f"the {self.reduction} over the rows")
        if parts:
            total = " + ".join(parts)
            sheet.equal("L", f"({total}) / {count}" if mean else total, None)

    def _gradient_of_probabilities(self, sheet: Sheet, p: str, q: str) -> None:
        below = q if self.unit == "nats" else f"({q} * log({_BASES[self.unit]}))"
        sheet.gradient("H", q, f"-{p} / {below}", "the derivative of log q is 1/q")
