"""The kind `derivative` as a whole: answers, values at a point, pages, checks, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import cos, exp, isclose, log, pi, sin, tanh
from typing import Any

import pytest

import stepsolve
from stepsolve.calculus import partial as worked
from stepsolve.calculus import rules
from stepsolve.calculus.rules import Rule
from stepsolve.derivation import Derivation, Equation, Result, Section, Step, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression
from stepsolve.source.expression import parse


def solve(problem: Mapping[str, object] | None = None, **keys: object) -> Derivation:
    return stepsolve.solve({"kind": "derivative", **(problem or {}), **keys})


def answers(derivation: Derivation) -> dict[str, str]:
    return {name: plain(form) for name, form in derivation.results.items()}


def said(parts: tuple[str | Expression, ...]) -> str:
    return "".join(part if isinstance(part, str) else plain(part) for part in parts)


def texts(derivation: Derivation) -> list[str]:
    return [said(block.parts) for block in derivation.blocks if isinstance(block, Text)]


def sections(derivation: Derivation) -> list[str]:
    return [said(block.parts) for block in derivation.blocks if isinstance(block, Section)]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({"expression": "x^3 - 2 * x"}, {"df/dx": "3 * x^2 - 2"}),
        ({"expression": "x^2 * y"}, {"df/dx": "2 * x * y", "df/dy": "x^2"}),
        ({"expression": "x^2 * y", "variable": "x"}, {"df/dx": "2 * x * y"}),
        ({"expression": "x^2 * y", "variables": "y"}, {"df/dy": "x^2"}),
        ({"expression": "x^2 + y", "variables": ["y", "x"]}, {"df/dy": "1", "df/dx": "2 * x"}),
        ({"expression": "y^2", "variable": "x"}, {"df/dx": "0"}),
        ({"expression": "7", "variable": "x"}, {"df/dx": "0"}),
        ({"function": "f(x) = a^x"}, {"df/dx": "a^x * log(a)"}),
        ({"function": "g(a) = a^x"}, {"dg/da": "x * a^(x - 1)"}),
        ({"function": "L(w, b) = w * x + b"}, {"dL/dw": "x", "dL/db": "1"}),
        ({"function": "y = x^2"}, {"dy/dx": "2 * x"}),
        ({"function": "f(x) = x * y", "variable": "y"}, {"df/dy": "x"}),
        (
            {"functions": ["f(x, y) = x * y", "g(x) = exp(2 * x)"]},
            {"df/dx": "y", "df/dy": "x", "dg/dx": "2 * exp(2 * x)"},
        ),
        # constants are not variables, unless the problem says so
        ({"expression": "pi * e^x"}, {"df/dx": "pi * e^x"}),
        ({"function": "f(e) = e^2"}, {"df/de": "2 * e"}),
        ({"expression": "e^x", "variable": "e"}, {"df/de": "x * e^(x - 1)"}),
        # a name that is taken is not given to the expression
        ({"expression": "f^2 * y"}, {"dg/df": "2 * f * y", "dg/dy": "f^2"}),
        ({"expression": "f^2"}, {"dy/df": "2 * f"}),
        # Greek, primes and indices
        ({"expression": "θ'^2 + h_1"}, {"df/dθ'": "2 * θ'", "df/dh_1": "1"}),
        # the form of a textbook is the answer
        ({"expression": "1 / (1 + exp(-x))"}, {"df/dx": "sigmoid(x) * (1 - sigmoid(x))"}),
    ],
)
def test_answers(problem: dict[str, object], expected: dict[str, str]) -> None:
    derivation = solve(problem)
    assert answers(derivation) == expected
    assert list(derivation.results) == list(expected)
    assert derivation.confirmed
    assert derivation.checks


@pytest.mark.parametrize("function", ["f(x, y) = x^y * log(x + y)", "f(x) = 1e60 * x"])
def test_answers_and_steps_can_be_read_back(function: str) -> None:
    derivation = solve(function=function)
    data: Any = derivation.to_json()
    assert [parse(text) for text in data["results"].values()] == [*derivation.results.values()]
    waiting = list(data["steps"])
    assert waiting
    for step in waiting:
        waiting += step["steps"]
        assert parse(step["before"]) != parse(step["after"])


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({"expression": "1 / (1 + exp(-x))", "at": {"x": 0}}, {"f": 0.5, "df/dx": 0.25}),
        (
            {"expression": "x^y * log(x + y)", "at": {"x": 2, "y": 3}},
            {
                "f": 8 * log(5),
                "df/dx": 12 * log(5) + 8 / 5,
                "df/dy": 8 * log(2) * log(5) + 8 / 5,
            },
        ),
        (
            {"expression": "tanh(w * x + b)", "variable": "w", "at": {"w": 2, "x": -1, "b": 1.5}},
            {"f": tanh(-0.5), "df/dw": -(1 - tanh(-0.5) ** 2)},
        ),
        ({"expression": "x^2", "at": {"x": "1/3"}}, {"x": 1 / 3, "f": 1 / 9, "df/dx": 2 / 3}),
        ({"expression": "sin(x)", "at": {"x": "pi/6"}}, {"f": sin(pi / 6), "df/dx": cos(pi / 6)}),
        ({"expression": "exp(-x^2 / 2)", "at": {"x": -1}}, {"f": exp(-0.5), "df/dx": exp(-0.5)}),
        ({"expression": "x^-2", "at": {"x": 0.5}}, {"f": 4, "df/dx": -16}),
        ({"function": "f(y) = x^2 * y", "at": {"x": 2, "y": 3}}, {"f": 12, "df/dy": 4}),
        (
            {"functions": ["f(x) = x^2", "g(y) = y^3"], "at": {"x": 3, "y": 2}},
            {"f": 9, "df/dx": 6, "g": 8, "dg/dy": 12},
        ),
        # e is what the point says
        ({"expression": "e^x", "variable": "x", "at": {"e": 2, "x": 3}}, {"df/dx": 8 * log(2)}),
        (
            {"expression": "1 / (1 + e^(-x))", "variable": "x", "at": {"e": 3, "x": 1}},
            {"f": 3 / 4, "df/dx": 3 / 16 * log(3)},
        ),
    ],
)
def test_values_at_a_point(problem: dict[str, object], expected: dict[str, float]) -> None:
    derivation = solve(problem)
    for name, value in expected.items():
        found = derivation.quantities[name]
        assert isinstance(found, float)
        assert isclose(found, value, rel_tol=1e-12), name
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    shown = [line.name for line in derivation.lines]
    assert [name for name in expected if name in shown] == [n for n in shown if n in expected]


def test_without_a_point_there_are_no_values() -> None:
    assert solve(expression="x^2").quantities == {}
    assert solve(expression="x^2").lines == ()


def test_methods_of_the_checks() -> None:
    def methods(derivation: Derivation) -> list[tuple[str, str]]:
        return [(check.of, check.method) for check in derivation.checks]

    found = methods(solve(expression="sin(x) + x^2", variable="x"))
    (steps, by_points), *others = found
    assert steps == "the 3 steps of df/dx"  # a sum and its two terms
    assert "random points" in by_points
    assert others[:2] == [("df/dx", "central differences"), ("df/dx by the rules", "SymPy")]
    assert others[2] == ("the 3 steps of df/dx", "SymPy")
    found = methods(solve(expression="x^2", at={"x": 3}))
    assert {("x", "NumPy and mpmath"), ("f", "NumPy and mpmath")} < set(found)
    assert ("df/dx", "NumPy and mpmath") in found
    assert ("df/dx", "differences through the graph") in found


@pytest.mark.parametrize(
    ("expression", "at", "slopes", "kink"),
    [
        ("relu(x)", {"x": 0}, {"df/dx": 0}, "x = 0. Convention: relu'(0) = 0."),
        ("abs(x)", {"x": 0}, {"df/dx": 0}, "x = 0. Convention: |a|' = 0 at a = 0."),
        ("abs(x - 1)", {"x": 1}, {"df/dx": 0}, "x - 1 = 0. Convention: |a|' = 0 at a = 0."),
        (
            "max(x, y)",
            {"x": 1, "y": 1},
            {"df/dx": 1, "df/dy": 0},
            "x = y. Convention: where arguments tie, the gradient goes to the first of them.",
        ),
        (
            "min(x, y)",
            {"x": 1, "y": 1},
            {"df/dx": 1, "df/dy": 0},
            "x = y. Convention: where arguments tie, the gradient goes to the first of them.",
        ),
        (
            "leaky_relu(x)",
            {"x": 0},
            {"df/dx": 0.01},
            "x = 0. Convention: leaky_relu'(0) is the slope on the left.",
        ),
        (
            "elu(x, 2)",
            {"x": 0},
            {"df/dx": 2},
            "x = 0. Convention: elu'(0) is the slope on the left.",
        ),
    ],
)
def test_at_a_kink_the_convention_is_told_and_lies_between_the_slopes(
    expression: str, at: dict[str, float], slopes: dict[str, float], kink: str
) -> None:
    derivation = solve(expression=expression, at=at)
    assert {name: derivation.quantities[name] for name in slopes} == slopes
    told = [text for text in texts(derivation) if "has no derivative where" in text]
    assert any(text.endswith(f"has no derivative where {kink}") for text in told)
    one_sided = [c for c in derivation.checks if c.method.startswith("one-sided differences")]
    assert [check.of for check in one_sided] == list(slopes)
    assert all(check.note.startswith("at a kink: slopes ") for check in one_sided)
    assert derivation.confirmed


def test_away_from_the_kink_differences_need_no_side() -> None:
    derivation = solve(expression="relu(x)", at={"x": 2})
    assert derivation.quantities["df/dx"] == 1
    assert not any(check.method.startswith("one-sided") for check in derivation.checks)


def test_the_page_of_one_function() -> None:
    derivation = solve(expression="x * y", title="A product")
    assert derivation.title == "A product"
    assert sections(derivation) == ["By x", "By y"]
    results = [block for block in derivation.blocks if isinstance(block, Result)]
    assert [tuple(map(plain, block.sides)) for block in results] == [("df/dx", "y"), ("df/dy", "x")]
    equations = [block for block in derivation.blocks if isinstance(block, Equation)]
    assert plain(equations[0].sides[0]) == "f(x, y)"
    assert [plain(side) for side in equations[-1].sides] == ["∇f", "[y, x]"]


def test_the_page_of_several_functions_has_a_section_for_each() -> None:
    derivation = solve(functions=["f(x, y) = x + y", "g(x) = x^2"])
    assert derivation.title == "Derivative of f, g"
    assert sections(derivation) == ["f(x, y)", "By x", "By y", "g(x)"]


def test_what_is_told_in_words() -> None:
    unused = "x does not occur, so the derivative is 0."
    assert unused in texts(solve(expression="y^2", variable="x"))
    assert "At x = 1 / 3, y = 0.50:" in texts(solve(expression="x*y", at={"x": "1/3", "y": "0.50"}))


@pytest.mark.parametrize("expression", ["x * abs(x)", "relu(x)^2", "where(x > 0, x^2, -x^2)"])
def test_a_smooth_function_of_one_with_a_kink_is_not_said_to_have_one(expression: str) -> None:
    derivation = solve(expression=expression, at={"x": 0})
    assert derivation.quantities["df/dx"] == 0
    assert not any(text.startswith("No derivative") for text in texts(derivation))


NEEDS_ONE = "a derivative needs one of expression, function, functions or equation"
NO_SLOPE = (
    "at.x: df/dx does not exist at this point: 1 / 0 has no finite real value: a / b needs b != 0"
)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({}, NEEDS_ONE),
        ({"expression": "x", "function": "f(x) = x"}, f"function: {NEEDS_ONE}"),
        ({"expression": "x", "functions": ["f(x) = x"]}, f"functions: {NEEDS_ONE}"),
        ({"functions": []}, "functions: at least 1 entry belongs here, not none"),
        (
            {"expression": "x * y", "at": {"x": 1}},
            "at.x: at gives no value for y, which f depends on\n  hint: write at: {..., y: ...}",
        ),
        (
            {"expression": "log(x)", "at": {"x": -1}},
            "expression: f has no value at this point:"
            " log(-1) has no finite real value: log(a) needs a > 0",
        ),
        (
            {"expression": "1 / x", "at": {"x": 0}},
            "expression: f has no value at this point:"
            " 1 / 0 has no finite real value: a / b needs b != 0",
        ),
        ({"expression": "sqrt(x)", "at": {"x": 0}}, NO_SLOPE),
        ({"expression": "asin(x)", "at": {"x": 1}}, NO_SLOPE),
        ({"function": "f(x, x) = x"}, "function: x stands for two things"),
        ({"function": "f(f) = f"}, "function: f stands for two things"),
        (
            {"expression": "x", "variable": "x", "variables": ["x"]},
            "variable: variable and variables are the same\n  hint: keep one",
        ),
        ({"expression": "[[x]]"}, "expression: a vector or an index has no place among scalars"),
        ({"expression": "[1, 2]"}, "expression: there is nothing to differentiate by in f"),
        ({"expression": "x @ y"}, "expression: @ has no place among scalars"),
        ({"expression": "diff(x, x)"}, "expression: a derivative has no place among scalars"),
    ],
)
def test_what_cannot_be_solved_is_said_in_the_words_of_the_problem(
    problem: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solve(problem)
    assert str(caught.value).removeprefix("problem: ") == message


@pytest.mark.parametrize(
    "problem",
    [
        {"expression": "x^2", "at": {"x": "symbol"}},
        {"expression": "x^2", "variables": ["x", "x"]},
        {"functions": ["f(x) = x", "f(x) = x^2"]},
        {"function": "f(x) = x", "variable": "f"},
        {"function": "f(x) = x * f"},
        {"expression": "2 * pi"},  # nothing to differentiate by
    ],
    ids=str,
)
def test_what_means_two_things_or_nothing_is_refused(problem: dict[str, object]) -> None:
    with pytest.raises(InvalidProblem):
        solve(problem)


def test_an_expression_with_every_usual_name_taken_gets_another() -> None:
    derivation = solve(expression="f * y * g * h * F * x", variable="x")
    assert answers(derivation) != {}
    assert derivation.confirmed


Find = Callable[..., tuple[Rule, dict[str, Expression]] | None]


def _spoil(monkeypatch: pytest.MonkeyPatch, name: str, template: str) -> None:
    """One rule of the signs becomes wrong."""
    find: Find = rules.find

    def wrong(*arguments: Any) -> Any:
        found = find(*arguments)
        if found is None or found[0].name != name:
            return found
        return found[0]._replace(template=parse(template)), found[1]

    monkeypatch.setattr(rules, "find", wrong)


@pytest.mark.parametrize(
    ("rule", "template", "expression"),
    [
        ("product rule", "diff(u, x) * diff(v, x)", "x^2 * sin(x)"),
        ("quotient rule", "(u * diff(v, x) - diff(u, x) * v) / v^2", "x / (1 + x)"),
        ("power rule", "n * x^n", "x^3"),
        ("chain rule with the power rule", "n * u^(n - 1)", "(2 * x + 1)^3"),
        ("exponential rule", "x * a^(x - 1)", "2^x"),
        ("constant multiple rule", "diff(u, x)", "3 * x^2"),
    ],
)
def test_a_wrong_rule_is_caught_by_every_check(
    monkeypatch: pytest.MonkeyPatch, rule: str, template: str, expression: str
) -> None:
    assert solve(expression=expression, variable="x").confirmed
    _spoil(monkeypatch, rule, template)
    derivation = solve(expression=expression, variable="x", at={"x": 2})
    failed = {(check.of, check.method) for check in derivation.checks if not check.passed}
    assert f"df/dx, {rule}" in {of for of, _ in failed}
    assert ("df/dx", "central differences") in failed
    assert ("df/dx", "differences through the graph") in failed
    assert ("df/dx by the rules", "SymPy") not in {
        (check.of, check.method) for check in derivation.checks if check.passed
    }
    assert not derivation.confirmed


def test_a_wrong_derivative_of_a_function_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = rules.function_rule

    def wrong(*arguments: Any) -> Rule:
        rule = right(*arguments)
        return rule._replace(template=Apply("neg", rule.template))

    monkeypatch.setattr(rules, "function_rule", wrong)
    assert not solve(expression="cos(x)", variable="x").confirmed


def test_a_wrong_textbook_form_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(value: Expression) -> tuple[Step, ...]:
        return (Step("factor out", value, Apply("+", value, parse("1e-9"))),)

    monkeypatch.setattr(worked, "textbook", wrong)
    derivation = solve(expression="x^2", at={"x": 3})
    failed = [check.of for check in derivation.checks if not check.passed]
    assert "df/dx, factor out" in failed
    assert failed.count("df/dx") == 2  # by central differences, and at the point
    assert not derivation.confirmed


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [("x^2", "2 * abs(x)"), ("x * y^2", "y * abs(y)"), ("a * x", "abs(a)")],
)
def test_what_is_wrong_only_for_negative_values_is_caught(
    monkeypatch: pytest.MonkeyPatch, expression: str, wrong: str
) -> None:
    steps = partial(Step, "factor out", after=parse(wrong))
    monkeypatch.setattr(worked, "textbook", lambda value: (steps(before=value),))
    assert not solve(expression=expression, variable="x").confirmed


def test_a_wrong_convention_is_caught_at_the_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(value: Expression) -> tuple[Step, ...]:
        return (Step("factor out", value, parse("where(x > 0, 1, where(x < 0, 0, 2))")),)

    monkeypatch.setattr(worked, "textbook", wrong)
    derivation = solve(expression="relu(x)", at={"x": 0})
    assert [check.method for check in derivation.checks if not check.passed] == [
        "one-sided differences through the graph"
    ]
