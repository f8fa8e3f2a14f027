"""The verdicts of a chain `left = side = side ...`, one for every sign, in the light of the ledger."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from stepsolve.marking import symbols
from stepsolve.marking.explaining import WrongSide, slips_in
from stepsolve.marking.judging import Expected, Judge
from stepsolve.marking.ledger import Ledger, Quantity, shape_of
from stepsolve.marking.matching import Matcher
from stepsolve.marking.slips import explain_formula
from stepsolve.marking.spread import Interval
from stepsolve.marking.trial import symbolic_scene
from stepsolve.marking.values import Exact, NoValue, flat, in_floats
from stepsolve.marking.verdicts import AGREES, Judgement, MarkedLine, Verdict
from stepsolve.marking.written import Written, coarse, stands_for, written_entries
from stepsolve.notation import names as notation
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    Number,
    names,
    substitute,
    transform,
    walk,
)
from stepsolve.operations.array_operation import Index
from stepsolve.operations.table import row_of
from stepsolve.source.handwriting import Chain

_COMPARED: Final = {"<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge}
_OPERATIONS: Final = {"<": "<", "≤": "<=", ">": ">", "≥": ">="}
_RIGHT: Final = AGREES | {Verdict.CARRIED, Verdict.DEFINES, Verdict.LAST_DIGIT}


class Target(NamedTuple):
    """What the left of a chain names: a quantity, or one entry of it."""

    quantity: Quantity
    place: Index = ()

    def of(self, value: Exact | None) -> Exact | None:
        """Its part of a value of the quantity."""
        return value[self.place] if value is not None and self.place else value

    def part(self, interval: Interval | None) -> Interval | None:
        if interval is None or not self.place:
            return interval
        return Interval(interval.low[self.place], interval.high[self.place])


class Function(NamedTuple):
    """A function that the work defines, `f(x) = x^2`."""

    parameters: tuple[str, ...]
    body: Expression

    def __call__(self, arguments: tuple[Expression, ...]) -> Expression:
        return substitute(self.body, dict(zip(self.parameters, arguments, strict=True)))


class _Side(NamedTuple):
    """A side of a chain: its numbers if it is nothing else, and its value if it has one."""

    expression: Expression
    numbers: Mapping[Index, Written] | None
    value: Exact | None
    why: str = ""


class Marker:
    """Judges chains in the order of the work, and enters what they state into the ledger.

    `open_names` says that the work gives names their values itself, as notes without a problem do.
    """

    def __init__(
        self,
        ledger: Ledger,
        aliases: Mapping[str, Expression] | None = None,
        open_names: bool = True,
    ) -> None:
        self.ledger = ledger
        self.aliases = dict(aliases or {})
        self.judge = Judge(ledger.arithmetic)
        self.seen: set[str] = set()  # names that have been given a value since the last heading
        self.open_names = open_names
        self.matcher = Matcher(ledger)
        self.names: set[str] = {*ledger.quantities, *self.aliases}
        """The names that are known so far."""
        self.functions: dict[str, Function] = {}
        """The functions that the work has defined."""
        self._before: Chain | None = None
        self.skipped: set[str] = set()  # quantities that the work passes over, told once
        self.told_new = "" if open_names else "a name of the work's own: the problem has none such"

    @property
    def arities(self) -> dict[str, int]:
        """The functions that the work has defined, with their numbers of arguments."""
        return {name: len(function.parameters) for name, function in self.functions.items()}

    def meaning(self, name: str) -> Expression | None:
        """What a name of the work stands for, if it is not the problem's own."""
        if name in self.aliases:
            return self.aliases[name]
        parts = notation.gradient(name) if name not in self.ledger else None
        if parts is None:
            return None
        of, *by = (
            self.aliases.get(each, Name(each)) for each in (parts.of, *(n for n, _ in parts.by))
        )
        if parts.order == 1 and isinstance(of, Name) and isinstance(by[0], Name):
            meant = notation.gradient_name(of.name, by[0].name)
            return Name(meant) if meant in self.ledger else None
        return None

    def new_section(self) -> None:
        """From here on notes may give a name a new value."""
        self.seen = set()

    def may_be_new(self, name: str) -> bool:
        """Whether a name that has a value is given a new one, under a new heading."""
        return self.open_names and name not in self.seen

    def mark(self, chain: Chain, line: int, text: str) -> MarkedLine:
        """The verdicts of one chain; one that begins with a sign goes on from the chain before."""
        chain = _with_indicators(chain)
        count = len(chain.signs)
        if chain.lead and self._before is not None:
            before = self._before
            chain = chain._replace(
                sides=before.sides + chain.sides,
                signs=(*before.signs, chain.lead, *chain.signs),
                latex=before.latex or chain.latex,
            )
            count += 1
        self._before = chain
        marked = _Marking(self, chain, line).marked(text)
        return marked._replace(judgements=marked.judgements[-count:] if count else ())


