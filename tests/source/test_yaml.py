"""Problem files become nodes with places; what is not a problem file is told in plain words."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from timing import at_most

from stepsolve.errors import Diagnosis, InvalidProblem
from stepsolve.source.data import Node
from stepsolve.source.guard import DEPTH, NODES
from stepsolve.source.yaml import compose

PROBLEM = """\
kind: graph            # a comment
given: {w0: 2, x0: -1}
lines:
- f1 = w0 * x0
- f = 'a' + f1
at:
  W:
    - [1, 2]
    - [3,
       4]
title: "A \\"neuron\\""
"""


def plain(node: Node) -> object:
    """The values alone."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    return node.value


def at(node: Node, *steps: str | int) -> Node:
    """The node below some keys and indices."""
    for step in steps:
        match node.value, step:
            case list(items), int():
                node = items[step]
            case dict(entries), str():
                node = entries[step]
            case _:
                raise AssertionError(f"{node.path} has no {step}")
    return node


def underlined(node: Node) -> str:
    """What the caret would stand under."""
    return node.place.text[node.place.column - 1 : node.place.end - 1]


def complaint(text: str) -> str:
    with pytest.raises(InvalidProblem) as caught:
        compose(text, "p.yaml")
    return str(caught.value)


def test_a_problem() -> None:
    assert plain(compose(PROBLEM, "p")) == {
        "kind": "graph",
        "given": {"w0": "2", "x0": "-1"},
        "lines": ["f1 = w0 * x0", "f = 'a' + f1"],
        "at": {"W": [["1", "2"], ["3", "4"]]},
        "title": 'A "neuron"',
    }


@pytest.mark.parametrize(
    "typed",
    [
        *("1e-3", "0.50", "no", "yes", "on", "True", "010", "0x1F", "1_000", "9/25", ".5", "-.inf"),
        *(
            "nan",
            "2001-01-01",
            "1:30",
            "=",
            "x'",
            "-x",
            "Null",
            "NULL",
            "a?b",
            "x^2",
            "a*b",
            "f(x)",
        ),
    ],
)
def test_a_scalar_stays_the_text_that_was_typed(typed: str) -> None:
    root = compose(f"a: {typed}\nb:\n  - {typed}\nc: [{typed}, 1]\n", "p")
    assert plain(root) == {"a": typed, "b": [typed], "c": [typed, "1"]}


def test_where_nothing_is_written_there_is_none() -> None:
    text = "a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: \"~\"\ng: [~, {x: }]\nh: {x}\n"
    assert [*compose(text, "p").keys] == [*"abcdefgh"]
    found = plain(compose(text, "p"))
    assert isinstance(found, dict)
    assert [*found.values()] == [
        None,
        None,
        None,
        "",
        "null",
        "~",
        [None, {"x": None}],
        {"x": None},
    ]


def test_json_is_read() -> None:
    assert plain(compose('{"a":1,"b":[true,null,"c"]}', "p")) == {
        "a": "1",
        "b": ["true", None, "c"],
    }


def test_texts_over_several_lines() -> None:
    text = "a: |\n  x\n  - y\nb: >-\n  x\n  y\nc: x\n  + y\nd: 'x\n  - y'\n"
    root = compose(text, "p")
    assert plain(root) == {"a": "x\n- y\n", "b": "x y", "c": "x + y", "d": "x - y"}
    assert [at(root, key).shift for key in "abcd"] == [None] * 4
    assert [at(root, key).quoted for key in "abcd"] == [False, False, False, True]
    assert [underlined(at(root, key)) for key in "abcd"] == ["|", ">-", "x", "'x"]


# Places


@pytest.mark.parametrize(
    ("steps", "path", "line", "column", "text"),
    [
        (["kind"], "kind", 1, 7, "graph"),
        (["given"], "given", 2, 8, "{w0: 2, x0: -1}"),
        (["given", "x0"], "given.x0", 2, 20, "-1"),
        (["lines"], "lines", 4, 1, "- f1 = w0 * x0"),
        (["lines", 1], "lines[1]", 5, 3, "f = 'a' + f1"),
        (["at", "W"], "at.W", 8, 5, "- [1, 2]"),
        (["at", "W", 0], "at.W[0]", 8, 7, "[1, 2]"),
        (["at", "W", 1], "at.W[1]", 9, 7, "[3,"),
        (["at", "W", 1, 1], "at.W[1][1]", 10, 8, "4"),
        (["title"], "title", 11, 8, '"A \\"neuron\\""'),
    ],
)
def test_every_value_has_a_path_and_a_place(
    steps: list[str | int], path: str, line: int, column: int, text: str
) -> None:
    node = at(compose(PROBLEM, "p.yaml"), *steps)
    assert (node.path, underlined(node)) == (path, text)
    assert node.place[:3] == ("p.yaml", line, column)


