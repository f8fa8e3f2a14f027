"""What is wrong with given weights and targets: names, what is missing, classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stepsolve.errors import Diagnosis, nearest
from stepsolve.source.arrays import GivenArray
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
