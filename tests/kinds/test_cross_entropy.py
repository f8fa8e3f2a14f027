"""The kind `cross-entropy`: values and gradients against NumPy and complex steps, and mistakes."""

from __future__ import annotations

from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Section
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import cross_entropy as kind
from stepsolve.notation.plain import plain

LOG = {"nats": 1.0, "bits": np.log(2), "hartleys": np.log(10)}


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "cross-entropy", **keys})


def distribution(random: np.random.Generator, *sizes: int) -> Any:
    """Probabilities of a few digits that sum to one."""
    found = np.round(random.dirichlet(np.ones(sizes[-1]) * 2, sizes[:-1]), 3)
    found[..., -1] += np.round(1 - np.sum(found, axis=-1), 3)
    return found


@pytest.mark.parametrize("unit", LOG)
@pytest.mark.parametrize("seed", [1, 2])
def test_from_probabilities(unit: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    p, q = distribution(random, 5), distribution(random, 5)
    found = solved(probabilities=q.tolist(), target=p.tolist(), unit=unit)
    assert found.confirmed
    expected = hand.cross_entropy(p, q) / LOG[unit]
    assert found.quantities["H"] == pytest.approx(expected, rel=1e-12)
    slope = hand.gradient(hand.cross_entropy, (p, q), 1) / LOG[unit]
    assert np.allclose(found.quantities["dH/dq"], slope, rtol=1e-12)


@pytest.mark.parametrize("unit", LOG)
@pytest.mark.parametrize("seed", [3, 4])
def test_from_logits(unit: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    p, z = distribution(random, 4), np.round(random.normal(0, 3, 4), 2)

    def loss(p: Any, z: Any) -> Any:
        return hand.cross_entropy(p, hand.softmax(z)) / LOG[unit]

    found = solved(logits=z.tolist(), target=p.tolist(), unit=unit)
    assert found.confirmed
    assert found.quantities["L"] == pytest.approx(loss(p, z), rel=1e-12)
    assert found.quantities["H"] == pytest.approx(loss(p, z), rel=1e-12)
    slope = hand.gradient(loss, (p, z), 1)
    assert np.allclose(found.quantities["dL/dz"], slope, rtol=0, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("source", ["logits", "probabilities"])
def test_rows(reduction: str, source: str) -> None:
    random = np.random.default_rng(5)
    classes = [2, 0, 1]
    hot = np.eye(3)[classes]
    given = np.round(random.normal(0, 2, (3, 3)), 2)
    given = given if source == "logits" else distribution(random, 3, 3)

    def loss(p: Any, x: Any) -> Any:
        rows = [hand.softmax(row) if source == "logits" else row for row in x]
        total = sum(hand.cross_entropy(a, b) for a, b in zip(p, rows, strict=True))
        return total / 3 if reduction == "mean" else total

    keys = {source: given.tolist(), "class": classes, "reduction": reduction}
    found = solved(**keys)
    assert found.confirmed
    assert found.quantities["L"] == pytest.approx(loss(hot, given), rel=1e-12)
    name = "dL/dZ" if source == "logits" else "dL/dQ"
    slope = hand.gradient(loss, (hot, given), 1)
    assert np.allclose(found.quantities[name], slope, rtol=0, atol=1e-12)


def test_the_terms_are_written_out() -> None:
    found = solved(probabilities=[0.01, 0.9, 0.09], target=[0, 1, 0])
    assert plain(found.results["H"]) == "-log(q[1])"
    line = found.lines[0]
    assert [plain(part) for part in line.working] == ["-log(0.9)"]
    soft = solved(logits=[1, 2, 0], target=[0.25, 0.75, 0])
    sections = [block.parts[0] for block in soft.blocks if isinstance(block, Section)]
    assert sections[:3] == ["Prediction", "Cross-entropy", "Backward pass from "]
    expected = "-(p[0] * log(q[0]) + p[1] * log(q[1]))"
    assert plain(next(one for one in soft.lines if one.name == "H").expression) == expected
    assert plain(soft.results["dL/dz"]) == "q - p"


def test_zeros_of_the_target_cost_nothing() -> None:
    found = solved(probabilities=[0, 1], **{"class": 1}, gradient=False)
    assert found.confirmed and found.quantities["H"] == 0


def test_logits_far_apart() -> None:
    found = solved(logits=[1000, -1000], **{"class": 1})
    assert found.confirmed
    assert found.quantities["L"] == 2000 and found.quantities["dL/dz"] == [1, -1]


def test_symbols_give_formulas() -> None:
    found = solved(logits={"shape": [3]}, target=[0.5, 0.5, 0])
    assert found.confirmed
    assert plain(found.results["dL/dz"]) == "q - p"
    drawn = solved(logits={"shape": [40, 10], "seed": 1}, **{"class": [k % 10 for k in range(40)]})
    assert drawn.confirmed


def test_a_wrong_gradient_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, sheet: Any, p: str, q: str) -> None:
        sheet.gradient("H", q, f"{p} / {q}")

    monkeypatch.setattr(kind.CrossEntropy, "_gradient_of_probabilities", wrong)
    found = solved(probabilities=[0.3, 0.7], target=[0.5, 0.5])
    assert [c.of for c in found.checks if not c.passed] == ["dH/dq"]


def test_a_forgotten_term_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind.CrossEntropy, "_written_out", lambda self, q, p, row: "-log(q[0])")
    found = solved(probabilities=[0.3, 0.7], target=[0.5, 0.5], gradient=False)
    assert [c.of for c in found.checks if not c.passed] == ["H"]


def test_a_large_batch_is_fast() -> None:
    with at_most(5):
        classes = [k % 100 for k in range(256)]
        assert solved(logits={"shape": [256, 100], "seed": 1}, **{"class": classes}).confirmed


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "logits or probabilities are needed, one of them"),
    ({"logits": [1, 2], "probabilities": [0.5, 0.5], "class": 0}, "logits or probabilities are"),
    ({"logits": [1, 2]}, "logits: a class or a target is needed, one of them"),
    ({"logits": [1, 2], "class": 0, "target": [1, 0]}, "a class or a target is needed, one of"),
    ({"logits": 3, "class": 0}, "a vector or rows of them belong here, and this is a number"),
    ({"logits": [1, 2], "class": 2}, "class: there is no place 2: they are counted from 0 to 1"),
    ({"logits": [1, 2], "class": -1}, "class: -1 is not one of the words"),
    ({"logits": [1, 2], "class": [0, 1]}, "class[1]: 2 classes are given for 1 predictions"),
    ({"logits": [[1, 2], [3, 4]], "class": 0}, "1 classes are given for 2 predictions"),
    ({"logits": [1, 2], "target": [0.5, 0.6]}, "target: these probabilities sum to 1.1, not to 1"),
    ({"logits": [1, 2], "target": [1.5, -0.5]}, "target[0]: 1.5 is not a probability"),
    ({"logits": [1, 2], "target": [1]}, "the target has 1 entry, but 2 entries belong here"),
    (
        {"probabilities": [0.5, 0.4], "class": 0},
        "probabilities: these probabilities sum to 0.9, not to 1",
    ),
    (
        {"probabilities": [[0.5, 0.5], [0.2, 0.7]], "class": [0, 0]},
        "probabilities[1]: these probabilities sum to 0.9, not to 1",
    ),
    ({"probabilities": [0, 1], "class": 0}, "probabilities[0]: the target is possible here, but 0"),
    ({"probabilities": [0, 1], "class": 1}, "the gradient −p/q has no value where 0 is predicted"),
    ({"logits": [1, 2], "target": {"shape": [2]}}, "target: a target needs numbers"),
    ({"logits": [1, "inf"], "class": 1}, "inf is not a number"),
    ({"logits": [1, 2], "class": 0, "unit": "bit"}, "unknown choice bit"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**keys)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("logits", "right", "loss"),
    [([1e20, 1], 0, 0), ([1e20, 1e20], 1, np.log(2)), ([1e20, 1, 3e20], 0, 2e20)],
)
def test_scores_larger_than_all_digits(logits: list[float], right: int, loss: float) -> None:
    """No false alarm: log Σ exp(z) and z[0] agree in more digits than float64 has."""
    found = solved(logits=logits, **{"class": right})
    assert found.confirmed, [check for check in found.checks if not check.passed]
    assert found.quantities["L"] == pytest.approx(loss, rel=1e-12)
    assert not any("float64" in check.note for check in found.checks)
