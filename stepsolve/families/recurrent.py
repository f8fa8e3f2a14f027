"""What the kinds of recurrent networks have in common: a sequence, weights, outputs, losses, an update.

A kind names the affine maps of its cell and writes one step of it; sizes, outputs, losses, gradients
through time and the update come from here. An input is a vector with m entries or a number, a state a
vector with n entries or a number. Weights on the input are n × m and those on the state n × n, and
multiply from the left; with vectors as rows they are m × n and n × n, and multiply from the right.
Of a batch, the input of a step is a matrix with a row for every example, and so is every state:
weights multiply rows from the right, those of n × m transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.families.recurrent_checks import Checks
from stepsolve.families.recurrent_page import RecurrentPage
from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import (
    GivenArray,
    array,
    given_arrays,
)
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.steps import Targets, targets
from stepsolve.source.training import Update, update
from stepsolve.worksheet.recurrent import (
    ALL_SHOWN,
    LOSSES,
    OUT,
    OUT_BIAS,
    Affine,
    is_shown,
    not_shown,
    product,
)
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class RecurrentProblem(SheetProblem):
    """A network that is unrolled over a sequence."""

    STARTER: ClassVar = ("targets",)
    inputs: GivenArray = entry(
        array,
        "The inputs, one row for every step: a list of lists, or of numbers where an input is a "
        "number; {shape: [5, 3], seed: 1} draws five inputs with three entries. Of a batch, for "
        "every step a row for every example.",
        examples=([[1, 2], [0.5, 3]],),
    )
    initial_state: GivenArray | None = entry(
        array,
        "The state h_0 before the first step; zeros if left out. Of a batch, a row for every "
        "example.",
        default=None,
        examples=([0.1, -0.2],),
    )
    weights: tuple[GivenArray, ...] = entry(given_arrays, "The weights by name.")
    vectors: str = entry(
        choice("columns", "rows"),
        "How vectors stand: columns for W @ x, with weights of n × m, rows for x @ W, of m × n.",
        default="columns",
        examples=("columns",),
    )
    output_activation: str | None = entry(
        choice("identity", "softmax", "sigmoid", "tanh", "relu"),
        "The activation of the outputs W_hy h_t + b_y; that of the loss if left out.",
        default=None,
        examples=("identity",),
    )
    targets: Targets | None = entry(
        targets,
        "What the outputs should be: a list with an entry for every step (none for a step without "
        "one), or a mapping from steps, counted from 1. Of cross-entropy, the class counted from 0, "
        "or probabilities. Without it the pass is forward only.",
        default=None,
        examples=([[0.5, 0.1], [1.25, -0.3]],),
    )
    loss: str = entry(
        choice(*LOSSES),
        "How an output is compared with its target. Of a batch, the mean over its examples.",
        default="half-squared-error",
        examples=("half-squared-error",),
    )
    reduction: str = entry(
        choice("sum", "mean"),
        "Whether the losses of the steps are added or averaged.",
        default="sum",
        examples=("mean",),
    )
    upstream: tuple[GivenArray, ...] = entry(
        given_arrays,
        "Instead of targets: the gradients of a loss by states or outputs, from above.",
        default=(),
        examples=({"h_2": [1, 0]},),
    )
    input_gradients: bool = entry(
        boolean, "The gradients by the inputs as well.", default=False, examples=(True,)
    )
    jacobians: bool = entry(
        boolean,
        "How the state of every step hangs on the one before it: the partial derivatives.",
        default=False,
        examples=(True,),
    )
    update: Update | None = entry(
        update,
        "Steps of an optimiser on all weights: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.1},),
    )

    # ------------------------------------------------------------------------- what a kind says

    @property
    def affines(self) -> tuple[Affine, ...]:
        """The affine maps of the cell, by the names of their weights in its lines."""
        raise NotImplementedError  # every kind has its own

    @property
    def stored(self) -> tuple[Affine, ...]:
        """The affine maps by the names of their weights in the file: several may be stacked in one."""
        return self.affines

    def stacked(self, dims: Dims) -> Dims:
        """The sizes of what the stored maps lead to, from those of a state."""
        return dims

    @property
    def optional(self) -> frozenset[str]:
        """Weights beside those of the affine maps that may be given."""
        return frozenset()

    @property
    def states(self) -> tuple[str, ...]:
        """The letters of what goes from step to step."""
        return ("h",)

    def write_cell(self, sheet: Sheet, t: int) -> None:
        """The lines of step t."""
        raise NotImplementedError  # every kind has its own

    def tell(self, sheet: Sheet) -> None:
        """Sentences before everything else."""

    def prepare(self, sheet: Sheet) -> None:
        """Lines before the first step."""

    @property
    def output_weights(self) -> dict[str, str]:
        """The weights that states have in the output, with the letters of the states."""
        return {OUT: "h"}

    def write_jacobians(self, sheet: Sheet, t: int) -> None:
        """The partial derivatives of the states of step t by those before it."""
        raise NotImplementedError  # every kind has its own

    def close_jacobians(self, sheet: Sheet) -> None:
        """What follows from them over all steps."""

    # ------------------------------------------------------------------------------- the sizes

    @property
    def steps(self) -> int:
        return self.inputs.dims[0]

    @property
    def all_steps(self) -> range:
        return range(1, self.steps + 1)

    @property
    def batch(self) -> Dims:
        """The size of the axis of examples, if there is one."""
        return self.inputs.dims[1:2] if len(self.inputs.dims) == 3 else ()

    @property
    def input_dims(self) -> Dims:
        return self.inputs.dims[2:] if self.batch else self.inputs.dims[1:]

    @cached_property
    def by_name(self) -> dict[str, GivenArray]:
        """The weights of the file."""
        return {weight.name: weight for weight in self.weights}

    @property
    def recurrent(self) -> GivenArray | None:
        """A weight on the state, whose sizes say those of the state."""
        found = (self.by_name.get(affine.recurrent) for affine in self.stored)
        return next((weight for weight in found if weight is not None), None)

    @property
    def state_dims(self) -> Dims:
        recurrent = self.recurrent
        assert recurrent is not None
        return recurrent.dims[:1]

    @property
    def has_outputs(self) -> bool:
        """Whether there are outputs beside the states."""
        return OUT in self.by_name

    @property
    def output_dims(self) -> Dims:
        if not self.has_outputs:
            return self.state_dims
        dims = self.by_name[OUT].dims
        if not self.state_dims:
            return dims
        return dims[1:] if self.vectors == "rows" else dims[:-1]

    @property
    def output(self) -> str:
        """The letter of what is compared with targets."""
        return "y" if self.has_outputs else "h"

    def expected(self) -> dict[str, tuple[Dims, str]]:
        """The sizes of every weight that may be given, and why they are so."""
        n, m, k = self.state_dims, self.input_dims, self.output_dims
        found: dict[str, tuple[Dims, str]] = {}
        for affine in self.stored:
            to = self.stacked(n)
            found[affine.input] = self._between(to, m), because(n, "state", m, "input")
            found[affine.recurrent] = self._between(to, n), because(n, "state")
            found[affine.bias] = to, because(n, "state")
        found |= {extra: (n, because(n, "state")) for extra in self.optional}
        if self.has_outputs:
            for weight in self.output_weights:
                found[weight] = self._between(k, n), because(k, "output", n, "state")
            found[OUT_BIAS] = k, because(k, "output")
        return found

    def _between(self, to: Dims, of: Dims) -> Dims:
        return (*of, *to) if self.vectors == "rows" else (*to, *of)

    def check_keys(self, report: Report) -> None:
        Checks(self, report).all()

    # -------------------------------------------------------------------------------- the page

    @property
    def initial(self) -> dict[str, GivenArray | None]:
        """The states before the first step, None for zeros."""
        return {"h_0": self.initial_state}

    @property
    def output_function(self) -> str:
        """The activation of the outputs."""
        needed = LOSSES[self.loss].activation if self.targets is not None else ""
        return self.output_activation or needed or "identity"

    @property
    def is_long(self) -> bool:
        return self.steps > ALL_SHOWN

    def write(self, sheet: Sheet) -> None:
        page = RecurrentPage(self, sheet)
        page.give()
        self.tell(sheet)
        draft = sheet.draft()
        self.prepare(draft)
        self.write_steps(draft)
        if self.jacobians:
            self._write_all_jacobians(draft)
        page.close(draft)

    def _write_all_jacobians(self, sheet: Sheet) -> None:
        self.pass_over(sheet, "By the step before, step", self.all_steps, self.write_jacobians)
        self.close_jacobians(sheet)
        if not self.is_long:
            sheet.result(*(f"∂h_{t}/∂h_{t - 1}" for t in self.all_steps))

    def write_steps(self, sheet: Sheet) -> None:
        """All steps in order."""

        def write(sheet: Sheet, t: int) -> None:
            self.write_cell(sheet, t)
            self.finish(sheet, t)

        self.pass_over(sheet, "Step", self.all_steps, write)

    def pass_over(
        self, sheet: Sheet, heading: str, order: Sequence[int], write: Callable[[Sheet, int], None]
    ) -> None:
        """Write all steps under headings; of a long sequence the middle is not shown."""
        for count, t in enumerate(order, 1):
            if is_shown(count, self.steps):
                sheet.section(f"{heading} {t}")
            elif count == 3:
                sheet.block(not_shown(order[2], order[-2]))
            before = len(sheet.lines)
            write(sheet, t)
            if not is_shown(count, self.steps):
                sheet.hide(*list(sheet.lines)[before:])

    def finish(self, sheet: Sheet, t: int) -> None:
        """The output of a step and its loss."""
        RecurrentPage(self, sheet).finish(t)

    def affine(self, sheet: Sheet, affine: Affine, t: int, state: str) -> str:
        """The text of W x_t + W h + b."""
        rows = self.vectors == "rows"
        terms = [product(sheet, affine.input, f"x_{t}", rows, bool(self.batch))]
        terms.append(product(sheet, affine.recurrent, state, rows, bool(self.batch)))
        if affine.bias in sheet.dimensions.known:
            terms.append(affine.bias)
        return " + ".join(terms)

    @property
    def times(self) -> str:
        """The sign between two Jacobians."""
        return "@" if self.state_dims else "*"

    def diagonal(self, factor: str) -> str:
        """The Jacobian of what is multiplied entry by entry."""
        return f"diag({factor})" if self.state_dims else f"({factor})"

    def scaled(self, factor: str, weight: str) -> str:
        """The rows of a weight times the entries of a vector, as a Jacobian has them."""
        transposed = ".T" if self.state_dims and self.vectors == "rows" else ""
        return f"{self.diagonal(factor)} {self.times} {weight}{transposed}"

    def backward_heading(self, name: str, t: int) -> str:
        """The heading of the gradient by a quantity of step t."""
        return f"Backward, step {t}"


def because(to: Dims, what: str, of: Dims | None = None, other: str = "") -> str:
    """Why a weight has its sizes: those of what it is between."""
    first = f"the {what} {size_words(to)}"
    return first if of is None else f"{first}, and the {other} {size_words(of)}"
