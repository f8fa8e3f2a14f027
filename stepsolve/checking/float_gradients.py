"""The oracle of gradients on a large worksheet: differences in float64 along random directions.

A quantity is moved in the lines that use it, whose own gradients are confirmed the same way. At a
kink the slopes to both sides differ: then its parts are moved, down to the single entries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from stepsolve.checking.array_gradients import Claims
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

_TOLERANCE = 1e-5  # of float64 against differences of float64
_STEPS = (1e-5, 1e-6, 1e-4)  # of differences in float64
_APART = 1e-3  # slopes to both sides that differ by more, relatively, are those of a kink
_MANY = 1000  # entries beyond which kinks are not looked for one by one
_PARTS = 200  # parts of an array that are looked at one by one for kinks
_SIGNS = np.array([-1.0, 1.0])
_sum = partial(np.add.reduce, axis=None)


class FloatGradients:
    """The gradients of one backward pass of a large worksheet, by differences in float64.

    Each quantity is moved within the lines that use it, along a random direction and along its
    gradient, where a wrong factor cannot hide. Where that does not agree, it is moved in part, down
    to the single entries, which may stand at a kink.
    """

    def __init__(
        self,
        value: Callable[[Expression, Mapping[str, Any]], Any],
        lines: Mapping[str, Expression],
        values: Mapping[str, Any],
        claims: Claims,
    ) -> None:
        self._value, self._lines, self._values, self._claims = value, lines, values, claims
        self._elsewhere = dict(values)
        self._random = np.random.default_rng(0)

    def checks(self) -> tuple[Check, ...]:
        """A check for every gradient, in order."""
        with np.errstate(all="ignore"):
            return tuple(map(self._checked, self._claims.gradients))

    def _checked(self, name: str) -> Check:
        label = self._claims.gradients[name]
        method = "differences in the lines that use it, in float64"
        try:
            return self._check(name, label, method)
        except OutsideDomain:
            note = "it cannot be moved to both sides within the domain"
            return Check(label, method, float("inf"), False, note)

    def _check(self, name: str, label: str, method: str) -> Check:
        claimed = np.asarray(self._values[label])
        worst, note = 0.0, ""
        for along in self._directions(claimed):
            error = self._error(name, along)
            if error > _TOLERANCE:
                if claimed.size > _MANY and self._beside(name) <= _TOLERANCE:
                    note = "at kinks"
                    continue
                kinks = self._kinks(name, along)
                if not kinks:
                    return Check(label, method, error, False)
                note = f"at a kink in {kinks} of its entries" if kinks > 1 else "at a kink"
                error = 0.0
            worst = max(worst, error)
        return Check(label, f"one-sided {method}" if note else method, worst, True, note)

    def _directions(self, claimed: Any) -> Iterator[Any]:
        """A random direction, and one along the gradient; one at a time, they are large."""
        along = _SIGNS[self._random.integers(0, 2, claimed.shape)]
        sizes = self._random.uniform(0.5, 1.5, claimed.shape)
        along *= sizes
        yield along
        yield np.copysign(sizes, claimed)

    def _error(self, name: str, along: Any, floor: float = 1e-12) -> float:
        """The relative error of the claim along a direction, with the step that suits it best."""
        at, claimed = self._values[name], self._values[self._claims.gradients[name]]
        parts = claimed * along
        expected = float(_sum(parts))
        size = max(math.sqrt(np.vdot(parts, parts)), floor)
        del parts
        error = float("inf")
        largest_at = max(1.0, float(np.max(at)), -float(np.min(at)))
        for step in _STEPS:
            step *= largest_at
            move = step * along
            rise, largest = self._rise(name, at - move, at + move)
            off = abs(rise / (2 * step) - expected)
            error = min(error, off / max(size, largest / (2 * step)))
            if error <= _TOLERANCE:
                break
        return error

    def _beside(self, name: str) -> float:
        """The error of one of the slopes to both sides, where entries move less and less.

        Of equal entries the first one then moves most: it is the maximum to the right, the minimum
        to the left, and relu is 0 to the left. At such kinks the gradient is one of these slopes,
        however many of them there are.
        """
        at, claimed = self._values[name], self._values[self._claims.gradients[name]]
        along = self._falling(at)
        expected = float(np.sum(claimed * along))
        size = max(float(np.sqrt(np.sum(np.square(claimed * along)))), 1e-12)
        step = _STEPS[1] * max(1.0, float(np.max(np.abs(at))))
        errors = []
        for side in (step, -step):
            near, far = (self._rise(name, at, at + k * side * along) for k in (1, 2))
            slope = (4 * near[0] - far[0]) / (2 * side)  # of second order, from one side
            errors.append(abs(slope - expected) / max(size, near[1] / step))
        return min(errors)

    def _falling(self, at: Any) -> Any:
        """Random numbers above 0, each smaller than those before it."""
        places = np.arange(np.size(at)) + self._random.uniform(0.0, 1.0, np.size(at))
        return (1.5 - places / np.size(at)).reshape(np.shape(at))

    def _kinks(self, name: str, along: Any) -> int:
        """How many entries stand at kinks, where that is all that is wrong; else 0."""
        claimed = self._values[self._claims.gradients[name]]
        floor = float(np.sqrt(np.mean(np.square(claimed * along))))
        waiting, kinks = [np.arange(np.size(along))], 0
        for _ in range(_PARTS):
            if not waiting:
                break
            part = waiting.pop()
            direction = np.zeros(np.shape(along))
            direction.flat[part] = along.flat[part]
            if self._error(name, direction, floor) <= _TOLERANCE:
                continue
            if len(part) > 1:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
            elif self._between(name, direction):
                kinks += 1
            else:
                return 0
        return kinks

    def _between(self, name: str, along: Any) -> bool:
        """Whether the claim lies between the slopes to both sides, and these are not the same."""
        at, claimed = self._values[name], self._values[self._claims.gradients[name]]
        step = _STEPS[0]
        low, high = sorted(
            self._rise(name, at + start * along, at + end * along)[0] / step
            for start, end in ((-step, 0.0), (0.0, step))
        )
        size = max(abs(low), abs(high))
        margin = _APART * size
        return high - low > margin and low - margin <= np.sum(claimed * along) <= high + margin

    def _rise(self, name: str, start: Any, end: Any) -> tuple[float, float]:
        """How much the target grows between two values of a name, and the most by any one line."""
        total = largest = 0.0
        value, elsewhere = self._value, self._elsewhere
        try:
            for line in self._claims.consumers[name]:
                own = self._claims.gradients.get(line)
                weight = self._values[own] if own else 1.0
                expression = self._lines[line]
                elsewhere[name] = start
                before = value(expression, elsewhere)
                elsewhere[name] = end
                part = float(np.vdot(weight, value(expression, elsewhere) - before))
                total += part
                largest = max(largest, abs(part))
        finally:
            elsewhere[name] = self._values[name]
        seed = self._claims.seeds.get(name)
        if seed is not None:
            total += float(np.sum(self._value(seed, self._values) * (end - start)))
        return total, largest
