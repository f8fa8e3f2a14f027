r"""Notes with working in them - Markdown, LaTeX or plain text - taken apart into equations with places.

Mathematics stands in `$...$`, `$$...$$`, `\(...\)`, `\[...\]`, environments such as `align` and
fenced blocks of kind `math`; outside of it every line with a relation is taken for an equation, also
one that will turn out not to be readable, so that nothing is passed over in silence. Comments, other
code, what stands before `\begin{document}` and definitions of commands hold no equations.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

_LAID_OUT: Final = (
    r"(?:equation|align|aligned|alignat|flalign|gather|gathered|eqnarray|split|multline"
    r"|displaymath|math)"
)


class Equation(NamedTuple):
    """A text that holds a relation, and where it begins; lines and columns count from 1.

    `joined` says that it is a row that goes on from the row before: `&= 6`.
    """

    text: str
    line: int
    column: int
    latex: bool
    joined: bool


class Heading(NamedTuple):
    """A heading of the notes."""

    text: str
    line: int


_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*(\w*).*$", re.MULTILINE)
_TEX_COMMENT = re.compile(r"(?<!\\)%.*")
_LINE_COMMENT = re.compile(r"^[ \t]*%.*", re.MULTILINE)
_IS_TEX = re.compile(r"\\(?:documentclass|begin\{document\}|section\*?\{)")
_DEFINITION = re.compile(
    r"^[ \t]*\\(?:newcommand|renewcommand|providecommand|def|usepackage|DeclareMathOperator"
    r"|newtheorem|setlength|title|author|date|maketitle|input|include)(?![A-Za-z]).*",
    re.MULTILINE,
)
_INTERTEXT = re.compile(r"\\(?:short)?intertext\{[^{}]*\}")
_HEADING = re.compile(
    r"[ \t]*(?:\#{1,6}[ \t]+(?P<mark>.*)|\\(?:sub)*(?:section|paragraph)\*?\{(?P<tex>[^{}]*)\}.*)"
)
_OPENING = re.compile(
    rf"(?<!\\)(?P<dollars>\$\$?)|(?<!\\)\\(?P<bracket>[(\[])|\\begin\{{(?P<environment>{_LAID_OUT}\*?)\}}(?:\{{[0-9]+\}})?"
)
_BLANK = re.compile(r"\n[ \t]*(?=\n)|\n?\Z")
_SURE = re.compile(
    r"[=≈≃≡≤≥⇒≠]|\\(?:approx|simeq|equiv|leq?|geq?|Rightarrow|implies|to|rightarrow|sim|neq?|iff|coloneqq)"
    r"(?![A-Za-z])"
)
_MAYBE = re.compile(r"[<>→]|->")
_ROW = re.compile(
    rf"(?P<layout>\\(?:begin|end)\{{{_LAID_OUT}\*?\}}(?:\{{[0-9]+\}})?)|(?P<open>\\begin\{{[a-zA-Z]*\*?\}}|\{{)"
    r"|(?P<escaped>\\[{}$%&#_])|(?P<close>\\end\{[a-zA-Z]*\*?\}|\})"
    r"|(?P<row>\\\\(?:\*?\[[0-9.]+ ?[a-z]{2}\])?)|(?P<newline>\n)"
)
_LABEL = re.compile(
    r"\s*(?:>\s*)*(?:[-*+•]\s+|[0-9]{1,3}[.)]\s+)?"
    r"(?:\*\*[^*\n]{1,60}\*\*:?\s*|\\item\s*|\\text(?:bf|it)\{[^{}]*\}:?\s*)?"
    r"(?:\(?(?:[a-z]|[0-9]{1,2}|[ivx]{1,4})\)\s+|[A-Za-z][A-Za-z ]{1,40}[0-9]{0,3}[a-z]?\s?:\s+)?"
)
_GOES_ON = re.compile(r"[\s&]*(?:[-+*/·×]|\\(?:times|cdot|div|pm|odot)(?![A-Za-z]))")
_CONTINUES = re.compile(
    r"[\s&]*(?:[=≈≤≥<>⇒]|\\(?:approx|simeq|equiv|leq?|geq?|Rightarrow|implies|sim|to|rightarrow)(?![A-Za-z]))"
)


def equations(text: str) -> Iterator[Equation | Heading]:
    """The equations and headings of notes, in order. Takes time in proportion to the text."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    for found in _Notes(_cleaned(text), text).parts():
        if isinstance(found, _Found):
            line = bisect_right(lines, found.start)
            column = found.start - lines[line - 1] + 1
            yield Equation(found.text, line, column, found.latex, found.joined)
        else:
            yield Heading(found[0], bisect_right(lines, found[1]))


