"""Maximum likelihood: the parameter under which a sample is most probable.

Shows the likelihood, its logarithm, the derivatives by the rules, where the first one is 0, that the
second one is negative there, and the estimate for the sample: of a Bernoulli, binomial, categorical,
Poisson, exponential or normal distribution. The observations x are independent, a vector; parameters
are numbers (a vector of probabilities for the categorical one), without units but those of x.

Source: Fisher, On the mathematical foundations of theoretical statistics (1922); Bishop, Pattern
Recognition and Machine Learning (2006), 1.2.4 and 2.1 to 2.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from stepsolve.derivation import Derivation
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.fields import choice, entry, integer
from stepsolve.source.quantities import Given, given_values
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.families import FAMILIES, Family
from stepsolve.worksheet.likelihood import Likelihood
from stepsolve.worksheet.probabilities import exact_value, exact_values
from stepsolve.worksheet.sheet import Sheet

MOST: Final = 10_000  # observations
MOST_CLASSES: Final = 50
_MOST_FACTORS: Final = 20_000  # of all factorials together


@dataclass(frozen=True)
class MaximumLikelihood(SheetProblem):
    """The parameters under which a sample is most probable."""

    distribution: str = entry(
        choice(*FAMILIES), "What the observations are distributed like.", examples=("bernoulli",)
    )
    sample: GivenArray = entry(
        array,
        "The observations, a list: 0 and 1, whole numbers, classes counted from 0, or numbers.",
        examples=([1, 0, 1, 1, 0],),
    )
    trials: int | None = entry(
        integer(1, 1000),
        "Of a binomial distribution: how many trials make one observation.",
        default=None,
        examples=(2,),
    )
    classes: int | None = entry(
        integer(2, MOST_CLASSES),
        "Of a categorical distribution: how many classes there are.",
        default=None,
        examples=(3,),
    )
    compare_with: tuple[Given, ...] = entry(
        given_values,
        "Values of the parameters whose likelihood is compared with that of the estimate.",
        default=(),
        examples=({"p": 0.5},),
    )

    @property
    def heading(self) -> str:
        return f"Maximum likelihood: {self.distribution}"

    @property
    def family(self) -> Family:
        return FAMILIES[self.distribution]

    @cached_property
    def values(self) -> tuple[Fraction, ...]:
        """The observations."""
        return exact_values(self.sample, Report()) or ()

    # ---------------------------------------------------------------------------------- as it is read

    def check_keys(self, report: Report) -> None:
        for key, asked, of in (
            ("trials", self.trials, "binomial"),
            ("classes", self.classes, "categorical"),
        ):
            if asked is not None and self.distribution != of:
                told = f"{key} belong to the {of} distribution alone"
                report.add(self.node_of(key).diagnose(told))
        if self.distribution == "binomial" and self.trials is None:
            told = "a binomial distribution needs trials"
            report.add(self.node_of("distribution").diagnose(told, "write trials: 2"))
        if self.sample.value is not None and len(self.sample.dims) != 1:
            report.add(self.sample.node.diagnose("a list of observations belongs here"))
        elif self.sample.dims and self.sample.dims[0] > MOST:
            report.add(self.sample.node.diagnose(f"there are at most {MOST} observations"))
        if report.failed:
            return
        values = exact_values(self.sample, report, self._wrong)
        if values is None:
            return
        if self.distribution in ("poisson", "binomial") and sum(values) > _MOST_FACTORS:
            report.add(self.sample.node.diagnose(f"the counts sum to more than {_MOST_FACTORS}"))
        if self.distribution == "normal" and len(set(values)) == 1:
            told = "all observations are equal: the likelihood has no bound as σ goes to 0"
            report.add(
                self.sample.node.diagnose(told, "a normal sample needs two different values")
            )
        self._check_compared(report)

    def _wrong(self, number: Fraction) -> str:
        """What is wrong with an observation, if anything."""
        allowed, told = self._allowed
        return "" if allowed(number) else told

    @property
    def _allowed(self) -> tuple[Callable[[Fraction], bool], str]:
        most, classes = self.trials or 1, self.classes or MOST_CLASSES
        return {
            "binary": (lambda x: x in (0, 1), "an observation is 0 or 1"),
            "trials": (
                lambda x: x.denominator == 1 and 0 <= x <= most,
                f"an observation is a whole number from 0 to {most}",
            ),
            "classes": (
                lambda x: x.denominator == 1 and 0 <= x < classes,
                f"a class is a whole number from 0 to {classes - 1}",
            ),
            "counts": (lambda x: x.denominator == 1 and x >= 0, "a count is a whole number from 0"),
            "positive": (lambda x: x > 0, "an observation is a number above 0"),
            "real": (lambda x: True, ""),
        }[self.family.values]

    def _check_compared(self, report: Report) -> None:
        if not self.compare_with:
            return
        wanted = [parameter.name for parameter in self.family.parameters]
        if self.distribution == "categorical":
            report.add(self.compare_with[0].node.diagnose("nothing is compared for classes"))
            return
        for given in self.compare_with:
            if given.name not in wanted:
                told = f"{given.name} is no parameter here"
                report.add(given.node.diagnose(told, f"there is {' and '.join(wanted)}"))
            elif given.expression is None:
                report.add(given.node.diagnose("a comparison needs a number, not symbol"))
            else:
                self._check_parameter(given, report)
        missing = [n for n in wanted if n not in [g.name for g in self.compare_with]]
        if missing and not report.failed:
            told = f"a comparison needs {' and '.join(missing)} as well"
            report.add(self.compare_with[0].node.diagnose(told))

    def _check_parameter(self, given: Given, report: Report) -> None:
        assert given.expression is not None
        try:
            number = exact_value(given.expression)
        except LineError as error:
            report.add(given.node.diagnose(error.reason))
            return
        if given.name == "p" and not 0 < number < 1:
            report.add(given.node.diagnose("p is compared at a number between 0 and 1"))
        elif given.name in ("lambda", "sigma") and number <= 0:
            report.add(given.node.diagnose(f"{given.name} is a number above 0"))

    # ----------------------------------------------------------------------------------------- page

    @cached_property
    def _page(self) -> Likelihood:
        compared = {g.name: g.expression for g in self.compare_with if g.expression is not None}
        classes = self.classes or max(2, int(max(self.values, default=Fraction(0))) + 1)
        return Likelihood(
            self.distribution, self.values, self.trials or 1, classes, compared, self.shown
        )

    def write(self, sheet: Sheet) -> None:
        sheet.give("x", self.sample.value, self.sample.dims, self.sample.node)
        self._page.write(sheet)

    def derive(self) -> Derivation:
        found = super().derive()
        checks = (*found.checks, *self._page.checks())
        return found._replace(checks=checks, partial=self._page.partial_names)
