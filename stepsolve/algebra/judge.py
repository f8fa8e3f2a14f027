"""What SymPy says of claims: equal or not, a limit or not. What would take it too long is not asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from time import process_time
from typing import Any

import sympy

from stepsolve.algebra.translation import BY_CASES, Translator, Untranslatable
from stepsolve.algebra.zeros import is_zero, is_zero_in_all_cases
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, walk
from stepsolve.operations.table import OPERATIONS

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "<": sympy.Lt,
    "<=": sympy.Le,
    "!=": sympy.Ne,
}
_MAX_SIZE = 400  # nodes beyond which SymPy is not asked
_MAX_SIZE_AT_ONCE = 60  # of a step among many: with what its letters stand for, they would add up
_MAX_FRACTIONS = 6  # denominators that are multiplied together, and choices whose cases are
_MAX_TERMS = 300  # terms that multiplying out may give
_MAX_SIZE_OF_LIMIT = 60  # nodes beyond which SymPy is not asked for a limit
_FARTHEST = 1000  # point of a limit: a power of it is worked out in full, and cannot be interrupted
_PATIENCE = 2.0  # of the processor, for a limit: some would take SymPy for ever


class _OutOfTime(BaseException):
    """Raised within SymPy, whose own handlers must not catch it."""


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
        self._translate = Translator(euler, self._definitions, positive)
        self._sizes: dict[str, int] = {}
        self._terms_of: dict[str, float] = {}
        self._fractions_of: dict[str, frozenset[Expression]] = {}

    def equal(self, one: Expression, other: Expression, *, at_once: bool = False) -> bool | None:
        """Whether two expressions are equal; `at_once` without any work on their difference."""
        sides = (one, other)
        limit = _MAX_SIZE_AT_ONCE if at_once else _MAX_SIZE
        if sum(map(self._size, sides)) > limit or max(map(self._terms, sides)) > _MAX_TERMS:
            return None
        if max(len(self._fractions(side)) for side in sides) > _MAX_FRACTIONS:
            return None
        try:
            left, right = self._translate(one), self._translate(other)
            return True if left == right else self._is_zero(left - right, at_once)
        except (Untranslatable, ZeroDivisionError, TypeError, ValueError, RecursionError):
            return None

    def holds(self, condition: Expression) -> bool:
        """Whether SymPy sees at once that a comparison holds for all real values of its names."""
        if not isinstance(condition, Apply) or condition.operation not in _COMPARISONS:
            return False
        if self._size(condition) > _MAX_SIZE_AT_ONCE:
            return False
        try:
            left, right = map(self._translate, condition.arguments)
            return bool(_COMPARISONS[condition.operation](left, right) == sympy.true)
        except (Untranslatable, ZeroDivisionError, TypeError, ValueError, RecursionError):
            return False

    def _is_zero(self, difference: Any, at_once: bool) -> bool | None:
        by_cases = self._translate.by_cases and not at_once and difference.has(*BY_CASES)
        return is_zero_in_all_cases(difference) if by_cases else is_zero(difference, at_once)

    def limit(self, limit: Apply, claimed: Expression) -> tuple[bool | None, Expression | None]:
        """Whether a limit is what is claimed of it, and SymPy's own value if it is another.

        None where SymPy does not decide, or takes too long.
        """
        body, variable, target, *side = limit.arguments
        if body.size > _MAX_SIZE_OF_LIMIT:
            return None, None
        directions: dict[Expression, str] = {Name("above"): "+", Name("below"): "-"}
        try:
            self._translate.name({"inf": sympy.oo})
            at = self._translate(target)
            if at.is_Rational and max(abs(at.p), at.q) > _FARTHEST:
                return None, None
            where = directions[side[0]] if side else ("+" if at.is_infinite else "+-")
            parts = self._translate(body), self._translate(variable), at
            found = _in_time(lambda: sympy.limit(*parts, dir=where))
            if found in (None, sympy.zoo) or isinstance(found, (sympy.AccumBounds, sympy.Limit)):
                return None, None
            expected = self._translate(claimed)
            if found == expected:
                return True, None
            if found.is_infinite or expected.is_infinite:
                return False, _number(found)
            return is_zero(found - expected, at_once=False), _number(found)
        except (Untranslatable, ArithmeticError, TypeError, ValueError, RecursionError):
            return None, None
        except (NotImplementedError, AttributeError, sympy.PoleError):  # SymPy's ways to give up
            return None, None

    def _size(self, expression: Expression) -> int:
        """Nodes, what names stand for counted once."""
        size = expression.size
        for name in names(expression):
            if name in self._definitions:
                if name not in self._sizes:
                    self._sizes[name] = self._size(self._definitions[name])
                size += self._sizes[name]
        return size

    def _terms(self, expression: Expression) -> float:
        """How many terms the expression has once all is put in and multiplied out, at most."""
        match expression:
            case Apply(operation="+" | "-", arguments=(a, b)):
                return self._terms(a) + self._terms(b)
            case Apply(operation="*" | "/", arguments=(a, b)):
                return self._terms(a) * self._terms(b)
            case Apply(operation="^", arguments=(a, Number() as n)):
                return float(min(self._terms(a) ** min(float(n.value), 300.0), 1e9))
            case Apply():
                return max(map(self._terms, expression.arguments), default=1)
            case Name(name=name) if name in self._definitions:
                if name not in self._terms_of:
                    self._terms_of[name] = self._terms(self._definitions[name])
                return self._terms_of[name]
        return 1

    def _fractions(self, expression: Expression) -> frozenset[Expression]:
        """The different denominators once all is put in, written-out functions and choices too."""
        if self._size(expression) <= 2 * _MAX_FRACTIONS:  # there is no room for too many
            return frozenset()
        found: set[Expression] = set()
        for node in walk(expression):
            if isinstance(node, Name) and node.name in self._definitions:
                if node.name not in self._fractions_of:
                    whole = self._fractions(self._definitions[node.name])
                    self._fractions_of[node.name] = whole
                found |= self._fractions_of[node.name]
            elif isinstance(node, Apply) and node.operation == "/" and names(node.arguments[1]):
                found.add(node.arguments[1])
            elif isinstance(node, Apply) and (row := OPERATIONS.get(node.operation)) is not None:
                written_out = (row.definition and not row.sympy) or row.kinks
                found |= {node} if written_out and names(node) else set()
        return frozenset(found)


def _number(value: Any) -> Expression | None:
    """A value of SymPy's as a number or an infinity, for other oracles to try."""
    if value in (sympy.oo, -sympy.oo):
        return Name("inf") if value == sympy.oo else Apply("neg", Name("inf"))
    if not value.is_number or not value.is_real:
        return None
    size = Number(str(abs(value.evalf(30))))
    return size if value >= 0 else Apply("neg", size)


def _in_time(question: Callable[[], Any]) -> Any:
    """The answer to a question, or None where it takes too long."""
    end = process_time() + _PATIENCE

    def watch(*_: object) -> None:
        if process_time() > end:
            raise _OutOfTime

    def quiet(unraisable: Any) -> None:
        if unraisable.exc_type is not _OutOfTime:  # a finalizer may be what is interrupted
            told(unraisable)

    before, told = sys.getprofile(), sys.unraisablehook
    sys.setprofile(watch)
    sys.unraisablehook = quiet
    try:
        return question()
    except _OutOfTime:
        return None
    finally:
        sys.setprofile(before)
        sys.unraisablehook = told
