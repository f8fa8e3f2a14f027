"""What the names of a work mean: quantities of the problem or its own, and its functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stepsolve.marking import symbols
from stepsolve.marking.ledger import Function, Ledger, Quantity
from stepsolve.marking.matching import Clues, Matcher
from stepsolve.marking.places import Places
from stepsolve.marking.values import Exact
from stepsolve.marking.written import Written
from stepsolve.notation import names as notation
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Name,
    Number,
    names,
    substitute,
    transform,
    walk,
)
from stepsolve.operations.array_operation import Index
from stepsolve.operations.table import row_of
from stepsolve.source.expression import MAX_DEPTH

_MOST_TERMS: Final = 200  # of a sum that is written out
_MOST_NODES: Final = 4000  # of a call with the function's body put in


class Vocabulary:
    """The names of a work. `is_open` says that the work gives names their values itself."""

    def __init__(
        self, ledger: Ledger, aliases: Mapping[str, Expression], is_open: bool = True
    ) -> None:
        self._ledger = ledger
        self._aliases = dict(aliases)
        self._given = set(aliases)  # by the author of the work, not found out
        self._matcher = Matcher(ledger)
        self._places = Places(ledger)
        self._functions: dict[str, Function] = {}
        self._variables: frozenset[str] = frozenset()
        self._seen: set[str] = set()  # names that were given a value since the last heading
        self.is_open = is_open
        self.names: set[str] = {*ledger.quantities, *aliases}
        """The names that are known so far."""

    @property
    def arities(self) -> dict[str, int]:
        """The functions that the work has defined, with their numbers of arguments."""
        return {name: len(function.parameters) for name, function in self._functions.items()}

    def assume(self, functions: Mapping[str, Function]) -> None:
        """Functions of the problem, which the work may call: `f(0)`, `f'(2)`."""
        self._functions.update(functions)
        self._variables |= {name for f in functions.values() for name in f.parameters}

    @property
    def variables(self) -> frozenset[str]:
        """The variables of the problem's functions: a formula in them is more than its value."""
        return self._variables

    def new_section(self) -> None:
        """From here on notes may give a name a new value."""
        self._seen = set()

    # ----------------------------------------------------------------------- sides as they are meant

    def meant(self, side: Expression, is_left: bool = False) -> Expression:
        """A side in the problem's names, with functions of the work and sums written out.

        A name that is the whole of the left side may be new, whatever its index would mean elsewhere.
        """
        if is_left and isinstance(side, Name) and side.name not in self._aliases:
            return self._gradient(side.name) or side
        plain = self._plain(side)
        meant = {
            name: meaning for name in names(plain) if (meaning := self._meaning(name)) is not None
        }
        return _small(substitute(plain, meant) if meant else plain) or side

    def _meaning(self, name: str) -> Expression | None:
        """What a name of the work stands for, if it is not the problem's own."""
        if name in self._aliases:
            return self._aliases[name]
        if self.is_open or name in self._ledger:
            return self._gradient(name)
        return self._gradient(name) or self._places.step(name) or self._places.entry(name)

    def _gradient(self, name: str) -> Expression | None:
        """What a gradient by or of a name of the work's own stands for."""
        parts = notation.gradient(name) if name not in self._ledger else None
        if parts is None or parts.order != 1:
            return None
        of, by = (self._aliases.get(each, Name(each)) for each in (parts.of, parts.by[0][0]))
        if isinstance(of, Name) and isinstance(by, Name):
            meant = notation.gradient_name(of.name, by.name)
            return Name(meant) if meant in self._ledger else None
        return None

    def _plain(self, side: Expression) -> Expression:
        def change(node: Expression) -> Expression | None:
            match node:
                case Apply(operation="partial", arguments=(body, by)):
                    return Apply("diff", self._plain(body), by)
                case Apply(operation="sum", arguments=(body, Name() as index, first, last)):
                    return _written_out(self._plain(body), index.name, first, last)
                case Apply(operation="sum", arguments=(body, Name() as index)):
                    return self._places.summed(self._plain(body), index.name)
                case Apply(operation=name, arguments=arguments) if name in self._functions:
                    function = self._functions[name]
                    if len(arguments) == len(function.parameters):
                        return _small(function(tuple(map(self._plain, arguments))))
                case Apply(operation=name, arguments=(Name() as by,)) if self._is_primed(name):
                    return Apply("diff", self._functions[name[:-1]]((by,)), by)
            return None

        return transform(side, change)

    def _is_primed(self, name: str) -> bool:
        """Whether a name is that of the derivative of a function of one variable that is known."""
        function = self._functions.get(name[:-1]) if name.endswith("'") else None
        return function is not None and len(function.parameters) == 1

    def define(self, left: Expression, body: Expression) -> bool:
        """Whether `left = body` defines a function, `f(x) = x^2`, which is then known.

        `f'(x) = 2 x` of a known function makes f' known too, but is a claim and no definition.
        """
        match left:
            case Apply(operation=name, arguments=arguments) if (
                row_of(name) is None
                and name not in self._functions
                and all(isinstance(argument, Name) for argument in arguments)
            ):
                parameters = tuple(a.name for a in arguments if isinstance(a, Name))
                is_claim = self._is_primed(name)
                self._functions[name] = Function(parameters, body)
                return not is_claim
        return False

    # ------------------------------------------------------------------------------- new names

    def match(self, name: str, clues: Clues) -> Expression | None:
        """The quantity of the problem, or the entry of one, that a name of the work's own is.

        None where the problem has the name itself, or nothing that it must be.
        """
        if self.is_open or name in self._given:
            return None
        if name in self._ledger and (
            self._ledger[name].from_problem or self._ledger.has_value(name)
        ):
            return None
        before = self._aliases.pop(name, None)
        meant = self._found(name, clues) or before
        if meant is not None and meant != Name(name):
            self._aliases[name] = meant
        return meant

    def suppose(self, name: str, true: Exact) -> None:
        """Take a name for the quantity or the part of a formula that has this true value."""
        meant = self._matcher.with_value(name, true)
        if meant is not None and name not in self._ledger:
            self._aliases[name] = meant
            self._given.add(name)

    def _found(self, name: str, clues: Clues) -> Expression | None:
        numbers = clues.numbers
        meant = self._places.entry(name, numbers) if numbers else None
        if meant is None and numbers and (step := self._places.learned_step(name, numbers)):
            meant = Name(step)
        return meant or self._matcher.match(name, clues) or self._places.step(name)

    def fits(self, name: str, numbers: Mapping[Index, Written] | None) -> bool:
        """Whether what a name has come to stand for has these values, so far as that is known."""
        meant = self._aliases.get(name)
        return meant is None or numbers is None or self._places.agrees(meant, numbers)

    def quantity(self, name: str) -> Quantity:
        """The quantity of a name, new where there is none, or where a new section gives it again."""
        is_new = name not in self._ledger or (self.is_open and name not in self._seen)
        self._seen.add(name)
        self.names.add(name)
        return self._ledger.add(self._derivative(name)) if is_new else self._ledger[name]

    def _derivative(self, name: str) -> Quantity:
        """A new quantity; of formulas in symbols, `dy/dx` is known to be their derivative."""
        parts = notation.gradient(name)
        if parts is None or parts.order != 1:
            return Quantity(name)
        by = parts.by[0][0]
        function = self._functions.get(parts.of)
        if function is not None and function.parameters == (by,):
            return Quantity(name, Apply("diff", function.body, Name(by)))
        if parts.of not in self._ledger:
            return Quantity(name)
        formulas = self._ledger.formulas(Name(parts.of))
        inner = {known: formula for known, formula in formulas.items() if known != by}
        whole = symbols.inlined(Name(parts.of), inner)
        if by not in symbols.free(whole) or self._ledger.has_value(by):
            return Quantity(name)
        return Quantity(name, Apply("diff", whole, Name(by)))


