"""The oracle of limits: values on the way to the target, in high precision, without any rule.

The variable goes to its target on a geometric sequence, as far as the arithmetic reaches. What the
values tend to is the last of them, or what Aitken's and Richardson's extrapolations make of them:
the latter for functions that go like 1/log(x). An infinite limit is one whose reciprocal vanishes.

Source: Press et al., Numerical Recipes, 3rd ed., 5.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from stepsolve.checking.precise import DIGITS, Point, Precise, Value
from stepsolve.checking.rewrites import Sampler, flat
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.derivation import Check, Step
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, replaced, walk
from stepsolve.operations.table import CONSTANTS

TOLERANCE = 1e-10
_REACHES = (100, 60, 30, 20, 15, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)  # powers of two
_COUNT = 48
_FEWEST = 12
_SPREAD = 1e-3  # that values far out keep where there is no limit
_STRETCHES = ((30, 60), (6, 9))  # powers of two; the nearer ones if the farther have no values
_ORDERS = 8
BESIDE = "both sides at random points beside the target"
_SAME = 1e-20
METHOD = f"values on the way, {4 * DIGITS} digits"


class LimitOracle:
    """Confirms limits of expressions in one variable; other names get random values."""

    def __init__(self, symbols: Sequence[str] = ()) -> None:
        self.precise = Precise(4 * DIGITS)
        free = [name for name in symbols if name not in CONSTANTS]
        self._values = (
            [{}]
            if not free
            else [
                values
                for values, _ in zip(
                    candidates(free, self.precise), range(4 * POINTS), strict=False
                )
            ]
        )

    def error(self, limit: Apply, claimed: Expression) -> float:
        """How far what an expression tends to is from what is claimed; inf if that is unknown."""
        found: list[float] = []
        for values in self._values:
            try:
                found.append(max(self._errors(limit, claimed, values)))
            except OutsideDomain:
                continue
        return max(found, default=math.inf)

    def _errors(
        self, limit: Apply, claimed: Expression, values: Mapping[str, Value]
    ) -> Iterator[float]:
        mp = self.precise.mp
        limit = by_logarithm(limit)
        sign = {Name("inf"): 1, Apply("neg", Name("inf")): -1}.get(claimed)
        goal = mp.mpf(0) if sign else self.precise.evaluate(claimed, Point(values))
        for side in _sides(limit):
            found = self.sequence(limit, side, values)
            if len(found) < _FEWEST:
                raise OutsideDomain("limit", [limit])
            if sign:
                if any(value * sign <= 0 for value in found[-3:]):
                    yield math.inf
                found = [1 / value for value in found if value]
            yield min(_distance(estimate, goal) for estimate in _estimates(found))

    def sequence(self, limit: Apply, side: int, values: Mapping[str, Value]) -> list[Value]:
        """Values of the expression on the way from one side, as many as there are."""
        body, variable, target = limit.arguments[:3]
        assert isinstance(variable, Name)
        for reach in _REACHES:
            found: list[Value] = []
            for k in range(
                _COUNT, 0, -1
            ):  # the farthest first: what comes before a gap is not near
                at = self._place(target, side, reach * k / _COUNT, values)
                try:
                    found.append(self._at(body, variable, at, values))
                except OutsideDomain:
                    break
            if len(found) >= _FEWEST:
                return found[::-1]
        return []

    def _place(
        self, target: Expression, side: int, power: float, values: Mapping[str, Value]
    ) -> Value:
        size = self.precise.mp.mpf(2) ** power
        if target in (Name("inf"), Apply("neg", Name("inf"))):
            return size if target == Name("inf") else -size
        return self.precise.evaluate(target, Point(values)) + side / size

    def _at(
        self, body: Expression, variable: Name, at: Value, values: Mapping[str, Value]
    ) -> Value:
        return self.precise.evaluate(body, Point({**values, variable.name: at}))

    def spread(self, limit: Apply) -> float:
        """How much the values far out differ, in the narrower of two stretches; 0 if unknown."""
        for stretches in _STRETCHES:
            try:
                return min(self._spread(limit, stretch) for stretch in stretches)
            except OutsideDomain:
                continue
        return 0.0

    def _spread(self, limit: Apply, stretch: int) -> float:
        body, variable, target = limit.arguments[:3]
        assert isinstance(variable, Name)
        values = self._values[0]
        places = (
            self._place(target, _sides(limit)[0], stretch + k / 200, values) for k in range(200)
        )
        found = [self._at(body, variable, at, values) for at in places]
        return float(max(found) - min(found))


def by_logarithm(limit: Apply) -> Apply:
    """The same limit in t = log(x), again and again, where x occurs within log(x) alone.

    What goes like log(log(x)) is far from its limit wherever x itself is a number.
    """
    body, variable, target, *side = limit.arguments
    far = target == Name("inf")
    if not far and not (_is_zero(target) and side == [Name("above")]):
        return limit
    log = Apply("log", variable)
    inner = replaced(body, log, Name("#"))
    assert isinstance(variable, Name)
    if variable.name in names(inner) or "#" not in names(inner):
        return limit
    end = Name("inf") if far else Apply("neg", Name("inf"))
    return by_logarithm(Apply("limit", replaced(inner, Name("#"), variable), variable, end))


def _is_zero(target: Expression) -> bool:
    return isinstance(target, Number) and not target.value


def _sides(limit: Apply) -> tuple[int, ...]:
    side = limit.arguments[3:]
    if side:
        return (1,) if side == (Name("above"),) else (-1,)
    infinite = limit.arguments[2] in (Name("inf"), Apply("neg", Name("inf")))
    return (1,) if infinite else (1, -1)


def _distance(value: Value, goal: Value) -> float:
    return float(abs(value - goal) / max(1, abs(goal)))


def _estimates(values: list[Value]) -> Iterator[Value]:
    """What a sequence may tend to: its last value, and two extrapolations."""
    yield values[-1]
    row = list(values[-2 * _ORDERS - 1 :])
    while len(row) > 2:  # again and again: each takes one geometric error away
        bent = [(a, b, c) for a, b, c in zip(row, row[1:], row[2:], strict=False) if a - 2 * b + c]
        row = [c - (c - b) ** 2 / (a - 2 * b + c) for a, b, c in bent]
        if row:
            yield row[-1]
    # polynomials in 1/k through the last values, evaluated at 0
    size = len(values)
    row = list(values[-_ORDERS - 1 :])
    places = list(range(size - len(row) + 1, size + 1))
    for order in range(1, len(row)):
        row = [
            (places[j + order] * row[j + 1] - places[j] * row[j]) / order
            for j in range(len(row) - 1)
        ]
        yield row[-1]


def check_limits(of: str, steps: Sequence[Step], oracle: LimitOracle) -> tuple[Check, ...]:
    """One check for all limits among the steps if they hold, else one for each that does not."""
    worst, wrong, count = 0.0, [], 0
    for step in flat(steps):
        claimed = step.result if step.result is not None else step.after
        if not _is_limit(step.before) or any(map(_is_limit, walk(claimed))):
            continue
        assert isinstance(step.before, Apply)
        error = oracle.error(step.before, claimed)
        count += 1
        worst = max(worst, error)
        if not error <= TOLERANCE:
            wrong.append(Check(f"{of}, {step.rule}", METHOD, error, False))
    if wrong or not count:
        return tuple(wrong)
    noun = "1 limit" if count == 1 else f"{count} limits"
    return (Check(f"the {noun} of {of}", METHOD, worst, True),)


def check_rewrites(of: str, steps: Sequence[Step]) -> Iterator[Check]:
    """Every step from one expression to another: equal, or the quotient of the derivatives."""
    worst, count = 0.0, 0
    for step in flat(steps):
        if not (_is_limit(step.before) and _is_limit(step.after)) or step.before == step.after:
            continue
        assert isinstance(step.before, Apply)
        one, variable = step.before.children[:2]
        other = step.after.children[0]
        if step.rule.startswith("L'Hôpital"):
            one = Apply("/", *(Apply("diff", part, variable) for part in one.children))
        elif step.rule.endswith("near there"):
            continue  # equal near the target only, where the limits are compared
        error = _difference(step.before, one, other)
        count, worst = count + 1, max(worst, error)
        if not error <= _SAME:
            yield Check(f"{of}, {step.rule}", BESIDE, error, False)
    if count and worst <= _SAME:
        noun = "1 rewrite" if count == 1 else f"{count} rewrites"
        yield Check(f"the {noun} of {of}", BESIDE, worst, True)


def _difference(limit: Apply, one: Expression, other: Expression) -> float:
    """How far two expressions differ beside the target; farther on if they differ here.

    A sign that is used may be the one that is kept near the target only.
    """
    body = limit.children[0]
    variables = [n for n in names(body) if n not in CONSTANTS]
    best = math.inf
    for stretch in _stretches(limit):
        sampler = Sampler(body, variables, by=(), precise=Precise(2 * DIGITS), holds=stretch)
        if sampler.points:
            best = min(best, sampler.difference(one, other))
        if best <= _SAME:
            break
    return best


def _stretches(limit: Apply) -> Iterator[tuple[Expression, ...]]:
    """Where points are looked for, as comparisons that hold there."""
    variable, target, *side = limit.arguments[1:]
    if target in (Name("inf"), Apply("neg", Name("inf"))):
        far = variable if target == Name("inf") else Apply("neg", variable)
        yield from ((Apply(">", far, Number(least)),) for least in ("1", "4", "20"))
        return
    off = Apply("-", variable, target)
    beside: dict[Expression, Expression] = {Name("above"): off, Name("below"): Apply("neg", off)}
    yield tuple(Apply(">", beside[s], Number("0")) for s in side)
    near = Apply("<", Apply("abs", off), Number("0.5"))
    yield (near, *(Apply(">", beside[s], Number("0")) for s in side))


def check_waves(of: str, limit: Apply, oracle: LimitOracle) -> Check:
    """That an expression has no limit because its values keep apart."""
    kept = oracle.spread(limit) > _SPREAD
    return Check(f"no {of}", METHOD, 0.0 if kept else math.inf, kept)


def _is_limit(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation == "limit"
