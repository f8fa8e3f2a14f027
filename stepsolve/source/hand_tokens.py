"""The tokens of working written by hand, and the tokenizer of plain text: `z₁ = 0.5·x² + b → ...`.

LaTeX has a tokenizer of its own; both give the tokens that one grammar reads. Their kinds:

- `number`: a decimal in canonical form, `5.23e-5` for `5.23·10⁻⁵` and `73e-2` for `73%`
- `run`: letters of LaTeX beside each other, most often factors
- `name`: one name, such as `theta` or, in plain text, a whole word
- `word`, `words`: upright text; a single word may be a name
- `function`: an operation by a command of its own, `\\sin`
- `gradient`, `derive`: `dL/dw` and `d/dx` of plain text
- `begin`, `end-environment`, `accent`, `box`: commands of LaTeX
- `relation`, `break`, `start`: what stands between sides, between equations, and before one
- `sign`: everything else, among it brackets; `end` ends a side
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.names import GREEK
from stepsolve.source.expression import MAX_DIGITS, MAX_EXPONENT
from stepsolve.source.tokens import MAX_LENGTH


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


_GREEK_NAMES: Final = {letter: name for name, letter in GREEK.items()}
_JOINTS = "and where with so hence thus then therefore because since as let now also"
JOINTS: Final = frozenset(_JOINTS.split())
"""Words between equations or before one, which say nothing about numbers."""

CHARACTERS: Final[dict[str, tuple[str, str]]] = (
    {c: ("sign", c) for c in "+-*/^_()[]{}|@:.!&"}
    | dict.fromkeys("×·⋅∙∗", ("sign", "*"))
    | dict.fromkeys("−–", ("sign", "-"))
    | dict.fromkeys("÷∕⁄", ("sign", "/"))
    | dict.fromkeys("'′’", ("sign", "'"))
    | dict.fromkeys("⊙∘", ("sign", "⊙"))
    | {c: ("sign", c) for c in "⌊⌋⌈⌉‖√∛∂∇∑"}
    | {"Σ": ("name", "Sigma"), "∞": ("name", "inf"), "ϵ": ("name", "epsilon"), "ℓ": ("name", "ell")}
    | {c: ("relation", c) for c in "=<>≤≥≈"}
    | dict.fromkeys("≃≅∼≐", ("relation", "≈"))
    | {
        "≡": ("relation", "="),
        "←": ("relation", "="),
        "≔": ("relation", "="),
        "≠": ("relation", "≠"),
    }
    | dict.fromkeys("⇒→⟹⟶↦", ("relation", "⇒"))
    | {c: ("start", c) for c in "∴∵"}
    | {c: ("break", c) for c in ",;"}
    | {"✓": ("mark", "✓"), "✔": ("mark", "✔"), "□": ("mark", "□"), "∎": ("mark", "∎")}
)
"""What a character means, in plain text and in LaTeX."""

_FRACTIONS: Final = {
    "½": "1/2",
    "⅓": "1/3",
    "⅔": "2/3",
    "¼": "1/4",
    "¾": "3/4",
    "⅕": "1/5",
    "⅛": "1/8",
}
_RAISED: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵗᵀᵏˣʸ", "0123456789+-()nitTkxy", strict=True))
LOWERED: Final = dict(
    zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx", strict=True)
)
_ACCENTS: Final = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_SUBSCRIPTS: Final = str.maketrans(LOWERED)
_SMALL: Final = "".join(LOWERED)
_HIGH: Final = "".join(_RAISED)

_WHOLE = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_GAP = r"(?:\s|~|\\[,;:! ])*"
_PLAIN_NUMBER = re.compile(rf"(?:{_WHOLE})(?:[eE][-+−]?[0-9]+(?![0-9A-Za-z.]))?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:\{,\}|\\,)[0-9]{3})+(?![0-9])(?:\.[0-9]+)?")
_COMMAS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?")
_POWER = re.compile(
    rf"{_GAP}(?:\*|×|·|⋅|\\times(?![A-Za-z])|\\cdot(?![A-Za-z])){_GAP}10{_GAP}"
    rf"(?:(?:\^|\*\*){_GAP}(?:\{{\s*([-+−]?\s*[0-9]+)\s*\}}|\(\s*([-+−]?[0-9]+)\s*\)|([-+−]?[0-9]+))"
    r"|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))(?![0-9.⁰¹²³⁴⁵⁶⁷⁸⁹]|\s*\^)"
)
_PERCENT = re.compile(r"(?:\s|\\,)*\\%|%")
_NOT_BEFORE_MANTISSA: Final = frozenset(("^", "_", "/", "}", "]", "frac", "sqrt", "√"))


def number_at(text: str, place: int, before: Token | None, outside: bool) -> Token | None:
    """The number that begins at an offset, with its power of ten, thousands commas or percent sign.

    `before` is the token before it, which may take the mantissa for itself; `outside` says that no
    bracket is open, so that `61,706` is one number.
    """
    match = (
        (_COMMAS.match(text, place) if outside else None)
        or _GROUPED.match(text, place)
        or _PLAIN_NUMBER.match(text, place)
    )
    if match is None:
        return None
    written, end = match[0], match.end()
    if not written.isdecimal():
        for separator in ("{,}", "\\,", ","):
            written = written.replace(separator, "")
        written = written.replace("−", "-").removesuffix(".")
    mantissa, mark, exponent = (
        re.split("([eE])", written) if "e" in written.lower() else (written, "e", "")
    )
    changed = False
    takes = before is not None and before.kind == "sign" and before.text in _NOT_BEFORE_MANTISSA
    power = None if exponent or takes else _POWER.match(text, end)
    if power is not None:
        raised = next(filter(None, power.groups()))
        exponent = "".join(_RAISED.get(c, c) for c in raised if not c.isspace()).replace("−", "-")
        end, changed = power.end(), True
    elif percent := _PERCENT.match(text, end):
        if exponent:
            raise ExpressionError("a power of ten has no percent sign", place, percent.end())
        exponent, end, changed = "-2", percent.end(), True
    _refuse_long(mantissa, exponent, place, end)
    if changed:
        exponent = str(int(exponent))
    return Token("number", f"{mantissa}{mark}{exponent}" if exponent else mantissa, place, end)


def _refuse_long(mantissa: str, exponent: str, start: int, end: int) -> None:
    if len(mantissa) - ("." in mantissa) > MAX_DIGITS:
        raise ExpressionError(f"a number may have {MAX_DIGITS} digits", start, end, "round it")
    if len(exponent) > 5 or abs(int(exponent or 0)) > MAX_EXPONENT:
        message = f"a power of ten may reach {MAX_EXPONENT} either way"
        raise ExpressionError(message, start, end)


def stranger(character: str, place: int) -> ExpressionError:
    """The error for a character that no reader knows."""
    shown = f"'{character}'" if character.isprintable() else repr(character)
    return ExpressionError(f"{shown} is not read", place, place + 1)


def fraction_of(character: str, place: int) -> list[Token]:
    """The tokens of `½`: a group, so that it holds together; none for another character."""
    if character not in _FRACTIONS:
        return []
    above, below = _FRACTIONS[character].split("/")
    kinds = (("sign", "{"), ("number", above), ("sign", "/"), ("number", below), ("sign", "}"))
    return [Token(kind, text, place, place + 1) for kind, text in kinds]


def raised_tokens(text: str, place: int, end: int) -> list[Token]:
    """The tokens of small characters above the line: `²` is an exponent, `⁽²⁾` part of a name."""
    low = "".join(_RAISED[c] for c in text[place:end])
    found = [Token("sign", "^", place, end), Token("sign", "{", place, end)]
    for match in re.finditer(r"[0-9]+|[A-Za-z]|.", low):
        kind = "number" if match[0].isdecimal() else "run" if match[0].isalpha() else "sign"
        found.append(Token(kind, match[0], place, end))
    return [*found, Token("sign", "}", place, end)]


_STEM = r"[A-Za-z][\u0302-\u0304\u0307]?[A-Za-z0-9]*|[α-ωΑ-Ω]|[À-ž][\u0302-\u0304\u0307]?|ỹ"
_SUBS = rf"(?:_[A-Za-z0-9α-ωΑ-Ω]+|[{_SMALL}]+)*"
_WORD = rf"(?:Δ(?=[A-Za-zα-ω]))?(?:{_STEM}){_SUBS}"
_BY = rf"{_WORD}['′]*(?:\^[2-9]|[²³⁴-⁹])?"
_GRADIENT = (
    rf"(?P<d>[d∂])(?P<order>\^[2-9]|[²³⁴-⁹])?\s?(?P<of>{_WORD}['′]*)"
    rf"/(?P=d)\s?(?P<by>{_BY}(?:[ ]?(?P=d)\s?{_BY})*)"
)
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    | (?P<number>[0-9]|\.[0-9])
    | (?P<derive>[d∂]/[d∂](?P<variable>{_WORD}))(?![A-Za-z0-9])
    | (?P<gradient>{_GRADIENT})(?![A-Za-z0-9(])
    | (?P<word>{_WORD})
    | (?P<raised>[{_HIGH}]+)
    | (?P<many>\*\*|:=|==|!=|<=|>=|=>|->|~=|\.T(?![A-Za-z0-9_])|\|\|)
    | (?P<one>.)""",
    re.VERBOSE | re.DOTALL,
)
_MANY: Final = {
    "**": ("sign", "^"),
    ":=": ("relation", "="),
    "==": ("relation", "="),
    "!=": ("relation", "≠"),
    "<=": ("relation", "≤"),
    ">=": ("relation", "≥"),
    "=>": ("relation", "⇒"),
    "->": ("relation", "⇒"),
    "~=": ("relation", "≈"),
    "||": ("sign", "‖"),
    ".T": ("sign", ".T"),
}
_QUOTIENT = re.compile(r"\([^()]{1,20}\)/[d∂]\w+'*(?:\([^()]{1,20}\))?")  # of dh(2)/dw
_INDEX = re.compile(
    r"(?:_\([^()]{1,40}\))?(?:\^\([^()]{1,40}\)|\^\[[^\[\]]{1,40}\]|\([^()]{1,40}\))?'*\*?"
)
_REASON = re.compile(r"\s\s*\((?:[A-Za-z][A-Za-z'-]*\s+)+[A-Za-z'-]{3,}\)\s*$")


