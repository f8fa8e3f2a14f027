"""Retrieval: a query against the keys of a store, and the keys by rank.

Scores are dot products or cosines of the query, a vector, with each row of keys. A rank is 1 more than
the number of larger scores, so that equal scores share one. Softmax turns scores into weights. With
values, the value of the best key is looked up, or with softmax their weighted mean. All without units;
keys and values have a row for every item.

Source: Vaswani et al., Attention Is All You Need (2017), 3.2, for queries, keys and values; Manning,
Raghavan, Schuetze, Introduction to Information Retrieval (2008), 6.3, for cosines and ranking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepsolve.derivation import Block, Cell, Detail, Table
from stepsolve.notation.tree import Name, Number
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.fields import boolean, choice, entry, integer, list_of, text
from stepsolve.source.report import Report
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

_MOST_KEYS = 2000  # every score is compared with every other one


@dataclass(frozen=True)
class Retrieval(SheetProblem):
    """A query scored against keys, the keys ranked, values looked up."""

    query: GivenArray = entry(array, "The query, a list.", examples=([1, 0.3, 0.5],))
    keys: GivenArray = entry(
        array, "A row for every key.", examples=([[1, 0.5, 0.2], [0.3, 0, 0.1], [0.9, 0.4, 0.8]],)
    )
    values: GivenArray | None = entry(
        array, "A row for every key's value.", default=None, examples=([[1, 0], [0, 1], [1, 1]],)
    )
    labels: tuple[str, ...] = entry(
        list_of(text), "What the keys are called.", default=(), examples=(["cat", "pen", "dog"],)
    )
    score: str = entry(
        choice("dot", "cosine"),
        "How the query is compared with a key.",
        default="dot",
        examples=("cosine",),
    )
    softmax: bool = entry(
        boolean, "Turn the scores into weights that sum to 1.", default=False, examples=(True,)
    )
    top: int = entry(integer(1, 100), "How many keys are listed.", default=10, examples=(2,))

    def check_keys(self, report: Report) -> None:
        if len(self.query.dims) != 1:
            report.add(
                self.query.node.diagnose(f"the query {self.query.words}: a list belongs here")
            )
        if len(self.keys.dims) != 2:
            report.add(self.keys.node.diagnose("a list of lists belongs here, a row for every key"))
        if report.failed:
            return
        count, width = self.keys.dims
        if width != self.query.dims[0]:
            told = f"keys have {width} entries, but the query {self.query.words}"
            report.add(self.keys.node.diagnose(told, "they are multiplied entry by entry"))
        if count > _MOST_KEYS:
            report.add(self.keys.node.diagnose(f"there are at most {_MOST_KEYS} keys"))
        if self.values is not None and (len(self.values.dims) != 2 or self.values.dims[0] != count):
            told = f"values belong to keys, of which there are {count}"
            report.add(self.values.node.diagnose(told, "a row for every key"))
        if self.labels and len(self.labels) != count:
            told = f"there are {count} keys, but {len(self.labels)} labels"
            report.add(self.node_of("labels").diagnose(told, "a label for every key"))

    def write(self, sheet: Sheet) -> None:
        given = [self.query._replace(name="q"), self.keys._replace(name="K")]
        if self.values is not None:
            given.append(self.values._replace(name="V"))
        give_all(sheet, tuple(given))
        sheet.section("Scores")
        if self.score == "cosine":
            sheet.line("d", "K @ q", "the query with every key")
            sheet.line("n_K", "sqrt(sum(K^2, axis=1))", "the length of every key")
            sheet.line("n_q", "norm(q)", "the length of the query")
            sheet.line("s", "d / (n_K * n_q)", "cosines: products of vectors of length 1")
        else:
            sheet.line("s", "K @ q", "the query with every key")
        sheet.result("s")
        self._write_ranking(sheet)
        self._write_lookup(sheet)

    def _write_ranking(self, sheet: Sheet) -> None:
        sheet.section("Ranking")
        sheet.text(
            "The rank of a key is 1 plus the number of larger scores. Scores that differ by less than "
            "a billionth of the largest are equal."
        )
        sheet.line("tie", "1e-9 * max(abs(s))", "what rounding may do", detail=Detail.FULL)
        larger = f"s > reshape(s, {self.keys.dims[0]}, 1) + tie"
        sheet.line("rank", f"1 + sum({larger}, axis=1)", "each score against all others")
        sheet.result("rank")

    def _write_lookup(self, sheet: Sheet) -> None:
        if self.softmax:
            sheet.section("Weights")
            sheet.line("alpha", "softmax(s)", "they sum to 1")
            sheet.result("alpha")
        sheet.block(self._table)
        if self.values is None:
            return
        sheet.section("Values")
        if self.softmax:
            sheet.line("c", "alpha @ V", "the weighted mean of the values")
        else:
            sheet.line("h", "argmin(rank)", "1 at the best key, the first of them at a tie")
            sheet.line("c", "h @ V", "the value of the best key")
        sheet.result("c")

    def _table(self, solved: Solved) -> Iterator[Block]:
        """The keys by rank."""
        if "rank" not in solved.floats:
            return
        columns = ["rank", "s", *(["alpha"] if self.softmax else [])]
        order = sorted(range(self.keys.dims[0]), key=lambda k: (solved.decimal("rank", k), k))
        shown = order[: self.top]
        rows = tuple(
            (
                solved.workings.entry("rank", (k,)),
                self.labels[k] if self.labels else Number(str(k)),
                *(solved.workings.entry(name, (k,)) for name in columns[1:]),
            )
            for k in shown
        )
        header: tuple[Cell, ...] = ("rank", "key", *map(Name, columns[1:]))
        data = tuple((n, tuple(float(solved.decimal(n, k)) for k in shown)) for n in columns)
        yield Table(header, rows, Detail.BRIEF, "ranking", data)
