"""Ranges: what an expression may come to when some of its numbers may be any of an interval.

Every number is moved to both ends of its interval by itself and the changes are added up, which is
exact for sums and good for what is nearly linear over intervals as narrow as those of rounding; for
one number as the result the corner of all extremes is tried as well (R. E. Moore, R. B. Kearfott,
M. J. Cloud, Introduction to Interval Analysis, 2009, 6, for why plain interval arithmetic is too
wide where a number occurs twice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from stepsolve.marking.values import Floats, NoValue
from stepsolve.notation.tree import Expression, Name, Number, transform

_MOST: Final = 200  # numbers that are moved one by one; of more, random signs bound the sum
_TRIALS: Final = 40


class Interval(NamedTuple):
    """From `low` to `high`, both included; arrays for an array, entry by entry."""

    low: Floats
    high: Floats

    @property
    def is_point(self) -> bool:
        return bool(np.all(np.equal(self.low, self.high)))

    def around(self, *values: Floats) -> Interval:
        """The interval widened to include some values."""
        low, high = self.low, self.high
        for value in values:
            low, high = np.minimum(low, value), np.maximum(high, value)
        return Interval(low, high)


Function = Callable[[Mapping[str, Floats]], Floats]
"""From values by name to a result. Raises `NoValue` where there is none."""


def spread(
    function: Function, center: Mapping[str, Floats], box: Mapping[str, Interval]
) -> Interval:
    """The range of a function when the names of `box` may take any value of their intervals.

    `center` has values for all its names. Raises `NoValue` where there is none at the center.
    """
    base = np.asarray(function(center), dtype=float)
    moves = [
        (name, index)
        for name, interval in box.items()
        for index in np.ndindex(np.shape(interval.low))
        if _at(interval.low, index) != _at(interval.high, index)
    ]
    if len(moves) > _MOST:
        return _sampled(function, center, box, base)
    low, high = base.copy(), base.copy()
    corners: tuple[dict[str, Floats], dict[str, Floats]] = dict(center), dict(center)
    for name, index in moves:
        ends = []
        for end in box[name]:
            try:
                moved = {**center, name: _put(center[name], index, _at(end, index))}
                ends.append((np.asarray(function(moved), dtype=float) - base, _at(end, index)))
            except NoValue:
                continue
        if not ends:
            continue
        changes = [change for change, _ in ends] + [np.zeros_like(base)]
        low = low + np.min(changes, axis=0)
        high = high + np.max(changes, axis=0)
        if not base.shape:
            for corner, best in zip(corners, (min, max), strict=True):
                _, end = best(ends, key=lambda pair: float(pair[0]))
                corner[name] = _put(corner[name], index, end)
    found = Interval(low, high)
    return _cornered(function, found, corners) if not base.shape and len(moves) > 1 else found


def _cornered(
    function: Function, interval: Interval, corners: Iterable[Mapping[str, Floats]]
) -> Interval:
    """An interval with the values at some corners in it."""
    for corner in corners:
        try:
            interval = interval.around(np.asarray(function(corner), dtype=float))
        except NoValue:
            continue
    return interval


def lettered(
    expression: Expression, interval: Callable[[Number], Interval | None]
) -> tuple[Expression, dict[str, Floats], dict[str, Interval]]:
    """An expression with letters for the decimals that have an interval, their values and intervals.

    Every occurrence has a letter of its own. Whole numbers have none: they may be places and sizes.
    """
    center: dict[str, Floats] = {}
    box: dict[str, Interval] = {}

    def letter(node: Expression) -> Expression | None:
        if not isinstance(node, Number) or node.text.isdecimal():
            return None
        found = interval(node)
        if found is None:
            return None
        name = f"#{len(box)}"
        center[name], box[name] = float(node.text), found
        return Name(name)

    return transform(expression, letter), center, box


def _sampled(
    function: Function, center: Mapping[str, Floats], box: Mapping[str, Interval], base: Any
) -> Interval:
    """A bound from random corners: sum |d| <= sqrt(n) (sum d^2)^(1/2), which they estimate."""
    random = np.random.default_rng(0)
    squares, count = np.zeros_like(base), 0
    for interval in box.values():
        count += int(np.sum(np.not_equal(interval.low, interval.high)))
    for _ in range(_TRIALS):
        moved = dict(center)
        for name, (low, high) in box.items():
            moved[name] = np.where(random.random(np.shape(low)) < 0.5, low, high)
        try:
            squares = squares + (np.asarray(function(moved), dtype=float) - base) ** 2
        except NoValue:
            continue
    reach = np.sqrt(count * squares / _TRIALS)
    return Interval(base - reach, base + reach)


def _at(value: Floats, index: tuple[int, ...]) -> float:
    return float(value[index]) if np.shape(value) else float(value)


def _put(value: Floats, index: tuple[int, ...], number: float) -> Floats:
    if not np.shape(value):
        return number
    changed = np.array(value, dtype=float)
    changed[index] = number
    return changed
