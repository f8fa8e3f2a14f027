"""Readers of what recurrences are made of: `f(n) = a * f(n - 1) + b`, entries, values of inputs."""

from __future__ import annotations

from typing import NamedTuple

from stepsolve.notation.names import NAME, Entry, entry
from stepsolve.notation.tree import names
from stepsolve.source.data import Node
from stepsolve.source.entries import INDEX, canonical
from stepsolve.source.expression import parse, parse_definition
from stepsolve.source.fields import Reader, mapping_of, matching, one_or_list, written
from stepsolve.source.fields import name as bare_name
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    value,
)
from stepsolve.source.report import Report

MAX_SIZE = 200  # nodes of a recurrence: it is written out and differentiated at every step
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


def check_recurrence(line: WrittenLine, report: Report) -> bool:
    """Whether a line is f(n) by f(n - 1), inputs x(n) and plain names; what is not is reported."""
    written, at = line.written, entry(line.name.name)
    if at is None or not at.place.isidentifier() or "/" in line.name.name:
        hint = "write f(n) = ..., in terms of f(n - 1)"
        report.add(written.diagnose("a recurrence is for the entry at an index", line.name, hint))
        return False
    good = check_scalar(written, report)
    if written.expression.size > MAX_SIZE:
        message = f"a recurrence may have {MAX_SIZE} names, numbers and signs"
        report.add(written.diagnose(message))
        good = False
    used = names(written.expression)
    for name, part in used.items():
        if (complaint := _misplaced(name, at)) is not None:
            report.add(written.diagnose(complaint[0], part, complaint[1]))
            good = False
    before = f"{at.sequence}({at.place} - 1)"
    if good and before not in used:
        message = f"{before} does not occur, so this is no recurrence"
        report.add(written.diagnose(message))
        good = False
    return good


def _misplaced(name: str, left: Entry) -> tuple[str, str] | None:
    """What is wrong with a name in the right side, and a hint; None where it may stand."""
    at = entry(name)
    before = f"{left.sequence}({left.place} - 1)"
    if "/" in name:
        return f"{name} is a gradient: it is worked out, not written", ""
    if at is None:
        return (f"{name} needs its index", f"write {before}") if name == left.sequence else None
    if at.sequence == left.place:
        return f"{at.sequence} is the index", "give the sequence another name"
    if at.sequence != left.sequence:
        here = f"{at.sequence}({left.place})"
        hint = f"for a product write {at.sequence} * ({at.place})"
        return None if name == here else (f"an input stands in a recurrence as {here}", hint)
    if name == before:
        return None
    if at == left:
        return f"{name} stands on both sides", f"write {before}"
    steps = at.place.removeprefix(f"{left.place} - ")
    if steps != at.place:
        return (
            f"{name} lies {steps} steps back: only the step before may be used",
            "a recurrence of higher order is one of first order for a vector of entries",
        )
    return f"only {before} may be used of {left.sequence}", ""
