"""The oracles of gradients of arrays: differences along random directions.

A gradient is confirmed by moving its quantity along a direction and running the lines again, or, on
a worksheet too large for that, only the lines that use it, whose own gradients are confirmed the
same way. At a kink the slopes to both sides differ: then each entry is moved alone, and its gradient
must lie between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
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
_GUARD = 1000  # roundings of one difference
_KINK = 1e-9  # the slopes to both sides differ by more only at a kink
_SMALL = 1e-6  # slopes below that differ through curvature
_ON_THE_WAY = 1000  # how much larger than the target what it is made of may be
_AFFORDABLE = 60_000  # operations of high precision for all differences of all passes
_SIGNS = np.array([-1.0, 1.0])
_sum = partial(np.add.reduce, axis=None)
_STEPS = (1e-5, 1e-6, 1e-4)  # of differences in float64
_APART = 1e-3  # slopes to both sides that differ by more, relatively, are those of a kink
_MANY = 1000  # entries beyond which kinks are not looked for one by one
_PARTS = 200  # parts of an array that are looked at one by one for kinks


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
        passes: int = 1,
    ) -> None:
        """`passes` is how many backward passes share what is affordable: steps of training."""
        self._affordable = _AFFORDABLE // passes
        self._dimensions, self._precise = dimensions, precise
        self._lines, self._values, self._claims = lines, values, claims
        self._sheet = PreciseSheet(dimensions, precise)
        self._step = precise.step(precise.mp.mpf(1))
        self._uses = {name: frozenset(names(e)) for name, e in lines.items()}
        self._seeds = {n: self._sheet.array(e, values) for n, e in claims.seeds.items()}
        self._ends = self._seeds or {claims.target: {(): precise.mp.mpf(1)}}
        needed, moved = self._needed(), self._moved()
        self._path = [name for name in lines if name in needed and name in moved]
        self._cost = {name: work(lines[name], dimensions) + 1 for name in self._path}
        self._least = self._resolution()

    def _needed(self) -> set[str]:
        """The lines that the target hangs on."""
        found = set(self._ends)
        for name in reversed(list(self._lines)):
            if name in found:
                found.update(self._uses[name])
        return found

    def _moved(self) -> set[str]:
        """The lines that hang on what is differentiated by: not the steps of training before."""
        found = set(self._claims.gradients)
        for name, used in self._uses.items():
            if not found.isdisjoint(used):
                found.add(name)
        return found

    def checks(self) -> tuple[Check, ...]:
        """A check for every gradient, in order."""
        asked = list(self._claims.gradients)
        whole = 2 * sum(self._cost.values()) * len(asked) <= self._affordable
        return tuple(self._check(name, whole) for name in asked)

    def _check(self, name: str, whole: bool) -> Check:
        label = self._claims.gradients[name]
        claimed = self._values[label]
        where = "through the lines" if whole else "in the lines that use it"
        method = f"differences {where}"
        try:
            along = self._directions(self._dimensions.known[name])
            left, right = self._steady_slopes(name, along, whole)
            expected = self._precise.mp.fdot((claimed[i], along[i]) for i in along)
            size = max(abs(expected), abs(left), abs(right), self._floor(claimed, along))
            size = max(size, self._noise(name, whole))
            # at the bottom of a square both slopes are as small as the step: that is no kink
            if abs(left - right) > _KINK * max(size, _SMALL):
                return self._at_kinks(name, whole, method)
            error = float(abs((left + right) / 2 - expected) / size) if size else 0.0
        except OutsideDomain:
            note = "it cannot be moved to both sides within the domain"
            return Check(label, method, float("inf"), False, note)
        return Check(label, method, error, error <= _TOLERANCE)

    def _resolution(self) -> Value:
        """The size of slopes below which differences lose their digits to rounding.

        What is rounded are the lines; each moves the target by its gradient. So the gradient of a
        saturated softmax, of 1e-60, is confirmed to be that small, not in its own digits.
        """
        weights = {n: self._values[g] for n, g in self._claims.gradients.items()} | self._ends
        moved = (
            abs(weight[i] * self._values[n][i]) for n, weight in weights.items() for i in weight
        )
        return (
            max(moved, default=0)
            * self._precise.power(self._precise.rounding)
            * _GUARD
            / _TOLERANCE
        )

    def _floor(self, claimed: Array, along: Array) -> Value:
        """The size below which the sum of products with a direction is rounding."""
        return max(self._least, *(abs(claimed[i] * along[i]) for i in along))

    def _noise(self, name: str, whole: bool) -> Value:
        """The size below which slopes are rounding: where paths cancel each other, 0 is exact."""
        lines = self._ends if whole else self._claims.consumers[name]
        terms = [self._precise.mp.mpf(0)]
        for line in lines:
            own = None if whole else self._claims.gradients.get(line)
            weight = self._values[own] if own else self._ends.get(line, {})
            terms += [abs(weight[i] * self._values[line][i]) for i in weight]
        return max(terms) * self._precise.power(self._precise.rounding) * _ON_THE_WAY / _TOLERANCE

    def _entry_by_entry(self, name: str, whole: bool, method: str) -> Check:
        label = self._claims.gradients[name]
        worst, kinks = 0.0, 0
        for index in places(self._dimensions.known[name]):
            claimed = self._values[label][index]
            alone = {index: self._precise.mp.mpf(1)}
            left, right = self._steady_slopes(name, alone, whole)
            low, high = sorted((left, right))
            size = max(abs(low), abs(high), abs(claimed), self._least)
            if high - low > _KINK * size:
                kinks += 1
                off = max(low - claimed, claimed - high, 0)
            else:
                off = abs((low + high) / 2 - claimed)
            worst = max(worst, float(off / size) if off else 0.0)
        note = f"at a kink in {kinks} of its entries" if kinks > 1 else "at a kink"
        return Check(label, f"one-sided {method}", worst, worst <= _TOLERANCE, note)

    def _at_kinks(self, name: str, whole: bool, method: str) -> Check:
        """Entry by entry, where that is not too much; where it says no, all entries together."""
        lines = self._path if whole else self._claims.consumers[name]
        each = 2 * sum(self._cost.get(line, 0) for line in lines)
        label = self._claims.gradients[name]
        found = Check(label, f"one-sided {method}", float("inf"), False, "at kinks")
        if each * len(self._values[name]) <= self._affordable:
            found = self._entry_by_entry(name, whole, method)
        return found if found.passed else self._first_of_equals(name, whole, found)

    def _first_of_equals(self, name: str, whole: bool, failed: Check) -> Check:
        """The slopes to both sides where every entry moves less than those before it.

        Where kinks of several users cross, an entry that moves alone does not tell what each of them
        gives. Of equal entries the first one stays the maximum to the right, the minimum to the left.
        """
        claimed = self._values[failed.of]
        found = places(self._dimensions.known[name])
        random = np.random.default_rng(len(found))
        drawn = np.sort(random.integers(2**30, 3 * 2**30, len(found)))[::-1].tolist()
        along = {i: self._precise.mp.mpf(n) / 2**31 for i, n in zip(found, drawn, strict=True)}
        expected = self._precise.mp.fdot((claimed[i], along[i]) for i in along)
        slopes = self._steady_slopes(name, along, whole)
        size = max(*map(abs, slopes), self._floor(claimed, along), self._noise(name, whole))
        error = float(min(abs(slope - expected) for slope in slopes) / size)
        return failed._replace(error=error, passed=error <= _TOLERANCE)

    def _directions(self, dims: tuple[int, ...]) -> Array:
        """A direction with entries of about 1, the same at every run."""
        random = np.random.default_rng(prod(dims))
        # of many digits, so that no two entries move alike: swapped gradients would not show
        drawn = random.choice([-1, 1], dims) * random.integers(2**30, 3 * 2**30, dims)
        at = np.asarray(drawn)
        return {index: self._precise.mp.mpf(int(at[index])) / 2**31 for index in places(dims)}

    def _steady_slopes(self, name: str, along: Array, whole: bool) -> tuple[Value, Value]:
        """The slopes in a step that suits the size of the quantity, or else in a smaller one."""
        largest = max(abs(value) for value in self._values[name].values())
        one = self._precise.mp.mpf(1)
        try:
            return self._slopes(name, along, whole, max(largest, one) * self._step)
        except OutsideDomain:  # a probability of 1e-20 cannot be moved by more
            smallest = min(abs(value) for value in self._values[name].values())
            if not 0 < smallest < one:
                raise
            return self._slopes(name, along, whole, smallest * self._step)

    def _slopes(self, name: str, along: Array, whole: bool, step: Value) -> tuple[Value, Value]:
        """How what it is the gradient of moves with a quantity, to both sides."""
        here = self._values[name]
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
            if error > _FLOAT_TOLERANCE:
                if claimed.size > _MANY and self._beside(name) <= _FLOAT_TOLERANCE:
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
        along = np.where(claimed < 0, -1.0, 1.0)
        along *= sizes
        yield along

    def _error(self, name: str, along: Any, floor: float = 1e-12) -> float:
        """The relative error of the claim along a direction, with the step that suits it best."""
        at, claimed = self._values[name], self._values[self._claims.gradients[name]]
        parts = claimed * along
        expected = float(_sum(parts))
        size = max(math.sqrt(np.vdot(parts, parts)), floor)
        del parts
        error = float("inf")
        largest_at = max(1.0, float(np.max(np.abs(at))))
        for step in _STEPS:
            step *= largest_at
            rise, largest = self._rise(name, at - step * along, at + step * along)
            off = abs(rise / (2 * step) - expected)
            error = min(error, off / max(size, largest / (2 * step)))
            if error <= _FLOAT_TOLERANCE:
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
            if self._error(name, direction, floor) <= _FLOAT_TOLERANCE:
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
