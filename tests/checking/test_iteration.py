"""The oracle of recurrences: terms one after the other, and formulas held against them."""

from __future__ import annotations

import pytest

from stepsolve.checking.iteration import check_terms, iterated
from stepsolve.checking.precise import Precise
from stepsolve.derivation import Check
from stepsolve.source.expression import parse

PRECISE = Precise()


def checked(claimed: dict[int, str], body: str = "a * {} + b") -> Check:
    steps = range(1, max(claimed) + 1)
    return check_terms(
        "f",
        [parse(body.format(f"f({k - 1})"), entries=True) for k in steps],
        [f"f({k - 1})" for k in steps],
        "f(0)",
        ["f(0)", "a", "b"],
        {k: parse(text, entries=True) for k, text in claimed.items()},
        PRECISE,
    )


def test_terms_come_one_after_the_other() -> None:
    bodies = [parse(f"2 * f({k}) + {k}", entries=True) for k in range(4)]
    found = iterated(bodies, [f"f({k})" for k in range(4)], PRECISE.mp.mpf(1), {}, PRECISE)
    assert [int(term) for term in found] == [2, 5, 12, 27]


def test_right_formulas_pass() -> None:
    found = checked({0: "f(0)", 1: "a * f(0) + b", 2: "a^2 * f(0) + (a + 1) * b"})
    assert found.passed and found.error < 1e-40
    assert found.method == "iterating the recurrence"


@pytest.mark.parametrize(
    "wrong",
    [
        {1: "a * f(0)"},
        {3: "a^3 * f(0) + 3 * b"},
        {2: "a^2 * f(0) + (a + 1) * b + 1e-15"},
        {1: "a * f(0) + b", 2: "a^2 * f(0) + b"},
    ],
)
def test_wrong_formulas_fail(wrong: dict[int, str]) -> None:
    assert not checked(wrong).passed


def test_where_no_term_has_a_value_nothing_is_confirmed() -> None:
    found = checked({1: "f(0)"}, "log(-1 - {}^2 - a^2 - b^2)")
    assert not found.passed and "no point" in found.note
