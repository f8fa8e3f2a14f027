"""Readers of what recurrences are made of: `f(n) = a * f(n - 1) + b`, entries, values of inputs."""

from __future__ import annotations

from typing import NamedTuple

from stepsolve.notation.names import NAME
from stepsolve.source.data import Node
from stepsolve.source.entries import INDEX, canonical
from stepsolve.source.expression import parse, parse_definition
from stepsolve.source.fields import Reader, mapping_of, matching, one_or_list, written
from stepsolve.source.fields import list_of, name as bare_name
from stepsolve.source.quantities import Given, Written, WrittenLine, WrittenName, value
from stepsolve.source.report import Report

_HINT = "write f(0) or f(n): a name and an index in brackets"


class WrittenEntry(NamedTuple):
    """`f(3): expression`, what is said of one entry of a sequence."""

    name: str
    written: Written


def _read_recurrence(node: Node, report: Report) -> WrittenLine:
    found = parse_definition(written(node), entries=True)
    return WrittenLine(found.name, found.parameters, Written(found.expression, node))


def _read_expression(node: Node, report: Report) -> Written:
    return Written(parse(written(node), entries=True), node)


def _read_entries(node: Node, report: Report) -> tuple[WrittenEntry, ...] | None:
    found = _entries.read(node, report)
    if found is None:
        return None
    return tuple(WrittenEntry(canonical(name), value) for name, value in found.items())


def _read_quantity(node: Node, report: Report) -> WrittenName | None:
    known = _quantity.read(node, report)
    return None if known is None else WrittenName(canonical(known), node)


recurrence: Reader[WrittenLine] = Reader(
    _read_recurrence, {"type": "string"}, "f(n) = an expression in f(n - 1)"
)
_expression: Reader[Written] = Reader(
    _read_expression, {"type": ["string", "number"]}, "an expression"
)
_entry = matching(f"{NAME}{INDEX}", "an entry such as f(0)", _HINT)
_quantity = matching(f"{NAME}(?:{INDEX})?", "a name or an entry such as f(0)", _HINT)
_entries: Reader[dict[str, Written]] = mapping_of(_entry, _expression)
entry_values: Reader[tuple[WrittenEntry, ...]] = Reader(
    _read_entries, _entries.schema(), "a mapping from entries to expressions", ("mapping",)
)
quantity: Reader[WrittenName] = Reader(_read_quantity, _quantity.schema(), _quantity.doc)
sequence_values: Reader[dict[str, tuple[Given, ...]]] = mapping_of(bare_name, one_or_list(value, 1))
