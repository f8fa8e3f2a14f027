"""The oracles of gradients of arrays: differences along random directions.

A gradient is confirmed by moving its quantity along a direction and running the lines again, or, on
a worksheet too large for that, only the lines that use it, whose own gradients are confirmed the
same way. At a kink the slopes to both sides differ: then each entry is moved alone, and its gradient
must lie between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Protocol

import numpy as np

from stepsolve.checking.arrays import Array, PreciseSheet, work
from stepsolve.checking.precise import Precise, Value
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.array_operation import places
from stepsolve.operations.dimensions import Dimensions

_TOLERANCE = 1e-12  # of 50 digits against differences of 50 digits
_FLOAT_TOLERANCE = 1e-5  # of float64 against differences of float64
_KINK = 1e-9  # the slopes to both sides differ by more only at a kink
_AFFORDABLE = 60_000  # operations of high precision for all differences of one pass
_STEPS = (1e-5, 1e-6, 1e-4)  # of differences in float64
_SIDED = {
    0: ((1, -1), (0.5, -0.5)),
    1: ((0, 1, 2), (-1.5, 2.0, -0.5)),
    -1: ((0, -1, -2), (1.5, -2.0, 0.5)),
}
"""Places and weights of differences of second order, around a point and to each side of it."""


class Claims(Protocol):
    """What is confirmed: gradients by name, who uses what, and gradients from outside."""

    @property
    def target(self) -> str: ...
    @property
    def gradients(self) -> Mapping[str, str]: ...
    @property
    def consumers(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def seeds(self) -> Mapping[str, Expression]: ...


class PreciseGradients:
    """The gradients of one backward pass, by differences with 50 digits."""

    def __init__(
        self,
        dimensions: Dimensions,
        precise: Precise,
        lines: Mapping[str, Expression],
        values: Mapping[str, Array],
        claims: Claims,
    ) -> None:
        self._dimensions, self._precise = dimensions, precise
        self._lines, self._values, self._claims = lines, values, claims
        self._sheet = PreciseSheet(dimensions, precise)
        self._step = precise.step(precise.mp.mpf(1))
        self._uses = {name: frozenset(names(e)) for name, e in lines.items()}
        self._seeds = {n: self._sheet.array(e, values) for n, e in claims.seeds.items()}
        self._ends = self._seeds or {claims.target: {(): precise.mp.mpf(1)}}
        reached = self._needed()
        self._path = [name for name in lines if name in reached]
        self._cost = {name: work(lines[name], dimensions) + 1 for name in self._path}

    def _needed(self) -> set[str]:
        """The lines that the target hangs on."""
        found = set(self._ends)
        for name in reversed(list(self._lines)):
            if name in found:
                found.update(self._uses[name])
        return found

    def checks(self) -> tuple[Check, ...]:
        """A check for every gradient, in order."""
        asked = list(self._claims.gradients)
        whole = 2 * sum(self._cost.values()) * len(asked) <= _AFFORDABLE
        return tuple(self._check(name, whole) for name in asked)

    def _check(self, name: str, whole: bool) -> Check:
        label = self._claims.gradients[name]
        claimed = self._values[label]
        where = "through the lines" if whole else "in the lines that use it"
        method = f"differences {where}"
        try:
            along = self._directions(self._dimensions.known[name])
            left, right = self._slopes(name, along, whole)
            expected = self._precise.mp.fdot((claimed[i], along[i]) for i in along)
            size = max(abs(expected), abs(left), abs(right), self._floor(claimed, along))
            if abs(left - right) > _KINK * size:
                return self._entry_by_entry(name, whole, method)
            error = float(abs((left + right) / 2 - expected) / size) if size else 0.0
        except OutsideDomain:
            note = "it cannot be moved to both sides within the domain"
            return Check(label, method, float("inf"), False, note)
        return Check(label, method, error, error <= _TOLERANCE)

    def _floor(self, claimed: Array, along: Array) -> Value:
        """The size below which the sum of products with a direction is rounding."""
        return max(abs(claimed[i] * along[i]) for i in along)

    def _entry_by_entry(self, name: str, whole: bool, method: str) -> Check:
        label = self._claims.gradients[name]
        worst, kinks = 0.0, 0
        for index in places(self._dimensions.known[name]):
            claimed = self._values[label][index]
            left, right = self._slopes(name, {index: self._precise.mp.mpf(1)}, whole)
            low, high = sorted((left, right))
            size = max(abs(low), abs(high), abs(claimed))
            if high - low > _KINK * size:
                kinks += 1
                off = max(low - claimed, claimed - high, 0)
            else:
                off = abs((low + high) / 2 - claimed)
            worst = max(worst, float(off / size) if off else 0.0)
        note = f"at a kink in {kinks} of its entries" if kinks > 1 else "at a kink"
        return Check(label, f"one-sided {method}", worst, worst <= _TOLERANCE, note)

    def _directions(self, dims: tuple[int, ...]) -> Array:
        """A direction with entries of about 1, the same at every run."""
        random = np.random.default_rng(prod(dims))
        drawn = random.choice([-1, 1], dims) * random.integers(64, 192, dims)
        at = np.asarray(drawn)
        return {index: self._precise.mp.mpf(int(at[index])) / 128 for index in places(dims)}

    def _slopes(self, name: str, along: Array, whole: bool) -> tuple[Value, Value]:
        """How what it is the gradient of moves with a quantity, to both sides."""
        here = self._values[name]
        step = self._step
        moved = []
        for sign in (-1, 1):
            at = dict(here)
            for index, amount in along.items():
                at[index] = here[index] + sign * step * amount
            moved.append(self._change(name, at, whole) * sign / step)
        return moved[0], moved[1]

    def _change(self, name: str, at: Array, whole: bool) -> Value:
        """By how much the target grows when a quantity is elsewhere."""
        values = {**self._values, name: at}
        users = self._claims.consumers[name]
        reached = {name}
        total = self._precise.mp.mpf(0)
        weights = dict(self._ends) if whole else {}
        for line in self._path:
            if line == name:
                continue
            if not (reached & self._uses[line] if whole else line in users):
                continue
            values[line] = self._sheet.array(self._lines[line], values)
            if whole:
                reached.add(line)
            else:
                own = self._claims.gradients.get(line)
                weight = self._values[own] if own else self._ends[line]
                total += self._growth(line, values, weight)
                del values[line]
                values[line] = self._values[line]
        for line, weight in weights.items():
            total += self._growth(line, values, weight)
        if not whole and name in self._seeds:
            total += self._growth(name, values, self._seeds[name])
        return total

    def _growth(self, line: str, values: Mapping[str, Array], weight: Array) -> Value:
        before, after = self._values[line], values[line]
        return self._precise.mp.fdot((weight[i], after[i] - before[i]) for i in before)


class FloatGradients:
    """The gradients of one backward pass of a large worksheet, by differences in float64.

    Each quantity is moved within the lines that use it.
    """

    def __init__(
        self,
        value: Callable[[Expression, Mapping[str, Any]], Any],
        lines: Mapping[str, Expression],
        values: Mapping[str, Any],
        claims: Claims,
    ) -> None:
        self._value, self._lines, self._values, self._claims = value, lines, values, claims
        self._random = np.random.default_rng(0)

    def checks(self) -> tuple[Check, ...]:
        """A check for every gradient, in order."""
        with np.errstate(all="ignore"):
            return tuple(map(self._check, self._claims.gradients))

    def _check(self, name: str) -> Check:
        label = self._claims.gradients[name]
        claimed, at = self._values[label], self._values[name]
        error = float("inf")
        for step in _STEPS:
            along = self._random.choice([-1.0, 1.0], np.shape(at))
            along = along * self._random.uniform(0.5, 1.5, np.shape(at))
            expected = float(np.sum(claimed * along))
            found, size = self._slope(name, at, along, step * max(1.0, float(np.max(np.abs(at)))))
            size = max(size, float(np.sqrt(np.sum(np.square(claimed * along)))), 1e-12)
            error = min(error, abs(found - expected) / size)
            if error <= _FLOAT_TOLERANCE:
                break
        method = "differences in the lines that use it, in float64"
        if error > _FLOAT_TOLERANCE:
            beside = self._beside(name, at, claimed)
            if beside <= _FLOAT_TOLERANCE:
                return Check(label, f"one-sided {method}", beside, True, "at a kink")
        return Check(label, method, error, error <= _FLOAT_TOLERANCE)

    def _beside(self, name: str, at: Any, claimed: Any) -> float:
        """The error of one of the slopes to both sides, where equal entries move less and less.

        Of equal entries the first one then moves most: it is the maximum to the right, the minimum
        to the left, and relu is 0 to the left. At these kinks the gradient has to be that slope.
        """
        along = self._falling(at)
        expected = float(np.sum(claimed * along))
        step = _STEPS[1] * max(1.0, float(np.max(np.abs(at))))
        floor = max(float(np.sqrt(np.sum(np.square(claimed * along)))), 1e-12)
        errors = []
        for sign in (1, -1):
            found, size = self._slope(name, at, along, step, sign)
            errors.append(abs(found - expected) / max(size, floor))
        return min(errors)

    def _falling(self, at: Any) -> Any:
        """Random numbers above 0, falling within entries of one value."""
        flat, drawn = np.ravel(at), self._random.uniform(0.5, 1.5, np.size(at))
        along = np.empty(drawn.shape)
        along[np.lexsort((np.arange(drawn.size), flat))] = drawn[np.lexsort((-drawn, flat))]
        return along.reshape(np.shape(at))

    def _slope(
        self, name: str, at: Any, along: Any, step: float, side: int = 0
    ) -> tuple[float, float]:
        """By differences around a point, or to one side of it, and the size of what it is made of."""
        total = size = 0.0
        places, weights = _SIDED[side]
        for line in self._claims.consumers[name]:
            own = self._claims.gradients.get(line)
            weight = self._values[own] if own else 1.0
            expression = self._lines[line]
            ends = [
                factor
                * self._value(expression, {**self._used(expression), name: at + k * step * along})
                for k, factor in zip(places, weights, strict=True)
            ]
            part = float(np.sum(weight * (sum(ends) / step)))
            total += part
            size = max(size, abs(part))
        seed = self._claims.seeds.get(name)
        if seed is not None:
            total += float(np.sum(self._value(seed, self._values) * along))
        return total, size

    def _used(self, expression: Expression) -> dict[str, Any]:
        return {n: self._values[n] for n in names(expression) if n in self._values}
