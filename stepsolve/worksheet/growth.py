"""What becomes of a product of equal factors: it vanishes, stays, or explodes, in numbers.

Source: Bengio, Simard, Frasconi, Learning long-term dependencies with gradient descent is difficult
(1994); Goodfellow, Bengio, Courville, Deep Learning (2016), 10.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.worksheets import VALUE_TOLERANCE
from stepsolve.derivation import Block, Cell, Check, Detail, Equation, Section, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, is_exact, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute
from stepsolve.worksheet.evaluation import value

STEPS = (1, 2, 5, 10, 20, 50, 100)
_LARGEST = 1e300  # beyond it a float has no value to compare with
_HALVES, _DOUBLES = Number("2"), Number("2")


class Case(NamedTuple):
    """One set of values of the names in the factor, and the factor's value."""

    values: Mapping[str, Expression]
    factor: Value

    @property
    def size(self) -> Value:
        return abs(self.factor)

    @property
    def verdict(self) -> str:
        if self.size == 1:
            return "stays"
        return "vanishes" if self.size < 1 else "explodes"


class Growth:
    """The powers of a factor for several values of its names."""

    def __init__(
        self, factor: Expression, cases: Sequence[Mapping[str, Expression]], digits: Digits
    ) -> None:
        self._factor, self._digits = factor, digits
        self._precise = Precise()
        self._cases = tuple(self._case(values) for values in cases)

    def _case(self, values: Mapping[str, Expression]) -> Case:
        known = {n: self._precise.evaluate(v, Point({})) for n, v in values.items()}
        return Case(values, self._precise.evaluate(self._factor, Point(known)))

    def blocks(self, power: Name) -> Iterator[Block]:
        """The rule, the table of powers, and how soon they halve or double; `power` names them."""
        a = self._factor
        size = Apply("abs", a)
        yield Section(("Does the gradient vanish?",))
        yield Text(
            (power, " vanishes if ", size, " < 1, keeps its size if ", size, " = 1, and explodes if ",
             size, " > 1."),
            Detail.BRIEF,
        )
        if not self._cases:
            return
        yield Table(("n", *(self._label(case) for case in self._cases)), tuple(self._rows()), Detail.BRIEF)
        yield from self._halving()

    def _label(self, case: Case) -> Cell:
        return (self._factor, " = ", self._shown(case.factor))

    def _shown(self, exact: Value) -> Expression:
        return number(self._precise.decimal(exact), self._digits)

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for n in STEPS:
            cells = [self._power(case, n) for case in self._cases]
            yield (Number(str(n)), *("too large" if c is None else self._shown(c) for c in cells))

    def _power(self, case: Case, n: int) -> Value | None:
        """A power, None where it is too large to be computed in both ways."""
        try:
            found = self._precise.apply("^", [case.factor, self._precise.mp.mpf(n)])
        except OutsideDomain:
            return None
        return found if abs(found) < _LARGEST else None

    def _halving(self) -> Iterator[Block]:
        """After how many steps the power has halved or doubled."""
        a, n = self._factor, Name("n")
        for case in self._cases:
            if case.size in (0, 1):
                continue
            ratio = Number("0.5") if case.size < 1 else Number("2")
            word = "half" if case.size < 1 else "double"
            formula = _steps_to(ratio, a)
            put = _steps_to(ratio, self._shown(case.factor))
            steps = self._steps(case)
            yield Text((f"At ", a, " = ", self._shown(case.factor), f" it is {word} after", ))
            exact = is_exact(self._precise.decimal(steps), self._digits)
            yield Equation((n, formula, put, self._shown(steps)), not exact, Detail.NORMAL)

    def _steps(self, case: Case) -> Value:
        ratio = Number("0.5") if case.size < 1 else Number("2")
        known = Point({"a": case.factor})
        return self._precise.evaluate(_steps_to(ratio, Name("a")), known)

    def checks(self) -> Iterator[Check]:
        """Every power by NumPy, and by multiplying again and again; the halving by its power."""
        for case in self._cases:
            label = f"{case.verdict} at {float(case.factor):.6g}"
            floats = {n: float(value(v, {})) for n, v in case.values.items()}
            factor = float(value(self._factor, floats))
            worst, product, done = 0.0, self._precise.mp.mpf(1), 0
            for n in STEPS:
                exact = self._power(case, n)
                if exact is None:
                    break
                for _ in range(n - done):
                    product *= case.factor
                done = n
                size = abs(exact) or 1
                worst = max(worst, float(abs(exact - product) / size), float(abs(factor**n - exact) / size))
            method = "NumPy and repeated multiplication"
            yield Check(label, method, worst, worst <= VALUE_TOLERANCE)
            if case.size not in (0, 1):
                ratio = 0.5 if case.size < 1 else 2
                off = float(abs(case.size ** self._steps(case) - ratio))
                yield Check(f"steps to {ratio:g} at {float(case.factor):.6g}", "its power", off, off <= 1e-30)


def _steps_to(ratio: Expression, factor: Expression) -> Expression:
    """The solution n of |factor|^n = ratio."""
    return Apply("/", Apply("log", ratio), Apply("log", Apply("abs", factor)))
