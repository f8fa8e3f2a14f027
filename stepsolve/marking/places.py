"""What the indices of a work's own names mean: entries of an array, and steps of a sequence.

A hand writes `z_1` for the first entry of z, or for the second where it counts from 0, and `h_t`
for the `h_3` of the problem. Which is meant is learned from names and values together, never from
a name alone; what could be meant in two ways is left as a name of the work's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from stepsolve.marking.ledger import Ledger
from stepsolve.marking.values import PRECISE, Exact, NoValue
from stepsolve.marking.verdicts import AGREES
from stepsolve.marking.written import Written, agreement
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    Number,
    names,
    substitute,
    transform,
)
from stepsolve.operations.array_operation import Index

_PLACE: Final = re.compile(r"(.+)_\(?([0-9]+(?:[,_]?[0-9]+)*)\)?")
_STEP: Final = re.compile(r"(.+)_\(?([a-z])([+-][0-9]{1,3})?\)?")
_FARTHEST: Final = 1000  # step of a sequence
_BASES: Final = (1, 0)


class Places:
    """What indices mean in one work, as far as it has shown."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._bases = set(_BASES)  # what the first entry may be called
        self._stems: set[str] = set()  # whose entries the work has named rightly
        self.steps: dict[str, int] = {}
        """The steps that letters stand for: 2 for `t`."""

    # ------------------------------------------------------------------------- entries of arrays

    def entry(self, name: str, numbers: Mapping[Index, Written] | None = None) -> Expression | None:
        """The entry that a name stands for, where that is sure.

        `numbers` are what the work writes for it; where they agree with an entry, it learns from that.
        """
        found = _PLACE.fullmatch(name)
        if found is None or name in self._ledger:
            return None
        for stem in _stems(found[1]):
            entries = dict(self._entries(stem, found[2]))
            if not entries:
                continue
            if numbers is not None and set(numbers) == {()}:
                told = {
                    base
                    for base, (item, true) in entries.items()
                    if self._agrees(true, numbers[()]) or self._follows(item, numbers[()])
                }
                if told:
                    self._bases &= told
                    self._stems.add(stem)
                    return next(item for b, (item, _) in entries.items() if b in told)
                if stem not in self._stems or self._ledger[stem].given:
                    return None
            items = list(entries.values())
            sure = stem in self._stems or self._ledger[stem].given
            if sure and all(self._ledger.arithmetic.same(true, items[0][1]) for _, true in items):
                return items[0][0]
        return None

    def _entries(self, stem: str, index: str) -> Iterator[tuple[int, tuple[Item, Exact]]]:
        """The entries that may be meant, by what the first one is called, with their true values."""
        quantity = self._ledger.quantities.get(stem)
        if quantity is None or not quantity.from_problem or not quantity.dims:
            return
        rank = len(quantity.dims)
        separate = re.findall("[0-9]+", index)
        if len(separate) != rank:
            separate = list(index) if index.isdecimal() and len(index) == rank else []
        true = self._ledger.true(stem) if separate else None
        if true is None:
            return
        for base in _BASES:
            place = tuple(int(each) - base for each in separate)
            fits = all(0 <= i < n for i, n in zip(place, quantity.dims, strict=True))
            if fits and base in self._bases:
                item = Item(Name(stem), *(Number(str(i)) for i in place))
                yield base, (item, true[place])

    def _follows(self, item: Item, number: Written) -> bool:
        """Whether an entry comes to a number from the work's own values before it."""
        try:
            return self._agrees(self._ledger.evaluate(item, self._ledger.own, False), number)
        except NoValue:
            return False

    def _agrees(self, true: Exact, number: Written) -> bool:
        value = self._ledger.arithmetic.decimal(true)
        return agreement(value, number, PRECISE) in AGREES

    # ---------------------------------------------------------------------- steps of a sequence

    def step(self, name: str) -> Expression | None:
        """The quantity that a name with a letter for the step stands for: `h_1` for `h_(t-1)`."""
        found = _STEP.fullmatch(name)
        if found is None or found[2] not in self.steps or name in self._ledger:
            return None
        meant = f"{found[1]}_{self.steps[found[2]] + int(found[3] or 0)}"
        return Name(meant) if meant in self._ledger else None

    def learned_step(self, name: str, numbers: Mapping[Index, Written]) -> str | None:
        """The quantity `h_k` that agrees with what the work writes for `h_t`; the letter is learned."""
        found = _STEP.fullmatch(name)
        if found is None or name in self._ledger:
            return None
        now = self.steps.get(found[2], 0)
        offset = int(found[3] or 0)
        for k in range(max(now, 0), now + _FARTHEST):
            meant = f"{found[1]}_{k + offset}"
            if meant not in self._ledger:
                if k > now + 1:
                    break
                continue
            if self._agree(self._ledger.true(meant), numbers):
                self.steps[found[2]] = k
                return meant
        return None

    def agrees(self, meant: Expression, numbers: Mapping[Index, Written]) -> bool:
        """Whether a quantity, or an entry of one, is what the work writes."""
        try:
            true = self._ledger.evaluate(meant, self._ledger.true, False)
        except NoValue:
            return True
        return self._agree(true, numbers)

    def _agree(self, true: Exact | None, numbers: Mapping[Index, Written]) -> bool:
        if true is None:
            return False
        entries, written = list(np.ravel(true)), list(numbers.values())
        if len(entries) != len(written):
            return False
        return all(map(self._agrees, entries, written))

    # ------------------------------------------------------------------------ sums over an index

    def summed(self, body: Expression, index: str) -> Expression | None:
        """A sum over all places of an index: `sum(p * log(q))` for the body `p_i log q_i`."""
        whole: dict[str, Expression] = {}
        for name in names(body):
            stem = name.removesuffix(f"_{index}")
            if stem == name:
                if name == index or (name in self._ledger and self._ledger[name].dims):
                    return None
                continue
            quantity = self._ledger.quantities.get(stem)
            if name in self._ledger or quantity is None or len(quantity.dims) != 1:
                return None
            whole[name] = Name(stem)
        return Apply("sum", _entrywise(substitute(body, whole))) if whole else None


def _entrywise(body: Expression) -> Expression:
    """Products of what was numbers, entry by entry."""

    def change(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="*", arguments=(one, other)):
                return Apply("hadamard", _entrywise(one), _entrywise(other))
        return None

    return transform(body, change)


def _stems(stem: str) -> Iterator[str]:
    """A stem, and the capital letter of a matrix whose entries are written small."""
    yield stem
    if stem.lower() == stem and len(stem.rpartition("/d")[2]) == 1:
        yield stem[:-1] + stem[-1].upper()
