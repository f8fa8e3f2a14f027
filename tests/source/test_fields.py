"""A declaration reads a specification, with every mistake told, and gives its schema."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from stepsolve.errors import Diagnosis, InvalidProblem, Place
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    boolean,
    choice,
    either,
    entries,
    entry,
    integer,
    list_of,
    mapping_of,
    name,
    one_or_list,
    read_specification,
    record,
    specification_schema,
    text,
)
from stepsolve.source.mapping import from_mapping
from stepsolve.source.report import Report
from stepsolve.source.yaml import compose


@dataclass(frozen=True)
class Backward:
    """What is differentiated."""

    of: str = entry(name, "The quantity that is differentiated.")
    wrt: tuple[str, ...] = entry(one_or_list(name), "What by.", default=())


@dataclass(frozen=True)
class Problem:
    """A computational graph.

    Its lines are worked out in order.
    """

    title: str = entry(text, "A title.", default="", examples=["A neuron"])
    lines: tuple[str, ...] = entry(list_of(text, minimum=1), "The lines, in order.")
    given_values: dict[str, str] = entry(mapping_of(name, text), "Values.", default={})
    backward: Backward | str | None = entry(
        either(name, record(Backward)), "The backward pass.", default=None
    )
    gates: str = entry(choice("binary", "none"), "How to split.", default="none")
    digits: int = entry(integer(0, 15), "Decimals shown.", default=4)
    from_: bool = entry(boolean, "LaTeX or not.", default=False)


def read(cls: type[Any], source: str) -> Any:
    """The specification in a text; raises what the report raises."""
    report = Report()
    found = read_specification(cls, compose(source, "p.yaml"), report)
    report.raise_if_any()
    return found


def complaint(cls: type[Any], source: str) -> str:
    with pytest.raises(InvalidProblem) as caught:
        read(cls, source)
    return str(caught.value)


# Specifications


def test_a_full_problem() -> None:
    source = """\
