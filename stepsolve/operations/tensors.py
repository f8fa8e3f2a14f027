"""The operations on vectors and matrices, a row each: shape, values, entries, derivative, notation.

Entries and derivatives are texts in the language of index notation, so that they can be shown: `a`
and `b` are the arguments, `i` and `j` the indices of the result, `k` and `l` others.

Source: Petersen, Pedersen, The Matrix Cookbook (2012); Magnus, Neudecker, Matrix Differential
Calculus with Applications in Statistics and Econometrics, 3rd ed. (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stepsolve.notation.shapes import SCALAR, Shape, ShapeError

_COOKBOOK = "Petersen, Pedersen, The Matrix Cookbook (2012), "


@dataclass(frozen=True)
class TensorOperation:
    """A row. `numpy` and `precise` must share no code: each confirms the other."""

    name: str
    shape: Callable[..., Shape]
    """The shape of the result from those of the arguments; raises `ShapeError`."""
    numpy: Callable[..., Any]
    """On matrices in float64; a vector is a matrix of one column, or of one row."""
    precise: Callable[..., Any]
    """The same in high precision: a function `(mp, *matrices)` of mpmath's matrices."""
    entry: Callable[..., str]
    """An entry of the result, from the shapes of the arguments; "" if it has no formula of its own."""
    source: str
    """Where the formula can be looked up."""
    local: Callable[..., str] | None = None
    """The partial derivative of an entry of the result, itself `y`, by the entry `k` or `k, l` of
    the argument, where that is not the derivative of the formula of the entry."""
    arity: tuple[int, int] = (1, 1)
    is_call: bool = True
    """Written as `name(arguments)` rather than with a sign."""
    text: str = ""
    """One-line notation: `#1`, `#2` are arguments, `#*` all of them."""
    latex: str = ""
    description: str = ""


def _same(one: Shape, other: Shape) -> Shape:
    if one != other:
        raise ShapeError(f"#1 is {one}, but #2 is {other}")
    return one


def _square(shape: Shape) -> Shape:
    if shape.rank != 2:
        raise ShapeError(f"a square matrix belongs here, but #1 is {shape}")
    if shape.sizes[0] != shape.sizes[1]:
        raise ShapeError(f"a square matrix belongs here, but #1 is {shape}")
    return shape


def _vector(shape: Shape) -> Shape:
    if shape.rank != 1:
        raise ShapeError(f"a vector belongs here, but #1 is {shape}")
    return shape


def _tensor(shape: Shape) -> Shape:
    if not shape.rank:
        raise ShapeError("a vector or a matrix belongs here, but #1 is a number")
    return shape


def _product(one: Shape, other: Shape) -> Shape:
    if not one.rank or not other.rank:
        raise ShapeError("@ multiplies vectors and matrices", "multiply by a number with *")
    (rows, inner), (needed, columns) = one.matrix, other.matrix
    # a column times a row is an outer product: the inner size is 1, not a letter
    if inner != needed:
        hint = ""
        if one.rank == other.rank == 1 and one == other:
            hint = "write #1.T @ #2 for the dot product" if not one.row else "write #1 @ #2.T"
        raise ShapeError(f"#1 is {one}, but #2 is {other}: {inner} is not {needed}", hint)
    if one.rank == 1 and not one.row:
        return Shape((rows, columns))
    if other.rank == 1 and other.row:
        return Shape((rows, columns))
    left = () if one.rank == 1 else (rows,)
    right = () if other.rank == 1 else (columns,)
    return Shape((*left, *right), row=one.rank == 1 and other.rank == 2)


def _product_entry(one: Shape, other: Shape) -> str:
    if one.rank == other.rank == 1 and not one.row:
        return "a[i] * b[j]"
    if other.rank == 1:
        return "sum(a[k] * b[k], k)" if one.rank == 1 else "sum(a[i, k] * b[k], k)"
    if one.rank == 1:
        return "sum(a[k] * b[k, i], k)"
    return "sum(a[i, k] * b[k, j], k)"


