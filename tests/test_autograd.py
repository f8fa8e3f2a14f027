"""Networks against autograd: gradients of batches by another library's reverse mode.

Source: Maclaurin, Duvenaud, Adams, Autograd: effortless gradients in NumPy (2015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from recurrent_cases import plain, solved

np = pytest.importorskip("autograd.numpy")
grad = pytest.importorskip("autograd").grad

Values = dict[str, Any]
B, T, M, N, K, D, F = 3, 2, 2, 3, 2, 4, 5


def drawn(seed: int, **shapes: tuple[int, ...]) -> Values:
    random = numpy.random.default_rng(seed)
    return {name: numpy.round(random.normal(0, 0.6, shape), 2) for name, shape in shapes.items()}


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    powers = np.exp(z)
    return powers / np.sum(powers, axis=1, keepdims=True)


X = drawn(1, X=(T, B, M))["X"]
TARGETS = drawn(2, Y=(T, B, K))["Y"]
TOKENS, ROWS = drawn(3, X=(B, D))["X"], drawn(4, T=(B, D))["T"]


def gates(letters: str) -> Values:
    shapes: dict[str, tuple[int, ...]] = {"W_hy": (K, N), "b_y": (K,)}
    for g in letters:
        shapes |= {f"W_x{g}": (N, M), f"W_h{g}": (N, N), f"b_{g}": (N,)}
    return drawn(len(letters), **shapes)


def outputs(v: Values, step: Callable[..., Any], states: int) -> Any:
    """The mean over the examples of half the squared errors of all steps."""
    state = (np.zeros((B, N)),) * states
    total = 0.0
    for t in range(T):
        state = step(X[t], *state)
        total = total + np.sum((state[0] @ v["W_hy"].T + v["b_y"] - TARGETS[t]) ** 2) / 2 / B
    return total


def lstm(v: Values) -> Any:
    def step(x: Any, h: Any, c: Any) -> Any:
        z = {g: x @ v[f"W_x{g}"].T + h @ v[f"W_h{g}"].T + v[f"b_{g}"] for g in "ifog"}
        c = sigmoid(z["f"]) * c + sigmoid(z["i"]) * np.tanh(z["g"])
        return sigmoid(z["o"]) * np.tanh(c), c

    return outputs(v, step, 2)


def gru(v: Values) -> Any:
    def step(x: Any, h: Any) -> Any:
        r, z = (sigmoid(x @ v[f"W_x{g}"].T + h @ v[f"W_h{g}"].T + v[f"b_{g}"]) for g in "rz")
        n = np.tanh(x @ v["W_xn"].T + (r * h) @ v["W_hn"].T + v["b_n"])
        return (z * h + (1 - z) * n,)

    return outputs(v, step, 1)


def norm(x: Any) -> Any:
    centred = x - np.mean(x, axis=1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)


def heads(x: Any, v: Values) -> Any:
    q, k, w = (x @ v[f"W_{name}"] for name in "QKV")
    parts = []
    for s in (slice(0, 2), slice(2, 4)):
        scores = q[:, s] @ k[:, s].T / np.sqrt(2.0)
        parts.append(softmax(np.where(np.tri(B) > 0, scores, -1e9)) @ w[:, s])
    return np.concatenate(parts, axis=1) @ v["W_O"]


def block(v: Values) -> Any:
    u = norm(TOKENS + heads(TOKENS, v)) * v["gamma_1"] + v["beta_1"]
    f = np.maximum(u @ v["W_1"] + v["b_1"], 0) @ v["W_2"]
    return np.sum((norm(u + f) - ROWS) ** 2) / 2


def perceptron(v: Values) -> Any:
    p = softmax(np.tanh(TOKENS @ v["W1"] + v["b1"]) @ v["W2"] + v["b2"])
    return -np.mean(np.log(p[np.arange(B), np.array([0, 2, 1])]))


SQUARE = {f"W_{name}": (D, D) for name in "QKVO"}
SEQUENCE = {"inputs": X, "targets": list(TARGETS)}
CASES: dict[str, tuple[Values, Values, Callable[[Values], Any]]] = {
    "lstm": ({"kind": "lstm", **SEQUENCE}, gates("ifog"), lstm),
    "gru": ({"kind": "gru", **SEQUENCE}, gates("rzn"), gru),
    "block": (
        {
            "kind": "transformer-block",
            "inputs": TOKENS,
            "targets": ROWS,
            "heads": 2,
            "causal": True,
        },
        drawn(5, **SQUARE, W_1=(D, F), b_1=(F,), W_2=(F, D), gamma_1=(D,), beta_1=(D,)),
        block,
    ),
    "perceptron": (
        {"kind": "mlp", "inputs": TOKENS, "targets": [0, 2, 1], "examples": "rows"}
        | {"activation": ["tanh", "softmax"]},
        drawn(6, W1=(D, F), b1=(F,), W2=(F, 3), b2=(3,)),
        perceptron,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_a_batch(case: str) -> None:
    problem, weights, loss = CASES[case]
    found = solved(problem | {"weights": plain(weights)}).quantities
    assert found["L"] == pytest.approx(float(loss(weights)), rel=1e-12)
    for name, expected in grad(loss)(weights).items():
        assert found[f"dL/d{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-12), name
