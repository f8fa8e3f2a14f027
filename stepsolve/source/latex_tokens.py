r"""The tokens of LaTeX as people write it: `\frac{1}{2}(t - o)^2 \approx 5.2 \times 10^{-3}`.

Commands are rows: what a command means is a token, or how much of what follows it is left out. No
macro is expanded. What stands in no row is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from stepsolve.errors import ExpressionError, nearest
from stepsolve.notation.names import GREEK
from stepsolve.source.hand_tokens import (
    CHARACTERS,
    JOINTS,
    LOWERED,
    Token,
    fraction_of,
    number_at,
    raised_tokens,
    refuse_length,
    stranger,
)
from stepsolve.source.latex_commands import (
    LAID_OUT,
    MATRICES,
    MEANINGS,
    NOTHING,
    SKIPPED,
    THEN,
    UPRIGHT,
    called,
)

_REASON = re.compile(
    r"\s*(?:[(\[,.]|(?:by|since|because|from|using|with|as|for|when|if|where|after|rounded|correct|to|at"
    r"|which|via|approximately|approx|applying|substituting|see)\b)",
    re.IGNORECASE,
)
_CONDITIONS: Final = frozenset(("if", "for", "when", "otherwise", "else"))

_TOKEN = re.compile(
    r"""(?P<space>[\s~]+)
    | (?P<number>[0-9]|\.[0-9])
    | (?P<command>\\(?:[A-Za-z]+|.))
    | (?P<run>[A-Za-z]+)
    | (?P<many>:=|==|<=|>=|!=|\|\|)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_MANY: Final = {":=": "=", "==": "=", "<=": "≤", ">=": "≥", "!=": "≠"}
_EXPECTATION = re.compile(r"\s*\{?\s*[A-Z]\s*\}?\s*(?:\\left)?\s*[\[(]")
_RAISED_RUN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵗᵀᵏˣʸ]+")
_LOWERED_RUN = re.compile(r"[₀-₉]+")
_GREEK_LETTERS: Final = {letter: name for name, letter in GREEK.items()}


