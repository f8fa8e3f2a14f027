"""The terms of Taylor's series that difference quotients leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression
from stepsolve.worksheet.quotients import DIGITS, Probe

_READABLE = 300  # nodes of a derivative up to which it is differentiated twice more
_TOLERANCE = 1e-20
_STEP = 1e-30


class Taylor(NamedTuple):
    """The second derivative over 2 and the third over 6, at a point."""

    second: Value
    third: Value

    def told(self, digits: Digits) -> tuple[Expression, Expression]:
        """Both values, as they are shown."""
        second, third = (number(Precise.decimal(v), digits) for v in self)
        return second, third

    def checks(self, of: str, probe: Probe) -> Iterator[Check]:
        """Each against what the errors of the quotients are, for a very small step."""
        e = probe.precise.mp.mpf(_STEP)
        below, here, above = (probe.value(probe.at + k * e) for k in (-1, 0, 1))
        second = (above - 2 * here + below) / (2 * e**2)
        further, nearer = (probe.value(probe.at + k * e) for k in (-2, 2))
        third = (nearer - 2 * above + 2 * below - further) / (12 * e**3)
        for what, found, claimed in (("second", second, self[0]), ("third", third, self[1])):
            error = float(abs(found - claimed) / max(1, abs(claimed)))
            method = f"differences with {DIGITS} digits"
            yield Check(f"the {what} term left out of {of}", method, error, error <= _TOLERANCE)


def terms_of(derivative: Expression, variable: str, values: Mapping[str, Value]) -> Taylor | None:
    """The terms by the rules, from the first derivative; None where that is too long or has none."""
    if derivative.size > _READABLE:
        return None
    second = differentiate(derivative, variable, euler="e" not in values).value
    if second.size > _READABLE:
        return None
    third = differentiate(second, variable, euler="e" not in values).value
    precise = Precise(DIGITS)
    point = Point({name: precise.mp.mpf(value) for name, value in values.items()})
    try:
        found = [precise.evaluate(form, point) for form in (second, third)]
    except OutsideDomain:
        return None
    return Taylor(found[0] / 2, found[1] / 6)
