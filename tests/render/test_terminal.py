"""Colour, width and encoding: what a page looks like depends on where it goes, its words do not."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from commands import CALCULUS, GRAPH, INVALID, LINUX, PROBLEMS, command, environment, run

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])(?:;[0-9;]*)?m")
MARKUP = "[bold]x[/bold] :x: A[i, j] = W[k] x[/2] [link=http://a.b]c[/link] [/]"


def in_terminal(*args: object, columns: int = 80, **variables: str) -> str:
    """What a terminal of a width is sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command(*args),
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        env=environment(**{"TERM": "xterm-256color", **variables}),
    )
    os.close(slave)
    chunks = []
    try:
        while chunk := os.read(master, 65536):
            chunks.append(chunk)
    except OSError:  # what Linux says when the other side is closed
        pass
    os.close(master)
    process.wait(20)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def rows_of(shown: str) -> list[str]:
    """The words of a page: without colour, and without blanks where nobody sees them."""
    return [row.rstrip() for row in ESCAPE.sub("", shown).rstrip().splitlines()]


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    path = tmp_path / "marked.yaml"
    path.write_text(f"kind: graph\ntitle: '{MARKUP}'\nlines: [f = x^2]\nbackward: f\n")
    return path


# -------------------------------------------------------------------------------------- colour


@pytest.mark.parametrize("form", ["terminal", "text", "json"])
@pytest.mark.parametrize("path", [GRAPH, CALCULUS])
def test_what_is_piped_has_no_escape_codes(path: Path, form: str) -> None:
    found = run("run", path, "--format", form, env=environment(TERM="xterm-256color"))
    assert found.returncode == 0 and found.stdout
    assert "\x1b" not in found.stdout


@pytest.mark.parametrize("path", [GRAPH, CALCULUS, PROBLEMS / "calculus/tanh.yaml"])
def test_forced_colour_changes_nothing_but_colour(path: Path) -> None:
    coloured = run("run", path, env=environment(FORCE_COLOR="1")).stdout
    assert COLOUR.search(coloured)
    assert rows_of(coloured) == rows_of(run("run", path).stdout)


def test_an_empty_force_color_forces_nothing() -> None:
    assert "\x1b" not in run("run", GRAPH, env=environment(FORCE_COLOR="")).stdout


def test_no_color_wins_over_force_color() -> None:
    found = run("run", GRAPH, env=environment(NO_COLOR="1", FORCE_COLOR="1"))
    assert not COLOUR.search(found.stdout)


@LINUX
def test_a_terminal_gets_colour_unless_it_asks_for_none() -> None:
    plain = run("run", GRAPH).stdout
    coloured = in_terminal("run", GRAPH)
    assert COLOUR.search(coloured)
    assert rows_of(coloured) == rows_of(plain)
    assert in_terminal("run", GRAPH, NO_COLOR="1") == plain
    assert in_terminal("run", GRAPH, NO_COLOR="") == coloured
    assert in_terminal("run", GRAPH, "--format", "text") == plain
    assert not COLOUR.search(in_terminal("run", GRAPH, TERM="dumb"))


@LINUX
def test_titles_results_and_verdicts_stand_out() -> None:
    shown = in_terminal("run", CALCULUS)
    rows = {ESCAPE.sub("", row).strip(): row for row in shown.splitlines()}
    assert rows["The logistic function"].startswith("\x1b[1m")
    assert "\x1b[1;32m" in shown[shown.index("┌") - 10 : shown.index("┌")]
    assert "\x1b[32m" in next(row for text, row in rows.items() if text.startswith("✓"))
    assert "\x1b[" not in rows["f = 1 / (1 + e⁻ˣ)     = 1 / (1 + e⁻⁰)     = 0.5"]


@LINUX
def test_a_complaint_has_no_escape_codes(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(INVALID, encoding="utf-8")
    assert in_terminal("run", path).startswith(f"{path}:4:13: y has no value\n    4 | ")


@pytest.mark.parametrize("force", ["", "1"])
def test_markup_in_a_title_is_printed_as_it_is(marked: Path, force: str) -> None:
    shown = run("run", marked, env=environment(FORCE_COLOR=force)).stdout
    assert ESCAPE.sub("", shown).startswith(f"{MARKUP}\n{'═' * len(MARKUP)}\n")


# --------------------------------------------------------------------------------------- width


@LINUX
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_page_fits_its_terminal(columns: int) -> None:
    for file in ("graphs/neuron.yaml", "calculus/two-path-neuron.yaml"):
        shown = ESCAPE.sub("", in_terminal("run", PROBLEMS / file, columns=columns))
        widths = [len(row) for row in shown.splitlines()]
        assert len(widths) > 40
        assert max(widths) <= columns


def test_columns_say_how_wide_a_piped_page_is() -> None:
    path = PROBLEMS / "calculus/two-path-neuron.yaml"
    narrow = run("run", path, env=environment(COLUMNS="50")).stdout
    assert max(map(len, narrow.splitlines())) <= 50
    assert run("run", path, env=environment(COLUMNS="80")).stdout == run("run", path).stdout
    assert run("run", path, env=environment(COLUMNS="wide")).returncode == 0


# ------------------------------------------------------------------------------------ encoding


@pytest.mark.parametrize("force", ["", "1"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_plain_outlet_gets_a_plain_page(encoding: str, force: str) -> None:
    variables = environment(PYTHONIOENCODING=encoding, FORCE_COLOR=force)
    found = subprocess.run(
        command("run", GRAPH), capture_output=True, env=variables, timeout=120, check=False
    )
    assert found.returncode == 0, found.stderr
    text = ESCAPE.sub("", found.stdout.decode(encoding))
    assert "f = q * z = 3 * (-4) = -12" in text or "f = q · z" in text
    assert "?" not in text


@pytest.mark.parametrize("file", ["calculus/sigmoid.yaml", "graphs/vanishing-chain.yaml"])
def test_mathematics_is_still_mathematics_in_ascii(file: str) -> None:
    """No sign is lost: an e?? or a ?(x) is no solution."""
    found = run("run", PROBLEMS / file, env=environment(PYTHONIOENCODING="ascii"))
    assert found.returncode == 0
    assert found.stdout.isascii()
    assert "?" not in found.stdout


@pytest.mark.parametrize("args", [("list",), ("explain", "sigmoid")], ids=str)
def test_the_other_commands_in_ascii(args: tuple[str, ...]) -> None:
    found = run(*args, env=environment(PYTHONIOENCODING="ascii"))
    assert (found.returncode, found.stderr) == (0, "")
    assert "?" not in found.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_keeps_its_names_in_every_encoding(encoding: str) -> None:
    text = "kind: graph\ngiven: {α: 2, β: 3}\nlines: [f = α * β]\nbackward: f\n"
    shown = subprocess.run(
        command("run", "-", "--format", "json"),
        input=text.encode(),
        capture_output=True,
        env=environment(PYTHONIOENCODING=encoding),
        timeout=120,
        check=True,
    )
    told = json.loads(shown.stdout.decode(encoding))
    assert told["quantities"] == {"α": 2, "β": 3, "f": 6, "df/df": 1, "df/dα": 3, "df/dβ": 2}


def test_complaints_in_ascii(tmp_path: Path) -> None:
    path = tmp_path / "greek.yaml"
    path.write_text("kind: graph\ngiven: {}\nlines: [f = α]\n", encoding="utf-8")
    found = run("run", path, env=environment(PYTHONIOENCODING="ascii"))
    assert found.returncode == 3
    assert "greek.yaml:3:13: " in found.stderr
