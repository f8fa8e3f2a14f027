"""The keys of an update: which optimiser, and its settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stepsolve.notation.tree import Expression, Number
from stepsolve.source.data import Node
from stepsolve.source.fields import (
    Reader,
    choice,
    entry,
    integer,
    key_node,
    record,
    source_node,
    written,
)
from stepsolve.source.report import Report

OPTIMISERS: Final = (
    "gradient-descent",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "adam",
    "adamw",
)


def _read_amount(node: Node, report: Report) -> Number | None:
    typed = written(node)
    if re.fullmatch(r"(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(?:e[+-]?[0-9]{1,2})?", typed):
        return Number(typed)
    report.add(node.diagnose("a number of at least 0 belongs here", "such as 0.1 or 1e-8"))
    return None


amount: Reader[Number] = Reader(_read_amount, {"type": "number", "minimum": 0}, "a number from 0")


@dataclass(frozen=True)
class Update:
    """An optimiser and its settings."""

    source: Node | None = source_node()
    rate: Expression = entry(amount, "The learning rate.")
    optimiser: str = entry(
        choice(*OPTIMISERS), "How a gradient moves a parameter.", default="gradient-descent"
    )
    momentum: Expression = entry(
        amount, "How much of the velocity is kept, of momentum and nesterov.", default=Number("0.9")
    )
    velocity: str = entry(
        choice("gradients", "steps"),
        "Of momentum and nesterov: a sum of gradients, scaled when it moves the parameter, or of "
        "steps, which hold the learning rate.",
        default="gradients",
    )
    decay: Expression = entry(
        amount, "How much of the mean of squares is kept, of rmsprop.", default=Number("0.9")
    )
    beta_1: Expression = entry(
        amount, "How much of the mean is kept, of adam and adamw.", default=Number("0.9")
    )
    beta_2: Expression = entry(
        amount, "How much of the mean of squares is kept.", default=Number("0.999")
    )
    epsilon: Expression = entry(amount, "What keeps a root from 0.", default=Number("1e-8"))
    weight_decay: Expression | None = entry(
        amount,
        "The weight of the parameter itself: added to the gradient, or by adamw beside it.",
        default=None,
    )
    clip_value: Expression | None = entry(
        amount, "The size beyond which an entry of a gradient is cut.", default=None
    )
    clip_norm: Expression | None = entry(
        amount, "The norm of all gradients together beyond which they are scaled.", default=None
    )
    steps: int = entry(integer(1, 200), "How many steps.", default=1)

    def node_of(self, key: str) -> Node:
        """What stands at a key of the update, for a mistake with it."""
        return key_node(self.source, key)


update: Reader[Update] = record(Update)
