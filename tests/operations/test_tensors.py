"""One sweep over the operations on tensors: values by two libraries, entries, derivatives, shapes."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from stepsolve.checking.float_tensors import FloatTensors
from stepsolve.checking.precise_tensors import PreciseTensors
from stepsolve.checking.scenes import Scene, scenes
from stepsolve.notation.shapes import SCALAR, Shape, ShapeError
from stepsolve.notation.tree import Apply, Expression, Item, Name, substitute
from stepsolve.operations.table import TENSORS
from stepsolve.operations.tensors import TensorOperation
from stepsolve.reference import explanation, overview
from stepsolve.source.expression import parse

N, M, ROW = Shape(("n",)), Shape(("m",)), Shape(("n",), row=True)
SQUARE, WIDE = Shape(("n", "n")), Shape(("m", "n"))
CASES: list[tuple[str, tuple[Shape, ...], Shape]] = [
    ("@", (WIDE, N), M),
    ("@", (ROW, N), SCALAR),
    ("@", (N, ROW), SQUARE),
    ("@", (ROW, SQUARE), ROW),
    ("@", (WIDE, SQUARE), WIDE),
    ("T", (WIDE,), Shape(("n", "m"))),
    ("T", (N,), ROW),
    ("sum", (N,), SCALAR),
    ("sum", (WIDE,), SCALAR),
    ("dot", (N, N), SCALAR),
    ("outer", (M, N), WIDE),
    ("hadamard", (N, N), N),
    ("hadamard", (WIDE, WIDE), WIDE),
    ("norm", (N,), SCALAR),
    ("norm", (WIDE,), SCALAR),
    ("softmax", (N,), N),
    ("trace", (SQUARE,), SCALAR),
    ("det", (SQUARE,), SCALAR),
    ("inv", (SQUARE,), SQUARE),
    ("diag", (N,), SQUARE),
    ("diag", (SQUARE,), N),
]
IDS = [f"{name} {', '.join(map(str, given))}" for name, given, _ in CASES]


def two_scenes(given: tuple[Shape, ...]) -> list[Scene]:
    return list(islice(scenes(dict(zip("ab", given, strict=False))), 2))


def call(name: str, given: tuple[Shape, ...]) -> Apply:
    return Apply(name, *map(Name, "ab"[: len(given)]))


def test_every_row_is_tried() -> None:
    assert {name for name, _, _ in CASES} | {"delta", "eye", "ones"} == set(TENSORS)


@pytest.mark.parametrize(("name", "given", "result"), CASES, ids=IDS)
def test_the_shape_of_the_result(name: str, given: tuple[Shape, ...], result: Shape) -> None:
    assert TENSORS[name].shape(*given) == result


@pytest.mark.parametrize(("name", "given", "result"), CASES, ids=IDS)
def test_two_libraries_agree(name: str, given: tuple[Shape, ...], result: Shape) -> None:
    for scene in two_scenes(given):
        found = FloatTensors(scene).matrix(call(name, given))
        precise = PreciseTensors(scene).matrix(call(name, given))
        exact = np.array(precise.tolist(), float) if hasattr(precise, "rows") else float(precise)
        np.testing.assert_allclose(found, exact, rtol=1e-13)
        rows, columns = (1 if s == 1 else scene.sizes[s] for s in result.matrix)
        assert np.shape(found) == ((rows, columns) if result.rank else ())


@pytest.mark.parametrize(("name", "given", "result"), CASES, ids=IDS)
def test_the_entry_is_that_of_the_value(name: str, given: tuple[Shape, ...], result: Shape) -> None:
    text = TENSORS[name].entry(*given)
    if not text:
        assert name in ("det", "inv")
        return
    free = ("i", "j")[: result.rank]
    whole: Expression = call(name, given)
    entry = Item(whole, *map(Name, free)) if free else whole
    for scene in two_scenes(given):
        oracle = PreciseTensors(scene)
        sizes = oracle.sizes(entry, parse(text))
        pairs = zip(
            oracle.entries(entry, free, sizes),
            oracle.entries(parse(text), free, sizes),
            strict=True,
        )
        assert all(abs(a - b) < 1e-40 for a, b in pairs)


LOCAL = [(n, given, r) for n, given, r in CASES if TENSORS[n].local is not None]


@pytest.mark.parametrize(("name", "given", "result"), LOCAL)
def test_the_derivative_is_that_of_differences(
    name: str, given: tuple[Shape, ...], result: Shape
) -> None:
    row: TensorOperation = TENSORS[name]
    assert row.local is not None
    free, by = ("i", "j")[: result.rank], ("k", "l")[: given[0].rank]
    whole: Expression = call(name, given)
    entry = Item(whole, *map(Name, free)) if free else whole
    claimed = substitute(parse(row.local(*given)), {"y": whole})
    slope = Apply("diff", entry, Item(Name("a"), *map(Name, by)))
    for scene in two_scenes(given):
        oracle = PreciseTensors(scene)
        sizes = oracle.sizes(slope, claimed)
        for a, b in zip(
            oracle.entries(slope, (*free, *by), sizes),
            oracle.entries(claimed, (*free, *by), sizes),
            strict=True,
        ):
            assert abs(a - b) < 1e-28


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("@", (WIDE, M), "#1 is m × n, but #2 is m × 1: n is not m"),
        ("@", (N, N), "#1 is n × 1, but #2 is n × 1: 1 is not n"),
        ("@", (SCALAR, N), "@ multiplies vectors and matrices"),
        ("trace", (WIDE,), "a square matrix belongs here, but #1 is m × n"),
        ("det", (N,), "a square matrix belongs here, but #1 is n × 1"),
        ("inv", (SCALAR,), "a square matrix belongs here, but #1 is a number"),
        ("softmax", (WIDE,), "a vector belongs here, but #1 is m × n"),
        ("dot", (N, M), "two vectors of one size belong here, but #1 is n × 1 and #2 is m × 1"),
        ("hadamard", (N, M), "#1 is n × 1, but #2 is m × 1"),
        ("norm", (SCALAR,), "a vector or a matrix belongs here, but #1 is a number"),
    ],
)
def test_shapes_that_do_not_fit(name: str, given: tuple[Shape, ...], message: str) -> None:
    with pytest.raises(ShapeError) as told:
        TENSORS[name].shape(*given)
    assert told.value.message == message


@pytest.mark.parametrize("name", TENSORS)
def test_every_operation_on_tensors_is_explained_with_its_source(name: str) -> None:
    told = explanation(name)
    assert f"{name}: {TENSORS[name].description}\n" in told  # a kind may have the name, too
    assert f"Source: {TENSORS[name].source}" in told


def test_entries_are_explained_by_what_the_arguments_are() -> None:
    told = explanation(".T")
    assert "aⱼᵢ   where a is a matrix" in told and "aᵢ   where a is a vector" in told
    assert "  a.T\n" in told.replace("in a file: ", "  ")
    assert "@  .T  sum" in overview() and "hadamard" not in overview()
