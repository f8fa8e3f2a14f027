"""The expression language: text -> expression tree, by a whitelist.

A precedence-climbing parser (Pratt, "Top down operator precedence", 1973) over a handful of tokens.
Nothing is evaluated: a name is a name, a call must be an operation of the table. Lengths, depths,
digits and powers of constants are bounded before anything could be computed from them.

Loosest to tightest: comparisons; `+ -`; unary minus; `* / @`; `^` (also `**`, from the right); calls,
indices and `.T`. So `-x^2` is -(x^2) and `-2*x` is -(2*x).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from stepsolve.errors import ExpressionError, nearest
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, walk
from stepsolve.operations.table import (
    ALIASES,
    ARRAYS,
    OPERATIONS,
    OVERLOADS,
    TENSORS,
    arities,
    row_of,
)
from stepsolve.source.magnitude import refuse_giant_power
from stepsolve.source.tokens import Token, tokens

MAX_BRACKETS = 100  # brackets inside brackets
MAX_DEPTH = 200  # levels of the tree: a sum of 200 terms still fits
MAX_DIGITS = 50  # digits of one number
MAX_EXPONENT = 300  # powers of ten of one number, either way

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_COMPARISON = 10
_BINDING = dict.fromkeys(_COMPARISONS, _COMPARISON) | dict.fromkeys("+-", 20)
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
        if self.accept("-"):
            inner = self.expression(max(_NEGATION, binding))
            return self._checked(Apply("neg", inner, span=self._span(start)), sign)
        if self.accept("+"):
            return self.expression(max(_NEGATION, binding))
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
            if self.accept("["):
                indices = self._indices()
                if not indices:
                    raise ExpressionError("an index is missing", token.start, token.end)
                base = self._checked(Item(base, *indices, span=self._span(start)), token)
            elif self.accept(".T"):
                base = self._checked(Apply("T", base, span=self._span(start)), token)
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
        arguments, options = self._arguments()
        name = ALIASES.get(token.text, token.text)
        span = self._span(token.start)
        if name in ("diff", "partial"):
            if len(arguments) != 2 or not _is_variable(arguments[1]):
                raise ExpressionError(
                    f"{name} takes an expression and a name: {name}(x^2, x)", *span
                )
            return Apply(name, *arguments, span=span)
        if name in self._functions:
            count = self._functions[name] if isinstance(self._functions, Mapping) else 1
            if len(arguments) == count:
                return Apply(name, *arguments, span=span)
            if row_of(name) is None:
                raise ExpressionError(_wrong_count(name, count, count, len(arguments)), *span)
        if token.text == "piecewise":
            return _cases(arguments, span)
        if name == "limit":
            return _limit(arguments, span)
        name = OVERLOADS.get((token.text, len(arguments)), name)
        operation = row_of(name)
        if operation is None or not operation.is_call:
            raise ExpressionError(
                f"{token.text} is not an operation",
                token.start,
                token.end,
                nearest(token.text, {*_called(), *self._functions})
                or f"for a product write {token.text} * (...)",
            )
        known = arities(name)
        if not any(least <= len(arguments) <= most for least, most in known):
            least, most = min(least for least, _ in known), max(most for _, most in known)
            raise ExpressionError(_wrong_count(token.text, least, most, len(arguments)), *span)
        for option in options:
            _check_option(name, option)
        if name == "sum" and len(arguments) > 1:
            _check_sum(arguments, span)
        return Apply(name, *arguments, *options, span=span)

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
                self._next += 2
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


def _is_variable(expression: Expression) -> bool:
    """Whether a derivative may be taken by this: a name, or an entry of one."""
    return isinstance(expression, Name) or (
        isinstance(expression, Item) and isinstance(expression.base, Name)
    )


def _check_sum(arguments: tuple[Expression, ...], span: tuple[int, int]) -> None:
    if len(arguments) == 3 or not isinstance(arguments[1], Name):
        raise ExpressionError("a sum runs over an index: sum(x[k], k) or sum(x[k], k, 1, n)", *span)


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


def _called() -> list[str]:
    """Every name that may stand before brackets."""
    rows = (row for row in OPERATIONS.values() if row.is_call and not row.overloads)
    tensors = (row for row in TENSORS.values() if row.is_call)
    arrays = (row for row in ARRAYS.values() if row.is_call)
    known = [*(r.name for r in rows), *(r.name for r in tensors), *(r.name for r in arrays)]
    return list(dict.fromkeys(known)) + list(ALIASES)


def _check_option(name: str, option: Apply) -> None:
    known = ARRAYS[name].options if name in ARRAYS else ()
    if option.operation not in known:
        message = f"{name} has no setting {option.operation}"
        raise ExpressionError(message, *(option.span or (0, 0)), nearest(option.operation, known))


def _cases(arguments: tuple[Expression, ...], span: tuple[int, int]) -> Expression:
    """`piecewise(value, condition, ..., otherwise)` as choices within each other."""
    usage = "write the value before its condition: piecewise(x^2, x < 0, x)"
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        message = "piecewise takes values and conditions in turn and, last, the value otherwise"
        raise ExpressionError(message, *span, usage)
    result = arguments[-1]
    for value, condition in zip(arguments[-3::-2], arguments[-2::-2], strict=True):
        if not any(isinstance(n, Apply) and n.operation in _COMPARISONS for n in walk(condition)):
            raise ExpressionError("a condition is a comparison", *(condition.span or span), usage)
        result = Apply("where", condition, value, result, span=span)
    return result


def _limit(arguments: tuple[Expression, ...], span: tuple[int, int]) -> Expression:
    sides = [[], [Name("above")], [Name("below")]]
    if len(arguments) < 3 or list(arguments[3:]) not in sides:
        raise ExpressionError(
            "limit takes an expression, a name, what it tends to and perhaps a side: "
            "limit(1 / x, x, 0, above)",
            *span,
        )
    if not isinstance(arguments[1], Name):
        raise ExpressionError("a limit is taken in a name", *span)
    return Apply("limit", *arguments, span=span)


def _wrong_count(name: str, least: int, most: int, given: int) -> str:
    most = max(most, *(count for word, count in OVERLOADS if word == name), 0)
    if least == most:
        wanted = f"{least} argument" + "s" * (least != 1)
    elif most == least + 1:
        wanted = f"{least} or {most} arguments"
    else:
        wanted = f"{least} to {most} arguments"
    return f"{name} takes {wanted}, not {given}"
