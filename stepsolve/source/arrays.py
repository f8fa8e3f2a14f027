"""Readers of given arrays: numbers in lists, numbers drawn from a seed, and symbols with sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite, log10, prod
from typing import Any, Final, NamedTuple

import numpy as np

from stepsolve.errors import Diagnosis
from stepsolve.notation.tree import Array, Expression, Number, names
from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.operations.dimensions import MOST_ENTRIES
from stepsolve.operations.table import CONSTANTS
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    Reader,
    choice,
    entry,
    integer,
    list_of,
    mapping_of,
    name,
    record,
    written,
)
from stepsolve.source.magnitude import constant
from stepsolve.source.quantities import SYMBOL, check_scalar, expression, value
from stepsolve.source.report import Report, shown

_MOST_AXES: Final = 4
_NO_LETTERS: Final = {*CONSTANTS, "nan", "inf"}
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15})?")


class GivenArray(NamedTuple):
    """A given number or array: as written, drawn, or None for a symbol with sizes alone."""

    name: str
    value: Expression | np.ndarray[Any, Any] | None
    dims: Dims
    node: Node

    @property
    def words(self) -> str:
        """Its sizes, to stand after its name: `has 3 entries`."""
        return size_words(self.dims)


def _positive(node: Node, report: Report) -> Expression | None:
    if re.fullmatch(r"[0-9]*\.?[0-9]+(?:e-?[0-9]{1,2})?", written(node)) and float(written(node)):
        return Number(written(node))
    report.add(node.diagnose("a number above 0 belongs here"))
    return None


positive: Reader[Expression] = Reader(_positive, {"type": "number"}, "a number above 0")


@dataclass(frozen=True)
class Drawn:
    """Numbers drawn from a seed, or a symbol with sizes."""

    shape: tuple[int, ...] = entry(list_of(integer(1, 100_000), minimum=1), "The sizes.")
    seed: int | None = entry(
        integer(0, 10**9), "Where the random numbers start; without it, a symbol.", default=None
    )
    scale: Expression | None = entry(
        positive,
        "The standard deviation of the numbers, or the largest if uniform.",
        default=None,
    )
    distribution: str = entry(
        choice("normal", "uniform"), "How they are distributed, around 0.", default="normal"
    )


_drawn = record(Drawn)


def draw(dims: Dims, seed: int, scale: float = 1.0, distribution: str = "normal") -> Any:
    """Random numbers of a few digits, the same on every machine.

    They are rounded to two decimals, or to more where the scale is small.
    """
    random = np.random.default_rng(seed)
    if distribution == "uniform":
        numbers = random.uniform(-scale, scale, dims)
    else:
        numbers = random.normal(0.0, scale, dims)
    return np.round(numbers, 2 + max(0, ceil(-log10(scale)))) + 0.0


def _read_array(node: Node, report: Report, letters: bool = False) -> GivenArray | None:
    if isinstance(node.value, dict):
        return _read_drawn(node, report)
    if node.value == SYMBOL:
        return GivenArray("", None, (), node)
    found = _numbers(node, report, 0, letters)
    if found is None:
        return None
    dims = _dims(found)
    if isinstance(dims, Diagnosis):
        report.add(dims)
        return None
    return GivenArray("", found.expression, dims, node)


class _Read(NamedTuple):
    """Numbers as read: what they are, where they stand, and their parts."""

    expression: Expression
    node: Node
    parts: tuple[_Read, ...] = ()


def _numbers(node: Node, report: Report, depth: int, letters: bool = False) -> _Read | None:
    """An expression of numbers, or with `letters` also of names, and where each part stands."""
    if isinstance(node.value, list):
        if depth == _MOST_AXES:
            report.add(node.diagnose(f"an array has at most {_MOST_AXES} axes"))
            return None
        if not node.value:
            report.add(node.diagnose("an array has at least one entry"))
            return None
        parts = [_numbers(item, report, depth + 1, letters) for item in node.value]
        good = [part for part in parts if part is not None]
        if len(good) < len(parts):
            return None
        return _Read(Array(*(part.expression for part in good)), node, tuple(good))
    if isinstance(node.value, str) and _PLAIN.fullmatch(node.value):
        return _Read(Number(node.value), node)
    if letters and node.value != SYMBOL:
        tree = expression.read(node, report)
        if tree is None:
            return None
        if not names(tree.expression).keys() <= _NO_LETTERS:
            return _Read(tree.expression, node) if check_scalar(tree, report) else None
    known = value.read(node, report)
    if known is None:
        return None
    if known.expression is None:
        report.add(node.diagnose("a number belongs here, not symbol"))
        return None
    found = constant(known.expression)
    if found is None or not isfinite(found):
        report.add(node.diagnose(f"{shown(written(node))} has no finite real value"))
        return None
    return _Read(known.expression, node)


def _dims(read: _Read) -> Dims | Diagnosis:
    """The sizes, or where a row has another length than those before it."""
    if not read.parts:
        return ()
    first = _dims(read.parts[0])
    if isinstance(first, Diagnosis):
        return first
    for part in read.parts[1:]:
        other = _dims(part)
        if isinstance(other, Diagnosis):
            return other
        if other != first:
            told = f"this row {size_words(other)}, the first one {size_words(first)}"
            return part.node.diagnose(told, "all rows of an array have the same sizes")
    return (len(read.parts), *first)


def _read_drawn(node: Node, report: Report) -> GivenArray | None:
    found = _drawn.read(node, report)
    if found is None:
        return None
    if len(found.shape) > _MOST_AXES or prod(found.shape) > MOST_ENTRIES:
        report.add(node.diagnose("an array has at most 4 axes and 4 million entries"))
        return None
    if found.seed is None:
        return GivenArray("", None, found.shape, node)
    scale = float(found.scale.text) if isinstance(found.scale, Number) else 1.0
    return GivenArray(
        "", draw(found.shape, found.seed, scale, found.distribution), found.shape, node
    )


_NUMBER: dict[str, object] = {"type": ["number", "string"]}


def _listed(axes: int) -> dict[str, object]:
    """The JSON Schema of a number or of lists of them, so many deep."""
    if not axes:
        return _NUMBER
    return {"anyOf": [_NUMBER, {"type": "array", "minItems": 1, "items": _listed(axes - 1)}]}


array: Reader[GivenArray] = Reader(
    _read_array,
    {"anyOf": [_listed(_MOST_AXES), _drawn.schema()]},
    "a number or a list of numbers",
    ("text", "list", "mapping"),
)
in_letters: Reader[GivenArray] = Reader(
    partial(_read_array, letters=True),
    array.schema(),
    "a list of numbers or expressions",
    ("text", "list", "mapping"),
)
"""The same, where entries may also be expressions in letters without a value: `[a, 1 - a]`."""


def named_arrays(each: Reader[GivenArray]) -> Reader[tuple[GivenArray, ...]]:
    """Arrays by name."""
    arrays = mapping_of(name, each)

    def read(node: Node, report: Report) -> tuple[GivenArray, ...] | None:
        found = arrays.read(node, report)
        if found is None:
            return None
        return tuple(a._replace(name="pi" if key == "π" else key) for key, a in found.items())

    doc = "a mapping from names to numbers or lists of them"
    return Reader(read, arrays.schema(), doc, ("mapping",))


given_arrays: Reader[tuple[GivenArray, ...]] = named_arrays(array)


def element(given: GivenArray, place: int) -> GivenArray:
    """One entry of a given array along its first axis."""
    found = given.value
    if isinstance(found, Array):
        found = found.items[place]
    elif found is not None and not isinstance(found, Expression):
        found = np.asarray(found[place])
    node = given.node
    if isinstance(node.value, list):
        node = node.value[place]
    return GivenArray(given.name, found, given.dims[1:], node)


def check_sizes(given: GivenArray, dims: Dims, because: str, report: Report) -> bool:
    """Whether a given array has the sizes that it must have; if not, it is reported."""
    if given.dims == dims:
        return True
    told = f"{given.name} {given.words}, but {_wanted(dims)} here"
    report.add(given.node.diagnose(told, because))
    return False


def _wanted(dims: Dims) -> str:
    if len(dims) == 1:
        return "1 entry belongs" if dims[0] == 1 else f"{dims[0]} entries belong"
    return f"{' × '.join(map(str, dims))} belongs" if dims else "a number belongs"
