"""What the kinds of attention have in common: masks, and what stands above the output.

A mask is 1 where a query may look at a key and 0 elsewhere, where the weight becomes 0 as if the
score were -infinity. Above the output stands a loss against targets, or a gradient from outside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stepsolve.derivation import Detail
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Array, Expression, Name, Number, walk
from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes
from stepsolve.source.data import Node
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.report import Report
from stepsolve.source.training import Update, update
from stepsolve.worksheet.learning import check_length, headed, learn, rewritten
from stepsolve.worksheet.sheet import Sheet

_LOSSES: Final = {"half-squared-error": "half_squared_error", "mse": "mse"}
_MOST_SCORES: Final = 2_000_000  # of all heads; there are several arrays of them
MASK, TARGETS, LOSS = "M", "T", "L"


@dataclass(frozen=True)
class AttentionProblem(SheetProblem):
    """Attention with masks, a loss or a gradient from above."""

    causal: bool = entry(
        boolean,
        "Each query sees the keys up to its own place only.",
        default=False,
        examples=(True,),
    )
    mask: GivenArray | None = entry(
        array,
        "Which keys may be seen: 1 for yes and 0 for no, as a list, or a row for every query.",
        default=None,
        examples=([1, 0],),
    )
    targets: GivenArray | None = entry(
        array,
        "What the output should be; with it there are a loss and a backward pass.",
        default=None,
        examples=([[1, 0], [0, 1]],),
    )
    loss: str = entry(
        choice(*_LOSSES),
        "The loss against the targets.",
        default="half-squared-error",
        examples=("mse",),
    )
    gradient: GivenArray | None = entry(
        array,
        "Instead of targets: the gradient that comes from above, by every entry of the output.",
        default=None,
        examples=([[1, 0], [0, -1]],),
    )
    update: Update | None = entry(
        update,
        "Steps of an optimiser on all weights: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.1},),
    )

    # ------------------------------------------------------------------------------- what is wrong

    def check_mask(
        self, queries: int | None, keys: int, node: Node, report: Report, heads: int = 1
    ) -> None:
        """The mask against the numbers of queries (None: one, a vector) and of keys, at a node."""
        scores = heads * (queries or 1) * keys
        if scores > _MOST_SCORES:
            told = f"{scores} scores are too many"
            hint = f"queries times keys times heads are at most {_MOST_SCORES}"
            report.add(node.diagnose(told, hint))
            return
        if self.causal and queries != keys:
            told = f"queries: {queries or 'one alone'}, keys: {keys}"
            hint = "a causal mask needs one query for every key"
            report.add(
                self.node_of("causal").diagnose(f"causal has no meaning here ({told})", hint)
            )
            return
        if self.mask is None or not self._is_mask(self.mask, report):
            return
        sizes: list[Dims] = [(keys,)] if queries is None else [(keys,), (queries, keys)]
        if self.mask.dims not in sizes:
            wanted = " or ".join(size_words(dims) for dims in sizes)
            told = f"the mask {self.mask.words}; here it {wanted}"
            report.add(self.mask.node.diagnose(told, "one 0 or 1 for every key"))
            return
        blind = np.flatnonzero(~np.any(self.allowed(queries, keys) != 0, axis=-1))
        if blind.size:
            who = "the query" if queries is None else f"query {blind[0]}"
            hint = "every query needs a key that it may see; queries are counted from 0"
            report.add(self.mask.node.diagnose(f"{who} may see no key", hint))

    @staticmethod
    def _is_mask(mask: GivenArray, report: Report) -> bool:
        value = mask.value
        if isinstance(value, Array) and all(
            isinstance(part, Array) or part in (Number("0"), Number("1")) for part in walk(value)
        ):
            return True
        report.add(mask.node.diagnose("a mask is a list of 0 and 1"))
        return False

    def check_above(self, output: str, dims: Dims, report: Report) -> None:
        """The targets or the gradient from above against the sizes of the output."""
        if self.targets is not None and self.gradient is not None:
            told = "targets and gradient exclude each other"
            report.add(self.gradient.node.diagnose(told, "the loss gives the gradient from above"))
            return
        for given, name in ((self.targets, "targets"), (self.gradient, "gradient")):
            if given is not None:
                because = f"{name} have an entry for every entry of {output}"
                if name == "gradient":
                    because = f"a gradient has the sizes of {output}"
                check_sizes(given._replace(name=f"the key {name}"), dims, because, report)

    def check_update(self, weights: Collection[GivenArray], report: Report) -> None:
        """Whether there is something to learn, and something to learn from."""
        if self.update is None:
            return
        node, steps = self.node_of("update"), self.update.steps
        if not weights:
            report.add(node.diagnose("an update needs weights", "weights: {...}"))
        elif self.targets is None and self.gradient is None:
            report.add(node.diagnose("an update needs targets, or a gradient from above"))
        elif steps > 1 and self.targets is None:
            told = "one step is taken here: the gradient from above changes with the weights"
            report.add(self.update.node_of("steps").diagnose(told, "several steps need targets"))

    # ---------------------------------------------------------------------------------- the sheet

    @property
    def is_masked(self) -> bool:
        return self.causal or self.mask is not None

    def allowed(self, queries: int | None, keys: int) -> Any:
        """1 where a query may see a key; a row for every query, or one for a single one."""
        found = np.ones((keys,) if queries is None else (queries, keys))
        if self.causal:
            found = np.tril(found)
        if self.mask is not None and isinstance(self.mask.value, Array):
            found = found * _plain(self.mask.value)
        return found

    def give_mask(self, sheet: Sheet, queries: int | None, keys: int) -> str:
        """Give the mask to the sheet, if there is one; its name, or an empty text."""
        if not self.is_masked:
            return ""
        allowed = self.allowed(queries, keys)
        sheet.give(MASK, allowed, allowed.shape)
        return MASK

    def give_above(self, sheet: Sheet, output: str) -> None:
        """Give what stands above the output."""
        if self.targets is not None:
            sheet.give(TARGETS, self.targets.value, self.targets.dims, self.targets.node)
        if self.gradient is not None:
            name = gradient_name(LOSS, output)
            sheet.give(name, self.gradient.value, self.gradient.dims, self.gradient.node)

    def write_above(
        self, sheet: Sheet, draft: Sheet, output: str, inputs: Iterable[str], weights: Iterable[str]
    ) -> None:
        """The lines of a draft, and if something stands above the output, a loss and what follows.

        That are gradients, by inputs and weights, and the steps of an update of the weights.
        """
        inputs, weights = tuple(inputs), tuple(weights)
        if self.targets is not None:
            draft.section("Loss")
            draft.line(LOSS, f"{_LOSSES[self.loss]}({output}, {TARGETS})")
        check_length(draft, self.update)
        forward = rewritten(draft, sheet, LOSS)
        if self.targets is None and self.gradient is None:
            forward({}, "", 1)
            return
        above = None if self.targets else {output: gradient_name(LOSS, output)}

        def backward(loss: str, wrt: tuple[str, ...], before: str) -> None:
            ordered = sorted(wrt, key=lambda name: name not in inputs)
            of = () if above else (" from ", Name(loss))
            sheet.backward(loss, ordered, above, (headed(before, "Backward pass"), *of))
            if not before:
                sheet.result(*(gradient_name(loss, name) for name in ordered))

        learn(sheet, forward, weights, self.update, inputs, backward=backward)

    def tell_mask(self, sheet: Sheet) -> None:
        """What the mask means, in words."""
        if not self.is_masked:
            return
        if self.causal:
            told = " is 1 where a query may see a key: no query sees a later key. "
        else:
            told = " is 1 where a query may see a key. "
        sheet.text(
            Name(MASK),
            told,
            "Where it is 0 the weight is 0, as if the score were −∞.",
            detail=Detail.BRIEF,
        )


def _plain(value: Expression) -> Any:
    """Zeros and ones as an array of NumPy."""
    if isinstance(value, Array):
        return np.array([_plain(item) for item in value.items])
    assert isinstance(value, Number)
    return float(value.text)
