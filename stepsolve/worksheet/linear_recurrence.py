"""From a linear recurrence to the parts of a page: unrolled, closed form, proof, derivatives.

The recurrence is `f(n) = a f(n - 1) + b`; a and b stand for whatever the problem has in their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.linear import GENERAL, HOMOGENEOUS, UNIT, Solved
from stepsolve.calculus.recurrences import factor, product, total
from stepsolve.calculus.textbook import textbook
from stepsolve.calculus.tidy import ONE
from stepsolve.checking.iteration import FAR, check_slopes, check_terms, often_positive
from stepsolve.checking.precise import Precise
from stepsolve.derivation import (
    Block,
    Check,
    Detail,
    Equation,
    Result,
    Section,
    Step,
    Steps,
    Text,
)
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.closed_values import ClosedValues
from stepsolve.worksheet.confirmed import Confirmation, settled
from stepsolve.worksheet.unrolled import Unrolled

_WRITTEN = 4  # steps that are unrolled line by line
_DOTS = Name("…")


class LinearPage:
    """The symbolic part of the page of a linear recurrence.

    `wrt` are the names to differentiate by, the first entry under the name of `solved.seed`.
    """

    def __init__(self, solved: Solved, steps: int, wrt: tuple[str, ...], euler: bool) -> None:
        self._solved, self._steps, self._wrt, self._euler = solved, steps, wrt, euler
        self._recurrence = solved.recurrence
        self._n = Name(self._recurrence.index)
        taken = {*names(self._recurrence.body), solved.seed.name, self._recurrence.sequence}
        taken.add(self._n.name)
        self._k = Name(next(x for x in ("k", "m", "j", "i", "k_1") if x not in taken))
        self._sum = Name(next(x for x in ("S", "s", "T", "S_n", "S_1") if x not in taken))
        self._point = Name(next(x for x in ("c", "p", "q", "C", "c_1") if x not in taken))
        self._symbols = [
            name
            for name in names(self._recurrence.body)
            if name != self._recurrence.previous.name
            and (name not in CONSTANTS or (name == "e" and not euler))
        ] + [solved.seed.name]
        self._precise = Precise()

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

    @property
    def factor(self) -> Expression:
        """The derivative of an entry by the one before it."""
        return self._solved.parts.coefficient

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
        written = min(self._steps, _WRITTEN)
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

    @property
    def _cases(self) -> tuple[Solved, ...]:
        special = self._solved.special
        return (self._solved,) if special is None else (self._solved, special)

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
        for k in range(1, min(self._steps, _WRITTEN) + 1):
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


def _gradient(of: Name, by: Name) -> Name:
    return Name(f"d{of.name}/d{by.name}")


def _unless(coefficient: Expression) -> tuple[str | Expression, ...]:
    """The condition that a coefficient is not 1, unless it is a number."""
    return () if numeric(coefficient) is not None else (" for ", coefficient, " ≠ 1")
