r"""Names as people write them: `z_1^{(2)}`, `\hat{y}_1`, `W_{hh}`, `\frac{\partial L}{\partial w}`.

An index below and one in brackets above are parts of a name, in this order: `z_1^(2)`, `W^[1]`,
`h_(t-1)`, `W_1_2` for `W_{1,2}`. Primes and a star stand last. Where a name is known in another
spelling only (`w0` for `w_0`, `y_hat` for `\hat{y}`), that one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.names import GREEK
from stepsolve.notation.tree import Expression, Name
from stepsolve.source.expression import MAX_BRACKETS
from stepsolve.source.hand_tokens import Token

PARTNERS: Final = {
    "(": ")", "[": "]", "{": "}", "\\{": "\\}", "⌊": "⌋", "⌈": "⌉", "|(": "|)", "‖(": "‖)",
}  # fmt: skip
_CLOSING: Final = frozenset(PARTNERS.values())
_INDEX_SIGNS: Final = frozenset("+-*,()[]'")
_PLACE = re.compile(r"[0-9]+|[A-Za-z](?:_?[A-Za-z0-9]+)?(?:[-+][0-9]+)?(?:,[A-Za-z0-9]+)*")
_ACCENTS: Final = ("hat", "bar", "tilde", "dot")


class Scripts(NamedTuple):
    """What stands below and above a base: parts of a name, and powers (`None` for a transpose)."""

    below: str = ""
    above: str = ""
    primes: int = 0
    star: bool = False
    powers: tuple[Expression | None, ...] = ()

    @property
    def of_name(self) -> bool:
        return bool(self.below or self.above or self.primes or self.star)


def partners(tokens: Sequence[Token]) -> dict[int, int]:
    """Where each bracket closes, by where it opens. Raises `ExpressionError` for one that does not."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        opens = token.kind == "begin" or (token.kind == "sign" and token.text in PARTNERS)
        if opens:
            opened.append(place)
            if len(opened) > MAX_BRACKETS:
                message = f"brackets may be nested {MAX_BRACKETS} deep"
                raise ExpressionError(message, token.start, token.end)
        elif token.kind == "end-environment" or (token.kind == "sign" and token.text in _CLOSING):
            other = tokens[opened[-1]] if opened else None
            if other is None or token.text != PARTNERS.get(other.text, other.text):
                raise ExpressionError(f"this {_bare(token)} closes nothing", token.start, token.end)
            found[opened.pop()] = place
    if opened:
        token = tokens[opened[-1]]
        raise ExpressionError(f"this {_bare(token)} is never closed", token.start, token.end)
    return found


def _bare(token: Token) -> str:
    return token.text.removeprefix("\\")[:20]


def spellings(name: str) -> Iterator[str]:
    """Other ways of writing a name: `w0` for `w_0`, `y_hat_1` for `yhat_1`, `θ` for `theta`."""
    stem, _, below = name.partition("_")
    rest = f"_{below}" if below else ""
    if below:
        yield stem + below
    elif (letters := stem.rstrip("0123456789")) != stem:
        yield f"{letters}_{stem[len(letters) :]}"
    if stem in GREEK:
        yield GREEK[stem] + rest
    for accent in _ACCENTS:
        if stem.endswith(accent) and len(stem) > len(accent):
            yield f"{stem.removesuffix(accent)}_{accent}{rest}"
    if name.startswith("Δ"):
        yield f"Delta_{name[1:]}"
        yield f"d{name[1:]}"


