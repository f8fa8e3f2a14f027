"""Whether a difference of two expressions is zero, as far as SymPy decides that in short time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from stepsolve.algebra.translation import BY_CASES

_MAX_DENOMINATORS = 16  # that are brought to a common one: logistic functions within each other
_MAX_CHOICES = 4  # choices, whose cases are combined with each other
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


def is_zero(difference: Any, at_once: bool) -> bool | None:
    """Whether a difference is zero; `at_once` without any work on it."""
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


def is_zero_in_all_cases(difference: Any) -> bool | None:
    """True where every case of every choice gives zero; a case that cannot be may not give it."""
    if len(difference.atoms(*BY_CASES)) > _MAX_CHOICES:
        return None
    folded = sympy.piecewise_fold(difference.rewrite(sympy.Piecewise))
    if not isinstance(folded, sympy.Piecewise):
        return True if folded == 0 else None
    within = [value for value, _ in folded.args]
    if any(value.has(*BY_CASES) for value in within):
        return None
    return True if all(is_zero(value, False) for value in within) else None
