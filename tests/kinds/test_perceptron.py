"""One perceptron: truth tables, what no perceptron computes, mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from reading import sentences, tables

import stepsolve
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.separation import conflict

BY_HAND: dict[str, Callable[[int, int], int]] = {
    "AND": lambda a, b: a & b,
    "OR": lambda a, b: a | b,
    "NAND": lambda a, b: 1 - (a & b),
    "NOR": lambda a, b: 1 - (a | b),
    "XOR": lambda a, b: a ^ b,
    "XNOR": lambda a, b: 1 - (a ^ b),
}
WEIGHTS = {"AND": (1, 1, -1), "OR": (2, 2, -1), "NAND": (-1, -1, 2), "NOR": (-1, -1, 1)}


@pytest.mark.parametrize("gate", BY_HAND)
def test_the_targets_of_a_gate(gate: str) -> None:
    w1, w2, b = WEIGHTS.get(gate, (1, 1, 0))
    problem = {"kind": "perceptron", "targets": gate, "weights": {"w": [w1, w2], "b": b}}
    solved = stepsolve.solve(problem)
    rows = list(product((0, 1), repeat=2))
    assert solved.quantities["t"] == [BY_HAND[gate](*row) for row in rows]
    assert solved.quantities["z"] == [w1 * p + w2 * q + b for p, q in rows]
    assert solved.quantities["y"] == [int(w1 * p + w2 * q + b > 0) for p, q in rows]
    assert solved.confirmed
    agrees = f"Every row agrees: the perceptron computes {gate}." in sentences(solved)
    assert agrees == (gate in WEIGHTS)


def test_the_table_of_and() -> None:
    problem = {"kind": "perceptron", "targets": "AND", "weights": {"w": [1, 1], "b": -1}}
    assert tables(stepsolve.solve(problem))[0] == [
        ["0", "0", "1 · 0 + 1 · 0 − 1", "−1", "0", "0", "✓"],
        ["0", "1", "1 · 0 + 1 · 1 − 1", "0", "0", "0", "✓"],
        ["1", "0", "1 · 1 + 1 · 0 − 1", "0", "0", "0", "✓"],
        ["1", "1", "1 · 1 + 1 · 1 − 1", "1", "1", "1", "✓"],
    ]


def test_the_four_inequalities_of_xor() -> None:
    solved = stepsolve.solve({"kind": "perceptron", "targets": "XOR"})
    assert tables(solved)[0] == [
        ["[0, 1]", "1", "w₂ + b > 0"],
        ["[1, 0]", "1", "w₁ + b > 0"],
        ["[0, 0]", "0", "b ≤ 0"],
        ["[1, 1]", "0", "w₁ + w₂ + b ≤ 0"],
    ]
    assert solved.quantities["s_1"] == solved.quantities["s_0"] == [1, 1]
    assert sentences(solved)[-1].endswith(
        "w₁ + w₂ + 2 · b would have to be above 0 and at most 0. That cannot be."
    )
    assert solved.confirmed


def test_at_the_threshold_and_bipolar() -> None:
    problem = {"kind": "perceptron", "targets": "XOR", "outputs": "bipolar", "threshold": 0.5}
    solved = stepsolve.solve({**problem, "step": "at-or-above"})
    needed = tables(solved)[0]
    assert needed[0][2] == "−w₁ + w₂ + b ≥ θ" and needed[2][2] == "−w₁ − w₂ + b < θ"
    with_weights = {**problem, "weights": {"w": [1, 1], "b": 0.5}, "targets": "AND"}
    rows = list(product((-1, 1), repeat=2))
    above = stepsolve.solve(with_weights)
    assert above.quantities["y"] == [1 if p + q + 0.5 > 0.5 else -1 for p, q in rows]
    closed = stepsolve.solve({**with_weights, "step": "at-or-above"})
    assert closed.quantities["y"] == [1 if p + q + 0.5 >= 0.5 else -1 for p, q in rows]


def test_decimals_meet_the_threshold() -> None:
    """0.1 + 0.2 - 0.3 is 0, though not in float64."""
    problem = {"kind": "perceptron", "weights": {"w": [0.1, 0.2], "b": -0.3}}
    assert 0.1 + 0.2 - 0.3 > 0
    assert stepsolve.solve(problem).quantities["y"] == [0, 0, 0, 0]
    closed = stepsolve.solve({**problem, "step": "at-or-above"})
    assert closed.quantities["y"] == [0, 0, 0, 1] and closed.confirmed


@pytest.mark.parametrize("count", [1, 3, 4])
def test_more_inputs(count: int) -> None:
    weights = {"w": [1] * count, "b": -count + 0.5}
    solved = stepsolve.solve({"kind": "perceptron", "targets": "AND", "weights": weights})
    assert solved.quantities["y"] == [0] * (2**count - 1) + [1]
    if count > 1:
        odd = stepsolve.solve({"kind": "perceptron", "targets": "XOR", "weights": weights})
        assert "s_1" in odd.quantities


def test_random_weights_and_rows() -> None:
    random = np.random.default_rng(2)
    for width in (1, 2, 5):
        x = np.round(random.normal(0, 1, (6, width)), 2)
        w, b = np.round(random.normal(0, 1, width), 2), 0.25
        problem = {"kind": "perceptron", "inputs": x, "weights": {"w": w, "b": b}}
        solved = stepsolve.solve({**problem, "threshold": 0.1})
        assert np.allclose(solved.quantities["z"], x @ w + b, rtol=1e-9)
        assert solved.quantities["y"] == ((x @ w + b) > 0.1).astype(float).tolist()


def test_every_truth_table_of_three_inputs_is_judged() -> None:
    """104 of the 256 are linearly separable (Muroga 1971), and of two inputs 14 of 16."""
    for count, separable in ((2, 14), (3, 104)):
        rows = list(product((0, 1), repeat=count))
        free = sum(
            conflict(rows, targets) is None for targets in product((False, True), repeat=2**count)
        )
        assert free == separable


def test_weights_drawn_and_symbols() -> None:
    drawn = stepsolve.solve({"kind": "perceptron", "weights": {"w": {"shape": [2], "seed": 1}}})
    w = drawn.quantities["w"]
    assert isinstance(w, list)
    assert np.allclose(drawn.quantities["z"], np.array(list(product((0, 1), repeat=2))) @ w)
    symbols = stepsolve.solve(
        {"kind": "perceptron", "weights": {"w": {"shape": [2]}, "b": "symbol"}}
    )
    assert symbols.confirmed and "z" not in symbols.quantities


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"targets": "XAND"}, "targets", "unknown choice XAND"),
        ({"targets": [0, 1]}, "targets", "targets has 2 entries, but 4 entries belong here"),
        ({"targets": [0, 1, 2, 0]}, "targets", "targets are 0 and 1"),
        ({"targets": "NOT"}, "targets", "NOT has one input"),
        ({"weights": {"b": 1}}, "weights", "the weight w is missing"),
        ({"weights": {"w": [1, 1], "c": 1}}, "weights.c", "there is no weight c here"),
        ({"weights": {"w": 1}}, "weights.w", "w is a number, but a vector belongs here"),
        ({"weights": {"w": [1, 1], "b": [1]}}, "weights.b", "b has 1 entry, but a number belongs"),
        ({"inputs": [0, 1]}, "inputs", "inputs are rows of a matrix, but this has 2 entries"),
        ({"inputs": [[0, 1, 1]]}, "weights.w", "w has 2 entries, but 3 entries belong here"),
        (
            {"inputs": [[0], [0, 1]]},
            "inputs[1]",
            "this row has 2 entries, the first one has 1 entry",
        ),
        ({"threshold": "symbol"}, "threshold", "a number belongs here, not symbol"),
        ({"weights": {"w": [1] * 9}}, "weights.w", "a truth table has at most 8 inputs here"),
        ({"inputs": []}, "inputs", "an array has at least one entry"),
    ],
)
def test_a_mistake_is_told_at_its_place(
    changes: dict[str, object], place: str, message: str
) -> None:
    base = {"kind": "perceptron", "targets": "AND", "weights": {"w": [1, 1], "b": -1}}
    with pytest.raises(stepsolve.InvalidProblem) as error:
        stepsolve.solve({**base, **changes})
    found = [(str(d.place), d.message) for d in error.value.diagnoses]
    assert any(p == place and m.startswith(message) for p, m in found), found


def test_a_wrong_step_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["step"]
    monkeypatch.setitem(OPERATIONS, "step", replace(row, numpy=lambda a, b: np.asarray(a) * 1.0))
    solved = stepsolve.solve({"kind": "perceptron", "weights": {"w": [2, 2], "b": -1}})
    assert [check.of for check in solved.checks if not check.passed] == ["y"]
