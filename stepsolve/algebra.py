"""The only bridge to SymPy: what is true, never what is shown.

Expressions are rebuilt from the tree, node by node; no text ever reaches SymPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
_MAX_SIZE_AT_ONCE = 60  # of a step among many: with what its letters stand for, they would add up
_MAX_ARGUMENTS = 8  # of a maximum, which SymPy compares pair by pair
_MAX_FRACTIONS = 6  # denominators that are multiplied together
_MAX_TERMS = 300  # terms that multiplying out may give


class Untranslatable(Exception):
    """An expression that has no counterpart in SymPy here."""


class Judge:
    """What SymPy says of claims about expressions: true, false, or None where it does not decide.

    `euler` says that the name `e` is Euler's number; `definitions` are names that stand for
    expressions, `positive` names of positive numbers. `diff(expression, x)` is SymPy's own derivative.
    """

    def __init__(
        self,
        euler: bool = True,
        definitions: Mapping[str, Expression] | None = None,
        positive: Iterable[str] = (),
    ) -> None:
        self._definitions = definitions or {}
        self._translate = _Translator(euler, self._definitions, positive)
        self._sizes: dict[str, int] = {}

    def equal(self, one: Expression, other: Expression, *, at_once: bool = False) -> bool | None:
        """Whether two expressions are equal; `at_once` without any work on their difference."""
        sides = (one, other)
        limit = _MAX_SIZE_AT_ONCE if at_once else _MAX_SIZE
        if sum(map(self._size, sides)) > limit or max(map(_terms, sides)) > _MAX_TERMS:
            return None
        if max(map(_fractions, sides)) > _MAX_FRACTIONS:
            return None
        try:
            difference = self._translate(one) - self._translate(other)
            return _is_zero(difference, at_once=at_once)
        except (Untranslatable, ZeroDivisionError, TypeError, ValueError, RecursionError):
            return None

    def _size(self, expression: Expression) -> int:
        """Nodes, what names stand for counted once."""
        size = expression.size
        for name in names(expression):
            if name in self._definitions:
                if name not in self._sizes:
                    self._sizes[name] = self._size(self._definitions[name])
                size += self._sizes[name]
        return size


def to_sympy(expression: Expression, euler: bool = True) -> Any:
    """The expression as SymPy has it, its names real. Raises `Untranslatable`."""
    return _Translator(euler, {})(expression)


def _is_zero(difference: Any, *, at_once: bool) -> bool | None:
    if difference == 0:
        return True
    if difference.is_number:
        return None if abs(difference.evalf(30)) < 1e-20 else False  # log(8) - 3*log(2)
    if at_once:
        return None
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
    def __init__(
        self, euler: bool, definitions: Mapping[str, Expression], positive: Iterable[str] = ()
    ) -> None:
        self._definitions = definitions
        self._derivatives: dict[Any, Any] = {}
        self._symbols: dict[str, Any] = {
            name: sympy.Symbol(name, positive=True) for name in positive
        }
        self._symbols |= {"pi": sympy.pi, "π": sympy.pi}
        if euler:
            self._symbols["e"] = sympy.E
        self._done: dict[Expression, Any] = {}

    def __call__(self, expression: Expression) -> Any:
        match expression:
            case Name():
                name = expression.name
                if name not in self._symbols:
                    inner = self._definitions.get(name)
                    self._symbols[name] = (
                        sympy.Symbol(name, real=True) if inner is None else self(inner)
                    )
                return self._symbols[name]
            case Number():
                value = expression.value
                return sympy.Rational(value.numerator, value.denominator)
            case Apply():
                known = self._done.get(expression)
                if known is None:
                    known = self._done[expression] = self._applied(expression)
                return known
        raise Untranslatable(expression)

    def _applied(self, expression: Apply) -> Any:
        operation = expression.operation
        if operation == "diff":
            return self._derivative(*map(self, expression.arguments))
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

    def _derivative(self, body: Any, variable: Any) -> Any:
        known = self._derivatives.get((body, variable))
        if known is None:
            # what `sympy.diff` asks the body, without the overhead that each step would pay again
            known = body._eval_derivative(variable)
            if known is None:
                raise Untranslatable(body)
            self._derivatives[body, variable] = known
        return known
