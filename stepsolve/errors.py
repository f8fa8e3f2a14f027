"""The errors of stepsolve: what went wrong, where, and what would help.

Every error derives from `StepsolveError`. A problem file with mistakes raises one `InvalidProblem`
that holds a `Diagnosis` for each independent mistake, so that a reader can mend them all at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """Where in a source a mistake stands. Lines and columns count from 1; `end` is exclusive.

    For a problem given as a mapping there are no lines: `line` is 0 and `source` names the value's
    path, such as `given.x`.
    """

    source: str
    line: int = 0
    column: int = 0
    end: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class Diagnosis(NamedTuple):
    """One mistake: its message, its place and a hint (either may be missing)."""

    message: str
    place: Place | None = None
    hint: str = ""

    def render(self, width: int = 100) -> str:
        """The message as printed: `file:line:column: message`, the line, a caret, the hint.

        A source line longer than `width` is cut to a window around the mistake.
        """
        head = f"{self.place}: {self.message}" if self.place else self.message
        parts = [head]
        if self.place and self.place.line and self.place.text:
            parts.extend(_excerpt(self.place, width))
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        return "\n".join(parts)


def _excerpt(place: Place, width: int) -> list[str]:
    gutter = f"{place.line:>5} | "
    room = max(20, width - len(gutter))
    start, end = place.column - 1, max(place.end - 1, place.column)
    first = max(0, min(start - room // 3, len(place.text) - room))
    shown = "".join(c if c.isprintable() else " " for c in place.text[first : first + room])
    carets = "^" * max(1, min(end, first + room) - start)
    blank = " " * 5 + " | "
    return [gutter + shown, blank + " " * (start - first) + carets]


class StepsolveError(Exception):
    """The root of every error that stepsolve raises on purpose."""

    def __init__(self, *diagnoses: Diagnosis | str) -> None:
        self.diagnoses = tuple(Diagnosis(d) if isinstance(d, str) else d for d in diagnoses)
        super().__init__("\n".join(d.render() for d in self.diagnoses))


class InvalidProblem(StepsolveError):
    """A problem that cannot be solved as written; `diagnoses` lists every independent mistake."""


class UnknownName(StepsolveError):
    """A kind, operation or rule that was asked for and does not exist."""


class ExpressionError(StepsolveError):
    """A text that is not in the expression language; `start` and `end` are offsets into it."""

    def __init__(self, message: str, start: int = 0, end: int = 0, hint: str = "") -> None:
        super().__init__(Diagnosis(message, hint=hint))
        self.message, self.start, self.end, self.hint = message, start, max(end, start + 1), hint


class OutsideDomain(StepsolveError):
    """A value that an operation does not have, such as log(-1).

    `operation` and `arguments` say which."""

    def __init__(self, operation: str, arguments: Iterable[object]) -> None:
        self.operation, self.arguments = operation, tuple(arguments)
        super().__init__(f"{operation} has no value at {', '.join(map(str, self.arguments))}")


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint `did you mean ...?` for a misspelt word, or an empty text when nothing is near."""
    from difflib import get_close_matches  # a tenth of a millisecond, needed only on a mistake

    matches = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {matches[0]}?" if matches else ""
