"""Steps of an optimiser on any function of parameters: gradient descent, momentum, Adam and others.

The function is an expression in the parameters, numbers or arrays, and in given quantities; it has no
units. Every step is worked out line by line, the gradient as a backward pass of its own; the first
steps are shown, all are in a table. Steps count from 1, and quantities after step t have index t:
theta_0 is the start, m_t and v_t are the running means, and mhat_t = m_t / (1 - beta_1^t).

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 8; Kingma, Ba, Adam (2015);
Loshchilov, Hutter, Decoupled Weight Decay Regularization (2019); PyTorch documentation, torch.optim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import ClassVar, Final

from stepsolve.derivation import Block, Detail, Table
from stepsolve.errors import nearest
from stepsolve.notation.numbers import number
from stepsolve.notation.tree import Expression, Item, Name, Number, names, substitute
from stepsolve.operations.array_operation import places
from stepsolve.operations.table import CONSTANTS
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, given_arrays
from stepsolve.source.fields import entry, integer
from stepsolve.source.quantities import WrittenLine, line
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.training import Training

_ROWS: Final = 12  # of the table, beyond which it leaves some out
_COLUMNS: Final = 4  # entries of the parameters that have columns of their own


@dataclass(frozen=True)
class Optimizer(SheetProblem):
    """Steps of an optimiser on a function of parameters."""

    STARTER: ClassVar = ("given",)

    function: WrittenLine = entry(
        line, "The function to make small.", examples=("J(theta) = k * theta^2",)
    )
    start: tuple[GivenArray, ...] = entry(
        given_arrays, "The parameters, with where they start.", examples=({"theta": 1},)
    )
    given: tuple[GivenArray, ...] = entry(
        given_arrays,
        "What else the function uses, and what does not move.",
        default=(),
        examples=({"k": 3},),
    )
    update: Update = entry(
        update,
        "The optimiser and its settings.",
        examples=({"optimiser": "adam", "rate": 0.1, "steps": 5},),
    )
    show: int = entry(
        integer(0, 50), "How many steps are worked out on the page.", default=3, examples=(3,)
    )

    @property
    def _target(self) -> str:
        return self.function.name.name

    def check_keys(self, report: Report) -> None:
        parameters = {given.name for given in self.start}
        constants = {given.name: given for given in self.given}
        for name in parameters & set(constants):
            told = f"{name} is a parameter and given"
            report.add(constants[name].node.diagnose(told, "names are assigned once"))
        known = parameters | set(constants)
        used = names(self.function.expression)
        for name, part in used.items():
            if name not in known and name not in CONSTANTS:
                hint = nearest(name, known) or f"give it a value under given, or a start: {name}"
                report.add(self.function.written.diagnose(f"{name} has no value", part, hint))
        for given in (*self.start, *self.given):
            if given.name not in used:
                told = f"{given.name} does not occur in {self._target}"
                report.add(given.node.diagnose(told, nearest(given.name, used)))
        for parameter in self.function.parameters:
            if parameter.name not in parameters:
                told = f"{parameter.name} has no start"
                report.add(self.function.written.diagnose(told, parameter))
        if not self.start:
            report.add(self.function.written.diagnose("at least one parameter needs a start"))

    def _iterate(self, name: str, step: int) -> str:
        return f"{name}_step{step}" if "_" in name else f"{name}_{step}"

    @cached_property
    def _iterates(self) -> list[dict[str, str]]:
        """The names of the parameters after every step, by those of the file."""
        return [
            {given.name: self._iterate(given.name, step) for given in self.start}
            for step in range(self.update.steps + 1)
        ]

    def write(self, sheet: Sheet) -> None:
        sheet.advice = "a smaller learning rate, or another start, may help"
        for given in self.start:
            sheet.give(self._iterates[0][given.name], given.value, given.dims, given.node)
        give_all(sheet, self.given)
        bases = {after: name for name, after in self._iterates[0].items()}
        training = Training(sheet, self.update, bases)
        training.give()
        sheet.section(self.update.optimiser.replace("-", " ").capitalize())
        sheet.text(self.function.name, " = ", self.function.expression, detail=Detail.BRIEF)
        because = training.because
        sheet.text(f"{because[0].upper()}{because[1:]}.")
        for step in range(1, self.update.steps + 1):
            sheet.detail = Detail.BRIEF if step <= self.show else Detail.FULL
            sheet.section(f"Step {step}")
            parameters = tuple(self._iterates[step - 1].values())
            target = self._evaluated(sheet, step - 1)
            sheet.backward(target, parameters, heading=())
            training.step(target, parameters)
        last = self._evaluated(sheet, self.update.steps)
        sheet.detail = Detail.BRIEF
        sheet.section("All steps")
        sheet.block(self._table)
        sheet.result(*self._iterates[-1].values(), last)

    def _evaluated(self, sheet: Sheet, step: int) -> str:
        """The line of the function after some steps."""
        name = self._iterate(self._target, step)
        put: dict[str, Expression] = {n: Name(a) for n, a in self._iterates[step].items()}
        sheet.line(
            name, substitute(self.function.expression, put), place=self.function.written.node
        )
        return name

    def _table(self, solved: Solved) -> Iterator[Block]:
        """The parameters, the function and the gradient at every step."""
        if not solved.is_known(self._iterate(self._target, 0)):
            return
        steps = range(self.update.steps + 1)
        entries = self._columns()
        columns = [
            (name, index, [self._iterate(name, k) for k in steps]) for name, index in entries
        ]
        data = [("step", tuple(float(k) for k in steps))]
        for name, index, quantities in columns:
            label = f"{name}[{', '.join(map(str, index))}]" if index else name
            data.append((label, tuple(float(solved.decimal(q, *index)) for q in quantities)))
        header: list[str | Expression] = [
            "step",
            *(_entry(name, index) for name, index, _ in columns),
        ]
        rows = tuple(
            (
                Number(str(k)),
                *(number(solved.decimal(q[k], *index), self.shown) for _, index, q in columns),
            )
            for k in steps
            if self._is_shown(k)
        )
        yield Table(tuple(header), rows, Detail.BRIEF, "steps", tuple(data))

    def _columns(self) -> list[tuple[str, tuple[int, ...]]]:
        """The entries of the parameters, if they are few, and the function."""
        total = sum(prod(given.dims) for given in self.start)
        wide = total > _COLUMNS
        found = [(g.name, i) for g in self.start if not wide for i in places(g.dims)]
        return [*found, (self._target, ())]

    def _is_shown(self, step: int) -> bool:
        """All of few steps; of many the first ones, then one in ten, and the last."""
        count = self.update.steps
        if count <= _ROWS:
            return True
        return step <= 5 or step == count or step % -(-count // 10) == 0


def _entry(name: str, index: tuple[int, ...]) -> Expression:
    return Item(Name(name), *(Number(str(k)) for k in index)) if index else Name(name)
