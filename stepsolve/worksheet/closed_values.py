"""Closed forms in numbers: the formulas of a linear recurrence at the last step, beside its terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepsolve.calculus.tidy import tidy
from stepsolve.checking.worksheets import check_values, settled_values
from stepsolve.derivation import Block, Check, Lines
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression, Number, names, substitute
from stepsolve.worksheet.evaluation import evaluate, rounding_of
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.unrolled import AGREEMENT, Unrolled
from stepsolve.worksheet.working import Workings


class ClosedValues:
    """Formulas in the index, by the name of what they give at the index, worked out at the last step.

    `given` are the values of the names in them.
    """

    def __init__(
        self,
        formulas: Mapping[str, Expression],
        unrolled: Unrolled,
        given: Mapping[str, Expression],
        digits: Digits,
    ) -> None:
        self._unrolled = unrolled
        index, steps = unrolled.recurrence.index, Number(str(unrolled.steps))
        put = {name: tidy(substitute(f, {index: steps})) for name, f in formulas.items()}
        at = (f"({index})", f"({steps.text})")
        lines = tuple(Line(name.replace(*at), formula) for name, formula in put.items())
        used = {name for line in lines for name in names(line.expression)}
        self._worksheet = Worksheet({n: v for n, v in given.items() if n in used}, lines)
        every = {line.name: line.expression for line in lines}
        self._floats = evaluate(self._worksheet)
        self._exact, precise = settled_values(self._worksheet.given, every)
        self._workings = Workings(self._exact, precise, digits)

    @property
    def names(self) -> tuple[str, ...]:
        """What there are formulas for."""
        return tuple(line.name for line in self._worksheet.lines)

    @property
    def quantities(self) -> dict[str, float]:
        """Every value, rounded from the precise one."""
        return {name: float(self._exact[name]) + 0.0 for name in self.names}

    def blocks(self) -> Iterator[Block]:
        """The formulas with the numbers put in."""
        yield Lines(tuple(map(self._workings.line, self._worksheet.lines)))

    def _rounding(self) -> dict[str, float]:
        return rounding_of(self._worksheet, self._floats)

    def checks(self) -> Iterator[Check]:
        """Every value by two libraries, and against the terms and the backward pass."""
        yield from check_values(self.names, self._floats, self._exact, self._rounding)
        for name in self.names:
            if not self._unrolled.knows(name):
                continue
            value, other = self._exact[name], self._unrolled.value(name)
            off, size = abs(value - other), max(abs(value), abs(other))
            error = float(off / size) if off else 0.0
            yield Check(name, "closed form and unrolled steps", error, error <= AGREEMENT)
