"""What follows from conditions about signs: never more than is true, and what a proof needs."""

from __future__ import annotations

from random import Random

import pytest
from calculus.test_proofs import value

from stepsolve.calculus.signs import Assumptions, natural_domain
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import names
from stepsolve.source.expression import parse


def known(*conditions: str) -> Assumptions:
    return Assumptions(tuple(map(parse, conditions)))


@pytest.mark.parametrize(
    ("conditions", "expression", "signs"),
    [
        ("", "exp(x) + 1", {1}),
        ("", "x^2", {0, 1}),
        ("", "-x^2 - 1", {-1}),
        ("", "x", {-1, 0, 1}),
        ("", "max(x, 1)", {1}),
        ("x >= 0", "-3 * x", {-1, 0}),
        ("x >= 1", "x", {1}),
        ("x >= 1, y < 0", "x * y", {-1}),
        ("p < 1", "2 - 2*p", {1}),
        ("a >= b", "b - a", {-1, 0}),
        ("x != 0", "x^2", {1}),
        ("x >= 0, x <= 0", "x", {0}),
        ("x > 1", "log(x)", {1}),
        ("x > 0", "x^y + 1", {1}),
        ("x - y > 0", "(x - y)^(x - y)", {1}),
        ("x > 0", "(y - x)^(y + x)", {-1, 0, 1}),
    ],
)
def test_what_follows(conditions: str, expression: str, signs: set[int]) -> None:
    told = known(*(c for c in conditions.split(",") if c))
    assert told.signs(parse(expression)) == signs


@pytest.mark.parametrize("conditions", ["", "x > 0", "x < -1, y >= 2", "x <= y", "x != 0, y < 0"])
@pytest.mark.parametrize(
    "expression",
    ["x*y - x", "x^3 + y", "abs(x) - y", "x / (y^2 + 1)", "tanh(x) * y", "min(x, y)", "exp(x) - 1"],
)
def test_no_sign_is_claimed_that_is_not_there(conditions: str, expression: str) -> None:
    told = [parse(c) for c in conditions.split(",") if c]
    tree, random = parse(expression), Random(5)
    signs = Assumptions(tuple(told)).signs(tree)
    for _ in range(400):
        at = {name: random.choice((-2.5, -1, 0, 0.5, 1, 2, 3)) for name in ("x", "y")}
        if all(value(c, at) for c in told):
            found = value(tree, at)
            assert (found > 0) - (found < 0) in signs, at


def test_where_expressions_have_values() -> None:
    told = [plain(c) for c in natural_domain(parse("log(x) / sqrt(1 - x) + atanh(y)"))]
    assert told == ["sqrt(1 - x) != 0", "x > 0", "1 - x >= 0", "1 - y > 0", "1 + y > 0"]
    assert not list(natural_domain(parse("where(x > 0, log(x), 0) + exp(1/2)")))
    assert not names(parse("1/2"))
