"""The oracles of worksheets: every value by two libraries, every gradient by differences.

A gradient is confirmed by moving its quantity and running the lines again. On a graph too large for
that, most are confirmed by moving them within the lines that use them, whose own gradients are
confirmed the same way: the cost stays linear in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from stepsolve.checking.precise import DIGITS, Point, Precise, Value
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression, names

VALUE_TOLERANCE = 1e-9  # of float64 against 50 digits
GRADIENT_TOLERANCE = 1e-15  # of 50 digits against differences of 50 digits
_TOLERABLE = 80  # bits that cancellation may take: 25 digits remain
_SMALL = 1e-6  # below this size float64 may lose digits to cancellation without harm
_KINK = 1e-9  # the slopes to both sides of a point differ by more only at a kink
_ROUNDING = 1e-33  # of a value's size: differences of less leave too few digits to compare
_BUDGET = 120  # lines run again for gradients through the whole graph


class Gradients(NamedTuple):
    """What is to be confirmed: `values[name_of[n]]` is the derivative of `target` by `n`."""

    target: str
    name_of: Mapping[str, str]
    consumers: Mapping[str, Sequence[str]]


class Slopes(NamedTuple):
    """One-sided slopes of a quantity, whether they differ, and the size that they need to be exact."""

    left: Value
    right: Value
    noise: Value
    kink: bool

    @property
    def audible(self) -> bool:
        """Whether the slopes stand out from the noise."""
        size = max(abs(self.left), abs(self.right))
        return bool(size > self.noise or size == 0)

    def plus(self, factor: Value, other: Slopes) -> Slopes:
        """These slopes and a multiple of others."""
        sides = other.left, other.right
        return Slopes(
            self.left + factor * sides[0],
            self.right + factor * sides[1],
            self.noise + abs(factor) * other.noise,
            self.kink or other.kink,
        )


def precise_values(
    given: Mapping[str, Expression | None],
    lines: Mapping[str, Expression],
    precise: Precise,
    known: Mapping[str, Value] | None = None,
) -> dict[str, Value]:
    """The value of every name that has one, to 50 digits; `known` are values of symbols."""
    point = Point(known or {})
    for name, expression in [*given.items(), *lines.items()]:
        if expression is None or any(
            n not in point.values and n not in precise.constants for n in names(expression)
        ):
            continue
        point.values[name] = precise.evaluate(expression, point)
    return point.values


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
    of: Sequence[str], floats: Mapping[str, float], exact: Mapping[str, Value]
) -> tuple[Check, ...]:
    """NumPy's value of every name against mpmath's."""
    checks = []
    for name in of:
        rounded = float(exact[name])
        error = abs(rounded - floats[name]) / max(abs(rounded), _SMALL)
        checks.append(Check(name, "NumPy and mpmath", error, error <= VALUE_TOLERANCE))
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
        label = self._gradients.name_of[name]
        try:
            slopes = self._slopes_whole(name) if whole else None
            whole = slopes is not None and slopes.audible
            if slopes is None or not slopes.audible:
                slopes = self._slopes_near(name)
        except OutsideDomain:
            note = "it cannot be moved to both sides within the domain"
            return Check(label, "differences", float("inf"), False, note)
        method = (
            "differences through the graph" if whole else "differences in the lines that use it"
        )
        claimed = self._values[label]
        size = max(abs(claimed), abs(slopes.left), abs(slopes.right), slopes.noise)
        if slopes.kink:
            low, high = sorted((slopes.left, slopes.right))
            off = max(low - claimed, claimed - high, 0)
            method = "one-sided " + method
            note = f"at a kink: slopes {float(slopes.left):.4g} and {float(slopes.right):.4g}"
        else:
            off, note = abs(claimed - (slopes.left + slopes.right) / 2), ""
        error = float(off / size) if off else 0.0
        return Check(label, method, error, error <= GRADIENT_TOLERANCE, note)

    def _slopes_whole(self, name: str) -> Slopes:
        target = self._gradients.target
        users = self._users(name)

        def run(at: Value) -> Value:
            point = Point({**self._values, name: at})
            for line in users:
                point.values[line] = self._precise.evaluate(self._lines[line], point)
            return point.values[target]

        return self._slopes(run, name, self._values[target])

    def _slopes_near(self, name: str) -> Slopes:
        """The gradients of the lines that use the name, times how those lines move with it."""
        zero = self._precise.mp.mpf(0)
        total = Slopes(zero, zero, zero, False)
        for line in self._gradients.consumers[name]:
            is_target = line == self._gradients.target
            upstream = 1 if is_target else self._values[self._gradients.name_of[line]]
            expression = self._lines[line]
            used = {n: self._values[n] for n in names(expression) if n in self._values}

            def run(
                at: Value, expression: Expression = expression, used: dict[str, Value] = used
            ) -> Value:
                return self._precise.evaluate(expression, Point({**used, name: at}))

            total = total.plus(upstream, self._slopes(run, name, self._values[line]))
        return total

    def _slopes(self, run: Callable[[Value], Value], name: str, here: Value) -> Slopes:
        at = self._values[name]
        step = self._precise.step(at)
        left, right = (here - run(at - step)) / step, (run(at + step) - here) / step
        gap, noise = abs(right - left), abs(here) * _ROUNDING / step
        kink = gap > max(_KINK * max(abs(left), abs(right)), noise * _KINK)
        if kink:  # between smooth slopes the gap would shrink with the step
            step /= 16
            left, right = (here - run(at - step)) / step, (run(at + step) - here) / step
            kink = abs(right - left) > gap / 2
        return Slopes(left, right, noise, kink)
