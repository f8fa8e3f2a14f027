"""Divergence, entropy and posteriors in letters: at random numbers by NumPy, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation, Equation, Result
from stepsolve.notation.plain import plain
from stepsolve.worksheet import probability_letters as letters

LOGS = {"log": np.log, "log2": np.log2, "log10": np.log10}


def solve(**keys: object) -> Derivation:
    found = stepsolve.solve(keys)
    assert found.confirmed and found.checks
    return found


def value(formula: Any, **known: float) -> Any:
    """A formula in plain text, worked out by Python."""
    text = plain(formula).replace("^", "**")
    return eval(text, {"__builtins__": {}, **LOGS, **known})


def told(**keys: object) -> list[tuple[str, str]]:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(keys)
    return [(str(d.place or ""), d.message) for d in caught.value.diagnoses]


@pytest.mark.parametrize("base", ["e", "2", "10"])
def test_divergences(base: str) -> None:
    found = solve(kind="kl-divergence", p=["a", "1 - a"], q=["b", "1 - b"], **{"log-base": base})
    log = {"e": np.log, "2": np.log2, "10": np.log10}[base]
    a, b = 0.3, 0.8
    p, q = np.array([a, 1 - a]), np.array([b, 1 - b])
    assert value(found.results["KL_pq"], a=a, b=b) == pytest.approx(np.sum(p * log(p / q)))
    assert value(found.results["KL_qp"], a=a, b=b) == pytest.approx(np.sum(q * log(q / p)))


def test_the_formulas_of_a_divergence() -> None:
    found = solve(kind="kl-divergence", p=["a", "1 - a"], q=["b", "1 - b"])
    shown = [plain(b.sides[1]) for b in found.blocks if isinstance(b, Equation)]
    assert plain(found.results["KL_pq"]) == "a * log(a / b) + (1 - a) * log((1 - a) / (1 - b))"
    assert shown[0] == "a * log(a) + (1 - a) * log(1 - a) - (a * log(b) + (1 - a) * log(1 - b))"
    assert found.quantities == {}


def test_letters_beside_numbers_and_zeros() -> None:
    found = solve(kind="kl-divergence", p=["1/2", "1/2", 0], q=["a", "b", "1 - a - b"])
    one = value(found.results["KL_pq"], a=0.2, b=0.5)
    assert one == pytest.approx(0.5 * np.log(0.5 / 0.2) + 0.5 * np.log(1))
    assert "KL_qp" not in found.results
    infinite = [plain(b.sides[1]) for b in found.blocks if isinstance(b, Result)]
    assert "inf" in infinite


def test_probabilities_of_some_values_alone() -> None:
    found = solve(kind="kl-divergence", p=["2*a", "1 - 2*a"], q=["3*b^2", "1 - 3*b^2"])
    p, q = np.array([0.4, 0.6]), np.array([0.12, 0.88])
    expected = pytest.approx(np.sum(p * np.log(p / q)))
    assert value(found.results["KL_pq"], a=0.2, b=0.2) == expected


def test_entropies() -> None:
    found = solve(kind="entropy", p=["p_1", "p_2", "p_3"], **{"log-base": "2"})
    p = np.array([0.5, 0.3, 0.2])
    known = dict(zip(("p_1", "p_2", "p_3"), p, strict=True))
    assert value(found.results["H"], **known) == pytest.approx(-np.sum(p * np.log2(p)))
    assert plain(found.results["H"]) == "-p_1 * log2(p_1) - p_2 * log2(p_2) - p_3 * log2(p_3)"
    coin = solve(kind="entropy", p=["a", "1 - a", 0])
    assert plain(coin.results["H"]) == "-a * log(a) - (1 - a) * log(1 - a)"


@pytest.mark.parametrize("observed", [["t"], ["t", "u", "t"]])
def test_posteriors(observed: list[str]) -> None:
    likelihoods = {"t": ["s", "1/4", "f"], "u": ["1 - s", "1/2", "1"]}
    keys: dict[str, Any] = {"kind": "bayes", "priors": ["r", "1/3", "2/3 - r"]}
    found = solve(**keys, likelihoods=likelihoods, observations=observed)
    r, s, f = 0.2, 0.9, 0.35
    under = {"t": np.array([s, 0.25, f]), "u": np.array([1 - s, 0.5, 1])}
    joint = np.array([r, 1 / 3, 2 / 3 - r])
    for name in observed:
        joint = joint * under[name]
    assert value(found.results["posterior"], r=r, s=s, f=f) == pytest.approx(joint / joint.sum())


def test_one_hypothesis_that_is_left() -> None:
    found = solve(kind="bayes", priors=["r", "1 - r"], likelihoods={"d": ["s", 0]})
    assert value(found.results["posterior"], r=0.3, s=0.5) == [1, 0]


def test_mistakes_have_their_place() -> None:
    def kl(p: object, q: object = ("1/2", "1/2")) -> list[tuple[str, str]]:
        return told(kind="kl-divergence", p=p, q=list(q) if isinstance(q, tuple) else q)

    sums = "these probabilities do not sum to 1 for all values of the letters"
    assert kl(["a", "1 - b"]) == [("p", sums)]
    assert kl(["a", "1/2"]) == [("p", sums)]
    assert kl(["a^2 - a", "1 + a - a^2"]) == [
        ("p", "no values of the letters make these numbers from 0 to 1")
    ]
    assert kl(["a", "-1/10"]) == [("p[1]", "a probability is a number from 0 to 1")]
    assert kl(["sum(a)", "1 - a"]) == [("p[0]", "sum has no place among scalars")]
    assert kl([["a", "1 - a"]]) == [("p", "a list of probabilities belongs here")]
    assert kl(["a", "1 - a"], ["b", "c", "1 - b - c"]) == [
        ("q", "q has 3 entries, but p has 2 entries")
    ]
    assert kl([f"p_{k}" for k in range(9)]) == [
        ("p", "in letters there are at most 8 probabilities")
    ]
    assert kl(["a" + " + a" * 40, "1 - a"]) == [("p[0]", "this expression is too long")]
    assert told(kind="entropy", joint=[["a", "1 - a"]])[0] == ("joint[0][0]", "a is not a number")
    both: dict[str, Any] = {"kind": "bayes", "priors": ["r", "1 - r"]}
    assert told(**both, likelihoods={"t": [0, 0]}) == [
        ("priors", "what is observed has probability 0 under every hypothesis")
    ]
    assert told(**both, likelihoods={"t": [2, "s"]}) == [
        ("likelihoods.t[0]", "a probability is a number from 0 to 1")
    ]
    assert told(**both, likelihoods={"t": ["s", "f"]}, observations=["t"] * 9) == [
        ("observations[8]", "in letters there are at most 8 observations")
    ]


@pytest.mark.parametrize(
    ("keys", "failed"),
    [
        ({"kind": "entropy", "p": ["a", "1 - a"]}, {"H"}),
        ({"kind": "kl-divergence", "p": ["a", "1 - a"], "q": ["b", "1 - b"]}, {"KL_pq", "KL_qp"}),
        (
            {"kind": "bayes", "priors": ["r", "1 - r"], "likelihoods": {"t": ["s", "1/5"]}},
            {"posterior"},
        ),
    ],
)
def test_weights_that_are_forgotten_are_seen(
    keys: dict[str, Any], failed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both forms are then equal, and both wrong: only the definition tells."""
    monkeypatch.setattr(letters, "_product", lambda parts: list(parts)[-1])
    found = stepsolve.solve(keys)
    assert {check.of for check in found.checks if not check.passed} == failed


def test_a_wrong_form_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = letters.WrittenChain

    def wrong(of: str, start: Any, sides: Any, *more: Any) -> Any:
        ((rule, _),) = sides
        return whole(of, start, [(rule, "a")], *more)

    monkeypatch.setattr(letters, "WrittenChain", wrong)
    assert not stepsolve.solve({"kind": "entropy", "p": ["a", "1 - a"]}).confirmed
