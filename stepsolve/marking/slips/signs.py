"""Slips of sign, of the order of operations and of brackets."""

from __future__ import annotations

from collections.abc import Iterator

from stepsolve.marking.slips.row import (
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    is_leaf,
    is_number,
    is_sum,
    locally,
    said,
    swapped,
)
from stepsolve.notation.tree import Apply, Expression, transform

_EXPONENTIALS = ("exp", "sigmoid")


def _minus(node: Expression) -> Expression:
    """A node with the other sign; a sign that leads it is taken away."""
    match node:
        case Apply(operation="neg", arguments=(inner,)):
            return inner
        case Apply(operation="*" | "/" as sign, arguments=(first, second)):
            if (changed := _minus(first)).size < first.size:
                return Apply(sign, changed, second)
    return Apply("neg", node)


def _exponents(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="^", arguments=(base, power)) if not is_number(power, "2"):
            yield swapped(Apply("^", base, _minus(power)), node, "the exponent has the other sign")
        case Apply(operation=name, arguments=(inner,)) if name in _EXPONENTIALS:
            yield swapped(Apply(name, _minus(inner)), node, "the exponent has the other sign")


def _negated_exponents(scene: Scene) -> Iterator[Variant]:
    yield from locally(_exponents)(scene)

    def turn(node: Expression) -> Expression | None:
        return next((variant.formula for variant in _exponents(node)), None)

    yield Variant(transform(scene.formula, turn), "every exponent has the other sign")


def _lost(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="neg", arguments=(inner,)):
            yield swapped(inner, node, "a sign is lost")


def _turned(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="+" | "-" as sign, arguments=(left, right)):
            other = "-" if sign == "+" else "+"
            term = said(right) if is_leaf(right) or not is_sum(right) else f"({said(right)})"
            told = (
                f"{other} {term} for {sign} {term}: a sign is {'lost' if sign == '-' else 'added'}"
            )
            yield Variant(Apply(other, left, right), told)
            if sign == "-":
                new = Apply("-", right, left)
                yield swapped(new, node, "the difference is taken the wrong way")


def _added(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="+" | "-" | "*" | "/" | "neg"):
            pass  # its parts have signs
        case Apply():
            yield swapped(Apply("neg", node), node, "a sign is added")
        case _ if is_leaf(node) and not is_number(node, "0"):
            yield swapped(Apply("neg", node), node, "a sign is added")


def _sign(scene: Scene) -> Iterator[Variant]:
    formula = scene.formula
    yield from everywhere(scene.numbered, _lost)
    yield from everywhere(formula, _turned)
    yield Variant(Apply("neg", formula), "the result has the other sign")
    yield from everywhere(formula, _added)
    if is_sum(formula):
        yield Variant(_last_signs(formula), "only the first term keeps its sign")


def _last_signs(node: Expression) -> Expression:
    """A sum with every sign between its terms turned round."""
    match node:
        case Apply(operation="+" | "-" as sign, arguments=(left, right)):
            return Apply("-" if sign == "+" else "+", _last_signs(left), right)
    return node


def _both_signs(scene: Scene) -> Iterator[Variant]:
    """Minus times minus taken as minus: the sign of a product with two signs in it."""

    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation="*" | "/"):
                because = "the sign of the product is wrong"
                yield Variant(Apply("neg", node), f"{said(Apply('neg', node))}: {because}")

    return locally(change)(scene)


def _brackets(node: Expression) -> Iterator[Variant]:
    for changed in _unbracketed(node):
        yield swapped(changed, node, "a bracket is overlooked")


