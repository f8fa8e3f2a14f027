"""Intersection over union of boxes, pair by pair, and the generalised one.

The overlap of the widths and of the heights, each at least 0; their product, the intersection; the
union; and their quotient. The generalised one subtracts the share of the smallest enclosing box that
neither covers, and is negative for boxes that are far apart. On request the gradient by the
coordinates. A box is four numbers, in pixels or any other unit of length; areas are in its square,
and the quotients have no unit.

Source: Everingham et al., The PASCAL Visual Object Classes Challenge (2010), 4.2; Rezatofighi et al.,
Generalized Intersection over Union (2019).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import ClassVar, Final

from stepsolve.notation.tree import Apply, Expression, Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, given_arrays
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.worksheet.boxes import EDGES, FORMS, Form, box_form, check_boxes, spans
from stepsolve.worksheet.probabilities import exact_values
from stepsolve.worksheet.sheet import Sheet

MOST: Final = 8  # boxes: 28 pairs


@dataclass(frozen=True)
class IoU(SheetProblem):
    """How much boxes overlap: intersection over union."""

    STARTER: ClassVar = ("form",)

    boxes: tuple[GivenArray, ...] = entry(
        given_arrays,
        "Two or more boxes by name, four numbers each.",
        examples=({"A": [0, 0, 2, 2], "B": [1, 1, 3, 3]},),
    )
    form: str = box_form()
    generalised: bool = entry(
        boolean, "The generalised quotient as well.", default=False, examples=(True,)
    )
    gradient: bool = entry(
        boolean,
        "The gradient by the numbers of both boxes, where there are two.",
        default=False,
        examples=(True,),
    )
    pixels: str = entry(
        choice("continuous", "inclusive"),
        "Whether a box from 2 to 5 is 3 wide, or 4 because both pixels belong to it.",
        default="continuous",
        examples=("continuous",),
    )

    @property
    def heading(self) -> str:
        return "Intersection over union"

    def check_keys(self, report: Report) -> None:
        if not 2 <= len(self.boxes) <= MOST:
            told = f"from 2 to {MOST} boxes belong here, not {len(self.boxes)}"
            place = self.boxes[0].node if self.boxes else self.node_of("boxes")
            report.add(place.diagnose(told))
        for box in self.boxes:
            if "'" in box.name:
                report.add(box.node.diagnose(f"the name of a box has no primes, unlike {box.name}"))
            if len(box.dims) > 1:
                report.add(box.node.diagnose(f"a box is four numbers, {FORMS[self.form].words}"))
            else:
                check_boxes(box, self.form, report)
        if self.gradient and len(self.boxes) != 2:
            report.add(self.node_of("gradient").diagnose("the gradient is for two boxes"))
        if not report.failed:
            self._check_areas(report)

    def _check_areas(self, report: Report) -> None:
        """Two boxes without any area have no quotient."""
        if self.pixels == "inclusive":
            return
        empty = []
        for box in self.boxes:
            values = None if box.value is None else exact_values(box, report)
            if values is not None and 0 in spans(values, self.form):
                empty.append(box)
        for box in empty[1:]:
            told = f"{box.name} and {empty[0].name} both have the area 0, so their union has none"
            report.add(box.node.diagnose(told))

    @cached_property
    def more(self) -> str:
        """What an inclusive width has more than the difference of its edges."""
        return " + 1" if self.pixels == "inclusive" else ""

    def write(self, sheet: Sheet) -> None:
        form = FORMS[self.form]
        for box in self.boxes:
            for k, name in enumerate(form.names):
                sheet.give(f"{name}_{box.name}", _entry(box, k), (), box.node)
        sheet.text(f"A box is given as {form.words}.")
        if self.more:
            sheet.text("The pixels at both edges belong to a box: a width is x2 − x1 + 1.")
        if form.edges:
            self._edges(sheet, form)
        sheet.section("Areas")
        for box in self.boxes:
            x1, y1, x2, y2 = (f"{edge}_{box.name}" for edge in EDGES)
            area = f"({x2} - {x1}{self.more}) * ({y2} - {y1}{self.more})"
            sheet.line(f"area_{box.name}", area, "width times height")
        for one, other in combinations(self.boxes, 2):
            self._pair(sheet, one.name, other.name)
        if self.gradient:
            target = "GIoU" if self.generalised else "IoU"
            by = [f"{name}_{box.name}" for box in self.boxes for name in form.names]
            done = sheet.backward(target, by)
            sheet.result(*(done.gradients[name] for name in by if name in done.gradients))

    def _edges(self, sheet: Sheet, form: Form) -> None:
        """The edges of every box, from its size."""
        sheet.section("Edges")
        for box in self.boxes:
            for edge, text in zip(EDGES, form.edges, strict=True):
                written = re.sub("#([a-z])", rf"\1_{box.name}", text)
                sheet.line(f"{edge}_{box.name}", written, "from the size")

    def _pair(self, sheet: Sheet, one: str, other: str) -> None:
        between = "" if len(one) == len(other) == 1 else "_"
        at = "" if len(self.boxes) == 2 else f"_{one}{between}{other}"
        sheet.section(f"{one} and {other}")
        for what, axis in (("w", "x"), ("h", "y")):
            last, first = (f"{axis}{k}_{one}, {axis}{k}_{other}" for k in (2, 1))
            within = f"min({last}) - max({first}){self.more}"
            sheet.line(f"{what}{at}", f"max(0, {within})", "where both are, or 0")
        sheet.line(f"inter{at}", f"w{at} * h{at}", "the intersection")
        sheet.line(f"union{at}", f"area_{one} + area_{other} - inter{at}", "counted once")
        sheet.line(f"IoU{at}", f"inter{at} / union{at}")
        sheet.result(f"IoU{at}")
        if self.generalised:
            for what, axis in (("W", "x"), ("H", "y")):
                last, first = (f"{axis}{k}_{one}, {axis}{k}_{other}" for k in (2, 1))
                around = f"max({last}) - min({first}){self.more}"
                sheet.line(f"{what}{at}", around, "of the smallest box around both")
            sheet.line(f"hull{at}", f"W{at} * H{at}", "its area")
            sheet.line(
                f"GIoU{at}",
                f"IoU{at} - (hull{at} - union{at}) / hull{at}",
                "less the share of it that neither covers",
            )
            sheet.result(f"GIoU{at}")


def _entry(box: GivenArray, k: int) -> Expression | None:
    """A number of a box as written; None for a symbol."""
    if box.value is None or isinstance(box.value, Expression):
        return box.value.children[k] if box.value is not None else None
    number = float(box.value[k])  # drawn
    size = Number(repr(abs(number)))
    return Apply("neg", size) if number < 0 else size
