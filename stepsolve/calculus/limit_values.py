"""Values that limits have: exact numbers, both infinities, signs near a point."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from stepsolve.calculus.tidy import ONE, constant, tidy
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.derivation import Step
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, names, transform
from stepsolve.operations.table import CONSTANTS

INF = Name("inf")
MINUS_INF = Apply("neg", INF)
ABOVE, BELOW = Name("above"), Name("below")
_LARGEST_DENOMINATOR = 12
_EXACT = 1e-40
_FAR = 200  # powers of two that are as near as anything here needs


SIDES_DIFFER = "the sides differ"
NEVER = ("waves", "wild")
"""Reasons that say that there is no limit: oscillation, bounded or not."""
HUGE = 1e25  # what a pole leaves of 50 digits: tan at pi/2


class Limit(NamedTuple):
    """What comes of a limit: its step, and its value, or None with the reason.

    The reason is `waves` for bounded oscillation, `wild` for one without bound, `sides` where
    one-sided limits are needed, `unsigned` for an infinity whose sign hangs on symbols, and a form
    such as `0/0` or nothing where the rules do not decide.
    """

    step: Step
    value: Expression | None
    reason: str = ""

    @property
    def is_none(self) -> bool:
        """Whether it is known that there is no limit."""
        return self.reason in NEVER or self.step.rule == SIDES_DIFFER


class Approach(NamedTuple):
    """`variable` goes to `target`, from above (1), from below (-1) or from both sides (0)."""

    variable: str
    target: Expression
    side: int = 0

    @property
    def is_infinite(self) -> bool:
        return is_infinite(self.target)

    def of(self, body: Expression) -> Apply:
        """The limit of an expression, as it is written."""
        sides = {1: (ABOVE,), -1: (BELOW,), 0: ()}[self.side]
        return Apply("limit", body, Name(self.variable), self.target, *sides)

    def places(self, precise: Precise, *, count: int = 60) -> Iterator[Value]:
        """Places on the way, each half as far from the target as the last, or twice as far out."""
        one = precise.mp.mpf(1)
        if self.is_infinite:
            sign = -1 if self.target == MINUS_INF else 1
            yield from (sign * precise.mp.ldexp(one, k) for k in range(count))
            return
        at = precise.evaluate(self.target, Point({}))
        for k in range(4, 4 + count):
            for side in (1, -1) if not self.side else (self.side,):
                yield at + side * precise.mp.ldexp(one, -k)


def is_infinite(value: Expression | None) -> bool:
    """Whether a limit is plus or minus infinity."""
    return value in (INF, MINUS_INF)


def infinity(sign: int) -> Expression:
    return INF if sign > 0 else MINUS_INF


def negative(value: Expression) -> Expression:
    """A limit with its sign changed."""
    if is_infinite(value):
        return MINUS_INF if value == INF else INF
    return settled(Apply("neg", value))


def number_of(value: Expression) -> Value | None:
    """The value of a finite limit without names, else None."""
    precise = Precise()
    try:
        return precise.evaluate(value, Point({}))
    except (KeyError, OutsideDomain):
        return None


def sign_of(value: Expression) -> int | None:
    """1, -1 or 0; None for a formula with names, which may have any sign."""
    if is_infinite(value):
        return 1 if value == INF else -1
    tidied = tidy(value)
    found = number_of(tidied)
    if found is None:
        return 0 if tidied == constant(0) else None
    return 0 if abs(found) < _EXACT else 1 if found > 0 else -1


def settled(value: Expression) -> Expression:
    """A finite limit as one writes it: `1/2` for `exp(0) / 2`, `e` for `exp(1)`."""
    found = number_of(value)
    if found is not None:
        for below in range(1, _LARGEST_DENOMINATOR + 1):
            above = round(found * below) if abs(found) < 1e12 else 0
            if abs(found * below - above) < _EXACT:
                return constant(Fraction(above, below))
    found = _tidied(value)
    return Name("e") if found == Apply("exp", ONE) else found


def _tidied(value: Expression) -> Expression:
    """In order, within the brackets of functions as well."""

    def inside(node: Expression) -> Expression | None:
        if not isinstance(node, Apply) or node.operation in ("+", "-", "*", "/", "^", "neg"):
            return None
        inner = Apply(node.operation, *map(_tidied, node.arguments))
        free = set(names(inner)) - set(CONSTANTS)
        return inner if free or inner == value else settled(inner)

    return tidy(transform(value, inside))


def sign_near(expression: Expression, approach: Approach) -> int | None:
    """The sign that an expression keeps near the target; None if it keeps none or has names."""
    free = set(names(expression)) - {approach.variable} - set(CONSTANTS)
    if free:
        return None
    precise = Precise(4 * 50)
    signs: list[int] = []
    for at in approach.places(precise, count=30):
        try:
            value = precise.evaluate(expression, Point({approach.variable: at}))
        except OutsideDomain:
            continue
        signs.append(0 if not value else 1 if value > 0 else -1)
    last = signs[len(signs) // 2 :]
    return last[0] if len(set(last)) == 1 and len(last) > 2 else None


def size_far(expression: Expression, approach: Approach) -> Value | None:
    """How large an expression is, far on the way: a hint which term is dominant."""
    precise = Precise()
    found = None
    for at in approach.places(precise, count=9):
        try:
            found = abs(precise.evaluate(expression, Point({approach.variable: at})))
        except (OutsideDomain, KeyError):
            return found
    return found
