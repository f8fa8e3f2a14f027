r"""Derivatives as people write them: `\frac{\partial L}{\partial w}`, `dL/dw`, `\frac{d}{dx}[x^2]`.

The derivative of one name by others is a name itself, `dL/dw` or `d^2f/dx dy`; that of anything else
an operation, `diff` or, with ∂, `partial`.
"""

from __future__ import annotations

from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.source.hand_calls import Calls
from stepsolve.source.hand_tokens import Token, gradient_parts

_MOST_TIMES = 9  # a derivative may be taken


class Gradients(Calls):
    """Reads derivatives."""

    def gradient_token(self) -> Expression:
        """`dL/dw` of plain text."""
        token = self.advance()
        of, by, order = gradient_parts(token.text)
        if len(by) != order:
            self.refuse("the orders above and below differ", token=token)
        return self._gradient(of, by, token)

    def derive_token(self) -> Expression:
        """`d/dx` of plain text, and what it is taken of."""
        token = self.advance()
        return self._derivative("diff", self._body(), [self.spelled(token.text)], token)

    def _gradient(self, of: str, by: list[str], token: Token) -> Expression:
        name = gradient_name(self.spelled(of), *reversed([self.spelled(name) for name in by]))
        for known in (name, "∂" + name[1:].replace("/d", "/∂").replace(" d", " ∂")):
            if known in self._names:
                name = known
                break
        return Name(name, span=(token.start, self._tokens[self._next - 1].end))

    def _derivative(self, kind: str, of: Expression, by: list[str], token: Token) -> Expression:
        for name in reversed(by):
            span = (token.start, self._tokens[self._next - 1].end)
            of = self.checked(Apply(kind, of, Name(name), span=span), token)
        return of

    def _body(self) -> Expression:
        """What an operator `d/dx` is taken of: a bracket, or the factors that follow."""
        self.enter()
        found = self.operand_alone() if self.opens() else self.expression(40)
        self._open -= 1
        return found

    def differential(self, place: int) -> str:
        """The sign of a differential that begins at a token: `d`, `∂` or nothing."""
        token = self._tokens[place]
        if token.kind == "sign" and token.text in ("∂", "d"):
            return token.text
        following = self._tokens[min(place + 1, len(self._tokens) - 1)]
        if token.kind != "run" or token.text[0] != "d" or token.text in self._names:
            return ""
        return "" if len(token.text) == 1 and following.text in ("_", "'") else "d"

    def is_derivative(self) -> bool:
        """Whether the fraction whose numerator begins here is a derivative."""
        place = self._next
        if self.token.text != "{" or self.token.kind != "sign":
            return False
        below = self._closes[place] + 1
        if self._tokens[below].kind != "sign" or self._tokens[below].text != "{":
            return False
        first = self._tokens[below + 1]
        more = below + 2 < self._closes[below] or len(first.text) > 1
        sign = self.differential(place + 1)
        return bool(sign) and sign == self.differential(below + 1) and more

    def fraction_derivative(self, token: Token) -> Expression:
        """`\\frac{dL}{dw}` or `\\frac{d}{dx}` with what it is taken of."""
        stop = self._closes[self._next]
        self._next += 1
        kind = "partial" if self.differential(self._next) == "∂" else "diff"
        self._take_d()
        order = self._order()
        start = self._next
        of = self.expression(0) if self._next < stop else None
        if self._next != stop:
            self.refuse("this derivative is not read")
        self._next += 1
        self.expect("{")
        by = self._by()
        self.expect("}")
        if len(by) != order:
            self.refuse("the orders above and below differ", token=token)
        if of is None:
            return self._derivative(kind, self._body(), by, token)
        called = self._tokens[stop - 1].text == ")" and self._tokens[start + 1].text == "("
        match of:  # L(w) is L where it is taken by w
            case Apply(operation="*", arguments=(Name(name=name), Name(name=argument))) if called:
                of = Name(name) if argument in by else of
        if isinstance(of, Name) and "/" not in of.name:
            return self._gradient(of.name, by, token)
        return self._derivative(kind, of, by, token)

    def _take_d(self) -> None:
        """Passes the `d` of a differential, which may begin a run of letters."""
        token = self.token
        if token.kind == "run" and len(token.text) > 1:
            rest = token.text[1:]
            self._tokens[self._next] = Token("run", rest, token.start + 1, token.end)
        else:
            self._next += 1
        token = self.token
        if token.kind == "run" and len(token.text) > 1:  # one name: \partial net_{h1}
            self._tokens[self._next] = token._replace(kind="word")

    def _order(self) -> int:
        if not self.accept("^"):
            return 1
        exponent = self.exponent()
        whole = (
            isinstance(exponent, Number) and exponent.text.isdecimal() and len(exponent.text) == 1
        )
        if not whole or not 1 <= int(exponent.text) <= _MOST_TIMES:  # type: ignore[attr-defined]
            self.refuse("the order of a derivative is a number from 1 to 9")
        return int(exponent.text)  # type: ignore[attr-defined]

    def _by(self) -> list[str]:
        """The names below, each as often as it is taken by: x, x for `dx^2`."""
        found: list[str] = []
        while self.differential(self._next):
            self._take_d()
            name, times = self._name_below()
            found += [name] * times
        return found

    def _name_below(self) -> tuple[str, int]:
        token = self.token
        made = self.expression(50)  # tighter than a product
        match made:
            case Apply(operation="^", arguments=(Name(name=name), Number(text=text))) if (
                text.isdecimal() and len(text) == 1
            ):
                return name, int(text)
            case Name(name=name) if "/" not in name:
                return name, 1
        self.refuse("a derivative is taken by a name", token=token)
        raise AssertionError

    def inline_derivative(self) -> Expression | None:
        """`\\partial L/\\partial w` or, in LaTeX, `dL/dw`, if that begins here."""
        token, start = self.token, self._next
        if not (sign := self.differential(start)):
            return None
        place = start + (token.kind == "sign" or len(token.text) == 1)
        while self._tokens[place].kind not in ("end", "break", "relation"):
            text = self._tokens[place].text
            if self._tokens[place].kind == "sign" and text == "/":
                break
            place = self._closes.get(place, place) + 1
            if place > start + 12:
                return None
        if self._tokens[place].text != "/" or self.differential(place + 1) != sign:
            return None
        self._take_d()
        order = self._order()
        of = self.expression(50)
        if self._next != place or not isinstance(of, Name):
            self.refuse("this derivative is not read", "write \\frac{dL}{dw}")
        self._next += 1
        by = self._by() if order > 1 else self._one_by()
        if len(by) != order:
            self.refuse("the orders above and below differ", token=token)
        assert isinstance(of, Name)
        return self._gradient(of.name, by, token)

    def _one_by(self) -> list[str]:
        self._take_d()
        name, times = self._name_below()
        return [name] * times

    def nabla(self) -> Expression:
        """`\\nabla_W L`: the gradient of L by W."""
        token = self.advance()
        scripts = self.scripts()
        of = self.expression(50)
        if not scripts.below or scripts.powers or not isinstance(of, Name) or "/" in of.name:
            self.refuse("this gradient is not read", "write \\nabla_W L", token)
        assert isinstance(of, Name)
        return self._gradient(of.name, [scripts.below], token)
