"""The kind `lstm`: values and gradients by NumPy, its weights in every form, Jacobians, mistakes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import recurrent_by_hand as by_hand
from recurrent_cases import Random, agree, errors, plain, solved

import stepsolve
from stepsolve.derivation import Section, Text
from stepsolve.kinds import lstm
from stepsolve.operations import activations
from stepsolve.source.expression import parse

Problem = dict[str, Any]
ONES = {f"W_x{gate}": [[1, 0.5]] for gate in "ifog"} | {f"W_h{gate}": [[0.5]] for gate in "ifog"}
BASE: Problem = {"kind": "lstm", "inputs": [[1, 2], [0.5, 3]], "weights": ONES}


def drawn(
    seed: int,
    m: int,
    n: int,
    steps: int,
    letters: str = "ifog",
    short: bool = False,
    rows: bool = False,
) -> tuple[Problem, Problem]:
    """A problem with m inputs and n states, 0 for numbers, and what is given to the equations."""
    random = Random(seed)
    inputs = random(steps, *([m] if m else []))
    state = [n] if n else []
    sizes = [*state, *([m] if m else [])]
    weights: Problem = {}
    for letter in letters:
        w, u, b = by_hand.gate_names(letter, short)
        weights[w] = random(*(sizes[::-1] if rows else sizes))
        weights[u] = random(*state, *state)
        weights[b] = random(*state)
    first = {"h_0": random(*state), "c_0": random(*state)}
    given = weights | first | {f"x_{t}": inputs[t - 1] for t in range(1, steps + 1)}
    problem = {"kind": "lstm", "inputs": inputs, "weights": weights}
    problem |= {"initial-state": first["h_0"], "initial-cell": first["c_0"]}
    if rows:
        problem["vectors"] = "rows"
    if letters != "ifog":
        problem["gates"] = dict(zip("ifog", letters, strict=True))
    return problem, given


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("letters", ["ifog", "ifoa", "jfmg"])
@pytest.mark.parametrize(
    ("m", "n", "steps"), [(2, 3, 3), (0, 2, 2), (2, 0, 2), (0, 0, 4), (3, 1, 1)]
)
def test_gates_and_gradients(letters: str, short: bool, m: int, n: int, steps: int) -> None:
    problem, given = drawn(m + 10 * n + steps, m, n, steps, letters, short)
    random = Random(3)
    targets = [random(*([n] if n else [])) for _ in range(steps)]
    given |= {f"target_{t}": target for t, target in enumerate(targets, 1)}
    problem |= {"targets": targets, "input-gradients": True}
    run = partial(by_hand.lstm, given, steps, letters=letters, short=short)
    found = agree(solved(problem), lambda moved: run(moved))
    assert (
        found == (11 + (steps > 1)) * steps + 12 + 2
    )  # x, 4 gates twice, c, h, L; weights; states


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("n", [0, 2])
def test_stacked_weights(rows: bool, n: int) -> None:
    order, size = "ofig", n or 1
    problem, given = drawn(4, 3, n, 2, rows=rows)
    axis = 1 if rows else 0
    stacked = {}
    for k, whole in enumerate(("W_x", "W_h", "b")):
        parts = [given[by_hand.gate_names(letter, False)[k]] for letter in order]
        if n:
            stacked[whole] = np.concatenate(parts, axis if parts[0].ndim == 2 else 0)
        else:
            stacked[whole] = np.stack(parts, axis if parts[0].ndim == 1 else 0)
    random = Random(2)
    extra = {"target_2": random(*([n] if n else []))}
    problem |= {"weights": stacked, "gate-order": list(order), "targets": {2: extra["target_2"]}}
    kept = {name: v for name, v in given.items() if name[0] in "hcx"}
    derivation = solved(problem)

    def run(moved: Problem) -> by_hand.Values:
        if n:
            return by_hand.lstm(kept | stacked | extra, 2, moved, rows=rows, stacked=(order, size))
        return by_hand.lstm(apart(kept | stacked | extra, moved, rows), 2, moved, rows=rows)

    def apart(all_given: Problem, moved: Problem, rows: bool) -> Problem:
        """Of gates with one number each: the entries of the stacked weights."""
        found = dict(all_given)
        for k, letter in enumerate(order):
            for whole, part in zip(
                ("W_x", "W_h", "b"), by_hand.gate_names(letter, False), strict=True
            ):
                array = found[whole] + moved.get(whole, 0)
                found[part] = array[:, k] if rows and array.ndim == 2 else array[k]
        return found

    assert agree(derivation, run) > 20


def test_outputs_over_states() -> None:
    problem, given = drawn(5, 2, 3, 2)
    random = Random(8)
    outputs = {"W_hy": random(4, 3), "b_y": random(4)}
    given |= outputs | {"target_1": np.eye(4)[2], "target_2": np.eye(4)[0]}
    problem["weights"] = problem["weights"] | outputs
    derivation = solved(problem | {"targets": [2, 0], "loss": "cross-entropy"})
    agree(derivation, lambda moved: by_hand.lstm(given, 2, moved, loss="cross"))


def test_gradients_from_above() -> None:
    problem, given = drawn(4, 2, 2, 2)
    derivation = solved(problem | {"upstream": {"h_2": [1, 0.5], "c_2": [-1, 2]}})

    def run(moved: Problem) -> by_hand.Values:
        v = by_hand.lstm(given, 2, moved)
        v["L"] = np.sum(np.array([1, 0.5]) * v["h_2"]) + np.sum(np.array([-1, 2]) * v["c_2"])
        return v

    assert agree(derivation, run) > 20


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("n", [0, 3])
def test_jacobians(n: int, rows: bool) -> None:
    problem, given = drawn(6, 2, n, 3, rows=rows)
    derivation = solved(problem | {"jacobians": True})
    found = derivation.quantities
    for t in (1, 2, 3):
        for of, by in [("c", "c"), ("c", "h"), ("h", "c"), ("h", "h")]:
            other = f"{'h' if by == 'c' else 'c'}_{t - 1}"
            expected = by_hand.jacobian(
                lambda moved: by_hand.lstm(given, 3, moved, rows=rows),
                f"{of}_{t}",
                f"{by}_{t - 1}",
                held=(other,) if t > 1 and by == "c" else (),
            )
            assert found[f"∂{of}_{t}/∂{by}_{t - 1}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    kept = np.prod([found[f"f_{t}"] for t in (1, 2, 3)], axis=0)
    assert found["∂c_3/∂c_0"] == pytest.approx(np.diag(kept) if n else kept)


def test_symbols_give_formulas_that_are_checked_with_numbers() -> None:
    shapes = {f"W_x{gate}": {"shape": [2, 3]} for gate in "ifog"}
    shapes |= {f"W_h{gate}": {"shape": [2, 2]} for gate in "ifog"}
    derivation = solved(
        {"kind": "lstm", "inputs": {"shape": [1, 3]}, "weights": shapes, "jacobians": True}
    )
    assert stepsolve.notation.plain.plain(derivation.results["∂h_1/∂h_0"]).startswith(
        "diag(tanh(c_1)"
    )
    assert len(derivation.checks) >= 4 and "h_1" not in derivation.quantities


def test_drawn_weights_over_a_long_sequence() -> None:
    problem = {
        "kind": "lstm",
        "inputs": {"shape": [40, 3], "seed": 1},
        "weights": {
            "W_x": {"shape": [16, 3], "seed": 2, "scale": 0.4},
            "W_h": {"shape": [16, 4], "seed": 3, "scale": 0.4},
        },
        "targets": {40: [0.1, 0.2, 0.3, 0.4]},
    }
    derivation = solved(problem)
    given = {name: np.array(derivation.quantities[name]) for name in ("W_x", "W_h")}
    given |= {f"x_{t}": np.array(derivation.quantities[f"x_{t}"]) for t in range(1, 41)}
    given |= {"h_0": np.zeros(4), "c_0": np.zeros(4), "target_40": np.array([0.1, 0.2, 0.3, 0.4])}

    def run(moved: Problem) -> by_hand.Values:
        return by_hand.lstm(given, 40, moved, stacked=("ifgo", 4))

    for name in ("W_x", "W_h", "h_3", "c_20"):
        expected = by_hand.gradient(run, name)
        assert derivation.quantities[f"dL/d{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-14)


# ------------------------------------------------------------------------------------- the page


def test_the_sections_of_a_page() -> None:
    derivation = solved(BASE | {"targets": [[0.5], [1]], "jacobians": True})
    found = [b.parts[0] for b in derivation.blocks if isinstance(b, Section)]
    assert found == [
        "Step 1",
        "Step 2",
        "By the step before, step 1",
        "By the step before, step 2",
        "Why the gradient lives",
        "Loss",
        "Backward, the loss",
        "Backward, step 2",
        "Backward, step 1",
        "Gradients of the weights",
        "The gradient on its way back",
        "Result",
    ]


def test_stacked_weights_say_their_order() -> None:
    weights = {"W": [[1]] * 4, "U": [[1]] * 4, "b": [1, 2, 3, 4]}
    derivation = solved(
        BASE | {"inputs": [[1]], "weights": weights, "gate-order": ["f", "i", "g", "o"]}
    )
    told = [b.parts[0] for b in derivation.blocks if isinstance(b, Text)]
    assert "W, U and b hold the gates f, i, g, o one under another." in told
    assert derivation.quantities["b_i"] == [2] and derivation.quantities["b_g"] == [3]


# -------------------------------------------------------------------------------------- mistakes

WRONG: list[tuple[Problem, str]] = [
    (
        {"weights": {k: v for k, v in ONES.items() if k != "W_hf"}},
        "weights: W_hf is missing",
    ),
    ({"weights": ONES | {"W_xq": [[1]]}}, "weights.W_xq: there is no weight W_xq here"),
    ({"gates": {"g": "a"}}, "weights.W_xg: there is no weight W_xg here"),
    ({"gates": {"k": "a"}}, "gates: there is no gate k"),
    ({"gates": {"g": "c"}}, "gates: c is the letter of something else here"),
    ({"gates": {"g": "i"}}, "gates: two gates have one letter"),
    ({"gate-order": ["i", "f", "g"]}, "gate-order: gate-order needs each of i, f, o, g once"),
    ({"weights": ONES | {"W_hf": [[1, 2]]}}, "weights.W_hf: W_hf is 1 × 2, but 1 × 1 belongs here"),
    ({"initial-cell": 3}, "initial-cell: c_0 is a number, but 1 entry belongs here"),
    ({"upstream": {"i_2": [1]}}, "upstream.i_2: i_2 is not a state or an output"),
    (
        {"weights": {"W_x": [[1, 2]] * 4, "W_h": [[1]] * 3}},
        "weights.W_h: W_h is 3 × 1, but 4 × 1 belongs here",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_mistakes_are_told_at_their_place(change: Problem, message: str) -> None:
    found = errors(BASE | change)
    assert any(line.endswith(message) for line in found), found


def test_jacobians_of_a_large_state_are_refused() -> None:
    weights = {"W_x": {"shape": [480, 2]}, "W_h": {"shape": [480, 120]}}
    found = errors(BASE | {"weights": weights, "jacobians": True})
    assert found == ["jacobians: jacobians are for states of at most 100 entries"]


# ------------------------------------------------------------------------------ a wrong rule is seen


def test_a_wrong_slope_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(row for row in activations.ROWS if row.name == "sigmoid")
    monkeypatch.setitem(row._local, 1, (parse("y * (1 + y)"),))
    derivation = stepsolve.solve(plain(BASE | {"targets": [[0.5], [1]]}))
    failed = {check.of for check in derivation.checks if not check.passed}
    assert {"dL/dz_i2", "dL/dz_f2", "dL/dz_o2"} & failed and "dL/dh_2" not in failed


def test_a_wrong_jacobian_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = lambda self, factor: f"diag(2 * {factor})"  # noqa: E731
    monkeypatch.setattr(lstm.Lstm, "diagonal", wrong)
    derivation = stepsolve.solve(plain(BASE | {"jacobians": True}))
    assert not derivation.confirmed
    assert "∂c_1/∂c_0" in {check.of for check in derivation.checks if not check.passed}
