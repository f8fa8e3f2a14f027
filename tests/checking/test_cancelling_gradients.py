"""Gradients that are 0: at the bottom of a square, where paths cancel, and where they are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

import stepsolve
from stepsolve.checking.arrays import PreciseArithmetic
from stepsolve.checking.precise import Precise
from stepsolve.checking.shaken import RUNS, Shaken, roundings
from stepsolve.operations import table


def graph(lines: list[str], **given: object) -> stepsolve.Derivation:
    return stepsolve.solve({"kind": "graph", "lines": lines, "given": given, "backward": "L"})


def test_the_bottom_of_a_square_is_no_kink() -> None:
    solved = graph(["L = half_squared_error(a, y)"], a=[0, 1], y=[0, 1])
    assert solved.confirmed
    assert not any("kink" in check.note for check in solved.checks)
    kinked = graph(["L = sum(relu(a))"], a=[0, 1])
    assert any("kink" in check.note for check in kinked.checks) and kinked.confirmed


def test_paths_that_cancel_give_0() -> None:
    """L = v.(x + b) - v.(z + b) does not hang on b."""
    lines = ["s = v @ (x + b)", "t = v @ (z + b)", "L = 1 - s + t"]
    solved = graph(lines, v=[0.6, 0.3], x=[0.7, 0.1], z=[0.2, 0.9], b=[0.1, -0.1])
    assert solved.quantities["dL/db"] == pytest.approx([0, 0], abs=1e-15)
    assert solved.confirmed


def test_a_small_gradient_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient of 1e-12 is far above the rounding of 50 digits."""
    row = table.ARRAYS["dot"]
    monkeypatch.setitem(
        table.ARRAYS, "dot", replace(row, gradient=lambda a, b: ("-g * b", "g * a"))
    )
    solved = graph(["L = 3 + 1e-12 * dot(a, b)"], a=[1, 2], b=[3, 4])
    assert [check.of for check in solved.checks if not check.passed] == ["dL/da"]


LARGE = {"z": [1e20, 1], "p": [1, 0]}


def test_large_numbers_that_cancel_within_one_operation() -> None:
    """log Σ exp(z) − z[0] is 0, but made of 1e20: no difference can tell its slope from 0."""
    solved = graph(["L = softmax_cross_entropy(z, p)"], **LARGE)
    assert solved.confirmed, [check for check in solved.checks if not check.passed]
    assert solved.quantities["dL/dz"] == pytest.approx([0, 0], abs=1e-15)


def test_a_wrong_gradient_of_large_numbers_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    row = table.ARRAYS["softmax_cross_entropy"]
    for wrong in ("g * softmax(a)", "g * (softmax(a) - b) + 1e-9 * g * b"):
        patched = replace(row, gradient=lambda a, b, wrong=wrong: (wrong, "g * b"))
        monkeypatch.setitem(table.ARRAYS, "softmax_cross_entropy", patched)
        solved = graph(["L = softmax_cross_entropy(z, p)"], **LARGE)
        failed = [check.of for check in solved.checks if not check.passed]
        assert "dL/dz" in failed, wrong


def test_the_noise_of_rounding() -> None:
    """(1e20 + 1) - 1e20 keeps 30 of 50 digits; 1 + 1e-90 is 1 to all of them."""
    precise = Precise()
    exact, number = PreciseArithmetic(precise), precise.mp.mpf
    for large, small in ((1e20, 1), (1, number("1e-90"))):
        moved = []
        for seed in range(RUNS):
            shaken, found = Shaken(precise, seed), []
            for ring in (exact, shaken):
                above = ring.apply("+", number(large), number(small))
                found.append(ring.apply("-", above, number(large)))
            moved.append(roundings(precise, found[1] - found[0]))
        assert large * 1e-52 < max(moved) < large * 1e-49
