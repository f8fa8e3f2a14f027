"""Readers turn single values into what they mean, or say what belongs there instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsolve.errors import ExpressionError, InvalidProblem, Place
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    Reader,
    boolean,
    choice,
    either,
    entry,
    integer,
    list_of,
    mapping_of,
    matching,
    name,
    one_or_list,
    read_specification,
    record,
    text,
    written,
)
from stepsolve.source.mapping import from_mapping
from stepsolve.source.report import Report
from stepsolve.source.yaml import compose


@dataclass(frozen=True)
class Backward:
    """What is differentiated."""

    of: str = entry(name, "The quantity that is differentiated.")
    wrt: tuple[str, ...] = entry(one_or_list(name), "What by.", default=())


def value(reader: Reader[Any], typed: str) -> Any:
    """What a reader makes of a value in a file."""

    @dataclass(frozen=True)
    class Only:
        a: Any = entry(reader, "It.")

    report = Report()
    found = read_specification(Only, compose(f"a: {typed}\n", "p.yaml"), report)
    report.raise_if_any()
    assert found is not None
    return found.a


def refusal(reader: Reader[Any], typed: str) -> str:
    """What a reader says of a value in a file, without the excerpt of the line."""
    with pytest.raises(InvalidProblem) as caught:
        value(reader, typed)
    lines = str(caught.value).splitlines()
    return "\n".join(line for line in lines if not re.match(r" +\d* \| ", line))


@pytest.mark.parametrize(
    ("reader", "typed", "found"),
    [
        (text, "1e-3", "1e-3"),
        (text, "''", ""),
        (text, "'null'", "null"),
        (boolean, "true", True),
        (boolean, "false", False),
        (integer(), "-12", -12),
        (integer(), "+010", 10),
        (integer(1), "1", 1),
        (integer(None, 3), "3", 3),
        (integer(0, 0), "-0", 0),
        (choice("a", "b"), "b", "b"),
        (name, "W_hh", "W_hh"),
        (name, "x''", "x''"),
        (name, "α_1", "α_1"),
        (matching("[a-z]+/[a-z]+", "a ratio"), "a/b", "a/b"),
        (list_of(integer()), "[]", ()),
        (list_of(integer()), "[1, 2]", (1, 2)),
        (list_of(list_of(integer())), "[[1], [2, 3]]", ((1,), (2, 3))),
        (list_of(integer(), 2), "[1, 2]", (1, 2)),
        (one_or_list(name), "x", ("x",)),
        (one_or_list(name), "[x, y]", ("x", "y")),
        (one_or_list(record(Backward)), "{of: f}", (Backward(of="f"),)),
        (mapping_of(name, integer()), "{b: 1, a: 2}", {"b": 1, "a": 2}),
        (mapping_of("[0-9]+", text), "{10: x}", {"10": "x"}),
        (either(integer(), list_of(text)), "5", 5),
        (either(integer(), list_of(text), record(Backward)), "[5]", ("5",)),
        (either(integer(), list_of(text), record(Backward)), "{of: f}", Backward(of="f")),
    ],
)
def test_what_readers_read(reader: Reader[Any], typed: str, found: object) -> None:
    assert value(reader, typed) == found


@pytest.mark.parametrize(
    ("reader", "typed", "told"),
    [
        (text, "", "1:3: a text belongs here, but nothing is written"),
        (text, "{x: 1}", "1:4: a text belongs here, not a mapping"),
        (boolean, "True", "1:4: true or false belongs here, not True\n  hint: write true or false"),
        (boolean, "[true]", "1:4: true or false belongs here, not a list"),
        (integer(), "4.0", "1:4: a whole number belongs here, not 4.0"),
        (integer(), "''", "1:4: a whole number belongs here, not an empty text"),
        (integer(), "1_000", "1:4: a whole number belongs here, not 1_000"),
        (integer(), "٣", "1:4: a whole number belongs here, not ٣"),
        (integer(), "9" * 5000, f"1:4: a whole number belongs here, not {'9' * 59}…"),
        (integer(1), "0", "1:4: a whole number of at least 1 belongs here, not 0"),
        (integer(None, 3), "4", "1:4: a whole number of at most 3 belongs here, not 4"),
        (integer(2, 3), "4", "1:4: a whole number from 2 to 3 belongs here, not 4"),
        (integer(2, 3), "1", "1:4: a whole number from 2 to 3 belongs here, not 1"),
        (choice("a", "b", "c"), "xyz", "1:4: unknown choice xyz\n  hint: write a, b or c"),
        (choice("relu", "tanh"), "rleu", "1:4: unknown choice rleu\n  hint: did you mean relu?"),
        (choice("relu", "tanh"), "[]", "1:4: relu or tanh belongs here, not a list"),
        (name, "2x", "1:4: a name belongs here, not 2x\n  hint: a name is a letter, then letters,"),
        (name, "x\\n", "1:4: a name belongs here, not x\\n\n  hint: a name is a letter, then"),
        (name, '"x\\n"', "1:4: a name belongs here, not x \n  hint: a name is a letter, then"),
        (matching("a+", "a ratio", "so"), "b", "1:4: a ratio belongs here, not b\n  hint: so"),
        (list_of(text), "x", "1:4: a list belongs here, not a text"),
        (list_of(text), "", "1:3: a list belongs here, but nothing is written"),
        (list_of(text, 1), "[]", "1:4: at least 1 entry belongs here, not none"),
        (list_of(text, 3), "[a]", "1:4: at least 3 entries belong here, not 1"),
        (
            list_of(integer()),
            "[a, 1, b]",
            "1:5: a whole number belongs here, not a\n"
            "p.yaml:1:11: a whole number belongs here, not b",
        ),
        (one_or_list(name, 1), "[]", "1:4: at least 1 entry belongs here, not none"),
        (one_or_list(name), "{}", "1:4: a name or a list belongs here, not a mapping"),
        (
            mapping_of("[0-9]+", integer()),
            "{x: 1, 2: y}",
            "1:5: a key of another form belongs here, not x\n"
            "p.yaml:1:14: a whole number belongs here, not y",
        ),
        (mapping_of(name, text), "[x]", "1:4: a mapping belongs here, not a list"),
        (either(integer(), record(Backward)), "[x]", "a whole number or a mapping belongs here, n"),
        (either(integer(), list_of(text)), "x", "1:4: a whole number belongs here, not x"),
    ],
)
def test_what_readers_refuse(reader: Reader[Any], typed: str, told: str) -> None:
    found = refusal(reader, typed)
    assert told in found
    assert found.startswith("p.yaml:1:")


@pytest.mark.parametrize(
    ("reader", "typed"),
    [
        (list_of(integer()), ["x", 1]),
        (mapping_of(name, integer()), {"x": "y", "z": 1}),
        (mapping_of(name, integer()), {"2": 1, "z": 1}),
        (one_or_list(integer()), "x"),
        (record(Backward), {"of": "f", "wrt": "2"}),
    ],
)
def test_one_bad_value_spoils_the_whole(reader: Reader[Any], typed: object) -> None:
    report = Report()
    root: Any = from_mapping({"a": typed})
    assert reader.read(root.value["a"], report) is None
    assert report.failed


def test_a_reader_of_ones_own() -> None:
    def halves(node: Node, report: Report) -> tuple[str, str] | None:
        left, slash, right = written(node).partition("/")
        if slash:
            return left, right
        report.add(node.diagnose("a slash is missing", "write a/b", span=(1, 2)))
        return None

    reader = Reader(halves, {"type": "string"}, "a fraction")
    assert value(reader, "1/2") == ("1", "2")
    assert refusal(reader, "'abc'") == "p.yaml:1:6: a slash is missing\n  hint: write a/b"
    assert refusal(reader, "[1]") == "p.yaml:1:4: a fraction belongs here, not a list"


def test_an_expression_error_is_told_at_its_offsets() -> None:
    def parsed(node: Node, _: Report) -> str:
        start = written(node).index("?")
        raise ExpressionError("this is not an operator", start, start + 1, "write +")

    reader = Reader(parsed, {"type": "string"}, "an expression")
    with pytest.raises(InvalidProblem) as caught:
        value(reader, "'x ? y'")
    told = """\
p.yaml:1:7: this is not an operator
    1 | a: 'x ? y'
      |       ^
  hint: write +"""
    assert str(caught.value) == told


def test_a_subclass_of_reader() -> None:
    class Upper(Reader[str]):
        def __init__(self) -> None:
            super().__init__(lambda node, _: written(node).upper(), {"type": "string"}, "a word")

    assert value(list_of(Upper()), "[a, b]") == ("A", "B")


@given(st.text())
def test_scalar_readers_never_fail(typed: str) -> None:
    for reader in (text, boolean, integer(0, 9), choice("a", "b"), name):
        report = Report()
        found: object = reader.read(Node(typed, "a", Place("a")), report)
        assert (found is None) == report.failed
