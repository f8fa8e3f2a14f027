"""Where an expression has a real value, and what a simpler form no longer says about it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stepsolve.algebra import Judge
from stepsolve.calculus.tidy import ZERO, constant, tidy
from stepsolve.errors import ExpressionError
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute
from stepsolve.operations.operation import Operation
from stepsolve.operations.table import OPERATIONS

# what each comparison with the same two sides says as well
_IMPLIED = {">": (">", ">=", "!="), "<": ("<", "<=", "!="), ">=": (">=",), "<=": ("<=",)}


def restrictions(before: Expression, after: Expression, judge: Judge) -> tuple[Expression, ...]:
    """The conditions for a value of `before` that can no longer be seen in `after`.

    Those that always hold, such as `1 + e^x != 0`, are left out.
    """
    seen = set(_told(conditions(after)))
    lost = [condition for condition in conditions(before) if condition not in seen]
    lost = [condition for condition in lost if not judge.holds(condition)]
    return tuple(c for c in lost if not any(c in _told(iter([d])) for d in lost if d != c))


def conditions(expression: Expression) -> Iterator[Expression]:
    """What must hold for an expression to have a real value, each condition once.

    A bound on an absolute value is told as one on a square, and a power that is not 0 as a base that
    is not. What is asked of one branch of a case distinction alone is not among them.
    """
    yield from dict.fromkeys(_conditions(expression, set()))


def nonzero(expression: Expression) -> Expression:
    """The condition that an expression is not 0."""
    return _tidied(Apply("!=", expression, ZERO))


def _conditions(expression: Expression, seen: set[Expression]) -> Iterator[Expression]:
    """Each part is asked once, however often it stands: a derivative repeats its function."""
    if not isinstance(expression, Apply) or expression in seen or not names(expression):
        return
    seen.add(expression)
    row = OPERATIONS.get(expression.operation)
    if row is None or row.chooses:
        return
    for argument in expression.arguments:
        yield from _conditions(argument, seen)
    if row.name == "^":
        yield from _of_power(*expression.arguments)
    elif (written := _condition(row)) is not None:
        arguments = row.completed(expression.arguments)
        holes = dict(zip(row.parameters(len(arguments)), arguments, strict=True))
        condition = substitute(written, holes)
        if names(condition):
            yield from _each_factor(_tidied(condition))


def _of_power(base: Expression, exponent: Expression) -> Iterator[Expression]:
    power = numeric(exponent)
    if not names(base):
        return
    if power is None:
        yield _tidied(Apply(">", base, ZERO))
    elif power.denominator != 1:
        yield _tidied(Apply(">=" if power > 0 else ">", base, ZERO))
    elif power < 0:
        yield _tidied(Apply("!=", base, ZERO))


def _each_factor(condition: Expression) -> Iterator[Expression]:
    """A product that is not 0 as its factors that are not."""
    match condition:
        case Apply(operation="!=", arguments=(Apply(operation="*") as product, zero)) if (
            zero == ZERO
        ):
            for factor in product.arguments:
                if names(factor):
                    yield from _each_factor(_tidied(Apply("!=", factor, ZERO)))
        case _:
            yield condition


@lru_cache
def _parsed(condition: str) -> Expression | None:
    from stepsolve.source.expression import parse

    try:
        return parse(condition)
    except ExpressionError:  # said in words, such as that of a power
        return None


def _condition(row: Operation) -> Expression | None:
    return _parsed(row.condition) if row.condition else None


def _tidied(condition: Expression) -> Expression:
    """The condition in the form in which it is compared with others."""
    condition = condition.rebuilt(tuple(map(tidy, condition.children)))
    simpler = _simpler(condition)
    return condition if simpler is None or simpler == condition else _tidied(simpler)


def _simpler(condition: Expression) -> Expression | None:
    match condition:
        case Apply(operation="<" | "<=" as sign, arguments=(Apply(operation="abs") as size, bound)):
            square = Apply("^", size.arguments[0], constant(2))
            return Apply(">" + sign[1:], Apply("-", Apply("^", bound, constant(2)), square), ZERO)
        case Apply(operation="<" | ">" | "<=" | ">=" | "!=" as sign, arguments=(left, bound)) if (
            bound == ZERO
        ):
            return _of_zero(sign, left)
    return None


def _of_zero(sign: str, left: Expression) -> Expression | None:
    """A comparison of an expression with 0 as one of what is in it."""
    match left:
        case Apply(operation="abs", arguments=(inner,)) if sign in (">", "!="):
            return Apply("!=", inner, ZERO)
        case Apply(operation="sqrt", arguments=(inner,)) if sign in (">", "!="):
            return Apply(">", inner, ZERO)
        case Apply(operation="^", arguments=(base, n)) if sign == "!=" and (numeric(n) or -1) > 0:
            return Apply("!=", base, ZERO)
        case Apply(operation="neg" | "*") if sign == "!=":
            return Apply("!=", _without_number(left), ZERO)
        case Apply(operation="-", arguments=(Name() as name, n)) if numeric(n) is not None:
            return Apply(sign, name, n)
        case Apply(operation="+", arguments=(Name() as name, n)) if numeric(n) is not None:
            return Apply(sign, name, Apply("neg", n))
    return None


def _without_number(product: Expression) -> Expression:
    match product:
        case Apply(operation="neg", arguments=(inner,)):
            return _without_number(inner)
        case Apply(operation="*", arguments=(number, other)) if numeric(number):
            return other
    return product


def _told(found: Iterator[Expression]) -> Iterator[Expression]:
    """Conditions with what they imply."""
    for condition in found:
        yield condition
        if isinstance(condition, Apply):
            for comparison in _IMPLIED.get(condition.operation, ()):
                yield Apply(comparison, *condition.arguments)
