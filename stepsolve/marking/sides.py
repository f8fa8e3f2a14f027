"""The parts of a chain: sides with their values, and what its left side names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from stepsolve.marking.judging import Expected
from stepsolve.marking.ledger import Ledger, Quantity
from stepsolve.marking.spread import Interval
from stepsolve.marking.symbols import is_endless
from stepsolve.marking.values import Exact, NoValue, Undefined
from stepsolve.marking.written import Written, stands_for, written_entries
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.array_operation import Index


class Side(NamedTuple):
    """A side: its numbers if it is nothing else, and its value or why it has none."""

    expression: Expression
    numbers: Mapping[Index, Written] | None
    value: Exact | None
    why: str = ""
    undefined: bool = False
    """Whether it cannot have a value, such as log(-1)."""


def side_of(expression: Expression, ledger: Ledger, paper: bool) -> Side:
    """A side, worked out from the work's own values."""
    numbers = written_entries(expression)
    try:
        return Side(expression, numbers, ledger.evaluate(expression, ledger.own, paper))
    except NoValue as error:
        if is_endless(expression):
            return Side(expression, numbers, None, "this sum has too many terms to be worked out")
        given = any(n in ledger and ledger[n].given for n in names(expression))  # perhaps symbols
        undefined = isinstance(error, Undefined) and not given
        return Side(expression, numbers, None, str(error), undefined)


class Target(NamedTuple):
    """What the left of a chain names: a quantity, or the entry at a place of it."""

    quantity: Quantity
    place: Index = ()

    @property
    def is_stated(self) -> bool:
        """Whether the work has stated it before."""
        stated = self.quantity.stated
        return self.place in stated if self.place else bool(stated)

    def of(self, value: Exact | None) -> Exact | None:
        """Its part of a value of the quantity."""
        return value[self.place] if value is not None and self.place else value

    def part(self, interval: Interval | None) -> Interval | None:
        """Its part of an interval of the quantity."""
        if interval is None or not self.place:
            return interval
        return Interval(interval.low[self.place], interval.high[self.place])

    def expected(self, ledger: Ledger) -> Expected | None:
        """What it should be by its formula, whatever the work states of it; None for a symbol."""
        quantity = self.quantity
        own = ledger.derived(quantity)
        if own is None:
            return None
        interval = None
        uses = names(quantity.formula) if quantity.formula is not None else ()
        if quantity.formula is not None and not quantity.given and ledger.touched(quantity):
            interval = self.part(ledger.range(quantity.formula, quantity.paper))
        return Expected(
            self.of(own),
            self.of(ledger.true(quantity.name)),
            interval,
            (self.of(ledger.own(quantity.name)),) if self.is_stated else (),
            any(ledger.is_wrong(name) for name in uses),
        )

    def placed(self, entries: Interval, ledger: Ledger) -> Interval:
        """The interval of the whole quantity with these entries put in."""
        if not self.place:
            return Interval(*(end.reshape(self.quantity.dims) for end in entries))
        before = ledger.behind(self.quantity.name)
        assert before is not None
        ends = tuple(np.array(end, dtype=float) for end in before)
        for end, entry in zip(ends, entries, strict=True):
            end[self.place] = entry[0]
        return Interval(*ends)


def behind(
    numbers: list[Written],
    expected: Expected,
    values: list[Exact],
    wrong: bool,
    reached: Iterable[Interval | None] = (),
) -> Interval:
    """The unrounded values that the hand may have gone on with, entry by entry.

    They are those that the displayed numbers stand for and that some mixture gives, one of the
    `values` of the sides of the chain, or what these have `reached` with their decimals as rounded;
    and, where no mistake comes before, the truth. Behind a `wrong` number stands whatever rounds to it.
    """
    value = np.array([float(number.value) for number in numbers])
    if wrong:
        halves = np.array([float(n.unit) / 2 if n.is_decimal else 0.0 for n in numbers])
        return Interval(value - halves, value + halves)
    bounds = [stands_for(number) for number in numbers]
    least = np.array([float(low) for low, _ in bounds])
    most = np.array([float(high) for _, high in bounds])
    found = Interval(value, value)
    if expected.true is not None and not expected.wrong:
        found = found.around(_floats(expected.true))
    ranges = [Interval(_floats(v), _floats(v)) for v in (expected.own, *values)]
    if expected.interval is not None:
        ranges.append(Interval(*(np.ravel(end) for end in expected.interval)))
    ranges += [Interval(*map(np.ravel, each)) for each in reached if each is not None]
    for each in ranges:
        if each.low.shape != value.shape:
            continue
        low, high = np.maximum(each.low, least), np.minimum(each.high, most)
        meets = low <= high
        found = found.around(np.where(meets, low, value), np.where(meets, high, value))
    return found


def _floats(value: Exact) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(value, dtype=float).ravel()
