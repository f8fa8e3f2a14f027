"""Hand calculations by the thousand: honest ones are never called wrong, planted slips are found.

In the nightly run 2,000 honest works of each style, otherwise some.
"""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from stepsolve.errors import StepsolveError
from stepsolve.marking.check import marked
from stepsolve.marking.key import ledger_of
from stepsolve.marking.verdicts import Marked
from stepsolve.problem import kind_names, load_kind
from stepsolve.sheet_problem import SheetProblem
from tests.marking import simulation
from tests.marking.simulation import STYLES, Task, Work

NIGHTLY = bool(os.environ.get("STEPSOLVE_NIGHTLY"))
HONEST = 2000 if NIGHTLY else 130
PLANTED = 1000 if NIGHTLY else 130
PLACES = (2, 3, 4)


def tasks() -> list[Task]:
    return [task for task in simulation.tasks() if not simulation.degenerate(task)]


def check(task: Task, work: Work) -> Marked:
    return marked(list(work.lines), task.problem)


def test_every_kind_that_writes_worksheets_takes_part() -> None:
    writing = {name for name in kind_names() if issubclass(load_kind(name), SheetProblem)}
    assert writing <= {task.problem.kind for task in tasks()}


@pytest.mark.parametrize("substituted", [False, True], ids=["values", "working"])
@pytest.mark.parametrize("style", STYLES)
def test_honest_rounding_is_never_called_wrong(style: str, substituted: bool) -> None:
    chance = random.Random(f"{style} {substituted}")
    every = tasks()
    start = chance.randrange(len(every))
    for k in range(HONEST):
        task = every[(start + k) % len(every)]
        work = simulation.work(task, style, chance.choice(PLACES), chance, substituted=substituted)
        result = check(task, work)
        assert result.first_wrong is None, (task.file, result.first_wrong)
        unread = [line for line in result.lines if "not-read" in line.verdicts]
        assert not unread, (task.file, unread[0])


@pytest.mark.parametrize("substituted", [False, True], ids=["values", "working"])
@pytest.mark.parametrize("style", STYLES)
def test_honest_works_with_names_of_their_own_are_hardly_ever_called_wrong(
    style: str, substituted: bool
) -> None:
    """A bare `q = 0.13` may be anything: what is worked out from its two digits is not known to be."""
    wrong = []
    chance = random.Random(f"own {style} {substituted}")
    every = tasks()
    for _ in range(HONEST // 4):
        task = chance.choice(every)
        places = chance.choice(PLACES)
        work = simulation.work(task, style, places, chance, substituted=substituted, renamed=True)
        first = check(task, work).first_wrong
        wrong += [] if first is None else [(task.file, first)]
    assert len(wrong) <= HONEST // 400, wrong  # 1 in 100, and none of some


@pytest.mark.parametrize("substituted", [False, True], ids=["values", "working"])
@pytest.mark.parametrize("style", STYLES)
def test_the_first_wrong_line_is_the_one_with_the_slip(style: str, substituted: bool) -> None:
    chance = random.Random(f"slip {style} {substituted}")
    every = tasks()
    start = chance.randrange(len(every))
    found = clean = tried = 0
    for k in range(PLANTED):
        task = every[(start + k) % len(every)]
        at = chance.randrange(len(task.lines))
        units = chance.randint(5, 30) * chance.choice((1, -1))
        try:
            with np.errstate(all="ignore"):
                work = simulation.work(
                    task, style, chance.choice(PLACES), chance, units, at, substituted
                )
        except StepsolveError:
            continue  # the slip leaves the domain of a later line
        if any(text in " ".join(work.lines) for text in ("nan", "inf")):
            continue
        result = check(task, work)
        tried += 1
        first = result.first_wrong
        found += first is not None and first.line == work.planted
        clean += sum(line.is_wrong for line in result.lines) <= 1
    assert tried >= 0.9 * PLANTED
    assert found >= 0.98 * tried
    assert clean >= 0.98 * tried  # what comes after it follows from it


def test_a_work_without_rounding_is_exact_throughout() -> None:
    task = next(task for task in tasks() if task.file == "graphs/sum.yaml")
    work = simulation.work(task, "displayed", 4, random.Random(0))
    assert {str(v) for line in check(task, work).lines for v in line.verdicts} == {"exact"}
    assert len(ledger_of(task.problem).quantities) >= len(task.lines)


@pytest.mark.parametrize("style", STYLES)
def test_honest_lines_may_come_in_any_order(style: str) -> None:
    chance = random.Random(f"order {style}")
    every = tasks()
    start = chance.randrange(len(every))
    for k in range(40):
        task = every[(start + k) % len(every)]
        lines = list(simulation.work(task, style, chance.choice(PLACES), chance).lines)
        chance.shuffle(lines)
        result = marked(lines, task.problem)
        assert [line.text for line in result.lines] == lines
        assert result.first_wrong is None, (task.file, result.first_wrong)
