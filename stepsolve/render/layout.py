"""Pieces of a page in a fixed width: styled rows, wrapped text, equations in two dimensions.

A row is a list of pieces of text, each with a role; what a role looks like is left to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from stepsolve.notation.box import layout
from stepsolve.notation.bricks import Box, beside, line
from stepsolve.notation.tree import Apply, Array, Expression, walk
from stepsolve.notation.unicode import one_line, superscript

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


def row_width(row: Row) -> int:
    return sum(len(text) for text, _ in row)


def text_of(row: Row) -> str:
    """The row without its roles and without blanks at its end."""
    return "".join(text for text, _ in row).rstrip()


def wrapped(text: str, width: int, indent: int = 0, role: str = PLAIN) -> list[Row]:
    """Text broken at blanks, every row indented; the first hangs out by nothing."""
    room = max(width - indent, 10)
    lines = wrap(text, room, break_on_hyphens=False) or [""]
    return [[(" " * indent, PLAIN), (line_, role)] for line_ in lines]


def sentence(parts: Iterable[str | Expression]) -> str:
    """Words and expressions as one line of text."""
    return "".join(part if isinstance(part, str) else one_line(part) for part in parts)


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
    if signs is None:
        signs = ["="] * (len(sides) - 2) + ["≈" if rounded else "="] if len(sides) > 1 else []
    draw = drawn if any(map(_is_tall, sides)) else _flat
    boxes = [draw(side) for side in sides]
    room = width - indent
    joined = boxes[0]
    rows: list[Row] = []
    hang = min(joined.width, room // 3)
    for sign, box in zip(signs, boxes[1:], strict=True):
        longer = beside(joined, line(f" {sign} "), box)
        if longer.width <= room:
            joined = longer
            continue
        rows += _rows(joined, room, indent, role)
        joined = beside(line(f"{' ' * hang} {sign} "), box)
    return rows + _rows(joined, room, indent, role)


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


def drawn(expression: Expression) -> Box:
    """An expression in two dimensions, as it stands beside an equals sign."""
    return _flat(expression) if _is_comparison(expression) else layout(expression)


def _is_tall(expression: Expression) -> bool:
    """Whether there is more to draw than one row: a fraction, or an exponent that is no superscript."""
    for node in walk(expression):
        match node:
            case Array() | Apply(operation="/"):
                return True
            case (
                Apply(operation="exp", arguments=(exponent,))
                | Apply(operation="^", arguments=(_, exponent))
            ):
                if not superscript(exponent):
                    return True
    return False


def _rows(box: Box, room: int, indent: int, role: str) -> list[Row]:
    if box.width <= room:
        return [[(" " * indent + row, role)] for row in box.rows]
    if box.height == 1:
        return _broken(box.rows[0], room, indent, role)
    # too wide even alone: piece by piece of the width, each with all its rows
    rows: list[Row] = []
    for start in range(0, box.width, room):
        rows += [[(" " * indent + row[start : start + room], role)] for row in box.rows]
    return rows


def _broken(text: str, room: int, indent: int, role: str) -> list[Row]:
    """One long row of mathematics broken at blanks, the rest hanging."""
    lead = len(text) - len(text.lstrip())
    hang = min(lead + 4, room // 2)
    lines = wrap(
        text,
        room,
        initial_indent=" " * lead,
        subsequent_indent=" " * hang,
        drop_whitespace=True,
        break_on_hyphens=False,
    )
    return [[(" " * indent + line_, role)] for line_ in lines]


def formula_rows(
    sides: Sequence[Expression], width: int, indent: int, role: str = PLAIN
) -> list[Row]:
    """An equation on one line if it fits, broken where it does not."""
    text = " = ".join(map(side, sides))
    return _broken(text, width - indent, indent, role)
