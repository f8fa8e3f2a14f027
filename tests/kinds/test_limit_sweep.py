"""Limits of the textbooks and of activations, against the books, SymPy and numbers on the way."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

import stepsolve
from stepsolve.notation.plain import plain

X = sympy.Symbol("x", real=True)
SIGMOID = lambda a: 1 / (1 + sympy.exp(-a))  # noqa: E731
SOFTPLUS = lambda a: sympy.log(1 + sympy.exp(a))  # noqa: E731
NAMES: dict[str, Any] = {
    "x": X,
    "e": sympy.E,
    "inf": sympy.oo,
    "abs": sympy.Abs,
    "sigmoid": SIGMOID,
    "softplus": SOFTPLUS,
    "silu": lambda a: a * SIGMOID(a),
    "mish": lambda a: a * sympy.tanh(SOFTPLUS(a)),
    "gelu": lambda a: a * (1 + sympy.erf(a / sympy.sqrt(2))) / 2,
    "relu": lambda a: sympy.Max(a, 0),
    "max": sympy.Max,
    "elu": lambda a: sympy.Piecewise((a, a > 0), (sympy.exp(a) - 1, True)),
}

# Stewart, Calculus, 8th ed., ch. 2, 3.3, 4.4 and 6; activations from their papers; by hand.
# SymPy decides all but those marked with `?`, on which it errs, hangs or is silent.
SWEEP = """
x^100 * exp(-x) | inf | 0
x^100 / exp(x) | inf | 0
exp(x) / x^50 | inf | inf
x^3 * exp(-x) | inf | 0
x * exp(x) | -inf | 0
x * exp(-x^2) | inf | 0
sin(x)^2 + cos(x)^2 | inf | 1 ?
exp(-1/x^2) / x | 0 | 0
exp(-1/x^2) / x^10 | 0 | 0
exp(-1/x) / x | 0+ | 0
1 / log(log(x)) | inf | 0
log(log(x)) / log(x) | inf | 0
log(x) / sqrt(x) | inf | 0
log(x)^10 / x | inf | 0
sigmoid(x) | inf | 1
sigmoid(x) | -inf | 0
softplus(x) / x | inf | 1
softplus(x) - x | inf | 0
silu(x) | -inf | 0
silu(x) / x | inf | 1
mish(x) | -inf | 0 ?
mish(x) / x | inf | 1 ?
gelu(x) | -inf | 0
elu(x) | -inf | -1 ?
tanh(x) | -inf | -1
x * (1 - tanh(x)) | inf | 0 ?
x / (1 + abs(x)) | -inf | -1
log(cosh(x)) / x^2 | 0 | 1/2
(sigmoid(x) - 1/2) / x | 0 | 1/4
cosh(x) / exp(x) | inf | 1/2
sin(3 * x) / sin(5 * x) | 0 | 3/5
tan(x) / x | 0 | 1
(1 - cos(x)) / x^2 | 0 | 1/2
(x - sin(x)) / x^3 | 0 | 1/6
(tan(x) - sin(x)) / x^3 | 0 | 1/2
(exp(x) - 1 - x) / x^2 | 0 | 1/2
log(1 + x) / x | 0 | 1
(1 + 1/x)^x | inf | e
(1 + x)^(1/x) | 0 | e
(1 + 2/x)^x | inf | e^2
(x / (x + 1))^x | inf | e^(-1)
(1 + 1/x)^(x^2) / exp(x) | inf | e^(-1/2)
cos(x)^(1/x^2) | 0 | e^(-1/2)
x^x | 0+ | 1
x^(1/x) | inf | 1
(2^x + 3^x)^(1/x) | inf | 3
2^x / 3^x | inf | 0
(3^x - 2^x) / x | 0 | log(3) - log(2)
x * log(x) | 0+ | 0
log(x) * log(1 - x) | 1- | 0 ?
log(x^2 + 1) - 2 * log(x) | inf | 0
x * (log(x + 1) - log(x)) | inf | 1
x * (pi/2 - atan(x)) | inf | 1
atan(x) | -inf | -pi/2
atanh(x) | 1- | inf
acosh(x) - log(x) | inf | log(2)
asinh(x) / log(x) | inf | 1
erf(x) | inf | 1
(2 * x^2 + 3) / (5 * x^2 - x) | inf | 2/5
(x^2 + 1) / (x^3 + 1) | inf | 0
(x^3 - 8) / (x^2 - 4) | 2 | 3
sqrt(x^2 + 3 * x) - sqrt(x^2 + x) | inf | 1
(sqrt(x + 4) - 2) / x | 0 | 1/4
x / sqrt(x^2 + 1) | -inf | -1
1 / x - 1 / (exp(x) - 1) | 0 | 1/2
1 / log(x) - 1 / (x - 1) | 1 | 1/2
sin(x) / (x - pi) | pi | -1
x * sin(1 / x) | 0 | 0 ?
exp(-x) * sin(x)^2 | inf | 0 ?
(x + sin(x)) / x | inf | 1
1 / (1 + exp(1 / x)) | 0+ | 0
exp(1 / x) | 0- | 0
tan(x) | pi/2- | inf
floor(x) | 1- | 0
x^2 - x | -inf | inf
"""
ROWS = [tuple(part.strip() for part in row.split("|")) for row in SWEEP.strip().splitlines()]
NONE = [
    ("1 / x", "0"),
    ("abs(x) / x", "0"),
    ("floor(x)", "1"),
    ("atan(1 / x)", "0"),
    ("1 / (1 + exp(1 / x))", "0"),
    ("relu(x) / x", "0"),
    ("tan(x)", "pi/2"),
    ("sin(x)", "inf"),
    ("sin(x) * cos(x)", "inf"),
    ("sin(x) + cos(x)", "inf"),
    ("x * sin(x)", "inf"),
    ("sin(1 / x)", "0"),
]


def in_sympy(text: str) -> Any:
    return sympy.sympify(text.replace("^", "**"), locals=NAMES)


def of_sympy(expression: str, to: str) -> Any:
    side = to[-1] if to[-1] in "+-" else "+" if "inf" in to else "+-"
    where = in_sympy(to.rstrip("+-") if to[-1] in "+-" else to)
    return sympy.limit(in_sympy(expression), X, where, side)


@pytest.mark.parametrize(("expression", "to", "expected"), ROWS, ids=lambda text: text)
def test_sweep(expression: str, to: str, expected: str) -> None:
    derivation = stepsolve.solve(
        {"kind": "limit", "expression": expression, "variable": "x", "to": to}
    )
    assert derivation.confirmed, [c for c in derivation.checks if not c.passed]
    (found,) = derivation.results.values()
    book = in_sympy(expected.removesuffix("?"))
    ours = in_sympy(plain(found))
    assert ours == book or abs(sympy.N(ours - book, 30)) < 1e-25
    if not expected.endswith("?"):
        theirs = of_sympy(expression, to)
        assert theirs == book or abs(sympy.N(theirs - book, 30)) < 1e-25


@pytest.mark.parametrize(("expression", "to"), NONE)
def test_limits_that_do_not_exist(expression: str, to: str) -> None:
    derivation = stepsolve.solve(
        {"kind": "limit", "expression": expression, "variable": "x", "to": to}
    )
    assert derivation.confirmed and derivation.results == {}
