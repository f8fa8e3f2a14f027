"""Ways to read a work: in its own order or the problem's, its own names for this or for that.

A work is read as it stands. Only where that finds a mistake are others tried, and only one with fewer
mistakes is taken: it cannot call an honest line wrong where none was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from time import process_time
from typing import Final, NamedTuple

from stepsolve.errors import ExpressionError
from stepsolve.marking.blame import Meaning, meanings
from stepsolve.marking.chains import Marker
from stepsolve.marking.key import functions_of
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.verdicts import Judgement, MarkedLine, Verdict
from stepsolve.marking.vocabulary import Vocabulary
from stepsolve.notation.tree import Expression
from stepsolve.problem import Problem
from stepsolve.source.handwriting import Chain, read_chains
from stepsolve.source.work import WorkLine

_ROUNDS: Final = 3  # names whose meanings are changed one after the other
_TRIED: Final = 4  # meanings of one round
_SECONDS: Final = 1.5  # of the processor for a work, after which no other meaning is tried


class Reading(NamedTuple):
    """The verdicts of the chains of every line, and what they were found with."""

    groups: tuple[tuple[MarkedLine, ...], ...]
    marker: Marker
    order: tuple[int, ...]
    meanings: tuple[Meaning, ...] = ()

    @property
    def lines(self) -> tuple[MarkedLine, ...]:
        return tuple(line for group in self.groups for line in group)

    @property
    def ledger(self) -> Ledger:
        return self.marker.ledger

    @property
    def wrong(self) -> int:
        return sum(line.is_wrong for line in self.lines)


class Reader:
    """Reads the lines of a work, on a problem or without one, each time with a new ledger."""

    def __init__(
        self,
        lines: list[WorkLine],
        problem: Problem | None,
        aliases: Mapping[str, Expression],
        ledger: Callable[[], Ledger],
    ) -> None:
        self._lines, self._problem, self._aliases, self._ledger = lines, problem, aliases, ledger

    def likeliest(self) -> Reading:
        """The reading with the fewest mistakes, the plainest of several."""
        end = process_time() + _SECONDS
        found = self._read(tuple(range(len(self._lines))))
        if self._problem is None or not found.wrong:
            return found
        order = self._by_problem(found)
        if order != found.order and (other := self._read(order)).wrong < found.wrong:
            found = other
        for _ in range(_ROUNDS):
            better = min(self._better(found, end), key=_likelihood, default=None)
            if better is None:
                break
            found = better
        return found

    def _read(self, order: tuple[int, ...], meanings: tuple[Meaning, ...] = ()) -> Reading:
        """The verdicts of the lines, taken in this order."""
        marker = Marker(self._ledger(), self._aliases, is_open=self._problem is None)
        if self._problem is not None:
            marker.words.assume(functions_of(self._problem, marker.ledger))
        for meaning in meanings:
            marker.words.suppose(*meaning)
        groups: dict[int, tuple[MarkedLine, ...]] = {}
        for k in order:
            line = self._lines[k]
            if line.heading:
                marker.words.new_section()
            groups[k] = () if line.heading else tuple(_judged(line, marker))
        return Reading(tuple(groups[k] for k in sorted(groups)), marker, order, meanings)

    def _by_problem(self, reading: Reading) -> tuple[int, ...]:
        """The lines in the order of the problem.

        A work may state a result before the rounded numbers that it comes from.
        """
        keys: list[float] = []
        for group in reading.groups:
            of = group[0].of if group else ""
            known = of in reading.ledger and reading.ledger[of].from_problem
            keys.append(reading.ledger[of].order if known else keys[-1] if keys else 0.0)
        return tuple(sorted(range(len(keys)), key=keys.__getitem__))

    def _better(self, reading: Reading, end: float) -> Iterator[Reading]:
        """Readings in which a name of the work's own stands for what it is used for.

        Where they have as many mistakes, the name must stand for nothing else.
        """
        supposed = meanings(reading.marker, self._ledger().quantities, end)
        for meaning in islice(supposed, _TRIED):
            other = self._read(reading.order, (*reading.meanings, meaning))
            own = any(line.is_own and line.of == meaning.name for line in reading.lines)
            if other.wrong < reading.wrong + own and other.wrong:
                yield other


def _likelihood(reading: Reading) -> tuple[int, int]:
    """Few mistakes, and of as many those that start early: what comes after them is explained."""
    return reading.wrong, next(k for k, line in enumerate(reading.lines) if line.is_wrong)


def _judged(line: WorkLine, marker: Marker) -> Iterator[MarkedLine]:
    """The verdicts of the chains of one line, or that it could not be read."""
    try:
        chains = _read(line, marker.words)
    except ExpressionError as error:
        told = error.message + (f"; {error.hint}" if error.hint else "")
        marker.passed_over()
        yield MarkedLine(line.number, line.text, (Judgement(Verdict.NOT_READ, told),))
        return
    for chain in chains:
        if chain.signs or chain.lead:
            text = line.text if len(chains) == 1 else _part(line.text, chain)
            yield marker.mark(chain, line.number, text)


def _read(line: WorkLine, words: Vocabulary) -> tuple[Chain, ...]:
    """The chains of a line; one that does not say what it is may be LaTeX without a command."""
    try:
        return read_chains(line.text, words.names, words.arities, line.latex)
    except ExpressionError:
        if line.latex is not None:
            raise
        try:
            return read_chains(line.text, words.names, words.arities, latex=True)
        except ExpressionError:
            pass
        raise


def _part(text: str, chain: Chain) -> str:
    return text[chain.spans[0][0] : chain.spans[-1][1]].strip() if chain.spans else text
