"""A reverse mode of a few lines, and graphs drawn at random: what gradients are compared with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from stepsolve.source.expression import parse
from stepsolve.worksheet.backward import Graph, backward
from stepsolve.worksheet.evaluation import evaluate
from stepsolve.worksheet.lines import Line, Worksheet


class V:
    """A number that remembers what it was made of (after Karpathy, micrograd)."""

    def __init__(self, data: float, *made_of: tuple[V, float]) -> None:
        self.data, self.made_of, self.grad = float(data), made_of, 0.0

    def __add__(self, other: Any) -> V:
        other = lift(other)
        return V(self.data + other.data, (self, 1), (other, 1))

    def __mul__(self, other: Any) -> V:
        other = lift(other)
        return V(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, power: int) -> V:
        return V(self.data**power, (self, power * self.data ** (power - 1)))

    def __neg__(self) -> V:
        return self * -1

    def __sub__(self, other: Any) -> V:
        return self + -lift(other)

    def __truediv__(self, other: Any) -> V:
        return self * lift(other) ** -1

    def __gt__(self, other: Any) -> bool:
        return self.data > lift(other).data

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> V:
        return lift(other) - self

    def __rtruediv__(self, other: Any) -> V:
        return lift(other) / self

    def backward(self) -> None:
        order: dict[int, V] = {}

        def visit(node: V) -> None:
            if id(node) not in order:
                for part, _ in node.made_of:
                    visit(part)
                order[id(node)] = node

        visit(self)
        self.grad = 1.0
        for node in reversed(order.values()):
            for part, slope in node.made_of:
                part.grad += slope * node.grad


def lift(value: Any) -> V:
    return value if isinstance(value, V) else V(value)


def one(function: Callable[[float], float], slope: Callable[[float], float]) -> Any:
    return lambda a: V(function(a.data), (a, slope(a.data)))


FUNCTIONS = {
    "exp": one(math.exp, math.exp),
    "log": one(math.log, lambda a: 1 / a),
    "sin": one(math.sin, math.cos),
    "tanh": one(math.tanh, lambda a: 1 / math.cosh(a) ** 2),
    "sigmoid": one(lambda a: 1 / (1 + math.exp(-a)), lambda a: 1 / (2 + 2 * math.cosh(a))),
    "relu": one(lambda a: max(a, 0), lambda a: float(a > 0)),
    "max": lambda *a: max(a, key=lambda v: v.data) + 0,
    "min": lambda *a: min(a, key=lambda v: v.data) + 0,
    "where": lambda c, a, b: a if c else b,
}
TEMPLATES = (
    *("{a} + {b}", "{a} - {b} * {c}", "{a} * {a}", "{a} * {b}", "-{a} * {b} + {c}", "{a} / 2"),
    *("{a} / ({b} * {b} + 1)", "({a} + 1)^3 * {b}", "{a} - 2 * {a}", "({a} > {b}) * {c}", "{a}"),
    *("exp(-{a}^2)", "log({a}^2 + 1)", "sin({a}) * {b}", "tanh({a} * {b})", "sigmoid({a} + {b})"),
    *("1 / (1 + exp(-{a}))", "relu({a} - {b})", "max({a}, {b})", "min({a}, {b}, {c})"),
    *("max({a}, {a})", "where({a} > {b}, {a}, {c})", "tanh({a})", "sigmoid({a})", "3"),
)
Problem = tuple[dict[str, float], dict[str, str], str]


def random_problem(seed: int) -> Problem:
    """Given values, lines as text (also Python's, but for ^), and a target."""
    random = Random(seed)
    given = {f"x{k}": round(random.uniform(-1.5, 1.5), 3) for k in range(random.randint(1, 4))}
    known, lines = list(given), {}
    for k in range(random.randint(1, 9)):
        picked = {letter: random.choice(known) for letter in "abc"}
        lines[f"q{k}"] = random.choice(TEMPLATES).format(**picked)
        known.append(f"q{k}")
    return given, lines, random.choice(list(lines))


def used(text: str) -> set[str]:
    return set(re.findall(r"[xq]\d+", text))


def worksheet(given: dict[str, float], lines: dict[str, str]) -> Worksheet:
    return Worksheet(
        {name: parse(repr(number)) for name, number in given.items()},
        tuple(Line(name, parse(text)) for name, text in lines.items()),
    )


def solved(sheet: Worksheet, target: str, wrt: Iterable[str] = ()) -> dict[str, float]:
    """Every value, those of the backward pass too."""
    return evaluate(sheet.extended(backward(Graph(sheet, target, wrt))))


def autodiff(given: dict[str, float], lines: dict[str, str], target: str) -> dict[str, V]:
    known: dict[str, Any] = {name: V(number) for name, number in given.items()}
    for name, text in lines.items():
        found = eval(text.replace("^", "**"), FUNCTIONS, known)
        known[name] = lift(found) + 0  # a node of its own, also for a line that is a bare name
    known[target].backward()
    return known


def close(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= 1e-9 * max(1.0, abs(wanted))