def plain_tokens(text: str, names: Collection[str] = ()) -> list[Token]:
    """The tokens of plain text. Raises `ExpressionError` at the first stranger."""
    refuse_length(text)
    found: list[Token] = []
    place = depth = 0
    reason = _REASON.search(text)
    stop = reason.start() if reason else len(text)
    while place < stop:
        match = _TOKEN.match(text, place)
        assert match is not None and match.lastgroup is not None  # `one` takes any character
        kind, end = match.lastgroup, match.end()
        if kind == "number":
            number = number_at(text, place, found[-1] if found else None, not depth)
            assert number is not None
            found.append(number)
            end = number.end
        elif kind == "word":
            found += _words(text, place, end, names)
            end = found[-1].end
        elif kind != "space":
            made = _MAKERS[kind](text, match)
            depth += sum((t.text in "([") - (t.text in ")]") for t in made if t.kind == "sign")
            found += made
        place = end
    return found


def refuse_length(text: str) -> None:
    """Raise `ExpressionError` for a text that is too long to be one line of working."""
    if len(text) > MAX_LENGTH:
        message = f"a line of working may have {MAX_LENGTH} characters, this one has {len(text)}"
        raise ExpressionError(message, MAX_LENGTH)


def _words(text: str, place: int, end: int, names: Collection[str]) -> list[Token]:
    """A word as one name, or as a product of names of one letter if these alone are known: `Wx`.

    A word that is a whole left side is the name of something new.
    """
    token = _word(text, place, end, names)
    letters = text[place:end]
    if token.kind != "name" or token.end != end or token.text in names or len(letters) < 2:
        return [token]
    is_left = not text[:place].strip() and text[end:].lstrip()[:1] in ("=", "≈", ":")
    if is_left or text[end : end + 1] == "(" or not all(letter in names for letter in letters):
        return [token]
    return [Token("name", text[k], k, k + 1) for k in range(place, end)]


