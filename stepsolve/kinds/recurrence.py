"""A recurrence of first order: unrolled, in closed form where it is linear, and differentiated.

For `f(n) = a f(n - 1) + b` the first entries by f(0), the closed form with its proof, the gradients,
and when they vanish or explode. For any other, such as the scalar recurrent network
`h(t) = tanh(w h(t - 1) + u x(t) + b)`, the total derivative as a recursion, unrolled as a sum of
products, and the product of factors that carries a gradient back through time. All quantities are
scalars, without units.

Source: Graham, Knuth, Patashnik, Concrete Mathematics, 2nd ed., ch. 1 and 2; Werbos, Backpropagation
through time (1990); Goodfellow, Bengio, Courville, Deep Learning (2016), 10.2 and 10.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.calculus.linear import Solved
from stepsolve.calculus.recurrences import Recurrence, linear, sensitivity
from stepsolve.derivation import Block, Check, Derivation, Detail, Equation, Text
from stepsolve.errors import InvalidProblem, nearest
from stepsolve.notation.names import entry as entry_parts
from stepsolve.notation.tree import Expression, Name, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.fields import entry, integer, one_or_list
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    given_values,
)
from stepsolve.source.report import Report
from stepsolve.source.sequences import (
    WrittenEntry,
    check_recurrence,
    entry_values,
    quantity,
    recurrence,
    sequence_values,
)
from stepsolve.worksheet.backward import gradient_name
from stepsolve.worksheet.claims import Claims
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.growth import Growth
from stepsolve.worksheet.linear_recurrence import LinearPage
from stepsolve.worksheet.recursion import RecursionPage
from stepsolve.worksheet.unrolled import Comparison, Unrolled

MAX_STEPS = 100
MAX_VALUES = 6  # of a parameter that are compared side by side


@dataclass(frozen=True)
class RecurrenceProblem(Problem):
    """A recurrence of first order, unrolled, solved and differentiated."""

    STARTER: ClassVar = ("start", "wrt")

    recurrence: WrittenLine = entry(
        recurrence,
        "The recurrence: an entry by the one before it and, if need be, by inputs such as x(n).",
        examples=("f(n) = a * f(n - 1) + b",),
    )
    start: tuple[WrittenEntry, ...] = entry(
        entry_values,
        "The first entry: a number, or a name for it.",
        default=(),
        examples=({"f(0)": "x_0"},),
    )
    given: tuple[Given, ...] | None = entry(
        given_values,
        "Values of the parameters, or symbol. Without this key every one is a symbol.",
        default=None,
        examples=({"a": 0.5, "b": 1, "x_0": 2},),
    )
    inputs: dict[str, tuple[Given, ...]] = entry(
        sequence_values,
        "The values of the other sequences, from their entry 1 on, one a step.",
        default={},
        examples=({"x": [1, 0.5, -1]},),
    )
    unroll: int | None = entry(
        integer(1, MAX_STEPS),
        "How many steps are unrolled; if left out, as many as there are inputs, or else 3.",
        default=None,
        examples=(3,),
    )
    wrt: tuple[WrittenName, ...] = entry(
        one_or_list(quantity),
        "What to differentiate by: parameters, and entries such as f(0); f(0) if left out.",
        default=(),
        examples=("f(0)",),
    )
    for_: dict[str, tuple[Given, ...]] = entry(
        sequence_values,
        "Values of one parameter at which the growth of the gradient is compared.",
        default={},
        examples=({"a": [0.5, 1, 1.5]},),
    )
    claimed: tuple[WrittenEntry, ...] = entry(
        entry_values,
        "Formulas that somebody found for entries; the page says whether they are right. A wrong one "
        "is no failed check: that it is wrong is what the page confirms.",
        default=(),
        examples=({"f(3)": "a^3 * x_0 + 3 * b"},),
    )

    # ---------------------------------------------------------------------------- as it is solved

    @cached_property
    def solved(self) -> Recurrence:
        """The recurrence, once its left side is known to be an entry."""
        at = entry_parts(self.recurrence.name.name)
        assert at is not None
        return Recurrence(at.sequence, at.place, self.recurrence.expression)

    @property
    def steps(self) -> int:
        """How many steps are unrolled."""
        return self.unroll or max(map(len, self.inputs.values()), default=3)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the right side that are neither entries, the index, nor constants."""
        given = {g.name for g in self.given or ()}
        free = [n for n in names(self.recurrence.expression) if entry_parts(n) is None]
        return tuple(
            n for n in free if n != self.solved.index and (n not in CONSTANTS or n in given)
        )

    @property
    def euler(self) -> bool:
        """Whether e is Euler's number."""
        return "e" not in {g.name for g in self.given or ()}

    @property
    def first(self) -> Expression:
        """The first entry: what the file says it is, or its own name."""
        return self.start[0].written.expression if self.start else self.solved.entry(0)

    @property
    def seed(self) -> Name:
        """The name of the first entry in formulas."""
        named = isinstance(self.first, Name) and self.first.name not in CONSTANTS
        return self.first if named and isinstance(self.first, Name) else self.solved.entry(0)

    @cached_property
    def numbers(self) -> dict[str, Expression]:
        """The values of parameters, inputs and the first entry, as far as they are given."""
        found = {g.name: g.expression for g in self.given or () if g.expression is not None}
        values = {n: v for n, v in found.items() if n in self.parameters or n == self.seed.name}
        first = substitute(self.first, found)
        if not set(names(first)) - set(CONSTANTS):
            values[self.solved.entry(0).name] = first
        for sequence, entries in self.inputs.items():
            for k, one in enumerate(entries[: self.steps], 1):
                if one.expression is not None:
                    values[f"{sequence}({k})"] = one.expression
        return values

    def unrolled(
        self, more: Mapping[str, Expression], wrt: tuple[str, ...] = ()
    ) -> Unrolled | None:
        """The steps over numbers, None where some are symbols. `more` are other values."""
        known = {**self.numbers, **more}
        needed = {n for k in range(1, self.steps + 1) for n in names(self.solved.at(k))}
        computed = {self.solved.entry(k).name for k in range(1, self.steps + 1)}
        if needed - computed - set(known) - set(CONSTANTS):
            return None
        by = [sensitivity(self.solved, name, euler=self.euler) for name in wrt]
        try:
            return Unrolled(self.solved, self.steps, known, by, self.shown)
        except LineError as error:
            message = f"{error.line} does not exist at these values: {error.reason}"
            part = error.node if error.node.span else None
            raise InvalidProblem(self.recurrence.written.diagnose(message, part)) from None

    # ---------------------------------------------------------------------------------- mistakes

    def check(self, report: Report) -> None:
        if not check_recurrence(self.recurrence, report):
            return
        self._check_names(report)
        self._check_start(report)
        self._check_inputs(report)
        self._check_wrt(report)
        self._check_for(report)
        self._check_claimed(report)
        if not report.failed:
            self.unrolled({})

    def _check_names(self, report: Report) -> None:
        solved = self.solved
        known = {*self.parameters, self.seed.name}
        for given in self.given or ():
            if given.name in (solved.index, solved.sequence, *solved.inputs):
                what = "the index" if given.name == solved.index else "a sequence"
                report.add(given.node.diagnose(f"{given.name} is {what} and has no one value"))
            elif given.name not in known:
                hint = nearest(given.name, known)
                report.add(given.node.diagnose(f"{given.name} does not occur", hint))
        if self.given is not None:
            named = {given.name for given in self.given} | set(self.for_)
            for name in self.parameters:
                if name not in named:
                    part = names(self.recurrence.expression)[name]
                    hint = nearest(name, named) or f"give it one, or given: {{{name}: symbol}}"
                    report.add(self.recurrence.written.diagnose(f"{name} has no value", part, hint))

    def _check_start(self, report: Report) -> None:
        solved = self.solved
        first = solved.entry(0).name
        for k, (name, written) in enumerate(self.start):
            check_scalar(written, report)
            if name != first or k:
                what = f"{name} is worked out" if k == 0 or name != first else "one start is enough"
                hint = f"a recurrence of first order starts with {first}"
                report.add(written.diagnose(what, hint=hint))
            self._check_known(written, {g.name for g in self.given or ()}, report, bare=True)
        if self.start and self.seed.name in (solved.index, solved.sequence, *self.parameters):
            message = f"{self.seed.name} stands for two things"
            report.add(self.start[0].written.diagnose(message))
        ready = set(self.parameters) <= set(self.numbers) and self.given is not None
        if ready and solved.inputs and not self.start:
            report.add(
                self.recurrence.written.diagnose(
                    f"there is no value for {first}", hint=f"write start: {{{first}: 0}}"
                )
            )

    def _check_known(
        self, written: Written, known: set[str], report: Report, bare: bool = False
    ) -> None:
        """The names of an expression are known; with `bare`, a name alone need not be."""
        if bare and isinstance(written.expression, Name) and "(" not in written.expression.name:
            return
        for name, part in names(written.expression).items():
            if name not in known and name not in CONSTANTS:
                hint = nearest(name, known)
                report.add(written.diagnose(f"{name} is not known here", part, hint))

    def _check_inputs(self, report: Report) -> None:
        for name, entries in self.inputs.items():
            node = entries[0].node
            if name not in self.solved.inputs:
                hint = nearest(name, self.solved.inputs)
                message = f"{name}({self.solved.index}) does not occur"
                report.add(node.diagnose(message, hint))
            elif len(entries) < self.steps:
                message = f"{name} has {len(entries)} values for {self.steps} steps"
                report.add(node.diagnose(message, "one value a step, from step 1 on"))
            elif len(entries) > MAX_STEPS:
                report.add(node.diagnose(f"at most {MAX_STEPS} steps are unrolled"))
        if self.inputs or self.given is not None:
            for name in self.solved.inputs:
                if name not in self.inputs:
                    part = names(self.recurrence.expression)[f"{name}({self.solved.index})"]
                    hint = f"write inputs: {{{name}: [...]}}, one value a step"
                    report.add(
                        self.recurrence.written.diagnose(f"{name} has no values", part, hint)
                    )

    def _check_wrt(self, report: Report) -> None:
        entries = [self.solved.entry(k).name for k in range(self.steps)]
        known = [*self.parameters, self.seed.name, *entries]
        for k, asked in enumerate(self.wrt):
            if asked.name not in known:
                hint = nearest(asked.name, known)
                message = f"{asked.name} is nothing to differentiate by here"
                report.add(asked.node.diagnose(message, hint))
            if asked.name in [other.name for other in self.wrt[:k]]:
                report.add(asked.node.diagnose(f"{asked.name} is named twice"))

    def _check_for(self, report: Report) -> None:
        for k, (name, values) in enumerate(self.for_.items()):
            if name not in self.parameters:
                hint = nearest(name, self.parameters)
                report.add(values[0].node.diagnose(f"{name} is not a parameter", hint))
            if k:
                report.add(values[0].node.diagnose("one parameter is varied at a time"))
            if len(values) > MAX_VALUES:
                report.add(values[0].node.diagnose(f"at most {MAX_VALUES} values are compared"))
            for one in values:
                if one.expression is None:
                    report.add(one.node.diagnose("a number belongs here, not symbol"))

    def _check_claimed(self, report: Report) -> None:
        solved = self.solved
        known = {*self.parameters, self.seed.name, solved.entry(0).name, *names(self.first)}
        for name, written in self.claimed:
            at = entry_parts(name)
            assert at is not None
            if at.sequence != solved.sequence or not (
                at.place.isdecimal() or name == solved.current.name
            ):
                hint = f"write {solved.entry(3).name} or {solved.current.name}"
                report.add(written.diagnose(f"{name} is no entry of {solved.sequence}", hint=hint))
            elif at.place.isdecimal() and not 1 <= int(at.place) <= MAX_STEPS:
                report.add(written.diagnose(f"claims may be made of the first {MAX_STEPS} entries"))
            else:
                inputs = {f"{x}({k})" for x in solved.inputs for k in range(1, MAX_STEPS + 1)}
                index = set() if at.place.isdecimal() else {solved.index}
                if check_scalar(written, report):
                    self._check_known(written, known | inputs | index, report)

    def derive(self) -> Derivation:
        return _Page(self).derivation()


