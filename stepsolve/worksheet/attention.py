"""Lines of attention: scores, weights and context, of queries that are rows or one vector.

Source: Vaswani et al., Attention Is All You Need (2017), 3.2.
"""

from __future__ import annotations

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

    def numbered(self, head: int) -> Names:
        """Those of one head among several."""
        return Names(*(f"{name}_{head}" for name in self))


ROWS = Names("Q", "K", "V", "S", "S_scaled", "A", "Z")
ONE = Names("q", "K", "V", "s", "s_scaled", "alpha", "c")


def dot_scores(names: Names, is_one: bool) -> str:
    """The text of the scores of every query with every key."""
    if is_one:
        return f"{names.keys} @ {names.queries}"
    return f"{names.queries} @ {names.keys}.T"


def softmax_over_keys(scores: str, mask: str, is_one: bool) -> str:
    """The text of the weights: softmax of every row, or of the vector."""
    operands = f"masked_softmax({scores}, {mask}" if mask else f"softmax({scores}"
    return f"{operands})" if is_one else f"{operands}, axis=1)"


def write_scaled_attention(sheet: Sheet, names: Names, mask: str, root: str = "d_k") -> None:
    """Scaled dot-product attention of rows, in four lines; `root` is under the root of the scale."""
    sheet.line(names.scores, dot_scores(names, False), "every query with every key")
    sheet.line(
        names.scaled, f"{names.scores} / sqrt({root})", "so that wide keys do not saturate it"
    )
    weights = softmax_over_keys(names.scaled, mask, False)
    sheet.line(names.weights, weights, "each row sums to 1")
    sheet.line(names.output, f"{names.weights} @ {names.values}", "weighted means of the values")
