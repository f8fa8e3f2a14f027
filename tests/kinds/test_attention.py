"""The kind `attention`: every value and gradient against NumPy, its page, its mistakes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
from attention_by_hand import attention, drawn, gradients, listed

import stepsolve
from stepsolve.derivation import Derivation, Section, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line

Array = Any


def solve(**keys: object) -> Derivation:
    return stepsolve.solve({"kind": "attention", **keys})


def same(derivation: Derivation, expected: dict[str, Array]) -> None:
    """Every expected quantity is there, to 1e-9, and all is confirmed."""
    assert derivation.confirmed
    for name, value in expected.items():
        found = np.array(derivation.quantities[name])
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-11, err_msg=name)


SCORES: dict[str, dict[str, tuple[int, ...]]] = {
    "dot": {},
    "scaled": {},
    "bilinear": {"W_a": (3, 3)},
    "additive": {"W_a": (4, 3), "U_a": (4, 3), "v_a": (4,)},
}
MASKS: dict[str, Array] = {
    "none": None,
    "padding": np.array([1, 0, 1, 1]),
    "causal": np.tril(np.ones((4, 4))),
    "rows": np.array([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]),
}


def mask_keys(mask: str) -> dict[str, object]:
    if mask == "causal":
        return {"causal": True}
    return {} if mask == "none" else {"mask": MASKS[mask].tolist()}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("score", SCORES)
def test_rows_of_queries_with_a_gradient_from_above(score: str, mask: str) -> None:
    v = drawn(1, Q=(4, 3), K=(4, 3), V=(4, 2), **SCORES[score])
    above = drawn(2, G=(4, 2))["G"]
    weights = {name: v[name] for name in SCORES[score]}

    def forward(at: dict[str, Array]) -> tuple[Array, Array]:
        return attention(at["Q"], at["K"], at["V"], score, MASKS[mask], weights=at)

    derivation = solve(
        queries=v["Q"].tolist(), keys=v["K"].tolist(), values=v["V"].tolist(), score=score,
        weights=listed(weights), gradient=above.tolist(), **mask_keys(mask),
    )  # fmt: skip
    a, z = forward(v)
    slopes = gradients(lambda at: np.sum(above * forward(at)[1]), v)
    same(derivation, {"A": a, "Z": z, **{f"dL/d{n}": g for n, g in slopes.items()}})


@pytest.mark.parametrize("mask", ["none", "padding"])
@pytest.mark.parametrize("score", SCORES)
def test_one_query_over_states_with_a_loss(score: str, mask: str) -> None:
    v = drawn(3, q=(3,), H=(4, 3), **SCORES[score])
    target = drawn(4, T=(3,))["T"]
    weights = {name: v[name] for name in SCORES[score]}

    def forward(at: dict[str, Array]) -> tuple[Array, Array]:
        return attention(at["q"], at["H"], at["H"], score, MASKS[mask], 0.5, at)

    def loss(at: dict[str, Array]) -> Array:
        return np.sum((forward(at)[1] - target) ** 2) / 2

    derivation = solve(
        queries=v["q"].tolist(), keys=v["H"].tolist(), score=score, weights=listed(weights),
        targets=target.tolist(), temperature=0.5, **mask_keys(mask),
    )  # fmt: skip
    alpha, c = forward(v)
    slopes = {f"dL/d{n}": g for n, g in gradients(loss, v).items()}
    same(derivation, {"alpha": alpha, "c": c, "L": loss(v), **slopes})


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("is_cross", [False, True])
def test_projected_inputs_with_a_mean_squared_error(is_cross: bool, seed: int) -> None:
    wide = 2 if is_cross else 3
    v = drawn(seed, X=(3, 3), W_Q=(3, 4), W_K=(wide, 4), W_V=(wide, 2))
    v |= drawn(seed + 9, H=(5, 2)) if is_cross else {}
    target = drawn(seed + 1, T=(3, 2))["T"]

    def forward(at: dict[str, Array]) -> tuple[Array, Array]:
        memory = at.get("H", at["X"])
        return attention(at["X"] @ at["W_Q"], memory @ at["W_K"], memory @ at["W_V"])

    def loss(at: dict[str, Array]) -> Array:
        return np.mean((forward(at)[1] - target) ** 2)

    derivation = solve(
        inputs=v["X"].tolist(),
        weights=listed({n: v[n] for n in ("W_Q", "W_K", "W_V")}),
        targets=target.tolist(),
        loss="mse",
        **({"memory": v["H"].tolist()} if is_cross else {}),
    )
    slopes = {f"dL/d{n}": g for n, g in gradients(loss, v).items()}
    same(derivation, {"A": forward(v)[0], "Z": forward(v)[1], "L": loss(v), **slopes})


def test_inputs_without_weights_attend_to_themselves() -> None:
    x = drawn(7, X=(3, 2))["X"]
    derivation = solve(inputs=x.tolist(), score="dot", causal=True)
    a, z = attention(x, x, x, "dot", np.tril(np.ones((3, 3))))
    same(derivation, {"S": x @ x.T, "A": a, "Z": z})


def test_hard_attention_and_none() -> None:
    keys: dict[str, object] = {"queries": [[1, 2], [3, -1]], "keys": [[1, 0], [0, 1], [2, 2]]}
    hard = solve(**keys, score="dot", normalization="hardmax", gradient=[[1, 1], [1, 1]])
    same(hard, {"A": [[0, 0, 1], [0, 0, 1]], "Z": [[2, 2], [2, 2]], "dL/dQ": np.zeros((2, 2))})
    same(solve(**keys, score="dot", normalization="none"), {"A": [[1, 2, 6], [3, -1, 4]]})
    masked = solve(**keys, score="dot", normalization="none", mask=[1, 0, 1])
    same(masked, {"A": [[1, 0, 6], [3, 0, 4]]})


def test_large_scores_do_not_overflow() -> None:
    derivation = solve(queries=[[1000.0, 0]], keys=[[1, 0], [2, 0], [5, 0]], mask=[1, 1, 0])
    same(derivation, {"A": [[0, 1, 0]]})  # e^(-1000/sqrt 2) is below 1e-300


def test_a_saturated_softmax_raises_no_false_alarm() -> None:
    """The gradients by the scores are about e^-200: too small for differences to have digits of."""
    derivation = solve(
        queries=[[100, 1], [3, 200]], keys=[[1, 0], [3, 4]], score="dot", targets=[[1, 2], [3, 1]]
    )
    assert derivation.confirmed
    assert 0 < abs(np.array(derivation.quantities["dL/dS"])[0, 0]) < 1e-80


def test_symbols_give_formulas() -> None:
    shape = {"shape": [2, 3]}
    derivation = solve(queries=shape, keys=shape, values=shape, targets=shape, causal=True)
    assert derivation.confirmed and "A" not in derivation.quantities
    found = {name: plain(form) for name, form in derivation.results.items()}
    assert found["Z"] == "A @ V"
    assert found["dL/dV"] == "A.T @ dL/dZ"
    assert found["dL/dK"] == "(dL/dS).T @ Q"


def test_one_symbol_among_numbers() -> None:
    derivation = solve(queries=[[1, 2]], keys=[[1, 0], [0, 1]], values={"shape": [2, 2]})
    assert derivation.confirmed
    assert "A" in derivation.quantities and "Z" not in derivation.quantities


def test_large_attention_is_drawn_and_confirmed() -> None:
    drawn_ = {"shape": [256, 64], "seed": 1}
    derivation = solve(queries=drawn_, keys={**drawn_, "seed": 2}, targets=drawn_, causal=True)
    assert derivation.confirmed
    q = np.round(np.random.default_rng(1).normal(0, 1, (256, 64)), 2)
    k = np.round(np.random.default_rng(2).normal(0, 1, (256, 64)), 2)
    powers = np.exp(q @ k.T / 8) * np.tril(np.ones((256, 256)))
    same(derivation, {"Z": powers / powers.sum(axis=1)[:, None] @ k})


# ---------------------------------------------------------------------------------------- the page


def told(derivation: Derivation) -> list[str]:
    """Headings, sentences and lines, in order."""
    found: list[str] = []
    for block in derivation.blocks:
        if isinstance(block, Section | Text):
            found.append("".join(p if isinstance(p, str) else one_line(p) for p in block.parts))
    return [part for part in found if part]


def test_the_sections_in_order() -> None:
    derivation = solve(
        inputs=[[1, 0], [0, 1]],
        weights={name: [[1, 0], [0, 1]] for name in ("W_Q", "W_K", "W_V")},
        causal=True,
        targets=[[1, 0], [0, 1]],
    )
    assert told(derivation) == [
        "Given d_k = 2.",
        "Queries, keys and values",
        "Scores",
        "Attention weights",
        "M is 1 where a query may see a key: no query sees a later key. "
        "Where it is 0 the weight is 0, as if the score were −∞.",
        "Context",
        "Loss",
        "Backward pass from L",
        "Result",
    ]
    assert [f"{line.name} = {plain(line.expression)}" for line in derivation.lines][:8] == [
        "Q = X @ W_Q",
        "K = X @ W_K",
        "V = X @ W_V",
        "S = Q @ K.T",
        "S_scaled = S / sqrt(d_k)",
        "A = masked_softmax(S_scaled, M, axis=1)",
        "Z = A @ V",
        "L = half_squared_error(Z, T)",
    ]


def test_the_arithmetic_of_a_masked_weight() -> None:
    derivation = solve(queries=[[1, 0], [0, 1]], keys=[[1, 0], [0, 1]], score="dot", causal=True)
    line = next(line for line in derivation.lines if line.name == "A")
    entries = [" = ".join(map(one_line, entry.sides)) for entry in line.entries]
    assert entries == [
        "A[0, 0] = e¹ / e¹ = 1",
        "A[0, 1] = 0",
        "A[1, 0] = e⁰ / (e⁰ + e¹) = 0.2689",
        "A[1, 1] = e¹ / (e⁰ + e¹) = 0.7311",
    ]


# ------------------------------------------------------------------------------------------ checks


def test_a_wrong_gradient_of_softmax_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from stepsolve.operations.table import ARRAYS

    wrong = replace(ARRAYS["masked_softmax"], gradient=lambda a, m, axis=None: ("y * g", ""))
    monkeypatch.setitem(ARRAYS, "masked_softmax", wrong)
    derivation = solve(
        queries=[[1, 2], [0, 1]], keys=[[1, 0], [0, 1]], causal=True, gradient=[[1, 2], [3, 4]]
    )
    failed = {check.of for check in derivation.checks if not check.passed}
    assert failed >= {"dL/dS_scaled"} and not derivation.confirmed


def test_a_wrong_value_of_softmax_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["masked_softmax"]
    forgetful = replace(row, numpy=lambda a, m, axis=None: ARRAYS["softmax"].numpy(a, axis))
    monkeypatch.setitem(ARRAYS, "masked_softmax", forgetful)
    derivation = solve(queries=[[1, 2], [0, 1]], keys=[[1, 0], [0, 1]], causal=True)
    assert {check.of for check in derivation.checks if not check.passed} == {"A", "Z"}


# ---------------------------------------------------------------------------------------- mistakes

QUERIES = "queries: [[1, 2], [3, 4]]\n"
KEYS = "keys: [[1, 2], [3, 4]]\n"
SELF = "inputs: [[1, 2], [3, 4]]\n"
WRONG: list[tuple[str, str, str, str]] = [
    ("score: dot\n", ":1:1", "queries are missing", "or inputs"),
    (QUERIES + SELF, ":3:9", "queries and inputs exclude each other", "inputs give queries"),
    (SELF + KEYS, ":3:7", "keys has no place here", "keys goes with queries"),
    (QUERIES + "memory: [[1, 2]]\n", ":3:9", "memory has no place here", "goes with inputs"),
    ("queries: [1, 2]\n", ":2:10", "one vector cannot attend to itself", "give rows, or keys"),
    ("queries: 3\n" + KEYS, ":2:10", "queries: a number or a bare symbol", "shape: [3, 2]"),
    ("queries: symbol\n" + KEYS, ":2:10", "queries: a number or a bare symbol", "for symbols"),
    (QUERIES + "keys: [1, 2]\n", ":3:7", "keys: has 2 entries", "rows belong here"),
    (QUERIES + "keys: []\n", ":3:7", "an array has at least one entry", ""),
    (QUERIES + "keys: [[1, 2], [3]]\n", ":3:16", "this row has 1 entry, the first one has 2", ""),
    (QUERIES + "keys: [[1, nan]]\n", ":3:12", "nan is not a number", ""),
    (QUERIES + "keys: [[1, .inf]]\n", ":3:12", "", ""),
    (QUERIES + "keys: [[1, 2, 3]]\n", ":3:7", "queries have 2 entries and keys 3", "bilinear"),
    (QUERIES + KEYS + "values: [[1], [2], [3]]\n", ":4:9", "2 keys, but 3 values", "every key"),
    (QUERIES + KEYS + "mask: [1, 2]\n", ":4:7", "a mask is a list of 0 and 1", ""),
    (QUERIES + KEYS + "mask: [1, 0, 1]\n", ":4:7", "the mask has 3 entries", "every key"),
    (QUERIES + KEYS + "mask: [[1, 0], [0, 0]]\n", ":4:7", "query 1 may see no key", "needs a key"),
    (QUERIES + "keys: [[1, 2]]\ncausal: true\n", ":4:9", "(queries: 2, keys: 1)", "every key"),
    (QUERIES + "mask: [1, 0]\nnormalization: hardmax\n", ":4:16", "not with hardmax", ""),
    (QUERIES + "targets: [[1, 2]]\n", ":3:10", "the key targets is 1 × 2, but 2 × 2", "of Z"),
    (QUERIES + "gradient: [1]\n", ":3:11", "the key gradient has 1 entry, but 2 × 2", "sizes of Z"),
    (
        QUERIES + "gradient: [[1, 2], [1, 2]]\ntargets: [[1, 2], [1, 2]]\n",
        ":3:11", "targets and gradient exclude each other", "",
    ),
    (QUERIES + "temperature: 0\n", ":3:14", "a number above 0 belongs here", ""),
    (QUERIES + "score: cosine\n", ":3:8", "unknown choice cosine", "scaled, dot, bilinear"),
    (QUERIES + "weights: {W_Q: [[1]]}\n", ":3:16", "W_Q is not a weight here", "no weights"),
    (
        SELF + "weights: {W_Q: [[1], [1]], W_K: [[1], [1]]}\n",
        ":3:10", "the weight W_V is missing", "weights: W_V, 2 × 2",
    ),
    (
        SELF + "weights: {W_Q: [[1], [1]], W_K: [[1, 2], [1, 2]], W_V: [[1], [1]]}\n",
        ":3:33", "W_K is 2 × 2, but 2 × 1 belongs here", "a row for every entry",
    ),
    (
        QUERIES + "score: bilinear\nweights: {W_b: [[1, 0], [0, 1]]}\n",
        ":4:16", "W_b is not a weight here", "did you mean W_a?",
    ),
    (
        QUERIES + "score: additive\nweights: {W_a: [[1, 0, 2]], U_a: [[1, 0]], v_a: [1]}\n",
        ":4:16", "W_a is 1 × 3, but 1 × 2 belongs here", "hidden width",
    ),
    (QUERIES + "querys: [[1]]\n", ":3:1", "unknown key querys", "did you mean queries?"),
    ("queries: {shape: [3000, 2], seed: 1}\n", ":2:10", "9000000 scores are too many", ""),
    (
        "queries: {shape: [101, 2], seed: 1}\nscore: additive\n"
        "weights: {W_a: [[1, 0]], U_a: [[1, 0]], v_a: [1]}\n",
        ":3:8", "at most 100 queries", "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG, ids=lambda v: str(v)[:40])
def test_a_mistake_has_its_place_and_a_hint(text: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(StringIO("kind: attention\n" + text))
    first = caught.value.diagnoses[0]
    assert message in first.message
    assert hint in first.hint
    assert str(first.place).endswith(place)


def test_all_mistakes_at_once() -> None:
    text = "kind: attention\nqueries: 3\nkeys: [1]\nvalues: [2]\n"
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(StringIO(text))
    assert len(caught.value.diagnoses) == 3
