"""The table of operations: every row by name. A new operation is a new row in one of its files."""

from __future__ import annotations

from stepsolve.operations import (
    activations,
    arithmetic,
    elementary,
    hyperbolic,
    tensors,
    trigonometric,
)
from stepsolve.operations.operation import Operation
from stepsolve.operations.tensors import TensorOperation

_FILES = (arithmetic, elementary, trigonometric, hyperbolic, activations)
OPERATIONS: dict[str, Operation] = {row.name: row for file in _FILES for row in file.ROWS}
TENSORS: dict[str, TensorOperation] = {row.name: row for row in tensors.ROWS}
"""The operations on vectors and matrices; those on numbers also work entry by entry."""
ALIASES: dict[str, str] = {alias: row.name for row in OPERATIONS.values() for alias in row.aliases}
OVERLOADS: dict[tuple[str, int], str] = {
    (row.overloads, row.arity[0]): row.name for row in OPERATIONS.values() if row.overloads
}
"""The row that a name with another number of arguments means: `log` with two is `log_base`."""
CONSTANTS: dict[str, str] = {
    "e": "Euler's number",
    "pi": "the ratio of circumference to diameter",
    "π": "the same in the rules of operations, also where a problem gives pi another value",
}


def row_of(name: str) -> Operation | TensorOperation | None:
    """The row of an operation, of either table."""
    return OPERATIONS.get(name) or TENSORS.get(name)
