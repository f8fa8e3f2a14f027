"""Values in high precision, by mpmath: the numbers that are shown, and the oracle of the checks.

Source: F. Johansson et al., mpmath, a Python library for arbitrary-precision arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from functools import cache, cached_property, lru_cache, partial
from typing import Any

from mpmath import MPContext

from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.operations.forms import Program, laid_out
from stepsolve.operations.table import OPERATIONS

DIGITS = 50
_LARGEST = 4096  # bits before the point: the next exponential of more would never end
_BLURRED = 6  # bits at the end of a value that its evaluation may have spoilt
_SPARE = 16  # bits: what remains of a sum that cancels in all but these is rounding errors
_EXACTLY = Context(2 * DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX)
# the last few of the digits carry rounding errors: 2.675 must not come back as 2.67499...
_TRUSTED = Context(DIGITS - 5, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX)

Value = Any  # an mpf: mpmath has no types of its own


def bits(value: Value) -> float:
    """Bits before the point, negative for a small value; infinite for what is not a number.

    Raises AttributeError for a complex value.
    """
    _, mantissa, exponent, count = value._mpf_
    if mantissa:
        return exponent + count  # type: ignore[no-any-return]  # mpmath has no types
    return math.inf if exponent else -math.inf


class Point:
    """A place to evaluate at: values of names, and what has been computed there already.

    `definitions` are names that stand for expressions in the others.
    """

    def __init__(
        self,
        values: Mapping[str, Value],
        definitions: Mapping[str, Expression] | None = None,
    ) -> None:
        self.values = dict(values)
        self.definitions = definitions or {}
        # nodes are kept beside their values, so that no identity is ever used twice
        self.memory: dict[int, tuple[Expression, Value]] = {}
        self._near: dict[str, tuple[Point, Point, Value]] = {}
        self.blur = 0.0
        """The largest relative error that any derivative taken here may have."""
        self.silence: Value = 0
        """The size below which a derivative taken here could not be told from 0."""

    def near(self, variable: str, precise: Precise) -> tuple[Point, Point, Value]:
        """The points a small step above and below in one variable, and the step."""
        known = self._near.get(variable)
        if known is None:
            at = self.values[variable]
            step = precise.step(at)
            above = Point({**self.values, variable: at + step}, self.definitions)
            below = Point({**self.values, variable: at - step}, self.definitions)
            known = self._near[variable] = above, below, step
        return known


@lru_cache(maxsize=4096)
def _power_of_two(exponent: int) -> Decimal:
    return _EXACTLY.power(Decimal(2), Decimal(exponent))


@cache
def _context(digits: int) -> MPContext:
    context = MPContext()
    context.dps = digits  # never changed again, so that it can be shared
    return context


class Precise:
    """Arithmetic of `DIGITS` digits, in a context of its own: nothing global is set."""

    def __init__(self, digits: int = DIGITS) -> None:
        self.mp = _context(digits)
        self.lost = 0.0
        """The most bits that any sum has lost by cancellation so far."""
        self.constants: dict[str, Value] = {
            "e": +self.mp.e,
            "pi": +self.mp.pi,
            "π": +self.mp.pi,
        }
        self._numbers: dict[str, Value] = {}
        self._powers: dict[int, Value] = {}
        self._functions: dict[str, Callable[..., Value]] = {}
        self._prec: int = self.mp.prec

    def number(self, text: str) -> Value:
        """The value of a decimal as typed."""
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers[text] = self.mp.mpf(text)
        return known

    def evaluate(self, expression: Expression, point: Point) -> Value:
        """The value of an expression at a point.

        Raises `OutsideDomain` where there is no finite real value, `KeyError` for an unknown name.
        """
        if isinstance(expression, Apply):
            known = point.memory.get(id(expression))
            if known is not None:
                return known[1]
            result = self._applied(expression, point)
            point.memory[id(expression)] = expression, result
            return result
        if isinstance(expression, Name):
            return self._named(expression, point)
        if isinstance(expression, Number):
            return self.number(expression.text)
        raise OutsideDomain("the scalar arithmetic", [expression])

    def worked_out(self, expression: Expression, values: Mapping[str, Value]) -> Value:
        """The same value as `evaluate` gives, by the operations of its form: many lines share one.

        None where a name in it has no value.
        """
        try:
            program, found = laid_out(expression, values)
        except KeyError:
            return None
        if program is None:
            return self.evaluate(expression, Point(values))
        return self.run(program, found, values)

    def run(
        self, program: Program, holes: Sequence[Value], values: Mapping[str, Value] | None = None
    ) -> Value:
        """The value of a program; `values` are those of names that are constants elsewhere."""
        found, apply = list(holes), self.apply
        if program.leaves:
            found += [self._leaf(leaf, values or {}) for leaf in program.leaves]
        for operation, places in program.steps:
            found.append(apply(operation, [*map(found.__getitem__, places)]))
        return found[-1]

    def _leaf(self, leaf: Name | Number, values: Mapping[str, Value]) -> Value:
        if isinstance(leaf, Number):
            return self.number(leaf.text)
        return values[leaf.name] if leaf.name in values else self.constants[leaf.name]

    def _named(self, expression: Name, point: Point) -> Value:
        name = expression.name
        if name in point.values:
            return point.values[name]
        if name in point.definitions:
            return self.evaluate(point.definitions[name], point)
        return self.constants[name]

    def _applied(self, expression: Apply, point: Point) -> Value:
        if expression.operation == "diff":
            return self._slope(expression, point)
        row = OPERATIONS.get(expression.operation)
        if row is None:
            raise OutsideDomain(expression.operation, [expression])
        if row.means is not None and (meant := row.means(expression.arguments)) is not None:
            return self.evaluate(meant, point)
        if row.chooses:
            condition, chosen, other = expression.arguments
            return self.evaluate(chosen if self.evaluate(condition, point) else other, point)
        written = row.completed(expression.arguments) if row.defaults else expression.arguments
        values = point.values
        arguments = [
            values[a.name] if isinstance(a, Name) and a.name in values else self.evaluate(a, point)
            for a in written
        ]
        return self.apply(expression.operation, arguments)

    def apply(self, operation: str, arguments: list[Value]) -> Value:
        """One operation on values; raises `OutsideDomain` where the result is not a finite real."""
        function = self._functions.get(operation) or self._function(operation)
        try:
            result = function(*arguments)
            _, mantissa, exponent, count = result._mpf_
            size = exponent + count if mantissa else bits(result)
        except (ZeroDivisionError, ValueError, OverflowError, AttributeError) as error:
            raise OutsideDomain(operation, map(float, arguments)) from error
        if size > _LARGEST:
            raise OutsideDomain(operation, map(float, arguments))
        if operation in ("+", "-"):
            # also a zero may be what is left of 1 - tanh(60)^2
            largest = max(map(bits, arguments))
            if largest > size:
                lost = min(largest - size, self._prec)
                self.lost = max(self.lost, lost)
                if lost > self._prec - _SPARE:
                    return self.mp.mpf(0)  # 0.1 + 0.2 - 0.3
        return result

    def _function(self, operation: str) -> Callable[..., Value]:
        precise = OPERATIONS[operation].precise
        known = getattr(self.mp, precise) if isinstance(precise, str) else partial(precise, self.mp)
        self._functions[operation] = known
        return known

    def _slope(self, derivative: Apply, point: Point) -> Value:
        """The value of `diff(expression, x)` by a central difference."""
        body, variable = derivative.arguments
        if not isinstance(variable, Name):  # by an entry: diff(s, r[i])
            raise OutsideDomain("the scalar arithmetic", [variable])
        above, below, step = point.near(variable.name, self)
        after, before = self.evaluate(body, above), self.evaluate(body, below)
        moved = after - before
        largest = max(bits(after), bits(before))
        if largest == -math.inf:
            return moved
        lost = largest - bits(moved)
        if lost > self._prec - _BLURRED:
            noise = self.mp.ldexp(1, int(largest) - self._prec + _BLURRED) / step
            point.silence = max(point.silence, noise)
            return self.mp.mpf(0)
        # the body may hold derivatives itself: what is blurred in them is divided by the step
        inner = max(above.blur, below.blur) * float(max(abs(after), abs(before)) / abs(moved))
        point.blur = max(point.blur, inner, 2.0 ** (lost - self._prec + _BLURRED))
        return moved / (2 * step)

    def step(self, at: Value) -> Value:
        """A step for differences at a point: a third of the digits, so that two thirds remain."""
        return self.power(self.steps(at)[0])

    def steps(self, at: Value) -> tuple[int, ...]:
        """Steps as powers of two: relative to the size of the point and, if that is not 1, not."""
        step = -(self._prec // 3)
        return (step + int(bits(at)), step) if at else (step,)

    def power(self, exponent: int) -> Value:
        """A power of two."""
        known = self._powers.get(exponent)
        if known is None:
            known = self._powers[exponent] = self.mp.ldexp(1, exponent)
        return known

    @cached_property
    def rounding(self) -> int:
        """What a difference must exceed, relative to its terms, to have a third of the digits.

        It is a power of two, told by its exponent.
        """
        return -(2 * self._prec // 3)

    @staticmethod
    def decimal(value: Value) -> Decimal:
        """The value as a decimal of 45 digits, for display."""
        sign, mantissa, exponent, _ = value._mpf_
        magnitude = _EXACTLY.multiply(Decimal(int(mantissa)), _power_of_two(int(exponent)))
        return _TRUSTED.plus(magnitude.copy_negate() if sign else magnitude)
