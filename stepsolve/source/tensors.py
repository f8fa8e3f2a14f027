"""Readers of problems in vectors and matrices: shapes, expressions with open functions, conditions."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from stepsolve.notation.names import NAME
from stepsolve.notation.shapes import Shape, Size
from stepsolve.source.data import Node
from stepsolve.source.expression import parse
from stepsolve.source.fields import Reader, list_of, mapping_of, name, unfit, written
from stepsolve.source.quantities import Written, WrittenLine, read_line
from stepsolve.source.report import Report

LARGEST: Final = 100_000
_LETTER = re.compile(f"{NAME}")
_OPEN: Final = ("f", "g", "h", "F", "G", "H", "phi", "psi")
OPEN_FUNCTIONS: Final = frozenset(f"{letter}{primes}" for letter in _OPEN for primes in ("", "'"))
"""Functions that a problem may leave open, acting entry by entry, and their derivatives."""


class WrittenShape(NamedTuple):
    """The shape of a name, and where it stands."""

    name: str
    shape: Shape
    node: Node


class Condition(NamedTuple):
    """What holds for a given vector or matrix: `symmetric`, `one-hot` or `sums to one`."""

    kind: str
    name: str
    node: Node


def _read_size(node: Node, report: Report) -> Size | None:
    typed = written(node)
    if typed.isascii() and typed.isdigit():
        if len(typed) <= len(str(LARGEST)) and 1 <= int(typed) <= LARGEST:
            return int(typed)
        report.add(node.diagnose(f"a size is a whole number from 1 to {LARGEST}, or a letter"))
        return None
    if _LETTER.fullmatch(typed):
        return typed
    report.add(unfit(node, "a size", "write a letter or a whole number, such as n or 3"))
    return None


_size: Reader[Size] = Reader(_read_size, {"type": ["string", "integer"]}, "a size")
_sizes = list_of(_size)


def _read_shape(node: Node, report: Report) -> WrittenShape | None:
    sizes = _sizes.read(node, report)
    if sizes is None:
        return None
    if len(sizes) > 2:
        report.add(node.diagnose("a shape has no size, one or two: a scalar, a vector, a matrix"))
        return None
    return WrittenShape("", Shape(sizes), node)


_shape: Reader[WrittenShape] = Reader(_read_shape, _sizes.schema(), "a list of sizes", ("list",))
_by_name = mapping_of(name, _shape)


def _read_shapes(node: Node, report: Report) -> tuple[WrittenShape, ...] | None:
    found = _by_name.read(node, report)
    if found is None:
        return None
    return tuple(shape._replace(name=key) for key, shape in found.items())


shapes: Reader[tuple[WrittenShape, ...]] = Reader(
    _read_shapes, _by_name.schema(), "a mapping from names to shapes", ("mapping",)
)
expression: Reader[Written] = Reader(
    lambda node, _: Written(parse(written(node), OPEN_FUNCTIONS), node),
    {"type": ["string", "number"]},
    "an expression in vectors and matrices",
)
_line: Reader[WrittenLine] = Reader(
    lambda node, report: read_line(node, report, OPEN_FUNCTIONS),
    {"type": "string"},
    "name = expression",
)
lines: Reader[tuple[WrittenLine, ...]] = list_of(_line, minimum=1)

_CONDITIONS: Final = {
    "symmetric": (
        rf"symmetric\s+({NAME})",
        rf"({NAME})\s*==\s*\1\s*\.T",
        rf"({NAME})\.T\s*==\s*\1",
    ),
    "one-hot": (rf"one-hot\s+({NAME})",),
    "sums to one": (rf"sum\(\s*({NAME})\s*\)\s*==\s*1", rf"1\s*==\s*sum\(\s*({NAME})\s*\)"),
}


def _read_condition(node: Node, report: Report) -> Condition | None:
    for kind, patterns in _CONDITIONS.items():
        for pattern in patterns:
            found = re.fullmatch(pattern, written(node).strip())
            if found:
                return Condition(kind, found[1], node)
    hint = "write sum(y) == 1, one-hot y, or A == A.T"
    report.add(unfit(node, "a condition", hint))
    return None


condition: Reader[Condition] = Reader(_read_condition, {"type": "string"}, "a condition")
