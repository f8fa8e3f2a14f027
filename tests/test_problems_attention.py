"""Every problem with attention: its numbers by NumPy and by hand, its steps line by line."""

from __future__ import annotations

from functools import cache
from math import e, exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attention_by_hand import attention, block, gradients, multi_head

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.notation.plain import plain

ROOT = Path(__file__).parents[1] / "problems" / "attention"
FILES = sorted(path.stem for path in ROOT.glob("*.yaml"))
Array = Any


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


def normal(seed: int, *shape: int, scale: float = 1.0, decimals: int = 2) -> Array:
    """Numbers drawn as the files say."""
    return np.round(np.random.default_rng(seed).normal(0, scale, shape), decimals)


def attention_context() -> dict[str, Array]:
    """Scores 2, 1, 1: the first weight is e^2 / (e^2 + 2 e), the others are equal."""
    first = e**2 / (e**2 + 2 * e)
    other = (1 - first) / 2
    c = [first + other, 2 * other, first + other]
    return {"s": [2, 1, 1], "alpha": [first, other, other], "c": c}


def self_attention() -> dict[str, Array]:
    q = np.array([[0.212, 0.04, 0.63, 0.36], [0.1, 0.14, 0.86, 0.77]])
    k = np.array([[0.31, 0.84, 0.963, 0.57], [0.45, 0.94, 0.73, 0.58]])
    v = np.array([[0.36, 0.83, 0.1, 0.38], [0.31, 0.36, 0.19, 0.72]])
    a, z = attention(q, k, v)
    first = 0.212 * 0.31 + 0.04 * 0.84 + 0.63 * 0.963 + 0.36 * 0.57
    second = 0.212 * 0.45 + 0.04 * 0.94 + 0.63 * 0.73 + 0.36 * 0.58
    assert a[0, 0] == pytest.approx(1 / (1 + exp((second - first) / 2)), rel=1e-12)
    return {"S": q @ k.T, "A": a, "Z": z}


def one_hot_softmax() -> dict[str, Array]:
    low = 1 / (exp(10) + 2)
    high = 1 - 2 * low
    a = [[low, low, high], [high, low, low]]
    return {"A": a, "Z": np.array(a) @ [[10, 1], [20, 2], [30, 3]]}


def bahdanau() -> dict[str, Array]:
    v = {
        "q": np.array([0.5, -1]),
        "H": np.array([[1, 0.2], [-0.3, 0.8], [0.4, -0.5]]),
        "W_a": np.array([[0.3, -0.2], [0.1, 0.4]]),
        "U_a": np.array([[0.5, 0.1], [-0.4, 0.2]]),
        "v_a": np.array([0.7, -0.6]),
    }

    def forward(at: dict[str, Array]) -> Any:
        return attention(at["q"], at["H"], at["H"], "additive", weights=at)

    slopes = gradients(lambda at: forward(at)[1] @ [1, -0.5], v)
    alpha, c = forward(v)
    return {"alpha": alpha, "c": c, **{f"dL/d{name}": slope for name, slope in slopes.items()}}


def luong_general() -> dict[str, Array]:
    v = {
        "Q": np.array([[0.2, -0.4, 1], [1, 0.5, 0.3]]),
        "K": np.array([[1, 0], [0.5, -0.5], [-1, 2]]),
        "V": np.array([[1, 2], [0, 1], [-1, 0.5]]),
        "W_a": np.array([[0.1, 0.3], [-0.2, 0.4], [0.6, -0.1]]),
    }

    def forward(at: dict[str, Array]) -> Any:
        return attention(at["Q"], at["K"], at["V"], "bilinear", weights=at)

    def loss(at: dict[str, Array]) -> Array:
        return np.mean((forward(at)[1] - [[0.5, 1], [0, 1]]) ** 2)

    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, v).items()}
    return {"S": v["Q"] @ v["W_a"] @ v["K"].T, "Z": forward(v)[1], "L": loss(v), **slopes}


def causal_self_attention() -> dict[str, Array]:
    v = {
        "X": np.array([[1, 0, 0.5], [0, 1, -0.5], [1, 1, 0]]),
        "W_Q": np.array([[0.2, 0.4], [-0.3, 0.1], [0.5, -0.2]]),
        "W_K": np.array([[0.1, -0.4], [0.6, 0.2], [-0.1, 0.3]]),
        "W_V": np.array([[1, 0], [0.5, -1], [0.2, 0.8]]),
    }
    mask = np.tril(np.ones((3, 3)))

    def forward(at: dict[str, Array]) -> Any:
        x = at["X"]
        return attention(x @ at["W_Q"], x @ at["W_K"], x @ at["W_V"], mask=mask)

    def loss(at: dict[str, Array]) -> Array:
        return np.sum((forward(at)[1] - [[1, 0], [0, -1], [0.5, 0]]) ** 2) / 2

    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, v).items()}
    return {"M": mask, "A": forward(v)[0], "Z": forward(v)[1], "L": loss(v), **slopes}


