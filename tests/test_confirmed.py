"""Right work is never called wrong: hard places, flat places and steep ones are confirmed.

A false alarm is as bad as a missed mistake: it teaches that the verdict means nothing.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

import stepsolve


def failures(derivation: stepsolve.derivation.Derivation) -> list[stepsolve.derivation.Check]:
    return [check for check in derivation.checks if not check.passed]


def solved(**problem: object) -> stepsolve.derivation.Derivation:
    derivation = stepsolve.solve({"kind": "graph", **problem})
    assert failures(derivation) == []
    return derivation


@pytest.mark.parametrize(
    ("line", "value", "slope"),
    [
        ("f = relu(x)", 0, 0),
        ("f = abs(x)", 0, 0),
        ("f = max(x, 0)", 0, 1),
        ("f = x^0", 1, 0),
        ("f = x^2", 0, 0),
        ("f = exp(-1000 + x)", 0, 0),
        ("f = where(x >= 0, x, -x)", 0, 1),
        ("f = x^3", 0, 0),
        ("f = x^5 * exp(x)", 0, 0),
        ("f = tanh(x)^3", 0, 0),
        ("f = sin(x) - x", 0, 0),
        ("f = 1 - cos(x)", 0, 0),
        ("f = (x - x)^3", 0, 0),
    ],
)
def test_zero_is_a_place_like_any_other(line: str, value: float, slope: float) -> None:
    found = solved(given={"x": 0}, lines=[line], backward="f").quantities
    assert (found["f"], found["df/dx"]) == (value, slope)


def test_a_very_steep_slope_is_no_mistake() -> None:
    """f = x^(2^100) at 1: its slope is 2^100, exactly, and that is not a failed check."""
    lines = ["h_1 = x * x", *(f"h_{k} = h_{k - 1} * h_{k - 1}" for k in range(2, 101))]
    derivation = stepsolve.solve(
        {"kind": "graph", "given": {"x": 1}, "lines": lines, "backward": "h_100"}
    )
    assert derivation.quantities["dh_100/dx"] == 2.0**100
    assert failures(derivation) == []


@pytest.mark.parametrize("function", ["sigmoid", "tanh", "erf", "softplus", "atan"])
@pytest.mark.parametrize("x", [-200, -60, -15, 15, 60, 200])
@pytest.mark.parametrize("kind", ["graph", "derivative"])
def test_a_saturated_function_is_no_mistake(kind: str, x: float, function: str) -> None:
    """Where a gradient vanishes: what the notes on vanishing gradients are about."""
    problem: dict[str, object] = {
        "kind": "derivative",
        "expression": f"{function}(x)",
        "at": {"x": x},
    }
    if kind == "graph":
        lines = [f"z = {function}(x)", "f = z * z"]
        problem = {"kind": "graph", "given": {"x": x}, "lines": lines, "backward": "f"}
    assert failures(stepsolve.solve(problem)) == []


@pytest.mark.parametrize("given", [None, {"x": 2}], ids=["symbol", "number"])
@pytest.mark.parametrize(
    "line",
    [
        "f = where(x > 0, x, 0.1 * x)",
        "f = sqrt(where(x > 3, -x, 2))",
        "f = where(x > 3, log(3 - x), x)",
        "f = max(x, 1) * min(x, 3) * abs(x)",
        "f = leaky_relu(x) + elu(x)",
    ],
)
@pytest.mark.parametrize("gates", ["as-written", "binary"])
def test_choices_are_confirmed(gates: str, line: str, given: dict[str, int] | None) -> None:
    more = {} if given is None else {"given": given}
    assert "df/dx" in solved(lines=[line], backward="f", gates=gates, **more).results


@pytest.mark.parametrize(
    ("expression", "derivative"),
    [
        ("sin(x)^2 + cos(x)^2", lambda x: 0),
        ("exp(x) * exp(-x)", lambda x: 0),
        ("log(x^2) - 2 * log(x)", lambda x: 0),
        ("2 * sigmoid(2 * x) - 1 - tanh(x)", lambda x: 0),
        ("(x + 1)^2 - x^2 - 2 * x", lambda x: 0),
        ("x / x", lambda x: 0),
        ("1e-40 * x", lambda x: 1e-40),
        ("1e40 * x^2", lambda x: 2e40 * x),
        ("log(x - 10)", lambda x: 1 / (x - 10)),
        ("sqrt(x^2 - 100)", lambda x: x / math.sqrt(x * x - 100)),
        ("asin(x - 12)", lambda x: 1 / math.sqrt(1 - (x - 12) ** 2)),
        ("log(x / 1000)", lambda x: 1 / x),
        ("x^-20", lambda x: -20 / x**21),
        ("log(log(log(x)))", lambda x: 1 / (x * math.log(x) * math.log(math.log(x)))),
        ("where(x > 1, x^2, 2 * x - 1)", lambda x: 2 * x),
        ("erf(x)", lambda x: 2 * math.exp(-x * x) / math.sqrt(math.pi)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("kind", ["derivative", "graph", "graph with numbers"])
def test_a_right_derivative_is_confirmed(kind: str, expression: str, derivative: Any) -> None:
    problem: dict[str, object] = {"kind": "derivative", "expression": expression, "variable": "x"}
    if kind != "derivative":
        problem = {"kind": "graph", "lines": [f"f = {expression}"], "backward": "f"}
    if kind == "graph with numbers":
        problem["given"] = {"x": 12.5}
    found = stepsolve.solve(problem)
    assert failures(found) == []
    if kind == "graph with numbers":
        # as exact as doubles of the size of the terms allow
        expected = pytest.approx(derivative(12.5), rel=1e-9, abs=1e-12)
        assert found.quantities["df/dx"] == expected


def test_zero_in_a_sum_of_paths_is_confirmed() -> None:
    found = solved(lines=["s = sin(x)", "c = cos(x)", "f = s^2 + c^2"], backward="f")
    assert "df/dx" in found.results
    found = solved(lines=["a = exp(x)", "f = a * exp(-x)"], backward="f")
    assert "df/dx" in found.results
