"""Readers of what has a height and a width: one whole number for both, or a list of two."""

from __future__ import annotations

from typing import Final

from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, choice, integer, list_of
from stepsolve.source.report import Report

Pair = tuple[int, int]
"""Of height and width."""

LARGEST: Final = 1_000_000  # of a size, a count of channels or of units


def pair(least: int, largest: int = LARGEST) -> Reader[Pair]:
    """A whole number for both axes, or a list of two, for height and width."""
    one = integer(least, largest)
    two = list_of(one, minimum=2)

    def read(node: Node, report: Report) -> Pair | None:
        if not isinstance(node.value, list):
            both = one.read(node, report)
            return None if both is None else (both, both)
        if len(node.value) > 2:
            report.add(node.diagnose(f"height and width belong here, not {len(node.value)} sizes"))
            return None
        found = two.read(node, report)
        return None if found is None else (found[0], found[1])

    schema = {"anyOf": [one.schema(), two.schema()]}
    return Reader(read, schema, f"{one.doc} or a list of two", ("text", "list"))


extents = pair(1)
borders = pair(0)
margins: Reader[Pair | str] = Reader(
    lambda node, report: (choice("valid", "same") if _is_word(node) else borders).read(
        node, report
    ),
    {"anyOf": [{"enum": ["valid", "same"]}, borders.schema()]},
    "a number of pixels, valid or same",
    ("text", "list"),
)


def _is_word(node: Node) -> bool:
    return isinstance(node.value, str) and node.value[:1].isalpha()
