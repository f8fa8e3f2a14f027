"""The problems with vectors and matrices end in the forms of the textbooks.

Expected: CS224n, lecture notes 3 (score, delta recursion, max-margin, softmax with cross-entropy);
the Matrix Cookbook (84), (57) for least squares and the logarithm of a determinant.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import stepsolve
from stepsolve.notation.plain import plain

ROOT = Path(__file__).parents[2] / "problems" / "matrix"
FORMS = {
    "score-gradient": {
        "ds/dv": "a",
        "ds/dW": "v * f'(z) @ x.T",
        "ds/db": "v * f'(z)",
        "ds/dx": "W.T @ (v * f'(z))",
    },
    "delta-recursion-general": {
        "ds/dz_l": "W_l.T @ delta_next * f'(z_l)",
        "ds/dW_l": "delta_next @ a_l.T",
        "ds/db_l": "delta_next",
    },
    "softmax-cross-entropy": {"dJ/dtheta": "p - y"},
    "softmax-cross-entropy-cases": {"dJ/dtheta": "p - y"},
    "softmax-jacobian": {"dp/dtheta": "diag(p) - p @ p.T"},
    "two-layer-input-gradient": {"dJ/dx": "(yhat - y) @ W2.T * h * (1 - h) @ W1.T"},
    "least-squares": {"ds/dx": "2 * A.T @ (A @ x - b)", "ds/dA": "2 * (A @ x - b) @ x.T"},
    "log-determinant": {"ds/dX": "inv(X).T"},
    "rnn-jacobian": {
        "dh_2/dh_1": "diag(1 - h_2^2) @ W",
        "dh_2/dh_0": "diag(1 - h_2^2) @ W @ diag(1 - h_1^2) @ W",
    },
}


@pytest.mark.parametrize("name", FORMS)
def test_the_matrix_forms_are_those_of_the_books(name: str) -> None:
    results = stepsolve.solve(ROOT / f"{name}.yaml").results
    assert {key: plain(form) for key, form in results.items()} == FORMS[name]
