"""Slips with matrices, axes and kernels."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Final

from stepsolve.marking.slips.row import (
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    plus_terms,
    said,
    swapped,
)
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number, folded

_FEWEST: Final = 3  # products of a sum that is read as a kernel over a window
_AXES: Final = ("sum", "mean", "max", "min", "softmax", "log_softmax", "norm", "var", "logsumexp")
_CORRELATIONS: Final = ("correlate", "correlate_transposed")


def _transposed(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation="T", arguments=(inner,)):
                yield swapped(inner, node, "not transposed")
            case Name() | Array() if len(scene.dims(node) or ()) == 2:
                yield Variant(Apply("T", node), f"{said(node)} transposed")

    yield from everywhere(scene.formula, change)
    if len(scene.dims(scene.formula) or ()) == 2:
        yield Variant(Apply("T", scene.formula), "the result is transposed")


def _products(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation="@" | "*" as sign, arguments=(left, right)):
                ranks = [len(scene.dims(part) or ()) for part in (left, right)]
                if all(ranks):
                    yield swapped(Apply(sign, right, left), node, "factors exchanged")
                    for name in ("hadamard", "outer", "@"):
                        if name != sign:
                            yield swapped(Apply(name, left, right), node, "another product")

    return everywhere(scene.formula, change)


def _axis(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation=name, arguments=(inner, *options)) if (
            name in _AXES and len(options) < 2
        ):
            given = options[0] if options else None
            for axis in ("0", "1"):
                option = Apply("axis", Number(axis))
                if option != given:
                    yield Variant(Apply(name, inner, option), f"{name} along axis {axis}")


def _flipped(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation=name, arguments=(signal, kernel, *others)) if (
                name in _CORRELATIONS
            ):
                match kernel:
                    case Apply(operation="flip", arguments=(inner, *_)):
                        yield Variant(
                            Apply(name, signal, inner, *others), "the kernel is not flipped"
                        )
                    case _:
                        flipped = Apply(name, signal, Apply("flip", kernel), *others)
                        yield Variant(flipped, "the kernel is flipped")
        pairs = _pairs(node)
        if len(pairs) >= _FEWEST:
            told = "the kernel is flipped, or not where it should be"
            yield Variant(_summed(pairs, list(reversed(range(len(pairs))))), told)

    return everywhere(scene.formula, change)


def _columns(scene: Scene) -> Iterator[Variant]:
    """A square kernel taken by its columns, in a sum of products."""

    def change(node: Expression) -> Iterator[Variant]:
        pairs = _pairs(node)
        side = isqrt(len(pairs))
        if side > 1 and side * side == len(pairs):
            order = [side * (k % side) + k // side for k in range(len(pairs))]
            yield Variant(_summed(pairs, order), "the kernel by its columns, not its rows")

    return everywhere(scene.formula, change)


def _pairs(node: Expression) -> list[tuple[Expression, Expression]]:
    """The factors of the terms of a sum, if all are products of two."""
    found = []
    for term in plus_terms(node):
        match term:
            case Apply(operation="*", arguments=(left, right)):
                found.append((left, right))
            case _:
                return []
    return found


def _summed(pairs: list[tuple[Expression, Expression]], order: list[int]) -> Expression:
    terms = [Apply("*", left, pairs[k][1]) for (left, _), k in zip(pairs, order, strict=True)]
    return folded(lambda left, right: Apply("+", left, right), terms)


ROWS = (
    Row(
        "transposed matrix",
        "a matrix stands transposed, or is not where it should be: rows for columns",
        ("[[0.1, 0.7], [0.3, 0.4]] @ [2, 5]", "[[0.1, 0.7], [0.3, 0.4]].T @ [2, 5]"),
        _transposed,
        Likelihood.COMMON,
    ),
    Row(
        "wrong product",
        "another product of arrays, or its factors in the other order",
        ("[[1, 2], [3, 4]] @ [[0, 1], [2, 5]]", "[[0, 1], [2, 5]] @ [[1, 2], [3, 4]]"),
        _products,
        Likelihood.USUAL,
    ),
    Row(
        "wrong axis",
        "along the other axis: softmax over columns for rows",
        ("sum([[1, 2], [3, 5]], axis=0)", "sum([[1, 2], [3, 5]], axis=1)"),
        lambda scene: everywhere(scene.formula, _axis),
        Likelihood.COMMON,
    ),
    Row(
        "kernel flipped",
        "the kernel is flipped where it slides as it is, or the other way round",
        ("correlate([1, 2, 4, 7], [1, 0, -2])", "correlate([1, 2, 4, 7], [-2, 0, 1])"),
        _flipped,
        Likelihood.COMMON,
    ),
    Row(
        "row for column",
        "a square kernel is taken by its columns",
        (
            "0.1 * 2.3 + 0.3 * 0.7 + 0.4 * 5.1 + 0.6 * 1.7",
            "0.1 * 2.3 + 0.3 * 5.1 + 0.4 * 0.7 + 0.6 * 1.7",
        ),
        _columns,
        Likelihood.COMMON,
    ),
)
