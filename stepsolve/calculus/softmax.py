"""The derivative of softmax, derived: by the quotient rule in one sweep, or by the cases i = j, i ≠ j.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 6.2.2.3.
"""

from __future__ import annotations

from typing import NamedTuple

from stepsolve.calculus.index import Stage, User
from stepsolve.calculus.terms import Letters, Term, collected, put_index, terms_of, written
from stepsolve.calculus.tidy import ONE
from stepsolve.derivation import Step
from stepsolve.notation.tree import Apply, Expression, Item, Name, transform
from stepsolve.operations.shapes import Shapes


class Case(NamedTuple):
    """A derivation for equal or for different values of two indices; `free` are those left in it."""

    first: str
    second: str
    equal: bool
    steps: tuple[Step, ...]
    free: tuple[str, ...]


class Softmax:
    """The Jacobian of a line `p = softmax(z)`; its entries are those of `first` by `second`."""

    def __init__(self, shapes: Shapes, taken: set[str], line: str, argument: Name) -> None:
        letters = Letters({*taken, *shapes.known})
        self.first, self.second = letters.several(2)
        self._line, self._argument = Name(line), argument
        power = Apply("exp", argument)
        formula = Apply("/", power, Apply("sum", power))
        stage = Stage(shapes, letters, self._entry(line, self.first), self._by(self.second))
        found = stage.derive([User(line, formula, None)])
        self._steps, self._terms = found.steps, found.terms

    def _entry(self, line: str, index: str) -> Item:
        return Item(Name(line), Name(index))

    def _by(self, index: str) -> Item:
        return Item(self._argument, Name(index))

    def _result(self, first: str, second: str) -> list[Term]:
        p, q = self._entry(self._line.name, first), self._entry(self._line.name, second)
        delta = Apply("delta", Name(first), Name(second))
        return [Term(1, ((p, 1), (delta, 1))), Term(-1, ((p, 1), (q, 1)))]

    def sweep(self) -> tuple[Step, ...]:
        """The whole Jacobian with a delta."""
        after = written(self._result(self.first, self.second))
        last = Step("softmax again", written(self._terms), after)
        return (*self._steps, last)

    def cases(self) -> tuple[Case, Case]:
        """The entries on the diagonal, and the others."""
        return self._case(equal=True), self._case(equal=False)

    def together(self) -> Step:
        """Both cases in one, with a delta."""
        i, j = self.first, self.second
        start = Apply("diff", self._entry(self._line.name, i), self._by(j))
        return Step("both cases together", start, written(self._result(i, j)))

    def _case(self, equal: bool) -> Case:
        i, j = self.first, self.second
        start = Apply("diff", self._entry(self._line.name, i), self._by(i if equal else j))
        quotient = written(decided(self._terms, i, j, equal))
        known = written(decided(self._result(i, j), i, j, equal))
        rule = "quotient rule" if equal else "quotient rule: only the sum below depends on it"
        steps = [Step(rule, start, quotient), Step("softmax again", quotient, known)]
        if equal:
            p = self._entry(self._line.name, i)
            factored = Apply("*", p, Apply("-", ONE, p))
            steps.append(Step("common factor", known, factored))
        return Case(i, j, equal, tuple(steps), (i,) if equal else (i, j))


def decided(terms: tuple[Term, ...] | list[Term], i: str, j: str, equal: bool) -> list[Term]:
    """Terms with a delta of two free indices where these are equal, or different."""
    done = []
    for term in terms:
        deltas = [
            base
            for base, _ in term.powers
            if isinstance(base, Apply) and base.operation == "delta" and _names(base) == {i, j}
        ]
        if deltas and not equal:
            continue
        powers = tuple(power for power in term.powers if power[0] not in deltas)
        term = Term(term.number, powers, term.bound)
        done.append(term.renamed(j, Name(i)) if equal else term)
    return collected(done)


def _names(delta: Apply) -> set[str]:
    return {a.name for a in delta.arguments if isinstance(a, Name)}


class OneHot:
    """A loss of softmax and a one-hot vector `y`, by the cases that an index is the true class or not.

    `by_line` is the derivative of the loss by entry `j` of the line, of which `y[j]` is a factor.
    """

    def __init__(
        self, softmax: Softmax, loss: Expression, line: str, argument: Name, y: str
    ) -> None:
        self._softmax, self._loss = softmax, loss
        self._line, self._argument, self._y = line, argument, y

    def cases(self, by_line: Expression, index: str, true: str) -> tuple[Case, Case] | None:
        """Both cases, for the class `true`; None where the loss is not of this form."""
        target = Item(Name(self._y), Name(index))
        found = terms_of(by_line, lambda e: True)
        if len(found) != 1 or dict(found[0].powers).get(target) != 1:
            return None
        powers = tuple(power for power in found[0].powers if power[0] != target)
        outer = Term(found[0].number, powers).renamed(index, Name(true))
        return self._case(outer, true, equal=True), self._case(outer, true, equal=False)

    def _case(self, outer: Term, true: str, equal: bool) -> Case:
        s = self._softmax
        by = true if equal else s.first
        p = Item(Name(self._line), Name(true))
        start = Apply("diff", self._loss, Item(self._argument, Name(by)))
        open_ = Apply("diff", p, Item(self._argument, Name(by)))
        chain = written([outer.times(Term(1, ((open_, 1),)))])
        own = s._case(equal).steps[-1].after
        names = {s.first: Name(true), s.second: Name(by)} if not equal else {s.first: Name(true)}
        slope = put_index(own, dict(names))
        put = transform(chain, lambda node: slope if node == open_ else None)
        done = terms_of(slope, lambda e: False)
        final = written(sorted((outer.times(t) for t in done), key=lambda t: t.number < 0))
        rule = "only the true class is left in the sum"
        steps = [
            Step(rule, start, chain),
            Step("derivative of softmax", chain, put),
            Step("cancelled", put, final),
        ]
        return Case(s.first, true, equal, tuple(steps), (true,) if equal else (s.first, true))
