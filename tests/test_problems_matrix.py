"""Every problem in vectors and matrices: its numbers by NumPy, its steps as a teacher writes them.

The numbers are those of functions written here in NumPy, by central differences and by the formulas
of the textbooks; nothing is taken from stepsolve.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Chain, Derivation, Equation, Section, Text
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line

# ruff: noqa: N803 - matrices have capital letters
ROOT = Path(__file__).parents[1] / "problems" / "matrix"
FILES = sorted(path.stem for path in ROOT.glob("*.yaml"))
Array = Any
Values = dict[str, Array]


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


def f(x: Array) -> Array:
    return np.sin(x) + x**2 / 3


def df(x: Array) -> Array:
    return np.cos(x) + 2 * x / 3


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    return np.exp(x) / np.sum(np.exp(x))


def score(v: Array, W: Array, x: Array, b: Array) -> Array:
    return v.T @ f(W @ x + b)


def cross_entropy(theta: Array, y: Array) -> Array:
    return -np.sum(y * np.log(softmax(theta)))


def two_layers(v: Array, W_1: Array, b_1: Array, W_2: Array, b_2: Array, x: Array) -> Array:
    return v.T @ f(W_2 @ f(W_1 @ x + b_1) + b_2)


def any_layer(W_l: Array, b_l: Array, z_l: Array, delta_next: Array) -> Array:
    return np.sum(delta_next * (W_l @ f(z_l) + b_l))


def margin(v: Array, W: Array, b: Array, x: Array, x_c: Array) -> Array:
    return np.maximum(0, 1 - score(v, W, x, b) + score(v, W, x_c, b))


def rows_network(x: Array, W1: Array, b1: Array, W2: Array, b2: Array, y: Array) -> Array:
    return cross_entropy(sigmoid(x @ W1 + b1) @ W2 + b2, y)


def three_steps(v: Array, W: Array, U: Array, h_0: Array, **x: Array) -> Array:
    h = h_0
    for t in (1, 2, 3):
        h = f(W @ h + U @ x[f"x_{t}"])
    return v.T @ h


def state_after(h: Array, W: Array, b: Array, steps: int) -> Array:
    for _ in range(steps):
        h = np.tanh(W @ h + b)
    return h


SEEDS = [1, 2, 4]
N, M = 3, 2
COLUMN, OTHER, SQUARE, WIDE = (N, 1), (M, 1), (N, N), (M, N)
Shapes = dict[str, tuple[int, int]]
NETWORK: Shapes = {"v": OTHER, "W": WIDE, "x": COLUMN, "b": OTHER}
DEEP: Shapes = {"x": COLUMN, "W_1": WIDE, "b_1": OTHER, "W_2": (4, 2), "b_2": (4, 1), "v": (4, 1)}
TIME: Shapes = {"v": OTHER, "W": (M, M), "U": WIDE, "h_0": OTHER}
TIME |= {"x_1": COLUMN, "x_2": COLUMN, "x_3": COLUMN}
ROWS: Shapes = {"x": (1, 3), "W1": (3, 4), "b1": (1, 4), "W2": (4, 2), "b2": (1, 2), "y": (1, 2)}

CASES: dict[str, tuple[Shapes, Callable[..., Array]]] = {
    "score-gradient": (NETWORK, score),
    "softmax-cross-entropy": ({"theta": COLUMN, "y": COLUMN}, cross_entropy),
    "softmax-cross-entropy-cases": ({"theta": COLUMN, "y": COLUMN}, cross_entropy),
    "softmax-jacobian": ({"theta": COLUMN}, lambda theta: softmax(theta)),
    "delta-recursion": (DEEP, two_layers),
    "delta-recursion-general": (
        {"z_l": COLUMN, "W_l": WIDE, "b_l": OTHER, "delta_next": OTHER},
        any_layer,
    ),
    "max-margin": ({**NETWORK, "x_c": COLUMN}, margin),
    "two-layer-input-gradient": (ROWS, rows_network),
    "least-squares": (
        {"A": WIDE, "x": COLUMN, "b": OTHER},
        lambda A, x, b: np.sum((A @ x - b) ** 2),
    ),
    "log-determinant": ({"X": SQUARE}, lambda X: np.log(np.linalg.det(X))),
    "rnn-gradient": (TIME, three_steps),
    "rnn-jacobian": ({"W": SQUARE, "h_0": COLUMN, "b": COLUMN}, lambda W, h_0, b: None),
}


def drawn(shapes: Shapes, seed: int) -> Values:
    random = np.random.default_rng(seed)
    values = {name: random.normal(size=shape) for name, shape in shapes.items()}
    for name, value in values.items():
        if name == "X":
            values[name] = value + 4 * np.eye(len(value))
        if name == "y":  # one-hot, which sums to one as well
            values[name] = np.eye(value.size)[1].reshape(value.shape)
    return values


def lines(file: str, values: Values) -> Values:
    """The values of the lines of a file, which answers may use, by Python's own reading of them."""
    known = dict(values)
    for line in solved(file).lines:
        if line.name not in known and plain(line.expression) != line.name:
            try:
                known[line.name] = evaluated(plain(line.expression), known)
            except NameError:  # a letter of the page below the lines
                continue
    return known


