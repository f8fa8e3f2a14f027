"""Sheets: claims that are checked, how numbers are put in, gradients in their shortest form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Detail
from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved


def sheet_of(given: dict[str, Any], *lines: tuple[str, str]) -> Sheet:
    sheet = Sheet()
    for name, value in given.items():
        sheet.give(name, parse(str(value)), np.shape(value))
    for name, expression in lines:
        sheet.line(name, expression)
    return sheet


def failed(sheet: Sheet) -> list[str]:
    return [check.of for check in Solved(sheet).checks() if not check.passed]


@pytest.mark.parametrize(("other", "wrong"), [("sum(x)", []), ("sum(x) + 1e-6", ["s"])])
def test_two_ways_to_one_value(other: str, wrong: list[str]) -> None:
    sheet = sheet_of({"x": [1, 2]}, ("s", "x[0] + x[1]"))
    sheet.equal("s", other, None)
    assert failed(sheet) == wrong


@pytest.mark.parametrize(("form", "wrong"), [("2 * x", []), ("x", ["df/dx"])])
def test_a_gradient_in_a_form_of_its_own(form: str, wrong: list[str]) -> None:
    sheet = sheet_of({"x": [1, 2]}, ("f", "sum(x^2)"))
    sheet.gradient("f", "x", form)
    assert failed(sheet) == wrong


def test_claims_of_symbols_are_tried_with_numbers() -> None:
    sheet = Sheet()
    sheet.give("x", None, (2,))
    sheet.line("s", "sum(x)")
    sheet.equal("s", "x[0] - x[1]", None)
    assert failed(sheet) == ["s"]


WORKINGS = {
    "V[1] + x": "[3, 4] + [1, 2]",
    "x[1] * 3": "2 * 3",
    "x - V": "[1, 2] - [[1, 2], [3, 4]]",
    "V @ x": "[[1, 2], [3, 4]] @ [[1], [2]]",
    "V @ x - x": "[[1, 2], [3, 4]] @ [[1], [2]] - [[1], [2]]",
    "x @ V": "[1, 2] @ [[1, 2], [3, 4]]",
    "one_hot(1, 2) @ V": "[0, 1] @ [[1, 2], [3, 4]]",
    "stack(one_hot(1, 2), one_hot(0, 2)) @ V": "[[0, 1], [1, 0]] @ [[1, 2], [3, 4]]",
    "reshape(x, 2, 1) * V": "hadamard([[1], [2]], [[1, 2], [3, 4]])",
}


@pytest.mark.parametrize("expression", WORKINGS)
def test_numbers_are_put_in_as_rows_or_columns(expression: str) -> None:
    """A vector stands where it is to the right of a matrix, and lies where it goes with rows."""
    sheet = sheet_of({"x": [1, 2], "V": [[1, 2], [3, 4]]}, ("y", expression))
    solved = Solved(sheet)
    (working,) = solved.worked(sheet.lines["y"]).working
    assert plain(working) == WORKINGS[expression]


GRADIENTS = {
    "sum(log(x))": "1 / x",
    "sum(3 * log(x))": "3 / x",
    "1/2 * sum(x^2)": "x",
    "sum((x - 1)^2) / 2": "1 / 2 * 2 * (x - 1)",
}


@pytest.mark.parametrize("form", GRADIENTS)
def test_gradients_are_short(form: str) -> None:
    sheet = sheet_of({"x": [1, 2]}, ("f", form))
    sheet.backward("f")
    assert failed(sheet) == []
    assert sheet.lines["df/dx"].expression.size <= parse(GRADIENTS[form]).size + 2


def test_what_is_written_at_a_detail_is_shown_at_it() -> None:
    sheet = sheet_of({"x": 2})
    sheet.detail = Detail.FULL
    sheet.line("f", "x^2")
    sheet.backward("f", ("x",), heading=())
    assert {line.detail for line in sheet.lines.values()} == {Detail.FULL}


def test_a_power_that_grows_too_large_is_told_so() -> None:
    with pytest.raises(stepsolve.InvalidProblem, match=r"-1e\+200 \^ 2 is too large"):
        stepsolve.solve({"kind": "graph", "given": {"x": "-1e200"}, "lines": ["f = x^2"]})
    with pytest.raises(stepsolve.InvalidProblem, match="needs a > 0"):
        stepsolve.solve({"kind": "graph", "given": {"x": -2}, "lines": ["f = x^0.5"]})


@pytest.mark.parametrize(
    "line", ["tanh(x * x * x)", "1 / (x * x * x)", "x * x - x * x", "relu(-(x * x))", "x * x"]
)
def test_what_overflows_is_told_also_where_the_result_hides_it(line: str) -> None:
    problem = {"kind": "graph", "given": {"x": [1e200, 1]}, "lines": [f"y = {line}"]}
    with pytest.raises(stepsolve.InvalidProblem, match="is too large"):
        stepsolve.solve(problem)
