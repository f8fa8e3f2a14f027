"""The answers of a linear recurrence, and what confirms them and every step of the page.

The recurrence is `f(n) = a f(n - 1) + b`; a and b stand for whatever the problem has in their places.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.linear import GENERAL, Solved
from stepsolve.calculus.recurrences import factor, total
from stepsolve.calculus.textbook import textbook
from stepsolve.calculus.tidy import ONE
from stepsolve.checking.iteration import FAR, check_slopes, check_terms, often_positive
from stepsolve.checking.precise import Precise
from stepsolve.derivation import (
    Check,
    Step,
)
from stepsolve.notation.exact import numeric
from stepsolve.notation.names import free_name
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.confirmed import Confirmation, settled

WRITTEN = 4  # steps that are unrolled line by line


class LinearAnswers:
    """Closed forms, derivatives and the steps to them, with their checks.

    `wrt` are the names to differentiate by, the first entry under the name of `solved.seed`.
    """

    def __init__(self, solved: Solved, steps: int, wrt: tuple[str, ...], euler: bool) -> None:
        self._solved, self._steps, self._wrt, self._euler = solved, steps, wrt, euler
        self._recurrence = solved.recurrence
        self._n = Name(self._recurrence.index)
        taken = {*names(self._recurrence.body), solved.seed.name, self._recurrence.sequence}
        taken.add(self._n.name)
        self._k = Name(free_name(("k", "m", "j", "i"), taken))
        self._sum = Name(free_name(("S", "s", "T", "S_n"), taken))
        self._point = Name(free_name(("c", "p", "q", "C"), taken))
        self._symbols = [
            name
            for name in names(self._recurrence.body)
            if name != self._recurrence.previous.name
            and (name not in CONSTANTS or (name == "e" and not euler))
        ] + [solved.seed.name]
        self._precise = Precise()

    @property
    def factor(self) -> Expression:
        """The derivative of an entry by the one before it."""
        return self._solved.parts.coefficient

    # ------------------------------------------------------------------------------ the answers

    @cached_property
    def _closed(self) -> Expression:
        return self._solved.closed(self._n)

    @cached_property
    def _link(self) -> tuple[Derivative, Expression]:
        return factor(self._recurrence, euler=self._euler)

    @cached_property
    def _derivatives(self) -> dict[str, tuple[Derivative, tuple[Step, ...], Expression]]:
        """By name: how the derivative of the closed form is found, and its final form."""
        found = {}
        for name in self._wrt:
            derivative = differentiate(self._closed, name, euler=self._euler)
            polished = textbook(derivative.value) if self._euler else ()
            form = polished[-1].after if polished else derivative.value
            found[name] = derivative, polished, form
        return found

    @cached_property
    def _at_one(self) -> dict[str, Expression]:
        """The derivatives where the coefficient is 1, by what they are by."""
        found = {name: self._solved.slope_at_one(name) for name in self._wrt}
        return {name: form for name, form in found.items() if form is not None}

    @property
    def _cases(self) -> tuple[Solved, ...]:
        special = self._solved.special
        return (self._solved,) if special is None else (self._solved, special)

    def _called(self, name: str) -> str:
        by = self._recurrence.entry(0).name if name == self._solved.seed.name else name
        return f"d{self._recurrence.current.name}/d{by}"

    @cached_property
    def answers(self) -> dict[str, Expression]:
        last = self._recurrence.entry(self._steps).name
        return {
            last: self._solved.unrolled(self._steps),
            self._recurrence.current.name: self._closed,
            **{self._called(name): form for name, (_, _, form) in self._derivatives.items()},
        }

    # ------------------------------------------------------------------------------- the checks

    def checks(self) -> Iterator[Check]:
        """Those of every formula and rewrite."""
        yield from self._checks_of_terms()
        for k in range(1, min(self._steps, WRITTEN) + 1):
            entry = self._recurrence.entry
            before = self._solved.seed if k == 1 else self._solved.unrolled(k - 1)
            known = {entry(k - 1).name: before, entry(k).name: self._recurrence.at(k)}
            if before == entry(0):
                known.pop(entry(0).name, None)
            steps = self._solved.unrolling(k)
            yield from self._confirmation(known).steps(entry(k).name, steps)
        yield from self._checks_of_proof()
        for name, form in self._at_one.items():
            yield self._slopes_at_one(name, form)
        for name, (found, polished, form) in self._derivatives.items():
            confirmation = self._confirmation({}, self._n.name)
            steps = (settled(found), *polished)
            yield from confirmation.derivative(
                self._called(name), self._closed, name, steps, form, found.definitions
            )
        if self._solved.seed.name in self._wrt:
            found, form = self._link
            previous = self._recurrence.previous.name
            name = f"d{self._recurrence.current.name}/d{previous}"
            yield from self._confirmation({}, previous).derivative(
                name, self._recurrence.body, previous, (found.step,), form, found.definitions
            )
        if self._solved.form == GENERAL:
            yield from self._checks_of_fixed_point()

    def _checks_of_fixed_point(self) -> Iterator[Check]:
        """That it is given back, and the distance from it; also the geometric sum, term by term."""
        solved, n = self._solved, self._n
        confirmation = self._confirmation({}, n.name)
        yield from confirmation.steps("the fixed point", solved.fixed_point_steps)
        known = {self._recurrence.current.name: self._closed, self._point.name: solved.fixed_point}
        distance = self._confirmation(known, n.name)
        yield distance.equal("the distance from the fixed point", *self._gap)
        *_, (_, value) = solved.geometric(self._sum)
        a, terms = self.factor, Number(str(FAR))
        powers = total([Apply("^", a, Number(str(k))) for k in range(FAR)])
        yield confirmation.equal("the geometric sum", powers, substitute(value, {n.name: terms}))

    @property
    def _gap(self) -> tuple[Expression, Expression]:
        """The distance from the fixed point, and how it comes from the first one."""
        power = Apply("^", self.factor, self._n)
        gap = Apply("-", self._recurrence.current, self._point)
        return gap, Apply("*", power, Apply("-", self._solved.seed, self._point))

    def _confirmation(self, known: dict[str, Expression], *more: str) -> Confirmation:
        symbols = [*self._symbols, *more]
        if self._is_negative:  # its powers are real at whole numbers alone
            whole = {name: number for name, number in self._whole.items() if name in symbols}
            symbols = [name for name in symbols if name not in whole]
            known = {**known, **whole}
        return Confirmation(symbols, known, self._euler, self._precise)

    @cached_property
    def _is_negative(self) -> bool:
        """Whether the factor is below 0, if it is a formula at hardly any point above."""
        typed = numeric(self.factor)
        if typed is not None:
            return typed < 0
        return not often_positive(self.factor, self._symbols, self._precise)

    @property
    def _whole(self) -> dict[str, Expression]:
        return {self._n.name: Number("5"), self._k.name: Number("4")}

    def _checks_of_terms(self) -> Iterator[Check]:
        """The unrolled entry and the closed forms against the terms one after the other."""
        solved, steps = self._solved, self._steps
        last = {steps: solved.unrolled(steps)}
        yield self._iterated(solved, self._recurrence.entry(steps).name, last)
        for case in self._cases:
            terms = {k: case.closed(Number(str(k))) for k in range(FAR + 1)}
            of = self._recurrence.current.name
            if case is not solved:
                of += " at 1"
            yield self._iterated(case, of, terms)

    def _slopes_at_one(self, name: str, form: Expression) -> Check:
        recurrence, steps = self._recurrence, range(1, FAR + 1)
        n, a = self._n.name, self.factor
        assert isinstance(a, Name)
        return check_slopes(
            f"{self._called(name)} at {a.name} = 1",
            [recurrence.at(k) for k in steps],
            [recurrence.entry(k - 1).name for k in steps],
            self._solved.seed.name,
            [symbol for symbol in self._symbols if symbol != a.name],
            {a.name: 1},
            name,
            {k: substitute(form, {n: Number(str(k))}) for k in steps},
            self._precise,
        )

    def _iterated(self, case: Solved, of: str, terms: dict[int, Expression]) -> Check:
        steps = range(1, max(terms) + 1)
        return check_terms(
            of,
            [case.recurrence.at(k) for k in steps],
            [case.recurrence.entry(k - 1).name for k in steps],
            case.seed.name,
            self._symbols,
            terms,
            self._precise,
        )

    def _checks_of_proof(self) -> Iterator[Check]:
        k, entry = self._k, self._recurrence.entry
        for case in self._cases:
            which = "" if case is self._solved else " at 1"
            known = {
                entry(k.name).name: case.closed(k),
                entry(f"{k.name} + 1").name: case.closed(Apply("+", k, ONE)),
            }
            confirmation = self._confirmation(known, k.name)
            yield from confirmation.steps(f"the base{which}", case.base())
            yield from confirmation.steps(f"the induction{which}", case.induction(k))
