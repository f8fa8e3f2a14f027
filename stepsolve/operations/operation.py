"""What an operation is: one row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from stepsolve.notation.tree import Expression, Name, substitute

VARIADIC = 100  # arguments; the rules for more would be too deep to read


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
    definition: str = ""
    """The operation in terms of others; it is also how the operation is recognised when written out."""
    forms: tuple[str, ...] = ()
    """Other ways of writing the definition."""
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
    """Where the operation has no derivative: `zero` of its first argument, or `ties` of any two."""
    convention: str = ""
    """What stands for the derivative there."""
    pattern: str = ""
    """How gradients flow through it, as said at the board."""
    description: str = ""
    aliases: tuple[str, ...] = ()

    def parameters(self, count: int) -> tuple[str, ...]:
        """The names that the rules use for `count` arguments."""
        return tuple("ab"[k] if k < 2 else f"a_{k + 1}" for k in range(count))

    def local_rules(self, count: int) -> tuple[Expression, ...]:
        """The partial derivatives of the operation with `count` arguments."""
        if callable(self.local):
            return tuple(map(_parsed, self.local(count)))
        return self._local

    @cached_property
    def _local(self) -> tuple[Expression, ...]:
        assert not callable(self.local)
        return tuple(map(_parsed, self.local))

    @cached_property
    def definition_tree(self) -> Expression | None:
        """The definition as an expression, if there is one."""
        return _parsed(self.definition) if self.definition else None

    @cached_property
    def form_trees(self) -> tuple[Expression, ...]:
        """Every way in which the operation may be written out."""
        first = (self.definition_tree,) if self.definition_tree else ()
        return (*first, *map(_parsed, self.forms))

    def kink_sides(
        self, arguments: tuple[Expression, ...]
    ) -> tuple[tuple[Expression, Expression], ...]:
        """The equations that hold where the operation has no derivative."""
        if self.kinks == "ties":
            return tuple(combinations(arguments, 2))
        return ((arguments[0], _parsed("0")),) if self.kinks else ()

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
