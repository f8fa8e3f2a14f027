"""The smallest repair: what the first wrong line should be, and what becomes of the lines after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stepsolve.marking.ledger import Ledger
from stepsolve.marking.verdicts import MarkedLine, Verdict
from stepsolve.notation.numbers import Digits, number_text

_TOLD = 6  # values that are told one by one


def repair(lines: Sequence[MarkedLine], ledger: Ledger) -> str:
    """The repair in words; nothing where nothing is wrong, or where no value is expected."""
    first = next((line for line in lines if line.is_wrong), None)
    if first is None:
        return ""
    wrong = next(j for j in first.judgements if j.verdict is Verdict.WRONG)
    if not wrong.own and not wrong.expected:
        return ""
    after = lines[lines.index(first) + 1 :]
    follow = [line for line in after if Verdict.FOLLOWS in line.verdicts and not line.is_wrong]
    others = [line for line in after if line.is_wrong]
    right = [line for line in after if line not in follow and line not in others and _is_read(line)]
    instead = f" for {wrong.written}" if wrong.written else ""
    told = f"With {wrong.own or wrong.expected}{instead}"
    if wrong.others:
        told = f"With these {wrong.others + 1} entries put right"
    parts = []
    if right and first.of:
        verb = "is" if len(right) == 1 else "are"
        told += f" in line {first.line}, {numbered(right)} {verb} right as written"
    else:
        told += f", line {first.line} is right"
    if follow:
        parts.append(f"{numbered(follow)} {_become(follow, ledger)}")
    if others:
        parts.append(f"{numbered(others)} still {'has' if len(others) == 1 else 'have'} a mistake")
    return "; ".join((told, *parts)) + "."


def _is_read(line: MarkedLine) -> bool:
    return Verdict.NOT_READ not in line.verdicts


def _become(lines: Sequence[MarkedLine], ledger: Ledger) -> str:
    """What the lines that follow from the mistake come to without it, in the names of the work."""
    values = []
    for line in lines[:_TOLD]:
        true = ledger.true(line.of) if line.of else None
        value = true if true is None or not line.place else true[line.place]
        if value is None or np.shape(value):
            continue
        number = ledger[line.of].stated.get(line.place)
        digits = Digits(4 if number is None else number.places)
        values.append(f"{line.name} = {number_text(ledger.arithmetic.decimal(value), digits)}")
    verb = "follows from it" if len(lines) == 1 else "follow from it"
    if not values:
        return verb
    more = ", ..." if len(lines) > _TOLD else ""
    return f"{verb} and become{'s' if len(lines) == 1 else ''} {', '.join(values)}{more}"


def numbered(lines: Sequence[MarkedLine]) -> str:
    """The numbers of some lines: `line 3`, `lines 4 to 9`, `lines 4, 6 and 7`."""
    numbers = sorted({line.line for line in lines})
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    flat = ", ".join(parts)
    head, comma, tail = flat.rpartition(", ")
    return f"lines {head} and {tail}" if comma else f"lines {flat}"
