"""Why a side is wrong: the slips in its formula, in the steps that it skips, or in one entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from time import process_time
from typing import Final, NamedTuple

import numpy as np

from stepsolve.checking.arrays import work
from stepsolve.errors import StepsolveError
from stepsolve.marking.judging import Judge
from stepsolve.marking.ledger import Ledger, shape_of
from stepsolve.marking.slips import Fit, explain, patience
from stepsolve.marking.trial import FITS, Trial
from stepsolve.marking.values import PRECISE, Exact, NoValue, on_paper
from stepsolve.marking.verdicts import Slip
from stepsolve.marking.written import Written, agreement, number_tree
from stepsolve.notation.tree import Expression, names, substitute
from stepsolve.operations.array_operation import Index
from stepsolve.operations.entries import ArrayEntries, Entries
from stepsolve.worksheet.array_working import WrittenArithmetic

_READABLE: Final = 120  # nodes of a formula with skipped steps put in
_SECONDS: Final = 1.5  # of the processor, for the slips of a whole work
_ENTRIES: Final = 3  # wrong entries of an array for which a slip is looked for
_MOST_WORK: Final = 20_000  # operations of an array, one of whose entries is written out
_LARGEST: Final = 400  # nodes of a formula of one entry


class WrongSide(NamedTuple):
    """A side that is wrong: as written, its value, and its numbers if it is nothing else.

    `paper` says that its products are meant as they are written on paper.
    """

    expression: Expression
    value: Exact
    numbers: Mapping[Index, Written] | None
    paper: bool


class Explainer:
    """Finds slips, for as many lines as there is time for: a work full of mistakes needs no more."""

    def __init__(self, ledger: Ledger, judge: Judge) -> None:
        self._ledger, self._judge = ledger, judge
        self._left = _SECONDS

    def slips(
        self, formula: Expression, paper: bool, side: WrongSide, place: Index = ()
    ) -> tuple[Slip, ...]:
        """The slips that lead from a formula to a wrong side, or from its entry at a place."""
        if self._left <= 0:
            return ()
        began = process_time()
        until = min(patience(), began + self._left)
        found = _slips(self._ledger, self._judge, formula, paper, side, place, until)
        self._left -= process_time() - began
        return found


def _slips(
    ledger: Ledger,
    judge: Judge,
    formula: Expression,
    paper: bool,
    side: WrongSide,
    place: Index,
    until: float,
) -> tuple[Slip, ...]:
    accepts = judge.accepting(side.expression, side.numbers, side.value, side.paper)
    for whole in _as_skipped(ledger, formula):
        trial = Trial(ledger, judge, paper, side.numbers, accepts, place)
        if found := explain(trial.scene(whole, side.expression), until=until):
            return found
    wrong = _wrong_entries(ledger, formula, paper, side.numbers or {}, place)
    for entry, number in islice(wrong, _ENTRIES):
        trial = Trial(ledger, judge, False, {(): number})
        if found := explain(trial.scene(entry), until=until):
            return found
    return ()


def _as_skipped(ledger: Ledger, formula: Expression) -> Iterator[Expression]:
    """A formula as it is, and with the formulas of the steps put in that the work skips."""
    yield formula
    inner = {}
    for name in names(formula):
        quantity = ledger.quantities.get(name)
        if quantity is not None and not quantity.is_stated and quantity.formula is not None:
            inner[name] = quantity.formula
    if inner and (whole := substitute(formula, inner)).size <= _READABLE:
        yield whole


def _wrong_entries(
    ledger: Ledger,
    formula: Expression,
    paper: bool,
    numbers: Mapping[Index, Written],
    place: Index,
) -> Iterator[tuple[Expression, Written]]:
    """The entries of an array that are not what they should be: the formula of each, in numbers."""
    try:
        value = ledger.evaluate(formula, ledger.own, paper)
    except NoValue:
        return
    dims = shape_of(value)
    places = [place] if place else list(np.ndindex(dims))
    if not dims or len(places) != len(numbers):
        return
    decimal = ledger.arithmetic.decimal
    for at, number in zip(places, numbers.values(), strict=True):
        if FITS.get(agreement(decimal(value[at]), number, PRECISE), Fit.NONE) is Fit.NONE:
            found = _entry_formula(ledger, formula, paper, at)
            if found is not None:
                yield found, number


def _entry_formula(
    ledger: Ledger, formula: Expression, paper: bool, index: Index
) -> Expression | None:
    """How one entry of an array comes about, in numbers; None where that is too long."""
    arithmetic = ledger.arithmetic
    try:
        known = ledger.known(formula, ledger.own)
        dimensions = arithmetic.dimensions(known)
        fitted = on_paper(formula, dimensions) if paper else formula
        if len(dimensions.of(fitted)) != len(index) or work(fitted, dimensions) > _MOST_WORK:
            return None

        def entries(value: Exact) -> Entries:
            def entry(place: Index) -> Expression:
                number = value[place] if np.shape(value) else value
                return number_tree(arithmetic.decimal(number))

            return Entries(shape_of(value), entry)

        written = {name: entries(value) for name, value in known.items()}
        found = ArrayEntries(dimensions, written, WrittenArithmetic()).of(fitted)[index]
    except (StepsolveError, IndexError, KeyError):
        return None
    return found if isinstance(found, Expression) and found.size <= _LARGEST else None
