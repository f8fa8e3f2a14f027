"""The page of a gradient check: definitions, one substitution, tables, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context
from functools import cached_property
from typing import NamedTuple

from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.quotients import (
    check_advice,
    check_beside,
    check_errors,
    check_norms,
    check_orders,
    check_quotients,
    check_slopes,
)
from stepsolve.checking.rewrites import TOLERANCE, Sampler
from stepsolve.checking.worksheets import GradientOracle, Gradients
from stepsolve.derivation import (
    Block,
    Check,
    Derivation,
    Detail,
    Equation,
    Lines,
    Section,
    Table,
    Text,
)
from stepsolve.derivation import Value as Shown
from stepsolve.notation.names import free_name, gradient_name
from stepsolve.notation.numbers import Digits, is_exact, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, walk
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.quotient_tables import Errors, in_float64, without_rounding
from stepsolve.worksheet.quotient_words import (
    METHOD,
    Beside,
    Place,
    advised,
    beside,
    kink,
    relative,
    rounding,
    side_by_side,
    usual_row,
    vector_error,
    verdict,
)
from stepsolve.worksheet.quotients import DIGITS, WAYS, Probe
from stepsolve.worksheet.solution import Solution
from stepsolve.worksheet.taylor import Taylor, terms_of

_EXACT = Context(40, ROUND_HALF_EVEN)


class Task(NamedTuple):
    """What is asked: a function, where, with which steps, and what is claimed of it."""

    name: str
    coordinates: tuple[str, ...]
    body: Expression
    points: tuple[Mapping[str, Expression], ...]
    steps: tuple[Expression, ...]
    claims: Mapping[str, Expression]
    digits: Digits


class GradientPage:
    """A gradient check, worked out. `calculus` are the derivatives by the rules.

    Raises `LineError` where the function or a derivative has no value at a point.
    """

    def __init__(self, task: Task, calculus: Derivation) -> None:
        self._task, self._calculus = task, calculus
        self._precise = Precise(DIGITS)
        self._letter = self._step_letter()
        self._solutions = [self._solved(point) for point in task.points]
        self._claims = [self._claimed(point) for point in task.points]
        self._places = [
            [self._place(k, coordinate) for coordinate in task.coordinates]
            for k in range(len(task.points))
        ]

    def _step_letter(self) -> Name:
        """`e`, as the quotients are written, unless the page has Euler's number or a name e."""
        forms = (self._task.body, *self._calculus.results.values(), *self._task.claims.values())
        taken = {n.operation for f in forms for n in walk(f) if isinstance(n, Apply)} & {"exp"}
        taken |= {"e"} if any("e" in names(form) for form in forms) else set()
        used = {*names(self._task.body), *self._task.coordinates}
        letters = ("h", "δ", "step") if taken else ("e", "h", "step")
        return Name(free_name(letters, used))

    def _solved(self, point: Mapping[str, Expression]) -> Solution:
        lines = [Line(self._task.name, self._task.body)]
        lines += [Line(name, form) for name, form in self._calculus.results.items()]
        return Solution(Worksheet(point, tuple(lines)), digits=self._task.digits)

    def _claimed(self, point: Mapping[str, Expression]) -> Solution:
        lines = (Line(self._by(c), claim) for c, claim in self._task.claims.items())
        return Solution(Worksheet(point, tuple(lines)), digits=self._task.digits)

    def _by(self, coordinate: str) -> str:
        return gradient_name(self._task.name, coordinate)

    def _place(self, k: int, coordinate: str) -> Place:
        task, by = self._task, self._by(coordinate)
        probe = Probe(task.body, task.points[k], coordinate)
        derivative = self._solutions[k].exact[by]
        gradient = self._claims[k].exact.get(by, derivative)
        errors = Errors([probe.row(step) for step in task.steps], gradient, self._precise)
        claimed = coordinate in task.claims
        return Place(coordinate, by, probe, errors, gradient, derivative, claimed)

    @property
    def results(self) -> dict[str, Expression]:
        """The derivatives by the rules."""
        return self._calculus.results

    @property
    def quantities(self) -> dict[str, Shown]:
        """Values by name, lists where there are several points."""
        if len(self._solutions) == 1:
            return {**self._solutions[0].quantities}
        shared = self._solutions[0].quantities
        return {
            name: [solution.quantities[name] for solution in self._solutions] for name in shared
        }

    def blocks(self) -> Iterator[Block]:
        calculus = self._calculus.blocks
        if not self._task.claims:
            yield from calculus
        else:
            yield calculus[0]
            for coordinate, claim in self._task.claims.items():
                yield Text(("Claimed: ", Name(self._by(coordinate)), " = ", claim), Detail.BRIEF)
        yield Section(("Difference quotients",))
        yield from self._definitions()
        for k in range(len(self._places)):
            yield from self._at(k)
        yield from self._truncation(self._places[0][0])
        if self._task.claims:
            yield Section(("The derivative by the rules",))
            yield Text(("The claims aside, the rules give:",), Detail.BRIEF)
            yield from calculus[1:]

    # ------------------------------------------------------------------------- definitions

    def _call(self, by: str, moved: Expression, values: Mapping[str, Expression]) -> Expression:
        """The function with one coordinate moved, the others as they are or as given."""
        return Apply(
            self._task.name,
            *(moved if n == by else values.get(n, Name(n)) for n in self._task.coordinates),
        )

    def _samples(
        self, by: str, values: Mapping[str, Expression], e: Expression
    ) -> list[Expression]:
        at = values.get(by, Name(by))
        return [
            self._call(by, Apply("-", at, e), values),
            self._call(by, at, values),
            self._call(by, Apply("+", at, e), values),
        ]

    def _definitions(self) -> Iterator[Block]:
        """The three quotients, and one of them with the numbers put in."""
        by = self._task.coordinates[0]
        e = self._letter
        rows = zip(WAYS, _quotients(self._samples(by, {}, e), e), strict=True)
        order = {"forward": e, "backward": e, "central": Apply("^", e, Number("2"))}
        table = tuple((way, quotient, ("order ", order[way])) for way, quotient in rows)
        yield Table(("quotient", "formula", "error"), table, Detail.BRIEF, "definitions")
        if len(self._task.coordinates) > 1:
            yield Text(
                (
                    "Here for ",
                    Name(by),
                    "; the other coordinates are moved the same way, one by one.",
                ),
                Detail.NORMAL,
            )
        place, step = self._places[0][0], self._task.steps[0]
        shown = self._shown_point(0)
        yield Text(("With ", *_listed({**shown, e.name: step}), ":"), Detail.NORMAL)
        values = [self._moved(place, sign) for sign in (-1, 0, 1)]
        samples = [
            self._call(by, self._number(value), shown)
            for value in (self._argument(place, sign) for sign in (-1, 0, 1))
        ]
        written = _quotients(samples, step)
        numbers = _quotients([self._number(value) for value in values], step)
        for k in range(len(WAYS)):
            found = place.errors.rows[0].precise[k]
            decimal = _EXACT.plus(Precise.decimal(found))
            sides = (written[k], numbers[k], number(decimal, self._task.digits))
            yield Equation(sides, not is_exact(decimal, self._task.digits), Detail.NORMAL)

    def _shown_point(self, k: int) -> dict[str, Expression]:
        given = self._task.points[k]
        return {name: value for name, value in given.items() if name in self._task.coordinates}

    def _argument(self, place: Place, sign: int) -> Value:
        step = place.errors.rows[0].precise_e
        return place.probe.at + sign * step

    def _moved(self, place: Place, sign: int) -> Value:
        return place.probe.value(self._argument(place, sign))

    def _number(self, value: Value) -> Expression:
        """A number that is put in: with more digits than others, since most of them cancel."""
        digits = self._task.digits
        more = Digits(max(digits.decimals, 8)) if digits.significant is None else Digits(8, 12)
        return number(Precise.decimal(value), more)

    # -------------------------------------------------------------------------- the tables

    def _at(self, k: int) -> Iterator[Block]:
        yield Section(("At ", *_listed(self._task.points[k])))
        solution, places = self._solutions[k], self._places[k]
        if self._task.claims:
            lines = [solution.workings.line(solution.forward.lines[0])]
            lines += [self._claims[k].workings.line(line) for line in self._claims[k].forward.lines]
            yield Lines(tuple(lines))
        else:
            yield from solution.forward_blocks()
        if len(self._task.steps) > 1 or len(places) == 1:
            for place in places:
                yield from self._of_one(k, place)
        if len(places) > 1 or self._task.claims:
            yield from side_by_side(
                places, self._letter, self._task.digits, self._labelled("side by side", k)
            )
        for place in places:
            yield from kink(place, self._task.digits)
        if self._task.claims:
            for place in places:
                yield from self._verdict(place)

    def _of_one(self, k: int, place: Place) -> Iterator[Block]:
        by = self._by(place.coordinate)
        against = "the claimed value" if place.claimed else "the derivative"
        yield Text(
            ("Quotients for ", Name(by), f" in float64, and how far they are from {against}:"),
            Detail.BRIEF,
        )
        yield in_float64(
            self._labelled("quotients", k, place), self._letter, place.errors, self._task.digits
        )

    def _labelled(self, what: str, k: int, place: Place | None = None) -> str:
        """A name for a table, of its own among those of the page."""
        by = f", {place.by}" if place else ""
        return f"{what}{by}" + (f", point {k + 1}" if len(self._places) > 1 else "")

    # ---------------------------------------------------------------------- what they show

    def _verdict(self, place: Place) -> Iterator[Block]:
        if not place.claimed:
            return
        yield verdict(place, self._task.digits)
        if place.has_derivative and not place.is_wrong and self._differs_elsewhere(place):
            claim = self._task.claims[place.coordinate]
            told = ("But it passes at this point only: elsewhere ", Name(place.by))
            advice = ". A check at random points would have told."
            yield Text((*told, " is not ", claim, advice), Detail.BRIEF)

    def _differs_elsewhere(self, place: Place) -> bool:
        variables = dict.fromkeys(n for p in self._task.points for n in p)
        sampler = Sampler(self._task.body, variables, by=(place.coordinate,))
        form = self.results[self._by(place.coordinate)]
        off = sampler.difference(form, self._task.claims[place.coordinate])
        return bool(sampler.points) and off > TOLERANCE

    def _truncation(self, place: Place) -> Iterator[Block]:
        """Why the errors are what they are: Taylor's next term, then rounding."""
        if not place.has_derivative or place.is_wrong:
            return
        many = len(self._places) > 1 or len(self._task.coordinates) > 1
        yield Section(("Truncation and rounding",), Detail.NORMAL)
        yield from self._taylor_blocks(self._taylor)
        if len(self._task.steps) > 1:
            of = (" for ", Name(self._by(place.coordinate))) if many else ()
            yield Text(
                (
                    "The errors of truncation alone",
                    *of,
                    f", computed with {DIGITS} digits, and the power of ",
                    self._letter,
                    " that they fall with:",
                ),
                Detail.NORMAL,
            )
            yield without_rounding(
                self._labelled("truncation", 0, place), self._letter, place.errors
            )
        yield from rounding(place, self._task.name, self._letter)

    @cached_property
    def _taylor(self) -> Taylor | None:
        place = self._places[0][0]
        form = self.results[self._by(place.coordinate)]
        return terms_of(form, place.coordinate, self._solutions[0].exact)

    def _taylor_blocks(self, taylor: Taylor | None) -> Iterator[Block]:
        if taylor is None:
            return
        e = self._letter
        second, third = taylor.told(self._task.digits)
        yield Text(
            (
                "By Taylor's series the error of a forward or backward quotient begins with half the "
                "second derivative times ",
                e,
                ", that of a central one with a sixth of the third times ",
                Apply("^", e, Number("2")),
                ". Here these factors are ",
                second,
                " and ",
                third,
                ".",
            ),
            Detail.NORMAL,
        )

    # ---------------------------------------------------------------------------- the checks

    def checks(self) -> Iterator[Check]:
        """Of the derivatives, of every value and quotient, and of the verdicts on claims."""
        yield from self._calculus.checks
        for k, solution in enumerate(self._solutions):
            yield from solution.checks()
            yield from self._claims[k].checks()
            yield from self._of_gradients(solution)
            for place in self._places[k]:
                yield from self._of_place(place)
            yield from self._of_sides(self._places[k])
        yield check_advice(advised(self._precise.mp))
        if self._taylor is not None and self._places[0][0].has_derivative:
            yield from self._taylor.checks(
                self._by(self._task.coordinates[0]), self._places[0][0].probe
            )

    def _of_gradients(self, solution: Solution) -> Iterator[Check]:
        name = self._task.name
        at = {c: self._by(c) for c in self._task.coordinates}
        name_of = {name: gradient_name(name, name), **at}
        gradients = Gradients(name, name_of, {c: [name] for c in at})
        oracle = GradientOracle(
            {name: self._task.body}, solution.exact, gradients, solution.precise
        )
        yield from oracle.checks()

    def _of_sides(self, places: list[Place]) -> Iterator[Check]:
        """The errors coordinate by coordinate, and those of the vectors."""
        if len(places) < 2 and not self._task.claims:
            return
        name, j = self._task.name, usual_row(places[0].errors)
        rows = [beside(place, j) for place in places]
        yield check_beside(f"gradient and quotients of {name}", rows)
        if (off := vector_error(places)) is not None:
            yield check_norms(f"the gradient of {name} as a vector", rows, off)

    def _of_place(self, place: Place) -> Iterator[Check]:
        by, probe = self._by(place.coordinate), place.probe
        yield from check_quotients(
            by, probe.body, place.coordinate, probe.floats, probe.exact, place.errors.rows
        )
        yield check_errors(by, place.gradient, place.errors)
        yield from check_orders(by, place.errors, place.errors.orders)
        if not place.has_derivative and not probe.is_jump:
            yield check_slopes(by, probe.body, place.coordinate, probe.exact, probe.slopes)
        if place.claimed:
            claim = Beside(
                *(place.gradient, place.derivative, abs(place.gradient - place.derivative)),
                relative(place.gradient, place.derivative),
            )
            yield check_beside(f"the claimed {by}", [claim])
        if place.claimed and place.has_derivative:
            agreed = place.verdict_agrees
            error = 0.0 if agreed else float("inf")
            yield Check(f"the verdict on the claimed {by}", METHOD, error, agreed)


def _quotients(samples: list[Expression], e: Expression) -> tuple[Expression, ...]:
    """Forward, backward and central, of the function below, at and above."""
    below, here, above = samples
    return (
        Apply("/", Apply("-", above, here), e),
        Apply("/", Apply("-", here, below), e),
        Apply("/", Apply("-", above, below), Apply("*", Number("2"), e)),
    )


def _listed(values: Mapping[str, Expression]) -> list[str | Expression]:
    parts: list[str | Expression] = []
    for name, value in values.items():
        parts += [", " if parts else "", Name(name), " = ", value]
    return parts
