"""Files and streams -> text, with a limit on its size and plain words for what is not a text."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO, TextIO

from stepsolve.errors import Diagnosis, InvalidProblem, Place

LIMIT = 1_000_000  # bytes, or characters of a stream of text


def read(path: str | os.PathLike[str] | TextIO | BinaryIO) -> tuple[str, str]:
    """The text of a file, an open stream, or standard input (`-`), and the name to call it by.

    Never reads more than `LIMIT`. Raises `InvalidProblem` for what is missing, unreadable, too
    large, or not UTF-8; a byte order mark is dropped.
    """
    if not isinstance(path, (str, os.PathLike)):
        return _text(path, _name(path))
    name = os.fsdecode(path)
    if name == "-":
        if sys.stdin is None:  # in a program without a console
            raise _invalid("<stdin>", "there is no standard input")
        return _text(getattr(sys.stdin, "buffer", sys.stdin), "<stdin>")
    try:
        with open(name, "rb") as file:
            return _text(file, name)
    except (OSError, ValueError) as error:  # ValueError: a zero character in the name
        raise _invalid(name, _reason(error)) from None


def _name(stream: TextIO | BinaryIO) -> str:
    name = getattr(stream, "name", None)  # a number where the stream was opened from one
    return name if isinstance(name, str) else "<stream>"


def _text(stream: TextIO | BinaryIO, name: str) -> tuple[str, str]:
    try:
        data = _limited(stream)
    except UnicodeDecodeError as error:
        raise _invalid(name, f"this is not a text in {error.encoding}") from None
    except (OSError, ValueError) as error:  # ValueError: a closed stream
        raise _invalid(name, _reason(error)) from None
    if len(data) > LIMIT:
        raise _invalid(name, f"this is larger than {LIMIT:,} bytes, the most that is read")
    text = data if isinstance(data, str) else _decoded(data, name)
    return text.removeprefix("\ufeff"), name


def _limited(stream: TextIO | BinaryIO) -> str | bytes:
    """At most one more than `LIMIT`; pipes give what they have, so one `read` is not enough."""
    data = stream.read(LIMIT + 1)
    while 0 < len(data) <= LIMIT:
        more = stream.read(LIMIT + 1 - len(data))
        if not more:
            break
        data += more  # type: ignore[operator]  # a stream gives one type throughout
    return data


def _decoded(data: bytes, name: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _invalid(name, "this is a text in UTF-16", "save it as UTF-8")
    if (zero := data.find(0)) >= 0:
        raise _invalid(name, f"this is not a text: the byte at offset {zero} is zero")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        byte = data[error.start]
        problem = f"this is not UTF-8: the byte at offset {error.start} is 0x{byte:02x}"
        raise _invalid(name, problem, "save it as UTF-8") from None


def _reason(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a directory, not a file"
        case PermissionError():
            return "there is no permission to read this file"
        case OSError(strerror=str(reason)):
            return f"this cannot be read ({reason.lower()})"
        case _:
            return "this cannot be read"


def _invalid(name: str, problem: str, hint: str = "") -> InvalidProblem:
    return InvalidProblem(Diagnosis(problem, Place(name or "''"), hint))
