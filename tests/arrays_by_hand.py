"""What every operation on arrays means, written once more in NumPy from the textbook.

Every function takes complex numbers near the real line too, for complex steps. Nothing of the table's
own functions, of the rules or of `stepsolve.checking` takes part; only trees are read from stepsolve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from windows_by_hand import OF_WINDOWS

from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number

SETTINGS = ("axis", "stride", "dilation", "groups")
STEP = 1e-30  # its square is lost beside any real part: the complex step is exact to rounding


def _softmax(a: Any, axis: int | None = None) -> Any:
    powers = np.exp(a)
    return powers / powers.sum(axis=axis, keepdims=True)


def _logsumexp(a: Any, axis: int | None = None) -> Any:
    return np.log(np.exp(a).sum(axis=axis))


def _standardize(a: Any, eps: Any, axis: int | None = None) -> Any:
    centred = a - a.mean(axis=axis, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + eps)


def _var(a: Any, axis: int | None = None) -> Any:
    return (a * a).mean(axis=axis) - a.mean(axis=axis) ** 2


def _first(better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    """1 at the first of the best entries, found one by one."""

    def along(fibre: Any) -> Any:
        best = 0
        for k in range(1, len(fibre)):
            if better(fibre[k].real, fibre[best].real):
                best = k
        return np.array([float(k == best) for k in range(len(fibre))])

    def found(a: Any, axis: int | None = None) -> Any:
        if axis is None:
            return along(np.ravel(a)).reshape(a.shape)
        return np.apply_along_axis(along, axis, a)

    return found


def _chosen(better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    """The first of the best: of the entries of one array, or at each place of several."""
    first = _first(better)

    def found(a: Any, *others: Any, axis: int | None = None) -> Any:
        if not others:
            return (a * first(a, axis)).sum(axis=axis)
        for other in others:
            a, other = np.broadcast_arrays(a, other)
            a = np.where(better(other.real, a.real), other, a)
        return a

    return found


def _one_hot(place: int, size: int) -> Any:
    found = np.zeros(size)
    found[place] = 1
    return found


def _matrix_product(a: Any, b: Any) -> Any:
    letters = {(1, 1): "k,k->", (2, 1): "ik,k->i", (1, 2): "k,kj->j", (2, 2): "ik,kj->ij"}
    return np.einsum(letters[a.ndim, b.ndim], a, b)


def _binary(a: Any, b: Any) -> Any:
    return -(b * np.log(a) + (1 - b) * np.log(1 - a)).sum()


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _rows_cross(a: Any, b: Any) -> Any:
    rows, targets = np.atleast_2d(a), np.atleast_2d(b)
    losses = [-(t * np.log(_softmax(r))).sum() for r, t in zip(rows, targets, strict=True)]
    return sum(losses) / len(losses)


def _masked_softmax(a: Any, m: Any, axis: int | None = None) -> Any:
    powers = np.exp(a) * m
    return powers / powers.sum(axis=axis, keepdims=True)


def _lowered(a: Any, m: Any) -> Any:
    """With the entries that are left out below all others."""
    return a - (np.max(a.real) - np.min(a.real) + 1) * (1 - m)


OF_ARRAYS: dict[str, Callable[..., Any]] = {
    "@": _matrix_product,
    "T": lambda a: np.einsum("ij->ji", a) if a.ndim == 2 else a,
    "dot": lambda a, b: (a * b).sum(),
    "outer": lambda a, b: a[:, None] * b[None, :],
    "reshape": lambda a, *sizes: np.array(list(a.flat)).reshape(sizes),
    "concat": lambda *parts, axis=0: np.concatenate(parts, axis=axis),
    "stack": lambda *parts: np.array(parts),
    "zeros": lambda *sizes: np.full(sizes, 0.0),
    "ones": lambda *sizes: np.full(sizes, 1.0),
    "eye": lambda n: np.array([[float(i == j) for j in range(n)] for i in range(n)]),
    "diag": lambda a: np.stack([a[k] * (np.arange(len(a)) == k) for k in range(len(a))]),
    "one_hot": _one_hot,
    "sum": lambda a, axis=None: a.sum(axis=axis),
    "mean": lambda a, axis=None: a.sum(axis=axis) / (a.size if axis is None else a.shape[axis]),
    "var": _var,
    "max": _chosen(lambda one, other: one > other),
    "min": _chosen(lambda one, other: one < other),
    "argmax": _first(lambda one, other: one > other),
    "argmin": _first(lambda one, other: one < other),
    "norm": lambda a, axis=None: np.sqrt((a * a).sum(axis=axis)),
    "softmax": _softmax,
    "masked_softmax": _masked_softmax,
    "masked_max": lambda a, m, axis=None: OF_ARRAYS["max"](_lowered(a, m), axis=axis),
    "masked_argmax": lambda a, m, axis=None: OF_ARRAYS["argmax"](_lowered(a, m), axis=axis),
    "log_softmax": lambda a, axis=None: np.log(_softmax(a, axis)),
    "logsumexp": _logsumexp,
    "standardize": _standardize,
    "mse": lambda a, b: ((a - b) * (a - b)).sum() / a.size,
    "half_squared_error": lambda a, b: 0.5 * ((a - b) * (a - b)).sum(),
    "hinge": lambda a, b: np.where((1 - a * b).real > 0, 1 - a * b, 0).sum(),
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_logits": lambda a, b: _binary(_sigmoid(a), b),
    "cross_entropy": lambda a, b: -(b * np.log(a)).sum(),
    "softmax_cross_entropy": _rows_cross,
    **OF_WINDOWS,
}
WHOLE = {
    **dict.fromkeys(("zeros", "ones", "eye", "one_hot"), 0),
    **dict.fromkeys(("reshape", "pad", "flip", "windows", "banded", "per_channel"), 1),
    **dict.fromkeys(("overlap_add", "correlate_transposed", "correlate_kernel"), 2),
}
"""The first argument that is a whole number."""
ENTRYWISE: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "neg": lambda a: -a,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda a: np.log(1 + np.exp(a)),
    "relu": lambda a: np.where(np.real(a) > 0, a, 0),
    ">": lambda a, b: (np.real(a) > np.real(b)) * 1.0,
    "<": lambda a, b: (np.real(a) < np.real(b)) * 1.0,
    "<=": lambda a, b: (np.real(a) <= np.real(b)) * 1.0,
    "where": lambda a, b, c: np.where(np.real(a) != 0, b, c),
}


def value(tree: Expression, known: Mapping[str, Any]) -> Any:
    """The value of a tree, by the functions of this file alone."""
    match tree:
        case Name(name=name):
            return np.asarray(known[name])
        case Number(text=text):
            return np.asarray(float(text))
        case Array(items=items):
            return np.array([value(item, known) for item in items])
        case Item(base=base, indices=indices):
            picked = tuple(_place(index, known) for index in indices)
            return value(base, known)[picked]
        case Apply(operation=operation, arguments=arguments):
            settings = {
                a.operation: _setting(a.arguments[0], known)
                for a in arguments
                if isinstance(a, Apply) and a.operation in SETTINGS
            }
            rest = arguments[: len(arguments) - len(settings)]
            parts = [value(a, known) for a in rest]
            if operation in WHOLE:
                start = WHOLE[operation]
                parts[start:] = [int(part) for part in parts[start:]]
            return (OF_ARRAYS.get(operation) or ENTRYWISE[operation])(*parts, **settings)
    raise TypeError(tree)


def _whole(tree: Expression, known: Mapping[str, Any]) -> int:
    return int(np.real(value(tree, known)))


def _setting(tree: Expression, known: Mapping[str, Any]) -> Any:
    if isinstance(tree, Array):
        return tuple(_whole(item, known) for item in tree.items)
    return _whole(tree, known)


def _place(index: Expression, known: Mapping[str, Any]) -> Any:
    match index:
        case Apply(operation="slice", arguments=(start, *end)):
            return slice(_whole(start, known), _whole(end[0], known) if end else None)
        case Array(items=items):
            return [_whole(item, known) for item in items]
    return _whole(index, known)


def gradient(
    function: Callable[[Mapping[str, Any]], Any], known: Mapping[str, Any], by: str
) -> Any:
    """The gradient of a number by a complex step in every entry."""
    at = np.asarray(known[by], dtype=complex)
    found = np.zeros(at.shape)
    for index in np.ndindex(*at.shape):
        moved = at.copy()
        moved[index] += 1j * STEP
        found[index] = np.imag(function({**known, by: moved})) / STEP
    return found
