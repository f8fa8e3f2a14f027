"""Tables of difference quotients: with their errors, and with the errors of truncation alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import chain

from stepsolve.checking.precise import Precise, Value
from stepsolve.derivation import Cell, Detail, Table
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression, Name, Number
from stepsolve.worksheet.quotients import WAYS, Row, orders

_EXACT = 1e-150  # errors below it are zero: the arithmetic has 200 digits, the step at most 20


class Errors:
    """The rows of a table with their errors against a derivative.

    `floats[way][row]` are those of float64, `precise[way][row]` those of truncation alone.
    """

    def __init__(self, rows: Sequence[Row], derivative: Value, precise: Precise) -> None:
        self.rows, self.derivative, self.arithmetic = rows, precise.mp.mpf(derivative), precise
        number_of = precise.mp.mpf
        ways = range(len(WAYS))
        self.floats = [
            [abs(number_of(row.floats[k]) - self.derivative) for row in rows] for k in ways
        ]
        self.precise = [
            [self._settled(row.precise[k] - self.derivative) for row in rows] for k in ways
        ]

    @property
    def orders(self) -> list[list[Value | None]]:
        """For every way, the power of e that each error of truncation falls with."""
        steps = [row.precise_e for row in self.rows]
        return [list(orders(steps, column, self.arithmetic)) for column in self.precise]

    def _settled(self, error: Value) -> Value:
        size = max(1, abs(self.derivative))
        return abs(error) if abs(error) > _EXACT * size else self.arithmetic.mp.mpf(0)

    def best(self, way: int) -> int:
        """The row with the least error in float64, the largest step of those."""
        errors = self.floats[way]
        return min(range(len(errors)), key=lambda k: (errors[k], -self.rows[k].e))

    def turns(self, way: int) -> bool:
        """Whether the error in float64 grows again as the steps become smaller."""
        smallest = min(range(len(self.rows)), key=lambda k: self.rows[k].e)
        best = self.best(way)
        return bool(self.floats[way][smallest] > 2 * self.floats[way][best])


def in_float64(name: str, letter: Name, errors: Errors, shown: Digits) -> Table:
    """The step, and each quotient with its error."""
    header: list[Cell] = [letter]
    header += chain.from_iterable((way, "error") for way in WAYS)
    body: list[tuple[Cell, ...]] = []
    data: dict[str, list[float]] = {letter.name: [row.e for row in errors.rows]}
    for k, way in enumerate(WAYS):
        data[way] = [row.floats[k] for row in errors.rows]
        data[f"{way} error"] = [float(error) for error in errors.floats[k]]
    for j, row in enumerate(errors.rows):
        cells: list[Cell] = [row.step]
        for k in range(len(WAYS)):
            cells += [number(Decimal(row.floats[k]), shown), short(errors.floats[k][j])]
        body.append(tuple(cells))
    return Table(tuple(header), tuple(body), Detail.BRIEF, name, _frozen(data), together=2)


def without_rounding(name: str, letter: Name, errors: Errors) -> Table:
    """The step, and the error of each quotient with the power of e that it falls with."""
    header: list[Cell] = [letter]
    header += chain.from_iterable((way, "order") for way in WAYS)
    data = {letter.name: [row.e for row in errors.rows]}
    columns: list[list[Cell]] = [[row.step for row in errors.rows]]
    for k, way in enumerate(WAYS):
        data[f"{way} error"] = [float(error) for error in errors.precise[k]]
        columns.append([short(error) for error in errors.precise[k]])
        columns.append([_order(value) for value in errors.orders[k]])
    body = tuple(zip(*columns, strict=True))
    return Table(tuple(header), body, Detail.NORMAL, name, _frozen(data), together=2)


def _frozen(data: dict[str, list[float]]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    return tuple((name, tuple(values)) for name, values in data.items())


def short(value: Value, digits: int = 2) -> Expression:
    """A size with a few digits and, unless it is near 1, its power of ten: `1.0e-2`."""
    exact = Precise.decimal(value)
    if not exact:
        return Number("0")
    rounded = Context(digits, ROUND_HALF_UP).plus(exact)
    if rounded.adjusted() in (-1, 0):
        return Number(f"{rounded:.{digits - 1 - rounded.adjusted()}f}")
    return Number(f"{rounded:.{digits - 1}e}".replace("e+", "e"))


def _order(value: Value | None) -> Cell:
    if value is None:
        return ""
    rounded = Precise.decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{abs(rounded)}"
    return Number(text) if rounded >= 0 else f"−{text}"
