"""The max-margin objective of two windows: J = max(0, margin - s + s_c), active or inactive.

A window x is scored by one hidden layer, s = v . f(W x + b), and a corrupted one x_c by the same
weights; J asks that s be larger by the margin. Shows both scores, J, and its gradient by v, W, b and
both windows: all zeros where the margin is kept. x and x_c are vectors of n entries, W is m × n, b and
v have m entries; scores are numbers. No units of measurement.

Source: Collobert, Weston et al., Natural Language Processing (Almost) from Scratch (2011), 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from stepsolve.derivation import Block, Detail, Text
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.activations import entrywise
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.fields import entry
from stepsolve.source.report import Report
from stepsolve.source.training import Update, amount, update
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.layers import Examples, Layer, write_layer
from stepsolve.worksheet.learning import learn
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved


@dataclass(frozen=True)
class MaxMargin(SheetProblem):
    """The max-margin objective of a window and a corrupted one."""

    STARTER: ClassVar = ()

    window: GivenArray = entry(
        array, "The window x that should score higher, a vector.", examples=([1, 0.5],)
    )
    corrupted: GivenArray = entry(
        array, "The corrupted window x_c, a vector of the same size.", examples=([-1, 2],)
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights by name: W, b and v.",
        examples=({"W": [[0.2, -0.4], [0.5, 0.1]], "b": [0.1, -0.1], "v": [0.6, 0.3]},),
    )
    activation: str = entry(
        entrywise,
        "The activation f of the hidden layer: identity or any operation on numbers.",
        default="sigmoid",
        examples=("tanh",),
    )
    margin: Expression = entry(
        amount, "By how much the score should be larger.", default=Number("1"), examples=(1,)
    )
    update: Update | None = entry(
        update,
        "An optimiser and its settings: rate, optimiser, steps ...",
        default=None,
        examples=({"rate": 0.1},),
    )

    def check_keys(self, report: Report) -> None:
        found = check_weights(
            self.weights, ("W", "b", "v"), ("W", "b", "v"), self.node_of("weights"), report
        )
        window = self.window
        if len(window.dims) != 1:
            report.add(window.node.diagnose(f"a window is a vector, but this {window.words}"))
            return
        check_sizes(
            self.corrupted._replace(name="x_c"), window.dims, "both windows have one size", report
        )
        if "W" not in found:
            return
        weight = found["W"]
        if len(weight.dims) != 2 or weight.dims[1:] != window.dims:
            told = f"W {weight.words}, but a window has {window.dims[0]} entries"
            report.add(weight.node.diagnose(told, "W needs one column for every entry of x"))
            return
        for name in ("b", "v"):
            if name in found:
                check_sizes(found[name], weight.dims[:1], "one entry for every row of W", report)

    def write(self, sheet: Sheet) -> None:
        sheet.give("x", self.window.value, self.window.dims, self.window.node)
        sheet.give("x_c", self.corrupted.value, self.corrupted.dims, self.corrupted.node)
        give_all(sheet, self.weights)
        names = [weight.name for weight in self.weights]
        windows = ("x", "x_c")
        learn(sheet, lambda *now: self._forward(sheet, *now), names, self.update, windows)

    def _forward(self, sheet: Sheet, now: Mapping[str, str], suffix: str, step: int | None) -> str:
        layer = Layer(now["W"], now["b"], self.activation)
        for mark in ("", "_c"):
            z, a, s = (f"{letter}{mark}{suffix}" for letter in "zas")
            write_layer(sheet, layer, Examples(None, False), f"x{mark}", z, a)
            score = "the score of the corrupted window" if mark else "the score of the window"
            sheet.line(s, f"{now['v']} @ {a}", score)
        loss = f"J{suffix}"
        difference = Apply("-", self.margin, Name(f"s{suffix}"))
        inner = Apply("+", difference, Name(f"s_c{suffix}"))
        sheet.line(loss, Apply("max", Number("0"), inner))
        sheet.block(lambda solved: self._told(solved, loss, inner))
        return loss

    @staticmethod
    def _told(solved: Solved, loss: str, inner: Expression) -> Iterator[Block]:
        """Whether the objective is active."""
        if not solved.is_known(loss):
            return
        if solved.value(loss) > 0:
            told = " is above 0: the objective is active, and its gradient is that of "
            yield Text((inner, told, inner, "."), Detail.BRIEF)
        else:
            told = " is not above 0: the margin is kept, the objective is inactive, and "
            yield Text((inner, told, "every gradient is 0."), Detail.BRIEF)
