"""Marks of a marking scheme: how many for the method and for the answer of a quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stepsolve.notation.names import GRADIENT, NAME
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, boolean, entry, integer, mapping_of, matching, record
from stepsolve.source.report import Report

_MOST = 1000
_count = integer(0, _MOST)
QUANTITY = rf"(?:{GRADIENT}|{NAME})(?:\[[0-9]+(?:, ?[0-9]+)*\])?"
"""The name of a quantity, a gradient or an entry, as a regular expression."""


@dataclass(frozen=True)
class Mark:
    """The marks of one quantity."""

    method: int = entry(_count, "Marks for the method: the right formula or numbers.", default=0)
    answer: int = entry(_count, "Marks for the answer.", default=0)
    carry: bool = entry(
        boolean, "Whether an answer that follows from an earlier error gets them.", default=True
    )

    @property
    def total(self) -> int:
        return self.method + self.answer


def _mark(node: Node, report: Report) -> Mark | None:
    if isinstance(node.value, str):
        total = _count.read(node, report)
        if total is None:
            return None
        return Mark(method=total - min(total, 1), answer=min(total, 1))
    return record(Mark).read(node, report)


mark: Reader[Mark] = Reader(
    _mark,
    {"anyOf": [_count.schema(), record(Mark).schema()]},
    "a number of marks, or a mapping with method, answer and carry",
    ("text", "mapping"),
)

marks: Reader[dict[str, Any]] = mapping_of(matching(QUANTITY, "a quantity"), mark)
"""Marks by quantity; of a plain number one mark is for the answer, the others for the method."""
