"""Which arrays are matrices, for the notations that draw them in rows and columns."""

from __future__ import annotations

from stepsolve.notation.tree import Array, Expression


def matrix_rows(array: Array) -> tuple[tuple[Expression, ...], ...] | None:
    """The rows of an array of equally long arrays without arrays in them; `None` for any other."""
    rows = []
    for row in array.items:
        if not isinstance(row, Array) or any(isinstance(entry, Array) for entry in row.items):
            return None
        rows.append(row.items)
    widths = set(map(len, rows))
    return tuple(rows) if len(widths) == 1 and 0 not in widths else None