def _word(text: str, place: int, end: int, names: Collection[str]) -> Token:
    """A word as one name; with an index in brackets where that is the name of something known."""
    written = text[place:end]
    index = (
        _INDEX.match(text, end) if names and text[end : end + 1] in ("^", "(", "*", "_") else None
    )
    quotient = _QUOTIENT.match(text, end) if names and text[end : end + 1] == "(" else None
    if quotient is not None and written + quotient[0] in names:
        return Token("name", written + quotient[0], place, quotient.end())
    for suffix in (index[0], index[0].rstrip("*")) if index is not None else ():
        if suffix and written + suffix in names:
            return Token("name", written + suffix, place, end + len(suffix))
    if written in names:
        return Token("name", written, place, end)
    if written in JOINTS and text[end : end + 1] != "(":
        return Token("break", written, place, end)
    return Token("name", canonical(written), place, end)


def canonical(word: str) -> str:
    """A word of plain text as a name: `theta_1` for `θ₁`, `yhat` for `ŷ`, `Δw` as it is."""
    if word.isascii():
        return word
    for small in re.findall(rf"[{_SMALL}]+", word):
        word = word.replace(small, f"_{small.translate(_SUBSCRIPTS)}", 1)
    step, word = (
        ("Δ", word[1:]) if word[0] == "Δ" and len(word) > 1 and word[1] != "_" else ("", word)
    )
    stem, _, below = word.partition("_")
    plain = unicodedata.normalize("NFD", stem)
    stem = "".join(_ACCENTS.get(c, _GREEK_NAMES.get(c, c)) for c in plain)
    below = "".join(_GREEK_NAMES.get(c, c) for c in below)
    return step + stem + (f"_{below}" if below else "")


