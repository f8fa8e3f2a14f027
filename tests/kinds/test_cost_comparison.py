"""Costs of convolutions: against loops written here and fractions by hand."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

import stepsolve
from stepsolve.derivation import Chain, Derivation
from stepsolve.kinds import cost_comparison
from stepsolve.notation.plain import plain


def solve(**keys: Any) -> Derivation:
    return stepsolve.solve({"kind": "cost-comparison", **keys})


def mistakes(**keys: Any) -> list[tuple[str, str]]:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        solve(**keys)
    return [(str(d.place), d.message) for d in caught.value.diagnoses]


def places(size: int, f: int, s: int, p: int) -> int:
    return len([t for t in range(-p, size + p - f + 1) if (t + p) % s == 0])


@pytest.mark.parametrize("seed", range(10))
def test_the_products_one_by_one(seed: int) -> None:
    draw = random.Random(seed)
    height, width, c = draw.randint(5, 8), draw.randint(5, 8), draw.randint(1, 3)
    f, n, s, p = draw.randint(1, 4), draw.randint(1, 4), draw.randint(1, 2), draw.randint(0, 2)
    found = solve(input=[height, width, c], kernel=f, filters=n, stride=s, padding=p)
    outputs = [*product(range(places(height, f, s, p)), range(places(width, f, s, p)))]
    normal = sum(1 for _ in product(outputs, range(n), range(f), range(f), range(c)))
    depth = sum(1 for _ in product(outputs, range(f), range(f), range(c)))
    point = sum(1 for _ in product(outputs, range(n), range(c)))
    q = found.quantities
    assert found.confirmed
    assert (q["normal"], q["depthwise"], q["pointwise"]) == (normal, depth, point)
    ratio = Fraction(1, n) + Fraction(1, f * f)
    assert q["ratio"] == pytest.approx(float(ratio), rel=1e-14)
    m = draw.randint(1, 3)
    found = solve(input=[height, width, c], kernel=f, filters=n, stride=s, padding=p, bottleneck=m)
    assert found.confirmed
    assert found.quantities["squeeze"] == height * width * m * c
    assert found.quantities["expand"] == len(outputs) * n * f * f * m


def test_the_ratio_in_letters() -> None:
    found = solve()
    assert found.confirmed
    (chain,) = [b for b in found.blocks if isinstance(b, Chain)]
    assert [step.rule for step in chain.steps] == [
        "cancel what all share",
        "split the fraction",
        "cancel",
    ]
    assert plain(chain.steps[-1].after) == "1 / n + 1 / f^2"


@pytest.mark.parametrize("filters", [None, 32])
def test_a_bottleneck_with_letters(filters: int | None) -> None:
    keys = {"filters": filters} if filters else {}
    found = solve(bottleneck=16, **keys)
    assert found.confirmed
    (chain,) = [b for b in found.blocks if isinstance(b, Chain)]
    assert plain(chain.steps[-1].after) == "m / (n * f^2) + m / c"


def test_an_even_kernel_in_letters() -> None:
    assert solve(kernel=4, bottleneck=2).confirmed


def test_mistakes_have_their_place() -> None:
    assert mistakes(input=[4, 4, 1], kernel=7, padding=1) == [
        ("kernel", "the kernel has 7 pixels, but the input with its padding 6")
    ]
    assert mistakes(input=[4, 4, 1], filters=3) == [
        ("input", "an input needs a kernel: how many places are there?")
    ]
    assert mistakes(input=[4], kernel=3) == [
        ("input", "height, width and channels of the input are needed")
    ]
    assert mistakes(kernel=3, stride=2)[0][1] == "stride and padding need an input and a kernel"
    assert mistakes(input=[4, 4, 1], kernel=3, stride=0, padding=-1) == [
        ("stride", "a whole number from 1 to 1000000 belongs here, not 0"),
        ("padding", "a whole number from 0 to 1000000 belongs here, not -1"),
    ]


def test_a_wrong_cost_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_comparison, "_SQUARE", "h * w * n * f * c")
    for keys in ({}, {"input": [6, 6, 3], "kernel": 3, "filters": 5}):
        found = solve(**keys)
        failed = {check.of for check in found.checks if not check.passed}
        assert {"normal", "ratio"} <= failed
        assert any("the ratio" in of for of in failed)
