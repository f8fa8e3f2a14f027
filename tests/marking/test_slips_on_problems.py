"""Slips planted in the lines of the problem files: the line is the first wrong one, and they are named.

The formulas are changed here, and worked out by NumPy in the styles of `simulation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np

from marking.simulation import PROBLEMS, STYLES, Task, tasks, work, worked
from stepsolve.errors import StepsolveError
from stepsolve.marking.check import checked
from stepsolve.notation.tree import Apply, Expression

WORKS = 150


def slipped(node: Expression) -> Iterator[Expression]:
    """What stands for one operation by a slip: a sign, a term, a factor, a power, a transpose."""
    match node:
        case Apply(operation="+" | "-" as sign, arguments=(left, right)):
            yield from (Apply("-" if sign == "+" else "+", left, right), left)
        case Apply(operation="*", arguments=(left, right)):
            yield from (left, right)
        case Apply(operation="/", arguments=(above, below)):
            yield from (above, Apply("/", below, above))
        case Apply(operation="exp", arguments=(inner,)):
            yield Apply("exp", Apply("neg", inner))
        case Apply(operation="^", arguments=(base, _)) | Apply(operation="neg", arguments=(base,)):
            yield base
        case Apply(operation="@", arguments=(left, right)):
            yield Apply("@", Apply("T", left), right)


def anywhere(node: Expression) -> Iterator[Expression]:
    """A formula with one slip in it."""
    yield from slipped(node)
    for k, child in enumerate(node.children):
        for changed in anywhere(child):
            yield node.rebuilt((*node.children[:k], changed, *node.children[k + 1 :]))


def planted(chance: Random) -> Iterator[tuple[Task, tuple[str, ...], str]]:
    """Works up to the line with a slip, and the name of that line."""
    while True:
        task = chance.choice(tasks())
        name, places = chance.choice(list(task.lines)), chance.choice((3, 4))
        formulas = list(anywhere(task.lines[name]))
        if not formulas:
            continue
        wrong = task._replace(lines={**task.lines, name: chance.choice(formulas)})
        right, found = (_value(each, name) for each in (task, wrong))
        if right is None or found is None or np.shape(found) != np.shape(right):
            continue
        off = np.max(np.abs(np.asarray(found) - np.asarray(right)))
        if not off > 10 * 10.0**-places:
            continue
        with np.errstate(all="ignore"):
            done = work(wrong, chance.choice(STYLES), places, chance)
        yield task, done.lines[: list(task.lines).index(name) + 1], name


def _value(task: Task, name: str) -> object | None:
    """The value of a line, or None where it has none."""
    try:
        with np.errstate(all="ignore"):
            found = worked(task, task.given)[name]
    except (StepsolveError, ValueError, ArithmeticError):
        return None
    return found if np.all(np.isfinite(np.asarray(found, dtype=float))) else None


def test_a_slip_planted_in_a_problem_is_named() -> None:
    missed, sample = [], planted(Random(5))
    for _ in range(WORKS):
        task, lines, name = next(sample)
        first = checked(list(lines), PROBLEMS / task.file).first_wrong
        if first is None or first.of != name or not any(j.slips for j in first.judgements):
            missed.append((task.file, lines[-1]))
    assert len(missed) <= WORKS * 0.05, missed
