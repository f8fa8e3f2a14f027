"""Graphs of arrays: what the page shows, symbols, drawn numbers, and files with mistakes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arrays_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Derivation, Detail
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.operations.table import ARRAYS
from stepsolve.reference import explanation
from stepsolve.render.page import Style
from stepsolve.render.text import render
from stepsolve.source.expression import parse

Given = dict[str, Any]


def graph(given: Given | None, *lines: str, backward: object = None, **keys: object) -> Given:
    found: Given = {"kind": "graph", "lines": list(lines), **keys}
    if given is not None:
        found["given"] = given
    if backward is not None:
        found["backward"] = backward
    return found


def page(problem: Given, width: int = 100, detail: Detail = Detail.NORMAL) -> str:
    return render(stepsolve.solve(problem), Style(width, detail))


def numbers(found: Derivation) -> dict[str, Any]:
    return {name: np.asarray(value) for name, value in found.quantities.items()}


def confirm_by_hand(found: Derivation, target: str, *by: str) -> None:
    """The values of the lines, and the gradients by a complex step through all of them."""
    known = numbers(found)
    forward = [line for line in found.lines if line.section == "forward"]

    def run(values: Any) -> Any:
        for line in forward:
            values = {**values, line.name: hand.value(line.expression, values)}
        return values

    values = run(known)
    for line in forward:
        assert np.allclose(values[line.name], known[line.name], rtol=1e-12, atol=1e-14)
    for name in by:
        wanted = hand.gradient(lambda moved: run(moved)[target], known, name)
        assert np.allclose(known[f"d{target}/d{name}"], wanted, rtol=1e-9, atol=1e-12), name


# ------------------------------------------------------------------------------------ the page

LAYER = graph(
    {"W": [["1", "2"], ["3", "-1"]], "x": ["0.5", "1"], "b": ["0", "1"]},
    "z = W @ x + b",
    "L = sum(z * z)",
    backward={"of": "L", "wrt": ["W", "b"]},
)


def test_lines_have_numbers_put_in_values_and_sizes() -> None:
    lines = {line.name: line for line in stepsolve.solve(LAYER).lines}
    z = lines["z"]
    assert [plain(side) for side in z.working] == ["[[1, 2], [3, -1]] @ [[0.5], [1]] + [[0], [1]]"]
    # 0.5 + 2 and 1.5 - 1 + 1
    assert (z.value, z.shape) == ([2.5, 1.5], (2,))
    assert list(lines) == ["z", "L", "dL/dz", "dL/dW", "dL/db"]
    assert plain(lines["dL/dW"].expression) == "outer(dL/dz, x)"
    assert lines["dL/dW"].note == "2 × 1 times 1 × 2"
    assert lines["dL/dW"].value == [[2.5, 5], [1.5, 3]]
    assert lines["dL/db"].value == [5, 3]


def test_in_full_every_entry_has_its_arithmetic() -> None:
    shown = page(LAYER, detail=Detail.FULL)
    assert "z[0] = 1 · 0.5 + 2 · 1 + 0 = 2.5" in shown
    assert "z[1] = 3 · 0.5 + (−1) · 1 + 1 = 1.5" in shown
    assert "z[0] =" not in page(LAYER)


def test_brief_pages_have_values_alone() -> None:
    assert "@" not in page(LAYER, detail=Detail.BRIEF)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_pages_keep_to_their_width(width: int) -> None:
    for detail in Detail:
        assert all(len(row) < width for row in page(LAYER, width, detail).splitlines())


def test_large_arrays_are_shown_in_part() -> None:
    problem = graph(
        {"X": {"shape": [40, 30], "seed": 1}, "w": {"shape": [30], "seed": 2}},
        "y = X @ w",
        "L = mean(y * y)",
        backward="L",
    )
    found = stepsolve.solve(problem)
    shown = render(found, Style(100))
    assert "Large arrays are computed whole; of each the first entries are shown." in shown
    assert "..." in shown and len(shown.splitlines()) < 80
    assert found.confirmed
    confirm_by_hand(found, "L", "X", "w")


def test_drawn_numbers_are_the_same_at_every_run_and_scaled() -> None:
    given = {"X": {"shape": [50, 40], "seed": 3, "scale": 0.1}}
    first, second = (
        numbers(stepsolve.solve(graph(given, "L = sum(X * X)", backward="L"))) for _ in range(2)
    )
    assert np.array_equal(first["X"], second["X"])
    assert 0.09 < first["X"].std() < 0.11


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed: int) -> None:
    random = np.random.default_rng(seed)
    batch, rows, columns = (int(n) for n in random.integers(1, 5, 3))
    problem = graph(
        {
            "X": {"shape": [batch, rows], "seed": seed},
            "W": {"shape": [rows, columns], "seed": seed + 1, "scale": 0.5},
            "b": {"shape": [columns], "seed": seed + 2},
        },
        "Z = X @ W + b",
        "P = softmax(Z, axis=1)",
        "H = tanh(Z) * P",
        "s = mean(H, axis=0)",
        "L = sum(s * s) + logsumexp(Z) + norm(b + 9)",
        backward="L",
    )
    found = stepsolve.solve(problem)
    assert found.confirmed
    confirm_by_hand(found, "L", "X", "W", "b")


def test_symbols_are_differentiated_in_formulas_and_confirmed_at_random_numbers() -> None:
    given = {"W": {"shape": [2, 3]}, "x": {"shape": [3]}}
    found = stepsolve.solve(graph(given, "h = tanh(W @ x)", "L = sum(h)", backward="L"))
    assert found.confirmed and found.checks and "W" not in found.quantities
    # no line stands for W x, so that its derivative goes through the outcome: 1 - h^2
    assert {name: plain(form) for name, form in found.results.items()} == {
        "dL/dW": "outer(dL/dh * (1 - h^2), x)",
        "dL/dx": "W.T @ (dL/dh * (1 - h^2))",
    }


def test_at_a_kink_the_convention_is_confirmed() -> None:
    given = {"x": ["-1", "0", "2", "0"]}
    found = stepsolve.solve(graph(given, "h = relu(x)", "L = 3 * sum(h)", backward="L"))
    assert found.quantities["dL/dx"] == [0, 0, 3, 0]
    (check,) = (c for c in found.checks if c.of == "dL/dx" and "differences" in c.method)
    assert check.passed and check.note == "at a kink in 2 of its entries"


def test_what_the_target_does_not_hang_on_has_zeros() -> None:
    problem = graph({"x": ["1", "2"], "u": ["3"]}, "L = sum(x)", backward={"of": "L", "wrt": ["u"]})
    assert stepsolve.solve(problem).quantities["dL/du"] == [0]


def test_the_json_is_nested_lists_and_expressions_that_are_read_back() -> None:
    data: Any = stepsolve.solve(LAYER).to_json()
    assert data["quantities"]["W"] == [[1, 2], [3, -1]]
    assert data["quantities"]["dL/db"] == [5, 3]
    known = {name: np.asarray(value) for name, value in data["quantities"].items()}
    for line in data["lines"]:
        assert np.allclose(hand.value(parse(line["expression"]), known), line["value"])
        assert list(np.shape(line["value"])) == line["shape"]


# ------------------------------------------------------------------------------------- explain


@pytest.mark.parametrize("name", list(ARRAYS))
def test_every_operation_is_explained_with_its_gradient(name: str) -> None:
    shown = explanation(name)
    assert f"{name}, of arrays: " in shown
    row = ARRAYS[name]
    flowing = " ".join(shown.split())
    assert row.description in flowing and row.source in flowing
    assert ("Gradients (g is that of the result y)" in shown) is bool(row.because)
    assert all(len(line) < 105 for line in shown.splitlines())


def test_the_rule_of_a_product_is_shown() -> None:
    shown = explanation("@")
    assert "  to a: g @ bᵀ\n  to b: aᵀ @ g\n" in shown
    assert explanation(".T").startswith("T:")
    assert "  to a: g[:2]\n  to b: g[2:5]\n" in explanation("concat")
    assert "without it, the first one" in explanation("concat")


# ----------------------------------------------------------------------------------- bad input

X = {"x": ["1", "2"]}
MISTAKES: list[tuple[Given, str]] = [
    (graph({"X": {"shape": [10**9]}}, "y = sum(X)"),
     "given.X.shape[0]: a whole number from 1 to 100000 belongs here, not 1000000000"),
    (graph({"X": {"shape": [10**5, 10**5]}}, "y = sum(X)"),
     "given.X: an array has at most 4 axes and 4 million entries"),
    (graph({"X": {"shape": [0]}}, "y = sum(X)"),
     "given.X.shape[0]: a whole number from 1 to 100000 belongs here, not 0"),
    (graph({"X": [["1", "2"], ["3"]]}, "y = sum(X)"),
     "given.X[1]: this row has 1 entry, the first one has 2 entries"),
    (graph({"X": [["1", "2"], "3"]}, "y = sum(X)"),
     "given.X[1]: this row is a number, the first one has 2 entries"),
    (graph({"X": [[[[["1"]]]]]}, "y = sum(X)"),
     "given.X[0][0][0][0]: an array has at most 4 axes"),
    (graph({"X": []}, "y = sum(X)"), "given.X: an array has at least one entry"),
    (graph({"X": ["nan", "1"]}, "y = sum(X)"), "given.X[0]: nan is not a number"),
    (graph({"X": ["1", "inf"]}, "y = sum(X)"), "given.X[1]: inf is not a number"),
    (graph({"X": ["1e999999"]}, "y = sum(X)"),
     "given.X[0]: a power of ten may reach 300 either way"),
    (graph({"X": ["symbol", "1"]}, "y = sum(X)"),
     "given.X[0]: a number belongs here, not symbol"),
    (graph({"X": {"shap": [2]}}, "y = sum(X)"), "given.X.shap: unknown key shap"),
    (graph({"X": {"shape": [2], "seed": 4, "scale": "0"}}, "y = sum(X)"),
     "given.X.scale: a number above 0 belongs here"),
    (graph({"X": ["1e200", "1"]}, "y = sum(X * X)"),
     "lines[0]: y: 1e+200 * 1e+200 is too large"),
    (graph({"x": ["1000", "1"]}, "y = sum(exp(x))"), "lines[0]: y: exp(1000) is too large"),
    (graph({"x": ["0", "1"]}, "y = sum(log(x))"),
     "lines[0]: y: log(0) has no finite real value: log(a) needs a > 0"),
    (graph({**X, "k": "1.5"}, "y = x[k]"),
     "lines[0]: a whole number belongs here, or the name of a given one"),
    (graph(X, "k = 1", "y = x[k]"),
     "lines[1]: a whole number belongs here, or the name of a given one"),
    (graph(X, "y = sum(x, axis=3)"), "lines[0]: x has 2 entries, so it has no axis 3"),
    (graph(X, "y = sum(x, keepdims=1)"), "lines[0]: sum has no setting keepdims"),
    (graph(X, "y = sum(one_hot(5, 3))"), "lines[0]: there is no entry 5 of 3"),
    (graph({"a": "1"}, "y = sum(ones(999999999)) * a"),
     "lines[0]: 999999999 entries are too many"),
    (graph({"x": {"shape": [10**5], "seed": 1}}, "y = sum(outer(x, x))"),
     "lines[0]: 10000000000 entries are too many"),
    (graph({"A": {"shape": [1500, 1500], "seed": 1}}, "y = sum(A @ A)"),
     "lines[0]: at y the work becomes too large for a page"),
    (graph(X, "y = 2 * x", backward="y"),
     "lines[0]: y is not a number: only a number has a gradient"),
    (graph(X, "y = sum(x)", backward="z"), "backward: z is not a line"),
    (graph(X, "y = sum(x)", backward={"of": "y", "wrt": ["q"]}),
     "backward.wrt[0]: q is not a quantity here"),
    (graph(X, "y = sum(x)", backward="y", gates="binary"),
     "lines[0]: gates is for graphs of scalars, and here are arrays"),
    (graph(X, "y = trace(x)"), "lines[0]: trace is not an operation on arrays"),
    (graph(X, "y = diff(x, x)"), "lines[0]: diff has no place among arrays"),
    (graph(None, "y = sum([1, 2] * x)"), "lines[0]: x has no value"),
    (graph({"z": ["1", "2"], "t": ["0.5", "0.6"]}, "L = softmax_cross_entropy(z, t)"),
     "lines[0]: L: the targets are probabilities, but their sum is 1.1, not 1"),
    (graph({"z": ["1", "2"], "t": ["1.5", "-0.5"]}, "L = softmax_cross_entropy(z, t)"),
     "lines[0]: L: -0.5 is not a probability"),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "told"), MISTAKES, ids=[told for _, told in MISTAKES])
def test_mistakes_are_told_at_their_place_and_soon(problem: Given, told: str) -> None:
    with at_most(2):
        with pytest.raises(InvalidProblem) as caught:
            stepsolve.solve(problem)
        assert str(caught.value).splitlines()[0] == told


def test_all_sizes_that_do_not_fit_are_told_at_once() -> None:
    given = {"x": ["1", "2"], "W": [["1", "2", "3"]]}
    problem = graph(given, "a = W @ x", "b = outer(W, x)", "c = a + x", "d = concat(x, W)")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(problem)
    # c hangs on a, whose sizes are not known
    assert [d.message for d in caught.value.diagnoses] == [
        "W is 1 × 3, but x has 2 entries, so W @ x is not defined",
        "a vector belongs here, but W is 1 × 3",
        "x has 2 entries, but W is 1 × 3",
    ]


def test_a_mistake_has_a_caret_below_it(tmp_path: Path) -> None:
    file = tmp_path / "problem.yaml"
    file.write_text("kind: graph\ngiven: {x: [1, 2]}\nlines:\n  - y = 3 * x[5]\n")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(file)
    assert str(caught.value).splitlines()[1:] == [
        "    4 |   - y = 3 * x[5]",
        "      |               ^",
        "  hint: entries are counted from 0",
    ]


def test_as_many_entries_as_a_file_may_have_do_not_take_long(tmp_path: Path) -> None:
    file = tmp_path / "problem.yaml"
    row = "[" + ", ".join(["0.5"] * 200) + "]"
    for rows, good in ((100, True), (500, False)):
        entries = ", ".join([row] * rows)
        file.write_text(f"kind: graph\ngiven: {{X: [{entries}]}}\nlines: [y = sum(X * X)]\n")
        with at_most(5):
            if good:
                assert stepsolve.solve(file).quantities["y"] == 0.25 * 200 * rows
            else:
                with pytest.raises(InvalidProblem, match="more than 50,000 values are too many"):
                    stepsolve.solve(file)


def test_the_gradient_by_targets_is_minus_the_logarithm() -> None:
    """-sum t log p, so -log p: of log(sum e^z) - sum t z it would be -z, equal on sums of 1 alone."""
    problem = graph(
        {"z": ["1", "2", "-1"], "t": ["0.5", "0.25", "0.25"]}, "L = softmax_cross_entropy(z, t)"
    )
    found = stepsolve.solve({**problem, "backward": "L"})
    scores = np.array([1.0, 2.0, -1.0])
    shares = np.exp(scores) / np.sum(np.exp(scores))
    assert found.confirmed and found.quantities["dL/dt"] == pytest.approx(-np.log(shares))
    assert found.quantities["L"] == pytest.approx(-np.sum([0.5, 0.25, 0.25] * np.log(shares)))


def test_thirds_in_decimals_sum_to_less_than_one() -> None:
    problem = graph(
        {"z": ["1", "2", "-1"], "t": ["0.3333333"] * 3}, "L = softmax_cross_entropy(z, t)"
    )
    with pytest.raises(stepsolve.InvalidProblem, match=r"their sum is 0\.9999999, not 1"):
        stepsolve.solve(problem)
    thirds = graph({"z": ["1", "2", "-1"], "t": ["1/3"] * 3}, "L = softmax_cross_entropy(z, t)")
    assert stepsolve.solve({**thirds, "backward": "L"}).confirmed
