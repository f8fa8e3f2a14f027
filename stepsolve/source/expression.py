"""The expression language: text -> expression tree, by a whitelist.

A precedence-climbing parser (Pratt, "Top down operator precedence", 1973) over a handful of tokens.
Nothing is evaluated: a name is a name, a call must be an operation of the table. Lengths, depths,
digits and powers of constants are bounded before anything could be computed from them.

Loosest to tightest: comparisons; `+ -`; unary minus; `* / @`; `^` (also `**`, from the right); calls,
indices and `.T`. So `-x^2` is -(x^2) and `-2*x` is -(2*x).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from stepsolve.errors import ExpressionError, nearest
from stepsolve.notation.names import NAME
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, names
from stepsolve.operations.table import ALIASES, OPERATIONS

MAX_LENGTH = 10_000  # characters of one expression
MAX_BRACKETS = 100  # brackets inside brackets
MAX_DEPTH = 200  # levels of the tree: a sum of 200 terms still fits
MAX_DIGITS = 50  # digits of one number
MAX_EXPONENT = 300  # powers of ten of one number, either way
MAX_POWER_DIGITS = 1000  # digits of a power of constants, were it worked out

_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>d{NAME}/d{NAME}|∂{NAME}/∂{NAME}|{NAME})
    | (?P<sign>\*\*|<=|>=|==|!=|\.T(?![A-Za-z0-9_])|[-+*/^@<>=()\[\],·×−≤≥])
    | (?P<other>\S)
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_SAME_SIGN = {"**": "^", "·": "*", "×": "*", "−": "-", "≤": "<=", "≥": ">="}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_BINDING = dict.fromkeys(_COMPARISONS, 10) | {"+": 20, "-": 20, "*": 40, "/": 40, "@": 40, "^": 50}
_NEGATION = 30
_POSTFIX = ("(", "[", ".T")
_KEYWORDS = frozenset(
    [
        "for",
        "if",
        "else",
        "import",
        "in",
        "is",
        "not",
        "and",
        "or",
        "def",
        "class",
        "return",
        "yield",
        "await",
        "while",
        "with",
    ]
)
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


class Definition(NamedTuple):
    """`f(x, y) = x * y` or, with no parameters, `f = x * y`."""

    name: Name
    parameters: tuple[Name, ...]
    expression: Expression


def parse(text: str) -> Expression:
    """The tree of one expression. Raises `ExpressionError` with the offsets of the mistake."""
    parser = _Parser(text)
    expression = parser.expression(0)
    parser.expect_end()
    return expression


def parse_definition(text: str) -> Definition:
    """The parts of `name = expression` or `name(parameter, ...) = expression`."""
    parser = _Parser(text)
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


def tokens(text: str) -> list[Token]:
    """The tokens of a text, the last of kind `end`. Raises `ExpressionError` at the first stranger."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression may have {MAX_LENGTH} characters, this one has {len(text)}",
            MAX_LENGTH,
            hint="give parts of it names of their own",
        )
    found: list[Token] = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None and match.lastgroup is not None  # `other` takes any character
        kind, (start, end) = match.lastgroup, match.span(match.lastgroup)
        word = match[kind]
        if kind == "other":
            raise ExpressionError(
                _REFUSED.get(word, f"{word!r} is not part of the expression language"),
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


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = 0
        self._open = 0  # brackets, signs and exponents that wait for their end

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def advance(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
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
        if token.kind != "name":
            raise ExpressionError(otherwise, token.start, token.end)
        return Name(token.text, span=(token.start, token.end))

    def expect_end(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        if token.text == "=":
            raise ExpressionError(
                "an = does not belong in an expression", token.start, token.end, "compare with =="
            )
        if token.text in (")", "]"):
            raise ExpressionError(f"this {token.text} closes nothing", token.start, token.end)
        if token.text in _COMPARISONS:
            raise ExpressionError(
                "comparisons cannot be chained", token.start, token.end, "use brackets"
            )
        raise self._missing_operator(token)

    def _missing_operator(self, token: Token) -> ExpressionError:
        before = self._tokens[self._next - 1]
        return ExpressionError(
            f"an operator is missing between {before.text} and {token.text}",
            token.start,
            token.end,
            f"for a product write {before.text} * {token.text}",
        )

    def expression(self, binding: int) -> Expression:
        """The longest expression whose operators bind at least as tightly as `binding`."""
        self._enter()
        left = self._operand(binding)
        compared = False
        while True:
            token = self.token
            if token.kind in ("name", "number") or token.text in _POSTFIX:
                raise self._missing_operator(token)
            tightness = _BINDING.get(token.text, -1)
            if tightness < binding or (compared and tightness == 10):
                break
            self.advance()
            # from the right for powers: the exponent may hold another power
            right = self.expression(tightness if token.text == "^" else tightness + 1)
            left = self._apply(token.text, (left, right), token)
            compared = tightness == 10
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
        token = self.token
        if self.accept("-"):
            inner = self.expression(max(_NEGATION, binding))
            return self._apply("neg", (inner,), token)
        if self.accept("+"):
            return self.expression(max(_NEGATION, binding))
        return self._postfix(self._atom())

    def _atom(self) -> Expression:
        token = self.advance()
        span = (token.start, token.end)
        if token.kind == "number":
            return _number(token)
        if token.kind == "name":
            if self.token.text == "(":
                return self._call(token)
            return Name(token.text, span=span)
        if token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.text == "[":
            items = self._list("]")
            return Array(*items, span=(token.start, self._tokens[self._next - 1].end))
        if token.kind == "end":
            raise ExpressionError("something is missing at the end", *span)
        raise ExpressionError(f"a value is missing before {token.text}", *span)

    def _postfix(self, base: Expression) -> Expression:
        while True:
            token = self.token
            start = base.span[0] if base.span else token.start
            if self.accept("["):
                indices = self._list("]")
                if not indices:
                    raise ExpressionError("an index is missing", token.start, token.end)
                base = Item(base, *indices, span=(start, self._tokens[self._next - 1].end))
            elif self.accept(".T"):
                base = Apply("T", base, span=(start, token.end))
            elif token.text == "(":
                raise self._missing_operator(token)
            else:
                return base

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
        arguments = self._list(")")
        name = ALIASES.get(token.text, token.text)
        span = (token.start, self._tokens[self._next - 1].end)
        if name == "diff":
            return self._derivative(arguments, span)
        operation = OPERATIONS.get(name)
        if operation is None or not operation.is_call:
            raise ExpressionError(
                f"{token.text} is not an operation",
                token.start,
                token.end,
                nearest(token.text, [o for o in OPERATIONS if OPERATIONS[o].is_call] + [*ALIASES])
                or f"for a product write {token.text} * (...)",
            )
        least, most = operation.arity
        if not least <= len(arguments) <= most:
            raise ExpressionError(_wrong_count(token.text, least, most, len(arguments)), *span)
        return Apply(name, *arguments, span=span)

    @staticmethod
    def _derivative(arguments: tuple[Expression, ...], span: tuple[int, int]) -> Expression:
        if len(arguments) != 2 or not isinstance(arguments[1], Name):
            raise ExpressionError("diff takes an expression and a name: diff(x^2, x)", *span)
        return Apply("diff", *arguments, span=span)

    def _apply(self, operation: str, arguments: tuple[Expression, ...], token: Token) -> Expression:
        spans = [a.span for a in arguments if a.span]
        start = min([token.start, *(s[0] for s in spans)])
        end = max([token.end, *(s[1] for s in spans)])
        result = Apply(operation, *arguments, span=(start, end))
        if result.depth > MAX_DEPTH:
            raise ExpressionError(
                f"an expression may have {MAX_DEPTH} levels",
                token.start,
                token.end,
                "give parts of it names of their own",
            )
        if operation == "^":
            _refuse_giant_power(result)
        return result


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


def _wrong_count(name: str, least: int, most: int, given: int) -> str:
    if least == most:
        wanted = f"{least} argument" + "s" * (least != 1)
    elif most > 100:
        wanted = f"at least {least} arguments"
    else:
        wanted = f"{least} or {most} arguments"
    return f"{name} takes {wanted}, not {given}"


def _refuse_giant_power(power: Apply) -> None:
    """Raise if the power of two constants would have more than `MAX_POWER_DIGITS` digits."""
    base, exponent = power.arguments
    if names(exponent):
        return
    times = math.pow(10.0, min(_log10_bound(exponent), 300.0))
    if times > MAX_POWER_DIGITS or times * abs(_log10_bound(base)) > MAX_POWER_DIGITS:
        raise ExpressionError(
            f"this power is too large to work out: at most {MAX_POWER_DIGITS} digits",
            *(power.span or (0, 0)),
            hint="a name can stand for the exponent",
        )


def _log10_bound(expression: Expression) -> float:
    """An upper bound of log10 |value| of a constant expression; 0 for names and unknown functions."""
    match expression:
        case Number():
            value = expression.value
            if value == 0:
                return 0.0
            return math.log10(value.numerator) - math.log10(value.denominator)
        case Apply(operation="+" | "-", arguments=(a, b)):
            return max(_log10_bound(a), _log10_bound(b)) + math.log10(2)
        case Apply(operation="*", arguments=(a, b)):
            return _log10_bound(a) + _log10_bound(b)
        case Apply(operation="/", arguments=(a, b)):
            return _log10_bound(a) - _log10_bound(b)
        case Apply(operation="neg", arguments=(a,)):
            return _log10_bound(a)
        case Apply(operation="^", arguments=(a, b)):
            return abs(_log10_bound(a)) * math.pow(10.0, min(_log10_bound(b), 300.0))
    return 0.0
