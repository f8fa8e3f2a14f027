"""Numbers as shown: rounding, zeros at the end, powers of ten."""

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsolve.notation.numbers import Digits, is_exact, number, number_text
from stepsolve.notation.tree import Apply, Name, Number

EXACT, ROUNDED = True, False


@pytest.mark.parametrize(
    ("value", "decimals", "text", "exact"),
    [
        # whole and exact values have no zeros at the end
        ("3", 4, "3", EXACT),
        ("-12", 4, "-12", EXACT),
        ("0.25", 4, "0.25", EXACT),
        ("0.2500000", 4, "0.25", EXACT),
        ("1200", 2, "1200", EXACT),
        ("1.2E+3", 2, "1200", EXACT),
        ("0", 4, "0", EXACT),
        ("-0", 4, "0", EXACT),
        ("0.00", 4, "0", EXACT),
        # rounded values keep theirs
        ("0.20000001", 4, "0.2000", ROUNDED),
        ("0.99996", 4, "1.0000", ROUNDED),
        ("-0.99996", 4, "-1.0000", ROUNDED),
        ("0.333333333", 4, "0.3333", ROUNDED),
        # halves away from zero
        ("2.675", 2, "2.68", ROUNDED),
        ("-2.675", 2, "-2.68", ROUNDED),
        ("2.665", 2, "2.67", ROUNDED),
        ("2.5", 0, "3", ROUNDED),
        ("2.67499", 2, "2.67", ROUNDED),
        # what 50-digit arithmetic leaves of 0.25 and of 2.675
        ("0.24999999999999999999999999999999999999999999999999", 4, "0.25", EXACT),
        ("0.25000000000000000000000000000000000000000000000001", 4, "0.25", EXACT),
        ("2.6749999999999999999999999999999999999999999999999", 2, "2.68", ROUNDED),
        ("2.67499999999999999999999999999999999", 2, "2.67", ROUNDED),
        # small values
        ("0.001", 4, "0.001", EXACT),
        ("0.0005", 4, "0.0005", EXACT),
        ("-0.00001", 5, "-0.00001", EXACT),
        ("-0.00001", 4, "-1e-5", EXACT),
        ("-0.0000123456", 4, "-1.235e-5", ROUNDED),
        ("-0.00000000001", 4, "-1e-11", EXACT),
        ("0.0012345", 4, "0.0012", ROUNDED),
        ("0.00099996", 4, "1.000e-3", ROUNDED),
        ("0.0009996", 4, "9.996e-4", EXACT),
        ("0.0000123456", 5, "1.2346e-5", ROUNDED),
        ("0.00001234000001", 5, "1.2340e-5", ROUNDED),
        # few decimals asked for: no power of ten where one digit is enough
        ("0.53", 1, "0.5", ROUNDED),
        ("0.05678", 1, "5.7e-2", ROUNDED),
        ("0.05678", 2, "5.7e-2", ROUNDED),
        ("-0.4", 0, "0", ROUNDED),
        # large values
        ("1234567.891", 2, "1234567.89", ROUNDED),
        ("12345678.9", 4, "1.235e7", ROUNDED),
        ("320000000.5", 2, "3.2e8", ROUNDED),
        ("61706123", 4, "61706123", EXACT),
        ("123456789012", 4, "123456789012", EXACT),
        ("1234567890123", 4, "1.235e12", ROUNDED),
        ("-1e15", 4, "-1e15", EXACT),
        ("1e5000000", 4, "1e5000000", EXACT),
        # no numbers
        ("inf", 4, "inf", EXACT),
        ("-inf", 4, "-inf", EXACT),
        ("nan", 4, "nan", EXACT),
    ],
)
def test_decimals(value: str, decimals: int, text: str, exact: bool) -> None:
    digits = Digits(decimals)
    assert number_text(Decimal(value), digits) == text
    assert is_exact(Decimal(value), digits) is exact


@pytest.mark.parametrize(
    ("value", "significant", "text", "exact"),
    [
        ("150", 3, "150", EXACT),
        ("0.5", 3, "0.5", EXACT),
        ("0.50001", 3, "0.500", ROUNDED),
        ("0.000123456", 3, "0.000123", ROUNDED),
        ("0.0000123456", 3, "1.23e-5", ROUNDED),
        ("1234.56", 5, "1234.6", ROUNDED),
        ("1234.56", 4, "1235", ROUNDED),
        ("61706", 3, "6.17e4", ROUNDED),
        ("61700", 3, "61700", EXACT),
        ("9999.6", 4, "1.000e4", ROUNDED),
        ("-5.55", 1, "-6", ROUNDED),
        ("2.675", 3, "2.68", ROUNDED),
    ],
)
def test_significant_digits_win(value: str, significant: int, text: str, exact: bool) -> None:
    digits = Digits(decimals=1, significant=significant)
    assert number_text(Decimal(value), digits) == text
    assert is_exact(Decimal(value), digits) is exact


def test_a_number_is_an_expression_without_sign() -> None:
    assert number(Decimal("2.675"), Digits(2)) == Number("2.68")
    assert number(Decimal("-1.23456e-5"), Digits()) == Apply("neg", Number("1.235e-5"))
    assert number(Decimal("-0.0"), Digits()) == Number("0")
    assert number(Decimal("-0.4"), Digits(0)) == Number("0")
    assert number(Decimal("-inf"), Digits()) == Apply("neg", Name("inf"))


def test_the_context_of_the_caller_is_left_alone() -> None:
    with localcontext() as context:
        context.prec = 3
        context.clear_flags()
        assert number_text(Decimal("123456.789123"), Digits(4)) == "123456.7891"
        assert not any(context.flags.values())


decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14)


@given(decimals, st.integers(0, 12))
def test_the_text_is_within_half_a_unit_of_its_last_place(value: Decimal, places: int) -> None:
    shown = Decimal(number_text(value, Digits(places)))
    unit = Decimal((0, (1,), int(shown.as_tuple().exponent)))
    wide = Context(prec=60)
    error = wide.abs(wide.subtract(value, shown))
    tolerance = wide.multiply(abs(value), Decimal("1e-38"))
    if is_exact(value, Digits(places)):
        assert error <= tolerance
    else:
        assert error <= wide.add(wide.divide(unit, Decimal(2)), tolerance)


@given(decimals, st.integers(1, 12))
def test_significant_digits_agree_with_rounding(value: Decimal, significant: int) -> None:
    shown = Decimal(number_text(value, Digits(significant=significant)))
    assert shown == Context(significant, ROUND_HALF_UP).plus(value)
