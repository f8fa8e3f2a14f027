"""The local gradients of one line: how its value moves with each of its arguments alone."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import terms, tidy
from stepsolve.notation.tree import Apply, Expression, Name, names, replaced, substitute
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.lines import Line


class LocalGradient(NamedTuple):
    """The derivative of a line by one argument, the reason, and the pattern as said at the board.

    `parts` are its terms where the argument stands in several places of a gate; `derivative` is its
    derivation where the line is more than a gate.
    """

    expression: Expression
    because: str
    pattern: str
    parts: tuple[Expression, ...] = ()
    derivative: Derivative | None = None


def local_gradients(line: Line, arguments: tuple[str, ...]) -> tuple[LocalGradient, ...]:
    """The local gradient of a line by each of the named arguments, in their order."""
    expression = line.expression
    if is_gate(expression):
        return tuple(_of_gate(line.name, expression, argument) for argument in arguments)
    known = recognise(expression)
    written = known if known is not None else expression
    pattern = _pattern(written)
    return tuple(_of_formula(line, written, argument, pattern) for argument in arguments)


def is_gate(expression: Expression) -> bool:
    """Whether an expression is one operation on names and constants."""
    return isinstance(expression, Name) or (
        isinstance(expression, Apply)
        and all(isinstance(a, Name) or not names(a) for a in expression.arguments)
    )


def _of_gate(line: str, expression: Expression, argument: str) -> LocalGradient:
    """From the row of the operation; where the argument stands in several places, the sum."""
    if isinstance(expression, Name):
        return LocalGradient(differentiate(expression, argument).value, "the same quantity", "")
    assert isinstance(expression, Apply)
    row = OPERATIONS[expression.operation]
    values = row.completed(expression.arguments)
    rules = row.local_rules(len(values))
    holes = dict(zip(row.parameters(len(values)), values, strict=True)) | {"y": Name(line)}
    # a rule over names alone is as tidy as it was written
    settle = (lambda part: part) if all(isinstance(v, Name) for v in values) else tidy
    parts = tuple(
        settle(substitute(rule, holes))
        for value, rule in zip(values, rules, strict=True)
        if value == Name(argument)
    )
    total = reduce(lambda left, right: Apply("+", left, right), parts)
    return LocalGradient(total, _reason(expression, row.description), row.pattern, parts)


def _reason(expression: Apply, description: str) -> str:
    if expression.operation in OPERATIONS and OPERATIONS[expression.operation].is_call:
        return f"derivative of {expression.operation}"
    return f"local gradient of a {description}"


def _of_formula(line: Line, written: Expression, argument: str, pattern: str) -> LocalGradient:
    """By the rules of calculus, the line's own name standing for its value where it recurs."""
    derivative = differentiate(written, argument)
    expression = replaced(derivative.value, written, Name(line.name))
    because = "derivative of the line's formula"
    if written is not line.expression and isinstance(written, Apply):
        because = f"the line is {written.operation} written out"
    return LocalGradient(expression, because, pattern, derivative=derivative)


def _pattern(expression: Expression) -> str:
    """The pattern of a line of more than two inputs, if it is all sums or all products."""
    if isinstance(expression, Apply):
        if len(terms(expression)) > 1 and all(isinstance(t, Name) for _, t in terms(expression)):
            return OPERATIONS[expression.operation].pattern
        row = OPERATIONS.get(expression.operation)
        if row is not None and row.is_call:
            return row.pattern
    return ""
