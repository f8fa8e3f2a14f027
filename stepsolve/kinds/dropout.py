"""Dropout: entries kept with a probability, standard and inverted, in training and in a test.

Activations h of any sizes, a mask r of zeros and ones of the same sizes, and the probability p of
keeping an entry; without units. Standard dropout gives r h in training and p h in a test; inverted
dropout gives r h / p in training and h in a test. The gradient from above goes through the same mask.

Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, Dropout (2014), 4 and 10; Goodfellow,
Bengio, Courville, Deep Learning (2016), 7.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.fields import choice, entry, integer
from stepsolve.source.magnitude import constant
from stepsolve.source.quantities import Given, probability
from stepsolve.source.report import Report
from stepsolve.worksheet.given import entry_of, numbers
from stepsolve.worksheet.sheet import Sheet

_STANDARD: Final = "standard"
_INVERTED: Final = "inverted"


@dataclass(frozen=True)
class Dropout(SheetProblem):
    """Dropout in training and in a test, standard or inverted."""

    STARTER: ClassVar = ("mask",)

    activations: GivenArray = entry(
        array, "What entries are dropped from, called h.", examples=([2, 2, 2, 2],)
    )
    keep_probability: Given = entry(
        probability, "The probability p with which an entry is kept.", examples=(0.5,)
    )
    mask: GivenArray | None = entry(
        array,
        "The mask r: 1 for what is kept, 0 for what is dropped.",
        default=None,
        examples=([1, 0, 1, 0],),
    )
    seed: int | None = entry(
        integer(0, 10**9), "Instead of a mask: draws one.", default=None, examples=(1,)
    )
    variant: str = entry(
        choice(_INVERTED, _STANDARD, "both"),
        "Inverted dropout divides by p in training, standard dropout multiplies by p in a test.",
        default=_INVERTED,
        examples=("both",),
    )
    upstream: GivenArray | None = entry(
        array,
        "The gradient of a loss by the result of training, passed back to h.",
        default=None,
        examples=([1, 1, 1, 1],),
    )

    def check_keys(self, report: Report) -> None:
        dims = self.activations.dims
        if not dims:
            told = "a list of activations belongs here, not a number"
            report.add(self.activations.node.diagnose(told))
            return
        if (self.mask is None) == (self.seed is None):
            place = self.mask or self.activations
            report.add(place.node.diagnose("a mask or a seed is needed, one of them"))
        if self.mask is not None:
            mask = self.mask._replace(name="the mask")
            if check_sizes(mask, dims, "it has one entry for every activation", report):
                self._check_mask(mask, report)
        if self.upstream is not None:
            above = self.upstream._replace(name="upstream")
            check_sizes(above, dims, "it has one entry for every activation", report)
            if self.variant == "both":
                told = "a gradient comes back through one variant, not both"
                report.add(self.upstream.node.diagnose(told, "write variant: inverted"))

    @staticmethod
    def _check_mask(mask: GivenArray, report: Report) -> None:
        values = numbers(mask)
        if values is None:
            if mask.value is None:
                report.add(mask.node.diagnose("a mask has zeros and ones", "or write seed: 1"))
            return
        for index in np.argwhere((values != 0) & (values != 1)):
            part = entry_of(mask, *map(int, index))
            report.add(part.node.diagnose(f"{values[tuple(index)]:.6g} is neither 0 nor 1"))

    def _drawn(self) -> Any:
        assert self.keep_probability.expression is not None
        keep = constant(self.keep_probability.expression)
        drawn = np.random.default_rng(self.seed).random(self.activations.dims)
        assert keep is not None
        return (drawn < keep).astype(float)

    def write(self, sheet: Sheet) -> None:
        h, p = self.activations, self.keep_probability
        sheet.give("h", h.value, h.dims, h.node)
        sheet.give("p", p.expression, (), p.node)
        mask = self.mask.value if self.mask is not None else self._drawn()
        sheet.give("r", mask, h.dims, None if self.mask is None else self.mask.node)
        if self.upstream is not None:
            sheet.give("dL/dy", self.upstream.value, h.dims, self.upstream.node)
        told = "The mask r has a 1 for what is kept and a 0 for what is dropped; an entry is kept "
        sheet.text(told + "with probability p, so over all masks r h is p h in the mean.")
        both = self.variant == "both"
        if self.variant != _INVERTED:
            self._written(sheet, _STANDARD, "y")
        if self.variant != _STANDARD:
            self._written(sheet, _INVERTED, "z" if both else "y")
        if self.upstream is not None:
            sheet.backward("L", ("h",), {"y": "dL/dy"})
            sheet.text("What was dropped gets no gradient.")
            sheet.result("dL/dh")

    @staticmethod
    def _written(sheet: Sheet, variant: str, y: str) -> None:
        sheet.section(f"{variant.capitalize()} dropout")
        if variant == _STANDARD:
            sheet.text("A test keeps everything, and scales by p to the mean of training.")
            train, test = "r * h", "p * h"
        else:
            sheet.text("Training divides by p already, so that a test leaves everything as it is.")
            train, test = "r * h / p", "h"
        sheet.line(y, train, "training: what the mask keeps")
        sheet.line(f"{y}_test", test, "the test: nothing is dropped")
        sheet.line(f"S_{y}", f"sum({y})", "the total in training")
        sheet.line(
            f"S_{y}_test", f"sum({y}_test)", "the total in the test: that of training in the mean"
        )
        sheet.result(y, f"{y}_test", f"S_{y}", f"S_{y}_test")
