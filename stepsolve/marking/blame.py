"""Which earlier line a wrong one goes back to: a name of the work's own, with a formula that is wrong.

The problem has no such name, so that its line could not be compared with anything. But where a later
line is wrong as it would be if one part of its formula had the value of that name, the name was meant
for that part, and it is the line of the name that is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from time import process_time
from typing import Final, NamedTuple

import numpy as np

from stepsolve.marking.chains import Marker, Miss
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.values import Exact, NoValue
from stepsolve.notation.tree import Apply, Expression, Name, names, replaced, substitute, walk
from stepsolve.operations.table import CONSTANTS

_HOLE: Final = "#"
_LARGEST: Final = 400  # nodes of a formula with the steps put in that the work skips
_ROUNDS: Final = 8  # of putting them in
_LOOKED: Final = 2000  # parts of formulas that a name is put for
_MISSES: Final = 3  # wrong lines that are looked at
_CLOSE: Final = 0.005  # relative: rounded numbers stand between a name and its use


class Meaning(NamedTuple):
    """A name of the work's own, and the true value of what it may be meant for."""

    name: str
    true: Exact


def meanings(marker: Marker, problem: Collection[str], end: float) -> Iterator[Meaning]:
    """What names of the work's own may be meant for, going by the values that are wrong.

    `problem` are the names of the problem itself; `end` is when to stop, a time of the processor.
    """
    ledger = marker.ledger
    looked = 0
    told: list[tuple[str, str]] = []
    for miss in marker.misses[:_MISSES]:
        formula = _with_skipped(ledger, ledger[miss.of].formula)
        if formula is None:
            continue
        paper = ledger[miss.of].paper
        for name, of in reversed(miss.before):
            value = ledger.own(of)
            if value is None or name in problem or name in CONSTANTS:
                continue
            for part in dict.fromkeys(walk(formula)):
                looked += 1
                if looked > _LOOKED or process_time() > end:
                    return
                true = _meant(ledger, formula, part, value, miss, paper)
                key = (name, str(true))
                if true is not None and key not in told:
                    told.append(key)
                    yield Meaning(name, true)


def _meant(
    ledger: Ledger, formula: Expression, part: Expression, value: Exact, miss: Miss, paper: bool
) -> Exact | None:
    """The true value of a part for which a name was meant, if the part with its value is the miss."""
    if not isinstance(part, Apply):
        return None
    try:
        true = ledger.evaluate(part, ledger.true, paper)
        if np.shape(true) != np.shape(value) or _alike(true, value, 0):
            return None
        changed = replaced(formula, part, Name(_HOLE))
        reached = ledger.arithmetic.value(
            changed, {**ledger.known(formula, ledger.own), _HOLE: value}, paper
        )
    except NoValue:
        return None
    if miss.place:
        if np.ndim(reached) != len(miss.place):
            return None
        reached = reached[miss.place]
    return true if _alike(reached, miss.value) else None


def _with_skipped(ledger: Ledger, formula: Expression | None) -> Expression | None:
    """A formula with the formulas of the steps put in that the work skips."""
    for _ in range(_ROUNDS):
        if formula is None or formula.size > _LARGEST:
            return None
        inner = {
            name: quantity.formula
            for name in names(formula)
            if (quantity := ledger.quantities.get(name)) is not None
            and quantity.formula is not None
            and not quantity.is_stated
        }
        if not inner:
            break
        formula = substitute(formula, inner)
    return formula


def _alike(one: Exact, other: Exact, tolerance: float = _CLOSE) -> bool:
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if a.shape != b.shape:
        return False
    return bool(np.all(np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b)) + 1e-12))
