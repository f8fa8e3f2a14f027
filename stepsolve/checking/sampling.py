"""Random values for names without a value, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from stepsolve.checking.precise import Precise, Value

POINTS = 2  # at which a claim about symbols is confirmed: of both signs where there are any
_NEAR, _TRIES = 120, 700
# tried in turn: most functions of a course are real in the first, and both signs are seen
_ROUND = 12
_WIDE = (-50.0, 50.0)  # for functions that are real in a corner only
_INTERVALS = ((0.3, 1.7), (-1.7, -0.3), (1.1, 3.0), (-0.9, 0.9), (2.0, 7.0), (-5.0, -1.0))


def candidates(names: Sequence[str], precise: Precise) -> Iterator[dict[str, Value]]:
    """Points to try, until enough of them lie within the domain of what is tried."""
    random = Random(len(names))
    for attempt in range(_TRIES):
        same = _INTERVALS[attempt % len(_INTERVALS)] if attempt < _NEAR else _WIDE
        # names that need values from different places get them after one round
        ranges = [
            same if not _ROUND <= attempt < _NEAR else random.choice(_INTERVALS) for _ in names
        ]
        yield {
            name: precise.mp.mpf(random.uniform(*interval))
            for name, interval in zip(names, ranges, strict=True)
        }
