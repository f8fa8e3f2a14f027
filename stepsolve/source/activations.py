"""The activation functions that a layer may have: every operation on one number, and softmax."""

from __future__ import annotations

from typing import Final

from stepsolve.operations.table import OPERATIONS
from stepsolve.source.fields import Reader, choice, one_or_list

IDENTITY, SOFTMAX = "identity", "softmax"
_ENTRYWISE: Final = tuple(
    sorted(name for name, row in OPERATIONS.items() if row.is_call and row.arity[0] == 1)
)

activation: Reader[str] = choice(IDENTITY, SOFTMAX, *_ENTRYWISE)
entrywise: Reader[str] = choice(IDENTITY, *_ENTRYWISE)
activations: Reader[tuple[str, ...]] = one_or_list(activation, minimum=1)
activation.doc = "identity, softmax or an operation on numbers such as sigmoid, tanh or relu"
entrywise.doc = "identity or an operation on numbers such as sigmoid, tanh or relu"
