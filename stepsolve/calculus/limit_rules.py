"""The rules of limits: from the limits of the parts to that of the whole, an operation each.

Source: Stewart, Calculus, 8th ed., 2.3, 2.5 and 2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stepsolve.calculus.limit_values import (
    HUGE,
    INF,
    MINUS_INF,
    Limit,
    infinity,
    is_infinite,
    negative,
    number_of,
    settled,
    sign_near,
    sign_of,
)
from stepsolve.calculus.limit_waves import changes_sign, is_bounded, swing
from stepsolve.calculus.tidy import ZERO, terms, tidy
from stepsolve.checking.precise import Precise
from stepsolve.derivation import Step
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import OPERATIONS

if TYPE_CHECKING:
    from stepsolve.calculus.limits import Engine

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
    ("acosh", INF): INF,
}


# ------------------------------------------------------------------------------- the signs


def _sum(engine: Engine, node: Apply) -> Limit:
    """Sum, difference and change of sign: term by term."""
    parts = terms(node)
    found = tuple(engine.of(part) for _, part in parts)
    after = _signed([(sign, engine.lim(part)) for sign, part in parts])
    waves = [f for f in found if f.reason == "waves"]
    if any(f.value is None and f.reason != "waves" for f in found):
        reasons = {f.reason for f in found if f.value is None}
        unsigned = reasons == {"unsigned"} and not any(is_infinite(f.value) for f in found)
        alone = unsigned and sum(f.value is None for f in found) == 1
        return engine.open(node, found, "sides" if "sides" in reasons else "unsigned" * alone)
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
    if len(waves) > 1:  # they may cancel
        return engine.open(node, found)
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


def _product(engine: Engine, node: Apply) -> Limit:
    found = engine.of(node.arguments[0]), engine.of(node.arguments[1])
    after = Apply("*", *map(engine.lim, node.arguments))
    for k in (0, 1):
        vanishing, other_ = found[k].value, found[1 - k].value
        if vanishing is None or other_ is not None or sign_of(vanishing) != 0:
            continue
        if is_bounded(node.arguments[1 - k], engine.variable.name):
            name = "bounded times vanishing (squeeze)"
            return engine.together(name, node, ZERO, (found[k],), ZERO)
    a, b = found[0].value, found[1].value
    for k in (0, 1):
        other, beside = node.arguments[1 - k], is_infinite(found[k].value)
        if beside and found[1 - k].reason == "waves" and changes_sign(other, engine.variable.name):
            name = "oscillation without bound"
            return engine.together(name, node, after, found, None, "wild")
    if a is None or b is None:
        sides = "sides" if "sides" in (found[0].reason, found[1].reason) else ""
        known = a if b is None else b
        unsigned = "unsigned" in (found[0].reason, found[1].reason)
        if unsigned and known is not None and sign_of(known) != 0:
            return engine.open(node, found, "unsigned")
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
        return engine.open(node, found, "unsigned")
    return engine.together("product rule", node, after, found, infinity(signs[0] * signs[1]))


def _quotient(engine: Engine, node: Apply) -> Limit:
    above, below = node.arguments
    found = engine.of(above), engine.of(below)
    after = Apply("/", *map(engine.lim, node.arguments))
    a, b = found[0].value, found[1].value
    bounded = a is None and is_bounded(above, engine.variable.name)
    if is_infinite(b) and (found[0].reason == "waves" or bounded):
        name = "bounded over unbounded (squeeze)"
        return engine.together(name, node, ZERO, (found[1],), ZERO)
    unsigned = [f.reason == "unsigned" for f in found]
    if any(unsigned) and all(f.reason == "unsigned" or is_infinite(f.value) for f in found):
        return engine.open(node, found, "inf/inf")
    if unsigned[1] and a is not None:
        return engine.together("finite over unbounded", node, after, found, ZERO)
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


def _over_zero(engine: Engine, node: Apply, found: tuple[Limit, Limit], top: int | None) -> Limit:
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


def _power(engine: Engine, node: Apply) -> Limit:
    base, exponent = node.arguments
    if engine.variable.name in names(exponent):
        return engine.open(node, (), "power")
    found = engine.of(base)
    if found.value is None:
        kept = found.reason in ("sides", "unsigned")
        return engine.open(node, (found,), found.reason if kept else "")
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


def function(engine: Engine, node: Apply) -> Limit:
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
        if swing(node, engine.variable.name) is not None:
            return engine.together("oscillation", node, after, (found,), None, "waves")
        known = AT_INFINITY.get((node.operation, value))
        if known is None:
            return engine.open(node, (found,))
        name = f"{node.operation} → {one_line(known)} at {one_line(value)}"
        return engine.together(name, node, after, (found,), known)
    if node.operation in ("floor", "ceil"):
        return _rounded(engine, node, found)
    if node.operation in ("log", "sign") and sign_of(value) == 0:
        return _at_zero(engine, node, found)
    there = number_of(Apply(node.operation, value))
    if number_of(value) is not None and (there is None or abs(there) > HUGE):
        return engine.open(node, (found,))
    put = settled(Apply(node.operation, value))
    return engine.together(f"continuity of {node.operation}", node, after, (found,), put)


def _at_zero(engine: Engine, node: Apply, found: Limit) -> Limit:
    """log and sign, whose argument vanishes: from above or from below."""
    near = sign_near(node.arguments[0], engine.approach)
    if not near or (node.operation == "log" and near < 0):
        return engine.open(node, (found,), "" if engine.approach.side else "sides")
    value = MINUS_INF if node.operation == "log" else settled(Number("1"))
    value = negative(value) if near < 0 else value
    after = Apply(node.operation, engine.lim(node.arguments[0]))
    return engine.together(f"{node.operation} near 0", node, after, (found,), value)


def _rounded(engine: Engine, node: Apply, found: Limit) -> Limit:
    """floor and ceil: at a whole number the side from which their argument comes decides."""
    assert found.value is not None
    (argument,) = node.arguments
    after = Apply(node.operation, engine.lim(argument))
    put = settled(Apply(node.operation, found.value))
    name = f"continuity of {node.operation}"
    if put != settled(found.value):
        return engine.together(name, node, after, (found,), put)
    near = sign_near(Apply("-", argument, found.value), engine.approach)
    if near is None:
        return engine.open(node, (found,), "" if engine.approach.side else "sides")
    step = {("floor", -1): "-", ("ceil", 1): "+"}.get((node.operation, near))
    value = put if step is None else settled(Apply(step, put, Number("1")))
    name = f"{node.operation} beside a whole number"
    return engine.together(name, node, value, (found,), value)


def _choice(engine: Engine, node: Apply) -> Limit:
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


def _comparison(engine: Engine, node: Apply) -> Limit:
    """A comparison: whether it holds on the way."""
    near = sign_near(node, engine.approach)
    if near is None:
        return engine.open(node, (), "" if engine.approach.side else "sides")
    value = Number("1") if near else ZERO
    return Limit(
        Step("holds near there" if near else "fails near there", engine.lim(node), value), value
    )


def _largest(engine: Engine, node: Apply) -> Limit:
    """max and min: the largest or smallest of the limits."""
    found = tuple(map(engine.of, node.arguments))
    known = [f.value for f in found if f.value is not None]
    if len(known) < len(found) or any(sign_of(v) is None for v in known):
        return engine.open(node, found)
    infinite = {INF: Precise().mp.inf, MINUS_INF: -Precise().mp.inf}
    sizes: list[Any] = [infinite[v] if is_infinite(v) else number_of(v) for v in known]
    best = (max if node.operation == "max" else min)(range(len(known)), key=lambda k: sizes[k])
    after = Apply(node.operation, *map(engine.lim, node.arguments))
    return engine.together(f"{node.operation} of the limits", node, after, found, known[best])


RULES: dict[str, Callable[[Engine, Apply], Limit]] = {
    **dict.fromkeys(("+", "-", "neg"), _sum),
    "*": _product,
    "/": _quotient,
    "^": _power,
    "where": _choice,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _comparison),
    **dict.fromkeys(("max", "min"), _largest),
}
