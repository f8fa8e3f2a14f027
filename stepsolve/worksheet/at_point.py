"""Formulas at a point: their values, worked out twice, and their working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepsolve.checking.precise import Precise, Value
from stepsolve.derivation import Block, Check, Detail, Lines, Text
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression, Name
from stepsolve.worksheet.lines import Worksheet
from stepsolve.worksheet.solution import Solution


class AtPoint:
    """The lines of a worksheet at a point, `at` by name as written. Nothing without a point.

    Raises `LineError` where a line has no finite value there.
    """

    def __init__(self, at: Mapping[str, Expression], worksheet: Worksheet, digits: Digits) -> None:
        self._at = at
        self._solution = Solution(worksheet if at else Worksheet({}, ()), digits=digits)

    @property
    def exact(self) -> dict[str, Value]:
        """The value of every name in high precision."""
        return self._solution.exact

    @property
    def precise(self) -> Precise:
        """The arithmetic that the values took."""
        return self._solution.precise

    @property
    def quantities(self) -> dict[str, float]:
        """The values, rounded from the precise ones."""
        return self._solution.quantities

    def blocks(self, what: str = "") -> Iterator[Block]:
        """The point, `what` it is, and the lines there."""
        if not self._at:
            return
        parts: list[str | Expression] = []
        for name, value in self._at.items():
            parts += [Name(name), " = ", value, ", "]
        yield Text(("At ", *parts[:-1], f"{what}:"), Detail.BRIEF)
        solution = self._solution
        yield Lines(tuple(solution.workings.line(line) for line in solution.worksheet.lines))

    def checks(self) -> tuple[Check, ...]:
        """Every value by two libraries."""
        return self._solution.checks()
