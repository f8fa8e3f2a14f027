r"""What encloses other expressions: brackets, bars, fractions, roots, sums, matrices, cases."""

from __future__ import annotations

from typing import Final

from stepsolve.notation.tree import Apply, Array, Expression, Name, Number
from stepsolve.source.hand_gradients import Gradients
from stepsolve.source.hand_names import PARTNERS, Scripts
from stepsolve.source.hand_tokens import Token

_CLOSES: Final = PARTNERS | {"|": "|", "‖": "‖"}
_ROUNDED: Final = {"⌊": "floor", "⌈": "ceil"}
_SIDES: Final = {"+": "above", "-": "below"}
_TERM: Final = 40  # binds like a product


class Layouts(Gradients):
    """Reads what stands between signs of opening and closing."""

    def _within(self, closing: str) -> Expression:
        """One expression up to a closing sign, which is passed."""
        closer, self._closer = self._closer, closing
        found = self.expression(0)
        self._closer = closer
        self.expect(closing)
        return found

    def items(self, closing: str) -> list[list[Expression]]:
        """Rows of expressions, with commas in a row and semicolons between rows."""
        closer, self._closer = self._closer, closing
        rows: list[list[Expression]] = []
        if not self.accept(closing):
            rows.append([self.expression(0)])
            while self.token.kind == "break" and self.token.text in (",", ";"):
                if self.advance().text == ";":
                    rows.append([])
                rows[-1].append(self.expression(0))
            self.expect(closing)
        self._closer = closer
        return rows

    def group(self) -> Expression:
        """Brackets: an expression or, with commas or semicolons, an array."""
        token = self.advance()
        inside = self.token
        rows = self.items(_CLOSES[token.text])
        if not rows and (token.text != "[" or self._latex):
            self.refuse("nothing stands in these brackets", token=token)
        span = (token.start, self._tokens[self._next - 1].end)
        if len(rows) > 1:
            return self.checked(Array(*[Array(*row) for row in rows], span=span), token)
        items = rows[0] if rows else []
        if len(items) == 1 and (token.text != "[" or self._stands_for_itself(items[0], inside)):
            return items[0]
        return self.checked(Array(*items, span=span), token)

    def _stands_for_itself(self, item: Expression, inside: Token) -> bool:
        """Whether square brackets only group: `2[1 - x]` of LaTeX, the brackets of a matrix."""
        return inside.kind == "begin" if isinstance(item, Array) else self._latex

    def braces(self) -> Expression:
        """A group of LaTeX."""
        self._next += 1
        return self._within("}")

    def boxed(self) -> Expression:
        """`\\boxed{x}` is x."""
        self._next += 1
        return self.argument()

    def braced_below(self) -> Expression:
        """`\\underbrace{x}_{words}` is x."""
        self._next += 1
        found = self.argument()
        if self.accept("_") or self.accept("^"):
            self._next = self._closes.get(self._next, self._next) + 1
        return found

    def accent(self) -> Expression:
        """`\\hat{y}_1`: the accent is a part of the name, `yhat_1`."""
        token = self.advance()
        inner = self.argument()
        if not isinstance(inner, Name) or "/" in inner.name:
            self.refuse("an accent belongs to a name", token=token)
        assert isinstance(inner, Name)
        stem, bar, below = inner.name.partition("_")
        return self.name(f"{stem}{token.text}{bar}{below}", Scripts(), token.start)

    def bars(self) -> Expression:
        """`|x|` or `‖x‖`."""
        token = self.advance()
        inner = self._within(_CLOSES[token.text])
        name = "abs" if token.text[0] == "|" else "norm"
        if name == "norm" and self.token.text == "_" and self.token.kind == "sign":
            place = self._next
            scripts = self.scripts(of_name=False)
            if scripts.below != "2":
                self.refuse("only the Euclidean norm is read", token=self._tokens[place])
            return self.raised(Apply(name, inner), scripts, token)
        span = (token.start, self._tokens[self._next - 1].end)
        return self.checked(Apply(name, inner, span=span), token)

    def rounded(self) -> Expression:
        """`⌊x⌋` or `⌈x⌉`."""
        token = self.advance()
        inner = self._within(_CLOSES[token.text])
        span = (token.start, self._tokens[self._next - 1].end)
        return self.checked(Apply(_ROUNDED[token.text], inner, span=span), token)

    def fraction(self) -> Expression:
        """`\\frac{a}{b}`, or a derivative that is written so."""
        token = self.advance()
        if self.is_derivative():
            return self.fraction_derivative(token)
        above = self.argument()
        below = self.argument()
        span = (token.start, self._tokens[self._next - 1].end)
        return self.checked(Apply("/", above, below, span=span), token)

    def root(self) -> Expression:
        """`\\sqrt{x}`, `\\sqrt[3]{x}`, in plain text `sqrt(x)`."""
        token = self.advance()
        degree = self._within("]") if self.accept("[") else None
        if self.token.kind == "number" and len(self.token.text) > 1:
            self.refuse("braces are missing under this root", "write \\sqrt{...}")
        inner = self.argument()
        span = (token.start, self._tokens[self._next - 1].end)
        made = (
            Apply("root", inner, degree, span=span) if degree else Apply("sqrt", inner, span=span)
        )
        return self.checked(made, token)

    def root_sign(self) -> Expression:
        """`√2`, `√(x + 1)`."""
        token = self.advance()
        if self.token.kind not in ("number", "name", "run") and self.token.text not in ("(", "{"):
            self.refuse("what stands under this root is put in brackets")
        inner = self.argument() if self.token.kind != "number" else self._number_under()
        following = self.token
        touching = following.start == self._tokens[self._next - 1].end
        if following.text in ("^", "_") or (following.kind in ("name", "run") and touching):
            self.refuse("it is not clear what stands under this root", "write √(...)", token)
        return self.checked(Apply("sqrt" if token.text == "√" else "cbrt", inner), token)

    def _number_under(self) -> Expression:
        token = self.advance()
        return Number(token.text, span=(token.start, token.end))

    def summation(self) -> Expression:
        """`\\sum_{i=1}^{3} i^2`: the body reaches to the next sign of a sum."""
        token = self.advance()
        index: Name | None = None
        lower = upper = None
        while self.token.kind == "sign" and self.token.text in ("_", "^"):
            if self.advance().text == "^":
                upper = self.argument()
                continue
            braced = self.accept("{")
            found = self.argument() if braced else self.exponent()
            if not isinstance(found, Name) or found.name in self._names:
                self.refuse("a sum runs over an index", "write \\sum_{i=1}^{n}", token)
            assert isinstance(found, Name)
            index = found
            if braced and self.token.kind == "relation" and self.token.text == "=":
                self._next += 1
                lower = self.expression(0)
            if braced:
                self.expect("}")
        if index is None and lower is upper is None and self.token.kind == "end":
            return Name("Sigma", span=(token.start, token.end))  # the sum itself, \sum = 11.2
        if index is None or (lower is None) != (upper is None):
            self.refuse("a sum runs over an index", "write \\sum_{i=1}^{n}", token)
        assert index is not None
        body = self.expression(_TERM)
        bounds = () if lower is None or upper is None else (lower, upper)
        span = (token.start, self._tokens[self._next - 1].end)
        return self.checked(Apply("sum", body, index, *bounds, span=span), token)

    def limit(self) -> Expression:
        """`\\lim_{x \\to 0} f(x)`: the body reaches to the next sign of a sum."""
        token = self.advance()
        self.expect("_")
        stop = self._closes.get(self._next, 0)
        self.expect("{")
        variable = self.argument()
        if not isinstance(variable, Name) or self.token.text != "⇒":
            self.refuse("a limit is taken in a name", "write \\lim_{x \\to 0}", token)
        self._next += 1
        side = self._side_of_limit(stop)
        target = self.expression(0)
        if not side:
            self.expect("}")
        self._next = stop + 1
        body = self.expression(_TERM)
        span = (token.start, self._tokens[self._next - 1].end)
        return self.checked(Apply("limit", body, variable, target, *side, span=span), token)

    def _side_of_limit(self, stop: int) -> tuple[Name, ...]:
        """The side of `0^{+}`, whose sign is then out of the way."""
        for place in (stop - 2, stop - 4):
            token = self._tokens[max(place, 0)]
            sign = self._tokens[place + 1 + (place == stop - 4)]
            if token.text == "^" and place > self._next and sign.text in _SIDES:
                self._tokens[place] = Token("end", "", token.start, token.end)
                return (Name(_SIDES[sign.text]),)
        return ()

    def environment(self) -> Expression:
        """A matrix, or cases."""
        token = self.advance()
        closer, self._closer = self._closer, "cases" if token.text == "cases" else "end"
        rows: list[list[Expression]] = [[]]
        while self.token.kind != "end-environment":
            if self.token.kind == "break" and self.token.text == "\\\\":
                self._next += 1
                if self.token.kind != "end-environment":
                    rows.append([])
            elif not self.accept("&"):
                if self.token.kind == "condition":
                    otherwise = "if" not in self.advance().text.split()[:1]
                    if otherwise and self.token.kind in ("break", "end-environment"):
                        continue
                elif self.token.kind in ("break", "end"):
                    self.refuse("this entry is not read")
                rows[-1].append(self.expression(0))
        self._next += 1
        self._closer = closer
        span = (token.start, self._tokens[self._next - 1].end)
        if token.text == "cases":
            return self.checked(self._cases(rows, token), token)
        if not rows[0]:
            self.refuse("this matrix is empty", token=token)
        if len({len(row) for row in rows}) > 1:
            self.refuse("the rows of this matrix differ in length", token=token)
        return self.checked(Array(*[Array(*row) for row in rows], span=span), token)

    def _cases(self, rows: list[list[Expression]], token: Token) -> Expression:
        *first, last = rows
        if not first or len(last) > 2 or not last or any(len(row) != 2 for row in first):
            self.refuse("cases are values with their conditions", token=token)
        if len(last) == 2 and len(first) == 0:
            self.refuse("cases need one for what is otherwise", token=token)
        result = last[0]
        for value, condition in reversed(first):
            result = self.checked(Apply("where", condition, value, result), token)
        return result

    def partial_sign(self) -> Expression:
        """`∂L/∂w` on one line."""
        found = self.inline_derivative()
        if found is None:
            self.refuse("this derivative is not read", "write \\frac{\\partial L}{\\partial w}")
        assert found is not None
        return found
