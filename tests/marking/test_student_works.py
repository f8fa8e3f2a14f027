"""Works as students write them: honest ones have no wrong line, and a mistake that is put in is found.

The works are under `works/`. On top of each stands its problem, and a mistake with what it replaces.
In notes the verdicts, judged by hand, stand behind each line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import stepsolve
from stepsolve.marking.verdicts import Verdict

WORKS = sorted((Path(__file__).parent / "works").glob("*.md"))
NOTES = [path for path in WORKS if path.stem.startswith("notes-")]
ON_PROBLEMS = [path for path in WORKS if path not in NOTES]
PROBLEMS = Path(__file__).parents[2] / "problems"
BAD = {Verdict.WRONG, Verdict.FOLLOWS, Verdict.NOT_READ, Verdict.UNDECIDABLE}
UNSEEN = {"bayes"}  # a mistake in a name that the problem does not have, and no line uses


class Student(NamedTuple):
    text: str
    problem: Path
    mistake: tuple[str, str]
    slip: str


def student(path: Path) -> Student:
    text = path.read_text(encoding="utf-8")
    told = dict(re.findall(r"^(problem|mistake|slip): ?(.*)$", text, re.MULTILINE))
    before, _, after = told["mistake"].partition(" -> ")
    return Student(text, PROBLEMS / told["problem"], (before, after), told.get("slip", ""))


@pytest.mark.parametrize("path", ON_PROBLEMS, ids=lambda path: path.stem)
def test_no_line_of_an_honest_work_is_wrong_and_all_are_read(path: Path) -> None:
    marked = stepsolve.check(path, student(path).problem)
    assert len(marked.lines) >= 2
    assert [(line.line, line.verdicts) for line in marked.lines if BAD & set(line.verdicts)] == []


@pytest.mark.parametrize("path", ON_PROBLEMS, ids=lambda path: path.stem)
def test_a_mistake_that_is_put_in_is_the_first_wrong_line(path: Path, tmp_path: Path) -> None:
    text, problem, (before, after), slip = student(path)
    head, end, body = text.partition("-->")
    assert before in body
    planted = tmp_path / path.name
    planted.write_text(head + end + body.replace(before, after, 1), encoding="utf-8")
    at = (head + end + body.partition(before)[0]).count("\n") + 1
    first = stepsolve.check(planted, problem).first_wrong
    if path.stem in UNSEEN:
        assert first is None
        return
    assert first is not None
    assert first.line == at
    named = [s.name for j in first.judgements if j.verdict is Verdict.WRONG for s in j.slips[:1]]
    assert not slip or slip in named


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_the_verdicts_of_notes_are_those_judged_by_hand(path: Path) -> None:
    expected: dict[int, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if told := re.search(r"<!--(.*)-->", line):
            expected[number] = told[1].split()
    found: dict[int, list[str]] = {}
    for marked in stepsolve.check(path).lines:
        found.setdefault(marked.line, []).extend(map(str, marked.verdicts))
    assert found == {number: verdicts for number, verdicts in expected.items() if verdicts}
