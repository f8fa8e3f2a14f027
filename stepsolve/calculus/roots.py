"""Roots and logarithms of numbers, and powers of roots, in the form that books write.

Source: Stewart, Calculus, 8th ed., appendix A; Abramowitz, Stegun, Handbook, 3.2 and 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from stepsolve.calculus.fractions import Ways
from stepsolve.calculus.normal import signed_sum
from stepsolve.calculus.tidy import constant
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression

_LARGEST = 10**8  # numbers that are taken apart: ten thousand divisions
_STEEPEST = 12  # powers that are worked out


def of_numbers(node: Expression, _known: object) -> Ways:
    """The form of books for the root, the logarithm or the power at a node."""
    match node:
        case Apply(operation="sqrt", arguments=(inner,)):
            yield from _root(inner)
        case Apply(operation="log", arguments=(inner,)):
            yield from _logarithm(inner)
        case Apply(operation="^", arguments=(base, exponent)):
            yield from _power(base, exponent)


def _root(inner: Expression) -> Ways:
    """`sqrt(8)` as `2 sqrt(2)`, `sqrt(1/2)` as `sqrt(2) / 2`, `sqrt(a^4)` as `|a^2|`."""
    value = _number(inner)
    if value is not None and value.denominator > 1:
        above, below = value.numerator, value.denominator
        rule = f"√({above}/{below}) = √({above} · {below}) / {below}"
        yield rule, rule, Apply("/", Apply("sqrt", constant(above * below)), constant(below))
    elif value is not None:
        outside, inside = _square_part(int(value))
        if outside > 1:
            rule = f"√{value} = √({outside}² · {inside})"
            rest = Apply("*", constant(outside), Apply("sqrt", constant(inside)))
            yield rule, rule, rest if inside > 1 else constant(outside)
    match inner:
        case Apply(operation="^", arguments=(a, n)):
            power = numeric(n)
            if power is not None and power % 2 == 0 and power > 2:
                rule = "√(a²) = |a|"
                yield rule, rule, Apply("abs", Apply("^", a, constant(power // 2)))


def _logarithm(inner: Expression) -> Ways:
    """`log(12)` as `2 log(2) + log(3)`, `log(2/3)` as `log(2) - log(3)`."""
    value = _number(inner)
    if value is None:
        return
    if value.denominator > 1:
        above, below = value.numerator, value.denominator
        rule = f"ln({above}/{below}) = ln {above} − ln {below}"
        parts = (Apply("log", constant(above)), Apply("log", constant(below)))
        yield rule, rule, Apply("-", *parts)
        return
    powers = list(_primes(int(value)))
    if len(powers) > 1 or powers[0][1] > 1:
        written = " · ".join(f"{p}^{n}" if n > 1 else str(p) for p, n in powers)
        rule = f"ln {value} = ln({written})"
        yield rule, rule, signed_sum([(1, _multiple_of_log(p, n)) for p, n in powers])


def _multiple_of_log(prime: int, power: int) -> Expression:
    log = Apply("log", constant(prime))
    return log if power == 1 else Apply("*", constant(power), log)


def _power(base: Expression, exponent: Expression) -> Ways:
    """`sqrt(a)^3` as `a sqrt(a)`, `8^(1/3)` as `2`."""
    exact, value = numeric(exponent), _number(base)
    if exact is None:
        return
    power = Fraction(exact)
    match base:
        case Apply(operation="sqrt", arguments=(a,)) if power.denominator == 1 and power >= 2:
            front = Apply("^", a, constant(power // 2)) if power > 3 else a
            yield "(√a)² = a", "a = (√a)²", Apply("*", front, base) if power % 2 else front
    if value is None or value.denominator > 1 or power.denominator == 1 or abs(power) > _STEEPEST:
        return
    powers = [(p, n * power) for p, n in _primes(int(value))]
    if all(n.denominator == 1 for _, n in powers):
        written = " · ".join(f"{p}^{n}" if n > 1 else str(p) for p, n in _primes(int(value)))
        rule = f"{value} = {written}"
        yield (
            rule,
            rule,
            constant(prod((Fraction(p) ** int(n) for p, n in powers), start=Fraction(1))),
        )


def _number(expression: Expression) -> Fraction | None:
    """A positive number, not 1, that can be taken apart."""
    value = numeric(expression)
    if value is None or value == 1 or value <= 0:
        return None
    found = Fraction(value)
    return found if max(found.numerator, found.denominator) <= _LARGEST else None


def _primes(whole: int) -> Iterator[tuple[int, int]]:
    """The prime factors, each with its power."""
    divisor = 2
    while divisor * divisor <= whole:
        power = 0
        while whole % divisor == 0:
            whole, power = whole // divisor, power + 1
        if power:
            yield divisor, power
        divisor += 1
    if whole > 1:
        yield whole, 1


def _square_part(whole: int) -> tuple[int, int]:
    """m and k with m² k the number, k as small as can be."""
    outside = inside = 1
    for prime, power in _primes(whole):
        outside *= prime ** (power // 2)
        inside *= prime ** (power % 2)
    return outside, inside
