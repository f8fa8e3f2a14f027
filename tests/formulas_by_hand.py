"""The formulas that a hand would give for the problem files of derivatives, and points to try them at.

Nothing is taken from stepsolve.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import exp, log

import recurrences_by_hand

Numbers = dict[str, float]


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def class_test(x: float, y: float, a: float) -> tuple[Numbers, Numbers]:
    by_x = y * x ** (y - 1) * log(x + y) + x**y / (x + y)  # as the notes have it
    by_y = x**y * log(x) * log(x + y) + x**y / (x + y)
    return {}, {"df/dx": by_x, "df/dy": by_y, "dg/dx": a**x * log(a)}


def gates(x: float, y: float) -> tuple[Numbers, Numbers]:
    linear = {"dadd/dx": 1, "dadd/dy": 1, "dsubtract/dx": 1, "dsubtract/dy": -1}
    products = {"dmultiply/dx": y, "dmultiply/dy": x, "ddivide/dx": 1 / y, "ddivide/dy": -x / y**2}
    single = {"dexponential/dx": exp(x), "dlogarithm/dx": 1 / x, "dratio/dx": 1 / math.cos(x) ** 2}
    return {}, {**linear, **products, **single, "dlargest/dx": x > y, "dlargest/dy": y > x}


def two_paths(w: float, x: float, b: float) -> tuple[Numbers, Numbers]:
    s, t = sigmoid(w * x + b), sigmoid(w * x)
    over_s, over_t = t * s * (1 - s), s * t * (1 - t)
    lines = {"p": w * x, "z": w * x + b, "s": s, "t": t, "f": s * t}
    by = {"df/dw": x * over_s + x * over_t, "df/dx": w * over_s + w * over_t, "df/db": over_s}
    return lines, by


def neuron(w: float, x: float, b: float) -> tuple[Numbers, Numbers]:
    f = sigmoid(w * x + b)
    slope = exp(-(w * x + b)) * f**2  # the other form of f (1 - f)
    lines = {"z": w * x + b, "f": f}
    return lines, {"df/db": slope, "df/dx": w * slope, "df/dw": x * slope}


def neuron_vector(x: float, y: float, w: float) -> tuple[Numbers, Numbers]:
    at = {"w_1": w, "w_2": -x, "w_3": 0.4, "x_1": x, "x_2": y, "x_3": -1.1, "b": 0.3}
    z = w * x - x * y - 0.44 + 0.3
    slope = exp(-z) / (1 + exp(-z)) ** 2
    return at, {"df/dw_1": x * slope, "df/dw_2": y * slope, "df/dw_3": -1.1 * slope, "df/db": slope}


def kinks(x: float, y: float) -> tuple[Numbers, Numbers]:
    relu = {"dr/dx": x > 0, "dl/dx": 1 if x > 0 else 0.01}
    return {}, {**relu, "dm/dx": x > y, "dm/dy": y > x}


def scaled(x: float, a: float) -> tuple[Numbers, Numbers]:
    slope = exp(-a * x) / (1 + exp(-a * x)) ** 2
    return {}, {"df/dx": a * slope, "df/da": x * slope}


def huber(x: float, y: float) -> tuple[Numbers, Numbers]:
    return {"r": x - 1.5, "d": y}, {"df/dr": min(max(x - 1.5, -y), y)}


def softmax(x: float, y: float, w: float) -> tuple[Numbers, Numbers]:
    total = exp(x) + exp(y) + exp(w)
    p, q, r = exp(x) / total, exp(y) / total, exp(w) / total
    return {"z": w}, {"dp/dx": p - p * p, "dp/dy": -p * q, "dp/dz": -p * r}


def swish(x: float) -> tuple[Numbers, Numbers]:
    slope = (1 + exp(-x) + x * exp(-x)) / (1 + exp(-x)) ** 2  # of x / (1 + exp(-x))
    return {}, {"df/dx": slope, "dg/dx": slope}


def cube_root(x: float) -> tuple[Numbers, Numbers]:
    return {}, {"df/dx": 4 / 3 * x ** (1 / 3) - x ** (-2 / 3) / 3}  # of x^(4/3) - x^(1/3)


FORMULAS: dict[str, Callable[..., tuple[Numbers, Numbers]]] = {
    "calculus/limit-difference-quotient.yaml": lambda x: ({}, {"lim D, e -> 0": 2 * x}),
    "calculus/class-test.yaml": class_test,
    "calculus/gates.yaml": gates,
    "calculus/gate-cube.yaml": lambda x: ({"q": x * x, "f": x**3}, {"df/dx": 3 * x * x}),
    "calculus/gate-square.yaml": lambda x: ({"f": x * x}, {"df/dx": 2 * x}),
    "calculus/neuron.yaml": neuron,
    "calculus/neuron-vector.yaml": neuron_vector,
    "calculus/two-path-neuron.yaml": two_paths,
    "calculus/relu-max.yaml": kinks,
    "calculus/relu-at-kink.yaml": lambda x: ({}, {"df/dx": x > 0}),
    "calculus/sigmoid.yaml": lambda x: ({}, {"df/dx": exp(-x) / (1 + exp(-x)) ** 2}),
    "calculus/sigmoid-scaled.yaml": scaled,
    "calculus/tanh.yaml": lambda x: ({}, {"df/dx": 1 / math.cosh(x) ** 2}),
    "calculus/huber.yaml": huber,
    "calculus/softmax.yaml": softmax,
    "calculus/swish.yaml": swish,
    "calculus/cube-root.yaml": cube_root,
}
FORMULAS |= recurrences_by_hand.FORMULAS
POINTS = [
    {"x": 0.7, "y": 1.3, "a": 1.9, "w": -0.8, "b": 0.25},
    {"x": 2.1, "y": 0.4, "a": 0.6, "w": 1.7, "b": -1.2},
    {"x": 1.05, "y": 3.5, "a": 3.0, "w": 0.01, "b": 2.0},
]
FUNCTIONS = {
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "sign": lambda x: math.copysign(1, x),
    "where": lambda condition, yes, no: yes if condition else no,
    **{name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh")},
    "e": math.e,
}


def value_of(formula: str, at: Numbers) -> float:
    """A formula as Python works it out: a reader of its own, which shares no code with stepsolve."""
    return float(eval(formula.replace("^", "**"), dict(FUNCTIONS), dict(at)))
