"""The expression tree: what was written, frozen.

Nothing is evaluated, reordered or cancelled when a node is made: `1/2*(x+1)` stays a product of a
quotient and a sum, and `0.50` keeps its two decimals. Brackets are not nodes: the shape of the tree
says where they matter, and the printers write them there. Equality is structural and ignores `span`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from operator import is_not
from typing import Any, Final

_TOGETHER: Final = 50  # parts of one sum or product that are written in a row


class Expression:
    """A node. `span` is the half-open range of offsets in the text it was read from, if any."""

    __slots__ = ("_form", "_hash", "_holes", "_names", "depth", "size", "span")

    _form: Any  # of `stepsolve.operations.forms`, filled when first asked for
    _holes: Sequence[str]  # the names that its form has not, filled with it
    _hash: int | None  # filled when first asked for
    _names: Mapping[str, Name] | None  # filled when first asked for
    depth: int  # levels below and including this node
    size: int  # nodes below and including this node
    span: tuple[int, int] | None

    @property
    def children(self) -> tuple[Expression, ...]:
        return ()

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        """The same node over other children."""
        return self

    def _settle(self, span: tuple[int, int] | None, below: tuple[Expression, ...] = ()) -> None:
        self._form = self._hash = self._names = None
        self.span = span
        depth, size = 0, 1
        for child in below:
            size += child.size
            if child.depth > depth:
                depth = child.depth
        self.depth, self.size = depth + 1, size

    def _content(self) -> object:
        """What two equal nodes have in common."""
        raise NotImplementedError  # every node has its own

    def __hash__(self) -> int:
        known = self._hash
        if known is None:
            known = self._hash = hash(self._content())
        return known

    def __repr__(self) -> str:
        from stepsolve.notation.plain import plain

        return f"<{plain(self)}>"


class Number(Expression):
    """A decimal as typed, without sign: `2`, `0.50`, `1e-3`."""

    __slots__ = ("text",)

    def __init__(self, text: str, span: tuple[int, int] | None = None) -> None:
        self.text = text
        self._settle(span)

    def _content(self) -> object:
        return ("number", self.text)

    @property
    def value(self) -> int | Fraction:
        """The exact value of the decimal."""
        return int(self.text) if self.text.isdecimal() else Fraction(self.text)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Number) and self.text == other.text)

    __hash__ = Expression.__hash__


class Name(Expression):
    """A quantity by name: `w0`, `h_1`, `x'`, `df/dx`."""

    __slots__ = ("name",)

    def __init__(self, name: str, span: tuple[int, int] | None = None) -> None:
        self.name, self.span = name, span
        self._form = self._hash = self._names = None
        self.depth = self.size = 1

    def _content(self) -> object:
        return ("name", self.name)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Name) and self.name == other.name)

    __hash__ = Expression.__hash__


class Apply(Expression):
    """An operation of the table applied to its arguments: `+`, `neg`, `exp`, `max`, `diff` ..."""

    __slots__ = ("arguments", "operation")

    def __init__(
        self, operation: str, *arguments: Expression, span: tuple[int, int] | None = None
    ) -> None:
        self.operation = operation
        self.arguments = arguments
        self._settle(span, arguments)

    def _content(self) -> object:
        return (self.operation, self.arguments)

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.arguments

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Apply(self.operation, *children, span=self.span)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Apply)
            and hash(self) == hash(other)
            and self.operation == other.operation
            and self.arguments == other.arguments
        )

    __hash__ = Expression.__hash__


class Array(Expression):
    """A vector or, nested, a matrix: `[1, 2]`, `[[1, 2], [3, 4]]`."""

    __slots__ = ("items",)

    def __init__(self, *items: Expression, span: tuple[int, int] | None = None) -> None:
        self.items = items
        self._settle(span, items)

    def _content(self) -> object:
        return ("array", self.items)

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.items

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Array(*children, span=self.span)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Array) and hash(self) == hash(other) and self.items == other.items
        )

    __hash__ = Expression.__hash__


class Item(Expression):
    """An entry: `h[2]`, `W[0, 1]`."""

    __slots__ = ("base", "indices")

    def __init__(
        self, base: Expression, *indices: Expression, span: tuple[int, int] | None = None
    ) -> None:
        self.base = base
        self.indices = indices
        self._settle(span, (base, *indices))

    def _content(self) -> object:
        return ("item", self.base, self.indices)

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.base, *self.indices)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Item(*children, span=self.span)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Item)
            and hash(self) == hash(other)
            and self.base == other.base
            and self.indices == other.indices
        )

    __hash__ = Expression.__hash__


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, each before its children, from left to right."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _names(expression: Expression) -> dict[str, Name]:
    found: dict[str, Name] = {}
    waiting, seen = [expression], set()  # of what is shared, the first is enough
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name):
            if node.name not in found:
                found[node.name] = node
        elif node._names is not None:
            for name, first in node._names.items():
                found.setdefault(name, first)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting += reversed(node.children)
    return found


def names(expression: Expression) -> Mapping[str, Name]:
    """The names that occur, in order of first appearance, each with its first node."""
    known = expression._names
    if known is None:
        known = expression._names = _names(expression)
    return known


def transform(
    expression: Expression, change: Callable[[Expression], Expression | None]
) -> Expression:
    """The tree with `change` applied from the top: where it gives a node, that node stands instead."""
    done: dict[int, Expression] = {}

    def visit(node: Expression) -> Expression:
        known = done.get(id(node))
        if known is not None:
            return known
        result = change(node)
        if result is None:
            below = node.children
            new = tuple(map(visit, below))
            result = node.rebuilt(new) if any(map(is_not, new, below)) else node
        done[id(node)] = result
        return result

    return visit(expression)


def folded(
    put: Callable[[Expression, Expression], Expression], parts: Sequence[Expression]
) -> Expression:
    """Parts put together from the left; very many in groups, so that no tree becomes too deep."""
    if len(parts) > _TOGETHER:
        starts = range(0, len(parts), _TOGETHER)
        parts = [reduce(put, parts[start : start + _TOGETHER]) for start in starts]
    return reduce(put, parts)


def substitute(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The tree with expressions put for names; parts without those names are kept as they are."""

    done: dict[int, Expression] = {}
    replaced_names = values.keys()

    def put(node: Expression) -> Expression:
        if isinstance(node, Name):
            return values.get(node.name, node)
        if replaced_names.isdisjoint(names(node)):
            return node
        known = done.get(id(node))
        if known is None:
            known = done[id(node)] = node.rebuilt(tuple([put(child) for child in node.children]))
        return known

    return put(expression)


def replaced(expression: Expression, old: Expression, new: Expression) -> Expression:
    """The tree with one expression put for another wherever that stands."""
    return transform(expression, lambda node: new if node == old else None)
