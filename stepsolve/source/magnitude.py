"""How large a power of constants would be, found out without working it out.

`9^9^9` has 369 million digits; building it could not even be interrupted.
"""

from __future__ import annotations

import math

import numpy as np

from stepsolve.errors import ExpressionError
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.operations.table import OPERATIONS

MAX_POWER_DIGITS = 1000  # and the largest exponent
_CONSTANTS = {"e": math.e, "pi": math.pi}


def refuse_giant_power(power: Expression) -> None:
    """Raise `ExpressionError` for a power with a constant exponent that is too large.

    A base with names in it may have any value, so that its exponent alone counts.
    """
    base, exponent = power.children
    times = constant(exponent)
    if times is None or math.isnan(times) or abs(times) <= 1:  # which makes nothing larger
        return
    size = constant(base)
    unknown = size is None or not size or math.isnan(size)
    digits = 1.0 if unknown or size is None else abs(math.log10(abs(size)))
    if not abs(times) <= MAX_POWER_DIGITS or not digits * abs(times) <= MAX_POWER_DIGITS:
        raise ExpressionError(
            f"this power is too large to work out: at most {MAX_POWER_DIGITS} digits",
            *(power.span or (0, 0)),
            hint="a name can stand for the exponent",
        )


def constant(expression: Expression) -> float | None:
    """The value of a constant expression in float64, nan if it has none; None with names."""
    match expression:
        case Number():
            return float(expression.text)
        case Name():
            return _CONSTANTS.get(expression.name)
        case Apply() if (row := OPERATIONS.get(expression.operation)) is not None:
            values = [constant(argument) for argument in row.completed(expression.arguments)]
            if any(value is None for value in values):
                return None
            with np.errstate(all="ignore"):
                return float(row.numpy(*values))
    return None
