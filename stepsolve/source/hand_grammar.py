r"""The grammar of working written by hand: tokens of LaTeX or of plain text -> expression tree.

The same precedence as in the expression language (see `source/expression.py`), with what people
leave out: the sign of a product, the brackets of `\sin 2x`. Where a text could be read in two ways
it is refused: `a / b c`, `\ln x (1 - x)`. Products entry by entry, `⊙`, bind looser than others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepsolve.errors import ExpressionError
from stepsolve.notation.names import GREEK
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number
from stepsolve.source.expression import MAX_DEPTH
from stepsolve.source.hand_tokens import Token
from stepsolve.source.hand_words import Words

_COMPARED, _ADDED, _SIGNED, _ENTRYWISE, _MULTIPLIED, _TIGHT = 10, 20, 30, 35, 40, 50
_COMPARISONS: Final = {"=": "==", "<": "<", "≤": "<=", ">": ">", "≥": ">=", "≠": "!="}
_INFIX: Final = {
    "+": (_ADDED, "+"),
    "-": (_ADDED, "-"),
    "⊙": (_ENTRYWISE, "hadamard"),
    "*": (_MULTIPLIED, "*"),
    "/": (_MULTIPLIED, "/"),
    "@": (_MULTIPLIED, "@"),
}
_BEGINS: Final = frozenset(
    ["(", "[", "{", "\\{", "frac", "sqrt", "√", "∛", "|(", "‖(", "⌊", "⌈", "∑", "∇", "∂", "lim"]
)
_LETTERED: Final = frozenset(
    ["run", "name", "word", "function", "gradient", "derive", "begin", "accent", "box", "brace"]
)


class Grammar(Words):
    """Reads one side of an equation at a time."""

    def side(self, place: int) -> Expression:
        """The expression that begins at a token and reaches to the next token of kind `end`."""
        self._next = place
        self._open = 0
        self._closer = ""
        found = self.expression(0)
        if self._is_unit():
            self._next += 1
        if self.token.kind != "end":
            self._leftover()
        return found

    def _is_unit(self) -> bool:
        """Whether an upright word ends a side after a number: `1.75 \text{ bits}`."""
        token, after = self.token, self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if token.kind != "word" or after.kind != "end" or self.is_symbol(token.text):
            return False
        return self._latex and self._tokens[self._next - 1].kind == "number" and not self._closer

    def _leftover(self) -> None:
        token = self.token
        if token.kind in ("words", "reason", "condition", "break"):
            self.refuse("words in the working are not read", "write only equations")
        if token.text == "!":
            self.refuse("factorials are not read")
        self.refuse(f"{token.text[:20]} does not belong here")

    def expression(self, binding: int) -> Expression:
        """The longest expression whose operators bind at least as tightly as `binding`."""
        self.enter()
        first = self.token
        left = self._operand(binding)
        divided = compared = False
        while (found := self._infix()) is not None:
            tightness, operation = found
            if tightness < binding:
                break
            token = self.token
            if not operation:
                self.has_bare_products = True
                self._check_factor(left, divided, token)
                right = self._operand(_TIGHT)
            else:
                if compared and tightness == _COMPARED:
                    self.refuse("comparisons cannot be chained in brackets")
                self._next += 1
                right = self.expression(tightness + 1)
            span = (first.start, self._tokens[self._next - 1].end)
            left = self.checked(Apply(operation or "*", left, right, span=span), token)
            divided, compared = operation == "/", tightness == _COMPARED
        self._open -= 1
        return left

    def _infix(self) -> tuple[int, str] | None:
        """How tightly the next sign binds and its operation, "" for a product without a sign."""
        kind, text, _, _ = self._tokens[self._next]
        if kind == "sign":
            known = _INFIX.get(text)
            if known is not None:
                return known
            if text in _BEGINS or (text in ("|", "‖") and text != self._closer):
                return _MULTIPLIED, ""
            return None
        if kind in _LETTERED:
            return None if kind == "word" and self._is_unit() else (_MULTIPLIED, "")
        if kind == "relation" and self._closer and text in _COMPARISONS:
            self._check_equality()
            return _COMPARED, _COMPARISONS[text]
        if kind == "number":
            self.refuse("a sign is missing before this number")
        return None

    def _check_equality(self) -> None:
        token = self.token
        if (
            token.text == "="
            and self._closer not in ("]", "cases")
            and token.end - token.start == 1
        ):
            self.refuse("an = does not belong in brackets")

    def _check_factor(self, left: Expression, divided: bool, token: Token) -> None:
        """Refuses a factor without a sign where it is not clear what it belongs to."""
        match left:
            case Apply(operation="/", arguments=(Number(text=a), Number(text=b))) if divided:
                bracket = token.kind == "sign" and token.text not in ("∂", "∇")
                touching = token.start == self._tokens[self._next - 1].end
                divided = not (a.isdecimal() and b.isdecimal() and (bracket or not touching))
        if divided:
            self.refuse("it is not clear whether this factor is divided by", "write brackets")
        before = self._tokens[self._next - 1]
        spaced = token.start > before.end
        if token.kind == "word" and not self.is_symbol(token.text):
            after = self._tokens[self._next + 1]
            if self.operation(token.text) is None or after.text not in ("(", "'", "["):
                self.refuse(
                    f"{token.text[:20]} is no factor that is known", "write a product with *"
                )
        if self._latex or token.kind not in ("name", "gradient"):
            return
        known = self.is_symbol(token.text) or self.operation(token.text) is not None
        if before.kind == "name" and (spaced or before.text not in GREEK):
            known = all(self.is_known(t.text) or t.text in GREEK for t in (before, token))
            known = known or self.operation(token.text) is not None
        if not known:
            self.refuse(f"{token.text[:20]} is no factor that is known", "write a product with *")

    def checked(self, made: Expression, token: Token) -> Expression:
        if made.depth > MAX_DEPTH:
            hint = "give parts of it names of their own"
            raise ExpressionError(
                f"an expression may have {MAX_DEPTH} levels", token.start, token.end, hint
            )
        return made

    def _operand(self, binding: int) -> Expression:
        token = self.token
        if token.kind == "sign" and token.text in ("-", "+"):
            self._next += 1
            inner = self.expression(max(_SIGNED, binding))
            if token.text == "+":
                return inner
            span = (token.start, self._tokens[self._next - 1].end)
            return self.checked(Apply("neg", inner, span=span), token)
        return self.operand_alone()

    def operand_alone(self) -> Expression:
        """An atom with what stands above, below and behind it."""
        token = self.token
        base = self._atom()
        while True:
            following = self.token
            if following.kind != "sign":
                return base
            if following.text in ("^", "_", "'"):
                base = self._scripted(base, token)
            elif following.text == ".T":
                self._next += 1
                base = self.checked(Apply("T", base), token)
            elif following.text == "[" and self._is_index(base):
                self._next += 1
                base = self.checked(Item(base, *self._indices()), token)
            else:
                return base

    def _scripted(self, base: Expression, token: Token) -> Expression:
        scripts = self.scripts(isinstance(base, Name) and base.name != "e")
        if scripts.of_name:
            if not isinstance(base, Name) or "/" in base.name:
                self.refuse("an index or a mark belongs to a name", token=token)
            assert isinstance(base, Name)
            stem = base.name.rstrip("'")
            scripts = scripts._replace(primes=scripts.primes + len(base.name) - len(stem))
            base = self.name(stem, scripts, token.start)
        return self.raised(base, scripts, token)

    def _is_index(self, base: Expression) -> bool:
        """Whether a square bracket holds the place of an entry: `W[0, 1]`, but not `W [0.5, 1]`."""
        opening, before = self.token, self._tokens[self._next - 1]
        if opening.start > before.end or isinstance(base, Number):
            return False
        if not self._latex:
            return True
        inside = self._tokens[self._next + 1 : self._closes[self._next]]
        whole = all(t.text.isdecimal() or t.text == "," for t in inside)
        return (
            bool(inside) and whole and opening.end - opening.start == 1 and isinstance(base, Name)
        )

    def _indices(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        closer, self._closer = self._closer, "]"
        while not self.accept("]"):
            if found and not self._comma():
                self.expect("]")
            start: Expression = Number("0") if self.token.text == ":" else self.expression(0)
            if self.accept(":"):
                ends = self.token.text in (",", "]")
                parts = (start,) if ends else (start, self.expression(0))
                start = Apply("slice", *parts)
            found.append(start)
        if not found:
            self.refuse("an index is missing")
        self._closer = closer
        return tuple(found)

    def _comma(self) -> bool:
        comma = self.token.kind == "break" and self.token.text == ","
        self._next += comma
        return comma

    def _atom(self) -> Expression:
        token = self.token
        reader = (_SIGN_ATOMS if token.kind == "sign" else _ATOMS).get(
            token.text if token.kind == "sign" else token.kind
        )
        if reader is None:
            if token.kind == "end":
                self.refuse("a value is missing here")
            if token.kind in ("words", "reason", "condition", "break"):
                self.refuse("words in the working are not read", "write only equations")
            self.refuse(f"a value is missing before {token.text[:20]}")
        assert reader is not None
        return reader(self)

    def number(self) -> Expression:
        token = self.advance()
        return Number(token.text, span=(token.start, token.end))

    def exponent(self) -> Expression:
        token = self.token
        if token.kind == "sign" and token.text == "{":
            return self.braces()
        if token.kind == "sign" and token.text in ("-", "+") and self._latex:
            self._next += 1
            inner = self.exponent()
            return self.checked(Apply("neg", inner), token) if token.text == "-" else inner
        if not self._latex:
            return self.expression(_TIGHT)
        if token.kind == "run" and len(token.text) > 1 and token.text[0] != "T":
            self.refuse("an exponent of several letters stands in braces")
        if token.kind in ("number", "run", "name"):
            self._next += 1
            leaf: type[Number] | type[Name] = Number if token.kind == "number" else Name
            return leaf(token.text, span=(token.start, token.end))
        return self.nested()

    def nested(self) -> Expression:
        """An atom that may hold others, counted as a level of brackets."""
        self.enter()
        found = self._atom()
        self._open -= 1
        return found

    def argument(self) -> Expression:
        """The argument of a command: a group, or one digit, letter or command."""
        token = self.token
        if token.kind == "number" and token.text.isdecimal():
            if len(token.text) > 1:  # \frac12
                if token.end - token.start != len(token.text):
                    self.refuse("braces are missing here")
                rest = Token("number", token.text[1:], token.start + 1, token.end)
                self._tokens[self._next] = rest
                return Number(token.text[0], span=(token.start, token.start + 1))
            return self.number()
        if token.kind == "run" and len(token.text) > 1:
            rest = Token("run", token.text[1:], token.start + 1, token.end)
            self._tokens[self._next] = rest
            return Name(self.spelled(token.text[0]), span=(token.start, token.start + 1))
        if token.kind in ("run", "name"):
            self._next += 1
            return Name(self.spelled(token.text), span=(token.start, token.end))
        return self.nested()

    def factors(self) -> Expression:
        """The factors of a bare argument: `2x` of `\\sin 2x`, without brackets or functions."""
        first = self.token
        left = self.operand_alone()
        while True:
            token = self.token
            letters = token.kind in ("run", "name", "gradient", "accent")
            if token.kind == "name" and not self._latex:
                letters = token.start == self._tokens[self._next - 1].end
            if token.kind in ("run", "name") and self.operation(token.text) and token.text != "pi":
                letters = False
            if not (letters or (token.kind == "sign" and token.text in ("frac", "sqrt", "√"))):
                return left
            self._check_factor(left, False, token)
            right = self.operand_alone()
            span = (first.start, self._tokens[self._next - 1].end)
            left = self.checked(Apply("*", left, right, span=span), token)


_ATOMS: Final[dict[str, Callable[[Grammar], Expression]]] = {
    "number": Grammar.number,
    "run": Grammar.run,
    "name": Grammar.greek_or_word,
    "word": Grammar.word,
    "function": Grammar.command,
    "gradient": Grammar.gradient_token,
    "derive": Grammar.derive_token,
    "begin": Grammar.environment,
    "accent": Grammar.accent,
    "box": Grammar.boxed,
    "brace": Grammar.braced_below,
}
_SIGN_ATOMS: Final[dict[str, Callable[[Grammar], Expression]]] = {
    "(": Grammar.group,
    "\\{": Grammar.group,
    "[": Grammar.group,
    "{": Grammar.braces,
    "frac": Grammar.fraction,
    "sqrt": Grammar.root,
    "√": Grammar.root_sign,
    "∛": Grammar.root_sign,
    "|": Grammar.bars,
    "|(": Grammar.bars,
    "‖": Grammar.bars,
    "‖(": Grammar.bars,
    "⌊": Grammar.rounded,
    "⌈": Grammar.rounded,
    "∑": Grammar.summation,
    "lim": Grammar.limit,
    "∇": Grammar.nabla,
    "∂": Grammar.partial_sign,
}
