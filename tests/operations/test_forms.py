"""Forms: expressions that differ in their names alone share one, and are worked out the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsolve.checking.precise import Point, Precise
from stepsolve.errors import OutsideDomain
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.operations.forms import form_of, holes_of, joined
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.source.expression import parse
from stepsolve.worksheet.evaluation import LineError, value, worked_out

PRECISE = Precise()
VALUES = {"x": 0.75, "y": -1.25, "z": 2.5}
_LEAVES = st.one_of(
    st.sampled_from(["x", "y", "z", "e", "pi"]).map(Name),
    st.sampled_from(["0", "1", "2", "0.5", "3"]).map(Number),
)
_SIGNS = ["+", "-", "*", "/", "^", "max", "min", "<", "leaky_relu"]
_CALLS = ["neg", "exp", "tanh", "sigmoid", "relu", "log", "sqrt", "leaky_relu", "abs"]


def _trees(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    one = st.builds(Apply, st.sampled_from(_CALLS), inner)
    two = st.builds(Apply, st.sampled_from(_SIGNS), inner, inner)
    return one | two | st.builds(lambda a, b, c: Apply("where", a, b, c), inner, inner, inner)


expressions = st.recursive(_LEAVES, _trees, max_leaves=12)


@given(expressions)
def test_a_form_filled_with_its_names_is_the_expression(expression: Expression) -> None:
    filled = form_of(expression).filled(holes_of(expression))
    assert (filled.size, filled.depth) == (expression.size, expression.depth)
    assert filled == expression and plain(filled) == plain(expression)


@given(expressions)
def test_the_holes_are_the_names_in_their_order(expression: Expression) -> None:
    assert list(holes_of(expression)) == [n for n in names(expression) if n not in CONSTANTS]


@given(st.lists(expressions, min_size=1, max_size=5), st.booleans())
def test_parts_are_joined_from_the_left(parts: list[Expression], apart: bool) -> None:
    if apart:  # no name stands in two of them
        parts = [
            substitute(part, {name: Name(f"{name}_{k}") for name in "xyz"})
            for k, part in enumerate(parts)
        ]
    whole = parts[0]
    for part in parts[1:]:
        whole = Apply("+", whole, part)
    filled = [form_of(part).filled(holes_of(part)) for part in parts]
    found = joined("+", filled)
    assert form_of(Apply("*", found, Name("x"))) is form_of(Apply("*", whole, Name("x")))
    assert found == whole and form_of(found) is form_of(whole)


@given(expressions)
def test_expressions_with_other_names_have_the_same_form(expression: Expression) -> None:
    others = {"x": Name("u_1"), "y": Name("v"), "z": Name("w'")}
    assert form_of(substitute(expression, others)) is form_of(expression)


def told(work: Callable[[], object]) -> object:
    """What comes of some work: a value, or the part that has none."""
    try:
        with np.errstate(all="ignore"):
            return work()
    except LineError as error:
        return error.node
    except OutsideDomain as error:
        return error.operation


@settings(max_examples=300)
@given(expressions)
def test_a_form_is_worked_out_as_the_tree_is(expression: Expression) -> None:
    wanted = told(lambda: float(value(expression, VALUES)))
    assert told(lambda: float(worked_out(expression, VALUES))) == wanted
    point = {name: PRECISE.mp.mpf(at) for name, at in VALUES.items()}
    wanted = told(lambda: PRECISE.evaluate(expression, Point(point)))
    found = told(lambda: PRECISE.worked_out(expression, point))
    assert found == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sigmoid(w * h_1)", "sigmoid(v * h_2)", True),
        ("a * b", "b * a", True),
        ("a * a", "a * b", False),
        ("a - b * a", "c - d * c", True),
        ("a - b * a", "c - d * d", False),
        ("a + 1", "a + 1.0", False),
        ("pi * a", "e * a", False),
        ("pi * a", "pi * b", True),
        ("a[0]", "b[0]", True),
        ("a[0]", "b[1]", False),
        ("[a, b]", "[b, c]", True),
    ],
)
def test_which_expressions_share_a_form(one: str, other: str, same: bool) -> None:
    assert (form_of(parse(one)) is form_of(parse(other))) is same


def test_a_constant_with_another_value_is_that_value() -> None:
    assert worked_out(parse("e * x"), {"e": 2.0, "x": 3.0}) == 6
    assert worked_out(parse("e * x"), {"x": 3.0}) == math.e * 3
    assert PRECISE.worked_out(parse("e * x"), {"e": PRECISE.mp.mpf(2), "x": 3}) == 6


@pytest.mark.parametrize("text", ["where(x, 1, 1 / x)", "diff(x^2, x)", "[x, 1]", "x[0]"])
def test_what_is_no_sequence_of_operations_has_no_program(text: str) -> None:
    assert form_of(parse(text)).program is None


def test_a_real_root_is_what_its_fraction_means() -> None:
    assert float(worked_out(parse("x^(1/3)"), {"x": -8.0})) == pytest.approx(-2, rel=1e-15)
    assert PRECISE.worked_out(parse("x^(1/3)"), {"x": PRECISE.mp.mpf(-8)}) == -2


def test_a_row_that_is_exchanged_is_used_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    line = parse("tanh(x)")
    assert float(worked_out(line, {"x": 1.0})) == pytest.approx(math.tanh(1))
    wrong = replace(OPERATIONS["tanh"], numpy=lambda a: a + 1)
    monkeypatch.setitem(OPERATIONS, "tanh", wrong)
    assert worked_out(line, {"x": 1.0}) == 2
