"""One perceptron on all rows of a truth table: the weighted sum and the step, case by case.

Shows z = w . x + b and the output for every row, which rows agree with a gate or with given targets,
and for targets that are not linearly separable, such as XOR, the inequalities that contradict each
other. X is a matrix with a row for every case, w a vector with an entry for every input, b and the
threshold are numbers; all without units of measurement.

Source: Rosenblatt, The Perceptron (1958); Minsky, Papert, Perceptrons (1969), ch. 2; Goodfellow,
Bengio, Courville, Deep Learning (2016), 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stepsolve.derivation import Block, Cell, Detail, Table, Text
from stepsolve.notation.tree import Apply, Expression, Item, Name
from stepsolve.perceptron_problem import PerceptronProblem
from stepsolve.source.truth import whole
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

_MOST_COLUMNS = 8  # inputs that have columns of their own


@dataclass(frozen=True)
class Perceptron(PerceptronProblem):
    """A perceptron on a truth table, and what no perceptron computes."""

    def write(self, sheet: Sheet) -> None:
        self.give(sheet)
        sheet.section("Weighted sums and outputs")
        sheet.line("z", "X @ w + b" if self.has_bias else "X @ w")
        sheet.line("y", self.fired("z"))
        sheet.block(self._cases)
        self.write_conflict(sheet)
        sheet.result("y")

    def _cases(self, solved: Solved) -> Iterator[Block]:
        """Every row with its sum, its output and its target."""
        if not solved.is_known("y"):
            return
        count, width = self.rows.dims
        entry = solved.workings.entry
        separate = width <= _MOST_COLUMNS
        total = "w · x + b" if self.has_bias else "w · x"
        inputs: tuple[Cell, ...] = ("x",)
        if separate:
            inputs = (*(Name(f"x_{j + 1}") for j in range(width)), total)
        header: tuple[Cell, ...] = (*inputs, Name("z"), Name("y"))
        rows = []
        for k in range(count):
            cells: tuple[Cell, ...] = (Item(Name("X"), whole(k)),)
            if separate:
                cells = (*(entry("X", (k, j)) for j in range(width)), self._working(solved, k))
            cells = (*cells, entry("z", (k,)), entry("y", (k,)))
            if self.targets is not None:
                agrees = solved.value("y")[k] == solved.value("t")[k]
                cells = (*cells, entry("t", (k,)), "✓" if agrees else "✗")
            rows.append(cells)
        if self.targets is not None:
            header = (*header, Name("t"), "")
        yield Table(header, tuple(rows), Detail.BRIEF, "cases", (), len(header) - 1)
        yield from self._verdict(solved)

    def _working(self, solved: Solved, k: int) -> Expression:
        entry = solved.workings.entry
        terms: list[Expression] = [
            Apply("*", entry("w", (j,)), entry("X", (k, j))) for j in range(self.rows.dims[1])
        ]
        if self.has_bias:
            terms.append(entry("b"))
        found: Expression = terms[0]
        for term in terms[1:]:
            if isinstance(term, Apply) and term.operation == "neg":
                found = Apply("-", found, term.arguments[0])
            else:
                found = Apply("+", found, term)
        return found

    def _verdict(self, solved: Solved) -> Iterator[Block]:
        if self.targets is None:
            return
        outputs, targets = solved.value("y"), solved.value("t")
        wrong = [k for k in range(len(targets)) if outputs[k] != targets[k]]
        if not wrong:
            yield Text((f"Every row agrees: the perceptron computes {self.task}.",), Detail.BRIEF)
            return
        rows = "row agrees" if len(targets) - len(wrong) == 1 else "rows agree"
        told = f"{len(targets) - len(wrong)} of {len(targets)} {rows} with {self.task}."
        yield Text((told,), Detail.BRIEF)
