"""Derivatives of closed forms: every derivative asked for, rule by rule, in the form a textbook prints.

Partial derivatives and the gradient; higher and mixed derivatives, the Hessian matrix; the Jacobian
matrix of a vector of functions (shape: functions by variables); the derivative along a direction;
implicit functions. Each step names its rule and states it before it is used; inner functions get
letters of their own. With `at`, the values at that point. All quantities are scalars, without units.

Source: Stewart, Calculus, 8th ed., ch. 3 and 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations_with_replacement, count
from typing import ClassVar, NamedTuple

from stepsolve.calculus.implicit import ImplicitSolution, Relation, related
from stepsolve.calculus.rules import METHODS
from stepsolve.calculus.solution import By, Function, Solution, jacobians, wholes
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, StepsolveError
from stepsolve.notation.tree import Array, Expression, Name, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.data import Node
from stepsolve.source.fields import choice, entry, integer, list_of, one_or_list
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenEquation,
    WrittenLine,
    WrittenName,
    check_given,
    check_scalar,
    equation,
    expression,
    given_values,
    line,
    lines,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.points import nowhere, off_curve, off_direction, values, without_value

MAX_ORDER = 6
_MAX_IMPLICIT = 3
_MAX_HESSIAN = 5  # variables


class _Target(NamedTuple):
    """A function to differentiate; `whole` is the vector that it is a component of, if any."""

    name: str
    parameters: tuple[Name, ...]
    written: Written
    whole: str = ""


@dataclass(frozen=True)
class Derivative(Problem):
    """Derivatives of one or more functions, step by step."""

    STARTER: ClassVar = ("expression", "variable")

    expression: Written | None = entry(
        expression,
        "The expression to differentiate; it is called f, or y if f is taken.",
        default=None,
        examples=("1 / (1 + exp(-x))",),
    )
    function: WrittenLine | None = entry(
        line,
        "Instead of an expression: a function, differentiated by all its parameters; a vector of "
        "expressions gives the Jacobian matrix.",
        default=None,
        examples=("f(x, y) = x^y * log(x + y)", "F(x, y) = [x * y, x + y^2]"),
    )
    functions: tuple[WrittenLine, ...] = entry(
        lines,
        "Several functions, each differentiated by all its parameters.",
        default=(),
        examples=(["f(x, y) = x * y", "g(x) = exp(2 * x)"],),
    )
    equation: WrittenEquation | None = entry(
        equation,
        "Instead of an expression: an equation between two variables, for the derivative of the "
        "function that it defines.",
        default=None,
        examples=("x^2 + y^2 = 25",),
    )
    dependent: WrittenName | None = entry(
        written_name,
        "In an equation: the variable that is a function of the other.",
        default=None,
        examples=("y",),
    )
    variable: WrittenName | None = entry(
        written_name, "What to differentiate by.", default=None, examples=("x",)
    )
    variables: tuple[WrittenName, ...] = entry(
        one_or_list(written_name),
        "What to differentiate by, for all partial derivatives and the gradient.",
        default=(),
        examples=(["x", "y"],),
    )
    order: int = entry(
        integer(1, MAX_ORDER),
        "How many times to differentiate; 2 with several variables gives the Hessian matrix.",
        default=1,
        examples=(2,),
    )
    method: str = entry(
        choice(*METHODS),
        "How products, quotients and powers are differentiated where there are several ways.",
        default=METHODS[0],
        examples=("quotient",),
    )
    mixed: tuple[WrittenName, ...] = entry(
        list_of(written_name, minimum=2),
        "What to differentiate by in turn, for one mixed derivative.",
        default=(),
        examples=(["x", "y"],),
    )
    direction: tuple[Given, ...] = entry(
        given_values,
        "The components of a direction, for the derivative along it; its length does not matter.",
        default=(),
        examples=({"x": 3, "y": 4},),
    )
    at: tuple[Given, ...] = entry(
        given_values,
        "A point at which the derivatives are evaluated.",
        default=(),
        examples=({"x": 0},),
    )

    @cached_property
    def _targets(self) -> tuple[_Target, ...]:
        if self.expression is not None:
            taken = names(self.expression.expression)
            usual = chain(("f", "y", "g", "h", "F"), map("f_{}".format, count(1)))
            free = next(name for name in usual if name not in taken)
            return tuple(_components(free, (), self.expression))
        given = self.functions or ((self.function,) if self.function else ())
        return tuple(t for w in given for t in _components(w.name.name, w.parameters, w.written))

    @cached_property
    def solved(self) -> tuple[Function, ...]:
        """The functions with what each is differentiated by."""
        asked = tuple(
            v.name for v in (*self.variables, *((self.variable,) if self.variable else ()))
        )
        in_turn = tuple(dict.fromkeys(v.name for v in self.mixed))
        direction = values(self.direction)
        found = []
        for target in self._targets:
            vector = [t for t in self._targets if t.whole and t.whole == target.whole] or [target]
            free = {n: None for t in vector for n in names(t.written.expression)}
            own = tuple(p.name for p in target.parameters) or tuple(
                n for n in free if n not in CONSTANTS
            )
            by = asked or own or in_turn
            wanted = self._wanted(by)
            body = target.written.expression
            function = Function(target.name, by, body, wanted, direction or None, target.whole)
            found.append(function)
        return tuple(found)

    def defined_functions(self) -> Mapping[str, tuple[tuple[str, ...], Expression]]:
        return {function.name: (function.parameters, function.body) for function in self.solved}

    def _wanted(self, by: tuple[str, ...]) -> tuple[By, ...]:
        if self.mixed:
            return (tuple(v.name for v in self.mixed),)
        if len(by) == 1:
            return (by * self.order,)
        first = tuple((name,) for name in by)
        return first if self.order == 1 else (*first, *combinations_with_replacement(by, 2))

    def check(self, report: Report) -> None:
        ways = [self.expression, self.function, self.functions, self.equation]
        if sum(bool(way) for way in ways) != 1:
            known = "expression, function, functions or equation"
            told = f"a derivative needs one of {known}"
            place = self.node_of("expression", "function", "functions", "equation")
            raise InvalidProblem(place.diagnose(told))
        if self.variable is not None and self.variables:
            report.add(
                self.variable.node.diagnose("variable and variables are the same", "keep one")
            )
        for k, asked in enumerate(self.variables):
            if asked.name in [v.name for v in self.variables[:k]]:
                report.add(asked.node.diagnose(f"{asked.name} is named twice"))
        if self.equation is not None:
            self._check_equation(self.equation, report)
        else:
            self._check_functions(report)

    # ---------------------------------------------------------------- functions

    def _check_functions(self, report: Report) -> None:
        for target in self._targets:
            check_scalar(target.written, report)
        for name, parameters, written, _ in {t.whole or t.name: t for t in self._targets}.values():
            known = [p.name for p in parameters]
            for k, parameter in enumerate(parameters):
                if parameter.name in known[:k] or parameter.name == name:
                    report.add(
                        written.diagnose(f"{parameter.name} stands for two things", parameter)
                    )
        everything = {n for f in self.solved for n in (*names(f.body), *f.parameters)}
        check_given(self.at, "a point", everything, report)
        called = [target.name for target in self._targets]
        for k, target in enumerate(self._targets):
            name, written = target.name, target.written
            if name in called[:k]:
                report.add(written.diagnose(f"there are two functions {name}"))
            itself = {*names(written.expression), *self.solved[k].parameters}
            if name in itself and not report.failed:
                hint = "give the function a name of its own"
                report.add(written.diagnose(f"{name} is the function itself", hint=hint))
            if not self.solved[k].parameters and not report.failed:
                of = target.whole or name
                report.add(written.diagnose(f"there is nothing to differentiate by in {of}"))
        if self.dependent is not None:
            report.add(self.dependent.node.diagnose("dependent belongs to an equation"))
        if not report.failed:
            self._check_orders(report)
            self._check_direction(report)
            for target in self._targets if self.at else ():
                report.add(*without_value(target.name, target.written, self.at))

    def _check_orders(self, report: Report) -> None:
        target, several = self._targets[0], len(self.solved[0].parameters) > 1
        if self.mixed and self.order > 1:
            report.add(self.mixed[0].node.diagnose("mixed names its own order", "leave order out"))
        if len(self.mixed) > MAX_ORDER:
            node = self.mixed[MAX_ORDER].node
            report.add(node.diagnose(f"at most {MAX_ORDER} derivatives in turn"))
        if several and not self.mixed and self.order > 2:
            hint = "name one variable, or write mixed: [x, x, y]"
            report.add(
                target.written.diagnose(f"order {self.order} needs a single variable", hint=hint)
            )
        if self.order == 2 and not self.mixed and len(self.solved[0].parameters) > _MAX_HESSIAN:
            message = f"a Hessian matrix may have {_MAX_HESSIAN} variables"
            report.add(
                target.written.diagnose(message, hint="name those wanted: variables: [x, y]")
            )

    def _check_direction(self, report: Report) -> None:
        if not self.direction:
            return
        node, parameters = self.direction[0].node, self.solved[0].parameters
        check_given(self.direction, "a direction", set(parameters), report)
        if len(self._targets) > 1 or self.order > 1 or self.mixed:
            report.add(node.diagnose("a direction goes with the first derivatives of one function"))
        report.add(*off_direction(self.direction, parameters))
        if not report.failed and nowhere(self.direction):
            report.add(node.diagnose("a direction of length 0 points nowhere"))

    # ---------------------------------------------------------------- equations

    @cached_property
    def _relation(self) -> Relation | None:
        """The equation with what is a function of what, where that can be told."""
        assert self.equation is not None
        left, right = self.equation.left.expression, self.equation.right.expression
        variable = self.variable.name if self.variable else None
        dependent = self.dependent.name if self.dependent else None
        return related(left, right, variable, dependent, self.order)

    def _check_equation(self, written: WrittenEquation, report: Report) -> None:
        for side in (written.left, written.right):
            check_scalar(side, report)
        for key, given in (
            ("mixed", self.mixed),
            ("direction", self.direction),
            ("variables", self.variables),
        ):
            if given:
                report.add(given[0].node.diagnose(f"{key} does not go with an equation"))
        if self.order > _MAX_IMPLICIT:
            report.add(
                written.node.diagnose(
                    f"the order of an equation's derivative may be {_MAX_IMPLICIT}"
                )
            )
        relation = self._relation
        if relation is None or relation.variable == relation.dependent:
            hint = "write variable: x and dependent: y, two names that occur in it"
            occur = {*names(written.left.expression), *names(written.right.expression)}
            asked = [a for a in (self.variable, self.dependent) if a and a.name not in occur]
            place = asked[0].node if asked else written.node
            report.add(place.diagnose("which name is a function of which?", hint))
            return
        known = {*names(relation.left), *names(relation.right)}
        check_given(self.at, "a point", known, report)
        missing = [n for n in known if n not in {*CONSTANTS, *(g.name for g in self.at)}]
        if self.at and missing:
            hint = "both coordinates of the point are needed"
            message = f"at gives no value for {', '.join(sorted(missing))}"
            report.add(self.at[0].node.diagnose(message, hint))
        if self.at and not report.failed:
            report.add(*off_curve(relation, self.at, self.at[0].node))

    # ---------------------------------------------------------------- the document

    def derive(self) -> Derivation:
        if self.equation is not None:
            return self._implicit()
        solutions = [self._solution(function) for function in self.solved]
        blocks = [b for s in solutions for b in s.blocks(alone=len(solutions) == 1)]
        called = dict.fromkeys(target.whole or target.name for target in self._targets)
        return Derivation(
            self.title or f"Derivative of {', '.join(called)}",
            self.kind,
            (*wholes(solutions), *blocks, *jacobians(solutions)),
            {name: value for s in solutions for name, value in s.quantities.items()},
            {name: form for s in solutions for name, form in s.answers.items()},
            tuple(check for s in solutions for check in s.checks()),
            self.shown,
            frozenset().union(*(s.partial_names for s in solutions)),
        )

    def _solution(self, function: Function) -> Solution:
        euler = "e" not in {g.name for g in self.at} | set(function.parameters)
        written = next(t.written for t in self._targets if t.name == function.name)
        try:
            solution = Solution(
                function, values(self.at), self.shown, euler=euler, method=self.method
            )
        except LineError as error:
            raise self._no_value(error) from None
        except StepsolveError as error:
            raise _too_long(error, written.node) from None
        if solution.nowhere:
            message = (
                f"no point was found where {function.name} and its derivative have real values"
            )
            raise InvalidProblem(written.diagnose(message, hint="is its domain empty?"))
        return solution

    def _no_value(self, error: LineError) -> InvalidProblem:
        message = f"{error.line} does not exist at this point: {error.reason}"
        return InvalidProblem(self.at[0].node.diagnose(message))

    def _implicit(self) -> Derivation:
        relation = self._relation
        assert relation is not None and self.equation is not None
        try:
            solution = ImplicitSolution(relation, values(self.at), self.shown, self.method)
        except LineError as error:
            raise self._no_value(error) from None
        except StepsolveError as error:
            raise _too_long(error, self.equation.node) from None
        if solution.undetermined:
            message = f"{relation.dependent} is not determined by this equation"
            raise InvalidProblem(self.equation.node.diagnose(message))
        if not solution.points:
            message = "no point was found that satisfies this equation"
            raise InvalidProblem(self.equation.node.diagnose(message))
        return Derivation(
            self.title or f"Derivative of {relation.dependent}, given by an equation",
            self.kind,
            tuple(solution.blocks()),
            {**solution.quantities},
            solution.answers,
            tuple(solution.checks()),
            self.shown,
        )


def _too_long(error: StepsolveError, node: Node) -> InvalidProblem:
    """What came up on the way, told at the function or equation that it comes from."""
    return InvalidProblem(*(node.diagnose(d.message, d.hint) for d in error.diagnoses))


def _components(name: str, parameters: tuple[Name, ...], written: Written) -> Iterator[_Target]:
    """A function, or the components of a vector of them, numbered from 1."""
    if not isinstance(written.expression, Array) or not written.expression.items:
        yield _Target(name, parameters, written)
        return
    for k, item in enumerate(written.expression.items, start=1):
        yield _Target(f"{name}_{k}", parameters, written._replace(expression=item), name)
