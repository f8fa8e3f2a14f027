"""The values of a worksheet's lines, in float64 by NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stepsolve.checking.conditioning import Noise, rounding
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.operations.forms import laid_out
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.lines import Worksheet

CONSTANT_VALUES = {"e": math.e, "pi": math.pi, "π": math.pi}


class LineError(OutsideDomain):
    """A line without a finite real value; `line` names it and `node` is the part that fails."""

    def __init__(self, line: str, node: Expression, cause: OutsideDomain, told: str = "") -> None:
        super().__init__(cause.operation, cause.arguments)
        self.line, self.node, self._told = line, node, told

    @property
    def reason(self) -> str:
        """What fails, in numbers: `log(-1) has no finite real value`."""
        if self._told:
            return self._told
        numbers = [f"{a:.6g}" if isinstance(a, float) else str(a) for a in self.arguments]
        written = _written(self.operation, numbers)
        row = OPERATIONS.get(self.operation)
        if row is None or not self.is_undefined:
            return f"{written} is too large"
        general = _written(self.operation, row.parameters(len(numbers)))
        return f"{written} has no finite real value: {general} needs {row.condition}"

    @property
    def is_undefined(self) -> bool:
        """Whether there is no value, rather than one that is too large."""
        row = OPERATIONS.get(self.operation)
        return row is not None and bool(row.condition) and not self._overflows

    @property
    def _overflows(self) -> bool:
        """Whether a power fails by its size alone."""
        match self.operation, self.arguments:
            case "^", (float(base), float(exponent)):
                whole = exponent == int(exponent) if math.isfinite(exponent) else False
                return abs(base) > 1 and exponent > 1 and (base > 0 or whole)
        return False


def _written(operation: str, arguments: Sequence[str]) -> str:
    row = OPERATIONS.get(operation)
    if row is not None and not row.is_call and len(arguments) == 2:
        return f"{arguments[0]} {operation} {arguments[1]}"
    return f"{row.written if row else operation}({', '.join(arguments)})"


def value(expression: Expression, values: Mapping[str, Any], noise: Noise | None = None) -> Any:
    """The value of an expression. Raises `LineError` at the innermost part that has none.

    `noise` puts noise into the last digits of every operand and every result.
    """
    match expression:
        case Name():
            name = expression.name
            found = values[name] if name in values else CONSTANT_VALUES[name]
            return found if noise is None else noise(found)
        case Number():
            return float(expression.text)
        case Apply():
            row = OPERATIONS[expression.operation]
            if row.chooses:
                condition, chosen, other = expression.arguments
                return value(chosen if value(condition, values) else other, values, noise)
            if row.means is not None and (meant := row.means(expression.arguments)) is not None:
                return _as_written(expression, meant, values, noise)
            arguments = [value(a, values, noise) for a in row.completed(expression.arguments)]
            result = row.numpy(*arguments)
            if not np.isfinite(result):
                cause = OutsideDomain(expression.operation, map(float, arguments))
                raise LineError("", expression, cause)
            return result if noise is None else noise(result)
        case _:
            raise LineError("", expression, OutsideDomain("the scalar arithmetic", [expression]))


def worked_out(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The same value as `value` gives, by the operations of its form: many lines share one."""
    program, found = laid_out(expression, values)
    if program is None:
        return value(expression, values)
    found += program.floats or [value(leaf, values) for leaf in program.leaves]
    for operation, places in program.steps:
        result = OPERATIONS[operation].numpy(*map(found.__getitem__, places))
        if not math.isfinite(result):
            return value(expression, values)  # which says the part that has none
        found.append(result)
    return found[-1]


def _as_written(
    expression: Expression, meant: Expression, values: Mapping[str, Any], noise: Noise | None
) -> Any:
    """The value of what an expression means; a mistake in it is one of the expression."""
    try:
        return value(meant, values, noise)
    except LineError as error:
        if error.node.span is None:
            error.node = expression
        raise


def rounding_of(worksheet: Worksheet, floats: Mapping[str, float]) -> dict[str, float]:
    """By how much float64 may be off at every value of a worksheet."""

    def run(noise: Noise) -> dict[str, float]:
        try:
            return evaluate(worksheet, noise=noise)
        except LineError:  # at the border of a domain
            return {}

    return rounding(floats, run)


def evaluate(
    worksheet: Worksheet,
    values: Mapping[str, float] | None = None,
    noise: Noise | None = None,
) -> dict[str, float]:
    """The value of every name that has one, in order; symbols and what hangs on them are left out.

    `values` are those that are known already; with `noise`, all of it is in its last digits.
    """
    ready = values or {}
    known: dict[str, float] = {}
    symbols: set[str] = set()
    with np.errstate(all="ignore"):
        pairs = [*worksheet.given.items(), *((n.name, n.expression) for n in worksheet.lines)]
        for name, expression in pairs:
            if name in ready:
                known[name] = ready[name]
                continue
            if expression is None or (symbols and not symbols.isdisjoint(names(expression))):
                symbols.add(name)
                continue
            try:
                found = (
                    worked_out(expression, known)
                    if noise is None
                    else value(expression, known, noise)
                )
                known[name] = float(found)
            except LineError as error:
                error.line = name
                raise
    return known
