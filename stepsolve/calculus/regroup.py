"""From entries back to vectors and matrices: `sum(W[k, i] * d[k], k)` becomes `W.T @ d`.

A term is a network: its indices are the knots, a factor with two indices joins two knots, one with
a single index hangs on a knot. Knots that are summed over are removed one after the other, by a
matrix product, a product with a vector, or a trace; what hangs on one knot is multiplied entry by
entry; two knots that nothing joins make an outer product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stepsolve.calculus.matrices import (
    chain,
    chain_of,
    entrywise,
    is_identity,
    scaled,
    signed_sum,
    transposed,
)
from stepsolve.calculus.terms import Power, Term, collected, free_indices, magnitude, terms_of
from stepsolve.calculus.tidy import ONE
from stepsolve.notation.exact import Exact
from stepsolve.notation.indices import is_summation
from stepsolve.notation.shapes import Size
from stepsolve.notation.tree import Apply, Expression, Item, Name
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import TENSORS


class NoMatrixForm(Exception):
    """A term that is no product of matrices: it stays in index notation."""


class Piece(NamedTuple):
    """A number and scalars times a matrix, vector or 1."""

    number: Exact
    scalars: tuple[Power, ...]
    core: Expression


class Regroup:
    """Matrix forms over names of known shapes; vectors come out as columns.

    `sizes` are those of the free indices, for what does not depend on them.
    """

    def __init__(self, shapes: Shapes, sizes: dict[str, Size]) -> None:
        self._shapes, self._sizes = shapes, dict(sizes)

    def form(self, terms: Iterable[Term], free: Sequence[str]) -> Expression:
        """The matrix form of a sum of terms with these free indices, in order: rows, columns.

        Raises `NoMatrixForm` where there is none.
        """
        if len(free) > 2:
            raise NoMatrixForm
        pieces = [self._piece(term, tuple(free)) for term in terms]
        return self.joined(pieces)

    def joined(self, pieces: Iterable[Piece]) -> Expression:
        """The sum of pieces, with common factors at either end taken out."""
        parts: list[Piece] = []
        for piece in pieces:
            for k, known in enumerate(parts):
                together = self._together(known, piece)
                if together is not None:
                    parts[k] = together
                    break
            else:
                parts.append(piece)
        parts = [piece for piece in parts if piece.number]
        common = set(parts[0].scalars) if parts else set()
        if len(parts) > 1 and common and all(set(p.scalars) == common for p in parts):
            inner = signed_sum([(p.number, scaled(p.number, [], p.core)) for p in parts])
            return scaled(1, list(parts[0].scalars), inner)
        return signed_sum([(p.number, scaled(p.number, list(p.scalars), p.core)) for p in parts])

    def _together(self, one: Piece, other: Piece) -> Piece | None:
        if set(one.scalars) != set(other.scalars):
            return None
        if one.core == other.core:
            return one._replace(number=one.number + other.number)
        a, b = chain_of(one.core), chain_of(other.core)
        if len(a) < 2 or len(b) < 2 or is_identity(a[0]) or is_identity(b[0]):
            return None
        for at_end in (True, False):
            same = a[-1] == b[-1] if at_end else a[0] == b[0]
            left, right = (a[:-1], b[:-1]) if at_end else (a[1:], b[1:])
            if same and self._shapes.of(self.chain(left)) == self._shapes.of(self.chain(right)):
                halves = [
                    Piece(p.number, (), self.chain(c)) for p, c in ((one, left), (other, right))
                ]
                if magnitude(one.number) == magnitude(other.number):
                    size = magnitude(one.number)
                    halves = [h._replace(number=1 if h.number > 0 else -1) for h in halves]
                else:
                    size = 1
                inner = self.joined(halves)
                core = self.chain([inner, a[-1]] if at_end else [a[0], inner])
                return Piece(size, one.scalars, core)
        return None

    # ------------------------------------------------------------------------------ one term

    def _piece(self, term: Term, free: tuple[str, ...]) -> Piece:
        net = _Network(self, term, free)
        core = net.reduced()
        return Piece(term.number, tuple(net.scalars), core)

    def size(self, index: str) -> Size:
        if index not in self._sizes:
            raise NoMatrixForm
        return self._sizes[index]

    def learn(self, item: Item) -> None:
        """Takes from an entry how far its indices run."""
        sizes = self._shapes.of(item.base).sizes
        for index, size in zip(item.indices, sizes, strict=True):
            if isinstance(index, Name):
                self._sizes.setdefault(index.name, size)

    def scalar(self, expression: Expression) -> Expression:
        """The matrix form of an expression without free indices."""
        match expression:
            case Apply() if is_summation(expression):
                return self.form(collected(terms_of(expression, lambda e: True)), ())
            case Apply(operation=operation, arguments=arguments) if operation not in TENSORS:
                return Apply(operation, *map(self.scalar, arguments))
        return expression

    def lifted(self, expression: Expression, indices: tuple[str, ...]) -> Expression:
        """The vector or matrix whose entry at some indices an expression is."""
        if not free_indices(expression, indices):
            return self.scalar(expression)
        match expression:
            case Item(base=base, indices=places):
                self.learn(expression)
                return self._lifted_entry(base, tuple(_letter(p) for p in places), indices)
            case Apply() if is_summation(expression):
                return self.form(terms_of(expression, lambda e: True), indices)
            case Apply(operation="delta"):
                raise NoMatrixForm
            case Apply(operation="*", arguments=(a, b)):
                left, right = self.lifted(a, indices), self.lifted(b, indices)
                both = all(free_indices(side, indices) for side in (a, b))
                return Apply("hadamard" if both else "*", left, right)
            case Apply(operation=operation, arguments=arguments):
                return Apply(operation, *(self.lifted(a, indices) for a in arguments))
        raise NoMatrixForm

    def _lifted_entry(
        self, base: Expression, places: tuple[str, ...], indices: tuple[str, ...]
    ) -> Expression:
        if places == indices:
            row = len(places) == 1 and self._shapes.of(base).row
            return transposed(base, self._shapes) if row else base
        if places == indices[::-1]:
            return transposed(base, self._shapes)
        if len(indices) == 1 and places == indices * 2:
            return Apply("diag", base)
        raise NoMatrixForm

    def chain(self, factors: Iterable[Expression]) -> Expression:
        """The matrix product of factors."""
        return chain(factors, self._shapes)

    def transposed(self, expression: Expression) -> Expression:
        return transposed(expression, self._shapes)


def _letter(index: Expression) -> str:
    if not isinstance(index, Name):
        raise NoMatrixForm
    return index.name


class _Network:
    """The knots and factors of one term."""

    def __init__(self, regroup: Regroup, term: Term, free: tuple[str, ...]) -> None:
        self._regroup, self._free = regroup, free
        self._bound = list(term.bound)
        self.scalars: list[Power] = []
        self._hanging: dict[str, list[Power]] = {}
        self._joins: list[tuple[str, str, Expression]] = []
        order = (*free, *term.bound)
        for base, power in term.powers:
            self._place(base, power, order)

    def _place(self, base: Expression, power: Exact, order: tuple[str, ...]) -> None:
        found = free_indices(base, order)
        own = tuple(index for index in order if index in found)
        if not own:
            self.scalars.append((self._regroup.scalar(base), power))
        elif len(own) == 1:
            self._hang(own[0], self._regroup.lifted(base, own), power)
        elif len(own) == 2:
            self._join(*own, self._matrix(base, own, power))
        else:
            raise NoMatrixForm

    def _matrix(self, base: Expression, own: tuple[str, ...], power: Exact) -> Expression:
        if isinstance(base, Apply) and base.operation == "delta":
            size = self._regroup.size(own[0])
            return Apply("eye", Name(size) if isinstance(size, str) else _number(size))
        return entrywise([(self._regroup.lifted(base, own), power)])

    def _hang(self, knot: str, vector: Expression, power: Exact = 1) -> None:
        self._hanging.setdefault(knot, []).append((vector, power))

    def _join(self, one: str, other: str, matrix: Expression) -> None:
        if one == other:
            self._hang(one, _diagonal(matrix))
        else:
            self._joins.append((one, other, matrix))

    def _vector(self, knot: str) -> Expression | None:
        """What hangs on a knot, entry by entry; None if nothing does."""
        hanging = self._hanging.get(knot)
        if not hanging:
            return None
        found = entrywise(hanging)
        numerator = found
        while isinstance(numerator, Apply) and numerator.operation == "/":
            numerator = numerator.arguments[0]
        return Apply("/", self._ones(knot), found.children[1]) if numerator == ONE else found

    def _ones(self, knot: str) -> Expression:
        size = self._regroup.size(knot)
        return Apply("ones", Name(size) if isinstance(size, str) else _number(size))

    # ------------------------------------------------------------------------------ removing knots

    def reduced(self) -> Expression:
        """The term without its scalars, after every summed index has been removed."""
        while self._bound:
            touching = {k: [j for j in self._joins if k in j[:2]] for k in self._bound}
            # vectors are taken in first: they make matrices into vectors
            knot = min(self._bound, key=lambda k: (_ORDER.get(len(touching[k]), 9),))
            self._bound.remove(knot)
            self._remove(knot, touching[knot])
        return self._rest()

    def _remove(self, knot: str, joins: list[tuple[str, str, Expression]]) -> None:
        for join in joins:
            self._joins.remove(join)
        hanging = self._hanging.get(knot, [])
        self._hanging_vector = self._vector(knot)
        self._hanging.pop(knot, None)
        vector = self._hanging_vector
        if not joins:
            self.scalars.append((self._total(hanging, vector), 1))
        elif len(joins) == 1:
            ((other, matrix),) = self._towards(knot, joins)
            self._hang(other, self._regroup.chain([matrix, vector or self._ones(knot)]))
        elif len(joins) == 2:
            (first, left), (second, right) = self._towards(knot, joins)
            middle = [] if vector is None else [Apply("diag", vector)]
            if self._free[::-1] == (first, second):
                first, second, left, right = second, first, right, left
            turned = self._regroup.transposed(right)
            self._join(first, second, self._regroup.chain([left, *middle, turned]))
        else:
            raise NoMatrixForm

    def _towards(
        self, knot: str, joins: list[tuple[str, str, Expression]]
    ) -> list[tuple[str, Expression]]:
        """The other ends, each with the matrix whose columns run over the knot."""
        return [
            (one, matrix) if other == knot else (other, self._regroup.transposed(matrix))
            for one, other, matrix in joins
        ]

    def _total(self, hanging: list[Power], vector: Expression | None) -> Expression:
        """The sum over a knot that nothing joins to others."""
        if vector is None:
            raise NoMatrixForm
        if isinstance(vector, Apply) and vector.operation == "diag":
            return Apply("trace", vector.arguments[0])
        if len(hanging) == 1 and hanging[0][1] == 2:
            base = hanging[0][0]
            return self._regroup.chain([self._regroup.transposed(base), base])
        if len(hanging) > 1 and all(power > 0 for _, power in hanging):
            first = entrywise(hanging[:1])
            return self._regroup.chain([self._regroup.transposed(first), entrywise(hanging[1:])])
        return Apply("sum", vector)

    def _rest(self) -> Expression:
        if not self._free:
            return ONE
        if len(self._free) == 1:
            (knot,) = self._free
            return self._vector(knot) or self._ones(knot)
        row, column = self._free
        left, right = self._vector(row), self._vector(column)
        matrices = [
            matrix if one == row else self._regroup.transposed(matrix)
            for one, _, matrix in self._joins
        ]
        if not matrices:
            across = self._regroup.transposed(right or self._ones(column))
            return self._regroup.chain([left or self._ones(row), across])
        if is_identity(matrices[0]) and len(matrices) == 1:
            both = [v for v in (left, right) if v is not None]
            return Apply("diag", entrywise([(v, 1) for v in both])) if both else matrices[0]
        middle = entrywise([(matrix, 1) for matrix in matrices])
        before = [] if left is None else [Apply("diag", left)]
        after = [] if right is None else [Apply("diag", right)]
        return self._regroup.chain([*before, middle, *after])


_ORDER = {1: 0, 0: 1, 2: 2}


def _diagonal(matrix: Expression) -> Expression:
    if isinstance(matrix, Apply) and matrix.operation == "diag":
        return matrix.arguments[0]
    return Apply("diag", matrix)


def _number(size: Size) -> Expression:
    from stepsolve.notation.tree import Number

    return Number(str(size))
