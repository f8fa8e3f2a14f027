"""Simulated hand calculations: honest ones that round each line, and ones with a planted slip.

The values come from the worksheet in float64 and are rounded by `decimal`: nothing here is shared with
the marking.
"""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stepsolve.errors import StepsolveError
from stepsolve.kinds.graph import Graph
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Number, names, substitute, walk
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.problem import Problem, read_problem
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.files import read
from stepsolve.source.yaml import compose
from stepsolve.worksheet.arrays import ArrayValues
from stepsolve.worksheet.evaluation import value as scalar_value

PROBLEMS = Path(__file__).parents[2] / "problems"
STYLES = ("displayed", "full", "mixed")


class Task(NamedTuple):
    """A problem with its lines, and how a line is worked out from values by name."""

    file: str
    problem: Problem
    given: dict[str, Any]
    lines: dict[str, Expression]
    work_out: Any


@cache
def tasks(most: int = 60, largest: int = 40) -> tuple[Task, ...]:
    """Every problem file whose worksheet a hand could write, with at most so many lines and entries."""
    found = []
    for path in sorted(PROBLEMS.rglob("*.yaml")):
        problem = read_problem(compose(*read(path)))
        task = _task(str(path.relative_to(PROBLEMS)), problem)
        if task is None or not 1 <= len(task.lines) <= most:
            continue
        if max((np.size(v) for v in task.given.values()), default=1) > 10 * largest:
            continue
        try:
            sizes = [np.size(v) for v in worked(task, task.given).values()]
        except StepsolveError:
            continue
        if max(sizes) <= largest:
            found.append(task)
    return tuple(found)


def _task(file: str, problem: Problem) -> Task | None:
    if isinstance(problem, Graph) and not problem.has_arrays:
        solution = problem.solution
        sheet = solution.worksheet
        if any(v is None for v in sheet.given.values()):
            return None
        given = {n: float(scalar_value(v, {})) for n, v in sheet.given.items() if v is not None}
        lines = {line.name: line.expression for line in sheet.lines}
        return Task(file, problem, given, lines, scalar_value)
    if not isinstance(problem, SheetProblem):
        return None
    solved = problem.solved
    if solved.symbols:
        return None
    given = {n: solved.floats[n] for n in solved.sheet.given}
    lines = {line.name: line.expression for line in solved.sheet.lines.values()}
    return Task(file, problem, given, lines, ArrayValues(solved.dimensions, demanding=False).value)


def worked(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """All values in full."""
    values = dict(given)
    for name, expression in task.lines.items():
        values[name] = task.work_out(expression, values)
    return values


def rounded(value: Any, places: int) -> Any:
    """A value rounded half away from zero, entry by entry."""
    if np.shape(value):
        flat = [rounded(v, places) for v in np.ravel(value)]
        return np.array(flat, dtype=float).reshape(np.shape(value))
    return float(_decimal(float(value), places))


def _decimal(value: float, places: int) -> Decimal:
    shortest = Decimal(f"{value:.12g}")  # what a calculator shows
    return shortest.quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP)


def text(value: Any, places: int) -> str:
    """A value as written with so many places; whole numbers without."""
    if np.shape(value):
        return "[" + ", ".join(text(v, places) for v in value) + "]"
    number = float(value)
    if abs(number - round(number)) < 1e-9 and abs(number) < 1e9:
        return str(round(number))
    return f"{_decimal(number, places):f}"


class Work(NamedTuple):
    """A work of lines; `planted` is the number of the line with a slip, or 0."""

    lines: tuple[str, ...]
    planted: int = 0


def work(
    task: Task,
    style: str,
    places: int,
    chance: random.Random,
    units: int = 0,
    at: int = -1,
    substituted: bool = False,
    renamed: bool = False,
) -> Work:
    """A work in one style; with `units` the line `at` is off by so many units in its last place.

    With `substituted` the displayed numbers are put into the formulas of numbers. If it is `renamed`,
    half of the names are the work's own.
    """
    shown, full = dict(task.given), dict(task.given)
    texts = {name: f"{value:.10g}" for name, value in task.given.items() if not np.shape(value)}
    lines: list[str] = []
    for k, (name, expression) in enumerate(task.lines.items()):
        sources = {"displayed": shown, "full": full}
        chosen = {
            each: (sources.get(style) or chance.choice((shown, full)))[each]
            for each in names(expression)
            if each in full
        }
        value = task.work_out(expression, chosen)
        value = np.asarray(value, dtype=float) if np.shape(value) else float(value)
        if k == at:
            value = _moved(value, units * 10.0**-places, chance)
        full[name], shown[name] = value, rounded(value, places)
        middle = _substituted(expression, texts) if substituted else ""
        texts[name] = text(value, places)
        called = f"q_{k}a" if renamed and chance.random() < 0.5 else name
        lines.append(f"{called} = {middle}{texts[name]}")
    return Work(tuple(lines), at + 1)


def _substituted(expression: Expression, texts: dict[str, str]) -> str:
    """The formula with the numbers as they are displayed, if it is one of numbers."""
    written = {name: texts.get(name, "[") for name in names(expression) if name not in CONSTANTS}
    if any("[" in each for each in written.values()) or not 1 < expression.size <= 60:
        return ""
    if any(
        isinstance(node, Apply) and node.operation not in OPERATIONS for node in walk(expression)
    ):
        return ""
    numbers: dict[str, Expression] = {}
    for name, each in written.items():
        size = Number(each.removeprefix("-"))
        numbers[name] = Apply("neg", size) if each.startswith("-") else size
    return plain(substitute(expression, numbers)) + " = "


def _moved(value: Any, by: float, chance: random.Random) -> Any:
    if not np.shape(value):
        return value + by
    moved = np.array(value, dtype=float)
    index = tuple(chance.randrange(n) for n in moved.shape)
    moved[index] += by
    return moved


def degenerate(task: Task) -> bool:
    """Whether two places are too few for a problem: 1 - 0.999^5 becomes 0, and a divisor."""
    return task.file in ("training/adam.yaml",)
