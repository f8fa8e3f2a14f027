"""The oracle of gradients of arrays: differences with 50 digits along random directions.

A gradient is confirmed by moving its quantity along a direction and running the lines again, or, on
a worksheet too large for that, only the lines that use it, whose own gradients are confirmed the
same way. At a kink the slopes to both sides differ: then each entry is moved alone, and its gradient
must lie between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Protocol

import numpy as np

from stepsolve.checking.arrays import Array, PreciseSheet, work
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.shaken import RUNS, Shaken, roundings
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.array_operation import places
from stepsolve.operations.dimensions import Dimensions

_TOLERANCE = 1e-12  # of 50 digits against differences of 50 digits
_GUARD = 1000  # roundings of one difference
_KINK = 1e-9  # the slopes to both sides differ by more only at a kink
_SMALL = 1e-6  # slopes below that differ through curvature
_ON_THE_WAY = 1000  # how much larger than the target what it is made of may be
_AFFORDABLE = 60_000  # operations of high precision for all differences of all passes


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
            off = abs((left + right) / 2 - expected)
            if off > _TOLERANCE * size:
                size = max(size, self._rounding(name, whole))
            error = float(off / size) if size else 0.0
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

    def _rounding(self, name: str, whole: bool) -> Value:
        """The size below which slopes are rounding within an operation, where no line shows it.

        log Σ exp(z) − z[0] is made of numbers as large as z, however small it is itself.
        """
        lines = [line for line in self._path if whole or line in self._claims.consumers[name]]
        worst = self._precise.mp.mpf(0)
        for seed in range(RUNS):
            sheet = PreciseSheet(self._dimensions, self._precise, Shaken(self._precise, seed))
            values = dict(self._values)
            for line in lines:
                values[line] = sheet.array(self._lines[line], values if whole else self._values)
            worst = max(worst, roundings(self._precise, self._moved_by(lines, values, whole)))
        return worst * _GUARD / (self._usual_step(name) * _TOLERANCE)

    def _moved_by(self, lines: Sequence[str], values: Mapping[str, Array], whole: bool) -> Value:
        """By how much the target grows with the lines that it is made of."""
        grown = self._precise.mp.mpf(0)
        for line in lines:
            own = None if whole else self._claims.gradients.get(line)
            weight = self._values[own] if own else self._ends.get(line)
            if weight is not None:
                grown += self._growth(line, values, weight)
        return grown

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
        try:
            return self._slopes(name, along, whole, self._usual_step(name))
        except OutsideDomain:  # a probability of 1e-20 cannot be moved by more
            smallest = min(abs(value) for value in self._values[name].values())
            if not 0 < smallest < 1:
                raise
            return self._slopes(name, along, whole, smallest * self._step)

    def _usual_step(self, name: str) -> Value:
        """A step that suits the size of a quantity."""
        largest = max(abs(value) for value in self._values[name].values())
        return max(largest, self._precise.mp.mpf(1)) * self._step

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
