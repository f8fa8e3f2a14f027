"""Examples side by side: a row for each with its inputs, hidden units, output and target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from stepsolve.derivation import Block, Cell, Detail, Table
from stepsolve.notation.tree import Item, Name, Number
from stepsolve.worksheet.solved import Solved

_MOST_ROWS: Final = 64
_MOST_COLUMNS: Final = 10


def truth_table(
    solved: Solved, names: Sequence[str], count: int, rows: bool = True
) -> Iterator[Block]:
    """A table of quantities with an entry, or several, for each example; none if it were too large.

    `rows` says that the examples are along the first axis of matrices, not along the second.
    """
    if count > _MOST_ROWS or not all(map(solved.is_known, names)):
        return
    columns: list[tuple[str, int | None]] = []
    for name in names:
        dims = solved.dimensions.known[name]
        if len(dims) == 1:
            columns.append((name, None))
        else:
            columns += [(name, k) for k in range(dims[1 if rows else 0])]
    if len(columns) > _MOST_COLUMNS:
        return

    def entry(example: int, name: str, unit: int | None) -> Cell:
        if unit is None:
            return solved.workings.entry(name, (example,))
        return solved.workings.entry(name, (example, unit) if rows else (unit, example))

    header = tuple(_head(name, unit) for name, unit in columns)
    body = tuple(tuple(entry(k, *column) for column in columns) for k in range(count))
    yield Table(header, body, Detail.BRIEF, "examples", (), len(columns) - 1)


def _head(name: str, unit: int | None) -> Cell:
    """Of one example, so in lower case: a1[0] of A1."""
    letter = Name(name[0].lower() + name[1:])
    return letter if unit is None else Item(letter, Number(str(unit)))
