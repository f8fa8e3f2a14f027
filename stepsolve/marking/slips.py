"""Known slips: small changes to a calculation that reproduce a wrong value, and so name the mistake.

A slip is a row: it changes the expression that should have been worked out, or the number that came
of it. The first row whose result is what was written, at the digits shown, explains it. The rows stand
in the order of how likely they are (sources: ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final, NamedTuple

from stepsolve.marking.verdicts import Slip
from stepsolve.notation.tree import Apply, Expression, Name, Number

_SECONDS: Final = 0.15  # of one line
_TOLD: Final = 3  # slips told of one line


class Scene(NamedTuple):
    """What a slip can look at.

    `formula` should have been worked out, in names of the ledger or in numbers; `reproduces` says
    whether a changed formula comes to what was written, at the digits shown, from the work's own
    values. `shown` are the numbers that stand for the names, as the work or the problem shows them,
    `known` every name that has a value. `dims` gives the sizes of an expression, or None.
    """

    formula: Expression
    reproduces: Callable[[Expression], bool]
    shown: Mapping[str, Expression]
    known: frozenset[str]
    dims: Callable[[Expression], tuple[int, ...] | None]


class Variant(NamedTuple):
    """A changed formula, and in words what was done: `3 for -3`."""

    formula: Expression
    told: str = ""


@dataclass(frozen=True)
class Row:
    """A slip: its name, what it is, an example as text, and the variants that it makes of a formula."""

    name: str
    description: str
    example: tuple[str, str]
    """What should have been worked out, and what was instead."""
    variants: Callable[[Scene], Iterator[Variant]]


def everywhere(
    expression: Expression, change: Callable[[Expression], Iterable[Expression]]
) -> Iterator[Expression]:
    """The expression with one of its parts changed, for every part and every change of it."""
    for changed in change(expression):
        yield changed
    children = expression.children
    for k, child in enumerate(children):
        for changed in everywhere(child, change):
            yield expression.rebuilt((*children[:k], changed, *children[k + 1 :]))


def _signs(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Expression]:
        match node:
            case Apply(operation="neg", arguments=(inner,)):
                yield inner
            case Apply(operation="+", arguments=(a, b)):
                yield Apply("-", a, b)
            case Apply(operation="-", arguments=(a, b)):
                yield Apply("+", a, b)
            case Number() | Name():
                yield Apply("neg", node)

    for changed in everywhere(scene.formula, change):
        yield Variant(changed)
    yield Variant(Apply("neg", scene.formula))


ROWS: tuple[Row, ...] = (Row("sign", "a sign lost or added", ("a - b", "a + b"), _signs),)


def explain(scene: Scene) -> tuple[Slip, ...]:
    """The slips that reproduce what was written, the likeliest first; none where none does."""
    found: list[Slip] = []
    end = perf_counter() + _SECONDS
    for row in ROWS:
        for variant in row.variants(scene):
            if perf_counter() > end:
                return tuple(found)
            if scene.reproduces(variant.formula):
                found.append(Slip(row.name, variant.told or row.description, variant.formula))
                break
        if len(found) == _TOLD:
            break
    return tuple(found)
