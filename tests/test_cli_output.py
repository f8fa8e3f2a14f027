"""`-o FILE`: a result is written whole or not at all, and nothing else is touched."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest
from commands import GRAPH, INVALID, LINUX, environment, run

from stepsolve.render.files import write_whole


@pytest.fixture
def invalid(tmp_path: Path) -> Path:
    path = tmp_path / "invalid.yaml"
    path.write_text(INVALID, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["text", "terminal", "json"])
def test_o_writes_what_would_be_printed(form: str, tmp_path: Path) -> None:
    path = tmp_path / "page"
    found = run("run", GRAPH, "--format", form, "-o", path, env=environment(FORCE_COLOR="1"))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    printed = run("run", GRAPH, "--format", form).stdout
    assert path.read_text(encoding="utf-8") == printed
    assert [p.name for p in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize("args", [("new", "graph"), ("schema",)])
def test_o_of_other_commands(args: tuple[str, ...], tmp_path: Path) -> None:
    assert run(*args, "-o", tmp_path / "out").returncode == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == run(*args).stdout


def test_o_keeps_what_was_there_when_the_new_problem_is_invalid(
    invalid: Path, tmp_path: Path
) -> None:
    path = tmp_path / "page.txt"
    path.write_text("old", encoding="utf-8")
    assert run("run", invalid, "-o", path).returncode == 3
    assert path.read_text(encoding="utf-8") == "old"


@LINUX
@pytest.mark.parametrize("old", [None, "old"])
def test_o_writes_nothing_when_the_disk_is_full(old: str | None, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    if old:
        path.write_text(old, encoding="utf-8")
    found = run(
        "run",
        GRAPH,
        "-o",
        path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert found.returncode == 2
    assert found.stderr == f"cannot write {path}: file too large\n"
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == (
        [("page.txt", "old")] if old else []
    )


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("missing/page.txt", "no such file or directory"),
        ("a-file/page.txt", "not a directory"),
        ("folder", "is a directory"),
    ],
)
def test_o_says_why_it_cannot_write(where: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("old", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    found = run("run", GRAPH, "-o", tmp_path / where)
    assert found.returncode == 2
    assert found.stderr == f"cannot write {tmp_path / where}: {reason}\n"
    assert {p.name for p in tmp_path.rglob("*")} == {"a-file", "folder"}


@LINUX
def test_o_into_a_folder_that_is_read_only() -> None:
    found = run("run", GRAPH, "-o", "/proc/page.txt")  # read-only to the superuser, too
    assert found.returncode == 2
    assert found.stderr.startswith("cannot write /proc/page.txt: ")


def test_o_leaves_nothing_behind_when_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stepsolve.render.files.os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole("a page", tmp_path / "page.txt")
    assert list(tmp_path.iterdir()) == []


def test_o_never_overwrites_the_problem_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = GRAPH.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    found = run("run", path, "-o", path)
    assert found.returncode == 2
    assert path.read_text(encoding="utf-8") == text


def test_o_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert run("run", GRAPH, "-o", tmp_path / "link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text(encoding="utf-8").startswith("A sum times")


@LINUX
def test_o_into_a_pipe_reaches_its_reader(tmp_path: Path) -> None:
    """As in `-o /dev/stdout`: what is no ordinary file is written to, not replaced."""
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    keep = os.open(pipe, os.O_RDWR)  # so that the reader below ends even if nobody writes
    reader = threading.Thread(target=lambda: got.append(os.read(keep, 100)), daemon=True)
    reader.start()
    found = run("run", GRAPH, "-o", pipe)
    still = pipe.is_fifo()
    os.write(keep, b"\n")
    reader.join(5)
    os.close(keep)
    assert found.returncode == 0 and still
    assert got[0].startswith(b"A sum times")
