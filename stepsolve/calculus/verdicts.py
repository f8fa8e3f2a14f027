"""Verdicts on identities: proved by a chain of rewrites, disproved by a counterexample, or undecided.

What holds at every point tried is not proved by that: without a chain it is called undecided.

Source: G. Polya, How to Solve It (1945): specialise to refute, derive to prove.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.laws import Definition, definitions, holds
from stepsolve.calculus.moves import Entries, Knowledge, unfold
from stepsolve.calculus.normal import settle
from stepsolve.calculus.proofs import BUDGET, Proof, Prover
from stepsolve.calculus.signs import Assumptions, natural_domain
from stepsolve.calculus.sums import is_shifted
from stepsolve.calculus.tidy import ZERO, terms
from stepsolve.checking.claims import Claim, Place
from stepsolve.checking.entries import (
    PLAIN,
    SHIFTED,
    Span,
    entry_name,
    free_indices,
    has_entries,
    places,
    written_out,
)
from stepsolve.checking.precise import Precise
from stepsolve.checking.rewrites import Sampler, check_steps, counted
from stepsolve.derivation import Check, Step
from stepsolve.notation.indices import bounds, is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, names, transform, walk
from stepsolve.operations.table import CONSTANTS

PROVED: Final = "proved"
DISPROVED: Final = "disproved"
UNDECIDED: Final = "undecided"
LINES_BUDGET = 120_000  # of the searches behind all lines that an author wrote
_PART_BUDGET = 20_000  # of the search for a part of the domain where a false claim holds
_MAX_NARROWED = 3  # names by which such a part is looked for
# functions that stand for those left open: two of each sort, so that none is met by chance
_EXAMPLES = {
    1: ("a^2 + 1", "cosh(a) - a^4 / 5"),
    -1: ("a^3 + a", "sinh(a) - a / 3"),
    0: ("a^2 + a + 1", "exp(a / 2) - a / 3"),
}


class Statement(NamedTuple):
    """`left = right` wherever both have values and the conditions hold.

    `definitions` are the problem's functions, `open_` its functions without one, even (1), odd (-1)
    or neither (0); `given` are names that stand for expressions in others.
    """

    left: Expression
    right: Expression
    conditions: tuple[Expression, ...] = ()
    definitions: Mapping[str, Definition] = {}
    open_: Mapping[str, int] = {}
    given: Mapping[str, Expression] = {}
    entries: Mapping[str, Entries] = {}
    totals: Mapping[str, Expression] = {}

    def concrete(self, expression: Expression, example: Example) -> Expression:
        """The expression in numbers and names: functions and sums written out, entries by name."""
        for _ in self.definitions:  # each may use those before it
            expression = unfold(expression, list(self.definitions.values()))
        expression = unfold(expression, list(example.functions.values()))
        for _ in self.entries:
            expression = transform(expression, self._entry)
        return written_out(expression, example.at, example.span) if self.indexed else expression

    def _entry(self, node: Expression) -> Expression | None:
        match node:
            case Item(base=Name(name=base), indices=(index,)) if base in self.entries:
                return self.entries[base].put(index)
        return None

    @property
    def indexed(self) -> bool:
        """Whether entries or sums occur."""
        return has_entries(self.left, self.right)

    @property
    def runs_over_entries(self) -> bool:
        """Whether there are entries, or sums without bounds."""
        nodes = (n for side in (self.left, self.right) for n in walk(side))
        return any(isinstance(n, Item) or (is_summation(n) and bounds(n) is None) for n in nodes)

    def fixed(self, example: Example) -> dict[str, Expression]:
        """The names that are given as expressions in others, an entry for every given sum."""
        found = {name: self.concrete(e, example) for name, e in self.given.items()}
        for vector, total in self.totals.items():
            last, *others = reversed([entry_name(vector, (k,)) for k in example.span.entries])
            rest = self.concrete(total, example)
            for other in others:
                rest = Apply("-", rest, Name(other))
            found[last] = rest
        return found

    @property
    def variables(self) -> tuple[str, ...]:
        """The names without a value, in order of appearance."""
        sides = (self.left, self.right, *self.conditions, *self.given.values())
        found = dict.fromkeys(chain.from_iterable(map(names, sides)))
        return tuple(n for n in found if n not in CONSTANTS and n not in self.given)

    @property
    def shifted(self) -> bool:
        """Whether indices are shifted, so that sums run over all integers."""
        sides = (self.left, self.right, *(known.body for known in self.entries.values()))
        return any(map(is_shifted, sides))

    @property
    def free_indices(self) -> tuple[str, ...]:
        """The letters in indices that no sum binds."""
        return free_indices(self.left, self.right)

    def examples(self) -> Iterator[Example]:
        """What stands for open functions and free indices, one choice after the other."""
        from stepsolve.source.expression import parse

        span = SHIFTED if self.shifted else PLAIN
        for k in range(2 if self.open_ else 1):
            functions = {
                name: Definition(name, ("a",), parse(_EXAMPLES[parity][k]))
                for name, parity in self.open_.items()
            }
            for at in places(self.free_indices, span):
                yield Example(functions, at, span)


class Example(NamedTuple):
    """What stands for open functions, the values of free indices, and where vectors have entries."""

    functions: Mapping[str, Definition] = {}
    at: Mapping[str, int] = {}
    span: Span = PLAIN


class Counterexample(NamedTuple):
    """Where the sides differ: values of names, and what stands for the rest."""

    place: Place
    example: Example


class Verdict(NamedTuple):
    """What was found out about a statement."""

    word: str
    proof: Proof | None = None
    counterexample: Counterexample | None = None
    tried: int = 0
    """Expressions that the search wrote down."""


class Trial:
    """A statement on trial."""

    def __init__(self, statement: Statement, budget: int = BUDGET) -> None:
        self.statement = statement
        self.precise = Precise()
        domain = (*natural_domain(statement.left), *natural_domain(statement.right))
        self.domain = simplest(dict.fromkeys((*statement.conditions, *domain)))
        self.assumptions = Assumptions(self.domain)
        known = Knowledge(
            self.assumptions,
            {**definitions(), **statement.definitions},
            statement.open_,
            statement.given,
            statement.entries,
            statement.totals,
        )
        self._prover = Prover(known, budget)

    def _claim(self, example: Example) -> Claim:
        s = self.statement
        left, right, *conditions = (
            s.concrete(e, example) for e in (s.left, s.right, *s.conditions)
        )
        given = s.fixed(example)
        variables = _variables((left, right, *conditions, *given.values()), given)
        return Claim(left, right, variables, conditions, given, self.precise)

    @cached_property
    def _claims(self) -> tuple[tuple[Claim, Counterexample | None], ...]:
        found = []
        for example in self.statement.examples():
            claim = self._claim(example)
            place = claim.counterexample()
            found.append((claim, Counterexample(place, example) if place else None))
        return tuple(found)

    @property
    def counterexample(self) -> Counterexample | None:
        """The simplest place at which the sides differ, if one was found."""
        return next((found for _, found in self._claims if found is not None), None)

    @property
    def agreeing(self) -> int:
        """At how many points the sides agree."""
        return sum(claim.agreeing for claim, _ in self._claims)

    @property
    def lone(self) -> tuple[dict[str, Expression], bool] | None:
        """A point where one side alone has a value, and whether it is the left."""
        return self._claims[0][0].lone

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict; a counterexample is looked for before a proof."""
        if self.counterexample is not None:
            return Verdict(DISPROVED, counterexample=self.counterexample)
        proof = self._prover.prove(self.statement.left, self.statement.right)
        return Verdict(PROVED if proof else UNDECIDED, proof, tried=self._prover.tried)

    def holds_where(self) -> tuple[Expression, Trial] | None:
        """For a false statement, a condition on one name under which it is proved."""
        for name in self.statement.variables[:_MAX_NARROWED]:
            for sign in (">=", "<="):
                condition = Apply(sign, Name(name), ZERO)
                narrowed = self.statement._replace(
                    conditions=(*self.statement.conditions, condition)
                )
                trial = Trial(narrowed, _PART_BUDGET)
                if trial.agreeing > 1 and trial.verdict.word == PROVED and trial.has_room:
                    return condition, trial
        return None

    @property
    def has_room(self) -> bool:
        """Whether random points lie where the proof holds: not if a <= 0 and sqrt(a) leave a = 0."""
        proof, examples = self.verdict.proof, self.statement.examples()
        return proof is not None and bool(self._at(next(proof.leaves()), next(examples)).points)

    def check_outcome(self, of: str) -> Check:
        """Both sides at all the points at which they have values."""
        worst = max(claim.worst for claim, _ in self._claims)
        passed = self.agreeing > 0 and self.counterexample is None
        return Check(of, f"both sides at {counted_points(self.agreeing)}", worst, passed)

    def check_proof(self, of: str, proof: Proof) -> Iterator[Check]:
        """Every step of a proof at random points of its case, and by SymPy where it decides."""
        for leaf in proof.leaves():
            for example in self.statement.examples():
                yield from check_steps(
                    of, self._concrete(leaf.steps, example), self._at(leaf, example)
                )
            if not leaf.case:
                yield from self._by_sympy(of, leaf.steps)

    def _concrete(self, steps: tuple[Step, ...], example: Example) -> tuple[Step, ...]:
        put = self.statement.concrete
        return tuple(
            s._replace(before=put(s.before, example), after=put(s.after, example)) for s in steps
        )

    def _at(self, leaf: Proof, example: Example) -> Sampler:
        s = self.statement
        put = [s.concrete(e, example) for e in (s.left, s.right, *s.conditions, *leaf.case)]
        given = s.fixed(example) | _solved(leaf.case)
        variables = _variables((*put, *given.values()), given)
        both = Apply("-", put[0], put[1])
        return Sampler(both, variables, given, self.precise, by=(), holds=put[2:])

    def _by_sympy(self, of: str, steps: tuple[Step, ...]) -> Iterator[Check]:
        example = next(self.statement.examples())
        signs = self.assumptions
        positive = [name for name in self.statement.variables if signs.positive(Name(name))]
        judge = Judge(definitions=self.statement.fixed(example), positive=positive)
        put = self._concrete(steps, example)
        verdicts = [judge.equal(s.before, s.after) for s in put]
        decided = [v for v in verdicts if v is not None]
        if decided:
            which = f"the {counted(len(steps))}"
            if len(decided) < len(steps):
                which = f"{len(decided)} of the {counted(len(steps))}"
            error = 0.0 if all(decided) else float("inf")
            yield Check(f"{which} of {of}", "SymPy", error, all(decided))


