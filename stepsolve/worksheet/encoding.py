"""What is told of positional encodings: every entry, claimed rows, and what widths resolve."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from stepsolve.checking.rows import first_repeat
from stepsolve.derivation import Block, Cell, Check, Detail, Table, Text
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number
from stepsolve.source.arrays import GivenArray
from stepsolve.worksheet.probabilities import entries, exact_value
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

_SEARCHED: Final = 2000  # positions among which two equal rows are looked for


def pair_of(column: int, width: int, halves: bool) -> tuple[int, str]:
    """The frequency of a column, and its wave."""
    if halves:
        return column % (width // 2), "sin" if column < width // 2 else "cos"
    return column // 2, "cos" if column % 2 else "sin"


class EntryTable:
    """The table entry by entry, where it is small."""

    def __init__(self, count: int, width: int, halves: bool, limit: int) -> None:
        self._count, self._width = count, width
        self._halves, self._limit = halves, limit

    def __call__(self, solved: Solved) -> Iterator[Block]:
        if self._count * self._width > self._limit or not solved.is_known("PE"):
            return
        rows: list[tuple[Cell, ...]] = []
        for pos in range(self._count):
            for column in range(self._width):
                rows.append(self._row(solved, pos, column))
        header = ("entry", "formula", "angle", "value")
        yield Table(header, tuple(rows), Detail.BRIEF, "entries")

    def _row(self, solved: Solved, pos: int, column: int) -> tuple[Cell, ...]:
        pair, wave = pair_of(column, self._width, self._halves)
        entry = solved.workings.entry
        exponent = Apply("/", Number(str(2 * pair)), Number(str(self._width)))
        angle = Apply("/", Number(str(pos)), Apply("^", entry("base"), exponent))
        return (
            Item(Name("PE"), Number(str(pos)), Number(str(column))),
            Apply(wave, angle),
            entry("angle", (pos, pair)),
            entry("PE", (pos, column)),
        )


class ClaimedRows:
    """A row that somebody worked out: which entries are right, and which are those of degrees."""

    def __init__(self, position: int, row: GivenArray, width: int, halves: bool) -> None:
        self._position, self._row, self._width, self._halves = position, row, width, halves

    def write(self, sheet: Sheet) -> None:
        """The row as it would be in degrees, and the verdicts."""
        k = self._position
        waves = f"sin(theta_{k}), cos(theta_{k})"
        told = "as if the angle were meant in degrees"
        sheet.line(f"theta_{k}", f"angle[{k}] * pi / 180", told, None, Detail.FULL)
        laid = f"concat({waves})" if self._halves else f"reshape(stack({waves}).T, {self._width})"
        sheet.line(f"degrees_{k}", laid, told, None, Detail.FULL)
        sheet.block(self._table)

    def _table(self, solved: Solved) -> Iterator[Block]:
        rows: list[tuple[Cell, ...]] = []
        verdicts = []
        for column, claimed in enumerate(self._claims()):
            places = max(0, -int(claimed.as_tuple().exponent))
            truth = solved.decimal("PE", self._position, column)
            degrees = solved.decimal(f"degrees_{self._position}", column)
            verdict = _verdict(claimed, truth, degrees, places)
            verdicts.append(verdict)
            shown = [number(v, solved.digits) for v in (truth, degrees)]
            rows.append((str(column), number(claimed, Digits(max(places, 1))), *shown, verdict))
        header = ("column", "claimed", "value", "in degrees", "verdict")
        yield Table(header, tuple(rows), Detail.BRIEF, "claims")
        yield Text((_summary(verdicts),), Detail.BRIEF)

    def _claims(self) -> Iterator[Decimal]:
        """The claimed numbers with the digits they are written with."""
        if not isinstance(self._row.value, Expression):
            assert self._row.value is not None
            yield from (Decimal(repr(float(v))) for v in self._row.value)
            return
        for expression, _ in entries(self._row):
            sign, size = 1, expression
            if isinstance(size, Apply) and size.operation == "neg":
                sign, size = -1, size.arguments[0]
            if isinstance(size, Number):
                yield sign * Decimal(size.text)
            else:
                yield Decimal(float(exact_value(expression))).quantize(Decimal("1e-9"))


def _verdict(claimed: Decimal, truth: Decimal, degrees: Decimal, places: int) -> str:
    """How a claimed number agrees, to the decimals that it is written with."""
    unit = Decimal((0, (1,), -places))
    for value, words in ((truth, "right"), (degrees, "as in degrees")):
        if value.quantize(unit, ROUND_HALF_UP) == claimed:
            return words
        if value.quantize(unit, ROUND_DOWN) == claimed:
            return f"{words}, cut off"
    return "wrong"


def _summary(verdicts: list[str]) -> str:
    if all(verdict.startswith("right") for verdict in verdicts):
        return "Every entry is right to the digits written."
    by_degrees = sum(verdict.startswith("as in degrees") for verdict in verdicts)
    wrong = sum(not verdict.startswith("right") for verdict in verdicts)
    told = f"{wrong} of {len(verdicts)} entries are not right."
    if by_degrees:
        told += (
            f" {by_degrees} of them come out with angles in degrees: a calculator must be set to "
            "radians."
        )
    return told


class Resolution:
    """From which position on two rows of a table agree to the digits shown, by width."""

    def __init__(self, widths: tuple[int, ...], digits: Digits) -> None:
        self._widths = tuple(dict.fromkeys(widths))
        self._decimals = digits.significant or digits.decimals

    def write(self, sheet: Sheet) -> None:
        """The longest wave of every width, and the positions that fall together."""
        sheet.text(
            "The fastest wave repeats after 2π positions, the slowest after 2π base^(1 − 2/d). "
            "A narrow table has few slow waves, so that distant positions look alike."
        )
        for width in self._widths:
            sheet.line(f"wave_{width}", f"2 * pi * base^(1 - 2 / {width})", "the longest wave")
        sheet.block(self._table)
        sheet.confirm(self._checks)

    def _repeat(self, solved: Solved, width: int) -> tuple[int, int] | None:
        """The first position whose rounded row has come before, and the earlier one, by NumPy."""
        base = float(solved.value("base"))
        frequencies = base ** (-2 * np.arange(width // 2) / width)
        angles = np.outer(np.arange(_SEARCHED), frequencies)
        table = np.concatenate([np.sin(angles), np.cos(angles)], axis=1) * 10.0**self._decimals
        rounded = np.sign(table) * np.floor(np.abs(table) + 0.5) + 0.0
        _, first, which = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
        earlier = first[which.reshape(-1)]
        again = np.flatnonzero(earlier < np.arange(_SEARCHED))
        return (int(again[0]), int(earlier[again[0]])) if len(again) else None

    def _table(self, solved: Solved) -> Iterator[Block]:
        rows: list[tuple[Cell, ...]] = []
        for width in self._widths:
            found = self._repeat(solved, width)
            wave = solved.workings.entry(f"wave_{width}")
            later, earlier = ("none", "") if found is None else map(str, found)
            rows.append((str(width), wave, later, earlier))
        header = ("width d", "longest wave", "first position like an earlier one", "namely")
        yield Table(header, tuple(rows), Detail.BRIEF, "resolution")
        digits = "1 decimal" if self._decimals == 1 else f"{self._decimals} decimals"
        told = f"Rows are compared to {digits}, among the first {_SEARCHED} positions."
        yield Text((told,), Detail.BRIEF)

    def _checks(self, solved: Solved) -> Iterator[Check]:
        for width in self._widths:
            base = solved.decimal("base")
            agrees = first_repeat(base, width, self._decimals, _SEARCHED) == self._repeat(
                solved, width
            )
            of = f"the first repeated row of width {width}"
            yield Check(of, "mpmath", 0.0 if agrees else float("inf"), agrees)