class _Found(NamedTuple):
    text: str
    start: int
    latex: bool
    joined: bool


def _blank(match: re.Match[str]) -> str:
    """As many spaces, so that everything else keeps its place."""
    return re.sub(r"[^\n]", " ", match[0])


def _cleaned(text: str) -> str:
    """The text with spaces for what holds no equations."""
    text = text.replace("\r", " ").replace("\x0b", " ").replace("\x0c", " ")
    text = _without_code(text)
    text = _without_comments(text)
    is_tex = _IS_TEX.search(text) is not None
    text = (_TEX_COMMENT if is_tex else _LINE_COMMENT).sub(_blank, text)
    begin, end = text.find(r"\begin{document}"), text.find(r"\end{document}")
    if begin >= 0:
        begin += len(r"\begin{document}")
        end = end if end >= begin else len(text)
        text = (
            re.sub(r"[^\n]", " ", text[:begin])
            + text[begin:end]
            + re.sub(r"[^\n]", " ", text[end:])
        )
    return _INTERTEXT.sub(_blank, _DEFINITION.sub(_blank, text))


def _without_comments(text: str) -> str:
    parts: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts += [text[place:start], re.sub(r"[^\n]", " ", text[start : end + 3])]
        place = end + 3
    return "".join(parts) + text[place:]


def _without_code(text: str) -> str:
    """The text without code, and with `$$` for the fences of mathematics."""
    parts: list[str] = []
    place = 0
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2]:
            parts.append(text[place : opening.start()])
            if opening[2] == "math":
                inside = text[opening.end() : fence.start()].replace("\n\n", "\n \n")
                parts += [_dollars(opening[0]), inside, _dollars(fence[0])]
            else:
                code = text[opening.start() : fence.end()]
                parts.append(re.sub(r"[^\n]", " ", code))
            place, opening = fence.end(), None
    return "".join(parts) + text[place:]


def _dollars(fence: str) -> str:
    return "$$".ljust(len(fence))


