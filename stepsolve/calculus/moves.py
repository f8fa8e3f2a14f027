"""The moves of a proof: every way in which one step may rewrite an expression, each with its name.

A move gives the links of a chain, one or two: what it writes down, and that in order where terms
are collected or factors cancelled on the way. `back` is what the same link is called when it is
read from its end, as the links of the right side are.

Source: the ways of writing named in Stewart, Calculus, 8th ed., appendix A.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import product as cartesian
from math import isqrt
from types import MappingProxyType
from typing import NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.laws import Definition, choice_made, laws
from stepsolve.calculus.normal import (
    ARITHMETIC,
    fraction,
    head,
    key,
    settle,
    signed_sum,
)
from stepsolve.calculus.patterns import negated
from stepsolve.calculus.signs import ZERO_ALONE, Assumptions
from stepsolve.calculus.tidy import (
    ONE,
    ZERO,
    Exact,
    build_product,
    constant,
    factors,
    numeric,
    terms,
)
from stepsolve.notation.tree import Apply, Expression, Name, replaced, transform, walk
from stepsolve.notation.unicode import one_line, pretty_name

_MAX_TERMS = 40  # that multiplying out may give
_MAX_POWER = 6  # of a sum that is multiplied out
_GREEK = {"sigmoid": "σ"}


class Link(NamedTuple):
    """One equals sign: the rule, its name when read from the end, and what comes of it."""

    rule: str
    back: str
    after: Expression


class Knowledge(NamedTuple):
    """What a proof may use: assumptions about signs, definitions by name, and extra laws."""

    assumptions: Assumptions
    definitions: dict[str, Definition]
    parities: Mapping[str, int] = MappingProxyType({})
    unproved: frozenset[Expression] = frozenset()
    """Functions whose derivative is the claim, so that the table's may not be used."""


Found = Iterator[tuple[Link, ...]]
Local = Callable[[Expression, Knowledge], Iterator[tuple[str, str, Expression]]]


def moves(expression: Expression, known: Knowledge) -> Found:
    """Every move from a settled expression; each ends in a settled one that is another."""
    yield from unfoldings(expression, known)
    nodes = tuple(dict.fromkeys(walk(expression)))
    for local in _LOCAL:
        yield from moves_at(nodes, local, expression, known)


def moves_at(
    nodes: Iterable[Expression], local: Local, expression: Expression, known: Knowledge
) -> Found:
    """The moves of one sort at some nodes of an expression."""
    for node in nodes:
        for rule, back, new in local(node, known):
            whole = new if node is expression else replaced(expression, node, new)
            yield _links(rule, back, whole)


def _links(rule: str, back: str, raw: Expression) -> tuple[Link, ...]:
    """What is written down, and that in order where the two differ in more than looks."""
    settled = settle(raw)
    written = clean(raw)
    (names, signs), (fewer, less) = _measure(written), _measure(settled)
    if (names, signs) == (fewer, less):
        return (Link(rule, back, settled),)
    if signs > less and _count(written, "/") > _count(settled, "/"):
        second = ("collect and cancel", "multiply and divide")
    elif signs > less:
        second = ("collect like terms", "add and subtract")
    elif signs < less:
        second = ("e^a · e^b = e^(a + b)", "e^(a + b) = e^a · e^b")
    else:
        second = ("cancel", "multiply and divide")
    return Link(rule, back, written), Link(*second, settled)


def _measure(expression: Expression) -> tuple[int, int]:
    names = signs = 0
    for node in walk(expression):
        names += isinstance(node, Name)
        signs += head(node) in ("+", "-")
    return names, signs


def _count(expression: Expression, operation: str) -> int:
    return sum(head(node) == operation for node in walk(expression))


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


# ------------------------------------------------------------------------------ definitions


def unfoldings(expression: Expression, known: Knowledge) -> Found:
    """Every function by its definition: all together, and each kind alone."""
    called = {head(node) for node in walk(expression)}
    usable = [known.definitions[name] for name in sorted(called & known.definitions.keys())]
    for chosen in [usable, *([one] for one in usable)] if len(usable) > 1 else [usable]:
        if not chosen:
            return
        name = definition_of(chosen)
        yield _links(name, name, unfold(expression, chosen))


def definition_of(chosen: list[Definition]) -> str:
    """What unfolding some functions is called."""
    called = [_GREEK.get(one.name, pretty_name(one.name)) for one in chosen]
    listed = " and ".join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)
    return f"definition{'s' * (len(called) > 1)} of {listed}"


