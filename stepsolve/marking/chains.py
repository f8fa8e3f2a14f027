"""The verdicts of a chain `left = side = side ...`, one for every sign, in the light of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import Final, NamedTuple

import numpy as np

from stepsolve.marking import symbols
from stepsolve.marking.comparisons import COMPARED, compared, with_indicators
from stepsolve.marking.explaining import Explainer, WrongSide
from stepsolve.marking.formulas import Formulas
from stepsolve.marking.judging import Expected, Judge
from stepsolve.marking.ledger import Ledger, Quantity, shape_of
from stepsolve.marking.limits import has_limit
from stepsolve.marking.matching import Clues
from stepsolve.marking.sides import Side, Target, behind, side_of
from stepsolve.marking.spread import Interval
from stepsolve.marking.values import Exact, NoValue, flat, in_floats
from stepsolve.marking.verdicts import AGREES, Judgement, MarkedLine, Verdict
from stepsolve.marking.vocabulary import Vocabulary
from stepsolve.marking.written import Written, coarse
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, Item, Name, Number, names
from stepsolve.operations.array_operation import Index
from stepsolve.source.handwriting import Chain

_OFF: Final = frozenset({Verdict.WRONG, Verdict.LAST_DIGIT})
_UNROUNDED: Final = "the numbers shown do not give it, those before they were rounded do"
_BEHIND: Final = 8  # earlier sides of a chain that may stand behind a later one
_RIGHT: Final = AGREES | {Verdict.CARRIED, Verdict.DEFINES, Verdict.LAST_DIGIT}


class Miss(NamedTuple):
    """A wrong side of a line for a quantity of the problem, or for the entry at a place of it.

    `before` are the names that the work had given before it, and the quantities they stand for.
    """

    of: str
    place: Index
    value: Exact
    before: tuple[tuple[str, str], ...]


class Marker:
    """Judges chains in the order of the work, and enters what they state into the ledger.

    `aliases` are names of the work for quantities of the problem. `is_open` says that the work gives
    names their values itself, as notes without a problem do.
    """

    def __init__(
        self,
        ledger: Ledger,
        aliases: Mapping[str, Expression] | None = None,
        is_open: bool = True,
    ) -> None:
        self.ledger = ledger
        self.words = Vocabulary(ledger, aliases or {}, is_open)
        self.judge = Judge(ledger.arithmetic)
        self.explainer = Explainer(ledger, self.judge)
        self.formulas = Formulas(ledger)
        self.skipped: set[str] = set()  # quantities that the work passes over, told once
        self.named: dict[str, str] = {}  # names of the work, and the quantities that they stand for
        self.misses: list[Miss] = []
        self._before: Chain | None = None

    @cached_property
    def given(self) -> set[Decimal]:
        """The numbers that the problem gives."""
        given = (Name(q.name) for q in self.ledger.quantities.values() if q.given)
        return self.ledger.exact(*given)

    def mark(self, chain: Chain, line: int, text: str) -> MarkedLine:
        """The verdicts of one chain; one that begins with a sign goes on from the chain before."""
        chain = with_indicators(chain)
        count, earlier = len(chain.signs), 0
        if chain.lead and self._before is not None:
            before = self._before
            earlier = len(before.sides)
            chain = chain._replace(
                sides=before.sides + chain.sides,
                signs=(*before.signs, chain.lead, *chain.signs),
                paper=before.paper or chain.paper,
            )
            count += 1
        elif chain.lead:
            marked = _Marking(self, chain, line).marked(text)
            lost = Judgement(Verdict.UNDECIDABLE, "what it goes on from was not read")
            return marked._replace(judgements=(lost, *marked.judgements))
        self._before = chain
        marked = _Marking(self, chain, line, earlier).marked(text)
        return marked._replace(judgements=marked.judgements[-count:] if count else ())

    def passed_over(self) -> None:
        """A line that was not read: what begins with a sign does not go on from an earlier one."""
        self._before = None


class _Marking:
    """The marking of one chain, the first sides of which may stand in `earlier` lines."""

    def __init__(self, marker: Marker, chain: Chain, line: int, earlier: int = 0) -> None:
        self._marker, self._line, self._paper = marker, line, chain.paper
        self._earlier = earlier
        self._ledger, self._judge, self._words = marker.ledger, marker.judge, marker.words
        self._formulas = marker.formulas
        self._left, self._signs = chain.sides[0], chain.signs
        meant = [self._words.meant(side, k == 0) for k, side in enumerate(chain.sides)]
        self._sides = [side_of(side, self._ledger, self._paper) for side in meant]
        self._function = len(meant) > 1 and self._words.define(chain.sides[0], meant[1])
        self._match(chain)
        self._target = self._named(self._sides[0].expression)
        self._fresh = self._target is not None and not self._target.quantity.is_known
        if self._target is not None and self._fresh:
            self._define(self._target.quantity)

    def _match(self, chain: Chain) -> None:
        """A name that the problem does not have stands for what has the same value there.

        One that has stood for something else, as `h_t` for another step, may stand for the next.
        """
        left, *sides = self._sides
        written, *others = chain.sides
        side = next((s for s in sides if s.value is not None), None)
        if side is None or not isinstance(written, Name):
            return
        numbers = next((s.numbers for s in reversed(sides) if s.numbers is not None), None)
        target = self._named(left.expression) if left.expression != written else None
        if target is not None and (not target.is_stated or self._words.fits(written.name, numbers)):
            return
        within = partial(self._within, side.expression)
        clues = Clues(side.expression, side.value, numbers, within, partial(self._gives, numbers))
        meant = self._words.match(written.name, clues)
        if meant is not None:  # which may have told what the letters of the other sides mean
            meanings = (meant, *map(self._words.meant, others))
            self._sides = [side_of(each, self._ledger, self._paper) for each in meanings]

    def _within(self, side: Expression) -> Interval | None:
        """What a side comes to with its decimals as rounded numbers, but for those that are given."""
        known = in_floats(self._ledger.known(side, self._ledger.own))
        return self._judge.range(side, known, self._paper, 0.5, self._marker.given)

    def _gives(self, numbers: Mapping[Index, Written] | None, quantity: Quantity) -> bool:
        """Whether numbers are right for a quantity."""
        expected = Target(quantity).expected(self._ledger)
        if numbers is None or expected is None:
            return False
        return self._judge.numbers(numbers, expected).verdict in _RIGHT

    def marked(self, text: str) -> MarkedLine:
        target, found = self._target, list[Judgement]()
        skipped: tuple[str, ...] = ()
        if target is not None and len(self._sides) > 1:
            passed = self._ledger.unstated(target.quantity.name)
            skipped = tuple(name for name in passed if name not in self._marker.skipped)
            self._marker.skipped.update(skipped)
            found.append(self._first(target))
        elif self._function:
            found.append(Judgement(Verdict.DEFINES))
        for k in range(len(found) + 1, len(self._sides)):
            found.append(self._between(k, found))
        if self._ledger.is_drawn:
            found = [self._without_numbers(k, each) for k, each in enumerate(found, 1)]
        if target is not None and found:
            self._miss(target, found)
            self._enter(target, found)
            if isinstance(self._left, Name):
                self._marker.named[self._left.name] = target.quantity.name
        line = MarkedLine(self._line, text, tuple(found), skipped=skipped)
        if target is None:
            return line
        return line._replace(
            of=target.quantity.name,
            place=target.place,
            name=plain(self._left),
            is_own=self._fresh and not self._words.is_open and bool(found),
        )

    def _without_numbers(self, k: int, judgement: Judgement) -> Judgement:
        """What is said of a side where the values of the ledger are not the problem's."""
        left, right = self._sides[k - 1 : k + 1]
        if right.numbers is not None and left.numbers is None and judgement.verdict in _OFF:
            return Judgement(Verdict.UNDECIDABLE, "the problem gives no numbers")
        told = judgement.told
        if judgement.verdict is Verdict.WRONG and not told and not judgement.slips:
            told = f"this is not {plain(left.expression)}"
        return Judgement(judgement.verdict, told, slips=judgement.slips)

    # ------------------------------------------------------------------------------- the left side

    def _named(self, side: Expression) -> Target | None:
        """The quantity that the left names, new where it has none."""
        match side:
            case Name(name=name):
                return None if name in symbols.NO_NUMBERS else Target(self._words.quantity(name))
            case Item(base=Name(name=name), indices=indices) if name in self._ledger:
                place = tuple(int(i.text) for i in indices if isinstance(i, Number))
                dims = self._ledger[name].dims
                fits = len(place) == len(indices) == len(dims)
                if fits and all(i < n for i, n in zip(place, dims, strict=True)):
                    return Target(self._ledger[name], place)
        return None

    def _define(self, quantity: Quantity) -> None:
        """A name without a value so far: the first side that has a value is its formula."""
        sides = self._sides[1:]
        side = next((s for s in sides if s.value is not None), sides[0] if sides else None)
        if side is None or quantity.varies or quantity.name in names(side.expression):
            return  # x = x + 1 gives no value
        quantity.formula, quantity.paper = side.expression, self._paper
        quantity.dims = shape_of(side.value) if side.value is not None else ()
        self._ledger.add(quantity)
        self._ledger.true(quantity.name)  # before a later section gives its names new values

    def _first(self, target: Target) -> Judgement:
        """The first sign, after a name."""
        side = self._sides[1]
        if side.undefined:
            return Judgement(Verdict.WRONG, side.why)
        if self._fresh:
            return Judgement(Verdict.DEFINES)
        expected = target.expected(self._ledger)
        if expected is None:
            return self._symbolic(target.quantity.formula, side, always=True, first=True)
        if side.value is None:
            found = self._symbolic(target.quantity.formula, side, always=False, first=True)
            if found.verdict is Verdict.UNDECIDABLE and self._formulas.is_unknown(side.expression):
                return found._replace(verdict=Verdict.DEFINES)  # what follows it is judged
            return found
        if side.numbers is not None:
            judgement = self._judge.numbers(side.numbers, expected)
        else:
            left = self._sides[0].expression
            judgement = self._judge_expression(side, expected, left)
            if judgement.verdict in AGREES and self._differs(left, side.expression):
                return _elsewhere()
            if judgement.verdict in _RIGHT and not target.is_stated:
                return judgement._replace(verdict=Verdict.DEFINES)
        if judgement.verdict is Verdict.WRONG:
            return self._explained(judgement, target.quantity.formula, side, target)
        return judgement

    # ------------------------------------------------------------------------------ between sides

    def _between(self, k: int, before: list[Judgement]) -> Judgement:
        left, right = self._sides[k - 1], self._sides[k]
        sign = self._signs[k - 1]
        if right.undefined or (left.undefined and k == 1):
            return Judgement(Verdict.WRONG, right.why if right.undefined else left.why)
        if sign in COMPARED:
            return compared(left, sign, right)
        if has_limit(left.expression) or has_limit(right.expression):
            return self._formulas.limits(left.expression, right.expression)
        if left.value is None and right.value is not None:
            left = next((s for s in reversed(self._sides[: k - 1]) if s.value is not None), left)
        if left.value is None or right.value is None:
            return self._symbolic(left.expression, right, always=False)
        others: tuple[Exact, ...] = ()
        if all(judgement.verdict is not Verdict.WRONG for judgement in before):
            others = self._values(self._sides[: self._last_behind(k)])
        interval = self._ledger.range(left.expression, self._paper)
        wrong = any(self._ledger.is_wrong(name) for name in names(left.expression))
        true = self._true(left.expression) if wrong else None
        expected = Expected(left.value, true, interval, others, wrong)
        if right.numbers is not None:
            numbers = right.numbers
            if sign == "≈":  # 61,000,000 for 60,965,224
                numbers = {index: coarse(number) for index, number in numbers.items()}
            judgement = self._judge.numbers(numbers, expected)
            if judgement.verdict in _OFF and self._is_unrounded(numbers, k):
                return judgement._replace(told=_UNROUNDED)
        else:
            judgement = self._judge_expression(right, expected, left.expression)
            if judgement.verdict in AGREES and self._differs(left.expression, right.expression):
                return _elsewhere()
        if judgement.verdict is Verdict.WRONG:
            return self._explained(judgement, left.expression, right)
        return judgement

    def _last_behind(self, k: int) -> int:
        """How many of the sides before one may stand, unrounded, behind it.

        Where no problem tells what is right, those of the same line show what they come to.
        """
        return min(k - 1, self._earlier) if self._words.is_open else k - 1

    def _is_unrounded(self, numbers: Mapping[Index, Written], k: int) -> bool:
        """Whether the numbers are those of an earlier side of the line, before it was rounded."""
        values = self._values(self._sides[self._last_behind(k) : k - 1])
        found = (self._judge.numbers(numbers, Expected(value)).verdict for value in values)
        return any(verdict in AGREES for verdict in found)

    @staticmethod
    def _values(sides: Sequence[Side]) -> tuple[Exact, ...]:
        return tuple(side.value for side in sides[-_BEHIND:] if side.value is not None)

    def _true(self, expression: Expression) -> Exact | None:
        try:
            return self._ledger.evaluate(expression, self._ledger.true, self._paper)
        except NoValue:
            return None

    def _judge_expression(self, side: Side, expected: Expected, left: Expression) -> Judgement:
        known = in_floats(self._ledger.known(side.expression, self._ledger.own))
        behind = self._ledger.range(side.expression, self._paper)
        exact = self._ledger.exact(*(s for s in (left, self._formula) if s is not None))
        return self._judge.expression(
            side.expression, side.value, known, self._paper, expected, behind, exact
        )

    @property
    def _formula(self) -> Expression | None:
        """The formula of what the chain states."""
        return self._target.quantity.formula if self._target is not None else None

    def _explained(
        self,
        judgement: Judgement,
        formula: Expression | None,
        side: Side,
        target: Target | None = None,
    ) -> Judgement:
        """A wrong side with the slips that explain it."""
        if formula is None or side.value is None:
            return judgement
        quantity = target.quantity if target is not None else None
        paper = self._paper if quantity is None or quantity.formula is None else quantity.paper
        wrong = WrongSide(side.expression, side.value, side.numbers, self._paper)
        place = target.place if target is not None else ()
        return judgement._replace(slips=self._marker.explainer.slips(formula, paper, wrong, place))

    def _symbolic(
        self, left: Expression | None, side: Side, *, always: bool, first: bool = False
    ) -> Judgement:
        """A sign between sides that hang on symbols."""
        why = next((s.why for s in reversed(self._sides) if s.why), "")
        return self._formulas.judged(left, side, why, always=always, first=first)

    def _differs(self, left: Expression, other: Expression) -> bool:
        """Whether formulas in the variables of the problem's functions are different functions."""
        one = self._formula if isinstance(left, Name) and self._formula is not None else left
        return self._formulas.differ(one, other, self._words.variables)

    # --------------------------------------------------------------------------- what is taken on

    def _miss(self, target: Target, found: list[Judgement]) -> None:
        """What is wrong, to be traced back to an earlier line."""
        for side, judgement in zip(self._sides[1:], found, strict=True):
            if judgement.verdict is Verdict.WRONG and side.value is not None:
                before = tuple(self._marker.named.items())
                name = target.quantity.name
                self._marker.misses.append(Miss(name, target.place, side.value, before))

    def _enter(self, target: Target, found: list[Judgement]) -> None:
        """Into the ledger: the numbers that the chain ends with, and what stands behind them."""
        quantity = target.quantity
        expected = target.expected(self._ledger)
        if expected is None or quantity.given:
            return
        side = next((s for s in reversed(self._sides[1:]) if s.numbers is not None), None)
        if side is not None and side.numbers is not None:
            numbers = list(side.numbers.values())
        elif not self._fresh and (last := self._sides[-1]).value is not None:
            unit = Decimal("1e-30")
            decimal = self._ledger.arithmetic.decimal
            numbers = [Written(decimal(entry), unit) for entry in flat(last.value)]
        else:
            return
        dims = () if target.place else quantity.dims
        places = list(np.ndindex(dims))
        if len(places) != len(numbers):
            return
        written = dict(zip(places, numbers, strict=True))
        bad = any(j.verdict in (Verdict.WRONG, Verdict.FOLLOWS) for j in found)
        as_a_value = self._judge.numbers(written, expected).verdict
        wrong = bad and as_a_value in (Verdict.WRONG, Verdict.FOLLOWS, Verdict.UNDECIDABLE)
        quantity.wrong = wrong or (quantity.wrong and bool(target.place))
        values = [side.value for side in self._sides[1:] if side.value is not None]
        reached = [
            self._judge.range(side.expression, {}, self._paper, 0.5)
            for side in self._sides[1:]
            if side.numbers is None and not names(side.expression)
        ]
        entries = behind(numbers, expected, values, as_a_value is Verdict.WRONG, reached)
        self._ledger.state(
            quantity,
            {(*target.place, *index): number for index, number in written.items()},
            target.placed(entries, self._ledger),
        )


def _elsewhere() -> Judgement:
    """Of a formula with the right value and nothing else: no slip made it."""
    return Judgement(Verdict.WRONG, "equal at the point of the problem, but not elsewhere")
