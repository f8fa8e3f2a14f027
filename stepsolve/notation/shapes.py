"""Shapes of vectors and matrices whose sizes may be letters: `m × n`, `n`, `1 × n`."""

from __future__ import annotations

from typing import NamedTuple

Size = str | int
"""How many entries along one axis: a number, or a letter that stands for one."""


class Shape(NamedTuple):
    """The sizes along the axes: none for a scalar, one for a vector, two for a matrix.

    A vector is a column unless `row` is set: the transpose of a column is a row.
    """

    sizes: tuple[Size, ...] = ()
    row: bool = False

    @property
    def rank(self) -> int:
        """The number of indices that an entry has."""
        return len(self.sizes)

    @property
    def matrix(self) -> tuple[Size, Size]:
        """Rows and columns, with a vector as a matrix of one column or one row."""
        if not self.sizes:
            return 1, 1
        if len(self.sizes) == 2:
            return self.sizes[0], self.sizes[1]
        return (1, self.sizes[0]) if self.row else (self.sizes[0], 1)

    @property
    def transposed(self) -> Shape:
        """The shape of the transpose."""
        if self.rank == 1:
            return Shape(self.sizes, not self.row)
        return Shape(self.sizes[::-1])

    def __str__(self) -> str:
        """In words that fit after `is`: `a number`, `n × 1`, `m × n`."""
        return " × ".join(map(str, self.matrix)) if self.sizes else "a number"


SCALAR = Shape()


class ShapeError(Exception):
    """Shapes that do not fit together: a message and a hint with `#1`, `#2` for the parts."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
