"""From a linear recurrence to the parts of a page: unrolled, closed form, proof, derivatives.

The recurrence is `f(n) = a f(n - 1) + b`; a and b stand for whatever the problem has in their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepsolve.calculus.linear import GENERAL, HOMOGENEOUS, UNIT
from stepsolve.calculus.recurrences import product
from stepsolve.calculus.tidy import ONE
from stepsolve.derivation import (
    Block,
    Detail,
    Equation,
    Result,
    Section,
    Steps,
    Text,
)
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.worksheet.closed_values import ClosedValues
from stepsolve.worksheet.confirmed import settled
from stepsolve.worksheet.linear_answers import WRITTEN, LinearAnswers
from stepsolve.worksheet.unrolled import Unrolled

_DOTS = Name("…")


class LinearPage(LinearAnswers):
    """The symbolic part of the page of a linear recurrence."""

    # ------------------------------------------------------------------------------- the page

    def blocks(self) -> Iterator[Block]:
        """The page in symbols."""
        yield from self._unrolled()
        yield from self._closed_form()
        yield from self._proof()
        yield from self._by_the_start()
        for name in self._wrt:
            if name != self._solved.seed.name:
                yield from self._by(name)
        yield from self._fixed_point()

    def in_numbers(self, numbers: Unrolled, values: ClosedValues) -> Iterator[Block]:
        """The steps over numbers, and the closed forms at the last of them."""
        yield Section(("In numbers",))
        yield from numbers.forward_blocks()
        if self._divides_by_zero(numbers):
            for found in numbers.sensitivities:
                yield Text(("By ", Name(found.parameter), ", step by step:"), Detail.BRIEF)
                yield from numbers.recursion_blocks(found.parameter)
        if values.names:
            yield Text(("By the closed form:",), Detail.BRIEF)
            yield from values.blocks()

    def closed_values(self, numbers: Unrolled, given: Mapping[str, Expression]) -> ClosedValues:
        """The closed forms that hold for these numbers."""
        special, formulas = self._solved.special, {self._recurrence.current.name: self._closed}
        if not self._divides_by_zero(numbers):
            formulas |= {self._called(n): form for n, (_, _, form) in self._derivatives.items()}
            if self._solved.form == GENERAL:
                formulas[self._point.name] = self._solved.fixed_point
        elif special is not None:
            formulas = {self._recurrence.current.name: special.closed(self._n)}
            formulas |= {self._called(name): form for name, form in self._at_one.items()}
        else:
            formulas = {}
        return ClosedValues(formulas, numbers, given, numbers.digits)

    def _divides_by_zero(self, numbers: Unrolled) -> bool:
        """Whether the closed form has no value, because the coefficient is 1 here."""
        return self._solved.form == GENERAL and bool(numbers.factor == 1)

    def _unrolled(self) -> Iterator[Block]:
        yield Section(("Unrolled",))
        written = min(self._steps, WRITTEN)
        for k in range(1, written + 1):
            yield Steps(self._solved.unrolling(k))
        last = self._recurrence.entry(self._steps)
        if self._steps > written:
            yield Text(("and so on, one factor and one term more at every step, to",))
        yield Result((last, self.answers[last.name]))

    def _closed_form(self) -> Iterator[Block]:
        solved, current = self._solved, self._recurrence.current
        a, n = solved.parts.coefficient, self._n
        yield Section(("Closed form",))
        if solved.form == HOMOGENEOUS:
            yield Text(("Every step is one more factor ", a, ":"))
        elif solved.form == UNIT:
            yield Text(("Every step adds ", solved.parts.increment, ":"))
        else:
            yield Text(("The pattern after ", n, " steps:"), Detail.BRIEF)
            yield Equation((current, *solved.pattern))
        if solved.form == GENERAL:
            s, multiple, rest, value = solved.geometric(self._sum)
            yield Text(("The bracket is a geometric sum. Times ", a, ", it moves one place:"))
            yield Equation(s, detail=Detail.NORMAL)
            yield Equation(multiple, detail=Detail.NORMAL)
            yield Text(("In the difference everything but the first and the last term cancels:",))
            yield Equation(rest, detail=Detail.NORMAL)
            gap = Apply("-", ONE, a)
            yield Text(("Divided by ", gap, ", which is not 0", *_unless(a), ":"))
            yield Equation(value, detail=Detail.NORMAL)
        yield from self._closed_results()

    def _closed_results(self) -> Iterator[Block]:
        current, special = self._recurrence.current, self._solved.special
        yield Result((current, self._closed))
        if special is not None:
            a = self._solved.parts.coefficient
            yield Text(
                ("For ", a, " = 1 the sum has ", self._n, " terms, all of them 1, and"),
                Detail.BRIEF,
            )
            yield Result((current, special.closed(self._n)))

    def _proof(self) -> Iterator[Block]:
        yield Section(("Proof by induction",), Detail.NORMAL)
        for case in self._cases:
            a = self._solved.parts.coefficient
            if case is not self._solved:
                yield Text(("For ", a, " = 1:"), Detail.NORMAL)
            first = self._solved.seed
            yield Text(("Base, ", self._n, " = 0: the formula gives ", first, "."))
            if steps := case.base():
                yield Steps(steps, Detail.NORMAL)
            after = self._recurrence.entry(f"{self._k.name} + 1")
            known = self._recurrence.entry(self._k.name)
            yield Text(
                ("Step: if the formula holds for ", known, ", it holds for ", after, ":"),
            )
            yield Steps(case.induction(self._k), Detail.NORMAL)

    def _by_the_start(self) -> Iterator[Block]:
        recurrence, a = self._recurrence, self._solved.parts.coefficient
        if self._solved.seed.name not in self._wrt:
            return
        first = recurrence.entry(0)
        yield Section(("By ", first))
        found, _ = self._link
        yield Text(
            (recurrence.current, " hangs on ", first, " through ", recurrence.previous, " alone:"),
        )
        yield Steps((settled(found),), Detail.NORMAL)
        yield Text(("Every step has this same factor, and the chain rule multiplies them:",))
        n = self._n.name
        links = [
            _gradient(recurrence.entry(n), recurrence.entry(f"{n} - 1")),
            _gradient(recurrence.entry(f"{n} - 1"), recurrence.entry(f"{n} - 2")),
            _DOTS,
            _gradient(recurrence.entry(1), first),
        ]
        whole = _gradient(recurrence.current, first)
        yield Equation((whole, product(links), product([a, a, _DOTS, a])), detail=Detail.NORMAL)
        yield Result((whole, self.answers[whole.name]))

    def _by(self, name: str) -> Iterator[Block]:
        """The derivative of the closed form by a parameter."""
        yield Section(("By ", Name(name)))
        found, polished, form = self._derivatives[name]
        yield Text(("From the closed form", *_unless(self._solved.parts.coefficient), ":"))
        yield Steps((settled(found), *polished), Detail.NORMAL)
        yield Result((Name(self._called(name)), form))
        yield from self._by_at_one(name)

    def _by_at_one(self, name: str) -> Iterator[Block]:
        """The same where the coefficient is 1, where that form has no value."""
        found = self._solved.slope_at_one(name)
        if found is None:
            return
        a, n = self._solved.parts.coefficient, self._n
        told: list[str | Expression] = ["For ", a, " = 1"]
        if a == Name(name):
            power = Apply("^", a, n)
            term = Apply("*", n, self._solved.seed)
            told += [" the derivative of ", Apply("*", power, self._solved.seed), " is ", term]
            last = Apply("-", n, ONE)
            sum_ = Apply("/", Apply("*", n, last), Number("2"))
            told += [", and that of 1 + ", a, " + … + ", Apply("^", a, last)]
            told += [" is 0 + 1 + … + (", last, ") = ", sum_, ":"]
        else:
            told.append(" the closed form is another:")
        yield Text(tuple(told), Detail.BRIEF)
        yield Result((Name(self._called(name)), found))

    def _fixed_point(self) -> Iterator[Block]:
        solved, a = self._solved, self._solved.parts.coefficient
        if solved.form != GENERAL:
            return
        yield Section(("Fixed point",))
        point = self._point
        again = Apply("+", Apply("*", a, point), solved.parts.increment)
        yield Text(
            ("A value that the recurrence gives back, ", point, " = ", again, ", is"), Detail.BRIEF
        )
        yield Result((point, solved.fixed_point))
        yield Text(("It is given back", *_unless(a), ":"))
        yield Steps(solved.fixed_point_steps, Detail.NORMAL)
        yield Text(self._distance())
        yield Equation(self._gap, detail=Detail.NORMAL)

    def _distance(self) -> tuple[str | Expression, ...]:
        """In words, how the entries move towards the fixed point or away from it."""
        a, tends = self.factor, (self._recurrence.current, " tends to ", self._point)
        typed = numeric(a)
        if typed is None:
            small = Apply("<", Apply("abs", a), ONE)
            return ("The distance from it changes like the gradient; ", *tends, " if ", small, ":")
        if -1 < typed < 1:
            return ("The distance from it shrinks like the gradient, and ", *tends, ":")
        return ("The distance from it changes like the gradient:",)


def _gradient(of: Name, by: Name) -> Name:
    return Name(f"d{of.name}/d{by.name}")


def _unless(coefficient: Expression) -> tuple[str | Expression, ...]:
    """The condition that a coefficient is not 1, unless it is a number."""
    return () if numeric(coefficient) is not None else (" for ", coefficient, " ≠ 1")
