"""The problem files of graphs of arrays: their numbers from NumPy, written for each by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import arrays_by_hand as hand
import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse

ROOT = Path(__file__).parents[1] / "problems/graphs/arrays"
Numbers = dict[str, Any]


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def two_layers() -> Numbers:
    x, y = np.array([1, -0.5]), np.array([1.0, 0])
    w1, b1 = np.array([[0.5, -0.2], [0.3, 0.8], [-0.6, 0.1]]), np.array([0.1, 0, -0.1])
    w2, b2 = np.array([[0.4, -0.7, 0.2], [-0.3, 0.5, 0.9]]), np.array([0, 0.2])
    h = np.tanh(w1 @ x + b1)
    p = sigmoid(w2 @ h + b2)
    second = (p - y) * p * (1 - p)
    first = (w2.T @ second) * (1 - h**2)
    return {
        "L": ((p - y) ** 2).sum() / 2,
        "dL/dW_2": second[:, None] * h,
        "dL/db_2": second,
        "dL/dW_1": first[:, None] * x,
        "dL/db_1": first,
        "dL/dx": w1.T @ first,
    }


def batch() -> Numbers:
    x, w = np.array([[1, 2], [0, -1], [0.5, 0.5]]), np.array([[1, -1], [0.5, 2]])
    y = np.array([[1, 0], [0, 0], [1, 1]])
    z = x @ w + np.array([0.1, -0.2])
    above = 2 * (np.maximum(z, 0) - y) / 6 * (z > 0)
    loss = ((np.maximum(z, 0) - y) ** 2).mean()
    return {"L": loss, "dL/dW": x.T @ above, "dL/db": above.sum(axis=0)}


def regression() -> Numbers:
    x, w = np.array([[1, 0.5], [-1, 2]]), np.array([[0.2, -0.1, 0.4], [0.5, 0.3, -0.2]])
    z = x @ w + np.array([0, 0.1, -0.1])
    p = np.exp(z) / np.exp(z).sum(axis=1)[:, None]
    y = np.array([[1, 0, 0], [0, 0, 1]])
    loss = -(np.log(p[0, 0]) + np.log(p[1, 2])) / 2
    return {"P": p, "L": loss, "dL/dW": x.T @ (p - y) / 2, "dL/db": (p - y).sum(axis=0) / 2}


def look_up() -> Numbers:
    e, w = np.array([[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]]), np.array([1, -1, 0.5, 2, 0, 1])
    v = np.array([*e[2], *e[0], *e[2]])
    off = w @ v - 1
    of_v = off * w
    # the word 2 comes first and last, the word 0 in the middle, the word 1 not at all
    of_e = np.array([of_v[2:4], [0, 0], of_v[0:2] + of_v[4:6]])
    return {"v": v, "L": off**2 / 2, "dL/dE": of_e, "dL/dW": (off * v)[None, :]}


def layer_norm() -> Numbers:
    x, c = np.array([[1.0, 2, 6], [-1, 0, 4]]), np.array([[1, -1, 2], [0.5, 1, -1]])
    gamma, eps = np.array([1, 0.5, 2]), 0.01
    spread = np.sqrt(x.var(axis=1) + eps)[:, None]
    n = (x - x.mean(axis=1)[:, None]) / spread
    g = c * gamma
    # Ba, Kiros, Hinton (2016): less its mean and less its part along the output
    of_x = (g - g.mean(axis=1)[:, None] - n * (g * n).mean(axis=1)[:, None]) / spread
    return {
        "N": n,
        "M": n,
        "L": (c * (gamma * n + np.array([0, 0.1, -0.1]))).sum(),
        "dL/dX": of_x,
        "dL/dgamma": (c * n).sum(axis=0),
        "dL/dbeta": c.sum(axis=0),
    }


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "two-layer-network.yaml": two_layers,
    "batch-broadcast.yaml": batch,
    "softmax-regression.yaml": regression,
    "look-up.yaml": look_up,
    "layer-norm.yaml": layer_norm,
}
FORMULAS = {
    "symbols.yaml": {"dL/dW": "outer(dL/dz, x)", "dL/db": "dL/dz", "dL/dx": "W.T @ dL/dz"},
}


def test_no_file_goes_without_numbers_or_formulas() -> None:
    assert {*NUMBERS, *FORMULAS} == {path.name for path in ROOT.glob("*.yaml")}


@pytest.mark.parametrize("file", NUMBERS)
def test_numbers(file: str) -> None:
    found = solved(file)
    assert found.confirmed
    for name, wanted in NUMBERS[file]().items():
        assert np.shape(found.quantities[name]) == np.shape(wanted), name
        assert np.allclose(found.quantities[name], wanted, rtol=1e-12, atol=1e-12), name


@pytest.mark.parametrize("file", FORMULAS)
def test_formulas(file: str) -> None:
    found = solved(file)
    assert found.confirmed
    assert {name: plain(form) for name, form in found.results.items()} == FORMULAS[file]


@pytest.mark.parametrize("file", NUMBERS)
def test_the_lines_of_the_json_evaluate_to_their_values(file: str) -> None:
    data: Any = solved(file).to_json()
    known = {name: np.asarray(value) for name, value in data["quantities"].items()}
    for line in data["lines"]:
        value = hand.value(parse(line["expression"]), known)
        assert list(np.shape(value)) == line["shape"], line["name"]
        assert np.allclose(value, line["value"], rtol=1e-9, atol=1e-10), line["name"]
        assert np.allclose(value, data["quantities"][line["name"]], rtol=1e-9, atol=1e-10)
