"""Probabilities as they are given: numbers from 0 to 1 that sum to one, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod
from typing import Final

import numpy as np

from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Array, Expression
from stepsolve.source.arrays import GivenArray
from stepsolve.source.data import Node
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError, value

SUM_TOLERANCE: Final = Fraction(1, 10**6)  # of decimals, such as thirds with seven places
MOST: Final = 2000  # probabilities of one distribution


def entries(array: GivenArray) -> Iterator[tuple[Expression, Node]]:
    """The numbers of a given array as written, the last axis fastest, each with its place."""
    assert isinstance(array.value, Expression)
    waiting = [(array.value, array.node)]
    while waiting:
        expression, node = waiting.pop()
        if isinstance(expression, Array):
            assert isinstance(node.value, list)
            waiting.extend(reversed(list(zip(expression.items, node.value, strict=True))))
        else:
            yield expression, node


def exact_value(expression: Expression) -> Fraction:
    """The value of an expression of numbers: exact if it is rational, else that of its float.

    Raises `LineError` where it has none.
    """
    found = numeric(expression)
    if found is not None:
        return Fraction(found)
    with np.errstate(all="ignore"):
        return Fraction(float(value(expression, {})))


def exact_values(
    array: GivenArray, report: Report, wrong: Callable[[Fraction], str] = lambda _: ""
) -> tuple[Fraction, ...] | None:
    """The values of the entries of a given array; None after reporting what has none.

    `wrong` tells what is wrong with a value, or nothing.
    """
    if array.value is None:
        report.add(array.node.diagnose("numbers belong here, not a symbol"))
        return None
    if not isinstance(array.value, Expression):
        drawn = tuple(Fraction(repr(float(number))) for number in array.value.flat)
        told = next(filter(None, map(wrong, drawn)), "")
        if told:
            report.add(array.node.diagnose(f"{told}, and not all of these are"))
        return None if told else drawn
    found = []
    whole = True
    for expression, node in entries(array):
        try:
            number = exact_value(expression)
            found.append(number)
            told = wrong(number)
        except LineError as error:
            told = error.reason
        if told:
            report.add(node.diagnose(told))
            whole = False
    return tuple(found) if whole else None


def _no_probability(number: Fraction) -> str:
    return "" if 0 <= number <= 1 else "a probability is a number from 0 to 1"


def exact_probabilities(array: GivenArray, report: Report) -> tuple[Fraction, ...] | None:
    """The values of an array of probabilities; None after reporting which are none."""
    if prod(array.dims) > MOST:
        report.add(array.node.diagnose(f"there are at most {MOST} probabilities"))
        return None
    return exact_values(array, report, _no_probability)


def exact_distribution(
    array: GivenArray, report: Report, axes: int = 1
) -> tuple[Fraction, ...] | None:
    """The values of probabilities that sum to one, in a list or in rows; None after reporting."""
    if array.value is not None and len(array.dims) != axes:
        form = "a list" if axes == 1 else "a list of rows"
        report.add(array.node.diagnose(f"{form} of probabilities belongs here"))
        return None
    values = exact_probabilities(array, report)
    if values is None:
        return None
    total = sum(values, Fraction(0))
    if abs(total - 1) > SUM_TOLERANCE:
        told = f"these probabilities sum to {float(total):.10g}, not to 1"
        report.add(array.node.diagnose(told, "fractions such as 1/3 are exact"))
        return None
    return values
