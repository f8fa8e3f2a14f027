"""Pooling against plain loops; where gradients go; mistakes at their places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand
from timing import at_most

import stepsolve
from stepsolve.derivation import Derivation, Text
from stepsolve.notation.plain import plain
from stepsolve.operations import table
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


PADDED: list[tuple[Any, Any, Any, Any]] = [
    ((3, 4), (3, 2), (2, 1), [[1, 2], [0, 1]]),
    ((2, 4, 3), (2, 2), (2, 2), [[1, 0], [1, 1]]),
    ((5, 5), (3, 3), (1, 1), [[2, 2], [2, 2]]),
]


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("method", ["max", "average"])
@pytest.mark.parametrize(("dims", "window", "stride", "pads"), PADDED)
def test_padding(
    dims: Any, window: Any, stride: Any, pads: Any, method: str, counted: bool
) -> None:
    """Of padding that does not count: -infinity for the maximum, nothing for the mean."""
    random = np.random.default_rng(sum(dims))
    x = random.permutation(np.arange(np.prod(dims))).reshape(dims) / 4 - 5  # most below zero
    around = [(0, 0)] * (len(dims) - 2) + [tuple(pair) for pair in pads]
    outside = 0.0 if counted else np.nan
    padded = np.pad(x, around, constant_values=outside)
    pick = {"max": np.nanmax, "average": np.nanmean}[method]
    rows = range(0, padded.shape[-2] - window[0] + 1, stride[0])
    columns = range(0, padded.shape[-1] - window[1] + 1, stride[1])
    y = np.empty((*dims[:-2], len(rows), len(columns)))
    slopes = np.zeros(padded.shape)
    g = np.round(random.normal(size=y.shape), 2)
    for *lead, i, j in np.ndindex(*y.shape):
        at = (*lead, slice(rows[i], rows[i] + window[0]), slice(columns[j], columns[j] + window[1]))
        part = padded[at]
        y[(*lead, i, j)] = pick(part)
        inside = np.isfinite(part)
        share = inside / inside.sum()
        if method == "max":
            share = np.zeros(part.shape)
            share.flat[np.nanargmax(part)] = 1
        slopes[at] += share * g[(*lead, i, j)]
    inner = tuple(slice(p[0], p[0] + n) for p, n in zip(around, dims, strict=True))
    found = solve(
        method=method,
        input=x.tolist(),
        window=list(window),
        stride=list(stride),
        padding=pads,
        backward={"gradient": g.tolist()},
        **{"count-padding": counted},
    )
    assert np.allclose(np.reshape(found.quantities["y"], y.shape), y, rtol=1e-9)
    assert np.allclose(found.quantities["dL/dx"], slopes[inner], rtol=1e-9, atol=1e-12)


def test_same_padding_is_in_front_and_behind() -> None:
    """5 entries in windows of 2 moved by 2: three windows, one entry behind."""
    found = solve(input=[1, 5, 2, 8, 3], window=2, padding="same", method="average")
    assert found.quantities["y"] == [3, 5, 3]
    assert "The padding does not count: the mean is that of the entries inside" in told(found)
    counted = solve(
        input=[1, 5, 2, 8, 3], window=2, padding="same", method="average", **{"count-padding": True}
    )
    assert counted.quantities["y"] == [3, 5, 1.5]
    assert "The padding counts as zeros." in told(counted)


def test_lines_of_padding_that_is_left_out() -> None:
    found = solve(input=[-1, -2], window=2, stride=1, padding=1, backward={"gradient": 1})
    names = ["x_p", "v", "m", "y", "dL/dv", "dL/dx_p", "dL/dx"]
    assert [line.name for line in found.lines] == names
    assert found.quantities["y"] == [-1, -1, -2]
    assert found.quantities["dL/dx"] == [2, 1]
    assert plain(found.results["y"]) == "reshape(masked_max(v, m, axis=1), 3)"
    ties = solve(input=[-1, -1], window=2, stride=1, padding=1, backward={"gradient": 1})
    assert "In one window entries tie for the maximum" in told(ties)


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


def test_a_flat_image_has_kinks_that_cross() -> None:
    """Every window gives its gradient to its first entry; alone, an entry's slopes do not tell that."""
    flat = {"input": [[1, 1, 1]] * 3, "window": 2, "stride": 1}
    found = solve(**flat, backward={"gradient": [[1, -2], [3, -4]]})
    assert found.quantities["dL/dx"] == [[1, -2, 0], [3, -4, 0], [0, 0, 0]]
    assert "at a kink in 9 of its entries" in {c.note for c in found.checks if c.of == "dL/dx"}


