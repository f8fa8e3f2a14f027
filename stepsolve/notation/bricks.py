"""Rectangles of text, the bricks of two-dimensional notation: joined, stacked, raised, fenced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from stepsolve.notation.hats import combined, single

BAR: Final = "─"
# a fence of one row; the top, the middle and the bottom of a taller one
_FENCES: Final = {
    "(": "⎛⎜⎝",
    ")": "⎞⎟⎠",
    "[": "⎡⎢⎣",
    "]": "⎤⎥⎦",
    "|": "│││",
    "‖": "‖‖‖",
    "⌊": "⎢⎢⎣",
    "⌋": "⎥⎥⎦",
    "⌈": "⎡⎢⎢",
    "⌉": "⎤⎥⎥",
}


class Box(NamedTuple):
    """Rows of equal width. The row `baseline` is the one that stands on the line of the text."""

    rows: tuple[str, ...]
    baseline: int = 0

    @property
    def width(self) -> int:
        """Characters in each row."""
        return len(self.rows[0])

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def text(self) -> str:
        """The rows as lines, without blanks at their ends."""
        return combined("\n".join(row.rstrip() for row in self.rows))


def line(text: str) -> Box:
    """A box of one row."""
    return Box((single(text),))


def beside(*boxes: Box) -> Box:
    """Boxes from left to right on one baseline."""
    if all(len(box.rows) == 1 for box in boxes):
        return Box(("".join([box.rows[0] for box in boxes]),))
    above = max(box.baseline for box in boxes)
    below = max(box.height - box.baseline for box in boxes)
    grown = [_grown(box, above - box.baseline, below - box.height + box.baseline) for box in boxes]
    return Box(tuple(map("".join, zip(*grown, strict=True))), above)


def _grown(box: Box, above: int, below: int) -> tuple[str, ...]:
    blank = (" " * box.width,)
    return blank * above + box.rows + blank * below


def fraction(above: Box, below: Box, padding: int = 1) -> Box:
    """One box over another, centred, with a bar that is longer by `padding` on either side."""
    width = max(above.width, below.width) + 2 * padding
    rows = (*_centred(above, width), BAR * width, *_centred(below, width))
    return Box(rows, above.height)


def _centred(box: Box, width: int) -> tuple[str, ...]:
    left = (width - box.width) // 2
    return tuple([" " * left + row + " " * (width - left - box.width) for row in box.rows])


def fenced(opening: str, inside: Box, closing: str) -> Box:
    """A box between brackets or bars as tall as it is."""
    return beside(fence(opening, inside), inside, fence(closing, inside))


def fence(sign: str, inside: Box) -> Box:
    """A bracket or a bar as tall as a box. Other signs keep to the baseline."""
    if inside.height == 1 or sign not in _FENCES:
        return Box((sign,))
    tall = _FENCES[sign]
    return Box((tall[0], *tall[1] * (inside.height - 2), tall[2]), inside.baseline)


def braced(inside: Box) -> Box:
    """A box of two rows or more behind a brace that nothing closes."""
    height, middle = inside.height, (inside.height - 1) // 2
    sign = ["⎪"] * height
    sign[0], sign[-1] = ("⎰", "⎱") if height == 2 else ("⎧", "⎩")
    if height > 2:
        sign[middle] = "⎨"
    return beside(Box(tuple(sign), inside.baseline), line(" "), inside)


def raised(base: Box, exponent: Box) -> Box:
    """A base with an exponent that stands above its top row."""
    above = tuple([" " * base.width + row for row in exponent.rows])
    below = tuple([row + " " * exponent.width for row in base.rows])
    return Box(above + below, base.baseline + exponent.height)


def marked(base: Box, mark: str) -> Box:
    """A base with raised characters (`²`, `ᵀ`) at its top right corner."""
    blank = " " * len(mark)
    top, *others = base.rows
    return Box((top + mark, *[row + blank for row in others]), base.baseline)


def lowered(base: Box, mark: str) -> Box:
    """A base with small characters (`ᵢⱼ`) at its bottom right corner."""
    blank = " " * len(mark)
    *others, last = base.rows
    return Box((*[row + blank for row in others], last + mark), base.baseline)


def joined(boxes: Sequence[Box], between: str) -> Box:
    """Boxes beside each other with a text between; an empty line if there are none."""
    row: list[Box] = []
    for box in boxes:
        row += (line(between), box)
    return beside(*row[1:]) if row else line("")


def grid(rows: Sequence[Sequence[Box]], gap: str = "  ", left: bool = False) -> Box:
    """Boxes in columns, aligned to the right or `left`; the whole stands on its middle row.

    A blank row keeps tall rows apart: fractions under each other would run together.
    """
    widths = [max([box.width for box in column]) for column in zip(*rows, strict=True)]
    align = _left_aligned if left else _right_aligned
    drawn = [joined(list(map(align, row, widths)), gap).rows for row in rows]
    apart = any(len(row) > 1 for row in drawn)
    lines = list(drawn[0])
    for row in drawn[1:]:
        lines += (" " * len(row[0]), *row) if apart else row
    return Box(tuple(lines), (len(lines) - 1) // 2)


def _left_aligned(box: Box, width: int) -> Box:
    return beside(box, line(" " * (width - box.width)))


def _right_aligned(box: Box, width: int) -> Box:
    return beside(line(" " * (width - box.width)), box)
