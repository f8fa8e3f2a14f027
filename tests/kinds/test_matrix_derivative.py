"""Derivatives by vectors and matrices: layouts, conditions, rules broken on purpose, bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import stepsolve
from stepsolve.calculus import index, matrices, regroup, softmax
from stepsolve.calculus.terms import Term
from stepsolve.derivation import Chain, Derivation
from stepsolve.errors import Diagnosis
from stepsolve.notation.plain import plain
from stepsolve.operations.table import TENSORS

VECTORS: dict[str, list[object]] = {
    "x": ["n"],
    "a": ["n"],
    "A": ["n", "n"],
    "B": ["m", "n"],
    "C": ["n", "m"],
    "b": ["m"],
    "s": [],
}


def solve(expression: str, wrt: str, **more: object) -> Derivation:
    shapes = {**VECTORS, **more.pop("shapes", {})}  # type: ignore[dict-item]
    given: dict[str, Any] = {"kind": "matrix-derivative", "shapes": shapes, "wrt": wrt, **more}
    if "lines" not in more:
        given["expression"] = expression
    return stepsolve.solve(given)


def result(expression: str, wrt: str, **more: object) -> str:
    derivation = solve(expression, wrt, **more)
    assert derivation.confirmed, [c for c in derivation.checks if not c.passed]
    (form,) = derivation.results.values()
    return plain(form)


@pytest.mark.parametrize(
    ("expression", "wrt", "form"),
    [
        ("x.T @ A @ x", "x", "(A + A.T) @ x"),
        ("dot(a, x)", "x", "a"),
        ("sum(a * x)", "x", "a"),
        ("mean(x)" if "mean" in TENSORS else "sum(x)", "x", "ones(n)"),
        ("trace(outer(a, x))", "x", "a"),
        ("a.T @ diag(x) @ a", "x", "a^2"),
        ("sum(diag(A))", "A", "eye(n)"),
        ("A @ x", "x", "A"),
        ("A @ x", "a", "0"),
        ("a * x", "x", "diag(a)"),
        ("s * x", "s", "x"),
        ("a @ x.T", "s", "0"),
        ("sigmoid(x)", "x", "diag(sigmoid(x) * (1 - sigmoid(x)))"),
        ("sum(exp(x))", "x", "exp(x)"),
        ("sum(f(A @ x))", "x", "A.T @ f'(A @ x)"),
        ("norm(x)", "x", "x / norm(x)"),
        ("a.T @ inv(A) @ a", "A", "-(inv(A).T @ a @ a.T @ inv(A).T)"),
        ("log(det(A))", "A", "inv(A).T"),
        ("softmax(x)", "x", "diag(softmax(x)) - softmax(x) @ softmax(x).T"),
        ("x", "x", "eye(n)"),
        ("(x - a).T @ (x - a)", "x", "2 * x - a"),
        ("-sum(a * log(sigmoid(x)) + (1 - a) * log(1 - sigmoid(x)))", "x", "sigmoid(x) - a"),
        ("ones(n).T @ x", "x", "ones(n)"),
        ("sum(B.T) + x.T @ x", "x", "2 * x"),
        ("sum(C.T + B @ A)", "A", "B.T @ ones(m) @ ones(n).T"),
        ("sum(eye(m) @ C.T)", "C", "ones(n) @ ones(m).T"),
        ("a.T @ (x @ b.T) @ b", "x", "b.T @ b * a"),
        ("x.T @ ((a @ b.T) @ b)", "x", "a @ b.T @ b"),
        ("x.T @ (eye(n) - A) @ a", "x", "(eye(n) - A) @ a"),
    ],
)
def test_the_form_is_that_of_a_textbook(expression: str, wrt: str, form: str) -> None:
    found = result(expression, wrt)
    assert found.replace("(", "").replace(")", "") == form.replace("(", "").replace(")", "")


def test_layouts_are_transposes_of_each_other() -> None:
    assert result("a.T @ x", "x") == result("a.T @ x", "x", layout="denominator") == "a"
    assert result("a.T @ x", "x", layout="numerator") == "a.T"
    assert result("B @ x", "x") == result("B @ x", "x", layout="numerator") == "B"
    assert result("B @ x", "x", layout="denominator") == "B.T"


def test_rows_are_columns_lying_down() -> None:
    assert result("x @ A @ a.T", "x", vectors="rows") == "a @ A.T"
    assert result("x @ A @ a.T", "A", vectors="rows") == "x.T @ a"
    assert result("sum(f(x @ A))", "x", vectors="rows") == "f'(x @ A) @ A.T"


def test_conditions_are_used() -> None:
    assert result("x.T @ A @ x", "x", conditions="A == A.T") == "2 * A @ x"
    plain_form = "softmax(x) - a"
    assert result("-sum(a * log(softmax(x)))", "x", conditions="sum(a) == 1") == plain_form
    assert result("-sum(a * log(softmax(x)))", "x", conditions="one-hot a") == plain_form
    assert "sum(a)" in result("-sum(a * log(softmax(x)))", "x")


def test_a_gradient_that_is_a_difference_goes_through_the_next_layer_whole() -> None:
    lines = ["u = A @ x", "z = B @ u", "s = 1/2 * norm(z - y)^2"]
    shapes = {"x": ["n"], "A": ["n", "n"], "B": ["m", "n"], "y": ["m"]}
    derivation = stepsolve.solve(
        {"kind": "matrix-derivative", "shapes": shapes, "wrt": "x", "lines": lines}
    )
    assert derivation.confirmed
    assert plain(derivation.results["ds/dx"]) == "A.T @ (B.T @ (z - y))"


def test_a_network_with_relu_and_cross_entropy_is_confirmed() -> None:
    lines = ["u = relu(B @ x + b)", "p = sigmoid(C @ u)"]
    loss = "L = -sum(a * log(p) + (1 - a) * log(1 - p))"
    derivation = solve("", "C", lines=[*lines, loss])
    assert derivation.confirmed
    assert plain(derivation.results["dL/dC"]) == "(p - a) @ u.T"


def test_a_line_held_fixed_is_told_and_not_called_constant() -> None:
    derivation = solve("1/2 * norm(B @ x - b)^2 + s * norm(x)^2", "x", shapes={"b": ["m"]})
    (chain,) = (
        block
        for block in derivation.blocks
        if isinstance(block, Chain) and block.steps[0].rule == "chain rule"
    )
    assert chain.steps[0].because == "through r, and directly with r held fixed"
    assert "B, b, s do not depend on x" in [step.because for step in chain.steps]


def test_three_indices_stay_in_index_notation() -> None:
    assert result("B @ x", "B") == "delta(i, j) * x[k]"


def test_a_gradient_from_above_goes_on() -> None:
    derivation = solve("", "x", lines=["z = A @ x"], upstream={"z": "g"})
    assert derivation.confirmed
    assert {n: plain(f) for n, f in derivation.results.items()} == {"dJ/dx": "A.T @ g"}


# --------------------------------------------------------------- broken on purpose, and seen to fail


def failing(expression: str, wrt: str) -> set[str]:
    return {check.of for check in solve(expression, wrt).checks if not check.passed}


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(TENSORS["inv"], local=lambda shape: "-y[k, i] * y[l, j]")
    monkeypatch.setitem(TENSORS, "inv", wrong)
    assert "dJ/dA, derivative of inv" in failing("a.T @ inv(A) @ x", "A")
    assert "dJ/dA" in failing("a.T @ inv(A) @ x", "A")


def test_a_wrong_transpose_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matrices, regroup):
        monkeypatch.setattr(module, "transposed", lambda expression, shapes: expression)
    assert failing("x.T @ A @ x", "x") == {"dJ/dx, matrix form", "dJ/dx"}


def test_a_wrong_collapse_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(term: Term, said: dict[str, None]) -> Term:
        said["so"] = None
        found = collapse(term, said)
        return found._replace(number=2 * found.number)

    collapse = index.collapse
    monkeypatch.setattr(index, "collapse", wrong)
    assert "dJ/dx, sum over a delta" in failing("x.T @ A @ x", "x")


def test_a_wrong_jacobian_of_softmax_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = softmax.Softmax._result
    monkeypatch.setattr(
        softmax.Softmax,
        "_result",
        lambda self, i, j: [t._replace(number=1) for t in right(self, i, j)],
    )
    derivation = solve("a.T @ softmax(x)", "x", by="cases")
    assert "dp/dx, both cases together" in {c.of for c in derivation.checks if not c.passed}


def test_a_product_rule_without_its_second_half_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = index.Stage._product_rule
    monkeypatch.setattr(
        index.Stage, "_product_rule", lambda self, term, rules: rule(self, term, rules)[:1]
    )
    assert failing("x.T @ A @ x", "x")


# ---------------------------------------------------------------------------------------- bad input


def refused(**problem: object) -> list[Diagnosis]:
    with pytest.raises(stepsolve.InvalidProblem) as told:
        stepsolve.solve({"kind": "matrix-derivative", **problem})
    return list(told.value.diagnoses)


@pytest.mark.parametrize(
    ("shapes", "expression", "messages"),
    [
        (
            {"W": ["m", "n"], "x": ["m"]},
            "W @ x",
            ["W is m × n, but x is m × 1: n is not m"],
        ),
        ({"x": ["n"]}, "x @ x", ["x is n × 1, but x is n × 1: 1 is not n"]),
        (
            {"X": ["m", "n"], "x": ["n"]},
            "log(det(X)) + trace(X) + sum(inv(X))",
            ["a square matrix belongs here, but X is m × n"],
        ),
        ({"x": ["n"], "y": ["m"]}, "x * y", ["x is n × 1, but y is m × 1"]),
        ({"x": ["n"], "y": ["m"]}, "x + y.T", ["x is n × 1, but yᵀ is 1 × m"]),
        ({"x": ["n"]}, "2 ^ x", ["an exponent is a number here"]),
        ({"x": ["n"]}, "x + y", ["y has no shape"]),
        ({"x": ["n"]}, "diff(x, x)", ["index notation has no place in this expression"]),
        ({"x": ["n"]}, "[x, x]", ["a vector or matrix is needed by name here"]),
    ],
)
def test_shapes_that_do_not_fit_are_told_together(
    shapes: dict[str, object], expression: str, messages: list[str]
) -> None:
    told = refused(shapes=shapes, expression=expression, wrt=next(iter(shapes)))
    assert [diagnosis.message for diagnosis in told] == messages


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"wrt": "y"}, "y is not a quantity here"),
        ({"wrt": ["x", "x"]}, "x is named twice"),
        ({"wrt": []}, "at least 1 entry belongs here, not none"),
        ({"expression": "sigmod(x)"}, "sigmod is not an operation"),
        ({"lines": ["s = sum(x)"]}, "a matrix derivative needs one of expression or lines"),
        ({"shapes": {"x": [10**9]}}, "a size is a whole number from 1 to 100000, or a letter"),
        ({"shapes": {"x": [0]}}, "a size is a whole number from 1 to 100000, or a letter"),
        ({"shapes": {"x": ["n-1"]}}, "a size belongs here, not n-1"),
        (
            {"shapes": {"x": ["a", "b", "c"]}},
            "a shape has no size, one or two: a scalar, a vector, a matrix",
        ),
        ({"conditions": "x > 0"}, "a condition belongs here, not x > 0"),
        ({"conditions": "x == x.T"}, "x is n × 1, not a square matrix"),
        ({"conditions": "one-hot y"}, "y has no shape"),
        (
            {"shapes": {"x": ["n"], "A": ["n", "n"]}, "conditions": "one-hot A"},
            "A is n × n, not a vector",
        ),
        ({"layout": "sideways"}, "unknown choice sideways"),
        ({"expression": "sum(x) + sum(ones(k))"}, "k is not a size here"),
        ({"upstream": {"x": "g"}}, "upstream names the last line, s, not x"),
        ({"upstream": {"s": "x"}}, "x is there already"),
        (
            {"shapes": {"x": ["n"], "f": ["n"]}, "expression": "sum(f(x))"},
            "f is a quantity and a function",
        ),
    ],
)
def test_what_is_wrong_is_told(problem: dict[str, object], message: str) -> None:
    whole = {"shapes": {"x": ["n"]}, "expression": "sum(x)", "wrt": "x", **problem}
    assert message in [diagnosis.message for diagnosis in refused(**whole)]


def test_lines_have_names_of_their_own_and_an_order() -> None:
    told = refused(
        shapes={"x": ["n"]}, lines=["x = sum(x)", "s = t + x", "t(a) = x", "u = x.T @ x"], wrt="u"
    )
    assert [diagnosis.message for diagnosis in told] == [
        "x is there already",
        "t has no shape",
        "a line has no parameters",
        "u is what is differentiated",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        " + ".join(["x.T @ A @ x"] * 70),
        f"trace({' @ '.join(['A'] * 60)})",
        f"trace({'inv(A + ' * 10}A{')' * 10}) + trace({' @ '.join(['A'] * 15)})",
        "f(" * 60 + "x" + ")" * 60,
    ],
    ids=["terms", "factors", "steps", "lines"],
)
def test_what_would_be_endless_is_refused_at_once(expression: str) -> None:
    (told,) = refused(shapes={"x": ["n"], "A": ["n", "n"]}, expression=expression, wrt=["A", "x"])
    assert "more than" in told.message or "longer than" in told.message


@pytest.mark.parametrize("expression", ["sum(x) / 0", "log(-norm(x)^2)", "sum(asin(2 + x^2))"])
def test_what_has_no_value_anywhere_is_refused(expression: str) -> None:
    (told,) = refused(shapes={"x": ["n"]}, expression=expression, wrt="x")
    assert told.message == "s and its derivatives have no value at any vectors and matrices tried"


def test_a_derivative_by_what_does_not_occur_is_0_and_checked() -> None:
    derivation = solve("x.T @ x", "a")
    assert plain(derivation.results["dJ/da"]) == "0" and derivation.confirmed
    assert [check.method for check in derivation.checks] == ["central differences"]
