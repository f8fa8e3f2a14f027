"""Spatial attention against NumPy, with its gradients; mistakes at their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand

import stepsolve
from stepsolve.derivation import Derivation, Section
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.source.yaml import compose

Array = Any


def solve(**keys: object) -> Derivation:
    derivation = stepsolve.solve({"kind": "spatial-attention", **keys})
    assert [check for check in derivation.checks if not check.passed] == []
    return derivation


def mask(x: Array, w: Array, b: float) -> Array:
    maps = np.stack([np.mean(x, axis=0), np.max(x, axis=0)])
    k = w.shape[1] // 2
    around = hand.padded(maps, ((k, k), (k, k)))
    return 1 / (1 + np.exp(-hand.correlation(around, w[None], (1, 1), (1, 1))[0] - b))


@pytest.mark.parametrize(("dims", "k"), [((2, 3, 3), 3), ((3, 2, 4), 1), ((2, 4, 3), 5)])
def test_values_and_gradients(dims: tuple[int, ...], k: int) -> None:
    random = np.random.default_rng(k)
    x = np.round(random.normal(size=dims), 2)
    w = np.round(random.normal(size=(2, k, k)), 2)
    g = np.round(random.normal(size=dims), 2)
    b = 0.25

    def run(x: Array, w: Array, b: Array) -> float:
        return float(np.sum(g * mask(x, w, b) * x))

    found = solve(
        input=x.tolist(),
        weights={"w": w.tolist(), "b": b},
        backward={"gradient": g.tolist()},
    ).quantities
    assert np.allclose(found["M_s"], mask(x, w, b), rtol=1e-9)
    assert np.allclose(found["F'"], mask(x, w, b) * x, rtol=1e-9, atol=1e-12)
    # by hand: d = dL/dz, then a correlation of each map with d; the maximum takes all of its share
    m = mask(x, w, b)
    d = np.sum(g * x, axis=0) * m * (1 - m)
    assert found["dL/db"] == pytest.approx(np.sum(d), rel=1e-9)
    maps = np.stack([np.mean(x, axis=0), np.max(x, axis=0)])
    around = hand.padded(maps, ((k // 2, k // 2),) * 2)
    dw = np.array(
        [
            [[np.sum(c[i : i + dims[1], j : j + dims[2]] * d) for j in range(k)] for i in range(k)]
            for c in around
        ]
    )
    assert np.allclose(found["dL/dw"], dw, rtol=1e-9, atol=1e-12)
    spread = hand.spread(d[None], w[None], (1, 1), (1, 1))[
        :, k // 2 : k // 2 + dims[1], k // 2 : k // 2 + dims[2]
    ]
    won = np.arange(dims[0])[:, None, None] == np.argmax(x, axis=0)
    dx = g * m + spread[0] / dims[0] + spread[1] * won
    assert np.allclose(found["dL/dF"], dx, rtol=1e-9, atol=1e-12)
    assert np.allclose(found["dL/dF"], hand.slopes(lambda v: run(v, w, b), x, 1e-5), atol=1e-8)


def test_the_page() -> None:
    x = [[[1, 0], [2, 3]], [[2, 1], [0, 1]]]
    derivation = solve(input=x, weights={"w": [[[1]], [[-1]]]})
    assert [line.name for line in derivation.lines] == ["A", "M", "z", "M_s", "F'"]
    sections = [b.parts[0] for b in derivation.blocks if isinstance(b, Section)]
    assert sections == [
        "Two maps over the channels",
        "The mask",
        "The weighted feature map",
        "Result",
    ]
    wider = solve(input=x, weights={"w": {"shape": [2, 3, 3], "seed": 1}, "b": 1})
    assert [line.name for line in wider.lines][2:4] == ["A_p", "M_p"]


def test_letters() -> None:
    derivation = solve(
        input={"shape": [2, 3, 3]}, weights={"w": {"shape": [2, 3, 3]}, "b": "symbol"}, backward={}
    )
    assert plain(derivation.results["M_s"]) == "sigmoid(z)"


def test_a_large_feature_map() -> None:
    derivation = solve(
        input={"shape": [16, 32, 32], "seed": 1},
        weights={"w": {"shape": [2, 7, 7], "seed": 2, "scale": 0.1}},
        backward={"loss": "half-squares"},
    )
    assert np.shape(derivation.quantities["M_s"]) == (32, 32)


INPUT = "input: [[[1, 2], [3, 4]]]\n"
MISTAKES = {
    INPUT + "weights: {v: 1}": "there is no weight v here",
    INPUT + "weights: {b: 1}": "the weight w is missing",
    INPUT + "weights: {w: [[[1, 2], [3, 4]], [[1, 2], [3, 4]]]}": (
        "p.yaml:3:14: w is 2 × 2 × 2, but 2 × k × k with k odd belongs here"
    ),
    INPUT + "weights: {w: [[[1]], [[2]]], b: [1, 2]}": "p.yaml:3:33: b is a number",
    "input: [1, 2]\nweights: {w: [[[1]], [[2]]]}": (
        "p.yaml:2:8: a feature map is channels × height × width; this has 2 entries"
    ),
    INPUT + "weights: {w: [[[1]], [[2]]]}\nbackward: {gradient: [1]}": (
        "p.yaml:4:22: this has 1 entry, but the output is 1 × 2 × 2"
    ),
    INPUT + "weights: {w: [[[1]], [[nan]]]}": "p.yaml:3:24: nan is not a number",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as error:
        read_problem(compose(f"kind: spatial-attention\n{text}\n", "p.yaml"))
    assert MISTAKES[text] in str(error.value)


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["correlate"]

    def wrong(a: Any, b: Any, **settings: Any) -> tuple[str, str]:
        transposed, kernel = row.gradient(a, b, **settings)
        return transposed, f"flip({kernel})"

    monkeypatch.setitem(ARRAYS, "correlate", row.__class__(**{**vars(row), "gradient": wrong}))
    derivation = stepsolve.solve(
        {
            "kind": "spatial-attention",
            "input": [[[1, 0], [2, 3]], [[2, 1], [0, 1]]],
            "weights": {"w": {"shape": [2, 3, 3], "seed": 1}},
            "backward": {},
        }
    )
    assert {check.of for check in derivation.checks if not check.passed} == {"dL/dw"}
