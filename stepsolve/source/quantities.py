"""Readers of what problems are made of: names, expressions, given values, lines and functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from stepsolve.errors import Diagnosis, ExpressionError, nearest
from stepsolve.notation.names import NAME
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, walk
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.source.data import Node
from stepsolve.source.expression import parse, parse_definition, parse_equation
from stepsolve.source.fields import (
    Reader,
    either,
    entry,
    list_of,
    mapping_of,
    name,
    record,
    text,
    unfit,
    written,
)
from stepsolve.source.magnitude import constant
from stepsolve.source.report import Report, shown

SYMBOL = "symbol"
_OF_OTHER_ROOMS = {"diff": "a derivative", "limit": "a limit", "T": "a transpose"}


class Written(NamedTuple):
    """An expression and where it stands, so that a mistake in any part of it can be pointed at."""

    expression: Expression
    node: Node

    def diagnose(self, message: str, part: Expression | None = None, hint: str = "") -> Diagnosis:
        """A mistake in the expression, or in a part of it."""
        return self.node.diagnose(message, hint, (part or self.expression).span)


class WrittenName(NamedTuple):
    """A quantity's name, and where it stands."""

    name: str
    node: Node


class WrittenLine(NamedTuple):
    """`name = expression` or `name(parameters) = expression`, with the author's reason."""

    name: Name
    parameters: tuple[Name, ...]
    written: Written
    because: str = ""

    @property
    def expression(self) -> Expression:
        return self.written.expression


class WrittenEquation(NamedTuple):
    """`left = right`, each side with its place."""

    left: Written
    right: Written
    node: Node


class Given(NamedTuple):
    """A given quantity; `expression` is None for a symbol without a value."""

    name: str
    expression: Expression | None
    node: Node


def check_scalar(written: Written, report: Report) -> bool:
    """Whether an expression is made of scalar operations alone; what is not is reported."""
    for node in walk(written.expression):
        if isinstance(node, Apply):
            if node.operation in OPERATIONS:
                continue
            what = {"diff": "a derivative", "T": "a transpose", "limit": "a limit"}.get(
                node.operation, node.operation
            )
        elif not node.children:
            continue
        else:
            what = "a vector or an index"
        report.add(written.diagnose(f"{what} has no place among scalars", node))
        return False
    return True


def check_given(given: Iterable[Given], what: str, known: Iterable[str], report: Report) -> None:
    """Whether each given quantity is one of some known names, and has a value; what not is reported.

    `what` is that which needs the values: "a point".
    """
    for value in given:
        if value.name not in known:
            hint = nearest(value.name, known)
            report.add(value.node.diagnose(f"{value.name} does not occur", hint))
        if value.expression is None:
            report.add(value.node.diagnose(f"{what} needs a number for {value.name}, not symbol"))


def _read_name(node: Node, report: Report) -> WrittenName | None:
    known = name.read(node, report)
    return None if known is None else WrittenName(_known_as(known), node)


def _read_equation(node: Node, _: Report) -> WrittenEquation:
    left, right = parse_equation(written(node))
    return WrittenEquation(Written(left, node), Written(right, node), node)


def read_line(node: Node, report: Report, functions: Collection[str] = ()) -> WrittenLine:
    """A line; one that cannot be read still has its name, so that the others can be checked."""
    try:
        found = parse_definition(written(node), functions)
    except ExpressionError as wrong:
        started = re.match(rf"\s*({NAME})\s*=", written(node))
        if started is None:
            raise
        report.add(node.diagnose(wrong.message, wrong.hint, (wrong.start, wrong.end)))
        return WrittenLine(Name(started[1]), (), Written(Number("0"), node))
    return WrittenLine(found.name, found.parameters, Written(found.expression, node))


def _read_value(node: Node, report: Report) -> Given | None:
    """A number, a fraction, an expression of numbers, or the word `symbol`."""
    if node.value == SYMBOL:
        return Given("", None, node)
    value = Written(parse(written(node)), node)
    for other, part in names(value.expression).items():
        if other not in CONSTANTS:
            hint = f"write a number, a fraction, or {SYMBOL} for no value"
            report.add(value.diagnose(f"{other} is not a number", part, hint))
            return None
    if not check_scalar(value, report):
        return None
    found = constant(value.expression)
    if found is None or not math.isfinite(found):
        report.add(node.diagnose(f"{shown(written(node))} has no finite real value"))
        return None
    return Given("", value.expression, node)


def _read_given(node: Node, report: Report) -> tuple[Given, ...] | None:
    found = _values.read(node, report)
    if found is None:
        return None
    return tuple(given._replace(name=_known_as(key)) for key, given in found.items())


def _known_as(key: str) -> str:
    return "pi" if key == "π" else key  # as in expressions


_TEXT_OR_NUMBER = {"type": ["string", "number"]}

expression: Reader[Written] = Reader(
    lambda node, _: Written(parse(written(node)), node), _TEXT_OR_NUMBER, "an expression"
)
equation: Reader[WrittenEquation] = Reader(
    _read_equation, {"type": "string"}, "an equation, left = right"
)
written_name: Reader[WrittenName] = Reader(_read_name, name.schema(), name.doc)
_bare_line: Reader[WrittenLine] = Reader(read_line, {"type": "string"}, "name = expression")


@dataclass(frozen=True)
class _ReasonedLine:
    """A line with the reason for it."""

    line: WrittenLine = entry(_bare_line, "The line, name = expression.")
    because: str = entry(text, "Why it is so.", default="")


_reasoned = record(_ReasonedLine)


def _read_reasoned(node: Node, report: Report) -> WrittenLine | None:
    found = _reasoned.read(node, report)
    return None if found is None else found.line._replace(because=found.because)


line: Reader[WrittenLine] = either(
    _bare_line,
    Reader(_read_reasoned, _reasoned.schema(), "a line with because", ("mapping",)),
)
lines: Reader[tuple[WrittenLine, ...]] = list_of(line, minimum=1)
value: Reader[Given] = Reader(_read_value, _TEXT_OR_NUMBER, "a number")
_values: Reader[dict[str, Given]] = mapping_of(name, value)
given_values: Reader[tuple[Given, ...]] = Reader(
    _read_given, _values.schema(), "a mapping from names to numbers", ("mapping",)
)


def number_that(fits: Callable[[float], bool], doc: str, symbols: bool = False) -> Reader[Given]:
    """A number, or an expression of numbers, whose value fits; with `symbols`, also a symbol."""

    def read(node: Node, report: Report) -> Given | None:
        found = value.read(node, report)
        if found is None or (found.expression is None and symbols):
            return found
        known = None if found.expression is None else constant(found.expression)
        if known is None or not fits(known):
            report.add(unfit(node, doc))
            return None
        return found

    return Reader(read, value.schema(), doc)


positive = number_that(lambda x: 0 < x < float("inf"), "a number above 0", symbols=True)
probability = number_that(lambda x: 0 < x <= 1, "a number above 0 and at most 1")
