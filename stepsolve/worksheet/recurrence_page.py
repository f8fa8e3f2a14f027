"""From a recurrence and what is asked of it to a page: its parts in order, answers and checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from stepsolve.calculus.linear import Solved
from stepsolve.calculus.recurrences import Recurrence, linear
from stepsolve.derivation import Block, Check, Detail, Equation, Text, Value
from stepsolve.notation.names import entry, gradient_name
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression, Name, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.claims import Claims
from stepsolve.worksheet.closed_values import ClosedValues
from stepsolve.worksheet.growth import Growth
from stepsolve.worksheet.linear_recurrence import LinearPage
from stepsolve.worksheet.recursion import RecursionPage
from stepsolve.worksheet.unrolled import Comparison, Unrolled

Values = Mapping[str, Expression]


class Asked(NamedTuple):
    """A recurrence and what is asked of it.

    `first` is what the first entry is and `seed` its name in formulas; `wrt` are parameters and
    entries; `numbers` are the values that are given, and `claimed` formulas for entries.
    """

    recurrence: Recurrence
    steps: int
    first: Expression
    seed: Name
    wrt: tuple[str, ...]
    parameters: tuple[str, ...]
    numbers: Values
    claimed: tuple[tuple[str, Expression], ...]
    euler: bool
    digits: Digits


class RecurrencePage:
    """The page of a recurrence.

    `cases` are the values to compare; `unrolled` gives the steps over numbers, with other values
    and the derivatives by some parameters, or None without numbers.
    """

    def __init__(
        self,
        asked: Asked,
        cases: Sequence[Values],
        unrolled: Callable[[Values, tuple[str, ...]], Unrolled | None],
    ) -> None:
        self._asked, self._recurrence = asked, asked.recurrence
        self._first = asked.recurrence.entry(0)
        parts = linear(asked.recurrence)
        self._solved = Solved(asked.recurrence, parts, asked.seed) if parts else None
        parameters = tuple(name for name in asked.wrt if name in asked.parameters)
        self._part = self._linear(self._solved) if self._solved else self._recursion(parameters)
        self._numbers = unrolled({}, parameters)
        self._values: ClosedValues | None = None
        if self._numbers is not None and isinstance(self._part, LinearPage):
            self._values = self._part.closed_values(self._numbers, asked.numbers)
        if is_steady(self._part.factor, asked.parameters):
            self._growth: Growth | Comparison | None = self._powers(cases)
        else:
            found = [one for one in (unrolled(case, ()) for case in cases) if one is not None]
            self._growth = Comparison(cases, found) if found else None
        self._claims = Claims(
            asked.recurrence, self._solved, asked.seed, asked.claimed, asked.euler, asked.digits
        )

    def _linear(self, solved: Solved) -> LinearPage | RecursionPage:
        asked, first = self._asked, self._first.name
        wrt = tuple(asked.seed.name if name == first else name for name in asked.wrt)
        return LinearPage(solved, asked.steps, wrt, asked.euler)

    def _recursion(self, parameters: tuple[str, ...]) -> RecursionPage:
        asked = self._asked
        back = tuple(int(at.place) for name in asked.wrt if (at := entry(name)) is not None)
        return RecursionPage(asked.recurrence, asked.steps, parameters, back, asked.euler)

    def _powers(self, cases: Sequence[Values]) -> Growth:
        """The powers of the factor that is the same at every step, where it has a value."""
        slope = self._part.factor
        used = set(names(slope)) - set(CONSTANTS)
        every = [{**self._asked.numbers, **case} for case in (cases or [{}])]
        known = [{n: v for n, v in one.items() if n in used} for one in every if used <= set(one)]
        gradient = Name(gradient_name(self._recurrence.current.name, self._first.name))
        index = Name(self._recurrence.index)
        return Growth(slope, gradient, index, known, self._asked.digits)

    def blocks(self) -> Iterator[Block]:
        """The page, from the recurrence to the claims about it."""
        asked, current = self._asked, self._recurrence.current
        yield Equation((current, self._recurrence.body))
        if asked.first != self._first:
            yield Equation((self._first, asked.first))
        yield from self._given()
        yield from self._symbols_and_steps()
        if self._growth is not None:
            yield from self._growth.blocks()
        yield from self._claims.blocks()

    def _symbols_and_steps(self) -> Iterator[Block]:
        if isinstance(self._part, RecursionPage):
            yield from self._part.blocks(self._numbers)
            return
        yield from self._part.blocks()
        if self._numbers is not None and self._values is not None:
            yield from self._part.in_numbers(self._numbers, self._values)

    def _given(self) -> Iterator[Block]:
        parts: list[str | Expression] = []
        for name, value in self._asked.numbers.items():
            if name != self._first.name:
                parts += [Name(name), " = ", value, ", "]
        if parts:
            yield Text(("Given ", *parts[:-1], "."), Detail.BRIEF)

    @property
    def answers(self) -> dict[str, Expression]:
        """The formulas that were asked for."""
        return self._part.answers

    @property
    def quantities(self) -> dict[str, Value]:
        """The values of the steps and of the closed forms, if there are numbers."""
        found: dict[str, Value] = {}
        for part in (self._values, self._numbers):
            if part is not None:
                found |= part.quantities
        return found

    def checks(self) -> Iterator[Check]:
        """Those of all parts."""
        yield from self._part.checks()
        if self._numbers is not None and isinstance(self._part, RecursionPage):
            yield from self._part.bound_checks(self._numbers)
        for more in (self._numbers, self._values, self._growth, self._claims):
            if more is not None:
                yield from more.checks()


def is_steady(slope: Expression, parameters: Collection[str]) -> bool:
    """Whether the derivative by the entry before is the same at every step."""
    return all(name in parameters or name in CONSTANTS for name in names(slope))