def unfold(node: Expression, chosen: list[Definition]) -> Expression:
    """The expression with some functions by their definitions, wherever they stand."""
    if node.children:
        node = node.rebuilt(tuple(unfold(child, chosen) for child in node.children))
    for definition in chosen:
        body = definition.unfolded(node)
        if body is not None:
            return body
    return node


# -------------------------------------------------------------------------------- local moves


def _by_law(node: Expression, known: Knowledge) -> Iterator[tuple[str, str, Expression]]:
    for law in laws().get(head(node), ()):
        new = law.apply(node, known.assumptions)
        if new is not None:
            yield law.name, law.name, new
    chosen = choice_made(node, known.assumptions)
    if chosen is not None:
        yield "the condition is known", "the condition is known", chosen
    if isinstance(node, Name) and known.assumptions.signs(node) == ZERO_ALONE:
        yield f"{pretty_name(node.name)} = 0", f"{pretty_name(node.name)} = 0", ZERO


def moves_of_laws(node: Expression, known: Knowledge) -> Iterator[Expression]:
    """What the laws make of a node itself."""
    return (new for _, _, new in _by_law(node, known))


def _by_parity(node: Expression, known: Knowledge) -> Iterator[tuple[str, str, Expression]]:
    """`f(-a)` as `f(a)` or `-f(a)`, for a function that is given as even or odd."""
    parity = known.parities.get(head(node))
    if parity is None:
        return
    (inner,) = node.children
    opposite = settle(Apply("neg", inner))
    if opposite.size < inner.size:
        name = f"{head(node)} is {'even' if parity > 0 else 'odd'}"
        new = Apply(head(node), opposite)
        yield name, name, new if parity > 0 else Apply("neg", new)


def derivative(node: Expression, known: Knowledge) -> Iterator[tuple[str, str, Expression]]:
    """The derivative by the rules; that which is to be proved begins with the definition."""
    match node:
        case Apply(operation="diff", arguments=(body, Name() as variable)):
            inner = {head(part) for part in walk(body)}
            if body in known.unproved or "diff" in inner or inner & known.parities.keys():
                return
            value = differentiate(body, variable.name).value
            yield "differentiate", "differentiate", value


def common_denominator(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
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
        number = number * int(bottom.number) // _gcd(number, int(bottom.number))
        for base, power in bottom.powers.items():
            shared[base] = max(shared.get(base, 0), power)
    above = []
    for (sign, _), (top, _), bottom in zip(parts, split, bottoms, strict=True):
        missing = {b: q for b, p in shared.items() if (q := p - bottom.powers.get(b, 0))}
        rest = build_product(bottom._replace(number=number // int(bottom.number), powers=missing))
        above.append((sign, Apply("*", top, rest)))
    below = build_product(bottoms[0]._replace(number=number, powers=shared))
    raw = Apply("/", clean(signed_sum(above)), below)
    yield "common denominator", "split the fraction", raw
    opened = expand(settle(raw.children[0]))
    if opened is not None:
        yield "common denominator, multiplied out", "split the fraction", Apply("/", opened, below)


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _split_fraction(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
    if head(node) not in ("/", "*", "neg"):
        return
    top, bottom = fraction(node)
    if bottom != ONE and head(top) in ("+", "-"):
        parts = [(sign, Apply("/", part, bottom)) for sign, part in terms(top)]
        yield "split the fraction", "common denominator", signed_sum(parts)


def _multiply_above_and_below(
    node: Expression, _: Knowledge
) -> Iterator[tuple[str, str, Expression]]:
    """A fraction with a power of e in its denominator, which a factor turns into 1."""
    if head(node) not in ("/", "*", "neg"):
        return
    top, bottom = fraction(node)
    if bottom == ONE:
        return
    exponents = {}
    for part in (*(t for _, t in terms(bottom)), *(t for _, t in terms(top))):
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


def multiply_out(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
    if head(node) in ARITHMETIC:
        new = expand(node)
        if new is not None:
            yield "multiply out", "factor", new


def cosine_to_sine(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
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


def _factor_out(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
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


def _squares(node: Expression, _: Knowledge) -> Iterator[tuple[str, str, Expression]]:
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


_LOCAL: tuple[Local, ...] = (
    _by_law,
    _by_parity,
    derivative,
    common_denominator,
    _split_fraction,
    _multiply_above_and_below,
    multiply_out,
    _factor_out,
    _squares,
)
