"""Counterexamples: the simplest point first, none where there is none, and none that is no fault."""

from __future__ import annotations

import math

import pytest

from stepsolve.checking.claims import Claim
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, names
from stepsolve.source.expression import parse


def claim(text: str, *conditions: str, given: dict[str, str] | None = None) -> Claim:
    expression = parse(text)
    assert isinstance(expression, Apply)
    left, right = expression.arguments
    put = {name: parse(value) for name, value in (given or {}).items()}
    variables = [n for n in names(expression) if n not in ("e", "pi") and n not in put]
    return Claim(left, right, variables, tuple(map(parse, conditions)), put)


@pytest.mark.parametrize(
    ("text", "at", "left", "right"),
    [
        ("sqrt(x^2) == x", {"x": "-1"}, 1, -1),
        ("(a + b)^2 == a^2 + b^2", {"a": "1", "b": "1"}, 4, 2),
        ("sigmoid(x) == 1/2", {"x": "1"}, 1 / (1 + math.exp(-1)), 0.5),
        ("x^2 == x^3", {"x": "-1"}, 1, -1),
        ("x^4 - 5*x^2 == -4", {"x": "0"}, 0, -4),
        ("exp(x * y) == exp(x) * exp(y)", {"x": "1", "y": "1"}, math.e, math.e**2),
        ("1 == 2", {}, 1, 2),
        ("diff(x^2, x) == x", {"x": "1"}, 2, 1),
    ],
)
def test_the_simplest_point(text: str, at: dict[str, str], left: float, right: float) -> None:
    place = claim(text).counterexample()
    assert place is not None
    assert {name: plain(v) for name, v in place.at.items()} == at
    assert (float(place.left), float(place.right)) == pytest.approx((left, right))


@pytest.mark.parametrize(
    "text",
    [
        "x / x == 1",
        "log(x^2) == 2 * log(x)",
        "diff(abs(x), x) == sign(x)",
        "sin(x)^2 == 1 - cos(x)^2",
        "diff(diff(sin(x), x), x) == -sin(x)",
        "diff(diff(sigmoid(x), x), x) == sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x))",
    ],
)
def test_what_holds_has_none(text: str) -> None:
    tried = claim(text)
    assert tried.counterexample() is None
    digits = 1e-12 if text.startswith("diff(diff") else 1e-20  # differences of differences
    assert tried.agreeing > 10 and tried.worst < digits


def test_conditions_are_kept() -> None:
    assert claim("sqrt(x^2) == x", "x >= 0").counterexample() is None
    place = claim("sqrt(x^2) == x", "x < 1", "x != -1").counterexample()
    assert place is not None and plain(place.at["x"]) == "-2"
    assert claim("p + q == 1", given={"q": "1 - p"}).counterexample() is None


def test_a_side_without_a_value_is_no_counterexample_but_is_told() -> None:
    tried = claim("log(x^2) == 2 * log(x)")
    assert tried.counterexample() is None
    assert tried.lone is not None
    at, is_left = tried.lone
    assert is_left and plain(at["x"]) == "-1"


def test_a_claim_without_a_point_agrees_nowhere() -> None:
    tried = claim("log(-1 - x^2) == 0")
    assert tried.counterexample() is None and tried.agreeing == 0


def test_many_names_do_not_take_for_ever() -> None:
    text = " + ".join(f"x_{k}" for k in range(40))
    tried = claim(f"{text} == {text}")
    assert tried.counterexample() is None and 10 < tried.agreeing < 2000
