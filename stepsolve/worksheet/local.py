"""The local gradients of one line: how its value moves with each of its arguments alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, reduce
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import terms, tidy
from stepsolve.errors import StepsolveError
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, replaced, substitute
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.worksheet.lines import Line

_LONG_SUM = 6  # terms up to which a sum is differentiated as a whole
_LINE = Name("#")  # stands for the line's own name in what is remembered


class LocalGradient(NamedTuple):
    """The derivative of a line by one argument, the reason, and the pattern as said at the board.

    `parts` are its terms where the argument stands in several places of a gate; `derive` gives its
    derivation where the line is more than a gate: only the pages that show it need it.
    """

    expression: Expression
    because: str
    pattern: str
    parts: tuple[Expression, ...] = ()
    derive: Callable[[], Derivative] | None = None


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
    return _of_formula(line, arguments, euler)


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


def _of_formula(line: Line, arguments: tuple[str, ...], euler: bool) -> tuple[LocalGradient, ...]:
    """By the rules of calculus; lines that differ in their names alone are differentiated once."""
    expression = line.expression
    used = [name for name in names(expression) if name not in CONSTANTS]
    letters = {name: Name(f"#{k}") for k, name in enumerate(used)}
    shape = substitute(expression, letters)
    back: dict[str, Expression] = {letters[name].name: Name(name) for name in used}
    back[_LINE.name] = Name(line.name)
    found = []
    for argument in arguments:
        derive = partial(_derived, expression, argument, euler)
        try:
            known = _of_shape(shape, letters.get(argument, Name(argument)).name, euler)
        except StepsolveError:
            derive()  # fails as well, and says so in the names of the file
            raise
        value = substitute(known.expression, back)
        found.append(known._replace(expression=value, derive=derive))
    return tuple(found)


@lru_cache(maxsize=1024)
def _of_shape(expression: Expression, argument: str, euler: bool) -> LocalGradient:
    """The line's own name stands for its value where it recurs."""
    written = _written(expression, euler)
    value = replaced(_derived(expression, argument, euler).value, written, _LINE)
    because = "derivative of the line's formula"
    if written is not expression and isinstance(written, Apply):
        because = f"the line is {written.operation} written out"
    return LocalGradient(value, because, _pattern(written))


def _derived(expression: Expression, argument: str, euler: bool) -> Derivative:
    return differentiate(_relevant(_written(expression, euler), argument), argument, euler=euler)


def _written(expression: Expression, euler: bool) -> Expression:
    """As a function of the table, if it is one written out."""
    known = recognise(expression) if euler else None
    return known if known is not None else expression


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
