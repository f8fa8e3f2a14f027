"""The values of what a hand wrote: numbers and arrays of 50 digits, and ranges in float64.

On paper `W x` is the product of a matrix and a vector, and a vector is a column or a row as it fits.
In the expression language `*` works entry by entry and `@` is the product; `paper` says which is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import prod
from typing import Any, Final

import numpy as np

from stepsolve.checking.arrays import PreciseSheet, work
from stepsolve.checking.precise import Point, Precise
from stepsolve.errors import OutsideDomain, StepsolveError
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.array_operation import Dims, Index
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.entries import Entries
from stepsolve.operations.shapes import Misfit
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.arrays import ArrayValues
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.evaluation import value as float_value

Exact = Any  # an mpf, or a NumPy array of them
Floats = Any  # a float, or a NumPy array of them
PRECISE: Final = Decimal("1e-35")
"""The error of a value of 50 digits, relative to its size and to 1."""
_AFFORDABLE: Final = 40_000  # operations on numbers that are done with 50 digits
_MOST: Final = 2_000_000  # operations on numbers that are done at all


class NoValue(StepsolveError):
    """What cannot be worked out: an unknown name, sizes that do not fit, too much work."""


class Undefined(NoValue):
    """An expression that cannot have a value, such as log(-1), whatever else is known."""


class Arithmetic:
    """Works out expressions over known values."""

    def __init__(self, integers: Mapping[str, int] | None = None) -> None:
        self.precise = Precise()
        self._integers = integers or {}

    def value(self, expression: Expression, known: Mapping[str, Exact], paper: bool) -> Exact:
        """The value of an expression. Raises `NoValue` where it has none."""
        try:
            if is_scalar(expression, known):
                return self.precise.evaluate(expression, Point(known))
            return self._array(expression, known, paper)
        except KeyError as error:
            raise NoValue(f"{error.args[0]} has no value") from None
        except Misfit as error:
            raise NoValue(error.message) from None
        except OutsideDomain as error:
            told = LineError("", expression, error)
            raise (Undefined if told.is_undefined else NoValue)(told.reason) from None
        except RecursionError:  # the levels are counted, but the caller may be deep down himself
            raise NoValue("this is nested too deep") from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise NoValue("this has no value") from error

    def _array(self, expression: Expression, known: Mapping[str, Exact], paper: bool) -> Exact:
        dimensions = self.dimensions(known)
        fitted = on_paper(expression, dimensions) if paper else expression
        dims = dimensions.of(fitted)
        amount = max(work(fitted, dimensions), prod(dims))
        if amount > _MOST:
            raise NoValue("this is too much work")
        if amount > _AFFORDABLE:
            with np.errstate(all="ignore"):
                floats = ArrayValues(dimensions).value(fitted, in_floats(known))
            return np.vectorize(self.precise.mp.mpf, otypes=[object])(floats)
        entries = PreciseSheet(dimensions, self.precise).array(
            fitted, {name: self._entries(value) for name, value in known.items()}
        )
        if not dims:
            return entries[()]
        found = np.empty(dims, dtype=object)
        for index, value in entries.items():
            found[index] = value
        return found

    def dimensions(self, known: Mapping[str, Any]) -> Dimensions:
        """The sizes of the known values."""
        return Dimensions({n: np.shape(value) for n, value in known.items()}, self._integers)

    def floats(self, expression: Expression, known: Mapping[str, Floats], paper: bool) -> Floats:
        """The value in float64. Raises `NoValue` where there is none."""
        try:
            with np.errstate(all="ignore"):
                if is_scalar(expression, known):
                    return float(float_value(expression, known))
                dimensions = self.dimensions(known)
                fitted = on_paper(expression, dimensions) if paper else expression
                dimensions.of(fitted)  # what follows takes for granted that sizes fit
                return ArrayValues(dimensions, demanding=False).value(fitted, known)
        except (
            StepsolveError,
            KeyError,
            ArithmeticError,
            ValueError,
            TypeError,
            RecursionError,
        ) as error:
            raise NoValue("this has no value") from error

    def decimal(self, value: Exact) -> Decimal:
        """A value as a decimal; one of a large array is a float, and stands for its shortest one."""
        if isinstance(value, float):
            return Decimal(repr(float(value)))
        return self.precise.decimal(value)

    def same(self, one: Exact, other: Exact) -> bool:
        """Whether two values have the same entries, but for what 50 digits leave."""
        pairs = list(zip(flat(one), flat(other), strict=False))
        if not np.size(one) == np.size(other) == len(pairs):
            return False
        decimals = ((self.decimal(a), self.decimal(b)) for a, b in pairs)
        return all(abs(a - b) <= PRECISE * max(Decimal(1), abs(a)) for a, b in decimals)

    def _entries(self, value: Exact) -> Entries:
        def entry(index: Index) -> Exact:
            found = value[index] if index else value
            return self.exactly(float(found)) if isinstance(found, float) else found

        return Entries(np.shape(value), entry)

    def exactly(self, number: Decimal | float) -> Exact:
        """A decimal in high precision; a float stands for its shortest decimal."""
        return self.precise.mp.mpf(str(number))


def is_scalar(expression: Expression, known: Mapping[str, Any]) -> bool:
    """Whether an expression is of numbers alone, so that no sizes need to be looked at."""
    match expression:
        case Name(name=name):
            return not np.shape(known[name]) if name in known else True
        case Number():
            return True
        case Array() | Item():
            return False
        case Apply(operation=operation, arguments=arguments):
            known_row = operation in OPERATIONS or operation == "diff"
            return known_row and all(is_scalar(part, known) for part in arguments)
    return False


def on_paper(expression: Expression, dimensions: Dimensions) -> Expression:
    """The expression with every product of arrays as the operation that it means by their sizes."""

    def rank(node: Expression) -> int:
        return len(dimensions.of(node))

    def read(node: Expression) -> Expression:
        match node:
            case Apply(operation="*", arguments=(left, right)):
                one, other = read(left), read(right)
                if _is_transposed_vector(other, rank) and rank(one) == 1:
                    return Apply("outer", one, other.children[0])
                one, other = _upright(one, rank), _upright(other, rank)
                product = "@" if rank(one) and rank(other) else "*"
                return Apply(product, one, other, span=node.span)
            case Apply(operation="+" | "-" | "/" | "hadamard" as sign, arguments=(left, right)):
                one, other = (_upright(read(part), rank) for part in (left, right))
                return Apply(sign, *_beside(one, other, dimensions), span=node.span)
            case Apply(operation="T", arguments=(inner,)):
                return Apply("T", read(inner), span=node.span)
            case Apply():
                parts = tuple(_upright(read(part), rank) for part in node.arguments)
                return node.rebuilt(parts)
        return node.rebuilt(tuple(read(part) for part in node.children))

    return _upright(read(expression), rank)


def _is_transposed_vector(node: Expression, rank: Callable[[Expression], int]) -> bool:
    match node:
        case Apply(operation="T", arguments=(inner,)):
            return rank(inner) == 1
    return False


def _upright(node: Expression, rank: Callable[[Expression], int]) -> Expression:
    """A transposed vector as the vector itself: with one axis it is neither row nor column."""
    return node.children[0] if _is_transposed_vector(node, rank) else node


def _beside(one: Expression, other: Expression, dimensions: Dimensions) -> Iterator[Expression]:
    """Two operands of an entrywise operation: a vector lies or stands as the other one does."""
    left, right = dimensions.of(one), dimensions.of(other)
    for part, own, beside in ((one, left, right), (other, right, left)):
        stands = len(own) == 1 and len(beside) == 2 and 1 in beside and prod(beside) == own[0]
        sizes = (Number(str(n)) for n in beside)
        yield Apply("reshape", part, *sizes) if stands else part


def in_floats(known: Mapping[str, Exact]) -> dict[str, Floats]:
    """Values in float64."""
    return {
        name: np.asarray(value, dtype=float) if np.shape(value) else float(value)
        for name, value in known.items()
    }


def flat(value: Any) -> list[Any]:
    """The entries of a value, in order."""
    return list(np.ravel(value)) if np.shape(value) else [value]


def alike(one: Dims, other: Dims) -> bool:
    """Whether two sizes are the same on paper, where a vector may lie or stand and [3] is 3."""
    return tuple(n for n in one if n != 1) == tuple(n for n in other if n != 1)
