"""Why no line, plane or hyperplane separates two classes of points.

If two points of one class have the same sum as two of the other, then w . x + b has the same total
over both pairs, and cannot be positive on the one and not on the other. For truth tables of up to
eight inputs that is so whenever they are not separable.

Source: Minsky, Papert, Perceptrons (1969), ch. 2; Muroga, Threshold Logic and Its Applications
(1971), ch. 7 (summability).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import NamedTuple

from stepsolve.derivation import Block, Detail, Text
from stepsolve.notation.tree import Apply, Array, Expression
from stepsolve.worksheet.solved import Solved

Point = Sequence[Fraction]
MOST_SUMS = 1_000_000  # of entries of pairs of points


class Conflict(NamedTuple):
    """Two points where the target is 1 and two where it is 0, by their places: the sums are equal."""

    ones: tuple[int, int]
    zeros: tuple[int, int]


def conflict(points: Sequence[Point], targets: Sequence[bool]) -> Conflict | None:
    """A conflict between the classes, if there is one between pairs of points."""
    if len(points) ** 2 * len(points[0]) > MOST_SUMS:
        return None
    sums: dict[tuple[Fraction, ...], tuple[int, int]] = {}
    for one, other in _pairs(targets, True):
        sums.setdefault(_sum(points[one], points[other]), (one, other))
    for one, other in _pairs(targets, False):
        found = sums.get(_sum(points[one], points[other]))
        if found is not None:
            return Conflict(found, (one, other))
    return None


def _pairs(targets: Sequence[bool], wanted: bool) -> list[tuple[int, int]]:
    places = [k for k, target in enumerate(targets) if target == wanted]
    # pairs of different points first: four inequalities are the usual argument
    return sorted(combinations_with_replacement(places, 2), key=lambda pair: pair[0] == pair[1])


def _sum(one: Point, other: Point) -> tuple[Fraction, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def points_of(solved: Solved, name: str, rows: bool = True) -> list[list[Fraction]]:
    """The examples of a matrix as exact points; they are its rows or its columns."""
    count, width = solved.dimensions.known[name][:: 1 if rows else -1]
    return [
        [Fraction(solved.decimal(name, *((k, j) if rows else (j, k)))) for j in range(width)]
        for k in range(count)
    ]


def point(solved: Solved, name: str, k: int, rows: bool = True) -> Expression:
    """An example as it is shown."""
    width = solved.dimensions.known[name][1 if rows else 0]
    return Array(*(solved.workings.entry(name, (k, j) if rows else (j, k)) for j in range(width)))


def equal_sums(
    solved: Solved, name: str, found: Conflict, rows: bool = True
) -> tuple[Expression, ...]:
    """The two sums of a conflict, which are equal."""
    return tuple(
        Apply("+", *(point(solved, name, k, rows) for k in pair))
        for pair in (found.ones, found.zeros)
    )


def hidden_space(
    solved: Solved, inputs: str, output: str, targets: str, rows: bool = True
) -> Iterator[Block]:
    """Whether two classes, 0 and 1, are separable at the input, and at the last hidden layer.

    `output` is the line of one number for each example that is linear in the last hidden layer.
    """
    if not all(map(solved.is_known, (inputs, output, targets))):
        return
    labels = [float(label) for label in solved.value(targets)]
    size = len(labels) * solved.value(inputs).size
    if set(labels) != {0.0, 1.0} or size > MOST_SUMS:
        return
    found = conflict(points_of(solved, inputs, rows), [label == 1 for label in labels])
    if found is not None:
        ones, zeros = equal_sums(solved, inputs, found, rows)
        told = (
            "No straight line (or plane) separates the inputs of target 1 from those of target 0: "
        )
        yield Text((told, ones, " = ", zeros, ", so their middles are one point."), Detail.NORMAL)
    reached = [(float(v), label) for v, label in zip(solved.value(output), labels, strict=True)]
    if min(v for v, label in reached if label) > max(v for v, label in reached if not label):
        told = "In the space of the last hidden layer one does: the output layer is linear there, "
        yield Text((told + "and larger for every target 1 than for any target 0.",), Detail.NORMAL)
