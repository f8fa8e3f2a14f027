"""Places in a vocabulary or among classes: a word of a list, or a number from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stepsolve.errors import nearest
from stepsolve.source.data import Node
from stepsolve.source.fields import LONGEST_INTEGER, Reader, list_of, one_or_list, written
from stepsolve.source.report import Report, shown


class WrittenWord(NamedTuple):
    """A word or a place as written, and where it stands."""

    text: str
    node: Node


word: Reader[WrittenWord] = Reader(
    lambda node, _: WrittenWord(written(node), node),
    {"type": ["string", "integer"]},
    "a word or its place from 0",
)
words: Reader[tuple[WrittenWord, ...]] = list_of(word, minimum=1)
word_or_words: Reader[tuple[WrittenWord, ...]] = one_or_list(word, minimum=1)


def place_of(
    word: WrittenWord, vocabulary: Sequence[WrittenWord], count: int, report: Report
) -> int | None:
    """The place of a word among `count`, from 0; one that has none is reported."""
    known = [other.text for other in vocabulary]
    if word.text in known:
        return known.index(word.text)
    if word.text.isdecimal() and len(word.text) <= LONGEST_INTEGER:
        if int(word.text) < count:
            return int(word.text)
        told = f"there is no place {word.text}: they are counted from 0 to {count - 1}"
        report.add(word.node.diagnose(told))
        return None
    hint = nearest(word.text, known) or f"write a place from 0 to {count - 1}"
    report.add(word.node.diagnose(f"{shown(word.text)} is not one of the words", hint))
    return None


def places_of(
    asked: Sequence[WrittenWord], vocabulary: Sequence[WrittenWord], count: int, report: Report
) -> list[int]:
    """The places of those words that have one."""
    found = (place_of(word, vocabulary, count, report) for word in asked)
    return [place for place in found if place is not None]


def check_vocabulary(
    vocabulary: Sequence[WrittenWord], count: int, what: str, report: Report
) -> None:
    """Whether there is one word for each of `count` places, and none twice."""
    if vocabulary and len(vocabulary) != count:
        told = f"there are {len(vocabulary)} words, but {what}"
        report.add(vocabulary[-1].node.diagnose(told, "one word belongs to every row"))
    seen: set[str] = set()
    for word in vocabulary:
        if word.text in seen:
            report.add(word.node.diagnose(f"{shown(word.text)} is there already"))
        seen.add(word.text)
