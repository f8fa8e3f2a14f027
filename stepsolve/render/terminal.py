"""`--format terminal`: the page in colour, by Rich.

Rows become one `Text`, never markup: brackets in mathematics are brackets.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from stepsolve.derivation import Derivation
from stepsolve.render.layout import BAD, GOOD, HEADING, NOTE, PLAIN, RESULT, RULE, TITLE, Row
from stepsolve.render.page import Style, page

# named colours only, so that the terminal's own theme decides, on dark and on light
_STYLES = {
    TITLE: "bold",
    HEADING: "bold",
    RULE: "cyan",
    NOTE: "dim",
    RESULT: "bold green",
    GOOD: "green",
    BAD: "bold red",
    PLAIN: "",
}


def render(derivation: Derivation, style: Style) -> str:
    """The page with the terminal's codes for its colours."""
    return coloured(page(derivation, style))


def coloured(rows: Iterable[Row]) -> str:
    """Rows with the terminal's codes for the colours of their roles."""
    text = Text(no_wrap=True, overflow="ignore")
    for row in rows:
        for piece, role in row:
            text.append(piece, _STYLES[role])
        text.append("\n")
    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(text)
    return captured.get()
