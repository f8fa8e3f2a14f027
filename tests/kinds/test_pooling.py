"""Pooling against plain loops; where gradients go; mistakes at their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand

import stepsolve
from stepsolve.derivation import Derivation, Text
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.render.layout import phrase
from stepsolve.source.yaml import compose


def solve(**keys: object) -> Derivation:
    derivation = stepsolve.solve({"kind": "pooling", **keys})
    assert [check for check in derivation.checks if not check.passed] == []
    return derivation


def told(derivation: Derivation) -> str:
    return " ".join(phrase(b.parts) for b in derivation.blocks if isinstance(b, Text))


@pytest.mark.parametrize("method", ["max", "average"])
@pytest.mark.parametrize(
    ("dims", "window", "stride"),
    [
        ((4, 4), (2, 2), (2, 2)),
        ((5, 6), (2, 3), (1, 2)),
        ((2, 5, 4), (3, 2), (2, 1)),
        ((3, 4, 4), (4, 4), (4, 4)),
        ((4, 5), (1, 2), (3, 2)),
    ],
)
def test_values_and_gradients(dims: Any, window: Any, stride: Any, method: str) -> None:
    random = np.random.default_rng(sum(dims))
    x = random.permutation(np.arange(np.prod(dims))).reshape(dims) / 4 - 3  # without ties
    channels = x if x.ndim == 3 else x[None]
    y = hand.pooled(channels, window, stride, method)
    g = np.round(random.normal(size=y.shape), 2)
    shaped = g if x.ndim == 3 else g[0]
    derivation = solve(
        method=method,
        input=x.tolist(),
        window=list(window),
        stride=list(stride),
        backward={"gradient": shaped.tolist()},
    )
    found = derivation.quantities
    back = hand.pooled_back(channels, g, window, stride, method)
    assert np.allclose(np.reshape(found["y"], y.shape), y, rtol=1e-9)
    assert np.allclose(np.reshape(found["dL/dx"], back.shape), back, rtol=1e-9, atol=1e-12)
    assert list(derivation.results) == ["y", "dL/dx"]


def test_a_signal_and_the_whole_of_it() -> None:
    assert solve(input=[1, 5, 2, 8, 3], window=2).quantities["y"] == [5, 8]
    assert solve(input=[1, 5, 2, 8, 3], window="global").quantities["y"] == 8
    means = solve(input=[[[1, 2], [3, 6]], [[0, 0], [1, 1]]], window="global", method="average")
    assert means.quantities["y"] == [3, 0.5]


def test_one_axis_of_channels() -> None:
    found = solve(input=[[1, 4, 2], [3, 0, 5]], window=[1, 3]).quantities["y"]
    assert found == [[4], [5]]


def test_of_equal_entries_the_first_gets_the_gradient() -> None:
    derivation = solve(input=[[2, 1], [2, 2]], window=2, backward={"gradient": 3})
    assert derivation.quantities["dL/dx"] == [[3, 0], [0, 0]]
    assert "In one window entries tie for the maximum" in told(derivation)
    assert any("kink" in check.note for check in derivation.checks)
    assert "tie" not in told(solve(input=[1, 2], window=2, backward={}))


def test_sentences_and_lines() -> None:
    derivation = solve(input=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], window=2, backward={"loss": "sum"})
    assert [line.name for line in derivation.lines] == ["v", "y", "L", "dL/dy", "dL/dv", "dL/dx"]
    assert "Max pooling with windows of 2 × 2, side by side." in told(derivation)
    assert "What is left at the end is in no window, and its gradient is 0." in told(derivation)
    overlapping = solve(input=[1, 2, 3], window=2, stride=1, method="average", backward={})
    assert "Every entry of a window gets 1/2 of the gradient" in told(overlapping)
    assert "Windows overlap" in told(overlapping)


def test_letters_and_drawn_numbers() -> None:
    derivation = solve(input={"shape": [4, 4]}, window=2, backward={"gradient": "symbol"})
    assert plain(derivation.results["y"]) == "reshape(max(v, axis=1), 2, 2)"
    big = solve(input={"shape": [8, 64, 64], "seed": 1}, window=2, backward={"loss": "squares"})
    assert np.shape(big.quantities["dL/dx"]) == (8, 64, 64)


MISTAKES = {
    "input: [1, 2]\nwindow: 3": (
        "p.yaml:3:9: the window is larger than the input: 3 over 2",
        "take a smaller window",
    ),
    "input: [1, 2]\nwindow: [1, 1]": (
        "p.yaml:3:9: this window has 2 axes, but the input has 2 entries",
        "",
    ),
    "input: [[1, 2]]\nwindow: 1\nstride: [1, 2, 3]": (
        "p.yaml:4:9: stride is one number, or one for each of the 2 axes",
        "",
    ),
    "input: [1, 2]\nwindow: 0": ("p.yaml:3:9: a whole number from 1 to 100000 belongs here", ""),
    "input: [1, 2]\nwindow: 2\nmethod: maxx": ("p.yaml:4:9: unknown choice maxx", "did you mean"),
    "input: 2\nwindow: 2": ("p.yaml:2:8: a signal or an image belongs here", ""),
    "input: [1, 2]\nwindow: 2\nbackward: {target: [1, 2]}": (
        "p.yaml:4:20: this has 2 entries, but the output has 1 entry",
        "",
    ),
    "input: [1, inf]\nwindow: 2": ("p.yaml:2:12: inf is not a number", ""),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str) -> None:
    message, hint = MISTAKES[text]
    with pytest.raises(stepsolve.InvalidProblem) as error:
        read_problem(compose(f"kind: pooling\n{text}\n", "p.yaml"))
    assert message in str(error.value)
    assert hint in str(error.value)


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient that goes to the smallest entry."""
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["max"]

    def wrong(a: Any, axis: int | None = None) -> tuple[str]:
        return (f"reshape(g, {a[0]}, 1) * argmin(a, axis=1)",)

    monkeypatch.setitem(ARRAYS, "max", row.__class__(**{**vars(row), "gradient": wrong}))
    problem = {"kind": "pooling", "input": [1, 2, 3, 4], "window": 2, "backward": {}}
    derivation = stepsolve.solve(problem)
    assert {check.of for check in derivation.checks if not check.passed} == {"dL/dv", "dL/dx"}
