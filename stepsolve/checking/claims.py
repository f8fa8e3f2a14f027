"""Claims that two expressions are equal, put to the test at simple points and at random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import candidates
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Number

_SIMPLE = ("1", "0", "-1", "2", "1/2", "-2", "-1/2", "3", "-3", "1/3", "10", "-10")
_ZERO = _SIMPLE.index("0")
_MOST_SIMPLE = 600  # points tried in all
_DIFFERENT = 1e-10  # relative difference from which on two values are not the same
_MOVED = "1e-5"  # how far a derivative must differ as well, so that a corner deceives nobody


class Place(NamedTuple):
    """Values of names, as they are written, and those of both sides there."""

    at: dict[str, Expression]
    left: Value
    right: Value


class Claim:
    """`left = right` wherever both have values and the conditions hold.

    `definitions` are names that stand for expressions in the other names.
    """

    def __init__(
        self,
        left: Expression,
        right: Expression,
        variables: Sequence[str],
        conditions: Sequence[Expression] = (),
        definitions: Mapping[str, Expression] | None = None,
        precise: Precise | None = None,
    ) -> None:
        self.left, self.right = left, right
        self.conditions = tuple(conditions)
        self._variables = tuple(variables)
        self._definitions = definitions or {}
        self.precise = precise or Precise()
        self._order = max(map(order, (left, right)))
        self.agreeing = 0
        """Points at which both sides had the same value in the last search."""
        self.worst = 0.0
        """The largest relative difference at those points."""
        self.lone: tuple[dict[str, Expression], bool] | None = None
        """A point where one side alone has a value, and whether it is the left."""

    def counterexample(self) -> Place | None:
        """The first point, simple ones before others, at which the sides differ."""
        self.agreeing, self.worst, self.lone = 0, 0.0, None
        for at, values in self._places():
            point = Point(values, self._definitions)
            if not self._within(point):
                continue
            one, other = self._value(self.left, point), self._value(self.right, point)
            if one is None or other is None:
                if self.lone is None and (one is None) != (other is None):
                    self.lone = at, other is None
                continue
            error = self._error(one, other)
            if error <= _DIFFERENT:
                self.agreeing += 1
                self.worst = max(self.worst, error)
            elif not self._order or self._differs_beside(values):
                return Place(at, one, other)
        return None

    def _places(self) -> Iterator[tuple[dict[str, Expression], dict[str, Value]]]:
        count = len(self._variables)
        simple = [written(text) for text in _SIMPLE]
        # the simplest of all together first: 1 and 1, 1 and 0, ... before 10 and -10
        rows = [
            row
            for size in range(1, len(simple) + 1)
            for row in islice(product(range(size), repeat=count), _MOST_SIMPLE)
            if size - 1 in row or not count
        ]
        for row in rows[:_MOST_SIMPLE]:
            if self._order > 1 and _ZERO in row:
                continue  # steps are relative there: a difference of differences has no digits left
            at = {name: simple[k] for name, k in zip(self._variables, row, strict=True)}
            here = Point({})
            yield at, {name: self.precise.evaluate(v, here) for name, v in at.items()}
        for values in islice(candidates(self._variables, self.precise), 60):
            rounded = {name: written(f"{float(v):.3f}") for name, v in values.items()}
            here = Point({})
            yield rounded, {n: self.precise.evaluate(v, here) for n, v in rounded.items()}

    def _within(self, point: Point) -> bool:
        try:
            return all(self.precise.evaluate(c, point) for c in self.conditions)
        except OutsideDomain:
            return False

    def _value(self, side: Expression, point: Point) -> Value | None:
        try:
            return self.precise.evaluate(side, point)
        except OutsideDomain:
            return None

    @staticmethod
    def _error(one: Value, other: Value) -> float:
        return float(abs(one - other) / max(1, abs(one), abs(other)))

    def _differs_beside(self, values: Mapping[str, Value]) -> bool:
        """Whether the sides differ close by on both sides as well, where a corner has no part in it."""
        away = self.precise.number(_MOVED)
        for sign in (1, -1):
            moved = {n: v + sign * away * (k + 1) for k, (n, v) in enumerate(values.items())}
            point = Point(moved, self._definitions)
            one, other = self._value(self.left, point), self._value(self.right, point)
            if one is None or other is None or self._error(one, other) <= _DIFFERENT:
                return False
        return True


def order(expression: Expression) -> int:
    """How deep derivatives stand in derivatives."""
    own = isinstance(expression, Apply) and expression.operation == "diff"
    return own + max(map(order, expression.children), default=0)


def written(text: str) -> Expression:
    """A number or fraction, under its sign, as an expression."""
    size = text.removeprefix("-")
    above, _, below = size.partition("/")
    number: Expression = Number(above)
    if below:
        number = Apply("/", number, Number(below))
    return number if size == text else Apply("neg", number)
