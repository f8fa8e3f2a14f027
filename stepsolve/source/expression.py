"""The expression language: text -> expression tree, by a whitelist.

A precedence-climbing parser (Pratt, "Top down operator precedence", 1973) over a handful of tokens.
Nothing is evaluated: a name is a name, a call must be an operation of the table. Lengths, depths,
digits and powers of constants are bounded before anything could be computed from them.

Loosest to tightest: comparisons; `+ -`; unary minus; `* / @`; `^` (also `**`, from the right); calls,
indices and `.T`. So `-x^2` is -(x^2) and `-2*x` is -(2*x).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.operations.table import ALIASES, OPERATIONS
from stepsolve.source.calls import COMPARISONS, call
from stepsolve.source.magnitude import refuse_giant_power
from stepsolve.source.tokens import Token, tokens

MAX_BRACKETS = 100  # brackets inside brackets
MAX_DEPTH = 200  # levels of the tree: a sum of 200 terms still fits
MAX_DIGITS = 50  # digits of one number
MAX_EXPONENT = 300  # powers of ten of one number, either way

_COMPARISON = 10
_BINDING = dict.fromkeys(COMPARISONS, _COMPARISON) | dict.fromkeys("+-", 20)
_BINDING |= dict.fromkeys("*/@", 40) | {"^": 50}
_NEGATION = 30
_POSTFIX = ("(", "[", ".T")


class Definition(NamedTuple):
    """`f(x, y) = x * y` or, with no parameters, `f = x * y`."""

    name: Name
    parameters: tuple[Name, ...]
    expression: Expression


def parse(text: str, functions: Collection[str] = (), *, entries: bool = False) -> Expression:
    """The tree of one expression. Raises `ExpressionError` with the offsets of the mistake.

    `functions` are names that may be called though they are no operations: functions that a problem
    defines or leaves open, such as `f` and its derivative `f'`. Each takes one argument, or as many
    as a mapping says. With `entries`, `h(3)` and `h(t - 1)` are names of entries of a sequence h,
    unless h is an operation.
    """
    parser = _Parser(text, functions, entries)
    expression = parser.expression(0)
    parser.expect_end()
    return expression


def parse_definition(
    text: str, functions: Collection[str] = (), *, entries: bool = False
) -> Definition:
    """The parts of `name = expression` or `name(parameter, ...) = expression`.

    With `entries` those of `h(t) = expression`, where the name is `h(t)`.
    """
    parser = _Parser(text, functions, entries)
    name = parser.take_name("a definition begins with a name, as in f = x + 1")
    parameters: list[Name] = []
    if parser.accept("("):
        while not parameters or parser.accept(","):
            parameters.append(parser.take_name("a parameter is a name, as in f(x, y) = x + y"))
        parser.expect(")")
    equals = parser.token
    if not parser.accept("="):
        raise ExpressionError(
            "a definition needs a single = after its name",
            equals.start,
            equals.end,
            "write name = expression",
        )
    expression = parser.expression(0)
    parser.expect_end()
    return Definition(name, tuple(parameters), expression)


def parse_equation(text: str) -> tuple[Expression, Expression]:
    """The two sides of `left = right`."""
    parser = _Parser(text)
    left = parser.expression(0)
    equals = parser.token
    if not parser.accept("="):
        hint = "compare with a single =, as in x^2 + y^2 = 25"
        raise ExpressionError("an equation needs an = here", equals.start, equals.end, hint)
    right = parser.expression(0)
    parser.expect_end()
    return left, right


def _is_operation(token: Token) -> bool:
    name = ALIASES.get(token.text, token.text)
    return token.kind == "name" and name in OPERATIONS


class _Parser:
    def __init__(self, text: str, functions: Collection[str] = (), entries: bool = False) -> None:
        self._tokens = tokens(text, entries)
        self._functions = functions
        self._next = 0
        self._open = 0  # brackets, signs and exponents that wait for their end
        self.token = self._tokens[0]

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self._next += 1
            self.token = self._tokens[self._next]
        return token

    def accept(self, sign: str) -> bool:
        token = self.token
        if token.kind == "sign" and token.text == sign:
            self.advance()
            return True
        return False

    def expect(self, sign: str) -> Token:
        token = self.token
        if not self.accept(sign):
            raise ExpressionError(
                f"expected {sign} here" if token.kind != "end" else f"a {sign} is missing here",
                token.start,
                token.end,
            )
        return token

    def take_name(self, otherwise: str) -> Name:
        token = self.advance()
        if token.kind == "name" and "/" not in token.text:
            return Name(token.text, span=(token.start, token.end))
        if token.kind == "name":
            otherwise = f"{token.text} is a gradient: it is worked out, not defined"
        raise ExpressionError(otherwise, token.start, token.end)

    def expect_end(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        place = (token.start, token.end)
        if token.text == "=":
            raise ExpressionError(
                "an = does not belong in an expression", *place, "compare with =="
            )
        if token.text in (")", "]"):
            raise ExpressionError(f"this {token.text} closes nothing", *place)
        if token.text == ",":
            raise ExpressionError(
                "a comma does not belong here", *place, "decimals are written with a point: 0.5"
            )
        raise self._missing_operator(token)

    def _missing_operator(self, token: Token) -> ExpressionError:
        before = self._tokens[self._next - 1]
        if _is_operation(before):
            hint = f"write {before.text}({token.text})"
        else:
            after = "(...)" if token.text == "(" else token.text
            hint = f"for a product write {before.text} * {after}"
            hint += "(...)" if _is_operation(token) else ""
        return ExpressionError(
            f"an operator is missing between {before.text} and {token.text}",
            token.start,
            token.end,
            hint,
        )

    def _span(self, start: int) -> tuple[int, int]:
        """From an offset to the end of what has been read, brackets included."""
        return start, self._tokens[self._next - 1].end

    @staticmethod
    def _checked(made: Expression, token: Token) -> Expression:
        if made.depth > MAX_DEPTH:
            raise ExpressionError(
                f"an expression may have {MAX_DEPTH} levels",
                token.start,
                token.end,
                "give parts of it names of their own",
            )
        return made

    def expression(self, binding: int) -> Expression:
        """The longest expression whose operators bind at least as tightly as `binding`."""
        self._enter()
        start = self.token.start
        left = self._operand(binding)
        compared = False
        while True:
            token = self.token
            if token.kind in ("name", "number") or token.text in _POSTFIX:
                raise self._missing_operator(token)
            tightness = _BINDING.get(token.text, -1)
            if tightness < binding:
                break
            if compared and tightness == _COMPARISON:
                raise ExpressionError(
                    "comparisons cannot be chained", token.start, token.end, "use brackets"
                )
            self.advance()
            # from the right for powers: the exponent may hold another power
            right = self.expression(tightness if token.text == "^" else tightness + 1)
            left = self._checked(Apply(token.text, left, right, span=self._span(start)), token)
            if token.text == "^":
                refuse_giant_power(left)
            compared = tightness == _COMPARISON
        self._open -= 1
        return left

    def _enter(self) -> None:
        self._open += 1
        if self._open > MAX_BRACKETS:
            token = self.token
            raise ExpressionError(
                f"brackets, signs and powers may be nested {MAX_BRACKETS} deep",
                token.start,
                token.end,
                "give inner parts names of their own",
            )

    def _operand(self, binding: int) -> Expression:
        sign, start = self.token, self.token.start
        if sign.text in ("-", "+"):
            self.advance()
            inner = self.expression(max(_NEGATION, binding))
            if sign.text == "+":
                return inner
            return self._checked(Apply("neg", inner, span=self._span(start)), sign)
        return self._postfix(self._atom(), start)

    def _atom(self) -> Expression:
        token = self.advance()
        span = (token.start, token.end)
        if token.kind == "number":
            return _number(token)
        if token.kind == "name":
            if self.token.text == "(":
                return self._checked(self._call(token), token)
            return Name("pi" if token.text == "π" else token.text, span=span)
        if token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.text == "[":
            items = self._list("]")
            return self._checked(Array(*items, span=self._span(token.start)), token)
        if token.kind == "end":
            raise ExpressionError("something is missing at the end", *span)
        raise ExpressionError(f"a value is missing before {token.text}", *span)

    def _postfix(self, base: Expression, start: int) -> Expression:
        while True:
            token = self.token
            if token.text not in _POSTFIX:
                return base
            if self.accept("["):
                indices = self._indices()
                if not indices:
                    raise ExpressionError("an index is missing", token.start, token.end)
                base = self._checked(Item(base, *indices, span=self._span(start)), token)
            elif self.accept(".T"):
                base = self._checked(Apply("T", base, span=self._span(start)), token)
            else:
                raise self._missing_operator(token)

    def _list(self, closing: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        if not self.accept(closing):
            items.append(self.expression(0))
            while self.accept(","):
                items.append(self.expression(0))
            self.expect(closing)
        return tuple(items)

    def _call(self, token: Token) -> Expression:
        self.advance()
        arguments, options = self._arguments()
        return call(token, arguments, options, self._functions, self._span(token.start))

    def _arguments(self) -> tuple[tuple[Expression, ...], tuple[Apply, ...]]:
        """What stands between the brackets of a call: expressions and then settings, `axis=1`."""
        arguments: list[Expression] = []
        options: list[Apply] = []
        while not self.accept(")"):
            if (arguments or options) and not self.accept(","):
                self.expect(")")
            token = self.token
            following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
            if token.kind == "name" and following.kind == "sign" and following.text == "=":
                self.advance()
                self.advance()
                value = self.expression(0)
                options.append(Apply(token.text, value, span=self._span(token.start)))
            elif options:
                raise ExpressionError("settings such as axis=1 stand last", token.start, token.end)
            else:
                arguments.append(self.expression(0))
        return tuple(arguments), tuple(options)

    def _indices(self) -> tuple[Expression, ...]:
        """What stands between the brackets of an index: places and stretches, `0`, `1:3`, `:`."""
        found: list[Expression] = []
        while not self.accept("]"):
            if found and not self.accept(","):
                self.expect("]")
            token = self.token
            start: Expression = Number("0") if token.text == ":" else self.expression(0)
            if not self.accept(":"):
                found.append(start)
                continue
            ends = self.token.kind == "sign" and self.token.text in (",", "]")
            parts = (start,) if ends else (start, self.expression(0))
            found.append(Apply("slice", *parts, span=self._span(token.start)))
        return tuple(found)


def _number(token: Token) -> Number:
    mantissa, _, exponent = token.text.lower().partition("e")
    if sum(map(str.isdigit, mantissa)) > MAX_DIGITS:
        raise ExpressionError(
            f"a number may have {MAX_DIGITS} digits", token.start, token.end, "round it"
        )
    if len(exponent) > 5 or abs(int(exponent or 0)) > MAX_EXPONENT:
        raise ExpressionError(
            f"a power of ten may reach {MAX_EXPONENT} either way", token.start, token.end
        )
    return Number(token.text, span=(token.start, token.end))
