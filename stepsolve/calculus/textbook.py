"""The form that a textbook prints: from what the rules leave to what a reader recognises.

A handful of rewrites, each with a name and shown as a step: `exp(-x) / (1 + exp(-x))^2` becomes
`sigmoid(x) * (1 - sigmoid(x))`. They are tried in order, and kept only if they end somewhere simpler.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import product as cartesian
from math import gcd
from typing import NamedTuple

from stepsolve.calculus.patterns import as_exponential, match, negated
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
from stepsolve.derivation import Step
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, transform, walk
from stepsolve.operations.table import OPERATIONS

_MIN_SIZE = 4  # nodes below which there is nothing to simplify
_MAX_SIZE = 150  # nodes beyond which no textbook form is looked for


class Rewrite(NamedTuple):
    """A named way to write an expression otherwise; `None` where it does not apply."""

    name: str
    because: str
    apply: Callable[[Expression], Expression | None]


class Strategy:
    """Rewrites to try one after the other, where one of the operations in `needs` occurs."""

    def __init__(self, needs: str, *rewrites: Rewrite) -> None:
        self.needs = frozenset(needs)
        self.rewrites = rewrites


def textbook(expression: Expression) -> tuple[Step, ...]:
    """The rewrites that lead to a simpler form; none if the expression is as simple as it gets."""
    if not _MIN_SIZE <= expression.size <= _MAX_SIZE:
        return ()
    heads = {_head(node) for node in walk(expression)}
    chains = (_chain(expression, s.rewrites) for s in _STRATEGIES if s.needs & heads)
    # a chain may be left where it is simplest
    ends = (steps[: k + 1] for steps in chains for k in range(len(steps)))
    simplest = min(ends, key=lambda steps: _weight(steps[-1].after), default=())
    better = simplest and _weight(simplest[-1].after) < _weight(expression)
    return simplest if better else ()


def _chain(expression: Expression, strategy: tuple[Rewrite, ...]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for rewrite in strategy:
        after = rewrite.apply(expression)
        if after is not None and after != expression:
            steps.append(Step(rewrite.name, expression, after, because=rewrite.because))
            expression = after
    if steps and (tidied := tidy(expression)) != expression:
        steps[-1] = steps[-1]._replace(after=tidied)
    return tuple(steps)


def _weight(expression: Expression) -> tuple[int, int]:
    """How much there is to read: a fraction or an exponential weighs more than a function's name."""
    heavy = sum(
        node.operation == "/" or _head(as_exponential(node)) == "exp"
        for node in walk(expression)
        if isinstance(node, Apply)
    )
    return expression.size + heavy, len(terms(expression))


def recognise(expression: Expression) -> Expression | None:
    """The expression as one operation of the table, where it is that operation written out."""
    for name, form in _forms().get(_head(expression), ()):
        bindings = match(form, expression, _HOLES)
        if bindings is not None:
            arguments = (bindings[p] for p in ("a", "b") if p in bindings)
            # -(b - x), matched by a change of sign, is x - b
            return Apply(name, *(tidy(a) if _head(a) == "neg" else a for a in arguments))
    return None


_HOLES = frozenset({"a"})


def _head(expression: Expression) -> str:
    return expression.operation if isinstance(expression, Apply) else ""


@lru_cache(maxsize=1)
def _forms() -> dict[str, tuple[tuple[str, Expression], ...]]:
    """Every smooth function of one argument as it may be written out, by the sign at its head."""
    found: dict[str, list[tuple[str, Expression]]] = {}
    for row in OPERATIONS.values():
        for form in row.form_trees:
            if row.arity == (1, 1) and row.recognised and not row.kinks:
                found.setdefault(_head(form), []).append((row.name, form))
    return {head: tuple(rows) for head, rows in found.items()}


def _recognise_parts(expression: Expression) -> Expression | None:
    changed = transform(expression, recognise)
    return None if changed is expression else changed


def _split_square(expression: Expression) -> Expression | None:
    """`k E / (c + E)^2` as `k * (1 / (c + E)) * (E / (c + E))`."""
    found = _square_over(expression)
    if found is None:
        return None
    rest, inverse, part, base = found
    front = inverse if rest == ONE else Apply("*", rest, inverse)
    return Apply("*", front, Apply("/", part, base))


