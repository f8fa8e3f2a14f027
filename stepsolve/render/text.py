"""`--format text`: the page without colour."""

from __future__ import annotations

from collections.abc import Iterable

from stepsolve.derivation import Derivation
from stepsolve.render.layout import Row, text_of
from stepsolve.render.page import Style, page


def render(derivation: Derivation, style: Style) -> str:
    """The page as text, every row within the width, with a line break at its end."""
    return plain_rows(page(derivation, style))


def plain_rows(rows: Iterable[Row]) -> str:
    """Rows without the roles of their pieces."""
    return "\n".join(map(text_of, rows)) + "\n"
