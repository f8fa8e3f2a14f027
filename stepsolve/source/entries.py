"""Entries of sequences in the expression language: `h(3)`, `x(t)`, `h(t - 1)`, `dh(t)/dw`."""

from __future__ import annotations

import re

from stepsolve.notation.names import NAME
from stepsolve.operations.table import ALIASES, ARRAYS, OPERATIONS, TENSORS

INDEX = rf"\s*\(\s*(?:[0-9]{{1,9}}|{NAME}(?:\s*[-+−]\s*[0-9]{{1,9}})?)\s*\)"
"""An index in brackets, as a regular expression: a number, or a name and what is added to it."""

_MAYBE = rf"{NAME}(?:{INDEX})?"
_ENTRY = re.compile(rf"\s*((?:d{_MAYBE}/d|∂{_MAYBE}/∂)?{_MAYBE})(?!\s*\()")
_CALLED = re.compile(rf"({NAME})\s*\(")


def entry_at(text: str, position: int) -> tuple[str, int] | None:
    """The name of the entry, or of a gradient with entries, that begins at an offset, and its end.

    `None` where there is none: `tanh(x)` is a call, because tanh is an operation.
    """
    match = _ENTRY.match(text, position)
    if match is None or "(" not in match[1]:
        return None
    if any(
        ALIASES.get(name, name) in (*OPERATIONS, *TENSORS, *ARRAYS, "diff", "partial")
        for name in _CALLED.findall(match[1])
    ):
        return None
    return canonical(match[1]), match.end()


def canonical(name: str) -> str:
    """The name of an entry as it is always written: `h(t - 1)` for `h( t−01 )`."""
    close = re.sub(r"\s+", "", name).replace("−", "-")
    plain = re.sub(r"(?<=[-+(])0+(?=[0-9])", "", close)
    return re.sub(r"([-+])", r" \1 ", plain)
