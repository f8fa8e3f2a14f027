"""The working of a line: the numbers put into its formula, term by term, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from stepsolve.calculus.patterns import negated
from stepsolve.calculus.tidy import terms
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.derivation import Detail, Worked
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.worksheet.lines import Line

_DETAIL = {"local": Detail.NORMAL}


class Workings:
    """Works out lines from the values of all names in high precision."""

    def __init__(
        self,
        exact: Mapping[str, Value],
        precise: Precise,
        digits: Digits,
    ) -> None:
        self._exact = exact
        self._precise, self._digits = precise, digits
        self._shown: dict[str, Expression] = {}
        self._decimals: dict[str, Decimal] = {}

    def shown(self, name: str) -> Expression | None:
        """The value of a name as it is put into formulas, None if it has none."""
        if name not in self._shown and name in self._exact:
            self._shown[name] = number(self.decimal(name), self._digits)
        return self._shown.get(name)

    def decimal(self, name: str) -> Decimal:
        if name not in self._decimals:
            self._decimals[name] = self._precise.decimal(self._exact[name])
        return self._decimals[name]

    def line(self, line: Line, formulas: tuple[Expression, ...] = ()) -> Worked:
        """The line with its working; where there is no value, `formulas` are its working."""
        known = line.name in self._exact
        working = self._numbers(line.expression) if known else formulas
        return Worked(
            line.name,
            line.expression,
            working,
            float(self._exact[line.name]) + 0.0 if known else None,
            self.decimal(line.name) if known else None,
            because=line.because,
            section=line.section,
            note=line.note,
            detail=_DETAIL.get(line.role, Detail.BRIEF),
        )

    def _numbers(self, expression: Expression) -> tuple[Expression, ...]:
        """What stands between a formula and its value; nothing for a bare name or number."""
        if isinstance(expression, Name | Number):
            return ()
        used = {n: v for n in names(expression) if (v := self.shown(n)) is not None}
        if not used:
            return ()
        put = substitute(expression, used)
        parts = terms(expression)
        if len(parts) < 2 or all(isinstance(p, Name | Number) for _, p in parts):
            return (put,)
        return (put, self._sum(parts))

    def _sum(self, parts: list[tuple[int, Expression]]) -> Expression:
        """The terms of a sum, each worked out."""
        total: Expression | None = None
        for sign, part in parts:
            exact = self._precise.evaluate(part, Point(self._exact))
            value = number(self._precise.decimal(exact), self._digits)
            if total is None:
                total = negated(value) if sign < 0 else value
            else:
                total = Apply("+" if sign > 0 else "-", total, value)
        assert total is not None
        return total
