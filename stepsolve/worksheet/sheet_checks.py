"""What confirms a solved sheet: every line by two libraries, every gradient by differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stepsolve.checking.array_gradients import PreciseGradients
from stepsolve.checking.arrays import Array, PreciseSheet, check_arrays, check_equal, check_sampled
from stepsolve.checking.float_gradients import FloatGradients
from stepsolve.checking.jacobians import check_float, check_precise
from stepsolve.checking.precise import DIGITS, Precise
from stepsolve.derivation import Check
from stepsolve.notation.tree import Apply, Expression, Name, walk
from stepsolve.worksheet.arrays import ArrayValues, rounding_of_lines
from stepsolve.worksheet.lines import Line
from stepsolve.worksheet.sheet_parts import Pass

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

SHOWN_LINES: Final = 400  # of one page; the rest is worked out and checked, and said to be
_MOST_DIGITS: Final = 1500  # of values from 1e-308 to 1e308, and the squares of them


class SheetChecks:
    """The checks of one solved sheet."""

    def __init__(self, solved: Solved) -> None:
        self._solved = solved
        self._sheet, self._dimensions = solved.sheet, solved.dimensions
        self._floats, self._exact = solved.floats, solved.exact

    def all(self) -> tuple[Check, ...]:
        """The checks of all lines, and of all that is claimed of them."""
        lines = {line.name: line.expression for line in self._sheet.lines.values()}
        if self._exact is not None:
            found = check_arrays(self._floats, self._exact, self._rounding)
        else:
            whole = ArrayValues(self._dimensions).value
            visible = (name for name in lines if name not in self._sheet.hidden)
            shown = frozenset(islice(visible, SHOWN_LINES))
            found = check_sampled(
                lines,
                self._floats,
                self._dimensions,
                self._solved.precise,
                whole,
                shown,
                self._rounding_of,
            )
        for confirm in self._sheet.confirmations:
            found += tuple(confirm(self._solved))
        for backward in self._sheet.passes:
            found += self._gradients(backward, lines)
        if self._sheet.jacobians or self._sheet.equalities:
            found += (self._trial() if self._solved.symbols else self)._claims(lines)
        return found

    def _rounding(self) -> dict[str, float]:
        """By how much float64 may be off at every value."""
        given = [name for name in self._sheet.given if self._solved.is_known(name)]
        lines = [line for line in self._sheet.lines.values() if self._solved.is_known(line.name)]
        return rounding_of_lines(self._dimensions, self._floats, given, lines)

    def _rounding_of(self, expression: Expression, known: Mapping[str, Any]) -> float:
        """By how much float64 may be off at one expression, of values that are what they are."""
        whole = ArrayValues(self._dimensions, demanding=False).value(expression, known)
        lines = [Line("", expression)]
        found = rounding_of_lines(self._dimensions, {**known, "": whole}, (), lines)
        return found.get("", 0.0)

    def _claims(self, lines: Mapping[str, Expression]) -> tuple[Check, ...]:
        """What the sheet claims of its lines besides their values."""
        value = ArrayValues(self._dimensions).value
        found = []
        for claim in self._sheet.jacobians:
            if self._exact is None:
                found.append(check_float(claim, lines, self._floats, value))
            else:
                exact = self._exact
                found.append(
                    check_precise(claim, lines, exact, self._dimensions, self._solved.precise)
                )
        return (*found, *self._equalities())

    def _equalities(self) -> Iterator[Check]:
        """Every line against the other expressions for it."""
        for name, expression in self._sheet.equalities:
            if name not in self._floats:
                continue
            if self._exact is None:
                other = ArrayValues(self._dimensions).value(expression, self._floats)
                yield check_equal(name, self._floats[name], other)
            else:
                engine = PreciseSheet(self._dimensions, self._solved.precise)
                entries = engine.array(expression, self._exact)
                one, two = (np.array(list(e.values())) for e in (self._exact[name], entries))
                yield check_equal(name, one, two)

    def _gradients(self, backward: Pass, lines: Mapping[str, Expression]) -> tuple[Check, ...]:
        own = set(backward.gradients.values())
        forward = {n: e for n, e in lines.items() if n not in own}
        if self._solved.symbols:
            return self._symbolic(backward, forward)
        if self._exact is not None:
            passes = len(self._sheet.passes)
            found = PreciseGradients(
                self._dimensions, self._solved.precise, forward, self._exact, backward, passes
            ).checks()
            if all(check.passed for check in found):
                return found
            finer, exact = self._finer  # quantities may be too small for the steps of 50 digits
            return PreciseGradients(
                self._dimensions, finer, forward, exact, backward, passes
            ).checks()
        moved = ArrayValues(self._dimensions, demanding=False)  # what is moved breaks conditions
        return FloatGradients(moved.value, forward, self._floats, backward).checks()

    @cached_property
    def _finer(self) -> tuple[Precise, dict[str, Array]]:
        """Values with digits that reach over all their sizes, three times for differences."""
        assert self._exact is not None
        sizes = [abs(v) for entries in self._exact.values() for v in entries.values() if v]
        reach = max(
            (abs(float(self._solved.precise.mp.log10(size))) for size in sizes), default=0.0
        )
        precise = Precise(min(DIGITS + 3 * ceil(reach), _MOST_DIGITS))
        return precise, self._solved.in_full(precise)

    def _symbolic(self, backward: Pass, forward: Mapping[str, Expression]) -> tuple[Check, ...]:
        """With random numbers for the symbols."""
        return self._trial()._gradients(backward, forward)

    def _trial(self) -> SheetChecks:
        """Those of the same sheet with random numbers for its symbols."""
        random = np.random.default_rng(1)
        drawn = {
            name: np.asarray(np.round(random.uniform(0.1, 0.9, given.dims), 3))
            for name, given in self._sheet.given.items()
            if given.value is None
        }
        lines = self._sheet.lines.values()
        for name, axis in _distributions(line.expression for line in lines):
            if name in drawn:
                drawn[name] = drawn[name] / np.sum(drawn[name], axis=axis, keepdims=True)
        return SheetChecks(self._solved.with_values(drawn))


def _distributions(lines: Iterable[Expression]) -> Iterator[tuple[str, int]]:
    """The names whose entries have to sum to one, and along which axis."""
    for line in lines:
        for node in walk(line):
            match node:
                case Apply(operation="softmax_cross_entropy", arguments=(_, Name(name=name))):
                    yield name, -1
                case Apply(
                    operation="softmax_cross_entropy",
                    arguments=(_, Apply(operation="T", arguments=(Name(name=name),))),
                ):
                    yield name, 0