def simplest(comparisons: Iterable[Expression]) -> tuple[Expression, ...]:
    """The comparisons without those that follow from the others."""
    kept = list(comparisons)
    for one in sorted(kept, key=lambda c: -c.size):
        others = tuple(other for other in kept if other is not one)
        if holds(one, Assumptions(others)):
            kept = list(others)
    return tuple(kept)


def _variables(
    expressions: Iterable[Expression], given: Mapping[str, Expression]
) -> tuple[str, ...]:
    found = dict.fromkeys(chain.from_iterable(map(names, expressions)))
    return tuple(name for name in found if name not in CONSTANTS and name not in given)


def counted_points(count: int) -> str:
    """How many points, in words that fit one as well."""
    return "1 point" if count == 1 else f"{count} points"


def _solved(case: tuple[Expression, ...]) -> dict[str, Expression]:
    """The equalities of a case, each as the value of one name: random points never meet them."""
    found: dict[str, Expression] = {}
    for comparison in case:
        match comparison:
            case Apply(operation="==", arguments=(a, b)):
                difference = settle(Apply("-", a, b))
                for sign, part in terms(difference):
                    rest = settle(Apply("-", difference, part if sign > 0 else Apply("neg", part)))
                    if isinstance(part, Name) and part.name not in names(rest):
                        found[part.name] = settle(Apply("neg", rest)) if sign > 0 else rest
                        break
    return found


def without_derivatives(expression: Expression) -> Expression:
    """The expression with its derivatives worked out, so that it can be put on a worksheet."""

    def put(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="diff", arguments=(body, Name(name=variable))):
                return differentiate(without_derivatives(body), variable).value
        return None

    return transform(expression, put)
