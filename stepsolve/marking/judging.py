"""One side of an `=` against what it should be: the tiers from exact to wrong.

What a side should be is told three ways: the truth, what the work's own values give, and the interval
that any mixture of displayed and unrounded values could give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np

from stepsolve.derivation import Value
from stepsolve.marking.spread import Interval, lettered, spread
from stepsolve.marking.values import PRECISE, Arithmetic, Exact, NoValue, alike, flat
from stepsolve.marking.verdicts import AGREES, Judgement, Verdict
from stepsolve.marking.written import Written, agreement, sizes_of, stands_for, written_number
from stepsolve.notation.numbers import Digits, number_text
from stepsolve.notation.tree import Expression, Number, names
from stepsolve.operations.array_operation import Index

_WIDE: Final = 20  # units of the last place; an interval of more, as wide as its value, is idle
_LISTED: Final = 12  # entries of an array that are told
_MANY: Final = 9  # digits more that are told at most
_RELATIVE: Final = 1e-12  # of float64 ranges
_CLOSE: Final = 0.005  # of a value that rounded numbers give although their digits tell little


Told = tuple[str, str, str, str, tuple[Value | None, Value | None]]
"""Of a judgement: no words, then the texts and the values of what was expected."""


class Expected(NamedTuple):
    """What a side should be: the truth, the value by the work's own numbers, and its interval.

    `others` are values that stand behind it as well: those of earlier sides of the same chain.
    `wrong` says that the own numbers hang on a mistake.
    """

    own: Exact
    true: Exact | None = None
    interval: Interval | None = None
    others: tuple[Exact, ...] = ()
    wrong: bool = False


class Judge:
    """Judges sides against what they should be."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self._arithmetic = arithmetic

    # ------------------------------------------------------------------------- numbers as written

    def numbers(self, numbers: Mapping[Index, Written], expected: Expected) -> Judgement:
        """A side of numbers: the worst verdict of its entries."""
        shape = np.shape(expected.own)
        written = sizes_of(numbers)
        if not written and shape:
            return self._alone(numbers[()], expected)
        if not alike(shape, written):
            told = f"{_sizes(written)} where {_sizes(shape)} belongs"
            return Judgement(Verdict.WRONG, told)
        found = []
        parts = [flat(expected.own)]
        parts.append(flat(expected.true) if expected.true is not None else [None] * len(parts[0]))
        for k, (index, number) in enumerate(numbers.items()):
            interval = None
            if expected.interval is not None:
                ends = (flat(end) for end in expected.interval)
                interval = Interval(*(float(end[k]) for end in ends))
            others = tuple(flat(o)[k] for o in expected.others if np.shape(o) == shape)
            entry = Expected(parts[0][k], parts[1][k], interval, others, expected.wrong)
            found.append((self.number(number, entry), index))
        worst, index = max(found, key=lambda pair: pair[0].verdict.severity)
        if index and worst.verdict is Verdict.WRONG:
            sides = zip(index, written, strict=True)
            place = ", ".join(str(i) for i, size in sides if size > 1) or "0"
            more = sum(each.verdict is Verdict.WRONG for each, _ in found) - 1
            told = f"the entry [{place}]" + (f" and {more} more" if more else "")
            worst = worst._replace(told=f"{told}: {worst.told}".rstrip(": "), others=more)
        return worst

    def _alone(self, number: Written, expected: Expected) -> Judgement:
        """One number where an array belongs: for entries that are all the same, or for one of them."""
        true = expected.own if expected.true is None else expected.true
        entries = {self._arithmetic.decimal(entry): entry for entry in flat(true)}
        if len(entries) == 1:
            return self.number(number, Expected(next(iter(entries.values()))))
        if any(agreement(value, number, PRECISE) in AGREES for value in entries):
            return Judgement(Verdict.EXACT, "one entry of several")
        return Judgement(Verdict.WRONG, f"a number where {_sizes(np.shape(true))} belongs")

    def number(self, number: Written, expected: Expected) -> Judgement:
        """One written number."""
        own = self._arithmetic.decimal(expected.own)
        by_own = agreement(own, number, PRECISE)
        true = own if expected.true is None else self._arithmetic.decimal(expected.true)
        by_truth = by_own if expected.true is None else agreement(true, number, PRECISE)
        if expected.wrong:
            best = by_truth if by_truth in AGREES else Verdict.FOLLOWS
        else:
            best = min(by_truth, by_own, key=lambda verdict: verdict.severity)
        if by_truth in AGREES or by_own in AGREES:
            return Judgement(best, *_told(true, own, number))
        behind = self._behind(number, own, expected)
        if behind is Verdict.UNDECIDABLE and expected.interval is not None:
            return Judgement(behind, self._too_few(expected.interval, expected.own))
        if behind is not None:
            return Judgement(behind, *_told(true, own, number))
        if Verdict.LAST_DIGIT in (by_own, by_truth):
            verdict = Verdict.FOLLOWS if expected.wrong else Verdict.LAST_DIGIT
            return Judgement(verdict, *_told(true, own, number))
        return Judgement(Verdict.WRONG, *_told(true, own, number))

    def _behind(self, number: Written, own: Decimal, expected: Expected) -> Verdict | None:
        """The verdict if unrounded values behind displayed ones give the number."""
        carried = Verdict.FOLLOWS if expected.wrong else Verdict.CARRIED
        for other in expected.others:
            if agreement(self._arithmetic.decimal(other), number, PRECISE) in AGREES:
                return carried
        if expected.interval is None or expected.interval.is_point:
            return None
        low, high = map(float, expected.interval)
        least, most = map(float, stands_for(number))
        margin = _RELATIVE * max(abs(low), abs(high), abs(most))
        if high < least - margin or low > most + margin:
            return None
        wide = high - low > max(_WIDE * float(number.unit), abs(float(own)))
        return Verdict.UNDECIDABLE if wide else carried

    # -------------------------------------------------------------------------------- expressions

    def expression(
        self,
        side: Expression,
        value: Exact,
        known: Mapping[str, Any],
        paper: bool,
        expected: Expected,
        behind: Interval | None = None,
        exact: Collection[Decimal] = (),
    ) -> Judgement:
        """A side that is worked out: equal, or equal with its decimals within half a unit, or one.

        `behind` is what it comes to with the unrounded values behind its names; `exact` are numbers
        that are given and not rounded.
        """
        if not np.shape(value) and np.shape(expected.own):
            entries = flat(expected.own if expected.true is None else expected.true)
            if all(self._arithmetic.same(entry, entries[0]) for entry in entries):
                expected = Expected(entries[0])
        if not alike(np.shape(value), np.shape(expected.own)):
            shapes = (_sizes(np.shape(each)) for each in (value, expected.own))
            return Judgement(Verdict.WRONG, "{} where {} belongs".format(*shapes))
        true = expected.own if expected.true is None else expected.true
        if self._arithmetic.same(value, true):
            return Judgement(Verdict.EXACT)
        told = self._told_values(true, expected.own, value)
        if self._arithmetic.same(value, expected.own):
            return Judgement(Verdict.FOLLOWS if expected.wrong else Verdict.EXACT, *told)
        ranges = [self.range(side, known, paper, unit, exact) for unit in (0.5, 1.0)]
        found = self._by_ranges(ranges, value, expected)
        if found is not None:
            return (
                found if found.verdict is Verdict.UNDECIDABLE else Judgement(found.verdict, *told)
            )
        meets = [Interval(_float(other), _float(other)) for other in expected.others]
        meets += [expected.interval] if expected.interval is not None else []
        here = ranges[0] or Interval(_float(value), _float(value))
        is_behind = behind is not None and not behind.is_point and _holds(behind, true)
        if is_behind or any(_meet(here, other) for other in meets):
            return Judgement(Verdict.FOLLOWS if expected.wrong else Verdict.CARRIED, *told)
        return Judgement(Verdict.WRONG, *told)

    def _by_ranges(
        self, ranges: list[Interval | None], value: Exact, expected: Expected
    ) -> Judgement | None:
        """The verdict of a side that its decimals, moved by half a unit or by one, make equal."""
        verdicts = (Verdict.ROUNDED, Verdict.TRUNCATED)
        true = expected.own if expected.true is None else expected.true
        for wanted, agrees in ((true, None), (expected.own, Verdict.FOLLOWS)):
            for interval, verdict in zip(ranges, verdicts, strict=True):
                if interval is None or not _holds(interval, wanted):
                    continue
                if _blurred(interval, wanted) and not _near(value, wanted):
                    return Judgement(Verdict.UNDECIDABLE, self._too_few(interval, wanted))
                return Judgement(agrees if agrees and expected.wrong else verdict)
        return None

    def accepting(
        self,
        side: Expression,
        numbers: Mapping[Index, Written] | None,
        value: Exact,
        paper: bool,
    ) -> Callable[[Exact], bool]:
        """Whether a value is the one that a side tells, to the digits shown."""
        if numbers is not None:
            return lambda other: self.numbers(numbers, Expected(other)).verdict in AGREES
        interval = self.range(side, {}, paper, 0.5) if not names(side) else None

        def accepts(other: Exact) -> bool:
            if not alike(np.shape(other), np.shape(value)):
                return False
            held = interval is not None and _holds(interval, other)
            return held or self._arithmetic.same(value, other)

        return accepts

    def range(
        self,
        side: Expression,
        known: Mapping[str, Any],
        paper: bool,
        units: float,
        exact: Collection[Decimal] = (),
    ) -> Interval | None:
        """What a side comes to with each of its decimals within some units of its last place.

        Those in `exact` stay as they are.
        """

        def within(node: Number) -> Interval | None:
            number = written_number(node)
            if not number.is_decimal or number.value in exact:
                return None
            value, reach = float(number.value), units * float(number.unit)
            return Interval(value - reach, value + reach)

        changed, center, box = lettered(side, within)
        if not box:
            return None
        try:
            return spread(
                lambda values: self._arithmetic.floats(changed, values, paper),
                {**known, **center},
                box,
            )
        except NoValue:
            return None

    def _told_values(self, true: Exact, own: Exact, value: Exact) -> Told:
        expected, given, here = (_shown(flat(v), self._arithmetic) for v in (true, own, value))
        full, of_own = (np.asarray(v, dtype=float).tolist() for v in (true, own))
        if given == expected:
            return "", expected, "", here, (full, None)
        return "", expected, given, here, (full, of_own)

    @staticmethod
    def _too_few(interval: Interval, value: Exact) -> str:
        """How many more digits would tell."""
        low, high = (np.ravel(end) for end in interval)
        wide = (high - low) / 2
        with np.errstate(divide="ignore"):
            ratio = float(np.max(wide / np.maximum(np.abs(_float(value)), 1e-300)))
        more = min(max(1, math.ceil(math.log10(max(ratio, 1)) + 1)), _MANY)
        digits = "digit" if more == 1 else "digits"
        return f"the digits cancel: {more} more {digits} would tell"


