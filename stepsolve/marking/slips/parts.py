"""A part that was worked out or put in wrongly, where the next side shows which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from stepsolve.marking.slips.row import Fit, Likelihood, Row, Scene, Variant, said
from stepsolve.marking.written import Written, written
from stepsolve.notation.tree import Apply, Array, Expression, Item, replaced

_REASONS: Final = 2  # wrong parts for which a slip is looked for
Pair = tuple[Expression, Expression]


def differing(formula: Expression, side: Expression) -> list[Pair] | None:
    """The parts of a formula and the numbers that stand for them; None where the forms differ."""
    if formula == side:
        return []
    if written(side) is not None:
        return [(formula, side)]
    if type(formula) is not type(side) or not isinstance(side, Apply | Array | Item):
        return None
    if len(formula.children) != len(side.children):
        return None
    if isinstance(formula, Apply) and formula.operation != getattr(side, "operation", ""):
        return None
    found: list[Pair] = []
    for ours, theirs in zip(formula.children, side.children, strict=True):
        below = differing(ours, theirs)
        if below is None:
            return None
        found += below
    return found


def _wrong_parts(scene: Scene) -> Iterator[Variant]:
    if scene.side is None or written(scene.side) is not None:
        return
    pairs = differing(scene.formula, scene.side)
    wrong: dict[Expression, tuple[Expression, str]] = {}
    for part, side in pairs or ():
        number, value = written(side), scene.value(part)
        if number is None or value is None or part in wrong:
            continue
        if (
            abs(value - float(number.value))
            >= float(number.unit if number.is_decimal else 1) * 0.999
        ):
            told = f"{said(part)} is {value:.6g}, not {number.value:f}"
            if written(part) is not None:
                told = f"{number.value:f} for {said(part)}"
            reason = _reason(scene, part, number, value) if len(wrong) < _REASONS else ""
            reason = reason.removeprefix(f"{number.value:f} for {value:.6g}: ")
            wrong[part] = side, f"{told}: {reason}" if reason else told
    changed = scene.formula
    for part, (side, told) in wrong.items():
        yield Variant(replaced(scene.formula, part, side), told)
        changed = replaced(changed, part, side)
    if len(wrong) > 1:
        yield Variant(changed, "; ".join(told for _, told in wrong.values()))


def _reason(scene: Scene, part: Expression, number: Written, value: float) -> str:
    """Why the part is something else, where a slip explains it."""
    from stepsolve.marking.slips import explain  # the other rows

    def fit(changed: Expression) -> Fit:
        found = scene.value(changed)
        if found is None:
            return Fit.NONE
        off = abs(found - float(number.value))
        if off <= float(number.unit) / 2 * 1.000001:
            return Fit.ROUNDED
        cut = off < float(number.unit) and abs(found) > abs(float(number.value))
        return Fit.CUT if cut else Fit.NONE

    inner = replace(
        scene, formula=part, fit=fit, side=None, written=number, expected=Decimal(repr(value))
    )
    slips = explain(inner)
    return slips[0].told if slips else ""


ROWS = (
    Row(
        "wrong part",
        "a part is worked out wrongly, or another number is put in",
        ("0.512 * (0.313 + 0.412)", "0.512 * 0.735"),
        _wrong_parts,
        Likelihood.COMMON,
    ),
)
