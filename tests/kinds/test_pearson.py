"""Pearson's correlation against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
import windows_by_hand as hand

import stepsolve
from stepsolve.derivation import Section
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.source.yaml import compose


@pytest.mark.parametrize("dims", [(3,), (8,), (3, 3), (2, 4)])
def test_the_value_and_its_gradient(dims: tuple[int, ...]) -> None:
    random = np.random.default_rng(len(dims) + dims[0])
    a, b = (np.round(random.normal(size=dims), 2) for _ in range(2))

    def r(a: np.ndarray, b: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])

    derivation = stepsolve.solve(
        {"kind": "pearson", "windows": {"a": a.tolist(), "b": b.tolist()}, "backward": True}
    )
    assert derivation.confirmed
    found = derivation.quantities
    assert found["r"] == pytest.approx(r(a, b), rel=1e-12)
    assert np.allclose(found["dr/da"], hand.slopes(lambda v: r(v, b), a, 1e-5), atol=1e-8)
    assert np.allclose(found["dr/db"], hand.slopes(lambda v: r(a, v), b, 1e-5), atol=1e-8)
    centred = [v - np.mean(v) for v in (a, b)]
    one, other = (np.linalg.norm(v) for v in centred)
    by_hand = (centred[1] - r(a, b) * other / one * centred[0]) / (one * other)
    assert np.allclose(found["dr/da"], by_hand, rtol=1e-9, atol=1e-12)


def test_the_page() -> None:
    derivation = stepsolve.solve({"kind": "pearson", "windows": {"u": [1, 2, 3], "v": [6, 2, 1]}})
    names = [line.name for line in derivation.lines]
    assert names == ["m_u", "m_v", "d_u", "d_v", "s", "n_u", "n_v", "r"]
    sections = [b.parts[0] for b in derivation.blocks if isinstance(b, Section)]
    assert sections == ["Deviations from the mean", "Correlation", "Result"]
    assert derivation.title == "Pearson's correlation"


def test_letters() -> None:
    windows = {"a": {"shape": [3]}, "b": {"shape": [3]}}
    derivation = stepsolve.solve({"kind": "pearson", "windows": windows, "backward": True})
    assert plain(derivation.results["r"]) == "s / (n_a * n_b)"
    assert derivation.confirmed and derivation.checks


MISTAKES = {
    "windows: {a: [1, 2]}": "p.yaml:2:14: two windows belong here, not 1",
    "windows: {a: [1, 2], b: [3, 4], c: [5, 6]}": "p.yaml:2:36: two windows belong here, not 3",
    "windows: {a: [1, 2], b: [1, 2, 3]}": "p.yaml:2:25: b has 3 entries, but 2 entries belong",
    "windows: {a: [1, 2], b: [3, 3]}": "p.yaml:2:25: all entries of b are equal",
    "windows: {a: 1, b: 2}": "p.yaml:2:14: a window is a list of numbers",
    "windows: {}": "two windows belong here, not 0",
    "windows: {r: [1, 2], s: [2, 3]}": "p.yaml:2:14: r is the name of a line of the page",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as error:
        read_problem(compose(f"kind: pearson\n{text}\n", "p.yaml"))
    assert MISTAKES[text] in str(error.value)
