"""A value with the node that it was read from, so that a mistake can be pointed at later."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from stepsolve.source.data import Node
from stepsolve.source.fields import Reader
from stepsolve.source.report import Report

T = TypeVar("T")


class Placed(NamedTuple, Generic[T]):
    """What was read, and where it stands."""

    value: T
    node: Node


def placed(reader: Reader[T]) -> Reader[Any]:
    """The same reader, keeping the node."""

    def read(node: Node, report: Report) -> Placed[T] | None:
        found = reader.read(node, report)
        return None if found is None else Placed(found, node)

    return Reader(read, reader.schema(), reader.doc, reader.takes)
