"""The rules of differentiation, a row each: a name, the formula as shown, and what it needs.

In a formula `u` and `v` stand for parts that depend on the variable `x`, `a`, `c` and `n` for parts
that do not. The first row that fits the expression as written is used. The rules of the functions
come from the table of operations.

Source: Stewart, Calculus, 8th ed., ch. 3.
"""

from __future__ import annotations

from functools import cache, lru_cache

from stepsolve.calculus import families
from stepsolve.calculus.families import (
    ASKED_FOR,
    FAMILIES,
    Asked,
    Fit,
    Rule,
    case_rule,
    product_rule,
)
from stepsolve.calculus.patterns import Bindings, match
from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute
from stepsolve.operations.table import OPERATIONS

VARYING, FIXED = ("u", "v"), ("a", "c", "n")
METHODS = ("as-written", "quotient", "product", "logarithmic")
"""How a product, quotient or power may be differentiated where there are several ways."""


# name, pattern, derivative, `u` where it is an inner function, and whether it is linear
_ROWS = (
    ("constant rule", "c", "0", "", False),
    ("identity rule", "x", "1", "", False),
    ("sum rule", "u + v", "diff(u, x) + diff(v, x)", "", True),
    ("difference rule", "u - v", "diff(u, x) - diff(v, x)", "", True),
    ("negation", "-u", "-diff(u, x)", "", True),
    ("constant multiple rule", "c * u", "c * diff(u, x)", "", True),
    ("constant multiple rule", "u * c", "diff(u, x) * c", "", True),
    ("constant multiple rule", "u / c", "diff(u, x) / c", "", True),
    ("derivative of log|u|", "log(abs(u))", "diff(u, x) / u", "", False),
    ("product rule", "u * v", "diff(u, x) * v + u * diff(v, x)", "", False),
    ("reciprocal rule", "c / u", "-(c * diff(u, x)) / u^2", "", False),
    ("quotient rule", "u / v", "(diff(u, x) * v - u * diff(v, x)) / v^2", "", False),
    ("power rule", "x^n", "n * x^(n - 1)", "", False),
    ("chain rule with the power rule", "u^n", "n * u^(n - 1) * diff(u, x)", "u", False),
    ("exponential rule", "e^x", "e^x", "", False),
    ("chain rule with the exponential rule", "e^u", "e^u * diff(u, x)", "u", False),
    ("exponential rule", "a^x", "a^x * log(a)", "", False),
    ("chain rule with the exponential rule", "a^u", "a^u * log(a) * diff(u, x)", "u", False),
    ("logarithmic differentiation", "u^v", "u^v * diff(v * log(u), x)", "", False),
)

# why one of several ways is taken
_BECAUSE = {
    "reciprocal rule": "as the numerator is constant",
    "logarithmic differentiation": "as base and exponent both vary",
}

# the same for those that belong to a method, with what they say of it
_Row = tuple[str, str, str, str, bool]
_BY_METHOD: dict[str, tuple[tuple[_Row, ...], str]] = {
    "quotient": (
        (
            ("quotient rule", "c / u", "(diff(c, x) * u - c * diff(u, x)) / u^2", "", False),
            ("quotient rule", "u / v", "(diff(u, x) * v - u * diff(v, x)) / v^2", "", False),
        ),
        ASKED_FOR,
    ),
    "product": (
        (
            ("quotient as a product", "1 / u", "diff(u^(-1), x)", "", False),
            ("quotient as a product", "u / v", "diff(u * v^(-1), x)", "", False),
            ("quotient as a product", "c / u", "diff(c * u^(-1), x)", "", False),
        ),
        ASKED_FOR,
    ),
}


@lru_cache(maxsize=1)
def rows() -> tuple[Rule, ...]:
    """The rules of the signs `+ - * / ^`, in the order in which they are tried."""
    return tuple(_row(*row) for row in _ROWS)


@lru_cache(maxsize=1)
def rows_by_method() -> dict[str, tuple[Rule, ...]]:
    """The rules that are tried first where their method was asked for."""
    return {
        method: tuple(_row(*row)._replace(because=because) for row in found)
        for method, (found, because) in _BY_METHOD.items()
    }


def _row(name: str, pattern: str, template: str, inner: str, linear: bool) -> Rule:
    from stepsolve.source.expression import parse

    return Rule(
        name, parse(pattern), parse(template), inner, linear, because=_BECAUSE.get(name, "")
    )


