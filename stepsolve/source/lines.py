"""The lines of a text, to tell where in it something stands."""

from __future__ import annotations

import re
from bisect import bisect_right

from stepsolve.errors import Place

_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """A named text by lines. Lines and columns count from 0 here, and from 1 in a `Place`."""

    __slots__ = ("_lines", "_starts", "name", "text")

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.text = text
        self._lines = _BREAK.split(text)  # kept, so that all places in a line share its text
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]

    def __getitem__(self, line: int) -> str:
        """The text of a line without its break; empty for a line that does not exist."""
        return self._lines[line] if 0 <= line < self.count else ""

    @property
    def count(self) -> int:
        return len(self._lines)

    def place(self, line: int, column: int, end: int | None = None) -> Place:
        """The place from a column up to `end`, or to the end of the line."""
        text = self[line]
        last = len(text.rstrip()) if end is None else end
        return Place(self.name, line + 1, column + 1, max(last, column) + 1, text)

    def character(self, offset: int) -> Place:
        """The place of the one character at an offset into the text."""
        line = bisect_right(self._starts, offset) - 1
        column = offset - self._starts[line]
        return self.place(line, column, column + 1)
