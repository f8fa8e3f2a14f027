"""A choice within a choice, taken apart: the cases that one brace holds."""

from __future__ import annotations

from typing import Final

from stepsolve.notation.tree import Apply, Expression

CHOICE: Final = "where"
"""The operation that takes its second argument where the first holds, else the third."""


def cases(
    arguments: tuple[Expression, ...],
) -> tuple[list[tuple[Expression, Expression]], Expression]:
    """The values of a choice, each with its condition, and the value otherwise."""
    condition, value, other = arguments
    found = [(value, condition)]
    while isinstance(other, Apply) and other.operation == CHOICE:
        condition, value, other = other.arguments
        found.append((value, condition))
    return found, other
