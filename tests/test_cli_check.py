"""`stepsolve check` as a command: exit codes, formats, several files, standard input, bad files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import GRAPH, INVALID, LINUX, command, environment, run

RIGHT = "$a = 1 + 1 = 2$\n"
WRONG = "$a = 1 + 1 = 3$\n\n$b = 2 a = 6$\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "work.md"
    path.write_text(RIGHT, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "status"),
    [(RIGHT, 0), (WRONG, 1), ("", 0), ("$( 1 = 1$\n", 0), ("$\\log(-1) = 2$\n", 1)],
)
def test_the_status_tells_whether_anything_is_wrong(text: str, status: int, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    assert run("check", file).returncode == status


def test_notes_without_algebra_do_not_load_sympy(file: Path) -> None:
    told = "import sys, stepsolve; stepsolve.check(sys.argv[1]); print('sympy' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", told, str(file)], capture_output=True, env=environment(), check=True
    )
    assert found.stdout.strip() == b"False"


def test_2_for_bad_usage(file: Path) -> None:
    assert run("check").returncode == 2
    assert run("check", file, "--format", "html").returncode == 2
    assert run("check", file, "--nothing").returncode == 2


def test_3_for_files_that_are_not_there_or_not_valid(file: Path, tmp_path: Path) -> None:
    found = run("check", tmp_path / "no.md")
    assert (found.returncode, found.stdout) == (3, "") and "there is no such file" in found.stderr
    found = run("check", tmp_path)
    assert found.returncode == 3 and "directory" in found.stderr
    bad = tmp_path / "bad.yaml"
    bad.write_text(INVALID, encoding="utf-8")
    found = run("check", file, "--problem", bad)
    assert found.returncode == 3 and "y has no value" in found.stderr
    bad.write_text("wrok:\n  - a = 1\nwork: [a = 1]\n", encoding="utf-8")
    found = run("check", bad)
    assert found.returncode == 3 and "hint: did you mean work?" in found.stderr


def test_a_problem_is_no_work_and_a_work_no_problem(file: Path, tmp_path: Path) -> None:
    assert run("check", GRAPH).returncode == 3
    work = tmp_path / "work.yaml"
    work.write_text("problem: work.yaml\nwork: [a = 1]\n", encoding="utf-8")
    found = run("check", work)
    assert found.returncode == 3 and "work.yaml:1:10" in found.stderr
    assert "this is a hand calculation, not a problem" in found.stderr


def test_the_work_is_checked_against_its_problem(file: Path) -> None:
    file.write_text("q = -2 + 5 = 3\n\nf = 3 * (-4) = -12\n\ndf/dx = 3\n", encoding="utf-8")
    assert run("check", file).returncode == 0  # notes: nothing is known of df/dx
    found = run("check", "--problem", GRAPH, file, "--format", "json")
    told = json.loads(found.stdout)
    assert (found.returncode, told["first_wrong"]) == (1, 5)
    assert told["lines"][2]["expected"] == -4


def test_json_is_valid_whatever_the_numbers(file: Path) -> None:
    file.write_text("x = exp(1000) = 5\n\ninf = 2\n\nnan = 1\n\n1/0 = 3\n", encoding="utf-8")
    found = run("check", file, "--format", "json")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    told = json.loads(found.stdout, parse_constant=refuse)
    assert [line["verdicts"][-1] for line in told["lines"]] == [
        "wrong",
        "undecidable",
        "undecidable",
        "wrong",
    ]


def test_several_files_make_an_array_and_the_worst_status(file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.md"
    wrong.write_text(WRONG, encoding="utf-8")
    found = run("check", file, wrong, "--format", "json")
    assert found.returncode == 1
    assert [work["right"] for work in json.loads(found.stdout)] == [True, False]
    found = run("check", tmp_path / "no.md", file, "--format", "json")
    assert found.returncode == 3
    assert len(json.loads(found.stdout)) == 1


def test_standard_input(file: Path) -> None:
    assert run("check", "-", input=WRONG).returncode == 1
    assert run("check", "-", input="work:\n  - a = 2 * 3 = 6\n").returncode == 0


def test_the_page_says_the_first_wrong_line_and_what_follows(file: Path) -> None:
    file.write_text(WRONG, encoding="utf-8")
    page = run("check", file, "--format", "text").stdout
    assert "✗ Line 1 is the first that is wrong: expected 2" in page
    assert "With 2 for 3 in line 1" not in page or "line 3 follows from it" in page
    assert max(map(len, page.split("\n"))) < 80


def test_an_outlet_of_few_signs_keeps_the_columns(file: Path) -> None:
    row = "$θ_1 = 0.5 ≥ 0.25 ≥ 0.125 ≥ 0.0625 ≥ 0.03125 ≥ 0.0312 ≥ 0.031 ≥ 0.03$"
    file.write_text(f"{row}\n\n{WRONG}\n$( 1 = 1$\n", encoding="utf-8")
    full = run("check", file).stdout.split("\n")
    plain = run("check", file, env=environment(PYTHONIOENCODING="ascii", TERM="dumb")).stdout
    assert plain.isascii() and "FAILED" not in plain
    short = plain.split("\n")
    assert max(map(len, short)) < 80
    for beginning in ("  3 ✗ a = 1 + 1 = 3 ", "  5 → b = 2 a = 6 "):
        (marked,) = (line for line in full if line.startswith(beginning))
        alike = marked.replace("✗", "x").replace("→", ">")
        assert alike in short
    assert any(line.startswith("  1   theta_1 = 0.5 >= 0.25") for line in short)


def test_nothing_that_is_read_is_written_over(file: Path, tmp_path: Path) -> None:
    found = run("check", file, "-o", file)
    assert found.returncode == 2 and file.read_text(encoding="utf-8") == RIGHT
    found = run("check", file, "--problem", GRAPH, "-o", GRAPH)
    assert found.returncode == 2 and "kind: graph" in GRAPH.read_text(encoding="utf-8")
    out = tmp_path / "out.txt"
    assert run("check", file, "-o", out).returncode == 0
    assert "Nothing is wrong" in out.read_text(encoding="utf-8")


@LINUX
def test_a_closed_pipe_ends_the_command_quietly(file: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = run("check", file, capture_output=False, stdout=writer, stderr=-1)
    finally:
        os.close(writer)
    assert (found.returncode, found.stderr) == (141, "")


@LINUX
def test_interrupted(file: Path) -> None:
    file.write_text(
        "\n\n".join(f"$a_{{{k}}} = {k} + 1 = 0$" for k in range(9000)), encoding="utf-8"
    )
    process = subprocess.Popen(
        command("check", file),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    complaint = process.stderr.read()
    assert process.wait(30) == 130 and b"Traceback" not in complaint
    process.stderr.close()
