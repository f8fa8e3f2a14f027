"""The perceptron rule against a loop over whole numbers; how it ends; mistakes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from networks_by_hand import perceptron_rule
from reading import headings, sentences, tables

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.notation.tree import Name

ROWS = list(product((0, 1), repeat=2))
AND = {
    "kind": "perceptron-training",
    "targets": "AND",
    "weights": {"w": [0, 0], "b": 0},
    "rate": 0.1,
}


def updates(solved: Derivation) -> int:
    return sum(name.startswith("w_") for name in solved.quantities)


@pytest.mark.parametrize("rate", ["0.1", "1", "0.3"])
@pytest.mark.parametrize("targets", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1], [1, 0, 0, 0]])
def test_every_update(targets: list[int], rate: str) -> None:
    solved = stepsolve.solve({**AND, "targets": targets, "rate": rate})
    weights, biases, right = perceptron_rule(ROWS, targets, ["0", "0"], "0", rate, 20)
    assert right and solved.confirmed and updates(solved) == len(weights) - 1
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        names = (f"w_{k}", f"b_{k}") if k else ("w", "b")
        assert np.allclose(solved.quantities[names[0]], [float(v) for v in w], atol=1e-12)
        assert solved.quantities[names[1]] == pytest.approx(float(b), abs=1e-12)
    last = len(weights) - 1
    assert set(solved.results) == {f"w_{last}", f"b_{last}"}


def test_random_rows() -> None:
    random = np.random.default_rng(4)
    x = np.round(random.normal(0, 1, (12, 3)), 2)
    targets = (x @ [1, -2, 0.5] > 0.1).astype(int).tolist()
    problem = {**AND, "inputs": x, "targets": targets, "weights": {"w": [0.1, 0.2, 0.3], "b": 0}}
    solved = stepsolve.solve({**problem, "epochs": 100})
    weights, _, right = perceptron_rule(x.tolist(), targets, ["0.1", "0.2", "0.3"], "0", "0.1", 100)
    assert right and updates(solved) == len(weights) - 1
    found = solved.quantities[f"w_{len(weights) - 1}"]
    assert np.allclose(found, [float(v) for v in weights[-1]], atol=1e-12)


def test_the_first_unit_of_the_notes() -> None:
    """z1 = x1 AND NOT x2 from w = [1, 1], by hand: one update, at (0, 1), to [1, -0.5]."""
    problem = {**AND, "targets": [0, 0, 1, 0], "weights": {"w": [1, 1]}, "rate": 1.5}
    solved = stepsolve.solve({**problem, "threshold": 1, "step": "at-or-above"})
    assert solved.quantities["w_1"] == [1, -0.5] and "w_2" not in solved.quantities
    assert tables(solved)[0] == [
        ["[0, 0]", "0", "0", "0", "0", "[1, 1]"],
        ["[0, 1]", "1", "1", "0", "−1", "[1, −0.5]"],
        ["[1, 0]", "1", "1", "1", "0", "[1, −0.5]"],
        ["[1, 1]", "0.5", "0", "0", "0", "[1, −0.5]"],
    ]
    assert headings(solved) == ["Epoch 1", "Epoch 2", "After training", "Result"]
    assert sentences(solved)[-1] == (
        "Epoch 2 passes without an update: the perceptron computes the targets. "
        "The weights have changed once."
    )


def test_xor_goes_round_in_a_circle() -> None:
    solved = stepsolve.solve({**AND, "targets": "XOR", "rate": 1})
    assert any(
        "goes round in a circle and never ends, so the classes are not linearly separable." in text
        for text in sentences(solved)
    )
    assert solved.quantities["s_1"] == solved.quantities["s_0"] == [1, 1]


def test_the_limit_of_epochs() -> None:
    solved = stepsolve.solve({**AND, "epochs": 2})
    assert sentences(solved)[-1].startswith("No epoch of 2 has passed without an update.")
    assert "s_1" not in solved.quantities


def test_a_fixed_bias_stays() -> None:
    solved = stepsolve.solve({**AND, "weights": {"w": [0, 0], "b": -0.5}, "learn-bias": False})
    assert not any(name.startswith("b_") for name in solved.quantities)
    w = solved.quantities[f"w_{updates(solved)}"]
    assert isinstance(w, list)
    assert [int(float(np.dot(w, row)) - 0.5 > 0) for row in ROWS] == [0, 0, 0, 1]


def test_a_thousand_presentations_are_written_out() -> None:
    problem = {**AND, "targets": "XOR", "weights": {"w": [0.013, 0.027], "b": 0.005}, "rate": 0.37}
    rows = np.round(np.random.default_rng(1).normal(0, 1, (50, 2)), 3)
    targets = [int(k % 2) for k in range(50)]
    solved = stepsolve.solve({**problem, "inputs": rows, "targets": targets, "epochs": 20})
    assert "y_1000" in solved.quantities and solved.confirmed


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"rate": 0}, "rate", "the learning rate is a number above 0"),
        ({"rate": -1}, "rate", "the learning rate is a number above 0"),
        ({"rate": "symbol"}, "rate", "a number belongs here, not symbol"),
        ({"weights": {"w": {"shape": [2]}}}, "weights.w", "the updates depend on values"),
        ({"epochs": 1001}, "epochs", "a whole number from 1 to 1000 belongs here"),
        (
            {"inputs": [[0, 1]] * 200, "targets": [1] * 200, "epochs": 50},
            "epochs",
            "50 epochs of 200 rows are too many presentations",
        ),
        ({"weights": {}}, "weights", "training needs the weights to begin with"),
        ({"weights": {"w": ["sqrt(2)", 1]}}, "weights.w", ""),
    ],
)
def test_a_mistake_is_told_at_its_place(
    changes: dict[str, object], place: str, message: str
) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as error:
        stepsolve.solve({**AND, **changes})
    found = [(str(d.place), d.message) for d in error.value.diagnoses]
    assert any(p.startswith(place) and m.startswith(message) for p, m in found), found


def test_a_unit_has_a_name() -> None:
    """z1 is x1 and not x2, by hand: the second row is wrong once, and its weights are lowered."""
    problem = {"kind": "perceptron-training", "unit": "z1", "weights": {"w": [1, 1]}, "rate": 1.5}
    problem |= {"targets": [0, 0, 1, 0], "step": "at-or-above", "threshold": 1}
    derivation = stepsolve.solve(problem)
    found = derivation.quantities
    assert [found[f"z1_{k}"] for k in range(1, 9)] == [0, 1, 1, 0, 0, 0, 1, 0]
    assert found["w_1"] == [1, -0.5] and "y_1" not in found
    assert derivation.tables[0].header[2] == Name("z1")


@pytest.mark.parametrize(
    ("unit", "told"), [("w", "something else"), ("z_1", "a name belongs"), ("", "a name belongs")]
)
def test_a_unit_needs_a_name_of_its_own(unit: str, told: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem, match=f"^unit: .*{told}"):
        stepsolve.solve({"kind": "perceptron-training", "unit": unit, "weights": {"w": [0, 0]},
                         "targets": "AND", "rate": 1})  # fmt: skip
