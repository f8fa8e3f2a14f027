"""What YAML would allow and a problem file may not hold, each in the words of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stepsolve.errors import Diagnosis, Place
from stepsolve.source.data import Node
from stepsolve.source.lines import Lines
from stepsolve.source.report import shown

QUOTE = "put the text in quotes"
TIGHT = "a space is missing after this colon"
_TIGHT_KEY = re.compile(r"[^\s:]+(?=:\S)")
_WRITTEN = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)  # a line that is not just a comment
_WORD = re.compile(r"\S+")
_ITEM = re.compile(r"\s*- ")


class Spot(NamedTuple):
    """A line and a column, both from 0."""

    line: int
    column: int


def empty(lines: Lines) -> Diagnosis:
    """A file without a value in it."""
    message = "the file holds no problem"
    if not lines.text.strip():
        message = "the file is empty"
    elif not _WRITTEN.search(lines.text):
        message = "the file holds nothing but comments"
    return Diagnosis(message, Place(lines.name))


def not_a_mapping(root: Node) -> Diagnosis:
    """A list or a text at the top of a file."""
    if isinstance(root.value, str) and (tight := tight_key(root.value)):
        return root.diagnose(TIGHT, span=(tight, tight + 1))
    what = "list" if isinstance(root.value, list) else "text"
    return root.diagnose(
        f"a problem is a mapping of keys to values, not a {what}",
        "begin with a line such as kind: graph",
    )


def second_problem(place: Place) -> Diagnosis:
    """The `---` of another document."""
    return Diagnosis(
        "a file holds one problem, and here a second one begins", place, "give it its own file"
    )


def directives(lines: Lines, end: int) -> Iterator[Diagnosis]:
    """The directives above line `end`."""
    return (directive(lines, line) for line in range(end) if lines[line].startswith("%"))


def directive(lines: Lines, line: int) -> Diagnosis:
    """`%YAML 1.1` and its like."""
    return Diagnosis("a line cannot begin with %", lines.place(line, 0), "leave it out")


def tag(place: Place) -> Diagnosis:
    """`!!python/object` and its like, or a text such as `!p`."""
    word = _WORD.match(place.text, place.column - 1)
    written = word[0] if word else "!"
    place = place._replace(end=place.column + len(written))
    if written.startswith(("!!", "!<")):
        return Diagnosis(f"tags such as {shown(written)} have no place in a problem", place)
    return Diagnosis("a text that begins with ! needs quotes", place, QUOTE)


def key(text: str, place: Place, plain: bool) -> Diagnosis | None:
    """A scalar that cannot be a key."""
    if not text:
        return Diagnosis("a key is missing here", place)
    if text == "<<" and plain:
        hint = "write the keys themselves"
        return Diagnosis("merge keys << have no place in a problem", place, hint)
    return None


def twice(name: str, first: Place, second: Place) -> Diagnosis:
    """A key that its mapping has already."""
    hint = f"the first one is in line {first.line}, column {first.column}"
    return Diagnosis(f"the key {shown(name)} stands twice", second, hint)


def tight_key(text: str) -> int | None:
    """The offset of the colon in `x:1`, which YAML takes for one word."""
    found = _TIGHT_KEY.match(text)
    return found.end() if found else None


def alias(place: Place, known: bool) -> Diagnosis:
    """`*x` for a value that is not there, or that is not complete."""
    if known:
        return Diagnosis("this repeats a value from inside it", place)
    return Diagnosis("this repeats a value that is not marked above", place, QUOTE)


def swallowed_items(lines: Lines, first: int, last: int) -> Iterator[Diagnosis]:
    """`- ` at the start of lines that a text over several lines goes on in.

    YAML reads `- a` with `  - b` indented below it as the text `a - b`: a subtraction.
    """
    for line in range(first, last + 1):
        if found := _ITEM.match(lines[line]):
            column = found.end() - 2
            yield Diagnosis(
                "this dash would continue the text above it, not begin an item",
                lines.place(line, column, column + 1),
                "items begin in the same column; a text over several lines needs quotes",
            )


def tight_colon(text: str, place: Place) -> Iterator[Diagnosis]:
    """`{x:1}`, which YAML reads as a key `x:1` without a value."""
    if offset := tight_key(text):
        column = place.column + offset
        yield Diagnosis(TIGHT, place._replace(column=column, end=column + 1))


def cut_off(text: str, place: Place) -> Iterator[Diagnosis]:
    """`[f(a, b)]`, which YAML reads as `f(a` and `b)`."""
    if text.count("(") > text.count(")"):
        yield Diagnosis(
            f"{shown(text)} is cut off at the comma, before its bracket closes",
            place,
            "inside [ ] and { } a text with a comma needs quotes",
        )
