"""What `explain` knows: every rule of every book, true where it is a formula."""

from __future__ import annotations

from pathlib import Path

import pytest

import stepsolve
from stepsolve.checking.precise import Point, Precise
from stepsolve.checking.rewrites import flat
from stepsolve.notation.tree import Apply, Expression, substitute, transform
from stepsolve.reference import explanation, overview
from stepsolve.rulebook import Book, books
from stepsolve.source.expression import parse

PROBLEMS = Path(__file__).parents[1] / "problems"
BOOKS = {book.heading.split()[-1]: book for book in books()}


def test_every_rule_is_explained_with_its_formula_or_words_and_its_source() -> None:
    for book in books():
        for name, forms in book.rules.items():
            told = explanation(name)
            assert f"{name}\n" in told and f"{book.heading}:" in told
            assert all((form.sides or form.words) and form.source for form in forms), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quotient", "d/dx[u / v] = (du/dx · v − u · dv/dx) / v²"),
        ("sum rule", "lim[x → a] (u + v) = lim[x → a] u + lim[x → a] v"),
        ("L'Hôpital's rule", "quotient of the derivatives"),
        ("addition theorem", "cos(a + b) = cos(a) · cos(b) − sin(a) · sin(b)"),
        ("ln(a · b) = ln a + ln b", "where a > 0 and b > 0"),
        ("sum over a delta", "Σⱼ δᵢⱼ · aⱼ = aᵢ"),
        ("chain", "∂L/∂xₖ = Σⱼ ∂L/∂zⱼ · ∂zⱼ/∂xₖ"),
    ],
)
def test_a_rule_of_any_sort_is_explained(name: str, expected: str) -> None:
    assert expected in explanation(name)


def test_the_overview_has_every_book() -> None:
    told = overview()
    assert all(f"\n{book.heading}\n" in told for book in books())


def worth(expression: Expression) -> float:
    """A rule of limits at u = x^2 + 1, v = cos x, a = 2, c = 5, n = 3: all continuous there."""
    parts = {"u": parse("x^2 + 1"), "v": parse("cos(x)"), "c": parse("5"), "n": parse("3")}

    def put(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="limit", arguments=(body, _, _)):
                return substitute(substitute(body, parts), {"x": parse("2")})
            case Apply(operation="f", arguments=(inner,)):
                return Apply("exp", transform(inner, put))
        return None

    put_in = substitute(transform(expression, put), {**parts, "a": parse("2")})
    put_in = transform(put_in, put)
    return float(Precise().evaluate(put_in, Point({})))


def test_the_formulas_of_limits_are_true() -> None:
    book = BOOKS["limits"]
    formulas = [form.sides for forms in book.rules.values() for form in forms if form.sides]
    assert len(formulas) == 9
    for left, right in formulas:
        assert worth(left) == pytest.approx(worth(right), rel=1e-12)


def known(book: Book, name: str) -> bool:
    """Whether a rule is in a book; what it names besides, a form or a function, is left out."""
    plain = name.partition(", ")[0].partition(" of ")[0]
    return name in book.rules or plain in book.rules


@pytest.mark.parametrize("file", ["limit-sinc", "limit-euler", "limits-sigmoid", "limit-none"])
def test_the_rules_on_pages_of_limits_can_be_looked_up(file: str) -> None:
    derivation = stepsolve.solve(PROBLEMS / f"calculus/{file}.yaml")
    special = ("→", "near there", "vanishing", "sign near")  # they say it all in their names
    for step in flat(derivation.steps):
        if not any(word in step.rule for word in special):
            assert known(BOOKS["limits"], step.rule), step.rule
