"""Functions and identities that are recognised where they are written out."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

from stepsolve.calculus.patterns import match, negated
from stepsolve.calculus.tidy import build_product, build_sum, factors, terms, tidy
from stepsolve.notation.tree import Apply, Expression, substitute, transform
from stepsolve.operations.table import OPERATIONS

HOLES = frozenset({"a"})


def head(expression: Expression) -> str:
    """The operation at the root of an expression, empty for a name or a number."""
    return expression.operation if isinstance(expression, Apply) else ""


def recognise(expression: Expression) -> Expression | None:
    """The expression as one operation of the table, where it is that operation written out."""
    for name, form in _forms().get(head(expression), ()):
        bindings = match(form, expression, HOLES)
        if bindings is not None:
            arguments = (bindings[p] for p in ("a", "b") if p in bindings)
            # -(b - x), matched by a change of sign, is x - b
            return Apply(name, *(tidy(a) if head(a) == "neg" else a for a in arguments))
    return None


@lru_cache(maxsize=1)
def _forms() -> dict[str, tuple[tuple[str, Expression], ...]]:
    """Every smooth function of one argument as it may be written out, by the sign at its head."""
    found: dict[str, list[tuple[str, Expression]]] = {}
    for row in OPERATIONS.values():
        for form in row.form_trees:
            if row.arity == (1, 1) and row.recognised and not row.kinks:
                found.setdefault(head(form), []).append((row.name, form))
    return {head: tuple(rows) for head, rows in found.items()}


def recognise_parts(expression: Expression) -> Expression | None:
    changed = transform(expression, recognise)
    return None if changed is expression else changed


@lru_cache(maxsize=1)
def _identities() -> tuple[tuple[Expression, Expression], ...]:
    from stepsolve.source.expression import parse

    return tuple(
        (parse(left), parse(right))
        for left, right in (
            ("sin(a)^2 + cos(a)^2", "1"),
            ("cosh(a)^2 - sinh(a)^2", "1"),
        )
    )


def pythagoras(expression: Expression) -> Expression | None:
    def apply(node: Expression) -> Expression | None:
        for left, right in _identities():
            if match(left, node, HOLES) is not None:
                return right
            if head(node) in ("+", "-") and match(left, tidy(negated(node)), HOLES) is not None:
                return negated(right)
        return None

    changed = transform(expression, apply)
    return None if changed is expression else changed


@lru_cache(maxsize=1)
def _products() -> tuple[tuple[Expression, Expression], ...]:
    from stepsolve.source.expression import parse

    return tuple(
        (parse(left), parse(right))
        for left, right in (
            ("a * sign(a)", "abs(a)"),
            ("abs(a) * sign(a)", "a"),
            ("relu(a) * (a > 0)", "relu(a)"),
        )
    )


def merge_factors(expression: Expression) -> Expression | None:
    """`a * sign(a)` as `|a|`, `relu(a) * (a > 0)` as `relu(a)`, in every term of the numerator."""
    if head(expression) == "/" and isinstance(expression, Apply):
        inner = merge_factors(expression.arguments[0])
        return None if inner is None else tidy(Apply("/", inner, expression.arguments[1]))
    parts = [(sign, _merged(part)) for sign, part in terms(expression)]
    if all(part is None for _, part in parts):
        return None
    whole = [
        (factors(part) if merged is None else factors(merged))
        for (_, merged), (_, part) in zip(parts, terms(expression), strict=True)
    ]
    signed = [p._replace(number=sign * p.number) for (sign, _), p in zip(parts, whole, strict=True)]
    return tidy(build_sum(signed))


def _merged(part: Expression) -> Expression | None:
    product = factors(part)
    for one, other in permutations(product.powers, 2):
        if product.powers[one] <= 0 or product.powers[other] <= 0:
            continue
        for left, right in _products():
            bindings = match(left, Apply("*", one, other), HOLES)
            if bindings is not None:
                powers = {**product.powers, one: product.powers[one] - 1}
                powers[other] -= 1
                rest = build_product(
                    product._replace(powers={b: p for b, p in powers.items() if p})
                )
                return tidy(Apply("*", rest, substitute(right, bindings)))
    return None
