"""The linear recurrence `f(n) = a f(n - 1) + b`: unrolled, in closed form, and proved by induction.

Every rewrite is a row in the expression language, with a for the coefficient, b for the increment,
s for the first entry, and n or k for the index; what a problem has for them is put in.

Source: Graham, Knuth, Patashnik, Concrete Mathematics, 2nd ed., 2.2 and 2.5 (geometric progression);
Rosen, Discrete Mathematics and Its Applications, 8th ed., 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.recurrences import Linear, Recurrence, product, signed_sum, total
from stepsolve.calculus.tidy import ONE, ZERO, terms, tidy
from stepsolve.derivation import Step
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute

GENERAL, UNIT = "a^n * s + b * (1 - a^n) / (1 - a)", "s + n * b"
HOMOGENEOUS = "a^n * s"
TRIANGULAR = "b * n * (n - 1) / 2"
_ELLIPSIS = Name("…")

# rule, and what the expression becomes by it
_BASE = {
    GENERAL: (
        ("the power with exponent 0 is 1", "1 * s + b * (1 - 1) / (1 - a)"),
        ("the difference is 0", "s"),
    ),
    HOMOGENEOUS: (("the power with exponent 0 is 1", "s"),),
    UNIT: (("no steps, nothing added", "s"),),
}
_STEP = {
    GENERAL: (
        ("multiply out", "a^(k + 1) * s + b * (a - a^(k + 1)) / (1 - a) + b"),
        (
            "common denominator",
            "a^(k + 1) * s + b * (a - a^(k + 1) + 1 - a) / (1 - a)",
        ),
        ("cancel", "a^(k + 1) * s + b * (1 - a^(k + 1)) / (1 - a)"),
    ),
    HOMOGENEOUS: (("one more factor", "a^(k + 1) * s"),),
    UNIT: (("one more of the same", "s + (k + 1) * b"),),
}


@cache
def _tree(text: str) -> Expression:
    from stepsolve.source.expression import parse

    return parse(text)


class Solved:
    """A linear recurrence with the name of its first entry."""

    def __init__(self, recurrence: Recurrence, parts: Linear, seed: Name) -> None:
        self.recurrence, self.parts, self.seed = recurrence, parts, seed

    @property
    def form(self) -> str:
        """The closed form that it has."""
        if self.parts.coefficient == ONE:
            return UNIT
        return HOMOGENEOUS if self.parts.increment == ZERO else GENERAL

    @property
    def special(self) -> Solved | None:
        """The same where the coefficient is 1, if it may be and is told apart; else None."""
        a = self.parts.coefficient
        if self.form != GENERAL or not isinstance(a, Name):
            return None
        one = {a.name: ONE}
        recurrence, increment = self.recurrence, tidy(substitute(self.parts.increment, one))
        body = tidy(substitute(recurrence.body, one))
        alike = Recurrence(recurrence.sequence, recurrence.index, body)
        return Solved(alike, Linear(ONE, increment), self.seed)

    def slope_at_one(self, name: str) -> Expression | None:
        """The derivative of the closed form by a name where the coefficient is 1.

        By the coefficient itself from the sum of powers, whose derivatives at 1 are 0, 1, 2 ...
        None where the coefficient is no name, or may not be 1.
        """
        if self.special is None:
            return None
        a, b = self.parts
        one, n = dict.fromkeys(names(a), ONE), Name(self.recurrence.index)
        if name == self.seed.name:
            return ONE
        by = differentiate(b, name).value
        steady = _times(n, tidy(substitute(by, one)))
        if a != Name(name):
            return tidy(steady)
        increment = self.special.parts.increment
        triangular = substitute(_tree(TRIANGULAR), {"b": increment, "n": n})
        triangular = triangular if numeric(increment) is None else tidy(triangular)
        parts = [_times(n, self.seed), triangular, tidy(steady)]
        return total([part for part in parts if part != ZERO])

    def closed(self, index: Expression) -> Expression:
        """The closed form at an index."""
        return self._settled(self._put(self.form, index))

    def _put(self, text: str, index: Expression) -> Expression:
        values: Mapping[str, Expression] = {
            "a": self.parts.coefficient,
            "b": self.parts.increment,
            "s": self.seed,
            "n": index,
            "k": index,
        }
        put = substitute(_tree(text), values)
        # numbers typed into the recurrence leave things like 1 * n behind
        typed = self._typed and (self.form != UNIT or numeric(self.parts.increment) is not None)
        return self._settled(put) if typed else put

    def _settled(self, expression: Expression) -> Expression:
        """A sum with its terms tidied, but for that of the first entry, where the power leads."""
        found: list[tuple[int, Expression]] = []
        for sign, term in terms(expression):
            kept = term if self.seed.name in names(term) else tidy(term)
            found += [(sign * inner, part) for inner, part in terms(kept) if part != ZERO]
        return signed_sum(found)

    # ------------------------------------------------------------------------------ unrolling

    @property
    def _typed(self) -> bool:
        """Whether numbers stand in the recurrence itself, which are worked out on the way."""
        return any(numeric(part) is not None for part in self.parts)

    def _terms(self, steps: int) -> list[Expression]:
        """The terms of the entry after some steps: a^3 s, a^2 b, a b, b."""
        a, b = self.parts
        powers = [tidy(Apply("^", a, Number(str(k)))) for k in range(steps + 1)]
        increments = [_times(powers[k], b) for k in range(steps - 1, -1, -1) if b != ZERO]
        return [_times(powers[steps], self.seed), *increments]

    def unrolled(self, steps: int) -> Expression:
        """The entry after some steps by the first one."""
        found = total(self._terms(steps))
        return tidy(found) if self._typed else found

    def unrolling(self, steps: int) -> tuple[Step, ...]:
        """From the entry at a step to the first one: put in, multiply out, collect."""
        recurrence, a, b = self.recurrence, *self.parts
        before = recurrence.entry(steps - 1)
        below = self.unrolled(steps - 1)
        chain = [
            ("the recurrence", recurrence.at(steps)),
            (f"put in {before.name}", substitute(recurrence.at(steps), {before.name: below})),
        ]
        if not self._typed and steps > 1:
            multiplied = total([*(_times(a, term) for _, term in terms(below)), b])
            chain.append(("multiply out", multiplied))
        chain.append(("collect", self.unrolled(steps)))
        return tuple(_chain(recurrence.entry(steps), chain))

    @property
    def pattern(self) -> tuple[Expression, ...]:
        """The sum of all terms, with dots: as unrolled, and with the increment in front."""
        a, b = self.parts
        n = Name(self.recurrence.index)
        first, last = (Apply("^", a, exponent) for exponent in (n, Apply("-", n, ONE)))
        begun = _times(first, self.seed)
        behind = [_times(last, b), _ELLIPSIS, _times(a, b), b]
        inside = total([ONE, a, Apply("^", a, Number("2")), _ELLIPSIS, last])
        return total([begun, *behind]), Apply("+", begun, Apply("*", b, inside))

    def geometric(self, s: Name) -> tuple[tuple[Expression, ...], ...]:
        """The equations that give the sum s of the powers below n: s, a s, their difference, s."""
        a, n = self.parts.coefficient, Name(self.recurrence.index)
        square, power = Apply("^", a, Number("2")), Apply("^", a, n)
        last = Apply("^", a, Apply("-", n, ONE))
        multiple = Apply("*", a, s)
        rest = Apply("-", ONE, power)
        return (
            (s, total([ONE, a, square, _ELLIPSIS, last])),
            (multiple, total([a, square, _ELLIPSIS, last, power])),
            (Apply("-", s, multiple), rest),
            (s, Apply("/", rest, Apply("-", ONE, a))),
        )

    # ------------------------------------------------------------------------------ induction

    def base(self) -> tuple[Step, ...]:
        """The closed form at 0 is the first entry."""
        rows = [(rule, self._put(text, ZERO)) for rule, text in _BASE[self.form]]
        if self._typed:  # what is 0 is gone already
            rows = [(_BASE[self.form][0][0], self.seed)]
        return tuple(_chain(self._put(self.form, ZERO), rows))

    def induction(self, k: Name) -> tuple[Step, ...]:
        """From the entry after k + 1 steps to the closed form there, given that after k steps."""
        recurrence = self.recurrence
        known = recurrence.entry(k.name)
        body = substitute(recurrence.body, {recurrence.previous.name: known})
        rows = [
            ("the recurrence", body),
            ("the assumption", substitute(body, {known.name: self.closed(k)})),
            *((rule, self._put(text, k)) for rule, text in _STEP[self.form]),
        ]
        return tuple(_chain(recurrence.entry(f"{k.name} + 1"), rows))

    # ---------------------------------------------------------------------------- fixed point

    @property
    def fixed_point(self) -> Expression:
        """The value that repeats itself: b / (1 - a)."""
        return tidy(self._put("b / (1 - a)", ZERO))

    @property
    def fixed_point_steps(self) -> tuple[Step, ...]:
        """That the recurrence gives the fixed point back."""
        rows = [
            ("common denominator", self._put("(a * b + b * (1 - a)) / (1 - a)", ZERO)),
            ("cancel", self._put("b / (1 - a)", ZERO)),
        ]
        return tuple(_chain(self._put("a * (b / (1 - a)) + b", ZERO), rows))


def _times(factor: Expression, term: Expression) -> Expression:
    """A factor before those of a term, without brackets: a * a^2 * x."""
    parts: list[Expression] = []
    while isinstance(term, Apply) and term.operation == "*":
        term, last = term.arguments
        parts.append(last)
    written = [part for part in (factor, term, *reversed(parts)) if part != ONE]
    return product(written)


def _chain(first: Expression, rows: list[tuple[str, Expression]]) -> Iterator[Step]:
    """One step for every row that changes something."""
    for rule, after in rows:
        if after != first:
            yield Step(rule, first, after)
            first = after
