"""The oracle of formulas in letters: divergence, entropy and posterior of probabilities as numbers.

By their definitions in NumPy, from the values of the probabilities alone; the formula of the page is
worked out by mpmath, with the same numbers for its letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import numpy as np

from stepsolve.checking.precise import Point, Precise
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Expression

_DRAWS, _TRIES = 2, 200
_TOLERANCE: Final = 1e-12
_LOGS: Final = {"log": np.log, "log2": np.log2, "log10": np.log10}
Floats = np.ndarray[Any, np.dtype[np.float64]]
Definition = Callable[..., Floats]


def divergence(p: Floats, q: Floats, log: str) -> Floats:
    """The sum over the outcomes that p does not exclude."""
    where = p > 0
    return np.asarray(np.sum(p[where] * (_LOGS[log](p[where] / q[where]))))


def entropy(p: Floats, log: str) -> Floats:
    """The sum over the outcomes that are possible."""
    where = p > 0
    return np.asarray(-np.sum(p[where] * _LOGS[log](p[where])))


def posterior(priors: Floats, *likelihoods: Floats) -> Floats:
    """After one observation after another, each posterior the next prior."""
    for under in likelihoods:
        joint = under * priors
        priors = joint / joint.sum()
    return priors


def check(
    of: str,
    formulas: Sequence[Expression],
    letters: Sequence[str],
    lists: Sequence[Sequence[Expression]],
    definition: Definition,
) -> Check:
    """The entries of a result against its definition, at drawn numbers for the letters."""
    precise, error = Precise(), 0.0
    points = list(draws(letters, lists, precise))
    for point in points:
        arrays = [np.array([float(precise.evaluate(e, point)) for e in one]) for one in lists]
        right = np.ravel(definition(*arrays))
        for formula, expected in zip(formulas, right, strict=True):
            off = abs(float(precise.evaluate(formula, point)) - float(expected))
            error = max(error, off / max(abs(float(expected)), 1.0))
    passed = bool(points) and error <= _TOLERANCE
    return Check(of, "its definition, at drawn numbers", error, passed)


def draws(
    letters: Sequence[str], lists: Iterable[Sequence[Expression]], precise: Precise
) -> Iterator[Point]:
    """Numbers for the letters with which every entry is a probability, if there are any."""
    random, found = Random(len(letters)), 0
    entries = [entry for one in lists for entry in one]
    for _ in range(_TRIES):
        drawn = {n: random.uniform(0.05, 0.95) / max(len(letters), 1) for n in letters}
        point = Point({n: precise.number(repr(x)) for n, x in drawn.items()})
        with suppress(OutsideDomain):
            if all(0 <= precise.evaluate(entry, point) <= 1 for entry in entries):
                found += 1
                yield point
        if found == _DRAWS:
            return
