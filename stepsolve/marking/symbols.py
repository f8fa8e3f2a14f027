"""Whether two sides with names that have no value are equal: at random points, with 50 digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import candidates
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, names, substitute, walk
from stepsolve.operations.table import CONSTANTS

NO_NUMBERS: Final = frozenset(("inf", "nan"))
_POINTS: Final = 4
_TRIES: Final = 60
_TOLERANCE: Final = 1e-12
_ROUNDS: Final = 12  # of putting formulas for names
_LARGEST: Final = 4000  # nodes of a side with formulas put in


def inlined(expression: Expression, formulas: Mapping[str, Expression]) -> Expression:
    """An expression with formulas put for the names that have one, as deep as they go."""
    for _ in range(_ROUNDS):
        used = {name: formulas[name] for name in names(expression) if name in formulas}
        if not used:
            break
        larger = substitute(expression, used)
        if larger.size > _LARGEST or larger == expression:
            break
        expression = larger
    return expression


def is_endless(expression: Expression) -> bool:
    """Whether it holds a sum of more terms than are written out."""
    sums = (n for n in walk(expression) if isinstance(n, Apply) and n.operation == "sum")
    return any(len(node.arguments) == 4 for node in sums)


def free(expression: Expression) -> frozenset[str]:
    """The names of an expression that are no constants."""
    return frozenset(name for name in names(expression) if name not in CONSTANTS)


def equal(
    one: Expression, other: Expression, known: Mapping[str, Value] | None = None
) -> bool | None:
    """Whether two sides agree wherever both have a value; None where no such place is found.

    `known` are the values of names that have one. Numbers as they stand are exact, but 1e-12 of the
    size is forgiven, for derivatives by differences.
    """
    precise = Precise()
    known = known or {}
    variables = sorted((free(one) | free(other)) - known.keys())
    found = 0
    for tried, values in enumerate(candidates(variables, precise)):
        if tried == _TRIES or found == _POINTS:
            break
        point = Point({**known, **values})
        try:
            a, b = precise.evaluate(one, point), precise.evaluate(other, point)
        except (OutsideDomain, KeyError):
            continue
        found += 1
        if abs(a - b) > _TOLERANCE * max(abs(a), abs(b), 1e-6) and abs(a - b) > point.silence:
            return False
    return True if found else None
