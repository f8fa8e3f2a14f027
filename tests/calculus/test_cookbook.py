"""Identities of the Matrix Cookbook: each derived by the engine and held to the Cookbook's own formula.

The formulas are facts of Petersen and Pedersen, The Matrix Cookbook, version of November 15, 2012,
with its equation numbers; NumPy evaluates them at random matrices, and stepsolve takes no part in that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

# ruff: noqa: N803 - matrices have capital letters
import stepsolve
from stepsolve.checking.float_tensors import FloatTensors
from stepsolve.checking.scenes import Scene
from stepsolve.notation.shapes import Shape

Array = Any
inv, det, tr, norm = np.linalg.inv, np.linalg.det, np.trace, np.linalg.norm

SQUARE, WIDE = ["n", "n"], ["m", "n"]
SIZES = {"n": 3, "m": 2, "k": 4}


class Identity(NamedTuple):
    number: int
    expression: str
    by: str
    shapes: dict[str, list[str]]
    formula: Callable[..., Array]
    conditions: tuple[str, ...] = ()


def row(
    number: int,
    expression: str,
    by: str,
    shapes: dict[str, list[str]],
    formula: Callable[..., Array],
    *conditions: str,
) -> Identity:
    return Identity(number, expression, by, shapes, formula, conditions)


N, X2, XA = ["n"], {"X": SQUARE}, {"X": SQUARE, "A": SQUARE}
XAB = {**XA, "B": SQUARE}
TALL = {"X": ["n", "m"], "A": SQUARE}
AFFINE = {"B": WIDE, "x": N, "b": ["m"], "C": ["m", "k"], "D": ["k", "n"], "d": ["k"]}
QUADRATIC = {"x": ["m"], "A": WIDE, "s": N, "W": ["m", "m"]}

IDENTITIES = [
    row(49, "det(X)", "X", X2, lambda X: det(X) * inv(X).T),
    row(51, "det(A @ X @ B)", "X", XAB, lambda X, A, B: det(A @ X @ B) * inv(X).T),
    row(52, "det(X.T @ A @ X)", "X", XA, lambda X, A: 2 * det(X.T @ A @ X) * inv(X).T, "A == A.T"),
    row(
        53,
        "det(X.T @ A @ X)",
        "X",
        TALL,
        lambda X, A: 2 * det(X.T @ A @ X) * A @ X @ inv(X.T @ A @ X),
        "A == A.T",
    ),
    row(
        54,
        "det(X.T @ A @ X)",
        "X",
        TALL,
        lambda X, A: det(X.T @ A @ X) * (A @ X @ inv(X.T @ A @ X) + A.T @ X @ inv(X.T @ A.T @ X)),
    ),
    row(
        55,
        "log(det(X.T @ X))",
        "X",
        {"X": ["n", "m"]},
        lambda X: 2 * np.linalg.pinv(X).T,
    ),
    row(57, "log(abs(det(X)))", "X", X2, lambda X: inv(X).T),
    row(58, "det(X @ X @ X)", "X", X2, lambda X: 3 * det(X @ X @ X) * inv(X).T),
    row(
        61,
        "a.T @ inv(X) @ b",
        "X",
        {**X2, "a": N, "b": N},
        lambda X, a, b: -inv(X).T @ a @ b.T @ inv(X).T,
    ),
    row(62, "det(inv(X))", "X", X2, lambda X: -det(inv(X)) * inv(X).T),
    row(63, "trace(A @ inv(X) @ B)", "X", XAB, lambda X, A, B: -(inv(X) @ B @ A @ inv(X)).T),
    row(64, "trace(inv(X + A))", "X", XA, lambda X, A: -(inv(X + A) @ inv(X + A)).T),
    row(65, "trace(X)", "X", X2, lambda X: np.eye(len(X))),
    row(69, "x.T @ a", "x", {"x": N, "a": N}, lambda x, a: a),
    row(70, "a.T @ X @ b", "X", {"X": WIDE, "a": ["m"], "b": N}, lambda X, a, b: a @ b.T),
    row(71, "a.T @ X.T @ b", "X", {"X": WIDE, "a": N, "b": ["m"]}, lambda X, a, b: b @ a.T),
    row(72, "a.T @ X @ a", "X", {**X2, "a": N}, lambda X, a: a @ a.T),
    row(76, "sum(X) * sum(X)", "X", {"X": WIDE}, lambda X: 2 * X.sum() * np.ones(X.shape)),
    row(
        77,
        "b.T @ X.T @ X @ c",
        "X",
        {"X": WIDE, "b": N, "c": N},
        lambda X, b, c: X @ (b @ c.T + c @ b.T),
    ),
    row(
        78,
        "(B @ x + b).T @ C @ (D @ x + d)",
        "x",
        AFFINE,
        lambda B, x, b, C, D, d: B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b),
    ),
    row(81, "x.T @ B @ x", "x", {"x": N, "B": SQUARE}, lambda x, B: (B + B.T) @ x),
    row(
        82,
        "b.T @ X.T @ D @ X @ c",
        "X",
        {"X": WIDE, "D": ["m", "m"], "b": N, "c": N},
        lambda X, D, b, c: D.T @ X @ b @ c.T + D @ X @ c @ b.T,
    ),
    row(
        83,
        "(X @ b + c).T @ D @ (X @ b + c)",
        "X",
        {"X": WIDE, "D": ["m", "m"], "b": N, "c": ["m"]},
        lambda X, D, b, c: (D + D.T) @ (X @ b + c) @ b.T,
    ),
    row(
        84,
        "(x - A @ s).T @ W @ (x - A @ s)",
        "s",
        QUADRATIC,
        lambda x, A, s, W: -2 * A.T @ W @ (x - A @ s),
        "W == W.T",
    ),
    row(
        85,
        "(x - s).T @ W @ (x - s)",
        "x",
        {"x": N, "s": N, "W": SQUARE},
        lambda x, s, W: 2 * W @ (x - s),
        "W == W.T",
    ),
    row(
        86,
        "(x - s).T @ W @ (x - s)",
        "s",
        {"x": N, "s": N, "W": SQUARE},
        lambda x, s, W: -2 * W @ (x - s),
        "W == W.T",
    ),
    row(
        87,
        "(x - A @ s).T @ W @ (x - A @ s)",
        "x",
        QUADRATIC,
        lambda x, A, s, W: 2 * W @ (x - A @ s),
        "W == W.T",
    ),
    row(
        88,
        "(x - A @ s).T @ W @ (x - A @ s)",
        "A",
        QUADRATIC,
        lambda x, A, s, W: -2 * W @ (x - A @ s) @ s.T,
        "W == W.T",
    ),
    row(
        91,
        "a.T @ X @ X @ X @ b",
        "X",
        {**X2, "a": N, "b": N},
        lambda X, a, b: a @ b.T @ (X @ X).T + X.T @ a @ b.T @ X.T + (X @ X).T @ a @ b.T,
    ),
    row(
        95,
        "(A @ x).T @ (A @ x) / ((B @ x).T @ (B @ x))",
        "x",
        {"A": WIDE, "B": ["k", "n"], "x": N},
        lambda A, B, x: (
            2 * A.T @ A @ x / (x.T @ B.T @ B @ x)
            - 2 * (x.T @ A.T @ A @ x) * (B.T @ B @ x) / (x.T @ B.T @ B @ x) ** 2
        ),
    ),
    row(
        97,
        "x.T @ A @ x + b.T @ x",
        "x",
        {"x": N, "A": SQUARE, "b": N},
        lambda x, A, b: (A + A.T) @ x + b,
    ),
    row(98, "(A + A.T) @ x + b", "x", {"x": N, "A": SQUARE, "b": N}, lambda x, A, b: A + A.T),
    row(99, "trace(X)", "X", X2, lambda X: np.eye(len(X))),
    row(100, "trace(X @ A)", "X", {"X": WIDE, "A": ["n", "m"]}, lambda X, A: A.T),
    row(
        101,
        "trace(A @ X @ B)",
        "X",
        {"X": WIDE, "A": ["k", "m"], "B": ["n", "k"]},
        lambda X, A, B: A.T @ B.T,
    ),
    row(
        102,
        "trace(A @ X.T @ B)",
        "X",
        {"X": WIDE, "A": ["k", "n"], "B": ["m", "k"]},
        lambda X, A, B: B @ A,
    ),
    row(103, "trace(X.T @ A)", "X", {"X": WIDE, "A": WIDE}, lambda X, A: A),
    row(104, "trace(A @ X.T)", "X", {"X": WIDE, "A": WIDE}, lambda X, A: A),
    row(106, "trace(X @ X)", "X", X2, lambda X: 2 * X.T),
    row(107, "trace(X @ X @ B)", "X", {**X2, "B": SQUARE}, lambda X, B: (X @ B + B @ X).T),
    row(
        108,
        "trace(X.T @ B @ X)",
        "X",
        {"X": WIDE, "B": ["m", "m"]},
        lambda X, B: B @ X + B.T @ X,
    ),
    row(
        109,
        "trace(B @ X @ X.T)",
        "X",
        {"X": WIDE, "B": ["m", "m"]},
        lambda X, B: B @ X + B.T @ X,
    ),
    row(
        110,
        "trace(X @ X.T @ B)",
        "X",
        {"X": WIDE, "B": ["m", "m"]},
        lambda X, B: B @ X + B.T @ X,
    ),
    row(111, "trace(X @ B @ X.T)", "X", {"X": WIDE, "B": SQUARE}, lambda X, B: X @ B.T + X @ B),
    row(112, "trace(B @ X.T @ X)", "X", {"X": WIDE, "B": SQUARE}, lambda X, B: X @ B.T + X @ B),
    row(113, "trace(X.T @ X @ B)", "X", {"X": WIDE, "B": SQUARE}, lambda X, B: X @ B.T + X @ B),
    row(
        114,
        "trace(A @ X @ B @ X)",
        "X",
        {"X": WIDE, "A": ["n", "m"], "B": ["n", "m"]},
        lambda X, A, B: A.T @ X.T @ B.T + B.T @ X.T @ A.T,
    ),
    row(115, "trace(X.T @ X)", "X", {"X": WIDE}, lambda X: 2 * X),
    row(
        116,
        "trace(B.T @ X.T @ C @ X @ B)",
        "X",
        {"X": WIDE, "B": ["n", "k"], "C": ["m", "m"]},
        lambda X, B, C: C.T @ X @ B @ B.T + C @ X @ B @ B.T,
    ),
    row(
        117,
        "trace(X.T @ B @ X @ C)",
        "X",
        {"X": WIDE, "B": ["m", "m"], "C": SQUARE},
        lambda X, B, C: B @ X @ C + B.T @ X @ C.T,
    ),
    row(
        118,
        "trace(A @ X @ B @ X.T @ C)",
        "X",
        {"X": WIDE, "A": ["k", "m"], "B": SQUARE, "C": ["m", "k"]},
        lambda X, A, B, C: A.T @ C.T @ X @ B.T + C @ A @ X @ B,
    ),
    row(
        119,
        "trace((A @ X @ B + C) @ (A @ X @ B + C).T)",
        "X",
        {"X": WIDE, "A": ["k", "m"], "B": ["n", "n"], "C": ["k", "n"]},
        lambda X, A, B, C: 2 * A.T @ (A @ X @ B + C) @ B.T,
    ),
    row(120, "trace(X) * trace(X)", "X", X2, lambda X: 2 * tr(X) * np.eye(len(X))),
    row(121, "trace(X @ X @ X)", "X", X2, lambda X: 3 * (X @ X).T),
    row(
        122,
        "trace(A @ X @ X @ X)",
        "X",
        XA,
        lambda X, A: (A @ X @ X + X @ A @ X + X @ X @ A).T,
    ),
    row(
        123,
        "trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)",
        "X",
        {"X": WIDE, "B": ["n", "k"], "C": ["m", "m"]},
        lambda X, B, C: (
            C @ X @ X.T @ C @ X @ B @ B.T
            + C.T @ X @ B @ B.T @ X.T @ C.T @ X
            + C @ X @ B @ B.T @ X.T @ C @ X
            + C.T @ X @ X.T @ C.T @ X @ B @ B.T
        ),
    ),
    row(124, "trace(A @ inv(X) @ B)", "X", XAB, lambda X, A, B: -inv(X).T @ A.T @ B.T @ inv(X).T),
    row(
        125,
        "trace(inv(X.T @ C @ X) @ A)",
        "X",
        {"X": ["n", "m"], "C": SQUARE, "A": ["m", "m"]},
        lambda X, C, A: -C @ X @ inv(X.T @ C @ X) @ (A + A.T) @ inv(X.T @ C @ X),
        "C == C.T",
    ),
    row(
        126,
        "trace(inv(X.T @ C @ X) @ (X.T @ B @ X))",
        "X",
        {"X": ["n", "m"], "C": SQUARE, "B": SQUARE},
        lambda X, C, B: (
            -2 * C @ X @ inv(X.T @ C @ X) @ X.T @ B @ X @ inv(X.T @ C @ X)
            + 2 * B @ X @ inv(X.T @ C @ X)
        ),
        "C == C.T",
        "B == B.T",
    ),
    row(129, "norm(x - a)", "x", {"x": N, "a": N}, lambda x, a: (x - a) / norm(x - a)),
    row(
        130,
        "(x - a) / norm(x - a)",
        "x",
        {"x": N, "a": N},
        lambda x, a: np.eye(len(x)) / norm(x - a) - (x - a) @ (x - a).T / norm(x - a) ** 3,
    ),
    row(131, "norm(x)^2", "x", {"x": N}, lambda x: 2 * x),
    row(132, "norm(X)^2", "X", {"X": WIDE}, lambda X: 2 * X),
]


def values(identity: Identity) -> dict[str, Array]:
    random = np.random.default_rng(identity.number)
    drawn: dict[str, Array] = {}
    for name, sizes in identity.shapes.items():
        shape = [SIZES[s] for s in sizes]
        drawn[name] = random.normal(size=(*shape, 1) if len(shape) == 1 else shape)
        if f"{name} == {name}.T" in identity.conditions:
            drawn[name] = drawn[name] + drawn[name].T
    return drawn


def test_there_are_many_of_them() -> None:
    assert len({identity.number for identity in IDENTITIES}) >= 60


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda i: f"({i.number})")
def test_the_derivation_ends_in_the_formula(identity: Identity) -> None:
    derivation = stepsolve.solve(
        {
            "kind": "matrix-derivative",
            "shapes": identity.shapes,
            "expression": identity.expression,
            "wrt": identity.by,
            "conditions": list(identity.conditions),
        }
    )
    assert [check for check in derivation.checks if not check.passed] == []
    assert len(derivation.steps) >= 1
    (result,) = derivation.results.values()
    drawn = values(identity)
    shapes = {name: Shape(tuple(sizes)) for name, sizes in identity.shapes.items()}
    lines = {name: array.tolist() for name, array in drawn.items()}
    sizes = {**SIZES}
    found = FloatTensors(Scene(lines, shapes, {}, (), sizes)).matrix(result)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, identity.formula(**drawn), rtol=1e-9, atol=1e-9)
