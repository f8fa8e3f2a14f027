"""An embedding: the look-up of words as one-hot rows times a matrix, and analogies by cosine.

E has one row of d entries for every word, without units. A look-up of words gives their rows; the
gradient goes back to these rows alone, and adds up where a word occurs more than once. An analogy such
as king - man + woman is a sum of rows, and all words are ranked by the cosine of the angle to it,
without the words of the analogy itself unless the file says otherwise. Places count from 0.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 12.4.2; Mikolov, Yih, Zweig, Linguistic
Regularities in Continuous Space Word Representations (2013), 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np

from stepsolve.derivation import Block, Detail, Table, Text
from stepsolve.errors import nearest
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute, walk
from stepsolve.notation.tree import Item as Entry
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import boolean, entry
from stepsolve.source.quantities import Written, expression
from stepsolve.source.report import Report
from stepsolve.source.weights import check_weights
from stepsolve.source.words import (
    WrittenWord,
    check_vocabulary,
    places_of,
    word_or_words,
    words,
)
from stepsolve.worksheet.given import numbers
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

_MOST: Final = 300  # words of one look-up
_RANKED: Final = 10  # words of a ranking that are shown
_SIGNS: Final = ("+", "-", "neg")


@dataclass(frozen=True)
class Embedding(SheetProblem):
    """The look-up of words in a matrix of vectors, and analogies between them."""

    STARTER: ClassVar = ("words", "look-up")

    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "E, a row for every word.",
        examples=({"E": [[0.9, 0.8], [0.1, 0.9], [0.1, -0.8], [0.9, -0.7]]},),
    )
    words: tuple[WrittenWord, ...] = entry(
        words, "The words of the rows.", default=(), examples=(["king", "man", "woman", "queen"],)
    )
    look_up: tuple[WrittenWord, ...] = entry(
        word_or_words,
        "The words that are looked up, or their rows.",
        default=(),
        examples=([2, 0],),
    )
    upstream: GivenArray | None = entry(
        array,
        "The gradient of a loss by what is looked up, passed back to E: a row for every word.",
        default=None,
        examples=([[1, 0], [0, 1]],),
    )
    analogy: Written | None = entry(
        expression,
        "A sum of words, which is compared with every word.",
        default=None,
        examples=("king - man + woman",),
    )
    exclude: bool = entry(
        boolean,
        "Leave the words of the analogy out of the ranking.",
        default=True,
        examples=(True,),
    )

    @cached_property
    def _table(self) -> GivenArray:
        return next(given for given in self.weights if given.name == "E")

    @property
    def _vocabulary(self) -> list[str]:
        return [one.text for one in self.words]

    def check_keys(self, report: Report) -> None:
        found = check_weights(
            self.weights, ("E",), ("E",), self.node_of("weights"), report, "E: a row for every word"
        )
        if not found:
            return
        dims = self._table.dims
        if len(dims) != 2:
            told = f"E {self._table.words}, but a row for every word belongs here"
            report.add(self._table.node.diagnose(told))
            return
        check_vocabulary(self.words, dims[0], f"E has {dims[0]} rows", report)
        places_of(self.look_up, self.words, dims[0], report)
        if len(self.look_up) > _MOST:
            told = f"at most {_MOST} words can be looked up"
            report.add(self.look_up[_MOST].node.diagnose(told))
        if not self.look_up and self.analogy is None:
            report.add(self._table.node.diagnose("a look-up or an analogy is needed"))
        if self.upstream is not None:
            self._check_upstream(self.upstream, dims[1], report)
        if self.analogy is not None:
            self._check_analogy(self.analogy, report)

    def _check_upstream(self, upstream: GivenArray, width: int, report: Report) -> None:
        above = upstream._replace(name="upstream")
        if not self.look_up:
            report.add(upstream.node.diagnose("a gradient needs something that was looked up"))
        else:
            count = len(self.look_up)
            wanted = (width,) if count == 1 else (count, width)
            check_sizes(above, wanted, "it has a row for every word that is looked up", report)

    def _check_analogy(self, analogy: Written, report: Report) -> None:
        known = self._vocabulary
        for node in walk(analogy.expression):
            match node:
                case Name(name=name) if name not in known:
                    hint = nearest(name, known) or "words: has the words of the rows"
                    report.add(analogy.diagnose(f"{name} is not one of the words", node, hint))
                case Apply(operation=operation) if operation not in _SIGNS:
                    told = "an analogy is a sum of words: king - man + woman"
                    report.add(analogy.diagnose(told, node))
                    return
                case Name() | Apply():
                    pass
                case _:
                    told = "an analogy is a sum of words: king - man + woman"
                    report.add(analogy.diagnose(told, node))
                    return
        if self.exclude and set(known) <= set(names(analogy.expression)):
            told = "no word is left to be ranked"
            report.add(analogy.diagnose(told, hint="exclude: false ranks all of them"))
        values = numbers(self._table)
        if values is not None:
            for row in np.flatnonzero(~np.any(values != 0, axis=1)):
                told = f"row {row} of E is 0 everywhere, and has no angle to another vector"
                report.add(self._table.node.diagnose(told))

    def write(self, sheet: Sheet) -> None:
        give_all(sheet, self.weights)
        if self.words:
            shown = [f"{one.text} ({k})" for k, one in enumerate(self.words[:12])]
            more = ", ..." if len(self.words) > len(shown) else ""
            sheet.text(f"The rows of E are those of {', '.join(shown)}{more}.")
        if self.look_up:
            self._looked_up(sheet)
        if self.analogy is not None:
            self._compared(sheet, self.analogy.expression)

    def _looked_up(self, sheet: Sheet) -> None:
        size, width = self._table.dims
        rows = places_of(self.look_up, self.words, size, Report())
        x, h = ("x", "h") if len(rows) == 1 else ("X", "H")
        dims = (width,) if len(rows) == 1 else (len(rows), width)
        if self.upstream is not None:
            sheet.give(f"dL/d{h}", self.upstream.value, dims, self.upstream.node)
        sheet.section("Look-up")
        sheet.text("A one-hot vector times E picks one row of it.")
        hot = [f"one_hot({row}, {size})" for row in rows]
        because = "1 at the place of the word"
        sheet.line(x, hot[0] if len(rows) == 1 else f"stack({', '.join(hot)})", because)
        sheet.line(h, f"{x} @ E", "no product is needed: these are rows of E")
        sheet.equal(
            h, f"E[{rows[0]}]" if len(rows) == 1 else f"E[[{', '.join(map(str, rows))}]]", None
        )
        sheet.result(h)
        if self.upstream is None:
            return
        sheet.backward("L", ("E",), {h: f"dL/d{h}"})
        told = "Only rows that were looked up have a gradient"
        twice = len(set(rows)) < len(rows)
        sheet.text(told + (", and a row that was used twice adds up both." if twice else "."))
        sheet.result("dL/dE")

    def _compared(self, sheet: Sheet, written: Expression) -> None:
        """The cosine of the angle of every word to a sum of words."""
        known = self._vocabulary
        rows: dict[str, Expression] = {
            name: Entry(Name("E"), Number(str(known.index(name)))) for name in names(written)
        }
        sheet.section("Analogy")
        sheet.text("The vector of ", written, ":")
        sheet.line("q", substitute(written, rows))
        sheet.text(
            "The cosine of its angle to every word: 1 in the same direction, 0 at a right angle."
        )
        sheet.line("n", "norm(E, axis=1)", "the length of every vector")
        sheet.line("r", "E @ q / (n * norm(q))", "cosines")
        sheet.block(self._ranking)
        sheet.result("q", "r")

    def _ranking(self, solved: Solved) -> Iterator[Block]:
        """The words by their cosines, the nearest first."""
        assert self.analogy is not None
        if not solved.is_known("r"):
            return
        used = names(self.analogy.expression) if self.exclude else {}
        cosines = solved.value("r")
        order = [k for k in np.argsort(-cosines, kind="stable") if self._vocabulary[k] not in used]
        rows = tuple(
            (
                Number(str(place)),
                self._vocabulary[k],
                solved.workings.entry("r", (int(k),)),
            )
            for place, k in enumerate(order[:_RANKED], 1)
        )
        data = (("row", tuple(map(float, order))), ("cosine", tuple(map(float, cosines[order]))))
        if used:
            yield Text(("The words of the analogy itself are left out of the ranking.",))
        yield Table(("place", "word", "cosine"), rows, Detail.BRIEF, "ranking", data)
        nearest_ = self._vocabulary[order[0]]
        yield Text(
            ("The nearest word to ", self.analogy.expression, f" is {nearest_}."), Detail.BRIEF
        )
