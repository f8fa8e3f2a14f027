"""Recurrent networks written out in NumPy from their equations, and their gradients by complex steps.

Every quantity is put down by name, and may be moved there: so the gradient by any of them, a weight or
a state on the way, is the imaginary part of the loss when it is moved by i h (Squire, Trapp 1998).
Nothing here is taken from stepsolve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = Any
STEP = 1e-30


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def relu(z: Array) -> Array:
    return np.where(np.real(z) > 0, z, 0 * z)


def softmax(z: Array) -> Array:
    return np.exp(z - np.max(np.real(z))) / np.sum(np.exp(z - np.max(np.real(z))))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "identity": lambda z: z,
}


class Values(dict[str, Array]):
    """Quantities by name, some of them moved."""

    def __init__(self, given: Mapping[str, Array], moved: Mapping[str, Array]) -> None:
        super().__init__()
        self._moved = moved
        for name, value in given.items():
            self[name] = np.asarray(value, dtype=complex)

    def __setitem__(self, name: str, value: Array) -> None:
        super().__setitem__(name, value + self._moved.get(name, 0))

    def affine(self, x: str, h: str, weights: tuple[str, str, str], rows: bool = False) -> Array:
        """W x + U h + b."""
        first, second, bias = weights
        total = self.times(first, x, rows) + self.times(second, h, rows)
        return total + self.get(bias, 0)

    def times(self, weight: str, vector: str, rows: bool = False) -> Array:
        w, v = self[weight], self[vector]
        if not np.ndim(w) or not np.ndim(v):
            return w * v
        return v @ w if rows else w @ v

    def close(
        self, steps: int, out: str, loss: str, mean: bool = False, rows: bool = False
    ) -> None:
        """Outputs where there are weights for them, and the losses of steps with targets."""
        losses = []
        for t in range(1, steps + 1):
            if "W_hy" in self:
                score = self.times("W_hy", f"h_{t}", rows) + self.get("b_y", 0)
                if "W_ky" in self:
                    score = score + self.times("W_ky", f"k_{t}", rows)
                if loss in ("cross", "binary"):
                    self[f"s_{t}"] = score
                    score = (softmax if loss == "cross" else sigmoid)(self[f"s_{t}"])
                self[f"y_{t}"] = score
            if f"target_{t}" in self:
                losses.append(self._loss(loss, self[f"{out}_{t}"], self[f"target_{t}"], t))
        if len(losses) > 1:
            for t, one in losses:
                self[f"L_{t}"] = one
            losses = [(t, self[f"L_{t}"]) for t, _ in losses]
        if losses:
            total = sum(one for _, one in losses)
            self["L"] = total / len(losses) if mean else total

    def _loss(self, loss: str, out: Array, target: Array, t: int) -> tuple[int, Array]:
        if loss == "half":
            return t, np.sum((out - target) ** 2) / 2
        if loss == "mse":
            return t, np.mean((out - target) ** 2)
        s = self[f"s_{t}"]  # the gradient by s alone: y stands beside it
        if loss == "cross":
            return t, -np.sum(target * np.log(softmax(s)))
        return t, -np.sum(target * np.log(sigmoid(s)) + (1 - target) * np.log(1 - sigmoid(s)))


def gate_names(letter: str, short: bool) -> tuple[str, str, str]:
    if short:
        return f"W_{letter}", f"U_{letter}", f"b_{letter}"
    return f"W_x{letter}", f"W_h{letter}", f"b_{letter}"


def split(v: Values, order: str, size: int, rows: bool) -> None:
    """The weights of each gate out of stacked ones."""
    for k, letter in enumerate(order):
        for whole, part in zip(("W_x", "W_h", "b"), gate_names(letter, False), strict=True):
            if whole in v:
                piece = slice(k * size, (k + 1) * size)
                v[part] = v[whole][:, piece] if rows and v[whole].ndim == 2 else v[whole][piece]


def rnn(
    given: Mapping[str, Array],
    steps: int,
    moved: Mapping[str, Array],
    activation: str = "tanh",
    loss: str = "half",
    mean: bool = False,
    rows: bool = False,
) -> Values:
    v = Values(given, moved)
    act = ACTIVATIONS[activation]
    for t in range(1, steps + 1):
        z = v.affine(f"x_{t}", f"h_{t - 1}", ("W_xh", "W_hh", "b_h"), rows)
        if activation != "identity":
            v[f"z_{t}"] = z
            z = act(v[f"z_{t}"])
        v[f"h_{t}"] = z
    if "W_kk" in v:
        for t in range(steps, 0, -1):
            v[f"z_k{t}"] = v.affine(f"x_{t}", f"k_{t + 1}", ("W_xk", "W_kk", "b_k"), rows)
            v[f"k_{t}"] = act(v[f"z_k{t}"])
    v.close(steps, "y" if "W_hy" in v else "h", loss, mean, rows)
    return v


def lstm(
    given: Mapping[str, Array],
    steps: int,
    moved: Mapping[str, Array],
    letters: str = "ifog",
    short: bool = False,
    loss: str = "half",
    rows: bool = False,
    stacked: tuple[str, int] | None = None,
) -> Values:
    v = Values(given, moved)
    if stacked:
        split(v, *stacked, rows)
    i, f, o, g = letters
    for t in range(1, steps + 1):
        for letter in letters:
            names = gate_names(letter, short)
            v[f"z_{letter}{t}"] = v.affine(f"x_{t}", f"h_{t - 1}", names, rows)
            act = np.tanh if letter == g else sigmoid
            v[f"{letter}_{t}"] = act(v[f"z_{letter}{t}"])
        v[f"c_{t}"] = v[f"{f}_{t}"] * v[f"c_{t - 1}"] + v[f"{i}_{t}"] * v[f"{g}_{t}"]
        v[f"h_{t}"] = v[f"{o}_{t}"] * np.tanh(v[f"c_{t}"])
    v.close(steps, "y" if "W_hy" in v else "h", loss, rows=rows)
    return v


def gru(
    given: Mapping[str, Array],
    steps: int,
    moved: Mapping[str, Array],
    reset: str = "before",
    keeps: bool = True,
    short: bool = False,
    loss: str = "half",
    rows: bool = False,
    stacked: tuple[str, int] | None = None,
) -> Values:
    v = Values(given, moved)
    if stacked:
        split(v, *stacked, rows)
    for t in range(1, steps + 1):
        h = f"h_{t - 1}"
        for letter in "rz":
            v[f"a_{letter}{t}"] = v.affine(f"x_{t}", h, gate_names(letter, short), rows)
            v[f"{letter}_{t}"] = sigmoid(v[f"a_{letter}{t}"])
        r, z = v[f"r_{t}"], v[f"z_{t}"]
        w, u, b = gate_names("n", short)
        if reset == "before":
            v[f"q_{t}"] = r * v[h]
            v[f"a_n{t}"] = v.affine(f"x_{t}", f"q_{t}", (w, u, b), rows)
        else:
            v[f"q_{t}"] = v.times(u, h, rows) + v.get("b_hn", 0)
            v[f"a_n{t}"] = v.times(w, f"x_{t}", rows) + v.get(b, 0) + r * v[f"q_{t}"]
        v[f"n_{t}"] = np.tanh(v[f"a_n{t}"])
        share = z if keeps else 1 - z
        v[f"h_{t}"] = share * v[h] + (1 - share) * v[f"n_{t}"]
    v.close(steps, "y" if "W_hy" in v else "h", loss, rows=rows)
    return v


Forward = Callable[[Mapping[str, Array]], Values]


def gradient(run: Forward, name: str, of: str = "L") -> Array:
    """The gradient of a number by a quantity, entry by entry."""
    here = np.asarray(run({})[name])
    found = np.zeros(here.shape)
    for index in np.ndindex(here.shape):
        moved = np.zeros(here.shape, dtype=complex)
        moved[index] = 1j * STEP
        found[index] = np.imag(run({name: moved})[of]) / STEP
    return found


def jacobian(run: Forward, of: str, by: str, held: tuple[str, ...] = ()) -> Array:
    """How the entries of a quantity move with those of another one, some others held."""
    base = run({})
    here = np.asarray(base[by])
    columns = []
    for index in np.ndindex(here.shape):
        moved = np.zeros(here.shape, dtype=complex)
        moved[index] = 1j * STEP
        shifted = {by: moved}
        for name in held:  # what it gained by the move is taken away again
            gained = run(dict(shifted))[name] - base[name]
            shifted[name] = -gained
        columns.append(np.imag(run(shifted)[of]) / STEP)
    return np.stack(columns, axis=-1).reshape(np.shape(base[of]) + here.shape)
