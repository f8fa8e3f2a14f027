"""The page of a maximum-likelihood estimate: the derivation in symbols, then a sample's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING, Final

from stepsolve.calculus.solution import Function, Solution
from stepsolve.derivation import Cell, Check, Detail, Equation, Table
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.source.expression import parse
from stepsolve.worksheet.confirmed import Confirmation
from stepsolve.worksheet.families import FAMILIES, Parameter
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

_MOST_POWER: Final = 500  # observations whose likelihood itself is written as a number
_LOG: Final = "l"


class Likelihood:
    """What is written about a sample of one distribution. `compared` are other parameter values."""

    def __init__(
        self,
        distribution: str,
        sample: tuple[Fraction, ...],
        trials: int,
        classes: int,
        compared: Mapping[str, Expression],
        digits: Digits,
    ) -> None:
        self._distribution, self._family = distribution, FAMILIES[distribution]
        self._sample, self._trials, self._classes = sample, trials, classes
        self._compared, self._digits = compared, digits

    # ------------------------------------------------------------------------------------- in symbols

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self._family.parameters)

    @cached_property
    def _solution(self) -> Solution:
        """The log-likelihood with its first and second derivatives."""
        by = self._names
        wanted = [(name,) for name in by] + [(a, b) for a in by for b in by if a <= b]
        body = parse(self._family.log_likelihood)
        return Solution(Function(_LOG, by, body, tuple(wanted)), {}, self._digits)

    @property
    def partial_names(self) -> frozenset[str]:
        """The derivatives that are partial."""
        return self._solution.partial_names

    def _derived(self, name: str, order: int = 1) -> Expression:
        return self._solution.partials[(name,) * order].form

    def write(self, sheet: Sheet) -> None:
        """The whole page."""
        family = self._family
        sheet.text(
            f"{family.probability}. For n independent observations the likelihood L is the product."
        )
        sheet.section("Likelihood")
        self._statistics(sheet)
        if family.likelihood:
            sheet.block(Equation((Name("L"), parse(family.likelihood))))
        if family.told:
            sheet.text(f"{family.told}.")
        sheet.section("Log-likelihood")
        sheet.text(
            "The logarithm grows with its argument, so l = log L is largest where L is, and −l, the "
            "loss of a network, is smallest there."
        )
        for block in self._solution.blocks(alone=True):
            sheet.block(block)
        sheet.section("Where the derivative is 0")
        for parameter in self._family.parameters:
            sheet.block(self._stationary(parameter))
        self._estimate(sheet)

    def _stationary(self, parameter: Parameter) -> Table:
        """From "the derivative is 0" to the estimate, equation by equation."""
        zero = Number("0")
        rows: list[tuple[Cell, ...]] = [
            (self._equation(self._derived(parameter.name), zero), "the derivative is 0")
        ]
        for one in parameter.equations:
            rows.append((self._equation(parse(one.left), parse(one.right)), one.because))
        return Table(("equation", "because"), tuple(rows), Detail.BRIEF, f"by {parameter.name}")

    @staticmethod
    def _equation(left: Expression, right: Expression) -> Cell:
        return (left, " = ", right)

    # ------------------------------------------------------------------------------------ in numbers

    @property
    def _at_edge(self) -> bool:
        """Whether the estimate lies where its parameter can go no further."""
        total, count = sum(self._sample, Fraction(0)), len(self._sample)
        if self._family.values in ("binary", "trials"):
            return total in (0, count * self._trials)
        return self._family.values == "counts" and not total

    def _statistics(self, sheet: Sheet) -> None:
        if self._family.values == "trials":
            sheet.give("N", Number(str(self._trials)), ())
        sheet.give("n", Number(str(len(self._sample))), ())
        for name, text, because in self._family.statistics:
            sheet.line(name, text, because)
        if self._family.values == "classes":
            parts = ", ".join(f"sum(x == {k})" for k in range(self._classes))
            sheet.line("k", f"[{parts}]", "how many of every class")
        elif "c" in names(parse(self._family.log_likelihood)):
            sheet.line("c", self._constant(), "what does not hang on the parameter")

    def _constant(self) -> str:
        """The logarithm of K, from the factors of its factorials or the binomial coefficients."""
        if self._family.values == "counts":
            factors = [k for x in self._sample for k in range(2, int(x) + 1)]
        else:
            factors = [comb(self._trials, int(x)) for x in self._sample]
            factors = [number for number in factors if number > 1]
        return f"sum(log([{', '.join(map(str, factors))}]))" if factors else "0"

    def _estimate(self, sheet: Sheet) -> None:
        sheet.section("The estimate")
        hats: dict[str, Expression] = {}
        for parameter in self._family.parameters:
            name = "p" if self._family.values == "classes" else parameter.name
            sheet.line(f"{name}_hat", parameter.estimate, "where the derivative is 0")
            if parameter.direct:
                sheet.equal(f"{name}_hat", parameter.direct, None)
            hats[parameter.name] = Name(f"{name}_hat")
            sheet.result(f"{name}_hat")
        if self._family.values == "classes":
            self._classes_at(sheet)
            return
        if self._distribution == "normal":
            sheet.text(
                "σ̂² divides by n. Dividing by n − 1 instead makes it unbiased, but less probable."
            )
        if self._at_edge:
            sheet.text(
                "Here the estimate lies at the edge: within, the derivative is nowhere 0, and the "
                "likelihood only grows towards the edge.",
                detail=Detail.BRIEF,
            )
            return
        self._at_estimate(sheet, hats)

    def _at_estimate(self, sheet: Sheet, hats: Mapping[str, Expression]) -> None:
        body = parse(self._family.log_likelihood)
        sheet.section("At the estimate")
        for name in self._names:
            curvature = substitute(self._derived(name, 2), hats)
            at = f"_{name}" if len(self._names) > 1 else ""
            sheet.line(f"curvature{at}", curvature, "negative: a maximum")
        sheet.line("l_hat", substitute(body, hats), "the largest log-likelihood")
        each = substitute(parse(self._family.each), hats)
        constant = {"binomial": "+ c", "poisson": "- c"}.get(self._distribution, "")
        total = Apply("sum", each)
        sheet.equal("l_hat", Apply(constant[0], total, Name("c")) if constant else total, None)
        if len(self._sample) <= _MOST_POWER:
            sheet.line("L_hat", "exp(l_hat)", "the likelihood itself")
        sheet.line("loss", "-l_hat / n", "the mean of −log p, the loss of a network")
        sheet.result("l_hat", "loss")
        beside = []
        for parameter in self._family.parameters:
            for k, text in enumerate(parameter.near, 1):
                moved = {**hats, parameter.name: parse(text)}
                name = f"l_{parameter.name}{k}"
                sheet.line(name, substitute(body, moved), "a little beside it", None, Detail.FULL)
                beside.append(name)
        sheet.confirm(_Largest("l_hat", tuple(beside)))
        if self._compared:
            self._compare(sheet, body)

    def _classes_at(self, sheet: Sheet) -> None:
        sheet.text(
            "The p_i sum to 1 and the k_i to n, so the sum of k_i = λ p_i gives λ = n, and "
            "p_i = k_i / n."
        )
        sheet.section("At the estimate")
        sheet.line("total", "sum(p_hat)", "they sum to 1")
        inside = "p_hat"
        if len({int(x) for x in self._sample}) < self._classes:
            sheet.text("A class that never occurs has k = 0 and adds nothing: 0 log 0 = 0.")
            inside = "p_hat + (k == 0)"
        sheet.line("l_hat", f"sum(k * log({inside}))", "the largest log-likelihood")
        sheet.line("loss", "-l_hat / n", "the mean of −log p: the entropy of the frequencies")
        sheet.result("l_hat", "loss")
        near = f"0.99 * p_hat + 0.01 / {self._classes}"
        sheet.line("l_near", f"sum(k * log({near}))", "a little beside it", None, Detail.FULL)
        sheet.confirm(_Largest("l_hat", ("l_near",), equal=True))

    def _compare(self, sheet: Sheet, body: Expression) -> None:
        sheet.section("Compared with other values")
        for name, value in self._compared.items():
            sheet.line(f"{name}_0", value, "to compare with")
        put = {name: Name(f"{name}_0") for name in self._compared}
        sheet.line("l_0", substitute(body, put), "its log-likelihood")
        sheet.line("ratio", "exp(l_0 - l_hat)", "how many times as probable the sample is there")
        sheet.result("l_0")
        sheet.confirm(_Largest("l_hat", ("l_0",), equal=True))
        if self._family.values == "trials" and self._trials <= 20:
            n = self._trials
            ways, ups, downs = (
                ", ".join(str(f(x)) for x in range(n + 1))
                for f in (lambda x: comb(n, x), lambda x: x, lambda x: n - x)
            )
            sheet.text(f"The probabilities of 0 to {n} successes at p_0:")
            sheet.line(
                "P_0",
                f"[{ways}] * p_0^[{ups}] * (1 - p_0)^[{downs}]",
                "C(N, x) p^x (1 − p)^(N − x)",
            )
            sheet.equal("P_0", _recursion(n), None)
            sheet.result("P_0")

    # ------------------------------------------------------------------------------------ the checks

    def checks(self) -> Iterator[Check]:
        """The derivatives, every rearranged equation, and the likelihood against its logarithm."""
        yield from self._solution.checks()
        confirmation = Confirmation(self._symbols, {"c": parse("log(K)")})
        body = parse(self._family.log_likelihood)
        if self._family.likelihood:
            whole = Apply("exp", body)
            yield confirmation.equal("log L", whole, parse(self._family.likelihood))
        for parameter in self._family.parameters:
            score = self._derived(parameter.name)
            for one in parameter.equations:
                both = Apply("-", parse(one.left), parse(one.right))
                times = Apply("*", score, parse(one.factor))
                yield confirmation.equal(f"the equation for {parameter.name}", both, times)

    @cached_property
    def _symbols(self) -> Iterable[str]:
        family = self._family
        texts = [family.log_likelihood, family.likelihood or "0"]
        found = dict.fromkeys(n for text in texts for n in names(parse(text)) if n != "pi")
        return tuple(n for n in found if n != "c")


def _recursion(n: int) -> str:
    """Binomial probabilities each from the one before, to confirm those from the formula."""
    parts = [f"(1 - p_0)^{n}"]
    for x in range(1, n + 1):
        parts.append(f"{parts[-1]} * {n - x + 1} / {x} * p_0 / (1 - p_0)")
    return f"[{', '.join(parts)}]"


class _Largest:
    """That a log-likelihood is larger than others."""

    def __init__(self, best: str, others: tuple[str, ...], equal: bool = False) -> None:
        self._best, self._others, self._equal = best, others, equal

    def __call__(self, solved: Solved) -> Iterator[Check]:
        best = solved.decimal(self._best)
        for name in self._others:
            below = best - solved.decimal(name)
            passed = below > 0 or (self._equal and below > -1e-30)
            error = 0.0 if passed else float("inf")
            yield Check(
                f"the maximum, against {name}", "another value of the parameter", error, passed
            )
