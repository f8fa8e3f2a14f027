"""What a page says, as plain texts: its sentences, headings and tables."""

from __future__ import annotations

from typing import Any

from stepsolve.derivation import Derivation, Section, Table, Text
from stepsolve.notation.tree import Expression
from stepsolve.notation.unicode import one_line


def shown(part: Any) -> str:
    """A cell or a part of a sentence."""
    if isinstance(part, tuple):
        return "".join(map(shown, part))
    return one_line(part) if isinstance(part, Expression) else str(part)


def sentences(solved: Derivation) -> list[str]:
    return [shown(block.parts) for block in solved.blocks if isinstance(block, Text)]


def headings(solved: Derivation) -> list[str]:
    return [shown(block.parts) for block in solved.blocks if isinstance(block, Section)]


def tables(solved: Derivation) -> list[list[list[str]]]:
    found = [block for block in solved.blocks if isinstance(block, Table)]
    return [[[shown(cell) for cell in row] for row in block.rows] for block in found]
