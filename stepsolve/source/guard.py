"""What a problem may not be: endless, bottomless, or made of characters that nobody can read."""

from __future__ import annotations

import re

from stepsolve.errors import Diagnosis, InvalidProblem, Place
from stepsolve.source.report import shown

NODES = 50_000  # values in one problem: texts, lists, mappings and their keys
DEPTH = 50  # lists and mappings within each other
PATH = 200  # characters of a path; fifty long keys within each other would make megabytes of each

TOO_MANY = f"more than {NODES:,} values are too many for a problem"
TOO_DEEP = f"lists and mappings are nested more than {DEPTH} deep"

_UNREADABLE_ASCII = re.compile("[^\t\n\r -~]")
_UNREADABLE = "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


class Budget:
    """How many values may still be visited. A value that is used again is paid for again."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = NODES

    def spend(self, place: Place, depth: int) -> None:
        """Pays for one value that stands `depth` levels deep, or raises `InvalidProblem`."""
        self._left -= 1
        if self._left < 0:
            raise InvalidProblem(Diagnosis(TOO_MANY, place))
        if depth > DEPTH:
            raise InvalidProblem(Diagnosis(TOO_DEEP, place))


def unreadable(text: str) -> tuple[int, str] | None:
    """The offset of the first character that has no place in a text, and the complaint about it.

    These are control characters other than tabs and line breaks, halves of surrogate pairs, the
    line separators of Unicode and byte order marks.
    """
    # the pattern for all of Unicode takes milliseconds to compile, and few problems need it
    pattern = _UNREADABLE_ASCII if text.isascii() else re.compile(_UNREADABLE)
    found = pattern.search(text)
    if found is None:
        return None
    return found.start(), f"the character U+{ord(found[0]):04X} has no place in a text"


def below(path: str, key: str | int) -> str:
    """The path of an entry of a list or mapping: `lines[2]`, `given.w0`."""
    step = f"[{key}]" if isinstance(key, int) else f".{shown(key)}" if path else shown(key)
    whole = path + step
    return whole if len(whole) <= PATH else "…" + whole[1 - PATH :]
