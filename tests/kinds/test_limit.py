"""The kind `limit` as a whole: answers, what does not exist, pages, and what it refuses."""

from __future__ import annotations

import math
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from timing import at_most

import stepsolve
from stepsolve.calculus import limit_waves
from stepsolve.calculus.limit_rules import AT_INFINITY
from stepsolve.calculus.limit_values import MINUS_INF
from stepsolve.derivation import Derivation, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Number
from stepsolve.source.expression import parse


def solve(**keys: object) -> Derivation:
    return stepsolve.solve({"kind": "limit", **keys})


def texts(derivation: Derivation) -> str:
    found = (block.parts for block in derivation.blocks if isinstance(block, Text))
    return "\n".join(
        "".join(part if isinstance(part, str) else plain(part) for part in parts) for parts in found
    )


def test_answers_by_name() -> None:
    derivation = solve(expression="atan(x)", to=["-inf", 0, "inf"])
    assert {name: plain(value) for name, value in derivation.results.items()} == {
        "lim f, x -> -inf": "-pi / 2",
        "lim f, x -> 0": "0",
        "lim f, x -> inf": "pi / 2",
    }
    assert derivation.quantities["lim f, x -> inf"] == math.pi / 2
    assert derivation.confirmed


def test_an_infinite_limit_is_a_result_but_no_number() -> None:
    derivation = solve(expression="x^2", to="inf")
    assert plain(derivation.results["lim f, x -> inf"]) == "inf"
    assert derivation.quantities == {} and derivation.confirmed


def test_derivatives_saturate() -> None:
    derivation = solve(
        functions=["t(x) = tanh(x)", "r(x) = relu(x)"], to=["-inf", "inf"], derivative="true"
    )
    told = {name: plain(value) for name, value in derivation.results.items()}
    assert (told["lim dt/dx, x -> -inf"], told["lim dt/dx, x -> inf"]) == ("0", "0")
    assert (told["lim dr/dx, x -> -inf"], told["lim dr/dx, x -> inf"]) == ("0", "1")
    assert derivation.confirmed


def test_sides_that_differ_are_told() -> None:
    derivation = solve(expression="abs(x) / x", to=0)
    assert derivation.results == {} and derivation.confirmed
    assert "The limit does not exist: from below it is -1, from above 1." in texts(derivation)


def test_oscillation_is_told() -> None:
    derivation = solve(expression="1 + sin(2 * x)", to="inf")
    assert derivation.results == {} and derivation.confirmed
    assert "sin(2 * x) is 1 wherever 2 * x = π/2 + 2πk and -1 wherever" in texts(derivation)


def test_what_is_open_is_not_solved() -> None:
    derivation = solve(expression="x * (2 + sin(x))", to="inf")
    assert not derivation.confirmed and derivation.results == {}
    assert "The rules here do not decide this limit" in texts(derivation)
    (failed,) = (check for check in derivation.checks if not check.passed)
    assert failed.note == "no rule decides it"


def test_numerator_and_denominator_are_told_to_vanish() -> None:
    (first, *_) = solve(expression="(1 - cos(x)) / x^2", to=0).steps
    told = [(plain(s.before), plain(s.result or s.after)) for s in first.steps[:2]]
    assert told == [("limit(1 - cos(x), x, 0)", "0"), ("limit(x^2, x, 0)", "0")]


def test_symbols_get_values_on_the_way() -> None:
    derivation = solve(expression="sin(a * x) / x", variable="x", to="0+")
    assert "On the way, for example with a == 2:" in texts(derivation)
    values = dict(derivation.tables[0].data)
    assert values["f"] == pytest.approx([math.sin(2 * x) / x for x in (0.1, 0.01, 0.001)])
    assert derivation.confirmed


def test_a_limit_that_hangs_on_a_sign_stays_open() -> None:
    derivation = solve(expression="sigmoid(k * x)", variable="x", to="inf")
    assert derivation.results == {} and not derivation.confirmed
    assert "it may hang on their signs" in texts(derivation)


def test_a_wrong_value_of_a_wave_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ((Fraction(1, 2), "π/2 + 2πk"), (Fraction(0), "2πk"))
    monkeypatch.setattr(limit_waves, "_ANGLES", wrong)
    monkeypatch.setattr(
        limit_waves, "settled", lambda e: Number("7") if "1" in plain(e) else Number("0")
    )
    assert not solve(expression="sin(x)", to="inf").confirmed


