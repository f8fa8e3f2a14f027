"""What may be wrong between the keys of a recurrent network, each at its place in the file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from stepsolve.errors import nearest
from stepsolve.notation.tree import Number
from stepsolve.operations.array_operation import size_words
from stepsolve.source.arrays import GivenArray, check_sizes
from stepsolve.source.data import Node
from stepsolve.source.report import Report
from stepsolve.source.steps import MOST_STEPS, Targets
from stepsolve.worksheet.recurrent import LOSSES, OUT, OUT_BIAS

if TYPE_CHECKING:
    from stepsolve.recurrent_problem import RecurrentProblem

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
        if len(given.dims) not in (1, 2):
            told = f"inputs are a list of vectors or of numbers, but this {given.words}"
            self._add(given.node, told, "one row for every step")
        elif self._problem.steps > MOST_STEPS:
            self._add(given.node, f"a sequence has at most {MOST_STEPS} steps")

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
            place = problem.weights[0].node if problem.weights else problem.inputs.node
            verb = "is" if len(missing) == 1 else "are"
            hint = f"the weights are {', '.join(known)}; biases may be left out"
            self._add(place, f"{', '.join(missing)} {verb} missing", hint)

    def _check_update(self) -> None:
        problem = self._problem
        if problem.update is None or not problem.weights:
            return
        place = problem.weights[-1].node
        if problem.targets is None and not problem.upstream:
            self._add(place, "an update needs targets, or upstream gradients")
        if problem.update.steps > 1:
            self._add(place, "one step of the optimiser is taken here, not several")

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
            self._add(problem.weights[0].node, told)
        for name, (dims, because) in problem.expected().items():
            if name in problem.by_name:
                check_sizes(problem.by_name[name], dims, because, self._report)

    def _check_initial(self) -> None:
        dims = self._problem.state_dims
        for name, state in self._problem.initial.items():
            if state is not None:
                because = f"the state {size_words(dims)}"
                check_sizes(state._replace(name=name), dims, because, self._report)

    def _check_outputs(self) -> None:
        problem = self._problem
        targets = problem.targets
        place = targets.node if targets is not None else problem.inputs.node
        needed = LOSSES[problem.loss].activation if targets is not None else ""
        chosen = problem.output_activation
        if not problem.has_outputs:
            if needed:
                self._add(place, f"{problem.loss} needs outputs", f"give the weights {OUT}")
            elif chosen not in (None, "identity"):
                self._add(place, "an output activation needs outputs", f"give the weights {OUT}")
        elif needed and chosen not in (None, needed):
            self._add(place, f"{problem.loss} needs output-activation: {needed}, not {chosen}")
        if problem.output_function == "softmax" and not problem.output_dims:
            self._add(place, "softmax needs an output of several entries")

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
            elif problem.loss == "cross-entropy" and not target.dims:
                self._check_class(target)
            else:
                named = target._replace(name=f"target_{t}")
                because = f"{problem.output}_{t} {size_words(problem.output_dims)}"
                check_sizes(named, problem.output_dims, because, self._report)

    def _check_class(self, target: GivenArray) -> None:
        count = self._problem.output_dims[0]
        match target.value:
            case Number(text=text) if text.isdecimal() and len(text) < 9 and int(text) < count:
                return
        told = f"a class from 0 to {count - 1} belongs here"
        self._add(target.node, told, f"or a list of {count} probabilities")

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
            dims = problem.output_dims if output else problem.state_dims
            because = f"a gradient has the sizes of {gradient.name}"
            check_sizes(gradient, dims, because, self._report)