Part = LinearPage | RecursionPage


class _Page:
    """The document of a recurrence."""

    def __init__(self, problem: RecurrenceProblem) -> None:
        self._problem, self._recurrence = problem, problem.solved
        parts = linear(self._recurrence)
        self._solved = Solved(self._recurrence, parts, problem.seed) if parts else None
        self._part: Part = self._linear(self._solved) if self._solved else self._recursion()
        self._numbers = problem.unrolled({}, self._parameters)
        self._growth = self._compared()
        claimed = [(name, written.expression) for name, written in problem.claimed]
        self._claims = Claims(
            self._recurrence, self._solved, problem.seed, claimed, problem.euler, problem.shown
        )

    @property
    def _parameters(self) -> tuple[str, ...]:
        """What it is differentiated by, entries aside."""
        return tuple(n for n in self._wrt if n in self._problem.parameters)

    @property
    def _wrt(self) -> list[str]:
        first = self._recurrence.entry(0).name
        asked = [name.name for name in self._problem.wrt] or [first]
        return list(dict.fromkeys(first if n == self._problem.seed.name else n for n in asked))

    def _linear(self, solved: Solved) -> LinearPage:
        problem, first = self._problem, self._recurrence.entry(0).name
        wrt = tuple(problem.seed.name if name == first else name for name in self._wrt)
        return LinearPage(solved, problem.steps, wrt, problem.euler)

    def _recursion(self) -> RecursionPage:
        problem, parameters = self._problem, self._parameters
        entries = [e.place for n in self._wrt if (e := entry_parts(n)) is not None]
        back = tuple(map(int, entries))
        return RecursionPage(self._recurrence, problem.steps, parameters, back, problem.euler)

    def _compared(self) -> Growth | Comparison | None:
        """The gradient at several values of one parameter."""
        problem = self._problem
        varied = [{n: g.expression} for n, given in problem.for_.items() for g in given]
        cases = [{n: v for n, v in one.items() if v is not None} for one in varied]
        factor = self._part.factor
        if not self._steady(factor):
            found = [problem.unrolled(case) for case in cases]
            known = [one for one in found if one is not None]
            return Comparison(cases, known) if known else None
        every = [{**problem.numbers, **case} for case in (cases or [{}])]
        used = set(names(factor)) - set(CONSTANTS)
        known_ = [{n: v for n, v in e.items() if n in used} for e in every if used <= set(e)]
        return Growth(factor, Name(self._recurrence.index), known_, problem.shown)

    def _steady(self, factor: Expression) -> bool:
        """Whether a factor is the same at every step."""
        return all(n in self._problem.parameters or n in CONSTANTS for n in names(factor))

    def derivation(self) -> Derivation:
        blocks = tuple(self._blocks())
        return Derivation(
            self._problem.title or f"The recurrence {self._recurrence.current.name}",
            self._problem.kind,
            blocks,
            dict(self._numbers.quantities) if self._numbers else {},
            self._part.answers,
            tuple(self._checks()),
            self._problem.shown,
        )

    def _blocks(self) -> Iterator[Block]:
        problem, current = self._problem, self._recurrence.current
        yield Equation((current, self._recurrence.body))
        if problem.start:
            yield Equation((self._recurrence.entry(0), problem.first))
        yield from self._given()
        yield from self._part.blocks(self._numbers, problem.numbers)
        if self._growth is not None:
            yield from self._growth.blocks(
                Name(gradient_name(current.name, self._recurrence.entry(0).name))
            )
        yield from self._claims.blocks()

    def _given(self) -> Iterator[Block]:
        parts: list[str | Expression] = []
        for name, value in self._problem.numbers.items():
            if name != self._recurrence.entry(0).name:
                parts += [Name(name), " = ", value, ", "]
        if parts:
            yield Text(("Given ", *parts[:-1], "."), Detail.BRIEF)

    def _checks(self) -> Iterator[Check]:
        yield from self._part.checks()
        if self._numbers is not None and isinstance(self._part, RecursionPage):
            yield from self._part.bound_checks(self._numbers)
        for more in (self._numbers, self._growth, self._claims):
            if more is not None:
                yield from more.checks()
