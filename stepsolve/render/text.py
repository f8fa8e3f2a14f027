"""`--format text`: the page without colour."""

from __future__ import annotations

from stepsolve.derivation import Derivation
from stepsolve.render.layout import text_of
from stepsolve.render.page import Style, page


def render(derivation: Derivation, style: Style) -> str:
    """The page as text, every row within the width, with a line break at its end."""
    return "\n".join(map(text_of, page(derivation, style))) + "\n"