def evaluated(formula: str, values: Values) -> Array:
    """A formula as Python works it out with NumPy, which shares no code with stepsolve."""
    known = {"f": f, "df": df, "sigmoid": sigmoid, "softmax": softmax, "tanh": np.tanh}
    known |= {"log": np.log, "exp": np.exp, "sum": np.sum, "inv": np.linalg.inv}
    known |= {"det": np.linalg.det, "norm": np.linalg.norm, "maximum": np.maximum}
    known["diag"] = lambda v: np.diag(np.ravel(v))
    known["hadamard"] = np.multiply
    text = formula.replace("f'(", "df(").replace("^", "**")
    text = re.sub(r"\bmax\(", "maximum(", text)
    text = re.sub(r"\((?=[^()]* > 0\))", "1.0 * (", text)  # a comparison is a number here
    return eval(text, known, dict(values))


def slope(function: Callable[..., Array], values: Values, by: str) -> Array:
    """The gradient by central differences, or the Jacobian with a row for every output."""
    at, columns = values[by], []
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = 1e-6
        up, down = ({**values, by: at + sign * step} for sign in (1, -1))
        columns.append(np.ravel((function(**up) - function(**down)) / 2e-6))
    found = np.stack(columns, axis=-1)
    return found.reshape(at.shape) if len(found) == 1 else found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("file", [f for f in CASES if f != "rnn-jacobian"])