class _Scanner:
    """Walks through a text once; commands are looked up in tables."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0  # round and square brackets that are open
        self._laid_out = 0  # environments such as `align` that are open
        self.found: list[Token] = []

    def scan(self) -> list[Token]:
        text, found, size = self._text, self.found, len(self._text)
        while self._place < size:
            start = self._place
            match = _TOKEN.match(text, start)
            if match is None:
                raise ExpressionError("a command is missing after the backslash", start, start + 1)
            kind, self._place = match.lastgroup, match.end()
            if kind == "run":
                if match[0][0] == "T" and found and found[-1].text == "^":  # w^Tx
                    self._place = start + 1
                found.append(Token("run", text[start : self._place], start, self._place))
            elif kind == "number":
                number = number_at(text, start, found[-1] if found else None, not self._depth)
                assert number is not None
                found.append(number)
                self._place = number.end
            elif kind != "space":
                _READERS[kind or ""](self, match[0], start)
        if self._laid_out:
            raise ExpressionError("an environment is never closed", 0, size)
        return found

    def add(self, kind: str, text: str, start: int) -> None:
        self.found.append(Token(kind, text, start, self._place))

    def many(self, text: str, start: int) -> None:
        if text == "||":
            self.add("sign", "‖", start)
        else:
            self.add("relation", _MANY[text], start)

    def other(self, character: str, start: int) -> None:
        known = CHARACTERS.get(character)
        if known is not None:
            self._depth += (character in "([") - (character in ")]")
            self.add(*known, start)
        elif character in _GREEK_LETTERS:
            self.add("name", _GREEK_LETTERS[character], start)
        elif parts := fraction_of(character, start):
            self.found += parts
        elif raised := _RAISED_RUN.match(self._text, start):
            self._place = raised.end()
            self.found += raised_tokens(self._text, start, self._place)
        elif lowered := _LOWERED_RUN.match(self._text, start):
            self._place = lowered.end()
            self.add("sign", "_", start)
            self.add("number", "".join(map(LOWERED.get, lowered[0], lowered[0])), start)
        else:
            raise stranger(character, start)

    def command(self, text: str, start: int) -> None:
        name = text[1:]
        known = MEANINGS.get(name)
        if known is not None:
            self.add(*known, start)
        elif name in UPRIGHT:
            self._upright(name, start)
        elif name in ("begin", "end"):
            self._environment(name, start)
        elif name in SKIPPED:
            self._argument(start)
        elif name in ("left", "right"):
            self._delimiter(start)
        elif name == "%":
            raise ExpressionError("a percent sign stands after a number", start, self._place)
        elif name == "mathbb" and _EXPECTATION.match(self._text, self._place):
            raise ExpressionError("expectations are not read", start, self._place)
        elif name not in NOTHING:
            alike = [word for word in MEANINGS if word[0] == name[0]]
            hint = nearest(name, alike) if len(name) < 20 else ""
            raise ExpressionError(f"{text[:40]} is not read", start, self._place, hint)
        if name in THEN:
            self.add(THEN[name], name, start)

    def _delimiter(self, start: int) -> None:
        rest = self._text[self._place :][:9].lstrip()[:1]
        if rest in ("", "."):
            raise ExpressionError("a bracket that is not seen is not read", start, self._place)
        if rest == "|":  # which side it stands on is said
            self._place = self._text.index("|", self._place) + 1
            self.add("sign", "|(" if self._text.startswith(r"\left", start) else "|)", start)

    def _argument(self, start: int) -> str:
        """What stands in the braces that follow, as it is, with its end passed."""
        text, place = self._text, self._place
        while place < len(text) and text[place].isspace():
            place += 1
        if not text.startswith("{", place):
            raise ExpressionError("braces are missing after this command", start, self._place)
        depth, begin = 0, place + 1
        for brace in re.compile(r"(?<!\\)[{}]").finditer(text, place):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                self._place = brace.end()
                return text[begin : brace.start()]
        raise ExpressionError("this brace is never closed", place, place + 1)

    def _upright(self, name: str, start: int) -> None:
        if self._text[self._place :][:9].lstrip()[:1] not in ("{", "*"):
            return  # as in \mathsf T
        if name == "operatorname" and self._text.startswith("*", self._place):
            self._place += 1
        content = self._argument(start).replace(r"\_", "_").replace("~", " ").replace(r"\ ", " ")
        word = content.strip()
        if word in ("d", "T"):
            self.add("sign" if word == "d" else "run", word, start)
        elif word.lower() in JOINTS:
            self.add("break", word.lower(), start)
        elif word.lower().split()[:1] and word.lower().split()[0] in _CONDITIONS and len(word) < 20:
            self.add("condition", word.lower(), start)
        elif re.fullmatch(r"[A-Za-zα-ω][A-Za-z0-9α-ω_]*", word):
            self.add("run" if len(word) == 1 else "word", word, start)
        elif called(word) and word[0].isalpha():
            self.add("word", word, start)
        elif word.strip(".,;: "):
            self.add("reason" if _REASON.match(content) else "words", content, start)

    def _environment(self, name: str, start: int) -> None:
        environment = self._argument(start)
        if environment.removesuffix("*") in LAID_OUT:
            self._laid_out += 1 if name == "begin" else -1
            return
        if environment not in MATRICES and environment != "cases":
            raise ExpressionError(f"{environment[:40]} is not read", start, self._place)
        if name == "begin" and environment == "array":
            self._argument(start)
        self.add("begin" if name == "begin" else "end-environment", environment, start)


_READERS: Final[dict[str, Callable[[_Scanner, str, int], None]]] = {
    "command": _Scanner.command,
    "many": _Scanner.many,
    "other": _Scanner.other,
}


def latex_tokens(text: str) -> list[Token]:
    """The tokens of a line of LaTeX. Raises `ExpressionError` at the first stranger."""
    refuse_length(text)
    return _Scanner(text).scan()