class Names:
    """The tokens of a line with a place in them, and how names are read from it."""

    def __init__(self, tokens: Sequence[Token], names: Collection[str], latex: bool) -> None:
        self._tokens = list(tokens)
        self._names = names
        self._latex = latex
        self._next = 0
        self._open = 0  # levels that wait for their end
        self._closer = ""  # the sign that closes the innermost bracket
        self._closes = partners(tokens)

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def accept(self, sign: str) -> bool:
        token = self._tokens[self._next]
        if token.kind == "sign" and token.text == sign:
            self._next += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            self.refuse(f"expected {sign.removeprefix(chr(92))} here")

    def refuse(self, message: str, hint: str = "", token: Token | None = None) -> None:
        """Raise `ExpressionError` at a token, the next one unless another is given."""
        token = token or self.token
        raise ExpressionError(message, token.start, token.end, hint)

    def enter(self) -> None:
        """Counts a level of what holds other expressions, and refuses one too many."""
        self._open += 1
        if self._open > MAX_BRACKETS:
            self.refuse(f"brackets, signs and powers may be nested {MAX_BRACKETS} deep")

    def exponent(self) -> Expression:
        raise NotImplementedError

    def spelled(self, name: str) -> str:
        """A name as it is known, if it is known in another spelling only."""
        if self._names and name not in self._names:
            return next((other for other in spellings(name) if other in self._names), name)
        return name

    def is_known(self, name: str) -> bool:
        return name in self._names or (
            bool(self._names) and any(other in self._names for other in spellings(name))
        )

    def scripts(self, of_name: bool = True, powers: bool = True) -> Scripts:
        """What stands below and above; `of_name` says that it may be part of a name.

        Without `powers` only as far as it is part of a name.
        """
        found = Scripts()
        while True:
            token = self.token
            if token.kind != "sign":
                return found
            if token.text == "'":
                self._next += 1
                found = found._replace(primes=found.primes + 1)
            elif token.text == "_":
                self._next += 1
                if found.below:
                    self.refuse("a second index below is not read", token=token)
                found = found._replace(below=self._below())
            elif token.text == "^":
                self._next += 1
                start, before = self._next, found
                found = self._above(found, of_name, powers)
                if self._next == start:  # a power that is not asked for
                    self._next -= 1
                    return before
            else:
                return found

    def _below(self) -> str:
        token = self.advance()
        if token.kind == "sign" and token.text == "{":
            stop = self._closes[self._next - 1]
            text = self._index_text(self._next, stop)
            self._next = stop + 1
        elif token.kind == "run" and len(token.text) > 1:
            self.refuse("an index of several letters stands in braces", "write w_{ij}", token)
        elif token.kind in ("number", "run", "name", "word"):
            text = token.text
        else:
            self.refuse("an index is missing here", token=token)
        text = text.replace(",", "_")
        if re.fullmatch(r"[A-Za-z0-9_α-ωΑ-Ω]+'*\*?", text):
            return text
        if not re.search(r"[A-Za-z0-9]", text) or "." in text:
            self.refuse("this index is not read", token=token)
        return text if text[0] == "(" and text.find(")") == len(text) - 1 else f"({text})"

    def _index_text(self, start: int, stop: int) -> str:
        """The text of an index from its tokens, braces left out."""
        parts = []
        for token in self._tokens[start:stop]:
            plain = token.kind in ("number", "run", "name", "word", "function", "condition")
            comma = token.kind == "break" and token.text == ","
            if token.kind == "reason" or (token.kind == "words" and token.text.strip().isalnum()):
                parts.append(token.text.strip())
            elif plain or comma or (token.kind == "sign" and token.text in _INDEX_SIGNS):
                parts.append(token.text)
            elif token.text == "_":
                parts.append("_")
            elif token.kind != "sign" or token.text not in "{}":
                self.refuse("this is not read as part of an index", token=token)
        if not parts:
            self.refuse("an index is missing here", token=self._tokens[stop])
        return "".join(parts)

    def _above(self, found: Scripts, of_name: bool, powers: bool) -> Scripts:
        start = self._next
        braced = self.token.kind == "sign" and self.token.text == "{"
        stop = self._closes[start] if braced else start + 1
        inside = self._tokens[start + braced : stop]
        if inside and (special := self._special(found, inside, start + braced, stop, of_name)):
            self._next = stop + braced
            return special
        if not powers:
            return found
        if braced and not inside:
            self.refuse("an exponent is missing here")
        if found.powers:
            self.refuse("a second exponent needs brackets")
        self.enter()  # counts twice with what it holds, as more calls wait for its end
        exponent = self.exponent()
        self._open -= 1
        return found._replace(powers=(*found.powers, exponent))

    def _label(self, token: Token, stop: int) -> str:
        """What is above a name and no exponent: a word, as in `w^{new}`, or a sign, as in `w^+`."""
        following = self._tokens[min(stop, len(self._tokens) - 1)]
        if token.kind == "sign" and token.text in ("+", "-"):
            ends = following.kind in ("end", "break") or following.text in ("}", ")", "]")
            return token.text if ends else ""
        if token.kind == "word" or (token.kind == "run" and len(token.text) > 2):
            known = token.kind == "run" and all(map(self.is_known, token.text))
            return "" if known or following.text == "(" else token.text
        return ""

    def _special(
        self, found: Scripts, inside: list[Token], start: int, stop: int, of_name: bool
    ) -> Scripts | None:
        """What is above the line and no power: primes, a star, a transpose, an index in brackets."""
        first = inside[0]
        if all(token == first or token.text == "'" for token in inside) and first.text == "'":
            return found._replace(primes=found.primes + len(inside))
        if (
            len(inside) == 1
            and first.text in ("T", "top")
            and first.kind in ("run", "sign", "name")
        ):
            return found._replace(powers=(*found.powers, None))
        if not of_name:
            return None
        if len(inside) == 1 and first.text == "*":
            return found._replace(star=True)
        if len(inside) == 1 and not found.above and (label := self._label(first, stop)):
            return found._replace(above=f"^{label}")
        in_braces = self._tokens[start - 1].text == "{"
        if first.kind == "sign" and first.text in ("(", "[") and in_braces:
            transposed = inside[-1].text in ("T", "top")  # a^{[1]T}
            if self._closes[start] != stop - 1 - transposed:
                return None
            stop -= transposed
            try:
                text = self._index_text(start + 1, stop - 1)
            except ExpressionError:
                return None
            if _PLACE.fullmatch(text) and not found.above:
                above = f"^{first.text}{text}{PARTNERS[first.text]}"
                powers = (*found.powers, None) if transposed else found.powers
                return found._replace(above=above, powers=powers)
        return None

    def named(self, stem: str, scripts: Scripts) -> str:
        """The name that a stem has with its indices, as it is known."""
        name = stem + (f"_{scripts.below}" if scripts.below else "") + scripts.above
        return self.spelled(name + "'" * scripts.primes + "*" * scripts.star)

    def name(self, stem: str, scripts: Scripts, start: int) -> Name:
        return Name(self.named(stem, scripts), span=(start, self._tokens[self._next - 1].end))
