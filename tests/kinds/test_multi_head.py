"""The kinds `multi-head-attention` and `transformer-block`: values and gradients against NumPy."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from attention_by_hand import Values, block, drawn, gradients, listed, multi_head

import stepsolve
from stepsolve.derivation import Derivation, Section
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line

Array = Any
Shapes = dict[str, tuple[int, ...]]


def same(derivation: Derivation, expected: Values) -> None:
    """Every expected quantity is there, to 1e-9, and all is confirmed."""
    assert derivation.confirmed
    for name, value in expected.items():
        found = np.array(derivation.quantities[name])
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-11, err_msg=name)


# -------------------------------------------------------------------------------------- multi-head

HEADS: dict[str, tuple[int, Shapes]] = {
    "one": (1, {"W_Q": (4, 3), "W_K": (4, 3), "W_V": (4, 2), "W_O": (2, 4)}),
    "two": (2, {"W_Q": (4, 4), "W_K": (4, 4), "W_V": (4, 6), "W_O": (6, 4)}),
    "biases": (
        2,
        {"W_Q": (4, 2), "W_K": (4, 2), "W_V": (4, 4), "W_O": (4, 3)}
        | {"b_Q": (2,), "b_K": (2,), "b_V": (4,), "b_O": (3,)},
    ),
    "own": (
        2,
        {f"W_{name}_{i}": (4, 2) for i in (1, 2) for name in "QKV"} | {"W_O": (4, 3), "b_O": (3,)},
    ),
    "four": (4, {"W_Q": (4, 4), "W_K": (4, 4), "W_V": (4, 4), "W_O": (4, 4)}),
}


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("case", HEADS)
def test_heads_forward_and_backward(case: str, is_causal: bool) -> None:
    heads, shapes = HEADS[case]
    v = drawn(len(case), **shapes)
    x = drawn(11, X=(3, 4))["X"]
    above = drawn(12, G=(3, v["W_O"].shape[1]))["G"]
    mask = np.tril(np.ones((3, 3))) if is_causal else None

    def output(at: Values) -> Array:
        return multi_head(at["X"], at["X"], heads, at, mask)

    problem = {"kind": "multi-head-attention", "inputs": x.tolist(), "heads": heads}
    problem |= {"weights": listed(v), "gradient": above.tolist(), "causal": is_causal}
    slopes = gradients(lambda at: np.sum(above * output(at)), {"X": x, **v})
    count = sum(value.size for value in v.values())
    expected = {f"dL/d{name}": slope for name, slope in slopes.items()}
    same(
        stepsolve.solve(problem),
        {"O": output({"X": x, **v}), "parameters": np.array(count), **expected},
    )


def test_cross_attention_with_a_mask_and_a_loss() -> None:
    v = drawn(20, X=(2, 4), H=(5, 3), W_Q=(4, 4), W_K=(3, 4), W_V=(3, 4), W_O=(4, 2))
    mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]])
    target = drawn(21, T=(2, 2))["T"]

    def loss(at: Values) -> Array:
        return np.mean((multi_head(at["X"], at["H"], 2, at, mask) - target) ** 2)

    problem = {"kind": "multi-head-attention", "inputs": v["X"].tolist(), "heads": 2}
    problem |= {"memory": v["H"].tolist(), "mask": mask.tolist(), "targets": target.tolist()}
    weights = {name: value for name, value in v.items() if name.startswith("W")}
    problem |= {"weights": listed(weights), "loss": "mse"}
    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, v).items()}
    same(stepsolve.solve(problem), {"L": loss(v), **slopes})


def test_columns_of_one_matrix_are_weights_of_heads() -> None:
    """W_Q, W_K, W_V cut into columns give what heads with weights of their own give."""
    v = drawn(30, W_Q=(4, 4), W_K=(4, 4), W_V=(4, 4), W_O=(4, 4))
    x = drawn(31, X=(3, 4))["X"].tolist()
    own = {f"W_{p}_{i + 1}": v[f"W_{p}"][:, 2 * i : 2 * i + 2] for i in range(2) for p in "QKV"}
    whole, cut = (
        stepsolve.solve(
            {"kind": "multi-head-attention", "inputs": x, "heads": 2, "weights": listed(weights)}
        )
        for weights in (v, {**own, "W_O": v["W_O"]})
    )
    np.testing.assert_allclose(whole.quantities["O"], cut.quantities["O"], rtol=1e-12)


def test_the_page_of_two_heads() -> None:
    eye = [[1, 0], [0, 1]]
    derivation = stepsolve.solve(
        {
            "kind": "multi-head-attention",
            "inputs": eye,
            "heads": 2,
            "weights": dict.fromkeys(("W_Q", "W_K", "W_V", "W_O"), eye),
            "gradient": eye,
        }
    )
    headings = [
        "".join(p if isinstance(p, str) else one_line(p) for p in block.parts)
        for block in derivation.blocks
        if isinstance(block, Section)
    ]
    assert headings == [
        "Sizes",
        "Queries, keys and values",
        "Head 1",
        "Head 2",
        "Output of the heads",
        "Backward pass",
        "Result",
    ]
    lines = {line.name: plain(line.expression) for line in derivation.lines}
    assert lines["Q_2"] == "Q[:, 1:2]"
    assert lines["C_2"] == "S_2 / sqrt(d_k)"
    assert lines["Z"] == "concat(Z_1, Z_2, axis=1)"
    assert lines["dL/dZ_2"] == "(dL/dZ)[:, 1:2]"
    assert lines["dL/dQ"] == "concat(dL/dQ_1, dL/dQ_2, axis=1)"
    sizes = next(table for table in derivation.tables if table.name == "sizes")
    rows = {one_line(row[0]): row[1] for row in sizes.rows}  # type: ignore[arg-type]
    assert rows["S₁"] == "2 × 2" and rows["Q₁"] == "2 × 1"


# --------------------------------------------------------------------------------------- the block

FEED: Shapes = {"W_1": (4, 5), "W_2": (5, 4)}
SQUARE: Shapes = {f"W_{p}": (4, 4) for p in "QKVO"}
EXTRA: Shapes = {"b_1": (5,), "b_2": (4,), "b_O": (4,)} | {
    f"{name}_{k}": (4,) for k in (1, 2) for name in ("gamma", "beta")
}


@pytest.mark.parametrize("has_extra", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm", ["post", "pre"])
def test_a_block_forward_and_backward(norm: str, activation: str, has_extra: bool) -> None:
    v = drawn(40, **SQUARE, **FEED, **(EXTRA if has_extra else {}))
    x = drawn(41, X=(3, 4))["X"]
    target = drawn(42, T=(3, 4))["T"]
    mask = np.tril(np.ones((3, 3)))

    def output(at: Values) -> Array:
        return block(at["X"], at, 2, norm, activation, mask, 0.001)

    def loss(at: Values) -> Array:
        return np.sum((output(at) - target) ** 2) / 2

    everything = {"X": x, **v}
    problem = {"kind": "transformer-block", "inputs": x.tolist(), "heads": 2, "norm": norm}
    problem |= {"weights": listed(v), "activation": activation, "targets": target.tolist()}
    problem |= {"causal": True, "epsilon": 0.001}
    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, everything).items()}
    same(stepsolve.solve(problem), {"Y": output(everything), "L": loss(everything), **slopes})


def test_symbols_give_the_formulas_of_a_block() -> None:
    shapes = {**SQUARE, **FEED}
    weights = {name: {"shape": list(dims)} for name, dims in shapes.items()}
    derivation = stepsolve.solve(
        {
            "kind": "transformer-block",
            "inputs": {"shape": [2, 4]},
            "weights": weights,
            "gradient": {"shape": [2, 4]},
        }
    )
    assert derivation.confirmed
    lines = {line.name: plain(line.expression) for line in derivation.lines}
    assert lines["R_1"] == "X + O" and lines["R_2"] == "U_1 + F"
    assert lines["U_1"] == "standardize(R_1, epsilon, axis=1)"
    assert lines["dL/dU_1"] == "dL/dR_2 + dL/dP @ W_1.T"


def test_a_wrong_gradient_of_layer_norm_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.operations.table import ARRAYS

    wrong = replace(ARRAYS["standardize"], gradient=lambda a, eps, axis=None: ("g", ""))
    monkeypatch.setitem(ARRAYS, "standardize", wrong)
    v = drawn(50, **SQUARE, **FEED)
    problem = {"kind": "transformer-block", "inputs": [[1, 0, 2, 0.5]], "weights": listed(v)}
    derivation = stepsolve.solve({**problem, "gradient": [[1, 2, 3, 5]]})
    failed = {check.of for check in derivation.checks if not check.passed}
    assert {"dL/dR_1", "dL/dR_2"} & failed and not derivation.confirmed


def test_parts_that_are_put_together_wrongly_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.notation.tree import Apply
    from stepsolve.worksheet import stretches, vector_jacobian

    def turned(parts: Any, dims: Any) -> Any:
        found = stretches.put_together(parts, dims)
        if found is None:
            return None
        first, second, *rest = found.arguments  # type: ignore[attr-defined]
        return Apply("concat", second, first, *rest)

    monkeypatch.setattr(vector_jacobian, "put_together", turned)
    v = drawn(60, **SQUARE)
    problem = {"kind": "multi-head-attention", "inputs": [[1, 0, 2, 0.5], [0, 1, 1, 1]]}
    problem |= {"weights": listed(v), "heads": 2, "gradient": [[1, 2, 3, 4], [0, 1, 0, 1]]}
    failed = {check.of for check in stepsolve.solve(problem).checks if not check.passed}
    assert failed >= {"dL/dQ", "dL/dK", "dL/dV"}


# ---------------------------------------------------------------------------------------- mistakes

EYE = "[[1, 0], [0, 1]]"
HEAD = f"W_Q: {EYE}, W_K: {EYE}, W_V: {EYE}, W_O: {EYE}"
MULTI = "kind: multi-head-attention\ninputs: [[1, 0], [0, 1]]\n"
BLOCK = "kind: transformer-block\ninputs: [[1, 0], [0, 1]]\n"
WRONG: list[tuple[str, str, str, str]] = [
    (
        MULTI + f"heads: 3\nweights: {{{HEAD}}}\n",
        ":4:16", "2 columns of W_Q cannot be shared equally by 3 heads", "multiple of the number",
    ),
    (MULTI + f"heads: 0\nweights: {{{HEAD}}}\n", ":3:8", "from 1 to 64", ""),
    (MULTI, ":1:1", "the key weights is missing", "W_Q"),
    (MULTI + f"weights: {{W_Q: {EYE}}}\n", ":3:10", "the weight W_K is missing", "W_K, 2 × 2"),
    (MULTI + f"weights: {{{HEAD}, W_X: [1]}}\n", ":3:108", "W_X is not a weight", "did you mean"),
    (MULTI + f"weights: {{{HEAD}, b_Q: [1]}}\n", ":3:108", "b_Q has 1 entry, but 2", "of W_Q"),
    (
        MULTI + "weights: {W_Q: [[1], [2], [3]]}\n",
        ":3:10", "the weight W_K is missing", "W_K, 2 × 1",
    ),
    (MULTI + f"weights: {{{HEAD}}}\nmemory: [1, 2]\n", ":4:9", "memory are rows", "symbols"),
    (
        MULTI + f"weights: {{{HEAD}}}\nmemory: [[1, 2, 3]]\n",
        ":3:39", "W_K is 2 × 2, but 3 × 2 belongs here", "",
    ),
    (MULTI + f"weights: {{{HEAD}}}\nmask: [1]\n", ":4:7", "the mask has 1 entry", ""),
    (MULTI + f"weights: {{{HEAD}}}\ntargets: [1]\n", ":4:10", "targets has 1 entry", "of O"),
    (
        MULTI.replace("[[1, 0], [0, 1]]", "[]") + f"weights: {{{HEAD}}}\n",
        ":2:9", "an array has at least one entry", "",
    ),
    (
        BLOCK + f"weights: {{{HEAD}, W_1: [[1, 2, 3], [4, 5, 6]], W_2: [[1, 2]]}}\n",
        ":3:137", "W_2 is 1 × 2, but 3 × 2 belongs here", "back to the width",
    ),
    (BLOCK + f"weights: {{{HEAD}, W_2: {EYE}}}\n", ":3:10", "the weight W_1 is missing", ""),
    (
        BLOCK + f"weights: {{{HEAD}, W_1: {EYE}, W_2: {EYE}, gama_1: [1, 1]}}\n",
        ":3:157", "gama_1 is not a weight here", "did you mean gamma_1?",
    ),
    (BLOCK + f"weights: {{{HEAD}}}\nnorm: middle\n", ":4:7", "unknown choice middle", "post or pre"),
    (BLOCK + f"weights: {{{HEAD}}}\nepsilon: 0\n", ":4:10", "a number above 0 belongs here", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG, ids=lambda v: str(v)[:30])
def test_a_mistake_has_its_place_and_a_hint(text: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(StringIO(text))
    first = caught.value.diagnoses[0]
    assert message in first.message
    assert hint in first.hint
    assert str(first.place).endswith(place)
