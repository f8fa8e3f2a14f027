"""A derivation as rows of text in a fixed width: the page of the terminal and of `--format text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import isfinite
from typing import NamedTuple, assert_never

from stepsolve.derivation import (
    Block,
    Cell,
    Chain,
    Check,
    Derivation,
    Detail,
    Equation,
    Lines,
    Result,
    Section,
    Steps,
    Table,
    Text,
    Values,
    Worked,
)
from stepsolve.notation.bricks import Box, beside, line
from stepsolve.notation.hats import combined
from stepsolve.notation.numbers import is_exact, number
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.render.flow import flowed
from stepsolve.render.layout import (
    BAD,
    GOOD,
    HEADING,
    NOTE,
    PLAIN,
    RESULT,
    TITLE,
    Row,
    drawn,
    drawn_equation,
    equation,
    has_array,
    is_matrix,
    one_line,
    phrase,
    row_width,
    sentence,
    side,
    text_of,
    wrapped,
)
from stepsolve.render.partials import with_partials
from stepsolve.render.steps import StepWriter, chained

INDENT = 2
_APART = 5  # blanks between arrays side by side
MIN_WIDTH, MAX_WIDTH = 40, 120


class Style(NamedTuple):
    """How a page is written: its width in characters and how much it shows."""

    width: int = 80
    detail: Detail = Detail.NORMAL


def page(derivation: Derivation, style: Style) -> Iterator[Row]:
    """The rows of the whole page."""
    return _Page(derivation, style).tidy_rows


class _Page:
    def __init__(self, derivation: Derivation, style: Style) -> None:
        self._derivation = derivation
        self._width = min(max(style.width, MIN_WIDTH), MAX_WIDTH) - 1
        self._detail = style.detail
        self._steps = StepWriter(self._width, style.detail)

    def rows(self) -> Iterator[Row]:
        yield from self._headed(self._derivation.title, "═", TITLE)
        shown = [b for b in with_partials(self._derivation) if b.detail <= self._detail]
        for kind, blocks in groupby(shown, key=type):
            if kind is Result:
                yield []
                yield from self._results([b for b in blocks if isinstance(b, Result)])
            else:
                for block in blocks:
                    yield from self._block(block)
        yield []
        yield from self._checks()

    @property
    def tidy_rows(self) -> Iterator[Row]:
        """The rows without two blank ones together."""
        blank = False
        for row in self.rows():
            if row or not blank:
                yield [(combined(text), role) for text, role in row]
            blank = not row

    def _headed(self, text: str, line_: str, role: str) -> Iterator[Row]:
        rows = wrapped(" ".join(text.split()), self._width, role=role)
        yield from rows
        yield [(line_ * max(row_width(row) for row in rows), role)]

    def _block(self, block: Block) -> Iterator[Row]:
        match block:
            case Section():
                yield []
                yield from self._headed(sentence(block.parts), "─", HEADING)
            case Text():
                yield []
                yield from wrapped(sentence(block.parts), self._width)
            case Equation():
                yield []
                yield from equation(block.sides, self._width, INDENT, rounded=block.rounded)
            case Values():
                yield []
                yield from self._values(block)
            case Lines():
                yield from self._lines(block)
            case Steps():
                yield from (self._steps.chain if block.chain else self._steps.rows)(block.steps)
            case Chain():
                yield []
                yield from chained(block.steps, self._width, INDENT)
            case Table():
                yield []
                yield from self._table(block)
                yield []
            case Result():
                yield from self._results([block])
            case _:
                assert_never(block)

    def _values(self, block: Values) -> Iterator[Row]:
        """Arrays as boxes, as many in a row as there is room for."""
        room = self._width - INDENT
        rows: list[list[Box]] = []
        for name, value, rounded in block.values:
            sign = " ≈ " if rounded else " = "
            box = beside(line(f"{one_line(name)}{sign}"), drawn(value))
            if box.width > room:  # a long vector is broken
                texts = list(map(text_of, equation((name, value), room, 0, rounded=rounded)))
                box = Box(tuple(text.ljust(max(map(len, texts))) for text in texts), 0)
            if rows and sum(b.width + _APART for b in rows[-1]) + box.width <= room:
                rows[-1].append(box)
            else:
                rows.append([box])
        for count, boxes in enumerate(rows):
            if count and max(box.height for box in (*boxes, *rows[count - 1])) > 1:
                yield []
            gap = line(" " * _APART)
            joined = beside(*(part for box in boxes for part in (box, gap)))
            for text in joined.rows:
                yield [((" " * INDENT + text).rstrip(), PLAIN)]

    def _lines(self, block: Lines) -> Iterator[Row]:
        lines = [w for w in block.lines if w.detail <= self._detail]
        if block.heading and self._detail > Detail.BRIEF:
            yield []
            heading = wrapped(sentence(block.heading), self._width)
            if block.note and row_width(heading[-1]) + len(block.note) + 3 <= self._width:
                heading[-1].append((f"   {block.note}", NOTE))
            elif block.note:
                heading += wrapped(block.note, self._width, INDENT + 4, NOTE)
            yield from heading
        for arrays, group in groupby(lines, key=lambda worked: worked.array is not None):
            if arrays:
                for worked in group:
                    yield from self._array(worked)
            else:
                yield from self._numbers(list(group), block)

    def _array(self, worked: Worked) -> Iterator[Row]:
        """A line of several entries: its formula, the numbers put in, its value, and its size."""
        assert worked.array is not None
        sides = [worked.paper or worked.expression, *worked.working]
        if self._detail is Detail.BRIEF:
            sides = []
        sides = [side_ for side_ in sides if side_ != worked.array]
        name, width = Name(worked.name), self._width
        rows = drawn_equation((name, *sides, worked.array), width, INDENT, worked.rounded)
        if rows is None:  # numbers over several rows help nobody; the entries are in full
            shown = (name, *sides[:1], worked.array)
            rows = equation(shown, width, INDENT, rounded=worked.rounded)
        if self._detail is not Detail.BRIEF:
            size = " × ".join(map(str, worked.shape))
            if len(worked.shape) == 1:
                size += " entry" if size == "1" else " entries"
            reason = worked.because if self._detail is Detail.FULL else ""
            note = "; ".join(part for part in (size, worked.note, reason) if part)
            row = [row for row in rows if "=" in text_of(row) or "≈" in text_of(row)][-1]
            if "[[" in text_of(row):  # the value runs on
                row = rows[-1]
            if row_width(row) + 3 + len(note) <= self._width:
                row.append((f"   {note}", NOTE))
            else:
                rows += wrapped(note, self._width, INDENT + 4, NOTE)
        yield from rows
        if self._detail is Detail.FULL:
            for entry in worked.entries:
                yield from equation(entry.sides, self._width, INDENT + 4, rounded=entry.rounded)
        if len(rows) > 1:
            yield []

    def _numbers(self, lines: list[Worked], block: Lines) -> Iterator[Row]:
        cells = [self._cells(worked) for worked in lines]
        widths = [max((len(row[k]) for row in cells), default=0) for k in range(4)]
        total = INDENT + sum(widths) + 3 * sum(w > 0 for w in widths[1:])
        written = [
            self._aligned(row, widths) if total <= self._width else self._flowing(row, widths[0])
            for row in cells
        ]
        margin = max((row_width(rows[-1]) for rows in written), default=0) + 3
        for worked, rows in zip(lines, written, strict=True):
            note = self._note(worked, block)
            if note and margin + len(note) <= self._width:
                rows[-1].append((" " * (margin - row_width(rows[-1])) + note, NOTE))
            elif note:
                rows += wrapped(note, self._width, INDENT + 4, NOTE)
            yield from rows

    def _cells(self, worked: Worked) -> tuple[str, str, str, str, str]:
        """Name, formula, working, value with its sign in front, and the sign."""
        formula = side(worked.paper or worked.expression)
        working = " = ".join(map(side, worked.working))
        value, sign = "", "="
        if worked.decimal is not None:
            digits = self._derivation.digits
            value = one_line(number(worked.decimal, digits))
            sign = "=" if is_exact(worked.decimal, digits) else "≈"
        too_long = len(working) > self._width - INDENT and any(map(has_array, worked.working))
        if (self._detail is Detail.BRIEF or too_long) and value:
            working = ""
        if value in (formula, working) and sign == "=":
            working, value = (
                ("" if value == working else working),
                ("" if value == formula else value),
            )
        return one_line(Name(worked.name)), formula, working, value, sign

    def _aligned(self, row: tuple[str, str, str, str, str], widths: list[int]) -> list[Row]:
        name, formula, working, value, sign = row
        parts = [" " * INDENT + name.rjust(widths[0]) + " = " + formula.ljust(widths[1])]
        if widths[2]:
            parts.append((f" = {working}" if working else "").ljust(widths[2] + 3))
        if value:
            parts.append(f" {sign} {value}")
        return [[("".join(parts).rstrip(), PLAIN)]]

    def _flowing(self, row: tuple[str, str, str, str, str], lead: int) -> list[Row]:
        name, formula, working, value, sign = row
        lead = min(lead, self._width // 3)
        pieces = [("", name.rjust(lead)), ("=", formula)]
        pieces += [("=", part) for part in working.split(" = ") if part]
        pieces += [(sign, value)] if value else []
        rows = flowed(pieces, self._width - INDENT, lead)
        return [[(" " * INDENT + text, PLAIN)] for text in rows]

    def _note(self, worked: Worked, block: Lines) -> str:
        own = "" if worked.note == block.note and block.heading else worked.note
        is_told = self._detail is Detail.FULL or (own and not worked.shape)
        reason = worked.because if is_told else ""
        return ": ".join(part for part in (own, reason) if part)

    def _results(self, results: list[Result]) -> Iterator[Row]:
        """Answers in a frame, or without one where they are too wide for it."""
        room = self._width - 4
        lefts = [one_line(result.sides[0]) for result in results]
        lead = max(map(len, lefts))
        flat = any(is_matrix(result.sides[-1]) for result in results)
        rows: list[str] = []
        for left, result in zip(lefts, results, strict=True):
            sign = " ≈ " if result.rounded else " = "
            box = beside(line(left.rjust(lead) + sign), drawn(result.sides[-1], flat))
            if box.width > room:
                for plain in results:
                    yield from equation(
                        plain.sides, self._width, INDENT, rounded=plain.rounded, role=RESULT
                    )
                return
            if rows and box.height > 1:
                rows.append("")
            rows += [row.rstrip() for row in box.rows]
        inner = max(map(len, rows))
        yield [("┌" + "─" * (inner + 2) + "┐", RESULT)]
        for row in rows:
            yield [("│ " + row.ljust(inner) + " │", RESULT)]
        yield [("└" + "─" * (inner + 2) + "┘", RESULT)]

    def _table(self, table: Table) -> Iterator[Row]:
        rows = [[_cell(c) for c in row] for row in (table.header, *table.rows)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(table.header))]
        if INDENT + sum(widths) + 3 * (len(widths) - 1) > self._width:
            narrow = self._parts_of(table, widths)
            if not narrow:
                yield from self._stacked(rows)
            for part in narrow:
                yield from self._table(part)
                yield []
            return
        right = [all(_is_number(row[k]) for row in table.rows) for k in range(len(widths))]
        for number_, row in enumerate(rows):
            cells = [
                cell.rjust(w) if r else cell.ljust(w)
                for cell, w, r in zip(row, widths, right, strict=True)
            ]
            text = " " * INDENT + "   ".join(cells)
            yield [(text.rstrip(), HEADING if number_ == 0 else PLAIN)]

    def _parts_of(self, table: Table, widths: list[int]) -> list[Table]:
        """A table too wide for the page in parts, its first column in each; none if that is no help."""
        if table.together < 2:
            return []
        parts: list[list[int]] = []
        for start in range(1, len(widths), table.together):
            group = list(range(start, min(start + table.together, len(widths))))
            longer = [*(parts[-1] if parts else [0]), *group]
            if INDENT + sum(widths[k] + 3 for k in longer) - 3 <= self._width and parts:
                parts[-1] = longer
            else:
                parts.append([0, *group])
        if len(parts) < 2:
            return []
        return [
            table._replace(
                header=tuple(table.header[k] for k in part),
                rows=tuple(tuple(row[k] for k in part) for row in table.rows),
            )
            for part in parts
        ]

    def _stacked(self, rows: list[list[str]]) -> Iterator[Row]:
        """A table too wide for the page: each row as a short list of its cells."""
        header, *body = rows
        for row in body:
            for title, cell in zip(header, row, strict=True):
                yield from wrapped(f"{title}: {cell}", self._width, INDENT)
            yield []

    def _checks(self) -> Iterator[Row]:
        checks = self._derivation.checks
        failed = [check for check in checks if not check.passed]
        if failed:
            text = f"✗ {len(failed)} of {len(checks)} checks failed"
            yield [(text, BAD)]
            yield from self._listed(failed)
            return
        if not checks:
            yield [("Nothing was checked: there are no values.", NOTE)]
            return
        methods = _methods(checks)
        count = "1 check" if len(checks) == 1 else f"{len(checks)} checks"
        mark = wrapped(f"✓ {count} passed: {methods}", self._width, role=GOOD)
        yield from mark
        if self._detail is Detail.FULL:
            yield from self._listed(checks)
        else:
            yield from self._listed(check for check in checks if check.note)

    def _listed(self, checks: Iterable[Check]) -> Iterator[Row]:
        for check in checks:
            mark, role = ("✓", GOOD) if check.passed else ("✗", BAD)
            note = f"; {check.note}" if check.note else ""
            error = f"error {check.error:.1e}, " if isfinite(check.error) else ""
            text = f"{mark} {check.of}: {error}{check.method}{note}"
            yield from wrapped(text, self._width, INDENT, role)


def _methods(checks: Iterable[Check]) -> str:
    """What was done, each way once with how often."""
    counts: dict[str, int] = {}
    for check in checks:
        counts[check.method] = counts.get(check.method, 0) + 1
    return ", ".join(f"{count} by {method}" for method, count in counts.items())


def _is_number(cell: Cell) -> bool:
    match cell:
        case "" | Number() | Apply(operation="neg", arguments=(Number(),)):
            return True
    return False


def _cell(cell: Cell) -> str:
    return phrase(cell if isinstance(cell, tuple) else (cell,))
