"""The page of limits: the steps of each, the values on the way, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.limit_values import Approach, Limit, is_infinite
from stepsolve.calculus.limits import find_limit
from stepsolve.checking.limits import (
    METHOD,
    TOLERANCE,
    LimitOracle,
    check_limits,
    check_rewrites,
    check_waves,
)
from stepsolve.checking.precise import DIGITS, Point, Precise, Value
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
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.solution import Solution

_MOST_LOST = 400  # bits that cancellation may take of the 664 that 200 digits are
_REFUTED = 1e-3
_TABLE = 5  # values on the way that are shown
_WAVES = {
    "sin": ("π/2 + 2πk", "−π/2 + 2πk"),
    "cos": ("2πk", "π + 2πk"),
}


class Question(NamedTuple):
    """One limit that is asked for: of the function `name`, or of its derivative."""

    name: str
    body: Expression
    approach: Approach
    is_derivative: bool = False

    @property
    def limit(self) -> Apply:
        return self.approach.of(self.body)

    @property
    def symbols(self) -> list[str]:
        moving = self.approach.variable
        return [n for n in names(self.body) if n not in CONSTANTS and n != moving]

    @property
    def label(self) -> str:
        """The name of the answer: `lim f, x -> 0+`."""
        side = {1: "+", -1: "-", 0: ""}[self.approach.side]
        return f"lim {self.name}, {self.approach.variable} -> {plain(self.approach.target)}{side}"

    def lonely_side(self) -> str:
        """Empty if there are values on every side; else the side that has some, or `none`."""
        if self.symbols:
            return ""
        oracle = LimitOracle()
        sides = (1,) if self.approach.is_infinite else (1, -1)
        asked = (self.approach.side,) if self.approach.side else sides
        having = [side for side in sides if oracle.sequence(self.limit, side, {})]
        if set(asked) <= set(having):
            return ""
        if not having or self.approach.is_infinite:
            return "none"
        return plain(self.approach.target) + ("+" if having[0] > 0 else "-")


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
        elif found.value is not None or found.reason == "waves":
            yield Steps((step,))
        if found.value is not None:
            yield Result((self._named(question), found.value))
        else:
            yield Text(self._why_not(found), Detail.BRIEF)
        yield from self._on_the_way(question)

    @staticmethod
    def _named(question: Question) -> Expression:
        variable = Name(question.approach.variable)
        body: Expression = Apply(question.name, variable)
        return question.approach.of(Name(question.name) if question.is_derivative else body)

    def _why_not(self, found: Limit) -> tuple[str | Expression, ...]:
        if found.is_none and found.reason == "sides":
            below, above = (step.result or step.after for step in found.step.steps)
            told = ("The limit does not exist: from below it is ", below, ", from above ", above)
            return (*told, ".")
        if found.reason == "waves":
            wave = next(step for step in flat((found.step,)) if step.rule == "oscillation")
            body = wave.before.children[0]
            assert isinstance(body, Apply)
            high, low = _WAVES[body.operation]
            inner = body.arguments[0]
            return (
                *(
                    "The limit does not exist: ",
                    body,
                    " is 1 wherever ",
                    inner,
                    f" = {high} and −1 ",
                ),
                *("wherever ", inner, f" = {low}, again and again on the way. Along these two "),
                "sequences the limits differ.",
            )
        return (
            "The rules here do not decide this limit: it stays open. The values below are evidence, ",
            "not a reason.",
        )

    def _on_the_way(self, question: Question) -> Iterator[Block]:
        if question.symbols:
            return
        rows = list(self._values(question))
        if rows:
            cells: list[tuple[Cell, ...]] = [
                (at, number(Precise.decimal(value), self._digits)) for at, value, _ in rows
            ]
            yield Text(("On the way:",), Detail.NORMAL)
            header = (Name(self._variable), _value_name(question))
            data = (
                (self._variable, tuple(_float(at) for at, _, _ in rows)),
                (question.name, tuple(float(value) for _, value, _ in rows)),
            )
            yield Table(header, tuple(cells), Detail.NORMAL, question.label, data)

    def _values(self, question: Question) -> Iterator[tuple[Expression, Value, float]]:
        """Places on the way with the value there, by mpmath and by NumPy."""
        for at in _places(question.approach):
            precise = Precise(4 * DIGITS)
            try:
                place = precise.evaluate(at, Point({}))
                exact = precise.evaluate(question.body, Point({self._variable: place}))
                line = Worksheet({self._variable: at}, (Line("value", question.body),))
                found = evaluate(line)["value"]
                if precise.lost < _MOST_LOST:
                    yield at, exact, found
            except (OutsideDomain, LineError):
                continue

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
            yield from self._of_values(question)

    def _of_one(self, question: Question, found: Limit) -> Iterator[Check]:
        label, oracle = question.label, LimitOracle(question.symbols)
        if found.value is None and not found.is_none:
            note = "no rule decides it"
            yield Check(label, "rules of limits", float("inf"), False, note)
            return
        yield from check_limits(label, (found.step,), oracle)
        yield from check_rewrites(label, (found.step,))
        if found.reason == "waves":
            yield check_waves(label, question.limit, oracle)
        if found.value is not None:
            yield from self._by_sympy(question, found.value, oracle)

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

    def _of_values(self, question: Question) -> Iterator[Check]:
        worst, count = 0.0, 0
        for _, exact, found in self._values(question) if not question.symbols else ():
            error = abs(float(exact) - found) / max(abs(float(exact)), 1e-6)
            worst, count = max(worst, error), count + 1
        if count:
            name = f"the {count} values on the way, {question.label}"
            yield Check(name, "NumPy and mpmath", worst, worst <= 1e-9)


def _goes(approach: Approach) -> tuple[str | Expression, ...]:
    mark = {1: "⁺", -1: "⁻", 0: ""}[approach.side]
    return (Name(approach.variable), " → ", approach.target, mark)


def _value_name(question: Question) -> Cell:
    if question.is_derivative:
        return Name(question.name)
    return Apply(question.name, Name(question.approach.variable))


def _cell(found: Limit | None) -> Cell:
    if found is None:
        return ""
    return found.value if found.value is not None else "none" if found.is_none else "open"


def _places(approach: Approach) -> Iterator[Expression]:
    if approach.is_infinite:
        for k in range(_TABLE):
            size = Number(str(10**k))
            yield size if approach.target == Name("inf") else Apply("neg", size)
        return
    sides = (approach.side,) if approach.side else (-1, 1)
    for side in sides:
        for k in range(1, _TABLE - 1):
            away = Number(f"0.{'0' * (k - 1)}1")
            target = approach.target
            if target == Number("0"):
                yield away if side > 0 else Apply("neg", away)
            else:
                yield Apply("+" if side > 0 else "-", target, away)


def _float(at: Expression) -> float:
    return float(evaluate(Worksheet({}, (Line("at", at),)))["at"])
