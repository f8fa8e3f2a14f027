"""Fractions and polynomials written otherwise: the moves of a proof that need no law.

Each gives what the move is called, what it is called when read from its end, and what stands there.

Source: Stewart, Calculus, 8th ed., appendix A and the review of algebra.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as cartesian
from math import isqrt, lcm

from stepsolve.calculus.normal import ARITHMETIC, fraction, head, key, settle, signed_sum
from stepsolve.calculus.patterns import negated
from stepsolve.calculus.tidy import ONE, ZERO, build_product, constant, factors, terms
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, transform
from stepsolve.notation.unicode import one_line

_MAX_TERMS = 40  # that multiplying out may give
_MAX_POWER = 6  # of a sum that is multiplied out

Ways = Iterator[tuple[str, str, Expression]]


def clean(node: Expression) -> Expression:
    """The expression without ones, zeros and double signs; no more is done to it."""
    if not node.children:
        return node
    node = node.rebuilt(tuple(map(clean, node.children)))
    match node:
        case Apply(operation="*", arguments=(left, right)) if ONE in (left, right):
            return right if left == ONE else left
        case Apply(operation="/" | "^", arguments=(left, right)) if right == ONE:
            return left
        case Apply(operation="*", arguments=parts) if ZERO in parts:
            return ZERO
        case Apply(operation="+" | "-", arguments=(left, right)) if right == ZERO:
            return left
        case Apply(operation="+", arguments=(left, right)) if left == ZERO:
            return right
        case Apply(operation="-", arguments=(left, right)) if left == ZERO:
            return negated(right)
        case Apply(operation="neg", arguments=(Apply(operation="neg", arguments=(inner,)),)):
            return inner
        case Apply(operation="+", arguments=(left, Apply(operation="neg", arguments=(inner,)))):
            return Apply("-", left, inner)
        case Apply(operation="-", arguments=(left, Apply(operation="neg", arguments=(inner,)))):
            return Apply("+", left, inner)
    return node


def common_denominator(node: Expression, _known: object) -> Ways:
    parts = terms(node)
    if head(node) not in ("+", "-") or len(parts) < 2:
        return
    split = [fraction(part) for _, part in parts]
    bottoms = [factors(bottom) for _, bottom in split]
    if all(bottom == ONE for _, bottom in split):
        return
    shared: dict[Expression, Exact] = {}
    number = 1
    for bottom in bottoms:
        number = lcm(number, int(bottom.number))
        for base, power in bottom.powers.items():
            shared[base] = max(shared.get(base, 0), power)
    above: list[tuple[int, Expression]] = []
    for (sign, _part), (top, _bottom), bottom in zip(parts, split, bottoms, strict=True):
        missing = {b: q for b, p in shared.items() if (q := p - bottom.powers.get(b, 0))}
        rest = build_product(bottom._replace(number=number // int(bottom.number), powers=missing))
        above.append((sign, Apply("*", top, rest)))
    below = build_product(bottoms[0]._replace(number=number, powers=shared))
    raw = Apply("/", clean(signed_sum(above)), below)
    yield "common denominator", "split the fraction", raw
    opened = expand(settle(raw.children[0]))
    if opened is not None:
        yield "common denominator, multiplied out", "split the fraction", Apply("/", opened, below)


def split_fraction(node: Expression, _known: object) -> Ways:
    if head(node) not in ("/", "*", "neg"):
        return
    top, bottom = fraction(node)
    if bottom != ONE and head(top) in ("+", "-"):
        yield (
            "split the fraction",
            "common denominator",
            signed_sum([(sign, Apply("/", part, bottom)) for sign, part in terms(top)]),
        )


def multiply_above_and_below(node: Expression, _known: object) -> Ways:
    """A fraction with a power of e in its denominator, which a factor turns into 1."""
    if head(node) not in ("/", "*", "neg"):
        return
    top, bottom = fraction(node)
    if bottom == ONE:
        return
    exponents: dict[Expression, None] = {}
    for _, part in (*terms(bottom), *terms(top)):
        for base in factors(part).powers:
            if head(base) == "exp":
                exponents[base.children[0]] = None
    for inner in factors(bottom).powers:
        for _, part in terms(inner):
            if head(part) == "exp":
                exponents[part.children[0]] = None
    for exponent in exponents:
        factor = settle(Apply("exp", Apply("neg", exponent)))
        above = expand(settle(Apply("*", top, factor))) or settle(Apply("*", top, factor))
        below = _times(bottom, factor)
        if below is not None:
            name = "multiply above and below by "
            inverse = settle(Apply("exp", exponent))
            yield name + one_line(factor), name + one_line(inverse), Apply("/", above, below)


def _times(bottom: Expression, factor: Expression) -> Expression | None:
    """A denominator times a power of e, which goes into its first sum."""
    product = factors(bottom)
    for base, power in product.powers.items():
        if head(base) in ("+", "-") and power.denominator == 1:
            each = settle(Apply("exp", Apply("/", factor.children[0], constant(power))))
            new = expand(settle(Apply("*", base, each)))
            if new is None:
                return None
            others = {b: p for b, p in product.powers.items() if b != base}
            rest = build_product(product._replace(powers=others))
            return Apply("*", rest, Apply("^", new, constant(power)))
    return None


def multiply_out(node: Expression, _known: object) -> Ways:
    if head(node) in ARITHMETIC:
        new = expand(node)
        if new is not None:
            yield "multiply out", "factor", new


def cosine_to_sine(node: Expression, _known: object) -> Ways:
    """Even powers of cosines by sines, all at once, so that nothing is turned back again."""

    def turned(part: Expression) -> Expression | None:
        match part:
            case Apply(operation="^", arguments=(Apply(operation="cos", arguments=(a,)), n)):
                power = numeric(n)
                if power is not None and power.denominator == 1 and power > 1:
                    square = Apply("-", ONE, Apply("^", Apply("sin", a), constant(2)))
                    rest = Apply("^", Apply("cos", a), constant(power % 2))
                    return Apply("*", rest, Apply("^", square, constant(power // 2)))
        return None

    new = transform(node, turned)
    if new is not node:
        yield "Pythagorean identity", "Pythagorean identity", new


def expand(node: Expression) -> Expression | None:
    """Products and powers of sums multiplied out, each term in order; None if there are none."""
    parts = terms(node)
    found: list[tuple[int, Expression]] = []
    changed = False
    for sign, part in parts:
        new = _opened(part)
        changed = changed or new is not None
        found.append((sign, part if new is None else new))
    return signed_sum(found) if changed else None


def _opened(part: Expression) -> Expression | None:
    if head(part) not in ("*", "/", "^"):
        return None
    product = factors(part)
    sums = [
        (base, int(power))
        for base, power in product.powers.items()
        if head(base) in ("+", "-") and power.denominator == 1 and 0 < power <= _MAX_POWER
    ]
    rest = {b: p for b, p in product.powers.items() if (b, p) not in sums}
    plain_number = product.number == 1 and not rest
    if not sums or (plain_number and sums == [(part, 1)]):
        return None
    opened: list[tuple[int, Expression]] = [(1, build_product(product._replace(powers=rest)))]
    for base, power in sums:
        for _ in range(power):
            pairs = cartesian(opened, terms(base))
            opened = [(s * t, Apply("*", p, q)) for (s, p), (t, q) in pairs]
            if len(opened) > _MAX_TERMS:
                return None
            together = settle(signed_sum(opened))
            opened = terms(together)
    return signed_sum(opened)


def factor_out(node: Expression, _known: object) -> Ways:
    """What all terms share, and each power of e that one of them has."""
    parts = terms(node)
    if head(node) not in ("+", "-") or len(parts) < 2:
        return
    split = [factors(part) for _, part in parts]
    shared: dict[Expression, Exact] = dict(split[0].powers)
    for product in split[1:]:
        shared = {
            base: min(power, product.powers[base])
            for base, power in shared.items()
            if product.powers.get(base, 0) * power > 0
        }
    fronts = [build_product(split[0]._replace(number=1, powers=shared))] if shared else []
    sizes = {abs(Fraction(product.number)) for product in split}
    if len(sizes) == 1 and (size := sizes.pop()) != 1:
        fronts.append(constant(size))
    fronts += [base for p in split for base in p.powers if head(base) == "exp"]
    for front in dict.fromkeys(fronts):
        inside = [(sign, settle(Apply("/", part, front))) for sign, part in parts]
        yield "factor out", "multiply out", Apply("*", front, signed_sum(inside))


def squares(node: Expression, _known: object) -> Ways:
    """`a^2 - b^2` and `a^3 - b^3` as products, `a^2 + 2 a b + b^2` as a square."""
    parts = terms(node)
    if head(node) not in ("+", "-") or not 2 <= len(parts) <= 3:
        return
    roots = [_root(part) if sign > 0 else None for sign, part in parts]
    if len(parts) == 2 and roots[0] is not None and parts[1][0] < 0:
        other = _root(parts[1][1])
        if other is not None:
            apart = Apply("*", Apply("-", roots[0], other), Apply("+", roots[0], other))
            yield "difference of squares", "multiply out", apart
    if len(parts) == 3:
        for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
            one, two = roots[i], roots[j]
            if one is None or two is None:
                continue
            double = settle(Apply("*", constant(2), Apply("*", one, two)))
            sign, middle = parts[k]
            if key(settle(middle)) == key(double):
                base = Apply("+" if sign > 0 else "-", one, two)
                yield "perfect square", "multiply out", Apply("^", base, constant(2))


def _root(part: Expression) -> Expression | None:
    """The expression whose square a term is."""
    product = factors(part)
    number = Fraction(product.number)
    if number <= 0:
        return None
    above, below = isqrt(number.numerator), isqrt(number.denominator)
    if above * above != number.numerator or below * below != number.denominator:
        return None
    powers: dict[Expression, Exact] = {}
    for base, power in product.powers.items():
        if head(base) == "exp":
            powers[settle(Apply("exp", Apply("/", base.children[0], constant(2))))] = power
        elif power % 2 == 0:
            powers[base] = power // 2
        else:
            return None
    return build_product(product._replace(number=Fraction(above, below), powers=powers))
