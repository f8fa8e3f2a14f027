"""The expression language as canonical text, which the parser reads back to the same tree."""

from __future__ import annotations

from typing import Final

from stepsolve.notation.indices import setting
from stepsolve.notation.precedence import COMPARISONS, PLAIN, POSTFIX
from stepsolve.notation.template import written_name
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number

_SIGNS: Final = {sign: f" {sign} " for sign in (*COMPARISONS, *"+-*/@")} | {"^": "^"}


def plain(expression: Expression) -> str:
    """The text of an expression: `-2 * x^(n - 1) + h[2]`."""
    if isinstance(expression, Name):
        return "pi" if expression.name == "π" else expression.name
    if isinstance(expression, Number):
        return expression.text
    if isinstance(expression, Apply):
        if (small := setting(expression, plain)) is not None:
            return small
        write = _signed if expression.operation in PLAIN.parts else _call
        return write(expression.operation, expression.arguments)
    if isinstance(expression, Item):
        return f"{_part(expression.base, POSTFIX)}[{', '.join(map(plain, expression.indices))}]"
    if isinstance(expression, Array):
        return f"[{', '.join(map(plain, expression.items))}]"
    raise TypeError(f"no notation for {type(expression).__name__}")


def _signed(operation: str, arguments: tuple[Expression, ...]) -> str:
    least = PLAIN.parts[operation]
    first = _part(arguments[0], least[0])
    if operation == "neg":
        return f"-{first}"
    if operation == "T":
        # `2.T` would be read as the number `2.` and a name
        return f"({first}).T" if isinstance(arguments[0], Number) else f"{first}.T"
    return f"{first}{_SIGNS[operation]}{_part(arguments[1], least[1])}"


def _call(operation: str, arguments: tuple[Expression, ...]) -> str:
    return f"{written_name(operation)}({', '.join(map(plain, arguments))})"


def _part(part: Expression, least: int) -> str:
    text = plain(part)
    return f"({text})" if PLAIN.brackets(part, least) else text
