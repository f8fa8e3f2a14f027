"""Rewrites of limits by the laws of powers and logarithms: what grows faster is seen from these.

Source: Stewart, Calculus, 8th ed., 4.4 and 6.4; Graham, Knuth, Patashnik, Concrete Mathematics, 9.1.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from stepsolve.calculus.limit_values import Approach, sign_near, size_far
from stepsolve.calculus.normal import head, settle, signed_sum
from stepsolve.calculus.patterns import match
from stepsolve.calculus.tidy import ONE, Product, build_product, constant, factors, terms, tidy
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute, transform

_STANDARD = frozenset(("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf"))
_HIGH = 4  # the power from which on L'Hôpital's rule is too long a way
_SMALL = 0.1  # what vanishes is below this not far on the way
_HOLE = frozenset(("a",))


def as_power(expression: Expression, approach: Approach) -> Expression | None:
    """`x^100 e^-x` as `(x e^(-x/100))^100`: one power of e and one high power."""
    product = factors(expression)
    steep = {b: Fraction(p) for b, p in product.powers.items()}
    high = [b for b, p in steep.items() if abs(p) >= _HIGH and p.denominator == 1]
    others = [b for b in steep if b not in high]
    if len(high) != 1 or len(others) != 1:
        return None
    (base,), (other,) = high, others
    power, one = steep[base], steep[other]
    if head(other) != "exp" or approach.variable not in names(base):
        return None
    size = abs(power)
    exponent = tidy(Apply("/", Apply("*", constant(one), other.children[0]), constant(size)))
    inner = build_product(
        Product(1, False, {base: 1 if power > 0 else -1, Apply("exp", exponent): 1})
    )
    whole = Apply("^", inner, constant(size))
    return whole if product.number == 1 else Apply("*", constant(product.number), whole)


def as_power_of_e(expression: Expression, approach: Approach) -> Expression | None:
    """A product of powers as one power of e, where an exponent moves: `e^(-1/x - ln(x))`."""
    product = factors(expression)
    if not any(_moves_oddly(base, approach.variable) for base in product.powers):
        return None
    exponents: list[tuple[int, Expression]] = []
    sign = 1
    for base, whole_or_not in product.powers.items():
        power, found = Fraction(whole_or_not), _exponent(base, approach)
        if found is None:
            return None
        if found[0] < 0:
            if power.denominator != 1:
                return None
            sign *= 1 if power % 2 == 0 else -1
        part = tidy(Apply("*", constant(Fraction(abs(power))), found[1]))
        exponents.append((1 if power > 0 else -1, part))
    if len(exponents) < 2:
        return None
    whole: Expression = Apply("exp", tidy(signed_sum(exponents)))
    if (size := abs(Fraction(product.number))) != 1:
        whole = Apply("*", constant(size), whole)
    return whole if sign * product.number > 0 else Apply("neg", whole)


def _moves_oddly(base: Expression, variable: str) -> bool:
    """Whether L'Hôpital's rule would lead nowhere: `e^(1/x)`, `2^x`, `x^n`."""
    match base:
        case Apply(operation="exp", arguments=(inner,)):
            below = [b for b, p in factors(inner).powers.items() if p < 0]
            return any(variable in names(b) for b in below)
        case Apply(operation="^", arguments=(_, power)):
            return numeric(power) is None
    return False


def _exponent(base: Expression, approach: Approach) -> tuple[int, Expression] | None:
    """The sign of a factor near the target, and the logarithm of its size."""
    match base:
        case Apply(operation="exp", arguments=(inner,)):
            return 1, inner
        case Apply(operation="^", arguments=(inner, power)):
            return 1, Apply("*", power, Apply("log", inner))
    near = sign_near(base, approach)
    if not near:
        return None
    return near, Apply("log", base if near > 0 else tidy(Apply("neg", base)))


def joined_logarithms(expression: Expression, approach: Approach) -> Expression | None:
    """`ln(a) - n ln(b)` as `ln(a / b^n)`, also where that is a factor or the top of a fraction."""
    if head(expression) in ("*", "/"):
        for k, child in enumerate(expression.children):
            joined = joined_logarithms(child, approach)
            if joined is not None:
                children = list(expression.children)
                children[k] = joined
                return expression.rebuilt(tuple(children))
        return None
    if head(expression) not in ("+", "-"):
        return None
    inside: dict[Expression, Exact] = {}
    rest: list[tuple[int, Expression]] = []
    for sign, part in terms(expression):
        product = factors(part)
        logs = [b for b in product.powers if head(b) == "log"]
        whole = Fraction(product.number).denominator == 1
        if len(logs) == 1 and product.powers == {logs[0]: 1} and whole:
            inner = logs[0].children[0]
            inside[inner] = inside.get(inner, 0) + sign * product.number
        else:
            rest.append((sign, part))
    if len(inside) < 2 or len({n > 0 for n in inside.values()}) < 2:
        return None
    together = Apply("log", build_product(Product(1, False, inside)))
    return signed_sum([(1, together), *rest])


def complement(expression: Expression, approach: Approach) -> Expression | None:
    """What saturation leaves of 1, as a logistic function."""

    def change(node: Expression) -> Expression | None:
        for left, right in _complements().get(head(node), ()):
            found = match(left, node, _HOLE)
            if found is not None and approach.variable in names(found["a"]):
                return settle(substitute(right, found))
        return None

    return transform(expression, change)


@lru_cache(maxsize=1)
def _complements() -> dict[str, tuple[tuple[Expression, Expression], ...]]:
    from stepsolve.source.expression import parse

    rows = (
        ("1 - sigmoid(a)", "sigmoid(-a)"),
        ("1 - tanh(a)", "2 * sigmoid(-2 * a)"),
        ("1 + tanh(a)", "2 * sigmoid(2 * a)"),
    )
    found: dict[str, list[tuple[Expression, Expression]]] = {}
    for row in rows:
        left, right = map(parse, row)
        found.setdefault(head(left), []).append((left, right))
    return {sign: tuple(rows) for sign, rows in found.items()}


def standard(expression: Expression, approach: Approach) -> Expression | None:
    """`c tanh(u)` as `c u · tanh(u)/u`, where u vanishes: the second factor tends to 1."""
    product = factors(expression)
    for base, power in product.powers.items():
        if head(base) not in _STANDARD or power != 1 or len(product.powers) < 2:
            continue
        (inner,) = base.children
        size = size_far(inner, approach)
        if not inner.children or size is None or not 0 < size < _SMALL:
            continue
        rest = {b: p for b, p in product.powers.items() if b != base}
        rest[inner] = rest.get(inner, 0) + 1
        front = build_product(product._replace(powers={b: p for b, p in rest.items() if p}))
        return Apply("*", front, Apply("/", base, inner)) if front != ONE else None
    return None


def exponential(expression: Expression, approach: Approach) -> Expression | None:
    """A power as a power of e."""
    if not isinstance(expression, Apply) or expression.operation != "^":
        return None
    base, exponent = expression.arguments
    if base == Name("e"):
        return Apply("exp", exponent)
    return Apply("exp", Apply("*", exponent, Apply("log", base)))


def without_euler(expression: Expression) -> Expression:
    """The expression with `e^u` as `exp(u)`."""

    def change(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="^", arguments=(Name(name="e"), exponent)):
                return Apply("exp", without_euler(exponent))
        return None

    return transform(expression, change)
