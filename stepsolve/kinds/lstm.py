"""A long short-term memory (LSTM): gates, cell and state forward, and backward through time.

i, f, o = sigmoid(W_x x_t + W_h h_(t-1) + b), g = tanh(W_x x_t + W_h h_(t-1) + b), each with weights of
its own; c_t = f c_(t-1) + i g, h_t = o tanh(c_t), entry by entry. Shows every gate of every step with
its numbers, losses, the gradients line by line, the size of the gradient by step, and one update;
if asked, how a state and a cell hang on those before them. Inputs and states are vectors or numbers,
without units; weights are W_x: n × m, W_h: n × n. No peepholes.

Source: Hochreiter, Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins, Learning to
forget (2000); Goodfellow, Bengio, Courville, Deep Learning (2016), 10.10.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stepsolve.gated_problem import GatedProblem
from stepsolve.notation.tree import Apply, Name, folded
from stepsolve.source.arrays import GivenArray, array, given_arrays
from stepsolve.source.fields import entry
from stepsolve.worksheet.sheet import Sheet

_EXAMPLE = {
    f"W_x{gate}": [[0.5, -0.3], [0.8, 0.2]] if gate in "if" else [[0.1, 0.4], [-0.2, 0.3]]
    for gate in "ifog"
} | {f"W_h{gate}": [[0.1, 0.2], [-0.2, 0.1]] for gate in "ifog"}


@dataclass(frozen=True)
class Lstm(GatedProblem):
    """A long short-term memory, forward and backward through time."""

    GATES: ClassVar = ("i", "f", "o", "g")
    STACKED: ClassVar = ("i", "f", "g", "o")
    TANH: ClassVar = ("g",)

    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W_xi, W_hi and, if need be, b_i, and so on for f, o and g; or W_i, "
        "U_i, b_i; or all gates stacked in W_x, W_h, b. For outputs W_hy, b_y. {shape: [4, 3]} is a "
        "symbol, with seed: its numbers are drawn.",
        examples=(_EXAMPLE,),
    )
    initial_cell: GivenArray | None = entry(
        array,
        "The cell c_0 before the first step; zeros if left out.",
        default=None,
        examples=([0.2, -0.2],),
    )
    gates: dict[str, str] = entry(
        GatedProblem.__dataclass_fields__["gates"].metadata["entry"][0],
        "Other letters for the gates, by the usual ones i, f, o, g.",
        default={},
        examples=({"g": "g"},),
    )
    gate_order: tuple[str, ...] = entry(
        GatedProblem.__dataclass_fields__["gate_order"].metadata["entry"][0],
        "The order of the gates where their weights are stacked; i, f, g, o if left out.",
        default=(),
        examples=(["i", "f", "g", "o"],),
    )

    @property
    def heading(self) -> str:
        return "A long short-term memory"

    @property
    def states(self) -> tuple[str, ...]:
        return ("h", "c")

    @property
    def initial(self) -> dict[str, GivenArray | None]:
        return {"h_0": self.initial_state, "c_0": self.initial_cell}

    def write_cell(self, sheet: Sheet, t: int) -> None:
        i = self.gate(sheet, "i", t, "the input gate: how much is written")
        f = self.gate(sheet, "f", t, "the forget gate: how much is kept")
        o = self.gate(sheet, "o", t, "the output gate: how much is shown")
        g = self.gate(sheet, "g", t, "what may be written")
        sheet.line(f"c_{t}", f"{f} * c_{t - 1} + {i} * {g}", "the cell: what is kept and written")
        sheet.line(f"h_{t}", f"{o} * tanh(c_{t})", "the state: what is shown of the cell")

    def write_jacobians(self, sheet: Sheet, t: int) -> None:
        """The product and chain rules within a step; h_(t-1) and c_(t-1) move one at a time."""
        if t == 1:
            sheet.text(
                "Within a step h and c before it are moved one at a time, the other one held."
            )
        i, f, o, g = (f"{self.letter(gate)}_{t}" for gate in self.GATES)
        cell, state, c, h = f"c_{t - 1}", f"h_{t - 1}", f"c_{t}", f"h_{t}"
        between = [affine.letter for affine in self.affines]
        lines = [n for x in between for n in (f"{self.BEFORE}_{x}{t}", f"{x}_{t}")] + [c, h]
        moved = {gate: self.gate_jacobian(sheet, gate, t) for gate in self.GATES}
        kept = sheet.jacobian(c, cell, self.diagonal(f), "the forget gate alone", [c])
        by_state = sheet.jacobian(
            c,
            state,
            f"{self.diagonal(cell)} {self.times} {moved['f']} + {self.diagonal(g)} {self.times} "
            f"{moved['i']} + {self.diagonal(i)} {self.times} {moved['g']}",
            "the product rule, through three gates",
            lines[:-1],
        )
        shown = self.diagonal(f"tanh({c})")
        through = self.diagonal(f"{o} * (1 - tanh({c})^2)")
        sheet.jacobian(
            h,
            state,
            f"{shown} {self.times} {moved['o']} + {through} {self.times} {by_state}",
            "the product rule: through the output gate, and through the cell",
            lines,
        )
        text = f"{through} {self.times} {kept}"
        sheet.jacobian(h, cell, text, "the chain rule, through the cell", [c, h])

    def close_jacobians(self, sheet: Sheet) -> None:
        if self.steps == 1:
            return
        forget = self.letter("f")
        sheet.section("Why the gradient lives")
        kept = folded(
            partial(Apply, "*"), [Name(f"{forget}_{t}") for t in reversed(self.all_steps)]
        )
        name = sheet.jacobian(
            f"c_{self.steps}",
            "c_0",
            Apply("diag", kept) if self.state_dims else kept,
            "from cell to cell, the gates held",
            (f"c_{t}" for t in self.all_steps),
        )
        sheet.text(
            "From cell to cell the gradient is multiplied by the forget gate, entry by entry, and by "
            "no weight. Where the forget gates are near 1, so is their product: the gradient comes "
            "back whole over many steps, while that of h passes through the weights at every step."
        )
        sheet.result(name)
