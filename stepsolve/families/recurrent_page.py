"""What stands around the steps of a recurrent network: given, outputs, losses, gradients, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from stepsolve.derivation import Block, Detail, Section
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number, folded
from stepsolve.operations.array_operation import Dims
from stepsolve.source.arrays import GivenArray, element
from stepsolve.worksheet.recurrent import (
    LOSSES,
    OUT_BIAS,
    is_shown,
    norms,
    not_shown,
    product,
)
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.training import Training

if TYPE_CHECKING:
    from stepsolve.families.recurrent import RecurrentProblem


class RecurrentPage:
    """Writes what stands before and after the steps of a problem."""

    def __init__(self, problem: RecurrentProblem, sheet: Sheet) -> None:
        self._problem, self._sheet = problem, sheet
        update = problem.update
        self._training = Training(sheet, update) if update is not None else None

    # ---------------------------------------------------------------------------- what is given

    def give(self) -> None:
        """Inputs, first states, weights, targets, gradients from above, settings."""
        problem, sheet = self._problem, self._sheet
        for t in problem.all_steps:
            self._give(f"x_{t}", element(problem.inputs, t - 1))
        for name, state in problem.initial.items():
            if state is not None:
                self._give(name, state)
            else:
                sheet.give(name, zeros(problem.state_dims), problem.state_dims)
        for weight in problem.weights:
            self._give(weight.name, weight)
        if problem.targets is not None:
            for t, target in sorted(problem.targets.steps.items()):
                self._give(f"target_{t}", self._one_hot(target))
        for gradient in problem.upstream:
            self._give(f"delta_{gradient.name}", gradient)
        middle = [t for t in problem.all_steps if not is_shown(t, problem.steps)]
        sheet.hide(*(f"{name}_{t}" for t in middle for name in ("x", "target")))
        if self._training is not None:
            self._training.give()

    def _give(self, name: str, given: GivenArray) -> None:
        self._sheet.give(name, given.value, given.dims, given.node)

    def _one_hot(self, target: GivenArray) -> GivenArray:
        """A class as a vector with 1 at its place; any other target as it is."""
        if self._problem.loss != "cross-entropy" or target.dims:
            return target
        assert isinstance(target.value, Number)
        dims, place = self._problem.output_dims, int(target.value.text)
        one_hot = Array(*(Number(str(int(k == place))) for k in range(dims[0])))
        return target._replace(value=one_hot, dims=dims)

    # ----------------------------------------------------------------------- outputs and losses

    def finish(self, t: int) -> None:
        """The output of a step and its loss."""
        targets = self._problem.targets
        if self._problem.has_outputs:
            self._write_output(t)
        if targets is not None and t in targets.steps:
            row = LOSSES[self._problem.loss]
            compared = f"s_{t}" if row.activation else f"{self._problem.output}_{t}"
            text = row.formula.replace("#y", compared).replace("#t", f"target_{t}")
            name = "L" if len(targets.steps) == 1 else f"L_{t}"
            self._sheet.line(name, text, "the loss of the step")

    def _write_output(self, t: int) -> None:
        problem, sheet = self._problem, self._sheet
        rows = problem.vectors == "rows"
        terms = [product(sheet, w, f"{h}_{t}", rows) for w, h in problem.output_weights.items()]
        text = " + ".join([*terms, *([OUT_BIAS] if OUT_BIAS in problem.by_name else [])])
        if problem.output_function == "identity":
            sheet.line(f"y_{t}", text, "the output of the step")
            return
        sheet.line(f"s_{t}", text, "the scores of the step")
        sheet.line(f"y_{t}", f"{problem.output_function}(s_{t})", "the output of the step")

    # -------------------------------------------------------------------------- after the steps

    def close(self) -> None:
        """Losses, gradients and update; of a forward pass its outputs."""
        problem, sheet = self._problem, self._sheet
        if problem.targets is not None:
            self._add_losses(sorted(problem.targets.steps))
        if problem.targets is not None or problem.upstream:
            self._back()
            return
        shown = problem.all_steps[-1:] if problem.is_long else problem.all_steps
        sheet.result(*(f"{problem.output}_{t}" for t in shown))
        sheet.result(*(f"{state}_{problem.steps}" for state in problem.states))

    def _add_losses(self, steps: Sequence[int]) -> None:
        self._sheet.result("L")
        if len(steps) == 1:
            return
        self._sheet.section("Loss")
        total = folded(partial(Apply, "+"), [Name(f"L_{t}") for t in steps])
        if self._problem.reduction == "mean":
            mean = Apply("/", total, Number(str(len(steps))))
            self._sheet.line("L", mean, "the mean over the steps")
        else:
            self._sheet.line("L", total, "the sum over the steps")

    def _back(self) -> None:
        problem, sheet = self._problem, self._sheet
        weights = [weight.name for weight in problem.weights]
        wrt = [name for name, state in problem.initial.items() if state is not None]
        if problem.input_gradients:
            wrt = [f"x_{t}" for t in problem.all_steps] + wrt
        wrt += weights
        seeds = {g.name: f"delta_{g.name}" for g in problem.upstream}
        if seeds:
            self._tell_seeds(seeds)
        sheet.backward("L", wrt, seeds, (), self._group)
        entered = {*(problem.targets.steps if problem.targets else ()), *map(_step, seeds)}
        norms(sheet, "L", problem.states, problem.all_steps[::-1], entered == {problem.steps})
        sheet.result(*(gradient_name("L", name) for name in wrt if name not in sheet.hidden))
        if self._training is not None:
            sheet.section("Update")
            sheet.result(*self._training.step("L", weights).values())

    def _tell_seeds(self, seeds: Mapping[str, str]) -> None:
        self._sheet.section("From above", detail=Detail.NORMAL)
        told: list[str | Expression] = []
        for name, seed in seeds.items():
            told += [Name(gradient_name("L", name)), " has the part ", Name(seed), ", "]
        self._sheet.text("Of a loss L that is not written here, ", *told[:-1], ".")

    def _group(self, name: str) -> Block:
        """What the gradient by a name stands under."""
        problem = self._problem
        parts = {part for affine in problem.affines for part in affine[1:]}
        if name in problem.by_name or name in parts:
            return Section(("Gradients of the weights",))
        if name in problem.initial or name.rstrip(digits) == "x_":
            return Section(("Gradients of inputs and initial states",))
        if name.rstrip(digits) == "L_":
            return Section(("Backward, the loss",))
        if name in self._sheet.hidden:
            return not_shown(problem.steps - 1, 3)
        return Section((problem.backward_heading(name, _step(name)),))


def zeros(dims: Dims) -> Expression:
    """A number or a vector of zeros."""
    return Array(*[Number("0")] * dims[0]) if dims else Number("0")


def _step(name: str) -> int:
    """The step of a quantity: 2 of `h_2` and of `z_i2`."""
    return int(name.rpartition("_")[2].lstrip(ascii_letters))
