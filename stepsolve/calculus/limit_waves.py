"""Oscillation: values that a function of sines and cosines takes again and again on the way.

Source: Stewart, Calculus, 8th ed., 2.2, example 4; Rudin, Principles of Mathematical Analysis, 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import combinations
from math import gcd
from typing import NamedTuple

from stepsolve.calculus.limit_values import number_of, settled
from stepsolve.calculus.tidy import ONE, constant, tidy
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, names, transform, walk
from stepsolve.operations.table import OPERATIONS

_WAVES = frozenset(("sin", "cos"))
_SIGNS = frozenset(("+", "-", "*", "/", "^", "neg"))
_MOST = 12  # waves in one expression, and how many times one may be faster than another
# multiples of pi, and how one writes where u is that, over and over
_ANGLES = (
    (Fraction(1, 2), "π/2 + 2πk"),
    (Fraction(-1, 2), "−π/2 + 2πk"),
    (Fraction(0), "2πk"),
    (Fraction(1), "π + 2πk"),
    (Fraction(1, 4), "π/4 + 2πk"),
    (Fraction(-1, 4), "−π/4 + 2πk"),
    (Fraction(3, 4), "3π/4 + 2πk"),
    (Fraction(-3, 4), "−3π/4 + 2πk"),
)
_FLAT = 1e-30


class Crest(NamedTuple):
    """The value that an expression has wherever the angle is `where`.

    `formula` is the expression with that angle put in.
    """

    where: str
    formula: Expression
    value: Expression


class Swing(NamedTuple):
    """An expression that depends on `angle` alone, with its period, and two values that it takes."""

    angle: Expression
    high: Crest
    low: Crest


def swing(node: Expression, variable: str) -> Swing | None:
    """Two values of an expression of sines and cosines of multiples of one angle, as far apart as
    can be seen at multiples of pi/4; None if it is no such expression, or constant."""
    found = _angle(node, variable)
    if found is None:
        return None
    angle, multiples = found
    crests = [
        (number_of(value), Crest(where, formula, value))
        for part, where in _ANGLES
        for formula in (with_angles(node, variable, partial(_multiple, part, multiples)),)
        for value in (settled(formula),)
    ]
    known = [(size, crest) for size, crest in crests if size is not None]
    pairs = combinations(known, 2)
    (high, one), (low, other) = max(
        pairs, key=lambda p: abs(p[0][0] - p[1][0]), default=((0, None), (0, None))
    )
    if one is None or other is None or abs(high - low) < _FLAT:
        return None
    return Swing(angle, one, other) if high > low else Swing(angle, other, one)


def _multiple(part: Fraction, multiples: dict[Expression, int], argument: Expression) -> Expression:
    """What an argument is where the angle is a part of pi."""
    return tidy(Apply("*", constant(part * multiples[argument]), Name("pi")))


def with_angles(
    node: Expression, variable: str, put: Callable[[Expression], Expression]
) -> Expression:
    """The expression with something put for the argument of each sine and cosine."""
    found = _angle(node, variable)
    swap = {} if found is None else {argument: put(argument) for argument in found[1]}

    def change(one: Expression) -> Expression | None:
        match one:
            case Apply(operation=operation, arguments=(inner,)) if (
                operation in _WAVES and inner in swap
            ):
                return Apply(operation, swap[inner])
        return None

    return transform(node, change)


def _angle(node: Expression, variable: str) -> tuple[Expression, dict[Expression, int]] | None:
    """The angle, and of which multiple of it each sine and cosine is."""
    inner = list(dict.fromkeys(_arguments(node, variable)))
    if not inner or len(inner) > _MOST or None in inner:
        return None
    first, *_ = arguments = [a for a in inner if a is not None]
    if not all(map(_moves_steadily, arguments)):
        return None
    ratios = [numeric(tidy(Apply("/", a, first))) for a in arguments]
    if any(r is None for r in ratios):
        return None
    whole = [Fraction(r) for r in ratios if r is not None]
    below = 1
    for r in whole:
        below = below * r.denominator // gcd(below, r.denominator)
    multiples = [int(r * below) for r in whole]
    if max(map(abs, multiples)) > _MOST:
        return None
    angle = first if below == 1 else tidy(Apply("/", first, constant(below)))
    return angle, dict(zip(arguments, multiples, strict=True))


def _arguments(node: Expression, variable: str) -> Iterator[Expression | None]:
    """The arguments of all sines and cosines; None among them for what is neither."""
    if variable not in names(node):
        return
    match node:
        case Apply(operation=operation, arguments=(inner,)) if operation in _WAVES:
            yield inner
        case Apply(operation=operation) if operation in _SIGNS:
            for child in node.children:
                yield from _arguments(child, variable)
        case _:
            yield None


def _moves_steadily(angle: Expression) -> bool:
    """Whether an angle is continuous, so that it passes every multiple of pi."""
    rows = (OPERATIONS.get(n.operation) for n in walk(angle) if isinstance(n, Apply))
    return all(row is not None and (not row.kinks or row.name == "abs") for row in rows)


def changes_sign(node: Expression, variable: str) -> bool:
    """Whether an expression takes positive and negative values again and again."""
    found = swing(node, variable)
    if found is None:
        return False
    high, low = number_of(found.high.value), number_of(found.low.value)
    return high is not None and low is not None and bool(high > 0 > low)


def is_bounded(node: Expression, variable: str) -> bool:
    """Whether an expression stays between two numbers, as its form shows."""
    if variable not in names(node):
        return True
    match node:
        case Apply(operation=operation) if operation in BOUNDED:
            return True
        case Apply(operation="+" | "-" | "*" | "neg"):
            return all(is_bounded(child, variable) for child in node.children)
        case Apply(operation="^", arguments=(base, power)):
            size = numeric(power)
            whole = size is not None and size >= ONE.value and Fraction(size).denominator == 1
            return whole and is_bounded(base, variable)
    return False


BOUNDED = frozenset(("sin", "cos", "tanh", "sigmoid", "erf", "atan", "sign"))
