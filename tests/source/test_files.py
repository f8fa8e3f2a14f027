"""Files and streams become text; what is not a text is refused without reading all of it."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing import at_most

from stepsolve.errors import InvalidProblem
from stepsolve.source.files import LIMIT, read
from stepsolve.source.yaml import compose

TOO_LARGE = f"this is larger than {LIMIT:,} bytes, the most that is read"


def complaint(source: Any) -> str:
    with pytest.raises(InvalidProblem) as caught:
        read(source)
    return str(caught.value)


def file(folder: Path, data: bytes) -> Path:
    path = folder / "p.yaml"
    path.write_bytes(data)
    return path


class Counting(io.BytesIO):
    """A stream that counts what is taken from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


# What can be read


def test_a_file_by_its_path(tmp_path: Path) -> None:
    path = file(tmp_path, "a: α\r\n".encode())
    assert read(path) == ("a: α\r\n", str(path))
    assert read(str(path)) == ("a: α\r\n", str(path))


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert read(file(tmp_path, b"\xef\xbb\xbfa: 1"))[0] == "a: 1"
    assert read(io.StringIO("\ufeffa: 1"))[0] == "a: 1"


def test_open_files_stay_open(tmp_path: Path) -> None:
    path = file(tmp_path, "a: α\n".encode())
    with path.open("rb") as binary, path.open(encoding="utf-8") as text:
        assert read(binary) == read(text) == ("a: α\n", str(path))
        assert not binary.closed
        assert not text.closed


def test_streams_without_a_name() -> None:
    assert read(io.StringIO("a: 1")) == ("a: 1", "<stream>")
    assert read(io.BytesIO(b"a: 1")) == ("a: 1", "<stream>")
    reading, writing = os.pipe()
    os.write(writing, b"a: 1")
    os.close(writing)
    with open(reading, "rb") as numbered:
        assert read(numbered) == ("a: 1", "<stream>")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a: α".encode()), "latin-1"))
    assert read("-") == ("a: α", "<stdin>")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a: α"))
    assert read("-") == ("a: α", "<stdin>")
    monkeypatch.setattr(sys, "stdin", None)
    assert complaint("-") == "<stdin>: there is no standard input"


def test_a_pipe_that_gives_little_at_a_time() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb", buffering=0) as end:
            for _ in range(50):
                end.write(b"a" * 1000)
                time.sleep(0.0002)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, "rb", buffering=0) as pipe:
        text, _ = read(pipe)
    thread.join()
    assert text == "a" * 50_000


# What cannot


def test_what_is_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "none.yaml"
    assert complaint(missing) == f"{missing}: there is no such file"
    assert complaint(missing / "x") == f"{missing / 'x'}: there is no such file"
    assert complaint(tmp_path) == f"{tmp_path}: this is a directory, not a file"
    assert complaint("") == "'': there is no such file"
    assert complaint("a\0b") == "a\0b: this cannot be read"

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert complaint("p.yaml") == "p.yaml: there is no permission to read this file"


def test_a_device_that_fails() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, f"Input/output error after {size}"[:18])

    assert complaint(Failing()) == "<stream>: this cannot be read (input/output error)"


def test_a_closed_stream() -> None:
    stream = io.StringIO("a: 1")
    stream.close()
    assert complaint(stream) == "<stream>: this cannot be read"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x7fELF\x02\0\0", "this is not a text: the byte at offset 5 is zero"),
        (
            b"a: \xffb",
            "this is not UTF-8: the byte at offset 3 is 0xff\n  hint: save it as UTF-8",
        ),
        (
            "a: ä".encode("latin-1"),
            "this is not UTF-8: the byte at offset 3 is 0xe4\n  hint: save it as UTF-8",
        ),
        ("a: 1".encode("utf-16"), "this is a text in UTF-16\n  hint: save it as UTF-8"),
        (b"\xfe\xff\0a", "this is a text in UTF-16\n  hint: save it as UTF-8"),
        (
            b"\xed\xa0\x80",
            "this is not UTF-8: the byte at offset 0 is 0xed\n  hint: save it as UTF-8",
        ),
    ],
)
def test_what_is_not_a_text(data: bytes, told: str, tmp_path: Path) -> None:
    path = file(tmp_path, data)
    assert complaint(path) == f"{path}: {told}"
    assert complaint(io.BytesIO(data)) == f"<stream>: {told}"


def test_a_stream_in_another_encoding() -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"a: \xff"), "ascii")
    assert complaint(stream) == "<stream>: this is not a text in ascii"


# Limits


def test_the_limit_is_what_is_read(tmp_path: Path) -> None:
    assert len(read(file(tmp_path, b"a" * LIMIT))[0]) == LIMIT
    path = file(tmp_path, b"a" * (LIMIT + 1))
    assert complaint(path) == f"{path}: {TOO_LARGE}"
    assert complaint(io.StringIO("a" * (LIMIT + 1))) == f"<stream>: {TOO_LARGE}"


def test_a_large_file_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    with path.open("wb") as large:
        large.truncate(50_000_000)
    with at_most(0.5):
        assert complaint(path) == f"{path}: {TOO_LARGE}"

    stream = Counting(b"a" * (3 * LIMIT))
    complaint(stream)
    assert stream.taken == LIMIT + 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file here")
def test_an_endless_file_is_refused() -> None:
    assert complaint("/dev/zero") == f"/dev/zero: {TOO_LARGE}"


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        compose(*read(io.BytesIO(data)))
    except InvalidProblem as refused:
        assert all(found.render().startswith("<stream>:") for found in refused.diagnoses)  # noqa: PT017  # both outcomes are right
