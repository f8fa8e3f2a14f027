"""Maximum-likelihood estimates against formulas by hand, and against a search of the likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation, Section, Table, Text
from stepsolve.notation.plain import plain
from stepsolve.worksheet import families


def told(**keys: object) -> list[str]:
    """The messages of a wrong problem, each with its place."""
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve({"kind": "maximum-likelihood", **keys})
    return [f"{d.place}: {d.message}" if d.place else d.message for d in caught.value.diagnoses]


def solve(distribution: str, sample: Any, **keys: object) -> Derivation:
    return stepsolve.solve(
        {
            "kind": "maximum-likelihood",
            "distribution": distribution,
            "sample": list(map(float, sample)) if distribution == "normal" else list(sample),
            **keys,
        }
    )


def words(found: Derivation) -> str:
    return " ".join(
        p for b in found.blocks if isinstance(b, Text) for p in b.parts if isinstance(p, str)
    )


def highest(log_density: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one peak is highest, by ternary search."""
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (a, high) if log_density(a) < log_density(b) else (low, b)
    return (low + high) / 2


def bernoulli(x: Any, p: float) -> float:
    return sum(math.log(p if k else 1 - p) for k in x)


def binomial(x: Any, p: float) -> float:
    return sum(math.log(math.comb(5, k) * p**k * (1 - p) ** (5 - k)) for k in x)


def poisson(x: Any, rate: float) -> float:
    return math.fsum(k * math.log(rate) - rate - math.lgamma(k + 1) for k in x)


def exponential(x: Any, rate: float) -> float:
    return math.fsum(math.log(rate) - rate * k for k in x)


ONE: dict[str, tuple[str, Callable[[Any, float], float], float, Callable[[Any], Any]]] = {
    "bernoulli": ("p", bernoulli, 1, lambda r: r.integers(0, 2, 9)),
    "binomial": ("p", binomial, 1, lambda r: r.binomial(5, 0.3, 7)),
    "poisson": ("lambda", poisson, 30, lambda r: r.poisson(3, 8)),
    "exponential": ("lambda", exponential, 30, lambda r: r.integers(1, 40, 6) / 10),
}


