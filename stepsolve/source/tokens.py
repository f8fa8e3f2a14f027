"""The tokens of the expression language: numbers, names and signs, and what is refused."""

from __future__ import annotations

import re
from typing import NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.names import GRADIENT, NAME
from stepsolve.source.entries import entry_at

MAX_LENGTH = 10_000  # characters of one expression

_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>{GRADIENT.replace(" ", "[ ]")}|{NAME})
    | (?P<sign>\*\*|<=|>=|==|!=|\.T(?![A-Za-z0-9_])|[-+*/^@<>=()\[\],:·×−≤≥])
    | (?P<other>\S)
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_SAME_SIGN = {"**": "^", "·": "*", "×": "*", "−": "-", "≤": "<=", "≥": ">="}
_INSIDE = {"[": 1, "]": -1}
_KEYWORDS = {"for", "if", "else", "import", "in", "is", "not", "and", "or"}
_KEYWORDS |= {"def", "class", "return", "yield", "await", "while", "with"}
_REFUSED = {
    "'": "text in quotes is not part of the expression language",
    '"': "text in quotes is not part of the expression language",
    ".": "attributes are not part of the expression language",
    "!": "factorials are not part of the expression language",
    "|": "bars are not part of the expression language",
    "_": "a name begins with a letter",
    "{": "braces are not part of the expression language",
    "}": "braces are not part of the expression language",
}
_REFUSED_HINT = {"|": "write abs(x)", "{": "write ( ) for brackets", "}": "write ( ) for brackets"}


class Token(NamedTuple):
    kind: str  # number, name, sign or end
    text: str
    start: int
    end: int


def tokens(text: str, entries: bool = False) -> list[Token]:
    """The tokens of a text, the last of kind `end`. Raises `ExpressionError` at the first stranger.

    With `entries` the entry of a sequence is one name.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression may have {MAX_LENGTH} characters, this one has {len(text)}",
            MAX_LENGTH,
            hint="give parts of it names of their own",
        )
    found: list[Token] = []
    position = inside = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None and match.lastgroup is not None  # `other` takes any character
        kind = match.lastgroup
        start, end = match.span(kind)
        word = text[start:end]
        if entries and (entry := entry_at(text, position)):
            kind, (word, end) = "name", entry
        if word in _INSIDE:
            inside += _INSIDE[word]
        if kind == "other" or (word == ":" and inside < 1):  # 1:3 is a stretch of an index
            raise ExpressionError(
                _REFUSED.get(word, f"{_quoted(word)} is not part of the expression language"),
                start,
                end,
                _REFUSED_HINT.get(word, ""),
            )
        if kind == "name" and word in _KEYWORDS:
            raise ExpressionError(f"{word} is not part of the expression language", start, end)
        found.append(Token(kind, _SAME_SIGN.get(word, word), start, end))
        if kind == "end":
            return found
        position = end


def _quoted(character: str) -> str:
    return f"'{character}'" if character.isprintable() else repr(character)
