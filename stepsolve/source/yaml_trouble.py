"""What is wrong with a text that is not YAML, in the words of a person.

The scanner's own texts speak of tokens and block ends. Here they only choose a row of a table; what
is said comes from the lines themselves.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import NamedTuple

from stepsolve.errors import Diagnosis, Place
from stepsolve.source import yaml_mistakes as mistakes
from stepsolve.source.lines import Lines
from stepsolve.source.report import shown
from stepsolve.source.yaml_mistakes import QUOTE, TIGHT, Spot

WHOLE = "put the whole text in quotes"
_CLOSING = ("'", '"', "]", "}")
_PARTNER = {"[": "]", "{": "}", "]": "[", "}": "{"}


class Trouble(NamedTuple):
    """Where the scanner stopped and what it knew.

    `problem` is its own text. `began` is where it began what it could not finish, `opener` the
    innermost bracket that is still open, `quoted` the start of the last quoted text, if it went
    over several lines.
    """

    lines: Lines
    problem: str
    at: Spot
    began: Spot
    opener: Spot | None = None
    quoted: Spot | None = None

    @property
    def before(self) -> str:
        return self.lines[self.at.line][: self.at.column]

    @property
    def rest(self) -> str:
        return self.lines[self.at.line][self.at.column :]

    @property
    def above(self) -> int:
        """The nearest line above that is not blank, or -1."""
        lines = range(self.at.line - 1, -1, -1)
        return next((line for line in lines if self.lines[line].strip()), -1)

    def text_from(self, spot: Spot) -> str:
        return self.lines[spot.line][spot.column :]

    def diagnose(
        self, message: str, hint: str = "", at: Spot | None = None, size: int = 1
    ) -> Diagnosis:
        line, column = at or self.at
        return Diagnosis(message, self.lines.place(line, column, column + size), hint)


def explain(trouble: Trouble) -> Diagnosis:
    """The diagnosis of a text that could not be scanned."""
    found = _explain(trouble)
    opener = trouble.opener
    if opener and found.place and found.place.line > opener.line + 1:
        bracket = trouble.text_from(opener)[:1]
        return found._replace(hint=f"the {bracket} of line {opener.line + 1} is still open there")
    return found


def unscannable(lines: Lines) -> Diagnosis:
    """The diagnosis of a text with a number that the scanner could not convert."""
    for directive in mistakes.directives(lines, lines.count):
        return directive  # the first
    for escape in re.finditer(r"\\U([0-9A-Fa-f]{8})", lines.text):
        if int(escape[1], 16) > sys.maxunicode:
            place = lines.character(escape.start())
            place = place._replace(end=place.column + len(escape[0]))
            return Diagnosis(f"there is no character {escape[0]}", place)
    return Diagnosis("this cannot be understood", Place(lines.name))


def _explain(trouble: Trouble) -> Diagnosis:
    for line in (trouble.at.line, trouble.above):
        if trouble.lines[line].startswith("%"):
            return mistakes.directive(trouble.lines, line)
    if trouble.text_from(trouble.began).startswith("!"):
        line, column = trouble.began
        return mistakes.tag(trouble.lines.place(line, column, column + 1))
    for beginning, rule in _RULES:
        if trouble.problem.startswith(beginning):
            return rule(trouble)
    return _unknown(trouble)


def _unknown(trouble: Trouble) -> Diagnosis:
    return trouble.diagnose("from here on this cannot be understood", QUOTE)


def _misplaced_character(trouble: Trouble) -> Diagnosis:
    if trouble.rest.startswith("\t"):
        size = len(trouble.rest) - len(trouble.rest.lstrip("\t"))
        hint = "write a space" if trouble.before.strip() else "indent with spaces"
        return trouble.diagnose("a tab cannot stand here", hint, size=size)
    return _needs_quotes(trouble)


def _needs_quotes(trouble: Trouble) -> Diagnosis:
    """A text that begins with a character which means something else to YAML."""
    if trouble.before.rstrip().endswith(_CLOSING):
        return _after_the_end(trouble)
    return trouble.diagnose(f"a text that begins with {trouble.rest[:1]} needs quotes", QUOTE)


def _begins_badly(trouble: Trouble) -> Diagnosis:
    return _needs_quotes(trouble._replace(at=trouble.began))


def _after_the_end(trouble: Trouble) -> Diagnosis:
    """`"a" * b`, `[1, 2] @ x`, `'it's'`: the value was complete before this."""
    closing = trouble.before.rstrip()[-1:]
    hint = WHOLE
    if trouble.quoted and trouble.quoted.line < trouble.at.line:
        hint = (
            f"a quoted text began in line {trouble.quoted.line + 1}: is its closing quote missing?"
        )
    elif re.match(r"[\w-]+:(\s|$)", trouble.rest):
        hint = "begin the next key on a line of its own"
    elif closing == "'" and not trouble.before.endswith(" "):
        hint = "inside single quotes, write '' for an apostrophe"
    size = len(trouble.rest.rstrip())
    return trouble.diagnose(f"nothing can follow the closing {closing} here", hint, size=size)


def _no_colon(trouble: Trouble) -> Diagnosis:
    line, column = trouble.began
    text = trouble.text_from(trouble.began).rstrip()
    if tight := mistakes.tight_key(text):
        return trouble.diagnose(TIGHT, at=Spot(line, column + tight))
    return trouble.diagnose(
        "a colon is missing in this line", "write key: value", trouble.began, len(text)
    )


def _stray_colon(trouble: Trouble) -> Diagnosis:
    line = trouble.at.line
    key = trouble.before.strip()
    start = Spot(line, _indentation(trouble.before))
    if tight := mistakes.tight_key(key):
        return trouble.diagnose(TIGHT, at=Spot(line, start.column + tight))
    if bracket := re.match(r"[\w-]+(?=[\[{])", key):
        after_key = Spot(line, start.column + bracket.end())
        return trouble.diagnose("a colon and a space are missing before this", at=after_key)
    if re.search(r":\s", key):
        return trouble.diagnose("a text with a colon in it needs quotes", WHOLE)
    outer = Spot(trouble.above, _indentation(trouble.lines[trouble.above]))
    if trouble.lines[outer.line] and outer.column >= start.column:
        return _no_colon(trouble._replace(began=outer))
    if key.startswith("--- "):
        return trouble.diagnose(
            "the first key must stand on a line below ---", at=start, size=len(key)
        )
    hint = "keys that belong together begin in the same column"
    return trouble.diagnose("this key is indented too far", hint, start, len(key))


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _stray_dash(trouble: Trouble) -> Diagnosis:
    if trouble.before.rstrip().endswith(_CLOSING):
        return _after_the_end(trouble)
    hint = "begin it on the next line, or put the text in quotes"
    return trouble.diagnose("a list cannot begin on the line of its key", hint)


def _open_quote(trouble: Trouble) -> Diagnosis:
    return trouble.diagnose("this quote is never closed", at=trouble.began)


def _bad_escape(trouble: Trouble) -> Diagnosis:
    line, column = trouble.at
    start = max(trouble.lines[line].rfind("\\", 0, column), 0)
    written = trouble.lines[line][start : start + 2]
    return trouble.diagnose(
        f"{shown(written)} means nothing inside double quotes",
        "in single quotes a backslash is just a backslash",
        Spot(line, start),
        len(written),
    )


def _unfinished_list(trouble: Trouble) -> Diagnosis:
    """Something other than a comma or the closing bracket, inside brackets."""
    opening = trouble.text_from(trouble.began)[:1]
    found = trouble.rest[:1]
    lower = trouble.at.line > trouble.began.line
    if not trouble.rest.strip() or (lower and found in ":-%."):
        return _open_bracket(trouble, trouble.began)
    if found in ("]", "}"):
        line, column = trouble.began
        where = f"line {line + 1}, column {column + 1}"
        return trouble.diagnose(f"this {found} does not close the {opening} of {where}")
    if found == ":":
        return _colon_in_brackets(trouble)
    if found in _PARTNER and trouble.before.endswith(":"):
        return trouble.diagnose(TIGHT, at=Spot(trouble.at.line, trouble.at.column - 1))
    hint = ""
    if found in _PARTNER and trouble.before[-1:].strip():
        hint = "a text with brackets in it needs quotes here"
    return trouble.diagnose(f"a comma or {_PARTNER[opening]} is missing before this", hint)


def _colon_in_brackets(trouble: Trouble) -> Diagnosis:
    return trouble.diagnose("a colon cannot stand here", QUOTE)


def _open_bracket(trouble: Trouble, opener: Spot) -> Diagnosis:
    bracket = trouble.text_from(opener)[:1]
    return trouble.diagnose(f"this {bracket} is never closed", at=opener)


def _no_value(trouble: Trouble) -> Diagnosis:
    found = trouble.rest[:1]
    if not trouble.rest.strip() and trouble.opener:
        return _open_bracket(trouble, trouble.opener)
    if found == ",":
        hint = "a text that begins with a comma needs quotes"
        return trouble.diagnose("a value is missing before this comma", hint)
    if found in ("]", "}"):
        return _closes_nothing(trouble)
    if found == "-" and trouble.opener:
        return trouble.diagnose("items inside brackets have no dash", "separate them with commas")
    if found == ":":
        return _colon_in_brackets(trouble)
    return _needs_quotes(trouble) if found == "?" else _unknown(trouble)


def _closes_nothing(trouble: Trouble) -> Diagnosis:
    return trouble.diagnose(f"this {trouble.rest[:1]} closes nothing")


def _misaligned(trouble: Trouble) -> Diagnosis:
    if trouble.rest.startswith(("]", "}")):
        return _closes_nothing(trouble)
    if trouble.before.rstrip().endswith(_CLOSING):
        return _after_the_end(trouble)
    if trouble.before.strip():
        return _unknown(trouble)
    message = "this line does not line up with the lines above it"
    if trouble.problem.endswith("'-'"):
        message = "a list item cannot stand among keys"
    elif trouble.problem.endswith("'?'"):
        message = "a key cannot stand among list items"
    hint = "what belongs together begins in the same column"
    return trouble.diagnose(message, hint, size=len(trouble.rest.rstrip()))


def _after_dots(trouble: Trouble) -> Diagnosis:
    return trouble.diagnose("nothing can follow ... on its line", size=len(trouble.rest.rstrip()))


_RULES: tuple[tuple[str, Callable[[Trouble], Diagnosis]], ...] = (
    ("found character", _misplaced_character),
    ("could not find expected ':'", _no_colon),
    ("mapping values are not allowed", _stray_colon),
    ("sequence entries are not allowed", _stray_dash),
    ("mapping keys are not allowed", _needs_quotes),
    ("expected alphabetic or numeric character", _begins_badly),  # *x, &x
    ("expected chomping or indentation", _begins_badly),  # |x|
    ("expected a comment or a line break", _begins_badly),  # > 5
    ("expected indentation indicator", _begins_badly),  # |0
    ("more indented follow up line", _misaligned),
    ("expected escape sequence", _bad_escape),
    ("found unknown escape character", _bad_escape),
    ("found unexpected end of stream", _open_quote),
    ("found unexpected document separator", _open_quote),
    ("expected ',' or", _unfinished_list),
    ("expected the node content", _no_value),
    ("expected <block end>", _misaligned),
    ("expected '<document start>'", _misaligned),
    ("found non-comment content", _after_dots),
)
