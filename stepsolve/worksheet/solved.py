"""A sheet solved: the values of all lines, their working, and what confirms them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np

from stepsolve.checking.arrays import (
    Array,
    PreciseSheet,
    given_array,
)
from stepsolve.checking.precise import Precise
from stepsolve.derivation import (
    Block,
    Check,
    Detail,
    Lines,
    Result,
    Section,
    Text,
    Values,
    Worked,
    plain_value,
)
from stepsolve.derivation import Value as Plain
from stepsolve.errors import InvalidProblem, OutsideDomain
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, names, walk
from stepsolve.operations.array_operation import Index
from stepsolve.operations.forms import Form, form_of, holes_of
from stepsolve.worksheet.array_working import (
    ArrayWorkings,
    is_readable,
    on_paper,
)
from stepsolve.worksheet.arrays import ArrayValues
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.lines import Line
from stepsolve.worksheet.sheet import APART, Sheet
from stepsolve.worksheet.sheet_checks import SHOWN_LINES, SheetChecks
from stepsolve.worksheet.sheet_parts import Given

_AFFORDABLE: Final = 40_000  # operations on numbers that are done with 50 digits


class Solved:
    """The values, working and checks of a sheet. Raises `StepsolveError` where a line has no value."""

    def __init__(self, sheet: Sheet, digits: Digits | None = None) -> None:
        self.sheet = sheet
        self.digits = digits or Digits()
        self.dimensions = sheet.dimensions
        self.symbols = self._symbols()
        self.precise = Precise()
        self.floats = self._evaluated({n: g for n, g in sheet.given.items() if g.value is not None})
        self.exact = self.in_full(self.precise) if self.small else None
        self.workings = ArrayWorkings(
            self.dimensions, self._decimal, self.floats.__contains__, self.digits
        )

    def _symbols(self) -> frozenset[str]:
        """The names without values: given ones, and lines that hang on them."""
        found = {name for name, given in self.sheet.given.items() if given.value is None}
        for line in self.sheet.lines.values() if found else ():
            if not found.isdisjoint(names(line.expression)):
                found.add(line.name)
        return frozenset(found)

    def _evaluated(self, given: Mapping[str, Given]) -> dict[str, Any]:
        engine = ArrayValues(self.dimensions)
        known: dict[str, Any] = {}
        with np.errstate(all="ignore"):
            for name, quantity in given.items():
                value = quantity.value
                if not isinstance(value, Expression):
                    known[name] = value
                    continue
                try:
                    known[name] = engine.value(value, {})
                except LineError as error:
                    told = f"{name}: {error.reason}"
                    place = quantity.place
                    raise InvalidProblem(place.diagnose(told) if place else told) from None
            for line in self.sheet.lines.values():
                if line.name in self.symbols:
                    continue
                try:
                    known[line.name] = engine.value(line.expression, known)
                except LineError as error:
                    reason, node = error.reason, error.node
                    raise self.sheet.wrong_value(line.name, node, reason) from None
        return known

    @cached_property
    def small(self) -> bool:
        """Whether all lines are worked out a second time with 50 digits."""
        entries = sum(np.size(value) for value in self.floats.values())
        return max(self.sheet.work, entries) <= _AFFORDABLE

    def in_full(self, precise: Precise) -> dict[str, Array]:
        """The values of all names that have one, with many digits."""
        engine = PreciseSheet(self.dimensions, precise)
        known: dict[str, Array] = {}
        for name, given in self.sheet.given.items():
            if isinstance(given.value, Expression):
                known[name] = engine.array(given.value, {})
            elif given.value is not None:
                known[name] = given_array(given.value, given.dims, precise)
        for line in self.sheet.lines.values():
            if line.name not in self.symbols:
                try:
                    known[line.name] = engine.array(line.expression, known)
                except OutsideDomain as error:
                    reason = LineError(line.name, line.expression, error).reason
                    raise self.sheet.wrong_value(line.name, line.expression, reason) from None
        return known

    def _decimal(self, name: str, index: Index) -> Decimal:
        if self.exact is not None:
            return self.precise.decimal(self.exact[name][index])
        value = self.floats[name]
        return Decimal(repr(float(value[index] if np.ndim(value) else value)))

    def decimal(self, name: str, *index: int) -> Decimal:
        """An entry of a value, for display."""
        return self._decimal(name, index)

    def value(self, name: str) -> Any:
        """The value of a name in float64; raises `KeyError` for one without."""
        return self.floats[name]

    def is_known(self, name: str) -> bool:
        """Whether a name has a value."""
        return name in self.floats

    @property
    def quantities(self) -> Mapping[str, Plain]:
        """The value of every name that has one, rounded from the precise one where there is one."""
        if self.exact is None:
            return Quantities(self.floats)
        return {name: plain_value(self._rounded(name)) for name in self.floats}

    def _rounded(self, name: str) -> Any:
        assert self.exact is not None
        dims, exact = self.dimensions.known[name], self.exact[name]
        found = np.empty(dims)
        for index, value in exact.items():
            found[index] = float(value)
        return found if dims else float(exact[()])

    # ---------------------------------------------------------------------------------- the page

    def blocks(self) -> Iterator[Block]:
        """The blocks of the sheet in order."""
        left = SHOWN_LINES
        hidden = self.sheet.hidden
        total = sum(name not in hidden for name in self.sheet.lines)
        items = list(self.sheet.groups)
        for item, following in zip(items, [*items[1:], None], strict=True):
            if isinstance(item, tuple) and item and isinstance(item[0], Line):
                item = tuple(line for line in item if line.name not in hidden)
                yield from self._worked(item[:left])
                if left and len(item) > left:
                    told = f"{total - SHOWN_LINES} of {total} lines are left out here: they were "
                    yield Text((told + "worked out and checked as well.",))
                left = max(0, left - len(item))
            elif callable(item):
                yield from item(self)
            elif item != APART and (left or not isinstance(item, Section) or callable(following)):
                yield item  # type: ignore[misc]

    def _worked(self, lines: tuple[Line, ...]) -> Iterator[Block]:
        if lines:
            yield Lines(tuple(self.worked(line) for line in lines))

    def worked(self, line: Line) -> Worked:
        """A line with its working."""
        value = None
        if line.name in self.floats:
            value = self.floats[line.name] if self.exact is None else self._rounded(line.name)
        return self.workings.line(line, value)

    def told_in_part(self) -> Iterator[Block]:
        """That large arrays are shown in part, if there are any."""
        if not all(is_readable(self.dimensions.known[name]) for name in self.floats):
            told = "Large arrays are computed whole; of each the first entries are shown."
            yield Text((told,), Detail.BRIEF)

    def given_blocks(self) -> Iterator[Block]:
        """The given quantities: numbers in a sentence, arrays as equations."""
        scalars: list[str | Expression] = []
        symbols: list[str | Expression] = []
        drawn: list[tuple[Expression, Expression, bool]] = []
        for name, given in self.sheet.given.items():
            if name in self.sheet.hidden:
                continue
            if given.value is None:
                symbols += [Name(name), f" ({_sizes(given.dims)}), " if given.dims else ", "]
            elif not given.dims:
                value = given.value if isinstance(given.value, Expression) else None
                scalars += [Name(name), " = ", value or self.workings.entry(name), ", "]
            else:
                column = len(given.dims) == 1 and name in self._columns
                if _has_fractions(given) and is_readable(given.dims):
                    assert isinstance(given.value, Expression)
                    drawn.append((Name(name), given.value, False))
                    continue
                shown = self.workings.shown(name, column)
                drawn.append((Name(name), shown, self.workings.rounded(name)))
        if scalars:
            yield Text(("Given ", *scalars[:-1], "."), Detail.BRIEF)
        elif drawn:
            yield Text(("Given",), Detail.BRIEF)
        if drawn:
            yield Values(tuple(drawn))
        if symbols:
            last = symbols[-1]
            assert isinstance(last, str)
            yield Text(("Without a value: ", *symbols[:-1], last.removesuffix(", "), "."))

    @cached_property
    def _columns(self) -> frozenset[str]:
        """The names of vectors that stand as columns: some product has them on its right."""
        found: set[str] = set()
        for line in self.sheet.lines.values():
            form = form_of(line.expression)
            if "@" in form.operations:
                place = dict(zip(form.holes, holes_of(line.expression), strict=True))
                found.update(place[hole] for hole in _right_of_products(form))
        return frozenset(found)

    def results(self, wanted: Iterable[str]) -> Iterator[Block]:
        """The values of some lines, or their formulas, set apart."""
        for name in wanted:
            if name in self.floats:
                dims = self.dimensions.known[name]
                if dims:
                    yield Result(
                        (Name(name), self.workings.shown(name)), self.workings.rounded(name)
                    )
                else:
                    entry = self.workings.entry(name)
                    yield Result((Name(name), entry), not self.workings.is_exact(name))
            else:
                line = self.sheet.lines[name]
                yield Result((Name(name), on_paper(line.expression, self.dimensions)))

    # --------------------------------------------------------------------------------- the checks

    def checks(self) -> tuple[Check, ...]:
        """Every line by two libraries and every gradient by differences."""
        return SheetChecks(self).all()

    def with_values(self, values: Mapping[str, Any]) -> Solved:
        """The same sheet with numbers for its symbols."""
        return Solved(self.sheet.with_values(values), self.digits)


@lru_cache(maxsize=1024)
def _right_of_products(form: Form) -> tuple[str, ...]:
    """The holes of a form that are the right factor of a product."""
    found = []
    for node in walk(form.tree):
        match node:
            case Apply(operation="@", arguments=(_, Name(name=name))) if name in form.holes:
                found.append(name)
    return tuple(found)


class Quantities(Mapping[str, Plain]):
    """Large values by name, as nested lists when they are asked for: lists take four times the room."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Plain:
        return plain_value(self._arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _sizes(dims: tuple[int, ...]) -> str:
    return " × ".join(map(str, dims)) if len(dims) > 1 else f"{dims[0]} entries"


def _has_fractions(given: Given) -> bool:
    """Whether a given array has fractions, which are shown as written."""
    return isinstance(given.value, Expression) and any(
        isinstance(node, Apply) and node.operation == "/" for node in walk(given.value)
    )
