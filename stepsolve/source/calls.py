"""The calls of the expression language: which names may be called, with what between the brackets."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stepsolve.errors import ExpressionError, nearest
from stepsolve.notation.tree import Apply, Expression, Item, Name, walk
from stepsolve.operations.table import (
    ALIASES,
    ARRAYS,
    OPERATIONS,
    OVERLOADS,
    TENSORS,
    arities,
    row_of,
)
from stepsolve.source.tokens import Token

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def call(
    token: Token,
    arguments: tuple[Expression, ...],
    options: tuple[Apply, ...],
    functions: Collection[str],
    span: tuple[int, int],
) -> Expression:
    """A name with its arguments and settings. Raises `ExpressionError` for what is none of the table.

    `functions` are further names that may be called, as for `parse`.
    """
    name = ALIASES.get(token.text, token.text)
    if name in ("diff", "partial"):
        if len(arguments) != 2 or not _is_variable(arguments[1]):
            raise ExpressionError(f"{name} takes an expression and a name: {name}(x^2, x)", *span)
        return Apply(name, *arguments, span=span)
    if name in functions:
        count = functions[name] if isinstance(functions, Mapping) else 1
        if len(arguments) == count:
            return Apply(name, *arguments, span=span)
        if row_of(name) is None:
            raise ExpressionError(_wrong_count(name, count, count, len(arguments)), *span)
    if token.text == "piecewise":
        return _cases(arguments, span)
    if name == "limit":
        return _limit(arguments, span)
    name = OVERLOADS.get((token.text, len(arguments)), name)
    _check_call(token, name, len(arguments), functions, span)
    for option in options:
        _check_option(name, option)
    if name == "sum" and len(arguments) > 1:
        _check_sum(arguments, span)
    return Apply(name, *arguments, *options, span=span)


def _check_call(
    token: Token, name: str, count: int, functions: Collection[str], span: tuple[int, int]
) -> None:
    operation = row_of(name)
    if operation is None or not operation.is_call:
        raise ExpressionError(
            f"{token.text} is not an operation",
            token.start,
            token.end,
            nearest(token.text, {*_called(), *functions})
            or f"for a product write {token.text} * (...)",
        )
    known = arities(name)
    if not any(least <= count <= most for least, most in known):
        least, most = min(least for least, _ in known), max(most for _, most in known)
        raise ExpressionError(_wrong_count(token.text, least, most, count), *span)


def _is_variable(expression: Expression) -> bool:
    """Whether a derivative may be taken by this: a name, or an entry of one."""
    return isinstance(expression, Name) or (
        isinstance(expression, Item) and isinstance(expression.base, Name)
    )


def _check_sum(arguments: tuple[Expression, ...], span: tuple[int, int]) -> None:
    if len(arguments) == 3 or not isinstance(arguments[1], Name):
        raise ExpressionError("a sum runs over an index: sum(x[k], k) or sum(x[k], k, 1, n)", *span)


def _called() -> list[str]:
    """Every name that may stand before brackets."""
    rows = (row for row in OPERATIONS.values() if row.is_call and not row.overloads)
    tensors = (row for row in TENSORS.values() if row.is_call)
    arrays = (row for row in ARRAYS.values() if row.is_call)
    known = [*(r.name for r in rows), *(r.name for r in tensors), *(r.name for r in arrays)]
    return list(dict.fromkeys(known)) + list(ALIASES)


def _check_option(name: str, option: Apply) -> None:
    known = ARRAYS[name].options if name in ARRAYS else ()
    if option.operation not in known:
        message = f"{name} has no setting {option.operation}"
        raise ExpressionError(message, *(option.span or (0, 0)), nearest(option.operation, known))


def _cases(arguments: tuple[Expression, ...], span: tuple[int, int]) -> Expression:
    """`piecewise(value, condition, ..., otherwise)` as choices within each other."""
    usage = "write the value before its condition: piecewise(x^2, x < 0, x)"
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        message = "piecewise takes values and conditions in turn and, last, the value otherwise"
        raise ExpressionError(message, *span, usage)
    result = arguments[-1]
    for value, condition in zip(arguments[-3::-2], arguments[-2::-2], strict=True):
        if not any(isinstance(n, Apply) and n.operation in COMPARISONS for n in walk(condition)):
            raise ExpressionError("a condition is a comparison", *(condition.span or span), usage)
        result = Apply("where", condition, value, result, span=span)
    return result


def _limit(arguments: tuple[Expression, ...], span: tuple[int, int]) -> Expression:
    sides = [[], [Name("above")], [Name("below")]]
    if len(arguments) < 3 or list(arguments[3:]) not in sides:
        raise ExpressionError(
            "limit takes an expression, a name, what it tends to and perhaps a side: "
            "limit(1 / x, x, 0, above)",
            *span,
        )
    if not isinstance(arguments[1], Name):
        raise ExpressionError("a limit is taken in a name", *span)
    return Apply("limit", *arguments, span=span)


def _wrong_count(name: str, least: int, most: int, given: int) -> str:
    most = max(most, *(count for word, count in OVERLOADS if word == name), 0)
    if least == most:
        wanted = f"{least} argument" + "s" * (least != 1)
    elif most == least + 1:
        wanted = f"{least} or {most} arguments"
    else:
        wanted = f"{least} to {most} arguments"
    return f"{name} takes {wanted}, not {given}"
