"""Linear recurrences: unrolled, closed form, induction, each against SymPy and plain loops."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from stepsolve.algebra import Judge, to_sympy
from stepsolve.calculus import linear as module
from stepsolve.calculus.linear import GENERAL, HOMOGENEOUS, UNIT, Solved
from stepsolve.calculus.recurrences import Recurrence, linear
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, Name, Number, substitute
from stepsolve.source.expression import parse

BODIES = {
    "a * f(n - 1) + b": GENERAL,
    "1/2 * f(n - 1) + 1/3": GENERAL,
    "-2 * f(n - 1) + c": GENERAL,
    "(1 - r) * f(n - 1) + r * c": GENERAL,
    "a * f(n - 1)": HOMOGENEOUS,
    "-f(n - 1)": HOMOGENEOUS,
    "f(n - 1) + b": UNIT,
    "f(n - 1) + 3": UNIT,
    "f(n - 1)": UNIT,
}


def solved(body: str) -> Solved:
    found = Recurrence("f", "n", parse(body, entries=True))
    parts = linear(found)
    assert parts is not None
    return Solved(found, parts, Name("s"))


def exact(expression: Expression, values: dict[str, Fraction]) -> sympy.Rational:
    found = to_sympy(expression)
    return found.subs({s: sympy.Rational(str(values[s.name])) for s in found.free_symbols})


VALUES = {name: Fraction(k, 7) for k, name in enumerate(("a", "b", "c", "r", "s"), 2)}


def by_loop(body: str, steps: int) -> Fraction:
    """Steps of the recurrence in exact fractions, by Python."""
    term = VALUES["s"]
    for _ in range(steps):
        text = body.replace("f(n - 1)", "p").replace("1/2", "half").replace("1/3", "third")
        known = {**VALUES, "p": term, "half": Fraction(1, 2), "third": Fraction(1, 3)}
        term = Fraction(eval(text, {}, known))
    return term


@pytest.mark.parametrize("body", BODIES)
def test_unrolled_and_closed_forms_have_the_values_of_a_loop(body: str) -> None:
    found = solved(body)
    assert found.form == BODIES[body]
    for steps in range(1, 6):
        term = sympy.Rational(str(by_loop(body, steps)))
        assert exact(found.unrolled(steps), VALUES) == term
        assert exact(found.closed(Number(str(steps))), VALUES) == term


@pytest.mark.parametrize("body", BODIES)
def test_every_step_of_the_proof_is_an_identity_for_sympy(body: str) -> None:
    found = solved(body)
    k = Name("k")
    known = {"f(k)": found.closed(k), "f(k + 1)": found.closed(parse("k + 1"))}
    steps = [*found.base(), *found.induction(k)]
    assert steps
    for step in steps:
        sides = [to_sympy(substitute(side, known)) for side in (step.before, step.after)]
        turned = {s: 1 - s for s in (sides[0] - sides[1]).free_symbols if s.name == "r"}
        difference = sympy.simplify(sympy.expand((sides[0] - sides[1]).subs(turned)))
        assert difference == 0, step.rule
    ends = found.induction(k)[-1].after
    rest = to_sympy(ends) - to_sympy(found.closed(parse("k + 1")))
    assert sympy.simplify(sympy.expand(rest)) == 0


def test_the_closed_form_is_the_one_that_sympy_finds() -> None:
    n, a, b, s = sympy.Symbol("n", integer=True), *sympy.symbols("a b s")
    f = sympy.Function("f")
    theirs = sympy.rsolve(f(n) - a * f(n - 1) - b, f(n), {f(0): s})
    ours = to_sympy(solved("a * f(n - 1) + b").closed(Name("n")))
    swap = {symbol: {"n": n, "a": a, "b": b, "s": s}[symbol.name] for symbol in ours.free_symbols}
    for steps in range(5):
        assert sympy.simplify((theirs - ours.subs(swap)).subs(n, steps)) == 0


def test_unrolling_puts_in_multiplies_out_and_collects() -> None:
    rows = [(step.rule, plain(step.after)) for step in solved("a * f(n - 1) + b").unrolling(2)]
    assert rows == [
        ("the recurrence", "a * f(1) + b"),
        ("put in f(1)", "a * (a * s + b) + b"),
        ("multiply out", "a * a * s + a * b + b"),
        ("collect", "a^2 * s + a * b + b"),
    ]


def test_a_coefficient_that_may_be_one_has_a_case_of_its_own() -> None:
    special = solved("a * f(n - 1) + b").special
    assert special is not None and plain(special.closed(Name("n"))) == "s + n * b"
    assert solved("2 * f(n - 1) + b").special is None
    assert solved("a * f(n - 1)").special is None


def test_the_fixed_point_is_given_back() -> None:
    found = solved("a * f(n - 1) + b")
    assert plain(found.fixed_point) == "b / (1 - a)"
    (first, *_, last) = found.fixed_point_steps
    assert plain(first.before) == "a * (b / (1 - a)) + b"
    assert last.after == found.fixed_point
    for step in found.fixed_point_steps:
        assert Judge().equal(step.before, step.after)


def test_every_row_of_the_proofs_is_used() -> None:
    forms = {BODIES[body] for body in BODIES}
    assert forms == set(module._BASE) == set(module._STEP)
