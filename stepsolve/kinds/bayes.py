"""Bayes' rule for two or more hypotheses, observation after observation.

The prior of every hypothesis times the likelihood of the observation under it, divided by the
evidence, which is the sum of these products, is its posterior; that is the prior of the next
observation. Observations are independent once the hypothesis is known. Priors, likelihoods and
posteriors are vectors with an entry for every hypothesis; probabilities, without units.

Source: Bayes, An essay towards solving a problem in the doctrine of chances (1763); Bishop, Pattern
Recognition and Machine Learning (2006), 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from stepsolve.derivation import Block, Cell, Detail, Table
from stepsolve.errors import nearest
from stepsolve.notation.tree import Name
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, in_letters, named_arrays
from stepsolve.source.fields import entry, list_of, text
from stepsolve.source.quantities import WrittenName, written_name
from stepsolve.source.report import Report
from stepsolve.worksheet.probabilities import exact_distribution, exact_probabilities
from stepsolve.worksheet.probability_letters import (
    MOST,
    Entries,
    distribution,
    give_letters,
    has_letters,
    impossible,
    meant,
    probabilities,
    write_posteriors,
)
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

MOST_OBSERVATIONS: Final = 200
_TABLED: Final = 12  # hypotheses that are listed
_RULE: Final = (
    "Posterior = likelihood · prior / evidence. L is the probability of an observation under "
    "every hypothesis, and the evidence is its probability under all of them together."
)


@dataclass(frozen=True)
class Bayes(SheetProblem):
    """Posterior probabilities of hypotheses, observation after observation."""

    STARTER: ClassVar = ("hypotheses",)

    hypotheses: tuple[str, ...] = entry(
        list_of(text),
        "What the hypotheses are called.",
        default=(),
        examples=(["ill", "healthy"],),
    )
    priors: GivenArray = entry(
        in_letters,
        "The probability of every hypothesis beforehand: numbers, or expressions in letters such as "
        "[r, 1 - r]; then the posteriors are formulas.",
        examples=([0.01, 0.99],),
    )
    likelihoods: tuple[GivenArray, ...] = entry(
        named_arrays(in_letters),
        "For every observation by name, its probability under every hypothesis.",
        examples=({"positive": [0.9, 0.05], "negative": [0.1, 0.95]},),
    )
    observations: tuple[WrittenName, ...] = entry(
        list_of(written_name),
        "What is observed, in turn; if left out, every one of the likelihoods once.",
        default=(),
        examples=(["positive", "positive"],),
    )

    @property
    def heading(self) -> str:
        return "Bayes' rule"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The observations in turn."""
        return tuple(o.name for o in self.observations or self.likelihoods)

    def check_keys(self, report: Report) -> None:
        in_numbers = not self._in_letters
        read = exact_distribution if in_numbers else distribution
        priors = read(self.priors, report)
        if self.hypotheses and priors is not None and len(self.hypotheses) != len(priors):
            told = f"there are {len(self.hypotheses)} hypotheses, but {len(priors)} priors"
            report.add(self.priors.node.diagnose(told, "a prior for every hypothesis"))
        if not self.likelihoods:
            report.add(self.node_of("likelihoods").diagnose("no observation has likelihoods"))
        for given in self.likelihoods:
            if priors is not None and given.dims != (len(priors),):
                told = f"{given.name} {given.words}, but there are {len(priors)} hypotheses"
                report.add(given.node.diagnose(told, "a likelihood for every hypothesis"))
            elif in_numbers:
                exact_probabilities(given, report)
            else:
                probabilities(given, report)
        known = [given.name for given in self.likelihoods]
        for asked in self.observations:
            if asked.name not in known:
                hint = nearest(asked.name, known) or f"known are {', '.join(known)}"
                told = f"{asked.name} has no likelihoods"
                report.add(asked.node.diagnose(told, hint))
        if len(self.observations) > MOST_OBSERVATIONS:
            told = f"there are at most {MOST_OBSERVATIONS} observations"
            report.add(self.observations[-1].node.diagnose(told))
        if self._in_letters and len(self.observations) > MOST:
            told = f"in letters there are at most {MOST} observations"
            report.add(self.observations[-1].node.diagnose(told))
        if not report.failed:
            self._check_evidence(report)

    def _check_evidence(self, report: Report) -> None:
        """Whether what is observed can be observed at all."""
        if self._in_letters:
            if impossible(*self._letters):
                told = "what is observed has probability 0 under every hypothesis"
                report.add(
                    self.priors.node.diagnose(told, "its evidence is 0, and nothing follows")
                )
            return
        weights = exact_distribution(self.priors, Report()) or ()
        under = {g.name: exact_probabilities(g, Report()) or () for g in self.likelihoods}
        alive = [weight > 0 for weight in weights]
        for asked in self.observations or self.likelihoods:
            alive = [was and p > 0 for was, p in zip(alive, under[asked.name], strict=True)]
            if not any(alive):
                told = f"{asked.name} has probability 0 here under every hypothesis that is left"
                report.add(asked.node.diagnose(told, "its evidence is 0, and nothing follows"))
                return

    @property
    def _in_letters(self) -> bool:
        return has_letters(self.priors, *self.likelihoods)

    @property
    def _letters(self) -> tuple[Entries, list[Entries]]:
        """The priors, and the likelihoods of every observation in turn."""
        under = {g.name: probabilities(g, Report()) or () for g in self.likelihoods}
        return distribution(self.priors, Report()) or (), [under[name] for name in self.names]

    def _formulas(self, sheet: Sheet) -> None:
        """The posteriors as formulas in the letters."""
        priors, likelihoods = self._letters
        give_letters(sheet, (self.priors, *self.likelihoods))
        sheet.text(_RULE)
        sheet.text(meant({"the priors": priors}))
        told = "The hypotheses in order: " + ", ".join(self.hypotheses) + "."
        if self.hypotheses:
            sheet.text(told)
        sheet.section(f"Observed: {', '.join(self.names)}")
        labels = self.hypotheses or [f"hypothesis {k}" for k in range(len(priors))]
        write_posteriors(sheet, priors, likelihoods, labels)
        sheet.result("posterior")

    def write(self, sheet: Sheet) -> None:
        if self._in_letters:
            self._formulas(sheet)
            return
        sheet.give("prior", self.priors.value, self.priors.dims, self.priors.node)
        for given in self.likelihoods:
            if given.name in self.names:
                sheet.give(f"L_{given.name}", given.value, given.dims, given.node)
        sheet.text(_RULE)
        several = len(self.names) > 1
        if several:
            sheet.text(
                "Each posterior is the prior of the next observation: the observations are "
                "independent once the hypothesis is known."
            )
        before = "prior"
        for k, name in enumerate(self.names, 1):
            at = f"_{k}" if several else ""
            sheet.section(f"Observation {k}: {name}" if several else f"Observed: {name}")
            sheet.line(f"joint{at}", f"L_{name} * {before}", "likelihood times prior")
            sheet.line(f"evidence{at}", f"sum(joint{at})", "over all hypotheses")
            sheet.line(f"posterior{at}", f"joint{at} / evidence{at}", "they sum to 1 again")
            if self.priors.dims[0] <= _TABLED:
                sheet.block(_Posteriors(self, before, name, at))
            before = f"posterior{at}"
        if several:
            self._together(sheet, before)
        sheet.result(before)

    def _together(self, sheet: Sheet, last: str) -> None:
        sheet.section("All observations together")
        if len(self.names) <= 20:
            product = " * ".join(f"evidence_{k}" for k in range(1, len(self.names) + 1))
            sheet.line("P_data", product, "the probability of all observations")
            sheet.text("In one step, all likelihoods at once:")
            joint = " * ".join(["prior", *(f"L_{name}" for name in self.names)])
            sheet.equal(last, f"{joint} / P_data")

    def label(self, k: int) -> str:
        """What a hypothesis is called."""
        return self.hypotheses[k] if self.hypotheses else str(k)


class _Posteriors:
    """The table of one observation, once the values are known."""

    def __init__(self, problem: Bayes, before: str, observed: str, at: str) -> None:
        self._problem, self._before, self._observed, self._at = problem, before, observed, at

    def __call__(self, solved: Solved) -> Iterator[Block]:
        columns = (self._before, f"L_{self._observed}", f"joint{self._at}", f"posterior{self._at}")
        rows: list[tuple[Cell, ...]] = []
        for k in range(self._problem.priors.dims[0]):
            cells = (solved.workings.entry(name, (k,)) for name in columns)
            rows.append((self._problem.label(k), *cells))
        header: tuple[Cell, ...] = ("hypothesis", *map(Name, columns))
        yield Table(header, tuple(rows), Detail.BRIEF, f"observation{self._at}")
