"""Entropy of one distribution; joint and conditional entropy and mutual information of two.

H(X) = sum of -p log p. From a joint table P, with a row for every x and a column for every y: the
marginals, H(X), H(Y), H(X, Y), the conditional entropies by the chain rule, and the mutual
information as H(X) + H(Y) - H(X, Y), confirmed by its definition. All probabilities sum to 1; the
unit is the nat, or the bit or ban by the base of the logarithms. Convention: 0 log 0 = 0.

Source: Shannon, A mathematical theory of communication (1948), 6; Cover, Thomas, Elements of
Information Theory, 2nd ed., 2.1 to 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import ClassVar

from stepsolve.checking import chances
from stepsolve.derivation import Detail
from stepsolve.notation.tree import Name
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, in_letters
from stepsolve.source.fields import entry
from stepsolve.source.report import Report
from stepsolve.worksheet.logarithms import BASES, exact_sum, is_short, log_base
from stepsolve.worksheet.probabilities import exact_distribution
from stepsolve.worksheet.probability_letters import (
    confirm,
    distribution,
    entropy,
    give_letters,
    has_letters,
    meant,
    write_other_form,
)
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class Entropy(SheetProblem):
    """Entropy, and mutual information from a joint table."""

    STARTER: ClassVar = ("p",)

    p: GivenArray | None = entry(
        in_letters,
        "One distribution: a list, also of expressions in letters such as [a, 1 - a].",
        default=None,
        examples=(["1/2", "1/4", "1/4"],),
    )
    joint: GivenArray | None = entry(
        array,
        "Instead of p, the joint distribution of two: a row for every x, a column for every y.",
        default=None,
        examples=([["1/2", "1/4"], ["1/8", "1/8"]],),
    )
    log_base: str = log_base()

    def check_keys(self, report: Report) -> None:
        if (self.p is None) == (self.joint is None):
            told = "an entropy needs p or joint, one of them"
            report.add(self.node_of("p", "joint").diagnose(told))
        if self.p is not None and has_letters(self.p):
            distribution(self.p, report)
            return
        for given, axes in ((self.p, 1), (self.joint, 2)):
            if given is not None:
                exact_distribution(given, report, axes)

    @cached_property
    def exact(self) -> tuple[Fraction, ...]:
        """The probabilities, those of a table row by row."""
        given, axes = (self.p, 1) if self.p is not None else (self.joint, 2)
        assert given is not None
        return exact_distribution(given, Report(), axes) or ()

    @property
    def log(self) -> str:
        return BASES[self.log_base].log

    def write(self, sheet: Sheet) -> None:
        unit = BASES[self.log_base].unit
        sheet.text(
            "The entropy is the mean of −log p, how much an outcome surprises. The logarithm is to the "
            f"base {self.log_base}, so the unit is the {unit[:-1]}."
        )
        if self.p is not None and has_letters(self.p):
            self._formula(sheet, self.p)
        elif self.p is not None:
            sheet.give("p", self.p.value, self.p.dims, self.p.node)
            sheet.section("Entropy")
            self._entropy(sheet, "H", "p", self.exact)
            sheet.section("Most it could be")
            count = len(self.exact)
            sheet.line("H_max", f"{self.log}({count})", "all outcomes equally probable")
            sheet.result("H")
        else:
            self._joint(sheet)

    def _formula(self, sheet: Sheet, given: GivenArray) -> None:
        """The entropy as a formula in the letters of the distribution."""
        give_letters(sheet, [given])
        p = distribution(given, Report()) or ()
        sheet.text(meant({"p": p}))
        sheet.section("Entropy")
        chain = entropy(p, self.log)
        sheet.line("H", chain.start, "outcome by outcome")
        confirm(sheet, "H", [chain.start], [p], partial(chances.entropy, log=self.log))
        write_other_form(sheet, Name("H"), chain, "It is the mean surprise:")
        sheet.result("H")

    def _entropy(self, sheet: Sheet, name: str, of: str, p: tuple[Fraction, ...]) -> None:
        """The lines of the entropy of a vector or a table."""
        inside, index = of, name.removeprefix("H")
        if not all(p):
            sheet.text(
                "By convention 0 log 0 = 0, the limit of x log x: a 1 is put in for 0 under the "
                "logarithm, so that the term is 0."
            )
            inside = f"({of} + ({of} == 0))"
        sheet.line(f"s{index}", f"-{self.log}({inside})", "the surprise of every outcome")
        sheet.line(f"t{index}", f"{of} * s{index}", "weighted with its probability")
        sheet.line(name, f"sum(t{index})", "the mean surprise")
        terms = [(weight, 1 / weight) for weight in p if weight]
        if is_short(terms):
            sheet.text("Exactly,", detail=Detail.BRIEF)
            sheet.equal(name, exact_sum(terms, self.log), Detail.BRIEF)

    def _joint(self, sheet: Sheet) -> None:
        assert self.joint is not None
        rows, columns = self.joint.dims
        p = self.exact
        sheet.give("P", self.joint.value, self.joint.dims, self.joint.node)
        sheet.section("Marginal distributions")
        sheet.line("p_X", "sum(P, axis=1)", "the sums of the rows")
        sheet.line("p_Y", "sum(P, axis=0)", "the sums of the columns")
        of_x = tuple(sum(p[k * columns : (k + 1) * columns], Fraction(0)) for k in range(rows))
        of_y = tuple(sum(p[k::columns], Fraction(0)) for k in range(columns))
        for name, of, values in (("H_X", "p_X", of_x), ("H_Y", "p_Y", of_y)):
            sheet.section(f"H({name[-1]})")
            self._entropy(sheet, name, of, values)
        sheet.section("H(X, Y)")
        self._entropy(sheet, "H_XY", "P", p)
        sheet.section("Conditional entropy")
        sheet.text("By the chain rule, H(X, Y) = H(X) + H(Y | X) = H(Y) + H(X | Y).")
        sheet.line("H_YgivenX", "H_XY - H_X", "what Y still hides once X is known")
        sheet.line("H_XgivenY", "H_XY - H_Y", "what X still hides once Y is known")
        sheet.section("Mutual information")
        sheet.line("I", "H_X + H_Y - H_XY", "what each tells about the other")
        inside, product = "P", "outer(p_X, p_Y)"
        if not all(p):
            inside, product = "(P + (P == 0))", f"({product} + (P == 0))"
        sheet.text("By its definition, the divergence of the table from that of independence:")
        sheet.equal("I", f"sum(P * {self.log}({inside} / {product}))")
        sheet.equal("I", "H_Y - H_YgivenX", None)
        sheet.result("H_X", "H_Y", "H_XY", "H_YgivenX", "H_XgivenY", "I")
