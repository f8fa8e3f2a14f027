"""The kind `rnn`: values and gradients by NumPy, the page, mistakes, a wrong rule."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import recurrent_by_hand as by_hand
from recurrent_cases import Random, agree, errors, plain, solved

import stepsolve
from stepsolve.derivation import Section, Text
from stepsolve.operations import array_algebra
from stepsolve.operations.table import array_row

Problem = dict[str, Any]
W = {"W_xh": [[0.5, -0.3], [0.8, 0.2]], "W_hh": [[0.1, 0.4], [-0.2, 0.3]]}
BASE: Problem = {"kind": "rnn", "inputs": [[1, 2], [0.5, 3]], "weights": W}
TRAINED = BASE | {"targets": [[0.5, 0.1], [1, -0.3]]}


def drawn(seed: int, m: int, n: int, steps: int, rows: bool = False) -> tuple[Problem, Problem]:
    """A problem with m inputs and n states, 0 for numbers, and what is given to the equations."""
    random = Random(seed)
    inputs = random(steps, *([m] if m else []))
    sizes = [k for k in (n, m) if k]
    weights = {
        "W_xh": random(*(sizes[::-1] if rows else sizes)),
        "W_hh": random(*([n, n] if n else [])),
        "b_h": random(*([n] if n else [])),
    }
    state = random(*([n] if n else []))
    given = weights | {"h_0": state} | {f"x_{t}": inputs[t - 1] for t in range(1, steps + 1)}
    problem = {"kind": "rnn", "inputs": inputs, "initial-state": state, "weights": weights}
    if rows:
        problem["vectors"] = "rows"
    return problem, given


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
@pytest.mark.parametrize(
    ("m", "n", "steps"), [(2, 3, 3), (0, 2, 4), (3, 0, 2), (0, 0, 5), (1, 1, 1)]
)
def test_states_and_gradients(activation: str, m: int, n: int, steps: int) -> None:
    problem, given = drawn(m + 10 * n + steps, m, n, steps)
    random = Random(7)
    targets = [random(*([n] if n else [])) for _ in range(steps)]
    problem |= {"targets": targets, "activation": activation, "input-gradients": True}
    given |= {f"target_{t}": target for t, target in enumerate(targets, 1)}
    run = partial(by_hand.rnn, given, steps, activation=activation)
    found = agree(solved(problem), lambda moved: run(moved))
    each = ["x", "h", *("z" * (activation != "identity")), *("L" * (steps > 1))]
    assert found == len(each) * steps + 4  # and three weights, and the first state


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("loss", ["half", "mse", "cross", "binary"])
def test_outputs_and_losses(loss: str, rows: bool) -> None:
    names = {
        "half": "half-squared-error",
        "mse": "mean-squared-error",
        "cross": "cross-entropy",
        "binary": "binary-cross-entropy",
    }
    problem, given = drawn(5, 2, 3, 4, rows)
    random = Random(11)
    outputs = {"W_hy": random(3, 4) if rows else random(4, 3), "b_y": random(4)}
    targets = [np.abs(random(4)) % 1 for _ in range(4)]
    if loss == "cross":
        targets = [np.eye(4)[random.class_of(4)] for _ in range(4)]
    problem["weights"] = problem["weights"] | outputs
    problem |= {"targets": targets, "loss": names[loss], "reduction": "mean"}
    given |= outputs | {f"target_{t}": target for t, target in enumerate(targets, 1)}
    derivation = solved(problem)
    agree(derivation, lambda moved: by_hand.rnn(given, 4, moved, loss=loss, mean=True, rows=rows))
    if loss == "cross":  # classes are counted from 0
        problem["targets"] = [int(np.argmax(target)) for target in targets]
        again = solved(problem)
        assert again.quantities["dL/dW_xh"] == derivation.quantities["dL/dW_xh"]


def test_a_loss_at_some_steps() -> None:
    problem, given = drawn(3, 2, 2, 4)
    given |= {"target_2": [0.5, 1.0], "target_4": [0.0, -1.0]}
    targets = {2: [0.5, 1.0], 4: [0.0, -1.0]}
    derivation = solved(problem | {"targets": {str(t): v for t, v in targets.items()}})
    agree(derivation, lambda moved: by_hand.rnn(given, 4, moved))
    listed = solved(problem | {"targets": ["none", targets[2], "none", targets[4]]})
    assert listed.quantities == derivation.quantities


def test_gradients_from_above() -> None:
    problem, given = drawn(4, 2, 3, 3)
    above = {"h_1": [1.0, 0.5, -1.0], "h_3": [0.25, 0.0, 2.0]}
    derivation = solved(problem | {"upstream": above})

    def run(moved: Problem) -> by_hand.Values:
        v = by_hand.rnn(given, 3, moved)
        v["L"] = sum(np.sum(np.asarray(g) * v[name]) for name, g in above.items())
        return v

    assert agree(derivation, run) >= 10


def test_two_directions() -> None:
    problem, given = drawn(8, 2, 3, 3)
    random = Random(1)
    more = {"W_xk": random(3, 2), "W_kk": random(3, 3), "b_k": random(3)}
    more |= {"W_hy": random(2, 3), "W_ky": random(2, 3), "b_y": random(2)}
    targets = [random(2) for _ in range(3)]
    problem["weights"] = problem["weights"] | more
    given |= more | {"k_4": np.zeros(3)}
    given |= {f"target_{t}": target for t, target in enumerate(targets, 1)}
    derivation = solved(problem | {"targets": targets})
    agree(derivation, lambda moved: by_hand.rnn(given, 3, moved))
    assert headings(derivation)[:3] == ["Forwards, step 1", "Forwards, step 2", "Forwards, step 3"]
    assert "Backwards, step 3" in headings(derivation)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
@pytest.mark.parametrize("n", [0, 3])
def test_jacobians(activation: str, n: int, rows: bool) -> None:
    problem, given = drawn(6, 2, n, 3, rows)
    derivation = solved(problem | {"jacobians": True, "activation": activation})
    for t in (1, 2, 3):
        expected = by_hand.jacobian(
            lambda moved: by_hand.rnn(given, 3, moved, activation, rows=rows),
            f"h_{t}",
            f"h_{t - 1}",
        )
        assert derivation.quantities[f"∂h_{t}/∂h_{t - 1}"] == pytest.approx(expected, abs=1e-9)


def test_an_update() -> None:
    problem, given = drawn(9, 2, 2, 2)
    given |= {"target_1": [0.5, 1.0], "target_2": [0.0, -1.0]}
    derivation = solved(problem | {"targets": [[0.5, 1.0], [0.0, -1.0]], "update": {"rate": 0.3}})
    for name in ("W_xh", "W_hh", "b_h"):
        slope = by_hand.gradient(lambda moved: by_hand.rnn(given, 2, moved), name)
        expected = given[name] - 0.3 * slope
        assert derivation.quantities[f"{name}'"] == pytest.approx(expected, rel=1e-9)


def test_symbols_give_formulas_that_are_checked_with_numbers() -> None:
    shapes = {"W_xh": {"shape": [3, 2]}, "W_hh": {"shape": [3, 3]}}
    derivation = solved(
        {
            "kind": "rnn",
            "inputs": {"shape": [2, 2]},
            "weights": shapes,
            "targets": {"shape": [2, 3]},
        }
    )
    assert "dL/dW_hh" in derivation.results and "dL/dW_hh" not in derivation.quantities
    assert any(check.of == "dL/dW_xh" for check in derivation.checks)


# ------------------------------------------------------------------------------------- the page


def headings(derivation: stepsolve.Derivation) -> list[str]:
    return [
        "".join(str(part) for part in block.parts)
        for block in derivation.blocks
        if isinstance(block, Section)
    ]


def test_the_sections_of_a_page() -> None:
    derivation = solved(TRAINED | {"update": {"rate": 0.1}})
    assert headings(derivation) == [
        "Step 1",
        "Step 2",
        "Loss",
        "Backward, the loss",
        "Backward, step 2",
        "Backward, step 1",
        "Gradients of the weights",
        "The gradient on its way back",
        "Update by gradient descent",
        "After the update",
        "Result",
    ]
    assert [line.name for line in derivation.lines][:6] == [
        "z_1",
        "h_1",
        "L_1",
        "z_2",
        "h_2",
        "L_2",
    ]
    assert list(derivation.results) == ["L", "dL/dW_xh", "dL/dW_hh", "W_xh'", "W_hh'"]


def test_forward_only_without_targets() -> None:
    derivation = solved(BASE)
    assert headings(derivation) == ["Step 1", "Step 2", "Result"]
    assert list(derivation.results) == ["h_1", "h_2"]


def test_the_norms_of_the_gradients_say_whether_they_vanish() -> None:
    for scale, word in ((0.3, "vanishes"), (2.0, "explodes")):
        problem = {
            "kind": "rnn",
            "inputs": [[0.0]] * 6,
            "activation": "identity",
            "weights": {"W_xh": [[1], [1]], "W_hh": [[scale, 0], [0, scale]]},
            "upstream": {"h_6": [3, 4]},
        }
        derivation = solved(problem)
        (table,) = derivation.tables
        assert dict(table.data)["norm_h"] == pytest.approx([5 * scale**k for k in range(6)])
        told = [block.parts[0] for block in derivation.blocks if isinstance(block, Text)]
        assert any(word in str(part) for part in told)


def test_a_long_sequence_is_shown_in_part() -> None:
    problem = BASE | {"inputs": {"shape": [30, 2], "seed": 1}, "targets": {30: [0.5, 1]}}
    derivation = solved(problem)
    shown = {line.name for line in derivation.lines}
    assert {"h_1", "h_2", "h_30", "dL/dh_30", "dL/dh_1"} <= shown
    assert not {"h_3", "h_29", "dL/dh_17", "norm_h4"} & shown
    assert "h_17" in derivation.quantities and "dL/dh_17" in derivation.quantities
    told = [block.parts[0] for block in derivation.blocks if isinstance(block, Text)]
    assert "Steps 3 to 29 go the same way: worked out and checked, they are left out here." in told
    assert "Steps 29 to 3 go the same way: worked out and checked, they are left out here." in told


# -------------------------------------------------------------------------------------- mistakes

WRONG: list[tuple[Problem, str]] = [
    ({"inputs": 3}, "inputs: inputs are a list of vectors or of numbers, but this is a number"),
    ({"inputs": []}, "inputs: an array has at least one entry"),
    ({"inputs": [[1, 2], [3]]}, "inputs[1]: this row has 1 entry, the first one has 2 entries"),
    ({"inputs": [[1, "nan"]]}, "inputs[0][1]: nan is not a number"),
    ({"inputs": [[1, "inf"]]}, "inputs[0][1]: inf is not a number"),
    ({"inputs": {"shape": [201, 2]}}, "inputs: a sequence has at most 200 steps"),
    ({"weights": {}}, "weights: W_xh, W_hh are missing"),
    ({"weights": {"W_xh": [[1, 2]]}}, "weights: W_hh is missing"),
    (
        {"weights": W | {"W_hx": [[1]]}},
        "weights.W_hx: there is no weight W_hx here",
    ),
    (
        {"weights": W | {"W_hh": [[1, 2]]}},
        "weights.W_hh: W_hh is 1 × 2, but 1 × 1 belongs here",
    ),
    (
        {"weights": W | {"W_xh": [[1], [2]]}},
        "weights.W_xh: W_xh is 2 × 1, but 2 × 2 belongs here",
    ),
    ({"weights": W | {"b_h": [1]}}, "weights.b_h: b_h has 1 entry, but 2 entries belong here"),
    ({"weights": W | {"b_y": [1]}}, "weights: W_hy is missing"),
    ({"initial-state": [1]}, "initial-state: h_0 has 1 entry, but 2 entries belong here"),
    ({"targets": [[1, 2]]}, "targets: there are 1 targets, but the sequence has 2 steps"),
    ({"targets": []}, "targets: at least 1 entry belongs here, not none"),
    ({"targets": ["none", "none"]}, "targets: at least one step needs a target"),
    ({"targets": {3: [1, 2]}}, "targets.3: there is no step 3 of 2"),
    ({"targets": {0: [1, 2]}}, "targets.0: a step, counted from 1, belongs here, not 0"),
    (
        {"weights": W | {"W_hy": [[[1, 2]]]}},
        "weights.W_hy: W_hy is 1 × 1 × 2, but a weight has at most two axes",
    ),
    ({"targets": [1, 2]}, "targets[0]: target_1 is a number, but 2 entries belong here"),
    (
        {"targets": [0, 1], "loss": "cross-entropy"},
        "loss: cross-entropy needs outputs",
    ),
    ({"output-activation": "softmax"}, "output-activation: an output activation needs outputs"),
    (
        {"upstream": {"h_2": [1, 1]}, "targets": [[1, 2], [3, 4]]},
        "upstream.h_2: targets and upstream exclude each other: a loss has gradients of its own",
    ),
    ({"upstream": {"h_3": [1, 1]}}, "upstream.h_3: h_3 is not a state or an output"),
    ({"upstream": {"h_2": 1}}, "upstream.h_2: h_2 is a number, but 2 entries belong here"),
    ({"update": {"rate": 1}}, "update: an update needs targets, or upstream gradients"),
    ({"update": {"rate": -1}}, "update.rate: a number of at least 0 belongs here"),
    ({"activation": "tnah"}, "activation: unknown choice tnah"),
]


@pytest.mark.parametrize(
    ("change", "message"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_mistakes_are_told_at_their_place(change: Problem, message: str) -> None:
    assert any(line.endswith(message) for line in errors(BASE | change)), errors(BASE | change)


CLASSES = {"weights": W | {"W_hy": [[1, 2], [3, 4], [5, 6]]}, "loss": "cross-entropy"}


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0, 3], "targets[1]: there is no class 3"),
        ([0, -1], "targets[1]: there is no class -1"),
        ([0, 0.5], "targets[1]: there is no class 0.5"),
        ([0, [0.5, 0.2, 0.2]], "targets[1]: these probabilities sum to 0.9, not to 1"),
        ([0, [1.5, -0.2, -0.3]], "is not a probability"),
        ([0, [0.5, 0.5]], "targets[1]: target_2 has 2 entries, but 3 entries belong here"),
    ],
)
def test_classes_and_probabilities(targets: list[Any], message: str) -> None:
    found = errors(BASE | CLASSES | {"targets": targets})
    assert any(message in line for line in found), found


def test_a_rate_that_leads_out_of_all_numbers_is_told() -> None:
    found = errors(
        TRAINED
        | {"update": {"rate": "1e99", "weight-decay": "1e99"}}
        | {
            "weights": {name: [[1e150 * v for v in row] for row in w] for name, w in W.items()},
            "activation": "identity",
            "targets": {1: [0, 0]},
        }
    )
    assert found and "too large" in found[0], found


def test_mistakes_are_told_together() -> None:
    found = errors(BASE | {"weights": {"W_xh": [[1]], "W_hh": [[1, 2], [3, 4]]}, "digits": 99})
    assert any("digits" in line for line in found)
    found = errors(BASE | {"weights": {"W_xh": [[1]], "W_hh": [[1, 2], [3, 4]], "b_h": [1]}})
    assert sum(" here" in line for line in found) == 2


# ------------------------------------------------------------------------------ a wrong rule is seen


def test_a_wrong_gradient_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    row = array_row("@", [2, 1])
    assert row is not None and row in array_algebra.ROWS
    monkeypatch.setitem(row.__dict__, "gradient", lambda a, b: ("outer(g, b)", "a @ g"))
    derivation = stepsolve.solve(plain(TRAINED))
    assert not derivation.confirmed
    assert "dL/dh_1" in {check.of for check in derivation.checks if not check.passed}


def test_a_wrong_jacobian_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.kinds import rnn

    monkeypatch.setitem(rnn._SLOPES, "tanh", "1 - h")
    derivation = stepsolve.solve(plain(BASE | {"jacobians": True}))
    failed = {check.of for check in derivation.checks if not check.passed}
    assert failed == {"∂h_1/∂h_0", "∂h_2/∂h_1"}
