"""The kind `recurrence` with a coefficient below 0: its powers are real at whole numbers."""

from __future__ import annotations

import pytest
import sympy

import stepsolve
from stepsolve.notation.plain import plain

NEGATIVE = ["-a^24", "-a^2", "-exp(a)", "(-1 - a^2)", "(a - 10)"]


@pytest.mark.parametrize("coefficient", [*NEGATIVE, "a^24", "(a - 2)", "(1 - a)^24"])
def test_a_coefficient_of_any_sign(coefficient: str) -> None:
    problem = {"kind": "recurrence", "recurrence": f"f(n) = {coefficient} * f(n - 1) + b"}
    derivation = stepsolve.solve(problem | {"start": {"f(0)": "x_0"}, "wrt": ["f(0)", "a", "b"]})
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    assert "the 5 steps of the induction" in {check.of for check in derivation.checks}
    n, a, b, x = sympy.symbols("n a b x_0")
    form = sympy.sympify(plain(derivation.results["f(n)"]).replace("^", "**"))
    value = x
    for _ in range(4):  # by hand: from the start, one step after the other
        value = sympy.sympify(coefficient.replace("^", "**")) * value + b
    at = {a: sympy.Rational(3, 2), b: 2, x: sympy.Rational(1, 3)}
    assert sympy.N((form.subs(n, 4) - value).subs(at) / value.subs(at)) == pytest.approx(0)


def test_a_wrong_step_is_seen_at_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.calculus.linear import Solved

    right = Solved.closed
    monkeypatch.setattr(Solved, "closed", lambda self, n: right(self, right(self, n)))
    problem = {"kind": "recurrence", "recurrence": "f(n) = -a^2 * f(n - 1) + b"}
    derivation = stepsolve.solve(problem | {"start": {"f(0)": "x_0"}})
    assert "f(n)" in {check.of for check in derivation.checks if not check.passed}
