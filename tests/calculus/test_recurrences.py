"""Recurrences: which are linear, total derivatives as recursions, sums of products."""

from __future__ import annotations

import pytest

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.recurrences import (
    Recurrence,
    by_steps,
    factor,
    linear,
    sensitivity,
    unrolled_sum,
)
from stepsolve.notation.names import entry
from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse, parse_definition


def recurrence(text: str) -> Recurrence:
    found = parse_definition(text, entries=True)
    at = entry(found.name.name)
    assert at is not None
    return Recurrence(at.sequence, at.place, found.expression)


RNN = recurrence("h(t) = tanh(w * h(t - 1) + u * x(t) + b)")


def test_a_recurrence_at_a_step() -> None:
    assert plain(RNN.at(3)) == "tanh(w * h(2) + u * x(3) + b)"
    assert plain(RNN.earlier) == "tanh(w * h(t - 2) + u * x(t - 1) + b)"
    assert RNN.inputs == ("x",)
    assert plain(recurrence("f(n) = n * f(n - 1)").at(4)) == "4 * f(3)"
    assert plain(recurrence("f(n) = n * f(n - 1)").earlier) == "(n - 1) * f(n - 2)"


@pytest.mark.parametrize(
    ("text", "coefficient", "increment"),
    [
        ("f(n) = a * f(n - 1) + b", "a", "b"),
        ("f(n) = b + f(n - 1) * a", "a", "b"),
        ("f(n) = a * (f(n - 1) + 1)", "a", "a"),
        ("f(n) = f(n - 1)", "1", "0"),
        ("f(n) = -f(n - 1) / 2", "-(1 / 2)", "0"),
        ("f(n) = (1 - r) * f(n - 1) + r * c", "1 - r", "r * c"),
        ("f(n) = f(n - 1) + f(n - 1) - 3", "2", "-3"),
        ("f(n) = exp(-k) * f(n - 1) + 1", "exp(-k)", "1"),
    ],
)
def test_the_coefficient_and_the_increment(text: str, coefficient: str, increment: str) -> None:
    found = linear(recurrence(text))
    assert found is not None
    a, b = found
    assert Judge().equal(a, parse(coefficient)) and Judge().equal(b, parse(increment))


@pytest.mark.parametrize(
    "text",
    [
        "f(n) = f(n - 1)^2",
        "f(n) = a * f(n - 1) + x(n)",
        "f(n) = n * f(n - 1)",
        "f(n) = f(n - 1) + n",
        "f(n) = relu(f(n - 1))",
        "f(n) = f(n - 1) > 0",
        "f(n) = where(f(n - 1) > 0, 1, 2)",
        "f(n) = abs(f(n - 1)) + 1",
        "f(n) = 1 / f(n - 1)",
        "f(n) = 2^f(n - 1)",
    ],
)
def test_any_other_is_not_linear(text: str) -> None:
    assert linear(recurrence(text)) is None


@pytest.mark.parametrize(
    ("text", "by", "total"),
    [
        (
            "h(t) = tanh(w * h(t - 1) + u * x(t) + b)",
            "w",
            "(1 - h(t)^2) * (h(t - 1) + w * dh(t - 1)/dw)",
        ),
        ("h(t) = w * h(t - 1) + u * x(t) + b", "w", "h(t - 1) + w * dh(t - 1)/dw"),
        ("h(t) = w * h(t - 1) + u * x(t) + b", "u", "w * dh(t - 1)/du + x(t)"),
        ("h(t) = w * h(t - 1) + u * x(t) + b", "b", "w * dh(t - 1)/db + 1"),
        ("h(t) = 1 / (1 + exp(-h(t - 1) * w))", "w", None),
        ("h(t) = h(t - 1)^3 - w * h(t - 1)", "w", None),
        ("h(t) = w^h(t - 1)", "w", None),
    ],
)
def test_the_total_derivative_is_what_sympy_finds(text: str, by: str, total: str | None) -> None:
    """With h(t - 1) put in one step earlier, where it is a function of the parameter for SymPy."""
    found_in = recurrence(text)
    found = sensitivity(found_in, by)
    if total is not None:
        assert found.total == parse(total, entries=True)
    known = {
        found_in.previous.name: found_in.earlier,
        found_in.current.name: found_in.body,
        found.before.name: parse(f"diff({plain(found_in.earlier)}, {by})", entries=True),
    }
    whole = parse(f"diff({plain(found_in.body)}, {by})", entries=True)
    assert Judge(True, known).equal(whole, found.total) in (True, None)
    split = parse(
        f"({plain(found.direct)}) + ({plain(factor(found_in)[1])}) * {found.before.name}",
        entries=True,
    )
    assert Judge(True, known).equal(split, found.total) in (True, None)


def test_the_derivative_of_a_dependent_name_stays_open() -> None:
    found = differentiate(parse("w * h + h^2 + c"), "w", dependent={"h": ""})
    assert plain(found.value) == "h + w * diff(h, w) + 2 * h * diff(h, w)"
    assert plain(differentiate(parse("w * h + c"), "w").value) == "h"
    # only its own derivative has no step: nothing is worked out
    rules = [step.rule for step in found.step.steps]
    assert rules == ["product rule", "chain rule with the power rule", "constant rule"]


def test_a_sum_of_products() -> None:
    found = sensitivity(RNN, "w")
    named, full = unrolled_sum(RNN, found, 2, factor(RNN)[1])
    assert plain(named) == "∂h(2)/∂w + dh(2)/dh(1) * ∂h(1)/∂w"
    assert plain(full) == ("(1 - h(2)^2) * h(1) + w * (1 - h(2)^2) * (1 - h(1)^2) * h(0)")


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("h(1) * w * h(3) * h(2) * w", "w^2 * h(3) * h(2) * h(1)"),
        ("h(1) * h(1)", "h(1)^2"),
        ("w * v", "w * v"),
        ("2 * h(1) * (1 - h(2))", "2 * (1 - h(2)) * h(1)"),
        ("h(1) / h(2)", "h(1) / h(2)"),
        ("0 * h(1)", "0"),
    ],
)
def test_products_in_the_order_of_time(text: str, ordered: str) -> None:
    assert plain(by_steps(parse(text, entries=True))) == ordered
