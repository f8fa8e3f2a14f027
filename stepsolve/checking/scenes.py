"""Random vectors and matrices by name, at which claims about tensors are tried.

Sizes given as letters or numbers get small numbers of entries: an identity that holds for every size
holds for those, and one that confuses rows and columns fails, because different sizes stay different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from stepsolve.notation.shapes import Shape, Size
from stepsolve.notation.tree import Expression

Rows = list[list[float]]
Condition = Callable[[dict[str, Rows]], None]
"""Changes drawn values so that they fulfil what the problem says about them."""

_SIZES = ((2, 3, 4, 5), (3, 2, 4, 5), (4, 3, 2, 5))
_EXACT = 1 << 20
_INTERVALS = ((0.3, 1.7), (-1.5, 1.5), (0.2, 0.9), (-1.7, -0.3))


class Scene(NamedTuple):
    """Values of names as rows of numbers: a vector is one column, or one row; a scalar is 1 × 1.

    `lines` are names that stand for expressions in the others, in order; `functions` those that the
    problem leaves open; `sizes` the number of entries that every size stands for.
    """

    values: Mapping[str, Rows]
    shapes: Mapping[str, Shape]
    lines: Mapping[str, Expression]
    functions: tuple[str, ...]
    sizes: Mapping[Size, int]


def scenes(
    shapes: Mapping[str, Shape],
    lines: Mapping[str, Expression] | None = None,
    functions: Iterable[str] = (),
    conditions: Iterable[Condition] = (),
) -> Iterator[Scene]:
    """Scenes to try, of different sizes and signs, the same in every run.

    `shapes` are those of all names; names in `lines` get no values of their own.
    """
    known = dict(lines or {})
    wanted = dict.fromkeys(size for shape in shapes.values() for size in shape.sizes)
    for attempt in range(4 * len(_SIZES)):
        random = Random(attempt)
        sizes = _numbers(wanted, _SIZES[attempt % len(_SIZES)])
        interval = _INTERVALS[attempt // len(_SIZES)]
        values = {
            name: _drawn(shape, sizes, interval, random)
            for name, shape in shapes.items()
            if name not in known
        }
        for condition in conditions:
            condition(values)
        yield Scene(values, shapes, known, tuple(functions), sizes)


def _numbers(wanted: Iterable[Size], usual: tuple[int, ...]) -> dict[Size, int]:
    """A small number for every size; the number 1 stays what it is."""
    found: dict[Size, int] = {}
    for size in wanted:
        found[size] = 1 if size == 1 else usual[len(found) % len(usual)]
    return found


def _drawn(
    shape: Shape, sizes: Mapping[Size, int], interval: tuple[float, float], random: Random
) -> Rows:
    rows, columns = (1 if size == 1 else sizes[size] for size in shape.matrix)
    drawn = [[random.uniform(*interval) for _ in range(columns)] for _ in range(rows)]
    if shape.rank == 2:  # no layer of a network grows so much that the next one saturates
        drawn = [[entry / columns for entry in row] for row in drawn]
    if shape.rank == 2 and shape.sizes[0] == shape.sizes[1]:
        for k in range(rows):  # far from singular, and with a positive determinant
            drawn[k][k] = abs(drawn[k][k]) + 2
    return drawn


def symmetric(name: str) -> Condition:
    """A matrix that is its own transpose."""

    def change(values: dict[str, Rows]) -> None:
        rows = values[name]
        size = range(len(rows))
        values[name] = [[rows[max(i, j)][min(i, j)] for j in size] for i in size]

    return change


def summing_to_one(name: str) -> Condition:
    """A vector whose entries sum to one, exactly: they are fractions of a power of two."""

    def change(values: dict[str, Rows]) -> None:
        total = sum(map(sum, values[name]))
        parts = [round(x / total * _EXACT) for row in values[name] for x in row]
        parts[-1] = _EXACT - sum(parts[:-1])
        entries = iter(parts)
        values[name] = [[next(entries) / _EXACT for _ in row] for row in values[name]]

    return change


def one_hot(name: str) -> Condition:
    """A vector with a single 1 among zeros."""

    def change(values: dict[str, Rows]) -> None:
        flat = sum(map(len, values[name]))
        place = flat // 2
        counter = iter(range(flat))
        values[name] = [[float(next(counter) == place) for _ in row] for row in values[name]]

    return change


def open_function(m: Any, name: str, x: Any) -> Any:
    """Something definite for a function that a problem leaves open, with any number of primes.

    `m` is a module with `sin` and `cos`. The first letter decides which function it is, so
    that `f` and `g` are different ones.
    """
    order = name.count("'")
    pace = 1 + ord(name[0]) % 7 / 8  # exact in binary
    # sin(p x) + x / 4, differentiated `order` times: nothing that a chain of layers blows up
    turn = (m.sin, m.cos, lambda x: -m.sin(x), lambda x: -m.cos(x))[order % 4]
    line = (x / 4, x * 0 + 0.25, x * 0)[min(order, 2)]
    return pace**order * turn(pace * x) + line
