"""The oracle of limits knows right from wrong without any rule; SymPy is not beyond doubt."""

from __future__ import annotations

from math import inf

import pytest

from stepsolve.algebra import Judge
from stepsolve.checking.limits import (
    TOLERANCE,
    LimitOracle,
    check_limits,
    check_rewrites,
    check_waves,
)
from stepsolve.derivation import Step
from stepsolve.notation.tree import Apply
from stepsolve.source.expression import parse


def limit(text: str) -> Apply:
    found = parse(f"limit({text})")
    assert isinstance(found, Apply)
    return found


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("1 / (1 + exp(-x)), x, inf", "1", "0.99"),
        ("sin(x) / x, x, 0", "1", "0"),
        ("(1 + 1/n)^n, n, inf", "e", "2.718"),
        ("1 / log(x), x, inf", "0", "0.01"),
        ("log(x) / x^(1/3), x, inf", "0", "1e-6"),
        ("1 / log(log(x)), x, inf", "0", "0.2"),
        ("log(log(x)) / log(x), x, inf", "0", "1e-6"),
        ("x^2, x, -inf", "inf", "-inf"),
        ("log(x), x, inf", "inf", "700"),
        ("1 / x, x, 0, above", "inf", "-inf"),
        ("exp(exp(x)), x, inf", "inf", "0"),
        ("((x + h)^2 - x^2) / h, h, 0", "2 * x", "2"),
    ],
)
def test_the_oracle_tells_right_from_wrong(text: str, value: str, other: str) -> None:
    oracle = LimitOracle(["x"] if "h" in text else [])
    assert oracle.error(limit(text), parse(value)) <= TOLERANCE
    assert oracle.error(limit(text), parse(other)) > 1e-9


def test_sides_that_differ_are_no_limit() -> None:
    oracle = LimitOracle()
    assert oracle.error(limit("sign(x), x, 0"), parse("1")) > 0.1
    assert oracle.error(limit("1 / x, x, 0"), parse("inf")) == inf
    assert oracle.error(limit("sqrt(x - 1), x, 0"), parse("0")) == inf  # no values at all


def test_waves() -> None:
    oracle = LimitOracle()
    assert check_waves("f", limit("sin(x), x, inf"), oracle).passed
    assert not check_waves("f", limit("sin(x) / x, x, inf"), oracle).passed


def test_a_wrong_step_fails() -> None:
    before = limit("sin(x) / x, x, 0")
    wrong = Step("continuity", before, parse("2"), result=parse("2"))
    (check,) = check_limits("f", (wrong,), LimitOracle())
    assert not check.passed and check.of == "f, continuity"


def test_a_wrong_rewrite_fails() -> None:
    before = limit("(1 - cos(x)) / x^2, x, 0")
    wrong = Step("L'Hôpital's rule, 0/0", before, limit("sin(x) / x, x, 0"))  # the 2 is lost
    right = wrong._replace(after=limit("sin(x) / (2 * x), x, 0"))
    assert [c.passed for c in check_rewrites("f", (wrong,))] == [False]
    assert [c.passed for c in check_rewrites("f", (right,))] == [True]
    other = Step("by definition", limit("x, x, 0"), limit("x + 1, x, 0"))
    assert [c.passed for c in check_rewrites("f", (other,))] == [False]


def test_sympy_on_limits() -> None:
    judge = Judge()
    assert judge.limit(limit("sin(x) / x, x, 0"), parse("1")) == (True, None)
    assert judge.limit(limit("sin(x) / x, x, 0"), parse("2"))[0] is False
    assert judge.limit(limit("1 / x, x, 0, below"), parse("-inf")) == (True, None)
    assert judge.limit(limit("1 / x, x, 0"), parse("inf"))[0] is None
    assert judge.limit(limit("sin(x), x, inf"), parse("0"))[0] is None


def test_sympy_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsolve.algebra.judge._PATIENCE", 0.0)
    assert Judge().limit(limit("(1 + 1/n)^n, n, inf"), parse("e")) == (None, None)
