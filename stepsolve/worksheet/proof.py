"""The document of an identity: its proof or the author's, or its counterexample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.proofs import BUDGET, Proof
from stepsolve.calculus.verdicts import (
    DISPROVED,
    LINES_BUDGET,
    PROVED,
    UNDECIDED,
    Counterexample,
    Statement,
    Trial,
    counted_points,
    simplest,
    without_derivatives,
)
from stepsolve.checking.claims import written
from stepsolve.checking.rewrites import Sampler, check_steps
from stepsolve.derivation import (
    Block,
    Check,
    Detail,
    Equation,
    Result,
    Section,
    Step,
    Steps,
    Text,
    Value,
)
from stepsolve.notation.numbers import Digits
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Item, Name, walk
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.sides import Point, worksheet
from stepsolve.worksheet.solution import Solution

_INFINITE = float("inf")
Parts = tuple[str | Expression, ...]


class ProofPage:
    """Blocks, values, results and checks for a statement.

    `lines` are the author's proof, if any; at `points` both sides are worked out.
    """

    def __init__(
        self,
        statement: Statement,
        lines: tuple[tuple[Expression, str], ...],
        points: Sequence[Point],
        expected: str | None,
        digits: Digits,
    ) -> None:
        self._statement, self._lines, self._digits = statement, lines, digits
        self._trial = Trial(statement)
        self._line_budget = min(BUDGET, LINES_BUDGET // (len(lines) + 1))
        self._checks: list[Check] = []
        self._word: str = UNDECIDED
        self._has_wrong_line = False
        self.quantities: dict[str, Value] = {}
        self.blocks = (*self._blocks(), *self._numbers(points))
        if expected is not None or self._word == UNDECIDED:
            self._checks.append(_expectation(self._word, self._has_wrong_line, expected))
        self.checks = tuple(self._checks)
        self.results = {plain(statement.left): statement.right} if self._word == PROVED else {}

    def _blocks(self) -> Iterator[Block]:
        s = self._statement
        yield Equation((s.left, s.right))
        yield from self._circumstances()
        if self._lines and self._trial.counterexample is None:
            yield from self._judged()
            return
        verdict = self._trial.verdict
        self._word = verdict.word
        if verdict.proof is not None:
            yield Section(("Proof",))
            yield from self._proof(verdict.proof, self._trial)
            yield from self._proved()
        elif verdict.counterexample is not None:
            yield Section(("Counterexample",))
            yield from self._refuted(verdict.counterexample, (s.left, s.right), ("left", "right"))
            yield Text(("The sides differ: the identity is false.",), Detail.BRIEF)
            if self._lines:
                yield from self._judged()
            else:
                yield from self._narrowed()
        else:
            yield from self._undecided(verdict.tried)

    # ---------------------------------------------------------------------------- statement

    def _circumstances(self) -> Iterator[Block]:
        """Definitions, conditions, and where one side alone has a value."""
        s = self._statement
        for definition in s.definitions.values():
            left, body = definition.formula
            yield Text(("with ", left, " = ", body), Detail.BRIEF)
        for function, parity in s.open_.items():
            yield Text(_sort(function, parity), Detail.BRIEF)
        told = [*s.conditions, *(Apply("==", Name(n), e) for n, e in s.given.items())]
        for vector, entry in s.entries.items():
            told.append(Apply("==", Item(Name(vector), Name(entry.letter)), entry.body))
        for vector, total in s.totals.items():
            k = Name(_free("k", {vector: total}))
            told.append(Apply("==", Apply("sum", Item(Name(vector), k), k), total))
        if told:
            yield Text(("for ", *_listed(told)), Detail.BRIEF)
        if s.runs_over_entries:
            over = "all integers; beyond their entries the vectors are 0"
            told_ = over if s.shifted else "all entries of the vectors"
            yield Text((f"The sums run over {told_}.",), Detail.NORMAL)
        if self._trial.lone is not None:
            yield Text(self._lone(*self._trial.lone), Detail.BRIEF)

    def _lone(self, at: dict[str, Expression], is_left: bool) -> Parts:
        """Where the identity is meant, if that is not where one of its sides has a value."""
        domain = [c for c in self._trial.domain if c not in self._statement.conditions]
        so: Parts = (", so for ", *_listed(domain)) if domain else ()
        where = _listed([Apply("==", Name(n), v) for n, v in at.items()])
        side, other = ("left", "right") if is_left else ("right", "left")
        told = (f" the {side} side has one and the {other} side has none.",)
        return ("It is meant where both sides have values", *so, ". At ", *where, *told)

    # ------------------------------------------------------------------------------- proofs

    def _proof(self, proof: Proof, trial: Trial, of: str = "the proof") -> Iterator[Block]:
        yield from self._derivatives(proof)
        for leaf in proof.leaves():
            if leaf.case:
                yield Text(("Case ", *_listed(simplest(leaf.case)), ":"), Detail.BRIEF)
            if leaf.difference:
                yield Text(("It is enough that the difference of the sides is 0:",), Detail.BRIEF)
            yield Steps(leaf.steps, chain=True)
        self._checks += trial.check_proof(of, proof)
        self._checks.append(trial.check_outcome(self._claimed(trial.statement)))

    @staticmethod
    def _claimed(statement: Statement) -> str:
        return f"{plain(statement.left)} == {plain(statement.right)}"

    def _proved(self) -> Iterator[Block]:
        s = self._statement
        yield Text(("This was to be shown.",), Detail.BRIEF)
        yield Result((s.left, s.right))

    def _derivatives(self, proof: Proof) -> Iterator[Block]:
        """The working of every derivative that the proof takes, rule by rule, before it."""
        taken: dict[Expression, None] = {}
        for leaf in proof.leaves():
            for step in leaf.steps:
                if step.rule == "differentiate":
                    after = set(walk(step.after))
                    taken |= {n: None for n in walk(step.before) if _is_diff(n) and n not in after}
        word = "First"
        for derivative in taken:
            if any(_is_diff(inner) for inner in walk(derivative.children[0])):
                continue  # the inner one is worked out first
            body, variable = derivative.children
            assert isinstance(variable, Name)
            found = differentiate(body, variable.name, self._statement.variables)
            yield Text((f"{word} the derivative, rule by rule:",), Detail.NORMAL)
            word = "Then"
            yield Steps((found.step,), Detail.NORMAL)
            names_ = dict.fromkeys((*self._statement.variables, variable.name))
            sampler = Sampler(body, names_, found.definitions, by=(variable.name,))
            self._checks += check_steps("the derivative", (found.step,), sampler)

    # ------------------------------------------------------------------- refuted, undecided

    def _refuted(
        self, found: Counterexample, sides: tuple[Expression, Expression], called: tuple[str, str]
    ) -> Iterator[Block]:
        """The place, and both sides worked out there."""
        s = self._statement
        for function in found.example.functions.values():
            left, body = function.formula
            yield Text(("Take ", left, " = ", body, "."), Detail.BRIEF)
        if s.shifted:
            told = "Let the vectors have entries at 0, 1 and 2, and be 0 elsewhere."
            yield Text((told,), Detail.BRIEF)
        where = [(n, written(str(k))) for n, k in found.example.at.items()]
        at = [Apply("==", Name(n), v) for n, v in (*where, *found.place.at.items())]
        if at:
            yield Text(("At ", *_listed(at), ":"), Detail.BRIEF)
        given = {n: without_derivatives(e) for n, e in s.fixed(found.example).items()}
        lines = [Line(n, e) for n, e in given.items()]
        names_ = [_free(name, found.place.at) for name in called]
        for name, side in zip(names_, sides, strict=True):
            lines.append(Line(name, without_derivatives(s.concrete(side, found.example))))
        solution = Solution(Worksheet(found.place.at, tuple(lines)), digits=self._digits)
        yield from solution.forward_blocks()
        self.quantities |= solution.quantities
        self._checks += solution.checks()
        self._checks += (
            _same(name, solution.exact[name], value)
            for name, value in zip(names_, (found.place.left, found.place.right), strict=True)
        )

    def _narrowed(self) -> Iterator[Block]:
        """Where a false identity does hold, if that is found."""
        found = self._trial.holds_where()
        if found is None:
            return
        condition, trial = found
        proof = trial.verdict.proof
        assert proof is not None
        yield Text(("It does hold for ", condition, ":"), Detail.BRIEF)
        yield from self._proof(proof, trial, "the proof of the part that holds")

    def _undecided(self, tried: int) -> Iterator[Block]:
        agreeing = counted_points(self._trial.agreeing)
        yield Text(
            (
                f"Undecided: the sides agree at all {agreeing} tried, to 50 digits, but no chain of "
                f"known rules from one to the other was found among {tried} expressions. "
                "That is no proof, and no counterexample either.",
            ),
            Detail.BRIEF,
        )
        self._checks.append(self._trial.check_outcome(self._claimed(self._statement)))

    def _numbers(self, points: Sequence[Point]) -> Iterator[Block]:
        """Both sides at the points that the problem gives."""
        if points:
            yield Section(("In numbers",))
        for row, point in enumerate(points, 1):
            solution = Solution(
                worksheet(self._statement, point, str(row) if len(points) > 1 else ""),
                digits=self._digits,
            )
            told: list[Expression] = []
            for name, value in solution.forward.given.items():
                assert value is not None
                told.append(Apply("==", Name(name), value))
            yield Text(("At ", *_listed(told), ":"), Detail.BRIEF)
            yield from solution.forward_blocks()
            self.quantities |= solution.quantities
            self._checks += solution.checks()

    # ------------------------------------------------------------------- the author's proof

    def _judged(self) -> Iterator[Block]:
        """The author's proof, every line judged on its own."""
        s = self._statement
        yield Section(("The proof as written",))
        sides = [s.left, *(line for line, _ in self._lines)]
        reasons = [because for _, because in self._lines]
        if sides[-1] != s.right:
            sides.append(s.right)
            reasons.append("")
        lines = [
            self._line(number, before, after, because)
            for number, (before, after, because) in enumerate(
                zip(sides, sides[1:], reasons, strict=False), 1
            )
        ]
        yield Steps(tuple(line.step for line in lines), chain=True)
        for line in lines:
            yield from line.remarks
        self._has_wrong_line = any(line.word == DISPROVED for line in lines)
        if self._trial.counterexample is not None:
            self._word = DISPROVED
        elif self._has_wrong_line:
            self._word = self._trial.verdict.word
            told = "all the same" if self._word == PROVED else "neither proved nor refuted by that"
            yield Text((f"The identity itself is {_TOLD[self._word]} {told}.",), Detail.BRIEF)
        elif all(line.word == PROVED for line in lines):
            self._word = PROVED
            self._checks.append(self._trial.check_outcome(self._claimed(s)))
            yield from self._proved()

    def _line(self, number: int, before: Expression, after: Expression, because: str) -> _Line:
        """The verdict on one line: against the line before, and after a slip against the left side."""
        s = self._statement
        of = f"line {number}" if number <= len(self._lines) else "the right side"
        trial = Trial(s._replace(left=before, right=after), self._line_budget)
        if trial.verdict.word == DISPROVED and before != s.left:
            again = Trial(s._replace(right=after), self._line_budget)
            if again.counterexample is None:
                self._checks.append(again.check_outcome(f"{of}, against the left side"))
                step = Step(f"✓ equal to the left side again  {because}".rstrip(), before, after)
                return _Line(again.verdict.word, step, ())
        verdict = trial.verdict
        rule = because or (_rules(verdict.proof) if verdict.proof else "")
        step = Step(f"{_MARKS[verdict.word]}  {rule}".rstrip(), before, after, because=because)
        if verdict.counterexample is not None:
            title = Section((f"{of[0].upper()}{of[1:]} is wrong",))
            sides = (before, after)
            worked = tuple(self._refuted(verdict.counterexample, sides, ("before", "after")))
            return _Line(DISPROVED, step, (title, *worked))
        self._checks.append(trial.check_outcome(of))
        if verdict.proof is not None:
            self._checks += trial.check_proof(of, verdict.proof)
            return _Line(PROVED, step, ())
        agreeing = counted_points(trial.agreeing)
        told = f"{of} holds at all {agreeing} tried, but no known rules led to it."
        return _Line(UNDECIDED, step, (Text((told[0].upper() + told[1:],), Detail.BRIEF),))


