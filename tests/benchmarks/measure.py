"""How the benchmarks measure: processes and functions in turn, and exponents of growth."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # this copy is measured, not one that is installed
Row = tuple[str, float, float]
"""What is measured, the ratio or exponent, and its limit."""


def alternating(
    ours: Callable[[], object], theirs: Callable[[], object], runs: int
) -> tuple[float, float]:
    """The median seconds of two functions, run in turn after one warm-up each."""
    taken: tuple[list[float], list[float]] = ([], [])
    ours()
    theirs()
    for _ in range(runs):
        for function, times in zip((ours, theirs), taken, strict=True):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return statistics.median(taken[0]), statistics.median(taken[1])


def process(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "COLUMNS": "80"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled, too

    def run() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    return run


def slope(sizes: list[int], values: list[float] | list[int]) -> float:
    """The exponent of growth: the slope of the least-squares line through the logarithms."""
    xs, ys = list(map(math.log, sizes)), list(map(math.log, values))
    middle_x, middle_y = statistics.fmean(xs), statistics.fmean(ys)
    rise = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return rise / sum((x - middle_x) ** 2 for x in xs)
