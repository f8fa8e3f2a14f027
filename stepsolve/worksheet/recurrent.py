"""What recurrent networks write alike: affine maps, outputs, losses, and how gradients grow or fade.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 10.2 and 10.7; Werbos, Backpropagation
through time (1990); Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks
(2013), 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from stepsolve.derivation import Block, Detail, Section, Table, Text
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

OUT: Final = "W_hy"
OUT_BIAS: Final = "b_y"
"""The weights of the output."""

ALL_SHOWN: Final = 10  # steps up to which each is shown
_ROWS: Final = 12  # of the table of norms
_FADES, _GROWS = 0.9, 1.1  # per step


class Affine(NamedTuple):
    """The names of one affine map of a cell: its weights on the input and on the state, its bias."""

    letter: str
    input: str
    recurrent: str
    bias: str


class Loss(NamedTuple):
    """How an output `#y` is compared with its target `#t`.

    With an activation, the formula takes the scores, of which the activation gives the output.
    `adds` says that of a batch it is the sum over the examples, not their mean.
    """

    formula: str
    activation: str = ""
    adds: bool = False


LOSSES: Final = {
    "half-squared-error": Loss("half_squared_error(#y, #t)", adds=True),
    "mean-squared-error": Loss("mse(#y, #t)"),
    "cross-entropy": Loss("softmax_cross_entropy(#y, #t)", "softmax"),
    "binary-cross-entropy": Loss("binary_cross_entropy_logits(#y, #t)", "sigmoid", True),
}


def product(
    sheet: Sheet, weight: str, vector: str, rows: bool = False, is_batch: bool = False
) -> str:
    """A weight times a vector, or a vector as a row times a weight; numbers are multiplied.

    Rows of a batch stand to the left of the weight, which is transposed unless vectors are rows.
    """
    known = sheet.dimensions.known
    if is_batch:
        return f"{vector} @ {weight}" + ".T" * (not rows and len(known[weight]) == 2)
    if len(known[weight]) == 2:
        return f"{vector} @ {weight}" if rows else f"{weight} @ {vector}"
    return f"dot({weight}, {vector})" if known[vector] and known[weight] else f"{weight} * {vector}"


def is_shown(t: int, steps: int) -> bool:
    """Whether a step is shown: of many the first two and the last."""
    return steps <= ALL_SHOWN or t in (1, 2, steps)


def not_shown(first: int, last: int) -> Text:
    """That some steps are not shown."""
    told = (
        f"Steps {first} to {last} go the same way: worked out and checked, they are left out here."
    )
    return Text((told,), Detail.BRIEF)


def norms(
    sheet: Sheet, target: str, states: tuple[str, ...], steps: Iterable[int], alone: bool
) -> None:
    """A table of the sizes of the gradients by the states, from the last step to the first.

    `alone` says that nothing is added on the way: then it is said whether they fade or grow.
    """
    rows: list[tuple[int, tuple[str, ...]]] = []
    for t in steps:
        found = []
        for state in states:
            gradient = gradient_name(target, f"{state}_{t}")
            if gradient not in sheet.dimensions.known:
                continue
            size, _ = _size(sheet, gradient)
            name = f"norm_{state}{t}"
            sheet.line(name, size)
            sheet.hide(name)
            found.append(name)
        if len(found) == len(states):
            rows.append((t, tuple(found)))
    if len(rows) > 1:
        sheet.block(_norm_table(target, states, rows, alone))


def _size(sheet: Sheet, gradient: str) -> tuple[str, str]:
    if sheet.dimensions.known[gradient]:
        return f"norm({gradient})", "norm"
    return f"abs({gradient})", "size"


def _norm_table(
    target: str, states: tuple[str, ...], rows: list[tuple[int, tuple[str, ...]]], alone: bool
) -> Callable[[Solved], list[Block]]:
    def blocks(solved: Solved) -> list[Block]:
        if not all(solved.is_known(name) for _, names in rows for name in names):
            return []
        step = max(1, -(-len(rows) // _ROWS))
        kept = rows if len(rows) <= _ROWS + 2 else [*rows[:-1:step], rows[-1]]
        array = bool(solved.dimensions.known[gradient_name(target, f"{states[0]}_{rows[0][0]}")])
        heads = [
            Apply("norm" if array else "abs", Name(gradient_name(target, f"{state}_t")))
            for state in states
        ]
        table = Table(
            ("step t", *heads),
            tuple(
                (Number(str(t)), *(solved.workings.entry(name) for name in names))
                for t, names in kept
            ),
            name="norms",
            data=(
                ("t", tuple(float(t) for t, _ in rows)),
                *(
                    (f"norm_{state}", tuple(float(solved.decimal(names[k])) for _, names in rows))
                    for k, state in enumerate(states)
                ),
            ),
        )
        heading = Section(("The gradient on its way back",), Detail.NORMAL)
        return [heading, table, *(_verdict(solved, rows) if alone else ())]

    return blocks


def _verdict(solved: Solved, rows: list[tuple[int, tuple[str, ...]]]) -> list[Block]:
    (_, late), (_, early) = rows[0], rows[-1]
    last, first = float(solved.decimal(late[0])), float(solved.decimal(early[0]))
    if not last or not first:
        return []
    growth = (first / last) ** (1 / (len(rows) - 1))
    if growth < _FADES:
        told = "It shrinks from step to step on its way back: over a long sequence it vanishes."
    elif growth > _GROWS:
        told = "It grows from step to step on its way back: over a long sequence it explodes."
    else:
        told = "It keeps about its size on its way back."
    return [Text((told,))]