@pytest.mark.parametrize("distribution", ONE)
@pytest.mark.parametrize("seed", range(3))
def test_an_estimate_is_where_the_likelihood_is_highest(distribution: str, seed: int) -> None:
    name, log_density, most, draw = ONE[distribution]
    sample = draw(np.random.default_rng(seed)).tolist()
    more: dict[str, object] = {"trials": 5} if distribution == "binomial" else {}
    found = solve(distribution, sample, **more)
    assert found.confirmed
    value = found.quantities[f"{name}_hat"]
    assert isinstance(value, float)
    searched = highest(lambda p: log_density(sample, p), 1e-9, most - 1e-9)
    assert value == pytest.approx(searched, rel=1e-6)
    assert found.quantities["l_hat"] == pytest.approx(log_density(sample, value), rel=1e-9)
    h = value * 1e-4
    bent = sum(c * log_density(sample, value + k * h) for k, c in ((1, 1), (0, -2), (-1, 1)))
    assert found.quantities["curvature"] == pytest.approx(bent / h**2, rel=1e-4)
    assert found.quantities["loss"] == pytest.approx(
        -log_density(sample, value) / len(sample), rel=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_normal_sample_has_its_mean_and_deviation(seed: int) -> None:
    sample = np.round(np.random.default_rng(seed).normal(3, 2, 12), 2)
    found = solve("normal", sample)
    assert found.confirmed
    assert found.quantities["mu_hat"] == pytest.approx(np.mean(sample), rel=1e-9)
    assert found.quantities["sigma_hat"] == pytest.approx(np.std(sample), rel=1e-9)
    variance = np.var(sample)
    expected = -6 * math.log(2 * math.pi * variance) - 6
    assert found.quantities["l_hat"] == pytest.approx(expected, rel=1e-9)
    assert found.quantities["curvature_mu"] == pytest.approx(-12 / variance, rel=1e-9)
    assert found.quantities["curvature_sigma"] == pytest.approx(-24 / variance, rel=1e-9)


def test_a_sample_far_from_zero_keeps_its_digits() -> None:
    found = solve("normal", [1e9 + 1, 1e9 + 2, 1e9 + 4])
    assert found.confirmed
    assert found.quantities["sigma_hat"] == pytest.approx(math.sqrt(14 / 9), rel=1e-9)


def test_frequencies_are_the_estimate_of_classes() -> None:
    found = solve("categorical", [0, 2, 2, 1, 2, 0, 2, 2], classes=4)
    assert found.confirmed
    p = [2 / 8, 1 / 8, 5 / 8, 0]
    assert found.quantities["p_hat"] == pytest.approx(p)
    expected = sum(8 * x * math.log(x) for x in p if x)
    assert found.quantities["l_hat"] == pytest.approx(expected, rel=1e-9)
    assert "A class that never occurs has k = 0 and adds nothing" in words(found)
    assert len(solve("categorical", [0, 1, 1]).quantities["p_hat"]) == 2  # type: ignore[arg-type]


def test_other_values_are_compared() -> None:
    found = solve("binomial", [0, 1, 1, 2], trials=2, **{"compare-with": {"p": "2/5"}})
    assert found.quantities["P_0"] == pytest.approx([0.36, 0.48, 0.16], rel=1e-12)
    here, best = (
        sum(math.log(math.comb(2, k) * p**k * (1 - p) ** (2 - k)) for k in (0, 1, 1, 2))
        for p in (0.4, 0.5)
    )
    assert found.quantities["l_0"] == pytest.approx(here, rel=1e-9)
    assert found.quantities["ratio"] == pytest.approx(math.exp(here - best), rel=1e-9)
    found = solve("normal", [1, 2, 4], **{"compare-with": {"mu": 0, "sigma": 3}})
    expected = -3 * math.log(3 * math.sqrt(2 * math.pi)) - 21 / 18
    assert found.quantities["l_0"] == pytest.approx(expected, rel=1e-9)


def test_the_page_of_a_coin() -> None:
    found = solve("bernoulli", [1, 0, 1])
    assert [b.parts[0] for b in found.blocks if isinstance(b, Section)] == [
        "Likelihood",
        "Log-likelihood",
        "The first derivative",
        "The second derivative",
        "Where the derivative is 0",
        "The estimate",
        "At the estimate",
        "Result",
    ]
    rules = [step.rule for step in found.steps]
    assert rules[0] == "sum rule" and "chain rule with the derivative of log" in rule_names(found)
    table = next(b for b in found.blocks if isinstance(b, Table))
    cells = [row[0] for row in table.rows if isinstance(row[0], tuple)]
    equations = [[plain(p) for p in cell if not isinstance(p, str)] for cell in cells]
    assert equations[1:] == [["k", "n * p"]]
    methods = {c.method for c in found.checks}
    assert {"NumPy and mpmath", "SymPy", "another value of the parameter"} <= methods


def rule_names(found: Derivation) -> set[str]:
    waiting, names = list(found.steps), set()
    while waiting:
        step = waiting.pop()
        names.add(step.rule)
        waiting += step.steps
    return names


@pytest.mark.parametrize(
    ("distribution", "sample", "estimate"),
    [("bernoulli", [1, 1, 1], 1), ("bernoulli", [0, 0], 0), ("poisson", [0, 0, 0], 0)],
)
def test_estimates_at_the_edge(distribution: str, sample: list[int], estimate: int) -> None:
    found = solve(distribution, sample)
    name = "p_hat" if distribution == "bernoulli" else "lambda_hat"
    assert found.quantities[name] == estimate
    assert found.confirmed and "l_hat" not in found.quantities
    assert "the estimate lies at the edge" in words(found)


def test_large_samples_are_shown_in_part() -> None:
    random = np.random.default_rng(1)
    sample = np.round(random.normal(size=5000), 3)
    found = stepsolve.solve(
        {
            "kind": "maximum-likelihood",
            "distribution": "normal",
            "sample": sample.tolist(),
        }
    )
    assert found.confirmed
    assert found.quantities["sigma_hat"] == pytest.approx(np.std(sample), rel=1e-9)


def test_a_wrong_estimate_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = families.FAMILIES["poisson"]
    wrong = replace_parameter(right, estimate="s / (n + 1)")
    monkeypatch.setitem(families.FAMILIES, "poisson", wrong)
    found = solve("poisson", [2, 3, 5])
    failed = {c.of for c in found.checks if not c.passed}
    assert "lambda_hat" in failed and "the maximum, against l_lambda2" in failed


def test_a_wrong_rearrangement_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = families.FAMILIES["exponential"]
    one = right.parameters[0].equations[0]._replace(right="lambda + s")
    monkeypatch.setitem(
        families.FAMILIES, "exponential", replace_parameter(right, equations=(one,))
    )
    found = solve("exponential", [2, 3])
    assert {c.of for c in found.checks if not c.passed} == {"the equation for lambda"}


def test_a_wrong_logarithm_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = families.FAMILIES["bernoulli"]
    wrong = right._replace(log_likelihood="k * log(p) + n * log(1 - p)")
    monkeypatch.setitem(families.FAMILIES, "bernoulli", wrong)
    failed = {c.of for c in solve("bernoulli", [1, 0, 1]).checks if not c.passed}
    assert {"log L", "l_hat"} <= failed


def replace_parameter(family: families.Family, **changes: Any) -> families.Family:
    return family._replace(parameters=(family.parameters[0]._replace(**changes),))


def test_wrong_samples_are_told_at_their_places() -> None:
    assert told(distribution="bernoulli", sample=[0, 2, 1, -1]) == [
        "sample[1]: an observation is 0 or 1",
        "sample[3]: an observation is 0 or 1",
    ]
    assert told(distribution="binomial", sample=[1]) == [
        "distribution: a binomial distribution needs trials"
    ]
    assert told(distribution="binomial", trials=2, sample=[1, 3, 0.5]) == [
        "sample[1]: an observation is a whole number from 0 to 2",
        "sample[2]: an observation is a whole number from 0 to 2",
    ]
    assert told(distribution="categorical", classes=2, sample=[0, 2]) == [
        "sample[1]: a class is a whole number from 0 to 1"
    ]
    assert told(distribution="poisson", sample=[-1, "1/0"]) == [
        "sample[1]: 1/0 has no finite real value",
    ]
    assert told(distribution="poisson", sample=[10**9]) == [
        "sample: the counts sum to more than 20000"
    ]
    assert told(distribution="exponential", sample=[0]) == [
        "sample[0]: an observation is a number above 0"
    ]
    assert told(distribution="normal", sample=[1, 1]) == [
        "sample: all observations are equal: the likelihood has no bound as σ goes to 0"
    ]
    assert told(distribution="normal", sample=[]) == ["sample: an array has at least one entry"]
    assert told(distribution="normal", sample=[[1, 2]]) == [
        "sample: a list of observations belongs here"
    ]
    assert told(distribution="normal", sample={"shape": [3]}) == [
        "sample: numbers belong here, not a symbol"
    ]
    assert told(distribution="bernouli", sample=[1]) == ["distribution: unknown choice bernouli"]
    assert told(distribution="bernoulli", sample=[1], trials=2, classes=3) == [
        "trials: trials belong to the binomial distribution alone",
        "classes: classes belong to the categorical distribution alone",
    ]


def test_wrong_comparisons_are_told_at_their_places() -> None:
    def compared(distribution: str, **values: object) -> list[str]:
        return told(distribution=distribution, sample=[1, 0], **{"compare-with": values})

    assert compared("bernoulli", p=1) == [
        "compare-with.p: p is compared at a number between 0 and 1"
    ]
    assert compared("bernoulli", q=0.5) == ["compare-with.q: q is no parameter here"]
    assert compared("bernoulli", p="symbol") == [
        "compare-with.p: a comparison needs a number, not symbol"
    ]
    assert compared("normal", mu=1) == ["compare-with.mu: a comparison needs sigma as well"]
    assert compared("normal", mu=1, sigma=-1) == ["compare-with.sigma: sigma is a number above 0"]
    assert compared("categorical", p=0.5) == ["compare-with.p: nothing is compared for classes"]