def two_heads() -> dict[str, Array]:
    v = {f"W_{p}": normal(k, 4, 4, scale=0.5, decimals=3) for k, p in enumerate("QKVO", 1)}
    v["X"] = np.array([[1, 0, 0.5, 0], [0, 1, -0.5, 1], [1, 1, 0, -1]])
    mask = np.tril(np.ones((3, 3)))

    def output(at: dict[str, Array]) -> Array:
        return multi_head(at["X"], at["X"], 2, at, mask)

    def loss(at: dict[str, Array]) -> Array:
        return np.sum((output(at) - np.eye(3, 4)) ** 2) / 2

    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, v).items()}
    return {"O": output(v), "L": loss(v), "parameters": 64, **slopes}


def eight_heads() -> dict[str, Array]:
    weights = {
        f"W_{p}": normal(k, 512, 512, scale=0.04, decimals=4) for k, p in enumerate("QKVO", 2)
    }
    x = normal(1, 10, 512)
    return {"O": multi_head(x, x, 8, weights), "parameters": 4 * 512**2}


def cross_heads() -> dict[str, Array]:
    v = {
        "X": np.array([[1, 0, 2], [0, 1, 1]]),
        "H": np.array([[1, 1], [0, -1], [2, 0]]),
        "W_Q_1": np.array([[1, 0], [0, 1], [0.5, 0]]),
        "W_K_1": np.array([[1, 0.5], [0, 1]]),
        "W_V_1": np.array([[1], [2]]),
        "W_Q_2": np.array([[0, 1], [1, 0], [0, -0.5]]),
        "W_K_2": np.array([[0, 1], [1, 0]]),
        "W_V_2": np.array([[-1], [0.5]]),
        "W_O": np.array([[1, 0, 1], [0, 1, -1]]),
    }
    mask = np.array([[1, 1, 0], [1, 1, 1]])

    def output(at: dict[str, Array]) -> Array:
        return multi_head(at["X"], at["H"], 2, at, mask)

    slopes = gradients(lambda at: np.sum(output(at) * [[1, 0, 0], [0, 1, -1]]), v)
    return {"O": output(v), **{f"dL/d{name}": slope for name, slope in slopes.items()}}


def post_norm_block() -> dict[str, Array]:
    v = {
        "X": np.array([[1, 0, 0.5], [-1, 2, 0]]),
        "W_Q": np.array([[0.2, 0.4, 0], [-0.3, 0.1, 0.5], [0.5, -0.2, 0.1]]),
        "W_K": np.array([[0.1, -0.4, 0.2], [0.6, 0.2, 0], [-0.1, 0.3, 0.4]]),
        "W_V": np.array([[1, 0, -0.5], [0.5, -1, 0.2], [0.2, 0.8, 0.1]]),
        "W_O": np.array([[0.3, 0.1, 0], [0, -0.2, 0.6], [0.4, 0, 0.5]]),
        "gamma_1": np.array([1, 0.5, 2]),
        "beta_1": np.array([0, 0.1, -0.1]),
        "W_1": np.array([[0.5, -1, 0.2, 0.3], [0.1, 0.4, -0.6, 1], [-0.2, 0.3, 0.8, 0]]),
        "b_1": np.array([0.1, 0, -0.1, 0.2]),
        "W_2": np.array([[0.2, 0, 0.5], [-0.3, 0.4, 0.1], [0.6, -0.1, 0], [0, 0.7, -0.4]]),
        "b_2": np.array([0, 0.1, 0]),
    }

    def output(at: dict[str, Array]) -> Array:
        return block(at["X"], at, 1, "post", "relu")

    def loss(at: dict[str, Array]) -> Array:
        return np.sum((output(at) - [[1, 0, -1], [0, 1, -1]]) ** 2) / 2

    slopes = {f"dL/d{name}": slope for name, slope in gradients(loss, v).items()}
    return {"Y": output(v), "L": loss(v), "parameters": 73, **slopes}


def pre_norm_block() -> dict[str, Array]:
    v = {f"W_{p}": normal(k, 8, 8, scale=0.4, decimals=3) for k, p in enumerate("QKVO", 2)}
    v["W_1"] = normal(6, 8, 16, scale=0.4, decimals=3)
    v["W_2"] = normal(7, 16, 8, scale=0.3, decimals=3)
    y = block(normal(1, 4, 8), v, 2, "pre", "gelu", np.tril(np.ones((4, 4))))
    return {"Y": y, "parameters": 4 * 64 + 2 * 128}


def cosine_retrieval() -> dict[str, Array]:
    s = np.array([2 / 5, 4.6 / sqrt(4.25 * 5), 2 / 5, 2 / 5])
    weights = np.exp(s) / sum(np.exp(s))
    c = weights @ [[1, 0], [0, 1], [1, 1], [0.5, 0.5]]
    return {"s": s, "rank": [2, 1, 2, 2], "alpha": weights, "c": c}


