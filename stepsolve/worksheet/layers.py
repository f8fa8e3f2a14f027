"""Layers and losses of networks as lines: z = W x + b, a = f(z), and what is compared with targets.

Examples stand in one of two ways. In columns, z = W x + b, and a batch has an example in every column;
in rows, z = x W + b, and every row of a batch is an example.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 6.1 to 6.5; Nielsen, Neural Networks and
Deep Learning (2015), ch. 2, for the names z, a, W, b.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stepsolve.source.activations import IDENTITY, SOFTMAX
from stepsolve.worksheet.sheet import Sheet


class Examples(NamedTuple):
    """How many examples there are, `None` for one alone, and whether they are rows."""

    number: int | None
    rows: bool

    def product(self, weight: str, inputs: str) -> str:
        """The weights times the inputs."""
        return f"{inputs} @ {weight}" if self.rows else f"{weight} @ {inputs}"

    def biased(self, product: str, bias: str, is_number: bool) -> str:
        """With a bias for every example; columns get it as bias times a row of ones."""
        if self.number is None or self.rows or is_number:
            return f"{product} + {bias}"
        return f"{product} + outer({bias}, ones({self.number}))"

    def activated(self, activation: str, name: str, is_vector: bool = True) -> str:
        """An activation of all entries; softmax runs over the units of each example."""
        if activation != SOFTMAX or self.number is None or not is_vector:
            return f"{activation}({name})"
        return f"softmax({name}, axis={int(self.rows)})"


class Layer(NamedTuple):
    """The names of a layer's weight and bias (or none), and its activation."""

    weight: str
    bias: str
    activation: str


def write_layer(sheet: Sheet, layer: Layer, examples: Examples, inputs: str, z: str, a: str) -> str:
    """Write z and a = f(z) under their names; without an activation only a. Gives what z is called."""
    text = examples.product(layer.weight, inputs)
    if layer.bias:
        text = examples.biased(text, layer.bias, not sheet.dimensions.known[layer.bias])
    if layer.activation == IDENTITY:
        sheet.line(a, text)
        return a
    sheet.line(z, text)
    sheet.line(a, examples.activated(layer.activation, z))
    return z


class Loss(NamedTuple):
    """A row: a text in the output `a`, what is before its activation `z`, and the targets `y`.

    `shared` says that it is the sum over examples, `needs` which activation it has at the output.
    """

    text: str
    shared: bool
    needs: str = ""
    words: str = ""


LOSSES: Final = {
    "half-squared-error": Loss(
        "half_squared_error({a}, {y})", True, words="half the sum of the squared errors"
    ),
    "mse": Loss("mse({a}, {y})", False, words="the mean of the squared errors"),
    "cross-entropy": Loss(
        "softmax_cross_entropy({z}, {y})", False, SOFTMAX, "the cross-entropy of the softmax"
    ),
    "binary-cross-entropy": Loss(
        "binary_cross_entropy_logits({z}, {y})", True, "sigmoid", "the binary cross-entropy"
    ),
}


def loss_text(loss: str, reduction: str, examples: Examples, a: str, z: str, y: str) -> str:
    """The loss as a text, shared among the examples or summed over them."""
    row = LOSSES[loss]
    if row.needs == SOFTMAX and examples.number is not None and not examples.rows:
        z, y = f"{z}.T", f"{y}.T"
    text = row.text.format(a=a, z=z, y=y)
    if examples.number is None or examples.number == 1 or loss == "mse":
        return text
    if row.shared == (reduction == "sum"):
        return text
    return f"1/{examples.number} * {text}" if row.shared else f"{examples.number} * {text}"
