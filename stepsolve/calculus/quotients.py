"""Rewrites of quotients: taken apart, put over one denominator, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product as cartesian
from math import lcm

from stepsolve.calculus.identities import head, recognise
from stepsolve.calculus.tidy import (
    ONE,
    Product,
    build_product,
    build_sum,
    constant,
    factors,
    terms,
    tidy,
)
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, transform


def split_square(expression: Expression) -> Expression | None:
    """`k E / (c + E)^2` as `k * (1 / (c + E)) * (E / (c + E))`."""
    found = _square_over(expression)
    if found is None:
        return None
    rest, inverse, part, base = found
    front = inverse if rest == ONE else Apply("*", rest, inverse)
    return Apply("*", front, Apply("/", part, base))


def add_and_subtract(expression: Expression) -> Expression | None:
    """`E / (c + E)` as `(c + E - c) / (c + E)`."""
    return _at_last_factor(expression, lambda c, part, base: Apply("/", Apply("-", base, c), base))


def divide_out(expression: Expression) -> Expression | None:
    """`(D - c) / D` as `1 - c / D`."""
    match expression:
        case Apply(operation="*", arguments=(left, last)):
            inner = divide_out(last)
            return None if inner is None else Apply("*", left, inner)
        case Apply(operation="/", arguments=(Apply(operation="-", arguments=(d, c)), base)):
            return Apply("-", ONE, Apply("/", c, base)) if d == base else None
    return None


def _at_last_factor(
    expression: Expression, change: Callable[[Expression, Expression, Expression], Expression]
) -> Expression | None:
    match expression:
        case Apply(operation="*", arguments=(left, last)):
            inner = _at_last_factor(last, change)
            return None if inner is None else Apply("*", left, inner)
        case Apply(operation="/", arguments=(part, base)):
            rest = _without(base, part)
            return None if rest is None else change(rest, part, base)
    return None


def _without(total: Expression, part: Expression) -> Expression | None:
    """The number `c` if the sum is `c + part` in either order."""
    match total:
        case Apply(operation="+", arguments=(a, b)):
            for number, other in ((a, b), (b, a)):
                if other == part and numeric(number) is not None:
                    return number
    return None


def _square_over(
    expression: Expression,
) -> tuple[Expression, Expression, Expression, Expression] | None:
    product = factors(expression)
    for base, power in product.powers.items():
        if power != -2:
            continue
        for part, other in product.powers.items():
            if other == 1 and _without(base, part) is not None:
                powers = {b: p for b, p in product.powers.items() if b not in (base, part)}
                rest = build_product(Product(product.number, product.decimal, powers))
                return rest, Apply("/", ONE, base), part, base
    return None


def divide_each_term(expression: Expression) -> Expression | None:
    """`(a - b) / d` as `a / d - b / d`, where `d` is a power of a sum."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if head(top) in ("+", "-"):
            parts = [(s, Apply("/", t, bottom)) for s, t in terms(top)]
            done = [factors(part) for _, part in parts]
            signed = [
                p._replace(number=p.number * s) for (s, _), p in zip(parts, done, strict=True)
            ]
            return build_sum(signed)
    return None


def group_quotients(expression: Expression) -> Expression | None:
    """`k a^2 / b^2` as `k * (a / b)^2`, in every term where `a / b` is a function of the table."""
    parts = [(sign, _grouped(part)) for sign, part in terms(expression)]
    if all(part is None for _, part in parts):
        return None
    total: Expression | None = None
    for (sign, changed), (_, part) in zip(parts, terms(expression), strict=True):
        term = part if changed is None else changed
        if total is None:
            total = Apply("neg", term) if sign < 0 else term
        else:
            total = Apply("+" if sign > 0 else "-", total, term)
    return total


def _grouped(part: Expression) -> Expression | None:
    product = factors(part)
    above = [(base, power) for base, power in product.powers.items() if power > 0]
    below = [(base, -power) for base, power in product.powers.items() if power < 0]
    for (a, n), (b, m) in cartesian(above, below):
        quotient = Apply("/", a, b)
        if n == m and recognise(quotient) is not None:
            powers = {base: p for base, p in product.powers.items() if base not in (a, b)}
            rest = build_product(Product(product.number, product.decimal, powers))
            grouped = quotient if n == 1 else Apply("^", quotient, constant(n))
            return grouped if rest == ONE else Apply("*", rest, grouped)
    return None


def cancel(expression: Expression) -> Expression | None:
    """`(a (1 + x)^2 - b (1 + x)) / (1 + x)^4` as `(a (1 + x) - b) / (1 + x)^3`."""
    product = factors(expression)
    powers, changed = dict(product.powers), False
    for total, power in product.powers.items():
        if power != 1 or head(total) not in ("+", "-"):
            continue
        split = [(sign, factors(part)) for sign, part in terms(total)]
        for base in [base for base, below in powers.items() if below < 0]:
            shared = min(part.powers.get(base, 0) for _, part in split)
            taken = min(shared, -powers[base])
            if taken > 0:
                split = [(sign, _divided(part, base, taken)) for sign, part in split]
                powers[base] += taken
                changed = True
        if changed:
            del powers[total]
            inside = build_sum([p._replace(number=p.number * sign) for sign, p in split])
            powers = {inside: 1, **{b: q for b, q in powers.items() if q}}
            return build_product(product._replace(powers=powers))
        root = next((b for b, q in powers.items() if q == -1 and _is_root_of(b, total)), None)
        if root is not None:  # u / sqrt(u)
            powers[root] += 2
            del powers[total]
            return build_product(product._replace(powers=powers))
        twin = next((b for b, q in powers.items() if q < 0 and _same_terms(b, total)), None)
        if twin is not None:
            powers[twin] += powers.pop(total)
            return build_product(product._replace(powers={b: q for b, q in powers.items() if q}))
    return None


