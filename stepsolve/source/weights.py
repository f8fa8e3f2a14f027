"""What is wrong with given weights and targets: names, what is missing, classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stepsolve.errors import Diagnosis, nearest
from stepsolve.notation.tree import Array, Number
from stepsolve.source.arrays import GivenArray
from stepsolve.source.data import Node
from stepsolve.source.report import Report


def check_weights(
    given: Iterable[GivenArray],
    known: Collection[str],
    required: Iterable[str],
    report: Report,
    hint: str = "",
) -> dict[str, GivenArray]:
    """The given weights by name, after reporting unknown and missing ones."""
    found = {array.name: array for array in given}
    for array in found.values():
        if array.name not in known:
            told = nearest(array.name, known) or f"the weights here are {', '.join(known)}"
            report.add(array.node.diagnose(f"there is no weight {array.name} here", told))
    place = next((array.node.place for array in found.values()), None)
    for name in required:
        if name not in found:
            report.add(Diagnosis(f"the weight {name} is missing", place, hint))
    return {name: array for name, array in found.items() if name in known}


def one_hot(
    given: GivenArray, classes: int, report: Report, columns: bool = False
) -> GivenArray | None:
    """Classes counted from 0 as vectors with a 1 at their place; what is no class is reported.

    Of several classes they are the rows of a matrix, or its columns.
    """
    nodes = given.node.value if isinstance(given.node.value, list) else [given.node]
    places = [_class(node, classes, report) for node in nodes] if isinstance(nodes, list) else []
    if None in places:
        return None
    rows = [Array(*(Number(str(int(k == at))) for k in range(classes))) for at in places]
    if not given.dims:
        return given._replace(value=rows[0], dims=(classes,))
    if columns:
        turned = zip(*(row.children for row in rows), strict=True)
        return given._replace(value=Array(*(Array(*r) for r in turned)), dims=(classes, len(rows)))
    return given._replace(value=Array(*rows), dims=(len(rows), classes))


def _class(node: Node, classes: int, report: Report) -> int | None:
    text = node.value
    if isinstance(text, str) and text.isdecimal() and len(text) < 7 and int(text) < classes:
        return int(text)
    shown = text if isinstance(text, str) else "this"
    hint = f"the {classes} classes are counted from 0 to {classes - 1}"
    report.add(node.diagnose(f"there is no class {shown}", hint))
    return None
