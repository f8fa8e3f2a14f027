"""The exact value of an expression that is made of numbers alone."""

from __future__ import annotations

from fractions import Fraction

from stepsolve.notation.tree import Apply, Expression, Number

Exact = int | Fraction  # whole numbers stay int, which is many times faster


def numeric(expression: Expression) -> Exact | None:
    """The value of an expression that is made of numbers alone by `+ - * /`, else None."""
    match expression:
        case Number():
            return expression.value
        case Apply(operation="neg", arguments=(a,)):
            value = numeric(a)
            return None if value is None else -value
        case Apply(operation="+" | "-" | "*" | "/" as sign, arguments=(a, b)):
            left, right = numeric(a), numeric(b)
            if left is None or right is None or (sign == "/" and not right):
                return None
            match sign:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
            return Fraction(left) / right
    return None
