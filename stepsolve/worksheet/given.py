"""The numbers of given arrays, for what must hold of them before anything is worked out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Array, Expression
from stepsolve.operations.dimensions import Dimensions
from stepsolve.source.arrays import GivenArray
from stepsolve.source.report import Report
from stepsolve.worksheet.arrays import ArrayValues

_SUM_TOLERANCE: Final = (
    1e-6  # of probabilities given with a few decimals, such as thirds with seven
)


def numbers(given: GivenArray) -> Any:
    """The array in float64; None for a symbol or where an entry has no finite value."""
    value = given.value
    if not isinstance(value, Expression):
        return value
    try:
        with np.errstate(all="ignore"):
            return np.asarray(ArrayValues(Dimensions({}, {})).value(value, {}))
    except OutsideDomain:
        return None  # told where the worksheet is worked out


def entry_of(given: GivenArray, *index: int) -> GivenArray:
    """A part of a given array at its place in the file, if it is written out there."""
    node, value = given.node, given.value
    for place in index:
        if isinstance(node.value, list):
            node = node.value[place]
        if isinstance(value, Array):
            value = value.items[place]
        elif value is not None and not isinstance(value, Expression):
            value = value[place]
    return GivenArray(given.name, value, given.dims[len(index) :], node)


def check_distributions(given: GivenArray, report: Report) -> None:
    """Whether the entries along the last axis are probabilities that sum to one."""
    values = numbers(given)
    if values is None or not given.dims:
        return
    for row in np.ndindex(*given.dims[:-1]):
        part = entry_of(given, *row)
        wrong = np.flatnonzero((values[row] < 0) | (values[row] > 1 + _SUM_TOLERANCE))
        if len(wrong):
            told = f"{values[row][wrong[0]]:.6g} is not a probability"
            report.add(entry_of(part, int(wrong[0])).node.diagnose(told))
        elif abs(total := float(np.sum(values[row])) - 1) > _SUM_TOLERANCE:
            told = f"these probabilities sum to {total + 1:.6g}, not to 1"
            report.add(part.node.diagnose(told))
