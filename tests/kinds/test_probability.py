"""Divergences, entropies and Bayes' rule, against NumPy and fractions written here."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation, Equation, Result, Section, Table, Text
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line
from stepsolve.worksheet import logarithms

Array = Any
LOGS: dict[str, Callable[[Array], Array]] = {"e": np.log, "2": np.log2, "10": np.log10}


def solve(**keys: object) -> Derivation:
    return stepsolve.solve(keys)


def told(**keys: object) -> list[str]:
    """The messages of a wrong problem, each with its place."""
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(keys)
    return [f"{d.place}: {d.message}" if d.place else d.message for d in caught.value.diagnoses]


def drawn(seed: int, *dims: int) -> list[Any]:
    """Probabilities of up to four decimals that sum to one exactly, some of them 0."""
    random = np.random.default_rng(seed)
    counts = random.multinomial(10_000, random.dirichlet(np.full(math.prod(dims), 0.7)))
    return [[f"{c}/10000" for c in row] for row in counts.reshape(-1, dims[-1])]


def floats(rows: list[Any]) -> Array:
    return np.array([[float(Fraction(c)) for c in row] for row in rows])


def mean_log(p: Array, ratio: Array, log: Callable[[Array], Array]) -> float:
    with np.errstate(all="ignore"):
        return float(np.sum(np.where(p > 0, p * log(np.where(p > 0, ratio, 1)), 0)))


def texts(found: Derivation) -> str:
    return " ".join(
        part if isinstance(part, str) else one_line(part)
        for block in found.blocks
        if isinstance(block, Text | Section)
        for part in block.parts
    )


# ------------------------------------------------------------------------------------- divergences


@pytest.mark.parametrize("base", LOGS)
@pytest.mark.parametrize("seed", range(4))
def test_divergences_are_those_of_numpy(seed: int, base: str) -> None:
    size, log = 2 + seed * 2, LOGS[base]
    p, q = drawn(seed, size), drawn(seed + 50, size)
    q[0] = [b if b != "0/10000" else "1/10000" for b in q[0]]
    q[0][-1] = str(1 - sum(Fraction(b) for b in q[0][:-1]))
    found = solve(kind="kl-divergence", p=p[0], q=q[0], **{"log-base": base})
    one, other = floats(p)[0], floats(q)[0]
    assert found.confirmed
    expected = mean_log(one, one / other, log)
    assert found.quantities["KL_pq"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    if np.all(one):
        back = mean_log(other, other / one, log)
        assert found.quantities["KL_qp"] == pytest.approx(back, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_jensen_shannon_is_symmetric_and_that_of_numpy(seed: int) -> None:
    p, q = drawn(seed, 5)[0], drawn(seed + 9, 5)[0]
    one, other = floats([p])[0], floats([q])[0]
    mean = (one + other) / 2
    with np.errstate(all="ignore"):
        expected = (mean_log(one, one / mean, np.log2) + mean_log(other, other / mean, np.log2)) / 2
    keys: dict[str, Any] = {"kind": "kl-divergence", "jensen-shannon": "true", "log-base": "2"}
    for first, second in ((p, q), (q, p)):
        found = stepsolve.solve({**keys, "p": first, "q": second})
        assert found.confirmed
        assert found.quantities["JS"] == pytest.approx(expected, rel=1e-9)
        assert found.quantities["d_JS"] == pytest.approx(math.sqrt(expected), rel=1e-9)


def test_the_page_of_a_divergence() -> None:
    found = solve(kind="kl-divergence", p=["9/25", "12/25", "4/25"], q=["1/3"] * 3)
    headings = [b.parts[0] for b in found.blocks if isinstance(b, Section)]
    assert headings == ["KL(p || q)", "KL(q || p)", "Result"]
    exact = [plain(b.sides[1]) for b in found.blocks if isinstance(b, Equation)]
    assert exact == [
        "9 / 25 * log(27 / 25) + 12 / 25 * log(36 / 25) + 4 / 25 * log(12 / 25)",
        "1 / 3 * log(25 / 27) + 1 / 3 * log(25 / 36) + 1 / 3 * log(25 / 12)",
    ]
    tables = [b for b in found.blocks if isinstance(b, Table)]
    assert [len(table.rows) for table in tables] == [3, 3]
    assert tables[0].rows[0][0] == "0"
    assert [one_line(c) for c in tables[0].rows[2][1:] if not isinstance(c, str | tuple)] == [
        "0.16",
        "0.3333",
        "0.48",
        "−0.7340",
        "−0.1174",
    ]
    shares = [c for c in found.checks if c.method == "another expression for it"]
    assert [c.of for c in shares] == ["KL_pq", "KL_qp"]


def test_conventions_at_zero() -> None:
    found = solve(kind="kl-divergence", p=["1/2", "1/2", 0], q=["1/4", "1/4", "1/2"])
    assert found.quantities["KL_pq"] == pytest.approx(math.log(2), rel=1e-12)
    assert "KL_qp" not in found.quantities
    assert found.quantities["lost_qp"] == 0.5
    assert "so KL(q || p) is infinite" in texts(found)
    assert "Where p is 0 the term is 0 by convention" in texts(found)
    results = [plain(b.sides[1]) for b in found.blocks if isinstance(b, Result)]
    assert "inf" in results
    assert found.confirmed


def test_equal_distributions_have_no_divergence() -> None:
    found = solve(kind="kl-divergence", p=["1/3", "2/3"], q=["1/3", "2/3"])
    assert (found.quantities["KL_pq"], found.quantities["KL_qp"]) == (0, 0)
    assert found.confirmed


def test_many_outcomes_are_shown_in_part() -> None:
    many = [f"1/{1000}"] * 1000
    found = solve(kind="kl-divergence", p=many, q=["1/2", *["1/1998"] * 999])
    assert found.confirmed
    expected = math.log(2 / 1000) / 1000 + 0.999 * math.log(1998 / 1000)
    assert found.quantities["KL_pq"] == pytest.approx(expected, rel=1e-9)


def test_a_wrong_exact_sum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = logarithms.exact_sum

    def wrong(terms: Any, log: str) -> str:
        return right([(a, b * 2) for a, b in terms], log)

    monkeypatch.setattr("stepsolve.kinds.kl_divergence.exact_sum", wrong)
    found = solve(kind="kl-divergence", p=["1/4", "3/4"], q=["1/2", "1/2"])
    assert not found.confirmed
    assert {c.of for c in found.checks if not c.passed} == {"KL_pq", "KL_qp"}


def test_wrong_distributions_are_told_at_their_places() -> None:
    assert told(kind="kl-divergence", p=["1/2", "-1/2", 1], q=["1/0", 0, 1]) == [
        "q[0]: 1/0 has no finite real value"
    ]
    assert told(kind="kl-divergence", p=["1/2", "-1/2", 1], q=[1, 0, 0]) == [
        "p[1]: a probability is a number from 0 to 1"
    ]
    assert told(kind="kl-divergence", p=[0.5, 0.4], q=[1]) == [
        "p: these probabilities sum to 0.9, not to 1"
    ]
    assert told(kind="kl-divergence", p=[0.5, 0.5], q=[1]) == [
        "q: q has 1 entry, but p has 2 entries"
    ]
    assert told(kind="kl-divergence", p=[[0.5, 0.5]], q=1) == [
        "p: a list of probabilities belongs here",
        "q: a list of probabilities belongs here",
    ]
    assert told(kind="kl-divergence", p={"shape": [2]}, q=[0.5, 0.5]) == [
        "p: numbers belong here, not a symbol"
    ]
    assert told(kind="kl-divergence", p={"shape": [9], "seed": 1}, q=[0.5, 0.25, 0.25]) == [
        "p: a probability is a number from 0 to 1, and not all of these are"
    ]
    assert told(kind="kl-divergence", p=[0.5, 0.5], q=[0.5, 0.5], outcomes=["a"]) == [
        "p: there are 1 outcomes, but p has 2 entries"
    ]
    assert told(kind="kl-divergence", p=[], q=["nan", 1]) == [
        "p: an array has at least one entry",
        "q[0]: nan is not a number",
    ]
    assert told(kind="kl-divergence", p=["1/3000"] * 3000, q=[1])[0] == (
        "p: there are at most 2000 probabilities"
    )


# --------------------------------------------------------------------------------------- entropies


@pytest.mark.parametrize("base", LOGS)
@pytest.mark.parametrize("seed", range(4))
def test_an_entropy_is_that_of_numpy(seed: int, base: str) -> None:
    p = drawn(seed, 3 + seed)[0]
    found = solve(kind="entropy", p=p, **{"log-base": base})
    values = floats([p])[0]
    with np.errstate(all="ignore"):
        expected = -mean_log(values, values, LOGS[base])
    assert found.confirmed
    assert found.quantities["H"] == pytest.approx(expected, rel=1e-9)
    assert found.quantities["H_max"] == pytest.approx(float(LOGS[base](len(p))), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_mutual_information_is_that_of_numpy(seed: int) -> None:
    table = drawn(seed, 2 + seed % 3, 3)
    found = solve(kind="entropy", joint=table)
    p = floats(table)
    x, y = p.sum(axis=1), p.sum(axis=0)
    of = {"H_X": x, "H_Y": y, "H_XY": p}
    h = {name: -mean_log(v, v, np.log) for name, v in of.items()}
    h["H_YgivenX"] = -mean_log(p, p / np.where(x > 0, x, 1)[:, None], np.log)
    h["H_XgivenY"] = -mean_log(p, p / np.where(y > 0, y, 1), np.log)
    h["I"] = h["H_Y"] - h["H_YgivenX"]
    assert found.confirmed
    for name, value in h.items():
        assert found.quantities[name] == pytest.approx(value, rel=1e-9, abs=1e-11)


def test_the_page_of_a_joint_table() -> None:
    found = solve(kind="entropy", joint=[["1/2", 0], [0, "1/2"]], **{"log-base": 2})
    headings = [b.parts[0] for b in found.blocks if isinstance(b, Section)]
    assert headings == [
        "Marginal distributions",
        "H(X)",
        "H(Y)",
        "H(X, Y)",
        "Conditional entropy",
        "Mutual information",
        "Result",
    ]
    assert found.quantities["I"] == 1  # each tells the other entirely
    assert found.quantities["H_XgivenY"] == 0
    assert "By convention 0 log 0 = 0" in texts(found)


def test_wrong_tables_are_told_at_their_places() -> None:
    assert told(kind="entropy") == ["problem: an entropy needs p or joint, one of them"]
    assert told(kind="entropy", p=[1], joint=[[1]]) == [
        "joint: an entropy needs p or joint, one of them"
    ]
    assert told(kind="entropy", joint=[0.5, 0.5]) == [
        "joint: a list of rows of probabilities belongs here"
    ]
    assert told(kind="entropy", joint=[[0.5, 0.5], [0.1]]) == [
        "joint[1]: this row has 1 entry, the first one has 2 entries"
    ]
    assert told(kind="entropy", joint=[[0.5, 1.5], [-1, 0]]) == [
        "joint[0][1]: a probability is a number from 0 to 1",
        "joint[1][0]: a probability is a number from 0 to 1",
    ]
    assert told(kind="entropy", p=[1], **{"log-base": 3}) == ["log-base: unknown choice 3"]


def test_a_wrong_chain_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet.sheet import Sheet

    right = Sheet.line

    def wrong(sheet: Sheet, name: str, expression: Any, *rest: Any, **named: Any) -> None:
        if name == "I":
            expression = "H_X - H_Y + H_XY"
        right(sheet, name, expression, *rest, **named)

    monkeypatch.setattr(Sheet, "line", wrong)
    found = solve(kind="entropy", joint=[["1/2", "1/4"], ["1/8", "1/8"]])
    assert [c.of for c in found.checks if not c.passed] == ["I", "I"]


# -------------------------------------------------------------------------------------------- Bayes


@pytest.mark.parametrize("seed", range(4))
def test_posteriors_are_those_of_numpy(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 2 + seed
    priors = drawn(seed, count)[0]
    likely = {name: random.integers(1, 100, count) / 100 for name in ("a", "b", "c")}
    order = [str(n) for n in random.choice(list(likely), 5)]
    found = solve(
        kind="bayes",
        priors=priors,
        likelihoods={name: [float(x) for x in v] for name, v in likely.items()},
        observations=order,
    )
    posterior = floats([priors])[0]
    for name in order:
        posterior = posterior * likely[name]
        posterior = posterior / posterior.sum()
    assert found.confirmed
    np.testing.assert_allclose(found.quantities["posterior_5"], posterior, rtol=1e-9)
    whole = floats([priors])[0] * np.prod([likely[name] for name in order], axis=0)
    assert found.quantities["P_data"] == pytest.approx(whole.sum(), rel=1e-9)


def test_the_page_of_two_observations() -> None:
    found = solve(
        kind="bayes",
        hypotheses=["ill", "healthy"],
        priors=["1/100", "99/100"],
        likelihoods={"positive": ["9/10", "1/20"]},
        observations=["positive", "positive"],
    )
    headings = [b.parts[0] for b in found.blocks if isinstance(b, Section)]
    assert headings[:3] == [
        "Observation 1: positive",
        "Observation 2: positive",
        "All observations together",
    ]
    first, second = (b for b in found.blocks if isinstance(b, Table))
    assert [row[0] for row in first.rows] == ["ill", "healthy"]
    assert found.quantities["posterior_1"][0] == pytest.approx(2 / 13)  # type: ignore[index]
    assert found.quantities["posterior_2"][0] == pytest.approx(36 / 47)  # type: ignore[index]
    assert plain(second.header[1]) == "posterior_1"  # type: ignore[arg-type]


def test_a_hypothesis_can_drop_out_but_not_all() -> None:
    keys: dict[str, Any] = {
        "kind": "bayes",
        "priors": ["1/2", "1/2"],
        "likelihoods": {"heads": [1, 0], "tails": [0, 1]},
    }
    assert stepsolve.solve({**keys, "observations": ["heads"]}).quantities["posterior"] == [1, 0]
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve({**keys, "observations": ["heads", "tails"]})
    (one,) = caught.value.diagnoses
    assert str(one.place) == "observations[1]"
    assert one.message == "tails has probability 0 here under every hypothesis that is left"


def test_wrong_observations_are_told_at_their_places() -> None:
    good = {"positive": [0.9, 0.1]}
    assert told(kind="bayes", priors=[0.5, 0.4], likelihoods=good) == [
        "priors: these probabilities sum to 0.9, not to 1"
    ]
    assert told(
        kind="bayes",
        hypotheses=["a"],
        priors=[0.5, 0.5],
        likelihoods={"positive": [0.9, 1.1], "negative": [0.1]},
        observations=["positve"],
    ) == [
        "priors: there are 1 hypotheses, but 2 priors",
        "likelihoods.positive[1]: a probability is a number from 0 to 1",
        "likelihoods.negative: negative has 1 entry, but there are 2 hypotheses",
        "observations[0]: positve has no likelihoods",
    ]
    assert told(kind="bayes", priors=[1], likelihoods={}) == [
        "likelihoods: no observation has likelihoods"
    ]