def _divided(part: Product, base: Expression, power: Exact) -> Product:
    powers = {**part.powers, base: part.powers[base] - power}
    return part._replace(powers={b: q for b, q in powers.items() if q})


def _is_root_of(root: Expression, total: Expression) -> bool:
    match root:
        case Apply(operation="sqrt", arguments=(inner,)):
            return inner == total or _same_terms(inner, total)
    return False


def _same_terms(one: Expression, other: Expression) -> bool:
    """Whether two sums differ in the order of their terms alone."""
    return head(one) in ("+", "-") and set(terms(one)) == set(terms(other))


def common_denominator(expression: Expression) -> Expression | None:
    """`s - x^2 / s` as `(s^2 - x^2) / s`, also where that sum is a factor."""
    if head(expression) in ("+", "-"):
        return _over_one(expression)
    product = factors(expression)
    for total, power in product.powers.items():
        if head(total) in ("+", "-") and power.denominator == 1:
            whole = _over_one(total)
            if whole is not None:
                powers = {b: q for b, q in product.powers.items() if b != total}
                rest = build_product(product._replace(powers=powers))
                raised = whole if power == 1 else Apply("^", whole, constant(power))
                return raised if rest == ONE else Apply("*", rest, raised)
    return None


def _over_one(total: Expression) -> Expression | None:
    """A sum of fractions as one fraction."""
    split = [(sign, factors(part)) for sign, part in terms(total)]
    below: dict[Expression, Exact] = {}
    for _, part in split:
        for base, power in part.powers.items():
            if power < 0:
                below[base] = max(below.get(base, 0), -power)
    if not below or any(part.decimal for _, part in split):
        return None
    number = lcm(*(part.number.denominator for _, part in split))
    above = []
    for sign, part in split:
        powers = dict(part.powers)
        for base, power in below.items():
            powers[base] = powers.get(base, 0) + power
        powers = {base: power for base, power in powers.items() if power}
        above.append(Product(sign * part.number * number, False, powers))
    return Apply("/", build_sum(above), build_product(Product(number, False, below)))


def square_roots(expression: Expression) -> Expression | None:
    """`sqrt(u)^2` as `u` and `sqrt(u)^3` as `u^(3/2)`, in every product."""

    def settle(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="^", arguments=(Apply(operation="sqrt", arguments=(u,)), n)):
                power = numeric(n)
                if power is not None and power.denominator == 1:
                    return u if power == 2 else Apply("^", u, constant(Fraction(power) / 2))
        return None

    tidied = tidy(expression)
    changed = transform(tidied, settle)
    return None if changed is tidied else changed


def by_quotient(expression: Expression) -> Expression | None:
    """`(a s - a^2) / s^2` as `q - q^2` with `q = a / s`, where `a` is a term of the sum `s`."""
    found = _share(expression)
    if found is None:
        return None
    rest, q = found
    difference = Apply("-", q, Apply("^", q, constant(2)))
    return difference if rest == ONE else Apply("*", rest, difference)


def share_of_rest(expression: Expression) -> Expression | None:
    """`q - q^2` as `q (1 - q)`, for a quotient `q`."""
    match expression:
        case Apply(operation="*", arguments=(rest, last)):
            inner = share_of_rest(last)
            if not isinstance(inner, Apply):
                return None
            q, less = inner.arguments
            return Apply("*", Apply("*", rest, q), less)
        case Apply(operation="-", arguments=(q, Apply(operation="^", arguments=(same, _)))):
            return Apply("*", q, Apply("-", ONE, q)) if q == same else None
    return None


def _share(expression: Expression) -> tuple[Expression, Expression] | None:
    product = factors(expression)
    for s, power in product.powers.items():
        if power != -2 or head(s) != "+" or any(numeric(t) is not None for _, t in terms(s)):
            continue
        for total, one in product.powers.items():
            parts = [(sign, factors(part)) for sign, part in terms(total)]
            if one != 1 or len(parts) != 2 or parts[0][1].powers.get(s) != 1:
                continue
            (sign, first), (other, second) = parts
            for _, a in terms(s):
                moved = {b: q for b, q in first.powers.items() if b != s}
                if a not in moved:
                    continue
                if {**moved, a: moved[a] + 1} == second.powers and (
                    sign * first.number == -other * second.number
                ):
                    del moved[a]
                    left = {b: q for b, q in product.powers.items() if b not in (s, total)}
                    number = product.number * sign * first.number
                    rest = build_product(Product(number, product.decimal, {**left, **moved}))
                    return rest, Apply("/", a, s)
    return None
