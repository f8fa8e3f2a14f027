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

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.calculus.recurrences import Recurrence, factor, linear, sensitivity
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, nearest
from stepsolve.notation.names import entry as entry_parts
from stepsolve.notation.tree import Expression, Name, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.fields import entry, integer, one_or_list
from stepsolve.source.quantities import (
    SYMBOL,
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
from stepsolve.worksheet.evaluation import LineError
from stepsolve.worksheet.recurrence_page import Asked, RecurrencePage, is_steady
from stepsolve.worksheet.unrolled import Unrolled

MAX_STEPS = 100
MAX_WORK = 4000  # nodes of all steps together
MAX_CLAIMS = 10
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
        found = self.start[0].written.expression if self.start else Name(SYMBOL)
        return self.solved.entry(0) if found == Name(SYMBOL) else found

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

    @property
    def missing(self) -> set[str]:
        """The names that would need values for the steps to have some."""
        solved, steps = self.solved, range(1, self.steps + 1)
        needed = {n for k in steps for n in names(solved.at(k))}
        return needed - {solved.entry(k).name for k in steps} - {*self.numbers, *CONSTANTS}

    def unrolled(
        self, more: Mapping[str, Expression], wrt: tuple[str, ...] = ()
    ) -> Unrolled | None:
        """The steps over numbers, None where some are symbols. `more` are other values."""
        if self.missing - set(more):
            return None
        known = {**self.numbers, **more}
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
        if self.recurrence.expression.size * self.steps > MAX_WORK:
            message = f"this is too long to be unrolled for {self.steps} steps"
            report.add(self.recurrence.written.diagnose(message, hint="unroll fewer"))
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
                what = "one start is enough" if name == first else f"{name} is worked out"
                hint = f"a recurrence of first order starts with {first}"
                report.add(written.diagnose(what, hint=hint))
            self._check_known(written, {g.name for g in self.given or ()}, report, bare=True)
        for name, part in names(self.first).items():
            if name in (solved.index, solved.sequence, *self.parameters):
                message = f"{name} stands in the recurrence: the first entry may not depend on it"
                report.add(self.start[0].written.diagnose(message, part))
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
        solved = self.solved
        entries = [solved.entry(k).name for k in range(self.steps)]
        known = [*self.parameters, self.seed.name, *entries]
        for k, asked in enumerate(self.wrt):
            if asked.name not in known:
                hint = nearest(asked.name, known)
                message = f"{asked.name} is nothing to differentiate by here"
                report.add(asked.node.diagnose(message, hint))
            elif asked.name in entries[1:] and linear(solved) is not None:
                message = f"the closed form is one of {entries[0]}, not of {asked.name}"
                report.add(asked.node.diagnose(message, f"write {entries[0]}"))
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
        if self.for_ and not report.failed:
            self._check_compared(report)

    def _check_compared(self, report: Report) -> None:
        """The gradient depends on what is varied, and everything else in it has a value."""
        ((name, values),) = self.for_.items()
        slope = factor(self.solved, euler=self.euler)[1]
        if is_steady(slope, self.parameters):
            missing = set(names(slope)) - {name, *self.numbers, *CONSTANTS}
            if name not in names(slope):
                message = f"the gradient by {self.solved.entry(0).name} does not depend on {name}"
                report.add(values[0].node.diagnose(message))
                return
        else:
            missing = self.missing - {name}
        if missing:
            message = f"without values for {', '.join(sorted(missing))} nothing can be compared"
            report.add(values[0].node.diagnose(message))

    def _check_claimed(self, report: Report) -> None:
        solved = self.solved
        known = {*self.parameters, self.seed.name, solved.entry(0).name, *names(self.first)}
        for _, written in self.claimed[MAX_CLAIMS:]:
            report.add(written.diagnose(f"at most {MAX_CLAIMS} claims are examined"))
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
            elif at.place.isdecimal() and int(at.place) * solved.body.size > MAX_WORK:
                report.add(written.diagnose(f"{name} is too far away to be computed"))
            else:
                inputs = {f"{x}({k})" for x in solved.inputs for k in range(1, MAX_STEPS + 1)}
                index = set() if at.place.isdecimal() else {solved.index}
                if check_scalar(written, report):
                    self._check_known(written, known | inputs | index, report)

    def derive(self) -> Derivation:
        first = self.solved.entry(0).name
        wrt = [name.name for name in self.wrt] or [first]
        asked = Asked(
            self.solved,
            self.steps,
            self.first,
            self.seed,
            tuple(dict.fromkeys(first if name == self.seed.name else name for name in wrt)),
            self.parameters,
            self.numbers,
            tuple((name, written.expression) for name, written in self.claimed),
            self.euler,
            self.shown,
        )
        cases = [
            {name: one.expression}
            for name, values in self.for_.items()
            for one in values
            if one.expression is not None
        ]
        page = RecurrencePage(asked, cases, self.unrolled)
        return Derivation(
            self.title or f"The recurrence {self.solved.current.name}",
            self.kind,
            tuple(page.blocks()),
            page.quantities,
            page.answers,
            tuple(page.checks()),
            self.shown,
        )
