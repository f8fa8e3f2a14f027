"""Checking a hand calculation: from its file, and perhaps a problem, to its verdicts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TextIO

from stepsolve.collector import undisturbed
from stepsolve.derivation import Check
from stepsolve.errors import (
    Diagnosis,
    InvalidProblem,
    StepsolveError,
    nearest,
)
from stepsolve.marking.awards import awards
from stepsolve.marking.key import ledger_of
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.readings import Reader
from stepsolve.marking.repair import repair
from stepsolve.marking.values import Arithmetic
from stepsolve.marking.verdicts import Marked
from stepsolve.notation.tree import Expression, Item, Name
from stepsolve.notation.unicode import one_line
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.shapes import Misfit
from stepsolve.problem import Problem, read_problem
from stepsolve.source.data import Node
from stepsolve.source.fields import read_specification
from stepsolve.source.files import read
from stepsolve.source.mapping import from_mapping
from stepsolve.source.marks import Mark
from stepsolve.source.report import Report
from stepsolve.source.work import Work, WorkLine, document, is_data, listed
from stepsolve.source.yaml import compose

Source = str | PathLike[str] | TextIO | BinaryIO | Mapping[str, object]


def checked(work: Source | Sequence[str], problem: Source | None = None) -> Marked:
    """The verdicts of a hand calculation.

    `work` is a file of data with the key `work`, such a mapping, a document, or a list of lines;
    `problem` the problem that it works on, where it does not say so itself. Raises `InvalidProblem`
    for what is wrong with the files; a line that cannot be read is a verdict, not an error.
    """
    known = None if problem is None else read_problem(_node(problem))
    if isinstance(work, Mapping):
        return _of_data(from_mapping(work), "", known)
    if isinstance(work, Sequence) and not isinstance(work, str):
        return _marked(listed(work), known)
    content, name = read(work)
    if is_data(name, content):
        return _of_data(compose(content, name), name, known)
    return _marked(document(content), known, title=Path(name).name)


def marked(lines: Sequence[str], problem: Problem | None = None) -> Marked:
    """The verdicts of lines, on a problem that has been read and whose solution is trusted."""
    return _marked(listed(lines), problem, trusted=True)


def _node(source: Source) -> Node:
    if isinstance(source, Mapping):
        return from_mapping(source)
    return compose(*read(source))


def _of_data(node: Node, file: str, problem: Problem | None) -> Marked:
    report = Report()
    specification = read_specification(Work, node, report)
    report.placed(node.place).raise_if_any()
    assert specification is not None
    if problem is None and specification.problem is not None:
        problem = _problem_of(specification.problem, node, file)
    return _marked(
        listed(specification.work), problem, specification.aliases, specification.title, node
    )


def _problem_of(written: str | Node, node: Node, file: str) -> Problem:
    if isinstance(written, Node):
        return read_problem(written)
    assert isinstance(node.value, dict)
    path = os.path.join(os.path.dirname(file) if file != "<stdin>" else "", written)
    try:
        found = compose(*read(path))
        if isinstance(found.value, dict) and "work" in found.value and "kind" not in found.value:
            raise InvalidProblem(Diagnosis("this is a hand calculation, not a problem"))
        return read_problem(found)
    except InvalidProblem as error:
        if any(d.place is not None and d.place.line for d in error.diagnoses):
            raise
        place = node.value["problem"]
        raise InvalidProblem(
            *(place.diagnose(f"{path}: {d.message}") for d in error.diagnoses)
        ) from None


@undisturbed()
def _marked(
    lines: Iterable[WorkLine],
    problem: Problem | None,
    aliases: Mapping[str, Expression] | None = None,
    title: str = "",
    node: Node | None = None,
    trusted: bool = False,
) -> Marked:
    ledger = _new_ledger(problem)
    _check_aliases(aliases or {}, ledger, node)
    _check_marks(problem.marks if problem is not None else {}, ledger)
    reader = Reader(list(lines), problem, aliases or {}, partial(_new_ledger, problem))
    reading = reader.likeliest()
    found, ledger = reading.lines, reading.ledger
    own_title = problem.title if problem is not None else ""
    return Marked(
        title or own_title or "A hand calculation",
        found,
        repair(found, ledger),
        awards(problem.marks, found, ledger) if problem is not None else (),
        () if problem is None or trusted else _doubts(problem),
        () if problem is None or trusted else tuple(_missing(problem, ledger)),
    )


def _missing(problem: Problem, ledger: Ledger) -> Iterator[str]:
    """The answers asked for that the work does not state."""
    for name in problem.derivation.results:
        if name in ledger and not ledger[name].is_stated and not ledger[name].given:
            yield name


def _doubts(problem: Problem) -> tuple[Check, ...]:
    """The checks of a problem's own solution that fail."""
    return tuple(check for check in problem.derivation.checks if not check.passed)


def _new_ledger(problem: Problem | None) -> Ledger:
    if problem is None:
        return Ledger(Arithmetic())
    try:
        return ledger_of(problem)
    except InvalidProblem:
        raise
    except StepsolveError as error:
        raise InvalidProblem(*error.diagnoses) from None


def _check_aliases(aliases: Mapping[str, Expression], ledger: Ledger, node: Node | None) -> None:
    """Every alias must stand for a quantity, or an entry of one, that there is."""
    report = Report()
    places = (
        node.value.get("aliases") if node is not None and isinstance(node.value, dict) else None
    )
    for alias, meaning in aliases.items():
        if told := _amiss(alias, meaning, ledger):
            here = places.value[alias] if places and isinstance(places.value, dict) else None
            report.add(
                here.diagnose(*told) if here is not None else Diagnosis(told[0], hint=told[1])
            )
    report.raise_if_any()


def _check_marks(marks: Mapping[str, Mark], ledger: Ledger) -> None:
    """Marks are for quantities that there are."""
    report = Report()
    for name in marks:
        if name not in ledger:
            told = f"there are marks for {name}, but the problem has no such quantity"
            report.add(Diagnosis(told, hint=nearest(name, ledger.quantities)))
    report.raise_if_any()


def _amiss(alias: str, meaning: Expression, ledger: Ledger) -> tuple[str, str] | None:
    """What is wrong with an alias, and a hint."""
    if alias in ledger:
        return f"{alias} is a quantity of the problem itself", "choose another name"
    base = meaning.base if isinstance(meaning, Item) else meaning
    assert isinstance(base, Name)
    if base.name not in ledger:
        hint = nearest(base.name, ledger.quantities)
        return f"the problem has no quantity {base.name}", hint
    if isinstance(meaning, Item):
        try:
            dimensions = Dimensions({base.name: ledger[base.name].dims}, {})
            if dimensions.of(meaning):
                return f"{one_line(meaning)} is no single entry", ""
        except Misfit as error:
            return error.message, error.hint
    return None