class _Line(NamedTuple):
    """The verdict on a line of a proof, the line, and what is to be said of it."""

    word: str
    step: Step
    remarks: tuple[Block, ...]


_MARKS = {PROVED: "✓", DISPROVED: "✗ wrong", UNDECIDED: "?"}
_TOLD = {PROVED: "true", UNDECIDED: "undecided:"}


def _rules(proof: Proof) -> str:
    """The rules of a proof, each once."""
    rules = dict.fromkeys(step.rule for leaf in proof.leaves() for step in leaf.steps)
    return ", ".join(rules)


def _is_diff(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation == "diff"


def _expectation(word: str, wrong_line: bool, expected: str | None) -> Check:
    """The check that the file asks for; without one, that there is a verdict."""
    passed, note = word == (expected or ""), f"{expected} was expected"
    if expected is None:
        note = "neither proved nor refuted"
    elif passed and word == PROVED and wrong_line:
        passed, note = False, "a line of the proof is wrong"
    error = 0.0 if passed else _INFINITE
    method = "the verdict expected" if expected else "rules of identities"
    return Check(f"the verdict, {word}", method, error, passed, "" if passed else note)


def _same(name: str, one: Any, other: Any) -> Check:
    """The value on the worksheet against the one of the search, which knows no rules."""
    error = float(abs(one - other) / max(1, abs(other)))
    return Check(name, "evaluation as it is written", error, error < 1e-10)


def _free(name: str, taken: Mapping[str, Expression]) -> str:
    return name if name not in taken else _free(f"{name}'", taken)


def _listed(several: Sequence[Expression]) -> Parts:
    """Comparisons in a row: `a > 0, b > 0 and c > 0`."""
    parts: list[str | Expression] = []
    for k, one in enumerate(several):
        if k:
            parts.append(" and " if k == len(several) - 1 else ", ")
        parts.append(one)
    return tuple(parts)


def _sort(function: str, parity: int) -> Parts:
    """What is known of a function without a definition."""
    if not parity:
        return (f"for any function {function}",)
    call = Apply(function, Name("a"))
    turned = Apply(function, Apply("neg", Name("a")))
    image = call if parity > 0 else Apply("neg", call)
    return (
        f"for any {'even' if parity > 0 else 'odd'} function {function}: ",
        turned,
        " = ",
        image,
    )
