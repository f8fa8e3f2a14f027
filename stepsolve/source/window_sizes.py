"""Readers of the sizes of a convolution: a number, one for each axis, or a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from stepsolve.source.data import Node
from stepsolve.source.extents import Pair, pair
from stepsolve.source.fields import Reader, choice, entry, integer, list_of, record
from stepsolve.source.placed import Placed, placed
from stepsolve.source.quantities import SYMBOL
from stepsolve.source.report import Report

KEYS: Final = ("input", "kernel", "stride", "padding", "dilation")
_LARGEST: Final = 100_000
MOST_COMPARED: Final = 30


class Size(NamedTuple):
    """A size as given: of height and width, or a word; `two` says that both were written."""

    value: Pair | str
    two: bool
    node: Node


def sizes(least: int, *words: str) -> Reader[Size]:
    """Sizes of one axis or of two, the word symbol, or another word."""
    numbers = pair(least, _LARGEST)
    spoken = choice(*words, SYMBOL)

    def read(node: Node, report: Report) -> Size | None:
        if isinstance(node.value, str) and node.value[:1].isalpha():
            word = spoken.read(node, report)
            return None if word is None else Size(word, False, node)
        found = numbers.read(node, report)
        return None if found is None else Size(found, isinstance(node.value, list), node)

    schema = {"anyOf": [numbers.schema(), spoken.schema()]}
    return Reader(read, schema, f"{numbers.doc}, {spoken.doc}", ("text", "list"))


size, number = sizes(1), integer(0, _LARGEST)


@dataclass(frozen=True)
class Varied:
    """One size at several values."""

    size: str = entry(choice(*KEYS), "Which size is varied.")
    values: tuple[Placed[int], ...] = entry(list_of(placed(number), 1), "Its values.")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The values alone."""
        return tuple(value for value, _ in self.values)


@dataclass(frozen=True)
class Sought:
    """A size that is unknown, and the output that it gives."""

    size: str = entry(choice(*KEYS), "Which size is unknown.")
    output: Pair = entry(pair(1, _LARGEST), "The output: a number or a list of two.")


sought: Reader[Sought] = record(Sought)
varied: Reader[Varied] = record(Varied)
