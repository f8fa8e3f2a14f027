"""Entries of arrays, one by one as they are asked for, from the formulas of their operations.

NumPy has no part in it. What the entries are made of is left to an arithmetic: numbers of many digits
confirm the values of lines, and expressions show how an entry comes about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.array_operation import Arithmetic, Dims, Index
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.table import OPERATIONS


class Entries:
    """An array whose entries are worked out when first asked for."""

    def __init__(self, dims: Dims, entry: Callable[[Index], Any]) -> None:
        self.dims = dims
        self._entry = entry
        self._known: dict[Index, Any] = {}

    def __getitem__(self, index: Index) -> Any:
        found = self._known.get(index)
        if found is None:
            found = self._known[index] = self._entry(index)
        return found


class ArrayEntries:
    """The entries of expressions over names whose entries are known: by name and index."""

    def __init__(
        self,
        dimensions: Dimensions,
        known: Mapping[str, Mapping[Index, Any] | Entries],
        arithmetic: Arithmetic,
    ) -> None:
        self._dimensions = dimensions
        self._arithmetic = arithmetic
        self._known = known

    def of(self, expression: Expression) -> Entries:
        """The array that an expression stands for."""
        match expression:
            case Name(name=name):
                known = self._known.get(name)
                if isinstance(known, Entries):
                    return known
                if known is not None:
                    return Entries(self._dimensions.of(expression), known.__getitem__)
                return self._constant(self._arithmetic.leaf(expression))
            case Number():
                return self._constant(self._arithmetic.leaf(expression))
            case Array(items=items):
                parts = [self.of(item) for item in items]
                return Entries(self._dimensions.of(expression), lambda i: parts[i[0]][i[1:]])
            case Item():
                return self._picked(expression)
            case Apply():
                return self._applied(expression)
        raise TypeError(f"no entries of {type(expression).__name__}")

    @staticmethod
    def _constant(value: Any) -> Entries:
        return Entries((), lambda _: value)

    def _picked(self, item: Item) -> Entries:
        base = self.of(item.base)
        places = self._dimensions.place(item)

        def entry(index: Index) -> Any:
            rest = list(index)
            found: list[int] = []
            for place in places:
                if isinstance(place, int):
                    found.append(place)
                elif isinstance(place, slice):
                    found.append(place.start + rest.pop(0))
                else:
                    found.append(place[rest.pop(0)])
            return base[(*found, *rest)]

        return Entries(self._dimensions.of(item), entry)

    def _applied(self, expression: Apply) -> Entries:
        dims = self._dimensions.of(expression)
        call = self._dimensions.call(expression)
        if call is not None:
            operands = [self.of(a) for a in call.operands]
            row, whole, options = call.row, call.whole, call.options
            return Entries(
                dims, lambda i: row.entry(self._arithmetic, i, *operands, *whole, **options)
            )
        operation = "*" if expression.operation == "hadamard" else expression.operation
        rule = OPERATIONS[operation]
        if rule.means is not None and (meant := rule.means(expression.arguments)) is not None:
            return self.of(meant)
        operands = [self.of(a) for a in rule.completed(expression.arguments)]
        if rule.chooses:
            condition, chosen, other = operands
            return Entries(dims, lambda i: _at(chosen if _at(condition, i) else other, i))
        return Entries(
            dims, lambda i: self._arithmetic.apply(operation, *[_at(o, i) for o in operands])
        )


def _at(array: Entries, index: Index) -> Any:
    """The entry that goes with a place of the result, by broadcasting."""
    own = index[len(index) - len(array.dims) :]
    return array[tuple(0 if size == 1 else k for k, size in zip(own, array.dims, strict=True))]
