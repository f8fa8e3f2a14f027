"""Lines of a course with one slip planted at random: the formula, and what the slip makes of it.

The wrong values are worked out here in float64, by formulas of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import NamedTuple


class Planted(NamedTuple):
    """Lines before, the formula of the last line, its right value and the wrong one."""

    formula: str
    right: float
    wrong: float
    before: tuple[str, ...] = ()


Family = Callable[[Random], Planted]


def decimal(chance: Random, low: float = 0.1, high: float = 0.95, places: int = 2) -> float:
    """A number with so many places, of either sign where `low` is negative; never 0."""
    while True:
        found = round(chance.uniform(low, high), places)
        if abs(found) >= 0.05:
            return found


def signed(chance: Random) -> float:
    return decimal(chance, -0.95, 0.95)


def at(number: float) -> str:
    """A number in a formula."""
    return f"({number})" if number < 0 else f"{number}"


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _products(chance: Random, count: int) -> tuple[list[float], list[float], str]:
    ws, xs = ([signed(chance) for _ in range(count)] for _ in range(2))
    return ws, xs, " + ".join(f"{at(w)}*{at(x)}" for w, x in zip(ws, xs, strict=True))


def sign_in_a_neuron(chance: Random) -> Planted:
    ws, xs, text = _products(chance, chance.choice((2, 3)))
    b = signed(chance)
    terms = [*(w * x for w, x in zip(ws, xs, strict=True)), b]
    k = chance.randrange(len(terms))
    return Planted(f"{text} + {at(b)}", sum(terms), sum(terms) - 2 * terms[k])


def negated_exponent(chance: Random) -> Planted:
    z = signed(chance)
    return Planted(f"1 / (1 + e^(-{at(z)}))", sigmoid(z), sigmoid(-z))


def negated_exponents_of_a_softmax(chance: Random) -> Planted:
    a, b, c = (signed(chance) for _ in range(3))
    text = f"e^{at(a)} / (e^{at(a)} + e^{at(b)} + e^{at(c)})"
    e = math.exp
    return Planted(text, e(a) / (e(a) + e(b) + e(c)), e(-a) / (e(-a) + e(-b) + e(-c)))


def bias(chance: Random) -> Planted:
    ws, xs, text = _products(chance, 2)
    b, z = signed(chance), sum(w * x for w, x in zip(ws, xs, strict=True))
    return Planted(f"sigmoid({text} + {at(b)})", sigmoid(z + b), sigmoid(z))


def half(chance: Random) -> Planted:
    a, y = signed(chance), signed(chance)
    return Planted(f"1/2 * ({a} - {at(y)})^2", (a - y) ** 2 / 2, (a - y) ** 2)


def scaling(chance: Random) -> Planted:
    ws, xs, text = _products(chance, 3)
    score = sum(w * x for w, x in zip(ws, xs, strict=True))
    return Planted(f"({text}) / sqrt(3)", score / math.sqrt(3), score)


def factor(chance: Random) -> Planted:
    numbers = [signed(chance) for _ in range(4)]
    k = chance.randrange(4)
    whole = math.prod(numbers)
    return Planted("*".join(map(at, numbers)), whole, whole / numbers[k])


def term(chance: Random) -> Planted:
    ws, xs, text = _products(chance, 4)
    terms = [w * x for w, x in zip(ws, xs, strict=True)]
    return Planted(text, sum(terms), sum(terms) - terms[chance.randrange(4)])


def sum_for_product(chance: Random) -> Planted:
    ws, xs, text = _products(chance, 2)
    b = signed(chance)
    wrong = ws[0] * xs[0] + (ws[1] + xs[1]) + b
    return Planted(f"{text} + {at(b)}", ws[0] * xs[0] + ws[1] * xs[1] + b, wrong)


def upside_down(chance: Random) -> Planted:
    a, b, c = decimal(chance), decimal(chance), decimal(chance)
    return Planted(f"{a} / {b} + {c}", a / b + c, b / a + c)


def bracket(chance: Random) -> Planted:
    g, a, y = signed(chance), decimal(chance), decimal(chance)
    return Planted(f"{at(g)} * ({a} - {y})", g * (a - y), g * a - y)


def digits_swapped(chance: Random) -> Planted:
    w, x, b = decimal(chance, 0.12, 0.98), signed(chance), signed(chance)
    text = f"{w:.2f}"
    other = float(f"0.{text[3]}{text[2]}")
    return Planted(f"{text}*{at(x)} + {at(b)}", w * x + b, other * x + b)


def digit_misread(chance: Random) -> Planted:
    pairs = {"1": "7", "7": "1", "0": "6", "6": "0", "4": "9", "9": "4", "3": "8", "8": "3"}
    w, x, b = decimal(chance, 0.12, 0.98), signed(chance), signed(chance)
    text = f"{w:.2f}"
    places = [k for k in (2, 3) if text[k] in pairs]
    if not places:
        return digit_misread(chance)
    k = chance.choice(places)
    other = float(text[:k] + pairs[text[k]] + text[k + 1 :])
    return Planted(f"{text}*{at(x)} + {at(b)}", w * x + b, other * x + b)


def point(chance: Random) -> Planted:
    w, x, b = decimal(chance), signed(chance), signed(chance)
    other = w * chance.choice((10, 0.1))
    return Planted(f"{w}*{at(x)} + {at(b)}", w * x + b, other * x + b)


def power_of_ten(chance: Random) -> Planted:
    m, k, b = decimal(chance, 1.1, 9.9), chance.choice((1, 2, 3)), decimal(chance)
    by = chance.choice((1, -1))
    return Planted(f"{m} * 10^(-{k}) + {b}", m * 10.0**-k + b, m * 10.0 ** (by - k) + b)


def degrees(chance: Random) -> Planted:
    x, b = decimal(chance, 0.3, 3.0), signed(chance)
    return Planted(f"sin({x}) + {at(b)}", math.sin(x) + b, math.sin(math.radians(x)) + b)


def logarithm(chance: Random) -> Planted:
    p, y = decimal(chance), decimal(chance)
    return Planted(f"-{y} * log({p})", -y * math.log(p), -y * math.log10(p))


def complement(chance: Random) -> Planted:
    y, p = decimal(chance), decimal(chance)
    return Planted(f"{y} * (1 - {p})", y * (1 - p), y * p)


def power(chance: Random) -> Planted:
    a, y, n = signed(chance), signed(chance), decimal(chance)
    return Planted(f"{n} * ({a} - {at(y)})^2", n * (a - y) ** 2, n * (a - y))


def doubled(chance: Random) -> Planted:
    a, y, n = signed(chance), signed(chance), decimal(chance)
    return Planted(f"{n} * ({a} - {at(y)})^2", n * (a - y) ** 2, n * 2 * (a - y))


def sigma_without_complement(chance: Random) -> Planted:
    g, a, x = signed(chance), decimal(chance), signed(chance)
    text = f"{at(g)} * {a} * (1 - {a}) * {at(x)}"
    wrong = chance.choice((a, 1 - a))
    return Planted(text, g * a * (1 - a) * x, g * wrong * x)


def tanh_without_square(chance: Random) -> Planted:
    g, h, w = signed(chance), signed(chance), signed(chance)
    text = f"{at(g)} * (1 - {at(h)}^2) * {at(w)}"
    return Planted(text, g * (1 - h * h) * w, g * (1 - h) * w)


def at_the_input(chance: Random) -> Planted:
    z, g = signed(chance), signed(chance)
    a = round(sigmoid(z), 4)
    before = (f"z = {z}", f"a = sigmoid(z) = {a:.4f}")
    return Planted(f"{at(g)} * a * (1 - a)", g * a * (1 - a), g * z * (1 - z), before)


def step_before(chance: Random) -> Planted:
    w, x, u = (signed(chance) for _ in range(3))
    h_0, h_1 = signed(chance), signed(chance)
    before = (f"h_0 = {h_0}", f"h_1 = {h_1}")
    text = f"tanh({at(w)}*{at(x)} + {at(u)}*h_1)"
    return Planted(text, math.tanh(w * x + u * h_1), math.tanh(w * x + u * h_0), before)


def neighbour(chance: Random) -> Planted:
    xs, ws = [signed(chance) for _ in range(2)], [signed(chance) for _ in range(2)]
    before = tuple(
        f"{n}_{k + 1} = {v}" for n, vs in (("x", xs), ("w", ws)) for k, v in enumerate(vs)
    )
    right = ws[0] * xs[0] + ws[1] * xs[1]
    return Planted("w_1*x_1 + w_2*x_2", right, ws[0] * xs[0] + ws[1] * xs[0], before)


def normalised(chance: Random) -> Planted:
    a, b, c = (signed(chance) for _ in range(3))
    e = math.exp
    text = f"e^{at(a)} / (e^{at(a)} + e^{at(b)} + e^{at(c)})"
    right = e(a) / (e(a) + e(b) + e(c))
    return Planted(text, right, chance.choice((e(a), e(a) / (e(b) + e(c)), e(a) / (e(a) + e(b)))))


def mean(chance: Random) -> Planted:
    numbers = [decimal(chance) for _ in range(chance.choice((3, 4)))]
    n, total = len(numbers), sum(numbers)
    text = " + ".join(map(str, numbers))
    if chance.random() < 0.5:
        return Planted(f"({text}) / {n}", total / n, total)
    return Planted(text, total, total / n)


def size(chance: Random) -> Planted:
    n, f, p = chance.randint(20, 300), chance.choice((3, 5, 7)), chance.randint(0, 3)
    return Planted(f"({n} - {f} + 2*{p}) / 1 + 1", n - f + 2 * p + 1, n - f + 2 * p)


def kernel(chance: Random) -> Planted:
    window = [chance.randint(-9, 9) for _ in range(9)]
    weights = [chance.randint(-4, 4) for _ in range(9)]
    text = " + ".join(f"{at(a)}*{at(b)}" for a, b in zip(window, weights, strict=True))
    right = sum(a * b for a, b in zip(window, weights, strict=True))
    if chance.random() < 0.5:
        order = list(reversed(weights))
    else:
        order = [weights[3 * (k % 3) + k // 3] for k in range(9)]
    return Planted(text, right, sum(a * b for a, b in zip(window, order, strict=True)))


def transposed(chance: Random) -> Planted:
    m = [[signed(chance) for _ in range(2)] for _ in range(2)]
    x = [signed(chance) for _ in range(2)]
    right = m[0][0] * x[0] + m[0][1] * x[1]
    wrong = m[0][0] * x[0] + m[1][0] * x[1]
    before = (f"W = {m}", f"x = {x}")
    return Planted("(W @ x)[0]", right, wrong, before)


def relu(chance: Random) -> Planted:
    g, w = signed(chance), signed(chance)
    digit = chance.choice((0, 1))
    return Planted(f"{at(g)} * {digit} * {at(w)}", g * digit * w, g * (1 - digit) * w)


def carry(chance: Random) -> Planted:
    a, b = decimal(chance, 2, 9), decimal(chance, 2, 9)
    return Planted(f"{a} + {b}", a + b, a + b + chance.choice((-1, 1, -0.1, 0.1)))


def rounded_early(chance: Random) -> Planted:
    ws, xs, _ = _products(chance, 2)
    text = f"{decimal(chance, 3, 9)}"
    z = sum(w * x for w, x in zip(ws, xs, strict=True))
    short = float(Decimal(repr(z)).quantize(Decimal("0.1"), ROUND_HALF_UP))
    if abs(short - z) > abs(z) / 5:  # nobody rounds as roughly as this
        return rounded_early(chance)
    whole = f"({at(ws[0])}*{at(xs[0])} + {at(ws[1])}*{at(xs[1])}) * {text}"
    return Planted(whole, z * float(text), short * float(text))


FAMILIES: dict[str, tuple[Family, tuple[str, ...]]] = {
    "sign": (sign_in_a_neuron, ("sign", "sign of a product")),
    "negated exponent": (negated_exponent, ("negated exponent",)),
    "negated exponents": (negated_exponents_of_a_softmax, ("negated exponent",)),
    "bias": (bias, ("bias forgotten",)),
    "half": (half, ("1/2 forgotten",)),
    "scaling": (scaling, ("scaling forgotten",)),
    "factor": (factor, ("factor forgotten",)),
    "term": (term, ("term forgotten",)),
    "sum for product": (sum_for_product, ("sum for product",)),
    "upside down": (upside_down, ("quotient upside down",)),
    "bracket": (bracket, ("bracket",)),
    "digits swapped": (digits_swapped, ("digits swapped",)),
    "digit misread": (digit_misread, ("digit misread",)),
    "point": (point, ("decimal point",)),
    "power of ten": (power_of_ten, ("power of ten",)),
    "degrees": (degrees, ("degrees for radians",)),
    "logarithm": (logarithm, ("wrong logarithm",)),
    "complement": (complement, ("complement",)),
    "power": (power, ("power forgotten",)),
    "doubled": (doubled, ("doubling for squaring",)),
    "sigma'": (sigma_without_complement, ("wrong derivative",)),
    "tanh'": (tanh_without_square, ("wrong derivative",)),
    "at the input": (at_the_input, ("derivative at the input",)),
    "step before": (step_before, ("neighbour",)),
    "neighbour": (neighbour, ("neighbour",)),
    "normalised": (normalised, ("wrong normalisation",)),
    "mean": (mean, ("sum for mean",)),
    "size": (size, ("off-by-one size",)),
    "kernel": (kernel, ("kernel flipped", "row for column")),
    "transposed": (transposed, ("transposed matrix", "wrong entry", "wrong product")),
    "relu": (relu, ("relu of the other sign",)),
    "carry": (carry, ("carry",)),
    "rounded early": (rounded_early, ("rounded too early",)),
}
"""By family: what plants the slip, and the rows that may name it."""


def text(value: float, places: int, whole: bool = False) -> str:
    """A value rounded to so many places, or `whole`."""
    if whole:
        return str(round(value))
    shortest = Decimal(f"{value:.12g}")
    return f"{shortest.quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP):f}"


def written(planted: Planted, places: int) -> str:
    """What the hand wrote: whole where the right value is whole."""
    is_whole = abs(planted.right - round(planted.right)) < 1e-9 and planted.right != 0
    return text(planted.wrong, places, is_whole and float(planted.wrong).is_integer())
