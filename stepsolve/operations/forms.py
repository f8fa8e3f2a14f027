"""What expressions have in common that differ in their names alone.

A long worksheet repeats few forms: `sigmoid(w * h_1)` and `sigmoid(w * h_2)` are both
`sigmoid(#0 * #1)`. What holds for a form is worked out once: the order of its operations, and its
derivatives.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache, partial, reduce
from typing import Any, NamedTuple

from stepsolve.notation.tree import (
    Apply,
    Array,
    Expression,
    Item,
    Name,
    Number,
    transform,
    walk,
)
from stepsolve.operations.table import CONSTANTS, OPERATIONS

_Key = Any  # an expression as nested tuples, its holes counted from 0
_CONSTANT, _ARRAY, _ITEM = "", "[]", "[.]"  # no operations have these names


class Step(NamedTuple):
    """An operation, and where its arguments stand among the holes, leaves and results so far."""

    operation: str
    places: tuple[int, ...]


class Program(NamedTuple):
    """A form in operations on numbers: behind the holes stand leaves, then a result for each step.

    `floats` are the values of the leaves if they are numbers alone.
    """

    leaves: tuple[Name | Number, ...]
    steps: tuple[Step, ...]
    floats: tuple[float, ...] | None


class Form:
    """An expression over the holes `#0`, `#1`, ..., counted as they appear; constants are none.

    Two expressions of one form have the same object, see `form_of`.
    """

    def __init__(self, key: _Key, count: int) -> None:
        self._key = key
        self._is_apply = isinstance(key, tuple) and key[0] not in (_CONSTANT, _ARRAY, _ITEM)
        self.holes = tuple(f"#{k}" for k in range(count))

    @cached_property
    def tree(self) -> Expression:
        """The form itself as an expression."""
        return self.filled(self.holes)

    def filled(self, names: Sequence[str]) -> Expression:
        """The expression with names, no two of them the same, put into the holes."""
        return _Filled(self, names) if self._is_apply else _built(self._key, names)

    @cached_property
    def operations(self) -> frozenset[str]:
        """The names of its operations."""
        return frozenset(node.operation for node in walk(self.tree) if isinstance(node, Apply))

    @cached_property
    def is_scalar(self) -> bool:
        """Whether all its operations are those on numbers."""
        parts = (isinstance(node, Apply | Name | Number) for node in walk(self.tree))
        return self.operations <= OPERATIONS.keys() and all(parts)

    @cached_property
    def program(self) -> Program | None:
        """Its operations in order; None if it has others than those on numbers, or choices."""
        if not self.is_scalar or any(OPERATIONS[name].chooses for name in self.operations):
            return None
        nodes = list(_inner_first(transform(self.tree, _written_out), {}))
        operations = [node for node in nodes if isinstance(node, Apply)]
        leaves = tuple(n for n in nodes if isinstance(n, Name | Number) and not _is_hole(n))
        holes = map(Name, self.holes)
        place: dict[Expression, int]
        place = {node: k for k, node in enumerate((*holes, *leaves, *operations))}
        steps = (Step(n.operation, tuple(place[a] for a in n.arguments)) for n in operations)
        numbers = [float(leaf.text) for leaf in leaves if isinstance(leaf, Number)]
        floats = tuple(numbers) if len(numbers) == len(leaves) else None
        return Program(leaves, tuple(steps), floats)


class _Filled(Apply):
    """A form with names in its holes, put together when somebody looks into it.

    Of a long worksheet few lines are shown, and the others are worked out by their programs.
    """

    __slots__ = ()

    def __init__(self, form: Form, names: Sequence[str]) -> None:
        self._form, self._holes = form, names
        self._hash = self._names = self.span = None

    def __getattr__(self, attribute: str) -> Any:
        """Of an attribute that has no value yet."""
        form = self._form
        if attribute in ("depth", "size") and form.tree is not self:
            self.depth, self.size = form.tree.depth, form.tree.size
            return getattr(self, attribute)
        if attribute not in ("operation", "arguments", "depth", "size"):
            raise AttributeError(attribute)
        operation, *parts = form._key
        super().__init__(operation, *(_built(part, self._holes) for part in parts))
        self._form = form
        return getattr(self, attribute)


def form_of(expression: Expression) -> Form:
    """The form of an expression."""
    known: Form | None = expression._form
    if known is None:
        holes: dict[str, int] = {}
        key = _key(expression, holes)
        known = expression._form = _form(key, len(holes))
        expression._holes = tuple(holes)
    return known


def joined(operation: str, parts: Sequence[Expression]) -> Expression:
    """`a + b + c`: an operation between all parts, from the left."""
    holes = [hole for part in parts for hole in holes_of(part)]
    if len(parts) == 1 or len(set(holes)) < len(holes):
        return reduce(partial(Apply, operation), parts)
    return _joined(operation, tuple(map(form_of, parts))).filled(holes)


@lru_cache(maxsize=256)
def _joined(operation: str, forms: tuple[Form, ...]) -> Form:
    count = itertools.count()
    parts = [form.filled([f"#{next(count)}" for _ in form.holes]) for form in forms]
    return form_of(reduce(partial(Apply, operation), parts))


def laid_out(expression: Expression, values: Mapping[str, Any]) -> tuple[Program | None, list[Any]]:
    """The program of an expression and the values of the names in its holes.

    None if it has none, or no names: numbers seldom come twice. Raises `KeyError` for a name
    without a value.
    """
    form = form_of(expression)
    holes = expression._holes
    return form.program if holes else None, [*map(values.__getitem__, holes)]


def holes_of(expression: Expression) -> Sequence[str]:
    """The names that stand in the holes of the form of an expression, in order."""
    form_of(expression)
    return expression._holes


@lru_cache(maxsize=1024)
def _form(key: _Key, count: int) -> Form:
    return Form(key, count)


def _key(node: Expression, holes: dict[str, int]) -> _Key:
    match node:
        case _Filled():
            places = [holes.setdefault(name, len(holes)) for name in node._holes]
            return _renumbered(node._form._key, places)
        case Apply():
            return (node.operation, *[_key(a, holes) for a in node.arguments])
        case Name():
            name = node.name
            return (_CONSTANT, name) if name in CONSTANTS else holes.setdefault(name, len(holes))
        case Number():
            return node.text
        case _:
            inner = [_key(child, holes) for child in node.children]
            return (_ARRAY if isinstance(node, Array) else _ITEM, *inner)


def _renumbered(key: _Key, places: Sequence[int]) -> _Key:
    match key:
        case int():
            return places[key]
        case (kind, *parts) if kind != _CONSTANT:
            return (kind, *[_renumbered(part, places) for part in parts])
    return key


def _built(key: _Key, names: Sequence[str]) -> Expression:
    match key:
        case int():
            return Name(names[key])
        case str():
            return Number(key)
        case (kind, *parts):
            if kind == _CONSTANT:
                return Name(parts[0])
            inner = [_built(part, names) for part in parts]
            if kind == _ARRAY:
                return Array(*inner)
            return Item(*inner) if kind == _ITEM else Apply(kind, *inner)
    raise TypeError(f"no part of a form: {key}")


def _written_out(node: Expression) -> Expression | None:
    """With the arguments that are not written, and what some arguments mean together."""
    row = OPERATIONS.get(node.operation) if isinstance(node, Apply) else None
    if row is None or not isinstance(node, Apply):
        return None
    if row.means is not None and (meant := row.means(node.arguments)) is not None:
        return transform(meant, _written_out)
    full = row.completed(node.arguments)
    if len(full) == len(node.arguments):
        return None
    return Apply(node.operation, *(transform(part, _written_out) for part in full))


def _inner_first(node: Expression, found: dict[Expression, None]) -> dict[Expression, None]:
    """Every part once, each behind what it is made of."""
    if node not in found:
        for child in node.children:
            _inner_first(child, found)
        found[node] = None
    return found


def _is_hole(node: Name | Number) -> bool:
    return isinstance(node, Name) and node.name.startswith("#")
