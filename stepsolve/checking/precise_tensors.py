"""Matrix expressions and index notation in high precision: entry by entry, sums as loops, by mpmath.

The oracle of index calculus: it knows no rule of differentiation, only differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product as cartesian
from typing import Any

from stepsolve.checking.contraction import contracted
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.scenes import Scene, open_function
from stepsolve.errors import OutsideDomain
from stepsolve.notation.indices import is_indexed, is_summation
from stepsolve.notation.shapes import Size
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, substitute, walk
from stepsolve.operations.table import OPERATIONS, TENSORS

Indices = Mapping[str, int]
"""The values of indices, which count from 1."""


class PreciseTensors:
    """The values of expressions in one scene. Scalars are mpf, everything else matrices."""

    def __init__(self, scene: Scene, precise: Precise | None = None) -> None:
        self.scene = scene
        self.precise = precise or Precise()
        self._mp = self.precise.mp
        self._known: dict[str, Any] = {}
        for name, rows in scene.values.items():
            matrix = self._mp.matrix(rows)
            self._known[name] = matrix if scene.shapes[name].rank else matrix[0, 0]
        self._memory: dict[Expression, Any] = {}
        self._slopes: dict[tuple[object, ...], Value] = {}

    def _with(self, changed: Mapping[str, Any], frozen: bool = False) -> PreciseTensors:
        """The same scene with other values of some names; `frozen` lines keep the values they have."""
        other = PreciseTensors.__new__(PreciseTensors)
        other.scene, other.precise, other._mp = self.scene, self.precise, self._mp
        lines = {name: self.name(name) for name in self.scene.lines} if frozen else {}
        other._known = {**self._known, **lines, **changed}
        other._memory, other._slopes = {}, {}
        return other

    def name(self, name: str) -> Any:
        """The value of a name: as drawn, or worked out from its line."""
        if name not in self._known:
            line = self.scene.lines.get(name)
            if line is None:
                return self.precise.constants[name]
            self._known[name] = self.matrix(line)
        return self._known[name]

    def sizes(self, *expressions: Expression) -> dict[str, int]:
        """How far each index runs that some expression puts to an axis."""
        found: dict[str, int] = {}
        for expression in expressions:
            for node in walk(expression):
                if isinstance(node, Item) and is_indexed(node):
                    base = self._grown(self.matrix(node.base))
                    whole = len(node.indices) == 1
                    axes = [base.rows * base.cols] if whole else [base.rows, base.cols]
                    for index, size in zip(node.indices, axes, strict=True):
                        if isinstance(index, Name):
                            found[index.name] = size
        return found

    def entries(
        self, expression: Expression, free: Iterable[str], sizes: Mapping[str, int]
    ) -> Iterator[Value]:
        """The value for every combination of the free indices, in order."""
        order = tuple(free)
        for values in cartesian(*(range(1, sizes[index] + 1) for index in order)):
            yield self.scalar(expression, {**dict(zip(order, values, strict=True))}, sizes)

    # ------------------------------------------------------------------- vectors and matrices

    def matrix(self, expression: Expression) -> Any:
        """The value of an expression in vectors and matrices.

        Raises `OutsideDomain` where there is none.
        """
        known = self._memory.get(expression)
        if known is None:
            known = self._memory[expression] = self._matrix(expression)
        return known

    def _matrix(self, expression: Expression) -> Any:
        match expression:
            case Name(name=name):
                return self.name(name)
            case Number(text=text):
                return self.precise.number(text)
            case Item():
                return self.scalar(expression, {}, self.sizes(expression))
            case Apply() if is_summation(expression):
                return self.scalar(expression, {}, self.sizes(expression))
            case Apply(operation="eye" | "ones" as operation, arguments=(size,)):
                count = self._count(size)
                return self._mp.eye(count) if operation == "eye" else self._mp.ones(count, 1)
            case Apply(operation=operation, arguments=arguments):
                return self._applied(operation, [self.matrix(a) for a in arguments])
        raise OutsideDomain("a tensor", [expression])

    def _count(self, size: Expression) -> int:
        key: Size = size.name if isinstance(size, Name) else int(getattr(size, "text", "0"))
        return self.scene.sizes.get(key, 1)

    def _applied(self, operation: str, values: list[Any]) -> Any:
        row = TENSORS.get(operation)
        if row is None:
            return self._elementwise(operation, values)
        given = [self._grown(v) for v in values]
        try:
            result = row.precise(self._mp, *given)
        except ZeroDivisionError as error:
            raise OutsideDomain(operation, ["a singular matrix"]) from error
        if hasattr(result, "rows") and result.rows == result.cols == 1:
            return result[0, 0]
        return result

    def _grown(self, value: Any) -> Any:
        """A scalar as a matrix of one entry."""
        return value if hasattr(value, "rows") else self._mp.matrix([[value]])

    def _elementwise(self, operation: str, values: list[Any]) -> Any:
        matrices = [v for v in values if hasattr(v, "rows")]
        if not matrices:
            return self._number(operation, values)
        rows, cols = matrices[0].rows, matrices[0].cols
        result = self._mp.matrix(rows, cols)
        for i in range(rows):
            for j in range(cols):
                here = [v[i, j] if hasattr(v, "rows") else v for v in values]
                result[i, j] = self._number(operation, here)
        return result

    def _number(self, operation: str, values: list[Value]) -> Value:
        if operation not in OPERATIONS:
            return open_function(self._mp, operation, *values)
        row = OPERATIONS[operation]
        defaults = [self.precise.evaluate(d, Point({})) for d in row.default_trees]
        missing = row.arity[1] - len(values) if row.defaults else 0
        return self.precise.apply(operation, values + (defaults[-missing:] if missing else []))

    # ------------------------------------------------------------------------- index notation

    def scalar(self, expression: Expression, indices: Indices, sizes: Mapping[str, int]) -> Value:
        """The value of an expression in entries, for values of its free indices."""
        match expression:
            case Name(name=name) if name in indices:
                return self._mp.mpf(indices[name])
            case Number() | Name():
                return self.matrix(expression)
            case Item(base=base, indices=places):
                return self._entry(
                    self._grown(self.matrix(base)), [self._place(p, indices) for p in places]
                )
            case Apply(operation="delta", arguments=(one, other)):
                return self._mp.mpf(self._place(one, indices) == self._place(other, indices))
            case Apply(operation="diff" | "partial" as operation, arguments=(body, by)):
                return self._slope(operation, body, by, indices, sizes)
            case Apply(operation=operation, arguments=arguments):
                if is_summation(expression):
                    return self._sum(arguments, indices, sizes)
                if operation in TENSORS or operation in ("eye", "ones"):
                    return self.matrix(expression)
                return self._number(operation, [self.scalar(a, indices, sizes) for a in arguments])
        raise OutsideDomain("index notation", [expression])

    def _sum(
        self, arguments: tuple[Expression, ...], indices: Indices, sizes: Mapping[str, int]
    ) -> Value:
        body, index, *bounds = arguments
        assert isinstance(index, Name)
        if bounds:
            first, last = (self._index(bound, indices) for bound in bounds)
            places = range(first, last + 1)
            at = ({**indices, index.name: place} for place in places)
            return self._mp.fsum(self.scalar(body, place, sizes) for place in at)
        bound = [index.name]
        while is_summation(body) and len(body.children) == 2:
            body, index = body.children
            assert isinstance(index, Name)
            bound.append(index.name)
        return contracted(
            body, bound, sizes, lambda part, own: self.scalar(part, {**indices, **own}, sizes)
        )

    def _place(self, index: Expression, indices: Indices) -> int:
        """The position that an index points at, from 0; letters count from 1."""
        value = self._index(index, indices)
        return value - 1 if names(index) else value

    def _index(self, index: Expression, indices: Indices) -> int:
        match index:
            case Name(name=name):
                return indices[name] if name in indices else self.scene.sizes[name]
            case Number(text=text):
                return int(text)
            case Apply(operation="+" | "-" as sign, arguments=(a, b)):
                left, right = self._index(a, indices), self._index(b, indices)
                return left + right if sign == "+" else left - right
        raise OutsideDomain("an index", [index])

    @staticmethod
    def _entry(base: Any, places: list[int]) -> Value:
        axes = (base.rows * base.cols,) if len(places) == 1 else (base.rows, base.cols)
        if any(not 0 <= at < size for at, size in zip(places, axes, strict=True)):
            raise OutsideDomain("an entry", places)
        if len(places) == 2:
            return base[places[0], places[1]]
        return base[places[0], 0] if base.cols == 1 else base[0, places[0]]

    def _slope(
        self,
        operation: str,
        body: Expression,
        by: Expression,
        indices: Indices,
        sizes: Mapping[str, int],
    ) -> Value:
        """By differences: `diff` runs all lines again, `partial` only the line it is of."""
        used = tuple((n, indices[n]) for n in (*names(body), *names(by)) if n in indices)
        key = operation, body, by, used
        if key not in self._slopes:
            self._slopes[key] = self._difference(operation, body, by, indices, sizes)
        return self._slopes[key]

    def _difference(
        self,
        operation: str,
        body: Expression,
        by: Expression,
        indices: Indices,
        sizes: Mapping[str, int],
    ) -> Value:
        frozen = operation == "partial"
        variable, places = by, [0, 0]
        if isinstance(by, Item):
            variable = by.base
            places = [self._place(place, indices) for place in by.indices]
        assert isinstance(variable, Name)
        line = body.base if isinstance(body, Item) else body
        if frozen and isinstance(line, Name) and line != variable:
            body = substitute(body, self.scene.lines)
        at = self.name(variable.name)
        step = self._mp.ldexp(1, -(self._mp.prec // 3))
        sides = []
        for sign in (1, -1):
            moved = self._moved(at, places, sign * step)
            here = self._with({variable.name: moved}, frozen)
            if not frozen:
                for name in self.scene.lines:
                    if name != variable.name:
                        here._known.pop(name, None)
            sides.append(here.scalar(body, indices, sizes))
        return (sides[0] - sides[1]) / (2 * step)

    @staticmethod
    def _moved(at: Any, places: list[int], step: Value) -> Any:
        if not hasattr(at, "rows"):
            return at + step
        moved = at.copy()
        if len(places) == 1:
            places = [places[0], 0] if at.cols == 1 else [0, places[0]]
        moved[places[0], places[1]] += step
        return moved