def _add_and_subtract(expression: Expression) -> Expression | None:
    """`E / (c + E)` as `(c + E - c) / (c + E)`."""
    return _at_last_factor(expression, lambda c, part, base: Apply("/", Apply("-", base, c), base))


def _divide_out(expression: Expression) -> Expression | None:
    """`(D - c) / D` as `1 - c / D`."""
    match expression:
        case Apply(operation="*", arguments=(left, last)):
            inner = _divide_out(last)
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


def _divide_each_term(expression: Expression) -> Expression | None:
    """`(a - b) / d` as `a / d - b / d`, where `d` is a power of a sum."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if _head(top) in ("+", "-"):
            parts = [(s, Apply("/", t, bottom)) for s, t in terms(top)]
            done = [factors(part) for _, part in parts]
            signed = [
                p._replace(number=p.number * s) for (s, _), p in zip(parts, done, strict=True)
            ]
            return build_sum(signed)
    return None


def _group_quotients(expression: Expression) -> Expression | None:
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


def _factor_out(expression: Expression) -> Expression | None:
    """`f - f^2` as `f * (1 - f)`: the powers that all terms share, in front."""
    parts = terms(expression)
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
    plain = not any(_head(node) in OPERATIONS and _is_call(node) for node in walk(expression))
    if plain and _is_polynomial(expression):
        return None  # a polynomial is clearer as a sum
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


def _expand(expression: Expression) -> Expression | None:
    """Products of short sums of powers multiplied out, and like terms collected."""
    match expression:
        case Apply(operation="/", arguments=(top, bottom)) if numeric(bottom) is None:
            inner = _expand(top)
            return None if inner is None else tidy(Apply("/", inner, bottom))
    if not _is_polynomial(expression):
        return None
    expanded = _expanded(expression)
    return tidy(expanded) if expanded is not None else None


def _is_polynomial(node: Expression) -> bool:
    """Whether an expression is a polynomial in names and values of functions."""
    match node:
        case Apply(operation="^", arguments=(base, exponent)):
            power = numeric(exponent)
            whole = power is not None and power.denominator == 1
            return whole and power is not None and 0 < power <= 4 and _is_polynomial(base)
        case Apply(operation="/", arguments=(above, below)):
            return numeric(below) is not None and _is_polynomial(above)
        case Apply(operation="+" | "-" | "*" | "neg"):
            return all(map(_is_polynomial, node.arguments))
    return True


def _expanded(expression: Expression, budget: int = 24) -> Expression | None:
    match expression:
        case Apply(operation="^", arguments=(base, exponent)) if _head(base) in ("+", "-"):
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


def _pythagoras(expression: Expression) -> Expression | None:
    def apply(node: Expression) -> Expression | None:
        for left, right in _identities():
            if match(left, node, _HOLES) is not None:
                return right
            if _head(node) in ("+", "-") and match(left, tidy(negated(node)), _HOLES) is not None:
                return negated(right)
        return None

    changed = transform(expression, apply)
    return None if changed is expression else changed


_RECOGNISE = Rewrite(
    "recognise the function", "a function of the table, written out", _recognise_parts
)
_DIVIDE = Rewrite("divide each term", "a sum over a common denominator", _divide_each_term)

# each is tried; the one that ends in the simplest form is taken
_FACTOR = Rewrite("factor out", "what all terms share", _factor_out)
_STRATEGIES = (
    Strategy(
        "/",
        Rewrite("split the fraction", "one factor of the square to each part", _split_square),
        Rewrite("add and subtract", "the numerator in terms of the denominator", _add_and_subtract),
        Rewrite("divide out", "each term of the numerator by the denominator", _divide_out),
        _RECOGNISE,
    ),
    Strategy(
        "/",
        _DIVIDE,
        Rewrite(
            "group the quotients", "quotients that are a function of the table", _group_quotients
        ),
        _RECOGNISE,
        _FACTOR,
    ),
    Strategy(
        "^", Rewrite("Pythagorean identity", "sin^2 + cos^2 = 1, cosh^2 - sinh^2 = 1", _pythagoras)
    ),
    Strategy("/", _RECOGNISE),
    Strategy("+-", _FACTOR),
    Strategy(
        "+-",
        Rewrite("expand and collect", "products multiplied out, like terms together", _expand),
        _FACTOR,
    ),
)
