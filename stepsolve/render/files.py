"""Getting text out: files written whole or not at all, and characters that the outlet can show."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from stepsolve.errors import StepsolveError

_PLAINER = str.maketrans(
    {
        "−": "-",
        "·": "*",
        "─": "-",
        "═": "=",
        "│": "|",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "≈": "~",
        "≥": ">=",
        "≤": "<=",
        "≠": "!=",
        "→": "->",
        "✓": "ok",
        "✗": "FAILED",
        "√": "sqrt",
        "∂": "d",
        "∇": "grad ",
        "′": "'",
        "²": "^2",
        "³": "^3",
    }
)


def encodable(text: str, encoding: str | None) -> str:
    """The text as an outlet of this encoding can show it: plainer signs where it has to be."""
    name = encoding or "utf-8"
    try:
        text.encode(name)
        return text
    except UnicodeEncodeError:
        return text.translate(_PLAINER).encode(name, "replace").decode(name)


def write_whole(text: str, path: Path) -> None:
    """Write a file in one go: what was there stays until the new text is complete.

    Raises `StepsolveError` where it cannot be written.
    """
    temporary: str | None = None
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".stepsolve-", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise StepsolveError(f"cannot write {path}: {reason}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
