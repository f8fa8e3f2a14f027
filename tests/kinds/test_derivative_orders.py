"""Higher and mixed derivatives, gradients, Hessian and Jacobian matrices, directions, equations.

Expected forms are by hand; they are compared with what is found at points, by an evaluator of
Python's own.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

import stepsolve
from stepsolve.calculus import implicit, solution
from stepsolve.derivation import Derivation, Result, Section, Text
from stepsolve.errors import InvalidProblem, StepsolveError
from stepsolve.notation.names import gradient, gradient_name
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Array, Name
from stepsolve.source.expression import parse

POINTS = (
    {"x": 0.7, "y": 1.3, "r": 2.0, "theta": 0.4, "z": 0.2},
    {"x": 1.9, "y": 0.3, "r": 0.5, "theta": 2.4, "z": 1.1},
)
PYTHON = {name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "sqrt", "tanh")}
PYTHON |= {"sigmoid": lambda a: 1 / (1 + math.exp(-a)), "e": math.e}


def solve(**problem: object) -> Derivation:
    derivation = stepsolve.solve({"kind": "derivative", **problem})
    assert derivation.confirmed, [c for c in derivation.checks if not c.passed]
    return derivation


def worth(formula: str, at: dict[str, float]) -> float:
    known = dict(at)
    for name in ("d^2y/dx^2", "dy/dx"):
        if name in formula:
            formula = formula.replace(name, "slope" if name == "dy/dx" else "bend")
    return float(eval(formula.replace("^", "**"), dict(PYTHON), known))


def same(found: object, by_hand: str) -> bool:
    return all(
        math.isclose(worth(str(found), at), worth(by_hand, at), rel_tol=1e-12, abs_tol=1e-14)
        for at in POINTS
    )


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            {"expression": "x^4", "order": 4},
            {"df/dx": "4*x^3", "d^2f/dx^2": "12*x^2", "d^3f/dx^3": "24*x", "d^4f/dx^4": "24"},
        ),
        (
            {"expression": "x^3 * log(x)", "order": 2},
            {"df/dx": "3*x^2*log(x) + x^2", "d^2f/dx^2": "6*x*log(x) + 5*x"},
        ),
        (
            {"expression": "sigmoid(x)", "order": 2},
            {
                "df/dx": "sigmoid(x)*(1 - sigmoid(x))",
                "d^2f/dx^2": "sigmoid(x)*(1 - sigmoid(x))*(1 - 2*sigmoid(x))",
            },
        ),
        (
            {"expression": "tanh(x)", "order": 2},
            {"df/dx": "1 - tanh(x)^2", "d^2f/dx^2": "-2*tanh(x)*(1 - tanh(x)^2)"},
        ),
        (
            {"function": "f(x, y) = x^2 * y + exp(x * y)", "order": 2},
            {
                "df/dx": "2*x*y + y*exp(x*y)",
                "df/dy": "x^2 + x*exp(x*y)",
                "d^2f/dx^2": "2*y + y^2*exp(x*y)",
                "d^2f/dy dx": "2*x + exp(x*y) + x*y*exp(x*y)",
                "d^2f/dy^2": "x^2*exp(x*y)",
            },
        ),
        (
            {"function": "f(x, y) = x^3 * exp(2 * y)", "mixed": ["y", "x", "x"]},
            {
                "df/dy": "2*x^3*exp(2*y)",
                "d^2f/dx dy": "6*x^2*exp(2*y)",
                "d^3f/dx^2 dy": "12*x*exp(2*y)",
            },
        ),
        (
            {"function": "F(r, theta) = [r * cos(theta), r * sin(theta)]"},
            {
                "dF_1/dr": "cos(theta)",
                "dF_1/dtheta": "-r*sin(theta)",
                "dF_2/dr": "sin(theta)",
                "dF_2/dtheta": "r*cos(theta)",
            },
        ),
        (
            {"function": "f(x, y) = x^2 * y", "direction": {"x": 3, "y": 4}},
            {"df/dx": "2*x*y", "df/dy": "x^2", "df/du": "(3*2*x*y + 4*x^2)/5"},
        ),
        (
            {"function": "u(x, y) = x * y", "direction": {"x": 1, "y": -1}},
            {"du/dx": "y", "du/dy": "x", "du/dv": "(y - x)/sqrt(2)"},
        ),
        ({"equation": "x^2 + y^2 = 25"}, {"dy/dx": "-x/y"}),
        ({"equation": "x * y = 1"}, {"dy/dx": "-y/x"}),
        ({"equation": "y = x^2"}, {"dy/dx": "2*x"}),
        (
            {"equation": "x^3 + y^3 = 6*x*y", "dependent": "y"},
            {"dy/dx": "(2*y - x^2)/(y^2 - 2*x)"},
        ),
        ({"equation": "sin(x * y) = x"}, {"dy/dx": "(1 - y*cos(x*y))/(x*cos(x*y))"}),
        ({"equation": "x^2 + y^2 = 25", "variable": "y", "dependent": "x"}, {"dx/dy": "-y/x"}),
        (
            {"equation": "x^2 + y^2 = 25", "order": 2},
            {"dy/dx": "-x/y", "d^2y/dx^2": "-(y^2 + x^2)/y^3"},
        ),
    ],
)
def test_the_forms_are_those_by_hand(problem: dict[str, object], expected: dict[str, str]) -> None:
    results = {name: plain(form) for name, form in solve(**problem).results.items()}
    assert list(results) == list(expected)
    for name, by_hand in expected.items():
        assert same(results[name], by_hand), (name, results[name])


def test_values_at_a_point() -> None:
    found = solve(equation="x^2 + y^2 = 25", order=3, at={"x": "3", "y": "4"}).quantities
    # y = sqrt(25 - x^2): y' = -x/y, y'' = -25/y^3, y''' = -75 x/y^5
    expected = {"dy/dx": -3 / 4, "d^2y/dx^2": -25 / 64, "d^3y/dx^3": -75 * 3 / 4**5}
    assert {n: found[n] for n in expected} == pytest.approx(expected, rel=1e-14)
    found = solve(expression="sigmoid(x)", order=3, at={"x": "0"}).quantities
    assert found == {"x": 0, "f": 0.5, "df/dx": 0.25, "d^2f/dx^2": 0, "d^3f/dx^3": -0.125}
    along = solve(function="f(x, y) = x^2 * y", direction={"x": 3, "y": 4}, at={"x": 1, "y": 2})
    assert along.quantities["df/du"] == pytest.approx(16 / 5, rel=1e-15)


def test_matrices_stand_whole_on_the_page() -> None:
    page = solve(function="f(x, y) = x^2 * y^3", order=2).blocks
    hessian = next(b for b in page if isinstance(b, Result) and b.sides[0] == Name("∇²f"))
    rows = [[plain(e) for e in row.children] for row in hessian.sides[1].children]
    assert rows == [["2 * y^3", "6 * x * y^2"], ["6 * x * y^2", "6 * x^2 * y"]]
    page = solve(function="F(x, y) = [x * y, x + y^2, x]").blocks
    jacobian = next(b for b in page if isinstance(b, Result) and b.sides[0] == Name("J_F"))
    assert jacobian.sides[1] == Array(
        *(Array(*map(parse, row)) for row in (("y", "x"), ("1", "2 * y"), ("1", "0")))
    )
    told = " ".join(p for b in page if isinstance(b, Text) for p in b.parts if isinstance(p, str))
    assert "3 functions by 2 variables" in told and "gradient" not in told


def test_the_order_of_a_mixed_derivative_is_said_and_confirmed() -> None:
    derivation = solve(function="f(x, y) = x^2 * y^3", order=2)
    headings = [b.parts for b in derivation.blocks if isinstance(b, Section)]
    assert ("By ", Name("x"), ", then by ", Name("y")) in headings
    others = [c for c in derivation.checks if c.of == "d^2f/dx dy"]  # worked out as d^2f/dy dx
    assert [c.method for c in others] == ["central differences"] and others[0].passed


def test_a_derivative_that_no_longer_holds_a_variable_has_its_mixed_ones() -> None:
    derivation = solve(function="F(x, y) = [x^2 * y, x]", order=2)
    assert plain(derivation.results["d^2F_1/dy dx"]) == "2 * x"
    assert plain(derivation.results["d^2F_2/dy dx"]) == "0"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("log(x)", "x > 0"),
        ("x^3 / x^2", "x != 0"),
        ("(x^2 - 1) / (x - 1)", None),  # its derivative still shows x - 1 below the line
        ("log(x^2 + 1)", None),
        ("1 / (1 + exp(-x))", None),
        ("sqrt(x)", None),
        ("asin(x)", None),
        ("log(abs(x))", None),
    ],
)
def test_a_condition_that_cancels_is_stated(expression: str, told: str | None) -> None:
    texts = [b.parts for b in solve(expression=expression).blocks if isinstance(b, Text)]
    found = [plain(parts[1]) for parts in texts if parts[0] == "Only where " and parts[1:]]
    assert found == ([told] if told else [])


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"expression": "log(-1 - x^2)"}, "no point was found where f"),
        ({"function": "f(x, y) = x * y", "order": 3}, "order 3 needs a single variable"),
        ({"expression": "x", "order": 7}, "a whole number from 1 to 6"),
        ({"expression": "x", "mixed": ["x"]}, "at least 2 entries belong here"),
        ({"expression": "x", "mixed": ["x"] * 7}, "at most 6 derivatives in turn"),
        ({"expression": "x", "mixed": ["x", "x"], "order": 2}, "mixed names its own order"),
        ({"function": "f(a, b, c, d, g, h) = a", "order": 2}, "a Hessian matrix may have 5"),
        ({"function": "f(x, y) = x", "direction": {"x": 1}}, "the direction has no component y"),
        ({"function": "f(x, y) = x", "direction": {"x": 0, "y": 0}}, "points nowhere"),
        ({"function": "f(x) = x", "direction": {"x": "symbol"}}, "needs a number for x"),
        ({"function": "f(x) = x", "direction": {"z": 1}}, "z does not occur"),
        (
            {"function": "f(x) = x", "direction": {"x": 1}, "order": 2},
            "goes with the first derivatives of one function",
        ),
        ({"expression": "x", "dependent": "x"}, "dependent belongs to an equation"),
        ({"equation": "x^2 + y^2"}, "an equation needs an = here"),
        ({"equation": "x^2 = y = 1"}, "an = does not belong"),
        ({"equation": "x^2 = 1", "variable": "x"}, "which name is a function of which?"),
        ({"equation": "a + b + c = 1"}, "which name is a function of which?"),
        ({"equation": "x + y = 1", "order": 4}, "the order of an equation's derivative may be 3"),
        ({"equation": "x + y = 1", "at": {"x": 1}}, "at gives no value for y"),
        ({"equation": "x + y = 1", "at": {"x": 1, "y": 1}}, "2 is not 1"),
        ({"equation": "log(x) + y = 1", "at": {"x": -1, "y": 1}}, "no value at this point"),
        ({"equation": "x + y = 1", "mixed": ["x", "y"]}, "mixed does not go with an equation"),
        ({"equation": "x + y = 1", "expression": "x"}, "needs one of expression"),
        ({"equation": "x^2 + y^2 = 25", "at": {"x": 5, "y": 0}}, "dy/dx does not exist"),
        ({"equation": "y - x^2 = y - x"}, "y is not determined by this equation"),
        ({"equation": "x^2 + y^2 = -1"}, "no point was found that satisfies this equation"),
        ({"equation": "exp(y) = x - x"}, "no point was found that satisfies this equation"),
    ],
)
def test_what_cannot_be_solved_is_said(problem: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve({"kind": "derivative", **problem})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("by", "name", "parts"),
    [
        (("x",), "df/dx", (("x", 1),)),
        (("x", "x"), "d^2f/dx^2", (("x", 2),)),
        (("x", "y"), "d^2f/dy dx", (("y", 1), ("x", 1))),
        (("x_1", "x_1", "y'"), "d^3f/dy' dx_1^2", (("y'", 1), ("x_1", 2))),
    ],
)
def test_names_of_derivatives(
    by: tuple[str, ...], name: str, parts: tuple[tuple[str, int], ...]
) -> None:
    assert gradient_name("f", *by) == name
    found = gradient(name)
    assert found is not None and (found.of, found.by, found.order) == ("f", parts, len(by))
    assert parse(name) == Name(name) and parse(plain(parse(f"2 * {name} + 1"))) is not None


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("as-written", "quotient rule"),
        ("quotient", "quotient rule"),
        ("product", "quotient as a product"),
        ("logarithmic", "logarithmic differentiation"),
    ],
)
def test_the_method_is_the_one_asked_for(method: str, first: str) -> None:
    problem = {"expression": "x^2 / (x + 1)", "variable": "x"}
    by_key = solve(**problem, method=method)
    assert by_key.steps[0].rule == first
    by_option = stepsolve.solve({"kind": "derivative", **problem}, method=method)
    assert by_option.to_json() == by_key.to_json()
    assert same(plain(by_key.results["df/dx"]), "(x^2 + 2*x)/(x + 1)^2")
    told = [b.parts[0] for b in by_key.blocks if isinstance(b, Text)]
    assert any(method in str(part) for part in told) == (method != "as-written")


def test_a_method_that_there_is_not() -> None:
    with pytest.raises(StepsolveError, match="as-written, quotient, product or logarithmic"):
        stepsolve.solve({"kind": "derivative", "expression": "x"}, method="magic")
    with pytest.raises(StepsolveError, match="no method to choose"):
        stepsolve.solve({"kind": "graph", "lines": ["y = 2"]}, method="product")
    with pytest.raises(InvalidProblem, match="unknown choice magic"):
        stepsolve.solve({"kind": "derivative", "expression": "x", "method": "magic"})


# ------------------------------------------------------------------------- what is wrong is caught


def failed(**problem: object) -> list[str]:
    derivation = stepsolve.solve({"kind": "derivative", **problem})
    return [check.of for check in derivation.checks if not check.passed]


def test_a_wrong_slope_of_a_curve_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = implicit.tidy
    wrong = parse("x / y")  # the sign is lost

    def spoilt(expression: Any) -> Any:
        return wrong if plain(right(expression)) == "-x / y" else right(expression)

    monkeypatch.setattr(implicit, "tidy", spoilt)
    assert "dy/dx" in failed(equation="x^2 + y^2 = 25")


def test_a_second_derivative_that_forgets_the_first_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = implicit.work_out

    def forgets(name: str, *rest: Any, **options: Any) -> Any:
        if "^2" in name:  # dy/dx is there, but not that y moves
            options["dependent"] = {}
        return right(name, *rest, **options)

    monkeypatch.setattr(implicit, "work_out", forgets)
    assert failed(equation="x^2 + y^2 = 25", order=2)


def test_a_wrong_derivative_along_a_direction_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solution, "_whole_root", lambda square: square)  # |u|^2 for |u|
    assert "the unit vector" in failed(function="f(x, y) = x^2 * y", direction={"x": 3, "y": 4})
