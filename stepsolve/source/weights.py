"""What is wrong with given weights and targets: names, what is missing, classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from stepsolve.errors import nearest
from stepsolve.operations.array_operation import Dims
from stepsolve.source.arrays import GivenArray, check_sizes
from stepsolve.source.data import Node
from stepsolve.source.report import Report

MOST_LABELS: Final = 5_000_000  # entries of one-hot targets


def check_weights(
    given: Iterable[GivenArray],
    known: Collection[str],
    required: Iterable[str],
    place: Node,
    report: Report,
    hint: str = "",
) -> dict[str, GivenArray]:
    """The given weights by name, after reporting unknown and missing ones, these at a place."""
    found = {array.name: array for array in given}
    unknown = [name for name in found if name not in known]  # one may be another, misspelt
    for array in found.values():
        if array.name in unknown:
            told = nearest(array.name, known) or f"the weights here are {', '.join(known)}"
            report.add(array.node.diagnose(f"there is no weight {array.name} here", told))
    for name in required:
        if name not in found and not any(nearest(other, [name]) for other in unknown):
            report.add(place.diagnose(f"the weight {name} is missing", hint))
    return {name: array for name, array in found.items() if name in known}


def one_hot(
    given: GivenArray, classes: int, report: Report, columns: bool = False
) -> GivenArray | None:
    """Classes counted from 0 as vectors with a 1 at their place; what is no class is reported.

    Of several classes they are the rows of a matrix, or its columns.
    """
    nodes = given.node.value if isinstance(given.node.value, list) else [given.node]
    if len(nodes) * classes > MOST_LABELS:
        report.add(given.node.diagnose("so many classes of so many examples are too many"))
        return None
    found = [_class(node, classes, report) for node in nodes]
    places = [place for place in found if place is not None]
    if len(places) < len(found):
        return None
    rows = np.zeros((len(places), classes))  # not np.eye: classes may be very many
    rows[np.arange(len(places)), places] = 1
    if not given.dims:
        return given._replace(value=rows[0], dims=(classes,))
    rows = rows.T if columns else rows
    return given._replace(value=rows, dims=rows.shape)


def _class(node: Node, classes: int, report: Report) -> int | None:
    text = node.value
    if isinstance(text, str) and text.isdecimal() and len(text) < 7 and int(text) < classes:
        return int(text)
    shown = text if isinstance(text, str) else "this"
    hint = f"the {classes} classes are counted from 0 to {classes - 1}"
    report.add(node.diagnose(f"there is no class {shown}", hint))
    return None


class Weight(NamedTuple):
    """What a weight has to be: its sizes and why; `optional` ones may be left out."""

    dims: Dims
    because: str
    optional: bool = False


def check_weight_sizes(
    given: Iterable[GivenArray], wanted: Mapping[str, Weight], place: Node, report: Report
) -> bool:
    """Whether the weights are those that are wanted; what does not fit is reported, and what is
    missing, at a place."""
    by_name = {array.name: array for array in given}
    good = True
    unknown = [name for name in by_name if name not in wanted]
    for name, array in by_name.items():
        if name in wanted:
            good &= check_sizes(array, wanted[name].dims, wanted[name].because, report)
        else:
            hint = nearest(name, wanted) or _known(wanted)
            report.add(array.node.diagnose(f"{name} is not a weight here", hint))
            good = False
    for name, weight in wanted.items():
        if name not in by_name and not weight.optional:
            good = False
            if any(nearest(other, [name]) for other in unknown):
                continue  # it is only misspelt
            sizes = " × ".join(map(str, weight.dims))
            told = f"the weight {name} is missing"
            report.add(place.diagnose(told, f"weights: {name}, {sizes}"))
    return good


def _known(wanted: Mapping[str, Weight]) -> str:
    return f"the weights are {', '.join(wanted)}" if wanted else "no weights are used"
