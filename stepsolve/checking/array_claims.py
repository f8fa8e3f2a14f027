"""The oracles of what a sheet claims of its lines: Jacobians, by differences, and equal values.

A Jacobian is confirmed along a random direction: its product with the direction is how the lines move
(Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.1). A wrong entry shows in the row that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stepsolve.checking.arrays import SMALL, Array, PreciseSheet
from stepsolve.checking.precise import Precise
from stepsolve.derivation import Check
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.array_operation import Dims, places
from stepsolve.operations.dimensions import Dimensions

_TOLERANCE = 1e-12  # of 50 digits against differences of 50 digits
_FLOAT_TOLERANCE = 1e-5  # of float64 against differences of float64
_EQUAL = 1e-9  # of two ways to one value
_STEP = 1e-5


def path(lines: Mapping[str, Expression], start: str, end: str) -> dict[str, Expression]:
    """The lines from one quantity to another, in order."""
    reached, found = {start}, {}
    for name, expression in lines.items():
        if name != start and not reached.isdisjoint(names(expression)):
            reached.add(name)
            found[name] = expression
        if name == end:
            break
    return found


def objects(array: Array, dims: Dims) -> Any:
    """An array of numbers of many digits as NumPy's, for its arithmetic."""
    found = np.empty(dims, dtype=object)
    for index in places(dims):
        found[index] = array[index]
    return found


def precise_lines(
    dimensions: Dimensions,
    precise: Precise,
    lines: Mapping[str, Expression],
    values: Mapping[str, Array],
    start: str,
    end: str,
) -> Callable[[Any], Any]:
    """The value of one line as a function of a quantity, with 50 digits."""
    engine, steps = PreciseSheet(dimensions, precise), path(lines, start, end)

    def run(at: Any) -> Any:
        moved = {index: at[index] for index in places(dimensions.known[start])}
        found = engine.run(steps, {**values, start: moved})
        return objects(found[end], dimensions.known[end])

    return run


def float_lines(
    value: Callable[[Expression, Mapping[str, Any]], Any],
    lines: Mapping[str, Expression],
    values: Mapping[str, Any],
    start: str,
    end: str,
) -> Callable[[Any], Any]:
    """The value of one line as a function of a quantity, in float64."""
    steps = path(lines, start, end)

    def run(at: Any) -> Any:
        known = {**values, start: at}
        for name, expression in steps.items():
            known[name] = value(expression, known)
        return known[end]

    return run


def check_jacobian(
    name: str, jacobian: Any, run: Callable[[Any], Any], at: Any, row: int | None, step: Any = None
) -> Check:
    """A Jacobian against differences; with a `step`, in its arithmetic, otherwise in float64.

    Where `row` is given, that row alone of the quantity is moved.
    """
    random = np.random.default_rng(0)
    along = random.choice([-1, 1], np.shape(at)) * random.integers(64, 192, np.shape(at))
    if row is not None:
        along = along * (np.arange(len(at)) == row)[:, np.newaxis]
    exact = step is not None
    size = step if exact else _STEP
    direction = along * size
    moved = (run(at + direction) - run(at - direction)) / (2 * size)
    expected = jacobian @ (along if row is None else along[row])
    largest = max(float(np.max(np.abs(expected))), float(np.max(np.abs(moved))))
    error = float(np.max(np.abs(moved - expected))) / (largest or 1.0)
    method = "differences along a direction" + ("" if exact else ", in float64")
    return Check(name, method, error, error <= (_TOLERANCE if exact else _FLOAT_TOLERANCE))


def check_equal(name: str, one: Any, other: Any) -> Check:
    """Two ways to one value, entry by entry, relative to the largest."""
    largest = max(float(np.max(np.abs(one))), SMALL)
    error = float(np.max(np.abs(one - other))) / largest
    return Check(name, "a second way to its value", error, error <= _EQUAL)
