r"""The grammar of working written by hand: tokens of LaTeX or of plain text -> expression tree.

The same precedence as in the expression language (see `source/expression.py`), with what people
leave out: the sign of a product, the brackets of `\sin 2x`. Where a text could be read in two ways
it is refused: `a / b c`, `\ln x (1 - x)`. Products entry by entry, `⊙`, bind looser than others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from stepsolve.errors import ExpressionError
from stepsolve.notation.names import GREEK, NAME
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names
from stepsolve.operations.table import CONSTANTS, SETTINGS
from stepsolve.source.expression import MAX_DEPTH
from stepsolve.source.hand_layouts import Layouts
from stepsolve.source.hand_names import Scripts
from stepsolve.source.hand_tokens import Token

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
_SYMBOL = re.compile(
    r"Δ?(?:[A-Za-z]|[A-Za-z][0-9]+|[A-Za-z](?:hat|bar|tilde|dot))[0-9]*(?:_\w+)?'*"
)


class Grammar(Layouts):
    """Reads one side of an equation at a time."""

    def side(self, place: int) -> Expression:
        """The expression that begins at a token and reaches to the next token of kind `end`."""
        self._next = place
        self._open = 0
        self._closer = ""
        found = self.expression(0)
        if self.token.kind != "end":
            self._leftover()
        return found

    def definition(self, place: int, stop: int) -> Expression | None:
        """`f(x)` of a definition `f(x) = ...`, if the side between two tokens is that; else None."""
        tokens = self._tokens[place:stop]
        marks = 1
        while marks < len(tokens) and tokens[marks].text == "'":
            marks += 1
        head, inside = tokens[0], tokens[marks + 1 : -1]
        if head.kind not in ("run", "name", "word") or len(tokens) < marks + 3:
            return None
        if tokens[marks].text != "(" or tokens[-1].text != ")" or len(inside) % 2 == 0:
            return None
        letters = all(t.kind in ("run", "name") and len(t.text) == 1 for t in inside[::2])
        commas = all(t.kind == "break" and t.text == "," for t in inside[1::2])
        stem = head.text
        whole = len(stem) == 1 or head.kind != "run" or stem in self._functions
        if not (letters and commas and whole) or stem in ("sigma", "σ") or self.operation(stem):
            return None
        if stem in self._names and all(t.text in self._names for t in inside[::2]):
            return None
        name = stem + "'" * (marks - 1)
        parameters = [Name(t.text, span=(t.start, t.end)) for t in inside[::2]]
        return Apply(name, *parameters, span=(head.start, tokens[-1].end))

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
            return _MULTIPLIED, ""
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
        if token.kind == "word" and not self._is_symbol(token.text):
            after = self._tokens[self._next + 1]
            if self.operation(token.text) is None or after.text not in ("(", "'", "["):
                self.refuse(
                    f"{token.text[:20]} is no factor that is known", "write a product with *"
                )
        if self._latex or token.kind not in ("name", "gradient"):
            return
        known = self._is_symbol(token.text) or self.operation(token.text) is not None
        if before.kind == "name" and (spaced or before.text not in GREEK):
            known = all(self.is_known(t.text) or t.text in GREEK for t in (before, token))
            known = known or self.operation(token.text) is not None
        if not known:
            self.refuse(f"{token.text[:20]} is no factor that is known", "write a product with *")

    def _is_symbol(self, text: str) -> bool:
        return (
            self.is_known(text)
            or text.partition("_")[0] in GREEK
            or text in CONSTANTS
            or text in self._functions
            or (not self._latex and ("/" in text or _SYMBOL.fullmatch(text) is not None))
        )

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
        if token.kind == "run" and len(token.text) > 1:
            self.refuse("an exponent of several letters stands in braces")
        if token.kind in ("number", "run", "name"):
            self._next += 1
            leaf: type[Number] | type[Name] = Number if token.kind == "number" else Name
            return leaf(token.text, span=(token.start, token.end))
        return self._nested()

    def _nested(self) -> Expression:
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
        return self._nested()

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

    def run(self) -> Expression:
        """Letters of LaTeX beside each other: a name that is known, an operation, or the first factor."""
        token = self.token
        if (found := self.inline_derivative()) is not None:
            return found
        self._next += 1
        text, following = token.text, self.token
        if following.kind == "number" and following.start == token.end:
            if self.is_known(text + following.text):
                self._next += 1
                return self._named(text + following.text, token)
        if len(text) > 1:
            operation = self.operation(text)
            if operation and text not in self._names and self.applies(operation):
                return self.function(token, operation)
        count = self._first_name(text)
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
        whole = self.named(text, self.scripts()) if self._names else ""
        self._next = start
        if whole in self._names or (self.operation(text) and not self._latex):
            return len(text)
        return next((k for k in range(len(text) - 1, 1, -1) if text[:k] in self._names), 1)

    def _named(self, stem: str, token: Token) -> Expression:
        """A name with its indices; called, if it is a function."""
        scripts = self.scripts(stem != "e")
        name = self.named(stem, scripts)
        if self.token.kind == "sign" and self.token.text == "(":
            called = self._called(stem, name, scripts, token)
            if called is not None:
                return called
        made = Name(name, span=(token.start, self._tokens[self._next - 1].end))
        return self.raised(made, scripts, token)

    def _called(self, stem: str, name: str, scripts: Scripts, token: Token) -> Expression | None:
        """A call of a function that was defined, or of σ; None where brackets are a factor."""
        bare = name.rstrip("'")
        if bare in self._functions or name in self._functions:
            arguments, _ = self.call_arguments()
            count = self._functions.get(name, self._functions.get(bare, 1))
            if len(arguments) != count:
                self.refuse(f"{bare} does not take {len(arguments)} arguments", token=token)
            span = (token.start, self._tokens[self._next - 1].end)
            made = self.checked(Apply(name, *arguments, span=span), token)
            return self.raised(made, scripts, token)
        if scripts.primes and not scripts.below and stem not in ("sigma", "σ"):
            if not self.is_known(name):
                self.refuse(f"{name} is no function that is known", token=token)
        if stem in ("sigma", "σ") and not scripts.below and name not in self._names:
            if stem in self._names:
                return None
            start = self._next
            arguments, options = self.call_arguments()
            if not any(stem in names(argument) for argument in arguments):
                made = self.applied(token, "sigmoid", arguments, options, scripts.primes)
                return self.raised(self.checked(made, token), scripts, token)
            self._next = start  # σ(1 - σ) is a product
        return None

    def greek_or_word(self) -> Expression:
        """One name: a Greek letter or, in plain text, a word."""
        token = self.advance()
        text = token.text
        if text == "Delta" and self._latex and (step := self._step(token)) is not None:
            return step
        if not self._latex and text not in self._names:
            stem, _, base = text.partition("_")
            if stem == "log" and base and self.token.kind == "sign" and self.token.text == "(":
                return self._logarithm(token, base)
            operation = self.operation(text)
            if operation and text not in self._functions and self.applies(operation):
                return self.function(token, operation)
            if self.token.kind == "relation" and text in SETTINGS and self._closer == ")":
                self._next += 1
                return Apply(text, self.expression(0))
        return self._named(text, token)

    def _logarithm(self, token: Token, base: str) -> Expression:
        (argument, *more), _ = self.call_arguments()
        if more:
            self.refuse("log does not take so many arguments", token=token)
        known = {"2": "log2", "10": "log10", "e": "log"}.get(base)
        leaf: Expression = Number(base) if base.isdecimal() else Name(base)
        made = Apply(known, argument) if known else Apply("log_base", argument, leaf)
        return self.checked(made, token)

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
        inner = self._nested()
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