class _Marking:
    """The marking of one chain."""

    def __init__(self, marker: Marker, chain: Chain, line: int) -> None:
        self._marker, self._line, self._paper = marker, line, chain.latex
        self._ledger, self._judge = marker.ledger, marker.judge
        self._signs = chain.signs
        self._sides = [self._side(self._meant(side)) for side in chain.sides]
        self._function = self._defined(chain.sides)
        self._match()
        self._target = self._named(self._sides[0].expression)
        self._fresh = self._target is not None and not self._target.quantity.is_known
        if self._target is not None and self._fresh:
            self._define(self._target.quantity)

    def _meant(self, side: Expression) -> Expression:
        """A side with the problem's names for those of the work."""
        meant = {
            name: meaning
            for name in names(side)
            if (meaning := self._marker.meaning(name)) is not None
        }
        side = substitute(side, meant) if meant else side
        return self._called(side) if self._marker.functions else side

    def _called(self, side: Expression) -> Expression:
        """A side with what they are for the functions that the work has defined."""

        def called(node: Expression) -> Expression | None:
            match node:
                case Apply(operation=name, arguments=arguments) if name in self._marker.functions:
                    function = self._marker.functions[name]
                    if len(arguments) == len(function.parameters):
                        return function(tuple(map(self._called, arguments)))
            return None

        return transform(side, called)

    def _defined(self, sides: tuple[Expression, ...]) -> bool:
        """Whether the chain defines a function, `f(x) = x^2`, which is then known."""
        match sides[0]:
            case Apply(operation=name, arguments=arguments) if (
                len(sides) > 1
                and row_of(name) is None
                and name not in self._marker.functions
                and all(isinstance(argument, Name) for argument in arguments)
            ):
                parameters = tuple(a.name for a in arguments if isinstance(a, Name))
                self._marker.functions[name] = Function(parameters, self._sides[1].expression)
                return True
        return False

    def _match(self) -> None:
        """A name that the problem does not have stands for what has the same value there."""
        left, *sides = self._sides
        side = next((s for s in sides if s.value is not None), None)
        if side is None or not isinstance(left.expression, Name) or self._marker.open_names:
            return
        name = left.expression.name
        if name in self._ledger:
            return
        meant = self._marker.matcher.match(name, side.expression, side.value)
        if meant is not None and meant != name:
            self._marker.aliases[name] = Name(meant)
        if meant is not None:
            self._sides[0] = self._side(Name(meant))

    def _side(self, side: Expression) -> _Side:
        numbers = written_entries(side)
        try:
            value = self._ledger.evaluate(side, self._ledger.own, self._paper)
        except NoValue as error:
            return _Side(side, numbers, None, str(error))
        return _Side(side, numbers, value)

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
        if target is not None and found:
            self._enter(target, found)
        of = target.quantity.name if target is not None else ""
        return MarkedLine(self._line, text, tuple(found), of, skipped)

    # ------------------------------------------------------------------------------- the left side

    def _named(self, side: Expression) -> Target | None:
        """The quantity that the left names, new where it has none."""
        match side:
            case Name(name=name):
                if name not in self._ledger or self._marker.may_be_new(name):
                    self._ledger.add(Quantity(name))
                    self._marker.names.add(name)
                self._marker.seen.add(name)
                return Target(self._ledger[name])
            case Item(base=Name(name=name), indices=indices) if name in self._ledger:
                index = tuple(int(i.text) for i in indices if isinstance(i, Number))
                dims = self._ledger[name].dims
                fits = len(index) == len(indices) == len(dims)
                if fits and all(i < n for i, n in zip(index, dims, strict=True)):
                    return Target(self._ledger[name], index)
        return None

    def _define(self, quantity: Quantity) -> None:
        """A name without a value so far: the first side that has a value is its formula."""
        sides = self._sides[1:]
        side = next((s for s in sides if s.value is not None), sides[0] if sides else None)
        if side is None or quantity.name in names(side.expression):  # x = x + 1 gives no value
            return
        quantity.formula, quantity.paper = side.expression, self._paper
        quantity.dims = shape_of(side.value) if side.value is not None else ()
        self._ledger.add(quantity)
        self._ledger.true(quantity.name)  # before a later section gives its names new values

    def _expected(self, target: Target) -> Expected | None:
        """What the left should be, by its formula; None for a symbol."""
        quantity = target.quantity
        true, own = self._ledger.true(quantity.name), self._ledger.derived(quantity)
        if own is None:
            return None
        interval = None
        uses = names(quantity.formula) if quantity.formula is not None else ()
        if quantity.formula is not None and not quantity.given and self._ledger.touched(quantity):
            interval = self._ledger.range(quantity.formula, quantity.paper)
        wrong = any(self._ledger.is_wrong(name) for name in uses)
        others = (self._ledger.own(quantity.name),) if quantity.is_stated else ()
        return Expected(
            target.of(own),
            target.of(true),
            target.part(interval),
            tuple(target.of(other) for other in others),
            wrong,
        )

    def _first(self, target: Target) -> Judgement:
        """The first sign, after a name."""
        if self._fresh:
            return Judgement(Verdict.DEFINES, self._marker.told_new)
        side, expected = self._sides[1], self._expected(target)
        if expected is None:
            return self._symbolic(target.quantity.formula, side, always=True, first=True)
        if side.value is None:
            return self._symbolic(target.quantity.formula, side, always=False, first=True)
        if side.numbers is not None:
            judgement = self._judge.numbers(side.numbers, expected)
        else:
            judgement = self._judge_expression(side, expected)
            if judgement.verdict in _RIGHT and not target.quantity.is_stated:
                return judgement._replace(verdict=Verdict.DEFINES)
        if judgement.verdict is Verdict.WRONG:
            return self._explained(judgement, target.quantity.formula, side, target)
        return judgement

    # ------------------------------------------------------------------------------ between sides

    def _between(self, k: int, before: list[Judgement]) -> Judgement:
        left, right = self._sides[k - 1], self._sides[k]
        sign = self._signs[k - 1]
        if sign in _COMPARED:
            return self._compared(left, sign, right)
        if left.value is None or right.value is None:
            return self._symbolic(left.expression, right, always=False)
        others: tuple[Exact, ...] = ()
        if all(judgement.verdict is not Verdict.WRONG for judgement in before):
            others = tuple(s.value for s in self._sides[: k - 1] if s.value is not None)
        interval = self._ledger.range(left.expression, self._paper)
        wrong = any(self._ledger.is_wrong(name) for name in names(left.expression))
        true = self._true(left.expression) if wrong else None
        expected = Expected(left.value, true, interval, others, wrong)
        if right.numbers is not None:
            numbers = right.numbers
            if sign == "≈":  # 61,000,000 for 60,965,224
                numbers = {index: coarse(number) for index, number in numbers.items()}
            judgement = self._judge.numbers(numbers, expected)
        else:
            judgement = self._judge_expression(right, expected)
        if judgement.verdict is Verdict.WRONG:
            return self._explained(judgement, left.expression, right)
        return judgement

    @staticmethod
    def _compared(left: _Side, sign: str, right: _Side) -> Judgement:
        """An inequality between numbers."""
        if (
            left.value is None
            or right.value is None
            or np.shape(left.value)
            or np.shape(right.value)
        ):
            return Judgement(Verdict.UNDECIDABLE, left.why or right.why)
        holds = _COMPARED[sign](left.value, right.value)
        return Judgement(Verdict.EXACT) if holds else Judgement(Verdict.WRONG, "this does not hold")

    def _true(self, expression: Expression) -> Exact | None:
        try:
            return self._ledger.evaluate(expression, self._ledger.true, self._paper)
        except NoValue:
            return None

    def _judge_expression(self, side: _Side, expected: Expected) -> Judgement:
        known = in_floats(self._ledger.known(side.expression, self._ledger.own))
        return self._judge.expression(side.expression, side.value, known, self._paper, expected)

    def _explained(
        self,
        judgement: Judgement,
        formula: Expression | None,
        side: _Side,
        target: Target | None = None,
    ) -> Judgement:
        """A wrong side with the slips that explain it."""
        if formula is None or side.value is None:
            return judgement
        quantity = target.quantity if target is not None else None
        paper = self._paper if quantity is None or quantity.formula is None else quantity.paper
        wrong = WrongSide(side.expression, side.value, side.numbers, self._paper)
        place = target.place if target is not None else ()
        slips = slips_in(self._ledger, self._judge, formula, paper, wrong, place)
        return judgement._replace(slips=slips)

    def _symbolic(
        self, left: Expression | None, side: _Side, *, always: bool, first: bool = False
    ) -> Judgement:
        """A sign between sides that hang on symbols."""
        if left is None:
            return Judgement(Verdict.DEFINES)
        formulas = self._ledger.formulas(left, side.expression)
        one, other = (symbols.inlined(s, formulas) for s in (left, side.expression))
        known = self._ledger.scalars(one, other)
        same = symbols.equal(one, other, known)
        if same:
            return Judgement(Verdict.DEFINES if first else Verdict.EXACT)
        if same is None:
            return Judgement(Verdict.UNDECIDABLE, side.why or "these symbols were not compared")
        ours, theirs = (symbols.free(s) - known.keys() for s in (one, other))
        claims = any(isinstance(n, Apply) and n.operation == "diff" for n in walk(one))
        if always or claims or (theirs and theirs <= ours):
            slips = explain_formula(symbolic_scene(one, other, known))
            return Judgement(Verdict.WRONG, "the sides are not equal", slips=slips)
        return Judgement(Verdict.DEFINES, "the names without a value are given one")

    # --------------------------------------------------------------------------- what is taken on

    def _enter(self, target: Target, found: list[Judgement]) -> None:
        """Into the ledger: the numbers that the chain ends with, and what stands behind them."""
        quantity = target.quantity
        expected = self._expected(target)
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
        behind = self._behind(list(written.values()), expected, as_a_value is Verdict.WRONG)
        self._ledger.state(
            quantity,
            {(*target.place, *index): number for index, number in written.items()},
            self._placed(target, behind),
            self._line,
        )

    def _behind(self, numbers: list[Written], expected: Expected, wrong: bool) -> Interval:
        """The unrounded values that the hand may have gone on with, entry by entry."""
        value = np.array([float(number.value) for number in numbers])
        if wrong:
            halves = np.array([float(n.unit) / 2 if n.is_decimal else 0.0 for n in numbers])
            return Interval(value - halves, value + halves)
        bounds = [stands_for(number) for number in numbers]
        least = np.array([float(low) for low, _ in bounds])
        most = np.array([float(high) for _, high in bounds])
        found = Interval(value, value)
        if expected.true is not None and not expected.wrong:
            found = found.around(_floats(expected.true))
        ranges = [Interval(*(2 * (_floats(v),))) for v in (expected.own, *self._values())]
        if expected.interval is not None:
            ranges.append(Interval(*(np.ravel(end) for end in expected.interval)))
        for each in ranges:
            if each.low.shape != value.shape:
                continue
            low, high = np.maximum(each.low, least), np.minimum(each.high, most)
            meets = low <= high
            found = found.around(np.where(meets, low, value), np.where(meets, high, value))
        return found

    def _values(self) -> list[Exact]:
        return [side.value for side in self._sides[1:] if side.value is not None]

    def _placed(self, target: Target, entries: Interval) -> Interval:
        """The interval of a whole quantity with some entries put in."""
        quantity = target.quantity
        if not target.place:
            return Interval(*(end.reshape(quantity.dims) for end in entries))
        before = self._ledger.behind(quantity.name)
        assert before is not None
        ends = tuple(np.array(end, dtype=float) for end in before)
        for end, entry in zip(ends, entries, strict=True):
            end[target.place] = entry[0]
        return Interval(*ends)


def _with_indicators(chain: Chain) -> Chain:
    """A chain in which `c = a > b = 1` has a comparison for a side: its value is 0 or 1."""
    sides, signs = list(chain.sides), list(chain.signs)
    k = 1
    while k < len(signs) - 1:
        after = sides[k + 2]
        is_value = isinstance(after, Number) and after.text in ("0", "1")
        if signs[k] in _COMPARED and signs[k - 1] == signs[k + 1] == "=" and is_value:
            sides[k : k + 2] = [Apply(_OPERATIONS[signs[k]], sides[k], sides[k + 1])]
            del signs[k]
        k += 1
    return chain._replace(sides=tuple(sides), signs=tuple(signs))


def _floats(value: Exact) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(value, dtype=float).ravel()
