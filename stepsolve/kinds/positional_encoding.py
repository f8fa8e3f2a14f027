"""The sinusoidal positional encoding: its table entry by entry, added to embeddings.

PE[pos, 2i] = sin(pos / base^(2i/d)) and PE[pos, 2i + 1] = cos(pos / base^(2i/d)), angles in radians;
or with all sines before all cosines. Shows the frequencies, the angles, the table, and on request the
dot products of positions, which hang on their distance alone, how many positions tables of other
widths tell apart at the digits shown, and whether rows that somebody worked out are right. The table
has a row for every position, counted from 0, and d columns; all without units but the angles, in
radians. Learned and rotary encodings are named as alternatives.

Source: Vaswani et al., Attention Is All You Need (2017), 3.5; Su et al., RoFormer (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from stepsolve.derivation import Detail
from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    Reader,
    boolean,
    choice,
    entry,
    integer,
    list_of,
    mapping_of,
    text,
)
from stepsolve.source.placed import Placed, placed
from stepsolve.source.quantities import Given, value
from stepsolve.source.report import Report
from stepsolve.worksheet.encoding import ClaimedRows, EntryTable, Resolution
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.probabilities import exact_value, exact_values
from stepsolve.worksheet.sheet import Sheet

MOST_POSITIONS: Final = 4096
MOST_ENTRIES: Final = 4_000_000
_TABLED: Final = 40  # entries that are told one by one
_TOLD: Final = 20  # tokens that are named


def _read_position(node: Node, report: Report) -> str | None:
    found = integer(0, MOST_POSITIONS).read(node, report)
    return None if found is None else str(found)


_position: Reader[str] = Reader(
    _read_position, {"type": "string", "pattern": "^[0-9]{1,4}$"}, "a position from 0"
)


@dataclass(frozen=True)
class PositionalEncoding(SheetProblem):
    """Sines and cosines that tell a network where a token stands."""

    STARTER: ClassVar = ("tokens", "base")

    tokens: tuple[str, ...] = entry(
        list_of(text, minimum=1),
        "The tokens, one for every position.",
        default=(),
        examples=(["I", "am", "a", "robot"],),
    )
    positions: int | None = entry(
        integer(1, MOST_POSITIONS),
        "Instead of tokens: how many positions there are.",
        default=None,
        examples=(4,),
    )
    width: Placed[int] = entry(
        placed(integer(2, 100_000)), "The width d of the table, an even number.", examples=(4,)
    )
    base: Given | None = entry(
        value,
        "The base of the frequencies, above 1; 10000 if left out.",
        default=None,
        examples=(10000,),
    )
    layout: str = entry(
        choice("interleaved", "halves"),
        "Whether sines and cosines take turns, or all sines stand before all cosines.",
        default="interleaved",
        examples=("interleaved",),
    )
    embeddings: GivenArray | None = entry(
        array,
        "The embeddings that the table is added to: a row for every position, d columns.",
        default=None,
        examples=({"shape": [4, 4], "seed": 1},),
    )
    dot_products: bool = entry(
        boolean, "The dot products of all positions.", default=False, examples=(True,)
    )
    widths: tuple[Placed[int], ...] = entry(
        list_of(placed(integer(2, 64))),
        "Widths for which it is told from which position on two rows agree to the digits shown.",
        default=(),
        examples=([2, 4],),
    )
    claimed: dict[str, GivenArray] = entry(
        mapping_of(_position, array),
        "Rows that somebody worked out, by position; the page says which entries are right.",
        default={},
        examples=({"1": [0.84, 0.54, 0.01, 1.0]},),
    )

    @property
    def count(self) -> int:
        """How many positions there are."""
        return self.positions or len(self.tokens)

    @property
    def d(self) -> int:
        """The width of the table."""
        return self.width.value

    def check_keys(self, report: Report) -> None:
        if bool(self.tokens) == (self.positions is not None):
            told = "an encoding needs tokens or positions, one of them"
            place = self.node_of("tokens", "positions")
            report.add(place.diagnose(told, "write positions: 4"))
            return
        if self.count > MOST_POSITIONS or self.count * self.d > MOST_ENTRIES:
            told = f"a table of {self.count} × {self.d} is too large"
            report.add(self.width.node.diagnose(told, f"it has at most {MOST_ENTRIES} entries"))
        if self.dot_products and self.count**2 > MOST_ENTRIES:
            told = f"the dot products of {self.count} positions are too many: {self.count**2}"
            place = self.node_of("dot-products")
            report.add(place.diagnose(told, f"there are at most {MOST_ENTRIES} of them"))
        for width, node in (self.width, *self.widths):
            if width % 2:
                told = f"a width of {width} is odd: every sine has a cosine beside it"
                report.add(node.diagnose(told, "write an even width"))
        self._check_base(report)
        if self.embeddings is not None:
            given = self.embeddings._replace(name="the table of embeddings")
            because = "a row for every position, a column for every entry of the encoding"
            check_sizes(given, (self.count, self.d), because, report)
        for position, row in self.claimed.items():
            if int(position) >= self.count:
                told = (
                    f"there is no position {position}: they are counted from 0 to {self.count - 1}"
                )
                report.add(row.node.diagnose(told))
            elif check_sizes(
                row._replace(name=f"row {position}"), (self.d,), "a row has d entries", report
            ):
                exact_values(row, report)

    def _check_base(self, report: Report) -> None:
        if self.base is None:
            return
        if self.base.expression is None:
            report.add(self.base.node.diagnose("the base is a number, not symbol"))
            return
        try:
            if exact_value(self.base.expression) <= 1:
                told = "the base is a number above 1: with it the waves grow longer and longer"
                report.add(self.base.node.diagnose(told))
        except LineError as error:
            report.add(self.base.node.diagnose(error.reason))

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        d, n = self.d, self.count
        self._give(sheet)
        if self.tokens:
            places = [f"{token} at {k}" for k, token in enumerate(self.tokens[:_TOLD])]
            more = ", ..." if len(self.tokens) > _TOLD else "."
            sheet.text(f"The tokens by position: {', '.join(places)}{more}")
        sheet.section("Frequencies")
        sheet.text(
            "Columns come in pairs, numbered by i: a sine and a cosine of one frequency, from 1 down "
            "to almost 1/base. Angles are in radians, never degrees."
        )
        sheet.line("omega", f"base^(-2 * i / {d})", "a frequency for every pair of columns")
        sheet.section("Angles")
        sheet.line("angle", "outer(pos, omega)", "position times frequency, in radians")
        sheet.section("The table")
        sines, cosines = "sin(angle)", "cos(angle)"
        if self.layout == "interleaved":
            sheet.text("Even columns are sines, odd columns cosines.")
            pairs = (f"reshape({wave}, {n}, {d // 2}, 1)" for wave in (sines, cosines))
            both = f"reshape(concat({', '.join(pairs)}, axis=2), {n}, {d})"
        else:
            sheet.text("The first half of the columns are sines, the second half cosines.")
            both = f"concat({sines}, {cosines}, axis=1)"
        sheet.line("PE", both, "", None, Detail.FULL if n * d <= _TABLED else Detail.BRIEF)
        sheet.block(EntryTable(n, d, self.layout == "halves", _TABLED))
        sheet.result("PE")
        if self.embeddings is not None:
            sheet.section("Added to the embeddings")
            sheet.line("X'", "X + PE", "each token now also says where it stands")
            sheet.result("X'")
        if self.dot_products:
            self._dot_products(sheet)
        for position, row in self.claimed.items():
            sheet.section(f"The claimed row {position}")
            ClaimedRows(int(position), row, d, self.layout == "halves").write(sheet)
        if self.widths:
            sheet.section("Which positions a table tells apart")
            Resolution(tuple(width for width, _ in self.widths), self.shown).write(sheet)
        sheet.text(
            "Alternatives: a table that is learned like any weight; rotary encoding, which turns each "
            "pair of entries of queries and keys by these angles instead of adding anything.",
            detail=Detail.FULL,
        )

    def _give(self, sheet: Sheet) -> None:
        base = self.base.expression if self.base is not None else None
        sheet.give("base", base or Number("10000"), ())
        sheet.give("pos", np.arange(self.count, dtype=float), (self.count,))
        sheet.give("i", np.arange(self.d // 2, dtype=float), (self.d // 2,))
        if self.embeddings is not None:
            sheet.give("X", self.embeddings.value, self.embeddings.dims, self.embeddings.node)

    def _dot_products(self, sheet: Sheet) -> None:
        sheet.section("Dot products of positions")
        sheet.line("G", "PE @ PE.T", "row m, column n: position m with position n")
        sheet.text(
            "Since cos a cos b + sin a sin b = cos(a − b), the product hangs on the distance of the "
            "two positions alone: it is the sum of cos(ω (m − n)) over the frequencies."
        )
        n = self.count
        if n <= 64:
            difference = f"reshape(pos, {n}, 1, 1) - reshape(pos, {n}, 1)"
            sheet.equal("G", f"sum(cos(({difference}) * omega), axis=2)", None)
        sheet.line("g", "G[0]", "by distance, from position 0")
        sheet.result("g")
