"""A gated recurrent unit (GRU): reset, update gate and candidate, forward and backward through time.

r and z = sigmoid(W_x x_t + W_h h_(t-1) + b), each with weights of its own. The reset gate acts before
the product, n = tanh(W_xn x_t + W_hn (r h_(t-1)) + b_n), or after it, n = tanh(W_xn x_t + b_n +
r (W_hn h_(t-1) + b_hn)). The update gate keeps, h_t = z h_(t-1) + (1 - z) n, or it replaces, with z and
1 - z exchanged. Shows every gate of every step with its numbers, losses, gradients and one update.
Inputs and states are vectors or numbers, without units; weights are W_x: n × m, W_h: n × n.

Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014), 2.3 (before,
and z keeps); Chung et al., Empirical evaluation of gated recurrent neural networks (2014), 3.2 (z
replaces); PyTorch documentation, torch.nn.GRU (after).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stepsolve.families.gated import GatedProblem
from stepsolve.source.arrays import GivenArray, given_arrays
from stepsolve.source.fields import choice, entry
from stepsolve.worksheet.recurrent import product
from stepsolve.worksheet.sheet import Sheet

_EXAMPLE = {
    f"W_x{gate}": [[0.5, -0.3], [0.8, 0.2]] if gate == "r" else [[0.1, 0.4], [-0.2, 0.3]]
    for gate in "rzn"
} | {f"W_h{gate}": [[0.1, 0.2], [-0.2, 0.1]] for gate in "rzn"}


@dataclass(frozen=True)
class Gru(GatedProblem):
    """A gated recurrent unit, forward and backward through time."""

    GATES: ClassVar = ("r", "z", "n")
    STACKED: ClassVar = ("r", "z", "n")
    TANH: ClassVar = ("n",)
    BEFORE: ClassVar = "a"

    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W_xr, W_hr and, if need be, b_r, and so on for z and n; or W_r, U_r, "
        "b_r; or all gates stacked in W_x, W_h, b. For outputs W_hy, b_y. {shape: [4, 3]} is a "
        "symbol, with seed: its numbers are drawn.",
        examples=(_EXAMPLE,),
    )
    gates: dict[str, str] = entry(
        GatedProblem.__dataclass_fields__["gates"].metadata["entry"][0],
        "Other letters for the gates, by the usual ones r, z, n.",
        default={},
        examples=({"n": "n"},),
    )
    gate_order: tuple[str, ...] = entry(
        GatedProblem.__dataclass_fields__["gate_order"].metadata["entry"][0],
        "The order of the gates where their weights are stacked; r, z, n if left out.",
        default=(),
        examples=(["r", "z", "n"],),
    )
    reset: str = entry(
        choice("before", "after"),
        "Whether the reset gate acts on the state before the product with W_hn, or on the product.",
        default="before",
        examples=("before",),
    )
    update_gate: str = entry(
        choice("keeps", "replaces"),
        "What z is the share of: keeps for the old state, replaces for the candidate.",
        default="keeps",
        examples=("keeps",),
    )

    @property
    def heading(self) -> str:
        return "A gated recurrent unit"

    @property
    def _inner_bias(self) -> str:
        return f"b_h{self.letter('n')}"

    @property
    def optional(self) -> frozenset[str]:
        return frozenset({self._inner_bias} if self.reset == "after" else ())

    def tell(self, sheet: Sheet) -> None:
        super().tell(sheet)
        r, z, n = map(self.letter, self.GATES)
        acts = "on the state, before" if self.reset == "before" else "after"
        share = "old state" if self.update_gate == "keeps" else f"candidate {n}"
        sheet.text(
            f"The reset gate {r} acts {acts} the product with the weights of {n}. The update gate "
            f"{z} is the share of the {share} in the new state."
        )

    def write_cell(self, sheet: Sheet, t: int) -> None:
        r = self.gate(sheet, "r", t, "the reset gate: how much of the past is used")
        z = self.gate(sheet, "z", t, "the update gate: how much is kept or replaced")
        n = self._candidate(sheet, r, t)
        old, new = (z, f"(1 - {z})") if self.update_gate == "keeps" else (f"(1 - {z})", z)
        sheet.line(f"h_{t}", f"{old} * h_{t - 1} + {new} * {n}", "old state and candidate, shared")

    def _candidate(self, sheet: Sheet, r: str, t: int) -> str:
        letter = self.letter("n")
        affine = self._affine(letter)
        rows, is_batch = self.vectors == "rows", bool(self.batch)
        before, name = f"{self.BEFORE}_{letter}{t}", f"{letter}_{t}"
        if self.reset == "before":
            past = f"q_{t}"
            sheet.line(past, f"{r} * h_{t - 1}", "what is left of the past")
            sheet.line(before, self.affine(sheet, affine, t, past))
        else:
            past = f"q_{t}"
            inner = product(sheet, affine.recurrent, f"h_{t - 1}", rows, is_batch)
            if self._inner_bias in self.by_name:
                inner += f" + {self._inner_bias}"
            sheet.line(past, inner, "what the past says")
            text = product(sheet, affine.input, f"x_{t}", rows, is_batch)
            bias = f" + {affine.bias}" if affine.bias in sheet.dimensions.known else ""
            sheet.line(before, f"{text}{bias} + {r} * {past}")
        sheet.line(name, f"tanh({before})", "the candidate")
        return name

    def write_jacobians(self, sheet: Sheet, t: int) -> None:
        """The product rule: through the state itself, the update gate and the candidate."""
        r, z, n = (f"{self.letter(gate)}_{t}" for gate in self.GATES)
        state, h, q, x = f"h_{t - 1}", f"h_{t}", f"q_{t}", self.times
        weight = self._affine(self.letter("n")).recurrent
        transposed = weight + ".T" * bool(self.state_dims and self.vectors == "rows")
        slope = self.diagonal(f"1 - {n}^2")
        by_r, by_z = (self.gate_jacobian(sheet, gate, t) for gate in "rz")
        lines = [f"{self.BEFORE}_{self.letter('r')}{t}", r, q]
        if self.reset == "before":
            text = f"{self.diagonal(r)} + {self.diagonal(state)} {x} {by_r}"
            by_q = sheet.jacobian(q, state, text, "the product rule", lines)
            text = f"{slope} {x} {transposed} {x} {by_q}"
        else:
            text = f"{self.scaled(r, weight)} + {self.diagonal(q)} {x} {by_r}"
            text = f"{slope} {x} ({text})"
        lines += [f"{self.BEFORE}_{self.letter('n')}{t}", n]
        by_n = sheet.jacobian(n, state, text, "the slope of the candidate times its weights", lines)
        keeps = self.update_gate == "keeps"
        old, new = (z, f"1 - {z}") if keeps else (f"1 - {z}", z)
        change = self.diagonal(f"{state} - {n}" if keeps else f"{n} - {state}")
        lines += [f"{self.BEFORE}_{self.letter('z')}{t}", z, h]
        sheet.jacobian(
            h,
            state,
            f"{self.diagonal(old)} + {change} {x} {by_z} + {self.diagonal(new)} {x} {by_n}",
            "the product rule: the state itself, the update gate, the candidate",
            lines,
        )
