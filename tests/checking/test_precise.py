"""Values in high precision: right to the digits promised, and quickly refused where there are none."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import mpmath
import pytest
from timing import at_most

from stepsolve.checking.precise import DIGITS, Point, Precise
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Name
from stepsolve.source.expression import parse

PRECISE = Precise()


def decimal(text: str, **values: str) -> Decimal:
    point = Point({name: PRECISE.mp.mpf(number) for name, number in values.items()})
    return PRECISE.decimal(PRECISE.evaluate(parse(text), point))


# known constants, to 50 digits (OEIS A000796, A001113, A002193, A002162)
@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("pi", "3.1415926535897932384626433832795028841971693993751"),
        ("e", "2.7182818284590452353602874713526624977572470937000"),
        ("exp(1)", "2.7182818284590452353602874713526624977572470937000"),
        ("sqrt(2)", "1.4142135623730950488016887242096980785696718753769"),
        ("log(2)", "0.69314718055994530941723212145817656807550013436026"),
        ("1 / 3", "0." + "3" * 50),
        ("4 * atan(1) + 0 * x", "3.1415926535897932384626433832795028841971693993751"),
    ],
)
def test_45_digits_are_right(text: str, digits: str) -> None:
    assert abs(decimal(text, x="7") - Decimal(digits)) <= Decimal("1e-44")


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1 + 0.2 - 0.3", "0"),
        ("0.3 - (0.1 + 0.2)", "0"),
        ("1 / 3 * 3 - 1", "0"),
        ("sqrt(2)^2 - 2", "0"),
        ("x - x", "0"),
        ("sin(pi) + 1", "1"),
        ("2.675", "2.675"),
        ("1.005 * 1", "1.005"),
        ("0.1 + 0.2", "0.3"),
        ("-x^3", "-0.001"),
        ("(-2)^3", "-8"),
        ("0^0", "1"),
        ("x^-2", "100"),
        ("1e-30 + 1", "1.000000000000000000000000000001"),
        ("max(x, 3, 2) - min(x, 3)", "2.9"),
        ("where(x > 0, 1, 2) + (x == 0.1)", "2"),
        ("leaky_relu(-x)", "-0.001"),
    ],
)
def test_exact_values_come_back_exact(text: str, exact: str) -> None:
    assert decimal(text, x="0.1") == Decimal(exact)


def test_a_small_rest_of_a_sum_is_kept_while_it_is_more_than_noise() -> None:
    assert decimal("1 + 1e-40 - 1") == pytest.approx(Decimal("1e-40"), rel=Decimal("1e-4"))


def test_very_small_values_are_not_zero() -> None:
    # e^-e^15 = 10^-(e^15 / log 10)
    found = decimal("exp(-exp(15))")
    assert found != 0
    assert found.adjusted() == -1419717


@pytest.mark.parametrize(
    "text",
    [
        "exp(exp(exp(10)))", "exp(exp(x))", "x^x^x", "2^exp(x)", "cosh(exp(x))", "exp(x)^exp(x)",
        "1 / (x - x)", "log(-x)", "log(0)", "sqrt(-x)", "(-x)^0.5", "0^(-1)", "asin(x)", "atanh(1)",
        "acosh(0)", "log(-1 - x^2)", "1e300^3 * 1e300^3",
    ],
)  # fmt: skip
def test_what_has_no_finite_real_value_is_refused_quickly(text: str) -> None:
    with at_most(1), pytest.raises(OutsideDomain):
        decimal(text, x="1000")


def test_the_refusal_says_which_operation_at_which_arguments() -> None:
    with pytest.raises(OutsideDomain, match=r"log has no value at -3") as caught:
        decimal("1 + log(-x)", x="3")
    assert (caught.value.operation, caught.value.arguments) == ("log", (-3.0,))


@pytest.mark.parametrize("text", ["[1, 2]", "x[0]", "x @ x", "x.T"])
def test_vectors_have_no_scalar_value(text: str) -> None:
    with pytest.raises(OutsideDomain):
        decimal(text, x="1")


def test_an_unknown_name_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        decimal("x + unheard", x="1")


def test_names_of_the_problem_come_before_constants() -> None:
    assert decimal("e + pi", e="3", pi="4") == 7


def test_names_may_stand_for_expressions() -> None:
    point = Point({"x": PRECISE.mp.mpf(3)}, {"u": parse("v + 1"), "v": parse("x^2")})
    assert PRECISE.evaluate(parse("u * v"), point) == 90


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [("x^3", "2", "12"), ("1 / x", "0.5", "-4"), ("x * abs(x)", "-3", "6"), ("7", "1", "0")],
)
def test_derivatives_by_differences_keep_30_digits(text: str, at: str, slope: str) -> None:
    found = PRECISE.evaluate(
        Apply("diff", parse(text), Name("x")), Point({"x": PRECISE.mp.mpf(at)})
    )
    assert abs(found - PRECISE.mp.mpf(slope)) < 1e-29


def test_a_derivative_moves_what_is_defined_by_the_variable() -> None:
    point = Point({"x": PRECISE.mp.mpf(3)}, {"u": parse("x^2")})
    assert abs(PRECISE.evaluate(parse("diff(u * x, x)"), point) - 27) < 1e-29


def test_a_step_leaves_30_digits_at_any_size() -> None:
    for at in ("1e-25", "1e-12", "1", "1e12", "-1e40"):
        value = PRECISE.mp.mpf(at)
        assert 1e-20 < PRECISE.step(value) / abs(value) < 1e-15
    assert PRECISE.step(PRECISE.mp.mpf(0)) > 0


def test_a_value_is_computed_once_for_a_point() -> None:
    tree = parse("exp(x) + 1")
    point = Point({"x": PRECISE.mp.mpf(1)})
    first = PRECISE.evaluate(tree, point)
    point.values["x"] = PRECISE.mp.mpf(2)  # which nobody should do
    assert PRECISE.evaluate(tree, point) is first
    assert PRECISE.evaluate(tree, Point(point.values)) > first


def test_the_precision_is_its_own() -> None:
    before = mpmath.mp.dps
    assert PRECISE.mp.dps == DIGITS == 50
    third = Precise(80).evaluate(parse("1 / 3"), Point({}))
    assert abs(3 * Precise(80).mp.mpf(third) - 1) < Precise(80).mp.mpf(10) ** -79
    assert mpmath.mp.dps == before and Precise().mp.dps == DIGITS


def test_checking_knows_no_rule_of_calculus() -> None:
    code = """
import pkgutil, sys, importlib, stepsolve.checking as room
for module in pkgutil.iter_modules(room.__path__):
    importlib.import_module(f"stepsolve.checking.{module.name}")
print(*sorted(name for name in sys.modules if name.startswith("stepsolve.")))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert "stepsolve.checking.rewrites" in loaded and "stepsolve.checking.worksheets" in loaded
    assert not [name for name in loaded if name.startswith("stepsolve.calculus")]
    assert "stepsolve.algebra" not in loaded and "stepsolve.worksheet" not in loaded
