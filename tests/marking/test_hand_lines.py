"""Lines of handwritten notes whose verdicts were given before the program saw them."""

from __future__ import annotations

from pathlib import Path

import pytest

import stepsolve

_ROWS = [
    row.split(" || ")
    for row in Path(__file__).with_name("hand_lines.txt").read_text(encoding="utf-8").splitlines()
    if not row.startswith("#")
]


@pytest.mark.parametrize(("line", "verdicts"), _ROWS, ids=range(len(_ROWS)))
def test_every_sign_has_the_verdict_of_its_label(line: str, verdicts: str) -> None:
    marked = stepsolve.check([line])
    assert [str(v) for each in marked.lines for v in each.verdicts] == verdicts.split()


def test_the_same_lines_as_a_document(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    for dollars in ("", "$", "$$"):
        for line, verdicts in _ROWS:
            file.write_text(f"{dollars}{line}{dollars}\n", encoding="utf-8")
            marked = stepsolve.check(file)
            assert [str(v) for each in marked.lines for v in each.verdicts] == verdicts.split()


def test_a_digit_more_or_less_is_seen() -> None:
    marked = stepsolve.check([r"z_2 = 0.5 \times 0.622 = 0.312"])
    assert marked.lines[0].verdicts[1] == "wrong"
    assert marked.first_wrong is marked.lines[0]
