"""The oracles of tensors: against NumPy itself, each other, and derivatives worked out by hand."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest

from stepsolve.checking.float_tensors import FloatTensors
from stepsolve.checking.precise_tensors import PreciseTensors
from stepsolve.checking.scenes import Scene, one_hot, scenes, summing_to_one, symmetric
from stepsolve.errors import OutsideDomain
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import Expression
from stepsolve.source.expression import parse as parse_

OPEN = ("f", "f'")
SHAPES = {
    "x": Shape(("n",)),
    "y": Shape(("n",)),
    "W": Shape(("m", "n")),
    "v": Shape(("m",)),
    "c": Shape(()),
    "z": Shape(("m",)),
    "s": Shape(()),
}


def parse(text: str) -> Expression:
    return parse_(text, OPEN)


LINES = {"z": parse("W @ x"), "s": parse("v.T @ f(z)")}


def scene(**conditions: object) -> Scene:
    return next(scenes(SHAPES, LINES, OPEN))


def numbers(found: Scene, name: str) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(found.values[name])


@pytest.mark.parametrize("text", ["W @ x + c * v", "norm(W)^2 * x / 2", "exp(x) * y", "x @ y.T"])
def test_both_oracles_work_as_numpy_does(text: str) -> None:
    s = scene()
    x, y, w, v = (numbers(s, n) for n in "xyWv")
    c = s.values["c"][0][0]
    expected = {
        "W @ x + c * v": w @ x + c * v,
        "norm(W)^2 * x / 2": np.sum(w * w) * x / 2,
        "exp(x) * y": np.exp(x) * y,
        "x @ y.T": np.outer(x, y),
    }[text]
    np.testing.assert_allclose(FloatTensors(s).matrix(parse(text)), expected, rtol=1e-14)
    exact = PreciseTensors(s).matrix(parse(text))
    np.testing.assert_allclose(np.array(exact.tolist(), float), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "subscripts", "names"),
    [
        ("sum(W[i, k] * x[k], k)", "ik,k->i", "Wx"),
        ("sum(sum(W[k, l] * v[k] * x[l], l), k)", "kl,k,l->", "Wvx"),
        ("v[i] * x[j]", "i,j->ij", "vx"),
        ("sum(sum(W[i, k] * delta(k, l) * W[j, l], l), k)", "ik,jk->ij", "WW"),
    ],
)
def test_index_notation_is_einsum(text: str, subscripts: str, names: str) -> None:
    s = scene()
    arrays = [numbers(s, n) if n == "W" else numbers(s, n).ravel() for n in names]
    expected = np.einsum(subscripts, *arrays)
    free = subscripts.partition("->")[2]
    found = FloatTensors(s).entries(parse(text), tuple(free), {})
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    oracle = PreciseTensors(s)
    exact = list(oracle.entries(parse(text), free, oracle.sizes(parse(text))))
    np.testing.assert_allclose(np.array(exact, float), expected.ravel(), rtol=1e-14)


def test_a_derivative_runs_the_lines_again_and_a_partial_one_does_not() -> None:
    s = scene()
    oracle = PreciseTensors(s)
    total, partial = parse("diff(s, x[i])"), parse("partial(s, x[i])")
    sizes = oracle.sizes(total)
    w, v, x = numbers(s, "W"), numbers(s, "v").ravel(), numbers(s, "x").ravel()
    pace = 1 + ord("f") % 7 / 8
    slope = pace * np.cos(pace * (w @ x)) + 0.25
    found = np.array(list(oracle.entries(total, "i", sizes)), float)
    np.testing.assert_allclose(found, w.T @ (v * slope), rtol=1e-12)
    assert list(oracle.entries(partial, "i", sizes)) == [0] * len(x)


def test_sums_with_bounds_count_from_one() -> None:
    oracle = PreciseTensors(scene())
    assert oracle.scalar(parse("sum(k^2, k, 1, 4)"), {}, {}) == 30
    first = oracle.scalar(parse("sum(x[k], k, 1, 1)"), {}, {})
    assert first == oracle.matrix(parse("x"))[0, 0] == oracle.matrix(parse("x[0]"))
    with pytest.raises(OutsideDomain):
        oracle.scalar(parse("sum(x[k], k, 0, 1)"), {}, {})


def test_conditions_hold() -> None:
    shapes = {"A": Shape(("n", "n")), "y": Shape(("n",)), "t": Shape(("n",))}
    conditions = (symmetric("A"), summing_to_one("y"), one_hot("t"))
    for s in islice(scenes(shapes, {}, (), conditions), 6):
        a, y, t = (numbers(s, n) for n in "Ayt")
        assert (a == a.T).all()
        assert math.isclose(y.sum(), 1)
        assert sorted(t.ravel()) == [0] * (t.size - 1) + [1]


def test_different_sizes_stay_different() -> None:
    for s in islice(scenes({"A": Shape(("n", "m")), "B": Shape((3, 1))}), 6):
        assert s.sizes["n"] != s.sizes["m"] and s.sizes[1] == 1
        assert len(s.values["B"][0]) == 1