def test_sympy_errs_here_and_is_refuted() -> None:
    derivation = solve(expression="(1 + x * (1 - sigmoid(x))) * sigmoid(x)", to="inf")
    assert plain(derivation.results["lim f, x -> inf"]) == "1"
    # at x = 50 it is 1 + 50 e^-50 to first order
    assert (1 + 50 * math.exp(-50)) == pytest.approx(1, abs=1e-18)
    assert derivation.confirmed


def test_the_values_on_the_way_are_data() -> None:
    derivation = solve(expression="sin(x) / x", to="0+")
    (found,) = derivation.tables
    values = dict(found.data)
    assert values["x"] == (0.1, 0.01, 0.001)
    assert values["f"] == pytest.approx([math.sin(x) / x for x in values["x"]], rel=1e-15)


def test_values_that_digits_cannot_hold_are_left_out() -> None:
    derivation = solve(expression="1 - tanh(x)^2", to="inf")
    shown = dict(derivation.tables[0].data)
    assert all(value > 0 for value in shown["f"])


def test_steps_can_be_read_back() -> None:
    data: Any = solve(expression="(1 + 1/n)^n", to="inf").to_json()
    waiting = list(data["steps"])
    assert waiting
    for step in waiting:
        waiting += step["steps"]
        assert parse(step["before"]) and parse(step["after"])


def test_a_variable_called_e() -> None:
    derivation = solve(expression="((x + e)^2 - x^2) / e", variable="e", to=0)
    assert plain(derivation.results["lim f, e -> 0"]) == "2 * x"
    assert derivation.confirmed


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"to": 0}, "a limit needs an expression or functions, one of them"),
        ({"expression": "x"}, "the key to is missing"),
        ({"expression": "x", "to": []}, "at least 1 entry"),
        ({"expression": "x", "to": "abc"}, "abc is not a number"),
        ({"expression": "x", "to": "symbol"}, "not symbol"),
        ({"expression": "x", "to": "1/0"}, "to: 1/0 has no finite real value"),
        ({"expression": "x", "to": "+"}, "something is missing at the end"),
        ({"expression": "x", "to": [0, 0]}, "this target is there already"),
        ({"expression": "x", "to": list(range(60))}, "at most 40 limits"),
        ({"expression": "x * y", "to": 0}, "which name moves?"),
        ({"expression": "7", "to": 0}, "which name moves?"),
        ({"expression": "x", "variable": "z", "to": 0}, "z does not occur"),
        ({"expression": "inf * x", "variable": "x", "to": 0}, "inf is not a number"),
        ({"expression": "sqrt(x)", "to": 0}, "has no values on the way there from every side"),
        ({"expression": "log(x)", "to": "-inf"}, "has no values on the way there"),
        ({"expression": "diff(x^2, x)", "to": 0}, "a derivative has no place among scalars"),
        ({"expression": "limit(x, x, 0)", "to": 0}, "a limit has no place among scalars"),
        ({"expression": "+".join(["sin(x)"] * 99), "to": 0}, "may have 150 parts here"),
        ({"functions": ["f(x) = x", "f(x) = x^2"], "to": 0}, "there are two functions f"),
    ],
    ids=str,
)
def test_mistakes_are_told(problem: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidProblem) as error:
        solve(**problem)
    assert message in str(error.value)


def test_the_side_that_has_values_is_hinted() -> None:
    with pytest.raises(InvalidProblem, match=r"write to: 0\+"):
        solve(expression="sqrt(x)", to=0)


def test_a_wrong_rule_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AT_INFINITY, ("exp", MINUS_INF), Number("1"))
    derivation = solve(expression="1 / (1 + exp(-x))", to="inf")
    assert plain(derivation.results["lim f, x -> inf"]) == "1 / 2"
    failed = [c.method for c in derivation.checks if not c.passed]
    assert "SymPy" in failed and any("values on the way" in method for method in failed)


def test_a_combination_of_waves_is_shown_with_its_angles() -> None:
    (step,) = solve(expression="sin(x) * cos(x)", to="inf").steps
    assert plain(step.after) == "sin(limit(x, x, inf)) * cos(limit(x, x, inf))"


def test_what_a_limit_with_symbols_needs_is_said() -> None:
    derivation = solve(expression="(a * x + b) / (c * x + d)", variable="x", to="inf")
    assert plain(derivation.results["lim f, x -> inf"]) == "a / c"
    assert "for c != 0" in texts(derivation) and derivation.confirmed


@pytest.mark.parametrize("to", ["1000000", "1e9", "1e-9"])
def test_a_far_point_takes_no_long_time(to: str) -> None:
    """SymPy would work out (1 + x)^(1/x) in full there, and could not be interrupted."""
    with at_most(2), suppress(InvalidProblem):
        solve(expression="(1 + x)^(1/x) + sigmoid(x)", to=to)
