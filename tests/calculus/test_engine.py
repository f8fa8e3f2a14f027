"""Whole derivations, line by line as a textbook works them, and properties of all others.

A derivation is compared as text: a line for each step, its parts indented below it,

    rule, letter = inner function: before = after => result

or, where that is long, with the later sides on lines of their own. The result is what comes of the
step once its parts are worked out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from textwrap import dedent

import pytest
from timing import at_most

from stepsolve.calculus.engine import differentiate
from stepsolve.derivation import Step
from stepsolve.errors import StepsolveError
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, Name, names, substitute
from stepsolve.source.expression import parse


def lines(step: Step, indent: str = "") -> Iterator[str]:
    """A derivation as text, a line for each step."""
    where = "".join(f", {letter} = {plain(inner)}" for letter, inner in step.where)
    result = f" => {plain(step.result)}" if step.result is not None else ""
    yield f"{indent}{step.rule}{where}: {plain(step.before)} = {plain(step.after)}{result}"
    for part in step.steps:
        yield from lines(part, indent + "  ")


def flat(step: Step) -> list[Step]:
    """Every step once, also where it stands twice."""
    found: dict[int, Step] = {}
    waiting = [step]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting += one.steps
    return list(found.values())


DERIVATIONS = {
    ("1 / (1 + exp(-x))", "x"): """
        reciprocal rule: diff(1 / (1 + exp(-x)), x) = -diff(1 + exp(-x), x) / (1 + exp(-x))^2
          => exp(-x) / (1 + exp(-x))^2
          sum rule: diff(1 + exp(-x), x) = diff(1, x) + diff(exp(-x), x) => -exp(-x)
            constant rule: diff(1, x) = 0
            chain rule with the derivative of exp, u = -x: diff(exp(u), x) = exp(u) * diff(u, x)
              => -exp(-x)
              negation: diff(-x, x) = -diff(x, x) => -1
                identity rule: diff(x, x) = 1
    """,
    ("(e^x - e^-x) / (e^x + e^-x)", "x"): """
        quotient rule: diff((e^x - e^(-x)) / (e^x + e^(-x)), x)
          = (diff(e^x - e^(-x), x) * (e^x + e^(-x))
          - (e^x - e^(-x)) * diff(e^x + e^(-x), x)) / (e^x + e^(-x))^2
          => ((e^x + e^(-x))^2 - (e^x - e^(-x))^2) / (e^x + e^(-x))^2
          difference rule: diff(e^x - e^(-x), x) = diff(e^x, x) - diff(e^(-x), x) => e^x + e^(-x)
            exponential rule: diff(e^x, x) = e^x
            chain rule with the exponential rule, u = -x: diff(e^u, x) = e^u * diff(u, x) => -e^(-x)
              negation: diff(-x, x) = -diff(x, x) => -1
                identity rule: diff(x, x) = 1
          sum rule: diff(e^x + e^(-x), x) = diff(e^x, x) + diff(e^(-x), x) => e^x - e^(-x)
            exponential rule: diff(e^x, x) = e^x
            chain rule with the exponential rule, u = -x: diff(e^u, x) = e^u * diff(u, x) => -e^(-x)
              negation: diff(-x, x) = -diff(x, x) => -1
                identity rule: diff(x, x) = 1
    """,
    ("x^y * log(x + y)", "x"): """
        product rule: diff(x^y * log(x + y), x)
          = diff(x^y, x) * log(x + y) + x^y * diff(log(x + y), x)
          => y * x^(y - 1) * log(x + y) + x^y / (x + y)
          power rule: diff(x^y, x) = y * x^(y - 1)
          chain rule with the derivative of log, u = x + y: diff(log(u), x) = 1 / u * diff(u, x)
            => 1 / (x + y)
            sum rule: diff(x + y, x) = diff(x, x) + diff(y, x) => 1
              identity rule: diff(x, x) = 1
              constant rule: diff(y, x) = 0
    """,
    ("x^y * log(x + y)", "y"): """
        product rule: diff(x^y * log(x + y), y)
          = diff(x^y, y) * log(x + y) + x^y * diff(log(x + y), y)
          => x^y * log(x) * log(x + y) + x^y / (x + y)
          exponential rule: diff(x^y, y) = x^y * log(x)
          chain rule with the derivative of log, u = x + y: diff(log(u), y) = 1 / u * diff(u, y)
            => 1 / (x + y)
            sum rule: diff(x + y, y) = diff(x, y) + diff(y, y) => 1
              constant rule: diff(x, y) = 0
              identity rule: diff(y, y) = 1
    """,
    ("x^x", "x"): """
        logarithmic differentiation: diff(x^x, x) = x^x * diff(x * log(x), x) => x^x * (log(x) + 1)
          product rule: diff(x * log(x), x) = diff(x, x) * log(x) + x * diff(log(x), x)
            => log(x) + 1
            identity rule: diff(x, x) = 1
            derivative of log: diff(log(x), x) = 1 / x
    """,
    ("sin(x^2) * exp(3 * x)", "x"): """
        product rule: diff(sin(x^2) * exp(3 * x), x)
          = diff(sin(x^2), x) * exp(3 * x) + sin(x^2) * diff(exp(3 * x), x)
          => 2 * x * cos(x^2) * exp(3 * x) + 3 * sin(x^2) * exp(3 * x)
          chain rule with the derivative of sin, u = x^2: diff(sin(u), x) = cos(u) * diff(u, x)
            => 2 * x * cos(x^2)
            power rule: diff(x^2, x) = 2 * x
          chain rule with the derivative of exp, v = 3 * x: diff(exp(v), x) = exp(v) * diff(v, x)
            => 3 * exp(3 * x)
            constant multiple rule: diff(3 * x, x) = 3 * diff(x, x) => 3
              identity rule: diff(x, x) = 1
    """,
    ("a^x", "x"): """
        exponential rule: diff(a^x, x) = a^x * log(a)
    """,
    ("sqrt(1 + x^2)", "x"): """
        chain rule with the derivative of sqrt, u = 1 + x^2: diff(sqrt(u), x)
          = 1 / (2 * sqrt(u)) * diff(u, x)
          => x / sqrt(1 + x^2)
          sum rule: diff(1 + x^2, x) = diff(1, x) + diff(x^2, x) => 2 * x
            constant rule: diff(1, x) = 0
            power rule: diff(x^2, x) = 2 * x
    """,
    ("sin(cos(exp(x)))", "x"): """
        chain rule with the derivative of sin, u = cos(exp(x)): diff(sin(u), x)
          = cos(u) * diff(u, x)
          => -cos(cos(exp(x))) * sin(exp(x)) * exp(x)
          chain rule with the derivative of cos, v = exp(x): diff(cos(v), x) = -sin(v) * diff(v, x)
            => -sin(exp(x)) * exp(x)
            derivative of exp: diff(exp(x), x) = exp(x)
    """,
    # u and v belong to the problem: the inner function gets the next free letter
    ("u * sin(v * x)", "x"): """
        constant multiple rule: diff(u * sin(v * x), x) = u * diff(sin(v * x), x)
          => u * v * cos(v * x)
          chain rule with the derivative of sin, w = v * x: diff(sin(w), x) = cos(w) * diff(w, x)
            => v * cos(v * x)
            constant multiple rule: diff(v * x, x) = v * diff(x, x) => v
              identity rule: diff(x, x) = 1
    """,
    ("u^2 * v", "u"): """
        constant multiple rule: diff(u^2 * v, u) = diff(u^2, u) * v => 2 * u * v
          power rule: diff(u^2, u) = 2 * u
    """,
    ("exp(-θ')", "θ'"): """
        chain rule with the derivative of exp, u = -θ': diff(exp(u), θ') = exp(u) * diff(u, θ')
          => -exp(-θ')
          negation: diff(-θ', θ') = -diff(θ', θ') => -1
            identity rule: diff(θ', θ') = 1
    """,
    ("e^2 + x^e", "e"): """
        sum rule: diff(e^2 + x^e, e) = diff(e^2, e) + diff(x^e, e) => 2 * e + x^e * log(x)
          power rule: diff(e^2, e) = 2 * e
          exponential rule: diff(x^e, e) = x^e * log(x)
    """,
    ("2 * x * sin(x) * exp(x)", "x"): """
        constant multiple rule: diff(2 * x * sin(x) * exp(x), x) = 2 * diff(x * sin(x) * exp(x), x)
          => 2 * (sin(x) * exp(x) + x * cos(x) * exp(x) + x * sin(x) * exp(x))
          product rule for 3 factors: diff(x * sin(x) * exp(x), x)
            = diff(x, x) * sin(x) * exp(x) + x * diff(sin(x), x) * exp(x)
            + x * sin(x) * diff(exp(x), x)
            => sin(x) * exp(x) + x * cos(x) * exp(x) + x * sin(x) * exp(x)
            identity rule: diff(x, x) = 1
            derivative of sin: diff(sin(x), x) = cos(x)
            derivative of exp: diff(exp(x), x) = exp(x)
    """,
    ("x / sin(x) / exp(x)", "x"): """
        quotient rule: diff(x / sin(x) / exp(x), x)
          = (diff(x, x) * (sin(x) * exp(x)) - x * diff(sin(x) * exp(x), x)) / (sin(x) * exp(x))^2
          => (sin(x) * exp(x) - x * (cos(x) * exp(x) + sin(x) * exp(x))) / (sin(x)^2 * exp(x)^2)
          identity rule: diff(x, x) = 1
          product rule: diff(sin(x) * exp(x), x) = diff(sin(x), x) * exp(x) + sin(x) * diff(exp(x), x)
            => cos(x) * exp(x) + sin(x) * exp(x)
            derivative of sin: diff(sin(x), x) = cos(x)
            derivative of exp: diff(exp(x), x) = exp(x)
    """,
    ("piecewise(x^2, x < 0, sin(x), x < y, y)", "x"): """
        case by case: diff(where(x < 0, x^2, where(x < y, sin(x), y)), x)
          = where(x < 0, diff(x^2, x), where(x < y, diff(sin(x), x), 0))
          => where(x < 0, 2 * x, where(x < y, cos(x), 0))
          power rule: diff(x^2, x) = 2 * x
          derivative of sin: diff(sin(x), x) = cos(x)
    """,
    ("3 * pi", "x"): "constant rule: diff(3 * pi, x) = 0",
    ("y * exp(z)", "x"): "constant rule: diff(y * exp(z), x) = 0",
    ("x", "x"): "identity rule: diff(x, x) = 1",
    # a condition is a step: it takes no part
    ("(x^2 > 1) * x", "x"): """
        product rule: diff((x^2 > 1) * x, x) = diff(x^2 > 1, x) * x + (x^2 > 1) * diff(x, x)
          => x^2 > 1
          derivative of >: diff(x^2 > 1, x) = 0
          identity rule: diff(x, x) = 1
    """,
}  # fmt: skip


@pytest.mark.parametrize(("written", "variable"), DERIVATIONS)
def test_every_line_is_as_in_a_textbook(written: str, variable: str) -> None:
    found = differentiate(parse(written), variable)
    expected = re.sub(r"\n *(=>?|[-+]) ", r" \1 ", dedent(DERIVATIONS[written, variable]).strip())
    assert "\n".join(lines(found.step)) == expected


# the way that was asked for, and what the first step says of it
BY_METHOD = {
    ("x / sin(x)", "product"): (
        "as asked for",
        """
        quotient as a product: diff(x / sin(x), x) = diff(x * sin(x)^(-1), x)
          => 1 / sin(x) - x * cos(x) / sin(x)^2
          product rule: diff(x * sin(x)^(-1), x)
            = diff(x, x) * sin(x)^(-1) + x * diff(sin(x)^(-1), x)
            => 1 / sin(x) - x * cos(x) / sin(x)^2
            identity rule: diff(x, x) = 1
            chain rule with the power rule, u = sin(x): diff(u^(-1), x) = -u^(-2) * diff(u, x)
              => -cos(x) / sin(x)^2
              derivative of sin: diff(sin(x), x) = cos(x)
        """,
    ),
    ("x / sin(x)", "quotient"): (
        "as asked for",
        """
        quotient rule: diff(x / sin(x), x)
          = (diff(x, x) * sin(x) - x * diff(sin(x), x)) / sin(x)^2
          => (sin(x) - x * cos(x)) / sin(x)^2
          identity rule: diff(x, x) = 1
          derivative of sin: diff(sin(x), x) = cos(x)
        """,
    ),
    ("3 / x^2", "quotient"): (
        "as asked for",
        """
        quotient rule: diff(3 / x^2, x) = (diff(3, x) * x^2 - 3 * diff(x^2, x)) / (x^2)^2
          => -6 / x^3
          constant rule: diff(3, x) = 0
          power rule: diff(x^2, x) = 2 * x
        """,
    ),
    ("x^2 * exp(x) / (1 + x)", "logarithmic"): (
        "as asked for",
        """
        logarithmic differentiation: diff(x^2 * exp(x) / (1 + x), x)
          = x^2 * exp(x) / (1 + x) * diff(2 * log(abs(x)) + x - log(abs(1 + x)), x)
          => x^2 * exp(x) * (2 / x + 1 - 1 / (1 + x)) / (1 + x)
          difference rule: diff(2 * log(abs(x)) + x - log(abs(1 + x)), x)
            = diff(2 * log(abs(x)), x) + diff(x, x) - diff(log(abs(1 + x)), x)
            => 2 / x + 1 - 1 / (1 + x)
            constant multiple rule: diff(2 * log(abs(x)), x) = 2 * diff(log(abs(x)), x) => 2 / x
              derivative of log|u|: diff(log(abs(x)), x) = diff(x, x) / x => 1 / x
                identity rule: diff(x, x) = 1
            identity rule: diff(x, x) = 1
            derivative of log|u|: diff(log(abs(1 + x)), x) = diff(1 + x, x) / (1 + x)
              => 1 / (1 + x)
              sum rule: diff(1 + x, x) = diff(1, x) + diff(x, x) => 1
                constant rule: diff(1, x) = 0
                identity rule: diff(x, x) = 1
        """,
    ),
}


@pytest.mark.parametrize(("written", "method"), BY_METHOD)
def test_the_way_that_was_asked_for_is_taken(written: str, method: str) -> None:
    because, expected = BY_METHOD[written, method]
    step = differentiate(parse(written), "x", method=method).step
    assert step.because == because
    assert "\n".join(lines(step)) == re.sub(r"\n *(=>?|[-+]) ", r" \1 ", dedent(expected).strip())


def test_a_method_is_said_to_be_asked_for_only_where_it_was() -> None:
    for written, _ in BY_METHOD:
        told = {step.because for step in flat(differentiate(parse(written), "x").step)}
        assert told <= {"", "as the numerator is constant"}
    assert differentiate(parse("x^x"), "x").step.because == "as base and exponent both vary"


def test_the_value_and_the_inner_functions_are_told() -> None:
    found = differentiate(parse("sin(x^2) * exp(3 * x)"), "x")
    assert plain(found.value) == "2 * x * cos(x^2) * exp(3 * x) + 3 * sin(x^2) * exp(3 * x)"
    assert {k: plain(v) for k, v in found.definitions.items()} == {"u": "x^2", "v": "3 * x"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("where(x > 1, x^2, 2 * x)", "where(x > 1, 2 * x, 2)"),
        ("leaky_relu(x)", "where(x > 0, 1, 0.01)"),
        ("elu(x)", "where(x > 0, 1, exp(x))"),
    ],
)
def test_what_a_rule_puts_into_brackets_is_in_order_too(written: str, value: str) -> None:
    assert plain(differentiate(parse(written), "x").value) == value


def test_without_euler_e_is_a_base_with_a_logarithm() -> None:
    found = differentiate(parse("e^(2 * x)"), "x", euler=False)
    assert list(lines(found.step)) == [
        "chain rule with the exponential rule, u = 2 * x:"
        " diff(e^u, x) = e^u * log(e) * diff(u, x) => 2 * e^(2 * x) * log(e)",
        "  constant multiple rule: diff(2 * x, x) = 2 * diff(x, x) => 2",
        "    identity rule: diff(x, x) = 1",
    ]


def test_names_that_are_taken_elsewhere_are_not_given_to_inner_functions() -> None:
    found = differentiate(parse("sin(2 * x)"), "x", ["u", "v", "w", "p"])
    assert list(found.definitions) == ["q"]


def test_what_is_too_long_is_refused_in_words() -> None:
    written = " + ".join(f"x^{k} * sin(x)" for k in range(1, 190))  # twice as many terms afterwards
    with pytest.raises(StepsolveError, match="too long to differentiate in one piece"):
        differentiate(parse(written), "x")


def test_letters_never_run_out() -> None:
    taken = ["u", "v", "w", "p", "q", "r", "s", "t", "u_1"]
    assert list(differentiate(parse("sin(2 * x)"), "x", taken).definitions) == ["u_2"]


@pytest.mark.parametrize("written", ["u * x + v", "u^x * n", "a * x / c + u", "f * x - g * u"])
def test_a_stated_formula_uses_no_letter_of_the_problem(written: str) -> None:
    expression = parse(written)
    for step in flat(differentiate(expression, "x").step):
        if step.formula is not None:
            own = {name for side in step.formula for name in names(side)} - {"x"}
            assert own.isdisjoint(names(expression)), step.formula


def _length(step: Step) -> int:
    """Characters of all that a derivation shows."""
    total = 0
    for one in flat(step):
        shown = [one.before, one.after, *(inner for _, inner in one.where)]
        shown += [one.result] if one.result is not None else []
        total += sum(len(plain(part)) for part in shown)
    return total


def _around(layer: str, inner: Expression) -> Expression:
    return substitute(parse(layer.replace("#", "inner")), {"inner": inner})


@pytest.mark.parametrize(
    "layer",
    [
        "sin(#)",
        "2^(#)",
        "leaky_relu(#)",
        "sigmoid(w * # + b)",
        "exp(-(#))",
        "sqrt(1 + #)",
        "log(1 + (#)^2)",
    ],
)
def test_the_length_grows_in_step_with_the_nesting(layer: str) -> None:
    lengths = []
    for depth in (4, 8, 16, 32):
        expression: Expression = Name("x")
        for _ in range(depth):
            expression = _around(layer, expression)
        with at_most(1):  # not to wait for what doubles with every layer
            lengths.append(_length(differentiate(expression, "x").step))
    assert math.log(lengths[-1] / lengths[0], 8) <= 1.2, lengths