def test_every_gradient_is_the_slope_of_the_function(file: str, seed: int) -> None:
    shapes, function = CASES[file]
    values = drawn(shapes, seed)
    known = lines(file, values)
    for name, form in solved(file).results.items():
        by = name.partition("/d")[2]
        found = evaluated(plain(form), known)
        np.testing.assert_allclose(found, slope(function, values, by), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_jacobian_of_a_state_is_the_slope_of_the_state(seed: int) -> None:
    values = drawn(CASES["rnn-jacobian"][0], seed)
    known = lines("rnn-jacobian", values)
    for name, steps in (("h_1", 1), ("h_0", 2)):
        found = evaluated(plain(solved("rnn-jacobian").results[f"dh_2/d{name}"]), known)
        values[name] = known[name]

        def after(steps: int = steps, name: str = name, **at: Array) -> Array:
            return state_after(at[name], at["W"], at["b"], steps)

        np.testing.assert_allclose(found, slope(after, values, name), rtol=1e-5, atol=1e-8)


def test_margins_are_tried_active_and_inactive() -> None:
    seen = {bool(margin(**drawn(CASES["max-margin"][0], seed)) > 0) for seed in SEEDS}
    assert seen == {True, False}


def test_no_file_goes_untested() -> None:
    assert set(CASES) == set(FILES)


# ------------------------------------------------------------------------------------------ steps


def stage(file: str, by: str) -> list[tuple[str, str]]:
    """The derivation by one name: rules with what they lead to, as printed."""
    blocks = iter(solved(file).blocks)
    for block in blocks:
        if isinstance(block, Section) and one_line_of(block.parts) == f"By {by}":
            break
    chain = next(block for block in blocks if isinstance(block, Chain))
    return [(step.rule, one_line(step.after)) for step in chain.steps]


def one_line_of(parts: tuple[Any, ...]) -> str:
    return "".join(part if isinstance(part, str) else one_line(part) for part in parts)


def test_the_score_by_its_weights_as_at_the_board() -> None:
    assert stage("score-gradient", "z") == [
        ("chain rule", "Σⱼ ∂s/∂aⱼ · ∂aⱼ/∂zᵢ"),
        ("derivative of f", "Σⱼ vⱼ · f′(zⱼ) · ∂zⱼ/∂zᵢ"),
        ("derivative of an entry", "Σⱼ vⱼ · f′(zⱼ) · δⱼᵢ"),
        ("sum over a delta", "vᵢ · f′(zᵢ)"),
    ]
    assert stage("score-gradient", "W") == [
        ("chain rule", "Σₖ ∂s/∂zₖ · ∂zₖ/∂Wᵢⱼ"),
        ("z written out", "Σₖ ∂s/∂zₖ · ∂/∂Wᵢⱼ[Σₗ Wₖₗ · xₗ + bₖ]"),
        ("sum rule", "Σₖ Σₗ ∂s/∂zₖ · ∂Wₖₗ/∂Wᵢⱼ · xₗ"),
        ("derivative of an entry", "Σₖ Σₗ ∂s/∂zₖ · δₖᵢ · δₗⱼ · xₗ"),
        ("sum over a delta", "∂s/∂zᵢ · xⱼ"),
    ]


def test_cross_entropy_in_one_sweep() -> None:
    assert stage("softmax-cross-entropy", "θ")[-4:] == [
        ("derivative of softmax", "−Σⱼ yⱼ · (pⱼ · δⱼᵢ − pⱼ · pᵢ) / pⱼ"),
        ("multiplied out", "−Σⱼ yⱼ · δⱼᵢ + Σⱼ yⱼ · pᵢ"),
        ("sum over a delta", "−yᵢ + Σⱼ yⱼ · pᵢ"),
        ("condition", "−yᵢ + pᵢ"),
    ]


def test_cross_entropy_by_cases() -> None:
    chains = [b for b in solved("softmax-cross-entropy-cases").blocks if isinstance(b, Chain)]
    told = [[one_line(step.after) for step in chain.steps] for chain in chains[-4:]]
    assert told == [
        ["exp(θᵢ) / (Σₖ exp(θₖ)) − (exp(θᵢ))² / (Σₖ exp(θₖ))²", "pᵢ − pᵢ²", "pᵢ · (1 − pᵢ)"],
        ["−exp(θᵢ) · exp(θⱼ) / (Σₖ exp(θₖ))²", "−pᵢ · pⱼ"],
        ["−∂pₖ/∂θₖ / pₖ", "−pₖ · (1 − pₖ) / pₖ", "pₖ − 1"],
        ["−∂pₖ/∂θᵢ / pₖ", "−(−pₖ · pᵢ) / pₖ", "pᵢ"],
    ]


FORMS = {
    "score-gradient": "ds/dv = a, ds/dW = δ @ xᵀ, ds/db = δ, ds/dx = Wᵀ @ δ, δ = v ⊙ f′(z)",
    "softmax-cross-entropy": "dJ/dθ = p − y",
    "softmax-jacobian": "dp/dθ = diag(p) − p @ pᵀ",
    "delta-recursion": "δ₂ = v ⊙ f′(z₂), δ₁ = (W₂ᵀ @ δ₂) ⊙ f′(z₁), ds/dW₁ = δ₁ @ xᵀ",
    "delta-recursion-general": "ds/dz_l = (W_lᵀ @ δ_next) ⊙ f′(z_l), ds/dW_l = δ_next @ a_lᵀ",
    "two-layer-input-gradient": "δ₂ = ŷ − y, δ₁ = (δ₂ @ W2ᵀ) ⊙ h ⊙ (1 − h), dJ/dx = δ₁ @ W1ᵀ",
    "least-squares": "ds/dx = 2 · Aᵀ @ r, ds/dA = 2 · r @ xᵀ",
    "log-determinant": "ds/dX = (X⁻¹)ᵀ",
    "max-margin": "dJ/dW = δ @ xᵀ + δ_c @ x_cᵀ, dJ/db = δ + δ_c, dJ/dx_c = Wᵀ @ δ_c",
    "rnn-gradient": "ds/dW = δ₁ @ h₀ᵀ + δ₂ @ h₁ᵀ + δ₃ @ h₂ᵀ, δ₂ = (Wᵀ @ δ₃) ⊙ f′(z₂)",
    "rnn-jacobian": "dh₂/dh₁ = diag(1 − h₂²) @ W",
}


@pytest.mark.parametrize("file", FORMS)
def test_the_matrix_forms_are_those_of_the_textbooks(file: str) -> None:
    told = set()
    for block in solved(file).blocks:
        if isinstance(block, Equation):
            told.add(f"{one_line(block.sides[0])} = {one_line(block.sides[-1])}")
    assert set(FORMS[file].split(", ")) <= told


def test_every_factor_has_its_shape() -> None:
    told = [
        one_line_of(b.parts) for b in solved("two-layer-input-gradient").blocks if type(b) is Text
    ]
    assert "In matrix form, where δ₁ is 1 × H, W1ᵀ is H × D_x, and the whole 1 × D_x, as x:" in told


def test_the_margin_is_told_active_and_inactive() -> None:
    told = [one_line_of(b.parts) for b in solved("max-margin").blocks if isinstance(b, Text)]
    assert "Active, where 1 − s + s_c > 0:" in told
    assert "Inactive, where 1 − s + s_c ≤ 0: every one of them is 0." in told
    lines_ = {line.name: one_line(line.expression) for line in solved("max-margin").lines}
    assert lines_["delta"] == "−v ⊙ f′(z)" and lines_["dJ/dv"] == "f(z_c) − f(z)"
