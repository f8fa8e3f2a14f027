"""Sides that hang on symbols: equal as formulas or not, and limits among them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from stepsolve.marking import symbols
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.limits import Limits, has_limit
from stepsolve.marking.sides import Side
from stepsolve.marking.slips import explain_formula
from stepsolve.marking.trial import symbolic_scene
from stepsolve.marking.verdicts import Judgement, Verdict
from stepsolve.marking.vocabulary import is_derivative
from stepsolve.notation.tree import Expression, names

_LISTED: Final = 4  # names without a value that are told


class Formulas:
    """Judges signs between formulas, by what is known of their names."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._limits = Limits()

    def judged(
        self, left: Expression | None, side: Side, why: str, *, always: bool, first: bool = False
    ) -> Judgement:
        """A sign before a side; `why` says why there is no value, where the side does not.

        It is a claim `always`, or only where the side has no names but those of the left; the `first`
        sign after a name gives it a formula.
        """
        if left is None:
            return Judgement(Verdict.DEFINES)
        if has_limit(left) or has_limit(side.expression):
            return self.limits(left, side.expression)
        formulas = self._ledger.formulas(left, side.expression)
        one, other = (symbols.inlined(s, formulas) for s in (left, side.expression))
        known = self._ledger.scalars(one, other)
        same = symbols.equal(one, other, known)
        if same:
            return Judgement(Verdict.DEFINES if first else Verdict.EXACT)
        if same is None and not first and side.value is not None and self.is_unknown(left):
            return self._gives(one, other)
        if same is None:
            why = side.why or why or "these symbols were not compared"
            return Judgement(Verdict.UNDECIDABLE, why)
        if nothing := symbols.free(one) & symbols.NO_NUMBERS:
            return Judgement(Verdict.UNDECIDABLE, f"{min(nothing)} is no number")
        ours, theirs = (symbols.free(s) - known.keys() for s in (one, other))
        if always or is_derivative(one) or (theirs and theirs <= ours):
            slips = explain_formula(symbolic_scene(one, other, known))
            return Judgement(Verdict.WRONG, "the sides are not equal", slips=slips)
        return self._gives(one, other)

    def _gives(self, one: Expression, other: Expression) -> Judgement:
        """A condition for names without a value, and no claim."""
        free = sorted((symbols.free(one) | symbols.free(other)) - symbols.NO_NUMBERS)
        unknown = [name for name in free if not self._ledger.has_value(name)]
        verb = "has" if len(unknown) == 1 else "have"
        told = f"not checked: {', '.join(unknown[:_LISTED])} {verb} no value so far"
        return Judgement(Verdict.DEFINES, told if unknown else "")

    def limits(self, left: Expression, right: Expression) -> Judgement:
        """A sign between sides of which one holds a limit."""
        meant = self._ledger.formulas(left, right)
        numbers = ((name, self._ledger.shown(name)) for name in (*names(left), *names(right)))
        meant |= {name: number for name, number in numbers if number is not None}
        return self._limits.compared(left, right, meant)

    def is_unknown(self, side: Expression) -> bool:
        """Whether a side has a name that nothing is known of."""
        return not symbols.is_endless(side) and any(
            name not in self._ledger and name not in symbols.NO_NUMBERS
            for name in symbols.free(side)
        )

    def differ(self, one: Expression, other: Expression, variables: Collection[str]) -> bool:
        """Whether two formulas in some variables, which have values too, are different functions."""
        if not all(any(name in names(side) for name in variables) for side in (one, other)):
            return False
        known = self._ledger.scalars(one, other)
        fixed = {name: value for name, value in known.items() if name not in variables}
        return symbols.equal(one, other, fixed) is False
