"""The oracle of rewrites: both sides of every step, in high precision, at random points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check, Step
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, walk

TOLERANCE = 1e-20
_CANCELLED = 1e-8


def flat(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, each before those that work out its parts."""
    for step in steps:
        yield step
        yield from flat(step.steps)


class Sampler:
    """Random points at which an expression and its derivative have real values.

    `by` are the variables it is differentiated by, all unless named; `definitions` are names in the
    steps that stand for expressions in the variables; `holds` are comparisons that are true there.
    """

    def __init__(
        self,
        expression: Expression,
        variables: Iterable[str],
        definitions: Mapping[str, Expression] | None = None,
        precise: Precise | None = None,
        by: Iterable[str] | None = None,
        holds: Iterable[Expression] = (),
    ) -> None:
        self.precise = precise or Precise()
        names_ = tuple(variables)
        derivatives = (Apply("diff", expression, Name(v)) for v in (names_ if by is None else by))
        probes = (expression, *derivatives)
        self.points = tuple(self._find(probes, tuple(holds), names_, definitions or {}))

    def _find(
        self,
        probes: tuple[Expression, ...],
        holds: tuple[Expression, ...],
        variables: tuple[str, ...],
        definitions: Mapping[str, Expression],
    ) -> Iterator[Point]:
        found = 0
        for values in candidates(variables, self.precise):
            point = Point(values, definitions)
            try:
                if not all(self.precise.evaluate(comparison, point) for comparison in holds):
                    continue
                for probe in probes:
                    self.precise.evaluate(probe, point)
            except OutsideDomain:
                continue
            yield point
            found += 1
            if found == POINTS:
                return

    def difference(self, one: Expression, other: Expression) -> float:
        """The largest relative difference beyond that of the differences taken; inf if unknown."""
        worst = 0.0 if self.points else float("inf")
        for point in self.points:
            try:
                a = self.precise.evaluate(one, point)
                b = self.precise.evaluate(other, point)
            except OutsideDomain:
                return float("inf")
            off = abs(a - b)
            if off > point.silence:
                worst = max(worst, self._relative(off, (a, b), (one, other), point))
        return worst

    def _relative(
        self,
        off: Value,
        values: tuple[Value, Value],
        sides: tuple[Expression, Expression],
        point: Point,
    ) -> float:
        size = max(map(abs, values))
        error = float(off / size) - 10 * point.blur
        if error > TOLERANCE:
            # what derivatives leave when they cancel is noise of their size
            slopes = [abs(self.precise.evaluate(d, point)) for d in _derivatives(*sides)]
            error = float(off / max(size, _CANCELLED * max(slopes, default=0))) - 10 * point.blur
        return error

    @property
    def method(self) -> str:
        """In words, what is done."""
        return f"both sides at {len(self.points)} random points"


def _derivatives(*sides: Expression) -> Iterator[Expression]:
    for side in sides:
        for node in walk(side):
            if isinstance(node, Apply) and node.operation == "diff":
                yield node


def check_steps(of: str, steps: Iterable[Step], sampler: Sampler) -> tuple[Check, ...]:
    """One check for all steps of a derivation if they hold, else one for each that does not."""
    worst, wrong = 0.0, []
    count = 0
    for step in flat(steps):
        sides = [step.after] + ([step.result] if step.result is not None else [])
        error = max(sampler.difference(step.before, side) for side in sides)
        count += 1
        worst = max(worst, error)
        if not error <= TOLERANCE:
            wrong.append(Check(f"{of}, {step.rule}", sampler.method, error, False))
    note = "" if sampler.points else "no point was found where the expression has a real value"
    if wrong and sampler.points:
        return tuple(wrong)
    return (
        Check(f"the {counted(count)} of {of}", sampler.method, worst, bool(sampler.points), note),
    )


def counted(steps: int) -> str:
    """How many steps, in words that fit one as well."""
    return "1 step" if steps == 1 else f"{steps} steps"


def check_derivative(
    of: str, expression: Expression, variable: str, claimed: Expression, sampler: Sampler
) -> Check:
    """The outcome as a whole against central differences."""
    error = sampler.difference(Apply("diff", expression, Name(variable)), claimed)
    method = "central differences"
    return Check(of, method, error, error <= TOLERANCE)
