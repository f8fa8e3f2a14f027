"""What expressions have in common that differ in their names alone.

A long worksheet repeats few forms: `sigmoid(w * h_1)` and `sigmoid(w * h_2)` are both
`sigmoid(#0 * #1)`. What holds for a form is worked out once: the order of its operations, and its
derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from stepsolve.notation.tree import (
    Apply,
    Array,
    Expression,
    Item,
    Name,
    Number,
    names,
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
    """A form in operations on numbers: behind the holes stand leaves, then a result for each step."""

    leaves: tuple[Name | Number, ...]
    steps: tuple[Step, ...]


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
        return self.filled([Name(hole) for hole in self.holes])

    def filled(self, nodes: Sequence[Name]) -> Expression:
        """The expression with names, no two of them the same, put for the holes."""
        return _Filled(self, nodes) if self._is_apply else _built(self._key, nodes)

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
        return Program(leaves, tuple(steps))


class _Filled(Apply):
    """A form with names in its holes, put together when somebody looks into it.

    Of a long worksheet few lines are shown, and the others are worked out by their programs.
    """

    __slots__ = ("_nodes",)

    def __init__(self, form: Form, nodes: Sequence[Name]) -> None:
        self._form, self._nodes = form, nodes
        self._hash = self._names = self.span = None

    def __getattr__(self, attribute: str) -> Any:
        """Of an attribute that has no value yet."""
        if attribute not in ("operation", "arguments", "depth", "size"):
            raise AttributeError(attribute)
        form = self._form
        operation, *parts = form._key
        super().__init__(operation, *(_built(part, self._nodes) for part in parts))
        self._form = form
        return getattr(self, attribute)


def form_of(expression: Expression) -> Form:
    """The form of an expression."""
    known: Form | None = expression._form
    if known is None:
        holes: dict[str, int] = {}
        key = _key(expression, holes)
        known = expression._form = _form(key, len(holes))
    return known


def program_of(expression: Expression) -> tuple[Program | None, list[str]]:
    """The program of an expression and the names in its holes.

    None if it has none, or no names: numbers seldom come twice.
    """
    holes = holes_of(expression)
    return form_of(expression).program if holes else None, holes


def holes_of(expression: Expression) -> list[str]:
    """The names that stand in the holes of the form of an expression, in order."""
    if isinstance(expression, _Filled):
        return [node.name for node in expression._nodes]
    return [name for name in names(expression) if name not in CONSTANTS]


@lru_cache(maxsize=1024)
def _form(key: _Key, count: int) -> Form:
    return Form(key, count)


def _key(node: Expression, holes: dict[str, int]) -> _Key:
    match node:
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


def _built(key: _Key, nodes: Sequence[Name]) -> Expression:
    match key:
        case int():
            return nodes[key]
        case str():
            return Number(key)
        case (kind, *parts):
            if kind == _CONSTANT:
                return Name(parts[0])
            inner = [_built(part, nodes) for part in parts]
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
