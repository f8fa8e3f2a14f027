"""Sums over several indices of a product, one index after the other.

Running through all combinations would take the product of all sizes; here each step takes only those
of the factors that an index occurs in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product as cartesian
from typing import NamedTuple

from stepsolve.checking.precise import Value
from stepsolve.notation.tree import Apply, Expression, names


class Table(NamedTuple):
    """Values for every combination of some indices, which count from 1."""

    indices: tuple[str, ...]
    values: Mapping[tuple[int, ...], Value]

    def at(self, place: Mapping[str, int]) -> Value:
        return self.values[tuple(place[index] for index in self.indices)]


def factors(expression: Expression, power: int = 1) -> list[tuple[Expression, int]]:
    """The factors of a product or quotient, each with 1 or -1 as its power."""
    match expression:
        case Apply(operation="*", arguments=(a, b)):
            return factors(a, power) + factors(b, power)
        case Apply(operation="/", arguments=(a, b)):
            return factors(a, power) + factors(b, -power)
    return [(expression, power)]


def contracted(
    body: Expression,
    bound: Sequence[str],
    sizes: Mapping[str, int],
    value: Callable[[Expression, Mapping[str, int]], Value],
) -> Value:
    """The sum over the indices `bound` of a product; `value` is that of a factor at indices."""
    tables = []
    for part, power in factors(body):
        own = tuple(index for index in bound if index in names(part))
        entries = {}
        for at in _places(own, sizes):
            found = value(part, dict(zip(own, at, strict=True)))
            entries[at] = found if power == 1 else 1 / found
        tables.append(Table(own, entries))
    left = list(bound)
    while left:
        index = min(left, key=lambda k: len(_joined(tables, k)))
        left.remove(index)
        tables = _without(tables, index, sizes)
    result: Value = 1
    for table in tables:
        result = result * table.values[()]
    return result


def _joined(tables: Sequence[Table], index: str) -> tuple[str, ...]:
    """The indices of the factors in which an index occurs."""
    return tuple(dict.fromkeys(i for t in tables if index in t.indices for i in t.indices))


def _without(tables: list[Table], index: str, sizes: Mapping[str, int]) -> list[Table]:
    using = [table for table in tables if index in table.indices]
    others = [table for table in tables if index not in table.indices]
    kept = tuple(i for i in _joined(tables, index) if i != index)
    values = {}
    for at in _places(kept, sizes):
        place = dict(zip(kept, at, strict=True))
        total: Value = 0
        for k in range(1, sizes[index] + 1):
            term: Value = 1
            for table in using:
                term = term * table.at({**place, index: k})
            total = total + term
        values[at] = total
    return [*others, Table(kept, values)]


def _places(indices: Sequence[str], sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
    return list(cartesian(*(range(1, sizes[index] + 1) for index in indices)))
