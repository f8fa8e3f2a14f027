"""One way of writing for expressions that differ in nothing a reader would see.

`settle` puts every part in order, functions' arguments included, and powers of e together; `key` is
the same text for expressions that differ only in the order of terms and factors. Proofs compare by it.
"""

from __future__ import annotations

from functools import lru_cache

from stepsolve.calculus.patterns import as_exponential, negated
from stepsolve.calculus.tidy import (
    ONE,
    ZERO,
    Product,
    build_product,
    constant,
    factors,
    terms,
    tidy,
)
from stepsolve.notation.exact import Exact
from stepsolve.notation.indices import is_summation
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    Number,
    substitute,
    transform,
    walk,
)

_REMEMBERED = 20_000  # settled expressions that are kept
_ROUNDS = 4  # of putting in order: each has fewer sums that differ in looks
ARITHMETIC = frozenset(("+", "-", "*", "/", "^", "neg"))
# values that nobody writes out
_VALUES: dict[Expression, Expression] = {
    Apply("exp", ZERO): ONE,
    Apply("exp", ONE): Name("e"),
    Apply("log", ONE): ZERO,
    Apply("log", Name("e")): ONE,
    Apply("sqrt", ZERO): ZERO,
    Apply("sqrt", ONE): ONE,
    Apply("sin", ZERO): ZERO,
    Apply("cos", ZERO): ONE,
    Apply("tan", ZERO): ZERO,
    Apply("sin", Name("pi")): ZERO,
    Apply("cos", Name("pi")): Apply("neg", ONE),
    Apply("sin", Apply("/", Name("pi"), constant(2))): ONE,
    Apply("cos", Apply("/", Name("pi"), constant(2))): ZERO,
    Apply("sinh", ZERO): ZERO,
    Apply("cosh", ZERO): ONE,
    Apply("tanh", ZERO): ZERO,
    Apply("abs", ZERO): ZERO,
    Apply("asin", ZERO): ZERO,
    Apply("atan", ZERO): ZERO,
    Apply("erf", ZERO): ZERO,
}


def head(expression: Expression) -> str:
    """The operation of an expression, empty for what has none."""
    return expression.operation if isinstance(expression, Apply) else ""


@lru_cache(maxsize=_REMEMBERED)
def settle(expression: Expression) -> Expression:
    """The expression in order at every level, `e^a * e^b` as `e^(a + b)`. Equal in value."""
    for _ in range(_ROUNDS):
        settled = _in_order(expression)
        expression = _same_sums_alike(settled)
        if expression is settled:
            break
    return settled


def _same_sums_alike(expression: Expression) -> Expression:
    """Sums that differ only in order or sign as the first of them, so that they can cancel."""
    known: dict[str, Expression] = {}
    swap: dict[Expression, Expression] = {}
    for node in walk(expression):
        if is_summation(node):
            sign, text = 1, _atom(node)
        elif head(node) in ("+", "-"):
            sign, text = _sum(node)
        else:
            continue
        first = known.setdefault(f"{sign}{text}", node)
        flipped = known.get(f"{-sign}{text}")
        if first is node and flipped is not None:
            swap[node] = Apply("neg", flipped)
        elif first != node:
            swap[node] = first

    def put(node: Expression) -> Expression | None:
        return swap.get(node)

    return transform(expression, put) if swap else expression


@lru_cache(maxsize=_REMEMBERED)
def _in_order(expression: Expression) -> Expression:
    node = as_exponential(expression)
    if not node.children:
        return node
    node = node.rebuilt(tuple(map(_in_order, node.children)))
    if head(node) not in ARITHMETIC:
        return _VALUES.get(node, node)
    node = tidy(node)
    parts = terms(node)
    merged = [_merged(part) for _, part in parts]
    if all(new is part for new, (_, part) in zip(merged, parts, strict=True)):
        return node
    return tidy(signed_sum([(s, new) for (s, _), new in zip(parts, merged, strict=True)]))


def _merged(part: Expression) -> Expression:
    """A product with its powers of e as one."""
    if head(part) not in ("*", "/", "^"):
        return part
    product = factors(part)
    powers = {base: power for base, power in product.powers.items() if head(base) == "exp"}
    if len(powers) < 2 and all(power == 1 for power in powers.values()):
        return part
    exponents = [Apply("*", constant(p), base.children[0]) for base, p in powers.items()]
    total = settle(signed_sum([(1, exponent) for exponent in exponents]))
    rest = {base: power for base, power in product.powers.items() if base not in powers}
    if total != ZERO:
        rest[Apply("exp", total)] = 1
    return build_product(product._replace(powers=rest))


def signed_sum(parts: list[tuple[int, Expression]]) -> Expression:
    """The terms with their signs as a sum, in the order given."""
    if not parts:
        return ZERO
    sign, total = parts[0]
    if sign < 0:
        total = negated(total)
    for sign, part in parts[1:]:
        total = Apply("+" if sign > 0 else "-", total, part)
    return total


def fraction(expression: Expression) -> tuple[Expression, Expression]:
    """Numerator and denominator of a product or quotient; the denominator may be 1."""
    product = factors(expression)
    number = product.number
    above = {base: power for base, power in product.powers.items() if power > 0}
    below = {base: -power for base, power in product.powers.items() if power < 0}
    top: Exact = number.numerator
    return (
        build_product(Product(top, False, above)),
        build_product(Product(number.denominator, False, below)),
    )


@lru_cache(maxsize=_REMEMBERED)
def key(expression: Expression) -> str:
    """A text that is the same for settled expressions that differ in order only."""
    number, text = _monomial(expression)
    return f"{number}*{text}"


def _monomial(expression: Expression) -> tuple[Exact, str]:
    """A product as its number and a text for the rest."""
    if head(expression) not in ARITHMETIC and not isinstance(expression, Number):
        return 1, f"{_atom(expression)}^1"
    product = factors(expression)
    number, found = product.number, []
    for base, power in product.powers.items():
        if head(base) in ("+", "-"):
            sign, text = _sum(base)
            if power.denominator == 1:
                number = number * sign if power % 2 else number
            elif sign < 0:
                text = f"-{text}"
        else:
            text = _atom(base)
        found.append(f"{text}^{power}")
    return number, "·".join(sorted(found))


def _sum(expression: Expression) -> tuple[int, str]:
    """A sum up to its sign: the first term, in the order of the texts, is positive."""
    parts = [(sign, *_monomial(part)) for sign, part in terms(expression)]
    ordered = sorted((text, sign * number) for sign, number, text in parts)
    sign = 1 if ordered[0][1] > 0 else -1
    return sign, "(" + " ".join(f"{sign * number}*{text}" for text, number in ordered) + ")"


@lru_cache(maxsize=_REMEMBERED)
def _atom(expression: Expression) -> str:
    match expression:
        case Name(name=name):
            return name
        case Number(text=text):
            return text
        case Apply(operation="^", arguments=(base, exponent)):
            return f"({key(base)})^({key(exponent)})"
        case Apply(operation="sum", arguments=(body, Name(name=index))):
            # whatever its index is called
            return f"sum({key(substitute(body, {index: Name(f'#{body.depth}')}))})"
        case Apply(operation=operation, arguments=arguments):
            return f"{operation}({','.join(map(key, arguments))})"
        case Item(base=base, indices=indices):
            return f"{key(base)}[{','.join(map(key, indices))}]"
    return repr(expression)
