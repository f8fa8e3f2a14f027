"""A multilayer perceptron: forward, backward, and steps of gradient descent.

Shows the pre-activation z and the activation a of every layer, the loss, the gradient of every weight
and bias by the chain rule, and every weight before and after an update. Any depth and width; one
example (vectors) or a batch (matrices). In columns, z = W x + b with W of units × inputs, and the
examples of a batch are columns; in rows, z = x W + b with W of inputs × units, and they are rows. A
weight of the last layer may be a vector: then there is one output, a number. Quantities have no units
of measurement.

Source: Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (1986);
Goodfellow, Bengio, Courville, Deep Learning (2016), 6.1 (XOR) and 6.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

from stepsolve.errors import nearest
from stepsolve.notation.tree import Expression, Number
from stepsolve.operations.array_operation import Dims
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.activations import SOFTMAX, activations
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays, positive
from stepsolve.source.fields import boolean, choice, entry, integer, list_of
from stepsolve.source.network import Network
from stepsolve.source.quantities import WrittenName, written_name
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.source.weights import one_hot
from stepsolve.worksheet.layers import LOSSES, Examples, Layer, loss_text, write_layer
from stepsolve.worksheet.learning import learn
from stepsolve.worksheet.separation import hidden_space
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.training import ROWS
from stepsolve.worksheet.truth_table import truth_table

MOST_LINES: Final = 2500  # of all steps together


@dataclass(frozen=True)
class MultilayerPerceptron(SheetProblem):
    """A multilayer perceptron: forward, backward, steps of gradient descent."""

    STARTER: ClassVar = ("weights", "targets", "update")

    inputs: GivenArray = entry(
        array,
        "The input x of one example, a vector; or a batch X, a matrix with an example in every "
        "row or column, see examples.",
        examples=([0.1, 0.5],),
    )
    targets: GivenArray | None = entry(
        array,
        "The targets y, of the sizes of the output; for cross-entropy also the number of the "
        "class, counted from 0.",
        default=None,
        examples=([0, 1],),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W1, b1, W2, b2 and so on. A bias may be one number for all units.",
        default=(),
        examples=({"W1": [[0.1, 0.3], [0.2, 0.4]], "b1": 0, "W2": [[1, 2], [0, 1]], "b2": 0},),
    )
    layers: tuple[int, ...] = entry(
        list_of(integer(1, 4096), minimum=2),
        "The sizes of all layers from the input to the output. Weights that are not given are drawn "
        "from the seed, with biases of 0; without a seed they are symbols.",
        default=(),
        examples=([2, 2, 2],),
    )
    seed: int | None = entry(
        integer(0, 10**9), "Where the random weights of layers start.", default=None, examples=(1,)
    )
    scale: Expression = entry(
        positive,
        "The standard deviation of random weights.",
        default=Number("1"),
        examples=(0.5,),
    )
    bias: bool = entry(boolean, "Whether layers have biases.", default=True, examples=(True,))
    activation: tuple[str, ...] = entry(
        activations,
        "The activation of all layers, or a list with that of each layer: identity, softmax or any "
        "operation on numbers such as sigmoid, tanh, relu.",
        default=("sigmoid",),
        examples=("sigmoid",),
    )
    examples: str = entry(
        choice("columns", "rows"),
        "How examples stand: columns is z = W x + b, with the examples of a batch as columns; rows is "
        "z = x W + b.",
        default="columns",
        examples=("columns",),
    )
    loss: str | None = entry(
        choice(*LOSSES),
        "What is minimised; unless given, cross-entropy after softmax, else half-squared-error.",
        default=None,
        examples=("half-squared-error",),
    )
    reduction: str = entry(
        choice("mean", "sum"),
        "Whether the loss of a batch is the mean or the sum over its examples.",
        default="mean",
        examples=("mean",),
    )
    backward: bool = entry(
        boolean,
        "Whether the loss is differentiated; if not, the page ends with the outputs.",
        default=True,
        examples=(True,),
    )
    update: Update | None = entry(
        update,
        "An optimiser and its settings: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.5},),
    )
    batch_size: int | None = entry(
        integer(1, 100_000),
        "How many examples of the batch a step uses, in order; all of them unless given.",
        default=None,
        examples=(1,),
    )
    trainable: tuple[WrittenName, ...] = entry(
        list_of(written_name, minimum=1),
        "The weights that are differentiated by and updated; all of them unless given.",
        default=(),
        examples=(["W1", "W2"],),
    )

    # ---------------------------------------------------------------------------- what it is made of

    @property
    def heading(self) -> str:
        return "A multilayer perceptron"

    @cached_property
    def network(self) -> Network:
        rows = self.examples == "rows"
        place = self.node_of("inputs", "layers", "weights")
        return Network(
            self.inputs, self.weights, self.layers, self.seed, self.scale, self.bias, rows, place
        )

    @property
    def activations(self) -> tuple[str, ...]:
        depth = self.network.depth
        return self.activation * depth if len(self.activation) == 1 else self.activation

    @property
    def loss_name(self) -> str:
        """The loss: the one asked for, or that of the last activation."""
        usual = "cross-entropy" if self.activations[-1] == SOFTMAX else "half-squared-error"
        return self.loss or usual

    def labels(self, report: Report) -> GivenArray | None:
        """The targets as they are compared with outputs; what is no class is reported."""
        network, targets = self.network, self.targets
        if targets is None or targets.dims != network.batch or self.loss_name != "cross-entropy":
            return targets
        return one_hot(targets, network.units[0], report, columns=not network.rows)

    # ------------------------------------------------------------------------------------- mistakes

    def check_keys(self, report: Report) -> None:
        network = self.network
        network.check(report)
        if report.failed:
            return
        self._check_activations(report)
        if report.failed:
            return
        labels = self.labels(report)
        if labels is not None:
            dims = network.with_batch(network.units)
            check_sizes(labels._replace(name="y"), dims, "one for every output", report)
        self._check_training(report)

    def _check_activations(self, report: Report) -> None:
        depth, node = self.network.depth, self.node_of("activation")
        if len(self.activations) != depth:
            told = f"there are {depth} layers, but {len(self.activations)} activations"
            report.add(node.diagnose(told, "give one for all layers, or one for each"))
            return
        if self.activations[-1] == SOFTMAX and not self.network.units:
            report.add(node.diagnose("softmax needs a matrix as the last weight", "write [[...]]"))
        wanted = LOSSES[self.loss_name].needs
        if wanted not in ("", self.activations[-1]):
            told = f"the loss {self.loss} needs {wanted} as the last activation"
            hint = f"it is {self.activations[-1]}"
            report.add(self.node_of("loss").diagnose(told, hint))

    def _check_training(self, report: Report) -> None:
        known = self.network.parameters
        for written in self.trainable:
            if written.name not in known:
                hint = nearest(written.name, known) or f"the weights are {', '.join(known)}"
                report.add(written.node.diagnose(f"there is no weight {written.name} here", hint))
        told = key = ""
        if self.update and self.targets is None:
            key, told = "update", "an update needs targets to learn from"
        elif self.update and not self.backward:
            key, told = "backward", "an update needs gradients: leave out backward: false"
        elif self.batch_size and not self.update:
            key, told = "batch-size", "batch-size is for an update"
        elif self.batch_size and self.batch_size > self.network.count:
            key = "batch-size"
            told = f"batch-size is {self.batch_size}, but there are {self.network.count} examples"
        if told:
            report.add(self.node_of(key).diagnose(told))
        steps = self.update.steps if self.update else 1
        moves = len(ROWS[self.update.optimiser].lines) if self.update else 0
        if steps * self.network.depth * (6 + 2 * moves) > MOST_LINES:
            told = f"{steps} steps of so many layers are too long to be written out"
            report.add(self.node_of("update").diagnose(told))

    # ----------------------------------------------------------------------------------------- page

    def write(self, sheet: Sheet) -> None:
        network, targets = self.network, self.labels(Report())
        batch = bool(network.batch)
        sheet.give("X" if batch else "x", self.inputs.value, self.inputs.dims, self.inputs.node)
        for name, weight in network.parameters.items():
            sheet.give(name, weight.value, weight.dims, weight.node)
        if targets is not None:
            sheet.give("Y" if batch else "y", targets.value, targets.dims, targets.node)
        sheet.text(network.words)
        trained = tuple(w.name for w in self.trainable) or tuple(network.parameters)
        if targets is None or not self.backward:
            sheet.section("Forward pass")
            self._layers(sheet, {}, "", "X" if batch else "x", network.batch)
            self._table(sheet, "")
            sheet.result(f"{'A' if batch else 'a'}{network.depth}")
            return
        batches = self.batch_size is not None and self.batch_size < network.count
        learn(sheet, lambda *now: self._forward(sheet, *now), trained, self.update, batches=batches)

    def _forward(self, sheet: Sheet, now: Mapping[str, str], suffix: str, step: int | None) -> str:
        """A forward pass to the loss, over the batch of the step or over all examples."""
        network = self.network
        batch, x, y = network.batch, *(("X", "Y") if network.batch else ("x", "y"))
        if batch and self.batch_size and self.batch_size < network.count and step is not None:
            x, y, batch = self._picked(sheet, suffix, step)
        a, z = self._layers(sheet, now, suffix, x, batch)
        examples = Examples(batch[0] if batch else None, network.rows)
        if self.loss_name == "half-squared-error" and not sheet.dimensions.known[a]:
            text = f"1/2 * ({a} - {y})^2"
        else:
            text = loss_text(self.loss_name, self.reduction, examples, a, z, y)
        loss = f"L{suffix}"
        sheet.line(loss, text, LOSSES[self.loss_name].words)
        if step is None or self.update is None:
            self._table(sheet, suffix)
        return loss

    def _picked(self, sheet: Sheet, suffix: str, step: int) -> tuple[str, str, Dims]:
        """The examples of a step, in order and from the start again."""
        network, size = self.network, self.batch_size or 1
        batches = -(-network.count // size)
        start = (step - 1) % batches * size
        end = min(start + size, network.count)
        several = end - start > 1
        picked = []
        for name, axes in (("X", 2), ("Y", len(network.units) + 1)):
            place = f"{start}:{end}" if several else str(start)
            if not network.rows and axes == 2:
                whole = sheet.dimensions.known[name][0]
                text = f"{name}[0:{whole}, {place}]"
            else:
                text = f"{name}[{place}]"
            picked.append((name if several else name.lower()) + suffix)
            epoch = (step - 1) // batches + 1
            sheet.line(picked[-1], text, f"epoch {epoch}" if name == "X" else "")
        return picked[0], picked[1], (end - start,) if several else ()

    def _layers(
        self, sheet: Sheet, now: Mapping[str, str], suffix: str, inputs: str, batch: Dims
    ) -> tuple[str, str]:
        """The layers on some inputs; gives the names of the output and of what it is made from."""
        examples = Examples(batch[0] if batch else None, self.network.rows)
        z = a = inputs
        for k, activation in enumerate(self.activations, 1):
            weight, bias = (now.get(name, name) for name in (f"W{k}", f"b{k}"))
            layer = Layer(weight, bias if self.bias else "", activation)
            letters = "ZA" if batch else "za"
            before, (z, a) = a, (f"{letter}{k}{suffix}" for letter in letters)
            z = write_layer(sheet, layer, examples, before, z, a)
        return a, z

    def _table(self, sheet: Sheet, suffix: str) -> None:
        """A batch as a table: every example with its hidden units, its output and its target."""
        network = self.network
        if not network.batch:
            return
        hidden = [f"A{k}{suffix}" for k in range(1, network.depth + 1)]
        names = ["X", *hidden, *(["Y"] if self.targets else [])]
        sheet.block(lambda solved: truth_table(solved, names, network.count, network.rows))
        if self.targets is not None and network.depth > 1 and not network.units:
            output = f"Z{network.depth}{suffix}"
            output = output if output in sheet.lines else hidden[-1]
            sheet.block(lambda solved: hidden_space(solved, "X", output, "Y", network.rows))
