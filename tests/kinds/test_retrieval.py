"""The kind `retrieval`: scores, ranks and values by hand and by NumPy, ties, its mistakes."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from attention_by_hand import drawn

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain


def solve(**keys: object) -> Derivation:
    return stepsolve.solve({"kind": "retrieval", **keys})


def table(derivation: Derivation) -> list[list[str]]:
    found = next(t for t in derivation.tables if t.name == "ranking")
    cells: list[list[Any]] = [list(row) for row in found.rows]
    return [[cell if isinstance(cell, str) else plain(cell) for cell in row] for row in cells]


@pytest.mark.parametrize("score", ["dot", "cosine"])
@pytest.mark.parametrize("seed", [1, 2])
def test_scores_ranks_and_values(score: str, seed: int) -> None:
    v = drawn(seed, q=(4,), K=(7, 4), V=(7, 2))
    derivation = solve(
        query=v["q"].tolist(), keys=v["K"].tolist(), values=v["V"].tolist(), score=score
    )
    scores = np.array([sum(a * b for a, b in zip(k, v["q"], strict=True)) for k in v["K"]])
    if score == "cosine":
        scores = [
            s / np.sqrt(sum(k**2) * sum(v["q"] ** 2)) for s, k in zip(scores, v["K"], strict=True)
        ]
    order = sorted(range(7), key=lambda k: -scores[k])
    assert derivation.confirmed
    np.testing.assert_allclose(derivation.quantities["s"], scores, rtol=1e-9)
    assert derivation.quantities["rank"] == [order.index(k) + 1 for k in range(7)]
    np.testing.assert_allclose(derivation.quantities["c"], v["V"][order[0]], rtol=1e-12)
    assert [row[1] for row in table(derivation)] == [str(k) for k in order]


def test_softmax_gives_the_weighted_mean() -> None:
    v = drawn(3, q=(2,), K=(3, 2), V=(3, 2))
    derivation = solve(
        query=v["q"].tolist(), keys=v["K"].tolist(), values=v["V"].tolist(), softmax=True
    )
    powers = np.exp(v["K"] @ v["q"])
    expected = sum(p * row for p, row in zip(powers, v["V"], strict=True)) / sum(powers)
    np.testing.assert_allclose(derivation.quantities["c"], expected, rtol=1e-9)
    assert derivation.confirmed


def test_equal_scores_share_a_rank() -> None:
    """0.1 + 0.2 and 0.3 differ in float64 only: here they tie."""
    derivation = solve(
        query=[1, 1], keys=[[0.3, 0], [0.1, 0.2], [1, 0], [0, 0.3]], labels=["a", "b", "c", "d"]
    )
    assert derivation.confirmed
    assert derivation.quantities["rank"] == [2, 2, 1, 2]
    assert [row[:2] for row in table(derivation)] == [
        ["1", "c"],
        ["2", "a"],
        ["2", "b"],
        ["2", "d"],
    ]


def test_large_equal_scores_tie_too() -> None:
    derivation = solve(query=[1e6, 1e6], keys=[[0.3, 0], [0.1, 0.2], [0, 0.4]])
    assert derivation.confirmed
    assert derivation.quantities["rank"] == [2, 2, 1]


def test_only_the_top_is_listed() -> None:
    derivation = solve(query={"shape": [8], "seed": 1}, keys={"shape": [500, 8], "seed": 2}, top=3)
    assert derivation.confirmed and len(table(derivation)) == 3
    q = np.round(np.random.default_rng(1).normal(0, 1, 8), 2)
    keys = np.round(np.random.default_rng(2).normal(0, 1, (500, 8)), 2)
    best = np.argsort(-(keys @ q))[:3]
    assert [row[1] for row in table(derivation)] == [str(k) for k in best]


def test_symbols_give_formulas_without_a_table() -> None:
    derivation = solve(query={"shape": [2]}, keys={"shape": [3, 2]}, score="cosine")
    assert derivation.confirmed and not derivation.tables
    assert plain(derivation.results["s"]) == "d / (n_K * n_q)"


def test_a_wrong_comparison_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.operations.table import OPERATIONS

    wrong = replace(OPERATIONS[">"], numpy=lambda a, b: np.asarray(a >= b, dtype=float))
    monkeypatch.setitem(OPERATIONS, ">", wrong)
    derivation = solve(query=[1], keys=[[0], [0]])  # all scores 0, and so is the tie
    assert {check.of for check in derivation.checks if not check.passed} == {"rank"}


KEYS = "keys: [[1, 2], [3, 4]]\n"
WRONG: list[tuple[str, str, str]] = [
    (KEYS, ":1:1", "the key query is missing"),
    ("query: [[1, 2]]\n" + KEYS, ":2:8", "the query is 1 × 2: a list belongs here"),
    ("query: [1, 2]\nkeys: [1, 2]\n", ":3:7", "a row for every key"),
    ("query: [1]\n" + KEYS, ":3:7", "keys have 2 entries, but the query has 1 entry"),
    ("query: []\n" + KEYS, ":2:8", "an array has at least one entry"),
    ("query: [1, nan]\n" + KEYS, ":2:12", "nan is not a number"),
    ("query: [1, 2]\n" + KEYS + "values: [[1]]\n", ":4:9", "values belong to keys"),
    ("query: [1, 2]\n" + KEYS + "labels: [a]\n", ":4:9", "there are 2 keys, but 1 labels"),
    ("query: [1, 2]\n" + KEYS + "top: 0\n", ":4:6", "from 1 to 100"),
    ("query: [1, 2]\nkeys: {shape: [2001, 2], seed: 1}\n", ":3:7", "at most 2000 keys"),
    ("query: [0, 0]\nscore: cosine\n" + KEYS, ":4:7", "s: "),
]


@pytest.mark.parametrize(("text", "place", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_a_mistake_has_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(StringIO("kind: retrieval\n" + text))
    first = caught.value.diagnoses[0]
    assert message in first.message
    assert str(first.place).endswith(place)
