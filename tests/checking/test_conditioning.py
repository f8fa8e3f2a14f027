"""Checks where float64 keeps few digits, or quantities are tiny: wrong values fail all the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.checking.conditioning import rounding
from stepsolve.derivation import Derivation
from stepsolve.operations.table import OPERATIONS, array_row

ROWS = [
    [1, "1.0000001", "1.0000002"],
    ["100000", "100000.000001", "100000.000003"],
    ["0.1", "0.1", "0.1000000000001"],
    ["1e-200", "2e-200", "-1e-200"],
    ["1e150", "2e150", "-1e150"],
]


def solved(problem: dict[str, Any]) -> Derivation:
    derivation = stepsolve.solve(problem)
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    return derivation


def standardized(row: list[Any], epsilon: str) -> list[float]:
    with localcontext() as context:
        context.prec = 700
        numbers = [Decimal(str(x)) for x in row]
        mean = sum(numbers) / len(numbers)
        variance = sum((x - mean) ** 2 for x in numbers) / len(numbers)
        return [float((x - mean) / (variance + Decimal(epsilon)).sqrt()) for x in numbers]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("epsilon", ["1e-5", "1e-12"])
def test_a_layer_norm_of_entries_that_hardly_differ(row: list[Any], epsilon: str) -> None:
    problem = {"kind": "normalization", "method": "layer", "input": [row], "epsilon": epsilon}
    derivation = solved(problem | {"upstream": [[1, 2, -1]]})
    expected = [standardized(row, epsilon)]
    assert derivation.quantities["Xhat"] == pytest.approx(np.array(expected), rel=1e-13, abs=0)


def test_two_tokens_of_width_two_lose_digits_in_the_block() -> None:
    """A layer norm of two entries gives nearly 1 and -1: its gradient is what is left of a sum."""
    eye = [[1, 0.25], [0.5, 1]]
    weights = {f"W_{name}": eye for name in ("Q", "K", "V", "O", "1", "2")}
    problem = {"kind": "transformer-block", "inputs": [[100, 1], [-300, 2]], "weights": weights}
    solved(problem | {"targets": [[1, 0], [0, 1]], "epsilon": "1e-12"})


@pytest.mark.parametrize("size", ["1e-20", "1e-100", "1e-200", "1e-300"])
def test_gradients_by_quantities_that_are_tiny(size: str) -> None:
    """A step of 1e-17 would cross the kink of abs and leave the domain of the logarithm."""
    given = {"x": [f"0.5*{size}", f"-2*{size}"]}
    lines = ["y = abs(x)", "L = sum(log(y)) + 3 * sum(relu(x))"]
    derivation = solved({"kind": "graph", "given": given, "lines": lines, "backward": "L"})
    expected = [2 / float(size) + 3, -0.5 / float(size)]  # of log |x|: 1/x
    assert derivation.quantities["dL/dx"] == pytest.approx(np.array(expected), rel=1e-12)


def test_a_slip_is_seen_where_digits_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["sqrt"]
    monkeypatch.setitem(OPERATIONS, "sqrt", replace(row, numpy=lambda a: np.sqrt(a) * (1 + 1e-3)))
    problem = {"kind": "normalization", "method": "layer", "input": [ROWS[1]], "epsilon": "1e-12"}
    derivation = stepsolve.solve(problem)
    assert "Xhat" in {check.of for check in derivation.checks if not check.passed}


def test_a_slip_is_seen_where_quantities_are_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["log"]
    monkeypatch.setitem(row.__dict__, "_local", None)
    monkeypatch.setitem(OPERATIONS, "log", replace(row, local=("2 / x",)))
    problem = {"kind": "graph", "given": {"x": ["1e-200", "2e-200"]}, "backward": "L"}
    derivation = stepsolve.solve(problem | {"lines": ["L = sum(log(x))"]})
    assert "dL/dx" in {check.of for check in derivation.checks if not check.passed}


def test_rounding_is_that_of_the_operands() -> None:
    """1 + 1e-9 less 1 keeps seven digits; a product keeps nearly all."""
    a, b = np.array([1 + 1e-9]), np.array([1.0])
    run = lambda noise: {"d": noise(a) - noise(b), "p": noise(a) * noise(b)}  # noqa: E731
    found = rounding({"d": a - b, "p": a * b}, run)
    assert 1e-16 < found["d"] < 2e-14 and 1e-16 < found["p"] < 2e-14


def test_a_jump_is_not_excused() -> None:
    """A step at a number that is 0 but for rounding may be 0 or 1: that is no loss of digits."""
    run = lambda noise: {"s": np.where(noise(np.array(0.3)) - 0.3 > 0, 1.0, 0.0)}  # noqa: E731
    assert rounding({"s": np.array(0.0)}, run)["s"] < 0.1


def test_a_large_sheet_of_rows_that_hardly_differ() -> None:
    """Where entries are drawn at random, each line is confirmed from its own operands."""
    assert array_row("mean", [2]) is not None
    rows = 1 + 1e-9 * np.random.default_rng(1).integers(1, 99, (80, 60))
    solved({"kind": "normalization", "method": "layer", "input": rows, "epsilon": "1e-12"})


@pytest.mark.parametrize("size", ["3e3", "1e20", "1e200"])
def test_softmax_of_large_scores(size: str) -> None:
    """Powers of e that float64 could not hold: what counts are differences of scores."""
    scores = [f"{size} + 1", size, f"{size} - 1"] if size == "3e3" else [size, f"2*{size}", "1"]
    derivation = solved({"kind": "softmax", "input": scores, "upstream": [1, 2, -1]})
    shifted = np.array([1.0, 0.0, -1.0]) if size == "3e3" else np.array([-np.inf, 0.0, -np.inf])
    expected = np.exp(shifted) / np.sum(np.exp(shifted))
    assert derivation.quantities["s"] == pytest.approx(expected, rel=1e-14)
    if size == "3e3":
        loss = solved({"kind": "cross-entropy", "logits": scores, "class": 1})
        assert loss.quantities["q"] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("size", ["1e-170", "1e170"])
def test_norms_whose_squares_are_no_floats(size: str) -> None:
    derivation = solved(
        {"kind": "graph", "given": {"x": [f"3*{size}", f"-4*{size}"]}, "lines": ["n = norm(x)"]}
    )
    assert derivation.quantities["n"] == pytest.approx(5 * float(size), rel=1e-14)


@pytest.mark.parametrize("a", ["0.999999999", "1.000000000001"])
@pytest.mark.parametrize("coefficient", ["a", "a^24"])
def test_a_recurrence_whose_coefficient_is_nearly_one(coefficient: str, a: str) -> None:
    """Its closed form divides by 1 - a, which keeps few digits, and for da by its square."""
    problem = {"kind": "recurrence", "recurrence": f"f(n) = {coefficient} * f(n - 1) + b"}
    problem |= {"start": {"f(0)": "x_0"}, "given": {"a": a, "b": 2, "x_0": 0.3}}
    derivation = solved(problem | {"unroll": 24, "wrt": ["f(0)", "a", "b"]})
    term = Fraction(3, 10)
    factor = Fraction(a) if coefficient == "a" else Fraction(a) ** 24
    for _ in range(24):
        term = factor * term + 2
    assert derivation.quantities["f(24)"] == pytest.approx(float(term), rel=1e-14)


def test_a_slip_in_a_closed_form_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["/"]
    monkeypatch.setitem(OPERATIONS, "/", replace(row, numpy=lambda a, b: a / b * (1 + 1e-4)))
    given = {"x": "1.000000001", "y": 1}
    lines = ["d = x - y", "q = d / (x + y)"]
    derivation = stepsolve.solve({"kind": "graph", "given": given, "lines": lines})
    assert "q" in {check.of for check in derivation.checks if not check.passed}