def _small(expression: Expression) -> Expression | None:
    """An expression that is not too large to be looked at: functions of functions grow fast."""
    fits = expression.size <= _MOST_NODES and expression.depth <= MAX_DEPTH // 2
    return expression if fits else None


def _written_out(
    body: Expression, index: str, first: Expression, last: Expression
) -> Expression | None:
    """A sum over few whole numbers, term by term."""
    if not all(isinstance(end, Number) and end.text.isdecimal() for end in (first, last)):
        return None
    low, high = (int(end.text) for end in (first, last) if isinstance(end, Number))
    if not 0 <= high - low < _MOST_TERMS or body.size * (high - low + 1) > 20 * _MOST_TERMS:
        return None
    at = (Number(str(k)) for k in range(low, high + 1))
    terms = [_placed(substitute(body, {index: place}), index, place.text) for place in at]
    total = terms[0]
    for term in terms[1:]:
        total = Apply("+", total, term)
    return total


def _placed(term: Expression, index: str, at: str) -> Expression:
    """A term whose names carry the index, `x_i`, with its value there: `x_3`."""
    own = {
        name: Name(f"{name[: -len(index) - 1]}_{at}")
        for name in names(term)
        if name.endswith(f"_{index}")
    }
    return substitute(term, own) if own else term


def is_derivative(side: Expression) -> bool:
    """Whether a side holds a derivative, so that what it is equal to is a claim."""
    return any(isinstance(node, Apply) and node.operation == "diff" for node in walk(side))
