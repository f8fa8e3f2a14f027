"""The only bridge to SymPy: what is true, never what is shown.

Expressions are rebuilt from the tree, node by node; no text ever reaches SymPy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from operator import add, mul, sub, truediv
from time import process_time
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
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "<": sympy.Lt,
    "<=": sympy.Le,
    "!=": sympy.Ne,
}
_MAX_SIZE = 400  # nodes beyond which SymPy is not asked
_MAX_SIZE_AT_ONCE = 60  # of a step among many: with what its letters stand for, they would add up
_MAX_ARGUMENTS = 8  # of a maximum, which SymPy compares pair by pair
_MAX_FRACTIONS = 6  # denominators that are multiplied together, and choices whose cases are
_MAX_DENOMINATORS = 16  # that are brought to a common one: logistic functions within each other
_MAX_TERMS = 300  # terms that multiplying out may give
_MAX_CHOICES = 4  # choices, whose cases are combined with each other
_BY_CASES = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.Heaviside)
_STEPS = (sympy.floor, sympy.ceiling)
_JUMPING = (*_STEPS, sympy.sign)
_SINES: dict[Any, Callable[[Any], Any]] = {
    sympy.sin: lambda u: 1 - sympy.cos(u) ** 2,
    sympy.sinh: lambda u: sympy.cosh(u) ** 2 - 1,
}
_QUOTIENTS: dict[Any, Callable[[Any], Any]] = {
    sympy.tan: lambda u: sympy.sin(u) / sympy.cos(u),
    sympy.cot: lambda u: sympy.cos(u) / sympy.sin(u),
    sympy.sec: lambda u: 1 / sympy.cos(u),
    sympy.csc: lambda u: 1 / sympy.sin(u),
    sympy.tanh: lambda u: sympy.sinh(u) / sympy.cosh(u),
    sympy.coth: lambda u: sympy.cosh(u) / sympy.sinh(u),
    sympy.sech: lambda u: 1 / sympy.cosh(u),
    sympy.csch: lambda u: 1 / sympy.sinh(u),
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
_MAX_SIZE_OF_LIMIT = 60  # nodes beyond which SymPy is not asked for a limit
_PATIENCE = 2.0  # of the processor, for a limit: some would take SymPy for ever


class _OutOfTime(BaseException):
    """Raised within SymPy, whose own handlers must not catch it."""


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
        by_cases = self._translate.by_cases and not at_once and difference.has(*_BY_CASES)
        return _is_zero_in_all_cases(difference) if by_cases else _is_zero(difference, at_once)

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
            return _is_zero(found - expected, at_once=False), _number(found)
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


def to_sympy(expression: Expression, euler: bool = True) -> Any:
    """The expression as SymPy has it, its names real. Raises `Untranslatable`."""
    return _Translator(euler, {})(expression)


def _is_zero(difference: Any, at_once: bool) -> bool | None:
    if difference == 0:
        return True
    if difference.is_number:
        return None if abs(difference.evalf(30)) < 1e-20 else False  # log(8) - 3*log(2)
    if at_once or _denominators(difference) > _MAX_DENOMINATORS:
        return None
    numerator = _numerator(difference)
    if numerator != 0 and numerator.has(*_SINES, *_QUOTIENTS):
        for function, quotient in _QUOTIENTS.items():
            difference = difference.replace(function, quotient)
        numerator = sympy.expand(_numerator(difference).replace(_is_square, _by_cosine))
    return True if numerator == 0 else None


def _denominators(difference: Any) -> int:
    """How many different denominators there are, within each other as well."""
    return sum(bool(power.exp.could_extract_minus_sign()) for power in difference.atoms(sympy.Pow))


def _numerator(difference: Any) -> Any:
    # `together` also looks for common factors, at ten times the cost
    numerator, _ = difference.as_numer_denom()
    if _expanded(numerator) == 0:
        return sympy.S.Zero
    numerator, _ = sympy.fraction(sympy.together(difference))
    return _expanded(numerator)


def _expanded(expression: Any) -> Any:
    # powers and logarithms taken apart would cost ten times as much, and decide no more
    return sympy.expand(expression, power_exp=False, power_base=False, log=False)


def _is_square(node: Any) -> bool:
    """Whether a node is a power, of 2 or more, of a sine."""
    return bool(node.is_Pow and node.base.func in _SINES and node.exp.is_Integer and node.exp > 1)


def _by_cosine(power: Any) -> Any:
    """`sin(u)^3` as `(1 - cos(u)^2) * sin(u)`, in which nothing is left to cancel."""
    sine, n = power.args
    return _SINES[sine.func](*sine.args) ** (n // 2) * sine ** (n % 2)


def _is_zero_in_all_cases(difference: Any) -> bool | None:
    """True where every case of every choice gives zero; a case that cannot be may not give it."""
    if len(difference.atoms(*_BY_CASES)) > _MAX_CHOICES:
        return None
    folded = sympy.piecewise_fold(difference.rewrite(sympy.Piecewise))
    if not isinstance(folded, sympy.Piecewise):
        return True if folded == 0 else None
    within = [value for value, _ in folded.args]
    if any(value.has(*_BY_CASES) for value in within):
        return None
    return True if all(_is_zero(value, False) for value in within) else None


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
    """How many different denominators there are, written-out functions and choices included."""
    found: set[Expression] = set()
    if expression.size <= 2 * _MAX_FRACTIONS:  # there is no room for more
        return 0
    for node in walk(expression):
        if isinstance(node, Apply) and node.operation == "/" and names(node.arguments[1]):
            found.add(node.arguments[1])
        elif isinstance(node, Apply) and (row := OPERATIONS.get(node.operation)) is not None:
            written_out = (row.definition and not row.sympy) or row.kinks
            found |= {node} if written_out and names(node) else set()
    return len(found)


def _real_root(base: Any, degree: Any) -> Any:
    """The root of a real number: of a negative one where the degree is odd."""
    if base.has(*_BY_CASES):  # roots within roots would double the cases with every level
        raise Untranslatable(base)
    power = base ** (1 / degree)
    if not degree.is_odd or base.is_nonnegative:
        return power
    if base.is_negative:
        return -((-base) ** (1 / degree))
    return sympy.Piecewise((power, base >= 0), (-((-base) ** (1 / degree)), True))


def _extreme(wins: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    """The winner of two, as a choice where neither is one: SymPy does less with its own maximum."""
    if one.has(*_BY_CASES) or other.has(*_BY_CASES):
        return {sympy.Ge: sympy.Max, sympy.Le: sympy.Min}[wins](one, other)
    return sympy.Piecewise((one, wins(one, other)), (other, True))


def _slopes_of_jumps(derivative: Any) -> list[Any]:
    """What SymPy leaves of functions that are constant between their jumps."""
    left = derivative.atoms(sympy.DiracDelta, sympy.Derivative, sympy.Subs)
    return [n for n in left if isinstance(n, sympy.DiracDelta) or n.has(*_STEPS)]


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
