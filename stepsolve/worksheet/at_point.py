"""Formulas at a point: their values, worked out twice, and their working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.worksheets import check_values, settled_values
from stepsolve.derivation import Block, Check, Detail, Lines, Text
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression, Name
from stepsolve.worksheet.evaluation import evaluate
from stepsolve.worksheet.lines import Worksheet
from stepsolve.worksheet.working import Workings


class AtPoint:
    """The lines of a worksheet at a point, `at` by name as written. Nothing without a point.

    Raises `LineError` where a line has no finite value there.
    """

    def __init__(self, at: Mapping[str, Expression], worksheet: Worksheet, digits: Digits) -> None:
        self._at, self._worksheet, self._digits = at, worksheet, digits
        self._floats = evaluate(worksheet) if at else {}

    @cached_property
    def _settled(self) -> tuple[dict[str, Value], Precise]:
        if not self._at:
            return {}, Precise()
        lines = {line.name: line.expression for line in self._worksheet.lines}
        return settled_values(self._worksheet.given, lines)

    @property
    def exact(self) -> dict[str, Value]:
        """The value of every name in high precision."""
        return self._settled[0]

    @property
    def precise(self) -> Precise:
        """The arithmetic that the values took."""
        return self._settled[1]

    @property
    def quantities(self) -> dict[str, float]:
        """The values, rounded from the precise ones."""
        return {name: float(value) + 0.0 for name, value in self.exact.items()}

    def blocks(self, what: str = "") -> Iterator[Block]:
        """The point, `what` it is, and the lines there."""
        if not self._at:
            return
        workings = Workings(self.exact, self.precise, self._digits)
        parts: list[str | Expression] = []
        for name, value in self._at.items():
            parts += [Name(name), " = ", value, ", "]
        yield Text(("At ", *parts[:-1], f"{what}:"), Detail.BRIEF)
        yield Lines(tuple(workings.line(line) for line in self._worksheet.lines))

    def checks(self) -> tuple[Check, ...]:
        """Every value by two libraries."""
        if not self._at:
            return ()
        return check_values(list(self.exact), self._floats, self.exact)
