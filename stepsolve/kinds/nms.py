"""Non-maximum suppression: of boxes that overlap much, the one with the highest score stays.

The boxes are taken from the highest score down. One stays unless a box that stays already, of the same
class, overlaps it by more than the threshold; every suppression is shown with its overlap, the
intersection over union. B has a row of four numbers for every box, in pixels or another unit of
length; scores and overlaps have no unit. Boxes are counted from 0; of equal scores the first one wins.

Source: Girshick et al., Rich feature hierarchies for accurate object detection (2014), 2.2; Neubeck,
Van Gool, Efficient non-maximum suppression (2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from stepsolve.derivation import Block, Cell, Detail, Table, Text
from stepsolve.notation.tree import Apply
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.fields import entry, list_of, text
from stepsolve.source.quantities import Given, value
from stepsolve.source.report import Report
from stepsolve.worksheet.boxes import EDGES, FORMS, box_form, check_boxes, spans
from stepsolve.worksheet.probabilities import exact_value, exact_values
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

MOST: Final = 300  # boxes: every one is compared with every other
_TABLED: Final = 30  # boxes that are told one by one


@dataclass(frozen=True)
class NMS(SheetProblem):
    """Non-maximum suppression of boxes that overlap."""

    STARTER: ClassVar = ("threshold", "form")

    boxes: GivenArray = entry(
        array,
        "A row of four numbers for every box.",
        examples=([[0, 0, 4, 4], [1, 0, 5, 4], [6, 6, 9, 9]],),
    )
    scores: GivenArray = entry(array, "The score of every box.", examples=([0.9, 0.8, 0.7],))
    threshold: Given | None = entry(
        value, "The overlap that is just allowed; 1/2 if left out.", default=None, examples=(0.5,)
    )
    least_score: Given | None = entry(
        value, "Boxes with a lower score are left out first.", default=None, examples=(0.1,)
    )
    classes: tuple[str, ...] = entry(
        list_of(text),
        "The class of every box; boxes of different classes leave each other alone.",
        default=(),
        examples=(["cat", "cat", "dog"],),
    )
    form: str = box_form()

    @property
    def heading(self) -> str:
        return "Non-maximum suppression"

    def check_keys(self, report: Report) -> None:
        if len(self.boxes.dims) != 2 and self.boxes.value is not None:
            told = f"a row of four numbers belongs here for every box, {FORMS[self.form].words}"
            report.add(self.boxes.node.diagnose(told))
            return
        for given in (self.boxes, self.scores):
            if given.value is None:
                told = "which box is suppressed hangs on numbers, so numbers belong here"
                report.add(given.node.diagnose(told))
                return
        count = self.boxes.dims[0]
        if count > MOST:
            report.add(self.boxes.node.diagnose(f"there are at most {MOST} boxes"))
            return
        check_boxes(self.boxes, self.form, report)
        if self.scores.dims != (count,):
            told = f"the list of scores {self.scores.words}, but there are {count} boxes"
            report.add(self.scores.node.diagnose(told))
        else:
            exact_values(self.scores, report)
        if self.classes and len(self.classes) != count:
            told = f"there are {count} boxes, but {len(self.classes)} classes"
            report.add(self.node_of("classes").diagnose(told, "a class for every box"))
        for limit, what in ((self.threshold, "threshold"), (self.least_score, "least score")):
            if limit is not None and limit.expression is None:
                report.add(limit.node.diagnose(f"the {what} is a number"))
        if not report.failed:
            self._check_limits(report)

    def _check_limits(self, report: Report) -> None:
        if not 0 <= self._limit <= 1:
            assert self.threshold is not None
            report.add(self.threshold.node.diagnose("an overlap is a number from 0 to 1"))
        if not self.order:
            assert self.least_score is not None
            report.add(self.least_score.node.diagnose("no box has such a score"))
        for k, box in enumerate(self._boxes):
            if 0 in spans(box, self.form):
                rows = self.boxes.node.value
                place = rows[k] if isinstance(rows, list) else self.boxes.node
                report.add(place.diagnose(f"box {k}, counted from 0, has no area"))

    # ---------------------------------------------------------------------------- what is decided

    @cached_property
    def _limit(self) -> Fraction:
        given = self.threshold
        return exact_value(given.expression) if given and given.expression else Fraction(1, 2)

    @cached_property
    def _boxes(self) -> list[tuple[Fraction, ...]]:
        numbers = exact_values(self.boxes, Report()) or ()
        return [numbers[k : k + 4] for k in range(0, len(numbers), 4)]

    @cached_property
    def _scores(self) -> tuple[Fraction, ...]:
        return exact_values(self.scores, Report()) or ()

    @cached_property
    def order(self) -> list[int]:
        """The boxes from the highest score down, without those below the least score."""
        given = self.least_score
        least = exact_value(given.expression) if given and given.expression else None
        found = [k for k, s in enumerate(self._scores) if least is None or s >= least]
        return sorted(found, key=lambda k: (-self._scores[k], k))

    @cached_property
    def rounds(self) -> dict[int, list[int]]:
        """Every box that stays, with those that it suppresses, by fractions: no rounding decides."""
        edges = [_edges(box, self.form) for box in self._boxes]
        left, found = list(self.order), {}
        while left:
            best, *others = left
            gone = [
                k for k in others if self._same(best, k) and self._exceeds(edges[best], edges[k])
            ]
            found[best] = gone
            lost = set(gone)
            left = [k for k in others if k not in lost]
        return found

    def _same(self, one: int, other: int) -> bool:
        return not self.classes or self.classes[one] == self.classes[other]

    def _exceeds(self, one: tuple[Fraction, ...], other: tuple[Fraction, ...]) -> bool:
        width = min(one[2], other[2]) - max(one[0], other[0])
        height = min(one[3], other[3]) - max(one[1], other[1])
        if width <= 0 or height <= 0:
            return False
        both = width * height
        return both > self._limit * (_area(one) + _area(other) - both)

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        count = self.boxes.dims[0]
        form = FORMS[self.form]
        sheet.give("B", self.boxes.value, self.boxes.dims, self.boxes.node)
        sheet.give("s", self.scores.value, self.scores.dims, self.scores.node)
        sheet.text(f"Every row of B is a box: {form.words}.")
        sheet.section("Overlaps")
        for k, name in enumerate(form.names):
            sheet.line(name, f"B[:, {k}]", detail=Detail.FULL)
        for edge, written in zip(EDGES, form.edges, strict=False):
            sheet.line(edge, written.replace("#", ""), detail=Detail.FULL)
        sheet.line("area", "(x2 - x1) * (y2 - y1)", "width times height")
        for name, axis in (("W", "x"), ("H", "y")):
            last, first = (f"reshape({axis}{k}, {count}, 1), {axis}{k}" for k in (2, 1))
            within = f"max(0, min({last}) - max({first}))"
            sheet.line(name, within, "of what every two boxes share", None, Detail.FULL)
        sheet.line("I", "W * H", "the intersection of every two boxes", None, Detail.FULL)
        both = f"reshape(area, {count}, 1) + area - I"
        sheet.line("union", both, "what is in both is counted once", None, Detail.FULL)
        sheet.text("Row i, column j: the intersection of the boxes i and j over their union.")
        sheet.line("IoU", "I / union", "1 for a box with itself")
        self._write_rounds(sheet)

    def _write_rounds(self, sheet: Sheet) -> None:
        count = self.boxes.dims[0]
        limit = f"{float(self._limit):.6g}"
        within = " of the same class" if self.classes else ""
        sheet.section("Suppression")
        sheet.text(
            f"From the highest score down: a box stays, and every later one{within} that overlaps it "
            f"by more than {limit} is suppressed."
        )
        if len(self.order) < count:
            sheet.text(f"{count - len(self.order)} of {count} boxes have too low a score.")
        sheet.block(self._table)
        self._confirm(sheet)
        sheet.result("keep")

    def _confirm(self, sheet: Sheet) -> None:
        """The outcome as a vector, confirmed by what it must fulfil: of one result alone it is true."""
        count = self.boxes.dims[0]
        everything = sorted(range(count), key=lambda k: (-self._scores[k], k))
        rank, able = [0] * count, [0] * count
        for place, box in enumerate(everything):
            rank[box] = place
        for box in self.order:
            able[box] = 1
        sheet.line("rank", _row(rank), "the place by score", None, Detail.FULL)
        own, column = _row(range(count)), f"reshape({_row(range(count))}, {count}, 1)"
        larger, equal = (f"(s {sign} reshape(s, {count}, 1))" for sign in (">", "=="))
        sheet.equal("rank", f"sum({larger} + {equal} * ({own} < {column}), axis=1)", None)
        sheet.line("keep", _row([int(k in self.rounds) for k in range(count)]), "1: it stays")
        over = f"(IoU > {self._limit}) * (rank < reshape(rank, {count}, 1)) * keep"
        if self.classes:
            known = list(dict.fromkeys(self.classes))
            numbers = _row([known.index(name) for name in self.classes])
            over += f" * ({numbers} == reshape({numbers}, {count}, 1))"
        sheet.equal("keep", f"{_row(able)} * (1 - max({over}, axis=1))", None)

    def _table(self, solved: Solved) -> Iterator[Block]:
        """Every box from the highest score down, and what becomes of it."""
        by = {lost: best for best, gone in self.rounds.items() for lost in gone}
        rows: list[tuple[Cell, ...]] = []
        for k in self.order[:_TABLED]:
            cells: tuple[Cell, ...] = (str(k), solved.workings.entry("s", (k,)))
            if self.classes:
                cells = (*cells, self.classes[k])
            if k in by:
                at = (by[k], k)
                areas = Apply("/", *(solved.workings.entry(name, at) for name in ("I", "union")))
                overlap = solved.workings.entry("IoU", at)
                cells = (*cells, f"suppressed by {by[k]}", areas, overlap)
            else:
                cells = (*cells, "stays", "", "")
            rows.append(cells)
        classes = ("class",) if self.classes else ()
        header: tuple[Cell, ...] = ("box", "score", *classes, "verdict", "I / union", "IoU")
        yield Table(header, tuple(rows), Detail.BRIEF, "suppression")
        if len(self.order) > _TABLED:
            told = f"The other {len(self.order) - _TABLED} boxes are left out of the table."
            yield Text((told,), Detail.BRIEF)
        stay = [str(k) for k in self.rounds]
        shown = ", ".join(stay[:_TABLED]) + (", ..." if len(stay) > _TABLED else "")
        words = "box stays" if len(stay) == 1 else "boxes stay"
        yield Text((f"{len(stay)} of {self.boxes.dims[0]} {words}: {shown}.",), Detail.BRIEF)


def _edges(box: tuple[Fraction, ...], form: str) -> tuple[Fraction, ...]:
    """Left, top, right and bottom of a box."""
    if form == "corners":
        return box
    x, y, width, height = box
    if form == "corner-size":
        return x, y, x + width, y + height
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _area(box: tuple[Fraction, ...]) -> Fraction:
    return (box[2] - box[0]) * (box[3] - box[1])


def _row(numbers: Iterable[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
