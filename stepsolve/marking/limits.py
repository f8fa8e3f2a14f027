"""Limits in a work: the value of each by the rules, confirmed by values on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import process_time
from typing import Final

from stepsolve.checking.precise import Point, Precise
from stepsolve.errors import OutsideDomain, StepsolveError
from stepsolve.marking import symbols
from stepsolve.marking.verdicts import AGREES, Judgement, Verdict
from stepsolve.marking.written import written
from stepsolve.notation.tree import Apply, Expression, Name, replaced, walk
from stepsolve.notation.unicode import one_line

_SECONDS: Final = 10.0  # of the processor, for the limits of a whole work
_LARGEST: Final = 150  # nodes of a limit that is worked out
_MOST: Final = 4  # limits of one side
_INFINITE: Final = (Name("inf"), Apply("neg", Name("inf")))


def has_limit(side: Expression) -> bool:
    """Whether a limit stands in a side."""
    return any(_is_limit(node) for node in walk(side))


def bound(*sides: Expression) -> frozenset[str]:
    """The variables that go somewhere in some sides: there they have no value."""
    return frozenset(
        node.arguments[1].name
        for side in sides
        for node in walk(side)
        if isinstance(node, Apply)
        and node.operation == "limit"
        and isinstance(node.arguments[1], Name)
    )


class Limits:
    """Compares limits, for as long as there is time: a work of hundreds of them needs no more."""

    def __init__(self) -> None:
        self._left = _SECONDS

    def compared(
        self, one: Expression, other: Expression, known: Mapping[str, Expression]
    ) -> Judgement:
        """The judgement of `one = other` where either holds limits.

        `known` are the formulas and the numbers of names that have one.
        """
        if self._left <= 0:
            return Judgement(Verdict.UNDECIDABLE, "there are too many limits in this work")
        began = process_time()
        free = {name: value for name, value in known.items() if name not in bound(one, other)}
        found = _compared(*(symbols.inlined(side, free) for side in (one, other)))
        self._left -= process_time() - began
        return found


def _compared(left: Expression, right: Expression) -> Judgement:
    first, second = _settled(left), _settled(right)
    found = None
    if first is not None and second is not None:
        found = _of_values(first, second)
    elif first is not None and _is_limit(right):  # the rules leave one open
        found = _on_the_way(right, first)
    elif second is not None and _is_limit(left):
        found = _on_the_way(left, second)
    if found is None:
        return Judgement(Verdict.UNDECIDABLE, "neither the rules nor values on the way tell")
    if found in AGREES:
        return Judgement(found)
    if first is not None and second is not None:
        return Judgement(found, f"{one_line(first)} on the left, {one_line(second)} on the right")
    return Judgement(found, "it does not tend to this")


def _of_values(one: Expression, other: Expression) -> Verdict | None:
    """The verdict for two values that may be infinite, the second perhaps a rounded number."""
    if one in _INFINITE or other in _INFINITE:
        return Verdict.EXACT if one == other else Verdict.WRONG
    if symbols.NO_NUMBERS & (symbols.free(one) | symbols.free(other)):
        return None  # 3 * inf, inf - inf: no value
    same = symbols.equal(one, other)
    if same is False and written(other) is not None and not symbols.free(one):
        precise = Precise()
        return _as_rounded(other, abs(float(precise.evaluate(Apply("-", one, other), Point({})))))
    return None if same is None else Verdict.EXACT if same else Verdict.WRONG


def _as_rounded(claimed: Expression, off: float) -> Verdict:
    number = written(claimed)
    half = 0.0 if number is None or not number.is_decimal else float(number.unit) / 2
    return Verdict.ROUNDED if off <= half else Verdict.WRONG


def _settled(side: Expression) -> Expression | None:
    """A side with the values of its limits in their places; None where one of them is open."""
    for _ in range(_MOST):
        limit = next((node for node in walk(side) if _is_limit(node)), None)
        if not isinstance(limit, Apply):
            return side
        value = _value(limit)
        if value is None:
            return None
        side = replaced(side, limit, value)
    return None if has_limit(side) else side


def _value(limit: Apply) -> Expression | None:
    """A limit by the rules, where values on the way confirm it; None otherwise."""
    from stepsolve.calculus.limit_values import Approach  # brings SymPy with it
    from stepsolve.calculus.limits import find_limit

    body, variable, target, *beside = limit.arguments
    if not isinstance(variable, Name) or limit.size > _LARGEST or has_limit(body):
        return None
    side = (Name("below") in beside) * -1 + (Name("above") in beside)
    try:
        value = find_limit(body, Approach(variable.name, target, side)).value
    except (StepsolveError, ArithmeticError, ValueError, TypeError):
        return None
    confirmed = value is not None and _on_the_way(limit, value) is Verdict.EXACT
    return value if confirmed else None


def _on_the_way(limit: Expression, claimed: Expression) -> Verdict | None:
    """Whether a limit is what is claimed, by values on the way; None where they do not tell."""
    from stepsolve.checking.limits import TOLERANCE, LimitOracle

    assert isinstance(limit, Apply)
    free = (symbols.free(limit) | symbols.free(claimed)) - bound(limit) - symbols.NO_NUMBERS
    try:
        error = LimitOracle(sorted(free)).error(limit, claimed)
    except (OutsideDomain, KeyError, ArithmeticError, ValueError, TypeError):
        return None
    if error <= TOLERANCE:
        return Verdict.EXACT
    if math.isinf(error):
        return None
    number = written(claimed)
    size = 1.0 if number is None else max(abs(float(number.value)), 1.0)
    return _as_rounded(claimed, error * size)


def _is_limit(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation == "limit"