def test_an_image_with_many_ties_is_not_looked_at_entry_by_entry() -> None:
    """Black and white: ties in most windows. The gradients against loops."""
    x = np.array([[float(not i * j % 3) for j in range(14)] for i in range(14)])
    random = np.random.default_rng(1)
    g = np.round(random.normal(size=(12, 12)), 2)
    with at_most(5):
        found = solve(input=x.tolist(), window=3, stride=1, backward={"gradient": g.tolist()})
        back = hand.pooled_back(x[None], g[None], (3, 3), (1, 1), "max")[0]
        assert np.allclose(found.quantities["dL/dx"], back, atol=1e-12)


@pytest.mark.parametrize("wrong", ["2 * g", "-g", "g + 1"])
def test_a_wrong_rule_is_seen_at_kinks_that_cross(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["max"]

    def rule(a: Any, axis: int | None = None) -> tuple[str]:
        return (f"reshape({wrong}, {a[0]}, 1) * argmax(a, axis=1)",)

    monkeypatch.setitem(ARRAYS, "max", row.__class__(**{**vars(row), "gradient": rule}))
    flat = {"kind": "pooling", "input": [[1, 1, 1]] * 3, "window": 2, "stride": 1}
    found = stepsolve.solve({**flat, "backward": {"gradient": [[1, -2], [3, -4]]}})
    assert "dL/dx" in {check.of for check in found.checks if not check.passed}


def test_what_is_left_at_the_end_of_the_padding_is_not_told() -> None:
    assert "What is left" not in told(solve(input=[1, 2, 3], window=2, padding=1))
    assert "What is left" in told(solve(input=[1, 2, 3, 4], window=3, padding=[[1, 0]]))


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
    "input: [1, 2]\nwindow: 2\npadding: 2": (
        "p.yaml:4:10: the padding is less than the window",
        "at most 1",
    ),
    "input: [1, 2]\nwindow: 2\npadding: -1": ("p.yaml:4:10: a whole number from 0 to 100000", ""),
    "input: [1, 2]\nwindow: 2\nstride: 0": ("p.yaml:4:9: a whole number from 1 to 100000", ""),
    "input: [1, 2]\nwindow: global\npadding: 1": ("p.yaml:4:10: global pooling has no padding", ""),
    "input: [[1, 2]]\nwindow: 1\npadding: [1, 0, 0]": (
        "p.yaml:4:10: padding is one number, or one for each of the 2 axes",
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


def test_a_mask_that_is_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["masked_max"]
    forgetful = row.__class__(**{**vars(row), "numpy": lambda a, m, axis: np.max(a, axis=axis)})
    monkeypatch.setitem(ARRAYS, "masked_max", forgetful)
    found = stepsolve.solve({"kind": "pooling", "input": [-1, -2], "window": 2, "padding": 1})
    assert {check.of for check in found.checks if not check.passed} == {"y"}


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


LARGE: dict[str, Any] = {
    "kind": "pooling",
    "window": "global",
    "input": {"shape": [64, 224, 224], "seed": 1},
    "backward": {"gradient": {"shape": [64], "seed": 2}},
}


@pytest.mark.parametrize("method", ["max", "average"])
def test_channels_of_a_large_image_pooled_as_a_whole(method: str) -> None:
    with at_most(5):
        found = stepsolve.solve({**LARGE, "method": method})
    assert found.confirmed
    x, above = (np.array(found.quantities[name]) for name in ("x", "dL/dy"))
    rows = x.reshape(64, -1)
    expected = np.zeros_like(rows)
    if method == "max":
        expected[np.arange(64), np.argmax(rows, axis=1)] = above
    else:
        expected += above[:, None] / rows.shape[1]
    kept = {"max": np.max, "average": np.mean}[method](rows, axis=1)
    assert np.array(found.quantities["y"]) == pytest.approx(kept, rel=1e-12)
    gradient = np.array(found.quantities["dL/dx"]).reshape(64, -1)
    assert np.max(np.abs(gradient - expected)) < 1e-15


def test_a_gradient_to_another_entry_of_a_large_window_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = table.ARRAYS["max"]

    def wrong(a: Any, **options: Any) -> Any:
        return tuple(text.replace("argmax", "argmin") for text in row.gradient(a, **options))

    monkeypatch.setitem(table.ARRAYS, "max", replace(row, gradient=wrong))
    found = stepsolve.solve({**LARGE, "method": "max"})
    assert [check.of for check in found.checks if not check.passed] == ["dL/dv"]
