"""The working of a line: the numbers put in, the terms worked out, the value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from stepsolve.checking.precise import Precise
from stepsolve.checking.worksheets import precise_values
from stepsolve.derivation import Detail, Worked
from stepsolve.notation.numbers import Digits, number_text
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, Number
from stepsolve.source.expression import parse
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.solution import Solution
from stepsolve.worksheet.working import Workings

FOUR = Digits(4)


def workings(
    given: Mapping[str, Expression | None], lines: tuple[Line, ...], digits: Digits
) -> Workings:
    precise = Precise()
    formulas = {line.name: line.expression for line in lines}
    exact = precise_values(given, formulas, precise)
    return Workings(exact, precise, digits)


def worked(text: str, digits: Digits = FOUR, **given: str) -> Worked:
    """The line f with its working."""
    values: dict[str, Expression | None] = {name: parse(value) for name, value in given.items()}
    line = Line("f", parse(text))
    return workings(values, (line,), digits).line(line)


@pytest.mark.parametrize(
    ("text", "given", "working"),
    [
        ("x + y", {"x": "-2", "y": "5"}, ["-2 + 5"]),
        ("x * y", {"x": "3", "y": "-4"}, ["3 * (-4)"]),
        ("x - y", {"x": "-2", "y": "-4"}, ["-2 - (-4)"]),
        ("x / y", {"x": "1", "y": "-4"}, ["1 / (-4)"]),
        ("x^2", {"x": "-3"}, ["(-3)^2"]),
        ("2^x", {"x": "-3"}, ["2^(-3)"]),
        ("-x", {"x": "-3"}, ["-(-3)"]),
        ("exp(-x)", {"x": "-1"}, ["exp(-(-1))"]),
        ("max(x, y)", {"x": "-1", "y": "-2"}, ["max(-1, -2)"]),
        ("x * x", {"x": "-1.50"}, ["(-1.5) * (-1.5)"]),
        ("e^x + pi", {"x": "1"}, ["e^1 + pi", "2.7183 + 3.1416"]),
        ("3 * x", {"x": "1/3"}, ["3 * 0.3333"]),
        ("x * y", {"x": "123456789.5", "y": "0.00001234"}, ["1.235e8 * 1.234e-5"]),
        # a sum of more than names is shown a second time, its terms worked out
        ("x * y + z", {"x": "-2", "y": "5", "z": "3"}, ["(-2) * 5 + 3", "-10 + 3"]),
        (
            "x * y - y * z + z",
            {"x": "2", "y": "-3", "z": "4"},
            ["2 * (-3) - (-3) * 4 + 4", "-6 - (-12) + 4"],
        ),
        ("-x * y + 1", {"x": "2", "y": "-3"}, ["-2 * (-3) + 1", "6 + 1"]),
        ("x - (y + 2 * x)", {"x": "2", "y": "3"}, ["2 - (3 + 2 * 2)", "2 - 3 - 4"]),
        ("x + 1", {"x": "2"}, ["2 + 1"]),
        ("x^2 + 1", {"x": "2/3"}, ["0.6667^2 + 1", "0.4444 + 1"]),
        # nothing to put in
        ("x", {"x": "2"}, []),
        ("7", {}, []),
        ("2 * 3 + 4", {}, []),
    ],
)
def test_the_numbers_put_in(text: str, given: dict[str, str], working: list[str]) -> None:
    assert [plain(step) for step in worked(text, **given).working] == working


@pytest.mark.parametrize(
    ("text", "given", "value"),
    [
        ("x + y", {"x": "0.1", "y": "0.2"}, "0.3"),
        ("3 * x", {"x": "1/3"}, "1"),
        ("x - 0.3", {"x": "0.1 + 0.2"}, "0"),
        ("x^2", {"x": "sqrt(2)"}, "2"),
        ("x * 1", {"x": "2.675"}, "2.675"),
        ("x * y", {"x": "-3", "y": "0.25"}, "-0.75"),
    ],
)
def test_the_value_is_that_of_the_numbers_before_rounding(
    text: str, given: dict[str, str], value: str
) -> None:
    found = worked(text, Digits(1), **given)
    assert found.decimal == Decimal(value)
    assert isinstance(found.value, float)
    assert found.value == pytest.approx(float(value), abs=1e-15)


def test_halves_are_rounded_up_from_the_decimal_as_typed() -> None:
    steps = worked("x * y", Digits(2), x="2.675", y="-1.005").working
    assert [plain(step) for step in steps] == ["2.68 * (-1.01)"]


def test_significant_digits() -> None:
    steps = worked("x * y + x", Digits(significant=3), x="1234.5", y="-0.00098765").working
    # 1234.5 * 0.00098765 = 1.21925...
    assert [plain(s) for s in steps] == ["1.23e3 * (-0.000988) + 1.23e3", "-1.22 + 1.23e3"]


def test_what_a_line_carries() -> None:
    sheet = Worksheet({"x": parse("2")}, (Line("q", parse("x^2"), "area"), Line("f", parse("3*q"))))
    solution = Solution(sheet, "f")
    lines = {line.name: solution.workings.line(line) for line in solution.worksheet.lines}
    assert lines["q"].because == "area"
    assert (lines["q"].section, lines["df/dq"].section) == ("forward", "backward")
    assert (lines["q"].value, lines["df/dx"].value) == (4.0, 12.0)
    assert lines["dq/dx"].detail == Detail.NORMAL  # local gradients are left out of a brief page
    assert lines["df/dx"].detail == Detail.BRIEF
    assert [plain(step) for step in lines["df/dx"].working] == ["3 * 4"]


def test_without_a_value_the_formulas_are_the_working() -> None:
    given: dict[str, Expression | None] = {"x": None, "y": Number("-2")}
    lines = (Line("q", parse("x * y")), Line("r", parse("y * y")))
    made = workings(given, lines, FOUR)
    symbolic = made.line(lines[0], (parse("-2 * x"),))
    assert (symbolic.value, symbolic.decimal) == (None, None)
    assert [plain(step) for step in symbolic.working] == ["-2 * x"]
    known = made.line(lines[1], (parse("4"),))
    assert [plain(step) for step in known.working] == ["(-2) * (-2)"]
    assert made.shown("x") is None and made.shown("y") == parse("-2")


# 4 e^-2x / (1 + e^-2x)^2 with 60 digits: of 50, 1 - tanh(x)^2 leaves seven, and then two
@pytest.mark.parametrize(
    ("x", "exact"), [("50", "1.4880303904083344e-43"), ("55", "6.7556475e-48")]
)
def test_all_digits_that_are_shown_are_right(x: str, exact: str) -> None:
    digits = Digits(significant=len(exact) - len("0.e-00"))
    solution = Solution(Worksheet({"x": parse(x)}, (Line("f", parse("tanh(x)")),)), "f")
    shown = number_text(solution.workings.decimal("df/dx"), digits)
    assert shown == number_text(Decimal(exact), digits)
