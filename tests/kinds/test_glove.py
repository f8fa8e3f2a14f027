"""The kind `glove`: the loss and every gradient against NumPy and complex steps, and mistakes."""

from __future__ import annotations

from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import glove as kind
from stepsolve.notation.plain import plain

# ruff: noqa: N806 - matrices have capital letters


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "glove", **keys})


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("biases", [(), ("b",), ("b", "c")])
@pytest.mark.parametrize(("rows", "columns", "size"), [(3, 3, 2), (2, 4, 3)])
def test_loss_and_gradients(
    half: bool, biases: tuple[str, ...], rows: int, columns: int, size: int
) -> None:
    random = np.random.default_rng(rows)
    P = random.integers(0, 30, (rows, columns)).astype(float)
    P[0, 0] = 0
    sizes = {"U": (rows, size), "V": (columns, size), "b": rows, "c": columns}
    given = {n: np.round(random.normal(0, 1, sizes[n]), 2) for n in ("U", "V", *biases)}
    weights = {name: array.tolist() for name, array in given.items()}
    found = solved(counts=P.tolist(), weights=weights, half=half, alpha=0.6, **{"x-max": 20})
    names = list(given)

    def loss(*values: Any) -> Any:
        return hand.glove(
            P, **dict(zip(names, values, strict=True)), x_max=20, alpha=0.6, half=half
        )

    assert found.confirmed
    values = list(given.values())
    assert found.quantities["J"] == pytest.approx(float(loss(*values)), rel=1e-12)
    for k, name in enumerate(names):
        expected = hand.gradient(loss, values, k)
        assert np.allclose(found.quantities[f"dJ/d{name}"], expected, rtol=1e-11, atol=1e-11), name


def test_the_gradient_of_the_paper() -> None:
    """dJ/du_i = sum_j f(P_ij) (u_i . v_j - log P_ij) v_j, with the half."""
    P = np.array([[3.0, 8], [1, 200]])
    U, V = np.array([[0.5, 1], [-1, 0.2]]), np.array([[1.0, 0], [0.3, 2]])
    found = solved(counts=P.tolist(), weights={"U": U.tolist(), "V": V.tolist()})
    weight = np.where(P > 100, 1, (P / 100) ** 0.75)
    expected = (weight * (U @ V.T - np.log(P))) @ V
    assert np.allclose(found.quantities["dJ/dU"], expected, rtol=1e-12)
    assert found.quantities["F"][1][1] == 1
    lines = {line.name: plain(line.expression) for line in found.lines}
    assert lines["dJ/dD"] == "F * D" and lines["dJ/dU"] == "dJ/dS @ V"


def test_a_step_and_symbols() -> None:
    keys: dict[str, Any] = {"counts": [[1, 2], [3, 4]], "update": {"rate": 0.1}}
    found = solved(**keys, weights={"U": [[1], [2]], "V": [[0.5], [-1]]})
    for name in "UV":
        old, slope = (np.array(found.quantities[n]) for n in (name, f"dJ/d{name}"))
        assert np.allclose(found.quantities[f"{name}'"], old - 0.1 * slope)
    shape = {"shape": [2, 3]}
    assert solved(**keys, weights={"U": shape, "V": shape}).confirmed


def test_a_wrong_logarithm_is_seen_by_the_tests_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind.Glove, "_logarithms", lambda self, sheet: "log(P + 1)")
    with pytest.raises(AssertionError):
        test_the_gradient_of_the_paper()


def test_a_large_vocabulary_is_fast() -> None:
    with at_most(10):
        sizes = {"shape": [200, 64], "seed": 1, "scale": 0.1}
        counts = np.random.default_rng(1).integers(0, 300, (200, 200)).tolist()
        assert solved(counts=counts, weights={"U": sizes, "V": {**sizes, "seed": 2}}).confirmed


W = [[1, 2], [3, 4]]
OK: dict[str, Any] = {"counts": [[1, 2], [3, 4]], "weights": {"U": W, "V": W}}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"counts": [1, 2]}, "counts: a matrix of counts belongs here, and it has 2 entries"),
    ({"counts": [[1, -2], [3, 4]]}, "counts[0][1]: -2 is no count: it is below 0"),
    ({"counts": {"shape": [2, 2]}}, "counts: the counts need numbers"),
    ({"weights": {"U": W}}, "the weight V is missing"),
    ({"weights": {"U": W, "V": W, "B": [1, 2]}}, "there is no weight B here"),
    ({"weights": {"U": [1, 2], "V": W}}, "U has 2 entries, but a row for every word belongs here"),
    ({"weights": {"U": [[1, 2]], "V": W}}, "weights.U: U is 1 × 2, but 2 × 2 belongs here"),
    ({"weights": {"U": W, "V": [[1], [2]]}}, "weights.V: V is 2 × 1, but 2 × 2 belongs here"),
    ({"weights": {"U": W, "V": W, "b": [1]}}, "weights.b: b has 1 entry, but 2 entries belong"),
    ({"x-max": 0}, "x-max: a number above 0 belongs here, not 0"),
    ({"alpha": "nan"}, "alpha: nan is not a number"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**{**OK, **keys})
    assert told in str(caught.value)
