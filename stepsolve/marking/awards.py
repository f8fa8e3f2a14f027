"""Marks for a hand calculation: method and answer, follow-through granted, each mistake paid once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepsolve.marking.ledger import Ledger
from stepsolve.marking.verdicts import Award, MarkedLine, Verdict
from stepsolve.source.marks import Mark

_FULL = frozenset(Verdict) - {
    Verdict.WRONG,
    Verdict.FOLLOWS,
    Verdict.NOT_READ,
    Verdict.UNDECIDABLE,
}


def awards(
    marks: Mapping[str, Mark], lines: Sequence[MarkedLine], ledger: Ledger
) -> tuple[Award, ...]:
    """What the work gets for every quantity that has marks.

    The answer's marks are for a value that is right, or right from earlier errors unless `carry` is
    withheld; those of the method also for a right formula that was worked out wrongly. A quantity
    that the work passes over has its marks if a right line hangs on it.
    """
    stating = {line.of: line for line in lines if line.of and line.judgements}
    return tuple(_award(name, mark, stating, ledger) for name, mark in marks.items())


def _award(name: str, mark: Mark, stating: Mapping[str, MarkedLine], ledger: Ledger) -> Award:
    line = stating.get(name)
    if line is None:
        later = next(
            (other for other in stating.values() if name in other.skipped and _is_right(other)),
            None,
        )
        if later is None:
            return Award(name, 0, mark.total, "not shown")
        return Award(name, mark.total, mark.total, f"implied by line {later.line}")
    where = f"line {line.line}"
    if _is_right(line):
        return Award(name, mark.total, mark.total, f"{where}: right")
    if line.is_wrong:
        if not (name in ledger and ledger[name].wrong):
            return Award(name, mark.answer, mark.total, f"{where}: the answer, not the way to it")
        if len(line.judgements) > 1 and line.verdicts[0] is not Verdict.WRONG:
            return Award(name, mark.method, mark.total, f"{where}: the method, not the answer")
        return Award(name, 0, mark.total, f"{where}: wrong")
    if Verdict.FOLLOWS in line.verdicts:
        if mark.carry:
            return Award(name, mark.total, mark.total, f"{where}: follows from an earlier error")
        told = f"{where}: the method; an answer that follows from an error does not count here"
        return Award(name, mark.method, mark.total, told)
    return Award(name, 0, mark.total, f"{where}: could not be decided")


def _is_right(line: MarkedLine) -> bool:
    return all(verdict in _FULL for verdict in line.verdicts)
