"""What every kind of problem has in common, and how a kind becomes known.

A kind is one module of `stepsolve.kinds` with one subclass of `Problem`. Its name is the module's,
with hyphens; its docstring is its description; its keys are the entries of the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar

from stepsolve import kinds
from stepsolve.collector import undisturbed
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, StepsolveError, UnknownName, nearest
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Expression
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    entries,
    entry,
    integer,
    key_node,
    one_or_list,
    read_specification,
    source_node,
    text,
)
from stepsolve.source.marks import Mark, marks
from stepsolve.source.report import Report


@dataclass(frozen=True)
class Problem:
    """The keys that every kind has; a subclass adds its own, checks them and derives the solution.

    `STARTER` are the optional keys that a new file begins with.
    """

    STARTER: ClassVar[tuple[str, ...]] = ()

    source: Node | None = source_node()
    kind: str = entry(text, "The kind of problem.")
    title: str = entry(text, "The title of the page.", default="")
    example: tuple[str, ...] = entry(
        one_or_list(text), "Names of worked examples that the problem covers.", default=()
    )
    digits: int = entry(
        integer(0, 15), "Decimals shown; the working is carried in full.", default=4, examples=(4,)
    )
    significant_digits: int | None = entry(
        integer(1, 15),
        "Significant digits shown, instead of decimals.",
        default=None,
        examples=(3,),
    )

    marks: dict[str, Mark] = entry(
        marks,
        "Marks by quantity, for whoever checks a calculation: a number, one of which is for the "
        "answer, or {method: 1, answer: 1, carry: false}.",
        default={},
        examples=({"f": 2},),
    )

    @property
    def shown(self) -> Digits:
        """How many digits are shown."""
        return Digits(self.digits, self.significant_digits)

    def node_of(self, *keys: str) -> Node:
        """What stands at a key, for a mistake with it; the whole problem if it is not given.

        Of several keys it is the last one that is given.
        """
        return key_node(self.source, *keys)

    def check(self, report: Report) -> None:
        """Add what is wrong between the keys; each key has been read by itself."""

    def derive(self) -> Derivation:
        """The finished document."""
        raise NotImplementedError  # every kind has its own

    @cached_property
    def derivation(self) -> Derivation:
        """The finished document, made once."""
        return self.derive()

    def defined_functions(self) -> Mapping[str, tuple[tuple[str, ...], Expression]]:
        """The functions that the problem is about: their parameters and bodies, by name."""
        return {}


def kind_names() -> tuple[str, ...]:
    """The names of all kinds, in alphabetical order."""
    return _names_in(tuple(kinds.__path__))


@cache
def _names_in(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name.replace("_", "-") for m in iter_modules(folders)))


def load_kind(name: str) -> type[Problem]:
    """The class of a kind. Raises `UnknownName` with the nearest known one."""
    if name not in kind_names():
        raise UnknownName(_unknown(name))
    module = import_module(f"stepsolve.kinds.{name.replace('-', '_')}")
    for value in vars(module).values():
        if not isinstance(value, type) or value.__module__ != module.__name__:
            continue  # one that the kind builds upon is of another module
        if issubclass(value, Problem):
            return value
    raise UnknownName(f"the kind {name} has no problem class")


def read_problem(node: Node, method: str | None = None) -> Problem:
    """The problem that a file or mapping describes. Raises `InvalidProblem` with every mistake.

    `method` is put in place of the problem's own. Raises `StepsolveError` if its kind has none.
    """
    report = Report()
    assert isinstance(node.value, dict)
    written = node.value.get("kind")
    if written is None or not isinstance(written.value, str):
        place = written or node
        known = ", ".join(kind_names())
        raise InvalidProblem(place.diagnose("a problem needs a kind", f"the kinds are {known}"))
    try:
        cls = load_kind(written.value)
    except UnknownName:
        hint = nearest(written.value, kind_names()) or f"the kinds are {', '.join(kind_names())}"
        raise InvalidProblem(written.diagnose(f"there is no kind {written.value}", hint)) from None
    problem = read_specification(cls, _with_method(cls, node, method), report)
    if problem is not None:  # mistakes in some keys do not hide those between the others
        try:
            problem.check(report)
        except InvalidProblem as error:
            report.add(*error.diagnoses)
    report.placed(node.place).raise_if_any()
    assert problem is not None
    return problem


def derived(node: Node, method: str | None = None) -> Derivation:
    """The solution of the problem that a file or mapping describes.

    Raises `InvalidProblem` with every mistake, also for what only working it out can show: that it
    is too long.
    """
    with undisturbed():
        problem = read_problem(node, method)
        try:
            return problem.derive()
        except StepsolveError as error:
            Report(error.diagnoses).placed(node.place).raise_if_any()
            raise


def _with_method(cls: type[Problem], node: Node, method: str | None) -> Node:
    if method is None:
        return node
    reader = entries(cls)["method"].reader if "method" in entries(cls) else None
    if reader is None:
        raise StepsolveError("this kind of problem has no method to choose")
    asked = Node(method, "method", node.place)
    if reader.read(asked, Report()) is None:
        raise StepsolveError(f"there is no method {method}: {reader.doc}")
    assert isinstance(node.value, dict)
    return Node({**node.value, "method": asked}, node.path, node.place, keys=node.keys)


def _unknown(name: str) -> str:
    hint = nearest(name, kind_names())
    return f"there is no kind {name}" + (f"; {hint}" if hint else "")
