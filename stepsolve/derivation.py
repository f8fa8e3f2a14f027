"""The document model: a derivation is plain data that every renderer reads and none changes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple

from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression

Value = float | list["Value"]


def plain_value(value: Any) -> Value:
    """An array as lists of floats, a number as one."""
    if hasattr(value, "tolist"):
        found: Value = (value + 0.0).tolist()
        return found
    return float(value) + 0.0


Cell = str | Expression | tuple[str | Expression, ...]
"""Of a table: words, an expression, or several of them."""


class Detail(IntEnum):
    """How much is shown. Everything has the least detail at which it appears."""

    BRIEF = 0
    NORMAL = 1
    FULL = 2


class Check(NamedTuple):
    """One independent confirmation of one claim: its error, relative where the claim exceeds 1."""

    of: str
    method: str
    error: float
    passed: bool
    note: str = ""


class Step(NamedTuple):
    """One rewrite, `before` to `after`, by a named rule.

    `steps` work out the parts that `after` leaves open, and `result` is what comes of it all.
    `where` names inner expressions that stand by a letter of their own.
    """

    rule: str
    before: Expression
    after: Expression
    formula: tuple[Expression, Expression] | None = None
    because: str = ""
    steps: tuple[Step, ...] = ()
    result: Expression | None = None
    where: tuple[tuple[str, Expression], ...] = ()
    trivial: bool = False


class Worked(NamedTuple):
    """A line with its working: the formula, the numbers put in, and the value.

    `working` are the expressions between the formula and the value; `numbers` is the value in float64,
    NumPy's array for several entries, and `decimal` that in high precision, both `None` for a line
    without one. A line of several entries has an `array` of numbers as
    shown, `rounded` if one of them is, and `entries` that say how each comes about; `paper` is its
    formula as written on paper, where that is not the expression language's.
    """

    name: str
    expression: Expression
    working: tuple[Expression, ...] = ()
    numbers: Any = None
    decimal: Decimal | None = None
    array: Expression | None = None
    rounded: bool = False
    entries: tuple[Equation, ...] = ()
    paper: Expression | None = None
    shape: tuple[int, ...] = ()
    because: str = ""
    section: str = ""
    note: str = ""
    detail: Detail = Detail.BRIEF

    @property
    def value(self) -> Value | None:
        """The value as plain data; of an array nested lists, which take four times its room."""
        return None if self.numbers is None else plain_value(self.numbers)


class Section(NamedTuple):
    """The heading of what follows, of words and expressions."""

    parts: tuple[str | Expression, ...]
    detail: Detail = Detail.BRIEF


class Text(NamedTuple):
    """A sentence; its parts are words and expressions."""

    parts: tuple[str | Expression, ...]
    detail: Detail = Detail.NORMAL


class Equation(NamedTuple):
    """`left = side = side ...`, displayed; `rounded` says that the last side is a rounded value."""

    sides: tuple[Expression, ...]
    rounded: bool = False
    detail: Detail = Detail.BRIEF


class Values(NamedTuple):
    """Arrays by name, `(name, value, rounded)`, side by side where there is room."""

    values: tuple[tuple[Expression, Expression, bool], ...]
    detail: Detail = Detail.BRIEF


class Lines(NamedTuple):
    """Worked lines, aligned; `note` is said once beside the heading for all lines that share it."""

    lines: tuple[Worked, ...]
    heading: tuple[str | Expression, ...] = ()
    note: str = ""
    detail: Detail = Detail.BRIEF


class Steps(NamedTuple):
    """Rewrites in order; a `chain` is read as one: the first `before` = `after` = `after` ...

    `of` is the name of the derivative that they work out, if it is one.
    """

    steps: tuple[Step, ...]
    detail: Detail = Detail.BRIEF
    chain: bool = False
    of: str = ""


class Chain(NamedTuple):
    """Rewrites of one expression under each other, each with its reason: `left = ... = ...`."""

    steps: tuple[Step, ...]
    detail: Detail = Detail.NORMAL


class Table(NamedTuple):
    """Rows under a header.

    `data` are its columns of numbers in full precision, by names of their own, for whoever plots
    them; `together` is how many columns after the first stay together where a page is too narrow.
    """

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    detail: Detail = Detail.NORMAL
    name: str = ""
    data: tuple[tuple[str, tuple[float, ...]], ...] = ()
    together: int = 1


class Result(NamedTuple):
    """An answer that was asked for, set apart."""

    sides: tuple[Expression, ...]
    rounded: bool = False
    detail: Detail = Detail.BRIEF


Block = Section | Text | Equation | Values | Lines | Steps | Chain | Table | Result


class Derivation(NamedTuple):
    """The finished document.

    `quantities` are the values by name, `results` the answers asked for as expressions by name;
    `partial` are the names of derivatives that are partial: shown with a round d.
    """

    title: str
    kind: str
    blocks: tuple[Block, ...]
    quantities: Mapping[str, Value]
    results: dict[str, Expression]
    checks: tuple[Check, ...]
    digits: Digits = Digits()
    partial: frozenset[str] = frozenset()

    @property
    def confirmed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def lines(self) -> tuple[Worked, ...]:
        """Every worked line, in order."""
        return tuple(
            line for block in self.blocks if isinstance(block, Lines) for line in block.lines
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every top-level step, in order."""
        return tuple(
            step
            for block in self.blocks
            if isinstance(block, Steps | Chain)
            for step in block.steps
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Table))

    def to_json(self) -> dict[str, object]:
        """The public contract, version 1, as plain data: see `stepsolve.render.json`."""
        from stepsolve.render.json import contract

        return contract(self)
