"""A function solved: the derivatives asked for, their pages, their values at a point, their checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from math import isqrt
from typing import NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.domain import restrictions
from stepsolve.calculus.partial import Partial, work_out
from stepsolve.calculus.rules import METHODS
from stepsolve.calculus.tidy import constant, tidy
from stepsolve.checking.precise import Point, Precise
from stepsolve.checking.rewrites import TOLERANCE, Sampler, check_derivative
from stepsolve.checking.worksheets import GradientOracle, Gradients
from stepsolve.derivation import (
    Block,
    Check,
    Detail,
    Equation,
    Result,
    Section,
    Steps,
    Text,
)
from stepsolve.notation.exact import numeric
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number, names, substitute
from stepsolve.worksheet.at_point import AtPoint
from stepsolve.worksheet.kinks import conventions
from stepsolve.worksheet.lines import Line, Worksheet

By = tuple[str, ...]
"""What is differentiated by, in turn."""

_COUNTED = ("", "first", "second", "third", "fourth", "fifth", "sixth")


class Function(NamedTuple):
    """`name(parameters) = body`; `wanted` are the derivatives asked for.

    `direction` are the components of a direction by parameter, for the derivative along it; `whole`
    is the vector of functions that this one is a component of, if any.
    """

    name: str
    parameters: tuple[str, ...]
    body: Expression
    wanted: tuple[By, ...]
    direction: Mapping[str, Expression] | None = None
    whole: str = ""

    @property
    def left(self) -> Expression:
        """The function as it is called: `f(x, y)`."""
        return Apply(self.name, *map(Name, self.parameters))


class Solution:
    """The derivatives of one function, with their steps.

    `at` are the values of its names at a point, if one is given; `euler` says that `e` is Euler's
    number. Raises `LineError` where a derivative has no finite value at the point.
    """

    def __init__(
        self,
        function: Function,
        at: Mapping[str, Expression],
        digits: Digits,
        *,
        euler: bool = True,
        method: str = METHODS[0],
    ) -> None:
        self.function = function
        self._method = method
        self._at, self._euler = at, euler
        self._precise = Precise()
        self.partials: dict[By, Partial] = {}
        for by in function.wanted:
            for order in range(1, len(by) + 1):
                self._work_out(by[:order])
        self._point = AtPoint(at, self._worksheet, digits)

    def _work_out(self, by: By) -> None:
        if by in self.partials:
            return
        function = self.function
        body = self.partials[by[:-1]].form if len(by) > 1 else function.body
        taken = [function.name, *function.parameters, *names(function.body)]
        self.partials[by] = work_out(
            self._name(by),
            self._name(by[:-1]),
            body,
            by[-1],
            taken,
            euler=self._euler,
            method=self._method,
        )

    def _name(self, by: By) -> str:
        return gradient_name(self.function.name, *by) if by else self.function.name

    @property
    def partial_names(self) -> frozenset[str]:
        """The names of the derivatives that are partial: those of a function of several variables."""
        several = len(self.function.parameters) > 1
        return frozenset(p.name for p in self.partials.values()) if several else frozenset()

    @property
    def answers(self) -> dict[str, Expression]:
        """The derivatives asked for, in their final forms, by name."""
        asked = {partial.name: partial.form for partial in self.partials.values()}
        if self._along is not None:
            asked[self._along] = self._slope_along
        return asked

    @cached_property
    def _samplers(self) -> dict[By, Sampler]:
        """Points at which each derivative is confirmed."""
        everything = (*names(self.function.body), *self.function.parameters)
        return {by: p.sampler(self._precise, everything) for by, p in self.partials.items()}

    @property
    def nowhere(self) -> bool:
        """Whether no point was found at which a function and its derivative have real values."""
        return not self._at and not all(s.points for s in self._samplers.values())

    # ---------------------------------------------------------------- the page

    def blocks(self, alone: bool) -> Iterator[Block]:
        """The page of this function, under a heading of its own unless it is the only one."""
        function = self.function
        if not alone:
            yield Section((function.left,))
        yield Equation((function.left, function.body))
        yield from conventions((function.body,))
        if self._method != METHODS[0]:
            yield Text((f"Where there are several ways, the method asked for: {self._method}.",))
        for order in range(1, max(map(len, self.partials)) + 1):
            for by, partial in self.partials.items():
                if len(by) == order:
                    yield from self._derivative(by, partial)
            yield from self._gradient() if order == 1 else self._hessian() if order == 2 else ()
        yield from self._direction()
        yield from self._point.blocks()

    def _derivative(self, by: By, partial: Partial) -> Iterator[Block]:
        if len(self.partials) > 1:
            yield Section(self._heading(by))
        if partial.variable not in names(partial.body):
            yield Text((Name(partial.variable), " does not occur, so the derivative is 0."))
        yield Steps(partial.steps, of=partial.name)
        form, letters = partial.with_letters
        yield Result((Name(partial.name), form))
        if letters:
            told = [
                part
                for letter, inner in letters.items()
                for part in (", ", Name(letter), " = ", inner)
            ]
            yield Text(("with ", *told[1:]), Detail.BRIEF)
        yield from self._restricted(partial)

    def _heading(self, by: By) -> tuple[str | Expression, ...]:
        if len(by) == 1 and len(self.function.parameters) > 1:
            return ("By ", Name(by[0]))
        if len(self.function.parameters) == 1:
            return (f"The {_COUNTED[len(by)]} derivative",)
        steps = [part for name in by for part in (", then by ", Name(name))]
        return ("By ", *steps[1:])

    def _restricted(self, partial: Partial) -> Iterator[Block]:
        """Where the function has no value, though its derivative as written would have one."""
        judge = Judge(self._euler)
        found = restrictions(partial.body, partial.form, judge)
        if found:
            among = [part for condition in found for part in (" and ", condition)]
            of = Name(partial.of)
            yield Text(("Only where ", *among[1:], ": elsewhere ", of, " has no value."))

    def _gradient(self) -> Iterator[Block]:
        """All first derivatives together, where they are not those of a row of a Jacobian matrix."""
        function = self.function
        wanted = [(name,) for name in function.parameters]
        if len(wanted) > 1 and all(by in self.partials for by in wanted) and not function.whole:
            yield Text(("The gradient, all partial derivatives together:",), Detail.NORMAL)
            sides = (Name(f"∇{function.name}"), Array(*self._entries(wanted)))
            yield Equation(sides, detail=Detail.NORMAL)

    def _hessian(self) -> Iterator[Block]:
        """All second derivatives together."""
        function = self.function
        rows = [[self._either(a, b) for b in function.parameters] for a in function.parameters]
        if len(rows) < 2 or not all(by in self.partials for row in rows for by in row):
            return
        forms = iter(self._entries([by for row in rows for by in row]))
        matrix = Array(*(Array(*(next(forms) for _ in row)) for row in rows))
        yield Section(("The Hessian matrix",))
        yield Text(
            (
                "All second derivatives together. Where they are continuous, the order of "
                "differentiation does not matter (Schwarz), so the matrix is symmetric.",
            )
        )
        yield Result((Name(f"∇²{function.name}"), matrix))

    def _either(self, a: str, b: str) -> By:
        """The order in which a mixed derivative has been worked out."""
        return (a, b) if (a, b) in self.partials else (b, a)

    def _entries(self, wanted: Iterable[By]) -> list[Expression]:
        """The forms, with letters where these stand for the same in all of them."""
        partials = [self.partials[by] for by in wanted]
        told = [partial.with_letters for partial in partials]
        pairs = zip(told, partials, strict=True)
        letters = {(name, p.definitions[name]) for (_, found), p in pairs for name in found}
        same = len({name for name, _ in letters}) == len(letters)
        return [form if same else p.form for (form, _), p in zip(told, partials, strict=True)]

    # ---------------------------------------------------------------- along a direction

    @cached_property
    def _along(self) -> str | None:
        """The name of the derivative along the direction, if one is given."""
        if self.function.direction is None:
            return None
        taken = {self.function.name, *self.function.parameters, *names(self.function.body)}
        letter = next(letter for letter in ("u", "v", "w", "d", "s", "u_0") if letter not in taken)
        return gradient_name(self.function.name, letter)

    @cached_property
    def _size(self) -> Expression:
        """The length of the direction as given."""
        assert self.function.direction is not None
        squares = [Apply("^", part, Number("2")) for part in self.function.direction.values()]
        total = tidy(_sum(squares))
        square = numeric(total)
        if square is not None and (root := _whole_root(Fraction(square))) is not None:
            return constant(root)
        return Apply("sqrt", total)

    @cached_property
    def _unit(self) -> dict[str, Expression]:
        """The components of the unit vector along the direction."""
        given = self.function.direction or {}
        return {name: tidy(Apply("/", part, self._size)) for name, part in given.items()}

    @cached_property
    def _slope_along(self) -> Expression:
        return tidy(self._dot([self.partials[name,].form for name in self._unit]))

    def _dot(self, gradient: Iterable[Expression]) -> Expression:
        products = [Apply("*", g, u) for g, u in zip(gradient, self._unit.values(), strict=True)]
        return _sum(products)

    def _direction(self) -> Iterator[Block]:
        if self._along is None or self.function.direction is None:
            return
        letter = Name(self._along.rpartition("/d")[2])
        given = Array(*self.function.direction.values())
        unit = Array(*self._unit.values())
        yield Section(("Along ", given))
        yield Text(("The direction as a vector of length 1:",))
        yield Equation((letter, Apply("/", given, self._size), unit))
        yield Text(("The derivative along it is the gradient's component in this direction:",))
        partials = [Name(self._name((name,))) for name in self._unit]
        gradient = Apply("*", Name(f"∇{self.function.name}"), letter)
        forms = [self.partials[name,].form for name in self._unit]
        yield Equation((Name(self._along), gradient, self._dot(partials), self._dot(forms)))
        yield Result((Name(self._along), self._slope_along))

    def _checks_along(self) -> Iterator[Check]:
        """The unit vector against the norm, and the function on a line in its direction."""
        assert self._along is not None and self.function.direction is not None
        precise, nowhere = self._precise, Point({})
        given = [precise.evaluate(part, nowhere) for part in self.function.direction.values()]
        size = precise.mp.norm(given)
        unit = [precise.evaluate(part, nowhere) for part in self._unit.values()]
        error = float(max(abs(u - g / size) for u, g in zip(unit, given, strict=True)))
        yield Check("the unit vector", "mpmath's norm", error, error <= TOLERANCE)
        shift = "shift along the line"
        line: dict[str, Expression] = {
            name: Apply("+", Name(name), Apply("*", Name(shift), part))
            for name, part in self._unit.items()
        }
        body = substitute(self.function.body, line)
        claimed = substitute(self._slope_along, line)
        sampler = Sampler(body, (*names(self.function.body), shift), None, self._precise, (shift,))
        yield check_derivative(self._along, body, shift, claimed, sampler)

    # ---------------------------------------------------------------- at a point

    @cached_property
    def _worksheet(self) -> Worksheet:
        function = self.function
        used = set(names(function.body)) | set(function.parameters)
        lines = [Line(function.name, function.body, role="value")]
        lines += [Line(p.name, p.form, role="gradient") for p in self.partials.values()]
        if self._along is not None:
            gradient = [Name(self._name((name,))) for name in self._unit]
            lines.append(Line(self._along, self._dot(gradient), role="gradient"))
        return Worksheet({n: v for n, v in self._at.items() if n in used}, tuple(lines))

    @property
    def quantities(self) -> dict[str, float]:
        """The values at the point, rounded from the precise ones."""
        return self._point.quantities

    # ---------------------------------------------------------------- the checks

    def checks(self) -> Iterator[Check]:
        """Every step at random points, every outcome by differences and by SymPy, every value twice."""
        for by, partial in self.partials.items():
            sampler = self._samplers[by]
            yield from partial.checks(sampler)
            if by[::-1] not in self.partials and len(by) == 2 and (by[1],) in self.partials:
                other = self.partials[by[1],]  # the same the other way round
                name = gradient_name(self.function.name, *by[::-1])
                points = self._samplers[by[1],]
                yield check_derivative(name, other.form, by[0], partial.form, points)
        if self._along is not None:
            yield from self._checks_along()
        if self._at:
            yield from self._checks_at_point()

    def _checks_at_point(self) -> Iterator[Check]:
        exact = self._point.exact
        yield from self._point.checks()
        of: dict[str, list[Partial]] = {}
        for partial in self.partials.values():
            if partial.variable in exact:
                of.setdefault(partial.of, []).append(partial)
        for name, partials in of.items():
            itself = gradient_name(name, name)
            name_of = {name: itself, **{p.variable: p.name for p in partials}}
            users = {p.variable: [name] for p in partials}
            gradients = Gradients(name, name_of, users)
            lines = {name: partials[0].body}
            yield from GradientOracle(lines, exact, gradients, self._point.precise).checks()


def wholes(solutions: Sequence[Solution]) -> Iterator[Block]:
    """The vectors of functions as they are written."""
    for whole, rows in _vectors(solutions):
        yield Equation((Name(whole), Array(*(row.function.body for row in rows))))


def jacobians(solutions: Sequence[Solution]) -> Iterator[Block]:
    """The Jacobian matrix of every vector of functions."""
    for whole, rows in _vectors(solutions):
        by = rows[0].function.parameters
        if not all((name,) in row.partials for row in rows for name in by):
            continue  # of one mixed derivative
        matrix = Array(*(Array(*(row.partials[name,].form for name in by)) for row in rows))
        yield Section(("The Jacobian matrix",))
        shape = f"{len(rows)} functions by {len(by)} variables"
        yield Text((f"A row for each function, a column for each variable: {shape}.",))
        yield Result((Name(f"J_{whole}"), matrix))


def _vectors(solutions: Sequence[Solution]) -> Iterator[tuple[str, list[Solution]]]:
    for whole in dict.fromkeys(s.function.whole for s in solutions if s.function.whole):
        yield whole, [s for s in solutions if s.function.whole == whole]


def _whole_root(square: Fraction) -> Fraction | None:
    """The square root of a fraction, if it is a fraction."""
    above, below = isqrt(square.numerator), isqrt(square.denominator)
    return Fraction(above, below) if Fraction(above**2, below**2) == square else None


def _sum(parts: Iterable[Expression]) -> Expression:
    return reduce(lambda total, part: Apply("+", total, part), parts)
