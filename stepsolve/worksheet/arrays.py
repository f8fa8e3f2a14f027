"""The values of lines of arrays, in float64 by NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from stepsolve.checking.conditioning import Noise, rounding
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.evaluation import CONSTANT_VALUES, LineError
from stepsolve.worksheet.lines import Line

Values = Any  # a float or an array of them


class ArrayValues:
    """Works out expressions whose sizes are known to fit.

    `demanding` says that the operations may refuse values, such as targets that are no distribution;
    `noise` puts noise into the last digits of every operand and every result.
    """

    def __init__(
        self, dimensions: Dimensions, demanding: bool = True, noise: Noise | None = None
    ) -> None:
        self._dimensions, self._demanding, self._noise = dimensions, demanding, noise

    def value(self, expression: Expression, values: Mapping[str, Values]) -> Values:
        """The value of an expression. Raises `LineError` at the innermost part that has none."""
        match expression:
            case Name(name=name):
                found = values[name] if name in values else CONSTANT_VALUES[name]
                return found if self._noise is None else self._noise(found)
            case Number(text=text):
                return float(text)
            case Array(items=items):
                return np.array([self.value(item, values) for item in items], dtype=float)
            case Item(base=base):
                places = self._dimensions.place(expression)
                return self.value(base, values)[*(_selector(p) for p in places)]
            case Apply():
                return self._applied(expression, values)
        raise LineError("", expression, OutsideDomain("the arithmetic of arrays", [expression]))

    def _applied(self, expression: Apply, values: Mapping[str, Values]) -> Values:
        call = self._dimensions.call(expression)
        if call is not None:
            operands = [self.value(a, values) for a in call.operands]
            demand = call.row.demand if self._demanding else None
            if demand is not None and (wrong := demand(*operands, **call.options)):
                cause = OutsideDomain(expression.operation, operands)
                raise LineError("", expression, cause, wrong)
            result = call.row.numpy(*operands, *call.whole, **call.options)
        else:
            operation = "*" if expression.operation == "hadamard" else expression.operation
            row = OPERATIONS[operation]
            if row.means is not None and (meant := row.means(expression.arguments)) is not None:
                return self.value(meant, values)
            operands = [self.value(a, values) for a in row.completed(expression.arguments)]
            if row.chooses:
                condition, chosen, other = operands
                return np.where(np.asarray(condition) != 0, chosen, other)
            result = row.numpy(*operands)
        if not np.all(np.isfinite(result)):
            raise LineError("", expression, self._cause(expression, operands, result))
        return result if self._noise is None else self._noise(result)

    @staticmethod
    def _cause(expression: Apply, operands: list[Values], result: Values) -> OutsideDomain:
        """The first entry that has no value, with the numbers that it is made of."""
        if all(np.shape(o) in ((), np.shape(result)) for o in operands):
            at = tuple(np.argwhere(~np.isfinite(result))[0])
            numbers = [float(o if not np.shape(o) else o[at]) for o in operands]
            return OutsideDomain(expression.operation, numbers)
        return OutsideDomain(expression.operation, ["..." for _ in operands])


def rounding_of_lines(
    dimensions: Dimensions,
    values: Mapping[str, Values],
    given: Iterable[str],
    lines: Iterable[Line],
) -> dict[str, float]:
    """By how much float64 may be off at lines, given quantities that are rounded, and all others."""
    given, lines = tuple(given), tuple(lines)

    def run(noise: Noise) -> dict[str, Values]:
        engine = ArrayValues(dimensions, demanding=False, noise=noise)
        known = {**values, **{name: noise(values[name]) for name in given}}
        found = {}
        with suppress(LineError), np.errstate(all="ignore"):
            for line in lines:
                found[line.name] = known[line.name] = engine.value(line.expression, known)
        return found

    return rounding(values, run)


def _selector(place: int | slice | tuple[int, ...]) -> Any:
    return list(place) if isinstance(place, tuple) else place
