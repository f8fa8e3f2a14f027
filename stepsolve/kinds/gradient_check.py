"""A gradient check: difference quotients beside the derivative, in float64 and without rounding.

The derivative comes from the rules, with its steps, or is the one that the author claims. Forward,
backward and central quotients are computed for every step e as a float64 program would, and with 200
digits, which have no rounding to speak of: both are shown, because the error that a program sees is
of truncation for large e and of rounding for small. With several variables one is moved at a time.

A claim that is wrong is told, with the coordinate and by how much. It is the answer to the question
that the file asks, confirmed as any other answer, so it does not set the exit status: that says
whether stepsolve is right, not whether the author of the claim is. All quantities are scalars,
without units.

Source: Press et al., Numerical Recipes, 3rd ed., 5.7; Stanford CS231n, notes on gradient checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.calculus.solution import Function
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, nearest
from stepsolve.kinds import derivative
from stepsolve.notation.tree import Expression, Number, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.fields import entry, integer, list_of, mapping_of, name, one_or_list
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    expression,
    given_values,
    line,
    value,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.gradient_page import GradientPage, Task
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.quotients import Probe

_MOST_STEPS, _MOST_POINTS = 40, 20
_MOST_WORK = 100_000  # nodes times quotients: a few seconds
_LEAST, _LARGEST = 1e-20, 1e6  # of e
_claims = mapping_of(name, expression)
_USUAL = tuple(Number(f"1e-{k}") for k in range(1, 13))


@dataclass(frozen=True)
class GradientCheck(Problem):
    """Difference quotients against a derivative, one coordinate at a time."""

    STARTER: ClassVar = ("expression",)

    digits: int = entry(
        integer(0, 15),
        "Decimals shown; quotients need more of them than other values.",
        default=6,
        examples=(6,),
    )
    expression: Written | None = entry(
        expression,
        "The expression to check; it is called f, or y if f is taken.",
        default=None,
        examples=("x^2",),
    )
    function: WrittenLine | None = entry(
        line,
        "Instead of an expression: a function, checked in all its parameters.",
        default=None,
        examples=("f(x) = x^3",),
    )
    variables: tuple[WrittenName, ...] = entry(
        one_or_list(written_name),
        "The coordinates to check; all of them if left out.",
        default=(),
        examples=(["x"],),
    )
    at: tuple[tuple[Given, ...], ...] = entry(
        one_or_list(given_values, minimum=1),
        "The point, or a list of points.",
        examples=({"x": 2},),
    )
    steps: tuple[Given, ...] | None = entry(
        list_of(value, minimum=1),
        "The steps e of the quotients; 1e-1 to 1e-12 if left out.",
        default=None,
        examples=([0.1, 0.01, 0.001],),
    )
    claimed: dict[str, Written] = entry(
        _claims,
        "By coordinate, a derivative that is claimed, to be checked instead of the true one.",
        default={},
        examples=({"x": "2 * x"},),
    )

    @cached_property
    def _calculus(self) -> derivative.Derivative:
        """The problem of finding the derivative."""
        return derivative.Derivative(
            kind="derivative",
            expression=self.expression,
            function=self.function,
            variables=self.variables,
        )

    @property
    def _solved(self) -> Function:
        return self._calculus.solved[0]

    @property
    def _steps(self) -> tuple[Expression, ...]:
        if self.steps is None:
            return _USUAL
        return tuple(given.expression for given in self.steps if given.expression is not None)

    def check(self, report: Report) -> None:
        if (self.expression is None) == (self.function is None):
            told = "a gradient check needs an expression or a function, one of them"
            raise InvalidProblem(self.node_of("expression", "function").diagnose(told))
        written = self.expression or (self.function.written if self.function else None)
        assert written is not None
        for point in self.at[:_MOST_POINTS]:
            self._at(point).check(report)
        self._check_steps(report)
        if len(self.at) > _MOST_POINTS:
            too_many = self.at[_MOST_POINTS][0].node if self.at[_MOST_POINTS] else written.node
            report.add(too_many.diagnose(f"at most {_MOST_POINTS} points can be checked at once"))
        if report.failed:
            return
        self._check_names(written, report)
        self._check_claims(report)
        work = written.expression.size * len(self._steps) * len(self.at)
        if work * len(self._solved.parameters) > _MOST_WORK:
            hint = "check fewer steps, points or coordinates at once"
            report.add(written.diagnose("so many quotients would take too long", hint=hint))
        if not report.failed:
            self._check_values(written, report)

    def _at(self, point: tuple[Given, ...]) -> derivative.Derivative:
        """The problem of finding the derivative at a point, whose mistakes are those of this one."""
        return derivative.Derivative(
            kind="derivative",
            expression=self.expression,
            function=self.function,
            variables=self.variables,
            at=point,
        )

    def _check_names(self, written: Written, report: Report) -> None:
        for point in self.at:
            if not point:
                report.add(written.diagnose("a point without a value"))
            missing = [p for p in self._solved.parameters if p not in {g.name for g in point}]
            if missing and point:
                report.add(point[0].node.diagnose(f"at gives no value for {missing[0]}"))

    def _check_steps(self, report: Report) -> None:
        given = self.steps or ()
        if len(given) > _MOST_STEPS:
            report.add(
                given[_MOST_STEPS].node.diagnose(f"at most {_MOST_STEPS} steps can be shown")
            )
            return
        seen: dict[float, Given] = {}
        for one in given:
            if one.expression is None:
                report.add(one.node.diagnose("a step needs a number, not symbol"))
                continue
            try:
                size = evaluate(Worksheet({}, (Line("step", one.expression),)))["step"]
            except LineError as error:
                report.add(one.node.diagnose(error.reason))
                continue
            if not _LEAST <= size <= _LARGEST:
                hint = "smaller ones are lost in the digits of float64" if 0 < size < 1 else ""
                report.add(one.node.diagnose(f"a step e is from {_LEAST:g} to {_LARGEST:g}", hint))
            elif size in seen:
                report.add(one.node.diagnose("this step is there already"))
            seen[size] = one

    def _check_claims(self, report: Report) -> None:
        coordinates = self._solved.parameters
        known = set(names(self._solved.body)) | set(CONSTANTS) | set(coordinates)
        for coordinate, written in self.claimed.items():
            if coordinate not in coordinates:
                hint = nearest(coordinate, coordinates) or f"write {' or '.join(coordinates)}"
                report.add(written.diagnose(f"{coordinate} is not a coordinate here", hint=hint))
            check_scalar(written, report)
            for other, part in names(written.expression).items():
                if other not in known:
                    hint = nearest(other, known)
                    report.add(written.diagnose(f"{other} has no value", part, hint))

    def _check_values(self, written: Written, report: Report) -> None:
        """The function needs a value at both ends of every step, and a claim one at the point."""
        for point in self.at:
            values = {g.name: g.expression for g in point if g.expression is not None}
            for coordinate, claim in self.claimed.items():
                try:
                    evaluate(Worksheet(values, (Line(coordinate + "'", claim.expression),)))
                except LineError as error:
                    message = f"the claim has no value at this point: {error.reason}"
                    report.add(claim.diagnose(message, error.node))
            for coordinate in self._solved.parameters:
                probe = Probe(self._solved.body, values, coordinate)
                for step in self._steps:
                    try:
                        probe.row(step)
                    except LineError as error:
                        where = f"{coordinate} = {probe.floats[coordinate]:g} ± {_text(step)}"
                        message = f"the function has no value at {where}: {error.reason}"
                        hint = "take smaller steps, or a point further inside the domain"
                        report.add(written.diagnose(message, error.node, hint))
                        return

    def derive(self) -> Derivation:
        task = Task(
            self._solved.name,
            self._solved.parameters,
            self._solved.body,
            tuple(
                {g.name: g.expression for g in point if g.expression is not None}
                for point in self.at
            ),
            self._steps,
            {coordinate: written.expression for coordinate, written in self.claimed.items()},
            self.shown,
        )
        try:
            page = GradientPage(task, self._calculus.derive())
        except LineError as error:
            message = f"{error.line} does not exist at this point: {error.reason}"
            raise InvalidProblem(self.at[0][0].node.diagnose(message)) from None
        return Derivation(
            self.title or f"Gradient check of {self._solved.name}",
            self.kind,
            tuple(page.blocks()),
            page.quantities,
            page.results,
            tuple(page.checks()),
            self.shown,
        )


def _text(step: Expression) -> str:
    from stepsolve.notation.plain import plain

    return plain(step)
