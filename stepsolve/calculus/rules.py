"""The rules of differentiation, a row each: a name, the formula as shown, and what it needs.

In a formula `u` and `v` stand for parts that depend on the variable `x`, `a`, `c` and `n` for parts
that do not. The first row that fits the expression as written is used. The rules of the functions
come from the table of operations.

Source: Stewart, Calculus, 8th ed., ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from stepsolve.calculus.patterns import Bindings
from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute
from stepsolve.operations.table import OPERATIONS

VARYING, FIXED = ("u", "v"), ("a", "c", "n")


class Rule(NamedTuple):
    """`diff(pattern, x) = template`; `inner` is the part that the chain rule calls u.

    A linear rule is trivial when everything that it leaves open is.
    """

    name: str
    pattern: Expression
    template: Expression
    inner: str = ""
    linear: bool = False
    source: str = "Stewart, Calculus, 8th ed., 3.1 to 3.6"

    @property
    def formula(self) -> tuple[Expression, Expression]:
        return Apply("diff", self.pattern, Name("x")), self.template


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


@lru_cache(maxsize=1)
def rows() -> tuple[Rule, ...]:
    """The rules of the signs `+ - * / ^`, in the order in which they are tried."""
    from stepsolve.source.expression import parse

    return tuple(
        Rule(name, parse(pattern), parse(template), inner, linear)
        for name, pattern, template, inner, linear in _ROWS
    )


@lru_cache(maxsize=1)
def _by_head() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rows():
        if isinstance(rule.pattern, Apply):
            head = rule.pattern.operation
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
    for rule in rows():
        found[rule.name] = (*found.get(rule.name, ()), rule)
    found["chain rule"] = (_CHAIN_RULE,)
    for row in OPERATIONS.values():
        if row.is_call:
            count = max(row.arity[0], len(row.domain))
            varying = (True,) + (False,) * (count - 1)
            plain, nested = (function_rule(row.name, count, varying, n) for n in (False, True))
            found[plain.name] = tuple(r._replace(source=row.source) for r in (plain, nested))
    return found


def find(
    expression: Apply, variable: Name, depends: Callable[[Expression], bool], euler: bool
) -> tuple[Rule, Bindings] | None:
    """The rule for the derivative of an expression by a variable, and what its letters stand for."""
    for rule in _by_head().get(expression.operation, ()):
        bindings = _fit(rule, expression, variable, depends, euler)
        if bindings is not None:
            return rule, bindings
    return None


def _fit(
    rule: Rule,
    expression: Apply,
    variable: Name,
    depends: Callable[[Expression], bool],
    euler: bool,
) -> Bindings | None:
    pattern = rule.pattern
    assert isinstance(pattern, Apply)
    bindings: Bindings = {}
    for hole, part in zip(pattern.arguments, expression.arguments, strict=True):
        assert isinstance(hole, Name)
        if hole.name == "x":
            fits = part == variable
        elif hole.name == "e":
            fits = euler and part == hole and not depends(part)
        else:
            fits = depends(part) == (hole.name in VARYING)
        if not fits:
            return None
        bindings[hole.name] = part
    return bindings


@cache
def function_rule(operation: str, count: int, varying: tuple[bool, ...], nested: bool) -> Rule:
    """The rule for an operation of the table, from its local gradients.

    With one argument that is the variable itself, the derivative; with one that is not, the chain
    rule with u; with several that vary, the sum of each local gradient times that argument's.
    """
    row = OPERATIONS[operation]
    if varying.count(True) == 1:
        letters = [
            Name(("u" if nested else "x") if v else _FIXED_LETTERS[k])
            for k, v in enumerate(varying)
        ]
    else:
        letters = [
            Name((_VARYING_LETTERS if v else _FIXED_LETTERS)[k]) for k, v in enumerate(varying)
        ]
    pattern = Apply(operation, *letters)
    holes = dict(zip(row.parameters(count), letters, strict=True)) | {"y": pattern}
    if row.chooses:  # the derivative of the branch that is taken
        branches = [
            Apply("diff", letter, Name("x")) if varies else Number("0")
            for letter, varies in zip(letters[1:], varying[1:], strict=True)
        ]
        chosen = Apply(operation, letters[0], *branches) if any(varying[1:]) else Number("0")
        return Rule(f"derivative of {operation}", pattern, chosen)
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


_VARYING_LETTERS = ("u", "v", "w", "p", "q", "r", "s", "t", *(f"u_{k}" for k in range(9, 200)))
_FIXED_LETTERS = ("a", "b", "c", *(f"c_{k}" for k in range(4, 200)))
