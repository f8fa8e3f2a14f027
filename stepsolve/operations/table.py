"""The table of operations: every row by name. A new operation is a new row in one of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepsolve.operations import (
    activations,
    arithmetic,
    array_algebra,
    array_losses,
    array_masked,
    array_padding,
    array_reductions,
    array_windows,
    elementary,
    hyperbolic,
    tensors,
    trigonometric,
)
from stepsolve.operations.array_operation import ArrayOperation
from stepsolve.operations.operation import Operation
from stepsolve.operations.tensors import TensorOperation

_FILES = (arithmetic, elementary, trigonometric, hyperbolic, activations)
_ARRAY_FILES = (
    array_algebra,
    array_reductions,
    array_losses,
    array_masked,
    array_windows,
    array_padding,
)
OPERATIONS: dict[str, Operation] = {row.name: row for file in _FILES for row in file.ROWS}
TENSORS: dict[str, TensorOperation] = {row.name: row for row in tensors.ROWS}
"""The operations on vectors and matrices; those on numbers also work entry by entry."""
ARRAYS: dict[str, ArrayOperation] = {row.name: row for file in _ARRAY_FILES for row in file.ROWS}
"""The operations on arrays of numbers; those on numbers also work on them, entry by entry."""
SETTINGS: frozenset[str] = frozenset(name for row in ARRAYS.values() for name in row.options)
"""The names of settings of calls: `axis`, `stride`."""
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


def row_of(name: str) -> Operation | TensorOperation | ArrayOperation | None:
    """The row of an operation, of any table: for its notation."""
    return OPERATIONS.get(name) or TENSORS.get(name) or ARRAYS.get(name)


def arities(name: str) -> list[tuple[int, int]]:
    """How few and how many arguments an operation takes, in every table that has it."""
    tables: tuple[Mapping[str, Operation | TensorOperation | ArrayOperation], ...]
    tables = (OPERATIONS, TENSORS, ARRAYS)
    return [table[name].arity for table in tables if name in table]


def array_row(operation: str, ranks: Sequence[int]) -> ArrayOperation | None:
    """The row by which an operation works on arguments with so many axes; None for entry by entry.

    `max` of one array is its largest entry, of several numbers or arrays the largest at each place.
    """
    if operation in OPERATIONS and (len(ranks) != 1 or not ranks[0]):
        return None
    return ARRAYS.get(operation)