def attention_training() -> dict[str, Array]:
    """Descent along gradients by complex steps; the tokens are the rows of the identity."""
    now = {
        "W_Q": np.array([[0.5, -0.2], [0.1, 0.4]]),
        "W_K": np.array([[0.3, 0.2], [-0.1, 0.6]]),
        "W_V": np.array([[0.8, 0.1], [0, 0.7]]),
    }
    swapped = np.array([[0, 1], [1, 0]])

    def loss(v: dict[str, Array]) -> Array:
        return np.sum((attention(v["W_Q"], v["W_K"], v["W_V"])[1] - swapped) ** 2) / 2

    found = {}
    for step in (1, 2, 3):
        found[f"L_step{step}"] = loss(now)
        slopes = gradients(loss, now)
        now = {name: value - 0.5 * slopes[name] for name, value in now.items()}
        found |= {f"{name}_step{step}": value for name, value in now.items() if step < 3}
    return found


NUMBERS: dict[str, Any] = {
    "attention-training": attention_training,
    "attention-context": attention_context,
    "self-attention": self_attention,
    "one-hot-attention": lambda: {"A": [[0, 0, 1], [1, 0, 0]], "Z": [[30, 3], [10, 1]]},
    "one-hot-softmax": one_hot_softmax,
    "bahdanau": bahdanau,
    "luong-general": luong_general,
    "causal-self-attention": causal_self_attention,
    "multi-head": two_heads,
    "multi-head-shapes": eight_heads,
    "multi-head-cross": cross_heads,
    "transformer-block": post_norm_block,
    "transformer-block-pre": pre_norm_block,
    "key-value-retrieval": lambda: {"s": [1.25, 0.35, 1.42], "rank": [2, 3, 1]},
    "cosine-retrieval": cosine_retrieval,
}


def test_every_file_has_numbers_or_formulas() -> None:
    assert {*NUMBERS, "cross-attention-formulas"} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_problem_is_confirmed(file: str) -> None:
    assert solved(file).confirmed and solved(file).checks


@pytest.mark.parametrize("file", NUMBERS)
def test_the_numbers_of_a_problem(file: str) -> None:
    for name, value in NUMBERS[file]().items():
        found = np.array(solved(file).quantities[name])
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-11, err_msg=name)


STEPS: dict[str, list[str]] = {
    "attention-training": [
        "Q_step1 = X @ W_Q",
        "K_step1 = X @ W_K",
        "V_step1 = X @ W_V",
        "S_step1 = Q_step1 @ K_step1.T",
        "S_scaled_step1 = S_step1 / sqrt(d_k)",
        "A_step1 = softmax(S_scaled_step1, axis=1)",
        "Z_step1 = A_step1 @ V_step1",
        "L_step1 = half_squared_error(Z_step1, T)",
        "dL_step1/dZ_step1 = Z_step1 - T",
        "dL_step1/dA_step1 = dL_step1/dZ_step1 @ V_step1.T",
        "dL_step1/dV_step1 = A_step1.T @ dL_step1/dZ_step1",
    ],
    "attention-context": ["s = H @ q", "alpha = softmax(s)", "c = alpha @ H"],
    "self-attention": [
        "S = Q @ K.T",
        "S_scaled = S / sqrt(d_k)",
        "A = softmax(S_scaled, axis=1)",
        "Z = A @ V",
    ],
    "one-hot-attention": ["S = Q @ K.T", "A = S", "Z = A @ V"],
    "bahdanau": [
        "U = H @ U_a.T",
        "p = W_a @ q",
        "G = tanh(U + p)",
        "s = G @ v_a",
        "alpha = softmax(s)",
        "c = alpha @ H",
        "dL/dalpha = H @ dL/dc",
        "dL/ds = alpha * (dL/dalpha - sum(dL/dalpha * alpha))",
    ],
    "cross-attention-formulas": [
        "Q = X @ W_Q",
        "K = H @ W_K",
        "V = H @ W_V",
        "S = Q @ K.T",
        "S_scaled = S / sqrt(d_k)",
        "A = masked_softmax(S_scaled, M, axis=1)",
        "Z = A @ V",
        "L = half_squared_error(Z, T)",
        "dL/dZ = Z - T",
        "dL/dA = dL/dZ @ V.T",
        "dL/dV = A.T @ dL/dZ",
    ],
    "key-value-retrieval": ["s = K @ q"],
    "transformer-block-pre": ["parameters = 8 * 8 + 8 * 8 + 8 * 8 + 8 * 8 + 8 * 16 + 16 * 8"],
}


@pytest.mark.parametrize("file", STEPS)
def test_the_lines_of_a_problem(file: str) -> None:
    lines = [f"{line.name} = {plain(line.expression)}" for line in solved(file).lines]
    assert lines[: len(STEPS[file])] == STEPS[file]


def test_the_heads_of_the_paper() -> None:
    """Vaswani et al. (2017), 3.2.2: h = 8 heads, d_k = d_v = 512 / 8 = 64."""
    lines = {line.name: line for line in solved("multi-head-shapes").lines}
    assert lines["Q"].shape == lines["Z"].shape == lines["O"].shape == (10, 512)
    for head in range(1, 9):
        assert lines[f"Q_{head}"].shape == lines[f"Z_{head}"].shape == (10, 64)
        assert lines[f"S_{head}"].shape == (10, 10)
