"""The quantities of a hand calculation: what they are, and what the hand has made of them so far.

For every quantity there is the truth and the student's own value: the number that was written or,
where none was, what follows from those that were. Behind a rounded number stands an interval of the
values that the hand may have gone on with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np

from stepsolve.marking.spread import Interval, lettered, spread
from stepsolve.marking.values import Arithmetic, Exact, Floats, NoValue, in_floats
from stepsolve.marking.written import Written, number_tree
from stepsolve.notation.tree import Expression, Number, names, substitute, walk
from stepsolve.operations.array_operation import Dims, Index
from stepsolve.operations.table import CONSTANTS

_MOST_GIVEN: Final = 400  # entries of a given array that are looked through


@dataclass
class Quantity:
    """A name: the formula that gives it and, as far as they are known, its values.

    `paper` says that the formula means products as they are written on paper. `stated` are the
    numbers that the hand wrote for its entries, and `behind` what stands behind them.
    """

    name: str
    formula: Expression | None = None
    paper: bool = False
    given: bool = False
    from_problem: bool = False
    """Whether the problem has it, rather than the work alone."""
    varies: bool = False
    """Whether it has another value in every place, so that none can be expected."""
    dims: Dims = ()
    true: Exact | None = None
    stated: dict[Index, Written] = field(default_factory=dict)
    behind: Interval | None = None
    wrong: bool = False
    """Whether the value stated is not right, or follows from one that is not."""
    order: float = 0
    """Its place: a quantity uses only those before it."""

    @property
    def is_stated(self) -> bool:
        return bool(self.stated)

    @property
    def is_known(self) -> bool:
        """Whether it is more than a name."""
        return self.given or self.formula is not None or self.true is not None


class Function(NamedTuple):
    """A function of the problem, or one that the work defines, `f(x) = x^2`."""

    parameters: tuple[str, ...]
    body: Expression

    def __call__(self, arguments: tuple[Expression, ...]) -> Expression:
        return substitute(self.body, dict(zip(self.parameters, arguments, strict=True)))


class Ledger:
    """All quantities by name.

    `true_value` gives the truth of a name that a problem knows, or None.
    """

    def __init__(
        self,
        arithmetic: Arithmetic,
        true_value: Callable[[str], Exact | None] = lambda _: None,
    ) -> None:
        self.arithmetic = arithmetic
        self.is_drawn = False  # whether its values are not the problem's: formulas alone are judged
        self.functions: Mapping[str, Function] = {}  # that the work may call
        self._true_value = true_value
        self.quantities: dict[str, Quantity] = {}
        self._users: dict[str, list[str]] = {}
        self._own: dict[str, Exact | None] = {}
        self._behind: dict[str, Interval | None] = {}  # of what is not stated
        self._shown: dict[Decimal, Interval] = {}  # what stands behind numbers, without signs

    def add(self, quantity: Quantity) -> Quantity:
        """A quantity under its name."""
        quantity.order = len(self.quantities)
        self.quantities[quantity.name] = quantity
        return self.add_again(quantity)

    def add_again(self, quantity: Quantity) -> Quantity:
        """A quantity whose formula has changed but not its value."""
        if quantity.formula is not None:
            for name in names(quantity.formula):
                self._users.setdefault(name, []).append(quantity.name)
                # a part that got a name stands before what uses it
                used = self.quantities.get(name)
                if used is not None and used.order >= quantity.order:
                    used.order = quantity.order - 0.5
        return quantity

    def __contains__(self, name: str) -> bool:
        return name in self.quantities

    def __getitem__(self, name: str) -> Quantity:
        return self.quantities[name]

    # -------------------------------------------------------------------------------- the truth

    def true(self, name: str) -> Exact | None:
        """The true value of a name; None without one."""
        quantity = self.quantities.get(name)
        if quantity is None:
            return None
        if quantity.true is None:
            quantity.true = self._true_value(name)
            if quantity.true is None and quantity.formula is not None:
                try:
                    quantity.true = self.evaluate(quantity.formula, self.true, quantity.paper)
                except NoValue:
                    return None
        return quantity.true

    def has_value(self, name: str) -> bool:
        """Whether a name has a value."""
        return name in self.quantities and self.true(name) is not None

    def evaluate(
        self, expression: Expression, values: Callable[[str], Exact | None], paper: bool
    ) -> Exact:
        """The value of an expression. Raises `NoValue` for a name without one."""
        return self.arithmetic.value(expression, self.known(expression, values), paper)

    def known(
        self, expression: Expression, values: Callable[[str], Exact | None]
    ) -> dict[str, Exact]:
        """The values of the names of an expression, as far as there are any."""
        found = {}
        for name in names(expression):
            value = values(name) if name in self.quantities else None
            if value is not None:
                found[name] = value
            elif name not in CONSTANTS or name in self.quantities:
                raise NoValue(f"{name} has no value")
        return found

    def shown(self, name: str) -> Expression | None:
        """The number that stands for a name: as stated or, of a given one, exact."""
        quantity = self.quantities.get(name)
        if quantity is None or quantity.dims:
            return None
        if quantity.stated:
            return number_tree(quantity.stated[()].value)
        value = self.own(name) if quantity.given else None
        return None if value is None else number_tree(self.arithmetic.decimal(value))

    def formulas(self, *expressions: Expression) -> dict[str, Expression]:
        """The formulas of the names without a value in some expressions, as deep as they go."""
        found: dict[str, Expression] = {}
        waiting = [name for expression in expressions for name in names(expression)]
        while waiting:
            name = waiting.pop()
            quantity = self.quantities.get(name)
            if quantity is None or name in found or quantity.formula is None:
                continue
            if self.true(name) is None:
                found[name] = quantity.formula
                waiting.extend(names(quantity.formula))
        return found

    def scalars(self, *expressions: Expression) -> dict[str, Exact]:
        """The values of the numbers in some expressions."""
        found = {}
        for expression in expressions:
            for name in names(expression):
                value = self.own(name) if name in self.quantities else None
                if value is not None and not np.shape(value):
                    found[name] = value
        return found

    def exact(self, *sides: Expression) -> set[Decimal]:
        """The numbers that are not rounded where some sides and formulas are written out.

        They are the given values of their names, and the numbers in them.
        """
        found: set[Decimal] = set()
        for side in sides:
            found.update(Decimal(n.text) for n in walk(side) if isinstance(n, Number))
            for name in names(side):
                used = self.quantities.get(name)
                plain = used is not None and (used.given or isinstance(used.formula, Number))
                true = self.true(name) if plain else None
                if true is not None and np.size(true) <= _MOST_GIVEN:
                    found.update(abs(self.arithmetic.decimal(each)) for each in np.ravel(true))
        return found

    # --------------------------------------------------------------------- what the hand has made

    def own(self, name: str) -> Exact | None:
        """The value that the work gives a name: as written or, if unwritten, from what was."""
        if name not in self._own:
            for each in self._missing(name, self._own):
                self._own[each] = self._worked_out(each)
        return self._own[name]

    def _missing(self, name: str, known: Mapping[str, object]) -> list[str]:
        """The names that have to be worked out for one and are not known, in order."""
        found, waiting = {name}, [name]
        while waiting:
            quantity = self.quantities[waiting.pop()]
            if quantity.formula is None or self._is_whole(quantity):
                continue
            for inner in names(quantity.formula):
                if inner in self.quantities and inner not in known and inner not in found:
                    found.add(inner)
                    waiting.append(inner)
        return sorted(found, key=lambda each: self.quantities[each].order)

    @staticmethod
    def _is_whole(quantity: Quantity) -> bool:
        return len(quantity.stated) == int(np.prod(quantity.dims, dtype=int))

    def _worked_out(self, name: str) -> Exact | None:
        quantity = self.quantities[name]
        if not self._is_whole(quantity):
            value = self.derived(quantity)
            if not quantity.stated or value is None:
                return value
            value = np.array(value, dtype=object)
        elif quantity.dims:
            value = np.empty(quantity.dims, dtype=object)
        else:
            return self.arithmetic.exactly(quantity.stated[()].value)
        for index, number in quantity.stated.items():
            value[index] = self.arithmetic.exactly(number.value)
        return value

    def derived(self, quantity: Quantity) -> Exact | None:
        """What a quantity comes to by its formula from the work's own values of what it uses."""
        if quantity.formula is None or not self.touched(quantity):
            return self.true(quantity.name)
        try:
            return self.evaluate(quantity.formula, self.own, quantity.paper)
        except NoValue:
            return self.true(quantity.name)

    def touched(self, quantity: Quantity) -> bool:
        """Whether a quantity uses anything that the work states or that hangs on it."""
        assert quantity.formula is not None
        for name in names(quantity.formula):
            used = self.quantities.get(name)
            if used is not None and (used.is_stated or self.own(name) is not self.true(name)):
                return True
        return False

    def is_wrong(self, name: str) -> bool:
        """Whether the work's value of a name is wrong, or follows from one that is."""
        waiting, seen = [name], set()
        while waiting:
            quantity = self.quantities.get(waiting.pop())
            if quantity is None or quantity.name in seen:
                continue
            seen.add(quantity.name)
            if quantity.is_stated:
                if quantity.wrong:
                    return True
                if self._is_whole(quantity):
                    continue
            if quantity.formula is not None:
                waiting.extend(names(quantity.formula))
        return False

    def unstated(self, name: str) -> tuple[str, ...]:
        """The quantities on the way to one that the work has not stated, in their order."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            quantity = self.quantities[waiting.pop()]
            if quantity.formula is None:
                continue
            for inner in names(quantity.formula):
                used = self.quantities.get(inner)
                if used is None or used.given or used.is_stated or inner in found:
                    continue
                found[inner] = None
                waiting.append(inner)
        return tuple(sorted(found, key=lambda each: self.quantities[each].order))

    def state(self, quantity: Quantity, numbers: Mapping[Index, Written], behind: Interval) -> None:
        """The numbers that the hand wrote for a quantity, and what may stand behind them."""
        quantity.stated.update(numbers)
        quantity.behind = behind
        self._forget(quantity.name)
        if not behind.is_point:
            for index, number in numbers.items():
                ends = (float(end[index]) if quantity.dims else float(end) for end in behind)
                self._show(number.value, *ends)

    def _show(self, number: Decimal, low: float, high: float) -> None:
        size = abs(number)
        here = Interval(*((low, high) if number >= 0 else (-high, -low)))
        before = self._shown.get(size)
        self._shown[size] = (
            here
            if before is None
            else Interval(min(before.low, here.low), max(before.high, here.high))
        )

    def _forget(self, name: str) -> None:
        """What was worked out from a value that has changed."""
        waiting = [name]
        while waiting:
            here = waiting.pop()
            known = here in self._own or here in self._behind
            self._own.pop(here, None)
            self._behind.pop(here, None)
            if not known and here != name:
                continue
            waiting.extend(user for user in self._users.get(here, ()))

    # ------------------------------------------------------------------------------------ ranges

    def behind(self, name: str) -> Interval | None:
        """The values that the hand may have gone on with; None for a name without a value."""
        if self.quantities[name].behind is None and name not in self._behind:
            for each in self._missing(name, self._behind):
                self._behind[each] = self._interval(each)
        return self.quantities[name].behind or self._behind[name]

    def _interval(self, name: str) -> Interval | None:
        """What may stand behind a name that the work does not state."""
        quantity = self.quantities[name]
        value = self.own(name)
        if value is None:
            return None
        if quantity.formula is not None and not quantity.given and self.touched(quantity):
            found = self.range(quantity.formula, quantity.paper)
            if found is not None:
                return found
        floats = in_floats({name: value})[name]
        return Interval(floats, floats)

    def range(self, expression: Expression, paper: bool) -> Interval | None:
        """What an expression may come to with any mixture of displayed and unrounded values.

        A number in it that an earlier line shows may stand for the unrounded value of that line.
        """
        center: dict[str, Floats] = {}
        box: dict[str, Interval] = {}
        for name in names(expression):
            value = self.own(name) if name in self.quantities else None
            if value is None:
                if name in CONSTANTS and name not in self.quantities:
                    continue
                return None
            center[name] = in_floats({name: value})[name]
            behind = self.behind(name)
            assert behind is not None
            if not behind.is_point:
                box[name] = behind
        changed, numbers, intervals = lettered(expression, self._behind_number)
        center |= numbers
        box |= intervals
        try:
            return spread(
                lambda values: self.arithmetic.floats(changed, values, paper), center, box
            )
        except NoValue:
            return None

    def _behind_number(self, number: Number) -> Interval | None:
        """What may stand behind a number that an earlier line shows."""
        meant = self._shown.get(Decimal(number.text))
        return None if meant is None else meant.around(float(number.text))


def shape_of(value: Any) -> Dims:
    """The sizes of a value."""
    return tuple(np.shape(value))
