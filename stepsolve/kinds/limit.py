"""Limits, with their reasons: where a variable goes to a number, from one side, or to infinity.

Rules of limits are chained down to limits that everyone knows; where the parts give no answer, the
expression is written another way (L'Hôpital's rule with the derivatives by the rules, the dominant
term, a conjugate ...). With `derivative`, the limits of the derivative too: there an activation
saturates. A limit that does not exist is said not to, with both sides or what oscillates. One that
the rules cannot reason out is called open, with the values on the way as evidence, and sets the exit
status: it is not solved. All quantities are scalars, without units.

Source: Stewart, Calculus, 8th ed., 2.2 to 2.6 and 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from stepsolve.calculus.limit_values import INF, MINUS_INF, Approach
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, nearest
from stepsolve.kinds import derivative as derivatives
from stepsolve.notation.names import free_name
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, boolean, entry, one_or_list, written
from stepsolve.source.quantities import (
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    expression,
    lines,
    value,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.limit_page import LimitPage
from stepsolve.worksheet.limit_question import Question
from stepsolve.worksheet.lines import Line, Worksheet

_MOST = 40  # limits of one file
_LARGEST = 150  # nodes of one expression
_SPELLINGS = {"inf": INF, "+inf": INF, "∞": INF, "+∞": INF, "-inf": MINUS_INF, "-∞": MINUS_INF}


class Target(NamedTuple):
    """What a variable goes to, and from which side."""

    expression: Expression
    side: int
    node: Node


def _read_target(node: Node, report: Report) -> Target | None:
    typed = written(node).strip()
    infinite = _SPELLINGS.get(typed.replace("−", "-"))
    if infinite is not None:
        return Target(infinite, 0, node)
    side = {"+": 1, "-": -1}.get(typed[-1:], 0)
    number = value.read(Node(typed[:-1] if side else typed, node.path, node.place), report)
    if number is None:
        return None
    if number.expression is None:
        report.add(node.diagnose("a limit goes to a number, inf or -inf, not symbol"))
        return None
    try:
        evaluate(Worksheet({}, (Line("target", number.expression),)))
    except LineError as error:
        report.add(node.diagnose(error.reason))
        return None
    return Target(number.expression, side, node)


target: Reader[Target] = Reader(
    _read_target, {"type": ["string", "number"]}, "a number, a number with + or -, inf or -inf"
)


@dataclass(frozen=True)
class Limit(Problem):
    """Limits of functions, each with its reason."""

    STARTER: ClassVar = ("expression",)

    expression: Written | None = entry(
        expression,
        "The expression; it is called f, or y if f is taken.",
        default=None,
        examples=("sin(x) / x",),
    )
    functions: tuple[WrittenLine, ...] = entry(
        lines,
        "Instead of an expression: functions by name.",
        default=(),
        examples=(["f(x) = sigmoid(x)", "g(x) = tanh(x)"],),
    )
    variable: WrittenName | None = entry(
        written_name,
        "What moves; it can be left out where there is one name only.",
        default=None,
        examples=("x",),
    )
    to: tuple[Target, ...] = entry(
        one_or_list(target, minimum=1),
        "Where it goes, or a list: a number, one side of it (0+, 0-), inf or -inf.",
        examples=(0,),
    )
    derivative: bool = entry(
        boolean, "The limits of the derivative as well.", default=False, examples=(True,)
    )

    @cached_property
    def _bodies(self) -> tuple[tuple[str, Written], ...]:
        if self.expression is not None:
            taken = names(self.expression.expression)
            return ((free_name(("f", "y", "g"), taken), self.expression),)
        return tuple((line.name.name, line.written) for line in self.functions)

    @cached_property
    def _variable(self) -> str | None:
        if self.variable is not None:
            return self.variable.name
        free = dict.fromkeys(
            n for _, w in self._bodies for n in names(w.expression) if n not in CONSTANTS
        )
        declared = {p.name for line in self.functions for p in line.parameters}
        candidates = list(declared) if len(declared) == 1 else list(free)
        return candidates[0] if len(candidates) == 1 else None

    def check(self, report: Report) -> None:
        if (self.expression is None) == (not self.functions):
            told = "a limit needs an expression or functions, one of them"
            raise InvalidProblem(self.node_of("expression", "functions").diagnose(told))
        called: set[str] = set()
        for name, body in self._bodies:
            if check_scalar(body, report) and body.expression.size > _LARGEST:
                report.add(body.diagnose(f"an expression may have {_LARGEST} parts here"))
            if name in called:
                report.add(body.diagnose(f"there are two functions {name}"))
            called.add(name)
            if "inf" in names(body.expression):
                report.add(body.diagnose("inf is not a number", names(body.expression)["inf"]))
        if self._variable is None:
            place = self._bodies[0][1]
            report.add(place.diagnose("which name moves?", hint="write variable: x"))
        elif self.variable is not None and not any(
            self.variable.name in names(w.expression) for _, w in self._bodies
        ):
            everything = {n for _, w in self._bodies for n in names(w.expression)}
            hint = nearest(self.variable.name, everything)
            report.add(self.variable.node.diagnose(f"{self.variable.name} does not occur", hint))
        if len(self.to) * len(self._bodies) * (1 + self.derivative) > _MOST:
            report.add(self.to[-1].node.diagnose(f"at most {_MOST} limits can be shown at once"))
        seen: set[tuple[Expression, int]] = set()
        for one in self.to:
            if (one.expression, one.side) in seen:
                report.add(one.node.diagnose("this target is there already"))
            seen.add((one.expression, one.side))
        if not report.failed:
            self._check_values(report)

    def _check_values(self, report: Report) -> None:
        """There must be values on the way, on every side from which the variable comes."""
        for question in self._questions():
            for name, written_ in self._bodies:
                lone = question.lonely_side()
                if name == question.name and lone:
                    hint = f"write to: {lone}" if lone != "none" else ""
                    message = f"{name} has no values on the way there from every side"
                    report.add(written_.diagnose(message, hint=hint))

    def _questions(self) -> list[Question]:
        assert self._variable is not None
        return [
            Question(name, body.expression, Approach(self._variable, t.expression, t.side))
            for name, body in self._bodies
            for t in self.to
        ]

    def derive(self) -> Derivation:
        assert self._variable is not None
        found = None
        if self.derivative:
            found = derivatives.Derivative(
                kind="derivative",
                functions=tuple(self.functions),
                expression=self.expression,
                variable=self.variable or WrittenName(self._variable, self.to[0].node),
            ).derive()
        page = LimitPage(self._questions(), found, self._variable, self.shown)
        try:
            quantities = page.quantities
        except LineError as error:  # a power of the point, written out
            told = f"the limit has no value that can be worked out: {error.reason}"
            raise InvalidProblem(self.to[-1].node.diagnose(told)) from None
        return Derivation(
            self.title or "Limits",
            self.kind,
            tuple(page.blocks()),
            quantities,
            page.results,
            tuple(page.checks()),
            self.shown,
        )
