"""Patterns: expressions whose names stand for parts, matched against what was written."""

from __future__ import annotations

from stepsolve.notation.tree import Apply, Expression, Name, Number

Bindings = dict[str, Expression]


def match(pattern: Expression, expression: Expression, holes: frozenset[str]) -> Bindings | None:
    """What each hole of the pattern stands for in the expression, or None.

    Sums and products of two match in either order, `e^u` is `exp(u)`, and `-u` matches anything by
    changing its sign, so that one pattern serves every way of writing the same form.
    """
    bindings: Bindings = {}
    return bindings if _match(pattern, expression, holes, bindings) else None


def _match(
    pattern: Expression, expression: Expression, holes: frozenset[str], bindings: Bindings
) -> bool:
    if isinstance(pattern, Name) and pattern.name in holes:
        known = bindings.setdefault(pattern.name, expression)
        return known is expression or known == expression
    if not isinstance(pattern, Apply):
        return pattern == expression
    if pattern.operation == "neg":
        return _match(pattern.arguments[0], negated(expression), holes, bindings)
    expression = as_exponential(expression)
    if not isinstance(expression, Apply) or expression.operation != pattern.operation:
        return False
    if len(expression.arguments) != len(pattern.arguments):
        return False
    orders = [expression.arguments]
    if pattern.operation in ("+", "*"):
        orders.append(expression.arguments[::-1])
    for order in orders:
        attempt = dict(bindings)
        if all(_match(p, e, holes, attempt) for p, e in zip(pattern.arguments, order, strict=True)):
            bindings.update(attempt)
            return True
    return False


def negated(expression: Expression) -> Expression:
    """The expression with its sign changed, without a double sign."""
    if isinstance(expression, Apply) and expression.operation == "neg":
        return expression.arguments[0]
    return Apply("neg", expression)


def as_exponential(expression: Expression) -> Expression:
    """`e^u` as `exp(u)`; anything else as it is."""
    match expression:
        case Apply(operation="^", arguments=(Name(name="e"), exponent)):
            return Apply("exp", exponent)
    return expression


def is_number(expression: Expression, value: int) -> bool:
    """Whether the expression is this number, as typed or under a sign."""
    match expression:
        case Number():
            return expression.value == value
        case Apply(operation="neg", arguments=(Number() as inner,)):
            return inner.value == -value
    return False
