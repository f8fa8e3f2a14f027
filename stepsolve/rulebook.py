"""Every named rule that a page may use, of every sort, as it can be explained.

A book is a sort of rules; a new one is a row of `_BOOKS`. The rules of differentiation, the laws of
proofs and the rewrites of limits come from the tables that are used; what the engines of limits and of
indices do in code is stated here.

Source: each rule names its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from stepsolve.notation.tree import Expression

_STEWART = "Stewart, Calculus, 8th ed., "
_COOKBOOK = "Petersen, Pedersen, The Matrix Cookbook (2012), "


class Stated(NamedTuple):
    """A rule in a formula or in words, or both; `needs` are what must hold."""

    name: str
    sides: tuple[Expression, ...] = ()
    needs: tuple[Expression, ...] = ()
    words: str = ""
    source: str = ""


class Book(NamedTuple):
    """The rules of one sort, by name, and what their letters stand for."""

    heading: str
    rules: dict[str, tuple[Stated, ...]]
    letters: str


# name, left, right, words, source
_LIMITS = (
    ("sum rule", "limit(u + v, x, a)", "limit(u, x, a) + limit(v, x, a)", "", "2.3"),
    ("difference rule", "limit(u - v, x, a)", "limit(u, x, a) - limit(v, x, a)", "", "2.3"),
    ("product rule", "limit(u * v, x, a)", "limit(u, x, a) * limit(v, x, a)", "", "2.3"),
    (
        *("quotient rule", "limit(u / v, x, a)", "limit(u, x, a) / limit(v, x, a)"),
        *("where the limit below is not 0", "2.3"),
    ),
    ("power rule", "limit(u^n, x, a)", "limit(u, x, a)^n", "", "2.3"),
    ("negation", "limit(-u, x, a)", "-limit(u, x, a)", "", "2.3"),
    ("constant", "limit(c, x, a)", "c", "", "2.3"),
    ("identity", "limit(x, x, a)", "a", "", "2.3"),
    (
        *("continuity", "limit(f(u), x, a)", "f(limit(u, x, a))"),
        *("where f is continuous at the limit of u", "2.5"),
    ),
    ("bounded over unbounded (squeeze)", "", "", "the quotient tends to 0", "2.3, 2.6"),
    ("finite over unbounded", "", "", "the quotient tends to 0", "2.6"),
    ("oscillation", "", "", "a wave comes near all its values for ever: no limit", "2.2"),
)
_MATRICES = (
    ("derivative of an entry", "partial(x[i], x[k])", "delta(i, k)", "", "2"),
    ("sum over a delta", "sum(delta(i, j) * a[j], j)", "a[i]", "", "2"),
    (
        *("sum rule", "partial(sum(u[j], j), x[k])", "sum(partial(u[j], x[k]), j)"),
        *("a sum term by term", "2"),
    ),
    (
        *("product rule", "partial(u[i] * v[j], x[k])"),
        *("partial(u[i], x[k]) * v[j] + u[i] * partial(v[j], x[k])", "", "2"),
    ),
    ("power rule", "partial(u[i]^n, x[k])", "n * u[i]^(n - 1) * partial(u[i], x[k])", "", "2"),
    ("constant factor", "partial(a * u[i], x[k])", "a * partial(u[i], x[k])", "", "2"),
    (
        *("chain rule", "partial(L, x[k])", "sum(partial(L, z[j]) * partial(z[j], x[k]), j)"),
        *("L depends on x through z", "2.8.1"),
    ),
)


def _stated(rows: tuple[tuple[str, str, str, str, str], ...], source: str) -> Iterator[Stated]:
    from stepsolve.source.expression import parse

    for name, left, right, words, place in rows:
        sides = (parse(left, functions=("f",)), parse(right, functions=("f",))) if left else ()
        yield Stated(name, sides, words=words, source=source + place)


def _derivatives() -> Iterator[Stated]:
    from stepsolve.calculus.rules import find_rules

    for name, forms in find_rules().items():
        for rule in forms:
            yield Stated(name, rule.formula, source=rule.source)


def _laws() -> Iterator[Stated]:
    from stepsolve.calculus.laws import laws

    for rows in laws().values():
        for law in rows:
            yield Stated(law.name, (law.left, law.right), law.needs, source=_STEWART + "1, 3 and 7")


def _of_limits() -> Iterator[Stated]:
    from stepsolve.calculus.limit_rewrites import ROWS

    yield from _stated(_LIMITS, _STEWART)
    for row in ROWS:
        described = (row.applies.__doc__ or "").split("\n\n")[0].replace("`", "").strip()
        yield Stated(row.name, words=" ".join(described.split()), source=_STEWART + "2.3 and 4.4")


def _of_matrices() -> Iterator[Stated]:
    return _stated(_MATRICES, _COOKBOOK)


# heading, the rules, what their letters stand for
_BOOKS: tuple[tuple[str, Callable[[], Iterator[Stated]], str], ...] = (
    ("Rules of differentiation", _derivatives, "u and v depend on x; a, b, c and n do not."),
    (
        "Rules of limits",
        _of_limits,
        "u and v depend on x, and their limits exist; c and n do not depend on it.",
    ),
    ("Rules of derivatives by vectors and matrices", _of_matrices, "δ is 1 where i = k, else 0."),
    ("Laws of proofs", _laws, "a and b are any expressions, n is a number."),
)


@lru_cache(maxsize=1)
def books() -> tuple[Book, ...]:
    """All the rules, sort by sort; a name may stand in several books."""
    found = []
    for heading, read, letters in _BOOKS:
        rules: dict[str, tuple[Stated, ...]] = {}
        for rule in read():
            known = rules.get(rule.name, ())
            if all(rule.sides != other.sides or rule.words != other.words for other in known):
                rules[rule.name] = (*known, rule)
        found.append(Book(heading, rules, letters))
    return tuple(found)
