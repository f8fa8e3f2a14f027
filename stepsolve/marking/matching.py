"""Which quantity of a problem a name of the work's own stands for.

A hand that writes `z = 2*(-1) + (-3)*(-2) - 3` means the quantity of the problem, or the part of a
formula, that has this value; where a mistake changed the value, the one with the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import prod
from typing import Final, NamedTuple

import numpy as np

from stepsolve.marking.ledger import Ledger, Quantity
from stepsolve.marking.spread import Interval
from stepsolve.marking.values import Exact, NoValue, alike
from stepsolve.marking.written import Written, sizes_of
from stepsolve.notation import names as notation
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, replaced, walk
from stepsolve.operations.array_operation import Index

_TELLING: Final = 3  # numbers of an expression from which they tell what it is
_LONGEST: Final = 400  # nodes of a formula that is searched
_MOST_ENTRIES: Final = 400  # of an array that are looked through
_DIGITS: Final = 2  # of a value that is not met by chance
_NARROW: Final = 0.0015  # width of an interval that no value is met in by chance, relative
_UNITS: Final = 12  # in the last place, by which rounded numbers on the way may move a value
_MOST_ASKED: Final = 400  # quantities that numbers are compared with in one work
_MOST_WORKED: Final = 4000  # values by the work's own numbers, which change with every line
_MOST_VISITED: Final = 50_000  # quantities, each time that one is asked for its own value
_MOST_LOOKED: Final = 20_000  # formulas whose numbers are looked at in one work
_Key = tuple[tuple[int, ...], str]


class Clues(NamedTuple):
    """What a chain tells of the name on its left: the first side that has a value, and its numbers.

    `within` gives what that side comes to with its decimals as rounded numbers, if it has any, and
    `gives` whether the numbers are right for a quantity.
    """

    side: Expression
    value: Exact
    numbers: Mapping[Index, Written] | None
    within: Callable[[], Interval | None]
    gives: Callable[[Quantity], bool]


class Matcher:
    """Finds the quantity, or the part of a formula, that an expression of the work stands for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_value: dict[_Key, list[tuple[Quantity, Expression | None]]] = {}
        self._entries: dict[_Key, list[tuple[Quantity, Index]]] = {}
        self._known: set[str] = set()  # the quantities in it
        self._looked = 0  # formulas whose numbers were looked at
        self._asked = 0  # quantities that numbers were compared with
        self._worked = 0  # values by the work's own numbers
        self._visited = 0  # quantities of which it was asked whether to work them out

    def match(self, name: str, clues: Clues) -> Expression | None:
        """The quantity that a name is, or the entry of one; a part of a formula becomes one."""
        gradient = notation.gradient(name) is not None
        found = (
            self._by_truth(name, clues.value, gradient)
            or self._by_own(name, clues.value, gradient)
            or self._as_written(clues, gradient)
        )
        if found is not None:
            return Name(found)
        entry = self._entry(clues.value) or self._within(clues.within(), gradient)
        if entry is None and (found := self._by_numbers(name, clues.side, gradient)):
            return Name(found)
        return entry

    def _as_written(self, clues: Clues, gradient: bool) -> str | None:
        """The first quantity that written numbers are right for, if they have digits enough.

        A gradient may have a plain name, delta for dL/dz, but is looked for last then.
        """
        numbers = clues.numbers
        if numbers is None:
            return None
        digits = sum(len(n.value.as_tuple().digits) for n in numbers.values() if n.is_decimal)
        if digits < _TELLING:
            return None
        found = [(notation.gradient(q.name) is not None, q) for q in self._near(numbers)]
        for is_gradient, quantity in sorted(found, key=lambda pair: pair[0]):
            if is_gradient < gradient:
                continue
            self._asked += 1
            if self._asked > _MOST_ASKED:
                return None
            if clues.gives(quantity):
                return quantity.name
        return None

    def _near(self, numbers: Mapping[Index, Written]) -> Iterator[Quantity]:
        """Quantities whose values, true or by the work, are some units in the last place away."""
        sizes = sizes_of(numbers)
        written = np.array([float(number.value) for number in numbers.values()])
        reach = np.array([_UNITS * float(number.unit) for number in numbers.values()])
        for quantity in list(self._ledger.quantities.values()):
            self._visited += 1
            if self._visited > _MOST_VISITED:
                return
            if not self._is_open(quantity) or not alike(quantity.dims, sizes):
                continue
            values = (value(quantity.name) for value in (self._ledger.true, self._own_value))
            known = (np.asarray(v, dtype=float).ravel() for v in values if v is not None)
            if any(v.size == written.size and (abs(v - written) <= reach).all() for v in known):
                yield quantity

    def _own_value(self, name: str) -> Exact | None:
        """The value that the work gives a quantity, as long as not too many were asked for."""
        self._worked += 1
        return self._ledger.own(name) if self._worked <= _MOST_WORKED else None

    def _within(self, interval: Interval | None, gradient: bool) -> Expression | None:
        """The only number of the problem in an interval that is narrow enough to tell."""
        if interval is None or np.shape(interval.low):
            return None
        low, high = interval
        if high - low > _NARROW * min(abs(low), abs(high)):
            return None
        found: list[Expression] = []
        for quantity in self._ledger.quantities.values():
            if not quantity.from_problem or quantity.given or prod(quantity.dims) > _MOST_ENTRIES:
                continue
            if not quantity.dims and (notation.gradient(quantity.name) is not None) != gradient:
                continue
            true = self._ledger.true(quantity.name)
            for place, value in np.ndenumerate(true) if true is not None else ():
                if place not in quantity.stated and low <= float(value) <= high:
                    found.append(_entry_of(quantity, place))
        return found[0] if len(found) == 1 else None

    def _entry(self, value: Exact) -> Expression | None:
        """The only entry that has a value, if it has digits enough to tell."""
        if (
            np.shape(value)
            or len(self._ledger.arithmetic.decimal(value).normalize().as_tuple().digits) < _DIGITS
        ):
            return None
        found = [
            (quantity, place)
            for quantity, place in self._entries.get(_key(value), ())
            if place not in quantity.stated and self._same(self._at(quantity, place), value)
        ]
        if len(found) != 1:
            return None
        quantity, place = found[0]
        return _entry_of(quantity, place)

    def _at(self, quantity: Quantity, place: Index) -> Exact | None:
        true = self._ledger.true(quantity.name)
        return None if true is None else true[place]

    def with_value(self, name: str, true: Exact) -> Expression | None:
        """The quantity with a true value, for a name; a part of a formula becomes one."""
        found = self._by_truth(name, true, notation.gradient(name) is not None)
        return None if found is None else Name(found)

    def _by_truth(self, name: str, value: Exact, gradient: bool) -> str | None:
        """The quantity or part that has a value."""
        found = [
            (quantity, part)
            for quantity, part in self._with_value(value)
            if self._is_open(quantity)
            and (notation.gradient(quantity.name) is not None) == gradient
        ]
        for quantity, part in sorted(found, key=lambda pair: (pair[1] is not None, pair[0].order)):
            if part is None:
                if self._same(self._ledger.true(quantity.name), value):
                    return quantity.name
            elif self._same(self._true(quantity, part), value):
                return self._made(name, quantity, part)
        return None

    def _by_own(self, name: str, value: Exact, gradient: bool) -> str | None:
        """The quantity or part that has a value by the numbers of the work, right or wrong."""
        ledger = self._ledger
        for quantity in list(ledger.quantities.values()):
            self._visited += 1
            if self._visited > _MOST_VISITED or self._worked > _MOST_WORKED:
                return None
            if (
                quantity.formula is None
                or not self._is_open(quantity)
                or (notation.gradient(quantity.name) is not None) != gradient
                or quantity.formula.size > _LONGEST
            ):
                continue
            self._worked += 1
            if not ledger.touched(quantity):
                continue
            for part in (quantity.formula, *self._parts(quantity)):
                self._worked += 1
                if self._same(self._own(quantity, part), value):
                    whole = part is quantity.formula
                    return quantity.name if whole else self._made(name, quantity, part)
        return None

    def _own(self, quantity: Quantity, part: Expression) -> Exact | None:
        try:
            return self._ledger.evaluate(part, self._ledger.own, quantity.paper)
        except NoValue:
            return None

    @staticmethod
    def _is_open(quantity: Quantity) -> bool:
        """Whether a quantity is the problem's, and the work has not stated it."""
        return quantity.from_problem and not quantity.given and not quantity.is_stated

    def _with_value(self, value: Exact) -> list[tuple[Quantity, Expression | None]]:
        """Quantities, and parts of their formulas, that may have a value."""
        if not self._known:
            for quantity in list(self._ledger.quantities.values()):
                self._enter(quantity)
        return self._by_value.get(_key(value), [])

    def _enter(self, quantity: Quantity) -> None:
        self._known.add(quantity.name)
        if not self._is_open(quantity):
            return
        whole = self._ledger.true(quantity.name) if quantity.dims else None
        if whole is not None and prod(quantity.dims) <= _MOST_ENTRIES:
            for place in np.ndindex(quantity.dims):
                self._entries.setdefault(_key(whole[place]), []).append((quantity, place))
        for part in (None, *self._parts(quantity)):
            true = self._ledger.true(quantity.name) if part is None else self._true(quantity, part)
            if true is not None:
                self._by_value.setdefault(_key(true), []).append((quantity, part))

    def _true(self, quantity: Quantity, part: Expression) -> Exact | None:
        try:
            return self._ledger.evaluate(part, self._ledger.true, quantity.paper)
        except NoValue:
            return None

    def _same(self, true: Exact | None, value: Exact) -> bool:
        if true is None or np.shape(true) != np.shape(value):
            return False
        return self._ledger.arithmetic.same(true, value)

    def _parts(self, quantity: Quantity) -> Iterator[Expression]:
        """The inner parts of a formula that work anything out."""
        formula = quantity.formula
        if formula is None or formula.size > _LONGEST:
            return
        for node in walk(formula):
            if isinstance(node, Apply) and node is not formula and node.operation != "neg":
                yield node

    def _made(self, name: str, quantity: Quantity, part: Expression) -> str:
        """A quantity for a part of a formula, which all that have it use from now on."""
        ledger = self._ledger
        true = ledger.evaluate(part, ledger.true, quantity.paper)
        used = set(names(part))
        users = [
            user
            for user in ledger.quantities.values()
            if user.formula is not None
            and self._is_open(user)
            and user.paper == quantity.paper
            and user.formula.size <= _LONGEST
            and used <= names(user.formula).keys()
        ]
        ledger.add(Quantity(name, part, quantity.paper, dims=np.shape(true), from_problem=True))
        for user in users:
            assert user.formula is not None
            formula = replaced(user.formula, part, Name(name))
            if formula != user.formula:
                user.formula = formula
                ledger.add_again(user)
                self._renew(user)
        return name

    def _renew(self, quantity: Quantity) -> None:
        """Enter a quantity again, whose formula has changed."""
        for entries in self._by_value.values():
            entries[:] = [entry for entry in entries if entry[0] is not quantity]
        self._enter(quantity)

    # --------------------------------------------------------------------- by the numbers used

    def _by_numbers(self, name: str, side: Expression, gradient: bool) -> str | None:
        """The only quantity or part whose formula has the numbers of a side, up to one of them."""
        own = _numbers(side, {})
        if own.total() < _TELLING or self._looked > _MOST_LOOKED:
            return None
        found: list[tuple[Quantity, Expression | None]] = []
        for quantity in list(self._ledger.quantities.values()):
            if quantity.formula is None or not self._is_open(quantity):
                continue
            if (notation.gradient(quantity.name) is not None) != gradient:
                continue
            if quantity.formula.size > _LONGEST or self._looked > _MOST_LOOKED:
                continue
            for part in (None, *self._parts(quantity)):
                formula = quantity.formula if part is None else part
                self._looked += 1
                known = ((name, self._ledger.shown(name)) for name in names(formula))
                shown = {name: number for name, number in known if number is not None}
                numbers = _numbers(formula, shown)
                if len(shown) == len(names(formula)) and _off_by_one(own, numbers):
                    found.append((quantity, part))
                    break
        if len(found) != 1:
            return None
        quantity, part = found[0]
        return quantity.name if part is None else self._made(name, quantity, part)


def _entry_of(quantity: Quantity, place: Index) -> Expression:
    """A number of a quantity: itself, or the entry at a place."""
    base = Name(quantity.name)
    return Item(base, *(Number(str(k)) for k in place)) if place else base


def _key(value: Exact) -> _Key:
    """What two equal values have in common."""
    return np.shape(value), f"{float(np.sum(np.asarray(value, dtype=float))):.9e}"


def _numbers(expression: Expression, shown: Mapping[str, Expression]) -> Counter[Decimal]:
    """How often each number occurs, without signs, with numbers for names."""
    found: Counter[Decimal] = Counter()
    for node in walk(expression):
        if isinstance(node, Name) and node.name in shown:
            found.update(_numbers(shown[node.name], {}))
        elif isinstance(node, Number):
            found[Decimal(node.text).normalize()] += 1
    return found


def _off_by_one(one: Counter[Decimal], other: Counter[Decimal]) -> bool:
    """Whether two collections of numbers are the same but for one, missing or changed."""
    if not _TELLING <= other.total() <= one.total() + 1 or one.total() > other.total() + 1:
        return False
    return max((one - other).total(), (other - one).total()) <= 1
