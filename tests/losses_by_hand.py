"""Losses, normalisation, optimisers and word vectors in NumPy, with gradients by complex steps.

Every function is analytic, so that a complex step gives its gradient to all digits
(Squire, Trapp, Using Complex Variables to Estimate Derivatives of Real Functions, 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# ruff: noqa: N803 - matrices have capital letters
Array = Any
STEP = 1e-30


def gradient(function: Callable[..., Array], values: Sequence[Array], of: int) -> Array:
    """The gradient of a number by one of its arguments, entry by entry."""
    at = np.asarray(values[of], dtype=complex)
    found = np.zeros(at.shape)
    for index in np.ndindex(*at.shape):
        moved = at.copy()
        moved[index] += STEP * 1j
        arguments = [*values[:of], moved, *values[of + 1 :]]
        found[index] = np.imag(function(*arguments)) / STEP
    return found


def jacobian(function: Callable[[Array], Array], x: Array) -> Array:
    """Rows for the outputs of a vector function, columns for its inputs."""
    columns = []
    for j in range(len(x)):
        moved = np.asarray(x, dtype=complex)
        moved[j] += STEP * 1j
        columns.append(np.imag(function(moved)) / STEP)
    return np.array(columns).T


def softmax(x: Array) -> Array:
    """Of the last axis."""
    powers = np.exp(x - np.max(np.real(x)))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def cross_entropy(p: Array, q: Array) -> Array:
    return sum(-a * np.log(b) for a, b in zip(np.ravel(p), np.ravel(q), strict=True) if a)


def batch_norm(X: Array, gamma: Array, beta: Array, eps: float) -> Array:
    columns = []
    for j in range(X.shape[1]):
        x = X[:, j]
        mean = sum(x) / len(x)
        variance = sum((x - mean) ** 2) / len(x)
        columns.append(gamma[j] * (x - mean) / np.sqrt(variance + eps) + beta[j])
    return np.array(columns).T


def layer_norm(X: Array, gamma: Array, beta: Array, eps: float) -> Array:
    rows = []
    for x in np.atleast_2d(X):
        mean = sum(x) / len(x)
        variance = sum((x - mean) ** 2) / len(x)
        rows.append(gamma * (x - mean) / np.sqrt(variance + eps) + beta)
    return np.array(rows) if np.ndim(X) == 2 else rows[0]


def skip_gram(U: Array, V: Array, c: int, o: int) -> Array:
    return -np.log(softmax(U @ V[c])[o])


def cbow(U: Array, V: Array, context: list[int], center: int) -> Array:
    return -np.log(softmax(U @ (sum(V[k] for k in context) / len(context)))[center])


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def negative_sampling(U: Array, h: Array, right: int, negatives: list[int]) -> Array:
    loss = -np.log(sigmoid(np.sum(U[right] * h)))
    for k in negatives:
        loss = loss - np.log(sigmoid(-np.sum(U[k] * h)))
    return loss


def glove(
    P: Array,
    U: Array,
    V: Array,
    b: Array = None,
    c: Array = None,
    x_max: float = 100,
    alpha: float = 0.75,
    half: bool = True,
) -> Array:
    total: Any = 0
    for i, row in enumerate(P):
        for j, count in enumerate(row):
            if count:
                weight = min(1.0, (count / x_max) ** alpha)
                error = np.sum(U[i] * V[j]) - np.log(count)
                error = error + (0 if b is None else b[i]) + (0 if c is None else c[j])
                total = total + weight * error**2
    return total / 2 if half else total


def optimised(
    gradient_of: Callable[[Array], Array], theta: Array, steps: int, name: str, **settings: float
) -> list[Array]:
    """The parameters after every step, from the papers' algorithms."""
    rate = settings["rate"]
    beta_1, beta_2 = settings.get("beta_1", 0.9), settings.get("beta_2", 0.999)
    eps, mu, rho = settings.get("eps", 1e-8), settings.get("mu", 0.9), settings.get("rho", 0.9)
    decay = settings.get("decay", 0.0)
    theta = np.asarray(theta, dtype=float)
    m, v, found = np.zeros_like(theta), np.zeros_like(theta), [theta]
    for t in range(1, steps + 1):
        g = gradient_of(theta) + (decay * theta if name != "adamw" else 0)
        if "value" in settings:
            g = np.minimum(np.maximum(g, -settings["value"]), settings["value"])
        if "norm" in settings:
            g = g * min(1.0, settings["norm"] / np.sqrt(np.sum(g**2)))
        if name == "gradient-descent":
            step = rate * g
        elif name == "momentum":
            v = mu * v + g
            step = rate * v
        elif name == "momentum of steps":
            v = mu * v - rate * g
            step = -v
        elif name == "nesterov":
            v = mu * v + g
            step = rate * (g + mu * v)
        elif name == "nesterov of steps":  # the papers': the gradient is that of what is looked at
            v = mu * v - rate * g
            step = -(mu * v - rate * g)
        elif name == "adagrad":
            v = v + g**2
            step = rate * g / (np.sqrt(v) + eps)
        elif name == "rmsprop":
            v = rho * v + (1 - rho) * g**2
            step = rate * g / (np.sqrt(v) + eps)
        else:
            m = beta_1 * m + (1 - beta_1) * g
            v = beta_2 * v + (1 - beta_2) * g**2
            step = rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + eps)
            step = step + (rate * decay * theta if name == "adamw" else 0)
        theta = theta - step
        found.append(theta)
    return found
