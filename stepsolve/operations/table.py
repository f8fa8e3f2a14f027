"""The table of operations: every row by name. A new operation is a new row in one of its files."""

from __future__ import annotations

from stepsolve.operations import activations, arithmetic, elementary, tensors
from stepsolve.operations.operation import Operation
from stepsolve.operations.tensors import TensorOperation

OPERATIONS: dict[str, Operation] = {
    row.name: row for row in (*arithmetic.ROWS, *elementary.ROWS, *activations.ROWS)
}
TENSORS: dict[str, TensorOperation] = {row.name: row for row in tensors.ROWS}
"""The operations on vectors and matrices; those on numbers also work entry by entry."""
ALIASES: dict[str, str] = {alias: row.name for row in OPERATIONS.values() for alias in row.aliases}
CONSTANTS: dict[str, str] = {
    "e": "Euler's number",
    "pi": "the ratio of circumference to diameter",
    "π": "the same in the rules of operations, also where a problem gives pi another value",
}


def row_of(name: str) -> Operation | TensorOperation | None:
    """The row of an operation, of either table."""
    return OPERATIONS.get(name) or TENSORS.get(name)
