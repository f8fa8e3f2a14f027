"""The oracles of arrays: right values and gradients pass, wrong ones are named, kinks are seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from timing import at_most

from stepsolve.checking import arrays
from stepsolve.checking.array_gradients import PreciseGradients
from stepsolve.checking.arrays import PreciseSheet, check_arrays, check_sampled, given_array, work
from stepsolve.checking.float_gradients import FloatGradients
from stepsolve.checking.precise import Precise
from stepsolve.derivation import Check
from stepsolve.notation.tree import Expression, names
from stepsolve.operations.dimensions import Dimensions
from stepsolve.source.expression import parse
from stepsolve.worksheet.arrays import ArrayValues

PRECISE = Precise()


class Claimed(NamedTuple):
    """Gradients as they are claimed."""

    target: str
    gradients: Mapping[str, str]
    consumers: Mapping[str, list[str]]
    seeds: Mapping[str, Expression] = {}


def checked(
    mode: str, given: Mapping[str, Any], lines: Mapping[str, str], claims: Mapping[str, Any]
) -> dict[str, Check]:
    """The checks of claimed gradients of L, by the name that each is by."""
    trees = {name: parse(text) for name, text in lines.items()}
    known = {name: np.asarray(value, dtype=float) for name, value in given.items()}
    dimensions = Dimensions({name: value.shape for name, value in known.items()}, {})
    engine = ArrayValues(dimensions)
    for name, tree in trees.items():
        dimensions.known[name] = dimensions.of(tree)
        known[name] = np.asarray(engine.value(tree, known))
    of = {name: f"dL/d{name}" for name in claims}
    for name, claim in claims.items():
        known[of[name]] = np.asarray(claim, dtype=float)
        dimensions.known[of[name]] = known[of[name]].shape
    users = {name: [n for n, tree in trees.items() if name in names(tree)] for name in claims}
    asked = Claimed("L", of, users)
    if mode == "float":
        found = FloatGradients(engine.value, trees, known, asked).checks()
    else:
        exact = {name: given_array(v, v.shape, PRECISE) for name, v in known.items()}
        run = PreciseSheet(dimensions, PRECISE).run(trees, {n: exact[n] for n in given})
        exact |= {name: run[name] for name in trees}
        found = PreciseGradients(dimensions, PRECISE, trees, exact, asked).checks()
    return dict(zip(claims, found, strict=True))


both = pytest.mark.parametrize("mode", ["precise", "float"])
SQUARES = {"z": "W @ x", "L": "sum(z * z)"}
GIVEN = {"W": [[1, 2, -1], [0.5, 0, 3]], "x": [1, -2, 0.25]}
Z = np.array(GIVEN["W"]) @ np.array(GIVEN["x"])
RIGHT = {"z": 2 * Z, "W": np.outer(2 * Z, GIVEN["x"]), "x": 2 * np.array(GIVEN["W"]).T @ Z}


@both
def test_right_gradients_pass(mode: str) -> None:
    found = checked(mode, GIVEN, SQUARES, RIGHT)
    assert all(check.passed and not check.note for check in found.values())


@both
@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("slip", ["entry", "factor", "sign", "zero", "swap"])
def test_one_wrong_gradient_is_named(mode: str, name: str, slip: str) -> None:
    wrong = np.array(RIGHT[name])
    match slip:
        case "entry":
            wrong.flat[1] *= 1.001
        case "factor":
            wrong *= 1.001
        case "sign":
            wrong.flat[0] *= -1
        case "zero":
            wrong *= 0
        case "swap":
            wrong.flat[[0, 1]] = wrong.flat[[1, 0]]
    claims = {name: wrong} if name != "z" else {"z": wrong}
    found = checked(mode, GIVEN, SQUARES, {"z": RIGHT["z"], **claims})
    assert not found[name].passed
    assert found[name].error > 1e-5


@pytest.mark.parametrize("off", [1e-11, -1e-11])
def test_with_50_digits_the_last_digits_of_a_float_are_seen(off: float) -> None:
    wrong = RIGHT["x"] * (1 + off)
    assert not checked("precise", GIVEN, SQUARES, {"z": RIGHT["z"], "x": wrong})["x"].passed


KINKS = {
    "relu": ("relu(x)", [-1, 0, 2, 0], [0, 0, 3, 0], [0, 3, 3, 3], [0, -1, 3, 0]),
    "abs": ("abs(x)", [-1, 0, 2, 0], [-3, 0, 3, 0], [-3, 3, 3, -3], [-3, 4, 3, 0]),
    "max": ("max(x)", [1, 2, 2, 0], [0, 3, 0, 0], [0, 0, 3, 0], [0, 3, 0, 3]),
}


@both
@pytest.mark.parametrize("kink", KINKS)
def test_at_a_kink_the_claim_lies_between_the_slopes(mode: str, kink: str) -> None:
    text, at, declared, other, wrong = KINKS[kink]
    lines = {"h": text, "L": "3 * h" if kink == "max" else "3 * sum(h)"}
    upstream = 3.0 if kink == "max" else [3.0] * 4
    for claim in (declared, other):
        found = checked(mode, {"x": at}, lines, {"h": upstream, "x": claim})["x"]
        assert found.passed
        if (mode, kink, claim) != ("float", "abs", declared):  # the mean of both sides is 0 as well
            assert found.method.startswith("one-sided")
            assert found.note == "at a kink in 2 of its entries"
    assert not checked(mode, {"x": at}, lines, {"h": upstream, "x": wrong})["x"].passed


@both
def test_a_kink_does_not_hide_a_wrong_entry_elsewhere(mode: str) -> None:
    lines = {"h": "relu(x)", "L": "sum(h * h)"}
    at = [0.0, 1.0, 2.0]
    found = checked(mode, {"x": at}, lines, {"h": [0, 2, 4], "x": [0, 2, 5]})["x"]
    assert not found.passed


def test_many_kinks_of_a_large_array_take_little_time() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(100, 100))
    x[random.random(x.shape) < 0.01] = 0
    with at_most(2):
        lines = {"h": "relu(x)", "L": "sum(h)"}
        found = checked("float", {"x": x}, lines, {"h": np.ones_like(x), "x": (x > 0) * 1.0})["x"]
        assert found.passed and found.note == "at kinks"


@both
def test_large_and_small_values_have_steps_of_their_own(mode: str) -> None:
    for at in ([1e12, -3e12], [1e-3, 2e-4]):
        x = np.array(at)
        found = checked(mode, {"x": x}, {"L": "sum(x * x)"}, {"x": 2 * x})["x"]
        assert found.passed, found
    p = np.array([1e-20, 0.5])
    found = checked("precise", {"x": p}, {"L": "-sum(x * log(x))"}, {"x": -np.log(p) - 1})["x"]
    assert found.error < 1e-12


def test_what_cannot_be_moved_is_said() -> None:
    found = checked("precise", {"x": [0.0, 1.0]}, {"L": "sum(sqrt(x))"}, {"x": [0, 0.5]})["x"]
    assert not found.passed
    assert found.note == "it cannot be moved to both sides within the domain"


def test_wrong_values_are_named() -> None:
    dimensions = Dimensions({"x": (2,), "y": (2,)}, {})
    exact = PreciseSheet(dimensions, PRECISE).run(
        {"y": parse("2 * x")}, {"x": given_array(np.array([0.1, 0.2]), (2,), PRECISE)}
    )
    floats = {"x": np.array([0.1, 0.2]), "y": np.array([0.2, 0.4])}
    assert all(check.passed for check in check_arrays(floats, exact))
    floats["y"] = np.array([0.2, 0.4 + 1e-8])
    assert [check.passed for check in check_arrays(floats, exact)] == [True, False]


def test_drawn_entries_of_large_arrays_show_a_wrong_line() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 50))
    dimensions = Dimensions({"x": x.shape, "y": x.shape}, {})
    lines, whole = {"y": parse("x @ x")}, ArrayValues(dimensions).value
    (right,) = check_sampled(lines, {"x": x, "y": x @ x}, dimensions, PRECISE, whole)
    assert right.passed and right.method == "NumPy and mpmath, in entries drawn at random"
    (wrong,) = check_sampled(lines, {"x": x, "y": x.T @ x}, dimensions, PRECISE, whole)
    assert not wrong.passed


def test_the_work_of_a_line_is_counted() -> None:
    dimensions = Dimensions({"A": (4, 5), "B": (5, 6), "v": (5,)}, {})
    assert work(parse("A @ B"), dimensions) == 2 * 4 * 5 * 6
    assert work(parse("A @ v"), dimensions) == 2 * 4 * 5
    assert work(parse("A + A * A"), dimensions) == 40
    assert work(parse("sum(A)"), dimensions) == 20
    assert work(parse("softmax(A, axis=1)"), dimensions) == 20 * 5


def test_very_long_sums_are_added_exactly() -> None:
    x = np.random.default_rng(0).normal(size=(300, 300))
    dimensions = Dimensions({"x": x.shape, "L": ()}, {})
    lines, whole = {"L": parse("1 / 2 * sum(x^2)")}, ArrayValues(dimensions).value
    right = {"x": x, "L": float(np.sum(x * x)) / 2}
    checks = check_sampled(lines, right, dimensions, PRECISE, whole)
    assert [check.of for check in checks] == ["L term 1", "L"]
    assert all(check.passed for check in checks)
    wrong = {"x": x, "L": right["L"] * (1 + 1e-6)}
    checks = check_sampled(lines, wrong, dimensions, PRECISE, whole)
    assert [check.passed for check in checks] == [True, False]


def test_many_kinks_are_confirmed_together() -> None:
    x = np.round(np.random.default_rng(1).normal(size=(600, 4)), 1)
    largest = 2 * np.max(x, axis=1)  # the derivative of the square
    first, least = np.argmax(x, axis=1), np.argmin(x, axis=1)
    for place, factor, passes in ((first, 1.0, True), (least, 1.0, False), (first, 1.001, False)):
        claimed = np.zeros(x.shape)
        claimed[np.arange(600), place] = factor * largest
        lines = {"L": "sum(max(x, axis=1)^2)"}
        found = checked("float", {"x": x}, lines, {"x": claimed})["x"]
        assert (found.passed and found.note == "at kinks") is passes


@pytest.mark.parametrize("seed", range(6))
def test_very_long_sums_lose_nothing(seed: int) -> None:
    """Against Python's exactly rounded sum."""
    random = np.random.default_rng(seed)
    terms = random.normal(size=(7, 20_000)) * 10.0 ** random.integers(-9, 3 * seed, (7, 1))
    assert arrays._exact_total(terms) == math.fsum(terms.ravel().tolist())
    assert arrays._exact_total(np.zeros(9)) == 0
    assert arrays._exact_total(terms - terms) == 0