@lru_cache(maxsize=1)
def by_head() -> dict[tuple[str, str], tuple[Rule, ...]]:
    """The rules by the method that they belong to, if any, and the sign that they are for."""
    found: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for method, rules in (("", rows()), *rows_by_method().items()):
        for rule in rules:
            if isinstance(rule.pattern, Apply):
                head = method, rule.pattern.operation
                found[head] = (*found.get(head, ()), rule)
    return found


def named(name: str) -> Rule:
    """The first rule of this name."""
    return next(rule for rule in rows() if rule.name == name)


_U, _X = Name("u"), Name("x")
_CHAIN_RULE = Rule(
    "chain rule",
    Apply("f", _U),
    Apply("*", Apply("diff", Apply("f", _U), _U), Apply("diff", _U, _X)),
    "u",
    source="Stewart, Calculus, 8th ed., 3.4",
)


def find_rules() -> dict[str, tuple[Rule, ...]]:
    """Every rule that can be explained, by name: those of the signs, then those of the functions."""
    found: dict[str, tuple[Rule, ...]] = {}
    several = (product_rule(3), case_rule((True, True)))
    for rule in (*rows(), *several, *(r for rules in rows_by_method().values() for r in rules)):
        found[rule.name] = (*found.get(rule.name, ()), rule)
    found["chain rule"] = (_CHAIN_RULE,)
    for row in OPERATIONS.values():
        if (row.is_call or row.kinks) and not row.chooses:
            count = max(row.arity[0], len(row.domain))
            varying = (True,) + (False,) * (count - 1)
            plain, nested = (function_rule(row.name, count, varying, n) for n in (False, True))
            found[plain.name] = tuple(r._replace(source=row.source) for r in (plain, nested))
    return found


def find(expression: Apply, asked: Asked) -> Fit | None:
    """The rule for the derivative of an expression, and what its letters stand for."""
    for method, family in FAMILIES.get(expression.operation, ()):
        if method in ("", asked.method):
            found = family(expression, asked)
            if isinstance(found, Apply):  # the same, otherwise written
                return find(found, asked)
            if isinstance(found, tuple):
                return found
    for method in (asked.method, ""):
        for rule in by_head().get((method, expression.operation), ()):
            bindings = _fit(rule, expression, asked)
            if bindings is not None:
                return rule, bindings
    return None


def _fit(rule: Rule, expression: Apply, asked: Asked) -> Bindings | None:
    pattern = rule.pattern
    assert isinstance(pattern, Apply)
    bindings: Bindings = {}
    for hole, part in zip(pattern.arguments, expression.arguments, strict=True):
        if not isinstance(hole, Name):
            within = match(hole, part, _HOLES)
            if within is None:
                return None
            bindings |= within
            continue
        if hole.name == "x":
            fits = part == asked.variable
        elif hole.name == "e":
            fits = asked.euler and part == hole and not asked.depends(part)
        else:
            fits = asked.depends(part) == (hole.name in VARYING)
        if not fits:
            return None
        bindings[hole.name] = part
    return bindings


_HOLES = frozenset(VARYING)


@cache
def function_rule(operation: str, count: int, varying: tuple[bool, ...], nested: bool) -> Rule:
    """The rule for an operation of the table, from its local gradients.

    With one argument that is the variable itself, the derivative; with one that is not, the chain
    rule with u; with several that vary, the sum of each local gradient times that argument's.
    """
    row = OPERATIONS[operation]
    if varying.count(True) == 1:
        letters = [
            Name(("u" if nested else "x") if v else families.FIXED[k])
            for k, v in enumerate(varying)
        ]
    else:
        letters = [
            Name((families.VARYING if v else families.FIXED)[k]) for k, v in enumerate(varying)
        ]
    pattern = Apply(operation, *letters)
    holes = dict(zip(row.parameters(count), letters, strict=True)) | {"y": pattern}
    template: Expression | None = None
    for letter, local, varies in zip(letters, row.local_rules(count), varying, strict=True):
        if not varies or local == Number("0"):
            continue
        part = substitute(local, holes)
        if nested or varying.count(True) > 1:
            part = Apply("*", part, Apply("diff", letter, Name("x")))
        template = part if template is None else Apply("+", template, part)
    name = f"derivative of {operation}"
    inner = "u" if nested and varying.count(True) == 1 else ""
    return Rule(
        f"chain rule with the {name}" if inner else name, pattern, template or Number("0"), inner
    )
