"""Letters with a hat above: `m̂` for `mhat`. Widths are counted in characters, but a hat has none.

So while a page is laid out, a letter and its hat are one character of a private plane of Unicode.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

from stepsolve.notation.names import GREEK

_HAT: Final = "\N{COMBINING CIRCUMFLEX ACCENT}"
_PRIVATE: Final = 0xF0000  # what follows it has no meaning of its own in Unicode
_PAIR: Final = re.compile(f"(.){_HAT}")
_SINGLE: Final = re.compile("[\U000f0000-\U000f3fff]")


def hatted(stem: str) -> str:
    """The letter that has a hat: `m` for `mhat`, `theta` for `thetahat`; else nothing."""
    letter = stem.removesuffix("hat")
    return letter if letter != stem and (len(letter) == 1 or letter in GREEK) else ""


def with_hat(letter: str) -> str:
    """A letter with its hat, as one character where Unicode has it."""
    return normalize("NFC", letter + _HAT)


def single(text: str) -> str:
    """With letters and their hats as one private character each."""
    if _HAT not in text:
        return text
    return _PAIR.sub(lambda found: chr(_PRIVATE + ord(found[1])), text)


def combined(text: str) -> str:
    """With the letters and hats that private characters stand for."""
    if text.isascii():
        return text
    return _SINGLE.sub(lambda found: chr(ord(found[0]) - _PRIVATE) + _HAT, text)
