"""The README keeps its word: its examples run and print what it shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import stepsolve
from stepsolve import kinds
from stepsolve.render.marked import rows
from stepsolve.render.page import Style
from stepsolve.render.text import plain_rows, render

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for found, text in fences if found == language]


def test_the_two_commands_are_those_that_ci_runs() -> None:
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert "stepsolve run problems/graphs/neuron.yaml" in commands[0]
    assert commands[1].endswith("pytest")


def test_the_excerpt_of_the_page_is_what_is_printed() -> None:
    shown = next(block for block in blocks("") if block.startswith("through f1"))
    page = render(stepsolve.solve(ROOT / "problems/graphs/neuron.yaml"), Style())
    assert shown in page


WORK = next(block for block in blocks("yaml") if "work:" in block)


def test_the_hand_calculation_has_the_verdicts_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    Path("work.yaml").write_text(WORK, encoding="utf-8")
    page = plain_rows(rows(stepsolve.check("work.yaml"), 80))
    assert f"```\n{page}```" in README


@pytest.mark.parametrize("text", [text for text in blocks("yaml") if text != WORK])
def test_a_problem_of_the_readme_is_solved(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    assert stepsolve.solve(path).confirmed


def test_the_error_is_the_one_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(blocks("yaml")[0].replace("w * x", "ww * x"), encoding="utf-8")
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve("mine.yaml")
    assert f"```\n{caught.value}\n```" in README


def test_the_library_does_what_its_comments_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = next(block for block in blocks("python") if "to_json" in block)
    names: dict[str, object] = {}
    exec(code, names)
    derivation = names["derivation"]
    assert isinstance(derivation, stepsolve.derivation.Derivation)
    assert derivation.quantities["df/dx"] == -4.0
    assert derivation.confirmed


def test_the_kind_of_the_readme_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = next(block for block in blocks("python") if "class Square" in block)
    (tmp_path / "square.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    try:
        derivation = stepsolve.solve({"kind": "square", "number": "7/2"})
    finally:
        sys.modules.pop("stepsolve.kinds.square", None)
    assert derivation.quantities["s"] == 12.25
    assert derivation.confirmed
