"""The oracle of recurrences: the terms one after the other, and what is claimed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.rewrites import TOLERANCE
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

FAR = 10  # terms that a closed form is compared with


def iterated(
    body: Expression,
    previous: str,
    index: str,
    first: Value,
    steps: int,
    at: Mapping[str, Value],
    precise: Precise,
) -> Iterator[Value]:
    """The terms of `f(index) = body` after the first one, computed one after the other."""
    value = first
    for k in range(1, steps + 1):
        point = Point({**at, previous: value, index: precise.mp.mpf(k)})
        value = precise.evaluate(body, point)
        yield value


def check_terms(
    of: str,
    body: Expression,
    previous: str,
    index: str,
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
            worst = max(worst, _worst(body, previous, index, first, at, claimed, precise))
        except OutsideDomain:
            continue
        points += 1
        if points == POINTS:
            break
    method = "iterating the recurrence"
    if not points:
        note = "no point was found where every term has a value"
        return Check(of, method, float("inf"), False, note)
    return Check(of, method, worst, worst <= TOLERANCE)


def _worst(
    body: Expression,
    previous: str,
    index: str,
    first: str,
    at: Mapping[str, Value],
    claimed: Mapping[int, Expression],
    precise: Precise,
) -> float:
    """The largest relative error of the formulas at one point."""
    worst = 0.0
    terms = [at[first], *iterated(body, previous, index, at[first], max(claimed), at, precise)]
    for k, formula in claimed.items():
        value = precise.evaluate(formula, Point(at))
        off, size = abs(value - terms[k]), max(abs(value), abs(terms[k]))
        worst = max(worst, float(off / size) if off else 0.0)
    return worst
