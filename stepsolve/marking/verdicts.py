"""What can be said of one `=` of a hand calculation, and of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from stepsolve.derivation import Check, Value
from stepsolve.notation.tree import Expression
from stepsolve.operations.array_operation import Index


class Verdict(StrEnum):
    """The verdict of one `=`."""

    DEFINES = "defines"
    EXACT = "exact"
    ROUNDED = "rounded"
    TRUNCATED = "truncated"
    CARRIED = "carried-digits"
    LAST_DIGIT = "last-digit"
    FOLLOWS = "follows"
    UNDECIDABLE = "undecidable"
    WRONG = "wrong"
    NOT_READ = "not-read"

    @property
    def meaning(self) -> str:
        """The verdict in a sentence."""
        return _MEANINGS[self]

    @property
    def severity(self) -> int:
        """How far from exact, to tell the worst of several entries."""
        return _ORDER.index(self)


_MEANINGS: Mapping[Verdict, str] = {
    Verdict.DEFINES: "gives a value to a name that had none so far",
    Verdict.EXACT: "both sides are equal",
    Verdict.ROUNDED: "right to the digits shown",
    Verdict.TRUNCATED: "cut to the digits shown instead of rounded",
    Verdict.CARRIED: "right with the unrounded values behind the numbers shown",
    Verdict.LAST_DIGIT: "off by less than one unit in the last place",
    Verdict.FOLLOWS: "right from earlier values that are wrong: the error is carried forward",
    Verdict.UNDECIDABLE: "the digits shown are too few to tell",
    Verdict.WRONG: "wrong",
    Verdict.NOT_READ: "could not be read",
}
_ORDER = tuple(_MEANINGS)

AGREES = frozenset({Verdict.EXACT, Verdict.ROUNDED, Verdict.TRUNCATED})
"""The verdicts of a number that is what it should be, to the digits shown."""


class Slip(NamedTuple):
    """A known mistake that explains a wrong value: its name, and what happened in words.

    `instead` is what was worked out in place of what should have been.
    """

    name: str
    told: str
    instead: Expression | None = None


class Judgement(NamedTuple):
    """One `=`: its verdict and, where it is not right, what was expected.

    `expected` is the true value and `own` what the earlier values of the work give where that is
    another, as texts with a few more digits than `written`, the text of a number that was judged;
    `values` are both in full. Of an array this is one wrong entry, and there are `others`.
    """

    verdict: Verdict
    told: str = ""
    expected: str = ""
    own: str = ""
    written: str = ""
    values: tuple[Value | None, Value | None] = (None, None)
    slips: tuple[Slip, ...] = ()
    others: int = 0


class MarkedLine(NamedTuple):
    """One chain `left = side = side ...` as written, with a judgement for every sign.

    `line` counts the lines of the work or, in a document, those of the file. `of` is the quantity
    that it states, or whose entry at a place; `skipped` are quantities on the way to it that the work
    passes over.
    """

    line: int
    text: str
    judgements: tuple[Judgement, ...]
    of: str = ""
    skipped: tuple[str, ...] = ()
    place: Index = ()
    name: str = ""
    """What the work calls it."""
    is_own: bool = False
    """Whether the problem has no such quantity: its numbers are checked, its formula is not."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(judgement.verdict for judgement in self.judgements)

    @property
    def worst(self) -> Verdict:
        """The verdict that the mark beside the line shows."""
        return max(self.verdicts, key=lambda verdict: verdict.severity, default=Verdict.NOT_READ)

    @property
    def is_wrong(self) -> bool:
        return Verdict.WRONG in self.verdicts


class Award(NamedTuple):
    """The marks for one quantity: those got, out of how many, and why."""

    of: str
    got: int
    out_of: int
    told: str


class Marked(NamedTuple):
    """A hand calculation with its verdicts."""

    title: str
    lines: tuple[MarkedLine, ...]
    repair: str = ""
    awards: tuple[Award, ...] = ()
    doubts: tuple[Check, ...] = ()
    """Checks of the problem's own solution that failed: then no verdict can be trusted."""
    missing: tuple[str, ...] = ()
    """Answers asked for by the problem that no line states."""

    @property
    def first_wrong(self) -> MarkedLine | None:
        return next((line for line in self.lines if line.is_wrong), None)

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong; what could not be read or decided is not wrong."""
        return self.first_wrong is None

    def to_json(self) -> dict[str, object]:
        """The public contract, version 1, as plain data: see `stepsolve.render.marked_json`."""
        from stepsolve.render.marked_json import contract

        return contract(self)
