"""What the kinds have in common whose solution is a worksheet of arrays.

Such a kind says what it takes and writes lines: `write` gives the quantities of the file to the sheet
and adds sections, lines, backward passes and updates in the order of the page. Evaluation, working,
checks and the document come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from stepsolve.derivation import Block, Derivation, Section
from stepsolve.errors import InvalidProblem
from stepsolve.notation.tree import Expression
from stepsolve.problem import Problem
from stepsolve.source.arrays import GivenArray
from stepsolve.source.report import Report
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved


@dataclass(frozen=True)
class SheetProblem(Problem):
    """A problem that is solved by a worksheet of arrays."""

    def check_keys(self, report: Report) -> None:
        """Add what is wrong between the keys; sizes and values are checked afterwards."""

    def write(self, sheet: Sheet) -> None:
        """Write the worksheet. Raises `InvalidProblem` for what only shows on the way."""
        raise NotImplementedError  # every kind has its own

    @property
    def heading(self) -> str:
        """The title of a page whose file gives none."""
        return self.kind.replace("-", " ").capitalize()

    def check(self, report: Report) -> None:
        self.check_keys(report)
        if report.failed:
            return
        try:
            self.solved  # noqa: B018 - what has no value raises
        except InvalidProblem as error:
            report.add(*error.diagnoses)

    @cached_property
    def sheet(self) -> Sheet:
        """The worksheet as written."""
        sheet = Sheet()
        self.write(sheet)
        return sheet

    @cached_property
    def solved(self) -> Solved:
        """The worksheet with its values."""
        return Solved(self.sheet, self.shown)

    def derive(self) -> Derivation:
        solved = self.solved
        blocks: list[Block] = [
            *solved.given_blocks(),
            *solved.told_in_part(),
            *solved.blocks(),
        ]
        results: dict[str, Expression] = {}
        for name in solved.sheet.results:
            results[name] = solved.sheet.lines[name].expression
        if results:
            blocks += [Section(("Result",)), *solved.results(results)]
        return Derivation(
            self.title or self.heading,
            self.kind,
            tuple(blocks),
            solved.quantities,
            results,
            solved.checks(),
            self.shown,
        )


def give_all(sheet: Sheet, arrays: tuple[GivenArray, ...]) -> None:
    """Give arrays to a sheet under the names that they have in the file."""
    for array in arrays:
        sheet.give(array.name, array.value, array.dims, array.node)
