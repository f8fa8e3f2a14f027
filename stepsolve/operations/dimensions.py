"""The sizes of arrays, worked out from those of their names before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from stepsolve.notation.indices import is_setting
from stepsolve.notation.plain import plain
from stepsolve.notation.shapes import ShapeError
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.array_operation import (
    ArrayOperation,
    Dims,
    Option,
    broadcast,
    size_words,
)
from stepsolve.operations.forms import Form, form_of, holes_of
from stepsolve.operations.shapes import Misfit
from stepsolve.operations.table import CONSTANTS, OPERATIONS, array_row

MOST_ENTRIES = 4_000_000  # of one array: 32 MB


class Call(NamedTuple):
    """The parts of an operation on arrays: its operands, its whole numbers and its settings."""

    row: ArrayOperation
    operands: tuple[Expression, ...]
    whole: tuple[int, ...]
    options: Mapping[str, Option]


class Sized(NamedTuple):
    """What expressions have in common that differ in their names alone, and the sizes in its holes."""

    form: Form
    dims: tuple[Dims, ...]

    def dimensions(self) -> Dimensions:
        """The sizes of the form's own expression."""
        return Dimensions(dict(zip(self.form.holes, self.dims, strict=True)), {})


class Dimensions:
    """The sizes of every expression over names of known sizes.

    `integers` are the values of names that may stand in indices and for sizes, and `counted` those
    that do.
    """

    def __init__(self, known: Mapping[str, Dims], integers: Mapping[str, int]) -> None:
        self.known = dict(known)
        self.integers = integers
        self.counted: set[str] = set()
        self._memory: dict[Expression, Dims] = {}
        self._calls: dict[Expression, Call | None] = {}
        self._by_form: dict[Sized, Dims] = {}

    def of(self, expression: Expression) -> Dims:
        """The sizes of an expression. Raises `Misfit` at the part where they do not fit."""
        if isinstance(expression, Name):
            return self._named(expression)
        if isinstance(expression, Number):
            return ()
        found = self._memory.get(expression)
        if found is None:
            found = self._memory[expression] = self._find(expression)
            if prod(found) > MOST_ENTRIES:
                raise Misfit(f"{prod(found)} entries are too many", expression)
        return found

    def of_line(self, expression: Expression) -> Dims:
        """The same for a whole line, where many are of one form and sizes."""
        sized = self.sized(expression)
        if sized is None:
            return self.of(expression)
        if sized not in self._by_form:
            self._by_form[sized] = self.of(expression)
        return self._by_form[sized]

    def sized(self, expression: Expression) -> Sized | None:
        """The form and sizes by which other expressions are worked out alike; None if there are none.

        That is so where the value of a name, in an index or for a size, has a part in it.
        """
        holes = holes_of(expression)
        known, integers = self.known, self.integers
        if integers and any(map(integers.__contains__, holes)):
            return None
        if not known.keys().isdisjoint(CONSTANTS):
            return None
        try:
            return Sized(form_of(expression), tuple([known[hole] for hole in holes]))
        except KeyError:
            return None

    def misfits(self, expression: Expression) -> list[Misfit]:
        """Every part whose sizes do not fit, of those that do not hang on another one."""
        found = [error for part in _operands(expression) for error in self.misfits(part)]
        if not found:
            try:
                self.of(expression)
            except Misfit as error:
                found.append(error)
        return found

    def call(self, expression: Apply) -> Call | None:
        """The parts of an operation on arrays; None for one entry by entry."""
        if expression in self._calls:
            return self._calls[expression]
        found = self._calls[expression] = self._parts(expression)
        return found

    def _parts(self, expression: Apply) -> Call | None:
        operands, settings = _split(expression)
        row = array_row(expression.operation, [len(self.of(a)) for a in operands[:2]])
        if row is None:
            return None
        count = len(operands) if row.whole is None else row.whole
        whole = tuple(self.whole(part) for part in operands[count:])
        options = {s.operation: self._option(s.arguments[0]) for s in settings}
        return Call(row, operands[:count], whole, options)

    def _option(self, expression: Expression) -> Option:
        """The value of a setting: a whole number, or one for each axis."""
        if isinstance(expression, Array):
            return tuple(map(self.whole, expression.items))
        return self.whole(expression)

    def whole(self, expression: Expression) -> int:
        """A whole number that is known beforehand: an index, a size, an axis."""
        match expression:
            case Number(text=text) if text.isdecimal() and len(text) < 10:
                return int(text)
            case Apply(operation="neg", arguments=(inner,)):
                return -self.whole(inner)
            case Apply(operation="+" | "-" as sign, arguments=(one, other)):
                right = self.whole(other)
                return self.whole(one) + (right if sign == "+" else -right)
            case Name(name=name) if name in self.integers:
                self.counted.add(name)
                return self.integers[name]
        raise Misfit("a whole number belongs here, or the name of a given one", expression)

    def place(self, item: Item) -> tuple[int | slice | tuple[int, ...], ...]:
        """What an index picks along each axis: a place, a stretch, or several places."""
        dims = self.of(item.base)
        if len(item.indices) > len(dims):
            told = (
                f"{one_line(item.base)} {size_words(dims)}, and has no {len(item.indices)} indices"
            )
            raise Misfit(told, item)
        return tuple(
            self._picked(index, size, item) for index, size in zip(item.indices, dims, strict=False)
        )

    def _picked(self, index: Expression, size: int, item: Item) -> int | slice | tuple[int, ...]:
        match index:
            case Apply(operation="slice", arguments=(start, *end)):
                first = self.whole(start)
                last = self.whole(end[0]) if end else size
                if not 0 <= first < last <= size:
                    raise Misfit(f"{first}:{last} is not within {size} entries", item)
                return slice(first, last)
            case Array(items=items):
                return tuple(self._within(part, size, item) for part in items)
        return self._within(index, size, item)

    def _within(self, index: Expression, size: int, item: Item) -> int:
        found = self.whole(index)
        if not -size <= found < size:
            told = f"there is no entry {found} of {size}"
            raise Misfit(told, index if index.span else item, "entries are counted from 0")
        return found % size

    def _named(self, name: Name) -> Dims:
        if name.name in self.known:
            return self.known[name.name]
        if name.name in CONSTANTS:
            return ()
        hint = f"a symbol among arrays has sizes: given: {{{name.name}: {{shape: [2, 3]}}}}"
        raise Misfit(f"{name.name} has no value", name, hint)

    def _find(self, expression: Expression) -> Dims:
        match expression:
            case Array(items=items):
                return self._array(expression, items)
            case Item():
                return self._item(expression)
            case Apply():
                return self._applied(expression)
        raise Misfit("this has no place among arrays", expression)

    def _array(self, expression: Expression, items: tuple[Expression, ...]) -> Dims:
        shapes = [self.of(item) for item in items]
        if not shapes:
            raise Misfit("an array has at least one entry", expression)
        for item, dims in zip(items, shapes, strict=True):
            if dims != shapes[0]:
                told = (
                    f"the rows of an array have one length: {_sized(shapes[0])}, not {_sized(dims)}"
                )
                raise Misfit(told, item)
        return (len(items), *shapes[0])

    def _item(self, item: Item) -> Dims:
        found: list[int] = []
        dims = self.of(item.base)
        picked = self.place(item)
        if sum(isinstance(p, tuple) for p in picked) and len(picked) > 1:
            raise Misfit("several places are picked along one axis alone: E[[2, 0]]", item)
        for part in picked:
            if isinstance(part, slice):
                found.append(part.stop - part.start)
            elif isinstance(part, tuple):
                found.append(len(part))
        return (*found, *dims[len(picked) :])

    def _applied(self, expression: Apply) -> Dims:
        operation = expression.operation
        if operation in ("diff", "partial", "limit", "delta", "slice") or is_setting(expression):
            raise Misfit(f"{operation} has no place among arrays", expression)
        try:
            call = self.call(expression)
            if call is not None:
                shapes = [self.of(a) for a in call.operands]
                return call.row.shape(*shapes, *call.whole, **call.options)
            if operation not in OPERATIONS and operation != "hadamard":
                raise Misfit(f"{operation} is not an operation on arrays", expression)
            return broadcast(*(self.of(a) for a in expression.arguments))
        except ShapeError as error:
            arguments = expression.arguments
            raise Misfit(
                _filled(error.message, one_line(expression), list(map(one_line, arguments))),
                expression,
                _filled(error.hint, plain(expression), list(map(plain, arguments))),
            ) from None


def _sized(dims: Dims) -> str:
    return " × ".join(map(str, dims)) if dims else "a number"


def _split(expression: Apply) -> tuple[tuple[Expression, ...], tuple[Apply, ...]]:
    """The arguments of a call, and its settings."""
    arguments = expression.arguments
    settings = tuple(a for a in arguments if isinstance(a, Apply) and is_setting(a))
    return arguments[: len(arguments) - len(settings)], settings


def _operands(expression: Expression) -> Sequence[Expression]:
    """The parts that have sizes of their own."""
    match expression:
        case Apply():
            operands, _ = _split(expression)
            row = array_row(expression.operation, [])
            return operands if row is None or row.whole is None else operands[: row.whole]
        case Item(base=base):
            return (base,)
    return expression.children


def _filled(template: str, whole: str, parts: list[str]) -> str:
    template = template.replace("#0", whole)
    for k, part in reversed(list(enumerate(parts, 1))):
        template = template.replace(f"#{k}", part)
    return template
