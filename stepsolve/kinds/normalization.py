"""Batch and layer normalisation, line by line: mean, variance, normalised, scaled; forward and back.

The input X has one example in every row, N x D. Batch normalisation takes mean and variance of every
column, over the batch; layer normalisation of every row, over the features (of a vector: of all its
entries). The variance is divided by the count, not the count less one. gamma and beta have one entry
for every feature. Without units. In a test, batch normalisation uses running statistics, updated as
(1 - m) old + m new, with the variance divided by N - 1 unless the file says otherwise.

Source: Ioffe, Szegedy, Batch Normalization (2015), 3; Ba, Kiros, Hinton, Layer Normalization (2016), 3;
PyTorch documentation, torch.nn.BatchNorm1d, for the running statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from stepsolve.notation.tree import Expression, Number
from stepsolve.operations.array_operation import Dims
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import choice, entry, record
from stepsolve.source.report import Report
from stepsolve.source.training import amount
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.given import entry_of, numbers
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class Running:
    """The running statistics of batch normalisation."""

    mean: GivenArray = entry(array, "The running mean so far, an entry for every feature.")
    variance: GivenArray = entry(array, "The running variance so far.")
    momentum: Expression = entry(
        amount, "The weight m of the new statistics.", default=Number("0.1")
    )
    divisor: str = entry(
        choice("n-1", "n"), "By what the running variance is divided.", default="n-1"
    )
    test: GivenArray | None = entry(
        array, "An input to normalise with them, rows of features.", default=None
    )


@dataclass(frozen=True)
class Normalization(SheetProblem):
    """Batch or layer normalisation, forward and backward."""

    STARTER: ClassVar = ("method", "upstream")

    method: str = entry(
        choice("batch", "layer"),
        "Statistics of every column, over the batch, or of every row, over the features.",
        default="batch",
        examples=("batch",),
    )
    input: GivenArray = entry(
        array, "The input, one example in every row.", examples=([[1, 2], [3, 4], [5, 9]],)
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights gamma, which scales, and beta, which shifts; 1 and 0 unless given.",
        default=(),
        examples=({"gamma": [1, 2], "beta": [0, 0.5]},),
    )
    epsilon: Expression = entry(
        amount, "What is added to the variance.", default=Number("1e-5"), examples=(0.00001,)
    )
    upstream: GivenArray | None = entry(
        array,
        "The gradient of a loss by the result, passed back to the input, gamma and beta.",
        default=None,
        examples=([[1, 0], [0, 1], [-1, 0.5]],),
    )
    running: Running | None = entry(
        record(Running),
        "Running statistics: mean and variance, momentum, divisor n-1 or n, and a test input.",
        default=None,
        examples=({"mean": [0, 0], "variance": [1, 1]},),
    )

    @cached_property
    def _dims(self) -> Dims:
        return self.input.dims

    @cached_property
    def _weights(self) -> dict[str, GivenArray]:
        return {given.name: given for given in self.weights}

    def check_keys(self, report: Report) -> None:
        batch = self.method == "batch"
        axes = (2,) if batch else (1, 2)
        if len(self._dims) not in axes:
            wanted = "rows of features belong" if batch else "a vector or rows of features belong"
            told = f"{wanted} here, and this {self.input.words}"
            report.add(self.input.node.diagnose(told))
            return
        features = self._dims[-1:]
        found = check_weights(self.weights, ("gamma", "beta"), (), self.node_of("weights"), report)
        for given in found.values():
            check_sizes(given, features, "it has one entry for every feature", report)
        if self.upstream is not None:
            above = self.upstream._replace(name="upstream")
            check_sizes(above, self._dims, "it has the sizes of the input", report)
        if self.running is not None:
            self._check_running(self.running, report)
        if not report.failed:
            self._check_spread(report)

    def _check_running(self, running: Running, report: Report) -> None:
        features = self._dims[-1:]
        if self.method == "layer":
            told = "layer normalisation has no running statistics: a test is like training"
            report.add(running.mean.node.diagnose(told))
            return
        for name in ("mean", "variance"):
            given: GivenArray = getattr(running, name)._replace(name=f"the running {name}")
            check_sizes(given, features, "it has one entry for every feature", report)
        variance = numbers(running.variance)
        if variance is not None and np.any(variance < 0):
            wrong = entry_of(running.variance, *map(int, np.argwhere(variance < 0)[0]))
            report.add(wrong.node.diagnose("a variance is at least 0"))
        if running.divisor == "n-1" and self._dims[0] == 1:
            told = "one example has no variance divided by n - 1"
            report.add(self.input.node.diagnose(told, "divisor: n divides by n"))
        test = running.test
        if test is not None and (len(test.dims) != 2 or test.dims[1:] != features):
            told = f"the test input {test.words}, but rows of {features[0]} features belong here"
            report.add(test.node.diagnose(told))

    def _check_spread(self, report: Report) -> None:
        """Without epsilon, entries that are all the same cannot be divided by their spread."""
        values = numbers(self.input)
        if values is None or float(getattr(self.epsilon, "text", "1")):
            return
        axis = 0 if self.method == "batch" else -1
        if np.any(np.ptp(values, axis=axis) == 0):
            what = "column" if axis == 0 else "row"
            told = f"a {what} of equal entries has variance 0, and epsilon is 0"
            report.add(self.input.node.diagnose(told, "give an epsilon, such as 1e-5"))

    def write(self, sheet: Sheet) -> None:
        x = self._letters
        features = self._dims[-1:]
        sheet.give(x, self.input.value, self._dims, self.input.node)
        for name, usual in (("gamma", np.ones(features)), ("beta", np.zeros(features))):
            given = self._weights.get(name)
            value = usual if given is None else given.value
            sheet.give(name, value, features, None if given is None else given.node)
        sheet.give("epsilon", self.epsilon, ())
        if self.upstream is not None:
            y = x.replace("X", "Y").replace("x", "y")
            sheet.give(f"dL/d{y}", self.upstream.value, self._dims, self.upstream.node)
        if self.running is not None:
            self._give_running(sheet, self.running)
        self._forward(sheet)
        if self.upstream is not None:
            self._backward(sheet)
        if self.running is not None:
            self._test(sheet, self.running)

    @property
    def _letters(self) -> str:
        return "X" if len(self._dims) == 2 else "x"

    def _over(self, operation: str, text: str) -> str:
        """A mean or sum over what is normalised together, of sizes that go with the input again."""
        if len(self._dims) == 1:
            return f"{operation}({text})"
        if self.method == "batch":
            return f"{operation}({text}, axis=0)"
        return f"reshape({operation}({text}, axis=1), {self._dims[0]}, 1)"

    def _forward(self, sheet: Sheet) -> None:
        x = self._letters
        hat = f"{x}hat"
        each = "column, over the batch" if self.method == "batch" else "row, over its features"
        sheet.section("Forward pass")
        if len(self._dims) == 2:
            sheet.text(f"Mean and variance are those of every {each}.")
        sheet.line("mu", self._over("mean", x), "the mean")
        sheet.line("c", f"{x} - mu", "centred: the mean is now 0")
        sheet.line("v", self._over("mean", "c^2"), "the variance, divided by the count")
        sheet.line("sigma", "sqrt(v + epsilon)", "epsilon keeps the root from 0")
        sheet.line(hat, "c / sigma", "normalised: mean 0 and variance 1, but for epsilon")
        sheet.line(self._result, f"gamma * {hat} + beta", "scaled and shifted, feature by feature")
        sheet.result(self._result)

    @property
    def _result(self) -> str:
        return "Y" if self._letters == "X" else "y"

    def _backward(self, sheet: Sheet) -> None:
        x, y = self._letters, self._result
        sheet.backward("L", (x, "gamma", "beta"), {y: f"dL/d{y}"})
        hat = f"{x}hat"
        told = (
            "The same in one step: the gradient by the normalised input loses its mean, and what "
        )
        sheet.section("The gradient in one step")
        sheet.text(told + "lies along the normalised input, because neither can change.")
        sheet.line("a", self._over("mean", f"dL/d{hat}"), "its mean")
        sheet.line("b", self._over("mean", f"dL/d{hat} * {hat}"), "how far it lies along the input")
        sheet.line("k", f"(dL/d{hat} - a - {hat} * b) / sigma", f"this is dL/d{x}")
        sheet.equal("k", f"dL/d{x}", None)
        sheet.result(f"dL/d{x}", "dL/dgamma", "dL/dbeta")

    def _give_running(self, sheet: Sheet, running: Running) -> None:
        features = self._dims[-1:]
        sheet.give("mu_run", running.mean.value, features, running.mean.node)
        sheet.give("v_run", running.variance.value, features, running.variance.node)
        sheet.give("m", running.momentum, ())
        if running.test is not None:
            sheet.give("X_test", running.test.value, running.test.dims, running.test.node)

    def _test(self, sheet: Sheet, running: Running) -> None:
        count = self._dims[0]
        sheet.section("Running statistics")
        unbiased = running.divisor == "n-1"
        divided = f"N - 1 = {count - 1}" if unbiased else f"N = {count}"
        sheet.text(f"The new statistics have weight m; their variance is divided by {divided}.")
        new = f"v * {count} / {count - 1}" if unbiased else "v"
        sheet.line("mu_run'", "(1 - m) * mu_run + m * mu", "a running mean of the means")
        sheet.line("v_run'", f"(1 - m) * v_run + m * {new}", "a running mean of the variances")
        sheet.result("mu_run'", "v_run'")
        if running.test is None:
            return
        sheet.section("Test")
        sheet.text("A test uses the running statistics, so that no example hangs on the others.")
        root = "sqrt(v_run' + epsilon)"
        sheet.line("Y_test", f"gamma * (X_test - mu_run') / {root} + beta", "normalised and scaled")
        sheet.result("Y_test")