title: A neuron
lines: [a = 1, "b = f(a, 2)"]
given-values: {x: 1, w': 2}
backward: {of: b, wrt: a}
gates: binary
digits: 6
from: true
"""
    found = read(Problem, source)
    assert found == Problem(
        title="A neuron",
        lines=("a = 1", "b = f(a, 2)"),
        given_values={"x": "1", "w'": "2"},
        backward=Backward(of="b", wrt=("a",)),
        gates="binary",
        digits=6,
        from_=True,
    )
    assert list(found.given_values) == ["x", "w'"]
    with pytest.raises(FrozenInstanceError):
        found.digits = 3


def test_defaults() -> None:
    found = read(Problem, "lines: [a = 1]\n")
    assert found == Problem(lines=("a = 1",))
    assert (found.title, found.digits, found.backward) == ("", 4, None)
    assert found.given_values == {}
    assert found.given_values is not read(Problem, "lines: [a = 1]\n").given_values


def test_every_mistake_is_told_at_its_place() -> None:
    source = """\
titel: A neuron
lines: f = x
given-values: {x: [1], 2: 3}
backward:
  off: f
gates: binray
digits: 40
from: yes
colour: red
"""
    told = """\
p.yaml:1:1: unknown key titel
    1 | titel: A neuron
      | ^^^^^
  hint: did you mean title?
p.yaml:2:8: a list belongs here, not a text
    2 | lines: f = x
      |        ^^^^^
p.yaml:3:19: a text belongs here, not a list
    3 | given-values: {x: [1], 2: 3}
      |                   ^^^
p.yaml:3:24: a name belongs here, not 2
    3 | given-values: {x: [1], 2: 3}
      |                        ^
  hint: a name is a letter, then letters, digits and _, then any primes
p.yaml:5:3: unknown key off
    5 |   off: f
      |   ^^^
  hint: did you mean of?
p.yaml:6:8: unknown choice binray
    6 | gates: binray
      |        ^^^^^^
  hint: did you mean binary?
p.yaml:7:9: a whole number from 0 to 15 belongs here, not 40
    7 | digits: 40
      |         ^^
p.yaml:8:7: true or false belongs here, not yes
    8 | from: yes
      |       ^^^
  hint: write true or false
p.yaml:9:1: unknown key colour
    9 | colour: red
      | ^^^^^^
  hint: known keys are title, lines, given-values, backward, gates, digits, from"""
    assert complaint(Problem, source) == told


def test_a_missing_key_is_told_at_the_start_of_its_mapping() -> None:
    told = """\
p.yaml:1:1: the key lines is missing
    1 | title: A
      | ^^^^^^^^
  hint: lines: the lines, in order
p.yaml:2:11: the key of is missing
    2 | backward: {wrt: x}
      |           ^^^^^^^^
  hint: of: the quantity that is differentiated"""
    assert complaint(Problem, "title: A\nbackward: {wrt: x}\n") == told


def test_what_a_missing_key_means_is_said_as_it_is_written() -> None:
    @dataclass(frozen=True)
    class Lesson:
        kind: str = entry(text, "A kind.")
        tex: str = entry(text, "LaTeX, e.g. x^2")
        order: int = entry(integer(), "L2 or L1.")

    hints = [line for line in complaint(Lesson, "{}").splitlines() if "hint" in line]
    assert hints == [
        "  hint: kind: a kind",
        "  hint: tex: LaTeX, e.g. x^2",
        "  hint: order: L2 or L1",
    ]


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    told = """\
p.yaml:1:1: unknown key line
    1 | line: [a = 1]
      | ^^^^
  hint: did you mean lines?"""
    assert complaint(Problem, "line: [a = 1]\n") == told


def test_a_missing_value() -> None:
    told = """\
p.yaml:1:7: a list belongs here, but nothing is written
    1 | lines:
      |       ^
p.yaml:3:6: a name belongs here, but nothing is written
    3 |   of:
      |      ^"""
    assert complaint(Problem, "lines:\nbackward:\n  of:\n") == told


def test_mistakes_in_a_mapping_are_told_by_their_path() -> None:
    report = Report()
    data = {"lines": [], "backward": {"of": 1, "wrt": [{}]}, "digits": 1.5, "line": 1}
    assert read_specification(Problem, from_mapping(data), report) is None
    with pytest.raises(InvalidProblem) as caught:
        report.raise_if_any()
    assert str(caught.value).splitlines() == [
        "line: unknown key line",
        "  hint: did you mean lines?",
        "lines: at least 1 entry belongs here, not none",
        "backward.of: a name belongs here, not 1",
        "  hint: a name is a letter, then letters, digits and _, then any primes",
        "backward.wrt[0]: a name belongs here, not a mapping",
        "digits: a whole number from 0 to 15 belongs here, not 1.5",
    ]


def test_a_specification_needs_a_mapping() -> None:
    report = Report()
    node = Node([], "at", Place("at"))
    assert read_specification(Problem, node, report) is None
    with pytest.raises(InvalidProblem, match=r"^at: a mapping belongs here, not a list$"):
        report.raise_if_any()


def test_specifications_inherit_and_ignore_ordinary_attributes() -> None:
    @dataclass(frozen=True)
    class Wider(Problem):
        kind: str = entry(text, "The kind.")
        cached: int = 7

    assert [*entries(Wider)][-1] == "kind"
    found = read(Wider, "kind: graph\nlines: [a]\n")
    assert (found.kind, found.cached, found.digits) == ("graph", 7, 4)
    assert "unknown key cached" in complaint(Wider, "kind: graph\nlines: [a]\ncached: 1\n")


# Reports


def test_a_report_sorts_and_says_everything_once() -> None:
    report = Report()
    report.raise_if_any()
    assert not report.failed
    late = Diagnosis("late", Place("p", 10, 1, 2, "x"))
    report.add(late, Diagnosis("early", Place("p", 2, 9, 10, "x")), late)
    report.add(Diagnosis("left", Place("p", 2, 1, 2, "x")), Diagnosis("nowhere"))
    with pytest.raises(InvalidProblem) as caught:
        report.raise_if_any()
    found = [diagnosis.message for diagnosis in caught.value.diagnoses]
    assert found == ["nowhere", "left", "early", "late"]


# Schemas


def test_the_schema_of_a_specification() -> None:
    texts = {"type": ["string", "number", "boolean"]}
    names = name.schema()
    assert specification_schema(Problem) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "description": "A computational graph.",
        "properties": {
            "title": {
                **texts,
                "description": "A title.",
                "default": "",
                "examples": ["A neuron"],
            },
            "lines": {
                "type": "array",
                "items": texts,
                "minItems": 1,
                "description": "The lines, in order.",
            },
            "given-values": {
                "type": "object",
                "propertyNames": names,
                "additionalProperties": texts,
                "description": "Values.",
            },
            "backward": {
                "anyOf": [
                    names,
                    {
                        "type": "object",
                        "description": "What is differentiated.",
                        "properties": {
                            "of": {**names, "description": "The quantity that is differentiated."},
                            "wrt": {
                                "anyOf": [names, {"type": "array", "items": names}],
                                "description": "What by.",
                            },
                        },
                        "required": ["of"],
                        "additionalProperties": False,
                    },
                ],
                "description": "The backward pass.",
            },
            "gates": {
                "enum": ["binary", "none"],
                "description": "How to split.",
                "default": "none",
            },
            "digits": {
                "type": "integer",
                "minimum": 0,
                "maximum": 15,
                "description": "Decimals shown.",
                "default": 4,
            },
            "from": {"type": "boolean", "description": "LaTeX or not.", "default": False},
        },
        "required": ["lines"],
        "additionalProperties": False,
    }
    assert json.dumps(specification_schema(Problem))


def test_the_pattern_of_a_schema_is_anchored() -> None:
    pattern = name.schema()["pattern"]
    assert isinstance(pattern, str)
    assert re.search(pattern, "W_hh'")
    assert not re.search(pattern, "2x y")


def test_a_specification_without_docstring_has_no_description() -> None:
    @dataclass(frozen=True)
    class Bare:
        a: str = entry(text, "It.", default="")

    assert specification_schema(Bare).keys() == {
        *("$schema", "type", "properties", "additionalProperties")
    }
