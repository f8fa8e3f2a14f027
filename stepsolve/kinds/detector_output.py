"""The sizes of a grid detector's output: cells, anchors, channels, numbers and boxes at every scale.

An image is laid out in a grid of cells, stride pixels wide. Every anchor of a cell predicts 4 numbers
for a box, usually 1 for whether there is an object, and one for every class; or the classes are told
once for each cell. Sizes are whole numbers; images and strides in pixels, the rest without units.

Source: Redmon et al., You Only Look Once (2016), 2; Redmon, Farhadi, YOLOv3: An Incremental
Improvement (2018), 2.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from stepsolve.derivation import Block, Cell, Detail, Table
from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.fields import boolean, choice, entry, integer, one_or_list
from stepsolve.source.report import Report
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

MOST: Final = 10  # scales
_PIXELS: Final = 100_000


@dataclass(frozen=True)
class DetectorOutput(SheetProblem):
    """The sizes of a grid detector's output, scale by scale."""

    STARTER: ClassVar = ("grids",)

    grids: tuple[int, ...] = entry(
        one_or_list(integer(1, _PIXELS)),
        "How many cells a side has, at every scale.",
        default=(),
        examples=([13, 26, 52],),
    )
    image: int | None = entry(
        integer(1, _PIXELS),
        "With strides, instead of grids: the side of the image in pixels.",
        default=None,
        examples=(416,),
    )
    strides: tuple[int, ...] = entry(
        one_or_list(integer(1, _PIXELS)),
        "With image, instead of grids: the side of a cell in pixels, at every scale.",
        default=(),
        examples=([32, 16, 8],),
    )
    anchors: int = entry(integer(1, 1000), "Boxes that every cell predicts.", examples=(3,))
    classes: int = entry(integer(1, 1_000_000), "How many classes there are.", examples=(80,))
    classes_per: str = entry(
        choice("anchor", "cell"),
        "Whether every anchor has class scores of its own, or a cell one set for all.",
        default="anchor",
        examples=("anchor",),
    )
    objectness: bool = entry(
        boolean,
        "Whether a box also has a number for there being an object at all.",
        default=True,
        examples=(True,),
    )

    @property
    def heading(self) -> str:
        return "The output of a grid detector"

    def check_keys(self, report: Report) -> None:
        by_image = self.image is not None or bool(self.strides)
        if bool(self.grids) == by_image:
            hint = "write grids: [13, 26, 52], or image: 416 and strides: [32, 16, 8]"
            told = "a detector needs grids, or an image and strides"
            report.add(self.node_of("grids", "image", "strides").diagnose(told, hint))
        elif by_image and (self.image is None or not self.strides):
            told = "an image and strides belong together"
            report.add(self.node_of("image", "strides").diagnose(told))
        for stride in self.strides if self.image is not None else ():
            if self.image is not None and self.image % stride:
                told = f"a stride of {stride} does not divide an image of {self.image} pixels"
                place = self.node_of("strides")
                report.add(place.diagnose(told, "the cells must cover the image"))
        if len(self.grids or self.strides) > MOST:
            place = self.node_of("grids", "strides")
            report.add(place.diagnose(f"there are at most {MOST} scales"))

    @cached_property
    def _scales(self) -> range:
        return range(1, len(self.grids or self.strides) + 1)

    def _at(self, scale: int) -> str:
        return f"_{scale}" if len(self._scales) > 1 else ""

    def write(self, sheet: Sheet) -> None:
        sheet.give("A", _number(self.anchors), ())
        sheet.give("C", _number(self.classes), ())
        if self.image is not None:
            sheet.give("N", _number(self.image), ())
        for k, size in enumerate(self.grids or self.strides, 1):
            sheet.give(f"{'n' if self.grids else 'stride'}{self._at(k)}", _number(size), ())
        sheet.text("A is the number of anchors of a cell, C that of classes, n × n the grid.")
        self._channels(sheet)
        for k in self._scales:
            self._scale(sheet, self._at(k))
        if len(self._scales) > 1:
            sheet.section("All scales")
            for total, what in (("boxes", "predicted boxes"), ("numbers", "numbers of the output")):
                terms = " + ".join(f"{total}{self._at(k)}" for k in self._scales)
                sheet.line(total, terms, what)
        sheet.block(self._table)
        sheet.result("depth", "boxes", "numbers")

    def _channels(self, sheet: Sheet) -> None:
        sheet.section("Channels")
        box = "4 + 1" if self.objectness else "4"
        told = "4 numbers for its box" + (", 1 for an object" if self.objectness else "")
        if self.classes_per == "anchor":
            sheet.text(f"Every anchor has {told}, and a score for every class.")
            sheet.line("depth", f"A * ({box} + C)", "channels of the output")
        else:
            sheet.text(f"Every anchor has {told}; the scores of the classes belong to the cell.")
            sheet.line("depth", f"A * ({box}) + C", "channels of the output")

    def _scale(self, sheet: Sheet, at: str) -> None:
        if not self._at(2):
            sheet.section("Sizes")
        elif at == "_1":
            sheet.section("Sizes at every scale")
        if self.image is not None:
            sheet.line(f"n{at}", f"N / stride{at}", "cells along a side")
        sheet.line(f"cells{at}", f"n{at}^2", "cells")
        sheet.line(f"boxes{at}", f"cells{at} * A", "predicted boxes")
        sheet.line(f"numbers{at}", f"cells{at} * depth", "numbers of the output")

    def _table(self, solved: Solved) -> Iterator[Block]:
        """The sizes scale by scale."""
        depth = solved.workings.entry("depth")
        rows: list[tuple[Cell, ...]] = []
        for k in self._scales:
            cells, boxes, numbers = (
                solved.workings.entry(f"{name}{self._at(k)}")
                for name in ("cells", "boxes", "numbers")
            )
            n = solved.workings.entry(f"n{self._at(k)}")
            rows.append(((n, " × ", n), (n, " × ", n, " × ", depth), cells, boxes, numbers))
        header: tuple[Cell, ...] = ("grid", "output", "cells", "boxes", "numbers")
        yield Table(header, tuple(rows), Detail.BRIEF, "sizes")


def _number(size: int) -> Number:
    return Number(str(size))