def _outer(one: Shape, other: Shape) -> Shape:
    return Shape((_vector(one).sizes[0], _vector(other).sizes[0]))


def _diag(shape: Shape) -> Shape:
    if shape.rank == 1:
        return Shape(shape.sizes * 2)
    return Shape((_square(shape).sizes[0],))


def _dot(one: Shape, other: Shape) -> Shape:
    if one.rank != 1 or other.rank != 1 or one.sizes != other.sizes:
        raise ShapeError(f"two vectors of one size belong here, but #1 is {one} and #2 is {other}")
    return SCALAR


def _to_scalar(needs: Callable[[Shape], Shape]) -> Callable[[Shape], Shape]:
    def shape(argument: Shape) -> Shape:
        needs(argument)
        return SCALAR

    return shape


def _by_rank(vector: str, matrix: str) -> Callable[[Shape], str]:
    return lambda shape: vector if shape.rank == 1 else matrix


def _always(text: str) -> Callable[..., str]:
    return lambda *shapes: text


def _softmax(a: Any) -> Any:
    powers = np.exp(a - np.max(a))  # never overflows
    return powers / np.sum(powers)


def _precise_softmax(mp: Any, a: Any) -> Any:
    total = mp.fsum(mp.exp(x) for x in a)
    return a.apply(lambda x: mp.exp(x) / total)


def _precise_diag(mp: Any, a: Any) -> Any:
    entries = list(a)
    if a.rows == 1 or a.cols == 1:
        return mp.diag(entries)
    return mp.matrix([a[k, k] for k in range(a.rows)])


def _no_shape(*shapes: Shape) -> Shape:
    raise ShapeError("this belongs to index notation, not among vectors and matrices")


