"""The local gradients of one line: how its value moves with each of its arguments alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial, reduce
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import terms, tidy
from stepsolve.errors import StepsolveError
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, replaced, substitute
from stepsolve.operations.forms import Form, form_of, holes_of
from stepsolve.operations.table import OPERATIONS
from stepsolve.worksheet.lines import Line

_LONG_SUM = 6  # terms up to which a sum is differentiated as a whole
_LINE = Name("#")  # stands for the line's own name in what is remembered


class LocalGradient(NamedTuple):
    """The derivative of a line by one argument, the reason, and the pattern as said at the board.

    `parts` are its terms where the argument stands in several places of a gate; `derive` gives its
    derivation where the line is more than a gate: only the pages that show it need it.
    """

    expression: Expression
    because: str
    pattern: str
    parts: tuple[Expression, ...] = ()
    derive: Callable[[], Derivative] | None = None


class LocalGradients:
    """The local gradients of lines; those of lines that differ in their names alone are found once.

    `euler` says that `e` is Euler's number.
    """

    def __init__(self, euler: bool = True) -> None:
        self._euler = euler
        self._known: dict[tuple[Form, int | str], _Pattern] = {}

    def of(self, line: Line, arguments: tuple[str, ...]) -> tuple[LocalGradient, ...]:
        """The local gradient of a line by each of the named arguments, in their order."""
        expression = line.expression
        form, holes = form_of(expression), holes_of(expression)
        names = (*holes, line.name)
        found = []
        for argument in arguments:
            key = form, holes.index(argument) if argument in holes else argument
            pattern = self._known.get(key)
            if pattern is None:
                pattern = self._known[key] = self._pattern(line, argument, *key)
            known = pattern.known
            derive = known.derive and partial(_derived, expression, argument, self._euler)
            made, *parts = pattern.filled(names)
            found.append(LocalGradient(made, known.because, known.pattern, tuple(parts), derive))
        return tuple(found)

    def _pattern(self, line: Line, argument: str, form: Form, hole: int | str) -> _Pattern:
        by = form.holes[hole] if isinstance(hole, int) else hole
        try:
            return _Pattern(_local_gradient(form.tree, by, self._euler), form.holes)
        except StepsolveError:
            _derived(line.expression, argument, self._euler)  # fails, too, in the names of the file
            raise


class _Pattern:
    """The local gradient of all lines of a form, to be filled with their names."""

    def __init__(self, known: LocalGradient, holes: Sequence[str]) -> None:
        self.known = known
        place = {hole: k for k, hole in enumerate((*holes, _LINE.name))}
        parts = (known.expression, *known.parts)
        self._forms = [(form_of(part), [place[hole] for hole in holes_of(part)]) for part in parts]

    def filled(self, names: Sequence[str]) -> list[Expression]:
        """The gradient and its parts with the names of a line, in their order, and its own."""
        return [form.filled([names[place] for place in places]) for form, places in self._forms]


def _local_gradient(expression: Expression, argument: str, euler: bool) -> LocalGradient:
    """The local gradient of a line called `#`."""
    if is_gate(expression):
        return _of_gate(expression, argument)
    found = _of_long_product(expression, argument)
    return _of_formula(expression, argument, euler) if found is None else found


def is_gate(expression: Expression) -> bool:
    """Whether an expression is one operation on names and constants."""
    return isinstance(expression, Name) or (
        isinstance(expression, Apply)
        and all(isinstance(a, Name) or not names(a) for a in expression.arguments)
    )


def _of_gate(expression: Expression, argument: str) -> LocalGradient:
    """From the row of the operation; where an argument stands in several places, the sum."""
    if isinstance(expression, Name):
        return LocalGradient(Number("1"), "the same quantity", "")
    assert isinstance(expression, Apply)
    row = OPERATIONS[expression.operation]
    values = row.completed(expression.arguments)
    rules = row.local_rules(len(values))
    holes = dict(zip(row.parameters(len(values)), values, strict=True)) | {"y": _LINE}
    # a rule over names alone is as tidy as it was written
    settle = (lambda part: part) if all(isinstance(v, Name) for v in values) else tidy
    places = [r for v, r in zip(values, rules, strict=True) if v == Name(argument)]
    parts = tuple(settle(substitute(rule, holes)) for rule in places)
    total = reduce(lambda left, right: Apply("+", left, right), parts)
    because = _reason(expression, row.description)
    return LocalGradient(total, because, row.pattern, parts if len(parts) > 1 else ())


def _reason(expression: Apply, description: str) -> str:
    if expression.operation in OPERATIONS and OPERATIONS[expression.operation].is_call:
        return f"derivative of {expression.operation}"
    return f"local gradient of a {description}"


@lru_cache(maxsize=1024)
def _of_formula(expression: Expression, argument: str, euler: bool) -> LocalGradient:
    """By the rules of calculus. The line's own name stands for its value where it recurs."""
    written = _written(expression, euler)
    derive = partial(_derived, expression, argument, euler)
    value = replaced(derive().value, written, _LINE)
    because = "derivative of the line's formula"
    if written is not expression and isinstance(written, Apply):
        because = f"the line is {written.operation} written out"
    return LocalGradient(value, because, _pattern(written), derive=derive)


@lru_cache(maxsize=64)  # the page shows it, and the checks confirm it
def _derived(expression: Expression, argument: str, euler: bool) -> Derivative:
    return differentiate(_relevant(_written(expression, euler), argument), argument, euler=euler)


def _written(expression: Expression, euler: bool) -> Expression:
    """As a function of the table, if it is one written out."""
    known = recognise(expression) if euler else None
    return known if known is not None else expression


def _of_long_product(expression: Expression, argument: str) -> LocalGradient | None:
    """The other factors of a product of many names; None for anything else."""
    parts: list[Expression] = []
    rest = expression
    while isinstance(rest, Apply) and rest.operation == "*":
        rest, last = rest.arguments
        parts.append(last)
    parts = [rest, *reversed(parts)]
    distinct = len({part.name for part in parts if isinstance(part, Name)})
    if len(parts) <= _LONG_SUM or distinct < len(parts):
        return None
    others = [part for part in parts if part != Name(argument)]
    product = reduce(lambda left, right: Apply("*", left, right), others)
    return LocalGradient(product, "the product of the other factors", OPERATIONS["*"].pattern)


def _relevant(written: Expression, argument: str) -> Expression:
    """Of a long sum, the terms that an argument stands in."""
    parts = [(sign, part) for sign, part in terms(written) if argument in names(part)]
    if len(terms(written)) <= _LONG_SUM or not parts:
        return written
    signed = [part if sign > 0 else Apply("neg", part) for sign, part in parts]
    return reduce(lambda left, right: Apply("+", left, right), signed)


def _pattern(expression: Expression) -> str:
    """The pattern of a line of more than two inputs, if it is all sums or all products."""
    if isinstance(expression, Apply):
        if len(terms(expression)) > 1 and all(isinstance(t, Name) for _, t in terms(expression)):
            return OPERATIONS[expression.operation].pattern
        row = OPERATIONS.get(expression.operation)
        if row is not None and row.is_call:
            return row.pattern
    return ""
