"""Bad problems, through the command: each is refused at its place, in words, and at once."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import NamedTuple

import pytest
from commands import Result, run
from timing import at_most

from stepsolve import cli

SECONDS = 2.0  # of processor time, so that other work on the machine does not count

LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def attempt(text: str | bytes, folder: Path, *args: str) -> Result:
    """One run of a problem file within the time; no traceback, whatever happens."""
    path = folder / "p.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = run("run", path.name, *args, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < SECONDS, f"{spent:.1f} s"
    return found


class Complaint(NamedTuple):
    place: str
    message: str
    marked: str  # what the carets stand under
    hint: str


def complaints(text: str) -> list[Complaint]:
    told = []
    for block in re.split(r"\n(?=\S)", text.rstrip("\n")):
        head, *rows = block.split("\n")
        place, _, message = head.partition(": ")
        marked = ""
        if len(rows) >= 2 and set(rows[1].strip()) <= {"|", " ", "^"}:
            start, end = rows[1].find("^"), rows[1].rfind("^") + 1
            marked = rows[0][start:end]
        hint = next((row[8:] for row in rows if row.startswith("  hint: ")), "")
        assert "Traceback" not in block
        told.append(Complaint(place, message, marked, hint))
    return told


def refused(text: str | bytes, folder: Path) -> list[Complaint]:
    found = attempt(text, folder)
    assert (found.returncode, found.stdout) == (3, ""), found.stderr
    return complaints(found.stderr)


def graph(*lines: str, given: str = "{x: 2}", more: str = "") -> str:
    rows = "".join(f"  - {line}\n" for line in lines)
    return f"kind: graph\ngiven: {given}\nlines:\n{rows}{more}"


def derivative(expression: str, more: str = "") -> str:
    return f'kind: derivative\nexpression: "{expression}"\n{more}'


def cases() -> list[object]:
    """hostile.txt: a title, the file; then the place and a part of the message, what the carets
    stand under, and a part of the hint."""
    text = Path(__file__).with_name("hostile.txt").read_text(encoding="utf-8")
    found = []
    for case in text.split("=== ")[1:]:
        title, rest = case.split("\n", 1)
        problem, told = rest.split("--> ")
        head, *rows = told.rstrip("\n").split("\n")
        expected = dict(row.split(": ", 1) for row in rows)
        place, message = head.split(" ", 1)
        found.append(pytest.param(problem, place, message, expected, id=title))
    return found


@pytest.mark.parametrize(("text", "place", "message", "expected"), cases())
def test_it_is_refused_at_its_place(
    text: str,
    place: str,
    message: str,
    expected: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In this process, where a hundred commands take a second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stepsolve", "run", "p.yaml"])
    Path("p.yaml").write_text(text, encoding="utf-8")
    with at_most(SECONDS), pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (3, ""), told.err
    first, *_ = complaints(told.err)
    assert first.place == f"p.yaml:{place}"
    assert message in first.message
    assert first.marked == expected.get("mark", first.marked)
    assert expected.get("hint", "") in first.hint


@pytest.mark.parametrize(
    ("expression", "column", "message"),
    [
        ("(" * 10_000 + "x" + ")" * 10_000, 10_014, "10000 characters"),
        ("-" * 5_000 + "x", 114, "nested 100 deep"),
        ("sin(" * 1_900 + "x" + ")" * 1_900, 410, "nested 100 deep"),
        ("x^" * 3_000 + "x", 211, "nested 100 deep"),
        ("[" * 300 + "]" * 300, 114, "nested 100 deep"),
        ("1+" * 4_000 + "1", 414, "200 levels"),
    ],
    ids=["brackets", "signs", "calls", "powers", "lists", "terms"],
)
def test_endless_expressions(expression: str, column: int, message: str, tmp_path: Path) -> None:
    (told,) = refused(derivative(expression), tmp_path)
    assert message in told.message
    assert "names of their own" in told.hint
    assert int(told.place.split(":")[2]) == pytest.approx(column, abs=10)


def test_anchors_in_excess(tmp_path: Path) -> None:
    (told,) = refused(LAUGHS + "kind: graph\n", tmp_path)
    assert "50,000 values are too many" in told.message
    assert told.place.startswith("p.yaml:")


def test_anchors_in_merge_keys(tmp_path: Path) -> None:
    rows = "a0: &a0 {x: 1}\n" + "".join(
        f"a{k}: &a{k} {{<<: [*a{k - 1}, *a{k - 1}]}}\n" for k in range(1, 30)
    )
    assert refused(rows, tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\n\n# only a comment\n", "nothing but comments"),
        (b"x" * 50_000_000, "larger than 1,000,000 bytes"),
        (b"kind: graph\n" * 2_000_000, "larger than 1,000,000 bytes"),
        (bytes(range(256)) * 100, "not a text"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "not a text"),
        ("kind: graph\n".encode("utf-16"), "UTF-16"),
        (b"kind: gr\xe4ph\n", "not"),
        (b"title: \x1b[31mred\nkind: graph\n", "U+001B"),
        ("title: a\u2028b\nkind: graph\n".encode(), "U+2028"),
    ],
    ids=[
        "empty",
        "comment",
        "50 MB",
        "24 MB",
        "junk",
        "ELF",
        "UTF-16",
        "Latin-1",
        "escape",
        "U+2028",
    ],
)
def test_what_is_no_problem_file(data: bytes, message: str, tmp_path: Path) -> None:
    (told,) = refused(data, tmp_path)
    assert told.place.startswith("p.yaml")
    assert message in told.message


def test_several_mistakes_at_once(tmp_path: Path) -> None:
    text = graph(
        "f = x + w", "g = f +", "h = sinn(x)", "f = 3",
        given="{x: 1, y: no, 2z: 3}",
        more="digits: 99\nbackwards: f\npaths: maybe\n",
    )  # fmt: skip
    told = refused(text, tmp_path)
    places = [one.place.removeprefix("p.yaml:") for one in told]
    assert {"2:18", "2:22", "5:12", "6:9", "8:9", "9:1", "10:8"} <= set(places)
    assert len(places) == len(set(places))


def test_mistakes_between_the_lines_at_once(tmp_path: Path) -> None:
    text = graph("f = x + w", "g = k + 1", "f = 3", more="backward: {of: z, wrt: [v]}\n")
    places = [one.place.removeprefix("p.yaml:") for one in refused(text, tmp_path)]
    assert places == ["4:13", "5:9", "6:5", "7:16", "7:25"]


def test_mistakes_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = graph("f = x +", given="{x: no}", more="digits: 99\nbackwards: f\n")
    lines = [int(one.place.split(":")[1]) for one in refused(text, tmp_path)]
    assert lines == sorted(lines)


def test_a_long_line_is_shown_in_part_with_the_caret_in_it(tmp_path: Path) -> None:
    terms = " + ".join(f"x_{k}" for k in range(150))
    (told, *_) = refused(derivative(f"{terms} + sinn(x) + {terms}"), tmp_path)
    assert told.marked == "sinn"
    column = int(told.place.rsplit(":", 1)[1])
    assert column == 14 + len(terms) + 3