ROWS = (
    TensorOperation(
        "@",
        shape=_product,
        numpy=np.matmul,
        precise=lambda mp, a, b: a * b,
        entry=_product_entry,
        arity=(2, 2),
        is_call=False,
        description="matrix product",
        source="Strang, Introduction to Linear Algebra, 5th ed., 2.4",
    ),
    TensorOperation(
        "T",
        shape=lambda a: a.transposed,
        numpy=np.transpose,
        precise=lambda mp, a: a.T,
        entry=_by_rank("a[i]", "a[j, i]"),
        is_call=False,
        description="transpose",
        source="Strang, Introduction to Linear Algebra, 5th ed., 2.7",
    ),
    TensorOperation(
        "sum",
        shape=_to_scalar(_tensor),
        numpy=np.sum,
        precise=lambda mp, a: mp.fsum(a),
        entry=_by_rank("sum(a[k], k)", "sum(sum(a[k, l], l), k)"),
        arity=(1, 4),
        description="sum of all entries; sum(t, k) and sum(t, k, 1, n) run over an index",
        source="NumPy reference, numpy.sum",
    ),
    TensorOperation(
        "delta",
        shape=_no_shape,
        numpy=np.equal,
        precise=lambda mp, a, b: mp.mpf(a == b),
        entry=_always("delta(i, j)"),
        arity=(2, 2),
        text="δ(#*)",
        latex=r"\delta_{#1,#2}",
        description="Kronecker's delta: 1 where its indices are equal, else 0",
        source="DLMF, Common Notations and Definitions",
    ),
    TensorOperation(
        "dot",
        shape=_dot,
        numpy=lambda a, b: np.sum(np.ravel(a) * np.ravel(b)),
        precise=lambda mp, a, b: mp.fdot(list(a), list(b)),
        entry=_always("sum(a[k] * b[k], k)"),
        arity=(2, 2),
        description="dot product of two vectors",
        source="Strang, Introduction to Linear Algebra, 5th ed., 1.2",
    ),
    TensorOperation(
        "outer",
        shape=_outer,
        numpy=np.outer,
        precise=lambda mp, a, b: mp.matrix([[x * y for y in b] for x in a]),
        entry=_always("a[i] * b[j]"),
        arity=(2, 2),
        text="#1 @ #2ᵀ",
        latex=r"#1\,#2^{\top}",
        description="outer product of two vectors",
        source="Strang, Introduction to Linear Algebra, 5th ed., 2.4",
    ),
    TensorOperation(
        "hadamard",
        shape=_same,
        numpy=np.multiply,
        precise=lambda mp, a, b: mp.matrix(
            [[a[i, j] * b[i, j] for j in range(a.cols)] for i in range(a.rows)]
        ),
        entry=lambda a, b: "a[i] * b[i]" if a.rank == 1 else "a[i, j] * b[i, j]",
        arity=(2, 2),
        text="#1 ⊙ #2",
        latex=r"#1 \odot #2",
        description="product entry by entry, also written a * b",
        source="Horn, Johnson, Matrix Analysis, 2nd ed., 7.5",
    ),
    TensorOperation(
        "norm",
        shape=_to_scalar(_tensor),
        numpy=np.linalg.norm,
        precise=lambda mp, a: mp.sqrt(mp.fsum(x * x for x in a)),
        entry=_by_rank("sqrt(sum(a[k]^2, k))", "sqrt(sum(sum(a[k, l]^2, l), k))"),
        local=_by_rank("a[k] / y", "a[k, l] / y"),
        text="‖#1‖",
        latex=r"\left\|#1\right\|",
        description="Euclidean norm of a vector, Frobenius norm of a matrix",
        source=_COOKBOOK + "(129) and (131)",
    ),
    TensorOperation(
        "softmax",
        shape=_vector,
        numpy=_softmax,
        precise=_precise_softmax,
        entry=_always("exp(a[i]) / sum(exp(a[k]), k)"),
        local=_always("y[i] * (delta(i, k) - y[k])"),
        description="exponentials divided by their sum",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 6.2.2.3",
    ),
    TensorOperation(
        "trace",
        shape=_to_scalar(_square),
        numpy=np.trace,
        precise=lambda mp, a: mp.fsum(a[k, k] for k in range(a.rows)),
        entry=_always("sum(a[k, k], k)"),
        text="tr(#1)",
        latex=r"\operatorname{tr}\left(#1\right)",
        description="sum of the diagonal",
        source=_COOKBOOK + "(11)",
    ),
    TensorOperation(
        "det",
        shape=_to_scalar(_square),
        numpy=np.linalg.det,
        precise=lambda mp, a: mp.det(a),
        entry=_always(""),
        local=_always("y * inv(a)[l, k]"),
        latex=r"\det\left(#1\right)",
        description="determinant",
        source=_COOKBOOK + "(49), Jacobi's formula",
    ),
    TensorOperation(
        "inv",
        shape=_square,
        numpy=np.linalg.inv,
        precise=lambda mp, a: mp.inverse(a),
        entry=_always(""),
        local=_always("-y[i, k] * y[l, j]"),
        text="#1⁻¹",
        latex="#1^{-1}",
        description="inverse",
        source=_COOKBOOK + "(60)",
    ),
    TensorOperation(
        "diag",
        shape=_diag,
        numpy=lambda a: np.diag(np.ravel(a)) if 1 in np.shape(a) else np.diag(a).reshape(-1, 1),
        precise=_precise_diag,
        entry=_by_rank("a[i] * delta(i, j)", "a[i, i]"),
        description="a vector as a diagonal matrix, or the diagonal of a matrix",
        source="NumPy reference, numpy.diag",
    ),
    TensorOperation(
        "eye",
        shape=_no_shape,
        numpy=np.eye,
        precise=lambda mp, size: mp.eye(size),
        entry=_always("delta(i, j)"),
        text="I",
        latex="I",
        description="identity matrix of a size: eye(n)",
        source="Strang, Introduction to Linear Algebra, 5th ed., 2.4",
    ),
    TensorOperation(
        "ones",
        shape=_no_shape,
        numpy=lambda size: np.ones((size, 1)),
        precise=lambda mp, size: mp.ones(size, 1),
        entry=_always("1"),
        text="𝟏",
        latex=r"\mathbf{1}",
        description="vector of ones of a size: ones(n)",
        source="NumPy reference, numpy.ones",
    ),
)
