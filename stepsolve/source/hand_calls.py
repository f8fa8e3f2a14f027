r"""Calls of operations as people write them: `\sin 2x`, `\tanh^2(x)`, `\log_2 8`, `\sigma'(z)`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from stepsolve.errors import ExpressionError
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number, substitute
from stepsolve.operations.table import (
    ALIASES,
    ARRAYS,
    OPERATIONS,
    OVERLOADS,
    SETTINGS,
    arities,
    row_of,
)
from stepsolve.source.hand_names import Names, Scripts
from stepsolve.source.hand_tokens import Token
from stepsolve.source.latex_commands import called
from stepsolve.source.magnitude import refuse_giant_power

BASES: Final[dict[Expression, str]] = {
    Number("2"): "log2",
    Number("10"): "log10",
    Name("e"): "log",
}
_OF_LANGUAGE: Final = {"diff": (2, 2), "partial": (2, 2), "limit": (3, 4)}
_LETTERED: Final = frozenset(("number", "run", "name", "word", "function"))
_OPENS_ARGUMENT: Final = frozenset(("{", "frac", "sqrt", "√", "|", "|(", "‖", "‖(", "-"))


class Calls(Names):
    """Reads what stands before an argument, and the argument, in brackets or without."""

    def __init__(
        self,
        tokens: Sequence[Token],
        names: Collection[str],
        functions: Mapping[str, int],
        latex: bool,
    ) -> None:
        super().__init__(tokens, names, latex)
        self._functions = functions

    def items(self, closing: str) -> list[list[Expression]]:
        raise NotImplementedError  # the grammar has it

    def factors(self) -> Expression:
        raise NotImplementedError  # the grammar has it

    def argument(self) -> Expression:
        raise NotImplementedError  # the grammar has it

    def expression(self, binding: int) -> Expression:
        raise NotImplementedError  # the grammar has it

    def checked(self, made: Expression, token: Token) -> Expression:
        raise NotImplementedError  # the grammar has it

    def operation(self, word: str) -> str | None:
        """The operation that a word means where it is called."""
        if self._latex:
            return called(word)
        if word in _OF_LANGUAGE:
            return word
        row = row_of(ALIASES.get(word, word))
        if row is not None and row.is_call and word != "piecewise":
            return ALIASES.get(word, word)
        return called(word) if len(word) > 1 else None

    def opens(self) -> bool:
        """Whether an argument in brackets follows."""
        token = self.token
        return token.kind == "sign" and token.text in ("(", "\\{", "[")

    def applies(self, operation: str, by_command: bool = False) -> bool:
        """Whether an operation is called here: by brackets, exponents, a mark or a bare argument."""
        token = self.token
        if token.kind == "sign" and token.text == "(":
            return True
        if token.kind == "sign" and token.text in ("^", "_", "'"):
            return by_command or self._closes_call()
        bare = is_elementary(operation) and (
            token.kind in _LETTERED
            or (token.kind == "sign" and token.text in ("√", "frac", "sqrt"))
        )
        return by_command or bare or (token.kind == "sign" and token.text == "[" and self._latex)

    def _closes_call(self) -> bool:
        """Whether brackets follow what stands above and below: `relu'(x)`, `tanh^2(x)`."""
        place = self._next
        while self._tokens[place].kind == "sign" and self._tokens[place].text in ("'", "^", "_"):
            place += 1
            if self._tokens[place - 1].text != "'":
                place = self._closes.get(place, place) + 1
        token = self._tokens[min(place, len(self._tokens) - 1)]
        return token.kind == "sign" and token.text == "("

    def function(self, token: Token, operation: str) -> Expression:
        """An operation with what stands above and below it, applied to its argument."""
        base = self._base() if operation == "log" and self.accept("_") else None
        operation = BASES.get(base, operation) if base else operation
        scripts = self.scripts(of_name=False)
        if scripts.below:
            self.refuse(f"{token.text} with an index is not read", token=token)
        inverse = scripts.powers[:1] == (Apply("neg", Number("1")),)
        if inverse:
            operation = f"a{operation}"
            if operation not in OPERATIONS:
                self.refuse(f"the inverse of {token.text} is not read", token=token)
        arguments, options = self._arguments(token, operation)
        if base and base not in BASES:
            made: Expression = self.applied(token, "log", (*arguments, base), options)
        else:
            made = self.applied(token, operation, arguments, options, scripts.primes)
        made = self.checked(made, token)
        return made if inverse else self.raised(made, scripts, token)

    def _base(self) -> Expression:
        """The base of a logarithm: a group, or one number or letter."""
        token = self.token
        if token.kind == "number":
            self._next += 1
            return Number(token.text, span=(token.start, token.end))
        return self.argument()

    def applied(
        self,
        token: Token,
        operation: str,
        arguments: Sequence[Expression],
        options: Sequence[Expression] = (),
        primes: int = 0,
    ) -> Expression:
        """An operation of its arguments, or its derivative; raises `ExpressionError` if too many."""
        span = (token.start, self._tokens[self._next - 1].end)
        operation = OVERLOADS.get((operation, len(arguments)), operation)
        known = [_OF_LANGUAGE[operation]] if operation in _OF_LANGUAGE else arities(operation)
        if not any(least <= len(arguments) <= most for least, most in known):
            if operation not in ARRAYS or known != [(1, 1)] * len(known) or not arguments:
                message = f"{operation} does not take {len(arguments)} arguments"
                raise ExpressionError(message, *span)
            arguments = (Array(*arguments, span=span),)  # softmax(1, 2, 3)
        if not primes:
            return Apply(operation, *arguments, *options, span=span)
        row = OPERATIONS.get(operation)
        if row is None or primes > 1 or len(arguments) != 1:
            raise ExpressionError(f"this derivative of {token.text} is not read", *span)
        values = row.completed(tuple(arguments))
        rule = row.local_rules(len(values))[0]
        holes = dict(zip(row.parameters(len(values)), values, strict=True))
        whole = Apply(operation, *arguments, span=span)
        return substitute(rule, holes | {"y": whole, "π": Name("pi")})

    def _arguments(
        self, token: Token, operation: str
    ) -> tuple[Sequence[Expression], Sequence[Expression]]:
        if self.opens():
            if self.token.text == "[" and not is_elementary(operation):
                return (self.operand_alone(),), ()
            return self.call_arguments()
        following = self.token
        letters = following.kind in _LETTERED or following.kind in ("accent", "begin")
        opens = following.kind == "sign" and following.text in _OPENS_ARGUMENT
        if not is_elementary(operation) or not (letters or opens):
            hint = f"write {token.text}(x)"
            self.refuse(f"the argument of {token.text} is missing here", hint)
        if not self.accept("-"):
            return (self._bare(token),), ()
        inner = self._bare(token)
        return (Apply("neg", inner, span=(following.start, self._tokens[self._next - 1].end)),), ()

    def _bare(self, token: Token) -> Expression:
        """An argument without brackets: the factors up to a sign, a bracket or another function."""
        self.enter()
        found = self.factors()
        self._open -= 1
        if self.token.kind == "sign" and self.token.text in ("(", "["):
            hint = f"write {token.text.removeprefix(chr(92))}(...)"
            self.refuse(f"it is not clear where the argument of {token.text} ends", hint)
        return found

    def operand_alone(self) -> Expression:
        raise NotImplementedError  # the grammar has it

    def call_arguments(self) -> tuple[Sequence[Expression], Sequence[Expression]]:
        """What stands between the brackets of a call: expressions and then settings, `axis=1`."""
        opening = self.token.text
        self._next += 1
        self.enter()
        found = self.items({"(": ")", "\\{": "\\}", "[": "]"}[opening])
        self._open -= 1
        if len(found) > 1:
            self.refuse("a semicolon does not belong in a call")
        items = found[0] if found else []
        is_setting = [
            isinstance(item, Apply) and item.operation in SETTINGS and len(item.arguments) == 1
            for item in items
        ]
        count = is_setting.index(True) if True in is_setting else len(items)
        return items[:count], items[count:]

    def raised(self, base: Expression, scripts: Scripts, token: Token) -> Expression:
        """A base with its exponent, or transposed."""
        if len(scripts.powers) > 1:
            self.refuse("a second exponent needs brackets", token=token)
        for exponent in scripts.powers:
            span = (token.start, self._tokens[self._next - 1].end)
            if exponent is None and not isinstance(base, Number) and base != Name("e"):
                base = self.checked(Apply("T", base, span=span), token)
                continue
            base = self.checked(Apply("^", base, exponent or Name("T"), span=span), token)
            refuse_giant_power(base)
        return base


def is_elementary(operation: str) -> bool:
    """Whether an operation may stand before a bare argument: `sin x`."""
    row = OPERATIONS.get(operation)
    return row is not None and row.is_call and row.arity == (1, 1)
