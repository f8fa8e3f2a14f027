"""Readers of what slides: steps along axes, padding, and the gradient that comes from above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, choice, entry, integer, list_of, record
from stepsolve.source.report import Report

MOST: Final = 100_000  # of a stride, a dilation, a padding
WORDS: Final = ("valid", "same", "full")


class PerAxis(NamedTuple):
    """A whole number, or one for each axis, and where it stands."""

    values: Dims
    node: Node | None = None

    def along(self, axes: int, what: str, report: Report) -> Dims | None:
        """The number of every axis; None after reporting that there are not as many."""
        if len(self.values) == 1:
            return self.values * axes
        if len(self.values) == axes:
            return self.values
        if self.node is not None:
            told = f"{what} is one number, or one for each of the {axes} axes"
            report.add(self.node.diagnose(told if axes > 1 else f"{what} is one number here"))
        return None


ONE: Final = PerAxis((1,))


def per_axis(minimum: int = 1) -> Reader[PerAxis]:
    """A whole number, or a list of one for each axis."""
    each = integer(minimum, MOST)
    several = list_of(each, minimum=1)

    def read(node: Node, report: Report) -> PerAxis | None:
        if isinstance(node.value, list):
            found = several.read(node, report)
            return None if found is None else PerAxis(found, node)
        number = each.read(node, report)
        return None if number is None else PerAxis((number,), node)

    schema = {"anyOf": [each.schema(), several.schema()]}
    return Reader(read, schema, each.doc, ("text", "list"))


class Padding(NamedTuple):
    """Zeros around: a word, or for every axis (one stands for all) how many before and after."""

    word: str = "valid"
    pairs: tuple[tuple[int, int], ...] = ()
    node: Node | None = None

    def along(
        self, axes: int, same: Callable[[], tuple[tuple[int, int], ...]], full: Dims, report: Report
    ) -> tuple[tuple[int, int], ...] | None:
        """How many zeros before and after, of every axis."""
        if self.word == "same":
            return same()
        if self.word == "full":
            return tuple((n, n) for n in full)
        if self.word == "valid":
            return ((0, 0),) * axes
        if len(self.pairs) not in (1, axes):
            assert self.node is not None
            told = f"padding is one number, or one for each of the {axes} axes"
            hint = "[[1, 2]] is 1 before and 2 after"
            told = told if axes > 1 else "padding is one number here, or one pair"
            report.add(self.node.diagnose(told, hint))
            return None
        return self.pairs * axes if len(self.pairs) == 1 else self.pairs


def same_padding(sizes: Dims, reach: Dims, stride: Dims) -> tuple[tuple[int, int], ...]:
    """Before and after, so that an output is as large as the input, divided by the stride."""
    totals = (
        max((-(-n // s) - 1) * s + r + 1 - n, 0)
        for n, s, r in zip(sizes, stride, reach, strict=True)
    )
    return tuple((t // 2, t - t // 2) for t in totals)


_amount = integer(0, MOST)
_pair = list_of(_amount, minimum=2)
_words = choice(*WORDS)


def _read_padding(node: Node, report: Report) -> Padding | None:
    if isinstance(node.value, str):
        if node.value[:1].isalpha():
            word = _words.read(node, report)
            return None if word is None else Padding(word, (), node)
        number = _amount.read(node, report)
        return None if number is None else Padding("", ((number, number),), node)
    assert isinstance(node.value, list)
    found = [_read_pair(item, report) for item in node.value]
    if not found:
        report.add(node.diagnose("at least 1 entry belongs here, not none"))
    pairs = tuple(pair for pair in found if pair is not None)
    return Padding("", pairs, node) if found and len(pairs) == len(found) else None


def _read_pair(node: Node, report: Report) -> tuple[int, int] | None:
    if not isinstance(node.value, list):
        number = _amount.read(node, report)
        return None if number is None else (number, number)
    pair = _pair.read(node, report)
    if pair is not None and len(pair) > 2:
        report.add(node.diagnose("a pair belongs here: how many before and how many after"))
        return None
    return None if pair is None else (pair[0], pair[1])


_AXIS: dict[str, object] = {"anyOf": [_amount.schema(), _pair.schema()]}
padding: Reader[Padding] = Reader(
    _read_padding,
    {
        "anyOf": [
            _words.schema(),
            _amount.schema(),
            {"type": "array", "minItems": 1, "items": _AXIS},
        ]
    },
    "valid, same, full, or how many zeros",
    ("text", "list"),
)


class Count(NamedTuple):
    """A whole number, and where it stands."""

    value: int
    node: Node | None = None


def count(minimum: int, maximum: int) -> Reader[Count]:
    """A whole number that keeps its place."""
    inner = integer(minimum, maximum)

    def read(node: Node, report: Report) -> Count | None:
        found = inner.read(node, report)
        return None if found is None else Count(found, node)

    return Reader(read, inner.schema(), inner.doc)


@dataclass(frozen=True)
class Above:
    """What begins a backward pass: the gradient from above, or a loss."""

    gradient: GivenArray | None = entry(
        array,
        "The gradient from above: a number for every entry of the output, or one for all of them.",
        default=None,
    )
    loss: str | None = entry(
        choice("sum", "squares", "half-squares"),
        "The sum of the output, of the squares of what it is off the target, or half of that.",
        default=None,
    )
    target: GivenArray | None = entry(
        array, "What the output should be, in its sizes or one number for all.", default=None
    )

    def check(self, dims: Dims, report: Report) -> None:
        """Add what does not go together, or does not have the sizes of the output."""
        for given in (self.gradient, self.target):
            if given is not None and given.dims not in ((), dims):
                told = f"this {given.words}, but the output {size_words(dims)}"
                hint = "give one number for every entry of the output, or one for all"
                report.add(given.node.diagnose(told, hint))
        if self.gradient is not None and (self.loss or self.target):
            told = "a gradient from above takes the place of a loss"
            report.add(self.gradient.node.diagnose(told, "give one of them"))
        if self.target is not None and self.loss == "sum":
            report.add(self.target.node.diagnose("the sum has no target", "loss: half-squares"))


above: Reader[Above] = record(Above)
