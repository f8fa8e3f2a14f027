"""What `list` and `explain` print of the marking: verdicts and slips."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from textwrap import fill

from stepsolve.marking.slips import ROWS, rules
from stepsolve.marking.slips.row import Row
from stepsolve.marking.verdicts import Verdict

_WIDTH = 79


@cache
def entries() -> Mapping[str, str]:
    """The explanation of every verdict and slip, by name."""
    found = {str(verdict): _verdict(verdict) for verdict in Verdict}
    for row in (*ROWS, *rules.ROWS):  # a slip in numbers may be one in formulas as well
        found[row.name] = f"{found.get(row.name) or _slip(row)}{_example(row)}"
    return found


def contents() -> list[str]:
    """The names of the verdicts and the slips, under their headings."""
    slips = dict.fromkeys(row.name for row in (*ROWS, *rules.ROWS))
    return [
        "Verdicts of a hand calculation (stepsolve check)",
        _listed([*Verdict]),
        "",
        "Slips that explain a wrong line",
        _listed([*slips]),
    ]


def _verdict(verdict: Verdict) -> str:
    return f"{verdict}\n\nA verdict of stepsolve check: {verdict.meaning}.\n"


def _slip(row: Row) -> str:
    described = fill(f"A slip of the pen: {row.description}.", _WIDTH)
    return f"{row.name}\n\n{described}\n"


def _example(row: Row) -> str:
    right, wrong = row.example
    return f"\n  for     {right}\n  stands  {wrong}\n"


def _listed(names: list[str]) -> str:
    text = ", ".join(name.replace(" ", "\xa0") for name in names)
    lines = fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return lines.replace("\xa0", " ")