def test_every_key_has_a_place() -> None:
    root = compose(PROBLEM, "p.yaml")
    assert list(root.keys) == ["kind", "given", "lines", "at", "title"]
    assert root.keys["title"][:4] == ("p.yaml", 11, 1, 6)
    assert at(root, "given").keys["x0"][:4] == ("p.yaml", 2, 16, 18)
    assert (root.path, root.place[:3]) == ("", ("p.yaml", 1, 1))


def test_nothing_written_has_the_place_after_its_colon() -> None:
    node = at(compose("a: 1\nb:\nc: 2\n", "p.yaml"), "b")
    assert node.diagnose("a value is missing").render() == (
        "p.yaml:2:3: a value is missing\n    2 | b:\n      |   ^"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_move_places(newline: str, mark: str) -> None:
    root = compose(mark + PROBLEM.replace("\n", newline), "p")
    assert root.keys["kind"].column == 1
    assert at(root, "at", "W", 1, 1).place == ("p", 10, 8, 9, "       4]")


@pytest.mark.parametrize(
    ("written", "shift"),
    [
        ("abcdef", 0),
        ("'abcdef'", 1),
        ('"abcdef"', 1),
        ("&x abcdef", 3),
        ("&x 'abcdef'", 4),
        ('"abc\\u0064ef"', None),
        ("'abc''ef'", None),
        ('"αβγδεζ"', 1),
    ],
)
def test_a_span_of_a_text_is_underlined_where_it_stands(written: str, shift: int | None) -> None:
    node = at(compose(f"a: [1, {written}]\n", "p"), "a", 1)
    assert node.shift == shift
    assert isinstance(node.value, str)
    place = node.diagnose("wrong", span=(2, 4)).place
    assert place is not None
    shown = place.text[place.column - 1 : place.end - 1]
    assert shown == (written if shift is None else node.value[2:4])


# Aliases


def test_an_alias_is_a_copy_at_its_own_path() -> None:
    root = compose("a: &m {x: [1, 2]}\nb: *m\nc: &n\nd: *n\n", "p")
    assert plain(root) == {"a": {"x": ["1", "2"]}, "b": {"x": ["1", "2"]}, "c": None, "d": None}
    copied = at(root, "b", "x", 1)
    assert (copied.path, copied.place) == ("b.x[1]", at(root, "a", "x", 1).place)
    assert at(root, "b").keys == at(root, "a").keys


def test_a_later_anchor_replaces_an_earlier_one() -> None:
    assert plain(compose("a: &x 1\nb: &x 2\nc: *x\n", "p")) == {"a": "1", "b": "2", "c": "2"}


# Mistakes


def mistakes() -> list[object]:
    """The cases of yaml_mistakes.txt: a title, the text as a Python literal, what is said."""
    text = Path(__file__).with_name("yaml_mistakes.txt").read_text(encoding="utf-8")
    cases = (case.strip("\n").split("\n", 2) for case in text.split("=== ")[1:])
    return [pytest.param(ast.literal_eval(typed), told, id=title) for title, typed, told in cases]


@pytest.mark.parametrize(("typed", "told"), mistakes())
def test_a_mistake_is_told_in_plain_words(typed: str, told: str) -> None:
    assert complaint(typed) == told


def test_independent_mistakes_are_told_together() -> None:
    text = "a: 1\na: 2\nb: !!int 3\nc: {<<: {x: 1}}\nd: [1\n"
    assert [line for line in complaint(text).splitlines() if line.startswith("p.yaml")] == [
        "p.yaml:2:1: the key a stands twice",
        "p.yaml:3:4: tags such as !!int have no place in a problem",
        "p.yaml:4:5: merge keys << have no place in a problem",
        "p.yaml:5:4: this [ is never closed",
    ]


def test_no_more_than_fifty_mistakes_are_told() -> None:
    told = complaint("a: 1\n" * 100)
    assert told.count("stands twice") == 50
    assert told.endswith("\nand 49 more")


def test_a_version_number_without_end() -> None:
    assert complaint("%YAML 1." + "9" * 5000 + "\n---\na: 1\n").startswith(
        "p.yaml:1:1: a line cannot begin with %"
    )


def test_an_endless_key_is_told_in_short() -> None:
    key = "k" * 5000
    told = complaint(f"? {key}\n: 1\n? {key}\n: 2\n")
    assert told.startswith("p.yaml:3:3: the key " + "k" * 59 + "… stands twice")
    assert len(told) < 500


# Limits


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TOO_MANY = f"more than {NODES:,} values are too many for a problem"
TOO_DEEP = f"lists and mappings are nested more than {DEPTH} deep"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(LAUGHS, TOO_MANY, id="billion laughs"),
        pytest.param("a: [" + "1," * 400_000 + "]", TOO_MANY, id="many numbers"),
        pytest.param("".join(f"k{i}: 1\n" for i in range(90_000)), TOO_MANY, id="many keys"),
        pytest.param("a: " + "[" * 10_000, TOO_DEEP, id="brackets"),
        pytest.param("a: " + "[" * 10_000 + "]" * 10_000, TOO_DEEP, id="closed brackets"),
        pytest.param("a: " + "[\n" * 10_000, TOO_DEEP, id="brackets on lines"),
        pytest.param("{a: " * 10_000, TOO_DEEP, id="braces"),
        pytest.param("a:\n  " + "- " * 10_000, TOO_DEEP, id="dashes"),
        pytest.param("\n".join(" " * i + "a:" for i in range(1400)), TOO_DEEP, id="indentation"),
        pytest.param("? " * 10_000, "a key must be a text", id="question marks"),
    ],
)
def test_a_bomb_is_refused_at_once(text: str, told: str) -> None:
    # Ten times what it takes, and still nothing next to what it would take to walk into it.
    with at_most(9 if "many" in told and text is not LAUGHS else 0.9):
        assert told in complaint(text)


