"""Proofs of identities: a chain of rewrites from the left side to the right, found by a search.

Both sides are rewritten at once, the lightest expression first, until they meet; the links of the
right side are then read from their end. Where that does not succeed within its budget, the
difference of the sides is put over a common denominator; and where maxima, absolute values or
choices stand in the way, the cases are proved one by one.

Source: I. Pohl, Bi-directional search (1971).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from stepsolve.calculus.fractions import common_denominator, cosine_to_sine, multiply_out
from stepsolve.calculus.laws import holds, laws, opposite
from stepsolve.calculus.moves import (
    Knowledge,
    Link,
    definition_of,
    derivative,
    moves,
    moves_at,
    moves_of_laws,
    unfoldings,
)
from stepsolve.calculus.normal import fraction, head, key, settle
from stepsolve.calculus.roots import of_numbers
from stepsolve.calculus.sums import written_out
from stepsolve.calculus.tidy import ZERO, factors
from stepsolve.derivation import Step
from stepsolve.notation.precedence import COMPARISONS
from stepsolve.notation.tree import Apply, Expression, replaced, walk

BUDGET = 90_000  # nodes of all expressions that one search may write down
_LARGEST = 120  # nodes of one expression that is followed
_MAX_CASES = 8
_A_SEARCH = 2  # one search may use this part of what is left of the budget
_BEFORE_CASES = 40  # and one for a proof without cases this part
_MAX_STRAIGHT = 16  # steps of a difference
_HEAVY = 0.22  # what a node of an expression weighs against one more link of the chain


class Proof(NamedTuple):
    """One chain, under the comparisons of its case; `cases` instead where there are several.

    `difference` says that the chain leads from left - right to 0.
    """

    steps: tuple[Step, ...] = ()
    case: tuple[Expression, ...] = ()
    cases: tuple[Proof, ...] = ()
    difference: bool = False

    def leaves(self) -> Iterator[Proof]:
        """The chains, one for every case."""
        if not self.cases:
            yield self
        for part in self.cases:
            yield from part.leaves()


class Prover:
    """Looks for proofs from what is known; `tried` counts the expressions written down so far.

    `budget` bounds the nodes of all expressions that its searches may write down together.
    """

    def __init__(self, known: Knowledge, budget: int = BUDGET) -> None:
        self._known, self._left = known, budget
        self.tried = 0

    def prove(self, left: Expression, right: Expression) -> Proof | None:
        """A proof that the sides are equal wherever both have values, or None if none is found."""
        return self._prove(left, right, _without_claim(left, right, self._known), (), _MAX_CASES)

    def _prove(
        self,
        left: Expression,
        right: Expression,
        known: Knowledge,
        case: tuple[Expression, ...],
        room: int,
    ) -> Proof | None:
        split = _undecided(left, right, known)
        part = _A_SEARCH if split is None else _BEFORE_CASES
        for knowledge in (known, _by_theorems(known)):
            steps, tried, spent = chain(left, right, knowledge, self._left // part)
            self.tried += tried
            self._left -= spent
            if steps is not None:
                return Proof(steps, case)
        if split is not None and room > 1:
            return self._by_cases(left, right, known, (*case, split), room // 2)
        steps = _difference(left, right, known)
        return None if steps is None else Proof(steps, case, difference=True)

    def _by_cases(
        self,
        left: Expression,
        right: Expression,
        known: Knowledge,
        case: tuple[Expression, ...],
        room: int,
    ) -> Proof | None:
        *outer, split = case
        parts = []
        for condition in (split, opposite(split)):
            within = known._replace(assumptions=known.assumptions.with_(condition))
            part = self._prove(left, right, within, (*outer, condition), room)
            if part is None:
                return None
            parts.append(part)
        return Proof(case=tuple(outer), cases=tuple(parts))


def _by_theorems(known: Knowledge) -> Knowledge:
    """The same without hyperbolic functions as exponentials, which only swell what theorems shorten."""
    kept = {n: d for n, d in known.definitions.items() if n not in ("sinh", "cosh", "tanh")}
    return known._replace(definitions=kept)


def _without_claim(left: Expression, right: Expression, known: Knowledge) -> Knowledge:
    """What is known without the claim itself: no theorem that shows it in one step, no derivative."""
    sides = (settle(left), settle(right))
    theorems: set[str] = set()
    slopes: set[str] = set()
    for side in sides:
        (about, *others) = factors(side).powers or {side: 1}
        if not others and head(about) == "diff" and head(about.children[0]) in known.definitions:
            slopes.add(head(about.children[0]))
    for node in dict.fromkeys((*walk(sides[0]), *walk(sides[1]))):
        for law in laws().get(head(node), ()):
            new = law.apply(node, known.assumptions) if law.theorem else None
            if new is not None:
                one, other = (key(settle(replaced(side, node, new))) for side in sides)
                theorems |= {head(node)} if one == other else set()
    return known._replace(unproved=frozenset(theorems), slopes=frozenset(slopes))


_CHOICES = frozenset(("abs", "relu", "leaky_relu", "elu", "sign", "max", "min", "where"))


def _undecided(left: Expression, right: Expression, known: Knowledge) -> Expression | None:
    """The simplest comparison that decides a choice whose outcome is not known, if there is one."""
    found = []
    for node in (*walk(resolved(left, known)), *walk(resolved(right, known))):
        condition = _condition(node)
        if condition is not None and not any(head(n) in _CHOICES for n in walk(condition)):
            turned = _turned(condition)
            if not any(holds(c, known.assumptions) for c in (turned, opposite(turned))):
                found.append(turned)
    # x > 0 before x >= 0: it decides both
    return min(found, key=lambda c: (c.size, head(c) not in (">", "<")), default=None)


def _condition(node: Expression) -> Expression | None:
    match node:
        case Apply(operation="abs" | "relu", arguments=(a,)):
            return Apply(">=", a, ZERO)
        case Apply(operation="leaky_relu" | "elu", arguments=(a, *_)):
            return Apply(">", a, ZERO)
        case Apply(operation="sign", arguments=(a,)):
            return Apply("!=", a, ZERO)
        case Apply(operation="max" | "min", arguments=(a, b)):
            return Apply(">=", a, b)
        case Apply(operation="where", arguments=(Apply() as condition, _, _)):
            return condition if head(condition) in COMPARISONS else None
    return None


def resolved(expression: Expression, known: Knowledge) -> Expression:
    """The expression with every choice made that the assumptions decide."""
    node = expression
    if node.children:
        node = node.rebuilt(tuple(resolved(child, known) for child in node.children))
    if head(node) in _CHOICES:
        for local in moves_of_laws(node, known):
            if local.size < node.size:
                return local
    return node


def _turned(condition: Expression) -> Expression:
    """`-x >= 0` as `x <= 0`."""
    assert isinstance(condition, Apply)
    a, b = condition.arguments
    flipped = settle(Apply("neg", a))
    if b == ZERO and flipped.size < a.size and condition.operation in _TURNED:
        return Apply(_TURNED[condition.operation], flipped, ZERO)
    return condition


_TURNED = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}


class _Seen(NamedTuple):
    expression: Expression
    before: str  # the key of the expression that it was rewritten from
    links: tuple[Link, ...]
    cost: int


def chain(
    left: Expression, right: Expression, known: Knowledge, budget: int
) -> tuple[tuple[Step, ...] | None, int, int]:
    """The steps from left to right, found from both ends; expressions tried; budget spent."""
    sides = (settle(left), settle(right))
    seen: tuple[dict[str, _Seen], ...] = ({}, {})
    order = count()
    waiting: list[tuple[float, int, int, str]] = []

    def add(side: int, found: _Seen) -> str | None:
        name = key(found.expression)
        before = seen[side].get(name)
        if before is not None and before.cost <= found.cost:
            return None
        seen[side][name] = found
        priority = found.cost + _HEAVY * found.expression.size
        heappush(waiting, (priority, next(order), side, name))
        return name if name in seen[1 - side] else None

    met = None
    for side, start in enumerate(sides):
        met = add(side, _Seen(start, "", (), 0)) or met
    spent = 0
    done: set[tuple[int, str]] = set()
    while waiting and met is None and spent < budget:
        _, _, side, name = heappop(waiting)
        if (side, name) in done:
            continue
        done.add((side, name))
        found = seen[side][name]
        for links in moves(found.expression, known):
            spent += sum(link.after.size for link in links)
            if links[-1].after.size > _LARGEST:
                continue
            met = add(side, _Seen(links[-1].after, name, links, found.cost + len(links)))
            if met is not None:
                break
    tried = len(seen[0]) + len(seen[1])
    if met is None:
        return None, tried, spent
    return _joined(left, right, _way(seen[0], met), _way(seen[1], met), known), tried, spent


def _way(seen: dict[str, _Seen], name: str) -> list[_Seen]:
    """From the start of a side to where it met the other."""
    way = []
    while name:
        way.append(seen[name])
        name = way[-1].before
    return way[::-1]


def _joined(
    left: Expression,
    right: Expression,
    there: list[_Seen],
    back: list[_Seen],
    known: Knowledge,
) -> tuple[Step, ...]:
    links = [link for seen in there[1:] for link in seen.links]
    reverse = [link for seen in back[1:] for link in seen.links]
    chained: list[tuple[str, Expression]] = [(link.rule, link.after) for link in links]
    befores = [right, *(link.after for link in reverse)][: len(reverse)]
    chained += [
        (link.back, before) for link, before in zip(reverse[::-1], befores[::-1], strict=True)
    ]
    if not reverse:
        last = chained.pop()[0] if chained else "the same, put in order"
        chained.append((last, right))
    return _as_steps(left, chained, known)


def _as_steps(
    start: Expression, chained: list[tuple[str, Expression]], known: Knowledge
) -> tuple[Step, ...]:
    said = {definition_of([one]): one.formula for one in known.definitions.values()}
    steps = []
    for rule, after in chained:
        steps.append(Step(rule, start, after, said.get(rule)))
        start = after
    return tuple(steps)


def _difference(left: Expression, right: Expression, known: Knowledge) -> tuple[Step, ...] | None:
    """The steps from left - right to 0: definitions, common denominator, multiplied out."""
    start = Apply("-", left, right)
    chained: list[tuple[str, Expression]] = []
    current = settle(start)
    for _ in range(_MAX_STRAIGHT):
        if current == ZERO:
            return _as_steps(start, chained, known)
        links = next(_straight(current, known), None)
        if links is None or links[-1].after.size > 4 * _LARGEST:
            return None
        chained += [(link.rule, link.after) for link in links]
        current = links[-1].after
    return None


def _straight(expression: Expression, known: Knowledge) -> Iterator[tuple[Link, ...]]:
    """The moves that need no choice, in their order; inner fractions before outer ones."""
    yield from unfoldings(expression, known)
    inside = sorted(dict.fromkeys(walk(expression)), key=lambda node: node.size)
    for local in (written_out, derivative, of_numbers, common_denominator):
        yield from moves_at(inside, local, expression, known)
    top, _ = fraction(expression)
    for local in (multiply_out, cosine_to_sine):
        yield from moves_at([top], local, expression, known)
