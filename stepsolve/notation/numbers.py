"""Numbers as shown: correctly rounded decimals, written as a person would write them.

A value is a `Decimal` from arithmetic with some 50 digits. It is rounded half away from zero, once,
from those digits; a float has no part in it.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Final, NamedTuple

from stepsolve.notation.tree import Apply, Expression, Name, Number

_TRUSTED_DIGITS: Final = 39  # of the 50: the last ones carry the errors of the arithmetic
_LARGE: Final = 7  # digits before the point from which a number is scientific
_LARGE_WHOLE: Final = 12  # digits that a whole number may have at most
_SMALL: Final = -4  # the exponent of the smallest number not scientific, for significant digits


class Digits(NamedTuple):
    """How many digits are shown: after the point or, if `significant` is set, in all."""

    decimals: int = 4
    significant: int | None = None


def number_text(value: Decimal, digits: Digits) -> str:
    """A value as text: `3`, `0.25`, `0.2000` (rounded), `1.234e-5`; `inf` and `nan` for no number.

    Zeros at the end say that a value was rounded: an exact one has none. Halves go away from zero.
    """
    if not value.is_finite():
        return "nan" if value.is_nan() else "inf" if value > 0 else "-inf"
    text, _ = _written(_settled(value), digits)
    return f"-{text}" if value < 0 and text != "0" else text


def is_exact(value: Decimal, digits: Digits) -> bool:
    """Whether `number_text` shows a value without rounding."""
    return not value.is_finite() or _written(_settled(value), digits)[1]


def number(value: Decimal, digits: Digits) -> Expression:
    """A value as an expression: a `Number` or `neg` of one (or of the name `inf` or `nan`)."""
    text = number_text(value, digits)
    size = text.removeprefix("-")
    leaf = Number(size) if value.is_finite() else Name(size)
    return leaf if size == text else Apply("neg", leaf)


def _settled(value: Decimal) -> Decimal:
    """The size of a value, without the errors of its last digits and without zeros at its end."""
    size = _context(_TRUSTED_DIGITS, ROUND_HALF_EVEN).plus(value.copy_abs())
    return _context(_TRUSTED_DIGITS).normalize(size)


@cache
def _context(precision: int, rounding: str = ROUND_HALF_UP) -> Context:
    # of its own, because the caller's may be narrower; with exponents to spare for exp(exp(20))
    return Context(precision, rounding, MIN_EMIN, MAX_EMAX)


def _written(size: Decimal, digits: Digits) -> tuple[str, bool]:
    """The text of a finite size, and whether it is exact."""
    if not size:
        return "0", True
    if digits.significant is None:
        return _with_decimals(size, digits.decimals)
    return _with_significant(size, digits.significant)


def _with_decimals(size: Decimal, decimals: int) -> tuple[str, bool]:
    needed = _decimals_of(size)
    # 0.5 is never 5.0e-1, even where one decimal is all that is asked for
    is_small = size.adjusted() < min(1 - decimals, -1) and needed > decimals
    if is_small or _is_large(size):
        return _scientific(size, max(decimals - 1, 1))
    if needed <= decimals:
        return f"{size:f}", True
    unit = Decimal((0, (1,), -decimals))
    return f"{size.quantize(unit, context=_context(_TRUSTED_DIGITS + decimals)):f}", False


def _with_significant(size: Decimal, significant: int) -> tuple[str, bool]:
    rounded = _context(significant).plus(size)
    is_exact = rounded == size
    # 61706 to three digits is 6.17e4: in 61700 the zeros would look like digits
    is_rounded_whole = not is_exact and rounded.adjusted() >= significant
    if is_rounded_whole or size.adjusted() < _SMALL or _is_large(size):
        return _scientific(size, significant - 1)
    return f"{rounded:f}", is_exact


def _scientific(size: Decimal, decimals: int) -> tuple[str, bool]:
    rounded = _context(decimals + 1).plus(size)
    first, *others = map(str, rounded.as_tuple().digits)
    mantissa = f"{first}.{''.join(others)}" if others else first
    return f"{mantissa}e{rounded.adjusted()}", rounded == size


def _is_large(size: Decimal) -> bool:
    if size.adjusted() < min(_LARGE, _LARGE_WHOLE):
        return False
    return size.adjusted() >= (_LARGE if _decimals_of(size) else _LARGE_WHOLE)


def _decimals_of(size: Decimal) -> int:
    """Digits after the point of a number without zeros at its end."""
    exponent = size.as_tuple().exponent
    assert isinstance(exponent, int)  # finite
    return max(0, -exponent)
