"""Both sides of an identity as lines of a worksheet, for given numbers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from stepsolve.calculus.verdicts import Example, Statement, without_derivatives
from stepsolve.checking.entries import Span, entry_name
from stepsolve.notation.tree import Expression, Item, Name, names, substitute, walk
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.lines import Line, Worksheet

Point = Mapping[str, tuple[Expression, ...]]
"""Values of names: of a scalar one, of a vector one for every entry."""


def vectors(statement: Statement) -> tuple[str, ...]:
    """The names with entries of their own, in order of appearance."""
    sides = (statement.left, statement.right, *(e.body for e in statement.entries.values()))
    bases = [n.base for side in sides for n in walk(side) if isinstance(n, Item)]
    found = dict.fromkeys(base.name for base in bases if isinstance(base, Name))
    return tuple(name for name in found if name not in statement.entries)


def scalars(statement: Statement) -> tuple[str, ...]:
    """The names that need one number each, in order of appearance."""
    example = next(statement.examples())
    sides = (statement.left, statement.right, *statement.given.values())
    put = [statement.concrete(side, example) for side in sides]
    entries = {
        entry_name(vector, (k,)) for vector in vectors(statement) for k in example.span.entries
    }
    known = {*CONSTANTS, *entries, *statement.given}
    return tuple(dict.fromkeys(n for side in put for n in names(side) if n not in known))


def worksheet(statement: Statement, point: Point, row: str = "") -> Worksheet:
    """The sides at a point, one line of each for every value of the free indices.

    `row` is put into every name, so that several points can stand on one page.
    """
    own = vectors(statement)
    size = max((len(point[name]) for name in own), default=1)
    span = Span(range(1, size + 1), range(1, size + 1))
    swap: dict[str, Expression] = {}
    given: dict[str, Expression | None] = {}
    for name, values in point.items():
        for k, value in enumerate(values, 1):
            plain = entry_name(name, (k,)) if name in own else name
            label = f"{name}_{row}{k}" if name in own else f"{name}_{row}" if row else name
            swap[plain] = Name(label)
            given[label] = value
    lines = []
    for values_ in product(span.entries, repeat=len(statement.free_indices)):
        at = dict(zip(statement.free_indices, values_, strict=True))
        example = Example({}, at, span)
        suffix = row + "".join(map(str, values_))
        fixed = statement.fixed(example)
        for called, side in (("left", statement.left), ("right", statement.right)):
            body = without_derivatives(statement.concrete(side, example))
            body = substitute(substitute(body, fixed), swap)
            lines.append(Line(f"{called}_{suffix}" if suffix else called, body))
    return Worksheet(given, tuple(lines))
