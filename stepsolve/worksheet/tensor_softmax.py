"""Softmax on the page of a derivative: its own derivative first, and losses by the cases of a class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from stepsolve.calculus.gradients import Gradients
from stepsolve.calculus.softmax import Case, OneHot, Softmax
from stepsolve.calculus.terms import Letters
from stepsolve.checking.tensors import TensorOracle
from stepsolve.derivation import Block, Chain, Check, Detail, Section, Step, Text
from stepsolve.notation.tree import Apply, Expression, Item, Name
from stepsolve.operations.shapes import Shapes


class Statement(NamedTuple):
    """What a problem states: names with their shapes, the lines as written, and what is asked.

    `conditions` are pairs of a kind of condition and a name; `upstream` are names of gradients by
    lines that are known; the target is then a number without a formula, and `hidden` its name.
    `unnamed` says that the target's name is not the author's.
    """

    given: tuple[str, ...]
    lines: Mapping[str, Expression]
    asked: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...] = ()
    layout: str = "mixed"
    by_cases: bool = False
    upstream: Mapping[str, str] = {}
    hidden: str = ""
    unnamed: bool = False


class SoftmaxPart:
    """What the page says about softmax."""

    def __init__(self, stated: Statement, gradients: Gradients, shapes: Shapes) -> None:
        self._stated, self._gradients, self._shapes = stated, gradients, shapes

    @cached_property
    def _softmaxes(self) -> dict[str, tuple[str, Softmax]]:
        """The lines that are a softmax, by the name that they are one of."""
        found: dict[str, tuple[str, Softmax]] = {}
        taken = {*self._gradients.lines, *self._stated.given}
        for line, form in self._gradients.lines.items():
            match form:
                case Apply(operation="softmax", arguments=(Name(name=name) as argument,)):
                    if name in self._gradients.found and name not in found:
                        found[name] = line, Softmax(self._shapes, taken, line, argument)
        return found

    def lemma(self, name: str) -> Iterator[Block]:
        """The derivative of the softmax of a name, before it is used."""
        if name not in self._softmaxes:
            return
        _, softmax = self._softmaxes[name]
        yield Section(("The derivative of softmax",), Detail.NORMAL)
        if self._stated.by_cases:
            for case in softmax.cases():
                yield from _shown_case(case)
            if name not in self._one_hot_cases:
                yield Text(("With a delta:",))
                yield Chain((softmax.together(),))
        else:
            yield Chain(softmax.sweep())

    @cached_property
    def _one_hot_cases(self) -> dict[str, tuple[str, tuple[Case, Case]]]:
        """A one-hot vector and the cases of its true class, by the argument of a softmax."""
        hot = [name for kind, name in self._stated.conditions if kind == "one-hot"]
        found: dict[str, tuple[str, tuple[Case, Case]]] = {}
        if not self._stated.by_cases or self._shapes.known[self._gradients.target].rank:
            return found
        for name, (line, softmax) in self._softmaxes.items():
            by_line = self._gradients.found.get(line)
            for y in hot if by_line is not None and len(by_line.free) == 1 else ():
                assert by_line is not None
                one = OneHot(softmax, self._gradients.of, line, Name(name), y)
                letters = Letters({*self._shapes.known, softmax.first, softmax.second})
                true = letters.take()
                cases = one.cases(by_line.entry, by_line.free[0], true)
                if cases is not None:
                    found[name] = y, cases
        return found

    def cases(self, name: str) -> Iterator[Block]:
        """The derivative by a name in cases, where it is asked for and there are any."""
        if name not in self._one_hot_cases:
            return
        y, cases = self._one_hot_cases[name]
        true = Name(cases[0].second)
        yield Text(("Let ", true, " be the true class: ", Item(Name(y), true), " = 1."))
        for case in cases:
            yield from _shown_case(case)
        yield Text(("Both cases together, with 1 for the true class and 0 for the others:",))

    def checks(self, oracle: TensorOracle) -> Iterator[Check]:
        """Every step of them at random vectors."""
        for name, (line, softmax) in self._softmaxes.items():
            of = f"d{line}/d{name}"
            if not self._stated.by_cases:
                claims = pairs(softmax.sweep())
                yield from oracle.steps(of, claims, (softmax.first, softmax.second))
                continue
            for case in softmax.cases():
                yield from _check_of_case(oracle, of, case, None)
            if name not in self._one_hot_cases:
                claims = pairs((softmax.together(),))
                yield from oracle.steps(of, claims, (softmax.first, softmax.second))
        for name, (y, cases) in self._one_hot_cases.items():
            for case in cases:
                weight = Item(Name(y), Name(case.second))  # 0 but for the true class
                yield from _check_of_case(
                    oracle, f"d{self._gradients.target}/d{name}", case, weight
                )


def _check_of_case(
    oracle: TensorOracle, of: str, case: Case, weight: Expression | None
) -> tuple[Check, ...]:
    claims = pairs(case.steps)
    if weight is not None:
        claims = [(r, Apply("*", weight, a), Apply("*", weight, b)) for r, a, b in claims]
    sign = "=" if case.equal else "≠"
    called = f"{of} for {case.first} {sign} {case.second}"
    return oracle.steps(
        called, claims, case.free, lambda at: case.equal or at[case.first] != at[case.second]
    )


def pairs(steps: Iterable[Step]) -> list[tuple[str, Expression, Expression]]:
    """Rewrites as the oracle takes them: rule, before, after."""
    return [(step.rule, step.before, step.after) for step in steps]


def _shown_case(case: Case) -> Iterator[Block]:
    sign = " = " if case.equal else " ≠ "
    yield Text(("For ", Name(case.first), sign, Name(case.second), ":"))
    yield Chain(case.steps)
