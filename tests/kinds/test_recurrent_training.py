"""Recurrent networks on batches and over several steps of an optimiser, by NumPy alone.

A batch is compared with its examples one by one: values row by row, gradients with the mean of theirs.
Several steps are compared with a loop that descends along gradients by complex steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
import recurrent_by_hand as by_hand
from recurrent_cases import Random, errors, plain, solved

import stepsolve
from stepsolve.derivation import Derivation, Section, Text
from stepsolve.render.page import Style
from stepsolve.render.text import render
from stepsolve.worksheet import training

Problem = dict[str, Any]
M, N, K, STEPS, BATCH = 2, 3, 2, 3, 4
GATES = {"rnn": "h", "lstm": "ifog", "gru": "rzn"}
RUN = {"rnn": by_hand.rnn, "lstm": by_hand.lstm, "gru": by_hand.gru}
LOSSES = {
    "half-squared-error": "half",
    "mean-squared-error": "mse",
    "cross-entropy": "cross",
    "binary-cross-entropy": "binary",
}
KINDS = sorted(RUN)


def page_of(derivation: Derivation) -> str:
    return render(derivation, Style())


def names_of(kind: str) -> list[tuple[str, str, str]]:
    if kind == "rnn":
        return [("W_xh", "W_hh", "b_h")]
    return [by_hand.gate_names(letter, False) for letter in GATES[kind]]


def weights_of(kind: str, random: Random, rows: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for w, u, b in names_of(kind):
        found |= {w: random(*((M, N) if rows else (N, M))), u: random(N, N), b: random(N)}
    return found | {"W_hy": random(*((N, K) if rows else (K, N))), "b_y": random(K)}


def targets_of(loss: str, random: Random, *shape: int) -> Any:
    if loss == "cross-entropy":
        return np.eye(K)[np.arange(int(np.prod(shape[:-1]))) % K].reshape(shape)
    return (random(*shape) > 0).astype(float) if loss[0] == "b" else random(*shape)


def drawn(kind: str, loss: str, rows: bool) -> tuple[Problem, list[Mapping[str, Any]]]:
    """A problem with a batch, and what is given of every example."""
    random = Random(len(kind) + len(loss))
    weights = weights_of(kind, random, rows)
    inputs = random(STEPS, BATCH, M)
    targets = targets_of(loss, random, STEPS, BATCH, K)
    first = {"h_0": random(BATCH, N)} | ({"c_0": random(BATCH, N)} if kind == "lstm" else {})
    problem = {"kind": kind, "inputs": inputs, "weights": weights, "targets": list(targets)}
    problem |= {"loss": loss, "vectors": "rows" if rows else "columns", "input-gradients": True}
    problem |= {"initial-state": first["h_0"]}
    if kind == "lstm":
        problem["initial-cell"] = first["c_0"]
    examples: list[Mapping[str, Any]] = []
    for k in range(BATCH):
        one: Problem = weights | {name: state[k] for name, state in first.items()}
        for t in range(STEPS):
            one |= {f"x_{t + 1}": inputs[t, k], f"target_{t + 1}": targets[t, k]}
        examples.append(one)
    return problem, examples


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize(
    ("kind", "loss"),
    [(kind, loss) for kind in KINDS for loss in LOSSES if kind == "rnn"]
    + [("lstm", "half-squared-error"), ("gru", "cross-entropy")],
)
def test_a_batch_is_the_mean_of_its_examples(kind: str, loss: str, rows: bool) -> None:
    problem, examples = drawn(kind, loss, rows)
    derivation = solved(problem)
    runs = [partial(RUN[kind], one, STEPS, loss=LOSSES[loss], rows=rows) for one in examples]
    base = [run({}) for run in runs]
    found = derivation.quantities
    assert found["L"] == pytest.approx(np.mean([np.real(one["L"]) for one in base]), rel=1e-9)
    for name in (f"h_{STEPS}", f"y_{STEPS}"):
        assert found[name] == pytest.approx(np.real([one[name] for one in base]), rel=1e-9)
    for name in problem["weights"]:
        expected = np.mean([by_hand.gradient(lambda m, r=run: r(m), name) for run in runs], axis=0)
        assert found[f"dL/d{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for name in ("x_1", "h_0"):
        each = [by_hand.gradient(lambda m, r=run: r(m), name) / BATCH for run in runs]
        assert found[f"dL/d{name}"] == pytest.approx(np.array(each), rel=1e-9, abs=1e-12)


def descended(
    kind: str, given: Problem, names: list[str], rate: float, steps: int
) -> list[Problem]:
    """The weights at first and after every step, with their losses."""
    now = dict(given)
    course = []
    for _ in range(steps + 1):
        run = partial(RUN[kind], dict(now), STEPS)
        course.append({name: now[name] for name in names} | {"L": np.real(run({})["L"])})
        slopes = {name: by_hand.gradient(lambda m, r=run: r(m), name) for name in names}
        now |= {name: now[name] - rate * slopes[name] for name in names}
    return course


def trained(kind: str, steps: int) -> tuple[Derivation, list[Problem], list[str]]:
    random = Random(11)
    weights = weights_of(kind, random, rows=False)
    inputs, targets = random(STEPS, M), random(STEPS, K)
    problem = {"kind": kind, "inputs": inputs, "weights": weights, "targets": list(targets)}
    update = {"rate": 0.25, "steps": steps}
    given = weights | {"h_0": np.zeros(N), "c_0": np.zeros(N)}
    for t in range(STEPS):
        given |= {f"x_{t + 1}": inputs[t], f"target_{t + 1}": targets[t]}
    course = descended(kind, given, list(weights), 0.25, steps)
    return solved(problem | {"update": update}), course, list(weights)


@pytest.mark.parametrize("kind", KINDS)
def test_several_steps(kind: str) -> None:
    derivation, course, names = trained(kind, 3)
    found = derivation.quantities
    for step in range(4):
        assert found[f"L_step{step + 1}"] == pytest.approx(course[step]["L"], rel=1e-9)
        for name in names if step else []:
            expected = course[step][name]
            assert found[f"{name}_step{step}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert list(derivation.results) == [f"{name}_step3" for name in names]
    (table,) = [table for table in derivation.tables if table.name == "losses"]
    assert dict(table.data)["loss"] == pytest.approx([one["L"] for one in course])


@pytest.mark.parametrize("kind", KINDS)
def test_after_one_step_the_loss_is_told(kind: str) -> None:
    derivation, course, names = trained(kind, 1)
    assert derivation.quantities["L'"] == pytest.approx(course[1]["L"], rel=1e-9)
    assert {f"{name}'" for name in names} < set(derivation.results)
    fell = course[1]["L"] < course[0]["L"]
    words = " has fallen from " if fell else " has not fallen: it went from "
    assert ("The loss", words) in [b.parts[:2] for b in derivation.blocks if isinstance(b, Text)]


def test_stacked_weights_are_taken_apart_at_every_step() -> None:
    random = Random(5)
    weights = {"W_x": random(4 * N, M), "W_h": random(4 * N, N), "b": random(4 * N)}
    problem = {"kind": "lstm", "inputs": random(2, M), "weights": weights}
    found = solved(problem | {"targets": {2: random(N)}, "update": {"rate": 0.1, "steps": 2}})
    assert found.quantities["b_i_step2"] == found.quantities["b_1"][:N]
    slope = np.array(found.quantities["dL_step1/db"])
    assert found.quantities["b_1"] == pytest.approx(weights["b"] - 0.1 * slope)


def test_headings_tell_steps_of_the_optimiser_from_those_of_the_sequence() -> None:
    derivation, _, _ = trained("rnn", 2)
    headings = ["".join(map(str, b.parts)) for b in derivation.blocks if isinstance(b, Section)]
    assert headings[:3] == ["Iteration 1: step 1", "Iteration 1: step 2", "Iteration 1: step 3"]
    assert headings[3:6] == [
        "Iteration 1: loss",
        "Iteration 1: backward, the loss",
        "Iteration 1: backward, step 3",
    ]
    assert headings[-2:] == ["After the last step", "Result"]
    assert "Iteration 2: update by gradient descent" in headings
    page = page_of(derivation)
    assert "h₁⁽²⁾ = tanh(z₁⁽²⁾)" in page and "W_hh⁽¹⁾ = W_hh − η · dL⁽¹⁾/dW_hh" in page


def test_the_layout_of_a_batch_is_said() -> None:
    problem, _ = drawn("rnn", "half-squared-error", rows=False)
    told = "The examples of a batch are the rows of every input, state and output"
    assert told in page_of(solved(problem))
    assert "product is x_t @ Wᵀ, the weight of a column transposed." in page_of(solved(problem))
    problem, _ = drawn("rnn", "half-squared-error", rows=True)
    assert "x_t @ W: rows times a weight." in page_of(solved(problem)).replace("\n", " ")


def test_classes_of_a_batch() -> None:
    """A list of classes for every step is the same as vectors with a 1."""
    problem, _ = drawn("gru", "cross-entropy", rows=True)
    classes = [np.argmax(target, axis=1) for target in problem["targets"]]
    one, other = solved(problem), solved(problem | {"targets": classes})
    assert one.quantities["dL/dW_xr"] == other.quantities["dL/dW_xr"]


BATCHED: Problem = {
    "kind": "rnn",
    "inputs": [[[1, 2], [3, 4]], [[0, 1], [1, 0]]],
    "weights": {"W_xh": [[0.5, -0.3], [0.8, 0.2]], "W_hh": [[0.1, 0.4], [-0.2, 0.3]]},
}
T = {"targets": {2: [[1, 0], [0, 1]]}}
WRONG: list[tuple[Problem, str]] = [
    ({"jacobians": True}, "jacobians: jacobians are for one example, no batch"),
    ({"initial-state": [0, 1]}, "initial-state: h_0 has 2 entries, but 2 × 2 belongs here"),
    ({"targets": {2: [1, 0]}}, "targets.2: target_2 has 2 entries, but 2 × 2 belongs here"),
    (
        {"weights": {"W_xh": [1, 2], "W_hh": 1}},
        "weights.W_xh: the states of a batch are rows, but weights that are numbers have none",
    ),
    (
        {"inputs": [[1, 2]], "targets": [[1, 1]], "update": {"rate": 1, "steps": 2}}
        | {"jacobians": True},
        "jacobians: jacobians go with one step of the optimiser, not with several",
    ),
    (
        {"upstream": {"h_2": [[1, 1], [1, 1]]}, "update": {"rate": 1, "steps": 2}},
        "update.steps: one step is taken here: the gradients from above change with the weights",
    ),
    (
        {"inputs": [[1, 2]] * 20, "targets": {"1": [1, 1]}, "update": {"rate": 1, "steps": 101}},
        "update.steps: 101 steps of 41 lines each are too long to be written out",
    ),
    (
        T | {"loss": "cross-entropy"},
        "loss: cross-entropy needs outputs",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_mistakes_are_told_at_their_place(change: Problem, message: str) -> None:
    found = errors(BATCHED | change)
    assert any(line.endswith(message) for line in found), found


def test_a_wrong_update_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second step is worked out from the weights of the first: a wrong gradient there shows."""
    from stepsolve.operations.table import array_row

    row = array_row("@", [2, 2])
    assert row is not None
    monkeypatch.setitem(row.__dict__, "gradient", lambda a, b: ("g @ b.T", "2 * (a.T @ g)"))
    derivation = stepsolve.solve(plain(BATCHED | T | {"update": {"rate": 0.1, "steps": 2}}))
    failed = {check.of for check in derivation.checks if not check.passed}
    assert {"dL_step1/dW_xh", "dL_step2/dW_xh_step1"} <= failed


def test_all_optimisers_take_two_steps() -> None:
    for optimiser in training.ROWS:
        if " " in optimiser:
            continue
        update = {"rate": 0.1, "steps": 2, "optimiser": optimiser}
        assert "W_xh_step2" in solved(BATCHED | T | {"update": update}).results
