r"""Words and letters: which are names, which are called, which are factors beside each other.

Letters of LaTeX beside each other are factors, unless they are a known name or an operation, or stand
alone on the left of an equation. A word of plain text is one name.
"""

from __future__ import annotations

import re
from typing import Final

from stepsolve.notation.names import GREEK, NAME
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.operations.table import CONSTANTS, SETTINGS
from stepsolve.source.hand_calls import BASES
from stepsolve.source.hand_layouts import Layouts
from stepsolve.source.hand_names import Scripts
from stepsolve.source.hand_tokens import Token

_MOST_LETTERS: Final = 3  # of a product of unknown letters: more are a word
_SYMBOL = re.compile(
    r"Δ?(?:[A-Za-z]|[A-Za-z][0-9]+|[A-Za-z](?:hat|bar|tilde|dot))[0-9]*(?:_\w+)?'*"
)


class Words(Layouts):
    """Reads names and what is called by name."""

    def nested(self) -> Expression:
        raise NotImplementedError

    def definition(self, place: int, stop: int) -> Expression | None:
        """`f(x)` of a definition `f(x) = ...`, if the side between two tokens is that; else None."""
        tokens = self._tokens[place:stop]
        marks = 1
        while marks < len(tokens) and tokens[marks].text == "'":
            marks += 1
        head, inside = tokens[0], tokens[marks + 1 : -1]
        if head.kind == "run" and len(head.text) > 1:
            return self._lone_name(place)
        if head.kind not in ("run", "name", "word") or len(tokens) < marks + 3:
            return None
        if tokens[marks].text != "(" or tokens[-1].text != ")" or len(inside) % 2 == 0:
            return None
        letters = all(
            t.kind in ("run", "name") and (len(t.text) == 1 or t.text in GREEK) for t in inside[::2]
        )
        commas = all(t.kind == "break" and t.text == "," for t in inside[1::2])
        stem = head.text
        whole = len(stem) == 1 or head.kind != "run" or stem in self._functions
        if not (letters and commas and whole) or stem in ("sigma", "σ") or self.operation(stem):
            return None
        if stem in self._names and all(t.text in self._names for t in inside[::2]):
            if len(inside) == 1:
                return None
            return Name(stem + "'" * (marks - 1), span=(head.start, tokens[-1].end))  # H(p, q)
        name = stem + "'" * (marks - 1)
        self._functions = {**self._functions, stem: len(inside[::2])}  # for what follows it
        parameters = [Name(t.text, span=(t.start, t.end)) for t in inside[::2]]
        return Apply(name, *parameters, span=(head.start, tokens[-1].end))

    def _lone_name(self, place: int) -> Expression | None:
        """Letters that stand alone on the left of an equation are one name: `net_{h1} = 0.3`.

        Not where each of them is known, so that a product is as likely, and not a known name.
        """
        token = self._tokens[place]
        product = all(self.is_known(letter) for letter in token.text)
        if product or token.text in self._functions or self.differential(place):
            return None
        self._next = place + 1
        scripts = self.scripts(powers=False)
        label = self.label()
        if self.token.kind != "end" or scripts.powers:
            return None
        found = self.name(token.text, scripts, token.start)
        return Name(found.name + label, span=found.span)

    def run(self) -> Expression:
        """Letters beside each other: a known name, an operation, or the first factor alone."""
        token = self.token
        if (found := self.inline_derivative()) is not None:
            return found
        self._next += 1
        text, following = token.text, self.token
        touching = following.kind == "number" and following.start == token.end
        if touching and self.is_known(text + following.text):
            self._next += 1
            return self._named(text + following.text, token)
        if len(text) > 1:
            operation = self.operation(text)
            if operation and text not in self._names and self.applies(operation):
                return self.function(token, operation)
        count = self._first_name(text)
        most = _MOST_LETTERS - (bool(self._names) or self.token.text == "_")
        if len(text) > most and count == 1 and not all(map(self.is_known, text)):
            self.refuse(f"{text[:20]} is no name that is known", token=token)
        if count == len(text):
            return self._named(text, token)
        self._next -= 1
        self._tokens[self._next] = Token("run", text[count:], token.start + count, token.end)
        return Name(self.spelled(text[:count]), span=(token.start, token.start + count))

    def _first_name(self, text: str) -> int:
        """How many of the letters are one name: all of one that is known, else the longest known."""
        if len(text) == 1 or text in self._functions or text in self._names:
            return len(text)
        start = self._next
        whole = self.named(text, self.scripts(powers=False)) if self._names else ""
        self._next = start
        if whole in self._names or (self.operation(text) and not self._latex):
            return len(text)
        return next((k for k in range(len(text) - 1, 1, -1) if text[:k] in self._names), 1)

    def _named(self, stem: str, token: Token) -> Expression:
        """A name with its indices; called, if it is a function."""
        scripts = self.scripts(stem != "e")
        name = self.named(stem, scripts)
        if self.token.kind == "sign" and self.token.text == "(":
            name += self.label()
        if self.token.kind == "sign" and self.token.text == "(":
            called = self._called(stem, name, scripts, token)
            if called is not None:
                return called
        made = Name(name, span=(token.start, self._tokens[self._next - 1].end))
        return self.raised(made, scripts, token)

    def label(self) -> str:
        """Brackets that hold no expression but say of what a name is: `(ill|+)` of P(ill | +)."""
        if self.token.text != "(":
            return ""
        start, stop = self._next, self._closes[self._next]
        inside = self._tokens[start + 1 : stop]
        bars = sum(token.kind == "sign" and token.text in ("|", "‖") for token in inside)
        told = bars == 1 or any(t.kind in ("relation", "words", "reason") for t in inside)
        signs = all(token.kind == "sign" and token.text in ("+", "-") for token in inside)
        if not inside or not (told or signs):
            return ""
        self._next = stop + 1
        parts = (t.text.strip() for t in inside if not (t.kind == "sign" and t.text in "{}"))
        return f"({''.join(parts)})"

    def _called(self, stem: str, name: str, scripts: Scripts, token: Token) -> Expression | None:
        """A call of a function that was defined, or of σ; None where brackets are a factor."""
        bare = name.rstrip("'")
        if (bare in self._functions or name in self._functions) and not self._holds(bare):
            arguments, _ = self.call_arguments()
            count = self._functions.get(name, self._functions.get(bare, 1))
            if len(arguments) != count:
                self.refuse(f"{bare} does not take {len(arguments)} arguments", token=token)
            span = (token.start, self._tokens[self._next - 1].end)
            made = self.checked(Apply(name, *arguments, span=span), token)
            return self.raised(made, scripts, token)
        letter = stem.lstrip("Δ") in GREEK or _SYMBOL.fullmatch(stem) is not None
        marked = scripts.primes and not scripts.below and stem != "sigma"
        if (marked or not letter) and not self.is_known(name):
            self.refuse(f"{name[:20]} is no function that is known", token=token)
        if stem in ("sigma", "σ") and not scripts.below and name not in self._names:
            if stem in self._names:
                return None
            if not self._holds(stem):  # else σ(1 - σ), a product
                arguments, options = self.call_arguments()
                made = self.applied(token, "sigmoid", arguments, options, scripts.primes)
                return self.raised(self.checked(made, token), scripts, token)
        return None

    def _holds(self, name: str) -> bool:
        """Whether a name stands in the brackets that follow without brackets of its own."""
        start = self._next
        places = range(start, self._closes[start])
        tokens = self._tokens
        return any(tokens[k].text == name and tokens[k + 1].text not in ("(", "'") for k in places)

    def greek_or_word(self) -> Expression:
        """One name: a Greek letter or, in plain text, a word."""
        token = self.advance()
        text = token.text
        if text == "Delta" and self._latex and (step := self._step(token)) is not None:
            return step
        if not self._latex and text not in self._names:
            if (base := re.fullmatch(r"log_([0-9]+|[A-Za-z])", text)) and self.opens():
                return self._logarithm(token, base[1])
            operation = self.operation(text)
            if operation and text not in self._functions and self.applies(operation):
                return self.function(token, operation)
            if self.token.kind == "relation" and text in SETTINGS and self._closer == ")":
                self._next += 1
                return Apply(text, self.expression(0))
        return self._named(text, token)

    def _logarithm(self, token: Token, base: str) -> Expression:
        """`log_2(8)` of plain text."""
        arguments, _ = self.call_arguments()
        leaf: Expression = Number(base) if base.isdecimal() else Name(self.spelled(base))
        known = BASES.get(leaf)
        parts = arguments if known else (*arguments, leaf)
        return self.checked(self.applied(token, known or "log", parts), token)

    def _step(self, token: Token) -> Expression | None:
        """`\\Delta w_1` as one name; None where no name follows."""
        following = self.token
        if (
            following.kind == "run"
            and len(following.text) > 1
            and not self.is_known(following.text)
        ):
            rest = Token("run", following.text[1:], following.start + 1, following.end)
            self._tokens[self._next] = rest
            return Name(self.spelled(f"Δ{following.text[0]}"), span=(token.start, rest.start))
        if following.kind not in ("run", "name", "accent") and not self._is_lettered_group():
            return None
        if following.kind in ("run", "name"):
            self._next += 1
            return self._named(f"Δ{following.text}", token)
        inner = self.nested()
        return self._named(f"Δ{inner.name}", token) if isinstance(inner, Name) else None

    def _is_lettered_group(self) -> bool:
        """Whether a group with one letter or name follows: `{w}` of `\\mathbf{w}`."""
        place = self._next
        return (
            self.token.text == "{"
            and self._closes.get(place) == place + 2
            and self._tokens[place + 1].kind in ("run", "name")
            and len(self._tokens[place + 1].text) == 1
        )

    def word(self) -> Expression:
        """Upright text: an operation that is called, or a name."""
        token = self.advance()
        operation = self.operation(token.text)
        if operation and token.text not in self._names and self.applies(operation):
            return self.function(token, operation)
        if not re.fullmatch(NAME, token.text):
            self.refuse("words in the working are not read", token=token)
        return self._named(token.text, token)

    def command(self) -> Expression:
        """An operation by a command of its own: `\\sin`."""
        token = self.advance()
        return self.function(token, token.text)

    def is_symbol(self, text: str) -> bool:
        return (
            self.is_known(text)
            or text.partition("_")[0] in GREEK
            or text in CONSTANTS
            or text in self._functions
            or (not self._latex and ("/" in text or _SYMBOL.fullmatch(text) is not None))
        )
