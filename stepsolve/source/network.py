"""The weights of a network of layers: given, drawn or symbols, and whether their sizes fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from stepsolve.notation.tree import Expression, Number
from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.source.arrays import GivenArray, check_sizes, draw
from stepsolve.source.data import Node
from stepsolve.source.report import Report
from stepsolve.source.weights import check_weights

MOST_LAYERS: Final = 50
MOST_WEIGHTS: Final = 5_000_000  # that are drawn


@dataclass(frozen=True)
class Network:
    """Layers with weights W1, b1, W2, b2 ... on inputs: a vector, or examples in rows or columns.

    `place` is where the weights stand, or should.
    """

    inputs: GivenArray
    given: tuple[GivenArray, ...]
    layers: tuple[int, ...]
    seed: int | None
    scale: Expression
    bias: bool
    rows: bool
    place: Node

    @property
    def count(self) -> int:
        """How many examples there are."""
        return self.batch[0] if self.batch else 1

    @property
    def batch(self) -> Dims:
        """The size of the axis of examples, if there is one."""
        return (self.inputs.dims[0 if self.rows else 1],) if len(self.inputs.dims) == 2 else ()

    @property
    def width(self) -> int:
        """How many entries an input has."""
        return self.inputs.dims[-1 if self.rows else 0]

    @cached_property
    def depth(self) -> int:
        """How many layers have weights."""
        if self.layers:
            return len(self.layers) - 1
        return sum(array.name.startswith("W") for array in self.given)

    @property
    def units(self) -> Dims:
        """The sizes of the output of one example."""
        return self._units(self.parameters[f"W{self.depth}"])

    def with_batch(self, units: Dims) -> Dims:
        """The sizes of something for every example."""
        return (*self.batch, *units) if self.rows else (*units, *self.batch)

    @cached_property
    def parameters(self) -> dict[str, GivenArray]:
        """Weights and biases by name, in the order of the layers."""
        given = {array.name: array for array in self.given}
        found: dict[str, GivenArray] = {}
        for k in range(1, self.depth + 1):
            for name in (f"W{k}", f"b{k}") if self.bias else (f"W{k}",):
                found[name] = given.get(name) or self._drawn(name, k)
        return found

    def _drawn(self, name: str, k: int) -> GivenArray:
        inside, units = self.layers[k - 1 : k + 1]
        dims: Dims = (inside, units) if self.rows else (units, inside)
        if name[0] == "b":
            dims = (units,)
        if self.seed is None:
            return GivenArray(name, None, dims, self.inputs.node)
        scale = float(self.scale.text) if isinstance(self.scale, Number) else 1.0
        value = np.zeros(dims) if name[0] == "b" else draw(dims, self.seed + k, scale)
        return GivenArray(name, value, dims, self.inputs.node)

    def _units(self, weight: GivenArray) -> Dims:
        return weight.dims[1:] if self.rows else weight.dims[:-1]

    @property
    def words(self) -> str:
        """How weights and examples stand, in a sentence."""
        one = "Each column" if self.rows else "Each row"
        told = f"{one} of a weight matrix belongs to one unit"
        if not self.batch:
            return told + "."
        return f"{told}, each {'row' if self.rows else 'column'} of X is one example."

    # ------------------------------------------------------------------------------------- mistakes

    def check(self, report: Report) -> None:
        """Add what is wrong with names and sizes."""
        if len(self.inputs.dims) not in (1, 2):
            told = f"an input is a vector and a batch a matrix, but this {self.inputs.words}"
            report.add(self.inputs.node.diagnose(told, "write [0.5] for one entry"))
        elif not 1 <= self.depth <= MOST_LAYERS:
            hint = "give weights: {W1: ...}, or layers: [2, 3, 1]"
            told = f"a network has from 1 to {MOST_LAYERS} layers with weights, not {self.depth}"
            report.add(self.place.diagnose(told, hint))
        elif sum(a * b for a, b in pairwise(self.layers)) > MOST_WEIGHTS:
            told = f"layers of such sizes have more than {MOST_WEIGHTS} weights"
            report.add(self.place.diagnose(told, "take smaller ones"))
        elif self._check_names(report):
            self._check_sizes(report)

    def _check_names(self, report: Report) -> bool:
        known = [f"{letter}{k}" for k in range(1, self.depth + 1) for letter in "Wb"]
        wanted = known if self.bias else known[::2]
        hint = "for a network without biases, write bias: false" if self.bias else ""
        check_weights(self.given, wanted, () if self.layers else wanted, self.place, report, hint)
        return not report.failed

    def _check_sizes(self, report: Report) -> None:
        before, what = self.width, "the input"
        if self.layers and self.layers[0] != before:
            told = f"an input has {before} entries, but layers begins with {self.layers[0]}"
            report.add(self.inputs.node.diagnose(told))
            return
        for k in range(1, self.depth + 1):
            weight = self.parameters[f"W{k}"]
            if not self._check_weight(k, weight, before, what, report):
                return
            units = self._units(weight)
            if self.bias and self.parameters[f"b{k}"].dims:
                because = f"one entry for every unit of W{k}, or one number for all"
                check_sizes(self.parameters[f"b{k}"], units, because, report)
            before, what = (units or (1,))[0], f"a{k}"

    def _check_weight(
        self, k: int, weight: GivenArray, before: int, what: str, report: Report
    ) -> bool:
        inside = weight.dims[0 if self.rows else -1] if weight.dims else 0
        told = hint = ""
        if len(weight.dims) not in (1, 2) or inside != before:
            entries = "entry" if before == 1 else "entries"
            told = f"W{k} {size_words(weight.dims)}, but {what} has {before} {entries}"
            part = "row" if self.rows else "column"
            hint = f"W{k} needs one {part} for every entry of {what}"
        elif len(weight.dims) == 1 and k < self.depth:
            told = f"W{k} {weight.words}, but only the last weight may be a vector"
            hint = "write [[...]] for a layer of one unit"
        elif self.layers and self._units(weight) not in ((self.layers[k],), ()):
            told = f"W{k} {weight.words}, but by layers it has {self.layers[k]} units"
        if told:
            report.add(weight.node.diagnose(told, hint))
        return not told
