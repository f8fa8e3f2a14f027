"""Where brackets are needed, decided once for every printer.

Each expression has a level, the tightness of its outermost sign. Each place in an operation has a
least level; a part below it is put in brackets. A place between delimiters (an argument, an entry
of an array, the numerator of a stacked fraction) takes `ANYTHING`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count, repeat
from typing import Final, NamedTuple

from stepsolve.notation.cases import CHOICE
from stepsolve.notation.indices import is_summation
from stepsolve.notation.template import MARKED, OPEN, RAISED, kind_of, latex_template, text_template
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number

COMPARISON: Final = 0
SUM: Final = 1
SIGN: Final = 2
SUMMATION: Final = 3  # over an index: `Σₖ aₖ · bₖ`
PRODUCT: Final = 4
QUOTIENT: Final = 5  # a fraction that holds together by itself: `df/dx`, a stacked fraction
POWER: Final = 6
POSTFIX: Final = 7
ATOM: Final = 8
ANYTHING: Final = COMPARISON

COMPARISONS: Final = frozenset(("<", "<=", ">", ">=", "==", "!="))


class Notation(NamedTuple):
    """One way of writing: how tightly its operations bind and what their parts may be."""

    levels: Mapping[str, int]
    """The level of each operation that is not written as a call."""
    parts: Mapping[str, tuple[int, ...]]
    """The least levels of the parts of each operation that is not written as a call."""
    scientific: int
    """The level of a number with a power of ten."""
    template: Callable[[str], str] | None
    """The template of a call; without one every call is `name(arguments)`."""
    iverson: bool
    """Whether a comparison inside anything else is written in Iverson's square brackets."""

    def level(self, expression: Expression) -> int:
        """How tightly the outermost sign of an expression binds."""
        if isinstance(expression, Name):
            return QUOTIENT if "/" in expression.name else ATOM
        if isinstance(expression, Apply):
            if self.template is not None and is_summation(expression):
                return SUMMATION
            known = self.levels.get(expression.operation)
            return self._call_level(expression.operation) if known is None else known
        if isinstance(expression, Number):
            return self._number_level(expression)
        return POSTFIX if isinstance(expression, Item) else ATOM

    def brackets(self, part: Expression, least: int) -> str:
        """The brackets of a part where the level must be `least`: "", "()" or "[]"."""
        if self.iverson and isinstance(part, Apply) and part.operation in COMPARISONS:
            return "[]"
        return "()" if self.level(part) < least else ""

    def _number_level(self, number: Number) -> int:
        if self.scientific == ATOM or not is_scientific(number):
            return ATOM
        return POWER if number.text[:2] in ("1e", "1E") else self.scientific  # 10⁻³, 1.2·10⁻³

    def _call_level(self, operation: str) -> int:
        if self.template is None:
            return ATOM
        kind = kind_of(self.template(operation))
        return SUM if kind == OPEN else POWER if kind in (RAISED, MARKED) else ATOM


def factors_of(operation: str, arguments: tuple[Expression, ...]) -> list[Expression]:
    """The parts of an operation that stands in its own first part: a ⊙ b ⊙ c."""
    found: list[Expression] = []
    while arguments:
        first, *others = arguments
        found[:0] = others
        if not isinstance(first, Apply) or first.operation != operation:
            return [first, *found]
        arguments = first.arguments
    return found


def is_scientific(number: Number) -> bool:
    """Whether a number is written with a power of ten: `1e-3`."""
    return "e" in number.text or "E" in number.text


def is_plain_name(expression: Expression) -> bool:
    """Whether an expression is a name, but not a gradient's."""
    return isinstance(expression, Name) and "/" not in expression.name


def argument_levels(template: str) -> Iterator[int]:
    """The least level of each argument of a call: an index, `_#2`, holds together by itself."""
    least = POSTFIX if kind_of(template) in (OPEN, MARKED) else ANYTHING
    if "_#" not in template:
        return repeat(least)
    return (ATOM if f"_#{k}" in template else least for k in count(1))


_LEVELS = dict.fromkeys(COMPARISONS, COMPARISON) | {
    "+": SUM,
    "-": SUM,
    "neg": SIGN,
    "*": PRODUCT,
    "@": PRODUCT,
    "/": PRODUCT,
    "^": POWER,
    "T": POSTFIX,
}
_PARTS: dict[str, tuple[int, ...]] = dict.fromkeys(COMPARISONS, (SUM, SUM)) | {
    "+": (SUM, SUMMATION),  # neither a sum nor a sign to the right: a + (-b)
    "-": (SUM, SUMMATION),
    "neg": (SUMMATION,),
    "*": (PRODUCT, QUOTIENT),
    "@": (PRODUCT, QUOTIENT),
    "/": (PRODUCT, POWER),
    "^": (POSTFIX, ATOM),
    "T": (POSTFIX,),
}
# A transpose is written as an exponent, so it cannot carry another one.
# Between products entry by entry and matrix products nothing says which is worked out first.
_FOR_PEOPLE = _LEVELS | {"T": POWER, "limit": PRODUCT, "hadamard": SUMMATION}
_FOR_PEOPLE |= dict.fromkeys(("diff", "partial"), QUOTIENT)
_STACKED = _FOR_PEOPLE | {"/": QUOTIENT}
_STACKED_PARTS = _PARTS | {"/": (ANYTHING, ANYTHING), "^": (POSTFIX, ANYTHING)}

PLAIN: Final = Notation(_LEVELS, _PARTS, ATOM, None, iverson=False)
# exp(u) is written as a power of e where its exponent can be raised.
LINE: Final = Notation(_FOR_PEOPLE | {"exp": POWER}, _PARTS, QUOTIENT, text_template, iverson=True)
# a brace of cases is open to the right, so that everything around it needs brackets
_BRACED = _STACKED | {CHOICE: COMPARISON}
LATEX: Final = Notation(_BRACED, _STACKED_PARTS, QUOTIENT, latex_template, iverson=True)
BOX: Final = Notation(
    _BRACED | {"exp": POWER}, _STACKED_PARTS, QUOTIENT, text_template, iverson=True
)
