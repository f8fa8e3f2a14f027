"""Implicit differentiation: both sides of an equation, and the derivative that it determines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from stepsolve.calculus.domain import nonzero
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.partial import Partial, work_out
from stepsolve.calculus.rules import METHODS
from stepsolve.calculus.textbook import textbook
from stepsolve.calculus.tidy import ONE, ZERO, tidy
from stepsolve.checking.curves import Curve
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.rewrites import Sampler, check_steps
from stepsolve.derivation import (
    Block,
    Check,
    Equation,
    Result,
    Section,
    Step,
    Steps,
    Text,
)
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.at_point import AtPoint
from stepsolve.worksheet.lines import Line, Worksheet

_SHORT = 40  # nodes up to which a derivative is written without the first one's name
_COUNTED = ("", "first", "second", "third")


class Relation(NamedTuple):
    """`left = right`, where `dependent` is a function of `variable`, differentiated `order` times."""

    left: Expression
    right: Expression
    variable: str
    dependent: str
    order: int = 1


def related(
    left: Expression, right: Expression, variable: str | None, dependent: str | None, order: int
) -> Relation | None:
    """What is a function of what in an equation, y of x unless told; None if it cannot be told."""
    found = [n for n in dict.fromkeys([*names(left), *names(right)]) if n not in CONSTANTS]
    others = [n for n in found if n not in (variable, dependent)]
    if dependent is None:
        dependent = "y" if "y" in others else others[-1] if len(others) <= 2 and others else None
    others = [n for n in others if n != dependent]
    if variable is None:
        variable = "x" if "x" in others else others[0] if len(others) == 1 else None
    if variable is None or dependent is None or not {variable, dependent} <= {*found}:
        return None
    return Relation(left, right, variable, dependent, order)


class _Higher(NamedTuple):
    """A derivative after the first: by the rules, and with the first one put in if that is short."""

    partial: Partial
    put_in: Expression
    polished: tuple[Step, ...]

    @property
    def form(self) -> Expression:
        return self.polished[-1].after if self.polished else self.put_in


class ImplicitSolution:
    """The derivatives of an implicit function, with their steps.

    `at` is a point of the curve, if one is given. Raises `LineError` where a derivative has no
    finite value there.
    """

    def __init__(
        self,
        relation: Relation,
        at: Mapping[str, Expression],
        digits: Digits,
        method: str = METHODS[0],
    ) -> None:
        self.relation, self._method = relation, method
        self._at = at
        self._precise = Precise()
        self._name = gradient_name(relation.dependent, relation.variable)
        self._slope = Name(self._name)
        self._sides = [self._side(label) for label in ("left", "right")]
        left, right = (side.form for side in self._sides)
        total = left if right == ZERO else Apply("-", left, right)
        self._factor = tidy(differentiate(total, self._name).value)
        self._rest = tidy(Apply("neg", substitute(total, {self._name: ZERO})))
        self._solved = Apply("/", self._rest, self._factor)
        quotient = tidy(self._solved)
        self._polished = textbook(quotient)
        self.form = self._polished[-1].after if self._polished else quotient
        self._higher = list(self._all_higher())
        self._point = AtPoint(at, self._worksheet, digits)

    def _side(self, label: str) -> Partial:
        relation = self.relation
        side = f"the {label} side"
        dependent = {relation.dependent: self._name}
        taken = [*names(relation.left), *names(relation.right)]
        body = relation.left if label == "left" else relation.right
        return work_out(
            side, side, body, relation.variable, taken, dependent=dependent, method=self._method
        )

    def _all_higher(self) -> Iterator[_Higher]:
        relation, form = self.relation, self.form
        dependent = {relation.dependent: self._name}
        of = self._name
        for order in range(2, relation.order + 1):
            name = gradient_name(relation.dependent, *(relation.variable,) * order)
            partial = work_out(
                name,
                of,
                form,
                relation.variable,
                names(form),
                dependent=dependent,
                method=self._method,
            )
            put = tidy(substitute(partial.form, {self._name: self.form}))
            put = put if put.size <= _SHORT else partial.form
            higher = _Higher(partial, put, textbook(put) if put is not partial.form else ())
            yield higher
            if self._name in names(higher.form) or len(dependent) > 1:
                dependent = {**dependent, of: name}
            of, form = name, higher.form

    @property
    def answers(self) -> dict[str, Expression]:
        """The derivatives, by name."""
        return {self._name: self.form} | {h.partial.name: h.form for h in self._higher}

    @property
    def undetermined(self) -> bool:
        """Whether the derivative cancels from the equation."""
        return self._factor == ZERO

    @cached_property
    def _curve(self) -> Curve:
        relation = self.relation
        sides = relation.left, relation.right
        return Curve(*sides, relation.variable, relation.dependent, self._point.precise)

    @cached_property
    def points(self) -> list[dict[str, Value]]:
        """Points of the curve at which the derivatives are confirmed: the one given, or others."""
        given = [{n: self._point.exact[n] for n in self._named}] if self._at else []
        solved = [at for point in given if (at := self._curve.nearest(point)) is not None]
        return solved or list(self._curve.points(self._named))

    # ---------------------------------------------------------------- the page

    def blocks(self) -> Iterator[Block]:
        relation = self.relation
        x, y = Name(relation.variable), Name(relation.dependent)
        left, right = self._sides
        yield Equation((relation.left, relation.right))
        yield Text((y, " depends on ", x, ". Both sides are differentiated by ", x, "."))
        for side in self._sides:
            yield Steps(side.steps)
        yield Text(("The derivatives of both sides are equal:",))
        yield Equation((left.form, right.form))
        yield Text(
            (
                "The terms with ",
                self._slope,
                " on the left, all others on the right:",
            )
        )
        product = self._slope if self._factor == ONE else Apply("*", self._factor, self._slope)
        yield Equation((product, self._rest))
        if self._polished:
            yield Equation((self._slope, self._solved))
            yield Steps(self._polished)
        yield Result((self._slope, self.form))
        if names(self._factor):
            yield Text(("Only where ", nonzero(self._factor), "."))
        for order, higher in enumerate(self._higher, start=2):
            yield Section((f"The {_COUNTED[order]} derivative",))
            yield Steps(higher.partial.steps)
            name, found = Name(higher.partial.name), higher.partial.form
            if higher.form != found:
                yield Text(("With ", self._slope, " put in:"))
                put = (higher.put_in,) if higher.put_in != higher.form else ()
                yield Equation((name, found, *put, higher.form))
            yield Result((name, higher.form))
        yield from self._point.blocks(", a point of the curve")

    @cached_property
    def _worksheet(self) -> Worksheet:
        lines = [Line(name, form, role="gradient") for name, form in self.answers.items()]
        used = {n for _, form, *_ in lines for n in names(form)}
        known = {n: v for n, v in self._at.items() if n in used or n in self._named}
        return Worksheet(known, tuple(lines))

    @property
    def _named(self) -> tuple[str, ...]:
        relation = self.relation
        found = dict.fromkeys([*names(relation.left), *names(relation.right)])
        return tuple(name for name in found if name not in CONSTANTS)

    @property
    def quantities(self) -> dict[str, float]:
        """The values at the point, rounded from the precise ones."""
        return self._point.quantities

    # ---------------------------------------------------------------- the checks

    def checks(self) -> Iterator[Check]:
        """Both sides by their steps, every outcome along the curve, every value twice."""
        for side in self._sides:
            yield from side.checks(side.sampler(self._precise))
        linear = Step(
            "linear in the derivative",
            Apply("-", *(side.form for side in self._sides)),
            Apply("-", Apply("*", self._factor, self._slope), self._rest),
        )
        put = Step("solved", self._solved, self.form)
        sampler = Sampler(self._solved, (*self._named, self._name), by=())
        yield from check_steps(self._name, (linear, put, *self._polished), sampler)
        curve, points = self._curve, self.points
        relation = self.relation
        yield curve.check(self._name, Name(relation.dependent), self.form, points)
        for higher in self._higher:
            partial = higher.partial
            yield from partial.checks(partial.sampler(self._precise))
            put = Step("substitution", partial.form, higher.put_in)
            sampler = Sampler(partial.form, self._named, self.answers, self._precise, ())
            yield from check_steps(partial.name, (put, *higher.polished), sampler)
            yield curve.check(partial.name, partial.body, higher.form, points, self.answers)
        yield from self._point.checks()
