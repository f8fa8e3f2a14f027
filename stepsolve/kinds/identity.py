"""Proofs of identities: a chain of rewrites from one side to the other, each with its reason.

Definitions, the laws of exponents, logarithms and angles, common denominators and cases lead from the
left side to the right, or an author's own proof is judged line by line. A false identity gets a
counterexample; one that holds wherever it was tried but was not proved is called undecided.

The verdict is the answer: that an identity, or a line of a proof, is wrong is confirmed as any other
answer and does not set the exit status. What stays undecided does, and so does another verdict than
the file states under `expected`; `expected: proved` asks for a proof without a wrong line as well.
All quantities are scalars, without units.

Source: Velleman, How to Prove It, 3rd ed., ch. 3; Abramowitz, Stegun, Handbook of Mathematical
Functions, ch. 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from stepsolve.calculus.laws import Definition
from stepsolve.calculus.moves import Entries
from stepsolve.calculus.verdicts import DISPROVED, PROVED, UNDECIDED, Statement, Trial
from stepsolve.checking.claims import order
from stepsolve.checking.entries import depth, has_entries, twofold
from stepsolve.derivation import Derivation
from stepsolve.errors import nearest
from stepsolve.notation.precedence import COMPARISONS
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    Reader,
    choice,
    either,
    entry,
    list_of,
    mapping_of,
    name,
    one_or_list,
    record,
    text,
)
from stepsolve.source.functions import FunctionReader
from stepsolve.source.quantities import Given, Written, value
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.proof import ProofPage
from stepsolve.worksheet.sides import scalars, vectors, worksheet

_MAX_LINES = 40  # of an author's proof
_MAX_FUNCTIONS = 12
_MAX_DEPTH = 2  # of sums in sums
_MAX_POINTS = 8
_MAX_ENTRIES = 6  # of a vector at a point
_MAX_ORDER = 2  # of derivatives: differences of differences lose their digits
_PARITIES = {"even": 1, "odd": -1, "any": 0}
_TEXT: dict[str, object] = {"type": ["string", "number"]}

# read once the functions of the problem are known
_unread: Reader[Node] = Reader(lambda node, _: node, _TEXT, "an expression")


@dataclass(frozen=True)
class ProofLine:
    """What the line before is equal to, and why."""

    to: Node = entry(_unread, "The next expression of the chain.")
    because: str = entry(text, "Why it equals the one before.", default="")


_line: Reader[ProofLine] = either(
    Reader(lambda node, _: ProofLine(to=node), _TEXT, "an expression"), record(ProofLine)
)


_Numbers = dict[str, tuple[Given, ...]]
_point: Reader[_Numbers] = mapping_of(name, one_or_list(value, minimum=1))


class _Read(NamedTuple):
    """The file as expressions."""

    statement: Statement
    claim: Written
    lines: tuple[tuple[Expression, str], ...]


@dataclass(frozen=True)
class Identity(Problem):
    """Identities, proved step by step or refuted by a counterexample."""

    STARTER: ClassVar = ("identity",)

    identity: Node = entry(
        _unread, "The claim, left == right.", examples=("1 - sigmoid(x) == sigmoid(-x)",)
    )
    define: tuple[Node, ...] = entry(
        list_of(_unread),
        "Functions by formulas, each after those that it uses.",
        default=(),
        examples=(["logit(p) = log(p / (1 - p))"],),
    )
    functions: dict[str, str] = entry(
        mapping_of(name, choice(*_PARITIES)),
        "Functions without a formula, of one argument: even, odd or any.",
        default={},
        examples=({"f": "even"},),
    )
    conditions: tuple[Node, ...] = entry(
        list_of(_unread),
        "What is known of the names: comparisons, or name == expression.",
        default=(),
        examples=(["x > 0"],),
    )
    proof: tuple[ProofLine, ...] = entry(
        list_of(_line),
        "A proof to be judged: what the left side equals, line by line (or to and because).",
        default=(),
        examples=(["1 - 1 / (1 + exp(-x))", "exp(-x) / (1 + exp(-x))", "sigmoid(-x)"],),
    )
    at: tuple[_Numbers, ...] = entry(
        one_or_list(_point),
        "Numbers at which both sides are worked out, a list for the entries of a vector.",
        default=(),
        examples=({"x": 2},),
    )
    expected: str | None = entry(
        choice(PROVED, DISPROVED, UNDECIDED),
        "The verdict to be confirmed: another one, or a wrong line of a proof, is a failed check.",
        default=None,
        examples=(PROVED,),
    )

    def check(self, report: Report) -> None:
        found = self._read_into(report)
        if found is None or report.failed:
            return
        trial = Trial(found.statement)
        if trial.counterexample is None and not trial.agreeing:
            message = "no place was found where both sides have values"
            message += " and the conditions hold" if self.conditions else ""
            report.add(found.claim.diagnose(message))
        for point in self.at[:_MAX_POINTS]:
            self._check_point(found, point, report)
        if len(self.at) > _MAX_POINTS:
            report.add(found.claim.diagnose(f"at may have {_MAX_POINTS} points"))

    @staticmethod
    def _check_point(found: _Read, point: _Numbers, report: Report) -> None:
        """Every name needs its numbers, and both sides need values there."""
        own, single = vectors(found.statement), scalars(found.statement)
        before = report.failed
        if found.statement.shifted or found.statement.open_:
            what = "open functions" if found.statement.open_ else "shifted indices"
            report.add(
                found.claim.diagnose(f"an identity with {what} is not worked out at a point")
            )
        for called, numbers in point.items():
            node = numbers[0].node
            if called not in (*own, *single):
                hint = nearest(called, (*own, *single))
                report.add(node.diagnose(f"{called} needs no number", hint))
            elif called in single and len(numbers) > 1:
                report.add(node.diagnose(f"{called} is one number"))
            elif len(numbers) > _MAX_ENTRIES:
                report.add(node.diagnose(f"{called} may have {_MAX_ENTRIES} entries"))
            for number in numbers:
                if number.expression is None:
                    report.add(number.node.diagnose(f"a point needs a number for {called}"))
        place = next(iter(point.values()))[0].node if point else found.claim.node
        for called in (*own, *single):
            if called not in point:
                report.add(place.diagnose(f"at gives no number for {called}"))
        if len({len(numbers) for called, numbers in point.items() if called in own}) > 1:
            report.add(place.diagnose("all vectors need the same number of entries"))
        if report.failed or before:
            return
        try:
            evaluate(worksheet(found.statement, {n: _expressions(v) for n, v in point.items()}))
        except LineError as error:
            report.add(place.diagnose(f"a side has no value at this point: {error.reason}"))

    @cached_property
    def _read(self) -> _Read:
        report = Report()
        found = self._read_into(report)
        report.raise_if_any()
        assert found is not None
        return found

    def _read_into(self, report: Report) -> _Read | None:
        """The file as expressions, or None after reporting why there is no claim."""
        reader = FunctionReader(report, self.functions, indexed=True)
        for called in self.functions:
            reader.check_free(called, self.identity)
        for node in self.define[:_MAX_FUNCTIONS]:
            reader.define(node)
        if len(self.define) > _MAX_FUNCTIONS:
            message = f"{_MAX_FUNCTIONS} functions may be defined"
            report.add(self.define[_MAX_FUNCTIONS].diagnose(message))
        claim = reader.expression(self.identity)
        conditions = [reader.expression(node) for node in self.conditions]
        lines = [(reader.expression(line.to), line.because) for line in self.proof[:_MAX_LINES]]
        if len(self.proof) > _MAX_LINES:
            message = f"a proof may have {_MAX_LINES} lines"
            report.add(self.proof[_MAX_LINES].to.diagnose(message))
        if claim is None:
            return None
        match claim.expression:
            case Apply(operation="==", arguments=(left, right)):
                pass
            case _:
                report.add(claim.diagnose("an identity has two sides", hint="left == right"))
                return None
        for side in (left, right):
            if order(side) > _MAX_ORDER:
                message = f"derivatives of derivatives may be {_MAX_ORDER} deep"
                report.add(claim.diagnose(message, side))
        known = dict(names(claim.expression))
        for line, _ in lines:
            if line is not None:
                _check_known(line, known, report)
        both = twofold(left, right)
        if both is not None:
            message = f"{both.name} stands for an entry or a vector as well as for a number"
            report.add(claim.diagnose(message, both))
        if depth(claim.expression) > _MAX_DEPTH:
            report.add(claim.diagnose(f"sums may stand {_MAX_DEPTH} deep in sums"))
        given = _Given(known, report)
        for condition in conditions:
            if condition is not None:
                given.add(condition)
        statement = Statement(
            left,
            right,
            tuple(given.comparisons),
            {
                f.name: Definition(f.name, f.parameters, f.body.expression)
                for f in reader.functions.values()
            },
            {called: _PARITIES[parity] for called, parity in self.functions.items()},
            given.names,
            given.entries,
            given.totals,
        )
        found = tuple((line.expression, why) for line, why in lines if line is not None)
        return _Read(statement, claim, found)

    def derive(self) -> Derivation:
        found = self._read
        points = [{n: _expressions(v) for n, v in point.items()} for point in self.at]
        page = ProofPage(found.statement, found.lines, points, self.expected, self.shown)
        return Derivation(
            self.title or "Identity",
            self.kind,
            page.blocks,
            page.quantities,
            page.results,
            page.checks,
            self.shown,
        )


def _expressions(numbers: tuple[Given, ...]) -> tuple[Expression, ...]:
    return tuple(n.expression for n in numbers if n.expression is not None)


def _check_known(found: Written, known: dict[str, Name], report: Report) -> None:
    for other, part in names(found.expression).items():
        if other not in known and other not in CONSTANTS:
            message = f"{other} does not occur in the identity"
            report.add(found.diagnose(message, part, nearest(other, known)))


class _Given:
    """What the conditions say: comparisons, and names, entries and sums that are given."""

    def __init__(self, known: dict[str, Name], report: Report) -> None:
        self._known, self._report = known, report
        self.comparisons: list[Expression] = []
        self.names: dict[str, Expression] = {}
        self.entries: dict[str, Entries] = {}
        self.totals: dict[str, Expression] = {}

    def add(self, condition: Written) -> None:
        """Take in a condition, or report what is wrong with it."""
        match condition.expression:
            case Apply(operation="==", arguments=(left, right)):
                if not self._equality(left, right, condition):
                    message = "an equality gives a name as an expression in other names"
                    hint = "as in q == 1 - p, v[m] == w[-m] or sum(y[k], k) == 1"
                    self._report.add(condition.diagnose(message, hint=hint))
            case Apply(operation=operation) if operation in COMPARISONS:
                if has_entries(condition.expression):
                    message = "an inequality is about names, not about entries"
                    self._report.add(condition.diagnose(message))
                _check_known(condition, self._known, self._report)
                self.comparisons.append(condition.expression)
            case _:
                hint = "as in x > 0, or q == 1 - p"
                self._report.add(condition.diagnose("a condition is a comparison", hint=hint))

    def _equality(self, left: Expression, right: Expression, condition: Written) -> bool:
        used = {*CONSTANTS, *self.names, *self.entries, *self.totals}
        others = (*self.names.values(), *(known.body for known in self.entries.values()))
        match left:
            case Name(name=called):
                _check_known(condition, self._known, self._report)
                free = called not in {*used, *names(right)} and not has_entries(right)
                free = free and used.isdisjoint(set(names(right)) - set(CONSTANTS))
                if free and not any(called in names(other) for other in others):
                    self.names[called] = right
                    return True
            case Item(base=Name(name=vector), indices=(Name(name=letter),)):
                if vector not in {*used, *names(right)} and used.isdisjoint(names(right)):
                    self.entries[vector] = Entries(letter, right)
                    return True
            case Apply(
                operation="sum",
                arguments=(Item(base=Name(name=vector), indices=(Name() as at,)), Name() as index),
            ) if at == index and isinstance(right, Number) and vector not in used:
                self.totals[vector] = right
                return True
        return False
