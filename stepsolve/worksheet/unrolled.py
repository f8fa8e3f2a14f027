"""A recurrence unrolled over numbers: one line a step, and its derivatives in two ways.

Forward, by the recursion of the total derivative, step by step; backward, by the backward pass of the
unrolled graph. The two share no formula, and must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from stepsolve.calculus.recurrences import Recurrence, Sensitivity
from stepsolve.checking.precise import Point, Value
from stepsolve.checking.worksheets import check_values, settled_values
from stepsolve.derivation import Block, Cell, Check, Detail, Lines, Section, Table, Text
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression, Name, Number
from stepsolve.worksheet.evaluation import evaluate, rounding_of, value
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.solution import Solution
from stepsolve.worksheet.working import Workings

AGREEMENT = 1e-25  # of 50 digits, which steps may blur
SHOWN = 4  # steps that are written out line by line; tables hold all of them


class Unrolled:
    """The entries h(1) to h(steps), given h(0) and all that the recurrence uses.

    `sensitivities` are the recursions of the derivatives that are asked for. Raises `LineError`
    where a step has no finite real value.
    """

    def __init__(
        self,
        recurrence: Recurrence,
        steps: int,
        given: Mapping[str, Expression],
        sensitivities: Sequence[Sensitivity],
        digits: Digits,
    ) -> None:
        self.recurrence, self.steps, self.digits = recurrence, steps, digits
        self.sensitivities = tuple(sensitivities)
        self.last, self.first = recurrence.entry(steps).name, recurrence.entry(0).name
        lines = [Line(recurrence.entry(k).name, recurrence.at(k)) for k in range(1, steps + 1)]
        known = dict(given)
        self._forward = Worksheet(known, tuple(lines))
        by = dict.fromkeys([*(s.parameter for s in sensitivities), self.first])
        self._by = [name for name in by if name in known]
        self.solution = Solution(self._forward, self.last, self._by, digits)
        self.worksheet = self._forward.extended(tuple(self._recursions()))
        self.floats = evaluate(self.worksheet)
        every = {line.name: line.expression for line in self.worksheet.lines}
        self.exact, self._precise = settled_values(self.worksheet.given, every)
        self.workings = Workings(self.exact, self._precise, digits)

    def _recursions(self) -> Iterator[Line]:
        """The derivatives of every step, each by the one before."""
        for found in self.sensitivities:
            start = "1" if found.parameter == self.first else "0"
            yield Line(gradient_name(self.first, found.parameter), Number(start), role="gradient")
            for k in range(1, self.steps + 1):
                name = gradient_name(self.recurrence.entry(k).name, found.parameter)
                yield Line(name, self.recurrence.shifted(found.total, k), role="gradient")

    def forward_blocks(self) -> Iterator[Block]:
        """The entries with their working."""
        yield from self._shown([line.name for line in self._forward.lines])

    def recursion_blocks(self, parameter: str) -> Iterator[Block]:
        """The derivatives by a parameter with their working, that of the first entry before them."""
        entries = [self.recurrence.entry(k).name for k in range(self.steps + 1)]
        yield from self._shown([gradient_name(entry, parameter) for entry in entries])

    def _shown(self, asked: Sequence[str]) -> Iterator[Block]:
        """The first lines with their working, and of the others the last value."""
        by_name = {line.name: line for line in self.worksheet.lines}
        yield Lines(tuple(self.workings.line(by_name[name]) for name in asked[: SHOWN + 1]))
        if len(asked) > SHOWN + 1:
            yield Text(("and so on, to",), Detail.BRIEF)
            yield Lines((self.workings.line(by_name[asked[-1]]),))

    def table(self) -> Table:
        """Back through time: every factor dh(k)/dh(k - 1), and the product from the last step on."""
        entry, index = self.recurrence.entry, self.recurrence.index
        rows = []
        for k in range(self.steps, 0, -1):
            link = gradient_name(entry(k).name, entry(k - 1).name)
            asked = (entry(k).name, link, gradient_name(self.last, entry(k - 1).name))
            rows.append((Number(str(k)), *(self.number(name) for name in asked)))
        here, before = self.recurrence.current.name, self.recurrence.previous.name
        header = (here, gradient_name(here, before), gradient_name(self.last, before))
        return Table((index, *map(Name, header)), tuple(rows), Detail.BRIEF)

    def number(self, name: str) -> Expression:
        """The value of a name as it is shown."""
        return self.shown(self.value(name))

    def shown(self, value: Value) -> Expression:
        """A value as it is shown."""
        return number(self._precise.decimal(value), self.digits)

    def float_of(self, expression: Expression) -> float:
        """The same by NumPy."""
        return float(value(expression, self.floats))

    def evaluated(self, expression: Expression) -> Value:
        """The value of an expression in the names of the steps."""
        return self._precise.evaluate(expression, Point(self.exact))

    def knows(self, name: str) -> bool:
        """Whether a name has a value here."""
        return name in self.exact or name in self.solution.exact

    def value(self, name: str) -> Value:
        """A value in high precision."""
        return self.exact[name] if name in self.exact else self.solution.exact[name]

    @property
    def factor(self) -> Value:
        """The derivative of the first step by the first entry."""
        return self._backward(1).exact[gradient_name(self.recurrence.entry(1).name, self.first)]

    @property
    def quantities(self) -> dict[str, float]:
        """Every value, rounded from the precise one."""
        exact = {**self.solution.exact, **self.exact}
        return {name: float(value) + 0.0 for name, value in exact.items()}

    def checks(self) -> tuple[Check, ...]:
        """Those of the backward pass, and of the recursion: by two libraries and by each other."""
        recursive = [line.name for line in self.worksheet.lines if line.role == "gradient"]
        return (
            *self.solution.checks(),
            *check_values(
                recursive,
                self.floats,
                self.exact,
                partial(rounding_of, self.worksheet, self.floats),
            ),
            *self._against_backward(),
        )

    def _against_backward(self) -> Iterator[Check]:
        """The recursion against the backward pass from every step that is shown."""
        if not self.sensitivities:
            return
        for k in {*range(1, min(SHOWN, self.steps) + 1), self.steps}:
            entry = self.recurrence.entry(k).name
            back = self.solution if k == self.steps else self._backward(k)
            asked = {gradient_name(entry, found.parameter) for found in self.sensitivities}
            for name in sorted(asked & set(self.exact)):
                yield self._agreement(name, back.exact.get(name, 0))
            if back is not self.solution:
                by = (check for check in back.checks() if "differences" in check.method)
                yield from (check for check in by if check.of in asked)

    def _agreement(self, name: str, other: Value) -> Check:
        value = self.exact[name]
        off, size = abs(value - other), max(abs(value), abs(other))
        error = float(off / size) if off else 0.0
        return Check(name, "the backward pass", error, error <= AGREEMENT)

    def _backward(self, k: int) -> Solution:
        """The backward pass from an earlier step."""
        part = Worksheet(self._forward.given, self._forward.lines[:k])
        return Solution(part, self.recurrence.entry(k).name, self._by)


class Comparison:
    """One recurrence unrolled at several values of a parameter: what comes back through time."""

    def __init__(
        self, cases: Sequence[Mapping[str, Expression]], unrolled: Sequence[Unrolled]
    ) -> None:
        self._cases, self._unrolled = tuple(cases), tuple(unrolled)

    def blocks(self) -> Iterator[Block]:
        """The gradient by every entry, one column for each value."""
        one = self._unrolled[0]
        yield Section(("Does the gradient vanish?",))
        entry, index = one.recurrence.entry, one.recurrence.index
        yield Text((Name(gradient_name(one.last, entry(index).name)), " at"), Detail.BRIEF)
        header: list[Cell] = [index]
        for case in self._cases:
            ((name, value),) = case.items()
            header.append((Name(name), " = ", value))
        rows: list[tuple[Cell, ...]] = []
        for k in range(one.steps - 1, -1, -1):
            name = gradient_name(one.last, entry(k).name)
            rows.append((Number(str(k)), *(unrolled.number(name) for unrolled in self._unrolled)))
        yield Table(tuple(header), tuple(rows), Detail.BRIEF)

    def checks(self) -> Iterator[Check]:
        """Those of the backward pass at every value."""
        for unrolled in self._unrolled:
            yield from unrolled.checks()
