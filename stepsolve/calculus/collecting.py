"""Rewrites of sums: what all terms share in front, or products multiplied out."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from stepsolve.calculus.identities import head
from stepsolve.calculus.tidy import (
    Product,
    build_product,
    build_sum,
    constant,
    factors,
    terms,
    tidy,
)
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, walk
from stepsolve.operations.table import OPERATIONS


def factor_out(expression: Expression) -> Expression | None:
    """`f - f^2` as `f * (1 - f)`: the powers that all terms share, in front."""
    plain = not any(head(node) in OPERATIONS and _is_call(node) for node in walk(expression))
    if plain and is_polynomial(expression):
        return None  # a polynomial is clearer as a sum
    return _shared_in_front(expression)


def factor_above(expression: Expression) -> Expression | None:
    """`(x^2 + 2 x) / d` as `x (x + 2) / d`."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if numeric(bottom) is None:
            product = _shared_in_front(top)
            return None if product is None else tidy(Apply("/", product, bottom))
    return None


def cancel_number(expression: Expression) -> Expression | None:
    """`(6 y - 3 x) / (3 y - 9)` as `(2 y - x) / (y - 3)`."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if head(bottom) in ("+", "-"):
            numbers = [Fraction(_common([factors(t) for _, t in terms(s)])) for s in (top, bottom)]
            shared = gcd(*(int(number) for number in numbers))
            if shared > 1 and all(number.denominator == 1 for number in numbers):
                by = constant(shared)
                return tidy(Apply("/", _divided(top, by), _divided(bottom, by)))
    return None


def _shared_in_front(total: Expression) -> Expression | None:
    parts = terms(total)
    if len(parts) < 2:
        return None
    split = [factors(part) for _, part in parts]
    shared: dict[Expression, Exact] = dict(split[0].powers)
    for product in split[1:]:
        shared = {
            base: min(power, product.powers[base], key=lambda p: p * p)
            for base, power in shared.items()
            if product.powers.get(base, 0) * power > 0
        }
    if not shared:
        return None
    number = _common(split)
    rest = [
        Product(
            sign * product.number / Fraction(number),
            product.decimal,
            {b: q for b, p in product.powers.items() if (q := p - shared.get(b, 0))},
        )
        for (sign, _), product in zip(parts, split, strict=True)
    ]
    if any(power < 0 for product in rest for power in product.powers.values()):
        return None
    inside = tidy(build_sum(rest))
    decimal = any(product.decimal for product in split)
    return tidy(Apply("*", build_product(Product(number, decimal, shared)), inside))


def _is_call(node: Expression) -> bool:
    return isinstance(node, Apply) and OPERATIONS[node.operation].is_call


def _common(products: list[Product]) -> Exact:
    """The number that all terms share: that of all, or the largest that divides whole ones."""
    sizes = {abs(Fraction(product.number)) for product in products}
    if len(sizes) == 1:
        return sizes.pop()
    if all(size.denominator == 1 for size in sizes):
        return gcd(*(int(size) for size in sizes))
    return 1


def expand(expression: Expression) -> Expression | None:
    """Products of short sums of powers multiplied out, and like terms collected."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if numeric(bottom) is None:
            inner = expand(top)
            return None if inner is None else tidy(Apply("/", inner, bottom))
    if not is_polynomial(expression):
        return None
    expanded = _expanded(expression)
    return tidy(expanded) if expanded is not None else None


def expand_below(expression: Expression) -> Expression | None:
    """`2 / ((1 - x)^2 + (1 + x)^2)` as `1 / (1 + x^2)`: a sum in the denominator multiplied out."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if head(bottom) in ("+", "-"):
            expanded = _expanded(bottom) if is_polynomial(bottom) else None
            if expanded is None or expanded == bottom:
                return None
            settled = tidy(expanded)
            split = [factors(part) for _, part in terms(settled)]
            number = constant(_common(split))
            return tidy(Apply("/", top, Apply("*", number, _divided(settled, number))))
    return None


def _divided(total: Expression, number: Expression) -> Expression:
    signed = [(sign, Apply("/", part, number)) for sign, part in terms(total)]
    return tidy(build_sum([_signed(sign, part) for sign, part in signed]))


def is_polynomial(node: Expression) -> bool:
    """Whether an expression is a polynomial in names and values of functions."""
    match node:
        case Apply(operation="^", arguments=(base, exponent)):
            power = numeric(exponent)
            whole = power is not None and power.denominator == 1
            return whole and power is not None and 0 < power <= 4 and is_polynomial(base)
        case Apply(operation="/", arguments=(above, below)):
            return numeric(below) is not None and is_polynomial(above)
        case Apply(operation="+" | "-" | "*" | "neg"):
            return all(map(is_polynomial, node.arguments))
    return True


def _expanded(expression: Expression, budget: int = 24) -> Expression | None:
    match expression:
        case Apply(operation="^", arguments=(base, exponent)) if head(base) in ("+", "-"):
            power = numeric(exponent)
            assert power is not None
            product: Expression = base
            for _ in range(int(power) - 1):
                product = Apply("*", product, base)
            return _expanded(product, budget)
        case Apply(operation="*", arguments=(a, b)):
            left, right = _expanded(a, budget), _expanded(b, budget)
            if left is None or right is None:
                return None
            pairs = [(s * t, Apply("*", p, q)) for s, p in terms(left) for t, q in terms(right)]
            if len(pairs) > budget:
                return None
            return build_sum([_signed(sign, part) for sign, part in pairs])
        case Apply(operation="+" | "-" | "neg"):
            parts = [(sign, _expanded(part, budget)) for sign, part in terms(expression)]
            if any(part is None for _, part in parts):
                return None
            return build_sum(
                [
                    _signed(sign * inner, term)
                    for sign, part in parts
                    if part is not None
                    for inner, term in terms(part)
                ]
            )
    return expression


def _signed(sign: int, part: Expression) -> Product:
    product = factors(part)
    return product._replace(number=sign * product.number)
