"""The slips that explain a wrong side, looked for in the numbers of the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from stepsolve.marking.judging import Judge
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.sides import Side, Target
from stepsolve.marking.slips import explain, patience
from stepsolve.marking.trial import Trial, entry_formula, wrong_entries
from stepsolve.marking.verdicts import Judgement, Slip
from stepsolve.marking.written import Written
from stepsolve.notation.tree import Expression, names, substitute
from stepsolve.operations.array_operation import Index

_READABLE: Final = 120  # nodes of a formula with skipped steps put in
_ENTRIES: Final = 3  # wrong entries of an array for which a slip is looked for


class Explainer:
    """Finds slips. `paper` says how products of arrays are written on the sides of a chain."""

    def __init__(self, ledger: Ledger, judge: Judge) -> None:
        self._ledger, self._judge = ledger, judge

    def explained(
        self,
        judgement: Judgement,
        formula: Expression | None,
        side: Side,
        paper: bool,
        target: Target | None = None,
    ) -> Judgement:
        """A judgement with the slips that lead from what should have been worked out to a side."""
        if formula is None or side.value is None:
            return judgement
        by_formula = paper
        if target is not None and target.quantity.formula is not None:
            by_formula = target.quantity.paper
        accepts = self._judge.accepting(side.expression, side.numbers, side.value, paper)
        place = target.place if target is not None else ()
        until = patience()
        slips: tuple[Slip, ...] = ()
        for whole in self._as_skipped(formula):
            trial = Trial(self._ledger, self._judge, by_formula, side.numbers, accepts, place)
            slips = slips or explain(trial.scene(whole, side.expression), until=until)
        if not slips and side.numbers is not None:
            slips = self._in_an_entry(formula, side.numbers, by_formula, place, until)
        return judgement._replace(slips=slips)

    def _as_skipped(self, formula: Expression) -> Iterator[Expression]:
        """A formula as it is, and with the formulas of the steps put in that the work skips."""
        yield formula
        inner = {}
        for name in names(formula):
            quantity = self._ledger.quantities.get(name)
            if quantity is not None and not quantity.is_stated and quantity.formula is not None:
                inner[name] = quantity.formula
        if inner and (whole := substitute(formula, inner)).size <= _READABLE:
            yield whole

    def _in_an_entry(
        self,
        formula: Expression,
        numbers: Mapping[Index, Written],
        paper: bool,
        place: Index,
        until: float,
    ) -> tuple[Slip, ...]:
        """The slips in the first entry that is wrong and that one explains."""
        if place:
            whole = entry_formula(self._ledger, formula, paper, place)
            wrong = iter([(whole, number) for number in numbers.values() if whole is not None])
        else:
            wrong = wrong_entries(self._ledger, formula, paper, numbers)
        for entry, number in islice(wrong, _ENTRIES):
            trial = Trial(self._ledger, self._judge, False, {(): number})
            if slips := explain(trial.scene(entry), until=until):
                return slips
        return ()
