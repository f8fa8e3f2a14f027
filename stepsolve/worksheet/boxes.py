"""Boxes as they are given: four numbers each, as corners or as a centre with a size."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

from stepsolve.source.arrays import GivenArray
from stepsolve.source.data import Node
from stepsolve.source.fields import choice, entry
from stepsolve.source.report import Report
from stepsolve.worksheet.probabilities import exact_values

EDGES: Final = ("x1", "y1", "x2", "y2")
"""Left, top, right and bottom."""


class Form(NamedTuple):
    """How four numbers mean a box: in words, by their names, and the edges as texts over `#name`.

    Without texts the numbers are the edges.
    """

    words: str
    names: tuple[str, str, str, str]
    edges: tuple[str, ...] = ()


FORMS: Final = {
    "corners": Form("left x1, top y1, right x2, bottom y2", EDGES),
    "corner-size": Form(
        "left x, top y, width w, height h",
        ("x", "y", "w", "h"),
        ("#x", "#y", "#x + #w", "#y + #h"),
    ),
    "centre-size": Form(
        "the centre x and y, width w, height h",
        ("x", "y", "w", "h"),
        ("#x - #w / 2", "#y - #h / 2", "#x + #w / 2", "#y + #h / 2"),
    ),
}


def box_form() -> Any:
    """The key that says what the four numbers of a box are."""
    return entry(
        choice(*FORMS),
        "What the numbers of a box are: corners are left, top, right, bottom; corner-size is left, "
        "top, width, height; centre-size is the centre's x and y, width, height.",
        default="corners",
        examples=("corners",),
    )


def spans(numbers: Sequence[Fraction], form: str) -> tuple[Fraction, Fraction]:
    """Width and height of a box."""
    if FORMS[form].edges:
        return numbers[2], numbers[3]
    return numbers[2] - numbers[0], numbers[3] - numbers[1]


def _check_box(numbers: Sequence[Fraction], form: str, node: Node, report: Report) -> bool:
    """Whether four numbers are a box with a width and a height; if not, that is reported."""
    sizes = spans(numbers, form)
    for what, span in zip(("width", "height"), sizes, strict=True):
        if span < 0:
            told = f"this box has the {what} {float(span):.6g}, and none is negative"
            report.add(node.diagnose(told, f"its numbers are {FORMS[form].words}"))
    return min(sizes) >= 0


def check_boxes(array: GivenArray, form: str, report: Report) -> None:
    """Whether the rows of an array, or its four entries, are boxes; what is none is reported."""
    if array.dims[-1:] != (4,) or len(array.dims) > 2:
        told = f"a box is four numbers, {FORMS[form].words}"
        report.add(array.node.diagnose(told))
        return
    if array.value is None:
        return
    values = exact_values(array, report)
    if values is None:
        return
    rows = array.node.value if len(array.dims) == 2 else [array.node]
    nodes = rows if isinstance(rows, list) else [array.node] * (len(values) // 4)
    for k, node in enumerate(nodes):
        _check_box(values[4 * k : 4 * k + 4], form, node, report)
