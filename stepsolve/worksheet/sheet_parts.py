"""What stands on a sheet: given quantities, backward passes, and blocks that need values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stepsolve.derivation import Block
from stepsolve.notation.tree import Expression
from stepsolve.operations.array_operation import Dims
from stepsolve.source.data import Node
from stepsolve.worksheet.lines import Line

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

Value = Expression | np.ndarray[Any, Any] | None
"""Of a given quantity: numbers as written, drawn numbers, or nothing for a symbol."""
Later = Callable[["Solved"], Iterable[Block]]
"""Blocks that need the values of lines: tables, verdicts."""


class Given(NamedTuple):
    """A given quantity; `place` is where a mistake with it is pointed at."""

    value: Value
    dims: Dims
    place: Node | None = None


class Pass(NamedTuple):
    """A backward pass: the names of the gradients, and which lines use what.

    `seeds` are the gradients that come from outside, by the lines they belong to.
    """

    target: str
    gradients: Mapping[str, str]
    consumers: Mapping[str, list[str]]
    seeds: Mapping[str, Expression]
    idle: tuple[str, ...] = ()


Written = Block | Later | list[Line]
"""What is on a sheet: lines in a row together."""
Item = Block | Later | tuple[Line, ...]
