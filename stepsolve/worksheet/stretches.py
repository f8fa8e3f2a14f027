"""Sums of gradients that fill each other's zeros: parts of an array, put together again.

What a line picks from an array, a stretch or a row, gives its gradient among zeros. Where the parts
make up the whole array, their sum is the parts behind each other: that is how it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stepsolve.notation.tree import Apply, Expression, Number
from stepsolve.operations.array_operation import Dims


class _Stretch(NamedTuple):
    """A gradient that belongs from `start` up to `stop` along an axis; of `row`, without this axis."""

    axis: int
    start: int
    stop: int
    gradient: Expression
    row: bool = False


def put_together(parts: Sequence[Expression], dims: Dims) -> Expression | None:
    """The sum of the parts as one array behind the other, or None where they do not make it up."""
    found = [_stretch(part, dims) for part in parts]
    stretches = sorted((s for s in found if s is not None), key=lambda s: s.start)
    if len(stretches) < max(len(parts), 2):
        return None
    first = stretches[0]
    if any((s.axis, s.row) != (first.axis, first.row) for s in stretches):
        return None
    ends = [0, *(s.stop for s in stretches)]
    if ends != [*(s.start for s in stretches), dims[first.axis]]:
        return None
    gradients = [s.gradient for s in stretches]
    if first.row:
        return Apply("stack", *gradients)
    settings = [Apply("axis", Number(str(first.axis)))] if first.axis else []
    return Apply("concat", *gradients, *settings)


def _stretch(part: Expression, dims: Dims) -> _Stretch | None:
    match part:
        case Apply(
            operation="outer",
            arguments=(Apply(operation="one_hot", arguments=(Number(text=place), _)), gradient),
        ):
            return _Stretch(0, int(place), int(place) + 1, gradient, row=True)
        case Apply(operation="concat", arguments=arguments):
            axis, around = 0, list(arguments)
            match around[-1]:
                case Apply(operation="axis", arguments=(Number(text=text),)):
                    axis = int(text)
                    around.pop()
            before, after = (_zeros(around[k], axis) for k in (0, -1))
            inner = around[before > 0 : len(around) - (after > 0)]
            if len(inner) == 1:
                return _Stretch(axis, before, dims[axis] - after, inner[0])
    return None


def _zeros(part: Expression, axis: int) -> int:
    """How many zeros stand along an axis; 0 for anything else."""
    match part:
        case Apply(operation="zeros", arguments=sizes):
            size = sizes[axis]
            return int(size.text) if isinstance(size, Number) else 0
    return 0
