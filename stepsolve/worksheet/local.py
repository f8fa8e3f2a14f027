"""The local gradients of one line: how its value moves with each of its arguments alone."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import terms, tidy
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, replaced, substitute
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.lines import Line

_LONG_SUM = 6  # terms up to which a sum is differentiated as a whole


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


def local_gradients(
    line: Line, arguments: tuple[str, ...], euler: bool = True
) -> tuple[LocalGradient, ...]:
    """The local gradient of a line by each of the named arguments, in their order.

    `euler` says that `e` is Euler's number.
    """
    expression = line.expression
    if is_gate(expression):
        return _of_gate(line.name, expression, arguments)
    if (found := _of_long_product(expression, arguments)) is not None:
        return found
    known = recognise(expression) if euler else None
    written = known if known is not None else expression
    pattern = _pattern(written)
    return tuple(_of_formula(line, written, argument, pattern, euler) for argument in arguments)


def is_gate(expression: Expression) -> bool:
    """Whether an expression is one operation on names and constants."""
    return isinstance(expression, Name) or (
        isinstance(expression, Apply)
        and all(isinstance(a, Name) or not names(a) for a in expression.arguments)
    )


def _of_gate(
    line: str, expression: Expression, arguments: tuple[str, ...]
) -> tuple[LocalGradient, ...]:
    """From the row of the operation; where an argument stands in several places, the sum."""
    if isinstance(expression, Name):
        return tuple(LocalGradient(Number("1"), "the same quantity", "") for _ in arguments)
    assert isinstance(expression, Apply)
    row = OPERATIONS[expression.operation]
    values = row.completed(expression.arguments)
    rules = row.local_rules(len(values))
    holes = dict(zip(row.parameters(len(values)), values, strict=True)) | {"y": Name(line)}
    # a rule over names alone is as tidy as it was written
    settle = (lambda part: part) if all(isinstance(v, Name) for v in values) else tidy
    found = []
    for argument in arguments:
        places = [r for v, r in zip(values, rules, strict=True) if v == Name(argument)]
        parts = tuple(settle(substitute(rule, holes)) for rule in places)
        total = reduce(lambda left, right: Apply("+", left, right), parts)
        because = _reason(expression, row.description)
        found.append(LocalGradient(total, because, row.pattern, parts))
    return tuple(found)


def _reason(expression: Apply, description: str) -> str:
    if expression.operation in OPERATIONS and OPERATIONS[expression.operation].is_call:
        return f"derivative of {expression.operation}"
    return f"local gradient of a {description}"


def _of_formula(
    line: Line, written: Expression, argument: str, pattern: str, euler: bool
) -> LocalGradient:
    """By the rules of calculus, the line's own name standing for its value where it recurs."""
    derivative = differentiate(_relevant(written, argument), argument, euler=euler)
    expression = replaced(derivative.value, written, Name(line.name))
    because = "derivative of the line's formula"
    if written is not line.expression and isinstance(written, Apply):
        because = f"the line is {written.operation} written out"
    return LocalGradient(expression, because, pattern, derivative=derivative)


def _of_long_product(
    expression: Expression, arguments: tuple[str, ...]
) -> tuple[LocalGradient, ...] | None:
    """The other factors of a product of many names; None for anything else."""
    parts: list[Expression] = []
    rest = expression
    while isinstance(rest, Apply) and rest.operation == "*":
        rest, last = rest.arguments
        parts.append(last)
    parts = [rest, *reversed(parts)]
    distinct = len({part.name for part in parts if isinstance(part, Name)})
    if len(parts) <= _LONG_SUM or distinct < len(parts):
        return None
    found = []
    for argument in arguments:
        others = [part for part in parts if part != Name(argument)]
        product = reduce(lambda left, right: Apply("*", left, right), others)
        pattern = OPERATIONS["*"].pattern
        found.append(LocalGradient(product, "the product of the other factors", pattern))
    return tuple(found)


def _relevant(written: Expression, argument: str) -> Expression:
    """Of a long sum, the terms that an argument stands in."""
    parts = [(sign, part) for sign, part in terms(written) if argument in names(part)]
    if len(terms(written)) <= _LONG_SUM or not parts:
        return written
    signed = [part if sign > 0 else Apply("neg", part) for sign, part in parts]
    return reduce(lambda left, right: Apply("+", left, right), signed)


def _pattern(expression: Expression) -> str:
    """The pattern of a line of more than two inputs, if it is all sums or all products."""
    if isinstance(expression, Apply):
        if len(terms(expression)) > 1 and all(isinstance(t, Name) for _, t in terms(expression)):
            return OPERATIONS[expression.operation].pattern
        row = OPERATIONS.get(expression.operation)
        if row is not None and row.is_call:
            return row.pattern
    return ""
