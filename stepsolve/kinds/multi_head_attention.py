"""Multi-head attention: scaled dot-product attention in several heads, side by side, mixed by W_O.

Tokens are rows. Q = X W_Q, K = H W_K and V = H W_V, with H = X unless there is a memory, for
cross-attention. The columns of Q, K and V are shared equally among the heads; or each head has weights
of its own, which is the same. Shapes: n tokens of width d, h heads of width d_k: Q is n x h d_k, the
scores of a head are n x m for m keys, W_O is h d_v x the width of the output. All without units.

Source: Vaswani et al., Attention Is All You Need (2017), 3.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stepsolve.families.multi_head import MultiHeadProblem
from stepsolve.notation.tree import Number
from stepsolve.sheet_problem import give_all
from stepsolve.source.arrays import GivenArray, array
from stepsolve.source.fields import entry
from stepsolve.source.report import Report
from stepsolve.worksheet.attention import HEAD
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class MultiHeadAttention(MultiHeadProblem):
    """Multi-head attention with its sizes, forward and backward."""

    STARTER: ClassVar = ("heads",)

    memory: GivenArray | None = entry(
        array,
        "Cross-attention: keys and values come from these rows, not from the inputs.",
        default=None,
        examples=([[1, -1], [0, 2]],),
    )

    def check_keys(self, report: Report) -> None:
        if not all(self.check_rows(name, report) for name in ("inputs", "memory")):
            return
        count, width = self._source.dims
        if not self.check_heads(self.head_weights(width, None), report):
            return
        self.check_mask(self.inputs.dims[0], count, self.inputs.node, report, self.heads)
        self.check_update(self.weights, report)
        self.check_above("O", (self.inputs.dims[0], self.by_name["W_O"].dims[1]), report)

    @property
    def _source(self) -> GivenArray:
        """What keys and values come from."""
        return self.memory or self.inputs

    def write(self, sheet: Sheet) -> None:
        inputs = [self.inputs._replace(name="X")]
        if self.memory is not None:
            inputs.append(self.memory._replace(name="H"))
        given = [*inputs, *self.weights]
        give_all(sheet, tuple(given))
        sheet.give("d_k", Number(str(self.widths[0])), ())
        mask = self.give_mask(sheet, self.inputs.dims[0], self._source.dims[0])
        self.give_above(sheet, "O")
        inner = (HEAD.of_head(1, self.heads)[k] for k in (0, 1, 2, 3, 5, 6))
        self.write_sizes(sheet, (*(a.name for a in given), "Q", "K", "V", *inner, "Z", "O"))
        self.tell_mask(sheet)
        draft = sheet.draft()
        self.written_heads("X", "H" if self.memory else "X", mask).write(draft)
        draft.result("O")
        self.write_above(sheet, draft, "O", [a.name for a in inputs], self.by_name)
