"""Reductions over axes, and what is normalised by them: sums, means, norms, softmax.

Source: Harris et al., Array programming with NumPy (2020); Goodfellow, Bengio, Courville, Deep
Learning (2016), 4.1 for the stable forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    powers,
    reduced,
    settled_axis,
    spread_back,
    without,
)

_AXIS = ("axis",)
_NUMPY = "NumPy reference, numpy."
_GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), "
_FIRST = "where entries tie, the gradient goes to the first of them"


def _count(dims: Dims, axis: int | None) -> int:
    return prod(dims) if axis is None else dims[settled_axis(axis, dims)]


def same(a: Dims, axis: int | None = None) -> Dims:
    reduced(a, axis)
    return a


def fibre(index: Index, dims: Dims, axis: int | None) -> list[Index]:
    """The places that are normalised together with an index: its row, its column, or all."""
    if axis is None:
        return along(dims, (), None)
    return along(dims, without(index, settled_axis(axis, dims)), axis)


def _over(operation: str, axis: int | None) -> str:
    """A sum or mean over an axis of a text in `#`."""
    return f"{operation}(#)" if axis is None else f"{operation}(#, axis={axis})"


def _reduced_product(operation: str, text: str, a: Dims, axis: int | None) -> str:
    """A sum or mean of a text over an axis, spread over it again."""
    return spread_back(_over(operation, axis).replace("#", text), a, axis)


def _extreme(pick: Callable[..., Any], name: str) -> dict[str, Any]:
    def first(a: Any, axis: int | None = None) -> Any:
        return pick(a, axis=axis)

    def entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
        found = [a[place] for place in along(a.dims, index, axis)]
        return ring.apply(name, *found) if len(found) > 1 else found[0]

    def gradient(a: Dims, axis: int | None = None) -> tuple[str]:
        where = f"arg{name}(a)" if axis is None else f"arg{name}(a, axis={axis})"
        return (f"{spread_back('g', a, axis)} * {where}",)

    return {"shape": reduced, "numpy": first, "entry": entry, "gradient": gradient}


def _first_extreme(pick: Callable[..., Any], better: str) -> dict[str, Any]:
    """1 at the first of the largest (or smallest) entries and 0 elsewhere."""

    def numpy(a: Any, axis: int | None = None) -> Any:
        a = np.asarray(a, dtype=float)
        found = np.zeros_like(a)
        if axis is None:
            found.flat[pick(a)] = 1.0
        else:
            np.put_along_axis(found, np.expand_dims(pick(a, axis=axis), axis), 1.0, axis)
        return found

    def entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
        factors = [
            ring.apply(better if place < index else f"{better}=", a[index], a[place])
            for place in fibre(index, a.dims, axis)
            if place != index
        ]
        result = ring.number(1)
        for factor in factors:
            result = ring.apply("*", result, factor)
        return result

    def gradient(a: Dims, axis: int | None = None) -> tuple[str]:
        return ("",)

    return {"shape": same, "numpy": numpy, "entry": entry, "gradient": gradient}


def _sum_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    return ring.total([a[place] for place in along(a.dims, index, axis)])


def _mean_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    return ring.apply("/", _sum_entry(ring, index, a, axis), ring.number(_count(a.dims, axis)))


def _norm_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    squares = [ring.apply("^", a[k], ring.number(2)) for k in along(a.dims, index, axis)]
    return ring.apply("sqrt", ring.total(squares))


def _norm(a: Any, axis: int | None = None) -> Any:
    largest = np.max(np.abs(a), axis=axis, keepdims=True)
    size = np.where(largest > 0, largest, 1.0)  # squares may overflow, and vanish
    root = np.sqrt(np.sum(np.square(a / size), axis=axis))
    return np.squeeze(size, axis) * root


def _shifted(a: Any, axis: int | None) -> Any:
    return a - np.max(a, axis=axis, keepdims=True)


def _softmax(a: Any, axis: int | None = None) -> Any:
    found = np.exp(_shifted(a, axis))  # never overflows
    return found / np.sum(found, axis=axis, keepdims=True)


def _softmax_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    return share(ring, index, a, fibre(index, a.dims, axis))


def share(ring: Arithmetic, index: Index, a: Operand, run: Sequence[Index]) -> Any:
    """A power of e, divided by the sum of those of a run that it belongs to."""
    found, _ = powers(ring, [a[k] for k in run])
    return ring.apply("/", found[list(run).index(index)], ring.total(found))


def softmax_gradient(a: Dims, axis: int | None = None) -> tuple[str]:
    return (f"y * (g - {_reduced_product('sum', 'g * y', a, axis)})",)


def _log_softmax(a: Any, axis: int | None = None) -> Any:
    shifted = _shifted(a, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _log_softmax_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    run = fibre(index, a.dims, axis)
    return ring.apply("-", a[index], log_of_sum(ring, [a[k] for k in run]))


def _softmax_of(a: Dims, axis: int | None) -> str:
    return "softmax(a)" if axis is None else f"softmax(a, axis={axis})"


def _log_softmax_gradient(a: Dims, axis: int | None = None) -> tuple[str]:
    return (f"g - {_softmax_of(a, axis)} * {_reduced_product('sum', 'g', a, axis)}",)


def _logsumexp(a: Any, axis: int | None = None) -> Any:
    largest = np.max(a, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(a - largest), axis=axis))
    return total + np.max(a, axis=axis)


def _logsumexp_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    return log_of_sum(ring, [a[k] for k in along(a.dims, index, axis)])


def _standardized(a: Any, eps: Any = 0.0, axis: int | None = None) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    return centred / np.sqrt(np.mean(np.square(centred), axis=axis, keepdims=True) + eps)


def _standardized_entry(
    ring: Arithmetic, index: Index, a: Operand, eps: Operand, axis: int | None = None
) -> Any:
    run = fibre(index, a.dims, axis)
    count = ring.number(len(run))
    mean = ring.apply("/", ring.total([a[k] for k in run]), count)
    squares = [ring.apply("^", ring.apply("-", a[k], mean), ring.number(2)) for k in run]
    spread = ring.apply("+", ring.apply("/", ring.total(squares), count), eps[()])
    return ring.apply("/", ring.apply("-", a[index], mean), ring.apply("sqrt", spread))


def _standardized_gradient(a: Dims, eps: Dims, axis: int | None = None) -> tuple[str, str]:
    mean, along_y = (_reduced_product("mean", t, a, axis) for t in ("g", "g * y"))
    spread = spread_back(_over("var", axis).replace("#", "a"), a, axis)
    return (
        f"(g - {mean} - y * {along_y}) / sqrt({spread} + b)",
        f"-sum(g * y / ({spread} + b)) / 2",
    )


def _standardized_shape(a: Dims, eps: Dims, axis: int | None = None) -> Dims:
    if eps:
        raise ShapeError("a number belongs here, but #2 is an array")
    return same(a, axis)


def _var_entry(ring: Arithmetic, index: Index, a: Operand, axis: int | None = None) -> Any:
    run = along(a.dims, index, axis)
    count = ring.number(len(run))
    mean = ring.apply("/", ring.total([a[k] for k in run]), count)
    squares = [ring.apply("^", ring.apply("-", a[k], mean), ring.number(2)) for k in run]
    return ring.apply("/", ring.total(squares), count)


def _var_gradient(a: Dims, axis: int | None = None) -> tuple[str]:
    mean = _reduced_product("mean", "a", a, axis)
    return (f"{spread_back('g', a, axis)} * 2 * (a - {mean}) / {_count(a, axis)}",)


ROWS = (
    ArrayOperation(
        "sum",
        shape=reduced,
        numpy=lambda a, axis=None: np.sum(a, axis=axis),
        entry=_sum_entry,
        gradient=lambda a, axis=None: (spread_back("g", a, axis),),
        options=_AXIS,
        description="sum of all entries, or along an axis: sum(X, axis=0)",
        because="every term gets the gradient of the sum",
        source=_NUMPY + "sum",
    ),
    ArrayOperation(
        "mean",
        shape=reduced,
        numpy=lambda a, axis=None: np.mean(a, axis=axis),
        entry=_mean_entry,
        gradient=lambda a, axis=None: (f"{spread_back('g', a, axis)} / {_count(a, axis)}",),
        options=_AXIS,
        description="mean of all entries, or along an axis",
        because="every entry gets an equal share",
        source=_NUMPY + "mean",
    ),
    ArrayOperation(
        "var",
        shape=reduced,
        numpy=lambda a, axis=None: np.var(a, axis=axis),
        entry=_var_entry,
        gradient=_var_gradient,
        options=_AXIS,
        text="Var(#*)",
        latex=r"\operatorname{Var}\left(#*\right)",
        description="mean square of the distance from the mean (divided by n, not n - 1)",
        because="the derivative of a square; what comes through the mean cancels",
        source=_NUMPY + "var",
    ),
    ArrayOperation(
        "max",
        **_extreme(np.max, "max"),
        options=_AXIS,
        description="largest entry, or the largest along an axis",
        because="max routes the gradient to the entry that won",
        convention=_FIRST,
        source=_NUMPY + "amax",
    ),
    ArrayOperation(
        "min",
        **_extreme(np.min, "min"),
        options=_AXIS,
        description="smallest entry, or the smallest along an axis",
        because="min routes the gradient to the entry that won",
        convention=_FIRST,
        source=_NUMPY + "amin",
    ),
    ArrayOperation(
        "argmax",
        **_first_extreme(np.argmax, ">"),
        options=_AXIS,
        description="one-hot: 1 at the first of the largest entries (along an axis), 0 elsewhere",
        source=_NUMPY + "argmax",
    ),
    ArrayOperation(
        "argmin",
        **_first_extreme(np.argmin, "<"),
        options=_AXIS,
        description="one-hot: 1 at the first of the smallest entries (along an axis), 0 elsewhere",
        source=_NUMPY + "argmin",
    ),
    ArrayOperation(
        "norm",
        shape=reduced,
        numpy=_norm,
        entry=_norm_entry,
        gradient=lambda a, axis=None: (
            f"{spread_back('g', a, axis)} * a / {spread_back('y', a, axis)}",
        ),
        options=_AXIS,
        description="Euclidean norm of all entries, or along an axis",
        because="the derivative of the root of a sum of squares",
        source="Petersen, Pedersen, The Matrix Cookbook (2012), (129) and (131)",
    ),
    ArrayOperation(
        "softmax",
        shape=same,
        numpy=_softmax,
        entry=_softmax_entry,
        gradient=softmax_gradient,
        options=_AXIS,
        description="exponentials divided by their sum, over all entries or along an axis",
        because="the Jacobian diag(y) - y yᵀ times the gradient from above",
        source=_GOODFELLOW + "6.2.2.3",
    ),
    ArrayOperation(
        "log_softmax",
        shape=same,
        numpy=_log_softmax,
        entry=_log_softmax_entry,
        gradient=_log_softmax_gradient,
        options=_AXIS,
        text="log softmax(#*)",
        latex=r"\log\operatorname{softmax}\left(#*\right)",
        description="logarithm of softmax, without its overflow",
        because="each entry also lowers every other one through the sum",
        source=_GOODFELLOW + "6.2.2.3",
    ),
    ArrayOperation(
        "logsumexp",
        shape=reduced,
        numpy=_logsumexp,
        entry=_logsumexp_entry,
        gradient=lambda a, axis=None: (f"{spread_back('g', a, axis)} * {_softmax_of(a, axis)}",),
        options=_AXIS,
        latex=r"\operatorname{logsumexp}\left(#*\right)",
        description="logarithm of the sum of the exponentials of all entries, or along an axis",
        because="its derivative is softmax",
        source=_GOODFELLOW + "4.1",
    ),
    ArrayOperation(
        "standardize",
        shape=_standardized_shape,
        numpy=_standardized,
        entry=_standardized_entry,
        gradient=_standardized_gradient,
        arity=(2, 2),
        options=_AXIS,
        description="less the mean, divided by the root of the variance plus a small number: "
        "standardize(x, 1e-5), along an axis for layer and batch normalisation",
        because="what only moves or only scales the entries has no effect",
        source="Ioffe, Szegedy, Batch Normalization (2015), 3; Ba, Kiros, Hinton, Layer "
        "Normalization (2016)",
    ),
)
