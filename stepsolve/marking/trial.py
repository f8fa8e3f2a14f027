"""Changed formulas tried out: what they come to, and how that meets what was written.

Changed formulas share most of their parts, which are worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import numpy as np

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import candidates
from stepsolve.errors import OutsideDomain
from stepsolve.marking import symbols
from stepsolve.marking.judging import Expected, Judge
from stepsolve.marking.ledger import Ledger, shape_of
from stepsolve.marking.slips import Fit, Scene
from stepsolve.marking.values import PRECISE, Exact, NoValue, in_floats
from stepsolve.marking.verdicts import Verdict
from stepsolve.marking.written import Written, agreement, stands_for
from stepsolve.notation.shapes import ShapeError
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.operations.array_operation import Index
from stepsolve.operations.table import CONSTANTS, OPERATIONS

_NEAR: Final = 0.02  # how close a value is that unrounded numbers may bring to what was written
_TRIES: Final = 30  # points at which two formulas are compared first
FITS: Final = {
    Verdict.EXACT: Fit.ROUNDED,
    Verdict.ROUNDED: Fit.ROUNDED,
    Verdict.TRUNCATED: Fit.CUT,
}


class Trial:
    """Tries changed formulas in the numbers of the work, against a side that was written.

    `index` picks an entry of what they come to. `accepts` decides where no number was written.
    """

    def __init__(
        self,
        ledger: Ledger,
        judge: Judge,
        paper: bool,
        numbers: Mapping[Index, Written] | None,
        accepts: Callable[[Exact], bool] = lambda _: False,
        index: Index = (),
    ) -> None:
        self._ledger, self._judge, self._paper = ledger, judge, paper
        self._numbers, self._accepts, self._index = numbers, accepts, index
        self._written = numbers[()] if numbers is not None and set(numbers) == {()} else None
        own = {name: ledger.own(name) for name in CONSTANTS if name in ledger}
        self._point = Point({name: value for name, value in own.items() if value is not None})
        self._scalar: dict[int, tuple[Expression, bool]] = {}

    def scene(self, formula: Expression, side: Expression | None = None) -> Scene:
        """What a slip can look at."""
        expected: Decimal | None = None
        if self._written is not None:
            value = self.value(formula)
            if value is not None and not np.shape(value):
                expected = self._ledger.arithmetic.decimal(value)
        return Scene(
            formula,
            self.fit,
            self._ledger.shown,
            self.float,
            self.dims,
            tuple(self._ledger.quantities),
            self._written,
            expected,
            side,
        )

    def value(self, expression: Expression) -> Exact | None:
        """What an expression comes to, or None; of an array the entry looked at."""
        value = self._whole(expression)
        if value is None or not self._index:
            return value
        dims = np.shape(value)  # a change may change the sizes as well
        fits = len(dims) == len(self._index) and all(
            i < n for i, n in zip(self._index, dims, strict=True)
        )
        return value[self._index] if fits else None

    def _whole(self, expression: Expression) -> Exact | None:
        ledger = self._ledger
        if not self._is_scalar(expression):
            return self._array(expression)
        while True:
            try:
                return ledger.arithmetic.precise.evaluate(expression, self._point)
            except KeyError as error:  # a name that is met for the first time
                value = ledger.own(error.args[0]) if error.args[0] in ledger else None
                if value is None:
                    return None
                self._point.values[error.args[0]] = value
            except (OutsideDomain, ArithmeticError, ValueError, TypeError):
                return None

    def _array(self, expression: Expression) -> Exact | None:
        """The value of an array in float64, as many are tried; its last digits are left off."""
        ledger = self._ledger
        try:
            known = in_floats(ledger.known(expression, ledger.own))
            found = ledger.arithmetic.floats(expression, known, self._paper)
        except (NoValue, ShapeError, IndexError, OverflowError):  # a size that does not fit
            return None
        if not np.all(np.isfinite(found)):
            return None
        exactly = ledger.arithmetic.exactly
        if not np.shape(found):
            return exactly(float(f"{float(found):.13g}"))
        value = np.empty(np.shape(found), dtype=object)
        for index in np.ndindex(value.shape):
            value[index] = exactly(float(f"{found[index]:.13g}"))
        return value

    def _is_scalar(self, node: Expression) -> bool:
        known = self._scalar.get(id(node))
        if known is not None:
            return known[1]
        match node:
            case Name(name=name):
                value = self._ledger.own(name) if name in self._ledger else None
                found = not np.shape(value) if value is not None else True
            case Number():
                found = True
            case Apply(operation=operation, arguments=arguments):
                found = operation in OPERATIONS and all(map(self._is_scalar, arguments))
            case _:
                found = False
        self._scalar[id(node)] = node, found
        return found

    def fit(self, changed: Expression) -> Fit:
        """How a changed formula meets what was written."""
        value = self.value(changed)
        if value is None:
            return Fit.NONE
        if self._numbers is None:
            return Fit.ROUNDED if self._accepts(value) else Fit.NONE
        if self._written is None or np.shape(value):
            return self._array_fit(changed, value, self._numbers)
        number, near = self._written, _float(value)
        off = abs(near - float(number.value))
        if off > float(number.unit) * 1.001:
            close = off <= _NEAR * abs(near)
            return Fit.CARRIED if close and self._is_carried(changed, [number]) else Fit.NONE
        verdict = agreement(self._ledger.arithmetic.decimal(value), number, PRECISE)
        found = FITS.get(verdict, Fit.NONE)
        return Fit.CARRIED if not found and self._is_carried(changed, [number]) else found

    def _array_fit(
        self, changed: Expression, value: Exact, numbers: Mapping[Index, Written]
    ) -> Fit:
        written = list(numbers.values())
        if np.size(value) != len(written):
            return Fit.NONE
        entries = np.ravel(np.asarray(value, dtype=float))
        off = np.abs(entries - [float(number.value) for number in written])
        if np.any(off > np.maximum([float(n.unit) * 1.001 for n in written], _NEAR * abs(entries))):
            return Fit.NONE
        verdict = self._judge.numbers(numbers, Expected(value)).verdict
        found = FITS.get(verdict, Fit.NONE)
        return Fit.CARRIED if not found and self._is_carried(changed, written) else found

    def _is_carried(self, changed: Expression, written: list[Written]) -> bool:
        """Whether unrounded values behind displayed ones give the numbers."""
        if self._index or isinstance(changed, Number):
            return False
        interval = self._ledger.range(changed, self._paper)
        if interval is None or interval.is_point or np.size(interval.low) != len(written):
            return False
        low, high = (np.ravel(end) for end in interval)
        least, most = np.array([[*map(float, stands_for(number))] for number in written]).T
        return bool(np.all((high >= least) & (low <= most)))

    def float(self, part: Expression) -> float | None:
        """The value of a number in float64."""
        value = self._whole(part)
        return None if value is None or np.shape(value) else _float(value)

    def dims(self, part: Expression) -> tuple[int, ...] | None:
        """The sizes of a part."""
        value = self._whole(part)
        return None if value is None else shape_of(value)


def _float(value: Exact) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def symbolic_scene(formula: Expression, written: Expression, known: Mapping[str, Value]) -> Scene:
    """What a slip can look at where formulas are compared, not numbers: at random points."""
    precise = Precise()
    variables = sorted((symbols.free(formula) | symbols.free(written)) - known.keys())
    point, wanted = _common_point(formula, written, known, variables, precise)

    def fit(changed: Expression) -> Fit:
        if point is None or not symbols.free(changed) <= {*variables, *known}:
            return Fit.NONE
        try:
            value = precise.evaluate(changed, point)
        except (OutsideDomain, KeyError, ArithmeticError, ValueError, TypeError):
            return Fit.NONE
        if abs(value - wanted) > 1e-12 * max(abs(value), abs(wanted), 1e-6):
            return Fit.NONE
        return Fit.ROUNDED if symbols.equal(changed, written, known) else Fit.NONE

    return Scene(formula, fit)


def _common_point(
    formula: Expression,
    written: Expression,
    known: Mapping[str, Value],
    variables: list[str],
    precise: Precise,
) -> tuple[Point | None, Value]:
    """A point where both formulas have a value, and what was written there; None without one."""
    for _, values in zip(range(_TRIES), candidates(variables, precise), strict=False):
        point = Point({**known, **values})
        try:
            precise.evaluate(formula, point)
            return point, precise.evaluate(written, point)
        except (OutsideDomain, KeyError, ArithmeticError, ValueError, TypeError):
            continue
    return None, None
