"""GloVe: word vectors fitted to the logarithms of co-occurrence counts, the loss and its gradients.

J = 1/2 sum_ij f(P_ij) (u_i . v_j - log P_ij)^2 with f(x) = min(1, (x / x_max)^alpha). P has a row for
every word i and a column for every word j of a context, U and V a vector of d entries for each; all
without units. Pairs with P_ij = 0 have weight 0. The half can be left out, as in the paper, and biases
b_i, c_j be added to the product of the vectors.

Source: Pennington, Socher, Manning, GloVe: Global Vectors for Word Representation (2014), (8) and (9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import boolean, entry
from stepsolve.source.quantities import Given, positive
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.given import entry_of, numbers
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.training import Training

_WEIGHTS: Final = ("U", "V", "b", "c")


@dataclass(frozen=True)
class Glove(SheetProblem):
    """The loss of GloVe and its gradients."""

    STARTER: ClassVar = ("x-max",)

    counts: GivenArray = entry(
        array, "How often words occur together, P, a number from 0.", examples=([[0, 4], [4, 1]],)
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "U and V, a row for every word; biases b and c if there are any.",
        examples=({"U": [[0.1, 0.2], [-0.3, 0.4]], "V": [[1, 0], [0.5, -1]]},),
    )
    x_max: Given | None = entry(
        positive,
        "The count from which on a pair has weight 1; 100 unless given.",
        default=None,
        examples=(100,),
    )
    alpha: Given | None = entry(
        positive,
        "The power of the weight below it; 0.75 unless given.",
        default=None,
        examples=(0.75,),
    )
    half: bool = entry(boolean, "Whether the sum is halved.", default=True, examples=(False,))
    update: Update | None = entry(
        update, "A step of an optimiser.", default=None, examples=({"rate": 0.1},)
    )

    def check_keys(self, report: Report) -> None:
        counts = self.counts._replace(name="the matrix of counts")
        if len(counts.dims) != 2:
            report.add(
                counts.node.diagnose(f"a matrix of counts belongs here, and it {counts.words}")
            )
            return
        found = check_weights(
            self.weights,
            _WEIGHTS,
            ("U", "V"),
            self.node_of("weights"),
            report,
            "one row for every word",
        )
        rows, columns = counts.dims
        if "U" in found and "V" in found and len(found["U"].dims) != 2:
            told = f"U {found['U'].words}, but a row for every word belongs here"
            report.add(found["U"].node.diagnose(told))
            return
        if "U" in found and "V" in found:
            width = found["U"].dims[1]
            check_sizes(found["U"], (rows, width), "U has a vector for every row of counts", report)
            because = "V has a vector for every column of counts, as long as those of U"
            check_sizes(found["V"], (columns, width), because, report)
        for name, size in (("b", rows), ("c", columns)):
            if name in found:
                check_sizes(found[name], (size,), f"{name} has one entry for every word", report)
        if self.update is not None and self.update.steps > 1:
            told = "one step of the optimiser is worked out: steps may be 1"
            report.add(self.update.node_of("steps").diagnose(told))
        self._check_counts(report)

    def _check_counts(self, report: Report) -> None:
        values = numbers(self.counts)
        if values is None:
            if self.counts.value is None:
                told = "the counts need numbers: which are 0 decides what is summed"
                report.add(self.counts.node.diagnose(told))
            return
        for index in np.argwhere(values < 0):
            node = entry_of(self.counts, *map(int, index)).node
            report.add(node.diagnose(f"{values[tuple(index)]:.6g} is no count: it is below 0"))

    @property
    def _biases(self) -> tuple[bool, bool]:
        given = {one.name for one in self.weights}
        return "b" in given, "c" in given

    def write(self, sheet: Sheet) -> None:
        rows, _ = self.counts.dims
        sheet.give("P", self.counts.value, self.counts.dims, self.counts.node)
        give_all(sheet, self.weights)
        for name, given, usual in (("x_max", self.x_max, "100"), ("alpha", self.alpha, "0.75")):
            if given is None:
                sheet.give(name, Number(usual), ())
            else:
                sheet.give(name, given.expression, (), given.node)
        training = Training(sheet, self.update) if self.update is not None else None
        if training is not None:
            training.give()
        has_b, has_c = self._biases
        sheet.section("Loss")
        told = "J = Σ f(P[i, j]) (u[i] · v[j] − log P[i, j])²"
        told = told.replace("v[j]", "v[j]" + " + b[i]" * has_b + " + c[j]" * has_c)
        told = told.replace("= Σ", "= 1/2 Σ") if self.half else told
        sheet.text(f"{told}, with f(x) = min(1, (x / x_max)^α).")
        scores = "U @ V.T" + f" + reshape(b, {rows}, 1)" * has_b + " + c" * has_c
        sheet.line("S", scores, "the product of every two vectors" + ", with the biases" * has_b)
        sheet.line("K", self._logarithms(sheet), "what it is to be")
        sheet.line("D", "S - K", "the error of every pair")
        sheet.line("F", "min(1, (P / x_max)^alpha)", "rare pairs count less, frequent ones no more")
        sheet.line("J", ("1/2 * " if self.half else "") + "sum(F * D^2)", "weighted squares")
        sheet.result("J")
        wrt = tuple(given.name for given in self.weights)
        sheet.backward("J", wrt)
        sheet.result(*(f"dJ/d{name}" for name in wrt))
        if training is not None:
            sheet.section("Update")
            sheet.result(*training.step("J", wrt).values())

    def _logarithms(self, sheet: Sheet) -> str:
        """The logarithms of the counts; log 0 is never used, and log 1 stands for it."""
        values = numbers(self.counts)
        if values is None or np.all(values > 0):
            return "log(P)"
        sheet.text("Where P is 0 the weight is 0, so that log 1 may stand for log 0.")
        return "log(P + (P == 0))"
