"""Limits by named rules: a tree of steps down to limits that everyone knows.

A limit of a sum, product, quotient or power is put together from those of its parts; where these
give no answer (`0/0`, `inf - inf` ...), the expression is written another way and tried again. What
the rules cannot reason out stays open: nothing is guessed.

Source: Stewart, Calculus, 8th ed., 2.3 to 2.6 and 4.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stepsolve.calculus.limit_rewrites import rewrites, without_euler
from stepsolve.calculus.limit_values import (
    INF,
    MINUS_INF,
    Approach,
    infinity,
    is_infinite,
    negative,
    number_of,
    settled,
    sign_near,
    sign_of,
)
from stepsolve.calculus.tidy import ZERO, numeric, terms, tidy
from stepsolve.checking.precise import Point, Precise
from stepsolve.checking.sampling import candidates
from stepsolve.derivation import Step
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute, walk
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import CONSTANTS, OPERATIONS

_BUDGET = 120  # limits of parts that are tried before the question is left open
_DEEPEST = 14
_SHORT = 4  # nodes up to which a limit needs no explanation if those of its parts need none
_HUGE = 1e25  # what a pole leaves of 50 digits: tan at pi/2
_BOUNDED = frozenset(("sin", "cos", "tanh", "sigmoid", "erf", "atan", "sign"))
_WAVES = frozenset(("sin", "cos"))

# operation, limit of its argument: what it tends to. Stewart, Calculus, 8th ed., 2.6, 6.2
AT_INFINITY: dict[tuple[str, Expression], Expression] = {
    ("exp", INF): INF,
    ("exp", MINUS_INF): ZERO,
    ("log", INF): INF,
    ("sqrt", INF): INF,
    ("abs", INF): INF,
    ("abs", MINUS_INF): INF,
    ("atan", INF): Apply("/", Name("pi"), Number("2")),
    ("atan", MINUS_INF): Apply("neg", Apply("/", Name("pi"), Number("2"))),
    ("erf", INF): Number("1"),
    ("erf", MINUS_INF): Apply("neg", Number("1")),
    ("sign", INF): Number("1"),
    ("sign", MINUS_INF): Apply("neg", Number("1")),
    ("asinh", INF): INF,
    ("asinh", MINUS_INF): MINUS_INF,
}


class Limit(NamedTuple):
    """What comes of a limit: its step, and its value, or None with the reason.

    The reason is `waves` for bounded oscillation, `sides` where one-sided limits are needed,
    and a form such as `0/0` or nothing where the rules do not decide.
    """

    step: Step
    value: Expression | None
    reason: str = ""

    @property
    def is_none(self) -> bool:
        """Whether it is known that there is no limit."""
        return self.reason == "waves" or self.step.rule == SIDES_DIFFER


SIDES_DIFFER = "the sides differ"


def find_limit(body: Expression, approach: Approach) -> Limit:
    """The limit of an expression, with its steps; both sides apart where that is needed."""
    if approach.variable != "e":
        body = without_euler(body)
    found = _Engine(approach).of(body)
    if found.value is not None or approach.side or approach.is_infinite:
        return found
    sides = [find_limit(body, approach._replace(side=side)) for side in (-1, 1)]
    values = [side.value for side in sides]
    if None in values:
        return next((side for side in sides if side.reason == "waves"), found)
    steps = tuple(side.step for side in sides)
    before = approach.of(body)
    if values[0] == values[1] and values[0] is not None:
        step = Step("both sides agree", before, values[0], steps=steps, result=values[0])
        return Limit(step, values[0])
    return Limit(Step(SIDES_DIFFER, before, before, steps=steps), None, "sides")


class _Engine:
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
        rule = _RULES.get(node.operation, _function)
        found = rule(self, node)
        if found.value is not None or found.reason in ("waves", "sides"):
            return found
        return self._rewritten(node, found.reason) or found

    def _rewritten(self, node: Apply, form: str) -> Limit | None:
        for row, other in rewrites(node, self.approach, form):
            below = self.of(other)
            if below.value is None and below.reason not in ("waves", "sides"):
                continue
            if below.value is None and below.reason == "sides" and not self.approach.side:
                return Limit(below.step, None, "sides")
            name = f"{row.name}, {_pretty(form)}" if row.form and form else row.name
            result = below.value
            step = Step(name, self.lim(node), self.lim(other), steps=(below.step,), result=result)
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
                if abs(precise.evaluate(node, point)) > _HUGE:
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


def _jumps(part: Expression, point: Point, precise: Precise) -> bool:
    """Whether a comparison or a sign changes just here."""
    match part:
        case Apply(operation="<" | "<=" | ">" | ">=" | "==" | "!=", arguments=(a, b)):
            return bool(precise.evaluate(a, point) == precise.evaluate(b, point))
        case Apply(operation="sign", arguments=(a,)):
            return bool(precise.evaluate(a, point) == 0)
    return False


def _pretty(form: str) -> str:
    return form.replace("inf", "∞").replace("*", " · ").replace("-", " − ")


# ------------------------------------------------------------------------------- the signs


def _sum(engine: _Engine, node: Apply) -> Limit:
    """Sum, difference and change of sign: term by term."""
    parts = terms(node)
    found = tuple(engine.of(part) for _, part in parts)
    after = _signed([(sign, engine.lim(part)) for sign, part in parts])
    waves = [f for f in found if f.reason == "waves"]
    if any(f.value is None and f.reason != "waves" for f in found):
        return engine.open(node, found, next((f.reason for f in found if f.reason == "sides"), ""))
    values = [
        (f.value if sign > 0 else negative(f.value))
        for (sign, _), f in zip(parts, found, strict=True)
        if f.value is not None
    ]
    infinite = {value for value in values if is_infinite(value)}
    if len(infinite) == 2:
        return engine.open(node, found, "inf-inf")
    name = "sum rule" if all(sign > 0 for sign, _ in parts) else "difference rule"
    name = "negation" if len(parts) == 1 else name
    if infinite:
        name = "bounded beside unbounded" if waves else name
        return engine.together(name, node, after, found, infinite.pop())
    if waves:
        return engine.together("bounded oscillation", node, after, found, None, "waves")
    value = settled(_signed([(1, v) for v in values]))
    return engine.together(name, node, after, found, value)


def _signed(parts: list[tuple[int, Expression]]) -> Expression:
    sign, result = parts[0]
    result = result if sign > 0 else Apply("neg", result)
    for sign, part in parts[1:]:
        result = Apply("+" if sign > 0 else "-", result, part)
    return result


def _product(engine: _Engine, node: Apply) -> Limit:
    first, other = node.arguments
    found = engine.of(first), engine.of(other)
    after = Apply("*", *map(engine.lim, node.arguments))
    for k in (0, 1):
        if found[k].value is not None and sign_of(found[k].value or ZERO) == 0:
            if found[1 - k].value is None and _is_bounded(node.arguments[1 - k]):
                name = "bounded times vanishing (squeeze)"
                return engine.together(name, node, ZERO, (found[k],), ZERO)
    a, b = found[0].value, found[1].value
    if a is None or b is None:
        sides = "sides" if "sides" in (found[0].reason, found[1].reason) else ""
        known = a if b is None else b
        waves = "waves" in (found[0].reason, found[1].reason) and known is not None
        if waves and known is not None and not is_infinite(known) and sign_of(known):
            return engine.together("bounded oscillation", node, after, found, None, "waves")
        return engine.open(node, found, sides)
    if not is_infinite(a) and not is_infinite(b):
        return engine.together("product rule", node, after, found, settled(Apply("*", a, b)))
    signs = sign_of(a), sign_of(b)
    if 0 in signs:
        return engine.open(node, found, "0*inf")
    if signs[0] is None or signs[1] is None:
        return engine.open(node, found)
    return engine.together("product rule", node, after, found, infinity(signs[0] * signs[1]))


def _is_bounded(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation in _BOUNDED


def _quotient(engine: _Engine, node: Apply) -> Limit:
    above, below = node.arguments
    found = engine.of(above), engine.of(below)
    after = Apply("/", *map(engine.lim, node.arguments))
    a, b = found[0].value, found[1].value
    if is_infinite(b) and (found[0].reason == "waves" or (a is None and _is_bounded(above))):
        name = "bounded over unbounded (squeeze)"
        return engine.together(name, node, ZERO, (found[1],), ZERO)
    if a is None or b is None:
        sides = "sides" if "sides" in (found[0].reason, found[1].reason) else ""
        return engine.open(node, found, sides)
    top, bottom = sign_of(a), sign_of(b)
    if is_infinite(b):
        if is_infinite(a):
            return engine.open(node, found, "inf/inf")
        return engine.together("finite over unbounded", node, after, found, ZERO)
    if bottom == 0:
        return _over_zero(engine, node, found, top)
    if is_infinite(a):
        if bottom is None or top is None:
            return engine.open(node, found)
        return engine.together("quotient rule", node, after, found, infinity(top * bottom))
    return engine.together("quotient rule", node, after, found, settled(Apply("/", a, b)))


def _over_zero(engine: _Engine, node: Apply, found: tuple[Limit, Limit], top: int | None) -> Limit:
    """A denominator that vanishes: the sign it has on the way decides."""
    if top == 0:
        return engine.open(node, found, "0/0")
    near = sign_near(node.arguments[1], engine.approach)
    if near is None or top is None:
        return engine.open(node, found, "" if engine.approach.side else "sides")
    word = "positive" if near > 0 else "negative"
    name = f"over a vanishing {word} denominator"
    after = Apply("/", *map(engine.lim, node.arguments))
    return engine.together(name, node, after, found, infinity(top * near))


def _power(engine: _Engine, node: Apply) -> Limit:
    base, exponent = node.arguments
    if engine.variable.name in names(exponent):
        return engine.open(node, (), "power")
    found = engine.of(base)
    if found.value is None:
        return engine.open(node, (found,), found.reason if found.reason == "sides" else "")
    after = Apply("^", engine.lim(base), exponent)
    power = numeric(tidy(exponent))
    sign = sign_of(found.value)
    if power is None or sign is None:
        positive = sign is None and power is not None and power > 0
        if (sign == 1 and not is_infinite(found.value)) or positive:
            value = settled(Apply("^", found.value, exponent))
            return engine.together("power rule", node, after, (found,), value)
        return engine.open(node, (found,))
    if sign == 0 and power < 0:
        near = sign_near(node, engine.approach)
        if near is None:
            return engine.open(node, (found,), "" if engine.approach.side else "sides")
        return engine.together("power rule", node, after, (found,), infinity(near))
    if is_infinite(found.value):
        if power < 0:
            return engine.together("power rule", node, after, (found,), ZERO)
        if sign < 0 and power.denominator != 1:
            return engine.open(node, (found,))
        odd = sign < 0 and power.numerator % 2 == 1
        return engine.together("power rule", node, after, (found,), infinity(-1 if odd else 1))
    value = settled(Apply("^", found.value, exponent))
    return engine.together("power rule", node, after, (found,), value)


# -------------------------------------------------------------------------- the functions


def _function(engine: _Engine, node: Apply) -> Limit:
    """A function of one argument: its value at the limit of that, or what it tends to."""
    row = OPERATIONS.get(node.operation)
    if row is None or len(node.arguments) != 1:
        return engine.open(node, ())
    (argument,) = node.arguments
    found = engine.of(argument)
    if found.value is None:
        return engine.open(node, (found,), found.reason if found.reason == "sides" else "")
    after = Apply(node.operation, engine.lim(argument))
    value = found.value
    if is_infinite(value):
        if node.operation in _WAVES:
            return engine.together("oscillation", node, after, (found,), None, "waves")
        known = AT_INFINITY.get((node.operation, value))
        if known is None:
            return engine.open(node, (found,))
        name = f"{node.operation} → {one_line(known)} at {one_line(value)}"
        return engine.together(name, node, after, (found,), known)
    if node.operation in ("log", "sign") and sign_of(value) == 0:
        return _at_zero(engine, node, found)
    there = number_of(Apply(node.operation, value))
    if number_of(value) is not None and (there is None or abs(there) > _HUGE):
        return engine.open(node, (found,))
    put = settled(Apply(node.operation, value))
    return engine.together(f"continuity of {node.operation}", node, after, (found,), put)


def _at_zero(engine: _Engine, node: Apply, found: Limit) -> Limit:
    """log and sign, whose argument vanishes: from above or from below."""
    near = sign_near(node.arguments[0], engine.approach)
    if not near or (node.operation == "log" and near < 0):
        return engine.open(node, (found,), "" if engine.approach.side else "sides")
    value = MINUS_INF if node.operation == "log" else settled(Number("1"))
    value = negative(value) if near < 0 else value
    after = Apply(node.operation, engine.lim(node.arguments[0]))
    return engine.together(f"{node.operation} near 0", node, after, (found,), value)


def _choice(engine: _Engine, node: Apply) -> Limit:
    """where: the branch that holds on the way."""
    condition, yes, no = node.arguments
    near = sign_near(condition, engine.approach)
    if near is None:
        return engine.open(node, (), "" if engine.approach.side else "sides")
    branch = yes if near else no
    found = engine.of(branch)
    step = Step(
        "the branch that holds near there",
        engine.lim(node),
        engine.lim(branch),
        steps=(found.step,),
        result=found.value,
    )
    return Limit(step, found.value, found.reason)


def _comparison(engine: _Engine, node: Apply) -> Limit:
    """A comparison: whether it holds on the way."""
    near = sign_near(node, engine.approach)
    if near is None:
        return engine.open(node, (), "" if engine.approach.side else "sides")
    value = Number("1") if near else ZERO
    return Limit(
        Step("holds near there" if near else "fails near there", engine.lim(node), value), value
    )


def _largest(engine: _Engine, node: Apply) -> Limit:
    """max and min: the largest or smallest of the limits."""
    found = tuple(map(engine.of, node.arguments))
    known = [f.value for f in found if f.value is not None]
    if len(known) < len(found) or any(sign_of(v) is None for v in known):
        return engine.open(node, found)
    mp = Precise().mp
    sizes = [
        number_of(v) if not is_infinite(v) else mp.inf * (1 if v == INF else -1) for v in known
    ]
    best = (max if node.operation == "max" else min)(range(len(known)), key=lambda k: sizes[k])
    after = Apply(node.operation, *map(engine.lim, node.arguments))
    return engine.together(f"{node.operation} of the limits", node, after, found, known[best])


_RULES: dict[str, Callable[[_Engine, Apply], Limit]] = {
    **dict.fromkeys(("+", "-", "neg"), _sum),
    "*": _product,
    "/": _quotient,
    "^": _power,
    "where": _choice,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _comparison),
    **dict.fromkeys(("max", "min"), _largest),
}
