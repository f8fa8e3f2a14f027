"""The oracle of difference quotients: every value by two libraries, every quotient in fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.worksheets import VALUE_TOLERANCE
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

ARITHMETIC = 1e-15  # of a quotient of float64, relative: three roundings
EXACT = 1e-45  # of a quotient of 200 digits, relative to the terms that its difference is made of
_ROOTS = 1e-40  # of roots and logarithms with 60 digits
_DECIMAL = Context(60, Emin=MIN_EMIN, Emax=MAX_EMAX)
_SMALL_STEP = 1e-35
_SLOPES = 1e-25  # what a step of 1e-30 leaves of the slopes to both sides
_SMALL = 1e-6  # below this size float64 may lose digits to cancellation without harm


def check_quotients(
    of: str,
    body: Expression,
    variable: str,
    floats: Mapping[str, float],
    exact: Mapping[str, Value],
    rows: Iterable[Any],
) -> Iterator[Check]:
    """One check of the values and one of the quotients of a table.

    Each row is one of `stepsolve.worksheet.quotients.Row`; `floats` and `exact` are the point, in
    float64 and in high precision.
    """
    rows = tuple(rows)
    values = max(_values(body, variable, floats, row) for row in rows)
    count = 3 * len(rows)
    yield Check(
        f"the {count} values behind the quotients of {of}",
        "NumPy and mpmath",
        values,
        values <= VALUE_TOLERANCE,
    )
    quotients = max(_arithmetic(row) for row in rows)
    yield Check(
        f"the {count} quotients of {of} in float64",
        "exact fractions",
        quotients,
        quotients <= ARITHMETIC,
    )
    precise = max(_precise(body, variable, exact, row) for row in rows)
    yield Check(
        f"the {count} quotients of {of} without rounding",
        "exact fractions",
        precise,
        precise <= EXACT,
    )


def check_errors(of: str, gradient: Value, errors: Any) -> Check:
    """The errors of a table, subtracted again in fractions; `gradient` is what they are
    against, `errors` those of `stepsolve.worksheet.quotient_tables.Errors`."""
    true, worst = _fraction(gradient), 0.0
    size = max(Fraction(1), abs(true))
    for row, *found in zip(errors.rows, *errors.floats, *errors.precise, strict=True):
        quotients = [*map(Fraction, row.floats), *map(_fraction, row.precise)]
        for quotient, error in zip(quotients, found, strict=True):
            worst = max(worst, float(abs(abs(quotient - true) - _fraction(error)) / size))
    count = len(errors.rows) * (len(errors.floats) + len(errors.precise))
    return Check(f"the {count} errors of {of}", "exact fractions", worst, worst <= EXACT)


def check_beside(of: str, rows: Iterable[Any]) -> Check:
    """The differences and relative errors of gradients g and quotients d, in fractions again; each
    row is one of `stepsolve.worksheet.quotient_words.Beside`."""
    worst, count = 0.0, 0
    for row in rows:
        g, d = _fraction(row.gradient), _fraction(row.quotient)
        total = abs(g) + abs(d)
        relative = abs(g - d) / total if total else total
        for found, expected in ((row.difference, abs(g - d)), (row.relative, relative)):
            worst = max(worst, float(abs(_fraction(found) - expected) / max(Fraction(1), abs(g))))
            count += 1
    noun = f"the {count} errors beside each other"
    return Check(f"{noun}, {of}", "exact fractions", worst, worst <= EXACT)


def check_norms(of: str, rows: Iterable[Any], found: Value) -> Check:
    """The relative error of the whole vectors, its roots taken by `decimal`."""
    pairs = [(_fraction(row.gradient), _fraction(row.quotient)) for row in rows]
    parts = ((g - d for g, d in pairs), (g for g, _ in pairs), (d for _, d in pairs))
    off, one, other = (_root(sum((x * x for x in part), Fraction(0))) for part in parts)
    expected = _DECIMAL.divide(off, _DECIMAL.add(one, other))
    error = float(abs(_DECIMAL.subtract(_decimal(_fraction(found)), expected)))
    return Check(f"the relative error of {of}", "decimal arithmetic", error, error <= _ROOTS)


def check_orders(of: str, errors: Any, shown: Iterable[Iterable[Value | None]]) -> Iterator[Check]:
    """The powers of e that errors fall with, by the logarithms of `decimal`."""
    worst, count = 0.0, 0
    steps = [_fraction(row.precise_e) for row in errors.rows]
    for column, orders in zip(errors.precise, shown, strict=True):
        sizes = [_fraction(error) for error in column]
        for k, order in enumerate(orders):
            if order is None:
                continue
            fell, moved = (_DECIMAL.ln(_decimal(x[k - 1] / x[k])) for x in (sizes, steps))
            expected = _DECIMAL.divide(fell, moved)
            off = _DECIMAL.subtract(_decimal(_fraction(order)), expected)
            worst, count = max(worst, float(abs(off))), count + 1
    if count:
        yield Check(f"the {count} orders of {of}", "decimal arithmetic", worst, worst <= _ROOTS)


def check_advice(steps: tuple[Value, Value]) -> Check:
    """That the steps which theory advises are the square and the cube root of 2^-52."""
    root, cube_root = map(_fraction, steps)
    errors = (root**2 * 2**52 - 1, cube_root**3 * 2**52 - 1)
    worst = max(float(abs(error)) for error in errors)
    return Check("the steps that theory advises", "exact fractions", worst, worst <= EXACT)


def check_slopes(
    of: str, body: Expression, variable: str, exact: Mapping[str, Value], slopes: Any
) -> Check:
    """The one-sided slopes at a kink, by quotients of another step and with other digits."""
    precise = Precise(2 * 200)
    given = {name: precise.mp.mpf(value) for name, value in exact.items()}
    e = precise.mp.mpf(_SMALL_STEP)
    try:
        moved = (given[variable] + k * e for k in (-1, 0, 1))
        values = tuple(
            _fraction(precise.evaluate(body, Point({**given, variable: at}))) for at in moved
        )
    except OutsideDomain:
        return Check(f"the slopes of {of}", "quotients of a smaller step", math.inf, False)
    forward, backward, middle = _expected(values, _fraction(e))
    pairs = ((slopes.right, forward), (slopes.left, backward), (slopes.middle, middle))
    worst = max(float(abs(_fraction(v) - w) / max(Fraction(1), abs(w))) for v, w in pairs)
    return Check(f"the slopes of {of}", "quotients of a smaller step", worst, worst <= _SLOPES)


def _decimal(value: Fraction) -> Decimal:
    return _DECIMAL.divide(Decimal(value.numerator), Decimal(value.denominator))


def _root(square: Fraction) -> Decimal:
    return _DECIMAL.sqrt(_decimal(square))


def _values(body: Expression, variable: str, floats: Mapping[str, float], row: Any) -> float:
    """How far NumPy's values are from mpmath's at the same arguments, beyond what sums cancel."""
    worst = 0.0
    arguments = (row.at - row.e, row.at, row.at + row.e)
    for at, found in zip(arguments, row.samples, strict=True):
        precise = Precise()
        given = {n: precise.mp.mpf(v) for n, v in {**floats, variable: at}.items()}
        try:
            value = precise.evaluate(body, Point(given))
        except OutsideDomain:
            return math.inf
        lost = 2.0 ** (min(precise.lost, 60) - 50)  # bits that float64 has lost as well
        error = float(abs(value - found) / max(abs(value), _SMALL))
        worst = max(worst, error if error > lost else min(error, VALUE_TOLERANCE))
    return worst


def _expected(samples: tuple[Fraction, ...], e: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    below, here, above = samples
    return (above - here) / e, (here - below) / e, (above - below) / (e + e)


def _arithmetic(row: Any) -> float:
    """How far the quotients are from those of the same values in fractions."""
    samples = tuple(Fraction(value) for value in row.samples)
    worst = 0.0
    for found, expected in zip(row.floats, _expected(samples, Fraction(row.e)), strict=True):
        off = abs(Fraction(found) - expected)
        worst = max(worst, float(off / abs(expected)) if expected else float(off))
    return worst


def _precise(body: Expression, variable: str, exact: Mapping[str, Value], row: Any) -> float:
    """How far the precise quotients are from those in fractions of values with other digits."""
    precise = Precise(2 * 200)
    given = {name: precise.mp.mpf(value) for name, value in exact.items()}
    at, e = given[variable], precise.mp.mpf(row.precise_e)
    try:
        found = [
            _fraction(precise.evaluate(body, Point({**given, variable: moved})))
            for moved in (at - e, at, at + e)
        ]
    except OutsideDomain:
        return math.inf
    expected = _expected(tuple(found), _fraction(e))
    size = max([Fraction(1), *(abs(value) / _fraction(e) for value in found)])
    pairs = zip(row.precise, expected, strict=True)
    return max(float(abs(_fraction(value) - other) / size) for value, other in pairs)


def _fraction(value: Value) -> Fraction:
    """The exact value of an mpf."""
    sign, mantissa, exponent, _ = value._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if sign else size
