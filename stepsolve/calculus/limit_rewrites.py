"""Rewrites that make an indeterminate form determinate: the same expression, written another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.identities import pythagoras
from stepsolve.calculus.laws import laws
from stepsolve.calculus.limit_powers import (
    as_power,
    as_power_of_e,
    complement,
    exponential,
    joined_logarithms,
    standard,
)
from stepsolve.calculus.limit_values import Approach, sign_near, size_far
from stepsolve.calculus.normal import head, signed_sum
from stepsolve.calculus.signs import Assumptions
from stepsolve.calculus.tidy import ONE, build_product, factors, terms, tidy
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Name,
    Number,
    names,
    replaced,
    substitute,
    transform,
    walk,
)
from stepsolve.operations.table import OPERATIONS

MAX_SIZE = 150  # nodes of what a rewrite may give
_MAX_TERMS = 40
HOSPITAL = "L'Hôpital's rule"


class Rewrite(NamedTuple):
    """A way of writing: `applies` gives the other form, or None."""

    name: str
    applies: Callable[[Expression, Approach], Expression | None]
    form: str = ""
    """The indeterminate form that it is for: `0/0`, `0*inf`, ...; any if empty."""


def parts_of(expression: Expression) -> tuple[Expression, Expression]:
    """Numerator and denominator, of a product of fractions as well."""
    product = factors(expression)
    above = {base: power for base, power in product.powers.items() if power > 0}
    below = {base: -power for base, power in product.powers.items() if power < 0}
    return (
        build_product(product._replace(number=product.number.numerator, powers=above)),
        build_product(product._replace(number=product.number.denominator, powers=below)),
    )


def ratio(above: Expression, below: Expression) -> Expression:
    """A quotient of two terms, powers of e together."""
    product = factors(Apply("/", above, below))
    exponent: list[tuple[int, Expression]] = []
    others = {}
    for base, power in product.powers.items():
        match base:
            case Apply(operation="exp", arguments=(inner,)) if power in (1, -1):
                exponent.append((int(power), inner))
            case _:
                others[base] = power
    rest = build_product(product._replace(powers=others))
    if not exponent:
        return rest
    together = tidy(signed_sum(exponent))
    if together == Number("0"):
        return rest
    return Apply("exp", together) if rest == ONE else Apply("*", rest, Apply("exp", together))


def _definition(expression: Expression, approach: Approach) -> Expression | None:
    """A function of the table by its definition."""
    if not isinstance(expression, Apply) or expression.operation in _BASIC:
        return None
    row = OPERATIONS.get(expression.operation)
    if row is None:
        return None
    arguments = row.completed(expression.arguments)
    definition = row.definition_tree(len(arguments))
    if definition is None:
        formulas = (law for law in laws().get(row.name, ()) if law.left.children == (Name("a"),))
        found = next((law.apply(expression, Assumptions()) for law in formulas), None)
        return None if found is None or _BASIC.isdisjoint(map(head, walk(found))) else found
    holes = dict(zip(row.parameters(len(arguments)), arguments, strict=True))
    return substitute(definition, holes)


_BASIC = frozenset(("exp", "log", "sqrt", "sin", "cos", "atan", "erf", "abs"))


def _dominant(expression: Expression, approach: Approach) -> Expression | None:
    """Numerator and denominator divided by the largest term of the denominator."""
    if not isinstance(expression, Apply) or expression.operation != "/":
        return None
    above, below = expression.arguments
    root = any(_is_root(part) for side in (above, below) for _, part in terms(side))
    if len(terms(above)) + len(terms(below)) < 3 and not root:
        return None
    plain = [part for side in (below, above) for _, part in terms(side) if not _is_root(part)]
    wanted = [part for _, part in terms(below) if not _is_root(part)] or plain
    largest = _largest(wanted, approach)
    if largest is None:
        return None
    near = sign_near(largest, approach) or 0
    return Apply("/", *(_divided(part, largest, near) for part in (above, below)))


def _largest(parts: list[Expression], approach: Approach) -> Expression | None:
    """The part that is largest far on the way, if the variable is in it."""
    sized = [(size_far(part, approach), part) for part in parts]
    known = [(size, part) for size, part in sized if size is not None]
    if not known:
        return None
    found = max(known, key=lambda pair: pair[0])[1]
    return found if approach.variable in names(found) else None


def _is_root(part: Expression) -> bool:
    return isinstance(part, Apply) and part.operation == "sqrt"


def _divided(expression: Expression, by: Expression, sign_of_by: int) -> Expression:
    """Every term divided, under a root as well where it is known which sign comes out of it."""
    found: list[tuple[int, Expression]] = []
    for sign, part in terms(expression):
        match part:
            case Apply(operation="sqrt", arguments=(inner,)) if sign_of_by:
                square = Apply("^", by, Number("2"))
                found.append((sign * sign_of_by, Apply("sqrt", _divided(inner, square, 1))))
            case _:
                found.append((sign, ratio(part, by)))
    return signed_sum(found)


def _multiplied_out(expression: Expression, approach: Approach) -> Expression | None:
    """A numerator multiplied out, what cancels gone, and divided term by term."""
    if not isinstance(expression, Apply) or expression.operation != "/":
        return None
    above, below = expression.arguments
    if len(terms(below)) > 1:
        return None
    found = expanded(above)
    if found is None:
        return None
    # the terms that cancel are gone after this
    told = tidy(signed_sum([(sign, tidy(part)) for sign, part in found]))
    result = tidy(signed_sum([(sign, ratio(part, below)) for sign, part in terms(told)]))
    left = (parts_of(part)[1] for _, part in terms(result))
    return None if any(approach.variable in names(bar) for bar in left) else result


def expanded(expression: Expression) -> list[tuple[int, Expression]] | None:
    """The terms of an expression with products and small powers of sums multiplied out."""
    match expression:
        case Apply(operation="+" | "-" | "neg"):
            result = []
            for sign, part in terms(expression):
                inner = expanded(part)
                if inner is None:
                    return None
                result += [(sign * other, term) for other, term in inner]
            return result if len(result) <= _MAX_TERMS else None
        case Apply(operation="*", arguments=(a, b)):
            left, right = expanded(a), expanded(b)
            if left is None or right is None or len(left) * len(right) > _MAX_TERMS:
                return None
            return [(s * t, Apply("*", u, v)) for s, u in left for t, v in right]
        case Apply(operation="^", arguments=(a, Number() as n)) if len(
            terms(a)
        ) > 1 and n.value in (2, 3, 4):
            power = a
            for _ in range(int(n.value) - 1):
                power = Apply("*", power, a)
            return expanded(power)
    return [(1, expression)]


def _hospital(expression: Expression, approach: Approach) -> Expression | None:
    """The quotient of the derivatives of numerator and denominator."""
    if not isinstance(expression, Apply) or expression.operation != "/":
        return None
    above, below = expression.arguments
    if approach.variable not in names(above) or approach.variable not in names(below):
        return None
    top, bottom = (differentiate(part, approach.variable).value for part in (above, below))
    return _collected(Apply("/", top, bottom))


def _collected(expression: Expression) -> Expression:
    """A fraction of fractions as one fraction."""
    return Apply("/", *parts_of(expression)) if parts_of(expression)[1] != ONE else tidy(expression)


def _product_by_definition(expression: Expression, approach: Approach) -> Expression | None:
    """A function whose definition is a product, such as x σ(x), within a product or quotient."""
    for base in factors(expression).powers:
        other = _definition(base, approach)
        if head(other or ONE) == "*" and expression != base and other is not None:
            return tidy(replaced(expression, base, other))
    return None


def _pythagoras(expression: Expression, approach: Approach) -> Expression | None:
    """sin² + cos² as 1."""
    return pythagoras(expression)


def _factor_by_definition(expression: Expression, approach: Approach) -> Expression | None:
    """A product with a function whose definition is a fraction, as one fraction."""
    product = factors(expression)
    for base in product.powers:
        other = _definition(base, approach)
        if isinstance(other, Apply) and other.operation == "/" and product.powers[base] == 1:
            rest = build_product(
                product._replace(powers={b: p for b, p in product.powers.items() if b != base})
            )
            return _collected(Apply("*", rest, other)) if rest != ONE else None
    return None


def _term_by_definition(expression: Expression, approach: Approach) -> Expression | None:
    """A sum with a function whose definition is a logarithm."""
    found = [(sign, part, _definition(part, approach)) for sign, part in terms(expression)]
    if not any(isinstance(d, Apply) and d.operation == "log" for _, _, d in found):
        return None
    return signed_sum([(sign, definition or part) for sign, part, definition in found])


def _as_quotient(expression: Expression, approach: Approach) -> Expression | None:
    """A product as a quotient: powers of e under the bar, else a factor that is not a logarithm."""
    above, below = parts_of(expression)
    product = factors(above)
    if len(product.powers) < 2:
        return None
    for base in product.powers:
        if isinstance(base, Apply) and base.operation == "exp":
            other = Apply("exp", tidy(Apply("neg", base.arguments[0])))
            rest = {b: p for b, p in product.powers.items() if b != base}
            top = build_product(product._replace(powers=rest))
            return Apply("/", top, tidy(Apply("*", other, below)) if below != ONE else other)
    for base, power in product.powers.items():
        if approach.variable in names(base) and not _has_log(base):
            rest = {b: p for b, p in product.powers.items() if b != base}
            top = build_product(product._replace(powers=rest))
            bottom = build_product(product._replace(number=1, powers={base: -power}))
            return Apply("/", Apply("/", top, below) if below != ONE else top, bottom)
    logs = [b for b, p in product.powers.items() if p == 1 and approach.variable in names(b)]
    if len(logs) == 2 and below == ONE:
        return Apply("/", logs[1], Apply("/", ONE, logs[0]))
    return None


def _has_log(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation in ("log", "erf", "atan")


def _common_factor(expression: Expression, approach: Approach) -> Expression | None:
    """The largest term of a sum before brackets."""
    found = terms(expression)
    if len(found) < 2:
        return None
    largest = _largest([part for _, part in found], approach)
    if largest is None:
        return None
    return Apply("*", largest, signed_sum([(sign, ratio(part, largest)) for sign, part in found]))


def _conjugate(expression: Expression, approach: Approach) -> Expression | None:
    """A difference with a root, multiplied and divided by the sum."""
    found = terms(expression)
    if len(found) != 2 or found[0][0] == found[1][0]:
        return None
    first, other = (part for _, part in found)
    if not any(isinstance(p, Apply) and p.operation == "sqrt" for p in (first, other)):
        return None
    squares = [(s, _squared(p)) for s, p in found]
    above = expanded(signed_sum(squares))
    return None if above is None else Apply("/", tidy(signed_sum(above)), Apply("+", first, other))


def _squared(part: Expression) -> Expression:
    if isinstance(part, Apply) and part.operation == "sqrt":
        return part.arguments[0]
    return Apply("^", part, Number("2"))


def _one_logarithm(expression: Expression, approach: Approach) -> Expression | None:
    """A logarithm less something as one logarithm: v is log(e^v)."""
    found = terms(expression)
    logs = [part for sign, part in found if isinstance(part, Apply) and part.operation == "log"]
    if len(logs) != 1 or len(found) < 2:
        return None
    (kept,) = (sign for sign, part in found if part is logs[0])
    rest = signed_sum([(sign * kept, part) for sign, part in found if part is not logs[0]])
    if any(approach.variable in names(parts_of(part)[1]) for _, part in found):
        return None  # e^(1/x) would make it worse
    divisor = Apply("exp", tidy(Apply("neg", rest)))
    inside = _divided(logs[0].children[0], divisor, 0)
    together = Apply("log", inside)
    return together if kept > 0 else Apply("neg", together)


def _one_fraction(expression: Expression, approach: Approach) -> Expression | None:
    """A difference of two fractions over a common denominator."""
    found = terms(expression)
    if len(found) != 2:
        return None
    (s, (a, b)), (t, (c, d)) = ((sign, parts_of(part)) for sign, part in found)
    if b == ONE and d == ONE:
        return None
    above = signed_sum([(s, tidy(Apply("*", a, d))), (t, tidy(Apply("*", c, b)))])
    return Apply("/", above, tidy(Apply("*", b, d)))


def _simpler(expression: Expression, approach: Approach) -> Expression | None:
    """What cancels, cancelled."""
    found = tidy(expression)
    return found if found.size < expression.size else None


def _by_sign(expression: Expression, approach: Approach) -> Expression | None:
    """abs, sign and relu gone, where their argument keeps its sign on the way."""

    def change(node: Expression) -> Expression | None:
        if not isinstance(node, Apply) or node.operation not in ("abs", "sign", "relu"):
            return None
        near = sign_near(node.arguments[0], approach)
        if near is None or (near == 0 and node.operation != "relu"):
            return None
        if node.operation == "relu":
            return node.arguments[0] if near > 0 else Number("0")
        size = node.arguments[0] if node.operation == "abs" else ONE
        return size if near > 0 else Apply("neg", size)

    return transform(expression, change)


def _product_out(expression: Expression, approach: Approach) -> Expression | None:
    """A product with a sum, term by term."""
    found = expanded(expression)
    return None if found is None or len(found) < 2 else signed_sum(found)


ROWS = (
    Rewrite("the sign that holds near there", _by_sign),
    Rewrite("cancel", _simpler),
    Rewrite("by definition", _definition),
    Rewrite("sin²a + cos²a = 1", _pythagoras),
    Rewrite("by definition", _product_by_definition, "quotient"),
    Rewrite("write as a power", as_power, "quotient"),
    Rewrite("write as a power", as_power, "0*inf"),
    Rewrite("write as a power of e", as_power_of_e, "quotient"),
    Rewrite("write as a power of e", as_power_of_e, "0*inf"),
    Rewrite("one logarithm", joined_logarithms, "0*inf"),
    Rewrite("one logarithm", joined_logarithms, "quotient"),
    Rewrite("one logarithm", joined_logarithms, "inf-inf"),
    Rewrite("multiply out and cancel", _multiplied_out, "0/0"),
    Rewrite("divide by the dominant term", _dominant, "inf/inf"),
    Rewrite(HOSPITAL, _hospital, "quotient"),
    Rewrite("what is left of 1", complement, "0*inf"),
    Rewrite("multiply and divide by the argument", standard, "0*inf"),
    Rewrite("by definition", _factor_by_definition, "0*inf"),
    Rewrite("by definition", _factor_by_definition, "quotient"),
    Rewrite("by definition", _term_by_definition, "inf-inf"),
    Rewrite("write the product as a quotient", _as_quotient, "0*inf"),
    Rewrite("multiply out", _product_out, "0*inf"),
    Rewrite("one logarithm", _one_logarithm, "inf-inf"),
    Rewrite("multiply by the conjugate", _conjugate, "inf-inf"),
    Rewrite("factor out the dominant term", _common_factor, "inf-inf"),
    Rewrite("common denominator", _one_fraction, "inf-inf"),
    Rewrite("write as a power of e", exponential),
)


def rewrites(
    expression: Expression, approach: Approach, form: str
) -> Iterator[tuple[Rewrite, Expression]]:
    """Every other way of writing that helps an indeterminate form, in the order in which to try."""
    for row in ROWS:
        fits = not row.form or row.form == form or (row.form == "quotient" and "/" in form)
        if not fits:
            continue
        other = row.applies(expression, approach)
        if other is not None:  # the rules of operations mean the number, as everything does here
            other = substitute(other, {"π": Name("pi")})
        if other is not None and other != expression and other.size <= MAX_SIZE:
            yield row, other
