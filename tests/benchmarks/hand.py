"""Hand calculations: the seconds that long works and notes take beyond the start."""

from __future__ import annotations

import re
from io import StringIO
from time import process_time

from measure import Row
from works import chain, notes


def work() -> list[Row]:
    import stepsolve

    problem, lines = chain(1000)
    own = [line.replace("a_{", "s_{") for line in lines]
    wrong = [f"q_{k} = {k} + {k} * 2 = {5 * k + 1}" for k in range(1000)]
    some = [re.sub(r"\d\d$", "77", s) if k % 10 == 5 else s for k, s in enumerate(own)]
    stepsolve.check(["a = 1"])
    rows: list[Row] = []
    works = {
        "": lines,
        ", in own names": own,
        ", in own names, a tenth wrong": some,
        ", all wrong": wrong,
    }
    for name, written in works.items():
        start = process_time()
        stepsolve.check(written, problem)
        rows.append((f"work of 1,000 lines{name}: seconds", process_time() - start, 3.0))
    return rows


def notes_of_lines() -> list[Row]:
    import stepsolve

    stepsolve.check(StringIO("$a = 1$"))
    start = process_time()
    stepsolve.check(StringIO(notes(3000)))
    return [("notes of 3,000 lines of LaTeX: seconds", process_time() - start, 10.0)]


PARTS = (work, notes_of_lines)
