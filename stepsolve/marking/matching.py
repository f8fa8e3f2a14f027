"""Which quantity of a problem a name of the work's own stands for.

A hand that writes `z = 2*(-1) + (-3)*(-2) - 3` means the quantity of the problem, or the part of a
formula, that has this value; where a mistake changed the value, the one with the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

import numpy as np

from stepsolve.marking.ledger import Ledger, Quantity
from stepsolve.marking.values import Exact, NoValue
from stepsolve.notation import names as notation
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, transform, walk

_CLOSE: Final = Decimal("1e-30")  # relative
_TELLING: Final = 3  # numbers of an expression from which they tell what it is
_LONGEST: Final = 400  # nodes of a formula that is searched


class Matcher:
    """Finds the quantity, or the part of a formula, that an expression of the work stands for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def match(self, name: str, side: Expression, value: Exact) -> str | None:
        """The name of the quantity that `name = side` is; a part of a formula becomes one."""
        gradient = notation.gradient(name) is not None
        wanted = [q for q in self._open() if (notation.gradient(q.name) is not None) == gradient]
        for quantity in wanted:
            if self._same(self._ledger.true(quantity.name), value):
                return quantity.name
        for quantity in wanted:
            part = next(self._parts_with(quantity, value), None)
            if part is not None:
                return self._made(name, quantity, part)
        return self._by_numbers(name, side, wanted)

    def _open(self) -> list[Quantity]:
        """The quantities that the work has not stated, in order."""
        return [
            quantity
            for quantity in self._ledger.quantities.values()
            if quantity.from_problem and not quantity.given and not quantity.is_stated
        ]

    def _same(self, true: Exact | None, value: Exact) -> bool:
        if true is None or np.shape(true) != np.shape(value):
            return False
        decimal = self._ledger.arithmetic.decimal
        return all(
            abs(decimal(a) - decimal(b)) <= _CLOSE * max(Decimal(1), abs(decimal(a)))
            for a, b in zip(np.ravel(true), np.ravel(value), strict=True)
        )

    def _parts(self, quantity: Quantity) -> Iterator[Expression]:
        """The inner parts of a formula that work anything out."""
        formula = quantity.formula
        if formula is None or formula.size > _LONGEST:
            return
        for node in walk(formula):
            if isinstance(node, Apply) and node is not formula and node.operation != "neg":
                yield node

    def _parts_with(self, quantity: Quantity, value: Exact) -> Iterator[Expression]:
        for part in self._parts(quantity):
            try:
                true = self._ledger.evaluate(part, self._ledger.true, quantity.paper)
            except NoValue:
                continue
            if self._same(true, value):
                yield part

    def _made(self, name: str, quantity: Quantity, part: Expression) -> str:
        """A quantity for a part of a formula, which from now on uses it."""
        true = self._ledger.evaluate(part, self._ledger.true, quantity.paper)
        self._ledger.add(
            Quantity(name, part, quantity.paper, dims=np.shape(true), from_problem=True)
        )
        assert quantity.formula is not None
        quantity.formula = transform(
            quantity.formula, lambda node: Name(name) if node == part else None
        )
        self._ledger.add_again(quantity)
        return name

    # --------------------------------------------------------------------- by the numbers used

    def _by_numbers(self, name: str, side: Expression, wanted: list[Quantity]) -> str | None:
        """The only quantity or part whose formula has the numbers of a side, up to one of them."""
        own = _numbers(side, {})
        if own.total() < _TELLING:
            return None
        found: list[tuple[Quantity, Expression | None]] = []
        for quantity in wanted:
            if quantity.formula is None or quantity.formula.size > _LONGEST:
                continue
            for part in (None, *self._parts(quantity)):
                formula = quantity.formula if part is None else part
                shown = self._ledger.shown(formula)
                numbers = _numbers(formula, shown)
                if len(shown) == len(names(formula)) and _off_by_one(own, numbers):
                    found.append((quantity, part))
                    break
        if len(found) != 1:
            return None
        quantity, part = found[0]
        return quantity.name if part is None else self._made(name, quantity, part)


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
