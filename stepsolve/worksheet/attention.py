"""Lines of attention: scores, weights and context, of queries that are rows or one vector.

Source: Vaswani et al., Attention Is All You Need (2017), 3.2.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from stepsolve.worksheet.sheet import Sheet


class Names(NamedTuple):
    """The names of the quantities of one head; of one query alone they are vectors."""

    queries: str
    keys: str
    values: str
    scores: str
    scaled: str
    weights: str
    output: str

    def of_head(self, head: int, heads: int) -> Names:
        """Those of one head among several."""
        return Names(*(f"{name}_{head}" for name in self)) if heads > 1 else self


ROWS = Names("Q", "K", "V", "S", "S_scaled", "A", "Z")
ONE = Names("q", "K", "V", "s", "s_scaled", "alpha", "c")
HEAD = ROWS._replace(scaled="C")  # S_1_scaled would be hard to read
PROJECTED = ("Q", "K", "V")


def dot_scores(names: Names, is_one: bool) -> str:
    """The text of the scores of every query with every key."""
    if is_one:
        return f"{names.keys} @ {names.queries}"
    return f"{names.queries} @ {names.keys}.T"


def softmax_over_keys(scores: str, mask: str, is_one: bool) -> str:
    """The text of the weights: softmax of every row, or of the vector."""
    operands = f"masked_softmax({scores}, {mask}" if mask else f"softmax({scores}"
    return f"{operands})" if is_one else f"{operands}, axis=1)"


def affine(source: str, weight: str, bias: str, given: Collection[str]) -> str:
    """The text of rows times a weight, with a bias if it is given."""
    return f"{source} @ {weight} + {bias}" if bias in given else f"{source} @ {weight}"


@dataclass(frozen=True)
class Heads:
    """Heads of attention of one sheet: what they read, and which weights are given.

    `queries` and `memory` are names of rows; `widths` are those of a head's keys and values. Each
    head has weights of its own (`W_Q_1`), or its stretch of the columns of common ones (`W_Q`).
    """

    count: int
    queries: str
    memory: str
    given: frozenset[str]
    widths: tuple[int, int]
    mask: str

    @property
    def have_own(self) -> bool:
        return "W_Q_1" in self.given

    def write(self, sheet: Sheet) -> None:
        """All lines down to the output `O`."""
        if not self.have_own:
            sheet.section("Queries, keys and values")
            for name, what in zip(PROJECTED, ("queries", "keys", "values"), strict=True):
                sheet.line(
                    name, affine(self._source(name), f"W_{name}", f"b_{name}", self.given), what
                )
        for head in range(1, self.count + 1):
            self._write_head(sheet, head)
        sheet.section("Output of the heads")
        if self.count > 1:
            parts = ", ".join(f"Z_{head}" for head in range(1, self.count + 1))
            sheet.line("Z", f"concat({parts}, axis=1)", "the heads side by side")
        sheet.line("O", affine("Z", "W_O", "b_O", self.given), "the heads are mixed")

    def _write_head(self, sheet: Sheet, head: int) -> None:
        names = HEAD.of_head(head, self.count)
        sheet.section(f"Head {head}" if self.count > 1 else "Attention")
        if self.have_own:
            for name in PROJECTED:
                sheet.line(f"{name}_{head}", f"{self._source(name)} @ W_{name}_{head}")
        elif self.count > 1:
            for name, width in zip(PROJECTED, (self.widths[0], *self.widths), strict=True):
                stretch = f"{(head - 1) * width}:{head * width}"
                sheet.line(f"{name}_{head}", f"{name}[:, {stretch}]", "its columns")
        sheet.line(names.scores, dot_scores(names, False), "every query with every key")
        sheet.line(
            names.scaled, f"{names.scores} / sqrt(d_k)", "by the root of the width of the keys"
        )
        weights = softmax_over_keys(names.scaled, self.mask, False)
        sheet.line(names.weights, weights, "softmax over the keys: each row sums to 1")
        sheet.line(
            names.output, f"{names.weights} @ {names.values}", "weighted means of the values"
        )

    def _source(self, projected: str) -> str:
        return self.queries if projected == "Q" else self.memory
