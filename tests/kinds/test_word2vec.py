"""The kind `word2vec`: losses and gradients against NumPy and complex steps, and mistakes."""

from __future__ import annotations

from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import word2vec as kind
from stepsolve.notation.plain import plain

# ruff: noqa: N803, N806 - matrices have capital letters


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "word2vec", **keys})


def drawn(seed: int, words: int, size: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    U, V = (np.round(random.normal(0, 0.7, (words, size)), 2) for _ in range(2))
    return U, V


def weights(U: Any, V: Any) -> dict[str, Any]:
    return {"U": U.tolist(), "V": V.tolist()}


def confirm(found: Any, loss: Any, U: Any, V: Any) -> None:
    """The loss and both gradients."""
    assert found.confirmed
    assert found.quantities["J"] == pytest.approx(float(loss(U, V)), rel=1e-12)
    for k, name in enumerate("UV"):
        expected = hand.gradient(loss, (U, V), k)
        assert np.allclose(found.quantities[f"dJ/d{name}"], expected, rtol=0, atol=1e-12), name


@pytest.mark.parametrize(("words", "size", "c", "o"), [(3, 2, 1, 2), (5, 4, 0, 3), (4, 1, 2, 2)])
def test_skip_gram(words: int, size: int, c: int, o: int) -> None:
    U, V = drawn(words, words, size)
    found = solved(weights=weights(U, V), center=c, outside=o)
    confirm(found, lambda U, V: hand.skip_gram(U, V, c, o), U, V)
    yhat = np.real(hand.softmax(U @ V[c]))
    assert np.allclose(found.quantities["yhat"], yhat)
    for k in range(words):  # the formulas of the books
        expected = (yhat[k] - (k == o)) * V[c]
        assert np.allclose(found.quantities[f"dJ/du_{k}"], expected, atol=1e-12)
    assert np.allclose(found.quantities["dJ/dv_c"], U.T @ (yhat - np.eye(words)[o]), atol=1e-12)


@pytest.mark.parametrize("context", [[0], [1, 3], [2, 2, 0]])
def test_cbow(context: list[int]) -> None:
    U, V = drawn(6, 4, 3)
    found = solved(method="cbow", weights=weights(U, V), center=1, context=context)
    confirm(found, lambda U, V: hand.cbow(U, V, context, 1), U, V)


@pytest.mark.parametrize("negatives", [[1], [0, 3], [1, 1, 0]])
@pytest.mark.parametrize("method", ["skip-gram", "cbow"])
def test_negative_sampling(method: str, negatives: list[int]) -> None:
    U, V = drawn(7, 4, 3)
    skip = method == "skip-gram"
    keys: dict[str, Any] = {"center": 0, "outside": 2} if skip else {"center": 2, "context": [0, 3]}
    keys |= {"loss": "negative-sampling", "method": method, "negatives": negatives}
    found = solved(weights=weights(U, V), **keys)

    def loss(U: Any, V: Any) -> Any:
        h = V[0] if skip else (V[0] + V[3]) / 2
        return hand.negative_sampling(U, h, 2, negatives)

    confirm(found, loss, U, V)


def test_words_stand_for_rows() -> None:
    U, V = drawn(1, 3, 2)
    by_name = solved(weights=weights(U, V), words=["ice", "1", "x"], center="ice", outside="x")
    by_row = solved(weights=weights(U, V), center=0, outside=2)
    assert by_name.quantities == by_row.quantities


def test_a_step_of_gradient_descent() -> None:
    U, V = drawn(2, 3, 2)
    found = solved(weights=weights(U, V), center=0, outside=1, update={"rate": 0.5})
    for k, name in enumerate("UV"):
        slope = hand.gradient(lambda U, V: hand.skip_gram(U, V, 0, 1), (U, V), k)
        assert np.allclose(found.quantities[f"{name}'"], (U, V)[k] - 0.5 * slope, atol=1e-12)


def test_the_lines_and_symbols() -> None:
    shape = {"shape": [3, 2]}
    found = solved(weights={"U": shape, "V": shape}, center=1, outside=2)
    assert found.confirmed
    lines = {line.name: plain(line.expression) for line in found.lines}
    assert lines["dJ/dz"] == "yhat - y"
    assert lines["dJ/du_2"] == "(yhat[2] - 1) * v_c"
    assert lines["dJ/du_0"] == "yhat[0] * v_c"
    assert lines["dJ/dv_c"] == "U.T @ dJ/dz"


def test_a_wrong_row_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = kind.Word2vec._row_by_row

    def wrong(self: Any, sheet: Any, h: str, matrix: str, rows: Any) -> None:
        real(self, sheet, h, matrix, [(name, p, False) for name, p, _ in rows])

    monkeypatch.setattr(kind.Word2vec, "_row_by_row", wrong)
    U, V = drawn(1, 3, 2)
    found = solved(weights=weights(U, V), center=0, outside=2)
    assert [c.of for c in found.checks if not c.passed] == ["dJ/du_2"]


def test_a_large_vocabulary_is_fast() -> None:
    with at_most(10):
        drawn_ = {
            name: {"shape": [2000, 64], "seed": k, "scale": 0.1} for k, name in enumerate("UV")
        }
        assert solved(weights=drawn_, center=3, outside=1999).confirmed
        sampled = {"loss": "negative-sampling", "negatives": list(range(10, 30))}
        assert solved(weights=drawn_, center=3, outside=1999, **sampled).confirmed


U = [[1, 2], [3, 4], [5, 6]]
OK: dict[str, Any] = {"weights": {"U": U, "V": U}, "center": 0, "outside": 1}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"weights": {"U": U}}, "the weight V is missing"),
    ({"weights": {"U": U, "V": U, "W": U}}, "weights.W: there is no weight W here"),
    ({"weights": {"U": U, "V": [[1, 2]]}}, "weights.V: V is 1 × 2, but 3 × 2 belongs here"),
    ({"weights": {"U": [1, 2], "V": U}}, "weights.U: U has 2 entries, but a row for every word"),
    ({"center": 3}, "center: there is no place 3: they are counted from 0 to 2"),
    ({"outside": "ice"}, "outside: ice is not one of the words"),
    ({"words": ["a", "b"]}, "words[1]: there are 2 words, but U has 3 rows"),
    ({"words": ["a", "b", "a"]}, "words[2]: a is there already"),
    ({"words": ["one", "two", "three"], "center": "tow"}, "center: tow is not one of the words"),
    ({"method": "cbow"}, "CBOW needs the words of the context"),
    ({"method": "cbow", "context": []}, "at least 1 entry belongs here"),
    ({"loss": "negative-sampling"}, "negative sampling needs negatives"),
    (
        {"loss": "negative-sampling", "negatives": [2, 1]},
        "negatives[1]: the right word is no negative word",
    ),
    ({"loss": "negative-sampling", "negatives": [2] * 51}, "at most 50 negative words"),
    ({"update": {"rate": 0.1, "steps": 2}}, "one window is one step"),
    ({"weights": {"U": [[1, "nan"]], "V": U}}, "nan is not a number"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**{**OK, **keys})
    assert told in str(caught.value)


def test_skip_gram_without_an_outside_word() -> None:
    with pytest.raises(InvalidProblem, match="skip-gram needs an outside word"):
        solved(weights={"U": U, "V": U}, center=0)
