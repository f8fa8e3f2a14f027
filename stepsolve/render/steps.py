"""Rewrites as rows: each step numbered, its rule stated, its equation below, its parts after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stepsolve.derivation import Detail, Step
from stepsolve.notation.tree import Apply, Expression, Name, substitute
from stepsolve.render.flow import broken
from stepsolve.render.layout import (
    NOTE,
    PLAIN,
    RULE,
    Row,
    drawn,
    equation,
    formula_rows,
    one_line,
    row_width,
    side,
    wrapped,
)

_NUMBER = 4  # columns for the number of a step
_DEEPEST = 3  # levels beyond which parts are no longer indented
_LEAST = 24  # characters to the right of the first side of a chain


class StepWriter:
    """Writes steps one after the other, numbering on."""

    def __init__(self, width: int, detail: Detail) -> None:
        self._width, self._detail = width, detail

    def rows(self, steps: Iterable[Step]) -> Iterator[Row]:
        self._count = 0
        self._written: dict[int, int] = {}  # steps by identity: the same part may stand twice
        rewriting, lead = False, ""
        for step in steps:
            if _is_derivative(step):
                yield from self._step(step, 0)
                continue
            if not rewriting:
                rewriting = True
                yield []
                if self._count:
                    yield [("In the form of a textbook:", RULE)]
                elif isinstance(step.before, Name):
                    lead = one_line(step.before) + " "
                else:
                    yield from equation((step.before,), self._width, _NUMBER)
            yield from self._rewrite(step, lead)
            lead = " " * len(lead)

    def chain(self, steps: Sequence[Step]) -> Iterator[Row]:
        """`left = ... = right`, each equals sign with its reason."""
        yield []
        yield from equation((steps[0].before,), self._width, _NUMBER)
        for step in steps:
            if step.formula is not None and self._detail is Detail.FULL:
                stated = " = ".join(map(side, step.formula))
                step = step._replace(rule=f"{step.rule}: {stated}")
            yield from self._rewrite(step)

    def _step(self, step: Step, depth: int) -> Iterator[Row]:
        if step.trivial and self._detail < Detail.FULL and depth:
            if self._detail is Detail.NORMAL:
                yield from self._short(step, depth)
            return
        indent = _NUMBER + 2 * min(depth, _DEEPEST)
        if id(step) in self._written:
            yield from self._again(step, indent)
            return
        self._count += 1
        self._written[id(step)] = self._count
        yield []
        yield from self._heading(step, indent)
        sides = [step.before, step.after]
        yield from equation(sides, self._width, indent + 2)
        for part in step.steps:
            yield from self._step(part, depth + 1)
        if step.steps and step.result is not None and step.result != step.after:
            yield []
            yield from self._together(step, indent, step.result)

    def _heading(self, step: Step, indent: int) -> Iterator[Row]:
        number = f"{self._count}.".ljust(_NUMBER)
        title = f"{step.rule}, {step.because}" if step.because else step.rule
        where = "".join(f", {name} = {one_line(inner)}" for name, inner in step.where)
        heading: Row = [(number + " " * (indent - _NUMBER), NOTE), (title, RULE)]
        if where and row_width(heading) + len(where) <= self._width:
            heading.append((where, PLAIN))
            where = ""
        stated = ""
        if step.formula is not None and self._detail > Detail.BRIEF:
            stated = " = ".join(map(side, step.formula))
            if stated == f"{side(step.before)} = {side(step.after)}":
                stated = ""
        if stated and not where and row_width(heading) + len(stated) + 4 <= self._width:
            heading.append((f":  {stated}", NOTE))
            stated = ""
        if row_width(heading) > self._width:
            start, *others = wrapped(title, self._width, indent, RULE)
            yield [(number.ljust(indent), NOTE), start[1]]
            yield from others
        else:
            yield heading
        if where:
            yield from wrapped(where.removeprefix(", "), self._width, indent + 2)
        if stated and step.formula is not None:
            yield from formula_rows(step.formula, self._width, indent + 2, NOTE)

    def _together(self, step: Step, indent: int, result: Expression) -> Iterator[Row]:
        rows = equation((step.before, result), self._width - 3, indent + 2)
        first = _row_of_equals(rows)
        if first[0][0].lstrip().startswith("= "):  # the left side stands above
            first = rows[drawn(step.before).baseline]
        for row in rows:
            lead = "so " if row is first else "   "
            yield [(" " * (indent + 2), PLAIN), (lead, NOTE), (row[0][0][indent + 2 :], row[0][1])]

    def _short(self, step: Step, depth: int) -> Iterator[Row]:
        """A step that needs no explanation, on one row, below the equation that it belongs to."""
        indent = _NUMBER + 2 * min(depth, _DEEPEST + 1)
        result = step.result if step.result is not None else step.after
        rows = formula_rows((step.before, result), self._width, indent)
        if row_width(rows[-1]) + len(step.rule) + 3 <= self._width:
            rows[-1].append((f"   {step.rule}", NOTE))
        yield from rows

    def _again(self, step: Step, indent: int) -> Iterator[Row]:
        """A step that has been written before, by its number."""
        before = substitute(step.before, dict(step.where))
        result = step.result if step.result is not None else step.after
        yield []
        rows = equation((before, result), self._width, indent)
        row, note = _row_of_equals(rows), f"as in step {self._written[id(step)]}"
        if row_width(row) + len(note) + 3 <= self._width:
            row.append((f"   {note}", NOTE))
        else:
            yield [(" " * indent + note, NOTE)]
        yield from rows

    def _rewrite(self, step: Step, left: str = "") -> Iterator[Row]:
        """`= after`, with the rule beside it; `left` stands before the equals sign."""
        indent = _NUMBER + len(left) + 2
        rows = equation((step.after,), self._width - 2, indent)
        box = drawn(step.after)
        in_one_piece = len(rows) == box.height and box.width <= self._width - 2 - indent
        middle = box.baseline if in_one_piece else 0
        reason = step.rule
        if self._detail is Detail.FULL and step.because not in reason:
            reason = f"{reason}: {step.because}"
        fits = row_width(rows[middle]) + len(reason) + 3 <= self._width
        if not fits:
            yield from wrapped(reason, self._width, _NUMBER, NOTE)
        for k, row in enumerate(rows):
            lead = f"{left}= " if k == middle else " " * (len(left) + 2)
            written: Row = [(" " * _NUMBER + lead + row[0][0][indent:], PLAIN)]
            if k == middle and fits:
                written.append((f"   {reason}", NOTE))
            yield written


def _row_of_equals(rows: list[Row]) -> Row:
    """The row that the words beside an equation belong to: its first, or that of its equals sign."""
    if rows[0][0][0].lstrip().startswith(("d/d", "∂/∂")):
        return rows[0]
    return next((row for row in rows if " = " in row[0][0]), rows[0])


def _is_derivative(step: Step) -> bool:
    return isinstance(step.before, Apply) and step.before.operation in ("diff", "partial", "limit")


def chained(steps: Sequence[Step], width: int, indent: int) -> Iterator[Row]:
    """`left = side`, then `= side` under each other; reasons beside them, long ones below."""
    left = side(steps[0].before)
    lead = " " * indent + left
    hang = len(lead) if len(lead) <= width // 3 else indent + 4
    written: list[list[Row]] = []
    tight = len(lead) + _LEAST > width  # the first side stands above the others
    if tight:
        for k, part in enumerate(broken(left, width - indent, width - indent - 2)):
            yield [(" " * (indent + 2 * (k > 0)) + part, PLAIN)]
    for k, step in enumerate(steps):
        start = lead if k == 0 and not tight else " " * hang
        parts = broken(side(step.after), width - len(start) - 3, width - hang - 5)
        first: Row = [(f"{start} = {parts[0]}", PLAIN)]
        written.append([first, *([(" " * (hang + 5) + part, PLAIN)] for part in parts[1:])])
    reasons = [_reason(step) for step in steps]
    widths = [row_width(rows[-1]) for rows in written]
    column = _column(widths, list(map(len, reasons)), width)
    for rows, reason, used in zip(written, reasons, widths, strict=True):
        place = max(column, used) + 3
        if reason and place + len(reason) <= width:
            rows[-1].append((" " * (place - used) + reason, NOTE))
        elif reason:
            rows += wrapped(reason, width, hang + 5, NOTE)
        yield from rows


def _column(widths: list[int], reasons: list[int], width: int) -> int:
    """The end of the widest row such that it and all narrower ones have room for their reasons."""
    pairs = list(zip(widths, reasons, strict=True))
    for column in sorted(widths, reverse=True):
        if all(column + 3 + reason <= width for used, reason in pairs if used <= column):
            return column
    return 0


def _reason(step: Step) -> str:
    stated = " = ".join(map(side, step.formula)) if step.formula else step.rule
    return f"{stated}: {step.because}" if step.because else stated
