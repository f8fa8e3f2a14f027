"""What an operation is: one row of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute

VARIADIC = 100  # arguments; the rules for more would be too deep to read


def parameters(count: int) -> tuple[str, ...]:
    """The names that rules and definitions use for `count` arguments: `a`, `b`, `a_3` ..."""
    return tuple("ab"[k] if k < 2 else f"a_{k + 1}" for k in range(count))


@dataclass(frozen=True)
class Operation:
    """A row: how an operation is computed, differentiated, written and bounded.

    Rules are texts in the expression language over the parameters `a`, `b`, ... and the result `y`,
    so that they can be shown as they are used. `numpy` and `precise` must share no code: each
    confirms the other.
    """

    name: str
    numpy: Callable[..., Any]
    """float64, elementwise, stable in both directions."""
    precise: str | Callable[..., Any]
    """The same in high precision: a function `(mp, *arguments)`, or the name of mpmath's own."""
    local: tuple[str, ...] | Callable[[int], tuple[str, ...]]
    """The partial derivative by each parameter."""
    source: str
    """Where the formula can be looked up."""
    arity: tuple[int, int] = (1, 1)
    defaults: tuple[str, ...] = ()
    """Values of the last parameters where they are not written."""
    sympy: str = ""
    """The name of SymPy's own function; where it has none, `definition` is used."""
    definition: str | Callable[[int], str] = ""
    """The operation in terms of others, or a function from the number of arguments to that."""
    forms: tuple[str, ...] = ()
    """Other ways of writing the definition."""
    recognised: bool = True
    """Whether a formula that is the definition may be shown as this operation instead."""
    means: Callable[[tuple[Expression, ...]], Expression | None] | None = None
    """What it stands for with some arguments as they are written, or None: `x^(1/3)` is a real root."""
    overloads: str = ""
    """The other row whose name it is written with, told apart by the number of arguments."""
    chooses: bool = False
    """Only one of its last two arguments is evaluated: the first says which."""
    is_call: bool = True
    """Written as `name(arguments)` rather than with a sign between them."""
    text: str = ""
    """One-line notation: `#1`, `#2` are arguments, `#*` all of them."""
    latex: str = ""
    domain: tuple[tuple[float, float], ...] = ((-4.0, 4.0),)
    """An interval for each parameter from which it may be tried out."""
    condition: str = ""
    """Where the operation has a real value, if not everywhere."""
    kinks: str = ""
    """Where the operation has no derivative: a row of `_KINKS`, if there is such a place."""
    convention: str = ""
    """What stands for the derivative there."""
    pattern: str = ""
    """How gradients flow through it, as said at the board."""
    description: str = ""
    aliases: tuple[str, ...] = ()

    @staticmethod
    def parameters(count: int) -> tuple[str, ...]:
        """The names that the rules use for `count` arguments."""
        return parameters(count)

    def local_rules(self, count: int) -> tuple[Expression, ...]:
        """The partial derivatives of the operation with `count` arguments."""
        known = self._local.get(count)
        if known is None:
            rules = self.local(count) if callable(self.local) else self.local
            known = self._local[count] = tuple(map(_parsed, rules))
        return known

    @cached_property
    def _local(self) -> dict[int, tuple[Expression, ...]]:
        return {}

    @property
    def written(self) -> str:
        """The name that it is called by in the expression language."""
        return self.overloads or self.name

    def definition_tree(self, count: int) -> Expression | None:
        """The definition for `count` arguments as an expression, if there is one."""
        if callable(self.definition):
            return _parsed(self.definition(count))
        return self._definition

    @cached_property
    def _definition(self) -> Expression | None:
        assert isinstance(self.definition, str)
        return _parsed(self.definition) if self.definition else None

    @cached_property
    def form_trees(self) -> tuple[Expression, ...]:
        """Every way in which the operation with its fewest arguments may be written out."""
        first = self.definition_tree(self.arity[0])
        return (*((first,) if first is not None else ()), *map(_parsed, self.forms))

    def kink_sides(
        self, arguments: tuple[Expression, ...]
    ) -> tuple[tuple[Expression, Expression], ...]:
        """The equations that hold where the operation has no derivative."""
        return tuple(_KINKS[self.kinks](self.name, arguments)) if self.kinks else ()

    @cached_property
    def default_trees(self) -> tuple[Expression, ...]:
        return tuple(map(_parsed, self.defaults))

    def completed(self, arguments: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """The arguments with the defaults of those not written."""
        if not self.defaults:
            return arguments
        missing = self.arity[1] - len(arguments)
        if missing:
            return arguments + self.default_trees[-missing:]
        return arguments


def _parsed(text: str) -> Expression:
    from stepsolve.source.expression import parse  # the parser asks the table for its names

    # a problem may give pi another value; the rules mean the number
    return substitute(parse(text), {"pi": Name("π")})


_Sides = Iterable[tuple[Expression, Expression]]

# the equations that hold at the kinks, from the operation's name and its arguments
_KINKS: dict[str, Callable[[str, tuple[Expression, ...]], _Sides]] = {
    "zero": lambda _, arguments: ((arguments[0], Number("0")),),
    "ties": lambda _, arguments: combinations(arguments, 2),
    "bounds": lambda _, arguments: ((arguments[0], bound) for bound in arguments[1:]),
    "jumps": lambda name, arguments: ((arguments[0], Apply(name, *arguments)),),
}
