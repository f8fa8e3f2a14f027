"""The oracle of Jacobians: how a quantity moves when another one does, along a random direction.

Only the lines between the two are run again, so that whatever else hangs on the one that moves is
held where it is (Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from stepsolve.checking.arrays import Array, PreciseSheet
from stepsolve.checking.precise import Precise
from stepsolve.derivation import Check
from stepsolve.notation.tree import Expression
from stepsolve.operations.array_operation import places
from stepsolve.operations.dimensions import Dimensions

_TOLERANCE, _FLOAT_TOLERANCE = 1e-12, 1e-6
_GUARD = 1000  # roundings of one difference
_METHOD = "differences in its step"


class Jacobian(NamedTuple):
    """A claim: the line `name` holds how the entries of `of` move with those of `by`, one row each.

    `lines` are the lines between, in order; `by` is moved and they alone follow.
    """

    name: str
    of: str
    by: str
    lines: tuple[str, ...]


def check_precise(
    claim: Jacobian,
    expressions: Mapping[str, Expression],
    values: Mapping[str, Array],
    dimensions: Dimensions,
    precise: Precise,
) -> Check:
    """With 50 digits."""
    sheet = PreciseSheet(dimensions, precise)
    lines = {name: expressions[name] for name in claim.lines}
    dims = dimensions.known[claim.by]
    drawn = np.asarray(_direction(dims))
    along = {index: precise.mp.mpf(float(drawn[index])) for index in places(dims)}
    step = precise.step(precise.mp.mpf(1))
    ends = []
    for sign in (1, -1):
        moved = {i: v + sign * step * along[i] for i, v in values[claim.by].items()}
        ends.append(sheet.run(lines, {**values, claim.by: moved})[claim.of])
    worst = precise.mp.mpf(0)
    largest = max(abs(v) for v in values[claim.of].values())
    size = (
        largest * precise.power(precise.rounding) * _GUARD / _TOLERANCE
    )  # less is rounding, as in e^-1000
    for row, after in ends[0].items():
        slope = (after - ends[1][row]) / (2 * step)
        told = precise.mp.fdot((values[claim.name][*row, *i], along[i]) for i in along)
        worst, size = max(worst, abs(slope - told)), max(size, abs(slope), abs(told))
    error = float(worst / size) if size else 0.0
    return Check(claim.name, _METHOD, error, error <= _TOLERANCE)


def check_float(
    claim: Jacobian,
    expressions: Mapping[str, Expression],
    values: Mapping[str, Any],
    value: Callable[[Expression, Mapping[str, Any]], Any],
) -> Check:
    """In float64."""
    here = np.asarray(values[claim.by])
    along = _direction(here.shape)
    step = 1e-5
    ends = []
    for sign in (1, -1):
        known = {**values, claim.by: here + sign * step * along}
        for name in claim.lines:
            known[name] = value(expressions[name], known)
        ends.append(known[claim.of])
    slope = (ends[0] - ends[1]) / (2 * step)
    told = np.dot(values[claim.name], along) if here.shape else values[claim.name] * along
    size = max(float(np.max(np.abs(slope))), float(np.max(np.abs(told))), 1e-9)
    error = float(np.max(np.abs(slope - told))) / size
    return Check(claim.name, _METHOD + ", in float64", error, error <= _FLOAT_TOLERANCE)


def _direction(dims: tuple[int, ...]) -> Any:
    """A direction with entries of about 1, the same at every run."""
    random = np.random.default_rng(1)
    return random.choice([-1.0, 1.0], dims) * random.integers(64, 192, dims) / 128
