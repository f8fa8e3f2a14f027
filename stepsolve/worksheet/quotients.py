"""Difference quotients of a function at a point: as a float64 program finds them, and without rounding.

Both are wanted. What a program prints has two errors, of truncation and of rounding; the same
quotients with `DIGITS` digits have the first alone.

Source: Press et al., Numerical Recipes, 3rd ed., 5.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from stepsolve.checking.precise import DIGITS as DIGITS_OF_VALUES
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.worksheets import Slopes
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.evaluation import value as by_numpy

DIGITS = 4 * DIGITS_OF_VALUES
WAYS = ("forward", "backward", "central")
_KINK = 1e-9  # relative difference of two slopes that are not the same
_SMALL = 1e-30  # a step far below any that a problem may ask for, of which 140 digits remain


class Samples(NamedTuple):
    """The function below, at and above a point."""

    below: Any
    here: Any
    above: Any

    def quotients(self, step: Any) -> tuple[Any, Any, Any]:
        """Forward, backward and central."""
        return (
            (self.above - self.here) / step,
            (self.here - self.below) / step,
            (self.above - self.below) / (2 * step),
        )


class Row(NamedTuple):
    """The quotients of one step: `step` as written, `e` and `samples` as float64 has them."""

    step: Expression
    e: float
    at: float
    samples: Samples
    floats: tuple[float, float, float]
    precise_e: Value
    precise: tuple[Value, Value, Value]


class Probe:
    """A function near a point, moved in one variable.

    `point` gives the values of all names. Raises `LineError` where the function has no value.
    """

    def __init__(self, body: Expression, point: Mapping[str, Expression], variable: str) -> None:
        self.body, self.variable = body, variable
        self.precise = Precise(DIGITS)
        self.exact = {
            name: self.precise.evaluate(value, Point({})) for name, value in point.items()
        }
        with np.errstate(all="ignore"):
            self.floats = {name: float(by_numpy(value, {})) for name, value in point.items()}

    @property
    def at(self) -> Value:
        """The value of the variable at the point."""
        return self.exact[self.variable]

    def row(self, step: Expression) -> Row:
        """The quotients of one step."""
        e = float(by_numpy(step, {}))
        at = self.floats[self.variable]
        samples = self._samples(self._by_numpy, at, e)
        exact_e = self.precise.evaluate(step, Point({}))
        exact = self._samples(self.value, self.exact[self.variable], exact_e)
        return Row(step, e, at, samples, samples.quotients(e), exact_e, exact.quotients(exact_e))

    @staticmethod
    def _samples(function: Callable[[Any], Any], at: Any, step: Any) -> Samples:
        return Samples(function(at - step), function(at), function(at + step))

    def _by_numpy(self, at: float) -> float:
        with np.errstate(all="ignore"):
            return float(by_numpy(self.body, {**self.floats, self.variable: at}))

    def value(self, at: Value) -> Value:
        """The function with many digits, its variable at a place."""
        try:
            return self.precise.evaluate(self.body, Point({**self.exact, self.variable: at}))
        except OutsideDomain as error:
            raise LineError("", self.body, error) from None

    @cached_property
    def slopes(self) -> Slopes:
        """The quotients to both sides for a step so small that only their limits are left."""
        return self._slopes(self.precise.mp.mpf(_SMALL))

    def _slopes(self, step: Value) -> Slopes:
        at = self.exact[self.variable]
        forward, backward, _ = self._samples(self.value, at, step).quotients(step)
        return Slopes(backward, forward)

    @property
    def is_smooth(self) -> bool:
        """Whether both one-sided slopes are the same, and finite."""
        same = self.slopes.gap <= _KINK * max(self.slopes.size, _KINK)
        return bool(same and not self.is_jump)

    @cached_property
    def is_jump(self) -> bool:
        """Whether the slopes grow without bound as the step shrinks."""
        finer = self._slopes(self.precise.mp.mpf(_SMALL) / 256)
        return bool(finer.size > 4 * self.slopes.size)


def orders(steps: list[Value], errors: list[Value], precise: Precise) -> Iterator[Value | None]:
    """The power of e that each error falls with from the row before; None where one is zero."""
    yield None
    log = precise.mp.log
    for k in range(1, len(steps)):
        before, after = errors[k - 1], errors[k]
        if not before or not after:
            yield None
        else:
            yield log(before / after) / log(steps[k - 1] / steps[k])
