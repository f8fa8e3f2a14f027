"""Arrays of formulas: the entries of an expression in those of the given quantities."""

from __future__ import annotations

from stepsolve.notation.tree import Expression, Item, Name, Number, names
from stepsolve.operations.array_operation import Index
from stepsolve.operations.entries import ArrayEntries, Entries
from stepsolve.worksheet.array_working import WrittenArithmetic, drawn
from stepsolve.worksheet.sheet import Sheet


def written_array(sheet: Sheet, expression: Expression) -> Expression:
    """The entries of an expression, each in the entries of what is given: `x[0] * w[1]`."""
    return drawn(_entries(sheet, expression))


def written_entry(sheet: Sheet, expression: Expression, index: Index) -> Expression:
    """One entry of an expression in the entries of what is given."""
    found: Expression = _entries(sheet, expression)[index]
    return found


def entry_of(name: str, index: Index) -> Expression:
    """An entry by the name of its array: `y[0, 1]`."""
    return Item(Name(name), *(Number(str(k)) for k in index)) if index else Name(name)


def _entries(sheet: Sheet, expression: Expression) -> Entries:
    known = {name: _of(sheet, name) for name in names(expression) if name in sheet.dimensions.known}
    return ArrayEntries(sheet.dimensions, known, WrittenArithmetic()).of(expression)


def _of(sheet: Sheet, name: str) -> Entries:
    if name in sheet.lines:
        return _entries(sheet, sheet.lines[name].expression)
    dims = sheet.dimensions.known[name]
    return Entries(dims, lambda index: entry_of(name, index))
