"""A limit that is asked for, and the values on the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice, permutations
from typing import NamedTuple

from stepsolve.calculus.limit_values import Approach
from stepsolve.checking.limits import LimitOracle
from stepsolve.checking.precise import DIGITS, Point, Precise, Value
from stepsolve.derivation import Block, Cell, Check, Detail, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.lines import Line, Worksheet

_MOST_LOST = 400  # bits that cancellation may take of the 664 that 200 digits are
_TABLE = 5  # values on the way that are shown
_SAMPLES = ("2", "3", "5", "0.5", "0.2", "7", "1", "11")  # for symbols, each a number of its own
_TRIES = 60
_LOST_IN_FLOAT = 50  # bits of a float64 that are trusted
_SMALL, _TOLERANCE = 1e-6, 1e-9


class Question(NamedTuple):
    """One limit that is asked for: of the function `name`, or of its derivative."""

    name: str
    body: Expression
    approach: Approach
    is_derivative: bool = False

    @property
    def limit(self) -> Apply:
        return self.approach.of(self.body)

    @property
    def symbols(self) -> list[str]:
        moving = self.approach.variable
        return [n for n in names(self.body) if n not in CONSTANTS and n != moving]

    @property
    def label(self) -> str:
        """The name of the answer: `lim f, x -> 0+`."""
        side = {1: "+", -1: "-", 0: ""}[self.approach.side]
        return f"lim {self.name}, {self.approach.variable} -> {plain(self.approach.target)}{side}"

    @property
    def called(self) -> Expression:
        """The function as it is called."""
        name = Name(self.name)
        return name if self.is_derivative else Apply(self.name, Name(self.approach.variable))

    def lonely_side(self) -> str:
        """Empty if there are values on every side; else the side that has some, or `none`."""
        if self.symbols:
            return ""
        oracle = LimitOracle()
        sides = (1,) if self.approach.is_infinite else (1, -1)
        asked = (self.approach.side,) if self.approach.side else sides
        having = [side for side in sides if oracle.sequence(self.limit, side, {})]
        if set(asked) <= set(having):
            return ""
        if not having or self.approach.is_infinite:
            return "none"
        return plain(self.approach.target) + ("+" if having[0] > 0 else "-")


class Row(NamedTuple):
    """A place on the way, the values there by mpmath and by NumPy, and bits that sums cancel."""

    at: Expression
    exact: Value
    float_: float
    lost: float


class OnTheWay:
    """Values of a function on the way to a limit, at numbers chosen for its symbols."""

    def __init__(self, question: Question) -> None:
        self._question = question

    @cached_property
    def _found(self) -> tuple[Mapping[str, Expression], list[Row]]:
        """The numbers for the symbols, and the rows; those numbers with the most rows."""
        best: tuple[Mapping[str, Expression], list[Row]] = ({}, [])
        symbols = self._question.symbols[: len(_SAMPLES)]
        for several in islice(permutations(_SAMPLES, len(symbols)), _TRIES):
            given = {name: Number(text) for name, text in zip(symbols, several, strict=True)}
            rows = list(self._rows(given))
            if len(rows) > len(best[1]):
                best = given, rows
            if len(rows) >= _TABLE:
                break
        return best

    def _rows(self, given: Mapping[str, Expression]) -> Iterator[Row]:
        variable, body = self._question.approach.variable, self._question.body
        for at in _places(self._question.approach):
            precise = Precise(4 * DIGITS)
            try:
                point = {n: precise.evaluate(v, Point({})) for n, v in given.items()}
                point[variable] = precise.evaluate(at, Point({}))
                exact = precise.evaluate(body, Point(point))
                sheet = Worksheet({**given, variable: at}, (Line("value", body),))
                found = evaluate(sheet)["value"]
            except (OutsideDomain, LineError, KeyError):
                continue
            if precise.lost < _MOST_LOST:
                yield Row(at, exact, found, precise.lost)

    def blocks(self, digits: Digits) -> Iterator[Block]:
        """The table, and what was chosen for the symbols."""
        given, rows = self._found
        if not rows:
            return
        question = self._question
        told: list[str | Expression] = ["On the way:"]
        if given:
            told = ["On the way, for example with "]
            for name, value in given.items():
                told += [Apply("==", Name(name), value), ", "]
            told[-1] = ":"
        yield Text(tuple(told), Detail.NORMAL)
        variable = question.approach.variable
        header: tuple[Cell, ...] = (Name(variable), question.called)
        cells: list[tuple[Cell, ...]] = [
            (row.at, number(Precise.decimal(row.exact), digits)) for row in rows
        ]
        data = (
            (variable, tuple(_float(row.at) for row in rows)),
            (question.name, tuple(float(row.exact) for row in rows)),
        )
        yield Table(header, tuple(cells), Detail.NORMAL, question.label, data)

    def checks(self) -> Iterator[Check]:
        """Every value by NumPy, beyond the digits that float64 loses where sums cancel."""
        worst, rows = 0.0, self._found[1]
        for row in rows:
            error = abs(float(row.exact) - row.float_) / max(abs(float(row.exact)), _SMALL)
            lost = 2.0 ** (min(row.lost, _LOST_IN_FLOAT) - _LOST_IN_FLOAT)
            worst = max(worst, error if error > lost else min(error, _TOLERANCE))
        if rows:
            name = f"the {len(rows)} values on the way, {self._question.label}"
            yield Check(name, "NumPy and mpmath", worst, worst <= _TOLERANCE)


def _places(approach: Approach) -> Iterator[Expression]:
    if approach.is_infinite:
        for k in range(_TABLE):
            size = Number(str(10**k))
            yield size if approach.target == Name("inf") else Apply("neg", size)
        return
    sides = (approach.side,) if approach.side else (-1, 1)
    for side in sides:
        for k in range(1, _TABLE - 1):
            away = Number(f"0.{'0' * (k - 1)}1")
            target = approach.target
            if target == Number("0"):
                yield away if side > 0 else Apply("neg", away)
            else:
                yield Apply("+" if side > 0 else "-", target, away)


def _float(at: Expression) -> float:
    return float(evaluate(Worksheet({}, (Line("at", at),)))["at"])
