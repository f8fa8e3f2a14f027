"""What becomes of a product of equal factors: it vanishes, stays, or explodes, in numbers.

Source: Bengio, Simard, Frasconi, Learning long-term dependencies with gradient descent is difficult
(1994); Goodfellow, Bengio, Courville, Deep Learning (2016), 10.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stepsolve.calculus.tidy import ONE
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.worksheets import VALUE_TOLERANCE
from stepsolve.derivation import Block, Cell, Check, Detail, Equation, Section, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.worksheet.evaluation import value

STEPS = (1, 2, 5, 10, 20, 50, 100)
_LARGEST = 1e300  # beyond it a float has no value to compare with
_HALF, _TWICE = Number("0.5"), Number("2")
_RULES = ((" vanishes if ", "<"), (", keeps its size if ", "=="), (", explodes if ", ">"))


class Case(NamedTuple):
    """Values of the names in the factor, and the factor's value."""

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
    """The powers of a factor at several values of its names.

    `gradient` is what they are called, and `index` counts them.
    """

    def __init__(
        self,
        factor: Expression,
        gradient: Name,
        index: Name,
        cases: Sequence[Mapping[str, Expression]],
        digits: Digits,
    ) -> None:
        self._factor, self._gradient, self._index = factor, gradient, index
        self._digits = digits
        self._precise = Precise()
        self._cases = tuple(map(self._case, cases))

    def _case(self, values: Mapping[str, Expression]) -> Case:
        known = {n: self._precise.evaluate(v, Point({})) for n, v in values.items()}
        return Case(values, self._precise.evaluate(self._factor, Point(known)))

    def blocks(self) -> Iterator[Block]:
        """The rule, the table of powers, and how soon they halve or double."""
        size = Apply("abs", self._factor)
        yield Section(("Does the gradient vanish?",))
        yield Text((self._gradient, *self._rule(size), "."), Detail.BRIEF)
        if not self._cases:
            return
        header = (self._index, *map(self._label, self._cases))
        yield Table(header, tuple(self._rows()), Detail.BRIEF)
        words = {_word(case) for case in self._cases if case.size not in (0, 1)}
        if not words:
            return
        halves = "halves" in words
        done, ratio = ("halved", _HALF) if halves else ("doubled", _TWICE)
        whole = Apply("^", size, self._index)
        yield Text((f"It has {done} when ", Apply("==", whole, ratio), ", which is after"))
        yield Equation((self._index, self._steps_to(ratio, self._factor)), detail=Detail.NORMAL)
        also = "; it has doubled with 2 in place of 0.5" if len(words) > 1 else ""
        yield Text((f"steps{also}.",))
        rows = tuple((self._shown(c.factor), c.verdict, self._how_soon(c)) for c in self._cases)
        yield Table((self._factor, "the gradient", "steps to half or double"), rows)

    def _rule(self, size: Expression) -> tuple[str | Expression, ...]:
        if not names(self._factor):
            sign = {"vanishes": "<", "stays": "==", "explodes": ">"}[self._cases[0].verdict]
            return (f" {self._cases[0].verdict}, because ", Apply(sign, size, ONE))
        parts: list[str | Expression] = []
        for words, sign in _RULES:
            parts += [words, Apply(sign, size, ONE)]
        return tuple(parts)

    def _label(self, case: Case) -> Cell:
        if not names(self._factor):
            return Apply("^", self._factor, self._index)
        return (self._factor, " = ", self._shown(case.factor))

    def _shown(self, exact: Value) -> Expression:
        return number(self._precise.decimal(exact), self._digits)

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for n in STEPS:
            powers = [self._power(case, n) for case in self._cases]
            yield (Number(str(n)), *("too large" if p is None else self._shown(p) for p in powers))

    def _power(self, case: Case, n: int) -> Value | None:
        """A power, None where it is too large to be computed in both ways."""
        try:
            found = self._precise.apply("^", [case.factor, self._precise.mp.mpf(n)])
        except OutsideDomain:
            return None
        return found if abs(found) < _LARGEST else None

    def _how_soon(self, case: Case) -> Cell:
        if case.size == 0:
            return "0 after one"
        return "never" if case.size == 1 else self._shown(self._steps(case))

    def _steps(self, case: Case) -> Value:
        """After how many steps the power has halved or doubled."""
        formula = self._steps_to(_HALF if case.size < 1 else _TWICE, Name("a"))
        return self._precise.evaluate(formula, Point({"a": case.factor}))

    @staticmethod
    def _steps_to(ratio: Expression, factor: Expression) -> Expression:
        """The solution n of |factor|^n = ratio."""
        return Apply("/", Apply("log", ratio), Apply("log", Apply("abs", factor)))

    def checks(self) -> Iterator[Check]:
        """Every power by NumPy and by multiplying again and again; the halving by its power."""
        for case in self._cases:
            at = f"{float(case.factor):.6g}"
            worst = max(self._errors(case), default=0.0)
            method = "NumPy and repeated multiplication"
            yield Check(f"the powers of {at}", method, worst, worst <= VALUE_TOLERANCE)
            if case.size not in (0, 1):
                ratio = 0.5 if case.size < 1 else 2
                off = float(abs(case.size ** self._steps(case) - ratio))
                yield Check(
                    f"the steps in which {at} {_word(case)}", "its power", off, off <= 1e-30
                )

    def _errors(self, case: Case) -> Iterator[float]:
        """The relative errors of the powers shown, by either way."""
        floats = {n: float(value(v, {})) for n, v in case.values.items()}
        factor = float(value(self._factor, floats))
        product, done = self._precise.mp.mpf(1), 0
        for n in STEPS:
            exact = self._power(case, n)
            if exact is None:
                return
            for _ in range(done, n):
                product *= case.factor
            done, size = n, abs(exact) or 1
            yield float(abs(exact - product) / size)
            yield float(abs(factor**n - exact) / size) if abs(exact) > 1e-300 else 0.0


def _word(case: Case) -> str:
    return "halves" if case.size < 1 else "doubles"
