"""Slips with the rules of differentiation, in formulas: derivatives with one of the rules wrong.

The derivative of every part is that of the rules; one rule, at one place, is replaced by what is
taken for it. Source: J. Stewart, Calculus, 8th ed., ch. 3, for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.tidy import ONE, ZERO
from stepsolve.errors import StepsolveError
from stepsolve.marking.slips.row import (
    INNER_FORGOTTEN,
    WRONG_DERIVATIVE,
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
)
from stepsolve.notation.tree import Apply, Expression, Name, names, replaced, substitute

_HOLE: Final = "inner'"  # the letter of an inner function; no name of a work ends in it alone
_LARGEST: Final = 80  # nodes of an expression whose wrong derivatives are looked for

Wrong = Callable[["_Rules", Apply], Iterator[Variant]]
"""From an expression to wrong derivatives of it, by a slip in its outermost rule."""


class _Rules:
    """The derivatives of parts by one variable."""

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def of(self, node: Expression) -> Expression:
        """The derivative by the rules. Raises `StepsolveError` where there is none."""
        return differentiate(node, self.variable).value

    def varies(self, node: Expression) -> bool:
        return self.variable in names(node)

    def outer(self, node: Apply) -> tuple[Expression, Expression] | None:
        """The derivative of a function by its one varying argument, and that argument."""
        varying = [k for k, part in enumerate(node.arguments) if self.varies(part)]
        if len(varying) != 1:
            return None
        inner = node.arguments[varying[0]]
        parts = list(node.arguments)
        parts[varying[0]] = Name(_HOLE)
        outer = differentiate(Apply(node.operation, *parts), _HOLE).value
        return substitute(outer, {_HOLE: inner}), inner

    def wrong(self, node: Expression, slip: Wrong) -> Iterator[Variant]:
        """Derivatives with the slip at one place."""
        if not isinstance(node, Apply) or not self.varies(node):
            return
        yield from slip(self, node)
        match node:
            case Apply(operation="+" | "-" as sign, arguments=(a, b)):
                for wrong, told in self.wrong(a, slip):
                    yield Variant(Apply(sign, wrong, self.of(b)), told)
                for wrong, told in self.wrong(b, slip):
                    yield Variant(Apply(sign, self.of(a), wrong), told)
            case Apply(operation="neg", arguments=(a,)):
                for wrong, told in self.wrong(a, slip):
                    yield Variant(Apply("neg", wrong), told)
            case Apply(operation="*", arguments=(a, b)):
                for wrong, told in self.wrong(a, slip):
                    yield Variant(_plus(_times(wrong, b), _times(a, self.of(b))), told)
                for wrong, told in self.wrong(b, slip):
                    yield Variant(_plus(_times(self.of(a), b), _times(a, wrong)), told)
            case Apply(operation="/", arguments=(a, b)):
                for wrong, told in self.wrong(a, slip):
                    yield Variant(_quotient(wrong, self.of(b), a, b), told)
                for wrong, told in self.wrong(b, slip):
                    yield Variant(_quotient(self.of(a), wrong, a, b), told)
            case _ if (found := self.outer(node)) is not None:
                outer, inner = found
                for wrong, told in self.wrong(inner, slip):
                    yield Variant(_times(outer, wrong), told)


def _plus(a: Expression, b: Expression) -> Expression:
    return Apply("+", a, b)


def _minus(a: Expression, b: Expression) -> Expression:
    return Apply("-", a, b)


def _times(a: Expression, b: Expression) -> Expression:
    return Apply("*", a, b)


def _over(a: Expression, b: Expression) -> Expression:
    return Apply("/", a, b)


def _square(a: Expression) -> Expression:
    return Apply("^", a, Apply("+", ONE, ONE))


def _quotient(da: Expression, db: Expression, a: Expression, b: Expression) -> Expression:
    return _over(_minus(_times(da, b), _times(a, db)), _square(b))


def _inner_forgotten(rules: _Rules, node: Apply) -> Iterator[Variant]:
    if node.operation in ("+", "-", "neg", "*", "/"):
        return
    found = rules.outer(node)
    if found is None or not isinstance(found[1], Apply):
        return
    outer, inner = found
    yield Variant(outer, "the inner derivative is forgotten")
    inside = rules.of(inner)
    if rules.varies(inside):
        at = tuple(inside if part is inner else part for part in node.arguments)
        wrong = rules.outer(Apply(node.operation, *at))
        if wrong is not None:
            yield Variant(wrong[0], "the inner derivative stands inside the outer one")


def _product(rules: _Rules, node: Apply) -> Iterator[Variant]:
    match node:
        case Apply(operation="*", arguments=(a, b)) if rules.varies(a) and rules.varies(b):
            da, db = rules.of(a), rules.of(b)
            yield Variant(_times(da, db), "the product of the derivatives, not the product rule")
            yield Variant(_times(da, b), "the second term of the product rule is forgotten")
            yield Variant(_times(a, db), "the first term of the product rule is forgotten")
            yield Variant(_minus(_times(da, b), _times(a, db)), "minus in the product rule")
            yield Variant(_plus(da, db), "the sum of the derivatives, not the product rule")


def _quotients(rules: _Rules, node: Apply) -> Iterator[Variant]:
    match node:
        case Apply(operation="/", arguments=(a, b)) if rules.varies(b):
            da, db = rules.of(a), rules.of(b)
            one, other = _times(da, b), _times(a, db)
            yield Variant(
                _over(_minus(other, one), _square(b)), "the numerator the wrong way round"
            )
            yield Variant(_over(_plus(one, other), _square(b)), "plus in the quotient rule")
            yield Variant(_over(_minus(one, other), b), "the denominator is not squared")
            yield Variant(_minus(one, other), "the denominator is forgotten")
            if db != ZERO:
                yield Variant(
                    _over(da, db), "the quotient of the derivatives, not the quotient rule"
                )


def _powers(rules: _Rules, node: Apply) -> Iterator[Variant]:
    match node:
        case Apply(operation="^", arguments=(base, power)):
            pass
        case Apply(operation="sqrt", arguments=(base,)):
            power = _over(ONE, Apply("+", ONE, ONE))
        case _:
            return
    if rules.varies(base) and not rules.varies(power):
        inner = rules.of(base)
        lower = Apply("^", base, _minus(power, ONE))
        yield Variant(
            _times(_times(power, Apply("^", base, power)), inner), "the power is not lowered"
        )
        yield Variant(_times(lower, inner), "the power does not come down as a factor")
        raised = Apply("^", base, _plus(power, ONE))
        yield Variant(_times(_times(power, raised), inner), "the power is raised, not lowered")
        yield Variant(_over(raised, _plus(power, ONE)), "integrated, not differentiated")
    elif rules.varies(power) and not rules.varies(base):
        inner, lower = rules.of(power), Apply("^", base, _minus(power, ONE))
        yield Variant(_times(_times(power, lower), inner), "the power rule for an exponential")
        yield Variant(_times(power, lower), "the power rule for an exponential")
        yield Variant(_times(node, inner), "the logarithm of the base is forgotten")


_KNOWN: Final = {
    "sin": ("-cos(a)", "sin(a)"),
    "cos": ("sin(a)", "cos(a)"),
    "tan": ("1 / cos(a)",),
    "exp": ("a * exp(a - 1)",),
    "log": ("log(a)", "1 / log(a)", "-1 / a^2"),
    "sigmoid": ("sigmoid(a)", "1 - sigmoid(a)", "1 - sigmoid(a)^2", "a * (1 - a)"),
    "tanh": ("1 - tanh(a)", "1 - a^2", "tanh(a) * (1 - tanh(a))", "tanh(a)^2", "1 + tanh(a)^2"),
    "relu": ("relu(a)", "step(-a)"),
}
"""What is taken for the derivative of a function."""


def _functions(rules: _Rules, node: Apply) -> Iterator[Variant]:
    from stepsolve.source.expression import parse

    if node.operation not in _KNOWN or (found := rules.outer(node)) is None:
        return
    right, inner = found
    derivative = rules.of(inner)
    for text in _KNOWN[node.operation]:
        wrong = substitute(parse(text), {"a": inner})
        yield Variant(_times(wrong, derivative), f"{node.operation}' taken as {text}")
    yield Variant(_times(Apply("neg", right), derivative), f"{node.operation}' with the wrong sign")
    yield Variant(_times(node, derivative), f"{node.operation} is not differentiated")


def _constants(rules: _Rules, node: Apply) -> Iterator[Variant]:
    match node:
        case Apply(operation="+" | "-" as sign, arguments=(a, b)):
            if not rules.varies(b):
                yield Variant(Apply(sign, rules.of(a), b), "a constant keeps its place")
                yield Variant(Apply(sign, rules.of(a), ONE), "a constant gives 1")
            if not rules.varies(a):
                yield Variant(Apply(sign, a, rules.of(b)), "a constant keeps its place")
        case Apply(operation="*", arguments=(a, b)) if not (rules.varies(a) and rules.varies(b)):
            yield Variant(rules.of(b if rules.varies(b) else a), "the constant factor is forgotten")


def _wrongly(slip: Wrong) -> Callable[[Scene], Iterator[Variant]]:
    """Every derivative of a formula taken with a slip at one place."""

    def variants(scene: Scene) -> Iterator[Variant]:
        def change(node: Expression) -> Iterator[Variant]:
            match node:
                case Apply(operation="diff", arguments=(body, Name(name=name))):
                    if body.size <= _LARGEST:
                        yield from _all(body, name)

        def _all(body: Expression, name: str) -> Iterator[Variant]:
            try:
                yield from _Rules(name).wrong(body, slip)
            except StepsolveError:
                return

        yield from everywhere(scene.formula, change)

    return variants


ROWS = (
    Row(
        *INNER_FORGOTTEN,
        ("diff(sin(3 * x), x)", "cos(3 * x)"),
        _wrongly(_inner_forgotten),
        Likelihood.COMMON,
    ),
    Row(
        "constant",
        "a constant is differentiated wrongly, or a constant factor is left out",
        ("diff(x^3 + 5, x)", "3 * x^2 + 5"),
        _wrongly(_constants),
        Likelihood.COMMON,
    ),
    Row(
        "product rule",
        "the product of the derivatives, or a term of the product rule left out",
        ("diff(x^2 * sin(x), x)", "2 * x * cos(x)"),
        _wrongly(_product),
        Likelihood.COMMON,
    ),
    Row(
        "quotient rule",
        "the numerator in the other order, or the denominator not squared",
        ("diff(x / (1 + x^2), x)", "(2 * x^2 - (1 + x^2)) / (1 + x^2)^2"),
        _wrongly(_quotients),
        Likelihood.COMMON,
    ),
    Row(
        "power rule",
        "the power is not lowered, or is no factor",
        ("diff(x^5, x)", "5 * x^5"),
        _wrongly(_powers),
        Likelihood.COMMON,
    ),
    Row(
        *WRONG_DERIVATIVE,
        ("diff(sin(x), x)", "-cos(x)"),
        _wrongly(_functions),
        Likelihood.COMMON,
    ),
)
"""Of derivatives that are left to be taken; the rows of the other files are tried on their outcome."""


def taken(formula: Expression) -> Expression | None:
    """A formula with its derivatives worked out by the rules; None where there are none to take."""
    found = formula
    for node in _open(formula):
        body, variable = node.arguments
        if not isinstance(variable, Name) or body.size > _LARGEST:
            return None
        try:
            value = differentiate(body, variable.name).value
        except StepsolveError:
            return None
        found = replaced(found, node, value)
    return None if found is formula else found


def _open(formula: Expression) -> list[Apply]:
    if isinstance(formula, Apply) and formula.operation == "diff":
        return [formula]
    return [node for child in formula.children for node in _open(child)]
