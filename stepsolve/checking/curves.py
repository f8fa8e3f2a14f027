"""The oracle of implicit functions: points of a curve found by solving its equation numerically."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression

TOLERANCE = 1e-15  # of a difference quotient: two thirds of the digits of a point are left
ON_CURVE = 1e-9  # relative: a point typed with decimals lies on the curve as far as they go
_STEEP = 1e6  # slopes beyond which a point is too close to a vertical tangent
_TRIES = 60
_SOLVED = 1e-40
_STEPS, _HALVINGS = 60, 12  # of Newton's method


class Curve:
    """`left = right`, where the name `dependent` is a function of the name `variable`."""

    def __init__(
        self,
        left: Expression,
        right: Expression,
        variable: str,
        dependent: str,
        precise: Precise | None = None,
    ) -> None:
        self.precise = precise or Precise()
        self._difference = Apply("-", left, right)
        self._sides = left, right
        self._x, self._y = variable, dependent

    def precise_values(self, given: Mapping[str, Expression]) -> dict[str, Value]:
        """Given values in high precision."""
        return {name: self.precise.evaluate(value, Point({})) for name, value in given.items()}

    def sides(self, values: Mapping[str, Value]) -> tuple[Value, Value]:
        """The values of both sides of the equation. Raises `OutsideDomain` if there is none."""
        left, right = (self.precise.evaluate(side, Point(values)) for side in self._sides)
        return left, right

    def off(self, values: Mapping[str, Value]) -> float:
        """How far a point is from the curve, relative to the sides of the equation."""
        left, right = self.sides(values)
        return float(abs(left - right) / max(abs(left), abs(right), 1))

    def points(self, names: Sequence[str]) -> Iterator[dict[str, Value]]:
        """Points on the curve, the same in every run."""
        found = 0
        for attempt, values in enumerate(candidates(names, self.precise)):
            if attempt == _TRIES or found == POINTS:
                return
            at = self.nearest(values)
            if at is not None:
                found += 1
                yield at

    def nearest(self, values: Mapping[str, Value]) -> dict[str, Value] | None:
        """The point with the other values as given, the dependent one solved for from its own."""

        def miss(y: Value) -> Value:
            point = Point({**values, self._y: y})
            return self.precise.evaluate(self._difference, point)

        found = self._solved(miss, values[self._y])
        if found is None:
            return None
        at = {**values, self._y: found}
        return at if self.off(at) <= _SOLVED else None

    def _solved(self, miss: Callable[[Value], Value], y: Value) -> Value | None:
        """A root by Newton's method, each step halved until it comes closer within the domain."""
        move = self.precise.mp.inf
        try:
            here = miss(y)
            for _ in range(_STEPS):
                nudge = self.precise.step(y)
                slope = (miss(y + nudge) - miss(y - nudge)) / (2 * nudge)
                if not here or not slope:
                    break
                move = -here / slope
                closer = self._closer(miss, y, move, abs(here))
                if closer is None:
                    break
                y, here = closer
        except OutsideDomain:
            return None
        # far out, a function may come as close to 0 as one likes without ever being 0
        return y if not here or abs(move) <= _SOLVED * max(abs(y), 1) else None

    def _size(self, at: Mapping[str, Value]) -> Value:
        return max(abs(at[self._y]), 1)

    @staticmethod
    def _closer(
        miss: Callable[[Value], Value], y: Value, move: Value, size: Value
    ) -> tuple[Value, Value] | None:
        for halvings in range(_HALVINGS):
            try:
                after = miss(y + move / 2**halvings)
            except OutsideDomain:
                continue
            if abs(after) < size:
                return y + move / 2**halvings, after
        return None

    def slope(
        self,
        expression: Expression,
        at: Mapping[str, Value],
        definitions: Mapping[str, Expression] | None = None,
    ) -> Value | None:
        """How an expression changes along the curve by the variable, by a central difference."""
        step = self.precise.step(at[self._x])
        sides = []
        for sign in (1, -1):
            moved = self.nearest({**at, self._x: at[self._x] + sign * step})
            if moved is None:
                return None
            try:
                sides.append(self.precise.evaluate(expression, Point(moved, definitions)))
            except OutsideDomain:
                return None
        return (sides[0] - sides[1]) / (2 * step)

    def check(
        self,
        of: str,
        expression: Expression,
        claimed: Expression,
        points: Sequence[dict[str, Value]],
        definitions: Mapping[str, Expression] | None = None,
    ) -> Check:
        """Whether the claimed derivative is how the expression changes along the curve.

        `definitions` are names in either that stand for expressions.
        """
        worst, count = 0.0, 0
        for at in points:
            slope = self.slope(expression, at, definitions)
            if slope is None or abs(slope) * max(abs(at[self._x]), 1) > _STEEP * self._size(at):
                continue
            try:
                value = self.precise.evaluate(claimed, Point(at, definitions))
            except OutsideDomain:
                value = self.precise.mp.inf
            count += 1
            worst = max(worst, float(abs(value - slope) / max(abs(slope), 1)))
        method = "differences along the curve"
        note = "" if count else "no point of the curve was found"
        return Check(
            of, method, worst if count else float("inf"), count > 0 and worst <= TOLERANCE, note
        )
