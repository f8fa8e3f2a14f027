"""Multilayer perceptrons against NumPy: values, every gradient, updates; pages; mistakes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import networks_by_hand as hand
import numpy as np
import pytest
from reading import headings, sentences

import stepsolve
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import OPERATIONS

TWO = {
    "kind": "mlp",
    "inputs": [0.1, 0.5],
    "targets": [0.05, 0.95],
    "weights": {"W1": [[0.1, 0.3], [0.2, 0.4]], "b1": 0.25, "W2": [[0.5, 0.6], [0.7, 0.8]]},
}
TWO["weights"]["b2"] = 0.35  # type: ignore[index]


def close(found: Any, wanted: Any) -> None:
    assert np.shape(found) == np.shape(wanted)
    assert np.allclose(np.asarray(found, dtype=float), wanted, rtol=1e-9, atol=1e-12)


def drawn(sizes: list[int], rows: bool, count: int | None, seed: int, bias: bool = True) -> Any:
    """Weights and an input of a network of given sizes."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for k, (inside, units) in enumerate(pairwise(sizes), 1):
        shape = (inside, units) if rows else (units, inside)
        values[f"W{k}"] = np.round(random.normal(0, 0.8, shape), 3)
        if bias:
            values[f"b{k}"] = np.round(random.normal(0, 0.5, units), 3)
    dims = [sizes[0]] if count is None else [count, sizes[0]]
    x = np.round(random.normal(0, 1, dims), 3)
    return values, x if rows or count is None else x.T


CASES = [
    ([3, 2], ["sigmoid"], "half-squared-error"),
    ([2, 4, 3], ["tanh", "identity"], "mse"),
    ([3, 5, 4], ["relu", "softmax"], "cross-entropy"),
    ([4, 3, 2], ["softplus", "sigmoid"], "binary-cross-entropy"),
    ([2, 3, 3, 2], ["relu", "tanh", "sigmoid"], "half-squared-error"),
    ([3, 4, 3], ["sigmoid", "softmax"], "half-squared-error"),
]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("count", [None, 1, 4])
@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(("sizes", "activations", "loss"), CASES)
def test_every_value_and_gradient(
    sizes: list[int],
    activations: list[str],
    loss: str,
    rows: bool,
    count: int | None,
    reduction: str,
) -> None:
    values, x = drawn(sizes, rows, count, len(sizes) + (count or 0))
    random = np.random.default_rng(7)
    y = random.integers(0, 2, [count or 1, sizes[-1]]).astype(float)
    if loss == "cross-entropy":
        y = np.eye(sizes[-1])[random.integers(0, sizes[-1], count or 1)]
    y = y[0] if count is None else y if rows else y.T
    problem = {
        "kind": "mlp",
        "inputs": x,
        "targets": y,
        "weights": values,
        "activation": activations,
        "examples": "rows" if rows else "columns",
        "loss": loss,
        "reduction": reduction,
    }
    solved = stepsolve.solve(problem)
    assert solved.confirmed

    def by_hand(at: Any) -> Any:
        output = hand.layers(at, x, activations, rows)
        return hand.loss(loss, output, y, count or 1, reduction == "mean")

    output = f"{'a' if count is None else 'A'}{len(activations)}"
    close(solved.quantities[output], hand.layers(values, x, activations, rows))
    close(solved.quantities["L"], by_hand(values))
    assert set(solved.results) == {f"dL/d{name}" for name in values}
    for name in values:
        close(solved.quantities[f"dL/d{name}"], hand.gradient(by_hand, values, name))


def test_one_step_of_the_network_of_the_notes() -> None:
    """By hand: a1 = sigmoid(0.41), sigmoid(0.47); the notes' W1'[0][1] of 0.29607 is 0.29668."""
    solved = stepsolve.solve({**TWO, "update": {"rate": 0.6}})
    values = {name: np.asarray(v, dtype=float) for name, v in TWO["weights"].items()}  # type: ignore[attr-defined]
    x, y = np.array([0.1, 0.5]), np.array([0.05, 0.95])

    def by_hand(at: Any) -> Any:
        output = hand.layers(at, x, ["sigmoid", "sigmoid"], False)
        return hand.loss("half-squared-error", output, y, 1, True)

    after = hand.descended(by_hand, values, list(values), 0.6)
    for name in values:
        close(solved.quantities[f"{name}'"], after[name])
    close(solved.quantities["L'"], by_hand(after))
    assert set(solved.results) == {"W1'", "b1'", "W2'", "b2'"}
    told = f"The loss has fallen from {by_hand(values):.4f} to {by_hand(after):.4f}."
    assert told in sentences(solved)


