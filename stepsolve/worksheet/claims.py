"""Formulas that somebody claims for entries of a recurrence: confirmed, or refuted by an example.

A claim is part of the question. That a wrong one is wrong is an answer, confirmed like any other: the
counterexample is computed term by term, twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.linear import Solved
from stepsolve.calculus.recurrences import Recurrence
from stepsolve.calculus.tidy import ONE
from stepsolve.checking.iteration import FAR, check_terms, iterated
from stepsolve.checking.precise import Point, Precise, Value
from stepsolve.checking.sampling import candidates
from stepsolve.checking.worksheets import VALUE_TOLERANCE
from stepsolve.derivation import Block, Cell, Check, Detail, Equation, Section, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression, Name, Number, names, substitute
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.evaluation import LineError, value

_SMALL = ((2, 1, 3, 5), (1, 2, 3, 5), (3, 2, 1, 1), (2, 3, 5, 7))  # numbers for the head
_TRIES = 6  # points at which a claim holds before it is believed, to be checked again
_LARGEST = 1e300  # beyond it floats have no value to compare with
_APART = 1e-6  # relative difference of a counterexample: larger than any digits shown hide


class Example(NamedTuple):
    """Values of all symbols at which a claim about an entry is wrong."""

    at: dict[str, Value]
    step: int
    claimed: Value
    right: Value


class Claim:
    """`name = formula`, of an entry at a number or at the index."""

    def __init__(self, name: str, formula: Expression, recurrence: Recurrence, seed: Name) -> None:
        self.name, self.formula = Name(name), formula
        self._recurrence, self._seed = recurrence, seed
        index = name.partition("(")[2].removesuffix(")")
        steps = (int(index),) if index.isdecimal() else tuple(range(1, FAR + 1))
        self.general = not index.isdecimal()
        own = {recurrence.entry(0).name: seed}
        self.terms: Mapping[int, Expression] = {
            k: substitute(formula, {**own, recurrence.index: Number(str(k))}) for k in steps
        }
        computed = {recurrence.entry(k).name for k in range(1, max(steps) + 1)}
        found = [seed.name, *(n for k in range(1, max(steps) + 1) for n in names(recurrence.at(k)))]
        found += [n for term in self.terms.values() for n in names(term)]
        given = {*computed, recurrence.entry(0).name} - {seed.name}
        self.symbols = tuple(dict.fromkeys(n for n in found if n not in given))

    def free(self, euler: bool) -> tuple[str, ...]:
        """The names that may have any value."""
        return tuple(n for n in self.symbols if n not in CONSTANTS or (n == "e" and not euler))


class Claims:
    """The verdicts on claims about one recurrence."""

    def __init__(
        self,
        recurrence: Recurrence,
        solved: Solved | None,
        seed: Name,
        claimed: Sequence[tuple[str, Expression]],
        euler: bool,
        digits: Digits,
    ) -> None:
        self._recurrence, self._solved, self._seed = recurrence, solved, seed
        self._claims = [Claim(name, formula, recurrence, seed) for name, formula in claimed]
        self._euler, self._digits = euler, digits
        self._precise = Precise()

    def blocks(self) -> Iterator[Block]:
        for claim, example in self._verdicts:
            yield Section(("The claim ", claim.name, " = ", claim.formula))
            if example is None:
                yield Text(("It is right.",), Detail.BRIEF)
            else:
                yield from self._refuted(claim, example)

    def _refuted(self, claim: Claim, example: Example) -> Iterator[Block]:
        parts: list[str | Expression] = []
        for name, exact in example.at.items():
            parts += [Name(name), " = ", self._shown(exact), ", "]
        yield Text(("It is wrong. A counterexample is ", *parts[:-1], ":"), Detail.BRIEF)
        yield self._term_by_term(claim, example)
        right = self._right(claim)
        if right is not None:
            yield Text(("Right is",), Detail.BRIEF)
            yield Equation((claim.name, right))
        yield from self._where_it_holds(claim)

    def _term_by_term(self, claim: Claim, example: Example) -> Table:
        """The entries one after the other, up to the one in question, and what is claimed of it."""
        recurrence = self._recurrence
        shown = {name: self._shown(exact) for name, exact in example.at.items()}
        shown[recurrence.entry(0).name] = shown[self._seed.name]
        claimed = substitute(claim.terms[example.step], shown)
        terms = list(self._iterated(example.at, example.step))
        rows: list[tuple[Cell, ...]] = []
        for k, term in enumerate(terms, 1):
            name = recurrence.entry(k)
            shown[name.name] = self._shown(term)
            if k <= 3 or k == len(terms):
                rows.append((name, substitute(recurrence.at(k), shown), self._shown(term)))
        last = recurrence.entry(example.step)
        rows.append((("claimed: ", last), claimed, self._shown(example.claimed)))
        return Table(("entry", "computed as", "value"), tuple(rows), Detail.BRIEF)

    def _right(self, claim: Claim) -> Expression | None:
        solved = self._solved
        if solved is None:
            return None
        if claim.general:
            return solved.closed(Name(self._recurrence.index))
        return solved.unrolled(max(claim.terms))

    def _where_it_holds(self, claim: Claim) -> Iterator[Block]:
        """A claim that is right for a coefficient of 1 alone has forgotten its powers."""
        solved = self._solved
        special = solved.special if solved is not None else None
        if solved is None or special is None or claim.general:
            return
        a = solved.parts.coefficient
        assert isinstance(a, Name)
        at_one = {k: substitute(term, {a.name: ONE}) for k, term in claim.terms.items()}
        if self._check(claim, special.recurrence, at_one).passed:
            yield Text(("It would be right for ", a, " = 1, where every power of ", a, " is 1."))

    def _shown(self, exact: Value) -> Expression:
        return number(self._precise.decimal(exact), self._digits)

    # ---------------------------------------------------------------------------- the verdicts

    @cached_property
    def _verdicts(self) -> list[tuple[Claim, Example | None]]:
        return [(claim, self._example(claim)) for claim in self._claims]

    def _example(self, claim: Claim) -> Example | None:
        """Values at which a claim is wrong, small whole numbers if they will do."""
        free = claim.free(self._euler)
        mpf = self._precise.mp.mpf
        small = ({n: mpf(row[k % 4]) for k, n in enumerate(free)} for row in _SMALL)
        tried = 0
        for at in chain(small, candidates(free, self._precise)):
            try:
                found = self._wrong_at(claim, at)
            except OutsideDomain:
                continue
            tried += 1
            if found is not None or tried == _TRIES:
                return found
        return None

    def _wrong_at(self, claim: Claim, at: dict[str, Value]) -> Example | None:
        """The first entry about which a claim is wrong at some values.

        Raises `OutsideDomain` where an entry has no value, or one too large to be computed twice.
        """
        terms = list(self._iterated(at, max(claim.terms)))
        for k, formula in claim.terms.items():
            claimed, right = self._precise.evaluate(formula, Point(at)), terms[k - 1]
            size = max(abs(claimed), abs(right))
            if size > _LARGEST:
                raise OutsideDomain(claim.name.name, [float(k)])
            if abs(claimed - right) > _APART * size:
                return Example(at, k, claimed, right)
        return None

    def _iterated(self, at: Mapping[str, Value], steps: int) -> Iterator[Value]:
        bodies = [self._recurrence.at(k) for k in range(1, steps + 1)]
        before = [self._recurrence.entry(k).name for k in range(steps)]
        return iterated(bodies, before, at[self._seed.name], at, self._precise)

    def checks(self) -> Iterator[Check]:
        """A right claim term by term and by SymPy; of a wrong one the counterexample, by NumPy."""
        for claim, example in self._verdicts:
            right = self._right(claim)
            if example is not None:
                yield self._check_example(claim, example)
                if right is not None:
                    index, name = self._recurrence.index, claim.name.name
                    terms = {k: substitute(right, {index: Number(str(k))}) for k in claim.terms}
                    yield self._check(claim, self._recurrence, terms)._replace(of=name)
                continue
            yield self._check(claim, self._recurrence, claim.terms)
            verdict = right and Judge(self._euler).equal(claim.formula, right)
            if verdict is not None:
                error = 0.0 if verdict else float("inf")
                yield Check(f"the claim {claim.name.name}", "SymPy", error, bool(verdict))

    def _check(
        self, claim: Claim, recurrence: Recurrence, terms: Mapping[int, Expression]
    ) -> Check:
        steps = range(1, max(terms) + 1)
        return check_terms(
            f"the claim {claim.name.name}",
            [recurrence.at(k) for k in steps],
            [recurrence.entry(k - 1).name for k in steps],
            self._seed.name,
            claim.free(self._euler),
            terms,
            self._precise,
        )

    def _check_example(self, claim: Claim, example: Example) -> Check:
        """Every number of a counterexample again, with floats."""
        of, method = f"the claim {claim.name.name} is wrong", "a counterexample by NumPy and mpmath"
        known = {name: float(exact) for name, exact in example.at.items()}
        known[self._recurrence.entry(0).name] = known[self._seed.name]
        pairs = []
        try:
            for k, exact in enumerate(self._iterated(example.at, example.step), 1):
                right = float(value(self._recurrence.at(k), known))
                known[self._recurrence.entry(k).name] = right
                pairs.append((right, exact))
            claimed = float(value(claim.terms[example.step], known))
        except LineError:
            return Check(of, method, float("inf"), False)
        pairs.append((claimed, example.claimed))
        error = max(float(abs(f - x) / max(abs(x), 1e-6)) for f, x in pairs)
        apart = abs(right - claimed) > _APART / 2 * max(abs(right), abs(claimed))
        return Check(of, method, error, apart and error <= VALUE_TOLERANCE)