class _Notes:
    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source  # in which a comment is no blank line
        self._paragraph = 0  # where the present paragraph ends

    def parts(self) -> Iterator[_Found | tuple[str, int]]:
        """Equations with their offsets, and headings."""
        text, place = self._text, 0
        while place < len(text):
            stop = text.find("\n", place)
            stop = len(text) if stop < 0 else stop
            heading = _HEADING.fullmatch(text, place, stop)
            if heading is not None:
                yield (heading["mark"] or heading["tex"] or "").rstrip(" \t#").strip(), place
                place = stop + 1
                continue
            place = yield from self._line(place, stop)

    def _line(self, place: int, stop: int) -> Generator[_Found, None, int]:
        """The equations that begin on a line; returns where the text goes on after them."""
        text = self._text
        while True:
            opening = _OPENING.search(text, place, stop)
            if opening is None:
                yield from self._plain(place, stop)
                return stop + 1
            yield from self._plain(place, opening.start())
            inside, end, place = self._closed(opening)
            if end == place:  # never closed
                yield from _found(self._text[inside:end], inside, True, False)
            else:
                yield from self._rows(inside, end, opening[0] not in ("$", r"\("))
            if place > stop:  # the rest of the line on which it was closed
                stop = text.find("\n", place)
                stop = len(text) if stop < 0 else stop

    def _closed(self, opening: re.Match[str]) -> tuple[int, int, int]:
        """Where mathematics begins and ends, and where the text goes on: after a sign of closing.

        Without one it reaches to the end of the paragraph, the sign of opening included.
        """
        text, start = self._text, opening.end()
        if start > self._paragraph:
            blank = _BLANK.search(self._source, start)
            self._paragraph = blank.start() if blank else len(text)
        limit = max(self._paragraph, start)
        if opening["dollars"]:
            closing = opening["dollars"]
            end = text.find(closing, start, limit)
            while end > 0 and text[end - 1] == "\\":
                end = text.find(closing, end + 1, limit)
        elif opening["bracket"]:
            closing = {"(": r"\)", "[": r"\]"}[opening["bracket"]]
            end = text.find(closing, start, limit)
        else:
            closing = rf"\end{{{opening['environment']}}}"
            end = text.find(closing, start, limit)
        if end < 0:
            return opening.start(), limit, limit
        return start, end, end + len(closing)

    def _plain(self, start: int, stop: int) -> Iterator[_Found]:
        """A stretch of a line outside of mathematics, if it holds a relation."""
        piece = self._text[start:stop]
        if not _SURE.search(piece) and not (_MAYBE.search(piece) and re.search(r"[0-9]", piece)):
            return
        label = _LABEL.match(piece)
        begin = label.end() if label else 0
        body = piece[begin:].replace("`", " ")
        if not _SURE.search(body) and not _MAYBE.search(body):
            return  # the sign was that of a quotation
        yield from _found(body, start + begin, re.search(r"[\\{]", body) is not None, False)

    def _rows(self, start: int, stop: int, display: bool) -> Iterator[_Found]:
        """The rows of mathematics that hold a relation; a row `+ x` belongs to the row before."""
        rows = _split(self._text[start:stop]) if display else [(0, self._text[start:stop])]
        for number, (offset, row) in enumerate(rows):
            if display or _SURE.search(row) or _MAYBE.search(row):
                if not row.replace("&", "").strip() or (len(rows) == 1 and not _has_relation(row)):
                    continue
                joined = number > 0 and _CONTINUES.match(row) is not None
                yield from _found(row, start + offset, True, joined)


def _has_relation(row: str) -> bool:
    return bool(_SURE.search(row) or _MAYBE.search(row))


def _found(text: str, start: int, latex: bool, joined: bool) -> Iterator[_Found]:
    body = text.strip()
    if body:
        yield _Found(body, start + len(text) - len(text.lstrip()), latex, joined)


def _split(text: str) -> list[tuple[int, str]]:
    """The rows of mathematics, each with its offset.

    Rows end at `\\\\\\\\`, and at the end of a line where the next one is an equation by itself.
    """
    depth = begin = copied = 0
    pieces: list[str] = []  # of the row so far, spaces for what is passed over
    related = False
    rows: list[tuple[int, str]] = []
    for match in _ROW.finditer(text):
        kind = match.lastgroup
        if kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
        elif kind == "layout" or (kind in ("row", "newline") and depth <= 0):
            piece = text[copied : match.start()]
            related = related or _has_relation(piece)
            pieces += [piece, " " * len(match[0])]
            copied = match.end()
            if kind != "layout" and _ends(kind or "", related, text, copied):
                rows.append((begin, "".join(pieces)))
                pieces, begin, related = [], copied, False
    rows.append((begin, "".join([*pieces, text[copied:]])))
    return rows


def _ends(kind: str, related: bool, text: str, place: int) -> bool:
    """Whether a row ends here, and not only its line."""
    stop = text.find("\n" if kind == "newline" else r"\\", place)
    following = text[place : stop if stop >= 0 else len(text)]
    if _GOES_ON.match(following) and not (kind == "row" and _has_relation(following)):
        return False
    if kind == "row":
        return True
    return related and _has_relation(following) and not _CONTINUES.match(following)
