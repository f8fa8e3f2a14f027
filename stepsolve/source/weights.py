"""Weights by the names of the field: which ones there must be, and with what sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stepsolve.errors import Diagnosis, nearest
from stepsolve.operations.array_operation import Dims
from stepsolve.source.arrays import GivenArray, check_sizes
from stepsolve.source.report import Report


class Weight(NamedTuple):
    """What a weight has to be: its sizes and why; `optional` ones may be left out."""

    dims: Dims
    because: str
    optional: bool = False


def check_weights(
    given: Iterable[GivenArray], wanted: Mapping[str, Weight], report: Report
) -> bool:
    """Whether the weights are those that are wanted; what is missing or does not fit is reported."""
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
            report.add(
                Diagnosis(f"the weight {name} is missing", None, f"weights: {name}, {sizes}")
            )
            good = False
    return good


def _known(wanted: Mapping[str, Weight]) -> str:
    return f"the weights are {', '.join(wanted)}" if wanted else "no weights are used"
