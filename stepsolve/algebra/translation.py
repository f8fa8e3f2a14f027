"""Expressions as SymPy has them: rebuilt node by node, so that no text ever reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import add, mul, sub, truediv
from typing import Any

import sympy

from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.magnitude import MAX_POWER_DIGITS

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "^": pow,
}
_EXTREMES = {"max": sympy.Ge, "min": sympy.Le}
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "==": sympy.Eq,
    "!=": sympy.Ne,
}
_MAX_ARGUMENTS = 8  # of a maximum, which SymPy compares pair by pair
BY_CASES = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.Heaviside)
_STEPS = (sympy.floor, sympy.ceiling)
_JUMPING = (*_STEPS, sympy.sign)


class Untranslatable(Exception):
    """An expression that has no counterpart in SymPy here."""


def to_sympy(expression: Expression, euler: bool = True) -> Any:
    """The expression as SymPy has it, its names real. Raises `Untranslatable`."""
    return Translator(euler, {})(expression)


def _real_root(base: Any, degree: Any) -> Any:
    """The root of a real number: of a negative one where the degree is odd."""
    if base.has(*BY_CASES):  # roots within roots would double the cases with every level
        raise Untranslatable(base)
    power = base ** (1 / degree)
    if not degree.is_odd or base.is_nonnegative:
        return power
    if base.is_negative:
        return -((-base) ** (1 / degree))
    return sympy.Piecewise((power, base >= 0), (-((-base) ** (1 / degree)), True))


def _extreme(wins: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """The winner of two, as a choice where neither is one: SymPy does less with its own maximum."""
    if one.has(*BY_CASES) or other.has(*BY_CASES):
        return {sympy.Ge: sympy.Max, sympy.Le: sympy.Min}[wins](one, other)
    return sympy.Piecewise((one, wins(one, other)), (other, True))


def _slopes_of_jumps(derivative: Any) -> list[Any]:
    """What SymPy leaves of functions that are constant between their jumps."""
    left = derivative.atoms(sympy.DiracDelta, sympy.Derivative, sympy.Subs)
    return [n for n in left if isinstance(n, sympy.DiracDelta) or n.has(*_STEPS)]


class Translator:
    """The translation of one question's expressions: each node once.

    `definitions` are names that stand for expressions, `positive` names of positive numbers.
    """

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
        self.by_cases = False
        """Whether anything so far is put together from cases; asking SymPy each time would cost."""

    def name(self, known: Mapping[str, Any]) -> None:
        """Names with a meaning of their own from now on."""
        self._symbols.update(known)

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
        self.by_cases = self.by_cases or bool(row.kinks) or operation in ("where", "root")
        if row.means is not None and (meant := row.means(arguments)) is not None:
            return self(meant)
        if operation in _RELATIONS:
            return sympy.Piecewise((1, self._condition(expression)), (0, True))
        if operation == "where":
            condition, chosen, other = arguments
            return sympy.Piecewise((self(chosen), self._condition(condition)), (self(other), True))
        if operation == "root":
            return _real_root(*map(self, arguments))
        if operation in _SIGNS:
            left, right = map(self, arguments)
            # names may have cancelled in what was written: 9^(1e9 * x / x)
            if operation == "^" and right.is_number and not abs(right) <= MAX_POWER_DIGITS:
                raise Untranslatable(operation)
            return _SIGNS[operation](left, right)
        if operation == "neg":
            return -self(arguments[0])
        if operation in _EXTREMES and len(arguments) == 2:
            return _extreme(_EXTREMES[operation], *map(self, arguments))
        if row.sympy:
            if len(arguments) > _MAX_ARGUMENTS:
                raise Untranslatable(operation)
            return getattr(sympy, row.sympy)(*map(self, arguments))
        definition = row.definition_tree(len(arguments))
        if definition is not None:
            holes: Mapping[str, Expression] = dict(
                zip(row.parameters(len(arguments)), arguments, strict=True)
            )
            return self(substitute(definition, holes))
        raise Untranslatable(operation)

    def _condition(self, expression: Expression) -> Any:
        """A comparison, or several that are multiplied, as something that is true or false."""
        match expression:
            case Apply(operation="*", arguments=(one, other)):
                return sympy.And(self._condition(one), self._condition(other))
            case Apply(operation=sign, arguments=(left, right)) if sign in _RELATIONS:
                return _RELATIONS[sign](self(left), self(right))
        raise Untranslatable(expression)

    def _derivative(self, body: Any, variable: Any) -> Any:
        known = self._derivatives.get((body, variable))
        if known is None:
            # what `sympy.diff` asks the body, without the overhead that each step would pay again
            known = body._eval_derivative(variable)
            if known is None:
                raise Untranslatable(body)
            if self.by_cases and body.has(*_JUMPING):
                known = known.xreplace(dict.fromkeys(_slopes_of_jumps(known), sympy.S.Zero))
            self._derivatives[body, variable] = known
        return known
