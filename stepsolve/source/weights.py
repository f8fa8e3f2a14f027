"""What is wrong with given weights and targets: names, what is missing, classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np

from stepsolve.errors import Diagnosis, nearest
from stepsolve.source.arrays import GivenArray
from stepsolve.source.data import Node
from stepsolve.source.report import Report

MOST_LABELS: Final = 5_000_000  # entries of one-hot targets


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
