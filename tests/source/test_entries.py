"""Entries of sequences in the expression language: what is one name, and what is a call."""

from __future__ import annotations

import pytest

from stepsolve.errors import ExpressionError
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name
from stepsolve.notation.unicode import one_line
from stepsolve.source.expression import parse, parse_definition


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("h(3)", "h(3)"),
        ("h(t)", "h(t)"),
        ("h(t-1)", "h(t - 1)"),
        ("h( t − 01 )", "h(t - 1)"),
        ("h (0)", "h(0)"),
        ("h(007)", "h(7)"),
        ("h_1'(n + 2)", "h_1'(n + 2)"),
        ("dh(3)/dh(2)", "dh(3)/dh(2)"),
        ("dh(t - 1)/dw_h", "dh(t - 1)/dw_h"),
        ("∂h(2)/∂w", "∂h(2)/∂w"),
        ("θ(k)", "θ(k)"),
    ],
)
def test_an_entry_is_one_name(text: str, name: str) -> None:
    found = parse(text, entries=True)
    assert found == Name(name)
    assert parse(plain(found), entries=True) == found


def test_entries_stand_in_expressions_and_have_spans() -> None:
    found = parse("a * h(t-1) + x(t)", entries=True)
    assert plain(found) == "a * h(t - 1) + x(t)"
    assert isinstance(found, Apply)
    assert found.arguments[1].span == (13, 17)


@pytest.mark.parametrize("text", ["tanh(x)", "exp(2)", "max(a, b)", "relu(t - 1)"])
def test_an_operation_is_still_a_call(text: str) -> None:
    assert parse(text, entries=True) == parse(text)
    assert isinstance(parse(text, entries=True), Apply)


def test_a_quotient_of_names_that_begin_with_d_is_no_gradient_of_an_operation() -> None:
    assert plain(parse("sin(a)/sin(b)", entries=True)) == "sin(a) / sin(b)"


@pytest.mark.parametrize("text", ["h(2 * n)", "h(n - m)", "h(a, b)", "h(1.5)", "h()", "h(3)(4)"])
def test_what_is_no_index_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"is not an operation|operator is missing"):
        parse(text, entries=True)


def test_without_being_told_so_there_are_no_entries() -> None:
    with pytest.raises(ExpressionError, match="h is not an operation"):
        parse("h(3)")
    with pytest.raises(ExpressionError):
        parse_definition("h(3) = 1 + h(2)")


def test_a_definition_of_an_entry() -> None:
    found = parse_definition("f(n) = a * f(n-1) + b", entries=True)
    assert (found.name, found.parameters) == (Name("f(n)"), ())
    assert plain(found.expression) == "a * f(n - 1) + b"


@pytest.mark.parametrize(
    ("name", "line", "tex"),
    [
        ("h(t - 1)", "h(t − 1)", "h(t - 1)"),
        ("h_1(0)", "h₁(0)", "h_{1}(0)"),
        ("alpha'(k)", "α′(k)", r"\alpha'(k)"),
        (
            "dh(t - 1)/dw_h",
            "dh(t − 1)/dw_h",
            r"\frac{\mathrm{d}h(t - 1)}{\mathrm{d}w_{h}}",
        ),
    ],
)
def test_how_entries_are_printed(name: str, line: str, tex: str) -> None:
    assert one_line(Name(name)) == line
    assert latex(Name(name)) == tex
    squared = Apply("^", Name("h(t - 1)"), parse("2"))
    assert one_line(squared) == "h(t − 1)²"


def test_operations_on_arrays_are_no_sequences() -> None:
    assert isinstance(parse("zeros(2)", entries=True), Apply)
    assert isinstance(parse("softmax(x)", entries=True), Apply)
