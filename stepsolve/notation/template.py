"""Templates of calls, from the table of operations: `σ(#1)`, `|#1|`, `max(#*)`.

`#1`, `#2` stand for arguments and `#*` for all of them with commas between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stepsolve.notation.indices import is_setting
from stepsolve.notation.tree import Expression

CLOSED: Final = 0  # its own delimiters hold it together: `|#1|`
RAISED: Final = 1  # it cannot carry an exponent: `e^{#1}`, `√(#1)`
OPEN: Final = 2  # it begins or ends with an argument: `#1 ⊗ #2`
MARKED: Final = 3  # its argument carries a mark: `#1⁻¹`


def written_name(operation: str) -> str:
    """The name that a call has in the expression language."""
    # Only here: the table imports NumPy, and an expression without calls does not need it.
    from stepsolve.operations.table import OPERATIONS

    row = OPERATIONS.get(operation)
    return row.written if row else operation


def text_template(operation: str, arguments: Sequence[Expression] = ()) -> str:
    """The one-line notation of a call; of one with a setting, such as an axis, all is written."""
    from stepsolve.operations.table import row_of

    row = row_of(operation)
    found = row.text if row else ""
    return _for(arguments, found) or f"{operation.replace(chr(39), '′')}(#*)"


def latex_template(operation: str, arguments: Sequence[Expression] = ()) -> str:
    """The LaTeX notation of a call; of one with a setting, such as an axis, all is written."""
    from stepsolve.operations.table import row_of

    row = row_of(operation)
    if row is None and len(operation.rstrip("'")) == 1:  # a function without a name of its own
        return rf"{operation}\left(#*\right)"
    escaped = operation.replace("_", r"\_")
    found = row.latex if row else ""
    return _for(arguments, found) or rf"\operatorname{{{escaped}}}\left(#*\right)"


def _for(arguments: Sequence[Expression], template: str) -> str:
    """A template, unless it has no room for a setting that is there."""
    has_setting = any(map(is_setting, arguments))
    return "" if has_setting and "#*" not in template else template


def kind_of(template: str) -> int:
    """Whether a call is `CLOSED`, `RAISED`, `OPEN` or `MARKED`."""
    if template[:2] == "#1" and template.count("#") == 1:
        return MARKED
    if template[:1] == "#" or template[-2:-1] == "#":
        return OPEN
    if "^" in template or template.startswith(("√", "∛", r"\frac")):
        return RAISED
    return CLOSED


def pieces(template: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the first argument, and each slot (`1`, `2`, `*`) with the text after it."""
    first, *rest = template.split("#")
    return first, [(piece[0], piece[1:]) for piece in rest]


def filled(template: str, arguments: Sequence[str]) -> str:
    """The template with arguments put in."""
    first, rest = pieces(template)
    written = [first]
    for slot, after in rest:
        written.append(", ".join(arguments) if slot == "*" else arguments[int(slot) - 1])
        written.append(after)
    return "".join(written)
