"""Attention in plain NumPy, from the equations of the papers, and its gradients by a complex step.

Every function takes complex numbers as well: f(x + i h) / h is then the slope without cancellation
(Squire, Trapp, Using Complex Variables to Estimate Derivatives, 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np

Array = Any
Values = dict[str, Array]
STEP = 1e-40


def softmax(scores: Array, mask: Array | None = None) -> Array:
    """Along the last axis; for small scores, without a shift."""
    powers = np.exp(scores)
    if mask is not None:
        powers = powers * mask
    return powers / np.sum(powers, axis=-1, keepdims=True)


def scores_of(q: Array, keys: Array, score: str, v: Values) -> Array:
    """The scores of one query with every key."""
    if score == "dot":
        return np.array([np.sum(q * k) for k in keys])
    if score == "scaled":
        return np.array([np.sum(q * k) for k in keys]) / np.sqrt(keys.shape[1])
    if score == "bilinear":
        return np.array([np.sum(np.outer(q, k) * v["W_a"]) for k in keys])
    return np.array([np.sum(v["v_a"] * np.tanh(v["W_a"] @ q + v["U_a"] @ k)) for k in keys])


def attention(
    queries: Array,
    keys: Array,
    values: Array,
    score: str = "scaled",
    mask: Array | None = None,
    temperature: float = 1.0,
    weights: Values | None = None,
) -> tuple[Array, Array]:
    """Weights and context; of one query, a vector, those alone."""
    rows = np.atleast_2d(queries)
    scores = np.array([scores_of(q, keys, score, weights or {}) for q in rows]) / temperature
    found = softmax(scores, mask)
    context = np.array([sum(a * v for a, v in zip(row, values, strict=True)) for row in found])
    return (found[0], context[0]) if queries.ndim == 1 else (found, context)


def multi_head(x: Array, memory: Array, heads: int, v: Values, mask: Array | None = None) -> Array:
    """Heads one by one, each with its columns of the weights; then W_O."""
    outputs = []
    for i in range(heads):

        def own(name: str, rows: Array, head: int = i) -> Array:
            if f"W_{name}_1" in v:
                return rows @ v[f"W_{name}_{head + 1}"]
            width = v[f"W_{name}"].shape[1] // heads
            columns = slice(head * width, (head + 1) * width)
            bias = v[f"b_{name}"][columns] if f"b_{name}" in v else 0
            return rows @ v[f"W_{name}"][:, columns] + bias

        outputs.append(attention(own("Q", x), own("K", memory), own("V", memory), mask=mask)[1])
    return np.hstack(outputs) @ v["W_O"] + v.get("b_O", 0)


def layer_norm(x: Array, v: Values, number: int, epsilon: float) -> Array:
    found = []
    for row in x:
        mean = np.sum(row) / len(row)
        variance = np.sum((row - mean) ** 2) / len(row)
        found.append((row - mean) / np.sqrt(variance + epsilon))
    return np.array(found) * v.get(f"gamma_{number}", 1) + v.get(f"beta_{number}", 0)


def erf(x: Array) -> Array:
    """By its Taylor series, for numbers that are not large."""
    terms = [(-1) ** n * x ** (2 * n + 1) / (factorial(n) * (2 * n + 1)) for n in range(80)]
    return 2 / np.sqrt(np.pi) * sum(terms)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.where(np.real(x) > 0, x, 0),
    "gelu": lambda x: x / 2 * (1 + erf(x / np.sqrt(2))),
}


def block(
    x: Array,
    v: Values,
    heads: int,
    norm: str,
    activation: str,
    mask: Array | None = None,
    epsilon: float = 1e-5,
) -> Array:
    """A transformer block."""

    def feed(rows: Array) -> Array:
        inner = ACTIVATIONS[activation](rows @ v["W_1"] + v.get("b_1", 0))
        return inner @ v["W_2"] + v.get("b_2", 0)

    if norm == "post":
        first = layer_norm(x + multi_head(x, x, heads, v, mask), v, 1, epsilon)
        return layer_norm(first + feed(first), v, 2, epsilon)
    normed = layer_norm(x, v, 1, epsilon)
    after = x + multi_head(normed, normed, heads, v, mask)
    return after + feed(layer_norm(after, v, 2, epsilon))


def gradients(loss: Callable[[Values], Array], values: Values) -> Values:
    """The slope of a loss by every entry of every value."""
    found = {}
    for name, value in values.items():
        slope = np.zeros(value.shape)
        for index in np.ndindex(*value.shape):
            moved = value.astype(complex)
            moved[index] += 1j * STEP
            slope[index] = np.imag(loss({**values, name: moved})) / STEP
        found[name] = slope
    return found


def drawn(seed: int, **shapes: tuple[int, ...]) -> Values:
    """Numbers of two decimals between -1 and 1."""
    random = np.random.default_rng(seed)
    return {name: np.round(random.uniform(-1, 1, shape), 2) for name, shape in shapes.items()}


def listed(values: Values) -> dict[str, object]:
    """Arrays as lists, for a problem."""
    return {name: value.tolist() for name, value in values.items()}
