"""Products and rearrangements of arrays: rows whose gradients are products and rearrangements again.

Source: Harris et al., Array programming with NumPy (2020); Strang, Introduction to Linear Algebra.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from stepsolve.notation.shapes import ShapeError
from stepsolve.operations.array_operation import (
    Arithmetic,
    ArrayOperation,
    Dims,
    Index,
    Operand,
    settled_axis,
    size_words,
    without,
)

_STRANG = "Strang, Introduction to Linear Algebra, 5th ed., "
_NUMPY = "NumPy reference, numpy."


def _product(a: Dims, b: Dims) -> Dims:
    if not a or not b:
        raise ShapeError("@ multiplies vectors and matrices", "multiply by a number with *")
    if len(a) > 2 or len(b) > 2:
        raise ShapeError("@ multiplies vectors and matrices, of at most two axes")
    if a[-1] != b[0]:
        told = f"#1 {size_words(a)}, but #2 {size_words(b)}, so #0 is not defined"
        needed = "entry" if len(a) == 1 else "column"
        hint = f"#1 needs one {needed} for every {'entry' if len(b) == 1 else 'row'} of #2"
        if len(b) == 2 and a[-1] == b[1]:
            hint += "; #2 may be meant transposed: #2.T"
        elif len(a) == 2 and a[0] == b[0]:
            hint += "; #1 may be meant transposed: #1.T"
        raise ShapeError(told, hint)
    return a[:-1] + b[1:]


def _product_entry(ring: Arithmetic, index: Index, a: Operand, b: Operand) -> Any:
    rows = index[: len(a.dims) - 1]
    columns = index[len(rows) :]
    return ring.total([ring.apply("*", a[*rows, k], b[k, *columns]) for k in range(b.dims[0])])


def _product_gradient(a: Dims, b: Dims) -> tuple[str, str]:
    match len(a), len(b):
        case 1, 1:
            return "g * b", "g * a"
        case 2, 1:
            return "outer(g, b)", "a.T @ g"
        case 1, 2:
            return "b @ g", "outer(a, g)"
    return "g @ b.T", "a.T @ g"


def _vectors(a: Dims, b: Dims) -> None:
    for number, dims in enumerate((a, b), 1):
        if len(dims) != 1:
            raise ShapeError(f"a vector belongs here, but #{number} {size_words(dims)}")


def _dot(a: Dims, b: Dims) -> Dims:
    _vectors(a, b)
    if a != b:
        raise ShapeError(f"#1 {size_words(a)}, but #2 {size_words(b)}")
    return ()


def _outer(a: Dims, b: Dims) -> Dims:
    _vectors(a, b)
    return (*a, *b)


def _reshaped(a: Dims, *sizes: int) -> Dims:
    if any(size < 1 for size in sizes):
        raise ShapeError("sizes are at least 1")
    if int(np.prod(a, dtype=object)) != int(np.prod(sizes, dtype=object)):
        wanted = " × ".join(map(str, sizes)) if len(sizes) > 1 else f"{sizes[0]} entries"
        raise ShapeError(f"#1 {size_words(a)}, which cannot be laid out as {wanted}")
    return sizes


def _reshaped_entry(ring: Arithmetic, index: Index, a: Operand, *sizes: int) -> Any:
    place = 0
    for k, size in zip(index, sizes, strict=True):
        place = place * size + k
    found: list[int] = []
    for size in reversed(a.dims):
        place, k = divmod(place, size)
        found.append(k)
    return a[tuple(reversed(found))]


def _call(name: str, *arguments: object) -> str:
    return f"{name}({', '.join(map(str, arguments))})"


def _joined(*shapes: Dims, axis: int = 0) -> Dims:
    first = shapes[0]
    if not first:
        raise ShapeError("#1 is a number: write [a, b] for a vector of numbers")
    axis = settled_axis(axis, first)
    for number, dims in enumerate(shapes[1:], 2):
        if len(dims) != len(first) or without(dims, axis) != without(first, axis):
            raise ShapeError(f"#1 {size_words(first)}, but #{number} {size_words(dims)}")
    return (*first[:axis], sum(dims[axis] for dims in shapes), *first[axis + 1 :])


def _joined_entry(ring: Arithmetic, index: Index, *parts: Operand, axis: int = 0) -> Any:
    axis = settled_axis(axis, parts[0].dims)
    place = index[axis]
    for part in parts:
        if place < part.dims[axis]:
            return part[*index[:axis], place, *index[axis + 1 :]]
        place -= part.dims[axis]
    raise IndexError(index)


def _joined_gradient(*shapes: Dims, axis: int = 0) -> tuple[str, ...]:
    axis = settled_axis(axis, shapes[0])
    ends = list(accumulate(dims[axis] for dims in shapes))
    before = ":, " * axis
    return tuple(
        f"g[{before}{start}:{end}]" for start, end in zip([0, *ends[:-1]], ends, strict=True)
    )


def _stacked(*shapes: Dims) -> Dims:
    for number, dims in enumerate(shapes[1:], 2):
        if dims != shapes[0]:
            raise ShapeError(f"#1 {size_words(shapes[0])}, but #{number} {size_words(dims)}")
    return (len(shapes), *shapes[0])


def _diagonal(a: Dims) -> Dims:
    if len(a) != 1:
        raise ShapeError(f"a vector belongs here, but #1 {size_words(a)}")
    return a * 2


def _filled(*sizes: int) -> Dims:
    if any(size < 1 for size in sizes):
        raise ShapeError("sizes are at least 1")
    return sizes


def _one_hot(place: int, size: int) -> Dims:
    dims = _filled(size)
    if not -size <= place < size:
        raise ShapeError(f"there is no entry {place} of {size}", "entries are counted from 0")
    return dims


def _hot(place: int, size: int) -> Any:
    found = np.zeros(size)
    found[place] = 1
    return found


def _transposed(a: Dims) -> Dims:
    if len(a) > 2:
        raise ShapeError(f"#1 {size_words(a)}: only matrices are transposed")
    return a[::-1]


ROWS = (
    ArrayOperation(
        "@",
        shape=_product,
        numpy=np.matmul,
        entry=_product_entry,
        gradient=_product_gradient,
        arity=(2, 2),
        is_call=False,
        description="matrix product",
        because="each factor gets the other one, transposed so that the sizes fit",
        source=_STRANG + "2.4; gradient: Giles, Collected matrix derivative results (2008), 2.2",
    ),
    ArrayOperation(
        "T",
        shape=_transposed,
        numpy=np.transpose,
        entry=lambda ring, index, a: a[index[::-1]],
        gradient=lambda a: ("g.T",),
        is_call=False,
        description="transpose",
        because="the gradient is transposed back",
        source=_STRANG + "2.7",
    ),
    ArrayOperation(
        "dot",
        shape=_dot,
        numpy=np.dot,
        entry=_product_entry,
        gradient=lambda a, b: ("g * b", "g * a"),
        arity=(2, 2),
        description="dot product of two vectors",
        because="each factor gets the other one",
        source=_STRANG + "1.2",
    ),
    ArrayOperation(
        "outer",
        shape=_outer,
        numpy=np.outer,
        entry=lambda ring, index, a, b: ring.apply("*", a[index[:1]], b[index[1:]]),
        gradient=lambda a, b: ("g @ b", "g.T @ a"),
        arity=(2, 2),
        description="outer product of two vectors, a column times a row",
        because="each factor gets the other one",
        source=_STRANG + "2.4",
    ),
    ArrayOperation(
        "reshape",
        shape=_reshaped,
        numpy=lambda a, *sizes: np.reshape(a, sizes),
        entry=_reshaped_entry,
        gradient=lambda a, *sizes: (_call("reshape", "g", *a),),
        arity=(2, 7),
        whole=1,
        description="the same entries in order, laid out in other sizes: reshape(x, 2, 3)",
        because="the gradient is laid out as before",
        source=_NUMPY + "reshape",
    ),
    ArrayOperation(
        "concat",
        shape=_joined,
        numpy=lambda *parts, axis=0: np.concatenate(parts, axis),
        entry=_joined_entry,
        gradient=_joined_gradient,
        arity=(1, 100),
        options=("axis",),
        text="[#*]",
        latex=r"\left[#*\right]",
        description="arrays behind each other, along an axis (the first unless given)",
        because="each part gets its own stretch of the gradient",
        source=_NUMPY + "concatenate",
    ),
    ArrayOperation(
        "stack",
        shape=_stacked,
        numpy=lambda *parts: np.stack(parts),
        entry=lambda ring, index, *parts: parts[index[0]][index[1:]],
        gradient=lambda *shapes: tuple(f"g[{k}]" for k in range(len(shapes))),
        arity=(1, 300),
        description="arrays of one shape as the rows of a larger one",
        because="each part gets its own row of the gradient",
        source=_NUMPY + "stack",
    ),
    ArrayOperation(
        "zeros",
        shape=_filled,
        numpy=lambda *sizes: np.zeros(sizes),
        entry=lambda ring, index, *sizes: ring.number(0),
        gradient=lambda *sizes: (),
        arity=(1, 6),
        whole=0,
        text="𝟎",
        latex=r"\mathbf{0}",
        description="zeros in given sizes: zeros(2, 3)",
        source=_NUMPY + "zeros",
    ),
    ArrayOperation(
        "ones",
        shape=_filled,
        numpy=lambda *sizes: np.ones(sizes),
        entry=lambda ring, index, *sizes: ring.number(1),
        gradient=lambda *sizes: (),
        arity=(1, 6),
        whole=0,
        description="ones in given sizes: ones(3)",
        source=_NUMPY + "ones",
    ),
    ArrayOperation(
        "eye",
        shape=lambda size: _filled(size, size),
        numpy=np.eye,
        entry=lambda ring, index, size: ring.number(int(index[0] == index[1])),
        gradient=lambda size: (),
        whole=0,
        description="identity matrix of a size: eye(3)",
        source=_STRANG + "2.4",
    ),
    ArrayOperation(
        "diag",
        shape=_diagonal,
        numpy=np.diag,
        entry=lambda ring, index, a: a[index[:1]] if index[0] == index[1] else ring.number(0),
        gradient=lambda a: (f"sum(g * eye({a[0]}), axis=1)",),
        description="matrix with a vector on its diagonal and 0 elsewhere",
        because="off the diagonal nothing was used",
        source=_STRANG + "2.4",
    ),
    ArrayOperation(
        "one_hot",
        shape=_one_hot,
        numpy=_hot,
        entry=lambda ring, index, place, size: ring.number(int(index[0] == place % size)),
        gradient=lambda place, size: (),
        arity=(2, 2),
        whole=0,
        description="vector of a size with 1 at a place and 0 elsewhere: one_hot(2, 5)",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 3.9.1",
    ),
)
