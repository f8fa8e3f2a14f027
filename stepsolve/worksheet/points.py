"""What is wrong with a point or a direction that a problem gives: no value there, off the curve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stepsolve.calculus.implicit import Relation
from stepsolve.checking.curves import ON_CURVE, Curve
from stepsolve.errors import Diagnosis, OutsideDomain
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.source.data import Node
from stepsolve.source.quantities import Given, Written
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.lines import Line, Worksheet


def values(given: Iterable[Given]) -> Mapping[str, Expression]:
    """What is given by name, without symbols."""
    return {g.name: g.expression for g in given if g.expression is not None}


def without_value(name: str, written: Written, at: Sequence[Given]) -> Iterator[Diagnosis]:
    """Whether a function lacks values for its names, or a value of its own, at the point."""
    known = {*CONSTANTS, *(g.name for g in at)}
    missing = [n for n in names(written.expression) if n not in known]
    for other in missing:
        yield at[0].node.diagnose(
            f"at gives no value for {other}, which {name} depends on",
            f"write at: {{..., {other}: ...}}",
        )
    if missing:
        return
    try:
        evaluate(Worksheet(values(at), (Line(name, written.expression),)))
    except LineError as error:
        message = f"{name} has no value at this point: {error.reason}"
        yield written.diagnose(message, error.node)


def off_direction(direction: Sequence[Given], parameters: Sequence[str]) -> Iterator[Diagnosis]:
    """Whether a direction lacks components."""
    node, given = direction[0].node, {g.name for g in direction}
    for name in parameters:
        if name not in given:
            hint = f"write {name}: 0 if it does not change"
            yield node.diagnose(f"the direction has no component {name}", hint)


def nowhere(direction: Sequence[Given]) -> bool:
    """Whether a direction has length 0."""
    return not any(evaluate(Worksheet(values(direction), ())).values())


def off_curve(relation: Relation, at: Sequence[Given], node: Node) -> Iterator[Diagnosis]:
    """Whether a point does not satisfy the equation."""
    curve = Curve(relation.left, relation.right, relation.variable, relation.dependent)
    try:
        point = curve.precise_values(values(at))
        off, (left, right) = curve.off(point), map(float, curve.sides(point))
    except OutsideDomain as error:
        yield node.diagnose(f"the equation has no value at this point: {error}")
        return
    if off > ON_CURVE:
        message = f"the point does not lie on the curve: {left:.6g} is not {right:.6g}"
        yield node.diagnose(message)
