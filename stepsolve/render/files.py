"""Getting text out: files written whole or not at all, and characters that the outlet can show."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from unicodedata import name as unicode_name
from unicodedata import normalize

from stepsolve.errors import StepsolveError

_PLAINER = str.maketrans(
    {
        "−": "-",
        "·": "*",
        "─": "-",
        "═": "=",
        **dict.fromkeys("│⎢⎥⎜⎟", "|"),
        **dict.fromkeys("┌┐└┘⎡⎤⎣⎦⎛⎞⎝⎠", "+"),
        "≈": "~",
        "≥": ">=",
        "≤": "<=",
        "≠": "!=",
        "→": "->",
        "✓": "ok:",
        "✗": "FAILED:",
        "√": "sqrt",
        "⊙": "o",
        "𝟏": "ones",
        "‖": "||",
        "∂": "d",
        "ô": "o",
        "∇": "grad ",
        "′": "'",
        "…": "...",
    }
)
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵃ-ᵡʰʲʳʷˡˢˣʸᶜᶠᶻⁱⁿᴬ-ᵂⱽ]+")
_LOWERED = re.compile("[₀-₉₊₋₌ₐ-ₜᵢ-ᵪⱼ]+")


def encodable(text: str, encoding: str | None) -> str:
    """The text as an outlet of this encoding can show it: in plainer signs where it has to be."""
    name = encoding or "utf-8"
    try:
        text.encode(name)
        return text
    except UnicodeEncodeError:
        text = _RAISED.sub(lambda found: _power(found[0]), text)
        text = _LOWERED.sub(lambda found: f"_{normalize('NFKC', found[0])}", text)
        text = "".join(map(_spelt, text.translate(_PLAINER)))
        return text.encode(name, "replace").decode(name)


def _power(raised: str) -> str:
    plain = normalize("NFKC", raised).replace("−", "-")
    return f"^{plain}" if len(plain) == 1 else f"^({plain})"


def _spelt(character: str) -> str:
    """A Greek letter by its name; any other character as it is."""
    called = unicode_name(character, "")
    if not called.startswith("GREEK ") or " LETTER " not in called:
        return character
    letter = called.rpartition(" ")[2]
    return letter.capitalize() if "CAPITAL" in called else letter.lower()


def write_whole(text: str, path: Path) -> None:
    """Write a file in one go: what was there stays until the new text is complete.

    A link is followed; what is no regular file, such as a pipe, is written to as it is. Raises
    `StepsolveError` where it cannot be written.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as outlet:
                outlet.write(text)
        else:
            _replace(text, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StepsolveError(f"cannot write {path}: {reason}") from None


def _replace(text: str, path: Path) -> None:
    mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
    temporary: str | None = None
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".stepsolve-", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:  # an interrupt, too, must leave nothing behind
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
