"""The working of lines of arrays: numbers put in, the value as shown, how each entry comes about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial, reduce
from math import prod
from typing import Any, Final

from stepsolve.checking.arrays import work
from stepsolve.derivation import Equation, Worked
from stepsolve.errors import StepsolveError
from stepsolve.notation.indices import is_setting
from stepsolve.notation.numbers import Digits, is_exact, number
from stepsolve.notation.tree import (
    Apply,
    Array,
    Expression,
    Item,
    Name,
    Number,
    names,
    substitute,
    transform,
    walk,
)
from stepsolve.operations.array_operation import Dims, Index, places
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.entries import ArrayEntries, Entries
from stepsolve.worksheet.lines import Line

READABLE: Final = 64  # entries of an array that is shown whole
_LONG: Final = 12  # entries along one axis beyond which it is shown in part
_PUT_IN: Final = 48  # entries of all arrays that are put into one formula
_EACH: Final = 36  # entries whose arithmetic is shown one by one
_LONGEST: Final = 90  # nodes of the arithmetic of one entry
_CORNER: Final = 3  # entries of every axis of a larger array that are shown
_TERMS: Final = 8  # terms of a sum beyond which it is shown in part
_DOTS: Final = Name("...")
_REDUCTIONS: Final = ("sum", "mean", "var", "max", "min", "norm", "logsumexp")
_ARRANGING: Final = ("T", "concat", "stack", "reshape", "pad", "flip", "windows", "banded")


class WrittenArithmetic:
    """The arithmetic of entries as expressions."""

    def leaf(self, leaf: Name | Number) -> Expression:
        return leaf

    def number(self, value: int) -> Expression:
        return Number(str(value))

    def apply(self, operation: str, *arguments: Expression) -> Expression:
        return Apply(operation, *arguments)

    def total(self, terms: Sequence[Expression]) -> Expression:
        result = terms[0]
        for term in terms[1:]:
            if isinstance(term, Apply) and term.operation == "neg":
                result = Apply("-", result, term.arguments[0])
            else:
                result = Apply("+", result, term)
        return result

    def vanishes(self, value: Expression) -> bool:
        return value == Number("0")

    def excess(self, values: Sequence[Expression]) -> None:
        return None


class ArrayWorkings:
    """Works out lines from the values of all names, as decimals by name and index."""

    def __init__(
        self,
        dimensions: Dimensions,
        decimal: Callable[[str, Index], Decimal],
        known: Callable[[str], bool],
        digits: Digits,
    ) -> None:
        self._dimensions, self._digits = dimensions, digits
        self._decimal, self._known = decimal, known
        self._shown: dict[tuple[str, bool], Expression] = {}

    def entry(self, name: str, index: Index = ()) -> Expression:
        """One entry as it is shown."""
        return number(self._decimal(name, index), self._digits)

    def is_exact(self, name: str, index: Index = ()) -> bool:
        """Whether an entry is shown without rounding."""
        return is_exact(self._decimal(name, index), self._digits)

    def shown(self, name: str, column: bool = False) -> Expression:
        """The value of a name; of a large one its corner. A vector lies, or stands as a column."""
        known = self._shown.get((name, column))
        if known is None:
            known = self._shown[name, column] = drawn(self._entries_of(name), column)
        return known

    def _entries_of(self, name: str) -> Entries:
        """The entries of a quantity as they are shown."""
        return Entries(self._dimensions.known[name], lambda index: self.entry(name, index))

    def rounded(self, name: str) -> bool:
        """Whether an entry that is shown is rounded."""
        dims = self._dimensions.known[name]
        return not all(self.is_exact(name, index) for index in _visible(dims))

    def line(self, line: Line, value: Any) -> Worked:
        """The line with its working; `value` is a number or an array, None for a line without one."""
        dims = self._dimensions.known[line.name]
        base = Worked(
            line.name,
            line.expression,
            paper=on_paper(line.expression, self._dimensions),
            shape=dims,
            because=line.because,
            section=line.section,
            note=line.note,
            detail=line.detail,
        )
        if value is None:
            return base
        stands = bool(dims) and self._stands(line.expression)
        working = self._numbers(line.expression, stands)
        base = base._replace(working=working, numbers=value)
        if not dims:
            return base._replace(decimal=self._decimal(line.name, ()))
        array = self.shown(line.name, stands)
        if _only_moves(line.expression):
            base = base._replace(working=())
        return base._replace(
            array=array, rounded=self.rounded(line.name), entries=self._entries(line)
        )

    def _rows_of_matrices(self, expression: Expression) -> set[Expression]:
        """The vectors that go with every row of a matrix, by broadcasting."""
        dims = self._dimensions
        return {
            part
            for node in walk(expression)
            if isinstance(node, Apply) and node.operation != "slice" and not is_setting(node)
            if len(dims.of(node)) == 2 and dims.call(node) is None
            for part in node.arguments
            if isinstance(part, Name | Item)
        }

    def _stands(self, expression: Expression) -> bool:
        """Whether vectors are drawn as columns: to the right of a product, or taken from one."""
        dims = self._dimensions.of
        for node in walk(expression):
            match node:
                case Apply(operation="outer"):
                    return True
                case Item(indices=(Apply(operation="slice"), _)):  # a column of a matrix
                    return True
                case Apply(operation="@", arguments=(_, right)) if len(dims(right)) == 1:
                    return True
        return False

    def _numbers(self, expression: Expression, stands: bool) -> tuple[Expression, ...]:
        picked = {
            node for node in walk(expression) if isinstance(node, Item) and self._is_picked(node)
        }
        rest = transform(expression, lambda node: _DOTS if node in picked else None)
        used = [name for name in names(rest) if self._known(name)]
        sizes = [prod(self._dimensions.of(node)) for node in (*map(Name, used), *picked)]
        if (
            not sizes
            or sum(sizes) > _PUT_IN
            or max((len(self._dimensions.known[n]) for n in used), default=0) > 2
        ):
            return ()
        lying = _left_of_products(expression) | self._rows_of_matrices(expression)
        items: dict[Expression, Expression] = {
            node: self._item(node, stands and node not in lying) for node in picked
        }
        put = {name: self.shown(name, stands and Name(name) not in lying) for name in used}
        paper = transform(on_paper(expression, self._dimensions), lambda n: items.get(n))
        filled = _transposed(transform(substitute(paper, put), partial(_hot, stands)))
        return () if _DOTS.name in names(filled) else (filled,)  # what is shown can be read back

    def _is_picked(self, node: Item) -> bool:
        """Whether its entries are put in, and not the array that it picks them from."""
        if not isinstance(node.base, Name) or not self._known(node.base.name):
            return False
        return not any(isinstance(place, tuple) for place in self._dimensions.place(node))

    def _item(self, node: Item, column: bool) -> Expression:
        """The entries that an index picks, as numbers."""
        assert isinstance(node.base, Name)
        name, picks = node.base.name, self._dimensions.place(node)

        def entry(index: Index) -> Expression:
            rest = iter(index)
            full = [p.start + next(rest) if isinstance(p, slice) else p for p in picks]
            # never several places along an axis: see `_is_picked`
            return self.entry(name, (*full, *rest))  # type: ignore[arg-type]

        return drawn(Entries(self._dimensions.of(node), entry), column)

    def arithmetic(self, line: Line, index: Index) -> Expression:
        """The arithmetic of one entry of a line, with the numbers put in."""
        known = {
            name: self._entries_of(name) for name in names(line.expression) if self._known(name)
        }
        found: Expression
        found = ArrayEntries(self._dimensions, known, WrittenArithmetic()).of(line.expression)[
            index
        ]
        return found

    def _entries(self, line: Line) -> tuple[Equation, ...]:
        """How every entry comes about: `z[0] = 0.5 * 1 + (-0.3) * 2 = -0.1`."""
        dims = self._dimensions.known[line.name]
        if prod(dims) > _EACH or isinstance(line.expression, Name):
            return ()
        if work(line.expression, self._dimensions) > _LONGEST * prod(dims):
            return ()
        known = {
            name: self._entries_of(name) for name in names(line.expression) if self._known(name)
        }
        try:
            found = ArrayEntries(self._dimensions, known, WrittenArithmetic()).of(line.expression)
            rows = [(index, found[index]) for index in places(dims)]
        except (StepsolveError, KeyError):
            return ()
        if any(e.size > _LONGEST for _, e in rows) or all(e.size < 3 for _, e in rows):
            return ()
        return tuple(
            self._entry_equation(line.name, index, expression) for index, expression in rows
        )

    def _entry_equation(self, name: str, index: Index, expression: Expression) -> Equation:
        value = self.entry(name, index)
        sides = (expression,) if expression == value else (expression, value)
        item = Item(Name(name), *(Number(str(k)) for k in index))
        return Equation((item, *sides), len(sides) > 1 and not self.is_exact(name, index))


def _only_moves(expression: Expression) -> bool:
    """Whether an expression only lays out entries anew: with numbers put in it says nothing more."""
    match expression:
        case Name() | Number() | Array():
            return True
        case Item(base=base):
            return _only_moves(base)
        case Apply(operation=operation, arguments=parts) if operation in _ARRANGING:
            return all(_only_moves(part) for part in parts if not is_setting(part))
    return False


def is_readable(dims: Dims) -> bool:
    """Whether an array of such sizes is shown whole."""
    return prod(dims) <= READABLE and max(dims, default=0) <= _LONG


def _shown(axes: int) -> int:
    """How many places are shown along an axis of a large array with so many axes from it on."""
    return {3: 2, 4: 1}.get(axes, _CORNER)


def _visible(dims: Dims) -> list[Index]:
    """The places of an array that are shown."""
    corner = [_shown(len(dims) - axis) for axis in range(len(dims))]
    return places(dims if is_readable(dims) else tuple(map(min, dims, corner)))


def drawn(entries: Entries, column: bool = False) -> Expression:
    """An array of expressions; of a large one the corner, with dots for the rest."""
    dims = entries.dims
    if not dims:
        single: Expression = entries[()]
        return single
    whole = is_readable(dims)
    vector = len(dims) == 1

    def part(index: Index) -> Expression:
        axis = len(index)
        if axis == len(dims):
            found: Expression = entries[index]
            return Array(found) if column and vector else found
        size = dims[axis]
        shown = range(size) if whole else range(min(size, _shown(len(dims) - axis)))
        items = [part((*index, k)) for k in shown]
        if len(items) < size:
            items.append(_dots(dims[axis + 1 :], column and vector))
        return Array(*items)

    return part(())


def _dots(dims: Dims, column: bool) -> Expression:
    if column:
        return Array(_DOTS)
    if len(dims) != 1:
        return _DOTS
    width = min(dims[0], _CORNER) + (dims[0] > _CORNER)
    return Array(*[_DOTS] * width)


def _left_of_products(expression: Expression) -> set[Expression]:
    """What stands to the left of a product: a vector there is a row."""
    return {
        node.arguments[0]
        for node in walk(expression)
        if isinstance(node, Apply) and node.operation == "@"
    }


def _hot(stands: bool, node: Expression) -> Expression | None:
    """A short one-hot vector in numbers."""
    match node:
        case Apply(operation="stack", arguments=rows):
            found = [_hot(False, row) for row in rows]
            return None if None in found else Array(*(row for row in found if row is not None))
        case Apply(operation="one_hot", arguments=(Number(text=place), Number(text=size))):
            if int(size) <= _LONG:
                items: list[Expression] = [
                    Number(str(int(k == int(place)))) for k in range(int(size))
                ]
                return Array(*(Array(item) for item in items)) if stands else Array(*items)
    return None


def _transposed(expression: Expression) -> Expression:
    """With transposes of numbers, and vectors that become columns, written out."""

    def change(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="T", arguments=(Array(items=rows),)):
                if all(isinstance(row, Array) for row in rows):
                    return Array(
                        *(
                            Array(*column)
                            for column in zip(*(r.children for r in rows), strict=True)
                        )
                    )
            case Apply(operation="reshape", arguments=(Array(items=items), _, Number(text="1"))):
                if not any(isinstance(item, Array) for item in items):
                    return Array(*(Array(item) for item in items))
        return None

    return transform(expression, change)


def on_paper(expression: Expression, dimensions: Dimensions) -> Expression:
    """With the signs of books: a dot in a circle entry by entry, a column times a row.

    That sums of rows are laid out as a column again, for broadcasting, is not written; of a long sum
    the first terms and the last one are shown.
    """
    match expression:
        case Apply(operation="reshape", arguments=(Apply(operation=name) as inner, *_)):
            laid = [size for size in dimensions.of(expression) if size != 1]
            if name in _REDUCTIONS and laid == [s for s in dimensions.of(inner) if s != 1]:
                return on_paper(inner, dimensions)
        case Apply(operation="+"):
            terms = _terms(expression)
            if len(terms) > _TERMS:
                shown = [on_paper(part, dimensions) for part in (*terms[:2], terms[-1])]
                return reduce(partial(Apply, "+"), [*shown[:2], _DOTS, shown[2]])
        case Apply():
            pass
        case _:
            return expression
    parts = tuple(on_paper(part, dimensions) for part in expression.arguments)
    if expression.operation == "*" and all(len(dimensions.of(p)) for p in expression.arguments):
        return Apply("hadamard", *parts)
    if expression.operation == "outer":
        return Apply("@", parts[0], Apply("T", parts[1]))
    same = all(a is b for a, b in zip(parts, expression.arguments, strict=True))
    return expression if same else expression.rebuilt(parts)


def _terms(expression: Expression) -> list[Expression]:
    """The terms of a sum, those of the sums in it among them."""
    found: list[Expression] = []
    waiting = [expression]
    while waiting:
        match waiting.pop():
            case Apply(operation="+", arguments=(left, right)):
                waiting += [left, right]
            case term:
                found.append(term)
    return found[::-1]
