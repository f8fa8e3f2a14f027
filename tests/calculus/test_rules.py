"""Every rule is true, and the rule that is used is the one that the written form asks for.

The truth is that of `oracle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from random import Random

import pytest
from oracle import MEANING, MP, At, close

from stepsolve.calculus import rules
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.rules import Rule
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse


def _wave(random: Random, low: float, high: float) -> Expression:
    """A random smooth function of x whose values lie between two bounds."""
    middle, swing = (low + high) / 2, (high - low) / 2 * random.uniform(0.5, 0.95)
    rate, start = random.uniform(0.5, 2), random.uniform(0, 6)
    return parse(f"{middle:.4f} + {swing:.4f} * sin({rate:.4f} * x + {start:.4f})")


X = Name("x")


def assert_true(
    formula: tuple[Expression, Expression], domain: Mapping[str, tuple[float, float]]
) -> None:
    """Both sides agree with random functions of x put for u, v, ... and numbers for a, b, c, n."""
    left, right = formula
    random = Random(plain(left))
    for _ in range(6):
        low, high = domain.get("x", (0.3, 2.0))
        values = {"x": MP.mpf(random.uniform(low, high))}
        letters: dict[str, Expression] = {}
        for name, bounds in domain.items():
            if name in FIXED:
                values[name] = MP.mpf(random.uniform(*bounds))
            elif name != "x":
                letters[name] = _wave(random, *bounds)
        at = At(values, letters)
        assert close(at(left), at(right)), f"{plain(left)} = {plain(right)} at {values}"


FIXED = ("a", "b", "c", "n", "c_4")


@pytest.mark.parametrize("rule", rules.rows(), ids=lambda rule: plain(rule.pattern))
def test_the_formula_of_every_row_is_true(rule: Rule) -> None:
    assert_true(rule.formula, dict.fromkeys([*rules.VARYING, *rules.FIXED, "x"], (0.4, 2.5)))


def _function_rules() -> Iterable[tuple[str, int, tuple[bool, ...], bool]]:
    for name in MEANING:
        row = OPERATIONS[name]
        least, most = len(row.completed((X,) * row.arity[0])), row.arity[1]
        if name in ("+", "-", "*", "/", "^", "neg", "where"):
            continue  # they have rows or families of their own
        for count in range(least, min(most, 4) + 1):
            for varying in product((True, False), repeat=count):
                if any(varying):
                    yield name, count, varying, True
                    yield name, count, varying, False


@pytest.mark.parametrize(("operation", "count", "varying", "nested"), [*_function_rules()])
def test_the_formula_of_every_function_rule_is_true(
    operation: str, count: int, varying: tuple[bool, ...], nested: bool
) -> None:
    rule = rules.function_rule(operation, count, varying, nested)
    holes = [hole.name for hole in rule.pattern.children if isinstance(hole, Name)]
    assert len(set(holes)) == count
    assert [hole not in FIXED for hole in holes] == list(varying)
    assert rule.inner == ("u" if nested and sum(varying) == 1 else "")
    bounds = OPERATIONS[operation].domain
    domain = {hole: bounds[min(k, len(bounds) - 1)] for k, hole in enumerate(holes)}
    assert_true(rule.formula, domain)


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_the_product_rule_for_many_factors_is_true(count: int) -> None:
    rule = rules.product_rule(count)
    letters = [*names(rule.pattern)]
    assert len(letters) == count
    assert_true(rule.formula, dict.fromkeys([*letters, "x"], (0.4, 2.5)))


@pytest.mark.parametrize("condition", ["0", "1"])
def test_where_takes_the_derivative_of_the_branch_that_holds(condition: str) -> None:
    rule = rules.case_rule((True, True))
    put = {"A": Number(condition), "u": parse("x^2"), "v": parse("sin(3 * x)"), "x": X}
    slope = At({"x": MP.mpf("0.7")})(substitute(rule.template, put))
    assert close(slope, 3 * MP.cos(MP.mpf("2.1")) if condition == "0" else MP.mpf("1.4"))


def test_the_chain_rule_as_explained_is_true() -> None:
    (rule,) = rules.find_rules()["chain rule"]

    def with_sine(node: Expression) -> Expression:
        if isinstance(node, Apply):
            name = "sin" if node.operation == "f" else node.operation
            return Apply(name, *map(with_sine, node.arguments))
        return node

    left, right = map(with_sine, rule.formula)
    assert_true((left, right), {"u": (0.4, 2.5), "x": (0.4, 2.5)})


def test_every_rule_can_be_explained_with_its_source() -> None:
    found = rules.find_rules()
    assert {rule.name for rule in rules.rows()} < found.keys()
    calls = {name for name in MEANING if OPERATIONS[name].is_call} - {"where"}
    assert {f"derivative of {name}" for name in calls} < found.keys()
    for several in found.values():
        assert all(rule.source for rule in several)


@pytest.mark.parametrize(
    ("written", "rule", "pattern"),
    [
        # constants and the variable
        ("7", "constant rule", "c"),
        ("pi", "constant rule", "c"),
        ("y^2 + sin(y)", "constant rule", "c"),
        ("x", "identity rule", "x"),
        # sums, however many terms
        ("x + 1", "sum rule", "u + v"),
        ("x + x^2 + x^3 + sin(x) + 4", "sum rule", "u + v"),
        ("x - 1", "difference rule", "u - v"),
        ("x + x^2 - sin(x) + 4", "difference rule", "u - v"),
        ("1 - (x + y)", "difference rule", "u - v"),
        # signs and constant factors
        ("-x", "negation", "-u"),
        ("-(x + 1)", "negation", "-u"),
        ("3 * x", "constant multiple rule", "c * u"),
        ("y * sin(x)", "constant multiple rule", "c * u"),
        ("x * 3", "constant multiple rule", "u * c"),
        ("(x + 1) * (y + 1)", "constant multiple rule", "u * c"),
        ("x / 3", "constant multiple rule", "u / c"),
        ("sin(x) / y", "constant multiple rule", "u / c"),
        # products and quotients
        ("x * sin(x)", "product rule", "u * v"),
        ("x * x", "product rule", "u * v"),
        ("x * (1 / x)", "product rule", "u * v"),
        ("1 / x", "reciprocal rule", "c / u"),
        ("y / (1 + x)", "reciprocal rule", "c / u"),
        ("x / (1 + x)", "quotient rule", "u / v"),
        ("x / x", "quotient rule", "u / v"),
        # powers
        ("x^3", "power rule", "x^n"),
        ("x^k", "power rule", "x^n"),
        ("x^(1/2)", "power rule", "x^n"),
        ("x^(-1)", "power rule", "x^n"),
        ("(x + 1)^3", "chain rule with the power rule", "u^3"),
        ("(x^2)^3", "chain rule with the power rule", "u^3"),
        ("sin(x)^k", "chain rule with the power rule", "u^k"),
        # exponentials
        ("e^x", "exponential rule", "e^x"),
        ("e^(-x)", "chain rule with the exponential rule", "e^u"),
        ("2^x", "exponential rule", "a^x"),
        ("k^x", "exponential rule", "a^x"),
        ("(1 + y)^x", "exponential rule", "a^x"),
        ("2^(3 * x)", "chain rule with the exponential rule", "2^u"),
        ("k^sin(x)", "chain rule with the exponential rule", "k^u"),
        ("x^x", "logarithmic differentiation", "u^v"),
        ("x^sin(x)", "logarithmic differentiation", "u^v"),
        ("(1 + x)^x", "logarithmic differentiation", "u^v"),
        # functions, of the variable itself and of something else
        ("exp(x)", "derivative of exp", "exp(x)"),
        ("exp(-x)", "chain rule with the derivative of exp", "exp(u)"),
        ("sin(x)", "derivative of sin", "sin(x)"),
        ("sin(sin(x))", "chain rule with the derivative of sin", "sin(u)"),
        ("sqrt(x)", "derivative of sqrt", "sqrt(x)"),
        ("abs(2 * x)", "chain rule with the derivative of abs", "abs(u)"),
        # functions of several arguments
        ("max(x, 3)", "derivative of max", "max(x, b)"),
        ("max(0, x)", "derivative of max", "max(a, x)"),
        ("max(0, 1 - x)", "chain rule with the derivative of max", "max(0, u)"),
        ("max(x, 2 * x)", "derivative of max", "max(u, v)"),
        ("min(x, y, x^2)", "derivative of min", "min(u, b, w)"),
        ("where(y > 0, x, x^2)", "case by case", "where(A, u, v)"),
        ("piecewise(x, x < 0, y, x < 1, x^2)", "case by case", "where(A, u, where(B, b, w))"),
        ("log(abs(x + 1))", "derivative of log|u|", "log(abs(u))"),
        # many factors at once, constants in front
        ("x * sin(x) * exp(x)", "product rule for 3 factors", "u * v * w"),
        ("x * (sin(x) * (exp(x) * x))", "product rule for 4 factors", "u * v * w * p"),
        ("2 * x * sin(x)", "constant multiple rule", "c * u"),
        ("x * 2 * sin(x) * y", "constant multiple rule", "c * u"),
        # one fraction, however many signs of division
        ("x / sin(x) / exp(x)", "quotient rule", "u / v"),
        ("x / sin(x) * x / exp(x)", "quotient rule", "u / v"),
        ("1 / x * (1 / sin(x))", "reciprocal rule", "c / u"),
        ("1 / x / sin(x)", "reciprocal rule", "c / u"),
        ("x / 2 / 3", "constant multiple rule", "u / c"),
        ("leaky_relu(x)", "derivative of leaky_relu", "leaky_relu(x, b)"),
        ("leaky_relu(x, y)", "derivative of leaky_relu", "leaky_relu(x, b)"),
        ("leaky_relu(y, x)", "derivative of leaky_relu", "leaky_relu(a, x)"),
        (
            "leaky_relu(3 * x)",
            "chain rule with the derivative of leaky_relu",
            "leaky_relu(u, 0.01)",
        ),
        ("elu(x, x)", "derivative of elu", "elu(u, v)"),
    ],
)
def test_the_written_form_decides_the_rule(written: str, rule: str, pattern: str) -> None:
    step = differentiate(parse(written), "x").step
    assert step.rule == rule
    assert step.formula is not None
    assert plain(step.formula[0]) == f"diff({pattern}, x)"


def test_e_is_a_base_like_any_other_where_it_is_not_eulers_number() -> None:
    step = differentiate(parse("e^x"), "x", euler=False).step
    assert step.rule == "exponential rule"
    assert plain(step.after) == "e^x * log(e)"


def test_e_as_the_variable_is_a_base_of_a_power() -> None:
    step = differentiate(parse("e^3"), "e").step
    assert step.rule == "power rule"
    assert plain(step.after) == "3 * e^2"
    assert differentiate(parse("e^e"), "e").step.rule == "logarithmic differentiation"
