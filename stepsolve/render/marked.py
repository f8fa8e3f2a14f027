"""A marked hand calculation as rows of text: the first wrong line, the work, the marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stepsolve.marking.verdicts import Judgement, Marked, MarkedLine, Verdict
from stepsolve.render.files import encodable
from stepsolve.render.layout import (
    BAD,
    GOOD,
    HEADING,
    NOTE,
    PLAIN,
    TITLE,
    Row,
    row_width,
    wrapped,
)
from stepsolve.render.page import MAX_WIDTH, MIN_WIDTH

_APART = 3  # blanks between a line and its verdicts
_SKIPPED = 4  # passed-over quantities that are told by name
_OWN = 8  # names of the work's own that are told
_ALIGNMENT = re.compile(r"&\s*(?=[=<>≈]|\\(?:approx|leq?|geq?|Rightarrow|equiv)(?![A-Za-z]))")
_RIGHT = "✓"
_MARKS = {
    Verdict.WRONG: ("✗", BAD),
    Verdict.FOLLOWS: ("→", NOTE),
    Verdict.UNDECIDABLE: ("?", NOTE),
    Verdict.NOT_READ: ("?", NOTE),
    Verdict.LAST_DIGIT: ("≈", GOOD),
}
_PLAINER = {"✗": "x", "→": ">", "≈": "~", _RIGHT: " "}
"""As wide, for an outlet that has no such signs; what is right has no mark there."""


def rows(marked: Marked, width: int, encoding: str = "utf-8") -> Iterator[Row]:
    """The rows of the whole page, in signs that an outlet of this encoding has."""
    return _Page(marked, min(max(width, MIN_WIDTH), MAX_WIDTH) - 1, encoding).rows()


class _Page:
    def __init__(self, marked: Marked, width: int, encoding: str) -> None:
        self._marked, self._width, self._encoding = marked, width, encoding
        last = max((line.line for line in marked.lines), default=0)
        self._gutter = len(str(last)) + 2

    def rows(self) -> Iterator[Row]:
        yield from self._headed(self._marked.title, "═", TITLE)
        yield []
        yield from self._outcome()
        yield []
        yield from self._headed("The work", "─", HEADING)
        for line in self._marked.lines:
            yield from self._line(line)
        if self._marked.awards:
            yield []
            yield from self._awards()

    def _headed(self, text: str, rule: str, role: str) -> Iterator[Row]:
        found = self._text(" ".join(text.split()), role)
        yield from found
        yield [(self._spelt(rule) * max(row_width(row) for row in found), role)]

    def _outcome(self) -> Iterator[Row]:
        """What there is to say of the whole: the first wrong line and the repair."""
        for check in self._marked.doubts:
            told = f"The problem's own solution is not confirmed: {check.of}, {check.method}."
            yield from self._marked_text("✗", told, BAD)
        first = self._marked.first_wrong
        unread = sum(Verdict.NOT_READ in line.verdicts for line in self._marked.lines)
        undecided = sum(Verdict.UNDECIDABLE in line.verdicts for line in self._marked.lines)
        if first is not None:
            told = f"Line {first.line} is the first that is wrong: "
            wrong = next(j for j in first.judgements if j.verdict is Verdict.WRONG)
            yield from self._marked_text("✗", told + _reason(wrong) + ".", BAD)
        elif not self._marked.lines:
            yield from self._text("There is no equation in this work.")
        elif unread + undecided < len(self._marked.lines):
            yield from self._marked_text(_RIGHT, "Nothing is wrong.", GOOD)
        if self._marked.repair:
            yield from self._text(self._marked.repair)
        for count, what in ((unread, "could not be read"), (undecided, "could not be decided")):
            if count:
                noun = "line" if count == 1 else "lines"
                yield from self._text(f"{count} {noun} {what}.")
        lines = self._marked.lines
        found = {line.name for line in lines if not line.is_own and line.of != line.name}
        own = [
            n for n in dict.fromkeys(line.name for line in lines if line.is_own) if n not in found
        ]
        if own:
            told = "Names of the work's own, of which only the numbers are checked: "
            yield from self._text(f"{told}{_listed(own, _OWN)}.")
            if missing := self._marked.missing:
                told = f"Asked for, but not found among the lines: {_listed(missing, _SKIPPED)}."
                yield from self._text(told)

    def _spelt(self, text: str) -> str:
        return encodable(text, self._encoding)

    def _sign(self, mark: str) -> str:
        """A mark, or another as wide where the outlet does not have it."""
        return mark if self._spelt(mark) == mark else _PLAINER[mark]

    def _text(self, text: str, role: str = PLAIN) -> list[Row]:
        return wrapped(self._spelt(text), self._width, role=role)

    def _marked_text(self, mark: str, text: str, role: str) -> list[Row]:
        return self._text(f"{self._sign(mark)} {text}".strip(), role)

    def _line(self, line: MarkedLine) -> Iterator[Row]:
        mark, role = _MARKS.get(line.worst, (_RIGHT, GOOD))
        head: Row = [
            (f"{line.line:>{self._gutter}} ", NOTE),
            (self._sign(mark), role),
            (" ", PLAIN),
        ]
        indent = row_width(head)
        text = wrapped(self._spelt(_as_read(line.text)), self._width - indent)
        words = ", ".join(line.verdicts)
        room = self._width - indent - row_width(text[-1]) - len(words)
        if room >= _APART:  # beside the end of the line where there is room, below it otherwise
            text[-1] = [*text[-1], (" " * room, PLAIN), (words, NOTE)]
        else:
            text += [[(" " * (self._width - indent - len(words)), PLAIN), (words, NOTE)]]
        for k, row in enumerate(text):
            yield [*(head if not k else [(" " * indent, PLAIN)]), *row]
        for note in self._notes(line):
            for row in wrapped(self._spelt(note), self._width - indent - 2):
                yield [(" " * (indent + 2), PLAIN), *((text_, NOTE) for text_, _ in row)]

    def _notes(self, line: MarkedLine) -> Iterator[str]:
        """What is to be said of the signs that are not simply right."""
        for judgement in line.judgements:
            if judgement.verdict in (Verdict.WRONG, Verdict.NOT_READ, Verdict.UNDECIDABLE):
                yield f"{judgement.verdict}: {_reason(judgement)}"
            elif judgement.told:
                yield judgement.told
        if line.skipped:
            yield f"passes over {_listed(line.skipped, _SKIPPED)}"

    def _awards(self) -> Iterator[Row]:
        yield from self._headed("Marks", "─", HEADING)
        got = sum(award.got for award in self._marked.awards)
        out_of = sum(award.out_of for award in self._marked.awards)
        entries = [
            (self._spelt(a.of), f"{a.got} of {a.out_of}", self._spelt(a.told))
            for a in self._marked.awards
        ]
        entries.append(("together", f"{got} of {out_of}", ""))
        widths = [max(len(entry[k]) for entry in entries) for k in (0, 1)]
        for of, marks, told in entries:
            head = f"  {of:<{widths[0]}}  {marks:>{widths[1]}}  "
            for k, row in enumerate(wrapped(told, self._width - len(head))):
                start = head if not k else " " * len(head)
                yield [(start, PLAIN), *((text, NOTE) for text, _ in row)]


def _listed(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _as_read(text: str) -> str:
    """A line without the signs that only align it with others."""
    return _ALIGNMENT.sub("", " ".join(text.split()))


def _reason(judgement: Judgement) -> str:
    """Why a sign is not right, in words."""
    parts = [judgement.told] if judgement.told else []
    if judgement.expected:
        parts.append(f"expected {judgement.expected}")
    if judgement.own:
        parts.append(f"or {judgement.own} from the values above")
    told = ", ".join(parts) or judgement.verdict.meaning
    if judgement.slips:
        told += f" ({judgement.slips[0].told})"
    return told
