"""Gradients of arrays: random expressions against complex steps, and wrong rules seen by the checks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import arrays_by_hand as hand
import numpy as np
import pytest
from array_cases import CASES, Case, sheet_of
from hypothesis import given, settings
from hypothesis import strategies as st

import stepsolve
from stepsolve import cli
from stepsolve.derivation import Check
from stepsolve.notation.plain import plain
from stepsolve.notation.shapes import ShapeError
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.array_operation import ArrayOperation, Dims, broadcast
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.table import ARRAYS, OPERATIONS
from stepsolve.source.expression import parse
from stepsolve.worksheet import solved as solving
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.vector_jacobian import VectorJacobian

SIZES: dict[str, Dims] = {"k": (), "v": (3,), "u": (2,), "M": (2, 3), "N": (3, 3)}
SMOOTH = ("sigmoid", "tanh", "sin", "exp")
ALONG = ("sum", "mean", "var", "logsumexp")
KEPT = ("softmax", "log_softmax")


@st.composite
def expressions(draw: Callable[..., Any], depth: int = 4) -> Expression:
    """Expressions of arrays whose sizes fit, and which are smooth everywhere."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return Name(draw(st.sampled_from(sorted(SIZES))))
    one: Expression = draw(expressions(depth - 1))
    dims = Dimensions(SIZES, {}).of(one)
    choices = ["function", "binary", "product"]
    choices += ["reduce", "normalise", "pick", "join"] if dims else []
    match draw(st.sampled_from(choices)):
        case "function":
            name = draw(st.sampled_from(SMOOTH))
            return Apply("tanh" if name == "exp" and depth < 4 else name, Apply("tanh", one))
        case "reduce":
            return _along(draw, draw(st.sampled_from(ALONG)), one, dims)
        case "normalise":
            return _along(draw, draw(st.sampled_from(KEPT)), one, dims)
        case "pick":
            return _picked(draw, one, dims)
        case "join":
            return _along(draw, "concat", one, dims, one)
        case "product":
            return _product(draw, one, dims, depth)
    other: Expression = draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*"))
    try:
        broadcast(dims, Dimensions(SIZES, {}).of(other))
    except ShapeError:
        return Apply(sign, one, one)
    return Apply(sign, one, other)


def _along(
    draw: Callable[..., Any], name: str, one: Expression, dims: Dims, *more: Expression
) -> Expression:
    axis = draw(st.integers(-len(dims), len(dims) - 1))
    written: Expression = Number(str(abs(axis)))
    written = Apply("neg", written) if axis < 0 else written
    if more or draw(st.booleans()):
        return Apply(name, one, *more, Apply("axis", written))
    return Apply(name, one)


def _picked(draw: Callable[..., Any], one: Expression, dims: Dims) -> Expression:
    first = Number(str(draw(st.integers(0, dims[0] - 1))))
    places = [first, Array(first, first, Number("0")), Apply("slice", first)]
    return Item(one, draw(st.sampled_from(places)))