def test_a_bomb_is_told_where_it_goes_off() -> None:
    assert complaint("a: " + "[" * 100) == (
        f"p.yaml:1:53: {TOO_DEEP}\n    1 | {'[' * 92}\n      | {' ' * 41}^"
    )
    assert complaint(LAUGHS).startswith(f"p.yaml:5:28: {TOO_MANY}\n    5 | e: &e [*d, *d")


def test_depth_up_to_the_limit_is_read() -> None:
    deepest = DEPTH - 1  # the mapping at the top counts
    assert plain(compose("a: " + "[" * deepest + "x" + "]" * deepest, "p"))
    assert TOO_DEEP in complaint("a: " + "[" * DEPTH + "x" + "]" * DEPTH)
    anchored = "a: &x " + "[" * (deepest - 1) + "]" * (deepest - 1) + "\nb: "
    assert plain(compose(anchored + "[*x]", "p"))
    assert TOO_DEEP in complaint(anchored + "[[*x]]")


def test_brackets_in_a_text_are_not_nesting() -> None:
    brackets = "[" * 5000 + "{" * 5000
    for written in (f"'{brackets}'", f'"{brackets}"', f"x{brackets}", f"|\n  {brackets}"):
        value = at(compose(f"a: {written}\n", "p"), "a").value
        assert isinstance(value, str)
        assert value.strip() in (brackets, "x" + brackets)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:\n" + "- !!x y\n" * 40_000, id="tags"),
        pytest.param("a: [" + "!!x y, " * 40_000 + "]", id="tags in one line"),
        pytest.param("? " + "k" * 300_000 + "\n: [" + "1," * 60_000 + "]", id="a long key"),
        pytest.param("---\n" * 80_000, id="documents"),
        pytest.param("\n" * 300_000 + "x", id="blank lines"),
        pytest.param(" " * 300_000 + "x", id="spaces"),
        pytest.param('a: "' + "\\u0041" * 50_000, id="escapes"),
        pytest.param("a: {" + "".join(f"x{i}:1," for i in range(40_000)) + "}", id="mistakes"),
    ],
)
def test_time_grows_with_the_length_alone(text: str) -> None:
    with at_most(9):  # each takes below 0.9 s; a square would take minutes
        complaint(text)


# Properties

PIECES = [*"ab1 \n:-?[]{},'\"#&*!|>%@`~<=.\t\\xU/\r(\0", "- ", ": ", "---\n", "...\n", "\n  "]
PIECES += ["%YAML 1.2\n", "%TAG", "!!", "<<: ", "a: ", "\nb: ", "&a ", "*a ", "\u2028", "\ud800"]
LIBRARY = ("block end", "unicode string", "while scanning", "mapping values", "token", "object at")


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200))
@example('a: "\\UFFFFFFFF"')
@example("!\n\n&=&\r ")
@example("\n|\n \n  ---\n'")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(compose(text, "p").value, dict)
        found: tuple[Diagnosis, ...] = ()
    except InvalidProblem as refused:
        found = refused.diagnoses
    for diagnosis in found:
        assert diagnosis.render()
        assert diagnosis.place is not None
        assert diagnosis.place.column <= max(1, diagnosis.place.end)
        assert not any(word in diagnosis.message for word in LIBRARY)


WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=20)
VALUES = st.recursive(
    WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS.filter(bool), inner), max_leaves=20
)


@given(st.dictionaries(WORDS.filter(bool), VALUES))
def test_json_comes_back_as_it_was(data: dict[str, object]) -> None:
    root = compose(json.dumps(data, ensure_ascii=False), "p")
    assert plain(root) == data
    texts = [root]
    while texts:
        node = texts.pop()
        if isinstance(node.value, str):
            assert node.quoted
            if node.shift is not None:
                assert underlined(node) == f'"{node.value}"'
        else:
            below = node.value or ()
            texts.extend(below.values() if isinstance(below, dict) else below)
