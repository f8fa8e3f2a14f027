"""Works on derivatives by vectors and matrices, whose quantities have no values."""

from __future__ import annotations

from pathlib import Path

import pytest

import stepsolve

PROBLEMS = Path(__file__).parents[2] / "problems" / "matrix"

# What holds is in Petersen, Pedersen, The Matrix Cookbook (2012), 2.4, or one line of calculus away.
WORKS = {
    "least-squares": [
        (r"\frac{\partial s}{\partial r} = 2r", "defines"),
        (r"\frac{\partial s}{\partial x} = 2A^T r = 2A^T(Ax-b)", "defines exact"),
        (r"\frac{\partial s}{\partial A} = 2r x^T = 2(Ax-b)x^T", "defines exact"),
        (r"s = r^T r", "defines"),
        (r"\frac{\partial s}{\partial x} = 3A^T r", "wrong"),
        (r"\frac{\partial s}{\partial x} = 2A^T r = 2A^T(Ax+b)", "defines wrong"),
        (r"\frac{\partial s}{\partial A} = 2r r^T", "wrong"),
        (r"s = 3", "undecidable"),
    ],
    "score-gradient": [
        (r"\delta = v \circ f'(z)", "defines"),
        (r"\frac{\partial s}{\partial W} = \delta x^T", "defines"),
        (r"\frac{\partial s}{\partial b} = \delta", "defines"),
        (r"\frac{\partial s}{\partial x} = W^T \delta = W^T (v \circ f'(z))", "defines exact"),
        (r"\delta = v \circ f(z)", "wrong"),
    ],
    "max-margin": [
        (r"\frac{\partial J}{\partial W} = \delta x^T + \delta_c x_c^T", "defines"),
        (r"\frac{\partial J}{\partial v} = f(z_c) - f(z)", "defines"),
        (r"\frac{\partial J}{\partial v} = f(z) - f(z_c)", "wrong"),
    ],
    "softmax-cross-entropy": [
        (r"\frac{\partial J}{\partial \theta} = p - y", "defines"),
        (r"\frac{\partial J}{\partial \theta} = y - p", "wrong"),
    ],
    "two-layer-input-gradient": [
        (r"\delta_2 = \hat{y} - y", "defines"),
        (r"\delta_1 = \delta_2 W_2^T \circ h \circ (1-h)", "defines"),
        (r"\frac{\partial J}{\partial x} = \delta_1 W_1^T", "defines"),
        (r"\delta_1 = \delta_2 W_2^T \circ h", "wrong"),
    ],
}
LINES = [(name, line, told) for name, lines in WORKS.items() for line, told in lines]


@pytest.mark.parametrize(("name", "line", "told"), LINES)
def test_formulas_are_judged_by_their_values_at_drawn_numbers(
    name: str, line: str, told: str
) -> None:
    (found,) = stepsolve.check([line], PROBLEMS / f"{name}.yaml").lines
    assert " ".join(found.verdicts) == told
    assert all(not j.expected and j.values == (None, None) for j in found.judgements)
