"""What an operation on arrays is: one row of the table, and the rules of shapes that rows share.

Arrays are NumPy's: any number of axes, entries counted from 0, and broadcasting of the operations on
numbers, which also work entry by entry. A vector has one axis and is neither a row nor a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

from stepsolve.notation.shapes import ShapeError
from stepsolve.notation.tree import Name, Number

Dims = tuple[int, ...]
"""The sizes along the axes: `()` for a number, `(3,)` for a vector, `(2, 3)` for a matrix."""

Option = int | tuple[int, ...]
"""The value of a setting, `stride=2` or `stride=[2, 1]`."""

Index = tuple[int, ...]
"""Where an entry stands: a number from 0 for every axis."""


class Arithmetic(Protocol):
    """What formulas of entries are worked out in: numbers of many digits, or expressions."""

    def leaf(self, leaf: Name | Number) -> Any:
        """A decimal as written, or a constant by name."""

    def number(self, value: int) -> Any:
        """A whole number."""

    def apply(self, operation: str, *arguments: Any) -> Any:
        """An operation on numbers."""

    def total(self, terms: Sequence[Any]) -> Any:
        """The sum of one or more terms."""

    def vanishes(self, value: Any) -> bool:
        """Whether a value is exactly 0."""

    def excess(self, values: Sequence[Any]) -> Any | None:
        """What all values are lowered by before powers of e are taken, None where they need not be."""


def powers(ring: Arithmetic, values: Sequence[Any]) -> tuple[list[Any], Any | None]:
    """The powers of e of some values, or of what they are less an excess, and that excess.

    Quotients of the powers stay the same, and the logarithm of their sum is lower by the excess.
    """
    excess = ring.excess(values)
    if excess is not None:
        values = [ring.apply("-", value, excess) for value in values]
    return [ring.apply("exp", value) for value in values], excess


def log_of_sum(ring: Arithmetic, values: Sequence[Any]) -> Any:
    """The logarithm of the sum of the powers of e of some values."""
    found, excess = powers(ring, values)
    log = ring.apply("log", ring.total(found))
    return log if excess is None else ring.apply("+", log, excess)


class Operand(Protocol):
    """An argument of an operation: its sizes, and its entries as they are asked for."""

    dims: Dims

    def __getitem__(self, index: Index) -> Any: ...


@dataclass(frozen=True)
class ArrayOperation:
    """A row. `numpy` and `entry` must share no code: each confirms the other.

    `gradient` gives, from the sizes of the arguments, the part of the gradient that goes to each
    argument, as texts over the arguments `a`, `b`, `a_3`, ..., the result `y` and its gradient `g`.
    Arguments from the position `whole` on are whole numbers and no part of `numpy`'s arrays. A text
    "" stands for no gradient.
    """

    name: str
    shape: Callable[..., Dims]
    """The sizes of the result; raises `ShapeError`, whose `#0` is the expression, `#1` a part."""
    numpy: Callable[..., Any]
    """In float64, stable."""
    entry: Callable[..., Any]
    """One entry of the result: a function `(arithmetic, index, *operands)`."""
    gradient: Callable[..., tuple[str, ...]]
    source: str
    arity: tuple[int, int] = (1, 1)
    whole: int | None = None
    options: tuple[str, ...] = ()
    """Named settings, whole numbers or lists of them: `axis`, `stride`."""
    terms: Callable[..., int] | None = None
    """How many terms one entry is made of, from the sizes of the arguments, where it is many."""
    demand: Callable[..., str] | None = None
    """What is wrong with the values of the arguments, or an empty text."""
    is_call: bool = True
    text: str = ""
    latex: str = ""
    description: str = ""
    because: str = ""
    """Why the gradient has its form."""
    convention: str = ""
    """What stands for the derivative where there is none."""


def size_words(dims: Dims) -> str:
    """The sizes in words that fit after a name: `is a number`, `has 3 entries`, `is 2 × 3`."""
    if not dims:
        return "is a number"
    if len(dims) == 1:
        return f"has {dims[0]} {'entry' if dims[0] == 1 else 'entries'}"
    return f"is {' × '.join(map(str, dims))}"


def broadcast(*shapes: Dims) -> Dims:
    """The sizes of entrywise operations: axes are matched from the last one, and 1 fits any size.

    Raises `ShapeError` naming the first pair that does not fit.
    """
    result: Dims = ()
    first = 0
    for number, dims in enumerate(shapes, 1):
        longer, shorter = (result, dims) if len(result) >= len(dims) else (dims, result)
        shorter = (1,) * (len(longer) - len(shorter)) + shorter
        if any(a != b and 1 not in (a, b) for a, b in zip(longer, shorter, strict=True)):
            told = f"#{first} {size_words(shapes[first - 1])}, but #{number} {size_words(dims)}"
            raise ShapeError(told, _broadcast_hint(shapes[first - 1], dims))
        if len(dims) > len(result) or dims != result:
            first = number if len(dims) >= len(result) and dims != () else first or number
        result = tuple(b if a == 1 else a for a, b in zip(longer, shorter, strict=True))
    return result


def _broadcast_hint(one: Dims, other: Dims) -> str:
    if len(one) == len(other) == 2 and one == other[::-1]:
        return "one of them may be meant transposed: write .T behind it"
    return "entry by entry, sizes must be the same or 1, matched from the last axis"


def settled_axis(axis: int, dims: Dims, name: str = "#1") -> int:
    """An axis from 0, a negative one counted from the end."""
    if not -len(dims) <= axis < len(dims):
        raise ShapeError(f"{name} {size_words(dims)}, so it has no axis {axis}")
    return axis % len(dims)


def places(dims: Dims) -> list[Index]:
    """Every index of an array, the last axis fastest."""
    return list(product(*map(range, dims)))


def along(dims: Dims, index: Index, axis: int | None) -> list[Index]:
    """The places that a reduction runs over for one entry of its result."""
    if axis is None:
        return places(dims)
    axis = settled_axis(axis, dims)
    return [inserted(index, axis, k) for k in range(dims[axis])]


def reduced(dims: Dims, axis: int | None = None) -> Dims:
    """The sizes after a reduction over one axis, or over all."""
    return () if axis is None else without(dims, settled_axis(axis, dims))


def spread_back(name: str, dims: Dims, axis: int | None) -> str:
    """What was reduced over an axis, so that it goes with every entry again."""
    if axis is None or settled_axis(axis, dims) == 0:
        return name
    kept = list(dims)
    kept[settled_axis(axis, dims)] = 1
    return f"reshape({name}, {', '.join(map(str, kept))})"


def without(dims: Dims, axis: int) -> Dims:
    """The sizes without one axis."""
    return dims[:axis] + dims[axis + 1 :]


def inserted(index: Index, axis: int, place: int) -> Index:
    """An index with a place along one more axis."""
    return (*index[:axis], place, *index[axis:])
