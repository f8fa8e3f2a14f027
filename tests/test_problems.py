"""Every problem file is solved and confirmed, with the numbers and the steps that a hand would write.

The numbers are computed here, in plain Python or by hand; nothing is taken from stepsolve.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from inspect import signature
from math import exp, log
from pathlib import Path

import pytest

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.source.yaml import compose

ROOT = Path(__file__).parents[1] / "problems"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.yaml"))

# the ids of the worked examples that these kinds cover, and how many files each has at least
EXAMPLES = {
    "gates": 3,
    "sigmoid-derivative": 3,
    "tanh-derivative": 1,
    "neuron-gradient": 2,
    "two-path-neuron": 1,
    "class-test-partials": 1,
    "relu-max": 2,
    "graph-product": 1,
    "graph-sum": 1,
    "graph-neuron": 1,
    "graph-max": 1,
    "vanishing-chain": 1,
}

Numbers = dict[str, float]


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


@cache
def examples(file: str) -> tuple[str, ...]:
    return read_problem(compose((ROOT / file).read_text(encoding="utf-8"), file)).example


# ------------------------------------------------------------------------------- every file


@pytest.mark.parametrize("file", FILES)
def test_a_problem_is_solved_and_every_check_passed(file: str) -> None:
    derivation = solved(file)
    assert derivation.checks
    assert [check for check in derivation.checks if not check.passed] == []
    assert derivation.confirmed
    assert all(0 <= check.error < 1e-9 for check in derivation.checks)


@pytest.mark.parametrize("file", FILES)
def test_a_problem_has_a_title_an_example_and_a_comment(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert text.startswith("# ") and text.endswith("\n")
    title = re.search(r"^title: (.+)$", text, re.MULTILINE)
    assert title is not None and solved(file).title == title[1]
    assert examples(file)


@pytest.mark.parametrize("file", FILES)
def test_every_number_is_computed_twice(file: str) -> None:
    derivation = solved(file)
    by_value = {c.of for c in derivation.checks if c.method == "NumPy and mpmath"}
    assert by_value >= set(derivation.quantities)
    by_difference = {c.of for c in derivation.checks if "differences" in c.method}
    assert by_difference >= set(derivation.results)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_has_its_files(example: str) -> None:
    found = [file for file in FILES if example in examples(file)]
    assert len(found) >= EXAMPLES[example], found


# ------------------------------------------------------------- numbers, in plain Python or by hand


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def product_by_hand() -> Numbers:
    """f = (x + y) z at (-2, 5, -4): q = 3, f = -12."""
    forward = {"x": -2, "y": 5, "z": -4, "q": 3, "f": -12}
    through = {"df/df": 1, "df/dq": -4, "df/dz": 3, "dq/dx": 1, "dq/dy": 1}
    return {**forward, **through, "df/dx": -4, "df/dy": -4}


def sum_by_hand() -> Numbers:
    """f = x + y z at (-2, 5, -4): q = -20, f = -22."""
    forward = {"x": -2, "y": 5, "z": -4, "q": -20, "f": -22}
    through = {"df/df": 1, "df/dx": 1, "df/dq": 1, "dq/dy": -4, "dq/dz": 5}
    return {**forward, **through, "df/dy": -4, "df/dz": 5}


def max_by_hand() -> Numbers:
    """f = 2 (x y + max(z, w)) at (3, -4, 2, -1): -12, 2, -10, -20."""
    forward = {"x": 3, "y": -4, "z": 2, "w": -1, "f1": -12, "f2": 2, "f3": -10, "f": -20}
    gates = {"df/df": 1, "df/df3": 2, "df3/df1": 1, "df/df1": 2, "df3/df2": 1, "df/df2": 2}
    routed = {"df2/dz": 1, "df/dz": 2, "df2/dw": 0, "df/dw": 0}
    return {**forward, **gates, **routed, "df1/dx": -4, "df/dx": -8, "df1/dy": 3, "df/dy": 6}


def neuron_by_python() -> Numbers:
    w0, x0, w1, x1, w2 = 2.0, -1.0, -3.0, -2.0, -3.0
    n: Numbers = {"w0": w0, "x0": x0, "w1": w1, "x1": x1, "w2": w2}
    n |= {"f1": w0 * x0, "f2": w1 * x1, "f3": 4, "f4": 1, "f5": -1}
    n |= {"f6": exp(-1), "f7": 1 + exp(-1), "f": 1 / (1 + exp(-1))}
    n |= {"df/df": 1, "df/df7": -1 / n["f7"] ** 2, "df7/df6": 1, "df6/df5": n["f6"], "df5/df4": -1}
    n |= dict.fromkeys(("df4/df3", "df4/dw2", "df3/df1", "df3/df2"), 1)
    n |= {"df2/dw1": x1, "df2/dx1": w1, "df1/dw0": x0, "df1/dx0": w0}
    n["df/df6"] = n["df/df7"]
    n["df/df5"] = n["df/df6"] * n["f6"]
    slope = sigmoid(1) * (1 - sigmoid(1))  # the whole sigmoid at once, as an independent way
    n |= dict.fromkeys(("df/df4", "df/df3", "df/dw2", "df/df1", "df/df2"), slope)
    n |= {"df/dw1": slope * x1, "df/dx1": slope * w1, "df/dw0": slope * x0, "df/dx0": slope * w0}
    return n


def vanishing_by_python() -> Numbers:
    n: Numbers = {"x": 1, "w_1": 0.5, "w_2": 0.5, "w_3": 0.5, "y": 1}
    below = n["x"]
    for k in (1, 2, 3):
        n[f"z_{k}"] = n[f"w_{k}"] * below
        n[f"a_{k}"] = below = sigmoid(n[f"z_{k}"])
    n["L"] = (below - 1) ** 2 / 2
    n["dL/dL"], n["dL/da_3"] = 1, below - 1
    for k, by, value in ((3, "a_2", n["a_2"]), (2, "a_1", n["a_1"]), (1, "x", 1)):
        n[f"da_{k}/dz_{k}"] = n[f"a_{k}"] * (1 - n[f"a_{k}"])
        n[f"dL/dz_{k}"] = n[f"dL/da_{k}"] * n[f"da_{k}/dz_{k}"]
        n[f"dz_{k}/dw_{k}"] = value
        n[f"dL/dw_{k}"] = n[f"dL/dz_{k}"] * value
        if k > 1:
            n[f"dz_{k}/d{by}"] = n[f"w_{k}"]
            n[f"dL/d{by}"] = n[f"dL/dz_{k}"] * n[f"w_{k}"]
    return n


def sigmoid_gates_by_hand() -> Numbers:
    """1 / (1 + e^-x) at 0: 0, 1, 2, 1/2."""
    forward = {"x": 0, "f1": 0, "f2": 1, "f3": 2, "f": 0.5}
    through = {"df/df": 1, "df/df3": -0.25, "df3/df2": 1, "df/df2": -0.25}
    return {**forward, **through, "df2/df1": 1, "df/df1": -0.25, "df1/dx": -1, "df/dx": 0.25}


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "graphs/product.yaml": product_by_hand,
    "graphs/sum.yaml": sum_by_hand,
    "graphs/max.yaml": max_by_hand,
    "graphs/neuron.yaml": neuron_by_python,
    "graphs/vanishing-chain.yaml": vanishing_by_python,
    "calculus/sigmoid-graph.yaml": sigmoid_gates_by_hand,
    "calculus/sigmoid.yaml": lambda: {"x": 0, "f": 0.5, "df/dx": 0.25},
    "calculus/relu-at-kink.yaml": lambda: {"x": 0, "f": 0, "df/dx": 0},
}


@pytest.mark.parametrize("file", NUMBERS)
def test_every_value_and_every_gradient_is_right(file: str) -> None:
    found, expected = solved(file).quantities, NUMBERS[file]()
    assert set(found) == set(expected)
    wrong = {n: (found[n], v) for n, v in expected.items() if not close(found[n], v)}
    assert wrong == {}


def close(found: object, expected: float) -> bool:
    return isinstance(found, float) and math.isclose(found, expected, rel_tol=1e-14, abs_tol=1e-17)


def test_the_gradients_of_the_chain_are_slopes_of_the_loss() -> None:
    def loss(w: Iterable[float]) -> float:
        a = 1.0
        for weight in w:
            a = sigmoid(weight * a)
        return (a - 1) ** 2 / 2

    found = solved("graphs/vanishing-chain.yaml").quantities
    for k in range(3):
        up, down = ([0.5 + (h if j == k else 0) for j in range(3)] for h in (1e-5, -1e-5))
        slope = (loss(up) - loss(down)) / 2e-5
        assert found[f"dL/dw_{k + 1}"] == pytest.approx(slope, rel=1e-8)


# what the handwritten notes print, where they are right: equal to the digits that they show
NOTES = [
    ("graphs/product.yaml", "q 3, f -12, df/dx -4, df/dy -4, df/dz 3"),
    ("graphs/sum.yaml", "q -20, f -22, df/dx 1, df/dy -4, df/dz 5"),
    ("graphs/max.yaml", "df/dx -8, df/dy 6, df/dz 2, df/dw 0"),
    ("graphs/neuron.yaml", "df/df7 -0.53"),
    ("graphs/vanishing-chain.yaml", "a_1 0.622, a_2 0.577, a_3 0.572"),
    ("graphs/vanishing-chain.yaml", "dL/dz_1 -0.0015, dL/dz_2 -0.013, dL/dz_3 -0.105"),
    ("calculus/sigmoid.yaml", "df/dx 0.25"),
    ("calculus/sigmoid-graph.yaml", "df/dx 0.25"),
]
# where they slip (cut off instead of rounded, then carried forward): what they print, and the truth
SLIPS = [
    ("df/df5", "-0.195", "-0.197"),
    ("df/df4", "0.195", "0.197"),
    ("df/dw0", "-0.19", "-0.20"),
    ("df/dx0", "0.38", "0.39"),
    ("df/dw1", "-0.38", "-0.39"),
    ("df/dx1", "-0.57", "-0.59"),
]


def rounded(value: object, like: str) -> str:
    assert isinstance(value, float)
    return str(Decimal(value).quantize(Decimal(like), ROUND_HALF_UP) + 0)


@pytest.mark.parametrize(("file", "told"), NOTES)
def test_the_notes_are_met_to_their_digits(file: str, told: str) -> None:
    for name, digits in (item.split() for item in told.split(", ")):
        assert rounded(solved(file).quantities[name], digits) == digits


@pytest.mark.parametrize(("name", "printed", "truth"), SLIPS)
def test_the_slips_of_the_notes_are_not_copied(name: str, printed: str, truth: str) -> None:
    found = rounded(solved("graphs/neuron.yaml").quantities[name], printed)
    assert found == truth != printed


# ------------------------------------------------------------------- formulas, against hand formulas


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


FORMULAS: dict[str, Callable[..., tuple[Numbers, Numbers]]] = {
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
}
POINTS = [
    {"x": 0.7, "y": 1.3, "a": 1.9, "w": -0.8, "b": 0.25},
    {"x": 2.1, "y": 0.4, "a": 0.6, "w": 1.7, "b": -1.2},
    {"x": 1.05, "y": 3.5, "a": 3.0, "w": 0.01, "b": 2.0},
]
FUNCTIONS = {
    "sigmoid": sigmoid,
    "where": lambda condition, yes, no: yes if condition else no,
    **{name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh")},
    "e": math.e,
}


def value(formula: str, at: Numbers) -> float:
    """A formula as Python works it out: a reader of its own, which shares no code with stepsolve."""
    return float(eval(formula.replace("^", "**"), dict(FUNCTIONS), dict(at)))


@pytest.mark.parametrize("point", POINTS, ids=str)
@pytest.mark.parametrize("file", FORMULAS)
def test_every_formula_has_the_value_of_the_formula_by_hand(file: str, point: Numbers) -> None:
    hand = FORMULAS[file]
    known, expected = hand(**{name: point[name] for name in signature(hand).parameters})
    results = {name: plain(form) for name, form in solved(file).results.items()}
    assert set(results) == set(expected)
    for name, formula in results.items():
        found = value(formula, {**point, **known})
        assert found == pytest.approx(float(expected[name]), rel=1e-12), (name, formula)


def test_no_file_goes_without_numbers_of_its_own() -> None:
    own = {file for file in FILES if not file.startswith("matrix/")}  # they have their own tests
    assert {*NUMBERS, *FORMULAS} == own
