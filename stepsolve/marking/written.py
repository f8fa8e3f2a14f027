"""Numbers as a hand wrote them: decimals with a last place, and what values they may stand for.

`0.73` has the unit 0.01: it is what every value from 0.725 to 0.735 rounds to, by either rule for
halves, and what every value from 0.73 to below 0.74 is cut to.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Final, NamedTuple

from stepsolve.marking.verdicts import Verdict
from stepsolve.notation.tree import Apply, Array, Expression, Number
from stepsolve.operations.array_operation import Dims, Index

_EXACTLY: Final = Context(prec=400, Emin=MIN_EMIN, Emax=MAX_EMAX)
HALF: Final = Decimal("0.5")


class Written(NamedTuple):
    """A decimal: its value and the unit of its last place."""

    value: Decimal
    unit: Decimal

    @property
    def is_decimal(self) -> bool:
        """Whether it has places after the point, so that it may have been rounded."""
        return self.unit < 1

    @property
    def places(self) -> int:
        """Digits after the point."""
        exponent = self.unit.as_tuple().exponent
        assert isinstance(exponent, int)
        return max(0, -exponent)


def written_number(number: Number) -> Written:
    """A number of an expression as a decimal."""
    value = Decimal(number.text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # finite
    return Written(value, Decimal((0, (1,), exponent)))


def number_tree(value: Decimal) -> Expression:
    """A decimal as an expression."""
    size = Number(str(abs(value)).lower().replace("e+", "e"))
    return Apply("neg", size) if value < 0 else size


def written(expression: Expression) -> Written | None:
    """A side that is one number, with or without a sign; None for anything else."""
    match expression:
        case Number():
            return written_number(expression)
        case Apply(operation="neg", arguments=(Number() as number,)):
            value, unit = written_number(number)
            return Written(-value, unit)
    return None


def coarse(number: Written) -> Written:
    """A whole number as a rounded one: its zeros at the end are no digits, as in 61,000,000."""
    if number.unit != 1 or not number.value:
        return number
    digits = str(abs(number.value))
    zeros = len(digits) - len(digits.rstrip("0"))
    return Written(number.value, Decimal((0, (1,), zeros))) if zeros > 1 else number


def written_entries(expression: Expression) -> dict[Index, Written] | None:
    """A side that is one number or an array of numbers, entry by entry; None for anything else."""
    if not isinstance(expression, Array):
        alone = written(expression)
        return None if alone is None else {(): alone}
    found: dict[Index, Written] = {}
    for k, item in enumerate(expression.items):
        entries = written_entries(item)
        if entries is None:
            return None
        found.update({(k, *index): entry for index, entry in entries.items()})
    return found


def sizes_of(numbers: Mapping[Index, Written]) -> Dims:
    """The sizes of an array written entry by entry; none of a single number."""
    return tuple(max(places) + 1 for places in zip(*numbers, strict=True))


def agreement(value: Decimal, number: Written, slack: Decimal) -> Verdict:
    """How a value is told by a written number: exact, rounded, truncated, last-digit or wrong.

    `slack` is the error that the value may have, relative to its size and to 1.
    """
    margin = slack * max(Decimal(1), abs(value))
    off = abs(_EXACTLY.subtract(value, number.value))
    if off <= margin:
        return Verdict.EXACT
    if off <= number.unit * HALF + margin:
        return Verdict.ROUNDED
    if off >= number.unit - margin:
        return Verdict.WRONG
    beyond = abs(value) >= abs(number.value)
    same_side = not number.value or (value < 0) == (number.value < 0)
    return Verdict.TRUNCATED if beyond and same_side else Verdict.LAST_DIGIT


def stands_for(number: Written) -> tuple[Decimal, Decimal]:
    """The values that round to a written number or, further from zero, are cut to it."""
    half, unit, value = number.unit * HALF, number.unit, number.value
    low = value - (unit if value < 0 or not value else half)
    high = value + (unit if value > 0 or not value else half)
    return low, high
