"""Attention that learns: several steps of an optimiser, against a loop of NumPy with complex steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from attention_by_hand import Values, attention, block, drawn, gradients, listed, multi_head

import stepsolve
from stepsolve.derivation import Derivation, Section
from stepsolve.operations.table import array_row

Problem = dict[str, Any]
N, D = 3, 2
RATE = 0.25
X = drawn(1, X=(N, D))["X"]
T = drawn(2, T=(N, D))["T"]
HEADS = {f"W_{name}": (D, D) for name in "QKVO"}
FEED = {"W_1": (D, 4), "b_1": (4,), "W_2": (4, D), "b_2": (D,)}
NORMS = {f"{name}_{k}": (D,) for name in ("gamma", "beta") for k in (1, 2)}


def half(output: Any) -> Any:
    return np.sum((output - T) ** 2) / 2


def projected(v: Values) -> Any:
    return half(attention(X @ v["W_Q"], X @ v["W_K"], X @ v["W_V"], "scaled")[1])


CASES: dict[str, tuple[Problem, Values, Callable[[Values], Any]]] = {
    "attention": ({"kind": "attention"}, drawn(3, W_Q=(D, D), W_K=(D, D), W_V=(D, D)), projected),
    "multi-head": (
        {"kind": "multi-head-attention", "heads": 2},
        drawn(4, **HEADS),
        lambda v: half(multi_head(X, X, 2, v)),
    ),
    "block": (
        {"kind": "transformer-block", "epsilon": "1e-5", "activation": "gelu"},
        drawn(5, **HEADS, **FEED, **NORMS),
        lambda v: half(block(X, v, 1, "post", "gelu")),
    ),
    "pre-norm": (
        {"kind": "transformer-block", "norm": "pre", "epsilon": "1e-5", "heads": 2}
        | {"activation": "gelu"},
        drawn(6, **HEADS, **FEED),
        lambda v: half(block(X, v, 2, "pre", "gelu")),
    ),
}


def problem_of(case: str, **update: object) -> Problem:
    problem, weights, _ = CASES[case]
    rest = {"inputs": X.tolist(), "targets": T.tolist(), "weights": listed(weights)}
    return problem | rest | {"update": {"rate": RATE, **update}}


def solved(problem: Problem) -> Derivation:
    derivation = stepsolve.solve(problem)
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    return derivation


@pytest.mark.parametrize("case", CASES)
def test_several_steps(case: str) -> None:
    _, now, loss = CASES[case]
    found = solved(problem_of(case, steps=2)).quantities
    for step in (1, 2, 3):
        assert found[f"L_step{step}"] == pytest.approx(np.real(loss(now)), rel=1e-9)
        slopes = gradients(loss, now)
        now = {name: value - RATE * slopes[name] for name, value in now.items()}
        if step < 3:
            for name, value in now.items():
                after = found[f"{name}_step{step}"]
                assert after == pytest.approx(value, rel=1e-8, abs=1e-10), name


@pytest.mark.parametrize("case", CASES)
def test_one_step_tells_gradients_weights_and_the_loss_after_it(case: str) -> None:
    _, weights, loss = CASES[case]
    derivation = solved(problem_of(case))
    slopes = gradients(loss, weights)
    after = {name: value - RATE * slopes[name] for name, value in weights.items()}
    assert derivation.quantities["L'"] == pytest.approx(np.real(loss(after)), rel=1e-9)
    for name in weights:
        assert {f"dL/d{name}", f"{name}'"} <= derivation.results.keys()
    headings = ["".join(map(str, b.parts)) for b in derivation.blocks if isinstance(b, Section)]
    assert headings[-3:] == ["Update by gradient descent", "After the update", "Result"]


def test_one_step_from_a_gradient_from_above() -> None:
    problem = problem_of("multi-head")
    above = problem.pop("targets")
    derivation = solved(problem | {"gradient": above})
    _, weights, _ = CASES["multi-head"]
    slopes = gradients(lambda v: np.sum(multi_head(X, X, 2, v) * T), weights)
    expected = weights["W_Q"] - RATE * slopes["W_Q"]
    assert derivation.quantities["W_Q'"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert "L'" not in derivation.quantities


BARE: Problem = {"kind": "attention", "queries": [[1, 0], [0, 1]], "targets": [[1, 0], [0, 1]]}
WRONG: list[tuple[Problem, str, str]] = [
    (BARE | {"update": {"rate": 1}}, "update", "an update needs weights"),
    (
        {k: v for k, v in problem_of("multi-head").items() if k != "targets"},
        "update",
        "an update needs targets, or a gradient from above",
    ),
    (
        {k if k != "targets" else "gradient": v for k, v in problem_of("block", steps=2).items()},
        "update.steps",
        "one step is taken here: the gradient from above changes with the weights",
    ),
    (
        problem_of("block", steps=120),
        "update.steps",
        "120 steps of 18 lines each are too long to be written out",
    ),
    (problem_of("attention", rate="1e99", steps=10), "update.rate", "is too large"),
]


@pytest.mark.parametrize(("problem", "place", "message"), WRONG, ids=lambda v: str(v)[:30])
def test_a_mistake_is_told_at_its_place(problem: Problem, place: str, message: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(problem)
    found = [(str(d.place), d.message) for d in caught.value.diagnoses]
    assert any(p == place and message in m for p, m in found), found


def test_a_wrong_gradient_fails_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    row = array_row("softmax", [2])
    assert row is not None
    monkeypatch.setitem(row.__dict__, "gradient", lambda a, axis=None: ("y * g",))
    derivation = stepsolve.solve(problem_of("attention", steps=2))
    failed = {check.of for check in derivation.checks if not check.passed}
    assert {"dL_step1/dS_scaled_step1", "dL_step2/dS_scaled_step2"} <= failed
