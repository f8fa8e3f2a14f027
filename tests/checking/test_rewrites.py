"""The oracle of rewrites catches wrong steps and names them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest

from stepsolve.checking.precise import Precise
from stepsolve.checking.rewrites import (
    Sampler,
    check_derivative,
    check_steps,
    flat,
)
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check, Step
from stepsolve.notation.tree import Expression
from stepsolve.source.expression import parse


def step(rule: str, before: str, after: str, *steps: Step, result: str = "") -> Step:
    return Step(
        rule, parse(before), parse(after), steps=steps, result=parse(result) if result else None
    )


def sampler(expression: str, *variables: str, **definitions: str) -> Sampler:
    known: dict[str, Expression] = {name: parse(text) for name, text in definitions.items()}
    return Sampler(parse(expression), variables or ("x",), known)


CUBE = "x^2 * sin(x)"
SQUARED = step("power rule", "diff(x^2, x)", "2 * x")
SINE = step("sine rule", "diff(sin(x), x)", "cos(x)")
RESULT = "2 * x * sin(x) + x^2 * cos(x)"
OPENED = "diff(x^2, x) * sin(x) + x^2 * diff(sin(x), x)"


def product_rule(
    after: str = OPENED, result: str = RESULT, first: Step = SQUARED, second: Step = SINE
) -> Step:
    return step("product rule", f"diff({CUBE}, x)", after, first, second, result=result)


def test_right_steps_are_one_check() -> None:
    (found,) = check_steps("df/dx", [product_rule()], sampler(CUBE))
    assert found.passed and found.error < 1e-25
    assert found.of == "the 3 steps of df/dx"
    assert found.method == "both sides at 2 random points"


@pytest.mark.parametrize(
    ("wrong", "rules"),
    [
        (product_rule(after="diff(x^2, x) * diff(sin(x), x)"), ["product rule"]),
        (product_rule(after=OPENED.replace("+", "-")), ["product rule"]),
        (product_rule(result=RESULT.replace("2 * x", "3 * x")), ["product rule"]),
        (product_rule(first=step("power rule", "diff(x^2, x)", "x")), ["power rule"]),
        (product_rule(second=step("sine rule", "diff(sin(x), x)", "-cos(x)")), ["sine rule"]),
        (
            product_rule(
                first=step("power rule", "diff(x^2, x)", "2 * x * 1.000000000001"),
                second=step("sine rule", "diff(sin(x), x)", "cos(x) + 1e-12"),
            ),
            ["power rule", "sine rule"],
        ),
    ],
    ids=["product of derivatives", "sign", "result", "factor", "sign below", "1e-12 twice"],
)
def test_a_wrong_step_is_named(wrong: Step, rules: list[str]) -> None:
    found = check_steps("df/dx", [SINE, wrong], sampler(CUBE))
    assert [check.of for check in found] == [f"df/dx, {rule}" for rule in rules]
    assert not any(check.passed for check in found)
    assert all(check.error > 1e-13 for check in found)


def test_a_step_without_a_value_where_the_expression_has_one_fails() -> None:
    lost = step("logarithm of a power", "log(x^2)", "2 * log(-x)")
    (found,) = check_steps("f", [lost], sampler("log(x^2)"))
    assert found == Check(
        "f, logarithm of a power", "both sides at 2 random points", float("inf"), False
    )


def test_letters_stand_for_inner_functions() -> None:
    chain = step("chain rule", "diff(exp(u), x)", "exp(u) * diff(u, x)", result="exp(x^2) * 2 * x")
    (found,) = check_steps("df/dx", [chain], sampler("exp(x^2)", u="x^2"))
    assert found.passed
    (found,) = check_steps("df/dx", [chain], sampler("exp(x^2)", u="x^3"))
    assert (found.of, found.passed) == ("df/dx, chain rule", False)


def test_every_step_is_visited_before_those_below_it() -> None:
    tree = product_rule(first=step("a", "x", "x", step("b", "x", "x")))
    assert [s.rule for s in flat([tree, SINE])] == [
        "product rule", "a", "b", "sine rule", "sine rule",
    ]  # fmt: skip


@dataclass(frozen=True)
class Claim:
    expression: str
    derivative: str


RIGHT = [
    Claim("x^3", "3 * x^2"),
    Claim("log(x)", "1 / x"),
    Claim("sqrt(x)", "1 / (2 * sqrt(x))"),
    Claim("asin(x)", "1 / sqrt(1 - x^2)"),
    Claim("acosh(x)", "1 / sqrt(x^2 - 1)"),
    Claim("atanh(x) * log(x)", "log(x) / (1 - x^2) + atanh(x) / x"),
    Claim("sqrt(-x)", "-1 / (2 * sqrt(-x))"),
    Claim("log(x - 4)", "1 / (x - 4)"),
    Claim("sqrt(-2 - x)", "-1 / (2 * sqrt(-2 - x))"),
    Claim("sqrt(1 - x^2)", "-x / sqrt(1 - x^2)"),
    Claim("x^x", "x^x * (log(x) + 1)"),
    Claim("log(log(log(x + 2)))", "1 / (log(log(x + 2)) * log(x + 2) * (x + 2))"),
    Claim("abs(x) + relu(x)", "sign(x) + (x > 0)"),
    Claim("7", "0"),
]
claims = pytest.mark.parametrize("claim", RIGHT, ids=lambda claim: claim.expression)


@claims
def test_points_are_found_and_right_derivatives_confirmed(claim: Claim) -> None:
    points = sampler(claim.expression)
    assert len(points.points) == POINTS
    found = check_derivative("df/dx", parse(claim.expression), "x", parse(claim.derivative), points)
    assert (found.of, found.method, found.passed) == ("df/dx", "central differences", True)


@claims
@pytest.mark.parametrize("slip", ["({}) * 2 + 1", "1e-9 - ({})", "({}) + 1e-12", "1 / 0 * ({})"])
def test_wrong_derivatives_are_refused(claim: Claim, slip: str) -> None:
    wrong = parse(slip.format(claim.derivative))
    points = sampler(claim.expression)
    found = check_derivative("df/dx", parse(claim.expression), "x", wrong, points)
    assert not found.passed
    assert found.error > 1e-15


@pytest.mark.parametrize("scale", ["exp(-200 * x)", "1e-30 * x^2", "1e-25 * sin(x)"])
def test_a_slip_in_a_very_small_derivative_is_seen(scale: str) -> None:
    twice = parse(f"2 * diff({scale}, x)")
    found = check_derivative("df/dx", parse(scale), "x", twice, sampler(scale))
    assert not found.passed


def test_a_derivative_by_another_name() -> None:
    points = sampler("x^2 * y", "x", "y")
    assert check_derivative("df/dy", parse("x^2 * y"), "y", parse("x^2"), points).passed
    assert not check_derivative("df/dy", parse("x^2 * y"), "y", parse("2 * x * y"), points).passed


@pytest.mark.parametrize("nowhere", ["log(-1 - x^2)", "asin(x^2 + 2)"])
def test_without_a_real_point_the_check_fails(nowhere: str) -> None:
    points = sampler(nowhere)
    assert points.points == ()
    derivative = check_derivative("df/dx", parse(nowhere), "x", parse("0"), points)
    steps = check_steps("df/dx", [SQUARED], points)
    for found in (derivative, *steps):
        assert (found.passed, found.error) == (False, float("inf"))


def test_no_point_is_said_to_be_the_reason() -> None:
    (found,) = check_steps("df/dx", [SQUARED], sampler("log(-1 - x^2)"))
    assert found.note == "no point was found where the expression has a real value"


def test_points_are_the_same_in_every_run_and_differ_in_every_name() -> None:
    precise = Precise()
    first, second = (list(candidates(["x", "y"], precise)) for _ in range(2))
    assert first == second
    assert len({float(v) for point in first for v in point.values()}) == 2 * len(first)


def test_two_names_may_need_values_from_different_places() -> None:
    assert len(sampler("acosh(x) * asin(y)", "x", "y").points) == POINTS
    assert len(sampler("log(-1 - x) * log(y - 1)", "x", "y").points) == POINTS


# SymPy cancels the names, and would then work the power out: a billion digits, without end
@pytest.mark.parametrize("exponent", ["1e9 * (x - x + 1)", "2 * x / x * 1e9"])
def test_sympy_is_never_asked_for_a_giant_power(exponent: str) -> None:
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_CPU, (4, 4))
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from stepsolve.algebra import Judge
from stepsolve.source.expression import parse
print(Judge().equal(parse("diff(x^2 * 9^({exponent}), x)"), parse("x")))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout in ("None\n", "False\n"), ran.stderr
