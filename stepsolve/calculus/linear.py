"""The linear recurrence `f(n) = a f(n - 1) + b`: unrolled, in closed form, and proved by induction.

Every rewrite is a row in the expression language, with a for the coefficient, b for the increment,
s for the first entry, and n or k for the index; what a problem has for them is put in.

Source: Graham, Knuth, Patashnik, Concrete Mathematics, 2nd ed., 2.2 and 2.5 (geometric progression);
Rosen, Discrete Mathematics and Its Applications, 8th ed., 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from stepsolve.calculus.recurrences import Linear, Recurrence, product, total
from stepsolve.calculus.tidy import ONE, ZERO, build_product, factors, tidy
from stepsolve.derivation import Step
from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute

GENERAL, UNIT = "a^n * s + b * (1 - a^n) / (1 - a)", "s + n * b"
HOMOGENEOUS = "a^n * s"
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
        if self.parts.increment == ZERO:
            return HOMOGENEOUS
        return UNIT if self.parts.coefficient == ONE else GENERAL

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

    def closed(self, index: Expression) -> Expression:
        """The closed form at an index."""
        return tidy(self._put(self.form, index))

    def _put(self, text: str, index: Expression) -> Expression:
        values: Mapping[str, Expression] = {
            "a": self.parts.coefficient,
            "b": self.parts.increment,
            "s": self.seed,
            "n": index,
            "k": index,
        }
        put = substitute(_tree(text), values)
        # numbers typed into the recurrence leave things like 1 * s behind
        a, b = self.parts
        typed = isinstance(b, Number) or (isinstance(a, Number) and self.form != UNIT)
        return tidy(put) if typed else put

    # ------------------------------------------------------------------------------ unrolling

    def terms(self, steps: int) -> list[Expression]:
        """The terms of the entry after some steps: a^3 s, a^2 b, a b, b."""
        a, b = self.parts
        powers = [build_product(factors(product([a] * k))) for k in range(steps + 1)]
        increments = [tidy(Apply("*", powers[k], b)) for k in range(steps - 1, -1, -1)]
        return [tidy(Apply("*", powers[steps], self.seed)), *increments]

    def unrolled(self, steps: int) -> Expression:
        """The entry after some steps by the first one."""
        return tidy(total(self.terms(steps)))

    def unrolling(self, steps: int) -> tuple[Step, ...]:
        """From the entry at a step to the first one: put in, multiply out, collect."""
        recurrence = self.recurrence
        before = recurrence.entry(steps - 1)
        below = self.seed if steps == 1 else self.unrolled(steps - 1)
        inside = [self.seed] if steps == 1 else self.terms(steps - 1)
        a, b = self.parts
        multiplied = total([_times(a, term) for term in inside] + [b])
        chain = [
            ("the recurrence", recurrence.at(steps)),
            (f"put in {before.name}", substitute(recurrence.at(steps), {before.name: below})),
            ("multiply out", multiplied),
            ("collect the powers", self.unrolled(steps)),
        ]
        return tuple(_chain(recurrence.entry(steps), chain))

    @property
    def pattern(self) -> tuple[Expression, ...]:
        """The sum of all terms, with dots: as unrolled, and with the increment in front."""
        a, b = self.parts
        n = Name(self.recurrence.index)
        less = Apply("-", n, ONE)
        first = tidy(Apply("*", Apply("^", a, n), self.seed))
        last = Apply("^", a, less)
        terms = [Apply("*", last, b), _ELLIPSIS, Apply("*", a, b), b]
        inside = total([ONE, a, Apply("^", a, Number("2")), _ELLIPSIS, last])
        return total([first, *terms]), Apply("+", first, Apply("*", b, inside))

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
        return tuple(_chain(self._put(self.form, ZERO), rows))

    def induction(self, k: Name) -> tuple[Step, ...]:
        """From the entry after k + 1 steps to the closed form there, given that after k steps."""
        recurrence = self.recurrence
        known = recurrence.entry(k.name)
        body = substitute(recurrence.body, {recurrence.previous.name: known})
        rows = [
            ("the recurrence", body),
            ("the assumption", substitute(body, {known.name: self._put(self.form, k)})),
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
    return product([factor, term, *reversed(parts)])


def _chain(first: Expression, rows: list[tuple[str, Expression]]) -> Iterator[Step]:
    """One step for every row that changes something."""
    for rule, after in rows:
        if after != first:
            yield Step(rule, first, after)
            first = after
