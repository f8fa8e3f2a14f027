"""Matrix expressions and index notation in float64: every index an axis, sums over axes, by NumPy.

It shares no code with the oracle in high precision, which runs through the entries one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stepsolve.checking.scenes import Scene, open_function
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, walk
from stepsolve.operations.table import OPERATIONS, TENSORS

Floats = NDArray[np.float64]
_CONSTANTS = {"e": np.e, "pi": np.pi, "π": np.pi}


class FloatTensors:
    """The values of expressions in one scene, as arrays of two axes, or of none for scalars."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._known: dict[str, Floats] = {}
        for name, rows in scene.values.items():
            array = np.array(rows, dtype=np.float64)
            self._known[name] = array if scene.shapes[name].rank else array[0, 0]

    def matrix(self, expression: Expression) -> Floats:
        """The value of an expression in vectors and matrices."""
        if isinstance(expression, Number):
            return np.asarray(float(expression.text))
        if isinstance(expression, Name):
            return self._named(expression.name)
        if isinstance(expression, Apply):
            operation, arguments = expression.operation, expression.arguments
            if operation in ("eye", "ones"):
                count = self._scene.sizes[getattr(arguments[0], "name", 0)]
                return np.eye(count) if operation == "eye" else np.ones((count, 1))
            if not (operation == "sum" and len(arguments) > 1):
                return self._applied(operation, [self.matrix(a) for a in arguments])
        return self.entries(expression, (), {})

    def _named(self, name: str) -> Floats:
        if name not in self._known:
            line = self._scene.lines.get(name)
            if line is None:
                return np.asarray(_CONSTANTS[name])
            self._known[name] = self.matrix(line)
        return self._known[name]

    def _applied(self, operation: str, values: list[Floats]) -> Floats:
        row = TENSORS.get(operation)
        if row is None:
            entries: Floats = _elementwise(operation, values)
            return entries
        result = row.numpy(*(v if np.ndim(v) else np.reshape(v, (1, 1)) for v in values))
        found: Floats = np.array(result, dtype=np.float64)
        return found.reshape(()) if found.size == 1 else found

    def entries(
        self, expression: Expression, free: Sequence[str], sizes: Mapping[str, int]
    ) -> Floats:
        """The values of an expression in entries, one axis for each free index, in their order."""
        found = dict(sizes)
        for node in walk(expression):
            if isinstance(node, Item):
                base = self.matrix(node.base)
                shape = np.shape(base) if len(node.indices) == 2 else (np.size(base),)
                for index, size in zip(node.indices, shape, strict=True):
                    if isinstance(index, Name):
                        found.setdefault(index.name, size)
        bound = [name for name in found if name not in free]
        grid = _Grid(self, [*free, *bound], found)
        result = grid.evaluate(expression)
        full = [found[index] for index in free] + [1] * len(bound)
        return np.broadcast_to(result, full).reshape(full[: len(free)])


class _Grid:
    """Index notation where every index has an axis of its own."""

    def __init__(self, tensors: FloatTensors, order: Sequence[str], sizes: Mapping[str, int]):
        self._tensors, self._sizes = tensors, sizes
        self._axis = {index: k for k, index in enumerate(order)}

    def _range(self, index: str) -> Any:
        shape = [1] * len(self._axis)
        shape[self._axis[index]] = -1
        return np.arange(self._sizes[index]).reshape(shape)

    def _place(self, index: Expression) -> Any:
        if isinstance(index, Name):
            return self._range(index.name)
        if isinstance(index, Number):
            return int(index.text)
        raise OutsideDomain("an index", [index])

    def evaluate(self, expression: Expression) -> Any:
        if isinstance(expression, Item):
            base = self._tensors.matrix(expression.base)
            if len(expression.indices) == 1:
                base = np.ravel(base)
            return base[tuple(map(self._place, expression.indices))]
        if not isinstance(expression, Apply):
            return self._tensors.matrix(expression)
        operation, arguments = expression.operation, expression.arguments
        if operation == "delta":
            one, other = map(self._place, arguments)
            return np.equal(one, other).astype(np.float64)
        if operation == "sum" and len(arguments) > 1:
            body, index, *bounds = arguments
            if bounds or not isinstance(index, Name):
                raise OutsideDomain("a sum with bounds", [expression])
            axis, size = self._axis[index.name], self._sizes[index.name]
            terms = np.asarray(self.evaluate(body))
            terms = terms.reshape([1] * (len(self._axis) - terms.ndim) + list(terms.shape))
            full = [*terms.shape[:axis], size, *terms.shape[axis + 1 :]]
            return np.broadcast_to(terms, full).sum(axis=axis, keepdims=True)
        if operation in TENSORS or operation in ("eye", "ones"):
            return self._tensors.matrix(expression)
        return _elementwise(operation, [self.evaluate(a) for a in arguments])


def _elementwise(operation: str, values: list[Any]) -> Floats:
    row = OPERATIONS.get(operation)
    if row is None:
        opened: Floats = open_function(np, operation, *values)
        return opened
    missing = row.arity[1] - len(values) if row.defaults else 0
    defaults = [float(text) for text in row.defaults]
    with np.errstate(all="ignore"):
        found: Floats = row.numpy(*values, *(defaults[-missing:] if missing else []))
    return found