def _product(draw: Callable[..., Any], one: Expression, dims: Dims, depth: int) -> Expression:
    if len(dims) == 1:
        return Apply(draw(st.sampled_from(["outer", "dot", "@"])), one, one)
    if len(dims) == 2:
        return Apply("@", one, Apply("T", one))
    return Apply("*", one, draw(expressions(depth - 1)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(expressions(), st.integers(0, 10**6))
def test_random_expressions_have_the_gradients_of_a_complex_step(
    tree: Expression, seed: int
) -> None:
    random = np.random.default_rng(seed)
    known = {n: np.asarray(np.round(random.uniform(-1, 1, d), 3)) for n, d in SIZES.items()}
    sheet = Sheet()
    for name, array in known.items():
        sheet.give(name, array, SIZES[name])
    sheet.line("y", tree)
    dims = sheet.dimensions.known["y"]
    factor = np.asarray(np.round(random.normal(size=dims), 2))
    sheet.give("w", factor, dims)
    sheet.line("L", "sum(y * w)" if dims else "y * w")
    sheet.backward("L", sorted(SIZES))
    found = Solved(sheet).floats

    def loss(values: Mapping[str, Any]) -> Any:
        return (hand.value(tree, values) * factor).sum()

    for name, size in SIZES.items():
        wanted = hand.gradient(loss, known, name)
        assert np.shape(found[f"dL/d{name}"]) == size
        assert np.allclose(found[f"dL/d{name}"], wanted, rtol=1e-9, atol=1e-9), name


# ------------------------------------------------------------------- wrong rules, on purpose

RULED = [row for row in ARRAYS.values() if row.because]
every_rule = pytest.mark.parametrize("row", RULED, ids=[row.name for row in RULED])


def case_of(row: ArrayOperation) -> Case:
    """A call whose result really moves with its arguments."""
    return next(case for case in CASES[row.name] if case.dims["a"] != (1,))


def failed(checks: tuple[Check, ...]) -> set[str]:
    return {check.of for check in checks if not check.passed}


@pytest.fixture(params=["precise", "float"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """All entries with 50 digits, or drawn entries and differences in float64."""
    if request.param == "float":
        monkeypatch.setattr(solving, "_AFFORDABLE", -1)
    return str(request.param)


@every_rule
def test_a_right_rule_is_confirmed(row: ArrayOperation, mode: str) -> None:
    for case in CASES[row.name]:
        found = Solved(sheet_of(case))
        assert found.small is (mode == "precise")
        assert failed(found.checks()) == set(), case.text


@every_rule
@pytest.mark.parametrize("slip", ["2 * ({})", "-({})", "({}) * 1.001"])
def test_a_wrong_rule_is_named(
    row: ArrayOperation, slip: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*shapes: Any, **options: int) -> tuple[str, ...]:
        return tuple(slip.format(rule) if rule else "" for rule in row.gradient(*shapes, **options))

    monkeypatch.setitem(ARRAYS, row.name, replace(row, gradient=wrong))
    case = case_of(row)
    assert failed(Solved(sheet_of(case)).checks()) == {f"dL/d{name}" for name in case.dims}


@pytest.mark.parametrize("row", list(ARRAYS.values()), ids=list(ARRAYS))
def test_a_wrong_value_is_named(
    row: ArrayOperation, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*arguments: Any, **options: int) -> Any:
        return row.numpy(*arguments, **options) * (1 + 1e-6) + 1e-6

    monkeypatch.setitem(ARRAYS, row.name, replace(row, numpy=wrong))
    assert "y" in failed(Solved(sheet_of(CASES[row.name][0])).checks())


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "*", "/"])
def test_a_wrong_rule_of_numbers_is_named(
    name: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = OPERATIONS[name]
    slipped = tuple(f"1.001 * ({rule})" for rule in row.local)
    monkeypatch.setitem(OPERATIONS, name, replace(row, local=slipped))
    text = f"a {name} b" if row.arity[0] == 2 else f"{name}(a)"
    dims: dict[str, Dims] = {"a": (2, 3), "b": (3,)} if row.arity[0] == 2 else {"a": (2, 3)}
    assert "dL/da" in failed(Solved(sheet_of(Case(text, dims, positive=True))).checks())


def test_the_page_says_that_a_rule_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "product.yaml"
    file.write_text(
        "kind: graph\ngiven: {W: [[1, 2], [3, 4]], x: [1, -1]}\n"
        "lines: [z = W @ x, L = sum(z * z)]\nbackward: L\n"
    )
    monkeypatch.setattr(sys, "argv", ["stepsolve", "run", str(file)])

    def run() -> tuple[int | str | None, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().out

    assert run()[0] == 0
    row = ARRAYS["@"]
    monkeypatch.setitem(ARRAYS, "@", replace(row, gradient=lambda a, b: ("outer(b, g)", "a @ g")))
    status, page = run()
    assert status == 1
    assert "✗ 2 of 10 checks failed" in page  # the gradients of W and x


def test_a_product_in_a_sum_says_why_it_is_transposed() -> None:
    known = {"W": [[1, 2], [3, 4]], "x": [1, -1], "b": [0.5, 0], "V": [[1, 0], [2, 1]], "c": 2.5}
    lines = ["z = W @ x + b", "h = tanh(V @ z) + c", "L = sum(h)"]
    found = stepsolve.solve({"kind": "graph", "given": known, "lines": lines, "backward": "L"})
    reasons = {line.name: line.because for line in found.lines}
    product = "each factor gets the other one, transposed so that the sizes fit"
    assert reasons["dL/dW"] == reasons["dL/dx"] == product
    assert reasons["dL/dz"] == "derivative of tanh"  # what is met first
    assert reasons["dL/dc"] == "it was used many times, and its gradients add"
    assert reasons["dL/db"] == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("softmax_cross_entropy(Z.T, Y.T)", "(A - Y) / 3"),
        ("sum(log_softmax(Z.T, axis=1) * Y.T)", None),
        ("mse(Z.T, Y.T)", "2 / 6 * (Z - Y)"),
        ("sum((Z.T + c) * Y.T)", "Y"),
    ],
)
def test_columns_are_not_turned_for_nothing(text: str, expected: str | None) -> None:
    """Softmax of the columns of Z is that of the rows of its transpose."""
    numbers = {"Z": [[1, 2, -1], [0.5, 0, 1]], "Y": [[1, 0, 1], [0, 1, 0]], "c": [1, 2]}
    problem = {
        "kind": "graph",
        "given": numbers,
        "lines": ["A = softmax(Z, axis=0)", f"L = {text}"],
    }
    found = stepsolve.solve(problem | {"backward": {"of": "L", "wrt": ["Z"]}})
    assert found.confirmed
    (line,) = [line for line in found.lines if line.name == "dL/dZ"]
    if expected is not None:
        assert plain(line.expression) == expected
    scores, targets = np.array(numbers["Z"]), np.array(numbers["Y"])
    if "cross" in text:  # by hand: every column by itself, and their mean
        powers = np.exp(scores)
        expected_values = (powers / powers.sum(axis=0) - targets) / 3
        assert found.quantities["dL/dZ"] == pytest.approx(expected_values)


def test_lines_of_one_form_share_a_rule_but_not_their_names() -> None:
    known = dict.fromkeys(("o", "c", "g", "h", "u", "k", "dL/dh", "dL/dk"), (3,))
    rules = VectorJacobian(Dimensions(known, {}), {parse("tanh(c)"): "g"})
    first = rules.contributions("h", parse("o * tanh(c)"), Name("dL/dh"), ("o", "c"))
    second = rules.contributions("k", parse("o * tanh(u)"), Name("dL/dk"), ("o", "u"))
    assert plain(first["o"].expression) == "dL/dh * g"
    assert plain(first["c"].expression) == "dL/dh * o * (1 - g^2)"
    assert plain(second["o"].expression) == "dL/dk * tanh(u)"
    assert plain(second["u"].expression) == "dL/dk * o * (1 - tanh(u)^2)"


def test_lines_of_one_form_but_other_sizes_have_rules_of_their_own() -> None:
    known = {"A": (2, 3), "v": (3,), "B": (4, 3), "M": (3, 5)}
    known |= {"y": (2,), "Y": (4, 5), "dL/dy": (2,), "dL/dY": (4, 5)}
    rules = VectorJacobian(Dimensions(known, {}), {})
    vector = rules.contributions("y", parse("A @ v"), Name("dL/dy"), ("A", "v"))
    matrix = rules.contributions("Y", parse("B @ M"), Name("dL/dY"), ("B", "M"))
    assert plain(vector["A"].expression) == "outer(dL/dy, v)"
    assert plain(matrix["B"].expression) == "dL/dY @ M.T"
    assert plain(vector["v"].expression) == "A.T @ dL/dy"
    assert plain(matrix["M"].expression) == "B.T @ dL/dY"
