"""What may be wrong between the keys of a recurrent network, each at its place in the file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from stepsolve.errors import nearest
from stepsolve.operations.array_operation import size_words
from stepsolve.source.arrays import check_sizes
from stepsolve.source.data import Node
from stepsolve.source.report import Report
from stepsolve.source.steps import MOST_STEPS, Targets
from stepsolve.source.weights import one_hot
from stepsolve.worksheet.given import check_distributions
from stepsolve.worksheet.recurrent import LOSSES, OUT, OUT_BIAS

if TYPE_CHECKING:
    from stepsolve.families.recurrent import RecurrentProblem

_LARGEST_JACOBIAN: Final = 100


class Checks:
    """The checks of one problem; what is wrong goes to the report."""

    def __init__(self, problem: RecurrentProblem, report: Report) -> None:
        self._problem, self._report = problem, report

    def all(self) -> None:
        """Names first, then sizes, then what hangs on them."""
        self._check_inputs()
        self._check_names()
        self._check_update()
        if self._report.failed:
            return
        self._check_weights()
        if self._report.failed:
            return
        self._check_initial()
        self._check_outputs()
        self._check_upstream()
        if self._problem.targets is not None:
            self._check_targets(self._problem.targets)

    def _add(self, node: Node, message: str, hint: str = "") -> None:
        self._report.add(node.diagnose(message, hint))

    def _check_inputs(self) -> None:
        given = self._problem.inputs
        if len(given.dims) not in (1, 2, 3):
            told = f"inputs are a list of vectors or of numbers, but this {given.words}"
            self._add(given.node, told, "one row for every step")
        elif self._problem.steps > MOST_STEPS:
            self._add(given.node, f"a sequence has at most {MOST_STEPS} steps")
        elif self._problem.batch and self._problem.jacobians:
            self._add(self._problem.node_of("jacobians"), "jacobians are for one example, no batch")

    def _check_names(self) -> None:
        """Which weights must be there, and which may."""
        problem, weights = self._problem, self._problem.by_name
        outputs = [*problem.output_weights, OUT_BIAS]
        cell = [name for affine in problem.stored for name in affine[1:]]
        known = [*cell, *problem.optional, *outputs]
        wanted = [name for affine in problem.stored for name in (affine.input, affine.recurrent)]
        if any(name in weights for name in outputs):
            wanted += outputs[:-1]
        unknown = [weight for weight in problem.weights if weight.name not in known]
        for weight in unknown:
            hint = nearest(weight.name, known) or f"the weights are {', '.join(known)}"
            self._add(weight.node, f"there is no weight {weight.name} here", hint)
        missing = [name for name in wanted if name not in weights]
        missing = [n for n in missing if not any(nearest(w.name, [n]) for w in unknown)]
        if missing:
            place = problem.node_of("weights")
            verb = "is" if len(missing) == 1 else "are"
            hint = f"the weights are {', '.join(known)}; biases may be left out"
            self._add(place, f"{', '.join(missing)} {verb} missing", hint)

    def _check_update(self) -> None:
        problem, update = self._problem, self._problem.update
        if update is None:
            return
        if problem.targets is None and not problem.upstream:
            self._add(problem.node_of("update"), "an update needs targets, or upstream gradients")
        elif update.steps > 1 and problem.targets is None:
            told = "one step is taken here: the gradients from above change with the weights"
            self._add(update.node_of("steps"), told, "several steps need targets")
        elif update.steps > 1 and problem.jacobians:
            told = "jacobians go with one step of the optimiser, not with several"
            self._add(problem.node_of("jacobians"), told)

    def _check_weights(self) -> None:
        problem = self._problem
        for weight in problem.weights:
            if len(weight.dims) > 2:
                told = f"{weight.name} {weight.words}, but a weight has at most two axes"
                self._add(weight.node, told)
        if self._report.failed:
            return
        if problem.jacobians and prod(problem.state_dims) > _LARGEST_JACOBIAN:
            told = f"jacobians are for states of at most {_LARGEST_JACOBIAN} entries"
            self._add(problem.node_of("jacobians"), told)
        if problem.batch and not problem.state_dims:
            told = "the states of a batch are rows, but weights that are numbers have none"
            self._add(problem.weights[0].node, told, "write [[0.5]] for one unit")
            return
        for name, (dims, because) in problem.expected().items():
            if name in problem.by_name:
                check_sizes(problem.by_name[name], dims, because, self._report)

    def _check_initial(self) -> None:
        dims = (*self._problem.batch, *self._problem.state_dims)
        for name, state in self._problem.initial.items():
            if state is not None:
                because = f"the state {size_words(dims)}"
                check_sizes(state._replace(name=name), dims, because, self._report)

    def _check_outputs(self) -> None:
        problem = self._problem
        loss = problem.node_of("loss")
        needed = LOSSES[problem.loss].activation if problem.targets is not None else ""
        chosen, place = problem.output_activation, problem.node_of("output-activation")
        if not problem.has_outputs:
            if needed:
                self._add(loss, f"{problem.loss} needs outputs", f"give the weights {OUT}")
            elif chosen not in (None, "identity"):
                self._add(place, "an output activation needs outputs", f"give the weights {OUT}")
        elif needed and chosen not in (None, needed):
            self._add(place, f"{problem.loss} needs output-activation: {needed}, not {chosen}")
        if problem.output_function == "softmax" and not problem.output_dims:
            told = "softmax needs an output of several entries"
            self._add(place if chosen == "softmax" else loss, told, f"write {OUT}: [[...]]")

    def _check_targets(self, targets: Targets) -> None:
        if self._report.failed:
            return
        problem, node = self._problem, targets.node
        if not targets.steps:
            self._add(node, "at least one step needs a target")
        elif targets.listed and targets.listed != problem.steps:
            told = f"there are {targets.listed} targets, but the sequence has {problem.steps} steps"
            self._add(node, told, "write none for a step without a target")
        for t, target in targets.steps.items():
            if t > problem.steps:
                if not targets.listed:
                    self._add(target.node, f"there is no step {t} of {problem.steps}")
            elif problem.loss == "cross-entropy" and target.dims == problem.batch:
                one_hot(target, problem.output_dims[0], self._report)
            else:
                named = target._replace(name=f"target_{t}")
                dims = (*problem.batch, *problem.output_dims)
                check_sizes(named, dims, f"{problem.output}_{t} {size_words(dims)}", self._report)
                if problem.loss == "cross-entropy" and named.dims == dims:
                    check_distributions(target, self._report)

    def _check_upstream(self) -> None:
        problem = self._problem
        if problem.upstream and problem.targets is not None:
            told = "targets and upstream exclude each other: a loss has gradients of its own"
            self._add(problem.upstream[0].node, told)
            return
        letters = [*problem.states, *("y" * problem.has_outputs)]
        known = [f"{letter}_{t}" for letter in letters for t in range(1, problem.steps + 1)]
        for gradient in problem.upstream:
            if gradient.name not in known:
                hint = nearest(gradient.name, known) or f"such as {known[-1]}"
                self._add(gradient.node, f"{gradient.name} is not a state or an output", hint)
                continue
            output = gradient.name.startswith("y_")
            own = problem.output_dims if output else problem.state_dims
            dims = (*problem.batch, *own)
            because = f"a gradient has the sizes of {gradient.name}"
            check_sizes(gradient, dims, because, self._report)
