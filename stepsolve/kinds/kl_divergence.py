"""The Kullback-Leibler divergence of two distributions, in both directions, exact and in decimals.

KL(p || q) = sum of p log(p / q) over the outcomes: the mean of log(p / q) under p. Shows every ratio,
logarithm and term, the exact sum where the probabilities are fractions, and on request the
Jensen-Shannon divergence. p and q are vectors with an entry for every outcome, which sum to 1; the
unit is the nat, or the bit or ban by the base of the logarithms. Conventions: 0 log(0 / q) = 0, and
KL(p || q) is infinite where q is 0 and p is not.

Source: Kullback, Leibler, On information and sufficiency (1951); Cover, Thomas, Elements of
Information Theory, 2nd ed., 2.3; Lin, Divergence measures based on the Shannon entropy (1991).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final

from stepsolve.checking import chances
from stepsolve.derivation import Block, Cell, Detail, Result, Table
from stepsolve.notation.tree import Apply, Name
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, in_letters
from stepsolve.source.fields import boolean, entry, list_of, text
from stepsolve.source.report import Report
from stepsolve.worksheet.logarithms import BASES, exact_sum, is_short, log_base, picked
from stepsolve.worksheet.probabilities import exact_distribution
from stepsolve.worksheet.probability_letters import (
    confirm,
    distribution,
    divergence,
    give_letters,
    has_letters,
    lost,
    meant,
    write_other_form,
)
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

_TABLED: Final = 20  # outcomes that are listed


@dataclass(frozen=True)
class KLDivergence(SheetProblem):
    """How far one distribution is from another, in both directions."""

    STARTER: ClassVar = ("log-base",)

    p: GivenArray = entry(
        in_letters,
        "The first distribution: a list of probabilities, or of expressions in letters such as "
        "[a, 1 - a]; then the answers are formulas.",
        examples=(["9/25", "12/25", "4/25"],),
    )
    q: GivenArray = entry(
        in_letters, "The second one, over the same outcomes.", examples=(["1/3", "1/3", "1/3"],)
    )
    outcomes: tuple[str, ...] = entry(
        list_of(text), "What the outcomes are called.", default=(), examples=([0, 1, 2],)
    )
    log_base: str = log_base()
    jensen_shannon: bool = entry(
        boolean,
        "The Jensen-Shannon divergence as well, and its square root.",
        default=False,
        examples=(True,),
    )

    @property
    def heading(self) -> str:
        return "Kullback-Leibler divergence"

    def check_keys(self, report: Report) -> None:
        read = distribution if self._in_letters else exact_distribution
        p, q = (read(given, report) for given in (self.p, self.q))
        if self._in_letters and self.jensen_shannon:
            told = "the Jensen-Shannon divergence is worked out of numbers alone"
            place = self.node_of("jensen-shannon")
            report.add(place.diagnose(told, "leave jensen-shannon out"))
        if p is not None and q is not None and len(p) != len(q):
            told = f"q {self.q.words}, but p {self.p.words}"
            report.add(self.q.node.diagnose(told, "both are over the same outcomes"))
        if self.outcomes and p is not None and len(self.outcomes) != len(p):
            told = f"there are {len(self.outcomes)} outcomes, but p {self.p.words}"
            report.add(self.p.node.diagnose(told, "an outcome for every probability"))

    @property
    def _in_letters(self) -> bool:
        return has_letters(self.p, self.q)

    @cached_property
    def exact(self) -> dict[str, tuple[Fraction, ...]]:
        """The distributions, with their mean m."""
        p, q = (exact_distribution(given, Report()) or () for given in (self.p, self.q))
        return {"p": p, "q": q, "m": tuple((a + b) / 2 for a, b in zip(p, q, strict=True))}

    def write(self, sheet: Sheet) -> None:
        sheet.text(
            "KL(p || q) = Σ p log(p / q) is the mean of log(p / q) when the outcomes come from p. The "
            f"logarithm is to the base {self.log_base}, so the unit is the {self.unit[:-1]}."
        )
        if self._in_letters:
            self._formulas(sheet)
            return
        for name, given in (("p", self.p), ("q", self.q)):
            sheet.give(name, given.value, given.dims, given.node)
        for one, other in (("p", "q"), ("q", "p")):
            self._divergence(sheet, one, other)
        finite = [name for name in ("KL_pq", "KL_qp") if name in sheet.lines]
        if len(finite) == 2 and self.exact["p"] != self.exact["q"]:
            sheet.text("The two directions differ in general: the divergence is no distance.")
        if self.jensen_shannon:
            self._jensen_shannon(sheet)

    @property
    def unit(self) -> str:
        return BASES[self.log_base].unit

    def _formulas(self, sheet: Sheet) -> None:
        """Both divergences as formulas in the letters of the distributions."""
        give_letters(sheet, (self.p, self.q))
        p, q = (distribution(given, Report()) or () for given in (self.p, self.q))
        sheet.text(meant({"p": p, "q": q}))
        for one, other, above, below in (("p", "q", p, q), ("q", "p", q, p)):
            sheet.section(f"KL({one} || {other})")
            if places := lost(above, below):
                where = ", ".join(self.label(k) for k in places)
                sheet.text(f"{other} is 0 at {where}, where {one} is not.", detail=Detail.BRIEF)
                sheet.block(Result((Name(f"KL_{one}{other}"), Name("inf"))))
                continue
            log = BASES[self.log_base].log
            chain, definition = divergence(above, below, log), partial(chances.divergence, log=log)
            sheet.line(f"KL_{one}{other}", chain.start, "outcome by outcome")
            confirm(sheet, f"KL_{one}{other}", [chain.start], [above, below], definition)
            told = "By the logarithm of a quotient it is cross-entropy less entropy:"
            write_other_form(sheet, Name(f"KL_{one}{other}"), chain, told)
            sheet.result(f"KL_{one}{other}")

    def _divergence(self, sheet: Sheet, one: str, other: str) -> None:
        """The lines of KL(one || other), or that it is infinite."""
        p, q = self.exact[one], self.exact[other]
        log, both = BASES[self.log_base].log, f"{one}{other}"
        sheet.section(f"KL({one} || {other})")
        places = [k for k, weight in enumerate(p) if weight]
        lost = [k for k in places if not q[k]]
        if lost:
            self._infinite(sheet, one, other, lost)
            return
        if len(places) < len(p):
            sheet.text(
                f"Where {one} is 0 the term is 0 by convention, since x log x goes to 0 with x; "
                "the sum runs over the other outcomes."
            )
        above, below = (picked(name, places, len(p)) for name in (one, other))
        tabled = len(places) <= _TABLED
        detail = Detail.FULL if tabled else Detail.NORMAL
        sheet.line(
            f"r_{both}", f"{above} / {below}", "the ratio of the probabilities", None, detail
        )
        sheet.line(f"l_{both}", f"{log}(r_{both})", "negative for a ratio below 1", None, detail)
        sheet.line(f"t_{both}", f"{above} * l_{both}", f"weighted with {one}", None, detail)
        if tabled:
            sheet.block(_Terms(self, one, other, tuple(places)))
        sheet.line(f"KL_{both}", f"sum(t_{both})", "the sum of the terms")
        terms = [(p[k], p[k] / q[k]) for k in places]
        if is_short(terms):
            sheet.text("Exactly,", detail=Detail.BRIEF)
            sheet.equal(f"KL_{both}", exact_sum(terms, log), Detail.BRIEF)
        if other != "m":
            sheet.result(f"KL_{both}")

    def _infinite(self, sheet: Sheet, one: str, other: str, lost: list[int]) -> None:
        where = ", ".join(self.label(k) for k in lost[:5]) + (", ..." if len(lost) > 5 else "")
        mass = f"lost_{one}{other}"
        sheet.line(mass, f"sum({picked(one, lost, len(self.exact[one]))})")
        sheet.text(
            f"{other} is 0 at {where}, where {one} has the probability ",
            Name(mass),
            f" > 0. There {one} / {other} has no bound, so KL({one} || {other}) is infinite: ",
            f"{other} calls impossible what {one} lets happen.",
            detail=Detail.BRIEF,
        )
        sheet.block(Result((Name(f"KL_{one}{other}"), Name("inf"))))

    def label(self, outcome: int) -> str:
        """What an outcome is called."""
        return self.outcomes[outcome] if self.outcomes else f"outcome {outcome}"

    def _jensen_shannon(self, sheet: Sheet) -> None:
        sheet.section("Jensen-Shannon divergence")
        sheet.text("Both are compared with their mean m, which is 0 only where both are.")
        sheet.line("m", "(p + q) / 2", "the mean of the two")
        for one in ("p", "q"):
            self._divergence(sheet, one, "m")
        sheet.section("Together")
        sheet.line("JS", "(KL_pm + KL_qm) / 2", "symmetric, and at most one bit")
        sheet.line("d_JS", "sqrt(JS)", "a distance: it fulfils the triangle inequality")
        sheet.result("JS", "d_JS")


class _Terms:
    """The table of one divergence, outcome by outcome, once the values are known."""

    def __init__(
        self, problem: KLDivergence, one: str, other: str, places: tuple[int, ...]
    ) -> None:
        self._problem, self._one, self._other, self._places = problem, one, other, places

    def __call__(self, solved: Solved) -> Iterator[Block]:
        entry, one, other = solved.workings.entry, self._one, self._other
        columns = [f"{letter}_{one}{other}" for letter in "rlt"]
        rows: list[tuple[Cell, ...]] = []
        for row, place in enumerate(self._places):
            cells = [entry(one, (place,)), entry(other, (place,))]
            cells += [entry(name, (row,)) for name in columns]
            rows.append((self._problem.label(place).removeprefix("outcome "), *cells))
        log = BASES[self._problem.log_base].log
        ratio = Apply("/", Name(one), Name(other))
        term = Apply("*", Name(one), Apply(log, ratio))
        header = ("outcome", Name(one), Name(other), ratio, Apply(log, ratio), term)
        yield Table(header, tuple(rows), Detail.BRIEF, f"KL({one} || {other})")
