"""One sweep over the operations on arrays: sizes, values by two libraries, gradients, notation."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import arrays_by_hand as hand
import numpy as np
import pytest
from array_cases import CASES, OTHERS, Case, sheet_of, weights

from stepsolve.errors import InvalidProblem
from stepsolve.notation.box import layout
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.array_operation import ArrayOperation, Dims
from stepsolve.operations.table import ARRAYS
from stepsolve.source.expression import parse
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

EXACT = 1e-12
every_row = pytest.mark.parametrize("row", list(ARRAYS.values()), ids=list(ARRAYS))


EVERY = [*(case for cases in CASES.values() for case in cases), *OTHERS]
IDS = [f"{c.text} {' '.join(str(d) for d in c.dims.values())}" for c in EVERY]
every_case = pytest.mark.parametrize("case", EVERY, ids=IDS)


def test_every_row_is_tried_and_has_a_meaning_of_its_own() -> None:
    assert set(CASES) == set(ARRAYS) == set(hand.OF_ARRAYS)
    assert all(
        case.text.startswith((name, "a", "zeros", "o")) for name in CASES for case in CASES[name]
    )


@every_case
def test_sizes_values_and_gradients(case: Case) -> None:
    tree = parse(case.text)
    solved = Solved(sheet_of(case))
    wanted = hand.value(tree, case.values)
    assert solved.dimensions.known["y"] == wanted.shape
    assert np.allclose(solved.floats["y"], wanted, rtol=EXACT, atol=EXACT)
    assert np.allclose(np.asarray(solved.quantities["y"]), wanted, rtol=EXACT, atol=EXACT)
    factor = weights(wanted.shape)

    def loss(known: Mapping[str, Any]) -> Any:
        return (hand.value(tree, known) * factor).sum()

    for name in case.dims:
        found = solved.floats[f"dL/d{name}"]
        slope = hand.gradient(loss, case.values, name)
        assert np.shape(found) == np.shape(slope) == case.dims[name]
        assert np.allclose(found, slope, rtol=1e-9, atol=1e-10), name
    assert all(check.passed for check in solved.checks())


@every_case
def test_text_is_read_back_and_every_notation_prints(case: Case) -> None:
    tree = parse(case.text)
    assert parse(plain(tree)) == tree
    for printed in (one_line(tree), latex(tree), *layout(tree).rows):
        assert "#" not in printed
    assert one_line(tree) and latex(tree) and layout(tree).rows


@pytest.mark.parametrize("case", EVERY[:: len(EVERY) // 60], ids=IDS[:: len(EVERY) // 60])
def test_gradients_are_lines_that_are_read_back(case: Case) -> None:
    sheet = sheet_of(case)
    solved = Solved(sheet)
    known = dict(solved.floats)
    for line in sheet.lines.values():
        again = parse(plain(line.expression))
        assert again == line.expression
        assert np.allclose(hand.value(again, known), known[line.name], rtol=1e-9, atol=1e-10)


@every_row
def test_the_row_is_filled_in(row: ArrayOperation) -> None:
    assert row.description and row.source
    assert set(row.options) <= set(hand.SETTINGS)
    least, most = row.arity
    assert 0 < least <= most
    case = CASES[row.name][0]
    shapes = [*case.dims.values(), ()] if row.name == "standardize" else list(case.dims.values())
    if row.whole is None and row.name not in ("argmax", "argmin", "masked_argmax"):
        assert row.because, "the page says why a gradient has its form"
        assert all(row.gradient(*shapes))
    for template in (row.text, row.latex):
        assert not template or "#" in template or row.name == "zeros"


@pytest.mark.parametrize(("name", "wins"), [("max", [0.0, 3.0, 1.0, 3.0]), ("min", [4, -1, 2, -1])])
def test_at_a_tie_the_gradient_goes_to_the_first(name: str, wins: list[float]) -> None:
    for text, dims in ((f"{name}(a)", (4,)), (f"{name}(a, axis=-1)", (1, 4))):
        sheet = Sheet()
        sheet.give("a", np.reshape(np.array(wins), dims), dims)
        sheet.line("y", text)
        sheet.line("L", "5 * sum(y)" if len(dims) > 1 else "5 * y")
        sheet.backward("L", ("a",))
        solved = Solved(sheet)
        assert np.ravel(solved.floats["dL/da"]).tolist() == [0, 5, 0, 0]
        (check,) = (c for c in solved.checks() if c.of == "dL/da" and "differences" in c.method)
        assert check.passed and check.note == "at a kink in 2 of its entries"
    between = parse(f"{name}(a, b)")
    for a, b in product((-1.0, 2.0), repeat=2):
        sheet = Sheet()
        sheet.give("a", np.array([a, 0.5]), (2,))
        sheet.give("b", np.array([b, 0.25]), (2,))
        sheet.line("y", between)
        sheet.line("L", "sum(y)")
        sheet.backward("L", ("a", "b"))
        of_a = float(a >= b if name == "max" else a <= b)
        found = Solved(sheet).floats
        assert (found["dL/da"][0], found["dL/db"][0]) == (of_a, 1 - of_a)


MISFITS = [
    ("a @ b", {"a": (2, 3), "b": (2,)}, "a is 2 × 3, but b has 2 entries, so a @ b is not defined"),
    ("a @ b", {"a": (3,), "b": (2, 3)}, "a has 3 entries, but b is 2 × 3, so a @ b is not defined"),
    ("a @ b", {"a": (), "b": (2,)}, "@ multiplies vectors and matrices"),
    ("a @ b", {"a": (2, 2, 2), "b": (2,)}, "@ multiplies vectors and matrices, of at most two axes"),
    ("dot(a, b)", {"a": (2, 3), "b": (2,)}, "a vector belongs here, but a is 2 × 3"),
    ("dot(a, b)", {"a": (3,), "b": (1,)}, "a has 3 entries, but b has 1 entry"),
    ("outer(a, b)", {"a": (3,), "b": ()}, "a vector belongs here, but b is a number"),
    ("a + b", {"a": (2, 3), "b": (2,)}, "a is 2 × 3, but b has 2 entries"),
    ("a * b", {"a": (2, 3), "b": (3, 2)}, "a is 2 × 3, but b is 3 × 2"),
    ("reshape(a, 2, 2)", {"a": (2, 3)}, "a is 2 × 3, which cannot be laid out as 2 × 2"),
    ("reshape(a, 0, 6)", {"a": (2, 3)}, "sizes are at least 1"),
    ("a.T", {"a": (2, 3, 1)}, "a is 2 × 3 × 1: only matrices are transposed"),
    ("concat(a, b)", {"a": (2, 3), "b": (2,)}, "a is 2 × 3, but b has 2 entries"),
    ("concat(a, b, axis=1)", {"a": (2, 3), "b": (3, 3)}, "a is 2 × 3, but b is 3 × 3"),
    ("concat(a, b)", {"a": (), "b": (2,)}, "a is a number: write [a, b] for a vector of numbers"),
    ("stack(a, b)", {"a": (2,), "b": (3,)}, "a has 2 entries, but b has 3 entries"),
    ("sum(a, axis=2)", {"a": (2, 3)}, "a is 2 × 3, so it has no axis 2"),
    ("softmax(a, axis=-2)", {"a": (3,)}, "a has 3 entries, so it has no axis -2"),
    ("sum(a, axis=0)", {"a": ()}, "a is a number, so it has no axis 0"),
    ("mse(a, b)", {"a": (2,), "b": (3,)}, "a has 2 entries, but b has 3 entries"),
    ("softmax_cross_entropy(a, b)", {"a": (), "b": ()},
     "a vector or rows of them belong here, but a is a number"),
    ("standardize(a, b)", {"a": (2,), "b": (2,)}, "a number belongs here, but b is an array"),
    ("a[3]", {"a": (3,)}, "there is no entry 3 of 3"),
    ("a[-4]", {"a": (3,)}, "there is no entry -4 of 3"),
    ("a[1:5]", {"a": (3,)}, "1:5 is not within 3 entries"),
    ("a[2:2]", {"a": (3,)}, "2:2 is not within 3 entries"),
    ("a[0, 1]", {"a": (3,)}, "a has 3 entries, and has no 2 indices"),
    ("a[b]", {"a": (3,), "b": ()}, "a whole number belongs here, or the name of a given one"),
    ("a[0.5]", {"a": (3,)}, "a whole number belongs here, or the name of a given one"),
    ("[a, b]", {"a": (2,), "b": (3,)}, "the rows of an array have one length: 2, not 3"),
    ("eye(100000)", {}, "10000000000 entries are too many"),
    ("zeros(99999, 99999)", {}, "9999800001 entries are too many"),
    ("outer(ones(99999), ones(99999))", {}, "9999800001 entries are too many"),
    ("eye(-2)", {}, "sizes are at least 1"),
    ("zeros(0)", {}, "sizes are at least 1"),
    ("one_hot(5, 3)", {}, "there is no entry 5 of 3"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "dims", "told"), MISFITS, ids=[m[0] for m in MISFITS])
def test_sizes_that_do_not_fit(text: str, dims: dict[str, Dims], told: str) -> None:
    sheet = Sheet()
    for name, size in dims.items():
        sheet.give(name, np.asarray(np.full(size, 1.5)), size)
    with pytest.raises(InvalidProblem) as caught:
        sheet.line("y", text)
    assert str(caught.value) == told


def test_reading_back_counts_settings_and_signs() -> None:
    tree = Apply("sum", Name("X"), Apply("axis", Apply("neg", Number("1"))))
    assert parse("sum(X, axis=-1)") == tree
    assert plain(tree) == "sum(X, axis=-1)"