def _unbracketed(node: Expression) -> Iterator[Expression]:
    match node:
        case Apply(
            operation="*" as sign, arguments=(left, Apply(operation="+" | "-" as plus) as sum_)
        ):
            first, second = sum_.arguments
            yield Apply(plus, Apply(sign, left, first), second)
        case Apply(
            operation="/" as sign, arguments=(left, Apply(operation="+" | "-" as plus) as sum_)
        ):
            first, second = sum_.arguments
            yield Apply(plus, Apply(sign, left, first), second)
        case Apply(operation="-", arguments=(left, Apply(operation="+" | "-" as plus) as sum_)):
            first, second = sum_.arguments
            yield Apply(plus, Apply("-", left, first), second)
        case Apply(operation="neg", arguments=(Apply(operation="+" | "-" as plus) as sum_,)):
            first, second = sum_.arguments
            yield Apply(plus, Apply("neg", first), second)
    match node:
        case Apply(
            operation="*" | "/" | "^" as outer,
            arguments=(Apply(operation="+" | "-" as plus, arguments=(first, second)), right),
        ):
            yield Apply(plus, first, Apply(outer, second, right))
        case Apply(
            operation="^" as raised,
            arguments=(Apply(operation="*" | "/" as times, arguments=(first, second)), right),
        ):
            yield Apply(times, first, Apply(raised, second, right))


def _order(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(
            operation="+" | "-" as plus,
            arguments=(left, Apply(operation="*" | "/" as times, arguments=(first, second))),
        ) if not is_sum(left):
            new = Apply(times, Apply(plus, left, first), second)
            yield swapped(new, node, "worked from left to right")
        case Apply(
            operation="*" as times,
            arguments=(left, Apply(operation="^" as raised, arguments=(base, power))),
        ):
            new = Apply(raised, Apply(times, left, base), power)
            yield swapped(new, node, "the product is raised")


def _term_by_term(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(
            operation="^" as sign,
            arguments=(Apply(operation="+" | "-" as plus, arguments=(first, second)), power),
        ):
            yield swapped(
                Apply(plus, Apply(sign, first, power), Apply(sign, second, power)),
                node,
                "a sum is raised term by term",
            )
        case Apply(
            operation="sqrt" | "exp" | "log" as name,
            arguments=(Apply(operation="+" | "-" as plus, arguments=(first, second)),),
        ):
            yield swapped(
                Apply(plus, Apply(name, first), Apply(name, second)),
                node,
                f"{name} is taken term by term",
            )
        case Apply(
            operation="/" as sign,
            arguments=(above, Apply(operation="+" | "-" as plus, arguments=(first, second))),
        ):
            yield swapped(
                Apply(plus, Apply(sign, above, first), Apply(sign, above, second)),
                node,
                "divided term by term",
            )


ROWS = (
    Row(
        "negated exponent",
        "the exponent has the other sign: e^s for e^(-s)",
        ("1 / (1 + e^(-0.8))", "1 / (1 + e^0.8)"),
        _negated_exponents,
        Likelihood.COMMON,
    ),
    Row(
        "sign",
        "a sign is lost, added or turned round",
        ("0.7 * 3 - 0.4 * 2", "0.7 * 3 + 0.4 * 2"),
        _sign,
        Likelihood.COMMON,
    ),
    Row(
        "sign of a product",
        "minus times minus is taken as minus",
        ("(-0.7) * (-0.3) + 0.5", "-(-0.7) * (-0.3) + 0.5"),
        _both_signs,
        Likelihood.COMMON,
    ),
    Row(
        "bracket",
        "a bracket is overlooked: a * b + c for a * (b + c)",
        ("0.3 * (2 + 0.7)", "0.3 * 2 + 0.7"),
        locally(_brackets),
        Likelihood.USUAL,
    ),
    Row(
        "order of operations",
        "worked from left to right: (a + b) * c for a + b * c",
        ("0.3 + 0.2 * 0.7", "(0.3 + 0.2) * 0.7"),
        locally(_order),
        Likelihood.USUAL,
    ),
    Row(
        "term by term",
        "a power, root or quotient is taken term by term: a^2 + b^2 for (a + b)^2",
        ("(0.3 + 0.4)^2", "0.3^2 + 0.4^2"),
        locally(_term_by_term),
        Likelihood.SELDOM,
    ),
)
