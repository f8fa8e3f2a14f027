"""The values of lines of arrays, in float64 by NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import numpy as np

from stepsolve.checking.conditioning import Noise, rounding
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.dimensions import Call, Dimensions, Sized
from stepsolve.operations.forms import holes_of
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.evaluation import CONSTANT_VALUES, LineError
from stepsolve.worksheet.lines import Line

Values = Any  # a float or an array of them


_Step = tuple[Callable[..., Values], tuple[int, ...], bool]
"""What is done, where its arguments stand among the values of the holes and the results so far, and
whether the result must be seen to be finite: it is the last, or might be swallowed."""
_PASSING: Final = frozenset({"+", "-", "*", "@", "neg", "T", "hadamard"})
"""Operations whose result is not finite if one of their arguments is not."""


class _Ready(NamedTuple):
    """An expression, kept so that no identity is used twice, with its names and its steps if any."""

    expression: Expression
    holes: Sequence[str]
    steps: list[_Step] | None


class ArrayValues:
    """Works out expressions whose sizes are known to fit.

    `demanding` says that the operations may refuse values, such as targets that are no distribution;
    `noise` puts noise into the last digits of every operand and every result.
    """

    def __init__(
        self, dimensions: Dimensions, demanding: bool = True, noise: Noise | None = None
    ) -> None:
        self._dimensions, self._demanding, self._noise = dimensions, demanding, noise
        self._programs: dict[Sized, list[_Step]] = {}
        self._ready: dict[int, _Ready] = {}

    def value(self, expression: Expression, values: Mapping[str, Values]) -> Values:
        """The value of an expression. Raises `LineError` at the innermost part that has none."""
        if self._noise is not None:
            return self._walked(expression, values)
        ready = self._ready.get(id(expression)) or self._get_ready(expression)
        if ready.steps is None:
            return self._walked(expression, values)
        found = [*map(values.__getitem__, ready.holes)]
        for function, places, is_seen in ready.steps:
            result = function(*map(found.__getitem__, places))
            if is_seen and not _is_finite(result):
                return self._walked(expression, values)  # which says the part that has none
            found.append(result)
        return found[-1]

    def _get_ready(self, expression: Expression) -> _Ready:
        sized = self._dimensions.sized(expression) if isinstance(expression, Apply) else None
        steps = None
        if sized is not None:
            if sized not in self._programs:
                self._programs[sized] = _Program(sized, self._demanding).steps
            steps = self._programs[sized]
        ready = self._ready[id(expression)] = _Ready(expression, holes_of(expression), steps)
        return ready

    def _walked(self, expression: Expression, values: Mapping[str, Values]) -> Values:
        match expression:
            case Name(name=name):
                found = values[name] if name in values else CONSTANT_VALUES[name]
                return found if self._noise is None else self._noise(found)
            case Number(text=text):
                return float(text)
            case Array(items=items):
                return np.array([self._walked(item, values) for item in items], dtype=float)
            case Item(base=base):
                places = self._dimensions.place(expression)
                return self._walked(base, values)[*(_selector(p) for p in places)]
            case Apply():
                return self._applied(expression, values)
        raise LineError("", expression, OutsideDomain("the arithmetic of arrays", [expression]))

    def _applied(self, expression: Apply, values: Mapping[str, Values]) -> Values:
        call = self._dimensions.call(expression)
        if call is not None:
            operands = [self._walked(a, values) for a in call.operands]
            demand = call.row.demand if self._demanding else None
            if demand is not None and (wrong := demand(*operands, **call.options)):
                cause = OutsideDomain(expression.operation, operands)
                raise LineError("", expression, cause, wrong)
            result = call.row.numpy(*operands, *call.whole, **call.options)
        else:
            operation = "*" if expression.operation == "hadamard" else expression.operation
            row = OPERATIONS[operation]
            if row.means is not None and (meant := row.means(expression.arguments)) is not None:
                return self._walked(meant, values)
            operands = [self._walked(a, values) for a in row.completed(expression.arguments)]
            if row.chooses:
                condition, chosen, other = operands
                return np.where(np.asarray(condition) != 0, chosen, other)
            result = row.numpy(*operands)
        if not _is_finite(result):
            raise LineError("", expression, self._cause(expression, operands, result))
        return result if self._noise is None else self._noise(result)

    @staticmethod
    def _cause(expression: Apply, operands: list[Values], result: Values) -> OutsideDomain:
        """The first entry that has no value, with the numbers that it is made of."""
        if all(np.shape(o) in ((), np.shape(result)) for o in operands):
            at = tuple(np.argwhere(~np.isfinite(result))[0])
            numbers = [float(o if not np.shape(o) else o[at]) for o in operands]
            return OutsideDomain(expression.operation, numbers)
        return OutsideDomain(expression.operation, ["..." for _ in operands])


def rounding_of_lines(
    dimensions: Dimensions,
    values: Mapping[str, Values],
    given: Iterable[str],
    lines: Iterable[Line],
) -> dict[str, float]:
    """By how much float64 may be off at lines, given quantities that are rounded, and all others."""
    given, lines = tuple(given), tuple(lines)

    def run(noise: Noise) -> dict[str, Values]:
        engine = ArrayValues(dimensions, demanding=False, noise=noise)
        known = {**values, **{name: noise(values[name]) for name in given}}
        found = {}
        with suppress(LineError), np.errstate(all="ignore"):
            for line in lines:
                found[line.name] = known[line.name] = engine.value(line.expression, known)
        return found

    return rounding(values, run)


def _is_finite(value: Values) -> bool:
    # the sum of squares says it in half the time, unless it overflows
    return math.isfinite(np.vdot(value, value)) or bool(np.isfinite(value).all())


class _Program:
    """The operations of a form whose names have some sizes, in order.

    Where an operation refuses its arguments the result is no number.
    """

    def __init__(self, sized: Sized, demanding: bool) -> None:
        self._dimensions, self._demanding = sized.dimensions(), demanding
        self._places: dict[Expression, int] = {Name(h): k for k, h in enumerate(sized.form.holes)}
        self.steps: list[_Step] = []
        self._hidden: set[int] = set()  # places of what an operation may swallow
        last = self._place(sized.form.tree)
        first = len(self._places) - len(self.steps)
        self.steps = [
            (function, places, first + k == last or first + k in self._hidden)
            for k, (function, places, _) in enumerate(self.steps)
        ]

    def _place(self, node: Expression) -> int:
        """Where the value of a part will stand."""
        if node not in self._places:
            function, parts = self._step(node)
            places = tuple(self._place(part) for part in parts)
            if not isinstance(node, Apply) or node.operation not in _PASSING:
                self._hidden.update(places)
            self.steps.append((function, places, True))
            self._places[node] = len(self._places)
        return self._places[node]

    def _step(self, node: Expression) -> tuple[Callable[..., Values], Sequence[Expression]]:
        match node:
            case Name(name=name):
                return lambda: CONSTANT_VALUES[name], ()
            case Number(text=text):
                return lambda: float(text), ()
            case Array(items=items):
                return lambda *values: np.array(values, dtype=float), items
            case Item(base=base):
                picked = (*(_selector(place) for place in self._dimensions.place(node)),)
                return lambda value: value[picked], (base,)
            case Apply():
                return self._operation(node)
        raise TypeError(f"no value of {type(node).__name__}")

    def _operation(self, node: Apply) -> tuple[Callable[..., Values], Sequence[Expression]]:
        call = self._dimensions.call(node)
        if call is not None:
            return _function(call, self._demanding), call.operands
        row = OPERATIONS["*" if node.operation == "hadamard" else node.operation]
        if row.means is not None and (meant := row.means(node.arguments)) is not None:
            return (lambda value: value), (meant,)
        if row.chooses:
            return lambda a, b, c: np.where(np.asarray(a) != 0, b, c), node.arguments
        return row.numpy, row.completed(node.arguments)


def _function(call: Call, demanding: bool) -> Callable[..., Values]:
    """What a call works out of its operands."""
    function, demand, whole, options = call.row.numpy, call.row.demand, call.whole, call.options

    def called(*operands: Values) -> Values:
        if demanding and demand is not None and demand(*operands, **options):
            return np.nan
        return function(*operands, *whole, **options)

    return called if whole or options or (demanding and demand is not None) else function


def _selector(place: int | slice | tuple[int, ...]) -> Any:
    return list(place) if isinstance(place, tuple) else place
