"""Networks written from the equations in plain NumPy, and their gradients by the complex step.

Nothing here is taken from stepsolve. A complex step has no cancellation: the slopes are exact to
rounding (Squire, Trapp, Using complex variables to estimate derivatives of real functions, 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

Array = Any
Values = dict[str, Array]
_STEP = 1e-30


def gradient(loss: Callable[[Values], Array], values: Mapping[str, Array], name: str) -> Array:
    """The gradient of a loss by one of its quantities, entry by entry."""
    at = np.asarray(values[name], dtype=complex)
    found = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        moved = at.copy()
        moved[index] += 1j * _STEP
        found[index] = np.imag(loss({**values, name: moved})) / _STEP
    return found


def softmax(z: Array, axis: int = -1) -> Array:
    powers = np.exp(z)
    return powers / np.sum(powers, axis=axis, keepdims=True)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(np.real(z) > 0, z, 0),
    "softplus": lambda z: np.log(1 + np.exp(z)),
}


def layers(values: Values, x: Array, activations: list[str], rows: bool) -> Array:
    """The output of a network on vectors, on rows or on columns."""
    a = x
    for k, activation in enumerate(activations, 1):
        weight, b = values[f"W{k}"], values.get(f"b{k}", 0.0)
        if rows:
            z = a @ weight + b
        else:
            z = weight @ a + (b if np.ndim(b) == 0 or np.ndim(a) == 1 else np.reshape(b, (-1, 1)))
        if activation == "softmax":
            a = softmax(z, axis=-1 if rows or np.ndim(z) == 1 else 0)
        else:
            a = ACTIVATIONS[activation](z)
    return a


def loss(name: str, a: Array, y: Array, count: int, mean: bool) -> Array:
    """A loss summed over examples, or their mean; mse is the mean over all entries."""
    if name == "mse":
        return np.mean((a - y) ** 2)
    each = {
        "half-squared-error": lambda: np.sum((a - y) ** 2) / 2,
        "cross-entropy": lambda: -np.sum(y * np.log(a)),
        "binary-cross-entropy": lambda: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)),
    }[name]()
    return each / count if mean else each


def descended(
    loss_: Callable[[Values], Array], values: Values, names: list[str], rate: float
) -> Values:
    """The values after one step against the gradient."""
    slopes = {name: gradient(loss_, values, name) for name in names}
    return {**values, **{name: values[name] - rate * slopes[name] for name in names}}


def perceptron_rule(
    rows: list[Any], targets: list[int], w: list[str], b: str, rate: str, epochs: int
) -> tuple[list[list[Fraction]], list[Fraction], bool]:
    """The weights and biases after every update, with fractions, and whether an epoch was right."""
    at, bias, eta = [Fraction(v) for v in w], Fraction(b), Fraction(rate)
    weights, biases = [list(at)], [bias]
    for _ in range(epochs):
        right = True
        for row, target in zip(rows, targets, strict=True):
            x = [Fraction(str(v)) for v in row]
            output = int(sum(p * q for p, q in zip(at, x, strict=True)) + bias > 0)
            if output != target:
                right = False
                at = [p + eta * (target - output) * q for p, q in zip(at, x, strict=True)]
                bias += eta * (target - output)
                weights.append(list(at))
                biases.append(bias)
        if right:
            return weights, biases, True
    return weights, biases, False
