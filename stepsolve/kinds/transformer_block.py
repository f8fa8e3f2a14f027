"""A transformer block: self-attention and a feed-forward layer, each with a residual and a layer norm.

Tokens are rows of width d. With post-norm, the original, a layer norm follows each sum; with pre-norm
it stands before attention and before the feed-forward layer. A layer norm works on each row: less its
mean, divided by the root of its variance (over d, not d - 1) plus epsilon, times gamma, plus beta.
Shapes: with n tokens everything is n x d but the inner layer, n x d_ff. All without units.

Source: Vaswani et al., Attention Is All You Need (2017), 3.1 to 3.3; Ba, Kiros, Hinton, Layer
Normalization (2016); Xiong et al., On Layer Normalization in the Transformer Architecture (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stepsolve.families.multi_head import MultiHeadProblem
from stepsolve.notation.tree import Expression, Number
from stepsolve.sheet_problem import give_all
from stepsolve.source.arrays import GivenArray, given_arrays, positive
from stepsolve.source.fields import choice, entry
from stepsolve.source.report import Report
from stepsolve.source.weights import Weight
from stepsolve.worksheet.attention import affine
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class TransformerBlock(MultiHeadProblem):
    """A transformer block line by line, forward and backward."""

    STARTER: ClassVar = ("heads",)

    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "Those of the heads, W_Q, W_K, W_V, W_O; W_1, b_1, W_2, b_2 of the feed-forward layer; "
        "gamma_1, beta_1, gamma_2, beta_2 of the layer norms, which are 1 and 0 if left out.",
        examples=(
            {
                **{f"W_{name}": {"shape": [2, 2], "seed": k} for k, name in enumerate("QKVO")},
                "W_1": {"shape": [2, 4], "seed": 4},
                "W_2": {"shape": [4, 2], "seed": 5},
            },
        ),
    )
    norm: str = entry(
        choice("post", "pre"),
        "Whether a layer norm follows each sum (post, the original) or stands before each part (pre).",
        default="post",
        examples=("pre",),
    )
    activation: str = entry(
        choice("relu", "gelu"),
        "What is between the two feed-forward weights.",
        default="relu",
        examples=("gelu",),
    )
    epsilon: Expression = entry(
        positive,
        "What is added to a variance under the root.",
        default=Number("1e-5"),
        examples=(0.001,),
    )

    def check_keys(self, report: Report) -> None:
        if not self.check_rows("inputs", report):
            return
        count, width = self.inputs.dims
        wanted = self.head_weights(width, width) | self._block_weights(width)
        if not self.check_heads(wanted, report):
            return
        self.check_mask(count, count, self.inputs.node, report, self.heads)
        self.check_update(self.weights, report)
        self.check_above("Y", (count, width), report)

    def _block_weights(self, width: int) -> dict[str, Weight]:
        """The weights beside those of the heads."""
        inner = self._width("W_1", width)
        norms = {
            f"{name}_{k}": Weight((width,), "one entry for every column", optional=True)
            for k in (1, 2)
            for name in ("gamma", "beta")
        }
        return {
            "W_1": Weight((width, inner), "a row for every column of a token"),
            "b_1": Weight((inner,), "one entry for every column of W_1", optional=True),
            "W_2": Weight((inner, width), "a row for every column of W_1, back to the width"),
            "b_2": Weight((width,), "one entry for every column of W_2", optional=True),
            **norms,
        }

    # ------------------------------------------------------------------------------------ the sheet

    def write(self, sheet: Sheet) -> None:
        given = (self.inputs._replace(name="X"), *self.weights)
        give_all(sheet, given)
        sheet.give("d_k", Number(str(self.widths[0])), ())
        sheet.give("epsilon", self.epsilon, ())
        count = self.inputs.dims[0]
        mask = self.give_mask(sheet, count, count)
        self.give_above(sheet, "Y")
        self.write_sizes(sheet, [array.name for array in given])
        self.tell_mask(sheet)
        draft = sheet.draft()
        if self.norm == "post":
            self._write_post(draft, mask)
        else:
            self._write_pre(draft, mask)
        draft.result("Y")
        self.write_above(sheet, draft, "Y", ["X"], self.by_name)

    def _write_post(self, sheet: Sheet, mask: str) -> None:
        self.written_heads("X", "X", mask).write(sheet)
        sheet.section("Residual and layer norm")
        sheet.line("R_1", "X + O", "what attention adds to the tokens")
        self._write_norm(sheet, "R_1", 1, "U_1")
        self._write_feed_forward(sheet, "U_1")
        sheet.section("Residual and layer norm")
        sheet.line("R_2", "U_1 + F", "what the feed-forward layer adds")
        self._write_norm(sheet, "R_2", 2, "Y")

    def _write_pre(self, sheet: Sheet, mask: str) -> None:
        sheet.section("Layer norm")
        self._write_norm(sheet, "X", 1, "U_1")
        self.written_heads("U_1", "U_1", mask).write(sheet)
        sheet.section("Residual and layer norm")
        sheet.line("R_1", "X + O", "what attention adds to the tokens")
        self._write_norm(sheet, "R_1", 2, "U_2")
        self._write_feed_forward(sheet, "U_2")
        sheet.section("Residual")
        sheet.line("Y", "R_1 + F", "what the feed-forward layer adds")

    def _write_norm(self, sheet: Sheet, rows: str, number: int, result: str) -> None:
        """The layer norm of rows, as a line of its own where gamma or beta follow."""
        gamma, beta = (f"{name}_{number}" in self.by_name for name in ("gamma", "beta"))
        name = f"N_{number}" if gamma or beta else result
        because = "each row less its mean, by the root of its variance"
        sheet.line(name, f"standardize({rows}, epsilon, axis=1)", because)
        if gamma or beta:
            scaled = f"gamma_{number} * {name}" if gamma else name
            text = f"{scaled} + beta_{number}" if beta else scaled
            sheet.line(result, text, "scaled and shifted, column by column")

    def _write_feed_forward(self, sheet: Sheet, rows: str) -> None:
        sheet.section("Feed-forward layer")
        sheet.line("P", affine(rows, "W_1", "b_1", self.by_name), "every token by itself")
        sheet.line("G", f"{self.activation}(P)")
        sheet.line("F", affine("G", "W_2", "b_2", self.by_name), "back to the width of a token")
