"""Values in float64, and what happens where there are none."""

from __future__ import annotations

import math

import pytest

from stepsolve.errors import OutsideDomain
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression
from stepsolve.source.expression import parse
from stepsolve.worksheet.evaluation import LineError, evaluate, value
from stepsolve.worksheet.lines import Line, Worksheet


def worksheet(given: dict[str, str | None], *lines: str) -> Worksheet:
    values: dict[str, Expression | None] = {
        name: None if text is None else parse(text) for name, text in given.items()
    }
    parts = (line.split(" = ") for line in lines)
    return Worksheet(values, tuple(Line(name, parse(text)) for name, text in parts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 / 2 * (x + 1)", 2.0),
        ("x^2 - y", 11.0),
        ("-x^2", -9.0),
        ("2^-2", 0.25),
        ("(-2)^3", -8.0),
        ("x - y - 1", 3 + 2 - 1),
        ("x * y / 4", -1.5),
        ("max(x, y, 7) + min(x, y)", 5.0),
        ("(x > y) + (x <= y) + (x == 3) + (x != 3)", 2.0),
        ("where(x < 0, 5, 6)", 6.0),
        ("abs(y) * sign(y)", -2.0),
        ("relu(y) + relu(x)", 3.0),
        ("leaky_relu(y)", -0.02),
        ("leaky_relu(y, 0.5)", -1.0),
        ("elu(y)", math.exp(-2) - 1),
        ("sigmoid(0) + tanh(0)", 0.5),
        ("log(e^x) + ln(1)", 3.0),
        ("log2(8) + log10(100)", 5.0),
        ("sin(pi / 2) + cos(pi)", 0.0),
        ("sqrt(x * 12)", 6.0),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("1e-3", 0.001),
    ],
)
def test_values_by_hand(text: str, expected: float) -> None:
    found = float(value(parse(text), {"x": 3.0, "y": -2.0}))
    assert found == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_every_line_in_order() -> None:
    found = evaluate(worksheet({"x": "-2", "y": "9/3"}, "q = x * y", "f = q^2 + x", "g = f"))
    assert found == {"x": -2.0, "y": 3.0, "q": -6.0, "f": 34.0, "g": 34.0}
    assert list(found) == ["x", "y", "q", "f", "g"]
    assert {type(number) for number in found.values()} == {float}


def test_given_values_may_be_expressions() -> None:
    found = evaluate(worksheet({"a": "sqrt(2)", "b": "-pi", "c": "e"}, "f = a^2"))
    assert found["b"] == -math.pi and found["c"] == math.e
    assert found["f"] == pytest.approx(2, rel=1e-15)


def test_symbols_and_what_hangs_on_them_are_left_out() -> None:
    sheet = worksheet({"x": None, "y": "2"}, "q = x + y", "r = y * y", "f = q * r", "g = r + 1")
    assert evaluate(sheet) == {"y": 2.0, "r": 4.0, "g": 5.0}


def test_e_and_pi_may_be_given_other_values() -> None:
    assert evaluate(worksheet({"e": "3", "x": "2"}, "f = e^x"))["f"] == 9.0
    assert evaluate(worksheet({"x": "2"}, "pi = x + 1", "f = 2 * pi"))["f"] == 6.0


def test_a_symbol_called_e_has_no_value() -> None:
    assert evaluate(worksheet({"e": None, "x": "2"}, "f = e^x")) == {"x": 2.0}


@pytest.mark.parametrize(
    ("given", "lines", "line", "node", "operation", "arguments"),
    [
        ({"x": "-1"}, ["q = x + 1", "f = q + log(2 * x)"], "f", "log(2 * x)", "log", (-2,)),
        ({"x": "1"}, ["q = 1 / (x - 1)", "f = q"], "q", "1 / (x - 1)", "/", (1, 0)),
        ({"x": "0"}, ["f = 2 * (x / x)"], "f", "x / x", "/", (0, 0)),
        ({"x": "-8"}, ["f = x^(1/4) + 1"], "f", "x^(1 / 4)", "^", (-8, 1 / 4)),
        ({"x": "800"}, ["f = 1 + exp(x)"], "f", "exp(x)", "exp", (800,)),
        ({"x": "1e200"}, ["f = x * x"], "f", "x * x", "*", (1e200, 1e200)),
        ({"x": "asin(2)"}, ["f = 1"], "x", "asin(2)", "asin", (2,)),
    ],
)
def test_the_innermost_part_without_a_value_is_named(
    given: dict[str, str],
    lines: list[str],
    line: str,
    node: str,
    operation: str,
    arguments: tuple[float, ...],
) -> None:
    with pytest.raises(LineError) as caught:  # and no warning of NumPy's, which would be an error
        evaluate(worksheet({**given}, *lines))
    error = caught.value
    assert isinstance(error, OutsideDomain)
    assert (error.line, plain(error.node)) == (line, node)
    assert (error.operation, error.arguments) == (operation, arguments)


def test_a_node_without_a_value_knows_its_place_in_the_text() -> None:
    with pytest.raises(LineError) as caught:
        evaluate(worksheet({"x": "-1"}, "f = 1 + log(x)"))
    assert caught.value.node.span == (4, 10)  # of the text after the =


@pytest.mark.parametrize("text", ["[1, 2]", "h[0]", "[1, 2][0]"])
def test_vectors_are_not_for_the_scalar_arithmetic(text: str) -> None:
    with pytest.raises(LineError, match="scalar"):
        evaluate(worksheet({"h": "1"}, f"f = {text}"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("where(x > 0, log(x), 0)", 0.0),
        ("where(x == 0, 1, sin(x) / x)", math.sin(-1) / -1),
        ("where(x < 0, x^2, sqrt(x))", 1.0),
    ],
)
def test_the_branch_that_is_not_taken_needs_no_value(line: str, expected: float) -> None:
    assert evaluate(worksheet({"x": "-1"}, f"f = {line}"))["f"] == pytest.approx(expected)
