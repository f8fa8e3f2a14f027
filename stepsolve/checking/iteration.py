"""The oracle of recurrences: the terms one after the other, and what is claimed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.rewrites import TOLERANCE
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

FAR = 10  # terms that a closed form is compared with


def iterated(
    bodies: Sequence[Expression],
    before: Sequence[str],
    first: Value,
    at: Mapping[str, Value],
    precise: Precise,
) -> Iterator[Value]:
    """The terms after the first one, each from the one before it.

    `bodies` are the formulas of the terms, and `before` the name in each of the term before it.
    """
    value = first
    for body, name in zip(bodies, before, strict=True):
        value = precise.evaluate(body, Point({**at, name: value}))
        yield value


def check_terms(
    of: str,
    bodies: Sequence[Expression],
    before: Sequence[str],
    first: str,
    symbols: Sequence[str],
    claimed: Mapping[int, Expression],
    precise: Precise,
) -> Check:
    """What is claimed of some terms, against the terms one after the other, at random points.

    `claimed` are formulas by step; `first` is the name of the first term, one of the `symbols`.
    """
    worst, points = 0.0, 0
    for at in candidates(symbols, precise):
        try:
            terms = [at[first], *iterated(bodies, before, at[first], at, precise)]
            errors = [_error(formula, terms[k], at, precise) for k, formula in claimed.items()]
        except OutsideDomain:
            continue
        worst, points = max(worst, *errors), points + 1
        if points == POINTS:
            break
    method = "iterating the recurrence"
    if not points:
        note = "no point was found where every term has a value"
        return Check(of, method, float("inf"), False, note)
    return Check(of, method, worst, worst <= TOLERANCE)


def check_slopes(
    of: str,
    bodies: Sequence[Expression],
    before: Sequence[str],
    first: str,
    symbols: Sequence[str],
    fixed: Mapping[str, int],
    by: str,
    claimed: Mapping[int, Expression],
    precise: Precise,
) -> Check:
    """Claimed derivatives of some terms, where some symbols have fixed values, by differences.

    The terms are computed one after the other, twice, with `by` a little larger and smaller.
    """
    method = f"iterating the recurrence beside {', '.join(fixed)}"
    worst, points = 0.0, 0
    for values in candidates(symbols, precise):
        at = {**values, **{name: precise.mp.mpf(value) for name, value in fixed.items()}}
        step = precise.step(at[by])
        moved = [{**at, by: at[by] + sign * step} for sign in (1, -1)]
        try:
            above, below = (list(iterated(bodies, before, m[first], m, precise)) for m in moved)
            slopes = [(a - b) / (2 * step) for a, b in zip(above, below, strict=True)]
            errors = [_error(form, slopes[k - 1], at, precise) for k, form in claimed.items()]
        except OutsideDomain:
            continue
        worst, points = max(worst, *errors), points + 1
        if points == POINTS:
            break
    return Check(of, method, worst, bool(points) and worst <= TOLERANCE)


def often_positive(formula: Expression, symbols: Sequence[str], precise: Precise) -> bool:
    """Whether a formula is above 0 at as many random points as checks ask for."""
    found = 0
    for at in candidates(symbols, precise):
        with suppress(OutsideDomain):
            found += bool(precise.evaluate(formula, Point(at)) > 0)
        if found == POINTS:
            return True
    return False


def _error(formula: Expression, term: Value, at: Mapping[str, Value], precise: Precise) -> float:
    """The relative error of a formula for a term."""
    value = precise.evaluate(formula, Point(at))
    off = abs(value - term)
    return float(off / max(abs(value), abs(term))) if off else 0.0