def _gradient(text: str, match: re.Match[str]) -> list[Token]:
    return [Token("gradient", match[0], match.start(), match.end())]


def gradient_parts(text: str) -> tuple[str, list[str], int]:
    """What stands in a gradient of plain text: of what, by what (each as often as by it), its order."""
    match = re.fullmatch(_GRADIENT, text)
    assert match is not None
    by = []
    for part in (
        re.split(rf"[ ]?{match['d']}(?={_WORD})", match["by"]) if match["order"] else [match["by"]]
    ):
        name, times = _exponent(part)
        by += [canonical(name.strip().replace("′", "'"))] * times
    return canonical(match["of"].replace("′", "'")), by, _exponent(match["order"] or "")[1]


def _exponent(text: str) -> tuple[str, int]:
    """A text without the small or raised digit at its end, and that digit or 1."""
    if text[-1:] in _RAISED and text:
        return text[:-1], int(_RAISED[text[-1]])
    if text[-2:-1] == "^":
        return text[:-2], int(text[-1])
    return text, 1


def _derive(text: str, match: re.Match[str]) -> list[Token]:
    return [Token("derive", canonical(match["variable"]), match.start(), match.end())]


def _raised(text: str, match: re.Match[str]) -> list[Token]:
    return raised_tokens(text, match.start(), match.end())


def _many(text: str, match: re.Match[str]) -> list[Token]:
    return [Token(*_MANY[match[0]], match.start(), match.end())]


def _one(text: str, match: re.Match[str]) -> list[Token]:
    place, character = match.start(), match[0]
    known = CHARACTERS.get(character)
    if known is None:
        if parts := fraction_of(character, place):
            return parts
        raise stranger(character, place)
    return [Token(*known, place, place + 1)]


_MAKERS: Final[dict[str, Callable[[str, re.Match[str]], list[Token]]]] = {
    "gradient": _gradient,
    "derive": _derive,
    "raised": _raised,
    "many": _many,
    "one": _one,
}
