"""Python data becomes the nodes that a file would give; everything else is refused by its path."""

from __future__ import annotations

import enum
from collections import OrderedDict, deque
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing import at_most

from stepsolve.errors import InvalidProblem
from stepsolve.source.data import Node
from stepsolve.source.guard import DEPTH, NODES
from stepsolve.source.mapping import from_mapping

TOO_MANY = f"more than {NODES:,} values are too many for a problem"
TOO_DEEP = f"lists and mappings are nested more than {DEPTH} deep"


def plain(node: Node) -> object:
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    return node.value


def read(value: object) -> object:
    """The values of the node at the key `a`."""
    return plain(from_mapping({"a": value}))["a"]  # type: ignore[index]  # it is a mapping


def complaint(data: Any) -> str:
    with pytest.raises(InvalidProblem) as caught:
        from_mapping(data)
    return str(caught.value)


class Colour(enum.IntEnum):
    RED = 3


class Text(str, enum.Enum):  # noqa: UP042  # the older way is to be read as well
    GRAPH = "graph"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x + y", "x + y"),
        ("", ""),
        ("null", "null"),
        (None, None),
        (3, "3"),
        (-(10**30), "-1" + "0" * 30),
        (0.1, "0.1"),
        (1e-07, "1e-07"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (True, "true"),
        (False, "false"),
        (Fraction(9, 25), "9/25"),
        (Decimal("0.50"), "0.50"),
        (Colour.RED, "3"),
        (Text.GRAPH, "graph"),
        (np.float64(0.1), "0.1"),
        (np.float32(0.5), "0.5"),
        (np.int64(-7), "-7"),
        (np.uint8(7), "7"),
        (np.True_, "true"),
        (np.str_("x"), "x"),
        (np.array(2.5), "2.5"),
        (np.array([[1, 2], [3, 4]]), [["1", "2"], ["3", "4"]]),
        (np.array([0.5, np.nan]), ["0.5", "nan"]),
        (np.array([Fraction(1, 2), "x"], dtype=object), ["1/2", "x"]),
        ((1, "b", [None]), ["1", "b", [None]]),
        (range(3), ["0", "1", "2"]),
        (deque([1, 2]), ["1", "2"]),
        (OrderedDict(b=1, a=2), {"b": "1", "a": "2"}),
        (MappingProxyType({"x": {}}), {"x": {}}),
    ],
)
def test_values(value: object, text: object) -> None:
    found = read(value)
    assert found == text
    assert not isinstance(found, str) or type(found) is str


def test_places_are_paths() -> None:
    root: Any = from_mapping({"given": {"x": [1, {"y": 2}]}, "W": np.eye(2)})
    assert (root.path, str(root.place)) == ("", "problem")
    given_ = root.value["given"]
    assert str(given_.place) == given_.path == "given"
    deep = given_.value["x"].value[1].value["y"]
    assert str(deep.place) == deep.path == "given.x[1].y"
    assert str(given_.keys["x"]) == "given.x"
    assert list(root.keys) == ["given", "W"]
    assert deep.diagnose("this is wrong", "do better", span=(0, 1)).render() == (
        "given.x[1].y: this is wrong\n  hint: do better"
    )


def test_what_has_no_place_in_a_problem() -> None:
    data = {
        "a": {1, 2},
        "b": [1, b"x", {"c": 1j}],
        "d": {3: 4, "": 5, None: 6},
        "e": Path("x"),
        "f": 10**5000,
        "g": np.float64,
        "h": "x\0y",
        "i": "\ud800",
        "j": iter([1]),
        "k\x1b": 1,
    }
    assert complaint(data).splitlines() == [
        "a: a value of type set has no place in a problem",
        "b[1]: a value of type bytes has no place in a problem",
        "b[2].c: a value of type complex has no place in a problem",
        "d: a key must be a text, not a value of type int",
        "d: a key must be a text, not an empty text",
        "d: a key must be a text, not nothing",
        "e: a value of type PosixPath has no place in a problem",
        "f: this number has too many digits",
        "g: a value of type type has no place in a problem",
        "h: the character U+0000 has no place in a text",
        "i: the character U+D800 has no place in a text",
        "j: a value of type list_iterator has no place in a problem",
        "k : the character U+001B has no place in a text",
    ]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (None, "nothing"),
        ("kind: graph", "a text"),
        ([{"kind": "graph"}], "a list"),
        (7, "a value of type int"),
    ],
)
def test_what_is_not_a_mapping(data: object, what: str) -> None:
    assert complaint(data) == f"problem: a problem is a mapping of keys to values, not {what}"


def test_data_that_contains_itself() -> None:
    loop: list[object] = [1]
    loop.append({"x": loop})
    assert complaint({"a": loop}) == "a[1].x: this contains itself"
    mapping: dict[str, object] = {}
    mapping["b"] = mapping
    assert complaint(mapping) == "b: this contains itself"
    shared = [1]
    assert read([shared, shared]) == [["1"], ["1"]]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_depth() -> None:
    assert read(nested(DEPTH - 1))  # the mapping at the top counts
    assert complaint({"a": nested(DEPTH)}).endswith(TOO_DEEP)
    assert complaint({"a": nested(100_000)}).endswith(TOO_DEEP)

    class Endless:
        def tolist(self) -> list[object]:
            return [Endless()]

    assert complaint({"a": Endless()}).endswith(TOO_DEEP)


def test_size() -> None:
    with at_most(5):
        assert complaint({"a": range(10**12)}) == f"a[{NODES - 3}]: {TOO_MANY}"
        assert complaint({"a": np.zeros(10**8)}) == f"a: {TOO_MANY}"
        laughs: list[object] = [1] * 10
        for _ in range(20):
            laughs = [laughs] * 10
        assert complaint({"a": laughs}).endswith(TOO_MANY)
    assert read(np.zeros(NODES - 3))


def test_paths_do_not_grow_without_end() -> None:
    deep: object = 1
    for _ in range(30):
        deep = {"k" * 10_000: deep}
    node: Any = from_mapping(deep)  # type: ignore[arg-type]  # it is a mapping
    while isinstance(node.value, dict):
        (node,) = node.value.values()
    assert len(node.path) == 200
    assert node.path.startswith("…k")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), ANY) | ANY)
def test_any_data_is_read_or_refused(data: Any) -> None:
    try:
        from_mapping(data)
    except InvalidProblem as refused:
        assert refused.diagnoses  # noqa: PT017  # both outcomes are right
