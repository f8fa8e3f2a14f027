"""Limits by named rules: a tree of steps down to limits that everyone knows.

A limit of a sum, product, quotient or power is put together from those of its parts; where these
give no answer (`0/0`, `inf - inf` ...), the expression is written another way and tried again. What
the rules cannot reason out stays open: nothing is guessed.

Source: Stewart, Calculus, 8th ed., 2.3 to 2.6 and 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from stepsolve.calculus.limit_powers import without_euler
from stepsolve.calculus.limit_rewrites import HOSPITAL, rewrites
from stepsolve.calculus.limit_rules import RULES, function
from stepsolve.calculus.limit_values import (
    HUGE,
    NEVER,
    SIDES_DIFFER,
    Approach,
    Limit,
    is_infinite,
    settled,
)
from stepsolve.calculus.limit_waves import swing, with_angles
from stepsolve.checking.precise import Point, Precise
from stepsolve.checking.sampling import candidates
from stepsolve.derivation import Step
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute, walk
from stepsolve.operations.table import CONSTANTS

_BUDGET = 200  # limits of parts that are tried before the question is left open
_DEEPEST = 20
_SHORT = 4  # nodes up to which a limit needs no explanation if those of its parts need none


def find_limit(body: Expression, approach: Approach) -> Limit:
    """The limit of an expression, with its steps; both sides apart where that is needed."""
    if approach.variable != "e":
        body = without_euler(body)
    found = Engine(approach).of(body)
    if found.value is not None or approach.side or approach.is_infinite:
        return found
    sides = [find_limit(body, approach._replace(side=side)) for side in (-1, 1)]
    values = [side.value for side in sides]
    if None in values:
        return next((side for side in sides if side.reason in NEVER), found)
    steps = tuple(side.step for side in sides)
    before = approach.of(body)
    if values[0] == values[1] and values[0] is not None:
        step = Step("both sides agree", before, values[0], steps=steps, result=values[0])
        return Limit(step, values[0])
    return Limit(Step(SIDES_DIFFER, before, before, steps=steps), None, "sides")


class Engine:
    def __init__(self, approach: Approach) -> None:
        self.approach = approach
        self.variable = Name(approach.variable)
        self._found: dict[Expression, Limit] = {}
        self._left = _BUDGET
        self._depth = 0

    def of(self, node: Expression) -> Limit:
        """The limit of a part, worked out once."""
        known = self._found.get(node)
        if known is not None:
            return known
        self._left -= 1
        self._depth += 1
        unknown = Limit(Step("open", self.lim(node), self.lim(node)), None)
        self._found[node] = unknown  # a form that comes back is no progress
        if self._left > 0 and self._depth <= _DEEPEST:
            self._found[node] = self._work_out(node) or unknown
        self._depth -= 1
        return self._found[node]

    def lim(self, node: Expression) -> Apply:
        return self.approach.of(node)

    def _work_out(self, node: Expression) -> Limit | None:
        if self.variable.name not in names(node):
            return self._plain("constant", node, node)
        if node == self.variable:
            return self._plain("identity", node, self.approach.target)
        if not isinstance(node, Apply):
            return None
        found = self._continuous(node)
        if found is not None:
            return found
        rule = RULES.get(node.operation, function)
        found = rule(self, node)
        if found.value is not None or found.reason in (*NEVER, "sides"):
            return found
        return self._rewritten(node, found) or self._swinging(node) or found

    def _swinging(self, node: Apply) -> Limit | None:
        """No limit, where a combination of sines and cosines is not constant."""
        seen = swing(node, self.variable.name)
        if seen is None:
            return None
        below = self.of(seen.angle)
        if not is_infinite(below.value):
            return None
        after = with_angles(node, self.variable.name, self.lim)
        step = Step("oscillation", self.lim(node), after, steps=(below.step,))
        return Limit(step, None, "waves")

    def _rewritten(self, node: Apply, found: Limit) -> Limit | None:
        form = found.reason
        for row, other in rewrites(node, self.approach, form):
            below = self.of(other)
            if below.value is None and below.reason not in (*NEVER, "sides"):
                continue
            if below.reason in NEVER and row.name == HOSPITAL:
                continue  # (x + sin(x)) / x has a limit, the quotient of the derivatives none
            if below.value is None and below.reason == "sides" and not self.approach.side:
                return Limit(below.step, None, "sides")
            name = f"{row.name}, {_pretty(form)}" if row.form and form else row.name
            result = below.value
            parts = _both_parts(found) if row.name == HOSPITAL else ()
            steps = (*parts, below.step)
            step = Step(name, self.lim(node), self.lim(other), steps=steps, result=result)
            return Limit(step, result, below.reason)
        return None

    def _plain(self, rule: str, node: Expression, value: Expression) -> Limit:
        return Limit(Step(rule, self.lim(node), value, trivial=True), value)

    def _continuous(self, node: Apply) -> Limit | None:
        """The value at the target itself, where the expression is continuous there."""
        target = self.approach.target
        if self.approach.is_infinite or not self._is_continuous(node):
            return None
        put = substitute(node, {self.variable.name: target})
        value = settled(put)
        step = Step("continuity", self.lim(node), put, result=value)
        return Limit(step, value)

    def _is_continuous(self, node: Apply) -> bool:
        """Whether every operation in a node is continuous at the values it gets there."""
        free = [n for n in names(node) if n != self.variable.name and n not in CONSTANTS]
        precise = Precise()
        tried = 0
        for values in candidates(free, precise) if free else ({},):
            try:
                at = precise.evaluate(self.approach.target, Point(values))
                point = Point({**values, self.variable.name: at})
                if abs(precise.evaluate(node, point)) > HUGE:
                    return False
            except OutsideDomain:
                if not free:
                    return False
                continue
            if any(_jumps(part, point, precise) for part in walk(node)):
                return False
            for moved in self.approach.places(precise, count=40):
                try:
                    precise.evaluate(node, Point({**values, self.variable.name: moved}))
                except OutsideDomain:
                    return False
            tried += 1
            if tried == 2 or not free:
                break
        # a symbol in a denominator that vanishes at the target makes every point fail
        return tried > 0

    def together(
        self,
        rule: str,
        node: Expression,
        after: Expression,
        parts: tuple[Limit, ...],
        value: Expression | None,
        reason: str = "",
    ) -> Limit:
        """The limit of a whole from those of its parts."""
        steps = tuple(part.step for part in parts)
        easy = value is not None and node.size <= _SHORT and all(s.trivial for s in steps)
        step = Step(rule, self.lim(node), after, steps=steps, result=value, trivial=easy)
        return Limit(step, value, reason)

    def open(self, node: Expression, parts: tuple[Limit, ...], reason: str = "") -> Limit:
        """A whole that its parts do not decide."""
        return self.together("open", node, self.lim(node), parts, None, reason)


def _both_parts(quotient: Limit) -> Iterator[Step]:
    """What L'Hôpital's rule asks for: that numerator and denominator vanish, or grow, together."""
    for part in quotient.step.steps:
        if part.result is not None:
            yield part._replace(trivial=True)
        elif part.trivial:
            yield part


def _jumps(part: Expression, point: Point, precise: Precise) -> bool:
    """Whether a comparison or a sign changes just here."""
    match part:
        case Apply(operation="<" | "<=" | ">" | ">=" | "==" | "!=", arguments=(a, b)):
            return bool(precise.evaluate(a, point) == precise.evaluate(b, point))
        case Apply(operation="sign", arguments=(a,)):
            return bool(precise.evaluate(a, point) == 0)
        case Apply(operation="floor" | "ceil", arguments=(a,)):
            return bool(precise.evaluate(part, point) == precise.evaluate(a, point))
    return False


def _pretty(form: str) -> str:
    return form.replace("inf", "∞").replace("*", " · ").replace("-", " − ")
