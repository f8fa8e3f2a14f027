"""What rounding does to values in float64: where a difference from the precise value is that alone.

Values are worked out again with noise in the last digits of every operand and every result. By how
much they move, scaled to the size of one rounding, is what float64 cannot know of them (random
rounding: Vignes, A stochastic arithmetic for reliable scientific computation, 1993). The noise is
larger than a rounding and its effect is scaled down: a value that jumps, as a step does, gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

Noise = Callable[[Any], Any]
"""Puts noise into the last digits of a value."""
AS_FAR: Final = "as far as float64 can tell"
"""Said of a value that is confirmed to the digits that float64 keeps of it."""
_AMPLIFIED: Final = 2.0**8  # roundings that the noise is as large as
_RUNS: Final = 4
_ROUNDINGS: Final = 4  # more may come together than the runs have shown


def rounding(
    values: Mapping[str, Any], run: Callable[[Noise], Mapping[str, Any]]
) -> dict[str, float]:
    """By how much float64 may be off at each value: of the entries of an array, the most.

    `run` works them out again with noise; a value that it does not give has no rounding.
    """
    random = np.random.default_rng(0)

    def noisy(value: Any) -> Any:
        shaken = random.choice((-1.0, 1.0), np.shape(value)) * random.uniform(
            0.5, 1.0, np.shape(value)
        )
        return value * (1 + shaken * _AMPLIFIED * np.finfo(float).eps)

    moved: dict[str, float] = {}
    for _ in range(_RUNS):
        for name, value in run(noisy).items():
            off = float(np.max(np.abs(value - np.asarray(values[name])), initial=0.0))
            moved[name] = max(moved.get(name, 0.0), off)
    return {name: _ROUNDINGS * off / _AMPLIFIED for name, off in moved.items()}
