"""What the tests of recurrent networks share: problems drawn at random, compared with NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from recurrent_by_hand import Forward, gradient

import stepsolve
from stepsolve.derivation import Derivation

Array = Any


class Random:
    """Numbers of three decimals."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> Array:
        return np.round(self._random.normal(0, 0.7, shape), 3)

    def class_of(self, count: int) -> int:
        return int(self._random.integers(count))


def plain(value: Any) -> Any:
    """Arrays as lists."""
    match value:
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case np.ndarray():
            return value.tolist()
    return value


def solved(problem: Mapping[str, Any]) -> Derivation:
    derivation = stepsolve.solve(plain(dict(problem)))
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    return derivation


def agree(derivation: Derivation, run: Forward) -> int:
    """Compare every value and every gradient; gives how many gradients there were."""
    found = derivation.quantities
    base = run({})
    for name, value in base.items():
        if name in found:
            assert found[name] == pytest.approx(np.real(value), rel=1e-9, abs=1e-12), name
    gradients = [name for name in found if name.startswith("dL/d")]
    for name in gradients:
        expected = gradient(run, name.removeprefix("dL/d"))
        assert found[name] == pytest.approx(expected, rel=1e-9, abs=1e-12), name
    return len(gradients)


def errors(problem: Mapping[str, Any]) -> list[str]:
    """What is wrong with a problem: place, message and hint."""
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(plain(dict(problem)))
    return str(caught.value).splitlines()
