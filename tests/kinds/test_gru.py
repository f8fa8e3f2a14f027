"""The kind `gru`: both conventions of both gates by NumPy, its weights in every form, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import recurrent_by_hand as by_hand
from recurrent_cases import Random, agree, errors, plain, solved

import stepsolve
from stepsolve.derivation import Text
from stepsolve.kinds import gru

Problem = dict[str, Any]
ONES = {f"W_x{gate}": [[1, 0.5]] for gate in "rzn"} | {f"W_h{gate}": [[0.5]] for gate in "rzn"}
BASE: Problem = {"kind": "gru", "inputs": [[1, 2], [0.5, 3]], "weights": ONES}


def drawn(
    seed: int, m: int, n: int, steps: int, reset: str, short: bool = False, rows: bool = False
) -> tuple[Problem, Problem]:
    """A problem with m inputs and n states, 0 for numbers, and what is given to the equations."""
    random = Random(seed)
    inputs = random(steps, *([m] if m else []))
    state = [n] if n else []
    sizes = [*state, *([m] if m else [])]
    weights: Problem = {}
    for letter in "rzn":
        w, u, b = by_hand.gate_names(letter, short)
        weights[w] = random(*(sizes[::-1] if rows else sizes))
        weights[u] = random(*state, *state)
        weights[b] = random(*state)
    if reset == "after":
        weights["b_hn"] = random(*state)
    first = random(*state)
    given = weights | {"h_0": first} | {f"x_{t}": inputs[t - 1] for t in range(1, steps + 1)}
    problem = {"kind": "gru", "inputs": inputs, "weights": weights, "initial-state": first}
    problem["reset"] = reset
    if rows:
        problem["vectors"] = "rows"
    return problem, given


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("update_gate", ["keeps", "replaces"])
@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize(("m", "n", "steps"), [(2, 3, 3), (0, 2, 2), (3, 0, 2), (0, 0, 1)])
def test_gates_and_gradients(
    reset: str, update_gate: str, short: bool, m: int, n: int, steps: int
) -> None:
    problem, given = drawn(m + 10 * n + steps, m, n, steps, reset, short)
    random = Random(3)
    targets = [random(*([n] if n else [])) for _ in range(steps)]
    given |= {f"target_{t}": target for t, target in enumerate(targets, 1)}
    problem |= {"targets": targets, "update-gate": update_gate, "input-gradients": True}
    keeps = update_gate == "keeps"
    found = agree(
        solved(problem), lambda moved: by_hand.gru(given, steps, moved, reset, keeps, short)
    )
    weights = 9 + (reset == "after")
    assert found == (9 + (steps > 1)) * steps + weights + 1  # x, 3 gates twice, q, h, L


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_stacked_weights(rows: bool, reset: str) -> None:
    problem, given = drawn(4, 3, 2, 2, reset, rows=rows)
    stacked = {}
    for k, whole in enumerate(("W_x", "W_h", "b")):
        parts = [given[by_hand.gate_names(letter, False)[k]] for letter in "zrn"]
        stacked[whole] = np.concatenate(parts, 1 if rows and parts[0].ndim == 2 else 0)
    if reset == "after":
        stacked["b_hn"] = given["b_hn"]
    target = Random(2)(2)
    problem |= {"weights": stacked, "gate-order": list("zrn"), "targets": {2: target}}
    kept = {name: v for name, v in given.items() if name[0] in "hx"}
    all_given = kept | stacked | {"target_2": target}
    found = agree(
        solved(problem),
        lambda moved: by_hand.gru(all_given, 2, moved, reset, rows=rows, stacked=("zrn", 2)),
    )
    assert found > 20


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("update_gate", ["keeps", "replaces"])
@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("n", [0, 2])
def test_jacobians(n: int, reset: str, update_gate: str, rows: bool) -> None:
    problem, given = drawn(6, 2, n, 2, reset, rows=rows)
    derivation = solved(problem | {"jacobians": True, "update-gate": update_gate})
    keeps = update_gate == "keeps"
    for t in (1, 2):
        for of in "nh":
            expected = by_hand.jacobian(
                lambda moved: by_hand.gru(given, 2, moved, reset, keeps, rows=rows),
                f"{of}_{t}",
                f"h_{t - 1}",
            )
            found = derivation.quantities[f"∂{of}_{t}/∂h_{t - 1}"]
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_page_says_its_conventions() -> None:
    told = [b.parts[0] for b in solved(BASE).blocks if isinstance(b, Text)]
    assert (
        "The reset gate r acts on the state, before the product with the weights of n. The update "
        "gate z is the share of the old state in the new state."
    ) in told
    other = solved(BASE | {"reset": "after", "update-gate": "replaces"})
    told = [b.parts[0] for b in other.blocks if isinstance(b, Text)]
    assert (
        "The reset gate r acts after the product with the weights of n. The update gate z is the "
        "share of the candidate n in the new state."
    ) in told


WRONG: list[tuple[Problem, str]] = [
    ({"weights": ONES | {"b_hn": [1]}}, "weights.b_hn: there is no weight b_hn here"),
    ({"gates": {"r": "a"}}, "gates: a is the letter of something else here"),
    ({"gates": {"n": "q"}}, "gates: q is the letter of something else here"),
    ({"reset": "now"}, "reset: unknown choice now"),
    (
        {"weights": {k: v for k, v in ONES.items() if k != "W_xz"}},
        "weights: W_xz is missing",
    ),
    (
        {"reset": "after", "weights": ONES | {"b_hn": [1, 2]}},
        "weights.b_hn: b_hn has 2 entries, but 1 entry belongs here",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_mistakes_are_told_at_their_place(change: Problem, message: str) -> None:
    found = errors(BASE | change)
    assert any(line.endswith(message) for line in found), found


def test_a_wrong_jacobian_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = lambda self, factor, weight: f"2 * {weight}"  # noqa: E731
    monkeypatch.setattr(gru.Gru, "scaled", wrong)
    derivation = stepsolve.solve(plain(BASE | {"jacobians": True}))
    assert "∂h_1/∂h_0" in {check.of for check in derivation.checks if not check.passed}
