"""An autoencoder: code, reconstruction, loss, gradients and updates.

h = f(W_e x + b_e) is the code and xhat = g(W_d h + b_d) the reconstruction of x, by default without
activations and biases: they are those that the file names. With tied weights W_d is W_e transposed.
x is a vector, or a matrix with an example in every column; W_e is code × entries, W_d entries × code.
No units of measurement.

Source: Hinton, Salakhutdinov, Reducing the dimensionality of data with neural networks (2006);
Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.activations import IDENTITY, entrywise
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.layers import LOSSES, Examples, Layer, loss_text, write_layer
from stepsolve.worksheet.learning import learn
from stepsolve.worksheet.sheet import Sheet

_NAMES = ("W_e", "b_e", "W_d", "b_d")


@dataclass(frozen=True)
class Autoencoder(SheetProblem):
    """An autoencoder: code, reconstruction, loss, gradients."""

    STARTER: ClassVar = ()

    input: GivenArray = entry(
        array,
        "The input x, a vector; or several, the columns of a matrix X.",
        examples=([2, 0],),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W_e and W_d, and the biases b_e and b_d, which may be left out.",
        examples=({"W_e": [[0.5, -1]], "W_d": [[1], [0.5]]},),
    )
    tied: bool = entry(
        boolean,
        "Whether the decoder has the weights of the encoder, transposed; then W_d is not given.",
        default=False,
        examples=(False,),
    )
    activation: str = entry(
        entrywise,
        "The activation of the code: identity or any operation on numbers.",
        default=IDENTITY,
        examples=("tanh",),
    )
    output_activation: str = entry(
        entrywise,
        "The activation of the reconstruction.",
        default=IDENTITY,
        examples=("sigmoid",),
    )
    loss: str = entry(
        choice("half-squared-error", "mse", "binary-cross-entropy"),
        "What is minimised; of several inputs the mean.",
        default="half-squared-error",
        examples=("mse",),
    )
    update: Update | None = entry(
        update,
        "An optimiser and its settings: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.1},),
    )

    @property
    def x(self) -> str:
        """What the input is called."""
        return "x" if len(self.input.dims) == 1 else "X"

    # ------------------------------------------------------------------------------------- mistakes

    def check_keys(self, report: Report) -> None:
        if len(self.input.dims) not in (1, 2):
            told = f"an input is a vector and several are a matrix, but this {self.input.words}"
            report.add(self.input.node.diagnose(told))
            return
        required = ("W_e",) if self.tied else ("W_e", "W_d")
        known = tuple(name for name in _NAMES if name != "W_d" or not self.tied)
        found = check_weights(self.weights, known, required, self.node_of("weights"), report)
        wanted = LOSSES[self.loss].needs
        if wanted and self.output_activation != wanted:
            told = f"the loss {self.loss} needs output-activation: {wanted}"
            key = "output-activation" if self.output_activation != IDENTITY else "loss"
            report.add(self.node_of(key).diagnose(told, f"it is {self.output_activation}"))
        if "W_e" not in found:
            return
        encoder, entries = found["W_e"], self.input.dims[0]
        if len(encoder.dims) != 2 or encoder.dims[1] != entries:
            told = f"W_e {encoder.words}, but the input has {entries} entries"
            report.add(encoder.node.diagnose(told, "W_e needs one column for every entry of x"))
            return
        code = encoder.dims[0]
        for name, dims, because in (
            ("b_e", (code,), "one bias for every entry of the code"),
            ("W_d", (entries, code), "it takes the code back to the input"),
            ("b_d", (entries,), "one bias for every entry of the input"),
        ):
            if name in found:
                check_sizes(found[name], dims, because, report)

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        sheet.give(self.x, self.input.value, self.input.dims, self.input.node)
        give_all(sheet, self.weights)
        if self.tied:
            sheet.text("The weights are tied: the decoder has those of the encoder, transposed.")
        names = [weight.name for weight in self.weights]
        learn(sheet, lambda *now: self._forward(sheet, *now), names, self.update)

    def _forward(self, sheet: Sheet, now: Mapping[str, str], suffix: str, step: int | None) -> str:
        count = None if self.x == "x" else self.input.dims[1]
        examples = Examples(count, False)
        letters = ("z", "h", "q", "xhat") if self.x == "x" else ("Z", "H", "Q", "Xhat")
        z, code, before, output = (f"{letter}{suffix}" for letter in letters)
        encoder = Layer(now["W_e"], now.get("b_e", ""), self.activation)
        write_layer(sheet, encoder, examples, self.x, z, code)
        weight = f"{now['W_e']}.T" if self.tied else now["W_d"]
        decoder = Layer(weight, now.get("b_d", ""), self.output_activation)
        before = write_layer(sheet, decoder, examples, code, before, output)
        loss = f"L{suffix}"
        text = loss_text(self.loss, "mean", examples, output, before, self.x)
        sheet.line(loss, text, LOSSES[self.loss].words)
        return loss
