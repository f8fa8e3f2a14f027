"""Over the entries that a mask leaves: softmax, the largest one and its place.

A mask has the sizes of the array, with 0 where an entry is left out, as if it were -infinity.
Source: Vaswani et al., Attention Is All You Need (2017), 3.2.3; PyTorch reference, torch.nn.MaxPool2d.
"""

from __future__ import annotations

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
    reduced,
    size_words,
    spread_back,
)
from stepsolve.operations.array_reductions import fibre, same, share, softmax_gradient

_AXIS = ("axis",)
_ATTENTION = "Vaswani et al., Attention Is All You Need (2017), 3.2.3"
_POOLING = "PyTorch reference, torch.nn.MaxPool2d: padding of negative infinity"


def _masked_shape(a: Dims, m: Dims, axis: int | None = None) -> Dims:
    if a != m:
        raise ShapeError(
            f"#1 {size_words(a)}, but #2 {size_words(m)}", "one 0 or 1 for every entry"
        )
    return same(a, axis)


def _masked_softmax(a: Any, m: Any, axis: int | None = None) -> Any:
    allowed = np.asarray(m) != 0
    largest = np.max(a, axis=axis, keepdims=True, initial=-np.inf, where=allowed)
    powers = np.where(allowed, np.exp(np.where(allowed, a - largest, 0.0)), 0.0)
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _masked_entry(
    ring: Arithmetic, index: Index, a: Operand, m: Operand, axis: int | None = None
) -> Any:
    if ring.vanishes(m[index]):
        return ring.number(0)
    run = [k for k in fibre(index, a.dims, axis) if not ring.vanishes(m[k])]
    return share(ring, index, a, run)


def _masks_all(a: Any, m: Any, axis: int | None = None) -> str:
    """Nothing can be normalised or chosen where everything is masked."""
    return "" if np.all(np.any(np.asarray(m) != 0, axis=axis)) else "everything is masked"


def _left(a: Any, m: Any) -> Any:
    return np.where(np.asarray(m) != 0, a, -np.inf)


def _masked_reduced(a: Dims, m: Dims, axis: int | None = None) -> Dims:
    return reduced(_masked_shape(a, m, axis), axis)


def _largest_entry(
    ring: Arithmetic, index: Index, a: Operand, m: Operand, axis: int | None = None
) -> Any:
    found = [a[k] for k in along(a.dims, index, axis) if not ring.vanishes(m[k])]
    return ring.apply("max", *found) if len(found) > 1 else found[0]


def _largest_gradient(a: Dims, *m: Dims, axis: int | None = None) -> tuple[str, ...]:
    where = "" if axis is None else f", axis={axis}"
    return f"{spread_back('g', a, axis)} * masked_argmax(a, b{where})", *("" for _ in m)


def _first_largest(a: Any, m: Any, axis: int | None = None) -> Any:
    left = _left(a, m)
    rows = left.reshape(1, -1) if axis is None else np.moveaxis(left, axis, -1)
    found = np.zeros(rows.shape)
    np.put_along_axis(found, np.argmax(rows, axis=-1)[..., None], 1.0, -1)
    return found.reshape(left.shape) if axis is None else np.moveaxis(found, -1, axis)


def _first_entry(
    ring: Arithmetic, index: Index, a: Operand, m: Operand, axis: int | None = None
) -> Any:
    result = ring.number(int(not ring.vanishes(m[index])))
    for place in fibre(index, a.dims, axis):
        if place == index or ring.vanishes(m[place]) or ring.vanishes(m[index]):
            continue
        better = ring.apply(">" if place < index else ">=", a[index], a[place])
        result = ring.apply("*", result, better)
    return result


ROWS = (
    ArrayOperation(
        "masked_softmax",
        shape=_masked_shape,
        numpy=_masked_softmax,
        entry=_masked_entry,
        gradient=lambda a, *m, axis=None: (*softmax_gradient(a, axis), *("" for _ in m)),
        demand=_masks_all,
        arity=(2, 2),
        options=_AXIS,
        description="softmax over the entries where the second argument is not 0; elsewhere 0, "
        "as if the entry were -infinity",
        because="the Jacobian diag(y) - y yᵀ times the gradient from above",
        source=_ATTENTION,
    ),
    ArrayOperation(
        "masked_max",
        shape=_masked_reduced,
        numpy=lambda a, m, axis=None: np.max(_left(a, m), axis=axis),
        entry=_largest_entry,
        gradient=_largest_gradient,
        demand=_masks_all,
        arity=(2, 2),
        options=_AXIS,
        description="the largest of the entries where the second argument is not 0, or the largest "
        "along an axis",
        because="max routes the gradient to the entry that won",
        convention="where entries tie, the gradient goes to the first of them",
        source=_POOLING,
    ),
    ArrayOperation(
        "masked_argmax",
        shape=_masked_shape,
        numpy=_first_largest,
        entry=_first_entry,
        gradient=lambda a, m, axis=None: ("", ""),
        demand=_masks_all,
        arity=(2, 2),
        options=_AXIS,
        description="one-hot: 1 at the first of the largest entries where the second argument is "
        "not 0 (along an axis), 0 elsewhere",
        source=_POOLING,
    ),
)
