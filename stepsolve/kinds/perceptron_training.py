"""The perceptron rule, presentation by presentation: w <- w + eta (t - y) x, b <- b + eta (t - y).

Shows every row that is presented with its sum, its output and its error, every update, and a table of
each epoch, until an epoch passes without an update or the limit is reached. w is a vector, b and the
learning rate are numbers, X has a row for every example; all without units of measurement. That the
rule ends where the classes are linearly separable is Novikoff's theorem; where they are not, the
inequalities that contradict each other are shown.

Source: Rosenblatt, The Perceptron (1958); Novikoff, On convergence proofs on perceptrons (1962);
Minsky, Papert, Perceptrons (1969), ch. 11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, NamedTuple

from stepsolve.derivation import Block, Cell, Detail, Section, Table, Text
from stepsolve.families.perceptron import PerceptronProblem, exact_value, number
from stepsolve.notation.tree import Array, Expression, Item, Name
from stepsolve.source.fields import boolean, entry, integer, matching
from stepsolve.source.quantities import Given, value
from stepsolve.source.report import Report
from stepsolve.source.truth import exact_entries, whole
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

MOST_PRESENTATIONS = 3000
_TOLD = 12  # epochs that have a table
_ROWS = 32  # of a table; of a longer epoch only errors are shown
_TAKEN = ("x", "X", "w", "b", "t", "z", "theta", "eta", "s")
_WIDE = 4  # inputs that are shown in a table


class Presentation(NamedTuple):
    """A row that is presented: which, its number from 1, its error, the weights before and after.

    `before` and `after` count updates: w is before the first, w_1 after it.
    """

    row: int
    number: int
    error: int
    before: int
    after: int


class Course(NamedTuple):
    """All presentations, epoch by epoch, and how it ended."""

    epochs: list[list[Presentation]]
    converged: bool
    returned: int | None
    """The epoch, from 1, after which weights stood that came back after the last one."""


@dataclass(frozen=True)
class PerceptronTraining(PerceptronProblem):
    """A perceptron that learns by the perceptron rule."""

    STARTER: ClassVar = ("weights", "targets")

    rate: Given = entry(value, "The learning rate, above 0.", examples=(0.5,))
    epochs: int = entry(
        integer(1, 1000),
        "How many passes over the rows at most.",
        default=20,
        examples=(20,),
    )
    unit: str = entry(
        matching("[A-Za-z]+[0-9]*", "a name", "letters and digits, such as z1"),
        "What the unit is called: its output has this name.",
        default="y",
        examples=("y",),
    )
    learn_bias: bool = entry(
        boolean, "Whether the bias is learnt, or fixed.", default=True, examples=(True,)
    )

    def check_keys(self, report: Report) -> None:
        super().check_keys(report)
        if report.failed:
            return
        if self.unit in _TAKEN:
            told = f"{self.unit} is the name of something else here"
            report.add(self.node_of("unit").diagnose(told, "such as z1"))
        if self.targets is None:
            told, hint = "training needs targets", "such as targets: AND"
            report.add(self.node_of("targets").diagnose(told, hint))
        if not self.weights:
            hint = "such as weights: {w: [0, 0], b: 0}"
            told = "training needs the weights to begin with"
            report.add(self.node_of("weights").diagnose(told, hint))
        for weight in self.weights:
            if weight.value is None:
                told = "the updates depend on values, so a number belongs here, not symbol"
                report.add(weight.node.diagnose(told))
            else:
                exact_entries(weight, report)
        rate = number(self.rate, report)
        if rate is not None and rate <= 0:
            report.add(self.rate.node.diagnose("the learning rate is a number above 0"))
        count, width = self.rows.dims
        if self.epochs * count * max(1, width // 10) > MOST_PRESENTATIONS:
            told = f"{self.epochs} epochs of {count} rows are too many presentations"
            hint = f"at most {MOST_PRESENTATIONS} are written out"
            report.add(self.node_of("epochs").diagnose(told, hint))

    @cached_property
    def course(self) -> Course:
        """What the rule does, by fractions: no update hangs on how a decimal is rounded."""
        weights = exact_entries(self.given["w"], Report())
        bias = exact_entries(self.given["b"], Report())[0] if "b" in self.given else Fraction(0)
        rate = exact_value(self.rate)
        epochs: list[list[Presentation]] = []
        seen = {(*weights, bias): 0}
        updates = number = 0
        for _ in range(self.epochs):
            epoch = []
            for row, point in enumerate(self.points):
                z = sum((w * x for w, x in zip(weights, point, strict=True)), bias)
                error = int(self.wanted[row]) - self.output(z)
                before, number = updates, number + 1
                if error:
                    updates += 1
                    weights = [w + rate * error * x for w, x in zip(weights, point, strict=True)]
                    bias += rate * error if self.learns_bias else 0
                epoch.append(Presentation(row, number, error, before, updates))
            epochs.append(epoch)
            if not any(p.error for p in epoch):
                return Course(epochs, True, None)
            state = (*weights, bias)
            if state in seen:
                return Course(epochs, False, seen[state])
            seen[state] = len(epochs)
        return Course(epochs, False, None)

    @property
    def learns_bias(self) -> bool:
        return self.learn_bias and "b" in self.given

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        self.give(sheet)
        sheet.give("eta", self.rate.expression, (), self.rate.node)
        error = (" + η (t − ", Name(self.unit), ")")
        fixed = "" if "b" not in self.given else "; the bias is fixed"
        also = (" and b by b", *error) if self.learns_bias else (fixed,)
        first = ("After every row w is replaced by w", *error, " x")
        sheet.text(*first, *also, ". Without an error it stays.")
        course = self.course
        for k, epoch in enumerate(course.epochs):
            told = k < _TOLD or k == len(course.epochs) - 1
            if told:
                sheet.section(f"Epoch {k + 1}")
            for presentation in epoch:
                self._present(sheet, presentation)
            if told:
                sheet.block(_Epoch(self, epoch))
        last = course.epochs[-1][-1].after
        sheet.block(Section(("After training",)))
        sheet.block(Text((self._ending(last),), Detail.BRIEF))
        if not course.converged:
            self.write_conflict(sheet)
        if last:
            sheet.result(_named("w", last))
            if self.learns_bias:
                sheet.result(_named("b", last))
        else:
            sheet.result(*(self.output_of(p) for p in course.epochs[-1]))

    def _present(self, sheet: Sheet, at: Presentation) -> None:
        w, b = _named("w", at.before), self._bias(at.before)
        z, y = f"z_{at.number}", self.output_of(at)
        x = f"X[{at.row}]"
        sheet.line(z, f"{w} @ {x} + {b}" if b else f"{w} @ {x}", detail=Detail.FULL)
        sheet.line(y, self.fired(z), detail=Detail.FULL)
        if at.error:
            error = f"(t[{at.row}] - {y})"
            because = f"the output is too {'small' if at.error > 0 else 'large'}"
            new = _named("w", at.after)
            sheet.line(new, f"{w} + eta * {error} * {x}", because, detail=Detail.NORMAL)
            if self.learns_bias:
                text = f"{b} + eta * {error}"
                sheet.line(_named("b", at.after), text, detail=Detail.NORMAL)

    def output_of(self, at: Presentation) -> str:
        """The name of the output for a row that is presented."""
        return f"{self.unit}_{at.number}"

    def _bias(self, updates: int) -> str:
        if "b" not in self.given:
            return ""
        return _named("b", updates) if self.learns_bias else "b"

    def _ending(self, updates: int) -> str:
        course = self.course
        count = len(course.epochs)
        if course.converged:
            times = "once" if updates == 1 else f"{updates} times"
            told = f"The weights have changed {times}." if updates else "No weight had to change."
            passed = f"Epoch {count} passes without an update: the perceptron computes {self.task}."
            return f"{passed} {told}"
        if course.returned is not None:
            after = f"after epoch {course.returned}" if course.returned else "at the start"
            told = (
                f"After epoch {count} the weights are those that stood {after}: the rule goes round "
                "in a circle and never ends"
            )
            # with a fixed bias the theorem says nothing
            return told + (
                ", so the classes are not linearly separable." if self.learns_bias else "."
            )
        why = "" if self.conflict else " That may take more epochs, or be impossible."
        return f"No epoch of {count} has passed without an update.{why}"


class _Epoch:
    """The table of an epoch, once the values are known."""

    def __init__(self, problem: PerceptronTraining, epoch: list[Presentation]) -> None:
        self._problem, self._epoch = problem, epoch

    def __call__(self, solved: Solved) -> Iterator[Block]:
        entry, width = solved.workings.entry, self._problem.rows.dims[1]
        with_bias = self._problem.learns_bias
        rows = []
        shown = [at for at in self._epoch if at.error] if len(self._epoch) > _ROWS else self._epoch
        for at in shown[:_ROWS]:
            x: Expression = Array(*(entry("X", (at.row, j)) for j in range(width)))
            w = solved.workings.shown(_named("w", at.after))
            if width > _WIDE:
                x, w = Item(Name("X"), whole(at.row)), Name(_named("w", at.after))
            z, y = entry(f"z_{at.number}"), entry(self._problem.output_of(at))
            t = entry("t", (at.row,))
            cells: tuple[Cell, ...] = (x, z, y, t, whole(at.error), w)
            rows.append((*cells, entry(_named("b", at.after))) if with_bias else cells)
        unit = Name(self._problem.unit)
        header: tuple[Cell, ...] = ("x", Name("z"), unit, Name("t"), ("t − ", unit), "w after")
        if with_bias:
            header = (*header, "b after")
        if rows:
            yield Table(header, tuple(rows), Detail.BRIEF, "epoch")
        wrong = sum(at.error != 0 for at in self._epoch)
        if len(self._epoch) > _ROWS:
            told = f"{wrong} of {len(self._epoch)} rows had an error"
            first = f"; the first {_ROWS} of them are shown." if wrong > _ROWS else "."
            yield Text((told + first,), Detail.BRIEF)


def _named(letter: str, updates: int) -> str:
    return f"{letter}_{updates}" if updates else letter
