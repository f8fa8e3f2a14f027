"""The only bridge to SymPy: what is true, never what is shown.

Expressions are rebuilt from the tree, node by node; no text ever reaches SymPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add, mul, sub, truediv
from typing import Any

import sympy

from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute, walk
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.magnitude import MAX_POWER_DIGITS

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "^": pow,
}
_MAX_SIZE = 400  # nodes beyond which SymPy is not asked
_MAX_ARGUMENTS = 8  # of a maximum, which SymPy compares pair by pair
_MAX_FRACTIONS = 6  # denominators that are multiplied together
_MAX_TERMS = 300  # terms that multiplying out may give


class Untranslatable(Exception):
    """An expression that has no counterpart in SymPy here."""


def proves_derivative(
    expression: Expression, variable: str, claimed: Expression, euler: bool = True
) -> bool | None:
    """Whether SymPy's derivative of the expression is the claimed one; None if it does not decide.

    `euler` says that the name `e` is Euler's number.
    """

    def difference(translate: _Translator) -> Any:
        own = sympy.diff(translate(expression), translate(Name(variable)))
        return own - translate(claimed)

    return _decided(difference, (expression, claimed), euler)


def proves_equal(one: Expression, other: Expression, euler: bool = True) -> bool | None:
    """Whether SymPy finds two expressions equal; None if it does not decide."""
    return _decided(lambda translate: translate(one) - translate(other), (one, other), euler)


def _decided(
    difference: Callable[[_Translator], Any], sides: tuple[Expression, Expression], euler: bool
) -> bool | None:
    if sum(side.size for side in sides) > _MAX_SIZE or max(map(_terms, sides)) > _MAX_TERMS:
        return None
    if max(map(_fractions, sides)) > _MAX_FRACTIONS:
        return None
    try:
        return _is_zero(difference(_Translator(euler)))
    except (Untranslatable, ZeroDivisionError, TypeError, ValueError, RecursionError):
        return None


def to_sympy(expression: Expression, euler: bool = True) -> Any:
    """The expression as SymPy has it, its names real. Raises `Untranslatable`."""
    return _Translator(euler)(expression)


def _is_zero(difference: Any) -> bool | None:
    if difference == 0:
        return True
    if difference.is_number:
        return None if abs(difference.evalf(30)) < 1e-20 else False  # log(8) - 3*log(2)
    numerator, _ = sympy.fraction(sympy.together(difference))
    # powers and logarithms taken apart would cost ten times as much, and decide no more
    expanded = sympy.expand(numerator, power_exp=False, power_base=False, log=False)
    return True if expanded == 0 else None


def _terms(expression: Expression) -> float:
    """How many terms the expression has once multiplied out, at most."""
    match expression:
        case Apply(operation="+" | "-", arguments=(a, b)):
            return _terms(a) + _terms(b)
        case Apply(operation="*" | "/", arguments=(a, b)):
            return _terms(a) * _terms(b)
        case Apply(operation="^", arguments=(a, Number() as n)):
            return float(min(_terms(a) ** min(float(n.value), 300.0), 1e9))
        case Apply():
            return max(map(_terms, expression.arguments), default=1)
    return 1


def _fractions(expression: Expression) -> int:
    """How many different denominators there are, those of written-out functions included."""
    found: set[Expression] = set()
    for node in walk(expression):
        if isinstance(node, Apply) and node.operation == "/" and names(node.arguments[1]):
            found.add(node.arguments[1])
        elif isinstance(node, Apply) and (row := OPERATIONS.get(node.operation)) is not None:
            written_out = row.definition and not row.sympy and names(node)
            found |= {node} if written_out else set()
    return len(found)


class _Translator:
    def __init__(self, euler: bool) -> None:
        self._symbols: dict[str, Any] = {"pi": sympy.pi, "π": sympy.pi}
        if euler:
            self._symbols["e"] = sympy.E
        self._done: dict[int, tuple[Expression, Any]] = {}

    def __call__(self, expression: Expression) -> Any:
        match expression:
            case Name():
                name = expression.name
                if name not in self._symbols:
                    self._symbols[name] = sympy.Symbol(name, real=True)
                return self._symbols[name]
            case Number():
                value = expression.value
                return sympy.Rational(value.numerator, value.denominator)
            case Apply():
                known = self._done.get(id(expression))
                if known is None:
                    known = self._done[id(expression)] = expression, self._applied(expression)
                return known[1]
        raise Untranslatable(expression)

    def _applied(self, expression: Apply) -> Any:
        operation = expression.operation
        row = OPERATIONS.get(operation)
        if row is None:
            raise Untranslatable(operation)
        arguments = row.completed(expression.arguments)
        if operation in _SIGNS:
            left, right = map(self, arguments)
            # names may have cancelled in what was written: 9^(1e9 * x / x)
            if operation == "^" and right.is_number and not abs(right) <= MAX_POWER_DIGITS:
                raise Untranslatable(operation)
            return _SIGNS[operation](left, right)
        if operation == "neg":
            return -self(arguments[0])
        if row.sympy:
            if len(arguments) > _MAX_ARGUMENTS:
                raise Untranslatable(operation)
            return getattr(sympy, row.sympy)(*map(self, arguments))
        if row.definition_tree is not None:
            holes: Mapping[str, Expression] = dict(
                zip(row.parameters(len(arguments)), arguments, strict=True)
            )
            return self(substitute(row.definition_tree, holes))
        raise Untranslatable(operation)