def _told(true: Decimal, own: Decimal, number: Written) -> Told:
    """No words, the expected value, the own one where it differs, and what was written.

    The values have two places more than the number.
    """
    shown = Digits(number.places + 2)
    expected, given = (number_text(value, shown) for value in (true, own))
    text = f"{number.value:f}"
    if given == expected:
        return "", expected, "", text, (float(true), None)
    return "", expected, given, text, (float(true), float(own))


def _shown(entries: list[Exact], arithmetic: Arithmetic) -> str:
    """Entries to six significant digits, the first of them."""
    shown = Digits(significant=6)
    texts = [number_text(arithmetic.decimal(entry), shown) for entry in entries[:_LISTED]]
    if len(entries) == 1:
        return texts[0]
    return "[" + ", ".join(texts) + (", ...]" if len(entries) > len(texts) else "]")


def _float(value: Exact) -> Any:
    return np.asarray(value, dtype=float).ravel()


def _holds(interval: Interval, value: Exact) -> bool:
    number = _float(value)
    low, high = (np.ravel(end) for end in interval)
    margin = _RELATIVE * np.maximum(np.abs(number), np.abs(low))
    return bool(np.all((low - margin <= number) & (number <= high + margin)))


def _meet(one: Interval, other: Interval) -> bool:
    (a, b), (c, d) = (tuple(np.ravel(end) for end in interval) for interval in (one, other))
    if a.shape != c.shape:
        return False
    margin = _RELATIVE * np.maximum(np.abs(a), np.abs(c))
    return bool(np.all((a - margin <= d) & (c - margin <= b)))


def _blurred(interval: Interval, value: Exact) -> bool:
    """Whether the interval is so wide that not even the sign of the value is told."""
    low, high = (np.ravel(end) for end in interval)
    return bool(np.any((high - low) / 2 > np.abs(_float(value)) + 1e-300)) and bool(
        np.all((high - low) > 0)
    )


def _near(value: Exact, wanted: Exact) -> bool:
    """Whether a value is so near to what is wanted that no slip explains it."""
    one, other = _float(value), _float(wanted)
    return bool(np.all(np.abs(one - other) <= _CLOSE * np.abs(other)))


def _sizes(dims: tuple[int, ...]) -> str:
    return f"an array of {' x '.join(map(str, dims))}" if dims else "a number"