@pytest.mark.parametrize("rows", [True, False])
def test_mini_batches_go_round(rows: bool) -> None:
    values, x = drawn([2, 3, 2], rows, 5, 3)
    y = np.round(np.random.default_rng(1).normal(0, 1, (5, 2)), 2)
    y = y if rows else y.T
    problem = {
        "kind": "mlp",
        "inputs": x,
        "targets": y,
        "weights": values,
        "activation": ["tanh", "identity"],
        "examples": "rows" if rows else "columns",
        "update": {"rate": 0.2, "steps": 4},
        "batch-size": 2,
    }
    solved = stepsolve.solve(problem)
    assert solved.confirmed
    at = dict(values)
    for k, places in enumerate([[0, 1], [2, 3], [4], [0, 1]], 1):
        xs, ys = (x[places], y[places]) if rows else (x[:, places], y[:, places])

        def by_hand(at: Any, xs: Any = xs, ys: Any = ys) -> Any:
            output = hand.layers(at, xs, ["tanh", "identity"], rows)
            return hand.loss("half-squared-error", output, ys, xs.size // 2, True)

        close(solved.quantities[f"L_{k}"], by_hand(at))
        at = hand.descended(by_hand, at, list(values), 0.2)
        for name in values:
            close(solved.quantities[f"{name}_{k}"], at[name])
    assert set(solved.results) == {f"{name}_4" for name in values}


def test_only_what_is_trainable_moves() -> None:
    solved = stepsolve.solve({**TWO, "update": {"rate": 0.6}, "trainable": ["W2"]})
    assert set(solved.results) == {"W2'"}
    assert "dL/dW1" not in solved.quantities


def test_classes_by_number_are_one_hot() -> None:
    common = {"kind": "mlp", "weights": {"W1": [[1, 2], [0, 1], [2, 0]]}, "bias": False}
    common |= {"activation": "softmax"}
    one = stepsolve.solve({**common, "inputs": [1, 2], "targets": 2})
    other = stepsolve.solve({**common, "inputs": [1, 2], "targets": [0, 0, 1]})
    assert one.quantities == other.quantities
    batch = stepsolve.solve({**common, "inputs": [[1, 3], [2, 4]], "targets": [2, 0]})
    assert batch.quantities["Y"] == [[0, 1], [0, 0], [1, 0]]


def test_symbols_give_formulas() -> None:
    problem = {"kind": "mlp", "inputs": {"shape": [3]}, "targets": {"shape": [2]}}
    solved = stepsolve.solve({**problem, "layers": [3, 4, 2], "activation": ["tanh", "softmax"]})
    assert solved.confirmed and not solved.quantities
    lines = {line.name: one_line(line.expression) for line in solved.lines}
    assert lines["dL/dz2"] == "a2 − y"  # the textbook's p - y
    assert lines["dL/dz1"] == "dL/da1 · (1 − a1²)"
    assert lines["dL/da1"] == "W2ᵀ @ dL/dz2"


def test_the_page_is_in_order() -> None:
    solved = stepsolve.solve({**TWO, "update": {"rate": 0.6, "steps": 2}})
    assert headings(solved) == [
        "Step 1: forward pass",
        "Step 1: backward pass from L₁",
        "Step 1: update by gradient descent",
        "Step 2: forward pass",
        "Step 2: backward pass from L₂",
        "Step 2: update by gradient descent",
        "After the last step",
        "Result",
    ]
    names = [line.name for line in solved.lines]
    assert names[:5] == ["z1_1", "a1_1", "z2_1", "a2_1", "L_1"]
    assert names[5:9] == ["dL_1/da2_1", "dL_1/dz2_1", "dL_1/dW2", "dL_1/da1_1"]


# -------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"inputs": [1, 2, 3]}, "weights.W1", "W1 is 2 × 2, but the input has 3 entries"),
        (
            {"inputs": 1},
            "inputs",
            "an input is a vector and a batch a matrix, but this is a number",
        ),
        ({"targets": [1, 2, 3]}, "targets", "y has 3 entries, but 2 entries belong here"),
        ({"weights": {}}, "weights", "a network has from 1 to 50 layers with weights, not 0"),
        ({"weights": {"W1": [[1, 2]]}}, "weights", "the weight b1 is missing"),
        (
            {"weights": {"W1": [[1, 2]], "b_1": 0, "b1": 0}},
            "weights.b_1",
            "there is no weight b_1 here",
        ),
        (
            {"weights": {"W1": [[1, 2]], "b1": 0, "W2": [[1, 2]], "b2": 0}},
            "weights.W2",
            "W2 is 1 × 2, but a1 has 1 entry",
        ),
        (
            {"weights": {"W1": [1, 2], "b1": 0, "W2": [[1]], "b2": 0}},
            "weights.W1",
            "W1 has 2 entries, but only the last weight may be a vector",
        ),
        (
            {"weights": {**TWO["weights"], "b2": [1, 2, 3]}},  # type: ignore[dict-item]
            "weights.b2",
            "b2 has 3 entries, but 2 entries belong here",
        ),
        ({"activation": ["relu"] * 3}, "activation", "there are 2 layers, but 3 activations"),
        ({"activation": "relo"}, "activation", "unknown choice relo"),
        ({"activation": ["relu", "softmax"], "targets": 2}, "targets", "there is no class 2"),
        (
            {"activation": ["relu", "softmax"], "targets": [0.5, 0.4]},
            "targets",
            "L: the targets are probabilities, but their sum is 0.9, not 1",
        ),
        (
            {"loss": "cross-entropy"},
            "loss",
            "the loss cross-entropy needs softmax as the last activation",
        ),
        ({"trainable": ["W3"]}, "trainable[0]", "there is no weight W3 here"),
        ({"batch-size": 1}, "batch-size", "batch-size is for an update"),
        (
            {"batch-size": 2, "update": {"rate": 1}},
            "batch-size",
            "batch-size is 2, but there are 1 examples",
        ),
        (
            {"backward": False, "update": {"rate": 1}},
            "backward",
            "an update needs gradients: leave out backward: false",
        ),
        ({"inputs": [float("nan"), 1]}, "inputs[0]", ""),
        ({"inputs": [float("inf"), 1]}, "inputs[0]", ""),
        ({"inputs": []}, "inputs", "an array has at least one entry"),
    ],
)
def test_a_mistake_is_told_at_its_place(
    changes: dict[str, object], place: str, message: str
) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as error:
        stepsolve.solve({**TWO, **changes})
    found = [(str(d.place), d.message) for d in error.value.diagnoses]
    assert any(p == place and m.startswith(message) for p, m in found), found


def test_an_update_that_diverges_is_told_with_its_step() -> None:
    problem = {
        "kind": "mlp",
        "inputs": [[1, 2, 3]],
        "targets": [[1, 2, 3]],
        "weights": {"W1": [[5.0]], "W2": [[3.0]]},
        "bias": False,
        "activation": "identity",
        "update": {"rate": 3, "steps": 100},
    }
    with pytest.raises(stepsolve.InvalidProblem) as error:
        stepsolve.solve(problem)
    (told,) = error.value.diagnoses
    assert told.message.startswith("L_5: ") and told.message.endswith("is too large")
    assert told.hint == "the steps may be too long: take a smaller rate"


def test_a_wrong_rule_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["sigmoid"]
    wrong = replace(row, local=("y * (1 + y)",))
    monkeypatch.setitem(OPERATIONS, "sigmoid", wrong)
    solved = stepsolve.solve(TWO)
    failed = {check.of for check in solved.checks if not check.passed}
    assert failed >= {"dL/dz2", "dL/dW1"} and not solved.confirmed
