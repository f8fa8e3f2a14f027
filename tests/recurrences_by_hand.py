"""The problems with recurrences in plain Python: loops, and sums written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import cosh, exp, tanh
from typing import Any

Numbers = dict[str, float]
INPUTS = (1.0, -0.5, 2.0)
WAVES = (0.1, 0.0, -0.1, 0.0, 0.1, 0.0, -0.1, 0.0, 0.1, 0.0, -0.1, 0.0)


def network(w: float, start: float, drives: Iterable[float]) -> tuple[list[float], list[float]]:
    """The states of h = tanh(w h + drive), and the slopes 1 / cosh^2, which is 1 - tanh^2."""
    states, slopes = [start], [0.0]
    for drive in drives:
        inner = w * states[-1] + drive
        states.append(tanh(inner))
        slopes.append(1 / cosh(inner) ** 2)
    return states, slopes


def by_weight(w: float, states: list[float], slopes: list[float]) -> list[float]:
    """The derivatives of the states by w as sums over the steps at which w acts."""
    found = [0.0]
    for t in range(1, len(states)):
        total = 0.0
        for k in range(1, t + 1):
            term = slopes[k] * states[k - 1]
            for j in range(k + 1, t + 1):
                term *= slopes[j] * w
            total += term
        found.append(total)
    return found


def unrolled(w: float, start: float, drives: list[float]) -> Numbers:
    """Every quantity of h = tanh(w h + drive): states, derivatives by w, and back through time."""
    states, slopes = network(w, start, drives)
    last = len(drives)
    n: Numbers = {f"h({t})": state for t, state in enumerate(states)}
    n |= {f"dh({t})/dw_h": d for t, d in enumerate(by_weight(w, states, slopes))}
    n |= {f"∂h({t})/∂w_h": slopes[t] * states[t - 1] for t in range(2, last + 1)}
    n |= {f"dh({t})/dh({t - 1})": slopes[t] * w for t in range(1, last + 1)}
    n[f"dh({last})/dh({last})"] = product = 1.0
    for k in range(last, 0, -1):
        product *= slopes[k] * w
        n[f"dh({last})/dh({k - 1})"] = product
    return n


def scalar_rnn() -> Numbers:
    given = {"w_h": 0.8, "w_x": 0.5, "b": 0.1, "x(1)": 1, "x(2)": -0.5, "x(3)": 2}
    return given | unrolled(0.8, 0.5, [0.5 * x + 0.1 for x in INPUTS])


def vanishing() -> Numbers:
    given = {"w_h": 0.5, **{f"x({t})": x for t, x in enumerate(WAVES, 1)}}
    return given | unrolled(0.5, 0.0, list(WAVES))


def decay() -> Numbers:
    """f = f / 2 + 1 from 6: 4, 3, 2.5. By a: 6, 4 + 3, 3 + 3.5; by b: 1, 1.5, 1.75."""
    n: Numbers = {"a": 0.5, "b": 1, "x_0": 6, "f(0)": 6, "f(1)": 4, "f(2)": 3, "f(3)": 2.5}
    n |= {"df(0)/da": 0, "df(1)/da": 6, "df(2)/da": 7, "df(3)/da": 6.5}
    n |= {"df(0)/db": 0, "df(1)/db": 1, "df(2)/db": 1.5, "df(3)/db": 1.75}
    n |= {"∂f(2)/∂a": 4, "∂f(3)/∂a": 3, "∂f(2)/∂b": 1, "∂f(3)/∂b": 1}
    n |= dict.fromkeys(("df(1)/df(0)", "df(2)/df(1)", "df(3)/df(2)"), 0.5)
    return {
        **n,
        "df(3)/df(3)": 1,
        "df(3)/df(1)": 0.25,
        "df(3)/df(0)": 0.125,
        "c": 2,
    }  # 2 = 2 / 2 + 1


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "calculus/recurrence-decay.yaml": decay,
    "sequences/scalar-rnn.yaml": scalar_rnn,
    "sequences/scalar-rnn-vanishing.yaml": vanishing,
}


# ------------------------------------------------------------------------ formulas, at some numbers

Names = dict[str, Any]


def linear(x: float, a: float, b: float) -> tuple[Names, Numbers]:
    """f(n) = a f(n - 1) + b at n = 4, with sums of powers in place of every fraction."""
    third = a**3 * x + b * (1 + a + a * a)
    fourth = a**4 * x + b * (1 + a + a * a + a**3)
    by_a = 4 * a**3 * x + b * (1 + 2 * a + 3 * a * a)
    known = {"n": 4, "x_0": x}
    return known, {
        "f(3)": third,
        "f(n)": fourth,
        "df(n)/df(0)": a**4,
        "df(n)/da": by_a,
        "df(n)/db": 1 + a + a * a + a**3,
    }


def sequence(values: Iterable[float]) -> Callable[[float], float]:
    """The entries of a sequence, as the formulas call them: h(t - 1)."""
    listed = list(values)
    return lambda k: listed[int(k)]


def linear_network(w: float, x: float, b: float) -> tuple[Names, Numbers]:
    """h = w h + x(t) + b from 0.3, w_x = 1; by w: h(2) + w h(1) + w^2 h(0)."""
    states = [0.3]
    for drive in (x, -x, 2 * x):
        states.append(w * states[-1] + drive + b)
    second = states[1] + w * states[0]
    known = {"h": sequence(states), "t": 3, "w_h": w, "dh": lambda _: second, "dw_h": 1}
    total = states[2] + w * states[1] + w * w * states[0]
    back = {"dh(t)/dh(t - 1)": w, "dh(3)/dh(0)": w**3}
    return known, {"dh(t)/dw_h": total, "dh(3)/dw_h": total, **back}


def logistic_network(w: float, x: float, b: float) -> tuple[Names, Numbers]:
    """h = sigmoid(w h + u x(t) + b) from 0.3, with the slope e^-z / (1 + e^-z)^2."""
    u, inputs, states, slopes = 0.7, [0.0, x, -x, 2 * x], [0.3], [0.0]
    for drive in inputs[1:]:
        z = w * states[-1] + u * drive + b
        states.append(1 / (1 + exp(-z)))
        slopes.append(exp(-z) / (1 + exp(-z)) ** 2)
    local = {"w_h": states[:3], "w_x": inputs[1:], "b": [1.0, 1.0, 1.0]}
    s1, s2, s3 = slopes[1:]
    found: Numbers = {"dh(t)/dh(t - 1)": s3 * w, "dh(3)/dh(0)": s3 * s2 * s1 * w**3}
    found["dh(3)/dh(1)"] = s3 * s2 * w * w
    known: Names = {"h": sequence(states), "x": sequence(inputs), "t": 3, "w_h": w, "w_x": u}
    for name, (first, second, third) in local.items():
        whole = s3 * (third + w * s2 * (second + w * s1 * first))
        found |= {f"dh(t)/d{name}": whole, f"dh(3)/d{name}": whole}
        known[f"d{name}"] = 1 / (s2 * (second + w * s1 * first))  # so that dh(2)/dw, as 1 over it,
    return {**known, "dh": lambda _: 1.0}, found  # is what it should be


FORMULAS: dict[str, Callable[..., tuple[Names, Numbers]]] = {
    "calculus/recurrence.yaml": linear,
    "sequences/scalar-rnn-linear.yaml": linear_network,
    "sequences/scalar-rnn-formulas.yaml": logistic_network,
}
