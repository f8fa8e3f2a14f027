"""Truth tables: rows of inputs, and the targets of gates by name or as a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Final, NamedTuple

from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Array, Expression, Number
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, choice, either
from stepsolve.source.report import Report

GATES: Final[Mapping[str, Callable[[Sequence[bool]], bool]]] = {
    "AND": all,
    "OR": any,
    "NAND": lambda row: not all(row),
    "NOR": lambda row: not any(row),
    "XOR": lambda row: sum(row) % 2 == 1,
    "XNOR": lambda row: sum(row) % 2 == 0,
    "NOT": lambda row: not row[0],
}
MOST_INPUTS: Final = 8  # of a whole truth table: 256 rows


class Targets(NamedTuple):
    """What is to be computed: a gate by name, or numbers for the rows."""

    gate: str
    numbers: GivenArray | None
    node: Node


_gate = choice(*GATES)


def _read_gate(node: Node, report: Report) -> Targets | None:
    found = _gate.read(node, report)
    return None if found is None else Targets(found, None, node)


def _read_numbers(node: Node, report: Report) -> Targets | None:
    found = array.read(node, report)
    return None if found is None else Targets("", found, node)


targets: Reader[Targets] = either(
    Reader(_read_gate, _gate.schema(), "a gate such as AND"),
    Reader(_read_numbers, {"type": "array"}, "a list of numbers", ("list",)),
)


def truth_rows(count: int, low: int) -> Expression:
    """All rows of so many inputs, counted upwards in binary, with a number for false."""
    return Array(*(Array(*map(whole, row)) for row in product((low, 1), repeat=count)))


def whole(value: int) -> Expression:
    """A whole number as an expression."""
    return Number(str(value)) if value >= 0 else Apply("neg", Number(str(-value)))


def exact_entries(given: GivenArray, report: Report) -> list[Fraction]:
    """All entries of an array as fractions, the last axis fastest; what has no such value is told."""
    if isinstance(given.value, Expression):
        leaves = [given.value]
        while any(isinstance(leaf, Array) for leaf in leaves):
            leaves = [item for leaf in leaves for item in leaf.children]
        found = [numeric(leaf) for leaf in leaves]
        exact = [Fraction(value) for value in found if value is not None]
        if len(exact) == len(found):
            return exact
    elif given.value is not None:
        return [Fraction(repr(float(value))) for value in given.value.flat]
    report.add(given.node.diagnose("decimals or fractions are needed here"))
    return []
