"""Works and notes of a given length, for measuring: honest lines of the sorts that people write."""

from __future__ import annotations

import math

_STEPS = (
    lambda i, x: rf"$z_{{{i}}} = 0.5 \cdot {x:.4f} + 0.25 = {0.5 * float(f'{x:.4f}') + 0.25:.4f}$",
    lambda i, x: rf"$a_{{{i}}} = \frac{{1}}{{1 + e^{{-{x:.4f}}}}} = {1 / (1 + math.exp(-x)):.4f}$",
    lambda i, x: rf"$h_{{{i}}} = \tanh\left({x:.4f}\right) = {math.tanh(float(f'{x:.4f}')):.4f}$",
    lambda i, x: (
        rf"$\frac{{\partial L}}{{\partial w_{{{i}}}}} = {x:.3f} \times (1 - {x:.3f}) "
        rf"= {float(f'{x:.3f}') * (1 - float(f'{x:.3f}')):.5f}$"
    ),
    lambda i, x: (
        rf"$v_{{{i}}} = \begin{{bmatrix}} {x:.2f} \\ 1 \end{{bmatrix}} + "
        rf"\begin{{bmatrix}} 1 \\ 2 \end{{bmatrix}} = "
        rf"\begin{{bmatrix}} {float(f'{x:.2f}') + 1:.2f} \\ 3 \end{{bmatrix}}$"
    ),
    lambda i, x: rf"$\frac{{d}}{{dx}} x^{{{i % 7 + 2}}} = {i % 7 + 2} x^{{{i % 7 + 1}}}$",
    lambda i, x: rf"$s_{{{i}}} = e^{{{x:.2f}}} + e^1 = {math.exp(float(f'{x:.2f}')) + math.e:.3f}$",
)


def notes(count: int) -> str:
    """Notes of so many lines of LaTeX."""
    return "\n\n".join(_STEPS[i % len(_STEPS)](i, (i * 7919 % 1000) / 1000) for i in range(count))


def chain(count: int) -> tuple[dict[str, object], list[str]]:
    """A graph of so many lines, and the work on it, rounded to four places."""
    value, shown = 0.5, 0.5
    lines, work = [], []
    before = "x"
    for i in range(count):
        lines.append(f"a_{i} = tanh(0.9 * {before} + 0.1)")
        value = math.tanh(0.9 * value + 0.1)
        work.append(rf"a_{{{i}}} = \tanh(0.9 \cdot {shown:.4f} + 0.1) = {value:.4f}")
        shown, before = float(f"{value:.4f}"), f"a_{i}"
    return {"kind": "graph", "title": "A chain", "given": {"x": 0.5}, "lines": lines}, work
