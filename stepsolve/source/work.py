"""Files of hand-written work: a problem with lines, or a document whose equations are the work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.notation.tree import Expression
from stepsolve.source.data import Node
from stepsolve.source.expression import parse
from stepsolve.source.fields import (
    Reader,
    either,
    entry,
    list_of,
    mapping_of,
    name,
    text,
    written,
)
from stepsolve.source.marks import QUANTITY
from stepsolve.source.notes import Heading, equations
from stepsolve.source.report import Report

_DATA: Final = frozenset({".yaml", ".yml", ".json"})
_DOCUMENT: Final = frozenset({".md", ".markdown", ".tex", ".latex", ".txt"})
_WORK: Final = re.compile(r"^work\s*:", re.MULTILINE)

mapping: Reader[Node] = Reader(lambda node, _: node, {"type": "object"}, "a problem", ("mapping",))


def _entry_of(node: Node, _: Report) -> Expression:
    text_ = written(node)
    if not re.fullmatch(QUANTITY, text_):
        raise ExpressionError("an alias stands for a quantity, or for an entry: W2[1, 1]")
    return parse(text_)


quantity: Reader[Expression] = Reader(_entry_of, {"type": "string"}, "a quantity of the problem")


@dataclass(frozen=True)
class Work:
    """A hand calculation: the lines as written, and the problem that they work on."""

    work: tuple[str, ...] = entry(
        list_of(text), "The lines as on paper, in LaTeX or in the expression language."
    )
    problem: str | Node | None = entry(
        either(text, mapping),
        "The problem: the path of its file, seen from this one, or the problem itself.",
        default=None,
        examples=("neuron.yaml",),
    )
    aliases: dict[str, Any] = entry(
        mapping_of(name, quantity),
        "Names of the work for quantities of the problem, or for entries of them.",
        default={},
        examples=({"W5": "W2[1, 1]"},),
    )
    title: str = entry(text, "A title for the page.", default="")


class WorkLine(NamedTuple):
    """One line as written: its number, and whether it continues the line before it.

    `heading` says that it is no equation but begins a new section.
    """

    number: int
    text: str
    latex: bool | None = None
    continues: bool = False
    heading: bool = False


def is_data(file: str, content: str) -> bool:
    """Whether a file of work is data with keys; a document otherwise."""
    suffix = PurePath(file).suffix.lower()
    if suffix in _DATA or suffix in _DOCUMENT:
        return suffix in _DATA
    return bool(_WORK.search(content))


def listed(lines: Sequence[str]) -> Iterator[WorkLine]:
    """Lines of a list, counted from 1."""
    for number, line in enumerate(lines, 1):
        yield WorkLine(number, line)


def document(content: str) -> Iterator[WorkLine]:
    """The equations of a document, by their lines in the file."""
    for item in equations(content):
        if isinstance(item, Heading):
            yield WorkLine(item.line, item.text, heading=True)
        else:
            yield WorkLine(item.line, item.text, item.latex, item.joined)
