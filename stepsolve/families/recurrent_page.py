"""What stands around the steps of a recurrent network: given, outputs, losses, gradients, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from stepsolve.derivation import Block, Detail, Section
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number, folded
from stepsolve.operations.array_operation import Dims
from stepsolve.source.arrays import GivenArray, element
from stepsolve.source.report import Report
from stepsolve.source.weights import one_hot
from stepsolve.worksheet.learning import Forward, check_length, headed, learn, rewritten
from stepsolve.worksheet.recurrent import (
    LOSSES,
    OUT_BIAS,
    is_shown,
    norms,
    not_shown,
    product,
)
from stepsolve.worksheet.sheet import Sheet

if TYPE_CHECKING:
    from stepsolve.families.recurrent import RecurrentProblem

WORD: Final = "Iteration"  # of an optimiser: a step is one of the sequence


class RecurrentPage:
    """Writes what stands before and after the steps of a problem."""

    def __init__(self, problem: RecurrentProblem, sheet: Sheet) -> None:
        self._problem, self._sheet = problem, sheet

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
                dims = (*problem.batch, *problem.state_dims)
                sheet.give(name, zeros(dims), dims)
        for weight in problem.weights:
            self._give(weight.name, weight)
        if problem.targets is not None:
            for t, target in sorted(problem.targets.steps.items()):
                self._give(f"target_{t}", self._labels(target))
        for gradient in problem.upstream:
            self._give(f"delta_{gradient.name}", gradient)
        middle = [t for t in problem.all_steps if not is_shown(t, problem.steps)]
        sheet.hide(*(f"{name}_{t}" for t in middle for name in ("x", "target")))
        if problem.batch:
            sheet.text(*_layout(problem.vectors == "rows"), detail=Detail.BRIEF)

    def _give(self, name: str, given: GivenArray) -> None:
        self._sheet.give(name, given.value, given.dims, given.node)

    def _labels(self, target: GivenArray) -> GivenArray:
        """Classes as vectors with 1 at their place; any other target as it is."""
        problem = self._problem
        if problem.loss != "cross-entropy" or target.dims != problem.batch:
            return target
        found = one_hot(target, problem.output_dims[0], Report())
        assert found is not None  # it has been checked
        return found

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
            because = "the loss of the step"
            if self._problem.batch:
                because += ", the mean over the examples"
                text = f"1/{self._problem.batch[0]} * {text}" if row.adds else text
            name = "L" if len(targets.steps) == 1 else f"L_{t}"
            self._sheet.line(name, text, because)

    def _write_output(self, t: int) -> None:
        problem, sheet = self._problem, self._sheet
        rows = problem.vectors == "rows"
        terms = [
            product(sheet, w, f"{h}_{t}", rows, bool(problem.batch))
            for w, h in problem.output_weights.items()
        ]
        text = " + ".join([*terms, *([OUT_BIAS] if OUT_BIAS in problem.by_name else [])])
        if problem.output_function == "identity":
            sheet.line(f"y_{t}", text, "the output of the step")
            return
        sheet.line(f"s_{t}", text, "the scores of the step")
        axis = ", axis=1" if problem.output_function == "softmax" and problem.batch else ""
        sheet.line(f"y_{t}", f"{problem.output_function}(s_{t}{axis})", "the output of the step")

    # -------------------------------------------------------------------------- after the steps

    def close(self, draft: Sheet) -> None:
        """The steps as drafted, with losses, gradients and update; of a forward pass its outputs."""
        problem, sheet = self._problem, self._sheet
        if problem.targets is not None:
            RecurrentPage(problem, draft)._add_losses(sorted(problem.targets.steps))
        check_length(draft, problem.update)
        forward = rewritten(draft, sheet, "L", WORD)
        if problem.targets is not None or problem.upstream:
            self._learn(forward)
            return
        forward({}, "", 1)
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

    def _learn(self, forward: Forward) -> None:
        problem = self._problem
        others = [name for name, state in problem.initial.items() if state is not None]
        if problem.input_gradients:
            others = [f"x_{t}" for t in problem.all_steps] + others
        weights = [weight.name for weight in problem.weights]
        seeds = {g.name: f"delta_{g.name}" for g in problem.upstream}

        def backward(loss: str, wrt: tuple[str, ...], before: str) -> None:
            if seeds:
                self._tell_seeds(seeds)
            ordered = [*(name for name in others if name in wrt), *wrt[: len(weights)]]
            self._back(loss, ordered, seeds, before)

        learn(self._sheet, forward, weights, problem.update, others, False, backward, WORD)

    def _back(self, loss: str, wrt: Sequence[str], seeds: Mapping[str, str], before: str) -> None:
        """The gradients, step by step, and how they grow or fade."""
        problem, sheet = self._problem, self._sheet
        ending = loss.removeprefix("L")
        sheet.backward(loss, wrt, seeds, (), partial(self._group, before, ending))
        if before:
            return
        targets = problem.targets
        entered = {*(targets.steps if targets else ()), *map(_step, seeds)}
        norms(sheet, loss, problem.states, problem.all_steps[::-1], entered == {problem.steps})
        sheet.result(*(gradient_name(loss, name) for name in wrt if name not in sheet.hidden))

    def _tell_seeds(self, seeds: Mapping[str, str]) -> None:
        self._sheet.section("From above", detail=Detail.NORMAL)
        told: list[str | Expression] = []
        for name, seed in seeds.items():
            told += [Name(gradient_name("L", name)), " has the part ", Name(seed), ", "]
        self._sheet.text("Of a loss L that is not written here, ", *told[:-1], ".")

    def _group(self, before: str, ending: str, name: str) -> Block:
        """What the gradient by a name stands under."""
        problem = self._problem
        parts = {part for affine in problem.affines for part in affine[1:]}
        weights = {*problem.by_name, *parts}
        hidden, name = name in self._sheet.hidden, name.removesuffix(ending)
        if name in weights or name.partition("_step")[0] in weights:
            return Section((headed(before, "Gradients of the weights"),))
        if name in problem.initial or name.rstrip(digits) == "x_":
            return Section((headed(before, "Gradients of inputs and initial states"),))
        if name.rstrip(digits) == "L_":
            return Section((headed(before, "Backward, the loss"),))
        if hidden:
            return not_shown(problem.steps - 1, 3)
        return Section((headed(before, problem.backward_heading(name, _step(name))),))


def _layout(rows: bool) -> tuple[str | Expression, ...]:
    """How the examples of a batch stand, and what that does to the products."""
    told = "The examples of a batch are the rows of every input, state and output, so a product is "
    weight: Expression = Name("W") if rows else Apply("T", Name("W"))
    rest = ": rows times a weight." if rows else ", the weight of a column transposed."
    return (told, Name("x_t"), " @ ", weight, rest)


def zeros(dims: Dims) -> Expression:
    """A number, a vector or rows of zeros."""
    return Array(*[zeros(dims[1:])] * dims[0]) if dims else Number("0")


def _step(name: str) -> int:
    """The step of a quantity: 2 of `h_2` and of `z_i2`."""
    return int(name.rpartition("_")[2].lstrip(ascii_letters))
