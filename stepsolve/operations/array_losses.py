"""Losses: a number from an output and what it should be. Rows whose formulas are sums over entries.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 5.5 and 6.2; PyTorch documentation,
torch.nn, Loss Functions, for the names.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import (
    Arithmetic,
    ArrayOperation,
    Dims,
    Index,
    Operand,
    along,
    log_of_sum,
    places,
    size_words,
)

_GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), "
_SUM_TOLERANCE = 1e-12  # rounding; the gradient is softmax(a) - b only where b sums to 1
_TORCH = "PyTorch documentation, torch.nn."


def _pair(a: Dims, b: Dims) -> Dims:
    if a != b:
        raise ShapeError(
            f"#1 {size_words(a)}, but #2 {size_words(b)}", "they are compared entry by entry"
        )
    return ()


def _each(
    term: Callable[[Arithmetic, Any, Any], Any], mean: bool = False
) -> Callable[[Arithmetic, Index, Operand, Operand], Any]:
    """The sum, or mean, of a term over all pairs of entries."""

    def entry(ring: Arithmetic, index: Index, a: Operand, b: Operand) -> Any:
        total = ring.total([term(ring, a[k], b[k]) for k in places(a.dims)])
        return ring.apply("/", total, ring.number(prod(a.dims))) if mean else total

    return entry


def _square(ring: Arithmetic, a: Any, b: Any) -> Any:
    return ring.apply("^", ring.apply("-", a, b), ring.number(2))


def _half_square(ring: Arithmetic, a: Any, b: Any) -> Any:
    return ring.apply("*", ring.apply("/", ring.number(1), ring.number(2)), _square(ring, a, b))


def _hinge(ring: Arithmetic, a: Any, b: Any) -> Any:
    return ring.apply("max", ring.number(0), ring.apply("-", ring.number(1), ring.apply("*", b, a)))


def _binary(ring: Arithmetic, a: Any, b: Any) -> Any:
    """-b log a - (1 - b) log(1 - a)."""
    one = ring.number(1)
    hit = ring.apply("*", b, ring.apply("log", a))
    miss = ring.apply("*", ring.apply("-", one, b), ring.apply("log", ring.apply("-", one, a)))
    return ring.apply("neg", ring.apply("+", hit, miss))


def _binary_logits(ring: Arithmetic, a: Any, b: Any) -> Any:
    """log(1 + e^a) - b a, which is the above at sigmoid(a)."""
    one = ring.number(1)
    soft = ring.apply("log", ring.apply("+", one, ring.apply("exp", a)))
    return ring.apply("-", soft, ring.apply("*", b, a))


def _cross(ring: Arithmetic, a: Any, b: Any) -> Any:
    return ring.apply("neg", ring.apply("*", b, ring.apply("log", a)))


def _plogq(p: Any, log: Any) -> Any:
    """p times a logarithm, 0 where p is 0."""
    return np.where(np.asarray(p) == 0, 0.0, p * log)


def _cross_numpy(a: Any, b: Any) -> Any:
    return -np.sum(_plogq(b, np.log(np.where(np.asarray(b) == 0, 1.0, a))))


def _cross_entry(ring: Arithmetic, index: Index, a: Operand, b: Operand) -> Any:
    terms = [_cross(ring, a[k], b[k]) for k in places(a.dims) if not ring.vanishes(b[k])]
    return ring.total(terms) if terms else ring.number(0)


def _rows(a: Dims) -> int:
    return 1 if len(a) == 1 else a[0]


def _logits(a: Dims, b: Dims) -> Dims:
    if len(a) not in (1, 2):
        raise ShapeError(f"a vector or rows of them belong here, but #1 {size_words(a)}")
    return _pair(a, b)


def _softmax_cross(a: Any, b: Any) -> Any:
    below = a - np.max(a, axis=-1, keepdims=True)  # also where that is larger than all digits
    log = np.log(np.sum(np.exp(below), axis=-1))
    return np.mean(log * np.sum(b, axis=-1) - np.sum(np.multiply(b, below), axis=-1))


def _softmax_cross_entry(ring: Arithmetic, index: Index, a: Operand, b: Operand) -> Any:
    """The mean over the rows of sum_k b_k (log sum_j e^(a_j) - a_k)."""
    axis = len(a.dims) - 1
    terms = []
    for row in places(a.dims[:axis]):
        run = along(a.dims, row, axis)
        log = log_of_sum(ring, [a[j] for j in run])
        terms += [ring.apply("*", b[k], ring.apply("-", log, a[k])) for k in run]
    return (
        ring.apply("/", ring.total(terms), ring.number(_rows(a.dims)))
        if axis
        else ring.total(terms)
    )


def _softmax_cross_gradient(a: Dims, b: Dims) -> tuple[str, str]:
    if len(a) == 1:
        return "g * (softmax(a) - b)", "-g * log_softmax(a)"
    rows = _rows(a)
    return f"g * (softmax(a, axis=1) - b) / {rows}", f"-g * log_softmax(a, axis=1) / {rows}"


def _distributions(a: Any, b: Any) -> str:
    """Each row of targets is a distribution."""
    rows = np.reshape(b, (-1, np.shape(b)[-1]))
    if np.any(rows < 0):
        return f"{np.min(rows):.6g} is not a probability"
    total = np.sum(rows, axis=1)
    wrong = np.argmax(np.abs(total - 1))
    if abs(total[wrong] - 1) > _SUM_TOLERANCE:
        return f"the targets are probabilities, but their sum is {total[wrong]:.13g}, not 1"
    return ""


ROWS = (
    ArrayOperation(
        "mse",
        shape=_pair,
        numpy=lambda a, b: np.mean(np.square(a - b)),
        entry=_each(_square, mean=True),
        gradient=lambda a, b: (
            f"g * 2 / {prod(a)} * (a - b)",
            f"g * 2 / {prod(a)} * (b - a)",
        ),
        arity=(2, 2),
        latex=r"\operatorname{MSE}\left(#*\right)",
        text="MSE(#*)",
        description="mean of the squared differences",
        because="twice the difference, shared among the entries",
        source=_TORCH + "MSELoss",
    ),
    ArrayOperation(
        "half_squared_error",
        shape=_pair,
        numpy=lambda a, b: np.sum(np.square(a - b)) / 2,
        entry=_each(_half_square),
        gradient=lambda a, b: ("g * (a - b)", "g * (b - a)"),
        arity=(2, 2),
        text="1/2 ‖#1 − #2‖²",
        latex=r"\tfrac{1}{2}\left\|#1 - #2\right\|^2",
        description="half the sum of the squared differences",
        because="the half cancels the 2 of the square",
        source="Rumelhart, Hinton, Williams, Learning representations by back-propagating errors "
        "(1986)",
    ),
    ArrayOperation(
        "hinge",
        shape=_pair,
        numpy=lambda a, b: np.sum(np.maximum(0.0, 1 - a * b)),
        entry=_each(_hinge),
        gradient=lambda a, b: ("-g * b * (a * b < 1)", "-g * a * (a * b < 1)"),
        arity=(2, 2),
        description="sum of max(0, 1 - b a) for scores a and labels b of -1 and 1",
        because="only what is within the margin has a gradient",
        convention="at the margin the derivative is 0",
        source="Cortes, Vapnik, Support-Vector Networks (1995)",
    ),
    ArrayOperation(
        "binary_cross_entropy",
        shape=_pair,
        numpy=lambda a, b: -np.sum(b * np.log(a) + (1 - b) * np.log1p(-np.asarray(a))),
        entry=_each(_binary),
        gradient=lambda a, b: ("g * (a - b) / (a * (1 - a))", "g * log((1 - a) / a)"),
        arity=(2, 2),
        text="BCE(#*)",
        latex=r"\operatorname{BCE}\left(#*\right)",
        description="sum of -b log a - (1 - b) log(1 - a) for probabilities a and labels b",
        because="b/a pulls up, (1 - b)/(1 - a) down",
        source=_GOODFELLOW + "6.2.2.2",
    ),
    ArrayOperation(
        "binary_cross_entropy_logits",
        shape=_pair,
        numpy=lambda a, b: np.sum(np.logaddexp(0.0, a) - b * a),
        entry=_each(_binary_logits),
        gradient=lambda a, b: ("g * (sigmoid(a) - b)", "-g * a"),
        arity=(2, 2),
        text="BCE(σ(#1), #2)",
        latex=r"\operatorname{BCE}\left(\sigma(#1), #2\right)",
        description="binary cross-entropy of sigmoid(a), without its overflow",
        because="output less label",
        source=_GOODFELLOW + "6.2.2.2",
    ),
    ArrayOperation(
        "cross_entropy",
        shape=_pair,
        numpy=_cross_numpy,
        entry=_cross_entry,
        gradient=lambda a, b: ("-g * b / a", "-g * log(a)"),
        arity=(2, 2),
        text="CE(#*)",
        latex=r"\operatorname{CE}\left(#*\right)",
        description="-sum(b log a) of probabilities a against those of b",
        because="the derivative of the logarithm",
        source=_GOODFELLOW + "5.5",
    ),
    ArrayOperation(
        "softmax_cross_entropy",
        shape=_logits,
        numpy=_softmax_cross,
        entry=_softmax_cross_entry,
        gradient=_softmax_cross_gradient,
        demand=_distributions,
        arity=(2, 2),
        text="CE(softmax(#1), #2)",
        latex=r"\operatorname{CE}\left(\operatorname{softmax}(#1), #2\right)",
        description="cross-entropy of softmax(a) against b, without its overflow; "
        "of the rows of a matrix, the mean",
        because="probabilities less targets",
        source=_GOODFELLOW + "6.2.2.3",
    ),
)
