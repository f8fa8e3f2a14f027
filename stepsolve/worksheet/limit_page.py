"""The page of limits: the steps of each, the values on the way, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from stepsolve.algebra import Judge
from stepsolve.calculus.domain import conditions
from stepsolve.calculus.limit_values import NEVER, Approach, Limit, is_infinite
from stepsolve.calculus.limit_waves import Swing, swing
from stepsolve.calculus.limits import find_limit
from stepsolve.checking.limits import (
    METHOD,
    TOLERANCE,
    LimitOracle,
    check_limits,
    check_rewrites,
    check_waves,
)
from stepsolve.checking.rewrites import flat
from stepsolve.derivation import (
    Block,
    Cell,
    Check,
    Derivation,
    Detail,
    Equation,
    Result,
    Section,
    Steps,
    Table,
    Text,
)
from stepsolve.derivation import Value as Shown
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.evaluation import evaluate
from stepsolve.worksheet.limit_question import OnTheWay, Question
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.solution import Solution

_REFUTED = 1e-3


class LimitPage:
    """Limits, worked out; `derivatives` are those of the functions, if their limits are asked for."""

    def __init__(
        self,
        questions: list[Question],
        derivatives: Derivation | None,
        variable: str,
        digits: Digits,
    ) -> None:
        self._variable, self._digits = variable, digits
        self._derivatives = derivatives
        self._questions = list(questions)
        if derivatives is not None:
            self._questions += [
                Question(name, substitute(form, {"π": Name("pi")}), q.approach, True)
                for q in questions
                for name, form in derivatives.results.items()
                if name == f"d{q.name}/d{variable}"
            ]
        self._limits = [find_limit(q.body, q.approach) for q in self._questions]

    def _pairs(self) -> Iterator[tuple[Question, Limit]]:
        return zip(self._questions, self._limits, strict=True)

    @property
    def results(self) -> dict[str, Expression]:
        """Every limit that exists, by name; an infinite one is `inf`."""
        return {q.label: found.value for q, found in self._pairs() if found.value is not None}

    @cached_property
    def _solution(self) -> Solution:
        lines = [
            Line(name, value)
            for name, value in self.results.items()
            if not is_infinite(value) and not set(names(value)) - set(CONSTANTS)
        ]
        return Solution(Worksheet({}, tuple(lines)), digits=self._digits)

    @property
    def quantities(self) -> dict[str, Shown]:
        """The finite limits as numbers."""
        return {**self._solution.quantities}

    # ------------------------------------------------------------------------------ blocks

    def blocks(self) -> Iterator[Block]:
        before = ""
        for question, found in self._pairs():
            if question.name != before:
                yield from self._introduced(question)
                before = question.name
            yield from self._one(question, found)
        if len(self._questions) > 1:
            yield Section(("All together",))
            yield self._summary()

    def _introduced(self, question: Question) -> Iterator[Block]:
        if len({q.name for q in self._questions}) > 1:
            yield Section((Name(question.name),))
        if question.is_derivative:
            yield Equation((Name(question.name), question.body))
            yield Text(
                ("By the rules; a problem of kind derivative shows the steps.",), Detail.FULL
            )
        else:
            yield Equation((Apply(question.name, Name(self._variable)), question.body))

    def _one(self, question: Question, found: Limit) -> Iterator[Block]:
        if len(self._questions) > 1:
            yield Section(_goes(question.approach), Detail.NORMAL)
        step = found.step
        if found.is_none and found.reason == "sides":
            yield Steps(step.steps)
        elif found.value is not None or found.reason in NEVER:
            yield Steps((step,))
        if found.value is not None:
            yield Result((question.approach.of(question.called), found.value))
            needed = [c for c in conditions(found.value) if question.symbols]
            for condition in needed:
                yield Text(("for ", condition), Detail.BRIEF)
        else:
            yield Text(self._why_not(question, found), Detail.BRIEF)
        yield from OnTheWay(question).blocks(self._digits)

    def _why_not(self, question: Question, found: Limit) -> tuple[str | Expression, ...]:
        if found.is_none and found.reason == "sides":
            below, above = (step.result or step.after for step in found.step.steps)
            told = ("The limit does not exist: from below it is ", below, ", from above ", above)
            return (*told, ".")
        if found.reason in NEVER:
            body, seen = self._wave(found)
            high, low, angle = seen.high, seen.low, seen.angle
            first = (body, " is ", high.value, " wherever ", angle, f" = {high.where} and ")
            other = (low.value, " wherever ", angle, f" = {low.where}, again and again on the way.")
            differ = " Along these two sequences the limits differ."
            return ("The limit does not exist: ", *first, *other, differ)
        if question.symbols:
            listed = ", ".join(question.symbols)
            return (
                f"The rules here do not decide this limit for every {listed}: it may hang on ",
                "their signs. With numbers for them it is worked out.",
            )
        return (
            "The rules here do not decide this limit: it stays open. The values below are evidence, ",
            "not a reason.",
        )

    def _wave(self, found: Limit) -> tuple[Expression, Swing]:
        """What oscillates, and two values that it takes."""
        wave = next(step for step in flat((found.step,)) if step.rule == "oscillation")
        body = wave.before.children[0]
        seen = swing(body, self._variable)
        assert seen is not None
        return body, seen

    def _summary(self) -> Table:
        approaches = list(dict.fromkeys(q.approach for q in self._questions))
        known = {(q.name, q.approach): found for q, found in self._pairs()}
        header: list[Cell] = ["", *(_goes(a) for a in approaches)]
        rows = []
        for name in dict.fromkeys(q.name for q in self._questions):
            cells = [known.get((name, approach)) for approach in approaches]
            rows.append((Name(name), *(_cell(found) for found in cells)))
        return Table(tuple(header), tuple(rows), Detail.BRIEF, "limits")

    # ------------------------------------------------------------------------------ checks

    def checks(self) -> Iterator[Check]:
        if self._derivatives is not None:
            yield from self._derivatives.checks
        yield from self._solution.checks()
        for question, found in self._pairs():
            yield from self._of_one(question, found)
            yield from OnTheWay(question).checks()

    def _of_one(self, question: Question, found: Limit) -> Iterator[Check]:
        label, oracle = question.label, LimitOracle(question.symbols)
        if found.value is None and not found.is_none:
            note = "no rule decides it"
            yield Check(label, "rules of limits", float("inf"), False, note)
            return
        yield from check_limits(label, (found.step,), oracle)
        yield from check_rewrites(label, (found.step,))
        if found.reason in NEVER:
            yield check_waves(label, question.limit, oracle)
            yield from self._crests(label, found)
        if found.value is not None:
            yield from self._by_sympy(question, found.value, oracle)

    def _crests(self, label: str, found: Limit) -> Iterator[Check]:
        """The two values of what oscillates, by NumPy and as they are shown."""
        seen = self._wave(found)[1]
        for crest in (seen.high, seen.low):
            lines = (Line("taken", crest.formula), Line("shown", crest.value))
            values = evaluate(Worksheet({}, lines))
            error = abs(values["taken"] - values["shown"])
            yield Check(f"a value taken, {label}", "NumPy and mpmath", error, error <= 1e-12)

    def _by_sympy(
        self, question: Question, claimed: Expression, oracle: LimitOracle
    ) -> Iterator[Check]:
        """SymPy's verdict. It errs on some limits: its own answer must stand the same test."""
        verdict, theirs = Judge(self._variable != "e").limit(question.limit, claimed)
        if verdict is None:
            return
        if not verdict and theirs is not None:
            refuted = oracle.error(question.limit, theirs) > _REFUTED
            if refuted and oracle.error(question.limit, claimed) <= TOLERANCE:
                note = "SymPy has another answer, which the values on the way refute"
                yield Check(question.label, METHOD, 0.0, True, note)
                return
        yield Check(question.label, "SymPy", 0.0 if verdict else float("inf"), verdict)


def _goes(approach: Approach) -> tuple[str | Expression, ...]:
    mark = {1: "⁺", -1: "⁻", 0: ""}[approach.side]
    return (Name(approach.variable), " → ", approach.target, mark)


def _cell(found: Limit | None) -> Cell:
    if found is None:
        return ""
    return found.value if found.value is not None else "none" if found.is_none else "open"
