"""The worksheet: lines in order, each using only names that stand before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative
from stepsolve.derivation import Detail
from stepsolve.notation.tree import Expression

FORWARD, BACKWARD = "forward", "backward"


class Line(NamedTuple):
    """One named quantity with its reason.

    `role` says what it is to the worksheet: a `value`, a `local` gradient, or a `gradient`.
    `of` names the line whose operation it differentiates, if it does; `derive` gives the derivation,
    where the rules of calculus were needed.
    """

    name: str
    expression: Expression
    because: str = ""
    section: str = FORWARD
    role: str = "value"
    note: str = ""
    of: str = ""
    derive: Callable[[], Derivative] | None = None
    detail: Detail = Detail.BRIEF


class Worksheet(NamedTuple):
    """Given quantities, by name (`None` for a symbol without a value), and lines."""

    given: Mapping[str, Expression | None]
    lines: tuple[Line, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.given, *(line.name for line in self.lines))

    def extended(self, lines: tuple[Line, ...]) -> Worksheet:
        """The worksheet with further lines at its end."""
        return Worksheet(self.given, self.lines + lines)
