"""What a slip is: a row, the scene that it looks at, and the changed formulas that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from typing import Final, NamedTuple

from stepsolve.marking.written import Written
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, substitute, walk
from stepsolve.operations.table import ARRAYS, SETTINGS

_LONG: Final = 40  # characters of a part that is told in full
ONE, TWO = Number("1"), Number("2")

# slips that are looked for in numbers and in formulas alike: the name and what it is
INNER_FORGOTTEN: Final = (
    "inner derivative forgotten",
    "the chain rule without the derivative of the inner function: a factor is left out",
)
WRONG_DERIVATIVE: Final = (
    "wrong derivative",
    "the derivative of another function, or with the wrong sign: sigma without 1 - sigma",
)


class Likelihood(IntEnum):
    """How often a slip is made, as told in `stepsolve.marking.slips`: the small ones first."""

    COMMON = 1
    USUAL = 2
    SELDOM = 3
    RARE = 4

    @property
    def digits(self) -> int:
        """How many digits must have been written, so that what fits is no coincidence."""
        return {Likelihood.SELDOM: 2, Likelihood.RARE: 4}.get(self, 1)


class Fit(IntEnum):
    """How a changed formula meets what was written; the larger the better."""

    NONE = 0
    CARRIED = 1
    """With an unrounded value behind a number that is shown."""
    CUT = 2
    """Cut to the digits shown."""
    ROUNDED = 3


@dataclass(frozen=True)
class Scene:
    """What a slip can look at.

    `formula` should have been worked out, in names of the work or in numbers; `fit` says how a changed
    formula meets what was written, from the work's own values. `shown` gives the number that stands for
    a name, as the work or the problem shows it, and `value` that of an expression in float64, both None
    without one; `known` are the names that have a value. `dims` gives the sizes of an expression, or
    None. `written` is the number that was written, `expected` what the formula comes to; None for what
    is no number.
    """

    formula: Expression
    fit: Callable[[Expression], Fit]
    shown: Callable[[str], Expression | None] = lambda _: None
    value: Callable[[Expression], float | None] = lambda _: None
    dims: Callable[[Expression], tuple[int, ...] | None] = lambda _: None
    known: tuple[str, ...] = ()
    written: Written | None = None
    expected: Decimal | None = None
    side: Expression | None = None
    """What was written."""

    @property
    def bears(self) -> Likelihood:
        """The least likely slips that so many digits as were written can tell from a coincidence."""
        if self.written is None:
            return Likelihood.RARE
        count = len(self.written.value.as_tuple().digits)
        return max(likelihood for likelihood in Likelihood if likelihood.digits <= count)

    @cached_property
    def numbered(self) -> Expression:
        """The formula with the numbers put in that stand for its names."""
        shown = {name: self.shown(name) for name in names(self.formula)}
        return substitute(self.formula, {n: value for n, value in shown.items() if value})

    @cached_property
    def is_of_whole_numbers(self) -> bool:
        """Whether all numbers are whole, as where sizes and parameters are counted."""
        numbers = [node for node in walk(self.numbered) if isinstance(node, Number)]
        return all(number.text.isdecimal() for number in numbers)


class Variant(NamedTuple):
    """A changed formula, and in words what was done: `3 for -3`."""

    formula: Expression
    told: str = ""


Change = Callable[[Expression], Iterable[Variant]]
"""From a part of a formula to what may stand there by a slip."""


@dataclass(frozen=True)
class Row:
    """A slip: its name, what it is, an example as text, and the variants that it makes of a formula."""

    name: str
    description: str
    example: tuple[str, str]
    """What should have been worked out, and what was instead."""
    variants: Callable[[Scene], Iterator[Variant]]
    likelihood: Likelihood = Likelihood.USUAL


def everywhere(expression: Expression, change: Change) -> Iterator[Variant]:
    """The expression with one of its parts changed, for every part and every change of it."""
    yield from change(expression)
    children = expression.children
    for k in range(_quantities(expression)):
        for changed, told in everywhere(children[k], change):
            yield Variant(expression.rebuilt((*children[:k], changed, *children[k + 1 :])), told)


def _quantities(node: Expression) -> int:
    """How many of the first children are quantities; the others are indices, sizes and settings."""
    match node:
        case Item():
            return 1
        case Apply(operation=operation, arguments=arguments) if operation in ARRAYS:
            whole = ARRAYS[operation].whole
            given = [a for a in arguments if not (isinstance(a, Apply) and a.operation in SETTINGS)]
            return len(given) if whole is None else min(whole, len(given))
    return len(node.children)


def locally(change: Change) -> Callable[[Scene], Iterator[Variant]]:
    """Variants with one part changed."""
    return lambda scene: everywhere(scene.formula, change)


def said(part: Expression) -> str:
    """A part in words that are not too long."""
    text = plain(part)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def swapped(new: Expression, old: Expression, because: str = "") -> Variant:
    """One part for another, told as `3 for -3: a sign is lost`."""
    told = f"{said(new)} for {said(old)}"
    return Variant(new, f"{told}: {because}" if because else told)


def is_number(node: Expression, *texts: str) -> bool:
    """Whether a node is one of some decimals as they are written."""
    return isinstance(node, Number) and node.text in texts


def is_leaf(node: Expression) -> bool:
    """Whether a node is a number or a name."""
    return isinstance(node, Number | Name)


def is_sum(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation in ("+", "-")


def is_complement(node: Expression) -> Expression | None:
    """The `x` of `1 - x`, or None."""
    match node:
        case Apply(operation="-", arguments=(one, inner)) if is_number(one, "1"):
            return inner
    return None


def plus_terms(node: Expression) -> list[Expression]:
    """The terms of a sum with plus signs alone; a single one of anything else."""
    match node:
        case Apply(operation="+", arguments=(left, right)):
            return [*plus_terms(left), right]
    return [node]


def factors(node: Expression) -> list[Expression]:
    """The factors of a product as written; a single one of anything else."""
    match node:
        case Apply(operation="*", arguments=(left, right)):
            return [*factors(left), *factors(right)]
    return [node]
