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
from math import exp
from pathlib import Path
from typing import Any

import pytest
import recurrences_by_hand
from formulas_by_hand import FORMULAS, POINTS, Numbers, sigmoid, value_of

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.notation.names import gradient
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
    "gradient-check-square": 2,
    "gradient-check-vector": 2,
    "recurrence-unroll": 2,
    "rnn-gradient": 4,
}

# values are confirmed by the other library; whole numbers of an architecture by counting
TWICE = (
    "NumPy and mpmath",
    "NumPy and floats with exact sums",
    "counting windows, weights and loops",
)


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
def test_a_problem_has_a_title_and_a_comment(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert text.startswith("# ") and text.endswith("\n")
    title = re.search(r"^title: (.+)$", text, re.MULTILINE)
    assert title is not None and solved(file).title == title[1]


@pytest.mark.parametrize("file", FILES)
def test_every_number_is_computed_twice(file: str) -> None:
    derivation = solved(file)
    by_value = {c.of for c in derivation.checks if c.method.startswith(TWICE)}
    drawn = {c.of for c in derivation.checks if c.method.endswith("at random")}  # of large arrays
    worked = {line.name for line in derivation.lines} if drawn else set(derivation.quantities)
    assert by_value >= worked
    if derivation.kind == "limit":  # one check for all limits behind an answer
        ways = {c.of for c in derivation.checks if "values on the way" in c.method}
        assert {of.partition(" of ")[2] or of for of in ways} >= set(derivation.results)
        return
    by_difference = {c.of for c in derivation.checks if "differences" in c.method}
    claims = {c.of.partition(" == ")[0] for c in derivation.checks if "both sides at" in c.method}
    wanted = {
        name for name in derivation.results if gradient(name) or derivation.kind == "identity"
    }
    assert by_difference | claims >= wanted


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_has_its_files(example: str) -> None:
    found = [file for file in FILES if example in examples(file)]
    assert len(found) >= EXAMPLES[example], found


# ------------------------------------------------------------- numbers, in plain Python or by hand


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


def rosenbrock_by_hand() -> Numbers:
    """At its minimum (1, 1) the slopes are 0; the curvatures are 2 + 1200 - 400, -400 and 200."""
    slopes = {"x": 1, "y": 1, "f": 0, "df/dx": 0, "df/dy": 0}
    return {**slopes, "d^2f/dx^2": 802, "d^2f/dy dx": -400, "d^2f/dy^2": 200}


def polar_by_python() -> Numbers:
    c, s = math.cos(0.5), math.sin(0.5)
    by_r = {"dF_1/dr": c, "dF_2/dr": s}
    by_theta = {"dF_1/dtheta": -2 * s, "dF_2/dtheta": 2 * c}
    return {"r": 2, "theta": 0.5, "F_1": 2 * c, "F_2": 2 * s, **by_r, **by_theta}


def logistic_slope() -> Numbers:
    f = 1 / (1 + exp(-1))
    return {"x": 1, "f": f, "df/dx": exp(-1) * f**2}


def activations_by_hand() -> Numbers:
    """Of the infinite limits there are no numbers; the others are known by heart."""
    left = {"s": 0, "t": -1, "r": 0, "u": -1, "p": 0, "g": 0, "w": 0, "k": -1}
    right = {"s": 1, "t": 1, "k": 1}
    slopes = dict.fromkeys((f"d{n}/dx" for n in "strupgwk"), 0) | {"dl/dx": 0.01}
    right |= {f"d{n}/dx": 0 if n in "stk" else 1 for n in "strlupgwk"}
    found = {f"lim {name}, x -> -inf": value for name, value in {**left, **slopes}.items()}
    return found | {f"lim {name}, x -> inf": value for name, value in right.items()}


NUMBERS: dict[str, Callable[[], dict[str, Any]]] = {
    "calculus/gradient-check-square.yaml": lambda: {
        "x": [2, 2.01, 2.001],
        "g": [4, 4.0401, 4.004001],
        "dg/dx": [4, 4.02, 4.002],
    },
    "calculus/gradient-check-steps.yaml": logistic_slope,
    "calculus/gradient-check-vector.yaml": lambda: {
        "theta_1": 1,
        "theta_2": 2,
        "J": 5,
        "dJ/dtheta_1": 2,
        "dJ/dtheta_2": 4,
    },
    "calculus/gradient-check-scalar.yaml": lambda: {
        "theta": 123.456,
        "J": 15241.383936,
        "dJ/dtheta": 246.912,
    },
    "calculus/gradient-check-kink.yaml": lambda: {"x": 0, "f": 0, "df/dx": 0},
    "calculus/gradient-check-wrong-claim.yaml": lambda: {
        "w": 1,
        "b": 0.5,
        "L": 2.25,
        "dL/dw": -9,
        "dL/db": -3,
    },
    "calculus/limits-sigmoid.yaml": lambda: {
        "lim f, x -> -inf": 0,
        "lim f, x -> inf": 1,
        "lim df/dx, x -> -inf": 0,
        "lim df/dx, x -> inf": 0,
    },
    "calculus/limits-activations.yaml": activations_by_hand,
    "calculus/limit-sinc.yaml": lambda: {"lim f, x -> 0": 1, "lim f, x -> inf": 0},
    "calculus/limit-euler.yaml": lambda: {"lim f, n -> inf": math.e},
    "calculus/limit-kink.yaml": dict,
    "calculus/limit-none.yaml": dict,
    "graphs/product.yaml": product_by_hand,
    "graphs/sum.yaml": sum_by_hand,
    "graphs/max.yaml": max_by_hand,
    "graphs/neuron.yaml": neuron_by_python,
    "graphs/vanishing-chain.yaml": vanishing_by_python,
    "calculus/sigmoid-graph.yaml": sigmoid_gates_by_hand,
    "calculus/sigmoid.yaml": lambda: {"x": 0, "f": 0.5, "df/dx": 0.25},
    "calculus/relu-at-kink.yaml": lambda: {"x": 0, "f": 0, "df/dx": 0},
    "calculus/implicit-circle.yaml": lambda: {
        "x": 3,
        "y": 4,
        "dy/dx": -0.75,
        "d^2y/dx^2": -25 / 64,
    },
    "calculus/hessian.yaml": rosenbrock_by_hand,
    "calculus/sigmoid-curvature.yaml": lambda: {
        "x": 0,
        "f": 0.5,
        "df/dx": 0.25,
        "d^2f/dx^2": 0,
        "d^3f/dx^3": -0.125,
    },
    "calculus/direction.yaml": lambda: {
        "x": 1,
        "y": 0,
        "f": 0,
        "df/dx": 0,
        "df/dy": 2,
        "df/du": 1.6,
    },
    "calculus/mixed.yaml": lambda: {
        "x": 2,
        "y": 0,
        "f": 8,
        "df/dx": 12,
        "d^2f/dx^2": 12,
        "d^3f/dy dx^2": 24,
    },
    "calculus/jacobian-polar.yaml": polar_by_python,
    # (-8)^(1/3) = -2: f = -2 (-9), df/dx = (-32 - 1) / (3 (-2)^2)
    "calculus/cube-root.yaml": lambda: {"x": -8, "f": 18, "df/dx": -2.75},
    "calculus/huber.yaml": lambda: {"r": -3, "d": 2, "f": 2 * (3 - 1), "df/dr": -2},
    "calculus/softmax.yaml": lambda: {
        **dict.fromkeys("xyz", 0),
        "p": 1 / 3,
        "dp/dx": 2 / 9,
        "dp/dy": -1 / 9,
        "dp/dz": -1 / 9,
    },
}

NUMBERS |= recurrences_by_hand.NUMBERS


@pytest.mark.parametrize("file", NUMBERS)
def test_every_value_and_every_gradient_is_right(file: str) -> None:
    found, expected = solved(file).quantities, NUMBERS[file]()
    assert set(found) == set(expected)
    wrong = {n: (found[n], v) for n, v in expected.items() if not close(found[n], v)}
    assert wrong == {}


def close(found: object, expected: Any) -> bool:
    if isinstance(found, list):
        return len(found) == len(expected) and all(map(close, found, expected))
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
    ("calculus/gradient-check-vector.yaml", "J 5, dJ/dtheta_1 2, dJ/dtheta_2 4"),
    ("calculus/gradient-check-scalar.yaml", "dJ/dtheta 246.912"),
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


@pytest.mark.parametrize("point", POINTS, ids=str)
@pytest.mark.parametrize("file", FORMULAS)
def test_every_formula_has_the_value_of_the_formula_by_hand(file: str, point: Numbers) -> None:
    hand = FORMULAS[file]
    known, expected = hand(**{name: point[name] for name in signature(hand).parameters})
    results = {name: plain(form) for name, form in solved(file).results.items()}
    assert set(results) == set(expected)
    for name, formula in results.items():
        found = value_of(formula, {**point, **known})
        assert found == pytest.approx(float(expected[name]), rel=1e-12), (name, formula)


# the files of these kinds have tests of their own
ELSEWHERE = ("proofs/", "matrix/", "graphs/arrays/", "perceptrons/", "networks/", "training/")
ELSEWHERE += ("attention/", "architectures/", "convolution/", "positions/", "probability/")
ELSEWHERE += ("detection/", "embeddings/", "sequences/rnn-", "sequences/lstm-", "sequences/gru-")


def test_no_file_goes_without_numbers_of_its_own() -> None:
    elsewhere = {file for file in FILES if file.startswith(ELSEWHERE)}
    assert {*NUMBERS, *FORMULAS} == set(FILES) - elsewhere
