"""What rounding does to values in high precision: they are worked out again with noise in every step.

By how much they move, scaled to the size of one rounding, is what the digits cannot know of them
(random rounding: Vignes, A stochastic arithmetic for reliable scientific computation, 1993). It sees
what no line shows: an operation that takes a difference of large numbers within itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stepsolve.checking.arrays import PreciseArithmetic
from stepsolve.checking.precise import Precise, Value

RUNS: Final = 4
_AMPLIFIED: Final = 24  # bits that the noise is larger than a rounding, lest it be taken for one
_GRAIN: Final = 2**20  # of the random numbers


class Shaken(PreciseArithmetic):
    """Arithmetic in high precision with noise in the last digits of every result."""

    def __init__(self, precise: Precise, seed: int) -> None:
        super().__init__(precise)
        self._random = np.random.default_rng(seed)
        self._size = precise.power(_AMPLIFIED - precise.mp.prec) / _GRAIN

    def apply(self, operation: str, *arguments: Value) -> Value:
        return self._noisy(super().apply(operation, *arguments))

    def total(self, terms: Sequence[Value]) -> Value:
        return self._noisy(super().total(terms))

    def _noisy(self, value: Value) -> Value:
        grains = int(self._random.integers(_GRAIN // 2, _GRAIN))
        sign = 1 if self._random.integers(2) else -1
        return value * (1 + sign * grains * self._size)


def roundings(precise: Precise, moved: Value) -> Value:
    """How much of a movement under such noise is a single rounding's."""
    return abs(moved) / precise.power(_AMPLIFIED)
