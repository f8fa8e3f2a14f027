"""A recurrent network (Elman): forward over a sequence, and backward through time.

h_t = f(W_xh x_t + W_hh h_(t-1) + b_h) and, if there are weights for it, y_t = g(W_hy h_t + b_y).
Shows every step with its numbers, the losses, the gradient of every state and weight, the size of the
gradient by step, where it vanishes or explodes, and one update. Of two directions, the states k_t run
backwards with weights W_xk, W_kk, b_k of their own, and W_ky takes them to the output. Inputs and
states are vectors or numbers, without units; weights are W_xh: n × m, W_hh: n × n, W_hy: k × n.

Source: Elman, Finding structure in time (1990); Goodfellow, Bengio, Courville, Deep Learning (2016),
10.2 and 10.3; Schuster, Paliwal, Bidirectional recurrent neural networks (1997).
"""

from __future__ import annotations

from dataclasses import dataclass

from stepsolve.recurrent_problem import RecurrentProblem
from stepsolve.source.arrays import GivenArray, given_arrays
from stepsolve.source.fields import choice, entry
from stepsolve.worksheet.recurrent import Affine
from stepsolve.worksheet.sheet import Sheet

_FORWARD = Affine("h", "W_xh", "W_hh", "b_h")
_BACKWARD = Affine("k", "W_xk", "W_kk", "b_k")
_SLOPES = {"tanh": "1 - h^2", "sigmoid": "h * (1 - h)", "relu": "sign(h)"}
"""The derivatives of the activations, from their values."""


@dataclass(frozen=True)
class Rnn(RecurrentProblem):
    """A recurrent network, forward and backward through time."""

    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W_xh, W_hh and, if need be, b_h, W_hy, b_y; of two directions also "
        "W_xk, W_kk, b_k, W_ky. {shape: [3, 2]} is a symbol, with seed: its numbers are drawn.",
        examples=({"W_xh": [[0.5, -0.3], [0.8, 0.2]], "W_hh": [[0.1, 0.4], [-0.2, 0.3]]},),
    )
    activation: str = entry(
        choice("tanh", "relu", "sigmoid", "identity"),
        "The activation f of the states.",
        default="tanh",
        examples=("tanh",),
    )

    @property
    def heading(self) -> str:
        return "A bidirectional recurrent network" if self.both_ways else "A recurrent network"

    @property
    def both_ways(self) -> bool:
        """Whether there are states that run backwards."""
        return "W_xk" in self.by_name or "W_kk" in self.by_name

    @property
    def affines(self) -> tuple[Affine, ...]:
        return (_FORWARD, _BACKWARD) if self.both_ways else (_FORWARD,)

    @property
    def states(self) -> tuple[str, ...]:
        return ("h", "k") if self.both_ways else ("h",)

    @property
    def output_weights(self) -> dict[str, str]:
        return {"W_hy": "h", "W_ky": "k"} if self.both_ways else {"W_hy": "h"}

    @property
    def initial(self) -> dict[str, GivenArray | None]:
        known = super().initial
        return {**known, f"k_{self.steps + 1}": None} if self.both_ways else known

    def write_cell(self, sheet: Sheet, t: int) -> None:
        self._state(sheet, _FORWARD, t, f"h_{t - 1}")

    def _state(self, sheet: Sheet, affine: Affine, t: int, before: str) -> None:
        text = self.affine(sheet, affine, t, before)
        name = f"{affine.letter}_{t}"
        if self.activation == "identity":
            sheet.line(name, text, "input and state, weighted")
            return
        z = f"z_{t}" if affine is _FORWARD else f"z_{affine.letter}{t}"
        sheet.line(z, text, "input and state, weighted")
        sheet.line(name, f"{self.activation}({z})", "the state of the step")

    def write_jacobians(self, sheet: Sheet, t: int) -> None:
        """The chain rule: the slope of the activation, then the weights."""
        h = f"h_{t}"
        if self.activation == "identity":
            text = "W_hh" + ".T" * (self.vectors == "rows" and bool(self.state_dims))
        else:
            text = self.scaled(_SLOPES[self.activation].replace("h", h), "W_hh")
        because = "the slope of the activation times the weights"
        sheet.jacobian(
            h, f"h_{t - 1}", text, because, [f"z_{t}", h] if f"z_{t}" in sheet.lines else [h]
        )

    def write_steps(self, sheet: Sheet) -> None:
        if not self.both_ways:
            super().write_steps(sheet)
            return
        self.pass_over(sheet, "Forwards, step", self.all_steps, self.write_cell)
        self.pass_over(
            sheet,
            "Backwards, step",
            self.all_steps[::-1],
            lambda sheet, t: self._state(sheet, _BACKWARD, t, f"k_{t + 1}"),
        )
        self.pass_over(sheet, "Output, step", self.all_steps, self.finish)

    def backward_heading(self, name: str, t: int) -> str:
        if not self.both_ways:
            return super().backward_heading(name, t)
        if name[:2] in ("y_", "s_"):
            return "Backward, the outputs"
        return f"Backward, the states {'k' if 'k' in name else 'h'}"
