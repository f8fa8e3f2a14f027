"""The oracles of worksheets: every value by two libraries, every gradient by differences.

A gradient is confirmed by moving its quantity and running the lines again. On a graph too large for
that, most are confirmed by moving them within the lines that use them, whose own gradients are
confirmed the same way: the cost stays linear in the graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from stepsolve.checking.conditioning import AS_FAR
from stepsolve.checking.precise import DIGITS, Point, Precise, Value, bits
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.forms import form_of, holes_of

VALUE_TOLERANCE = 1e-9  # of float64 against 50 digits
GRADIENT_TOLERANCE = 1e-15  # of 50 digits against differences of 50 digits
_TOLERABLE = 80  # bits that cancellation may take: 25 digits remain
_SMALL = 1e-6  # below this size float64 may lose digits to cancellation without harm
_KINK = math.log2(1e-9)  # the slopes to both sides of a point differ by more only at a kink
_CLAIMED = math.log2(1e-46)  # relative error that a gradient worked out with 50 digits may have
_BUDGET = 120  # lines run again for gradients through the whole graph
_MANY = 40  # lines that use a name, beyond which they are moved together
_FAR = 500  # lines beyond which a small step is lost on the way to the target


class Gradients(NamedTuple):
    """What is to be confirmed: `values[name_of[n]]` is the derivative of `target` by `n`."""

    target: str
    name_of: Mapping[str, str]
    consumers: Mapping[str, Sequence[str]]


class Slopes:
    """The slopes of a quantity to both sides, and the size that they need to be exact.

    That size is a power of two, told by its exponent.
    """

    def __init__(self, left: Value, right: Value, noise: float = -math.inf) -> None:
        self.left, self.right, self.noise = left, right, noise

    @cached_property
    def size(self) -> Value:
        return max(abs(self.left), abs(self.right))

    @property
    def gap(self) -> Value:
        return abs(self.right - self.left)

    @property
    def middle(self) -> Value:
        return (self.left + self.right) / 2

    @property
    def audible(self) -> bool:
        """Whether the slopes stand out from the noise."""
        return self.bits > self.noise or self.noise == -math.inf

    @property
    def bits(self) -> float:
        """The exponent of the power of two just above both slopes."""
        return max(bits(self.left), bits(self.right))

    def times(self, factor: Value) -> Slopes:
        return Slopes(self.left * factor, self.right * factor, self.noise + bits(factor))

    def __add__(self, other: Slopes) -> Slopes:
        noise = _of_sum(self.noise, other.noise)
        return Slopes(self.left + other.left, self.right + other.right, noise)


def _of_sum(first: float, second: float) -> float:
    """The exponent of a sum of two powers of two."""
    if first == second:
        return first + 1
    low, high = sorted((first, second))
    return high + math.log2(1 + 2.0 ** (low - high))


def precise_values(
    given: Mapping[str, Expression | None],
    lines: Mapping[str, Expression],
    precise: Precise,
    known: Mapping[str, Value] | None = None,
) -> dict[str, Value]:
    """The value of every name that has one, to 50 digits; `known` are values of symbols."""
    values = dict(known or {})
    for name, expression in [*given.items(), *lines.items()]:
        if expression is not None:
            found = precise.worked_out(expression, values)
            if found is not None:
                values[name] = found
    return values


def settled_values(
    given: Mapping[str, Expression | None], lines: Mapping[str, Expression]
) -> tuple[dict[str, Value], Precise]:
    """The values to digits that can all be shown, and the arithmetic that they took.

    Where sums cancel so far that too few of 50 digits remain, the work is done again with 200.
    """
    precise = Precise()
    values = precise_values(given, lines, precise)
    if precise.lost > _TOLERABLE:
        precise = Precise(4 * DIGITS)
        values = precise_values(given, lines, precise)
    return values, precise


def check_values(
    of: Sequence[str],
    floats: Mapping[str, float],
    exact: Mapping[str, Value],
    rounding: Callable[[], Mapping[str, float]] = dict,
) -> tuple[Check, ...]:
    """NumPy's value of every name against mpmath's.

    `rounding` tells, if a value differs, by how much float64 may be off at each.
    """
    known: Mapping[str, float] | None = None
    checks = []
    for name in of:
        rounded = float(exact[name])
        off = abs(rounded - floats[name])
        error = off / max(abs(rounded), _SMALL)
        passed, note = error <= VALUE_TOLERANCE, ""
        if not passed:
            known = rounding() if known is None else known
            passed = off <= known.get(name, 0.0)
            note = AS_FAR if passed else ""
        checks.append(Check(name, "NumPy and mpmath", error, passed, note))
    return tuple(checks)


class GradientOracle:
    """Confirms the gradients of a target by differences along its lines."""

    def __init__(
        self,
        lines: Mapping[str, Expression],
        values: Mapping[str, Value],
        gradients: Gradients,
        precise: Precise,
    ) -> None:
        self._lines = dict(lines)
        self._values = values
        self._gradients = gradients
        self._precise = precise

    def checks(self) -> tuple[Check, ...]:
        """A check for every gradient, in order."""
        asked = [name for name in self._gradients.name_of if name != self._gradients.target]
        affordable = max(2, _BUDGET // max(1, len(self._lines)))
        whole = set(asked[:: -(-len(asked) // affordable)]) if asked else set()
        return tuple(self._check(name, name in whole) for name in asked)

    def _users(self, name: str) -> list[str]:
        """The lines that hang on a name, in order."""
        reached = {name}
        for line, expression in self._lines.items():
            if line != name and not reached.isdisjoint(names(expression)):
                reached.add(line)
        return [line for line in self._lines if line in reached and line != name]

    def _check(self, name: str, whole: bool) -> Check:
        """The first way that confirms the gradient, or else what the first one says.

        The whole graph may amplify or drown a small step: then the lines that use the name decide,
        whose own gradients are confirmed, and then the same with four times the digits.
        """
        found: list[Check] = []
        for oracle, through in ((self, True), (self, False), (None, False)):
            if through and not (whole and len(self._users(name)) <= _FAR):
                continue
            try:
                found.append((oracle or self._sharper)._attempt(name, through, oracle is None))
            except OutsideDomain:
                note = "it cannot be moved to both sides within the domain"
                found.append(Check(self._label(name), "differences", float("inf"), False, note))
            if found[-1].passed:
                return found[-1]
        return found[0]

    def _attempt(self, name: str, through: bool, final: bool) -> Check:
        label, claimed = self._label(name), self._values[self._label(name)]
        method = f"differences {'through the graph' if through else 'in the lines that use it'}"
        slopes = self._slopes(name, through, 1)
        if not slopes.audible:
            silent = final and bits(claimed) <= slopes.noise
            note = "" if silent else "its effect is lost in the digits of the value"
            return Check(label, method, 0.0 if silent else float("inf"), silent, note)
        if claimed and bits(slopes.gap) <= slopes.bits + _KINK:
            error = float(abs(1 - slopes.middle / claimed))
            return Check(label, method, error, error <= GRADIENT_TOLERANCE)
        return self._verdict(label, slopes, self._slopes(name, through, 16), method)

    def _verdict(self, label: str, slopes: Slopes, finer: Slopes, method: str) -> Check:
        """The verdict at a kink, at a jump, or where the gradient is or vanishes with the step."""
        claimed = self._values[label]
        note = ""
        if finer.size > 4 * slopes.size:  # the smaller the step, the steeper
            off, size = abs(claimed), self._precise.mp.mpf(0)
            note = "at a jump, where 0 is declared"
        elif bits(slopes.gap) > slopes.bits + _KINK and finer.gap > slopes.gap / 2:
            low, high = sorted((slopes.left, slopes.right))
            off, size = max(low - claimed, claimed - high, 0), slopes.size
            method = "one-sided " + method
            note = f"at a kink: slopes {float(slopes.left):.4g} and {float(slopes.right):.4g}"
        elif claimed == 0 and finer.size <= slopes.size / 4:  # they vanish with the step
            off, size = claimed, slopes.size
        else:
            off, size = abs(claimed - slopes.middle), slopes.size
        size = max(abs(claimed), size)
        error = float(off / size) if off else 0.0
        return Check(label, method, error, error <= GRADIENT_TOLERANCE, note)

    def _label(self, name: str) -> str:
        return self._gradients.name_of[name]

    @cached_property
    def _sharper(self) -> GradientOracle:
        """The same with four times the digits."""
        precise = Precise(4 * DIGITS)
        # numbers of another context would bring its precision along
        given = {n: precise.mp.mpf(v) for n, v in self._values.items()}
        values = {n: v for n, v in given.items() if n not in self._lines}
        for line, expression in self._lines.items():
            values[line] = precise.worked_out(expression, values)
        return GradientOracle(self._lines, {**given, **values}, self._gradients, precise)

    def _slopes(self, name: str, through: bool, divisor: int) -> Slopes:
        return self._through(name, divisor) if through else self._nearby(name, divisor)

    def _through(self, name: str, divisor: int) -> Slopes:
        """How the target moves with a name, all lines run again."""
        target = self._gradients.target
        users = self._users(name)

        def run(at: Value) -> Value:
            values = {**self._values, name: at}
            for line in users:
                values[line] = self._precise.worked_out(self._lines[line], values)
            return values[target]

        return self._differences(run, name, self._values[target], self._steps(name, divisor))

    def _nearby(self, name: str, divisor: int) -> Slopes:
        """The gradients of the lines that use the name, times how those lines move with it."""
        users, steps = self._gradients.consumers[name], self._steps(name, divisor)
        if len(users) > _MANY:
            return self._together(name, users, steps)
        total: Slopes | None = None
        for line in users:
            moved = self._differences(self._moving(line, name), name, self._values[line], steps)
            # the gradients of the lines were computed with fewer digits than may be used here
            moved.noise = _of_sum(moved.noise, moved.bits + _CLAIMED)
            if line != self._gradients.target:
                moved = moved.times(self._values[self._label(line)])
            total = moved if total is None else total + moved
        zero = self._precise.mp.mpf(0)
        return total or Slopes(zero, zero)

    def _together(self, name: str, users: Sequence[str], steps: Sequence[int]) -> Slopes:
        """The same for a name that very many lines use: the sum of all is moved at once."""
        target, values = self._gradients.target, self._values
        weights = [1 if line == target else values[self._label(line)] for line in users]
        lines = [self._moving(line, name) for line in users]

        mp = self._precise.mp

        def run(at: Value) -> Value:
            return mp.fdot(weights, [line(at) for line in lines])

        terms = [weight * values[line] for weight, line in zip(weights, users, strict=True)]
        return self._differences(run, name, mp.fsum(terms), steps, mp.fsum(terms, absolute=True))

    def _moving(self, line: str, name: str) -> Callable[[Value], Value]:
        """The value of a line as a function of one of the names in it."""
        expression, precise, values = self._lines[line], self._precise, self._values
        program, holes = form_of(expression).program, holes_of(expression)
        if program is None or name not in holes:
            used = {n: values[n] for n in names(expression) if n in values}
            return lambda at: precise.evaluate(expression, Point({**used, name: at}))
        place = holes.index(name)
        known = [values[hole] for hole in holes]

        def run(at: Value) -> Value:
            known[place] = at
            return precise.run(program, known, values)

        return run

    def _steps(self, name: str, divisor: int) -> list[int]:
        """Exponents of steps of a name: relative to its value, or else one of its own."""
        finer = divisor.bit_length() - 1
        return [step - finer for step in self._precise.steps(self._values[name])]

    def _differences(
        self,
        run: Callable[[Value], Value],
        name: str,
        here: Value,
        steps: Sequence[int],
        size: Value = None,
    ) -> Slopes:
        """The slopes of a value by a name in the first of some steps that is large enough.

        `here` is the value; `size` is that of what it is the sum of, if it is one.
        """
        at, power = self._values[name], self._precise.power
        least = bits(here if size is None else size) + self._precise.rounding
        for exponent in steps:
            step, inverse = power(exponent), power(-exponent)
            below, above = run(at - step), run(at + step)
            slopes = Slopes((here - below) * inverse, (above - here) * inverse, least - exponent)
            if slopes.audible:
                break
        return slopes
