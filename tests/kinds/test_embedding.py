"""The kind `embedding`: look-ups, gradients and rankings against NumPy, and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.worksheet.sheet import Sheet

# ruff: noqa: N806 - matrices have capital letters


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "embedding", **keys})


@pytest.mark.parametrize("rows", [[0, 1], [3, 0, 3], [2, 2, 2, 1]])
def test_a_look_up_and_its_gradient(rows: list[int]) -> None:
    random = np.random.default_rng(len(rows))
    E = np.round(random.normal(0, 1, (4, 3)), 2)
    above = np.round(random.normal(0, 1, (len(rows), 3)), 2)
    found = solved(weights={"E": E.tolist()}, upstream=above.tolist(), **{"look-up": rows})
    assert found.confirmed
    assert np.allclose(found.quantities["H"], E[rows])
    expected = np.zeros_like(E)
    np.add.at(expected, rows, above)
    assert np.allclose(found.quantities["dL/dE"], expected)


def test_one_word() -> None:
    found = solved(weights={"E": [[1, 2], [3, 4]]}, upstream=[5, 6], **{"look-up": 1})
    assert found.confirmed
    assert found.quantities["h"] == [3, 4]
    assert found.quantities["dL/dE"] == [[0, 0], [5, 6]]
    lines = {line.name: plain(line.expression) for line in found.lines}
    assert lines == {"x": "one_hot(1, 2)", "h": "x @ E", "dL/dE": "outer(x, dL/dh)"}


WORDS = ["king", "queen", "man", "woman", "apple"]


@pytest.mark.parametrize("exclude", [True, False])
def test_an_analogy_and_its_ranking(exclude: bool) -> None:
    E = np.round(np.random.default_rng(3).normal(0, 1, (5, 4)), 2)
    found = solved(
        weights={"E": E.tolist()}, words=WORDS, analogy="king - man + woman", exclude=exclude
    )
    assert found.confirmed
    q = E[0] - E[2] + E[3]
    cosines = [float(np.sum(e * q) / np.sqrt(np.sum(e * e) * np.sum(q * q))) for e in E]
    assert np.allclose(found.quantities["r"], cosines)
    order = sorted(range(5), key=lambda k: -cosines[k])
    order = [k for k in order if not exclude or k in (1, 4)]
    (table,) = found.tables
    assert [row[1] for row in table.rows] == [WORDS[k] for k in order]
    assert dict(table.data)["cosine"] == pytest.approx([cosines[k] for k in order])
    last = [block for block in found.blocks if isinstance(block, Text)][-1]
    assert last.parts[-1] == f" is {WORDS[order[0]]}."


def test_symbols_give_formulas() -> None:
    keys: dict[str, Any] = {"look-up": [1, 0], "upstream": {"shape": [2, 3]}}
    found = solved(weights={"E": {"shape": [4, 3]}}, **keys)
    assert found.confirmed
    assert plain(found.results["dL/dE"]) == "X.T @ dL/dH"
    named = solved(weights={"E": {"shape": [5, 2]}}, words=WORDS, analogy="king - man")
    assert plain(named.results["q"]) == "E[0] - E[2]" and not named.tables


def test_a_wrong_place_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Sheet.line

    def wrong(self: Any, name: str, expression: Any, *rest: Any, **more: Any) -> None:
        expression = "one_hot(0, 3)" if name == "x" else expression
        real(self, name, expression, *rest, **more)

    monkeypatch.setattr(Sheet, "line", wrong)
    found = solved(weights={"E": [[1, 2], [3, 4], [5, 6]]}, **{"look-up": 1})
    assert [c.of for c in found.checks if not c.passed] == ["h"]


def test_a_large_table_is_fast() -> None:
    with at_most(10):
        table = {"E": {"shape": [10000, 64], "seed": 1}}
        keys: dict[str, Any] = {
            "look-up": list(range(256)),
            "upstream": {"shape": [256, 64], "seed": 2},
        }
        assert solved(weights=table, **keys).confirmed


OK: dict[str, Any] = {"weights": {"E": [[1, 2], [3, 4], [5, 6]]}, "look-up": [0, 1]}
ABC = {"words": ["a", "b", "c"]}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"weights": {"W": [[1]]}}, "weights.W: there is no weight W here"),
    ({"weights": {}}, "the weight E is missing"),
    ({"weights": {"E": [1, 2]}}, "weights.E: E has 2 entries, but a row for every word belongs"),
    ({"look-up": [0, 3]}, "look-up[1]: there is no place 3: they are counted from 0 to 2"),
    ({"look-up": []}, "look-up: at least 1 entry belongs here, not none"),
    ({"look-up": [0] * 301}, "at most 300 words can be looked up"),
    ({"upstream": [1, 2]}, "upstream has 2 entries, but 2 × 2 belongs here"),
    ({**ABC, "analogy": "a - d"}, "analogy: d is not one of the words"),
    ({**ABC, "analogy": "a * b"}, "analogy: an analogy is a sum of words: king - man + woman"),
    ({**ABC, "analogy": "2 + a"}, "analogy: an analogy is a sum of words: king - man + woman"),
    ({**ABC, "analogy": "a[0]"}, "analogy: an analogy is a sum of words: king - man + woman"),
    ({**ABC, "analogy": "a + b + c"}, "analogy: no word is left to be ranked"),
    ({**ABC, "analogy": "a - a"}, "has no finite real value"),
    ({**ABC, "weights": {"E": [[1], [0], [2]]}, "analogy": "a"}, "row 1 of E is 0 everywhere"),
    ({"analogy": "a"}, "analogy: a is not one of the words"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**{**OK, **keys})
    assert told in str(caught.value)


def test_nothing_to_do() -> None:
    with pytest.raises(InvalidProblem, match="a look-up or an analogy is needed"):
        solved(weights={"E": [[1]]})
