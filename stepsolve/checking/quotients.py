"""The oracle of difference quotients: every value by two libraries, every quotient in fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.worksheets import VALUE_TOLERANCE
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

ARITHMETIC = 1e-15  # of a quotient of float64, relative: three roundings
EXACT = 1e-45  # of a quotient of 200 digits, relative to the terms that its difference is made of
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
