"""Limits by rules, against values known from textbooks; what stays open stays open."""

from __future__ import annotations

import pytest

from stepsolve.calculus.limit_values import INF, MINUS_INF, Approach
from stepsolve.calculus.limits import find_limit
from stepsolve.checking.rewrites import flat
from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse

FAR = {"inf": INF, "-inf": MINUS_INF}


def approach(to: str, variable: str = "x") -> Approach:
    if to in FAR:
        return Approach(variable, FAR[to])
    side = {"+": 1, "-": -1}.get(to[-1], 0)
    return Approach(variable, parse(to[:-1] if side else to), side)


# Stewart, Calculus, 8th ed., ch. 2, 4.4 and 6, or by hand
KNOWN = [
    ("sigmoid(x)", "inf", "1"),
    ("sigmoid(x)", "-inf", "0"),
    ("tanh(x)", "inf", "1"),
    ("tanh(x)", "-inf", "-1"),
    ("relu(x)", "inf", "inf"),
    ("relu(x)", "-inf", "0"),
    ("leaky_relu(x)", "-inf", "-inf"),
    ("elu(x)", "-inf", "-1"),
    ("softplus(x)", "-inf", "0"),
    ("softplus(x) - x", "inf", "0"),
    ("gelu(x)", "-inf", "0"),
    ("gelu(x)", "inf", "inf"),
    ("x * sigmoid(x)", "-inf", "0"),
    ("x / (1 + abs(x))", "-inf", "-1"),
    ("sigmoid(x) * (1 - sigmoid(x))", "inf", "0"),
    ("sin(x) / x", "0", "1"),
    ("sin(x) / x", "inf", "0"),
    ("(1 + 1/x)^x", "inf", "e"),
    ("(1 - cos(x)) / x^2", "0", "1 / 2"),
    ("(exp(x) - 1) / x", "0", "1"),
    ("log(x) / x", "inf", "0"),
    ("x * log(x)", "0+", "0"),
    ("x^x", "0+", "1"),
    ("x^10 / exp(x)", "inf", "0"),
    ("(3 * x^2 + 1) / (2 * x^2 - 5 * x)", "inf", "3 / 2"),
    ("sqrt(x^2 + x) - x", "inf", "1 / 2"),
    ("x / sqrt(x^2 + 1)", "-inf", "-1"),
    ("(x + sin(x)) / x", "inf", "1"),  # where L'Hôpital's rule says nothing
    ("x * sin(1 / x)", "0", "0"),
    ("x + sin(x)", "inf", "inf"),
    ("1 / x - 1 / sin(x)", "0", "0"),
    ("(x^2 - 1) / (x - 1)", "1", "2"),
    ("1 / x^2", "0", "inf"),
    ("1 / x", "0-", "-inf"),
    ("exp(1 / x)", "0-", "0"),
    ("atan(x)", "inf", "pi / 2"),
    ("sign(x)", "0-", "-1"),
    ("where(x > 1, x, 2)", "1-", "2"),
    ("max(x, 1 / x)", "inf", "inf"),
    ("2^x", "-inf", "0"),
    ("(1 + 1/x)^(x^2)", "inf", "inf"),
    ("7 + y", "0", "7 + y"),
]


@pytest.mark.parametrize(("expression", "to", "expected"), KNOWN)
def test_known_limits(expression: str, to: str, expected: str) -> None:
    found = find_limit(parse(expression), approach(to))
    assert found.value is not None and plain(found.value) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("((x + h)^2 - x^2) / h", "2 * x"),
        ("(sqrt(x + h) - sqrt(x)) / h", "1 / (2 * sqrt(x))"),
        ("sin(a * h) / h", "a"),
    ],
)
def test_limits_with_letters(expression: str, expected: str) -> None:
    found = find_limit(parse(expression), approach("0", "h"))
    assert found.value is not None and plain(found.value) == expected


@pytest.mark.parametrize(
    ("expression", "to", "below", "above"),
    [
        ("1 / x", "0", "-inf", "inf"),
        ("sign(x)", "0", "-1", "1"),
        ("relu(x) / x", "0", "0", "1"),
        ("tan(x)", "pi/2", "inf", "-inf"),
        ("exp(1 / x)", "0", "0", "inf"),
    ],
)
def test_sides_that_differ(expression: str, to: str, below: str, above: str) -> None:
    found = find_limit(parse(expression), approach(to))
    assert found.value is None and found.is_none and found.reason == "sides"
    assert [plain(s.result or s.after) for s in found.step.steps] == [below, above]


@pytest.mark.parametrize(
    ("expression", "to", "reason"),
    [
        ("sin(x)", "inf", "waves"),
        ("2 + 3 * cos(x)", "-inf", "waves"),
        ("sin(1/x)", "0", "waves"),
        ("sin(x) * cos(x)", "inf", "waves"),
        ("sin(x) + cos(2 * x)", "inf", "waves"),
        ("sin(1/x) + 1", "0+", "waves"),
        ("x * sin(x)", "inf", "wild"),
        ("x^2 * sin(x)", "-inf", "wild"),
    ],
)
def test_oscillation_is_said(expression: str, to: str, reason: str) -> None:
    found = find_limit(parse(expression), approach(to))
    assert found.is_none and found.reason == reason


@pytest.mark.parametrize(
    ("expression", "to"),
    # these have limits (0, inf), or none, for reasons that the rules do not know
    [("sin(x) + cos(x + pi/2)", "inf"), ("x * (2 + sin(x))", "inf"), ("x + x * sin(x)", "inf")],
)
def test_what_the_rules_do_not_decide_stays_open(expression: str, to: str) -> None:
    found = find_limit(parse(expression), approach(to))
    assert found.value is None and not found.is_none


def rules(expression: str, to: str) -> list[str]:
    return [step.rule for step in flat((find_limit(parse(expression), approach(to)).step,))]


def test_steps_have_their_reasons() -> None:
    assert rules("sigmoid(x)", "inf") == [
        "by definition",
        "quotient rule",
        "constant",
        "sum rule",
        "constant",
        "exp → 0 at −∞",
        "negation",
        "identity",
    ]
    assert rules("sin(x) / x", "0") == [
        "L'Hôpital's rule, 0/0",
        "continuity",  # the numerator
        "identity",  # the denominator
        "continuity",
    ]
    assert rules("sin(x) / x", "inf")[0] == "bounded over unbounded (squeeze)"
    assert rules("tanh(x)", "inf")[:2] == ["by definition", "divide by the dominant term, ∞/∞"]
    assert rules("(1 + 1/x)^x", "inf")[:4] == [
        "write as a power of e",
        "continuity of exp",
        "write the product as a quotient, 0 · ∞",
        "L'Hôpital's rule, 0/0",
    ]
    assert rules("((x + 1)^2 - 1) / x", "0")[0] == "multiply out and cancel, 0/0"
    assert rules("sqrt(x^2 + x) - x", "inf")[0] == "multiply by the conjugate, ∞ − ∞"
    assert rules("1 / x", "0-")[0] == "over a vanishing negative denominator"
