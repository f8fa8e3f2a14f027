"""Pieces of a page in a fixed width: styled rows, wrapped text, equations in two dimensions.

A row is a list of pieces of text, each with a role; what a role looks like is left to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from stepsolve.notation.box import layout
from stepsolve.notation.bricks import Box, beside, line
from stepsolve.notation.hats import single
from stepsolve.notation.tree import Apply, Array, Expression, walk
from stepsolve.notation.unicode import one_line as _one_line
from stepsolve.notation.unicode import superscript
from stepsolve.render.flow import flowed

_TIED = "\u2007"  # a blank at which no row is broken
_OF_MATRICES = ("@", "T", "hadamard")
_TIGHT = 16  # characters of such an expression
Piece = tuple[str, str]
Row = list[Piece]

TITLE, HEADING, RULE, NOTE, RESULT, GOOD, BAD, PLAIN = (
    "title",
    "heading",
    "rule",
    "note",
    "result",
    "good",
    "bad",
    "",
)


def one_line(expression: Expression) -> str:
    """An expression on one line, each of its characters as wide as one."""
    return single(_one_line(expression))


def row_width(row: Row) -> int:
    return sum(len(text) for text, _ in row)


def text_of(row: Row) -> str:
    """The row without its roles and without blanks at its end."""
    return "".join(text for text, _ in row).rstrip()


def wrapped(text: str, width: int, indent: int = 0, role: str = PLAIN) -> list[Row]:
    """Text broken at blanks, every row indented; the first hangs out by nothing."""
    room = max(width - indent, 10)
    lines = wrap(text, room, break_on_hyphens=False) or [""]
    return [[(" " * indent, PLAIN), (line_.replace(_TIED, " "), role)] for line_ in lines]


def sentence(parts: Iterable[str | Expression]) -> str:
    """Words and expressions as one line of text, to be wrapped.

    An equals sign keeps its sides, and a short expression is not broken.
    """
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part.replace(" = ", f"{_TIED}={_TIED}"))
        else:
            text = one_line(part)
            written.append(text.replace(" ", _TIED) if len(text) <= _TIGHT else text)
    return "".join(written)


def phrase(parts: Iterable[str | Expression]) -> str:
    """Words and expressions as one line of text that is not wrapped."""
    return sentence(parts).replace(_TIED, " ")


def equation(
    sides: Sequence[Expression],
    width: int,
    indent: int,
    *,
    rounded: bool = False,
    role: str = PLAIN,
    signs: Sequence[str] | None = None,
) -> list[Row]:
    """`left = side = side`, in two dimensions where it fits, else broken before an equals sign."""
    signs = _signs(sides, rounded) if signs is None else signs
    room = width - indent
    rows = _in_two_dimensions(sides, signs, room) if any(map(_is_tall, sides)) else None
    if rows is None:
        rows = flowed([("", side(sides[0])), *zip(signs, map(side, sides[1:]), strict=True)], room)
    return [[(" " * indent + row, role)] for row in rows]


def _signs(sides: Sequence[Expression], rounded: bool) -> list[str]:
    return ["="] * (len(sides) - 2) + ["≈" if rounded else "="] if len(sides) > 1 else []


def drawn_equation(
    sides: Sequence[Expression], width: int, indent: int, rounded: bool
) -> list[Row] | None:
    """An equation with its matrices drawn, None where a side is too wide for that."""
    rows = _in_two_dimensions(sides, _signs(sides, rounded), width - indent)
    return None if rows is None else [[(" " * indent + row, PLAIN)] for row in rows]


def has_array(expression: Expression) -> bool:
    """Whether an expression has a vector or matrix of numbers in it."""
    return any(isinstance(node, Array) for node in walk(expression))


def _in_two_dimensions(
    sides: Sequence[Expression], signs: Sequence[str], room: int
) -> list[str] | None:
    """The rows of an equation with its fractions drawn, None where a side is too wide for that."""
    flat = any(map(is_matrix, sides))
    joined = drawn(sides[0], flat)
    done: list[Box] = []
    hang = " " * min(joined.width, room // 3)
    for sign, side_ in zip(signs, sides[1:], strict=True):
        for lead, box in _terms(side_, f" {sign} ", flat, room - len(hang)):
            longer = beside(joined, line(lead), box)
            if longer.width > room:
                done.append(joined)
                longer = beside(line(hang + lead.rjust(3)), box)
            joined = longer
    done.append(joined)
    return [row for box in done for row in box.rows] if max(b.width for b in done) <= room else None


def _terms(side_: Expression, lead: str, flat: bool, room: int) -> list[tuple[str, Box]]:
    """A side with the sign before it; one that is too wide and a sum, term by term."""
    box = drawn(side_, flat)
    match side_:
        case Apply(operation="+" | "-" as sign, arguments=(left, right)) if box.width + 3 > room:
            if not (isinstance(right, Apply) and right.operation in ("+", "-", "neg")):
                shown = " + " if sign == "+" else " − "
                return [*_terms(left, lead, flat, room), (shown, drawn(right, flat))]
    return [(lead, box)]


def side(expression: Expression) -> str:
    """An expression as it stands beside an equals sign: a comparison in Iverson's brackets."""
    text = one_line(expression)
    return f"[{text}]" if _is_comparison(expression) else text


def _is_comparison(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation in (
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
    )


def _flat(expression: Expression) -> Box:
    return line(side(expression))


def drawn(expression: Expression, flat: bool = False) -> Box:
    """An expression in two dimensions, as it stands beside an equals sign.

    `flat` keeps the names of gradients on one line: `dL/dW`.
    """
    flat = flat or is_matrix(expression)
    return _flat(expression) if _is_comparison(expression) else layout(expression, flat)


def is_matrix(expression: Expression) -> bool:
    """Whether there are matrices in it, beside which a gradient's name would be a tall fraction."""
    return any(
        isinstance(node, Array) or (isinstance(node, Apply) and node.operation in _OF_MATRICES)
        for node in walk(expression)
    )


def _is_tall(expression: Expression) -> bool:
    """Whether there is more to draw than one row: a fraction, or an exponent that is no superscript."""
    for node in walk(expression):
        match node:
            case Array() | Apply(operation="/" | "limit"):
                return True
            case Apply(operation="sum", arguments=(_, _, _, _)):
                return True
            case (
                Apply(operation="exp", arguments=(exponent,))
                | Apply(operation="^", arguments=(_, exponent))
            ):
                if not superscript(exponent):
                    return True
    return False


def formula_rows(
    sides: Sequence[Expression], width: int, indent: int, role: str = PLAIN
) -> list[Row]:
    """An equation on one line if it fits, broken where it does not."""
    pieces = [("=" if k else "", side(one)) for k, one in enumerate(sides)]
    return [[(" " * indent + row, role)] for row in flowed(pieces, width - indent)]
